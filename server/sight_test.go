package server_test

import (
	"strings"
	"testing"
)

// Cameras of the caller's areas alone, the nearest first; their sectors where they are asked for; bad questions are told what is wrong.
func TestSeeing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(cameraAt(1, "近", "c.t1", 119.6801, 29.79), cameraAt(2, "邻", "c.t2", 119.6801, 29.7901), cameraAt(3, "远", "c.t1", 119.683, 29.79), cameraAt(4, "很远", "c.t1", 119.79, 29.79))
	type answer struct {
		Items []struct {
			ID      int64
			Sees    bool
			Reason  string
			Guessed []string
		}
		Sees, Known int
	}
	ask := func(login string) (a answer, order string) {
		w.as(login).Get("/api/cameras/seeing?point=119.68,29.79&sectors=true").Want(200).Into(&a)
		for _, i := range a.Items {
			order += itoa(int(i.ID)) + i.Reason + " "
		}
		return a, order
	}
	if a, order := ask("duty"); order != "1 2 3too_far " || a.Sees != 2 || a.Known != 3 || len(a.Items[0].Guessed) != 3 {
		t.Errorf("%s %+v", order, a)
	}
	if _, order := ask("town"); order != "1 3too_far " {
		t.Errorf("the town's officer was told %s", order)
	}
	w.as("town").Get("/api/cameras/1/sector").Want(200)
	w.as("town").Get("/api/cameras/2/sector").Want(404)
	w.as("duty").Get("/api/cameras/99/sector").Want(404)
	for query, field := range map[string]string{"": "point", "point=29.79,119.68": "point", "point=119.68,29.79&height=-1": "height", "point=119.68,29.79&within=x": "within", "point=119.68,29.79&x=1": "x"} {
		if got := w.as("duty").Get("/api/cameras/seeing?" + query).Want(400); !strings.Contains(string(got.Body), `"`+field+`"`) {
			t.Errorf("%q: %s", query, got.Body)
		}
	}
}

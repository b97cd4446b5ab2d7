package main

import (
	"math"
	"testing"
)

// What the county's cameras see, counted by town and by unit grid: it adds up, a camera that is down takes its part away, and a town is told of itself alone.
func TestCoverage(t *testing.T) {
	t.Parallel()
	n := serve(t, county(t))
	type answer struct {
		Unknown int
		Items   []struct {
			ID            int64
			Seen, Could   float64
			Cameras, Down int
		}
	}
	ask := func(login, by string) (a answer) {
		n.as(login).Get("/api/cameras/coverage?by=" + by).Want(200).Into(&a)
		return a
	}
	towns, grids := ask("duty", "town"), ask("duty", "unit_grid")
	cameras, down := 0, 0
	for _, each := range towns.Items {
		cameras, down = cameras+each.Cameras, down+each.Down
	}
	var known, broken int
	if err := n.DB.Pool.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE status IN ('offline', 'fault')) FROM camera`).Scan(&known, &broken); err != nil {
		t.Fatal(err)
	}
	if cameras != known || down != broken || down == 0 {
		t.Errorf("%d cameras, %d down; the registry has %d, %d", cameras, down, known, broken)
	}
	best := 0.0
	for _, each := range grids.Items {
		if each.Seen < 0 || each.Seen > each.Could || each.Could > 1 || math.IsNaN(each.Seen) {
			t.Errorf("%+v", each)
		}
		best = max(best, each.Seen)
	}
	if len(grids.Items) < 1000 || best < 0.02 {
		t.Errorf("%d unit grids, at best %.3f of one is seen", len(grids.Items), best)
	}
	if own := ask("duty.chengnan", "town"); len(own.Items) != 1 || own.Items[0].Cameras == 0 || own.Items[0].Cameras == cameras {
		t.Errorf("a town is told of %+v", own)
	}
	n.as("duty").Get("/api/cameras/coverage?by=county").WantError(400, "invalid", "by")
}

package survey

import "testing"

func TestSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		height            *float64
		difference, known float64
		stood             bool
		want              string
	}{
		{new(3.0), -3.1, 1, true, Gone},
		{new(3.0), 0.2, 1, true, StillStands},
		{new(3.0), -1.4, 1, true, CannotTell}, // a storey too few to say
		{new(3.0), 3.2, 1, true, CannotTell},  // something else
		{new(3.0), 0.3, 1, false, Gone},
		{new(3.0), 2.9, 1, false, StillStands},
		{new(3.0), 1.3, 1, false, CannotTell},
		{new(3.0), -3, 1, false, CannotTell},
		{nil, 2.5, 0.9, false, StillStands},
		{new(12.0), 3, 1, false, CannotTell}, // half taken down
		{new(3.0), -3, 0.5, true, CannotTell},
	} {
		w := Wanted{Height: c.height}
		if got := w.Says(c.difference, c.known, c.stood); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

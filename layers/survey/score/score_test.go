package score

import (
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers/survey/raster"
)

func box(x0, y0, x1, y1 float64) orb.Polygon {
	return orb.Polygon{{{x0, -y0}, {x0, -y1}, {x1, -y1}, {x1, -y0}, {x0, -y0}}}
}

func TestScore(t *testing.T) {
	t.Parallel()
	geo := raster.Transform{0, 1, 0, 0, 0, -1}
	l := Mask(20, 20, func(x, y int) bool { return x < 4 && y < 4 || x >= 10 && x < 14 && y < 2 || x == 19 && y == 19 }, geo, 1, 2)
	for _, c := range []struct {
		name    string
		found   []orb.Polygon
		objects Count
		pixels  Count
	}{
		{"nothing", nil, Count{Missed: 2}, Count{Missed: 24}},
		{"both", []orb.Polygon{box(0, 0, 4, 4), box(10, 0, 14, 2)}, Count{Hit: 2}, Count{Hit: 24}},
		{"half of one is the least", []orb.Polygon{box(0, 0, 4, 2)}, Count{Hit: 1, Missed: 1}, Count{Hit: 8, Missed: 16}},
		{"twice", []orb.Polygon{box(0, 0, 4, 4), box(0, 0, 4, 4)}, Count{Hit: 1, False: 1, Missed: 1}, Count{Hit: 16, Missed: 8}},
		{"beside", []orb.Polygon{box(5, 5, 7, 7)}, Count{False: 1, Missed: 2}, Count{False: 4, Missed: 24}},
		{"outside", []orb.Polygon{box(50, 50, 70, 70)}, Count{Missed: 2}, Count{Missed: 24}},
		{"one over all", []orb.Polygon{box(0, 0, 20, 20)}, Count{False: 1, Missed: 2}, Count{Hit: 24, False: 376}},
	} {
		s := l.Score(c.name, c.found)
		if s.Objects != c.objects || s.Pixels != c.pixels {
			t.Errorf("%s: %+v", c.name, s)
		}
	}
	if got := (Count{}).F1(); got != 1 {
		t.Errorf("nothing told of nothing is %g", got)
	}
}

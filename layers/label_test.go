package layers

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"
)

func TestLabelPoint(t *testing.T) {
	t.Parallel()
	square := orb.Ring{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}
	for name, c := range map[string]struct {
		polygon orb.Polygon
		want    orb.Point
		within  float64
	}{
		"a square":          {orb.Polygon{square}, orb.Point{5, 5}, 0.2},
		"with a hole":       {orb.Polygon{square, {{3, 3}, {10, 3}, {10, 10}, {3, 10}, {3, 3}}}, orb.Point{1.6, 1.6}, 0.3},
		"an L":              {orb.Polygon{{{0, 0}, {9, 0}, {9, 1}, {1, 1}, {1, 9}, {0, 9}, {0, 0}}}, orb.Point{0.5, 0.5}, 0.3},
		"without area":      {orb.Polygon{{{1, 1}, {5, 1}, {1, 1}}}, orb.Point{3, 1}, 0},
		"a point":           {orb.Polygon{{{1, 1}, {1, 1}, {1, 1}, {1, 1}}}, orb.Point{1, 1}, 0},
		"long and thin":     {orb.Polygon{{{0, 0}, {100, 0}, {100, 0.01}, {0, 0.01}, {0, 0}}}, orb.Point{50, 0.005}, 50},
		"ring that is open": {orb.Polygon{{{0, 0}, {10, 0}, {10, 10}, {0, 10}}}, orb.Point{5, 5}, 3},
	} {
		got := LabelPoint(c.polygon)
		if d := planar.Distance(got, c.want); !(d <= c.within) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// The point lies inside, and nearly as far from the outline as any place that a search by hand finds.
func TestLabelPointIsInside(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 40).Draw(t, "corners")
		var ring orb.Ring
		for i := range n {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
			r := rapid.Float64Range(0.1, 1).Draw(t, "radius")
			ring = append(ring, orb.Point{120 + r*cos, 30 + r*sin})
		}
		p := orb.Polygon{append(ring, ring[0])}
		got := LabelPoint(p)
		s := &search{polygon: p, scale: math.Cos(30 * math.Pi / 180)}
		d := s.distance(got)
		if d <= 0 {
			t.Fatalf("%v lies outside of %v", got, p)
		}
		for x := -1.0; x <= 1; x += 0.1 {
			for y := -1.0; y <= 1; y += 0.1 {
				if other := s.distance(orb.Point{120 + x, 30 + y}); other > d+0.03 {
					t.Fatalf("%v is %v from the outline, another place %v", got, d, other)
				}
			}
		}
	})
}

package camera

import (
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// turns is how often a polygon goes round a point.
func turns(polygon []orb.Point, p orb.Point) (n int) {
	for i, a := range polygon {
		b := polygon[(i+1)%len(polygon)]
		side := (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0])
		switch {
		case a[1] <= p[1] && b[1] > p[1] && side > 0:
			n++
		case a[1] > p[1] && b[1] <= p[1] && side < 0:
			n--
		}
	}
	return n
}

// Whatever form masks have, no point of them is outside of the boxes.
func TestBoxesHideAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.Custom(func(t *rapid.T) float64 {
			if rapid.Bool().Draw(t, "even") {
				return float64(rapid.IntRange(0, 8).Draw(t, "eighth")) / 8
			}
			return rapid.Float64Range(0, 1).Draw(t, "part")
		})
		point := rapid.Custom(func(t *rapid.T) orb.Point { return orb.Point{part.Draw(t, "x"), part.Draw(t, "y")} })
		masks := Masks(rapid.SliceOfN(rapid.SliceOfN(point, 3, 24), 1, maxMasks).Draw(t, "masks"))
		boxes := masks.Boxes()
		if len(boxes) > maxBoxes {
			t.Fatalf("%d boxes", len(boxes))
		}
		for range 50 {
			p := point.Draw(t, "p")
			hidden := false
			for _, polygon := range masks {
				hidden = hidden || turns(polygon, p) != 0
			}
			if !hidden {
				continue
			}
			covered := false
			for _, b := range boxes {
				covered = covered || b.Pad(1e-9).Contains(p) // far less than a pixel, and a pixel that is touched is filled
			}
			if !covered {
				t.Fatalf("%v is in a mask and in none of %d boxes", p, len(boxes))
			}
		}
	})
}

func TestBoxes(t *testing.T) {
	t.Parallel()
	rectangle := []orb.Point{{0.1, 0.2}, {0.5, 0.2}, {0.5, 0.4}, {0.1, 0.4}}
	if got := (Masks{rectangle}).Boxes(); len(got) != 1 || got[0] != (orb.Bound{Min: orb.Point{0.1, 0.2}, Max: orb.Point{0.5, 0.4}}) {
		t.Errorf("an upright rectangle is %v", got)
	}
	// A slanting side's steps cover little more than the triangle, and there are few of them.
	triangle := Masks{{{0, 0}, {1, 0}, {0, 1}}}
	area := 0.0
	boxes := triangle.Boxes()
	for _, b := range boxes {
		area += (b.Max[0] - b.Min[0]) * (b.Max[1] - b.Min[1])
	}
	if area < 0.5 || area > 0.51 || len(boxes) != 96 {
		t.Errorf("half of the picture is %g in %d boxes", area, len(boxes))
	}
	if got := (Masks)(nil).Boxes(); got != nil {
		t.Errorf("no masks are %v", got)
	}
	if triangle.Equal(Masks{rectangle}) || !triangle.Equal(Masks{{{0, 0}, {1, 0}, {0, 1}}}) {
		t.Error("equal masks")
	}
}

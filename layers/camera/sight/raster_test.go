package sight

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"
)

// Every cell is asked by itself, too: the raster agrees with it on what lies in a polygon, and on what several polygons cover.
func TestRaster(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bound := orb.Bound{Min: orb.Point{119.6, 29.7}, Max: orb.Point{119.6 + rapid.Float64Range(0.001, 0.03).Draw(t, "width"), 29.71}}
		r := NewRaster(bound, rapid.Float64Range(10, 60).Draw(t, "metres"))
		point := rapid.Custom(func(t *rapid.T) orb.Point {
			return orb.Point{rapid.Float64Range(119.595, 119.635).Draw(t, "lon"), rapid.Float64Range(29.695, 29.715).Draw(t, "lat")}
		})
		polygon := rapid.Custom(func(t *rapid.T) orb.Polygon {
			ring := orb.Ring(rapid.SliceOfN(point, 3, 9).Draw(t, "ring"))
			return orb.Polygon{append(ring, ring[0])}
		})
		filled := rapid.SliceOfN(polygon, 0, 3).Draw(t, "filled")
		for _, p := range filled {
			r.Fill(p)
		}
		asked := polygon.Draw(t, "asked")
		cells, marked := 0, 0
		if r.At(orb.Point{119, 29.705}) || r.At(orb.Point{119.601, 30}) {
			t.Fatal("a place outside is marked")
		}
		for y := range r.h {
			for x := range r.w {
				middle := orb.Point{r.west + (float64(x)+0.5)*r.dx, r.south + (float64(y)+0.5)*r.dy}
				seen := false
				for _, p := range filled {
					seen = seen || planar.PolygonContains(p, middle)
				}
				if r.At(middle) != seen {
					t.Fatalf("at %v it is %v, want %v", middle, r.At(middle), seen)
				}
				if !planar.PolygonContains(asked, middle) {
					continue
				}
				cells++
				for _, p := range filled {
					if planar.PolygonContains(p, middle) {
						marked++
						break
					}
				}
			}
		}
		gotCells, gotMarked := r.Count(asked)
		if gotCells != cells || gotMarked != marked {
			t.Errorf("%d of %d cells, want %d of %d", gotMarked, gotCells, marked, cells)
		}
	})
}

// A square of a kilometre, half of it seen.
func TestRasterMeasures(t *testing.T) {
	t.Parallel()
	square := func(east float64) orb.Polygon {
		return orb.Polygon{{{119.6, 29.7}, {119.6 + east, 29.7}, {119.6 + east, 29.7 + 1000/110_852.0}, {119.6, 29.7 + 1000/110_852.0}, {119.6, 29.7}}}
	}
	degree := 1000 / (111_412.84 * math.Cos(29.7*math.Pi/180))
	r := NewRaster(orb.Bound{Min: orb.Point{119.5, 29.6}, Max: orb.Point{119.7, 29.8}}, 10)
	r.Fill(square(degree / 2))
	cells, marked := r.Count(square(degree))
	if math.Abs(float64(cells)-10_000) > 150 || math.Abs(float64(marked)/float64(cells)-0.5) > 0.01 {
		t.Errorf("%d of %d cells", marked, cells)
	}
	if huge := NewRaster(orb.Bound{Min: orb.Point{-180, -80}, Max: orb.Point{180, 80}}, 10); len(huge.cells) > MaxCells/64+huge.h {
		t.Errorf("%d words", len(huge.cells))
	}
}

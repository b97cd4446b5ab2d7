package mvt

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	orbmvt "github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"
)

// beside draws a geometry in the two tiles left and right of the middle of the world at zoom 1.
func beside(t *rapid.T, o Options, g orb.Geometry) (left, right orb.Geometry) {
	draw := func(x uint32) orb.Geometry {
		var e Encoder
		e.Reset(1, x, 0, o)
		e.Layer("l", nil)
		if !add(&e, 1, g, nil) {
			return nil
		}
		ls, err := orbmvt.Unmarshal(e.AppendTile(nil))
		if err != nil {
			t.Fatal(err)
		}
		return ls[0].Features[0].Geometry
	}
	return draw(0), draw(1)
}

// Neighbouring tiles agree on their common edge: what one fills there the other does, but for what simplifying may move.
func TestPolygonsHaveNoSeams(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := star(t)
		tolerance := rapid.SampledFrom([]float64{0, 2, 8}).Draw(t, "tolerance")
		left, right := beside(t, Options{Tolerance: tolerance}, orb.Polygon{in})
		truth := unproject(in)
		for i := range truth { // to units of zoom 1, from the left tile's corner
			truth[i][0], truth[i][1] = 2*truth[i][0], 2*truth[i][1]
		}
		for y := 8.0; y < Extent; y += 16 {
			l, r := holdsPoint(left, orb.Point{Extent, y + 0.5}), holdsPoint(right, orb.Point{0, y + 0.5})
			if l == r {
				continue
			}
			if d := distance(orb.LineString(truth), orb.Point{Extent, y + 0.5}); d > 2+tolerance {
				t.Fatalf("at %v of the edge left fills %v, right %v; the outline is %v away: %v", y, l, r, d, truth)
			}
		}
	})
}

// A line that crosses the edge crosses it at the same place in both tiles.
func TestLinesHaveNoSeams(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := orb.LineString(star(t))
		tolerance := rapid.SampledFrom([]float64{0, 2, 8}).Draw(t, "tolerance")
		left, right := beside(t, Options{Tolerance: tolerance}, in)
		near := func(g orb.Geometry, p orb.Point) float64 {
			d := math.Inf(1)
			for _, l := range linesOf(g) {
				d = min(d, distance(l, p))
			}
			return d
		}
		for _, l := range linesOf(left) {
			for _, y := range crossings(l, Extent) {
				if y < 0 || y > Extent {
					continue
				}
				if d := near(right, orb.Point{0, y}); d > 2+2*tolerance {
					t.Fatalf("left crosses the edge at %v, right comes no nearer than %v", y, d)
				}
			}
		}
		for _, r := range linesOf(right) {
			for _, y := range crossings(r, 0) {
				if y < 0 || y > Extent {
					continue
				}
				if d := near(left, orb.Point{Extent, y}); d > 2+2*tolerance {
					t.Fatalf("right crosses the edge at %v, left comes no nearer than %v", y, d)
				}
			}
		}
	})
}

func holdsPoint(g orb.Geometry, p orb.Point) bool {
	switch g := g.(type) {
	case orb.Polygon:
		return planar.PolygonContains(g, p)
	case orb.MultiPolygon:
		return planar.MultiPolygonContains(g, p)
	}
	return false
}

func linesOf(g orb.Geometry) orb.MultiLineString {
	switch g := g.(type) {
	case orb.LineString:
		return orb.MultiLineString{g}
	case orb.MultiLineString:
		return g
	}
	return nil
}

// crossings returns where a line crosses x.
func crossings(l orb.LineString, x float64) (ys []float64) {
	for i := 1; i < len(l); i++ {
		a, b := l[i-1], l[i]
		if (a[0] > x) != (b[0] > x) {
			ys = append(ys, a[1]+(x-a[0])/(b[0]-a[0])*(b[1]-a[1]))
		}
	}
	return ys
}

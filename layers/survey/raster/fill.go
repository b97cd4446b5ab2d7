package raster

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Fill calls f for each pixel of a w × h grid whose centre lies in the polygon, row by row. Rings are counted even and odd, so holes are holes.
func Fill(w, h int, t Transform, polygon orb.Polygon, f func(x, y int)) {
	var rings [][][2]float64
	top, bottom := math.Inf(1), math.Inf(-1)
	for _, ring := range polygon {
		var out [][2]float64
		for _, p := range ring {
			c, r := t.Invert(p)
			out = append(out, [2]float64{c, r})
			top, bottom = min(top, r), max(bottom, r)
		}
		rings = append(rings, out)
	}
	var cuts []float64
	for y := max(0, int(math.Floor(top-0.5))); y < h && float64(y)+0.5 <= bottom; y++ {
		at := float64(y) + 0.5
		cuts = cuts[:0]
		for _, ring := range rings {
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				if (a[1] <= at) != (b[1] <= at) {
					cuts = append(cuts, a[0]+(at-a[1])/(b[1]-a[1])*(b[0]-a[0]))
				}
			}
		}
		slices.Sort(cuts)
		for i := 0; i+1 < len(cuts); i += 2 {
			for x := max(0, int(math.Ceil(cuts[i]-0.5))); x < w && float64(x)+0.5 < cuts[i+1]; x++ {
				f(x, y)
			}
		}
	}
}

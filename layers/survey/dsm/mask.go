package dsm

import (
	"github.com/paulmach/orb"

	"wanglou/layers/survey/raster"
)

// Span is marked pixels side by side, from the first to the one before Until.
type Span struct{ Y, From, Until int }

// Outline gives marked pixels the outline of a building, as [Find] does, in the coordinates of t, and its area in square metres. For detectors that mark pixels by other
// means than heights.
func Outline(spans []Span, pixel float64, t raster.Transform) (orb.Polygon, float64) {
	runs := make([]run, len(spans))
	for i, s := range spans {
		runs[i] = run{s.Y, s.From, s.Until}
	}
	return outline(runs, pixel, t)
}

// Open takes away marks (1) that are narrower than 2·r+1 pixels, and gives those left their own edge back.
func Open(mark []int8, w, h, r int) { open(mark, w, h, r) }

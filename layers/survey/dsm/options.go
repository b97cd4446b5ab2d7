// Package dsm finds what was built and what was taken away between two surface models of one place (DSM: heights of whatever lies on top).
//
// The later model is laid onto the earlier one (register.go), what both tilt against each other is taken out (trend.go), and what is left over a threshold is
// gathered into objects (find.go, gather.go), which are kept if they are not plants (rough.go) and given right-angled outlines (outline.go).
//
// Both models lie on one grid, in metres. Work is linear in pixels; memory is a strip of [Options.Strip] rows and its surroundings, and the objects.
package dsm

import (
	"fmt"

	"github.com/paulmach/orb"

	"wanglou/layers/survey"
	"wanglou/layers/survey/raster"
)

// Options are the thresholds. The zero value of a field is its default.
type Options struct {
	Threshold float64 // metres of height; default 2.0
	MinArea   float64 // square metres; default 12
	MinWidth  float64 // metres: what is narrower is an edge, not a thing; default 1.5
	MaxShift  float64 // metres: how far the later model may lie beside the earlier one; default 8 pixels
	Standing  float64 // metres over the ground from which something stood there already; default 1.8
	Rough     float64 // metres of roughness over which a surface is a plant's; default 0.22, or more where the models are noisy
	Strip     int     // rows at a time; default 512
	Plain     bool    // no registration, no trend, no plants: what the rest is measured against

	// VegetationBefore and VegetationAfter are an index of plants in the two flights' pictures, on the same grid (NDVI, or excess green of 0 to 1), nil where there is
	// none. What is higher and over VegetationOver (default 0.12) counts as plants from half the roughness on: a roof of green sheet metal is smooth. What is lower and
	// was green counts as cut: maize is as high and as smooth as a shed.
	VegetationBefore, VegetationAfter raster.Source
	VegetationOver                    float64
}

func (o Options) withDefaults(pixel float64) Options {
	or := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	or(&o.Threshold, 2)
	or(&o.MinArea, 12)
	or(&o.MinWidth, 1.5)
	or(&o.MaxShift, 8*pixel)
	or(&o.Standing, 1.8)
	or(&o.Rough, 0.22)
	or(&o.VegetationOver, 0.12)
	if o.Strip == 0 {
		o.Strip = 512
	}
	return o
}

// Change is one object that differs.
type Change struct {
	Kind     survey.Kind // New, Raised or Removed
	Outline  orb.Polygon // in the grid's coordinates
	Area     float64     // of the outline, square metres on the grid's plane
	Height   float64     // median of the difference, metres, over 0
	Height95 float64     // 95 % of it is lower
	Smooth   float64     // share of its surface that is not a plant's, 0 to 1
	Score    float64     // 0 to 1, to sort by: it is not a probability
}

// Result is what a comparison says.
type Result struct {
	Shift   Shift
	Trend   Trend
	Noise   float64 // metres: how far unchanged heights lie from each other, as a standard deviation
	Changes []Change
}

// check returns the pixel's side, or what is wrong with the pair.
func check(a, b raster.Source) (pixel float64, err error) {
	aw, ah := a.Size()
	bw, bh := b.Size()
	if aw != bw || ah != bh || a.Transform() != b.Transform() {
		return 0, fmt.Errorf("the models lie on different grids: %d × %d and %d × %d pixels", aw, ah, bw, bh)
	}
	if aw < 16 || ah < 16 {
		return 0, fmt.Errorf("%d × %d pixels are too few to compare", aw, ah)
	}
	pixel, err = a.Transform().Pixel()
	if err == nil && (pixel < 0.02 || pixel > 5) {
		err = fmt.Errorf("pixels of %g m: a surface model for this has 0.02 to 5 m", pixel)
	}
	return pixel, err
}

package dsm

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wanglou/layers/survey/raster"
)

// Over returns by how much the later model lies over the earlier one in an outline of the grid's coordinates, registered and levelled as r says: the median, metres, and the
// share of the outline for which both have heights.
func Over(earlier, later raster.Source, r *Result, outline orb.Polygon) (height, known float64, err error) {
	pixel, err := check(earlier, later)
	if err != nil {
		return 0, 0, err
	}
	w, h := earlier.Size()
	t := earlier.Transform()
	top, bottom := h, 0
	var at [][2]int
	raster.Fill(w, h, t, outline, func(x, y int) {
		at = append(at, [2]int{x, y})
		top, bottom = min(top, y), max(bottom, y+1)
	})
	if len(at) == 0 {
		return 0, 0, nil
	}
	dx, dy := r.Shift.East/pixel, -r.Shift.North/pixel
	margin := int(math.Ceil(math.Abs(dy))) + 2
	from, until := max(0, top-margin), min(h, bottom+margin)
	a, err := earlier.Rows(top, bottom-top)
	if err != nil {
		return 0, 0, err
	}
	b, err := later.Rows(from, until-from)
	if err != nil {
		return 0, 0, err
	}
	var ds []float64
	for _, p := range at {
		d := float64(b.Bilinear(float64(p[0])+dx, float64(p[1]-from)+dy)-a.At(p[0], p[1]-top)) - r.Trend.At(float64(p[0]), float64(p[1]), w, h)
		if !math.IsNaN(d) {
			ds = append(ds, d)
		}
	}
	if len(ds) == 0 {
		return 0, 0, nil
	}
	slices.Sort(ds)
	return ds[len(ds)/2], float64(len(ds)) / float64(len(at)), nil
}

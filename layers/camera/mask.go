package camera

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Masks are polygons of a picture that nobody may look at, in parts of its width and height from the upper left corner; not closed.
type Masks [][]orb.Point

const (
	maxMasks       = 16
	maxMaskCorners = 64
	maxBoxes       = 512 // that masks are drawn by
	// The height of the boxes that slanting sides are covered by: so many to the picture's height, fewer where there are many masks.
	mostBands, fewestBands = 96, 16
)

// Validate reports CodeInvalid for masks that cannot be drawn.
func (m Masks) Validate() error {
	if len(m) > maxMasks {
		return layers.Invalid("masks", "too_many", "a picture has at most %d masks", maxMasks)
	}
	for i, polygon := range m {
		if len(polygon) < 3 || len(polygon) > maxMaskCorners {
			return layers.Invalid("masks", "bad_polygon", "mask %d has %d corners, 3 to %d are possible", i+1, len(polygon), maxMaskCorners)
		}
		for _, p := range polygon {
			if !(p[0] >= 0 && p[0] <= 1 && p[1] >= 0 && p[1] <= 1) || math.IsNaN(p[0]) || math.IsNaN(p[1]) {
				return layers.Invalid("masks", "out_of_range", "mask %d has a corner at %g, %g; parts of the picture are from 0 to 1", i+1, p[0], p[1])
			}
		}
	}
	return nil
}

// Equal reports whether both hide the same parts in the same words.
func (m Masks) Equal(other Masks) bool {
	return slices.EqualFunc(m, other, func(a, b []orb.Point) bool { return slices.Equal(a, b) })
}

// Boxes returns some hundred upright boxes at most that hide at least what the masks hide, and a slanting side's steps more: what draws boxes alone can burn masks of any
// form. A part that a polygon goes round more than once, or the other way, is hidden, too; of masks with very many corners everything between their outermost ones is.
func (m Masks) Boxes() []orb.Bound {
	if len(m) == 0 {
		return nil
	}
	band := 1 / float64(min(max(maxBoxes*3/4/len(m), fewestBands), mostBands))
	for _, whole := range []bool{false, true} {
		var out []orb.Bound
		for _, polygon := range m {
			out = appendBoxes(out, polygon, band, whole)
		}
		if len(out) <= maxBoxes {
			return out
		}
	}
	out := make([]orb.Bound, 0, len(m))
	for _, polygon := range m {
		out = append(out, orb.LineString(polygon).Bound())
	}
	return out
}

// appendBoxes appends the boxes of one polygon; whole is that everything between its left and its right is hidden.
func appendBoxes(out []orb.Bound, polygon []orb.Point, height float64, whole bool) []orb.Bound {
	open := map[[2]float64]int{} // spans of the band above, so that those that go on straight down are one box
	for _, band := range bandsOf(polygon, height) {
		spans := spansOf(polygon, band[0], band[1])
		if whole && len(spans) > 1 {
			for _, span := range spans[1:] {
				spans[0] = [2]float64{min(spans[0][0], span[0]), max(spans[0][1], span[1])}
			}
			spans = spans[:1]
		}
		next := make(map[[2]float64]int, len(spans))
		for _, span := range spans {
			i, ok := open[span]
			if !ok {
				i = len(out)
				out = append(out, orb.Bound{Min: orb.Point{span[0], band[0]}})
			}
			out[i].Max = orb.Point{span[1], band[1]}
			next[span] = i
		}
		open = next
	}
	return out
}

// bandsOf cuts the height of a polygon at its corners, and where sides slant between them.
func bandsOf(polygon []orb.Point, height float64) [][2]float64 {
	heights := make([]float64, 0, len(polygon))
	for _, p := range polygon {
		heights = append(heights, p[1])
	}
	slices.Sort(heights)
	heights = slices.Compact(heights)
	var bands [][2]float64
	for i := range len(heights) - 1 {
		top, bottom := heights[i], heights[i+1]
		n := 1
		if slants(polygon, top, bottom) {
			n = max(1, int(math.Ceil((bottom-top)/height)))
		}
		for k := range n {
			from, to := top+(bottom-top)*float64(k)/float64(n), top+(bottom-top)*float64(k+1)/float64(n)
			if k == n-1 {
				to = bottom
			}
			bands = append(bands, [2]float64{from, to})
		}
	}
	return bands
}

func slants(polygon []orb.Point, top, bottom float64) bool {
	for i, p := range polygon {
		q := polygon[(i+1)%len(polygon)]
		if p[0] != q[0] && min(p[1], q[1]) <= top && max(p[1], q[1]) >= bottom {
			return true
		}
	}
	return false
}

// side is a side of a polygon within a band.
type side struct {
	low, middle, high float64 // the least, the middle's and the greatest place
	turn              int
}

// spansOf returns what of a band's width a polygon hides anywhere in it. No corner lies within the band.
func spansOf(polygon []orb.Point, top, bottom float64) (spans [][2]float64) {
	var sides []side
	for i, p := range polygon {
		q, turn := polygon[(i+1)%len(polygon)], 1
		if p[1] > q[1] {
			p, q, turn = q, p, -1
		}
		if p[1] == q[1] || p[1] > top || q[1] < bottom {
			continue
		}
		at := func(y float64) float64 {
			x := p[0] + (y-p[1])/(q[1]-p[1])*(q[0]-p[0])
			return min(max(x, min(p[0], q[0])), max(p[0], q[0]))
		}
		a, b := at(top), at(bottom)
		sides = append(sides, side{min(a, b), at((top + bottom) / 2), max(a, b), turn})
	}
	slices.SortFunc(sides, func(a, b side) int { return cmp.Compare(a.middle, b.middle) })
	winding := 0
	for _, s := range sides {
		if winding == 0 {
			spans = append(spans, [2]float64{s.low, s.high})
		}
		last := &spans[len(spans)-1]
		last[0], last[1] = min(last[0], s.low), max(last[1], s.high)
		winding += s.turn
	}
	return spans
}

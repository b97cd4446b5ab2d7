// Package earthwork measures on surface models: heights along a line, and what was cut and filled inside an outline between two of them. Places are in the coordinates of
// the grids, metres of a projected system; no files, no clock.
package earthwork

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wanglou/layers/survey/raster"
)

// Volume is what lies between two surface models inside an outline. Where either knows nothing, nothing is counted.
type Volume struct {
	Cut, Fill float64 // m³: the later surface is lower, higher; both positive
	Area      float64 // m², of the outline
	Known     float64 // share of Area that both know, 0 to 1
	Deepest   float64 // metres, of the deepest cut, positive
	Highest   float64 // metres, of the highest fill
	// The ground around it, outside of the outline, where nothing should have changed: the median of the later over the earlier, and half the width in which the middle half of
	// the differences lies. Level is false where too little is known.
	Level          bool
	Around, Spread float64 // metres
}

const (
	strip   = 256 // rows that are read at once
	subrows = 8   // lines in a row of pixels along which an outline is cut: a border pixel counts by its share
	// leastAround is how many pixels around an outline tell whether both models lie on one level.
	leastAround = 200
	mostAround  = 1 << 20
)

// Between measures inside an outline, later over earlier. Both are on one grid. cell returns the true area of a pixel of a row in m²: projections stretch.
func Between(ctx context.Context, earlier, later raster.Source, outline orb.MultiPolygon, cell func(row int) float64) (*Volume, error) {
	w, h := earlier.Size()
	if w2, h2 := later.Size(); w2 != w || h2 != h {
		return nil, errors.New("the two models are not on one grid")
	}
	edges := edgesOf(earlier.Transform(), outline)
	v := &Volume{}
	var known float64
	var around []float32
	step := max(1, w*h/mostAround)
	cover := make([]float64, w)
	for y := 0; y < h; y += strip {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := min(strip, h-y)
		a, err := earlier.Rows(y, n)
		if err != nil {
			return nil, err
		}
		b, err := later.Rows(y, n)
		if err != nil {
			return nil, err
		}
		for i := range n {
			edges.row(y+i, cover)
			size := cell(y + i)
			for x := range w {
				d := float64(b.Data[i*w+x] - a.Data[i*w+x])
				has := !math.IsNaN(d)
				if cover[x] == 0 {
					if has && (x+(y+i)*w)%step == 0 {
						around = append(around, float32(d))
					}
					continue
				}
				m := cover[x] * size
				v.Area += m
				if !has {
					continue
				}
				known += m
				if d < 0 {
					v.Cut -= d * m
				} else {
					v.Fill += d * m
				}
				v.Deepest, v.Highest = max(v.Deepest, -d), max(v.Highest, d)
			}
		}
	}
	if v.Area > 0 {
		v.Known = known / v.Area
	}
	if v.Level = len(around) >= leastAround; v.Level {
		slices.Sort(around)
		at := func(share float64) float64 { return float64(around[int(share*float64(len(around)-1))]) }
		v.Around, v.Spread = at(0.5), (at(0.75)-at(0.25))/2
	}
	return v, nil
}

// Along returns the heights at places between which a line is straight; NaN where nothing is known.
func Along(s raster.Source, at []orb.Point) ([]float64, error) {
	w, h := s.Size()
	t := s.Transform()
	out := make([]float64, len(at))
	order := make([]int, len(at))
	rows := make([]float64, len(at))
	cols := make([]float64, len(at))
	for i, p := range at {
		order[i] = i
		cols[i], rows[i] = t.Invert(p)
		cols[i], rows[i] = cols[i]-0.5, rows[i]-0.5 // centres have whole numbers
	}
	slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, rows[a]-rows[b])) })
	var g *raster.Grid
	from := 0
	for _, i := range order {
		out[i] = math.NaN()
		y := int(math.Floor(rows[i]))
		if y < -1 || y >= h || cols[i] < -1 || cols[i] >= float64(w) {
			continue
		}
		if g == nil || y+1 >= from+g.H && from+g.H < h || y < from {
			from = max(0, y)
			var err error
			if g, err = s.Rows(from, min(strip, h-from)); err != nil {
				return nil, err
			}
		}
		out[i] = float64(g.Bilinear(cols[i], rows[i]-float64(from)))
	}
	return out, nil
}

// edge is one side of an outline in pixels, from above to below.
type edge struct{ x0, y0, x1, y1 float64 }

type edges []edge

func edgesOf(t raster.Transform, outline orb.MultiPolygon) edges {
	var out edges
	for _, polygon := range outline {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				x0, y0 := t.Invert(ring[i-1])
				x1, y1 := t.Invert(ring[i])
				if y0 > y1 {
					x0, y0, x1, y1 = x1, y1, x0, y0
				}
				if y0 != y1 {
					out = append(out, edge{x0, y0, x1, y1})
				}
			}
		}
	}
	return out
}

// row fills in which share of each pixel of a row lies inside: exact from west to east, by lines from north to south.
func (e edges) row(y int, cover []float64) {
	clear(cover)
	var xs []float64
	for k := range subrows {
		at := float64(y) + (float64(k)+0.5)/subrows
		xs = xs[:0]
		for _, s := range e {
			if s.y0 <= at && at < s.y1 {
				xs = append(xs, s.x0+(at-s.y0)/(s.y1-s.y0)*(s.x1-s.x0))
			}
		}
		slices.Sort(xs)
		for i := 1; i < len(xs); i += 2 {
			fill(cover, max(xs[i-1], 0), min(xs[i], float64(len(cover))))
		}
	}
}

// fill adds one line's share of the pixels between two places.
func fill(cover []float64, from, to float64) {
	for x := int(from); x < len(cover) && float64(x) < to; x++ {
		cover[x] += (min(to, float64(x+1)) - max(from, float64(x))) / subrows
	}
}

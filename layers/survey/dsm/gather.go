package dsm

import (
	"math"
	"slices"

	"wanglou/layers/survey"
)

// mostArea is the largest object, square metres: what is larger is a quarry, a slope that slid, a crop.
const mostArea = 50_000

// A thing of less than smallArea (square metres) has too little inside for its roughness: its top has to be a plane but for bentLimit (metres, as a standard deviation).
const (
	smallArea = 80
	bentLimit = 0.4
)

// run is marked pixels side by side.
type run struct{ y, from, until int }

// object is marked pixels that touch by their sides.
type object struct {
	sign     int8
	runs     []run
	diffs    []float32
	standing int // pixels where something stood before
	plants   int // pixels beside it that were dropped as plants
	last     int // row of its newest run
	into     *object
}

func (o *object) root() *object {
	for o.into != nil {
		o = o.into
	}
	return o
}

// gatherer joins runs to objects row by row, over the bounds of strips. An object that no row touches any more is done, and its pixels are forgotten.
type gatherer struct {
	f       *finder
	above   []placed // the runs of the row above
	open    []*object
	changes []Change
	most    int // pixels
	least   int
}

type placed struct {
	run
	o *object
}

func newGatherer(f *finder) *gatherer {
	cell := f.pixel * f.pixel
	return &gatherer{f: f, most: int(mostArea / cell), least: int(math.Ceil(0.7 * f.opt.MinArea / cell))}
}

func (g *gatherer) add(s *strip) {
	w := g.f.w
	for j := range s.rows {
		y := s.y + j
		row := s.mark[j*w : (j+1)*w]
		var here []placed
		at := 0
		for x := 0; x < w; {
			if row[x] == 0 {
				x++
				continue
			}
			r := run{y: y, from: x}
			for x < w && row[x] == row[r.from] {
				x++
			}
			r.until = x
			o := g.join(r, row[r.from], &at)
			g.fill(o, r, s, j)
			here = append(here, placed{r, o})
		}
		g.above = here
		if y%64 == 63 {
			g.finish(y)
		}
	}
}

// join returns the object of a run: that of the runs above that it touches, made one, or a new one.
func (g *gatherer) join(r run, sign int8, at *int) *object {
	var o *object
	for *at < len(g.above) && g.above[*at].until <= r.from {
		*at++
	}
	for i := *at; i < len(g.above) && g.above[i].from < r.until; i++ {
		p := g.above[i].o.root()
		switch {
		case p.sign != sign || p == o:
		case o == nil:
			o = p
		default:
			if len(p.runs) > len(o.runs) {
				p, o = o, p
			}
			o.runs, o.diffs = append(o.runs, p.runs...), append(o.diffs, p.diffs...)
			o.standing, o.plants, o.last = o.standing+p.standing, o.plants+p.plants, max(o.last, p.last)
			p.into, p.runs, p.diffs = o, nil, nil
		}
	}
	if o == nil {
		o = &object{sign: sign}
		g.open = append(g.open, o)
	}
	return o
}

func (g *gatherer) fill(o *object, r run, s *strip, j int) {
	w := g.f.w
	o.last = r.y
	if len(o.diffs) > g.most { // too large to be wanted: it is only followed to its end
		return
	}
	o.runs = append(o.runs, r)
	for x := r.from; x < r.until; x++ {
		i := j*w + x
		d := s.diff[i]
		if d < 0 {
			d = -d
		}
		o.diffs = append(o.diffs, d)
		if float64(s.above[i]) >= g.f.opt.Standing {
			o.standing++
		}
	}
	for k := range 4 {
		for _, x := range [2]int{r.from - 1 - k, r.until + k} {
			if x >= 0 && x < w && s.plants[j*w+x] {
				o.plants++
			}
		}
	}
}

// finish turns the objects that end above row y into changes.
func (g *gatherer) finish(y int) {
	g.open = slices.DeleteFunc(g.open, func(o *object) bool {
		if o.into != nil {
			return true
		}
		if o.last >= y {
			return false
		}
		if c, ok := g.change(o); ok {
			g.changes = append(g.changes, c)
		}
		return true
	})
}

func (g *gatherer) close() {
	g.finish(math.MaxInt)
	// As they lie on the map, so that strips of any height give one order.
	slices.SortStableFunc(g.changes, func(a, b Change) int {
		p, q := a.Outline[0][0], b.Outline[0][0]
		if p[1] != q[1] {
			return compare(q[1], p[1])
		}
		return compare(p[0], q[0])
	})
}

// change returns an object as what it is, unless it is too small, too large, or a plant with smooth spots.
func (g *gatherer) change(o *object) (Change, bool) {
	n := len(o.diffs)
	if n < g.least || n > g.most {
		return Change{}, false
	}
	c := Change{Kind: survey.New, Smooth: float64(n) / float64(n+o.plants)}
	switch {
	case o.sign < 0:
		c.Kind = survey.Removed
	case 2*o.standing > n:
		c.Kind = survey.Raised
	}
	if c.Smooth < 0.5 || !g.f.opt.Plain && float64(n)*g.f.pixel*g.f.pixel < smallArea && bent(o.runs, o.diffs) > max(bentLimit, 2.5*g.f.result.Noise) {
		return Change{}, false
	}
	c.Outline, c.Area = outline(o.runs, g.f.pixel, g.f.a.Transform())
	if c.Area < g.f.opt.MinArea {
		return Change{}, false
	}
	slices.Sort(o.diffs)
	c.Height, c.Height95 = float64(o.diffs[n/2]), float64(o.diffs[min(n-1, n*95/100)])
	c.Score = c.Smooth * min(1, c.Height/(2*g.f.opt.Threshold)) * min(1, float64(n)*g.f.pixel*g.f.pixel/(2*g.f.opt.MinArea))
	return c, true
}

// bent is how far the heights of an object are off a plane, its outermost pixels left out, as a standard deviation in metres that a few do not pull.
func bent(runs []run, diffs []float32) float64 {
	in := map[[2]int]float64{}
	i := 0
	for _, r := range runs {
		for x := r.from; x < r.until; x++ {
			in[[2]int{x, r.y}] = float64(diffs[i])
			i++
		}
	}
	var at [][2]float64
	var ds []float64
	for _, r := range runs {
		for x := r.from + 1; x < r.until-1; x++ {
			_, up := in[[2]int{x, r.y - 1}]
			_, down := in[[2]int{x, r.y + 1}]
			if up && down {
				at, ds = append(at, [2]float64{float64(x), float64(r.y)}), append(ds, in[[2]int{x, r.y}])
			}
		}
	}
	if len(ds) < 6 {
		return 0
	}
	var mx, my float64
	for _, p := range at {
		mx, my = mx+p[0]/float64(len(at)), my+p[1]/float64(len(at))
	}
	var n [3][4]float64
	for i, p := range at {
		row := [3]float64{p[0] - mx, p[1] - my, 1}
		for j := range 3 {
			for k := range 3 {
				n[j][k] += row[j] * row[k]
			}
			n[j][3] += row[j] * ds[i]
		}
	}
	c, ok := solve3(n)
	if !ok {
		return 0
	}
	for i, p := range at {
		ds[i] -= c[0]*(p[0]-mx) + c[1]*(p[1]-my) + c[2]
	}
	_, spread := middle(ds)
	return spread
}

package dsm

import (
	"context"
	"math"

	"wanglou/layers/survey/raster"
)

const (
	groundReach = 30.0 // metres: what is broader than twice that is ground
	poolSide    = 1.5  // metres of the coarse grid on which ground is looked for
)

// Find compares an earlier model with a later one. It answers with an error where they lie on different grids, a source cannot be read, or ctx ends; it looks at ctx
// between strips.
func Find(ctx context.Context, earlier, later raster.Source, opt Options) (*Result, error) {
	pixel, err := check(earlier, later)
	if err != nil {
		return nil, err
	}
	opt = opt.withDefaults(pixel)
	f := &finder{a: earlier, b: later, opt: opt, pixel: pixel}
	f.w, f.h = earlier.Size()
	f.pool = max(1, int(math.Round(poolSide/pixel)))
	f.reach = int(math.Ceil(groundReach / (float64(f.pool) * pixel)))
	bs, err := bands(earlier, later)
	if err != nil {
		return nil, err
	}
	if !opt.Plain {
		f.level(bs)
	}
	g := newGatherer(f)
	step := max(opt.Strip/f.pool, 1) * f.pool
	for y := 0; y < f.h; y += step {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, err := f.strip(y, min(step, f.h-y))
		if err != nil {
			return nil, err
		}
		g.add(s)
	}
	g.close()
	f.result.Changes = g.changes
	return &f.result, nil
}

// level lays the later model onto the earlier one and takes out what both tilt against each other.
func (f *finder) level(bs []band) {
	f.dx, f.dy, f.result.Shift.Known = register(bs, f.opt.MaxShift/f.pixel)
	f.result.Shift.East, f.result.Shift.North = f.dx*f.pixel, -f.dy*f.pixel
	f.result.Trend, f.result.Noise = fit(f.samples(bs))
}

type finder struct {
	a, b        raster.Source
	opt         Options
	w, h        int
	pixel       float64
	dx, dy      float64 // pixels
	pool, reach int
	result      Result
}

// samples returns differences between the registered models, some hundred thousand at most.
func (f *finder) samples(bs []band) []sample {
	total := 0
	for _, b := range bs {
		total += len(b.a.Data)
	}
	every := max(1, int(math.Ceil(math.Sqrt(float64(total)/60_000))))
	var out []sample
	for _, b := range bs {
		for y := 0; y < b.a.H; y += every {
			for x := 0; x < b.a.W; x += every {
				if d := float64(b.b.Bilinear(float64(x)+f.dx, float64(y)+f.dy) - b.a.At(x, y)); !math.IsNaN(d) {
					out = append(out, sample{2*float64(x)/float64(f.w) - 1, 2*float64(b.y+y)/float64(f.h) - 1, d})
				}
			}
		}
	}
	return out
}

// strip is rows of the comparison, first to last, without their surroundings.
type strip struct {
	y, rows int
	diff    []float32 // metres, later over earlier
	mark    []int8    // 1 higher, -1 lower, 0 the same or a plant
	above   []float32 // how high the earlier surface stood over the ground
	plants  []bool    // marked as higher or lower, and dropped as a plant
}

// strip compares rows. What is beside them is looked at as far as it can matter, so that strips of any height give the same.
func (f *finder) strip(y, rows int) (*strip, error) {
	halo := (2*f.reach*f.pool + 16 + f.pool) / f.pool * f.pool
	top, bottom := max(0, y-halo), min(f.h, y+rows+halo)
	a, err := f.a.Rows(top, bottom-top)
	if err != nil {
		return nil, err
	}
	margin := int(math.Ceil(math.Abs(f.dy))) + 2
	bTop, bBottom := max(0, top-margin), min(f.h, bottom+margin)
	raw, err := f.b.Rows(bTop, bBottom-bTop)
	if err != nil {
		return nil, err
	}
	ground := raster.Ground(a, f.pool, f.reach)
	// Only so much beside the rows matters for what follows.
	near := 16
	from, until := max(top, y-near), min(bottom, y+rows+near)
	n := until - from
	b := &raster.Grid{W: f.w, H: n, Data: make([]float32, f.w*n)}
	diff, mark := make([]float32, f.w*n), make([]int8, f.w*n)
	a, _ = a.Rows(from-top, n)
	for j := range n {
		for x := range f.w {
			i := j*f.w + x
			b.Data[i] = raw.Bilinear(float64(x)+f.dx, float64(from+j-bTop)+f.dy)
			diff[i] = b.Data[i] - a.Data[i] - float32(f.result.Trend.At(float64(x), float64(from+j), f.w, f.h))
		}
	}
	f.mark(a, b, diff, mark, from)
	before, err := rowsOf(f.opt.VegetationBefore, from, n)
	if err != nil {
		return nil, err
	}
	after, err := rowsOf(f.opt.VegetationAfter, bTop, bBottom-bTop)
	if err != nil {
		return nil, err
	}
	plant := make([]bool, len(mark))
	if !f.opt.Plain {
		plant = f.plants(a, b, mark, before, after, from-bTop)
	}
	for i, p := range plant {
		if p {
			mark[i] = 0
		}
	}
	open(mark, f.w, n, int(math.Round(f.opt.MinWidth/f.pixel))/2)
	mark = f.edges(diff, mark, plant, n)
	cut := func(v []float32) []float32 { return v[(y-from)*f.w : (y-from+rows)*f.w] }
	s := &strip{y: y, rows: rows, diff: cut(diff), mark: mark[(y-from)*f.w : (y-from+rows)*f.w], plants: plant[(y-from)*f.w : (y-from+rows)*f.w], above: make([]float32, rows*f.w)}
	low := ground.Data[(y-top)*f.w : (y-top+rows)*f.w]
	for i, v := range cut(a.Data) {
		s.above[i] = v - low[i]
	}
	return s, nil
}

func rowsOf(s raster.Source, y, n int) (*raster.Grid, error) {
	if s == nil {
		return nil, nil
	}
	return s.Rows(y, n)
}

// mark marks what is higher or lower by the threshold, unless a wall within half a metre explains it: a height that the other model has too, a pixel further.
func (f *finder) mark(a, b *raster.Grid, diff []float32, mark []int8, from int) {
	r := max(1, int(math.Round(0.5/f.pixel)))
	threshold := float32(f.opt.Threshold)
	for i, d := range diff {
		if !(d >= threshold || d <= -threshold) {
			continue
		}
		x, y := i%f.w, i/f.w
		trend := float32(f.result.Trend.At(float64(x), float64(from+y), f.w, f.h))
		lo, hi := float32(math.Inf(1)), float32(math.Inf(-1))
		for v := max(0, y-r); v <= min(a.H-1, y+r); v++ {
			for u := max(0, x-r); u <= min(a.W-1, x+r); u++ {
				if z := a.Data[v*f.w+u]; z == z {
					lo, hi = min(lo, z), max(hi, z)
				}
			}
		}
		switch z := b.Data[i] - trend; {
		case d > 0 && z-hi >= threshold/2:
			mark[i] = 1
		case d < 0 && lo-z >= threshold/2:
			mark[i] = -1
		}
	}
}

// edges moves the edge of what is marked to half its height: leaning walls of a low thing begin below the threshold, those of a high one above it.
func (f *finder) edges(diff []float32, mark []int8, plant []bool, h int) []int8 {
	w := f.w
	out := make([]int8, len(mark))
	for y := range h {
		for x := range w {
			i := y*w + x
			sign := mark[i]
			for _, j := range [4]int{i - 1, i + 1, i - w, i + w} {
				if sign == 0 && j >= 0 && j < len(mark) && !plant[i] {
					sign = mark[j]
				}
			}
			if sign == 0 {
				continue
			}
			top := float32(0)
			for v := max(0, y-2); v <= min(h-1, y+2); v++ {
				for u := max(0, x-2); u <= min(w-1, x+2); u++ {
					if k := v*w + u; mark[k] == sign {
						top = max(top, float32(sign)*diff[k])
					}
				}
			}
			if d := float32(sign) * diff[i]; d >= top/2 && d >= float32(f.opt.Threshold/2) {
				out[i] = sign
			}
		}
	}
	return out
}

// open takes away marks that are narrower than 2·r+1 pixels, and then gives those left their own edge back. The two signs do not mix.
func open(mark []int8, w, h, r int) {
	if r < 1 {
		return
	}
	kept := make([]int8, len(mark))
	for _, sign := range [2]int8{1, -1} {
		in := make([]int8, len(mark))
		for i, m := range mark {
			if m == sign {
				in[i] = 1
			}
		}
		box(in, w, h, r, 1, 0)   // erosion: any 0 within reach makes 0
		box(in, w, h, r+1, 0, 1) // dilation, one more than was taken
		for i, m := range mark {
			if m == sign && in[i] == 1 {
				kept[i] = sign
			}
		}
	}
	copy(mark, kept)
}

// box replaces each value by other if any within r is other, along rows and then along columns. Outside of the grid there is only keep.
func box(v []int8, w, h, r int, keep, other int8) {
	n := max(w, h)
	line := make([]int8, n)
	along := func(start, step, n int) {
		for i := range n {
			line[i] = v[start+i*step]
		}
		last := -1 << 30
		// The nearest other before, then the nearest behind.
		for i := range n {
			if line[i] == other {
				last = i
			}
			if i-last <= r {
				v[start+i*step] = other
			} else {
				v[start+i*step] = keep
			}
		}
		last = 1 << 30
		for i := n - 1; i >= 0; i-- {
			if line[i] == other {
				last = i
			}
			if last-i <= r {
				v[start+i*step] = other
			}
		}
	}
	for y := range h {
		along(y*w, 1, w)
	}
	for x := range w {
		along(x, w, h)
	}
}

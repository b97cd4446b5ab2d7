// Package look ranks places of two orthophotos that are worth a look. It cannot tell a building from a road, a shadow or a crop, nor see a storey under an unchanged roof: what it
// returns is a list for people, never a detection of a building.
package look

import (
	"cmp"
	"errors"
	"image"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wanglou/layers/survey/raster"
)

// Options say how much is returned. The zero value of a field is its default.
type Options struct {
	Pixel   float64 // metres; default 0.5
	MinArea float64 // square metres; default 30
	Most    int     // places; default 50
	Share   float64 // of the picture that may be marked; default 0.06
}

// Place is one rectangle worth a look.
type Place struct {
	Outline  orb.Polygon // in pixels: x to the right, y down
	Score    float64     // to sort by, 0 to 1; no probability of anything
	Area     float64     // square metres
	Greening float64     // by how much greener it became: over 0 more plants, under 0 fewer
}

// block is the side of the cells that are compared, pixels: finer differences are mostly of registration.
const block = 4

// Places compares two pictures of one place and one size. Brightness is levelled first, so that another time of day is not a change.
func Places(before, after image.Image, o Options) ([]Place, error) {
	if before.Bounds().Size() != after.Bounds().Size() {
		return nil, errors.New("the pictures have different sizes")
	}
	def := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	def(&o.Pixel, 0.5)
	def(&o.MinArea, 30)
	def(&o.Share, 0.06)
	if o.Most == 0 {
		o.Most = 50
	}
	a, w, h := cells(before)
	b, _, _ := cells(after)
	if w < 4 || h < 4 {
		return nil, errors.New("the pictures are too small")
	}
	level(b, a)
	diff := make([]float64, w*h)
	for i := range diff {
		x, y := i%w, i/w
		// The nearest likeness within a cell around: a small shift is no change.
		best := math.Inf(1)
		for v := max(0, y-1); v <= min(h-1, y+1); v++ {
			for u := max(0, x-1); u <= min(w-1, x+1); u++ {
				p, q := a[v*w+u], b[i]
				best = min(best, math.Hypot(math.Hypot(p.light-q.light, 2*(p.green-q.green)), math.Hypot(2*(p.blue-q.blue), p.texture-q.texture)))
			}
		}
		diff[i] = best
	}
	sorted := slices.Clone(diff)
	slices.Sort(sorted)
	limit := max(sorted[int(float64(len(sorted)-1)*(1-o.Share))], 0.08)
	marked := make([]bool, len(diff))
	for i, d := range diff {
		marked[i] = d > limit
	}
	var out []Place
	side := block * o.Pixel
	for _, group := range raster.Groups(marked, w, h) {
		area := float64(len(group)) * side * side
		if area < o.MinArea {
			continue
		}
		p := Place{Area: area}
		x0, y0, x1, y1 := w, h, 0, 0
		for _, i := range group {
			x, y := i%w, i/w
			x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x+1), max(y1, y+1)
			p.Score += diff[i] / float64(len(group))
			p.Greening += (b[i].green - a[i].green) / float64(len(group))
		}
		// Compact things first: a road or a field's edge is long and thin.
		p.Score = min(1, p.Score*2) * float64(len(group)) / float64((x1-x0)*(y1-y0))
		l, t, r, m := float64(x0*block), float64(y0*block), float64(x1*block), float64(y1*block)
		p.Outline = orb.Polygon{{{l, t}, {r, t}, {r, m}, {l, m}, {l, t}}}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b Place) int { return cmp.Compare(b.Score, a.Score) })
	return out[:min(len(out), o.Most)], nil
}

// cell is the mean of block × block pixels; all of it 0 to 1.
type cell struct{ light, green, blue, texture float64 }

func cells(m image.Image) ([]cell, int, int) {
	bounds := m.Bounds()
	w, h := bounds.Dx()/block, bounds.Dy()/block
	out := make([]cell, w*h)
	for i := range out {
		c := &out[i]
		var sq float64
		for v := range block {
			for u := range block {
				r, g, b, _ := m.At(bounds.Min.X+i%w*block+u, bounds.Min.Y+i/w*block+v).RGBA()
				sum := float64(r+g+b) + 1
				light := sum / 3 / 65535
				c.light += light
				sq += light * light
				c.green += (2*float64(g) - float64(r) - float64(b)) / sum
				c.blue += (float64(b) - float64(r)) / sum
			}
		}
		const n = block * block
		c.light, c.green, c.blue = c.light/n, c.green/n, c.blue/n
		c.texture = math.Sqrt(max(0, sq/n-c.light*c.light))
	}
	return out, w, h
}

// level gives b the mean and the spread of a's brightness, and its mean colours.
func level(b, a []cell) {
	stats := func(cs []cell, f func(*cell) float64) (mean, spread float64) {
		for i := range cs {
			mean += f(&cs[i]) / float64(len(cs))
		}
		for i := range cs {
			d := f(&cs[i]) - mean
			spread += d * d / float64(len(cs))
		}
		return mean, math.Sqrt(spread)
	}
	for _, f := range []func(*cell) *float64{func(c *cell) *float64 { return &c.light }, func(c *cell) *float64 { return &c.green }, func(c *cell) *float64 { return &c.blue }} {
		read := func(c *cell) float64 { return *f(c) }
		ma, sa := stats(a, read)
		mb, sb := stats(b, read)
		scale := 1.0
		if sb > 1e-6 {
			scale = min(max(sa/sb, 0.5), 2)
		}
		for i := range b {
			v := f(&b[i])
			*v = ma + (*v-mb)*scale
		}
	}
}

// Pixels is the transform of places in pixels, for whoever measures them against labels.
var Pixels = raster.Transform{0, 1, 0, 0, 0, 1}

package raster

import "math"

// Ground estimates the bare ground under a surface: an opening of it by a square of 2·reach+1 pools of pool × pool pixels, then bilinear between pools. What is narrower
// than that stands on it, and a slope stays a slope. The first row of g has to be a multiple of pool in the whole grid, so that strips agree.
func Ground(g *Grid, pool, reach int) *Grid {
	w, h := (g.W+pool-1)/pool, (g.H+pool-1)/pool
	low := make([]float32, w*h)
	for i := range low {
		low[i] = float32(math.Inf(1))
	}
	for y := range g.H {
		row, out := g.Data[y*g.W:(y+1)*g.W], low[y/pool*w:]
		for x, v := range row {
			if v < out[x/pool] { // false for NaN
				out[x/pool] = v
			}
		}
	}
	slide(low, w, h, reach, func(a, b float32) bool { return a <= b })
	for i, v := range low { // nothing known within reach: nothing to spread
		if math.IsInf(float64(v), 1) {
			low[i] = float32(math.Inf(-1))
		}
	}
	slide(low, w, h, reach, func(a, b float32) bool { return a >= b })
	pools := &Grid{W: w, H: h, Data: low}
	for i, v := range low {
		if math.IsInf(float64(v), 0) {
			low[i] = NoData
		}
	}
	out := &Grid{W: g.W, H: g.H, Geo: g.Geo, Data: make([]float32, len(g.Data))}
	for y := range g.H {
		cy := min(max((float64(y)+0.5)/float64(pool)-0.5, 0), float64(h-1))
		for x := range g.W {
			cx := min(max((float64(x)+0.5)/float64(pool)-0.5, 0), float64(w-1))
			out.Data[y*g.W+x] = pools.Bilinear(cx, cy)
		}
	}
	return out
}

// slide replaces each value by the best within reach, first along rows and then along columns: a queue of falling candidates, so that the cost does not grow with reach.
func slide(data []float32, w, h, reach int, better func(a, b float32) bool) {
	n := max(w, h)
	line, queue := make([]float32, n), make([]int, n)
	along := func(at func(i int) *float32, n int) {
		for i := range n {
			line[i] = *at(i)
		}
		head, tail := 0, 0
		for i := range n + reach {
			if i < n {
				for tail > head && better(line[i], line[queue[tail-1]]) {
					tail--
				}
				queue[tail] = i
				tail++
			}
			if out := i - reach; out >= 0 {
				for queue[head] < out-reach {
					head++
				}
				*at(out) = line[queue[head]]
			}
		}
	}
	for y := range h {
		along(func(i int) *float32 { return &data[y*w+i] }, w)
	}
	for x := range w {
		along(func(i int) *float32 { return &data[i*w+x] }, h)
	}
}

package dsm

import (
	"math"
	"slices"

	"wanglou/layers/survey/raster"
)

// plants tells which marked pixels are of plants: the surface that stands there (the later one where it is higher, the earlier one where it was) is rough, or half as rough
// and green. What is lower and was green was cut, whatever its surface. Roughness is the median, over 5 × 5 pixels, of how far a height lies from the mean of its four
// neighbours, or of those a metre away, counted only so deep inside of the mark that no wall comes in. What lies nearer to the edge is what is inside of it. Row 0 is row
// down of after.
func (f *finder) plants(a, b *raster.Grid, mark []int8, before, after *raster.Grid, down int) []bool {
	w, h := a.W, a.H
	far := max(1, int(math.Round(1/f.pixel)))
	inside := make([]int8, len(mark))
	for _, sign := range [2]int8{1, -1} {
		in := make([]int8, len(mark))
		for i, m := range mark {
			if m == sign {
				in[i] = 1
			}
		}
		box(in, w, h, far+1, 1, 0)
		for i, m := range in {
			if m == 1 {
				inside[i] = sign
			}
		}
	}
	rough := make([]float32, len(mark))
	for i, m := range inside {
		if x, y := i%w, i/w; m == 0 || x < far || y < far || x >= w-far || y >= h-far {
			rough[i] = raster.NoData
			continue
		}
		z := b.Data
		if m < 0 {
			z = a.Data
		}
		bend := func(s int) float64 { return math.Abs(float64(z[i] - (z[i-s]+z[i+s]+z[i-s*w]+z[i+s*w])/4)) }
		rough[i] = float32(max(bend(1), bend(far)))
	}
	sigma := f.result.Noise / math.Sqrt2 // of one model; noise alone makes a roughness of one sigma
	limit, greenLimit := max(f.opt.Rough, 2.2*sigma), max(f.opt.Rough/2, 1.7*sigma)
	known, out := make([]int8, len(mark)), make([]bool, len(mark))
	for i, m := range mark {
		x, y := i%w, i/w
		switch {
		case m < 0 && before != nil && float64(before.Data[i]) > f.opt.VegetationOver:
			known[i] = 1
		case inside[i] != 0:
			over := limit
			if m > 0 && after != nil && float64(after.Bilinear(float64(x)+f.dx, float64(down+y)+f.dy)) > f.opt.VegetationOver {
				over = greenLimit
			}
			if r, n := medianAround(rough, inside, w, h, x, y); n >= 4 && r > over {
				known[i] = 1
			} else if n >= 4 {
				known[i] = -1
			}
		}
	}
	for i, m := range mark {
		if m == 0 {
			continue
		}
		if known[i] != 0 {
			out[i] = known[i] > 0
			continue
		}
		sum := 0
		x, y := i%w, i/w
		for v := max(0, y-3); v <= min(h-1, y+3); v++ {
			for u := max(0, x-3); u <= min(w-1, x+3); u++ {
				if j := v*w + u; mark[j] == m {
					sum += int(known[j])
				}
			}
		}
		out[i] = sum > 0
	}
	return out
}

// medianAround returns the median of values of the same sign in 5 × 5 pixels, and how many there are.
func medianAround(values []float32, sign []int8, w, h, x, y int) (float64, int) {
	var near [25]float32
	n := 0
	for v := max(0, y-2); v <= min(h-1, y+2); v++ {
		for u := max(0, x-2); u <= min(w-1, x+2); u++ {
			if j := v*w + u; sign[j] == sign[y*w+x] && values[j] == values[j] {
				near[n] = values[j]
				n++
			}
		}
	}
	if n == 0 {
		return 0, 0
	}
	slices.Sort(near[:n])
	return float64(near[n/2]), n
}

package dsm

import (
	"math"
)

// Trend is by how much the later model lies over the earlier one everywhere: a tilted plane, or a dish, as models from photographs without ground control have. Metres;
// u and v go from -1 to 1 over the grid, west to east and north to south.
type Trend struct {
	C [6]float64 // 1, u, v, u², uv, v²
}

// At returns the trend at a pixel of a w × h grid.
func (t *Trend) At(x, y float64, w, h int) float64 {
	u, v := 2*x/float64(w)-1, 2*y/float64(h)-1
	return t.C[0] + t.C[1]*u + t.C[2]*v + t.C[3]*u*u + t.C[4]*u*v + t.C[5]*v*v
}

// sample is a difference at a place, u and v as in Trend.
type sample struct{ u, v, d float64 }

// fit finds the trend of samples. What stands out is weighed down until it does not count (Tukey), so that what changed, up to some two fifths of the ground, does not
// pull. A dish is fitted only if it leaves clearly less than a plane. It returns what is left as a standard deviation.
func fit(samples []sample) (Trend, float64) {
	if len(samples) == 0 {
		return Trend{}, 0
	}
	plane, left := fitOrder(samples, 3)
	if len(samples) < 2000 {
		return plane, left
	}
	if dish, less := fitOrder(samples, 6); less < 0.9*left {
		return dish, less
	}
	return plane, left
}

func fitOrder(samples []sample, n int) (t Trend, left float64) {
	ds := make([]float64, len(samples))
	for i, s := range samples {
		ds[i] = s.d
	}
	t.C[0], left = middle(ds)
	for range 15 {
		limit := 4 * max(left, 0.02)
		m := make([][]float64, n)
		for i := range m {
			m[i] = make([]float64, n+1)
		}
		for i, s := range samples {
			r := (s.d - t.value(s.u, s.v)) / limit
			ds[i] = r * limit
			if r = 1 - r*r; r <= 0 {
				continue
			}
			w := r * r
			row := [6]float64{1, s.u, s.v, s.u * s.u, s.u * s.v, s.v * s.v}
			for j := range n {
				for k := range n {
					m[j][k] += w * row[j] * row[k]
				}
				m[j][n] += w * row[j] * s.d
			}
		}
		c, ok := solve(m)
		if !ok {
			break
		}
		moved := 0.0
		for i, v := range c {
			moved += math.Abs(v - t.C[i])
			t.C[i] = v
		}
		for i, s := range samples {
			ds[i] = s.d - t.value(s.u, s.v)
		}
		_, left = middle(ds)
		if moved < 1e-3 {
			break
		}
	}
	return t, left
}

func (t *Trend) value(u, v float64) float64 {
	return t.C[0] + t.C[1]*u + t.C[2]*v + t.C[3]*u*u + t.C[4]*u*v + t.C[5]*v*v
}

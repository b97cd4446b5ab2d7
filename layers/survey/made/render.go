package made

import (
	"math"
	"math/rand/v2"

	"wanglou/layers/survey/raster"
)

// corner is the north-west corner of every scene, EPSG:4549 (CGCS2000, 3-degree zone of 120° E).
var corner = [2]float64{469_000, 3_297_000}

// render returns one of the two models.
func (m *maker) render(later bool) *raster.Grid {
	n := m.Side
	g := raster.New(n, n, raster.Transform{corner[0], m.Pixel, 0, corner[1], 0, -m.Pixel})
	dx, dy, seed := 0.0, 0.0, uint64(11)
	if later {
		dx, dy, seed = m.ShiftX*m.Pixel, m.ShiftY*m.Pixel, 12
	}
	r := rand.New(rand.NewPCG(m.Seed, seed))
	// The place that pixel x, y shows.
	at := func(x, y int) (float64, float64) { return (float64(x)+0.5)*m.Pixel - dx, (float64(y)+0.5)*m.Pixel - dy }
	for y := range n {
		for x := range n {
			px, py := at(x, y)
			g.Data[y*n+x] = float32(m.ground(px, py))
		}
	}
	around := func(x, y, reach float64, f func(i int, px, py float64)) {
		lx, ly, rr := int((x+dx)/m.Pixel), int((y+dy)/m.Pixel), int(reach/m.Pixel)+2
		for v := max(0, ly-rr); v <= min(n-1, ly+rr); v++ {
			for u := max(0, lx-rr); u <= min(n-1, lx+rr); u++ {
				px, py := at(u, v)
				f(v*n+u, px, py)
			}
		}
	}
	for _, f := range m.fields {
		around(f.x, f.y, math.Hypot(f.long, f.wide), func(i int, px, py float64) {
			u, v := f.local(px, py)
			if math.Abs(u) > f.long || math.Abs(v) > f.wide {
				return
			}
			switch {
			case f.shadow && later: // matching fails in the dark
				g.Data[i] += float32(0.35 * r.NormFloat64())
			case !f.shadow && !later: // rows of maize
				g.Data[i] += float32(f.crop + 0.3*math.Sin(u*2*math.Pi/1.4) + 0.3*r.NormFloat64())
			}
		})
	}
	for i := range m.blocks {
		b := &m.blocks[i]
		height := b.before
		if later {
			height = b.after
		}
		if height == 0 {
			continue
		}
		around(b.x, b.y, math.Hypot(b.long, b.wide), func(i int, px, py float64) {
			if u, v := b.local(px, py); math.Abs(u) <= b.long && math.Abs(v) <= b.wide {
				g.Data[i] = float32(b.roof(height, v))
			}
		})
	}
	leaves := rand.New(rand.NewPCG(m.Seed, seed+50)) // no two flights see the same leaves
	for _, t := range m.trees {
		radius, height := t.before, t.height
		if later {
			radius, height = t.after, t.height+t.grown
		}
		base := m.ground(t.x, t.y)
		a, b := leaves.Float64()*6, leaves.Float64()*6 // boughs
		around(t.x, t.y, radius, func(i int, px, py float64) {
			if d := math.Hypot(px-t.x, py-t.y) / radius; d < 1 {
				g.Data[i] = max(g.Data[i], float32(base+height*(0.55+0.45*math.Sqrt(1-d*d))+0.5*math.Sin(3*px+a)*math.Sin(3*py+b)+0.7*leaves.NormFloat64()))
			}
		})
	}
	if m.Blur {
		blur(g)
	}
	for y := range n {
		for x := range n {
			u, v := 2*float64(x)/float64(n)-1, 2*float64(y)/float64(n)-1
			z := m.Noise * r.NormFloat64()
			if later {
				z += m.Tilt*(u+v)/4 + m.Dish*(u*u+v*v)/2 + 0.3
			}
			g.Data[y*n+x] += float32(z)
		}
	}
	return g
}

// blur averages over 3 × 3 pixels.
func blur(g *raster.Grid) {
	out := make([]float32, len(g.Data))
	for y := range g.H {
		for x := range g.W {
			sum, n := float32(0), float32(0)
			for v := max(0, y-1); v <= min(g.H-1, y+1); v++ {
				for u := max(0, x-1); u <= min(g.W-1, x+1); u++ {
					sum += g.Data[v*g.W+u]
					n++
				}
			}
			out[y*g.W+x] = sum / n
		}
	}
	g.Data = out
}

// greenness is excess green of one of the pictures: trees and crops over bare ground and roofs, some roofs being green sheet metal.
func (m *maker) greenness(later bool) *raster.Grid {
	n := m.Side
	g := raster.New(n, n, raster.Transform{corner[0], m.Pixel, 0, corner[1], 0, -m.Pixel})
	sx, sy, seed := 0.0, 0.0, uint64(13)
	if later {
		sx, sy, seed = m.ShiftX, m.ShiftY, 14
	}
	r := rand.New(rand.NewPCG(m.Seed, seed))
	for i := range g.Data {
		g.Data[i] = float32(0.04 + 0.03*r.NormFloat64())
	}
	paint := func(x, y, reach, value float64) {
		lx, ly, rr := x/m.Pixel+sx, y/m.Pixel+sy, reach/m.Pixel
		for v := max(0, int(ly-rr)); v <= min(n-1, int(ly+rr)); v++ {
			for u := max(0, int(lx-rr)); u <= min(n-1, int(lx+rr)); u++ {
				if math.Hypot(float64(u)-lx, float64(v)-ly) < rr {
					g.Data[v*n+u] = float32(value + 0.05*r.NormFloat64())
				}
			}
		}
	}
	for i := range m.blocks {
		if b := &m.blocks[i]; i%5 == 3 && (later && b.after > 0 || !later && b.before > 0) {
			paint(b.x, b.y, b.wide, 0.3)
		}
	}
	for _, t := range m.trees {
		paint(t.x, t.y, t.after, 0.25)
	}
	for _, f := range m.fields {
		if !f.shadow && !later {
			for u := -f.long; u <= f.long; u += 2 {
				for v := -f.wide; v <= f.wide; v += 2 {
					c, s := math.Cos(f.turn), math.Sin(f.turn)
					paint(f.x+u*c-v*s, f.y+u*s+v*c, 2, 0.22)
				}
			}
		}
	}
	return g
}

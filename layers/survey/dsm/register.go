package dsm

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wanglou/layers/survey/raster"
)

// Shift is how the later model lies beside the earlier one.
type Shift struct {
	East, North float64 // metres: what is at a place in the earlier model is that far off in the later one
	Known       bool    // false where the ground has no relief to tell by, or the two do not fit: nothing was moved then
}

// band is rows that are looked at for the registration.
type band struct {
	a, b *raster.Grid
	y    int // of the first row
}

const (
	bandRows   = 192
	mostBands  = 6
	mostProbes = 300_000
)

// bands reads up to mostBands pairs of rows, spread over the grid.
func bands(a, b raster.Source) ([]band, error) {
	_, h := a.Size()
	n := min(mostBands, max(1, h/bandRows))
	rows := min(bandRows, h)
	out := make([]band, n)
	for i := range out {
		y := 0
		if n > 1 {
			y = i * (h - rows) / (n - 1)
		}
		var err error
		out[i].y = y
		if out[i].a, err = a.Rows(y, rows); err != nil {
			return nil, err
		}
		if out[i].b, err = b.Rows(y, rows); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Register measures how the later model lies beside the earlier one, up to most metres, by the ground outside of an outline, inside of which it may have changed.
func Register(earlier, later raster.Source, most float64, outline orb.MultiPolygon) (Shift, error) {
	pixel, err := check(earlier, later)
	if err != nil {
		return Shift{}, err
	}
	bs, err := bands(earlier, later)
	if err != nil {
		return Shift{}, err
	}
	w, _ := earlier.Size()
	for i, b := range bs {
		own := *b.a
		own.Data = slices.Clone(own.Data) // it may be the source's
		for _, p := range outline {
			raster.Fill(w, own.H, own.Geo, p, func(x, y int) { own.Data[y*w+x] = raster.NoData })
		}
		bs[i].a = &own
	}
	dx, dy, known := register(bs, most/pixel)
	return Shift{East: dx * pixel, North: -dy * pixel, Known: known}, nil
}

// probe is one pixel whose surroundings have relief.
type probe struct {
	band   int
	x, y   float64
	z      float64
	gx, gy float64 // slope of the earlier model, metres a pixel
}

// probes returns pixels to tell the shift by: relief between 5 cm and 3 m a pixel, which terraces, banks and roofs have and treetops mostly exceed.
func probes(bs []band, margin int) []probe {
	total := 0
	for _, b := range bs {
		total += len(b.a.Data)
	}
	every := max(1, int(math.Sqrt(float64(total)/mostProbes)))
	var out []probe
	for i, b := range bs {
		for y := margin; y < b.a.H-margin; y += every {
			for x := margin; x < b.a.W-margin; x += every {
				p := probe{band: i, x: float64(x), y: float64(y), z: float64(b.a.At(x, y)),
					gx: float64(b.a.At(x+1, y)-b.a.At(x-1, y)) / 2, gy: float64(b.a.At(x, y+1)-b.a.At(x, y-1)) / 2}
				if s := math.Hypot(p.gx, p.gy); !math.IsNaN(s+p.z) && s < 3 {
					out = append(out, p)
				}
			}
		}
	}
	return out
}

// misfit is the median of how far the models lie apart at a shift, after their common difference is taken out. It also returns how many probes told.
func misfit(bs []band, ps []probe, dx, dy float64, buf []float64) (float64, int) {
	buf = buf[:0]
	for i := range ps {
		p := &ps[i]
		if d := float64(bs[p.band].b.Bilinear(p.x+dx, p.y+dy)) - p.z; !math.IsNaN(d) {
			buf = append(buf, d)
		}
	}
	if len(buf) == 0 {
		return math.Inf(1), 0
	}
	slices.Sort(buf)
	mid := buf[len(buf)/2]
	sum := 0.0
	for _, d := range buf { // cut off at a metre: what changed does not pull
		sum += min(math.Abs(d-mid), 1)
	}
	return sum / float64(len(buf)), len(buf)
}

// register finds the shift in pixels: whole ones by trying, the rest by least squares on the slopes, with what does not fit weighed down (Huber).
func register(bs []band, most float64) (dx, dy float64, known bool) {
	reach := int(math.Ceil(most))
	ps := probes(bs, reach+2)
	if len(ps) < 200 {
		return 0, 0, false
	}
	// The steepest tenth tells where things are; all of them tell only that most of the ground is flat.
	steep := slices.Clone(ps)
	slices.SortStableFunc(steep, func(a, b probe) int {
		return -compare(math.Hypot(a.gx, a.gy), math.Hypot(b.gx, b.gy))
	})
	steep = steep[:max(200, len(steep)/10)]
	steep = thin(steep, 20_000)
	few := thin(steep, 5000)
	buf := make([]float64, 0, len(steep))
	best := math.Inf(1)
	for y := -reach; y <= reach; y++ {
		for x := -reach; x <= reach; x++ {
			if m, n := misfit(bs, few, float64(x), float64(y), buf); n > len(few)/2 && m < best {
				best, dx, dy = m, float64(x), float64(y)
			}
		}
	}
	if math.IsInf(best, 1) {
		return 0, 0, false
	}
	for range 12 {
		mx, my, ok := refine(bs, steep, dx, dy)
		if !ok {
			return 0, 0, false
		}
		dx, dy = dx+mx, dy+my
		if math.Hypot(mx, my) < 0.005 {
			break
		}
	}
	// At the end of what was tried, or hardly better than as it lies: the two do not tell.
	after, n := misfit(bs, few, dx, dy, buf)
	asIs, _ := misfit(bs, few, 0, 0, buf)
	if n == 0 || max(math.Abs(dx), math.Abs(dy)) > most-0.5 || after > best*1.05 || math.Hypot(dx, dy) > 0.3 && after > 0.9*asIs {
		return 0, 0, false
	}
	return dx, dy, true
}

// thin keeps n probes of many, evenly.
func thin(ps []probe, n int) []probe {
	if len(ps) <= n {
		return ps
	}
	out := make([]probe, n)
	for i := range out {
		out[i] = ps[i*len(ps)/n]
	}
	return out
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// refine makes one step of Gauss and Newton for shift and common difference.
func refine(bs []band, ps []probe, dx, dy float64) (mx, my float64, ok bool) {
	ds, gs := make([]float64, 0, len(ps)), make([][2]float64, 0, len(ps))
	for i := range ps {
		p := &ps[i]
		b := bs[p.band].b
		x, y := p.x+dx, p.y+dy
		d := float64(b.Bilinear(x, y)) - p.z
		gx := float64(b.Bilinear(x+0.5, y) - b.Bilinear(x-0.5, y))
		gy := float64(b.Bilinear(x, y+0.5) - b.Bilinear(x, y-0.5))
		if !math.IsNaN(d + gx + gy) {
			ds, gs = append(ds, d), append(gs, [2]float64{gx, gy})
		}
	}
	if len(ds) < 100 {
		return 0, 0, false
	}
	mid, spread := middle(ds)
	limit := max(2*spread, 0.05)
	var n [3][4]float64 // normal equations of mx, my and the common difference
	for i, d := range ds {
		r := d - mid
		w := 1.0
		if a := math.Abs(r); a > limit {
			if a > 4*limit {
				continue
			}
			w = limit / a
		}
		row := [3]float64{gs[i][0], gs[i][1], 1}
		for j := range 3 {
			for k := range 3 {
				n[j][k] += w * row[j] * row[k]
			}
			n[j][3] -= w * row[j] * r
		}
	}
	// Relief in one direction alone does not tell of the other.
	if det := n[0][0]*n[1][1] - n[0][1]*n[0][1]; det < 1e-3*math.Pow(n[0][0]+n[1][1], 2) || n[0][0]+n[1][1] < 1e-3*n[2][2] {
		return 0, 0, false
	}
	x, ok := solve3(n)
	if !ok {
		return 0, 0, false
	}
	return min(max(x[0], -1), 1), min(max(x[1], -1), 1), true
}

// middle returns the median of values, and their spread as a standard deviation from the median of distances to it. It leaves values alone.
func middle(values []float64) (median, spread float64) {
	s := slices.Clone(values)
	slices.Sort(s)
	median = s[len(s)/2]
	for i, v := range s {
		s[i] = math.Abs(v - median)
	}
	slices.Sort(s)
	return median, 1.4826 * s[len(s)/2]
}

// solve3 solves three equations by elimination.
func solve3(n [3][4]float64) (x [3]float64, ok bool) {
	m := make([][]float64, 3)
	for i := range m {
		m[i] = n[i][:]
	}
	out, ok := solve(m)
	if ok {
		copy(x[:], out)
	}
	return x, ok
}

// solve solves len(m) equations, the right side in the last column, by elimination with pivots. It changes m.
func solve(m [][]float64) ([]float64, bool) {
	n := len(m)
	for i := range n {
		p := i
		for j := i + 1; j < n; j++ {
			if math.Abs(m[j][i]) > math.Abs(m[p][i]) {
				p = j
			}
		}
		m[i], m[p] = m[p], m[i]
		if math.Abs(m[i][i]) < 1e-12 {
			return nil, false
		}
		for j := range n {
			if j == i {
				continue
			}
			f := m[j][i] / m[i][i]
			for k := i; k <= n; k++ {
				m[j][k] -= f * m[i][k]
			}
		}
	}
	out := make([]float64, n)
	for i := range n {
		out[i] = m[i][n] / m[i][i]
	}
	return out, true
}

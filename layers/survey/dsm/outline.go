package dsm

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wanglou/layers/survey/raster"
)

// outline gives pixels the outline of a building: right angles along the direction of the smallest rectangle around them, each wall where the pixels' edge lies in the mean.
// Courtyards of 12 m² and more stay open. It returns the outline in the grid's coordinates and its area in square metres.
func outline(runs []run, pixel float64, t raster.Transform) (orb.Polygon, float64) {
	pts, weight := points(runs)
	dir := direction(runs)
	cos, sin := math.Cos(dir), math.Sin(dir)
	left, top, right, bottom := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for i, p := range pts { // u along, v across
		u, v := p[0]*cos+p[1]*sin, -p[0]*sin+p[1]*cos
		pts[i] = [2]float64{u, v}
		left, right, top, bottom = min(left, u), max(right, u), min(top, v), max(bottom, v)
	}
	cell := max(1/pixel, 2)
	left, top = left-cell/4, top-cell/4 // the outermost points lie inside of their pixels
	w, h := int((right-left)/cell)+1, int((bottom-top)/cell)+1
	full := make([]float64, w*h)
	for _, p := range pts {
		full[int((p[1]-top)/cell)*w+int((p[0]-left)/cell)] += weight
	}
	set := make([]bool, w*h)
	for i, v := range full {
		set[i] = v >= cell*cell/2
	}
	var polygon orb.Polygon
	area := 0.0
	for i, ring := range trace(set, w, h) {
		if i > 0 && math.Abs(planar.Area(ring))*cell*cell*pixel*pixel < 12 {
			continue
		}
		ring = straighten(ring)
		for j, p := range ring {
			ring[j] = orb.Point{left + p[0]*cell, top + p[1]*cell}
		}
		ring = fitWalls(ring, pts, weight, cell)
		a := math.Abs(planar.Area(ring)) * pixel * pixel
		if i > 0 {
			a = -a
		}
		area += a
		for j, p := range ring {
			ring[j] = t.Apply(p[0]*cos-p[1]*sin, p[0]*sin+p[1]*cos)
		}
		if (ring.Orientation() == orb.CCW) != (i == 0) {
			slices.Reverse(ring)
		}
		polygon = append(polygon, ring)
	}
	return polygon, area
}

// points returns four places in each pixel, or one where there are very many, and the area in pixels that each stands for.
func points(runs []run) ([][2]float64, float64) {
	n := 0
	for _, r := range runs {
		n += r.until - r.from
	}
	offsets, weight := []float64{0.25, 0.75}, 0.25
	if n > 100_000 {
		offsets, weight = []float64{0.5}, 1
	}
	out := make([][2]float64, 0, n*len(offsets)*len(offsets))
	for _, r := range runs {
		for x := r.from; x < r.until; x++ {
			for _, v := range offsets {
				for _, u := range offsets {
					out = append(out, [2]float64{float64(x) + u, float64(r.y) + v})
				}
			}
		}
	}
	return out, weight
}

// direction returns the angle of the smallest rectangle around runs: one side of it lies along an edge of their hull.
func direction(runs []run) float64 {
	var corners [][2]float64
	for _, r := range runs {
		y := float64(r.y) + 0.5
		corners = append(corners, [2]float64{float64(r.from) + 0.5, y}, [2]float64{float64(r.until) - 0.5, y})
	}
	hull := hullOf(corners)
	best, dir := math.Inf(1), 0.0
	for i := range hull {
		a, b := hull[i], hull[(i+1)%len(hull)]
		long := math.Hypot(b[0]-a[0], b[1]-a[1])
		if long == 0 {
			continue
		}
		c, s := (b[0]-a[0])/long, (b[1]-a[1])/long
		u0, u1, v0, v1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
		for _, p := range hull {
			u, v := p[0]*c+p[1]*s, -p[0]*s+p[1]*c
			u0, u1, v0, v1 = min(u0, u), max(u1, u), min(v0, v), max(v1, v)
		}
		if size := (u1 - u0 + 1) * (v1 - v0 + 1); size < best-1e-9 {
			best, dir = size, math.Atan2(s, c)
		}
	}
	return math.Mod(dir+2*math.Pi, math.Pi/2)
}

// hullOf returns the convex hull (Andrew's monotone chain).
func hullOf(p [][2]float64) [][2]float64 {
	slices.SortFunc(p, func(a, b [2]float64) int {
		if a[0] != b[0] {
			return compare(a[0], b[0])
		}
		return compare(a[1], b[1])
	})
	p = slices.Compact(p)
	if len(p) < 3 {
		return p
	}
	half := func(p [][2]float64) (out [][2]float64) {
		for _, q := range p {
			for len(out) > 1 {
				a, b := out[len(out)-2], out[len(out)-1]
				if (b[0]-a[0])*(q[1]-a[1])-(b[1]-a[1])*(q[0]-a[0]) > 0 {
					break
				}
				out = out[:len(out)-1]
			}
			out = append(out, q)
		}
		return out[:len(out)-1]
	}
	lower := half(p)
	slices.Reverse(p)
	return append(lower, half(p)...)
}

// trace returns the rings around the largest set of cells, the outer one first. Cells that touch by a corner alone are apart.
func trace(set []bool, w, h int) []orb.Ring {
	at := func(x, y int) bool { return x >= 0 && y >= 0 && x < w && y < h && set[y*w+x] }
	type corner struct{ x, y int }
	// Edges with the cells on their right hand, by the corner where they begin.
	next := map[corner][]corner{}
	for y := range h {
		for x := range w {
			if !at(x, y) {
				continue
			}
			if !at(x, y-1) {
				next[corner{x, y}] = append(next[corner{x, y}], corner{x + 1, y})
			}
			if !at(x+1, y) {
				next[corner{x + 1, y}] = append(next[corner{x + 1, y}], corner{x + 1, y + 1})
			}
			if !at(x, y+1) {
				next[corner{x + 1, y + 1}] = append(next[corner{x + 1, y + 1}], corner{x, y + 1})
			}
			if !at(x-1, y) {
				next[corner{x, y + 1}] = append(next[corner{x, y + 1}], corner{x, y})
			}
		}
	}
	var rings []orb.Ring
	for y := 0; y <= h; y++ {
		for x := 0; x <= w; x++ {
			for len(next[corner{x, y}]) > 0 {
				var ring orb.Ring
				c, dx, dy := corner{x, y}, 0, 0
				for {
					out := next[c]
					i := 0
					if len(out) > 1 { // turn to the right: stay with the cell
						i = slices.IndexFunc(out, func(o corner) bool { return o.x-c.x == -dy && o.y-c.y == dx })
						i = max(i, 0)
					}
					to := out[i]
					next[c] = slices.Delete(slices.Clone(out), i, i+1)
					if to.x-c.x != dx || to.y-c.y != dy {
						ring = append(ring, orb.Point{float64(c.x), float64(c.y)})
					}
					dx, dy = to.x-c.x, to.y-c.y
					if c = to; c == (corner{x, y}) {
						break
					}
				}
				rings = append(rings, append(ring, ring[0]))
			}
		}
	}
	outer := -1
	for i, r := range rings { // outer rings run clockwise where y goes down, which planar.Area calls positive
		if planar.Area(r) > 0 && (outer < 0 || planar.Area(r) > planar.Area(rings[outer])) {
			outer = i
		}
	}
	if outer < 0 {
		return nil
	}
	out := []orb.Ring{rings[outer]}
	for _, r := range rings {
		if planar.Area(r) < 0 && planar.RingContains(rings[outer], orb.Point{r[0][0], r[0][1]}) {
			out = append(out, r)
		}
	}
	return out
}

// straighten takes away steps and teeth that are shorter than one and a half cells. The ring is closed, of right angles.
func straighten(ring orb.Ring) orb.Ring {
	p := slices.Clone(ring[:len(ring)-1])
	for len(p) > 4 {
		n := len(p)
		short, at := 1.6, -1
		for i := range n {
			if l := length(p[i], p[(i+1)%n]); l < short {
				short, at = l, i
			}
		}
		if at < 0 {
			break
		}
		i := func(k int) int { return (at + k + n) % n }
		a, b, c, d := p[i(-1)], p[i(0)], p[i(1)], p[i(2)]
		axis := 0 // along which the short edge lies
		if b[0] == c[0] {
			axis = 1
		}
		other := 1 - axis
		before, after := b[other]-a[other], d[other]-c[other]
		if before*after > 0 { // a step: both walls come into one line, the longer one counts more
			line := (b[axis]*math.Abs(before) + c[axis]*math.Abs(after)) / (math.Abs(before) + math.Abs(after))
			p[i(-1)][axis], p[i(2)][axis] = line, line
			p = drop(p, i(0), i(1))
		} else if math.Abs(before) <= math.Abs(after) { // a tooth: cut at its shorter side
			p[i(1)][other] = a[other]
			p = drop(p, i(-1), i(0))
		} else {
			p[i(0)][other] = d[other]
			p = drop(p, i(1), i(2))
		}
		p = tidy(p)
	}
	return append(p, p[0])
}

func length(a, b orb.Point) float64 { return math.Abs(a[0]-b[0]) + math.Abs(a[1]-b[1]) }

func drop(p orb.Ring, i, j int) orb.Ring {
	var out orb.Ring
	for k, q := range p {
		if k != i && k != j {
			out = append(out, q)
		}
	}
	return out
}

// tidy takes away corners that are none.
func tidy(p orb.Ring) orb.Ring {
	for i := 0; i < len(p) && len(p) > 4; {
		n := len(p)
		a, b, c := p[(i+n-1)%n], p[i], p[(i+1)%n]
		if (a[0] == b[0] && b[0] == c[0]) || (a[1] == b[1] && b[1] == c[1]) || a == b {
			p = slices.Delete(p, i, i+1)
			i = 0
			continue
		}
		i++
	}
	return p
}

// fitWalls moves each wall to where the points' edge lies in the mean along it, by one cell at most.
func fitWalls(ring orb.Ring, pts [][2]float64, weight, cell float64) orb.Ring {
	n := len(ring) - 1
	out := slices.Clone(ring)
	turn := 1.0
	if planar.Area(ring) < 0 {
		turn = -1
	}
	for i := range n {
		a, b := ring[i], ring[i+1]
		axis := 0 // across the wall
		if math.Abs(a[1]-b[1]) < math.Abs(a[0]-b[0]) {
			axis = 1
		}
		along := 1 - axis
		lo, hi := min(a[along], b[along]), max(a[along], b[along])
		if hi-lo > 3*cell { // corners tell of the wall around them
			lo, hi = lo+cell, hi-cell
		}
		if hi-lo <= 0 {
			continue
		}
		count := 0
		for _, p := range pts {
			if p[along] >= lo && p[along] < hi && math.Abs(p[axis]-a[axis]) <= cell {
				count++
			}
		}
		filled := min(float64(count)*weight/(hi-lo), 2*cell)
		// Inside lies on the right hand where y goes down: to the left of the direction in area's sign.
		inside := turn
		if axis == 0 {
			inside *= -math.Copysign(1, b[1]-a[1])
		} else {
			inside *= math.Copysign(1, b[0]-a[0])
		}
		line := a[axis] + inside*(cell-filled)
		if i == n-1 {
			out[0][axis] = line
		}
		out[i][axis], out[i+1][axis] = line, line
	}
	out[n] = out[0]
	return out
}

package demo

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// water is a feature of the water layer: an area, or the line of a stream.
type water struct {
	kind, name string
	geom       orb.Geometry
}

// stream is a small watercourse.
type stream struct {
	name string
	line orb.LineString
	half float64 // metres
}

// land is the ground on which the county is built.
type land struct {
	seed    uint64
	outline orb.Ring
	grid    raster
	in      []bool    // cells inside of the outline
	low     []float64 // metres by which a cell lies beyond the valley floor: below 0 farmland, high above 0 mountain

	waters  []water
	streams []stream
	banks   nearby // rivers, streams and lakes with their widths
	broad   nearby // those of them that streets do not cross lightly: rivers and lakes
	middles nearby // middle lines of the rivers that bound areas
}

const landCell = 150.0

func newLand(seed uint64, outline orb.Ring) *land {
	l := &land{seed: seed, outline: outline, grid: newRaster(outline.Bound().Pad(2*landCell), landCell)}
	l.in = make([]bool, l.grid.size())
	for i := range l.in {
		l.in[i] = inside(outline, l.grid.center(i))
	}
	l.drawRivers()
	l.drawStreams()
	l.drawReservoirs()
	l.findValleys()
	return l
}

func (l *land) drawRivers() {
	for i, r := range rivers {
		ls := smooth(r.line, 2)
		if r.kind == "stream" {
			ls = l.wander(ls)
		}
		half := func(k int) float64 { return r.halfAt(float64(k) / float64(len(ls)-1)) }
		l.banks.add(i, ls, half)
		if r.kind == "stream" {
			l.streams = append(l.streams, stream{r.name, clip(ls, l.outline), half(len(ls) / 2)})
			continue
		}
		l.middles.add(i, ls, always(0))
		l.broad.add(i, ls, half)
		poly := orb.Polygon{ribbon(ls, half)}
		if planar.PolygonContains(poly, island.middle) {
			poly = append(poly, lens(island.middle, island.length, island.half, island.turn))
		}
		l.waters = append(l.waters, water{"river", r.name, poly}, water{"river", r.name, ls}) // the console writes the name along the line
	}
}

// wander bends a drawn line as small water does.
func (l *land) wander(ls orb.LineString) orb.LineString {
	bend := [2]noise{{seed: l.seed + 5, scale: 700}, {seed: l.seed + 6, scale: 700}}
	var out orb.LineString
	for at, total := 0.0, length(ls); at < total; at += 90 {
		p, _ := along(ls, at)
		fade := min(1, at/300, (total-at)/300) // ends stay where they join
		out = append(out, add(p, orb.Point{(bend[0].at(p, 2) - 0.5) * 420 * fade, (bend[1].at(p, 2) - 0.5) * 420 * fade}))
	}
	return smooth(append(out, ls[len(ls)-1]), 1)
}

func (r river) halfAt(t float64) float64 {
	x := t * float64(len(r.half)-1)
	i := min(int(x), len(r.half)-2)
	return r.half[i] + (r.half[i+1]-r.half[i])*(x-float64(i))
}

// ribbon is the area along a line with a half width at each of its points.
func ribbon(ls orb.LineString, half func(i int) float64) orb.Ring {
	ring := make(orb.Ring, 0, 2*len(ls)+1)
	side := func(i int) orb.Point {
		d := unit(sub(ls[min(i+1, len(ls)-1)], ls[max(i-1, 0)]))
		return scale(left(d), half(i))
	}
	for i := range ls {
		ring = append(ring, sub(ls[i], side(i)))
	}
	for i := len(ls) - 1; i >= 0; i-- {
		ring = append(ring, add(ls[i], side(i)))
	}
	return append(ring, ring[0])
}

// lens is an almond-shaped ring, clockwise as a hole wants it.
func lens(middle orb.Point, length, half, turn float64) orb.Ring {
	const n = 24
	var ring orb.Ring
	for i := range n {
		s, c := math.Sincos(-2 * math.Pi * float64(i) / n)
		p := orb.Point{c * length / 2, s * half * (1 - 0.25*c*c)}
		ring = append(ring, add(middle, rotate(p, turn*math.Pi/180)))
	}
	return append(ring, ring[0])
}

// drawStreams lets water find its way from springs in the mountains to the drawn rivers: the cheapest ways through uneven ground
// join as real valleys do.
func (l *land) drawStreams() {
	g := l.grid
	sources := map[int]float64{}
	for _, r := range rivers {
		ls := smooth(r.line, 1)
		for d, total := 0.0, length(ls); d < total; d += g.cell / 2 {
			p, _ := along(ls, d)
			if i := g.at(p); i >= 0 {
				sources[i] = 0
			}
		}
	}
	rough := noise{seed: l.seed + 1, scale: 2600}
	f := g.flood(sources, func(_, to int) float64 {
		if !l.in[to] {
			return math.Inf(1)
		}
		n := rough.at(g.center(to), 4)
		return 0.15 + 12*n*n*n
	})
	r := dice(l.seed, "springs")
	var springs []int
	var taken []orb.Point
	for range 6000 {
		i := r.IntN(g.size())
		p := g.center(i)
		if !l.in[i] || l.banks.clearance(p, 900) < 900 || tooNear(taken, p, 1900) {
			continue
		}
		taken, springs = append(taken, p), append(springs, i)
	}
	for _, piece := range f.tree(springs) {
		var ls orb.LineString
		for _, c := range piece.cells {
			ls = append(ls, g.scattered(int(c)))
		}
		if end := ls[len(ls)-1]; f.next[piece.cells[len(piece.cells)-1]] < 0 {
			if _, s, at := l.banks.nearest(end, 600); s != nil {
				ls = append(ls, at)
			}
		}
		half := min(14, 2+1.6*math.Sqrt(float64(piece.uses)))
		l.streams = append(l.streams, stream{"", smooth(ls, 2), half})
	}
	for _, s := range l.streams {
		l.banks.add(len(rivers), s.line, always(s.half))
		l.waters = append(l.waters, water{"stream", s.name, s.line})
	}
}

func tooNear(taken []orb.Point, p orb.Point, metres float64) bool {
	for _, t := range taken {
		if distance(t, p) < metres {
			return true
		}
	}
	return false
}

// drawReservoirs draws lakes with an uneven shore.
func (l *land) drawReservoirs() {
	for i, res := range reservoirs {
		n := noise{seed: l.seed + 100 + uint64(i), scale: 1}
		var ring orb.Ring
		const corners = 48
		for k := range corners {
			s, c := math.Sincos(2 * math.Pi * float64(k) / corners)
			radius := res.radius * (0.35 + 0.65*n.at(orb.Point{1.6 * c, 1.6 * s}, 3))
			ring = append(ring, add(res.middle, scale(orb.Point{c, s}, radius)))
		}
		ring = append(ring, ring[0])
		l.waters = append(l.waters, water{"lake", res.name, orb.Polygon{ring}})
		at := orb.LineString{res.middle, add(res.middle, orb.Point{1, 0})}
		l.banks.add(len(rivers)+1, at, always(res.radius))
		l.broad.add(len(rivers)+1, at, always(res.radius))
	}
}

// findValleys fills low: how far a cell lies beyond the edge of its valley's floor, with noise so that the edge is ragged.
func (l *land) findValleys() {
	g := l.grid
	sources := map[int]float64{}
	put := func(ls orb.LineString, floor float64) {
		for d, total := 0.0, length(ls); d < total; d += g.cell / 2 {
			p, _ := along(ls, d)
			if i := g.at(p); i >= 0 && sources[i] > -floor {
				sources[i] = -floor
			}
		}
	}
	for _, r := range rivers {
		floor := 450.0
		switch r.name {
		case "富春江":
			floor = 1750
		case "分水江":
			floor = 1050
		case "大源溪", "应家溪":
			floor = 900
		}
		put(r.line, floor)
	}
	for _, s := range l.streams {
		put(s.line, 40+22*s.half)
	}
	for _, t := range towns {
		for _, e := range t.built {
			sources[g.at(e.middle)] = -e.a - 500
		}
	}
	f := g.flood(sources, func(_, _ int) float64 { return 1 })
	l.low = f.cost
	ragged := noise{seed: l.seed + 2, scale: 1500}
	dam := seat(119.6390, 29.7050)
	for i := range l.low {
		l.low[i] += (ragged.at(g.center(i), 4) - 0.5) * 1500
		// The gorge above the dam of the Fuchun: mountains down to the water.
		c := g.center(i)
		south, west := dam[1]-c[1], dam[0]+6500-c[0]
		l.low[i] += min(1600, max(0, south)*0.6) * min(1, max(0, west/2500))
	}
}

// lowAt is low at p, and a high mountain outside.
func (l *land) lowAt(p orb.Point) float64 {
	if i := l.grid.at(p); i >= 0 && l.in[i] {
		return l.low[i]
	}
	return math.Inf(1)
}

// clip returns the longest part of a line inside of the ring.
func clip(ls orb.LineString, ring orb.Ring) orb.LineString {
	var best, now orb.LineString
	flush := func() {
		if len(now) > 1 && length(now) > length(best) {
			best = now
		}
		now = nil
	}
	for i, p := range ls {
		in := inside(ring, p)
		if i > 0 && in != inside(ring, ls[i-1]) {
			edge := border(ls[i-1], p, ring)
			now = append(now, edge)
			if !in {
				flush()
			}
		}
		if in {
			now = append(now, p)
		}
	}
	flush()
	return best
}

// border finds where a–b, whose ends lie on both sides of the ring, crosses it.
func border(a, b orb.Point, ring orb.Ring) orb.Point {
	in := inside(ring, a)
	for range 24 {
		m := between(a, b, 0.5)
		if inside(ring, m) == in {
			a = m
		} else {
			b = m
		}
	}
	return between(a, b, 0.5)
}

// Package road is the network of roads in memory: from one place to many, how far it is by road and how long it takes with lights and sirens. A graph is made once
// of the basemap's roads, off the way of every request, and is not changed after.
//
// Distances are geodesic (haversine) sums in metres, places EPSG:4326. One-way streets count in both directions: those who are sent may drive against them, and no
// road is closed but by not being there. The same way back is the same length.
package road

import (
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
)

// speeds are km/h by the kind of road, as units drive on average: crossings included. Other kinds (rails) are no roads.
var speeds = map[string]float64{
	"motorway": 90, "trunk": 62, "primary": 46, "secondary": 42, "tertiary": 36, "residential": 26, "service": 18, "path": 9,
}

const (
	offRoad   = 4.0    // m/s, from a place to the nearest road
	maxAccess = 1500.0 // metres from the nearest road; who is farther away is not on the network
)

// Limits bound one run.
type Limits struct {
	Metres  float64 // farther by road than this is not found
	Seconds float64
}

// Way is how far a place is. By is false where no way was found: it is off the network, or beyond the limits.
type Way struct {
	By      bool
	Metres  float64
	Seconds float64
}

type edge struct {
	to      int32
	metres  float64
	seconds float64
}

// segment is a straight piece of a road, to find the nearest one.
type segment struct{ from, to int32 }

// Graph is the network. It is safe for concurrent use; a nil one has no roads.
type Graph struct {
	places []orb.Point
	first  []int32 // of a place's edges; one more at the end
	edges  []edge
	grid   map[cell][]segment
	speed  map[segment]float64 // m/s
	size   orb.Point           // of a cell, degrees
}

type cell struct{ x, y int32 }

// cellMetres is the side of a cell of the grid by which the nearest road is found.
const cellMetres = 100.0

// Places returns how many corners the network has.
func (g *Graph) Places() int {
	if g == nil {
		return 0
	}
	return len(g.places)
}

// Builder takes roads, in any order. Roads that share a corner exactly meet there.
type Builder struct {
	index  map[orb.Point]int32
	places []orb.Point
	from   []int32
	links  []edge
}

// NewBuilder returns one without roads.
func NewBuilder() *Builder { return &Builder{index: map[orb.Point]int32{}} }

// Add takes one road of a kind of docs/basemap.md. What is no road for vehicles, or has a broken corner, is left out.
func (b *Builder) Add(kind string, line orb.LineString) {
	kmh, ok := speeds[kind]
	if !ok {
		return
	}
	last := int32(-1)
	for _, p := range line {
		if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) { // NaN, too
			last = -1
			continue
		}
		at, known := b.index[p]
		if !known {
			at = int32(len(b.places))
			b.index[p], b.places = at, append(b.places, p)
		}
		if last >= 0 && last != at {
			d := geo.DistanceHaversine(b.places[last], p)
			b.from, b.links = append(b.from, last), append(b.links, edge{at, d, d / (kmh / 3.6)})
		}
		last = at
	}
}

// Graph makes the network of the largest part whose roads hang together: an island has no way out, and would strand whoever stands next to it.
func (b *Builder) Graph() *Graph {
	part := largest(len(b.places), b.from, b.links)
	g := &Graph{grid: map[cell][]segment{}, speed: map[segment]float64{}}
	renamed := make([]int32, len(b.places))
	for i, p := range b.places {
		renamed[i] = -1
		if part[i] {
			renamed[i] = int32(len(g.places))
			g.places = append(g.places, p)
		}
	}
	if len(g.places) == 0 {
		return g
	}
	g.size = orb.Point{cellMetres / (111_320 * math.Cos(g.places[0][1]*math.Pi/180)), cellMetres / 110_850}
	g.first = make([]int32, len(g.places)+1)
	for i, from := range b.from {
		if a := renamed[from]; a >= 0 {
			g.first[a+1]++
			g.first[renamed[b.links[i].to]+1]++
		}
	}
	for i := range g.places {
		g.first[i+1] += g.first[i]
	}
	g.edges = make([]edge, g.first[len(g.places)])
	next := slices.Clone(g.first[:len(g.places)])
	put := func(a, b int32, e edge) {
		g.edges[next[a]] = edge{b, e.metres, e.seconds}
		next[a]++
	}
	for i, from := range b.from {
		a := renamed[from]
		if a < 0 {
			continue
		}
		to := renamed[b.links[i].to]
		put(a, to, b.links[i])
		put(to, a, b.links[i])
		g.lay(segment{a, to}, b.links[i])
	}
	return g
}

// lay puts a segment into the cells that it may touch.
func (g *Graph) lay(s segment, e edge) {
	if e.seconds > 0 {
		g.speed[s] = e.metres / e.seconds
	}
	a, b := g.cell(g.places[s.from]), g.cell(g.places[s.to])
	if int64(abs(a.x-b.x)+1)*int64(abs(a.y-b.y)+1) > 40_000 { // some twenty of kilometres without a corner: nobody joins there
		return
	}
	for x := min(a.x, b.x); x <= max(a.x, b.x); x++ {
		for y := min(a.y, b.y); y <= max(a.y, b.y); y++ {
			g.grid[cell{x, y}] = append(g.grid[cell{x, y}], s)
		}
	}
}

func abs(n int32) int32 {
	if n < 0 {
		return -n
	}
	return n
}

func (g *Graph) cell(p orb.Point) cell {
	return cell{int32(math.Floor(p[0] / g.size[0])), int32(math.Floor(p[1] / g.size[1]))}
}

// largest returns which places are in the part with the most of them.
func largest(n int, from []int32, links []edge) []bool {
	root := make([]int32, n)
	size := make([]int32, n)
	for i := range root {
		root[i], size[i] = int32(i), 1
	}
	find := func(i int32) int32 {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	best := int32(-1)
	for i := range from {
		a, b := find(from[i]), find(links[i].to)
		if a == b {
			continue
		}
		if size[a] < size[b] {
			a, b = b, a
		}
		root[b], size[a] = a, size[a]+size[b]
		if best < 0 || size[a] > size[find(best)] {
			best = a
		}
	}
	part := make([]bool, n)
	if best >= 0 {
		best = find(best)
		for i := range part {
			part[i] = find(int32(i)) == best
		}
	}
	return part
}

// access is how a place comes onto the network: at a point of a segment.
type access struct {
	segment segment
	at      orb.Point
	metres  float64 // to there
	speed   float64 // on the segment, m/s
}

// nearest finds where p comes onto the network, false where no road is within maxAccess. It compares on a plane in which degrees have the same length.
func (g *Graph) nearest(p orb.Point) (access, bool) {
	const degree = 111_320.0
	scale := math.Cos(p[1] * math.Pi / 180)
	limit := maxAccess / degree
	best, found, near := limit*limit, segment{from: -1}, orb.Point{}
	here := g.cell(p)
	for ring := int32(0); ; ring++ {
		if out := float64(ring-1) * cellMetres / degree; out > 0 && out*out > best { // whatever lies farther out is farther away
			break
		}
		for x := here.x - ring; x <= here.x+ring; x++ {
			step := max(1, 2*ring) // the ring alone: its whole sides, else its two ends
			if x == here.x-ring || x == here.x+ring {
				step = 1
			}
			for y := here.y - ring; y <= here.y+ring; y += step {
				for _, s := range g.grid[cell{x, y}] {
					at := project(p, g.places[s.from], g.places[s.to], scale)
					dx, dy := (at[0]-p[0])*scale, at[1]-p[1]
					if d := dx*dx + dy*dy; d < best {
						best, found, near = d, s, at
					}
				}
			}
		}
	}
	if found.from < 0 {
		return access{}, false
	}
	return access{found, near, geo.DistanceHaversine(p, near), g.speed[found]}, true
}

// project returns the point between a and b that is nearest to p; scale is how much shorter a degree of longitude is there.
func project(p, a, b orb.Point, scale float64) orb.Point {
	dx, dy := (b[0]-a[0])*scale, b[1]-a[1]
	length := dx*dx + dy*dy
	if length == 0 {
		return a
	}
	t := max(0, min(1, ((p[0]-a[0])*scale*dx+(p[1]-a[1])*dy)/length))
	return orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}
}

// ends are the two ways from where a place comes onto the network to the corners of its segment.
func (g *Graph) ends(a access) [2]edge {
	way := func(to int32) edge {
		d := geo.DistanceHaversine(a.at, g.places[to])
		return edge{to, a.metres + d, a.metres/offRoad + d/max(a.speed, 1)}
	}
	return [2]edge{way(a.segment.from), way(a.segment.to)}
}

// From returns the quickest way to each place in one run outwards from one of them, until all are found or the limits are passed. O(network within the limits).
func (g *Graph) From(at orb.Point, to []orb.Point, limits Limits) []Way {
	out := make([]Way, len(to))
	if g.Places() == 0 {
		return out
	}
	start, ok := g.nearest(at)
	if !ok {
		return out
	}
	wanted := map[int32][]int{} // places at corners that wait
	goals := make([][2]edge, len(to))
	waiting := 0
	for i, p := range to {
		a, ok := g.nearest(p)
		if !ok {
			continue
		}
		goals[i] = g.ends(a)
		if a.segment == start.segment { // along one road, perhaps without a corner
			d := geo.DistanceHaversine(start.at, a.at)
			out[i] = Way{true, start.metres + d + a.metres, (start.metres+a.metres)/offRoad + d/max(a.speed, 1)}
		}
		for _, e := range goals[i] {
			wanted[e.to] = append(wanted[e.to], i)
			waiting++
		}
	}
	run := newRun(g, limits)
	defer run.end()
	for _, e := range g.ends(start) {
		run.reach(e.to, e.metres, e.seconds)
	}
	for waiting > 0 {
		place, metres, seconds, ok := run.next()
		if !ok {
			break
		}
		for _, i := range wanted[place] {
			waiting--
			for _, e := range goals[i] {
				if e.to != place {
					continue
				}
				if s := seconds + e.seconds; !out[i].By || s < out[i].Seconds {
					out[i] = Way{true, metres + e.metres, s}
				}
			}
		}
		delete(wanted, place)
	}
	for i := range out {
		if out[i].By && (out[i].Metres > limits.Metres || out[i].Seconds > limits.Seconds) {
			out[i] = Way{}
		}
	}
	return out
}

// run is one Dijkstra by seconds.
type run struct {
	g      *Graph
	limits Limits
	best   []reached // by place; only those of this turn count
	turn   uint32
	open   []candidate
}

type reached struct {
	metres, seconds float64
	turn            uint32
	done            bool
}

type candidate struct {
	seconds float64
	place   int32
}

// runs are kept: a run's memory is that of the whole network.
var runs sync.Pool

func newRun(g *Graph, limits Limits) *run {
	r, _ := runs.Get().(*run)
	if r == nil || len(r.best) < len(g.places) || r.turn == math.MaxUint32 {
		r = &run{best: make([]reached, len(g.places))}
	}
	r.g, r.limits, r.turn, r.open = g, limits, r.turn+1, r.open[:0]
	return r
}

func (r *run) end() {
	r.g = nil
	runs.Put(r)
}

func (r *run) reach(place int32, metres, seconds float64) {
	if metres > r.limits.Metres || seconds > r.limits.Seconds {
		return
	}
	at := &r.best[place]
	if at.turn == r.turn && (at.done || at.seconds <= seconds) {
		return
	}
	*at = reached{metres: metres, seconds: seconds, turn: r.turn}
	r.push(candidate{seconds, place})
}

// next settles one more place and goes on from it.
func (r *run) next() (place int32, metres, seconds float64, ok bool) {
	for len(r.open) > 0 {
		c := r.pop()
		at := &r.best[c.place]
		if at.done || at.seconds < c.seconds {
			continue
		}
		at.done = true
		metres, seconds = at.metres, at.seconds
		for _, e := range r.g.edges[r.g.first[c.place]:r.g.first[c.place+1]] {
			r.reach(e.to, metres+e.metres, seconds+e.seconds)
		}
		return c.place, metres, seconds, true
	}
	return 0, 0, 0, false
}

// push and pop keep a binary heap; container/heap would put every candidate into a box of its own.
func (r *run) push(c candidate) {
	r.open = append(r.open, c)
	for i := len(r.open) - 1; i > 0; {
		up := (i - 1) / 2
		if r.open[up].seconds <= r.open[i].seconds {
			return
		}
		r.open[up], r.open[i] = r.open[i], r.open[up]
		i = up
	}
}

func (r *run) pop() candidate {
	top, last := r.open[0], len(r.open)-1
	r.open[0] = r.open[last]
	r.open = r.open[:last]
	for i := 0; ; {
		low := 2*i + 1
		if low >= last {
			return top
		}
		if low+1 < last && r.open[low+1].seconds < r.open[low].seconds {
			low++
		}
		if r.open[i].seconds <= r.open[low].seconds {
			return top
		}
		r.open[i], r.open[low] = r.open[low], r.open[i]
		i = low
	}
}

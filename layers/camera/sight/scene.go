// Package sight answers what a camera can see: which cameras have a place in view, and what of its wedge a camera sees past the buildings. The ground is
// flat here and buildings are blocks: a picture may show less (trees, vehicles, hills), never through a wall.
//
// Places are EPSG:4326. Where a line of sight meets a wall is found in degrees: over some kilometres those are an even stretching of metres, which
// leaves crossings where they are.
package sight

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Building is a block that hides what is behind it, from Base to Top, metres above the ground.
type Building struct {
	Footprint orb.Polygon
	Base, Top float64
}

// cell is the side of a cell of the index, degrees: some 60 m. A line of sight passes through few, and few buildings lie in one.
const cell = 0.0006

// Scene is the buildings of a county with an index over them. It is not changed after it was made and is safe for concurrent use.
type Scene struct {
	buildings []Building
	bounds    []orb.Bound
	cells     map[[2]int32][]int32
	version   int64
}

// NewScene returns the scene of some buildings, which it keeps. version tells scenes apart.
func NewScene(buildings []Building, version int64) *Scene {
	s := &Scene{buildings: buildings, bounds: make([]orb.Bound, len(buildings)), cells: make(map[[2]int32][]int32, len(buildings)), version: version}
	for i, b := range buildings {
		if len(b.Footprint) == 0 || len(b.Footprint[0]) < 3 || b.Top <= b.Base {
			continue
		}
		s.bounds[i] = b.Footprint.Bound()
		low, high := cellOf(s.bounds[i].Min), cellOf(s.bounds[i].Max)
		for x := low[0]; x <= high[0]; x++ {
			for y := low[1]; y <= high[1]; y++ {
				s.cells[[2]int32{x, y}] = append(s.cells[[2]int32{x, y}], int32(i)) // #nosec G115 -- no county has two thousand million buildings
			}
		}
	}
	return s
}

// Version is the one that NewScene was given.
func (s *Scene) Version() int64 { return s.version }

// Len is the number of buildings.
func (s *Scene) Len() int { return len(s.buildings) }

func cellOf(p orb.Point) [2]int32 {
	return [2]int32{int32(math.Floor(p[0] / cell)), int32(math.Floor(p[1] / cell))}
}

// Blocked reports whether a building stands between two places at heights above the ground, metres, and at which part of the way (0 at a, 1 at b) the first
// one begins. A building that either end stands in or on does not count: the camera is fixed to it, or it is what is looked at.
func (s *Scene) Blocked(a orb.Point, ha float64, b orb.Point, hb float64) (at float64, blocked bool) {
	at = math.Inf(1)
	var cuts [16]float64
	s.along(a, b, func(i int32) {
		if t, yes := s.buildings[i].blocks(a, ha, b, hb, cuts[:0]); yes && t < at {
			at, blocked = t, true
		}
	})
	return at, blocked
}

// along visits the buildings whose bound meets that of the cells which the line from a to b passes, some of them more than once.
func (s *Scene) along(a, b orb.Point, visit func(int32)) {
	here, last := cellOf(a), cellOf(b)
	step, next, per := [2]int32{}, [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{}
	for k := range 2 {
		d := b[k] - a[k]
		switch {
		case d > 0:
			step[k], per[k] = 1, cell/d
			next[k] = (float64(here[k]+1)*cell - a[k]) / d
		case d < 0:
			step[k], per[k] = -1, -cell/d
			next[k] = (float64(here[k])*cell - a[k]) / d
		}
	}
	// Each step goes over one side of a cell, so that many steps lead to the last cell, whatever is rounded on the way.
	steps := abs(last[0]-here[0]) + abs(last[1]-here[1])
	box := orb.Bound{Min: orb.Point{min(a[0], b[0]), min(a[1], b[1])}, Max: orb.Point{max(a[0], b[0]), max(a[1], b[1])}}
	for n := int32(0); ; n++ {
		for _, i := range s.cells[here] {
			if s.bounds[i].Intersects(box) {
				visit(i)
			}
		}
		if n >= steps {
			return
		}
		k := 0
		if here[0] == last[0] || here[1] != last[1] && next[1] < next[0] {
			k = 1
		}
		here[k] += step[k]
		next[k] += per[k]
	}
}

func abs(n int32) int32 { return max(n, -n) }

// blocks reports where the building begins to hide b from a. It is solid: whatever of the line runs through it at a height that it has is hidden.
func (b *Building) blocks(from orb.Point, hFrom float64, to orb.Point, hTo float64, cuts []float64) (at float64, yes bool) {
	if min(hFrom, hTo) >= b.Top || max(hFrom, hTo) <= b.Base {
		return 0, false
	}
	cuts = b.cuts(from, to, cuts)
	if len(cuts) == 0 || b.holds(from) || b.holds(to) {
		return 0, false
	}
	slices.Sort(cuts)
	height := func(t float64) float64 { return hFrom + (hTo-hFrom)*t }
	for i := 0; i+1 < len(cuts); i += 2 { // in at one, out at the next
		in, out := height(cuts[i]), height(cuts[i+1])
		if min(in, out) < b.Top && max(in, out) > b.Base {
			return cuts[i], true
		}
	}
	return 0, false
}

// cuts appends where the line crosses the walls, parts of the way, in no order.
func (b *Building) cuts(from, to orb.Point, cuts []float64) []float64 {
	dx, dy := to[0]-from[0], to[1]-from[1]
	for _, ring := range b.Footprint {
		for i := range ring {
			p, q := ring[i], ring[(i+1)%len(ring)]
			// On which side of the line the ends of the wall are; a corner on the line counts as left of it, so that it is crossed once or twice, never once too often.
			sp := dx*(p[1]-from[1]) - dy*(p[0]-from[0])
			sq := dx*(q[1]-from[1]) - dy*(q[0]-from[0])
			if (sp >= 0) == (sq >= 0) {
				continue
			}
			u := sp / (sp - sq)
			x, y := p[0]+u*(q[0]-p[0])-from[0], p[1]+u*(q[1]-p[1])-from[1]
			if t := (x*dx + y*dy) / (dx*dx + dy*dy); t > 0 && t < 1 {
				cuts = append(cuts, t)
			}
		}
	}
	return cuts
}

// holds reports whether p is inside of the footprint.
func (b *Building) holds(p orb.Point) bool {
	inside := false
	for _, ring := range b.Footprint {
		for i := range ring {
			q, r := ring[i], ring[(i+1)%len(ring)]
			if (q[1] > p[1]) != (r[1] > p[1]) && p[0] < q[0]+(p[1]-q[1])/(r[1]-q[1])*(r[0]-q[0]) {
				inside = !inside
			}
		}
	}
	return inside
}

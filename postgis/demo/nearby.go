package demo

import (
	"math"

	"github.com/paulmach/orb"
)

// nearby answers how far a place is from the nearest of many lines, each with a width. The zero value is empty and usable.
type nearby struct {
	cells map[[2]int][]segment
}

type segment struct {
	a, b         orb.Point
	halfA, halfB float64 // half the width at the ends, metres
	line         int     // as given to add
}

const nearbyCell = 300.0 // metres

// add puts a line in. half is half its width at point i.
func (n *nearby) add(id int, ls orb.LineString, half func(i int) float64) {
	if n.cells == nil {
		n.cells = map[[2]int][]segment{}
	}
	for i := range len(ls) - 1 {
		s := segment{ls[i], ls[i+1], half(i), half(i + 1), id}
		b := orb.MultiPoint{s.a, s.b}.Bound().Pad(max(s.halfA, s.halfB))
		for x := cellOf(b.Min[0]); x <= cellOf(b.Max[0]); x++ {
			for y := cellOf(b.Min[1]); y <= cellOf(b.Max[1]); y++ {
				n.cells[[2]int{x, y}] = append(n.cells[[2]int{x, y}], s)
			}
		}
	}
}

func cellOf(v float64) int { return int(math.Floor(v / nearbyCell)) }

func always(half float64) func(int) float64 { return func(int) float64 { return half } }

// clearance is the distance from p to the edge of the nearest line, negative on it, and at most limit.
func (n *nearby) clearance(p orb.Point, limit float64) float64 {
	d, _, _ := n.nearest(p, limit)
	return d
}

// nearest is clearance with the segment and the place on it; the segment is nil when none lies within the limit.
func (n *nearby) nearest(p orb.Point, limit float64) (metres float64, s *segment, at orb.Point) {
	best := limit
	for x := cellOf(p[0] - limit); x <= cellOf(p[0]+limit); x++ {
		for y := cellOf(p[1] - limit); y <= cellOf(p[1]+limit); y++ {
			cell := n.cells[[2]int{x, y}]
			for i := range cell {
				c := &cell[i]
				d, t := toSegment(p, c.a, c.b)
				if d -= c.halfA + (c.halfB-c.halfA)*t; d < best {
					best, s, at = d, c, between(c.a, c.b, t)
				}
			}
		}
	}
	return best, s, at
}

// cut reports whether the segment a–b crosses one of the lines.
func (n *nearby) cut(a, b orb.Point) bool {
	bound := orb.MultiPoint{a, b}.Bound()
	for x := cellOf(bound.Min[0]); x <= cellOf(bound.Max[0]); x++ {
		for y := cellOf(bound.Min[1]); y <= cellOf(bound.Max[1]); y++ {
			for _, s := range n.cells[[2]int{x, y}] {
				if crosses(a, b, s.a, s.b) {
					return true
				}
			}
		}
	}
	return false
}

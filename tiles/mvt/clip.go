package mvt

import "math"

// The window of a tile: what lies outside is cut off.
const (
	low  = -Buffer
	high = Extent + Buffer
)

// extent is a rectangle in tile units.
type extent struct{ minX, minY, maxX, maxY float64 }

var emptyExtent = extent{minX: math.Inf(1), minY: math.Inf(1), maxX: math.Inf(-1), maxY: math.Inf(-1)}

func (b *extent) add(p point) {
	b.minX, b.maxX = min(b.minX, p.x), max(b.maxX, p.x)
	b.minY, b.maxY = min(b.minY, p.y), max(b.maxY, p.y)
}

// outside reports whether nothing of b is in the window; true for empty extents and those that are not numbers.
func (b extent) outside() bool {
	return !(b.minX <= high && b.maxX >= low && b.minY <= high && b.maxY >= low)
}

func (b extent) inside() bool {
	return b.minX >= low && b.maxX <= high && b.minY >= low && b.maxY <= high
}

// speck reports whether b is smaller than the grid: a polygon of that size covers nothing anybody could see.
func (b extent) speck() bool { return b.maxX-b.minX < 1 && b.maxY-b.minY < 1 }

// clipRing cuts a ring to the window (Sutherland and Hodgman: one edge after the other; parts of one ring stay joined
// along the window's edge, outside of what is seen). It uses both slices and returns them, the result first.
func clipRing(ring, spare []point) (clipped, other []point) {
	for edge := range 4 {
		spare = clipEdge(ring, spare[:0], edge)
		ring, spare = spare, ring
	}
	if n := len(ring); n > 0 && ring[0] != ring[n-1] {
		ring = append(ring, ring[0])
	}
	return ring, spare
}

func clipEdge(ring, out []point, edge int) []point {
	if len(ring) == 0 {
		return out
	}
	last := ring[len(ring)-1]
	before := beyond(last, edge)
	for _, p := range ring {
		d := beyond(p, edge)
		if (d > 0) != (before > 0) && d != before {
			out = append(out, crossing(last, p, before, d, edge))
		}
		if d <= 0 {
			out = append(out, p)
		}
		last, before = p, d
	}
	return out
}

// beyond returns how far p lies outside of an edge: left, right, top, bottom; negative inside.
func beyond(p point, edge int) float64 {
	switch edge {
	case 0:
		return low - p.x
	case 1:
		return p.x - high
	case 2:
		return low - p.y
	default:
		return p.y - high
	}
}

// crossing returns where the way from a to b, which lie da and db beyond an edge, crosses it.
func crossing(a, b point, da, db float64, edge int) point {
	t := da / (da - db)
	switch edge {
	case 0:
		return point{x: low, y: a.y + t*(b.y-a.y)}
	case 1:
		return point{x: high, y: a.y + t*(b.y-a.y)}
	case 2:
		return point{x: a.x + t*(b.x-a.x), y: low}
	default:
		return point{x: a.x + t*(b.x-a.x), y: high}
	}
}

// clipLine cuts a line to the window. The parts follow each other in out; ends holds where each one ends.
func clipLine(line, out []point, ends []int) ([]point, []int) {
	start := len(out)
	finish := func() {
		if len(out) > start {
			ends = append(ends, len(out))
			start = len(out)
		}
	}
	for i := 1; i < len(line); i++ {
		a, b, ok := clipSegment(line[i-1], line[i])
		if !ok {
			finish()
			continue
		}
		if len(out) == start || out[len(out)-1] != a {
			finish()
			out = append(out, a)
		}
		out = append(out, b)
		if b != line[i] {
			finish()
		}
	}
	finish()
	return out, ends
}

// clipSegment returns the part of a segment that is in the window (Liang and Barsky).
func clipSegment(a, b point) (from, to point, ok bool) {
	t0, t1 := 0.0, 1.0
	for edge := range 4 {
		da, db := beyond(a, edge), beyond(b, edge)
		switch {
		case da > 0 && db > 0:
			return a, b, false
		case da > 0:
			t0 = max(t0, da/(da-db))
		case db > 0:
			t1 = min(t1, da/(da-db))
		}
	}
	if t0 > t1 {
		return a, b, false
	}
	from, to = a, b
	if t0 > 0 {
		from = within(a, b, t0)
	}
	if t1 < 1 {
		to = within(a, b, t1)
	}
	return from, to, true
}

// within returns the point at t on the way from a to b, held inside the window against rounding.
func within(a, b point, t float64) point {
	return point{
		x: min(max(a.x+t*(b.x-a.x), low), high),
		y: min(max(a.y+t*(b.y-a.y), low), high),
	}
}

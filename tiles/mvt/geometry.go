package mvt

import (
	"encoding/binary"

	"github.com/paulmach/orb"
)

// Commands of the format, each with a count above the low three bits.
const (
	moveTo    = 1
	lineTo    = 2
	closePath = 7
)

// holds reports whether g has geometry of a kind.
func holds(g orb.Geometry, kind int) bool {
	switch g := g.(type) {
	case orb.Point, orb.MultiPoint:
		return kind == typePoint
	case orb.LineString, orb.MultiLineString:
		return kind == typeLine
	case orb.Polygon, orb.MultiPolygon, orb.Ring, orb.Bound:
		return kind == typePolygon
	case orb.Collection:
		for _, m := range g {
			if holds(m, kind) {
				return true
			}
		}
	}
	return false
}

// points writes the points of g that lie in the tile or its buffer.
func (e *Encoder) points(g orb.Geometry) {
	if p, ok := g.(orb.Point); ok {
		if v, ok := e.inside(p); ok {
			e.geometry = binary.AppendUvarint(e.geometry, 1<<3|moveTo)
			e.to(v)
		}
		return
	}
	e.corners = e.corners[:0]
	e.gather(g)
	if len(e.corners) > 0 {
		e.geometry = binary.AppendUvarint(e.geometry, uint64(len(e.corners))<<3|moveTo)
		for _, v := range e.corners {
			e.to(v)
		}
	}
}

// gather collects the points of g into corners.
func (e *Encoder) gather(g orb.Geometry) {
	switch g := g.(type) {
	case orb.Point:
		if v, ok := e.inside(g); ok {
			e.corners = append(e.corners, v)
		}
	case orb.MultiPoint:
		for _, p := range g {
			e.gather(p)
		}
	case orb.Collection:
		for _, m := range g {
			e.gather(m)
		}
	}
}

// inside places a point, and says whether it is drawn.
func (e *Encoder) inside(g orb.Point) (vertex, bool) { return e.project.inside(g) }

func (p *projection) inside(g orb.Point) (vertex, bool) {
	at := p.point(g)
	if !(at.x >= low && at.x <= high && at.y >= low && at.y <= high) {
		return vertex{}, false
	}
	return at.round(), true
}

// lines writes the lines of g, clipped and simplified.
func (e *Encoder) lines(g orb.Geometry) {
	switch g := g.(type) {
	case orb.LineString:
		e.line(g)
	case orb.MultiLineString:
		for _, l := range g {
			e.line(l)
		}
	case orb.Collection:
		for _, m := range g {
			e.lines(m)
		}
	}
}

func (e *Encoder) line(l orb.LineString) {
	box := e.place(l)
	if box.outside() {
		return
	}
	if box.inside() {
		e.path(e.ring)
		return
	}
	e.clipped, e.lineParts = clipLine(e.ring, e.clipped[:0], e.lineParts[:0])
	start := 0
	for _, end := range e.lineParts {
		e.path(e.clipped[start:end])
		start = end
	}
}

// path writes one part of a line; less than two corners are nothing.
func (e *Encoder) path(line []point) {
	e.corners = e.onGrid(e.simplify.line(line, e.options.Tolerance))
	if len(e.corners) < 2 {
		return
	}
	e.draw(e.corners)
}

// polygons writes the polygons of g.
func (e *Encoder) polygons(g orb.Geometry) {
	switch g := g.(type) {
	case orb.Polygon:
		e.polygon(g)
	case orb.Ring:
		e.polygon(orb.Polygon{g})
	case orb.Bound:
		e.polygon(g.ToPolygon())
	case orb.MultiPolygon:
		for _, p := range g {
			e.polygon(p)
		}
	case orb.Collection:
		for _, m := range g {
			e.polygons(m)
		}
	}
}

// polygon writes the outer ring, clockwise as seen on the map, and its holes the other way. Without an outer ring that
// covers anything there are no holes either.
func (e *Encoder) polygon(p orb.Polygon) {
	for i, r := range p {
		if !e.outline(r, i == 0) && i == 0 {
			return
		}
	}
}

// speck reports whether polygons within b are too small for anybody to see, as [extent.speck] does ring by ring.
func (e *Encoder) speck(b orb.Bound) bool {
	if e.options.Tolerance <= 0 || (b.Max[0]-b.Min[0])*e.project.scaleX >= 1 {
		return false
	}
	return e.project.point(b.Min).y-e.project.point(b.Max).y < 1
}

func (e *Encoder) outline(r orb.Ring, outer bool) bool {
	box := e.place(orb.LineString(r))
	if box.outside() || e.options.Tolerance > 0 && box.speck() {
		return false
	}
	ring := e.ring
	if !box.inside() {
		ring, e.clipped = clipRing(ring, e.clipped[:0])
		e.ring = ring[:0]
	}
	e.corners = e.onGrid(e.simplify.ring(ring, e.options.Tolerance))
	c := e.corners
	if n := len(c); n > 1 && c[0] == c[n-1] {
		c = c[:n-1]
	}
	if len(c) < 3 {
		return false
	}
	area := doubleArea(c)
	if area == 0 {
		return false
	}
	if area > 0 != outer {
		reverse(c)
	}
	e.draw(c)
	e.geometry = binary.AppendUvarint(e.geometry, 1<<3|closePath)
	return true
}

// place projects a line into e.ring and returns its extent.
func (e *Encoder) place(l orb.LineString) extent {
	e.ring = e.ring[:0]
	box := emptyExtent
	for _, g := range l {
		p := e.project.point(g)
		box.add(p)
		e.ring = append(e.ring, p)
	}
	return box
}

// draw writes a path from c[0] through the others.
func (e *Encoder) draw(c []vertex) {
	e.geometry = append(e.geometry, 1<<3|moveTo)
	e.to(c[0])
	e.geometry = binary.AppendUvarint(e.geometry, uint64(len(c)-1)<<3|lineTo)
	for _, v := range c[1:] {
		e.to(v)
	}
}

// to writes the step from the cursor to v.
func (e *Encoder) to(v vertex) {
	dx, dy := v.x-e.cursor.x, v.y-e.cursor.y
	e.geometry = binary.AppendUvarint(e.geometry, uint64(uint32(dx<<1^dx>>31)))
	e.geometry = binary.AppendUvarint(e.geometry, uint64(uint32(dy<<1^dy>>31)))
	e.cursor = v
}

// onGrid rounds a line, without the corners that fall onto the one before.
func (e *Encoder) onGrid(line []point) []vertex {
	out := e.corners[:0]
	for _, p := range line {
		if v := p.round(); len(out) == 0 || out[len(out)-1] != v {
			out = append(out, v)
		}
	}
	return out
}

// round places a clipped point on the grid: adding a large number first makes the conversion a floor.
func (p point) round() vertex {
	const up = 1 << 16
	return vertex{x: int32(p.x+(up+0.5)) - up, y: int32(p.y+(up+0.5)) - up}
}

// doubleArea is twice the area of a ring, positive when it runs clockwise as seen on the map (y down).
func doubleArea(c []vertex) int64 {
	var sum int64
	last := c[len(c)-1]
	for _, v := range c {
		sum += int64(last.x)*int64(v.y) - int64(v.x)*int64(last.y)
		last = v
	}
	return sum
}

func reverse(c []vertex) {
	for i, j := 0, len(c)-1; i < j; i, j = i+1, j-1 {
		c[i], c[j] = c[j], c[i]
	}
}

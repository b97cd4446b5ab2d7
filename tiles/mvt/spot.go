package mvt

import (
	"encoding/binary"

	"github.com/paulmach/orb"
)

// Grid places points in the units of one tile, as an [Encoder] does that draws it. It is safe for concurrent use.
type Grid struct{ project projection }

// NewGrid returns the grid of the tile at z, x, y.
func NewGrid(z uint8, x, y uint32) Grid { return Grid{newProjection(z, x, y)} }

// Place returns where p is drawn; ok is false outside of the tile and its buffer.
func (g *Grid) Place(p orb.Point) (x, y int32, ok bool) {
	v, ok := g.project.inside(p)
	return v.x, v.y, ok
}

// Size returns how wide and high a bound is drawn.
func (g *Grid) Size(b orb.Bound) (width, height float64) {
	return (b.Max[0] - b.Min[0]) * g.project.scaleX, g.project.point(b.Min).y - g.project.point(b.Max).y
}

// AddSpot draws a feature as a point at a place in tile units.
func (e *Encoder) AddSpot(id int64, x, y int32, values []any) {
	e.tags = e.tags[:0]
	e.attributes(values)
	e.geometry, e.cursor = append(e.geometry[:0], 1<<3|moveTo), vertex{}
	e.to(vertex{x, y})
	e.feature(id, typePoint)
}

// AddSquare draws a feature as a square around a place, size units wide.
func (e *Encoder) AddSquare(id int64, x, y, size int32, values []any) {
	e.tags = e.tags[:0]
	e.attributes(values)
	x, y = x-size/2, y-size/2
	e.geometry, e.cursor = e.geometry[:0], vertex{}
	e.corners = append(e.corners[:0], vertex{x, y}, vertex{x + size, y}, vertex{x + size, y + size}, vertex{x, y + size})
	e.draw(e.corners)
	e.geometry = binary.AppendUvarint(e.geometry, 1<<3|closePath)
	e.feature(id, typePolygon)
}

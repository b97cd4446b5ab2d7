// Package raster is grids of heights, row by row from the north. A grid has no reference system of its own: its transform leads to whatever the caller works
// in, for heights a projected one in metres. NaN is no data. Nothing here reads files.
package raster

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/paulmach/orb"
)

// Transform leads from columns and rows to coordinates, in GDAL's order: x = t[0] + col·t[1] + row·t[2], y = t[3] + col·t[4] + row·t[5]. Column 0, row 0 is the
// outer corner of the first pixel.
type Transform [6]float64

// Apply returns the coordinates of a place in pixels.
func (t Transform) Apply(col, row float64) orb.Point {
	return orb.Point{t[0] + col*t[1] + row*t[2], t[3] + col*t[4] + row*t[5]}
}

// Invert returns the place in pixels of coordinates.
func (t Transform) Invert(p orb.Point) (col, row float64) {
	det := t[1]*t[5] - t[2]*t[4]
	dx, dy := p[0]-t[0], p[1]-t[3]
	return (dx*t[5] - dy*t[2]) / det, (dy*t[1] - dx*t[4]) / det
}

// Pixel returns the side of a pixel, and an error for pixels that are not square, lie askew, or are none.
func (t Transform) Pixel() (float64, error) {
	side := t[1]
	if !(side > 0) || t[2] != 0 || t[4] != 0 || math.Abs(t[5]+side) > 1e-6*side {
		return 0, fmt.Errorf("the pixels are not square and upright: %v", t)
	}
	return side, nil
}

// Source is heights that are read by rows, so that a large grid need not be in memory. Safe for use by one goroutine.
type Source interface {
	Size() (width, height int)
	Transform() Transform
	// Rows returns n rows from row y on. The grid may share memory with the source: it is not changed.
	Rows(y, n int) (*Grid, error)
}

// Grid is heights in memory. It is a Source.
type Grid struct {
	W, H int
	Geo  Transform
	Data []float32 // row by row
}

// NoData is what stands where nothing is known.
var NoData = float32(math.NaN())

// New returns a grid without data.
func New(w, h int, t Transform) *Grid {
	g := &Grid{W: w, H: h, Geo: t, Data: make([]float32, w*h)}
	for i := range g.Data {
		g.Data[i] = NoData
	}
	return g
}

// Size implements Source.
func (g *Grid) Size() (int, int) { return g.W, g.H }

// Transform implements Source.
func (g *Grid) Transform() Transform { return g.Geo }

// Rows implements Source.
func (g *Grid) Rows(y, n int) (*Grid, error) {
	if y < 0 || n < 0 || y+n > g.H {
		return nil, fmt.Errorf("rows %d to %d of %d", y, y+n, g.H)
	}
	return &Grid{W: g.W, H: n, Geo: g.Geo.down(y), Data: g.Data[y*g.W : (y+n)*g.W]}, nil
}

// down returns the transform of what begins y rows further south.
func (t Transform) down(y int) Transform {
	p := t.Apply(0, float64(y))
	t[0], t[3] = p[0], p[1]
	return t
}

// At returns a height, NaN outside.
func (g *Grid) At(x, y int) float32 {
	if x < 0 || y < 0 || x >= g.W || y >= g.H {
		return NoData
	}
	return g.Data[y*g.W+x]
}

// Bilinear returns the height between pixels' centres, which have whole numbers here; NaN where one of the four is not known.
func (g *Grid) Bilinear(x, y float64) float32 {
	fx, fy := math.Floor(x), math.Floor(y)
	i, j := int(fx), int(fy)
	u, v := float32(x-fx), float32(y-fy)
	if i >= 0 && j >= 0 && i+1 < g.W && j+1 < g.H {
		d := g.Data[j*g.W+i:]
		top := d[0]*(1-u) + d[1]*u
		d = d[g.W:]
		return top*(1-v) + (d[0]*(1-u)+d[1]*u)*v
	}
	sum, weight := float32(0), float32(0)
	for _, c := range [4]struct {
		x, y int
		w    float32
	}{{i, j, (1 - u) * (1 - v)}, {i + 1, j, u * (1 - v)}, {i, j + 1, (1 - u) * v}, {i + 1, j + 1, u * v}} {
		if c.w > 0 {
			sum += c.w * g.At(c.x, c.y)
			weight += c.w
		}
	}
	return sum / weight
}

// Raw is heights as little-endian 32-bit floats, row by row: what GDAL's ENVI driver writes.
type Raw struct {
	R    io.ReaderAt
	W, H int
	Geo  Transform
	None float32 // the height that means no data, beside NaN

	buf []byte
}

// Size implements Source.
func (r *Raw) Size() (int, int) { return r.W, r.H }

// Transform implements Source.
func (r *Raw) Transform() Transform { return r.Geo }

// Rows implements Source.
func (r *Raw) Rows(y, n int) (*Grid, error) {
	if y < 0 || n < 0 || y+n > r.H {
		return nil, fmt.Errorf("rows %d to %d of %d", y, y+n, r.H)
	}
	g := &Grid{W: r.W, H: n, Geo: r.Geo.down(y), Data: make([]float32, r.W*n)}
	if len(r.buf) < 4*r.W {
		r.buf = make([]byte, 4*r.W)
	}
	for i := range n {
		if _, err := r.R.ReadAt(r.buf[:4*r.W], int64(y+i)*int64(r.W)*4); err != nil {
			return nil, fmt.Errorf("read row %d: %w", y+i, err)
		}
		row := g.Data[i*r.W : (i+1)*r.W]
		for x := range row {
			v := math.Float32frombits(binary.LittleEndian.Uint32(r.buf[4*x:]))
			if v == r.None || math.IsInf(float64(v), 0) {
				v = NoData
			}
			row[x] = v
		}
	}
	return g, nil
}

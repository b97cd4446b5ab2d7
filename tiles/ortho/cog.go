package ortho

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"os"
	"sync"

	"github.com/paulmach/orb"
	"golang.org/x/image/webp"
	"golang.org/x/sys/unix"

	"wanglou/tiles"
)

const (
	tileSize = 256
	half     = 20037508.342789244 // metres of Web Mercator from its middle to its edge
)

// cog is a picture whose tiles are those of the Web Mercator grid: [Make] makes them. Its bytes are mapped into memory; nothing is decoded or copied to serve a tile. It is safe for
// concurrent use until it is closed, which nobody may do who has not waited for all readers.
type cog struct {
	data     []byte
	levels   []level // the finest first
	view     *plane  // what it shows, coarsely; set where it is asked for: see [cog.look]
	lookOnce sync.Once
}

// level is one zoom of a cog.
type level struct {
	zoom    uint8
	x, y    uint32 // its first tile
	picture *picture
}

// openCOG maps a file. Only levels whose tiles lie on the grid are kept; an error when that is not even the finest.
func openCOG(path string) (*cog, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // the mapping stays
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	x, err := readIndex(f, info.Size())
	if err != nil {
		return nil, err
	}
	if missing, _ := x.truncated(info.Size()); missing > 0 {
		return nil, fmt.Errorf("%d tiles of %s lie past its end", missing, baseName(path))
	}
	c := &cog{}
	if c.levels, err = grid(x); err != nil {
		return nil, err
	}
	if c.data, err = unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED); err != nil {
		return nil, err
	}
	return c, nil
}

// grid finds the levels of an index that lie on the Web Mercator grid.
func grid(x *index) ([]level, error) {
	p := &x.pictures[0]
	if len(p.scale) < 2 || len(p.tie) < 6 || p.tie[0] != 0 || p.tie[1] != 0 || !(p.scale[0] > 0) {
		return nil, errors.New("the picture is not georeferenced by its north-west corner")
	}
	zoom := math.Log2(2 * half / tileSize / p.scale[0])
	side := p.scale[0] * tileSize
	tx, ty := (p.tie[3]+half)/side, (half-p.tie[4])/side
	for _, v := range []float64{zoom, tx, ty} {
		if math.Abs(v-math.Round(v)) > 1e-3 {
			return nil, errors.New("the picture's tiles are not those of the Web Mercator grid")
		}
	}
	z, x0, y0 := int(math.Round(zoom)), int(math.Round(tx)), int(math.Round(ty))
	if z < 0 || z > 24 || x0 < 0 || y0 < 0 {
		return nil, errors.New("the picture lies outside of the Web Mercator grid")
	}
	var out []level
	width := p.Width
	for i := range x.pictures {
		q := &x.pictures[i]
		if q.Subfile&4 != 0 || q.Compression != compressionWebP || q.Planar || !q.Tiled || q.TileWidth != tileSize || q.TileHeight != tileSize {
			continue
		}
		if i > 0 {
			width, z = (width+1)/2, z-1
			if q.Subfile&1 == 0 || q.Width != width || z < 0 || x0&1 != 0 || y0&1 != 0 {
				break
			}
			x0, y0 = x0/2, y0/2
		}
		out = append(out, level{uint8(z), uint32(x0), uint32(y0), q})
	}
	if len(out) == 0 {
		return nil, errors.New("the picture has no WebP tiles of 256 pixels")
	}
	return out, nil
}

func (c *cog) maxZoom() uint8 { return c.levels[0].zoom }
func (c *cog) minZoom() uint8 { return c.levels[len(c.levels)-1].zoom }

// raw returns the bytes of a tile as they stand in the file: nil for an empty one, and for one that is not stored.
func (c *cog) raw(at tiles.Coord) []byte {
	i := int(c.maxZoom()) - int(at.Z)
	if i < 0 || i >= len(c.levels) {
		return nil
	}
	l := &c.levels[i]
	if at.X < l.x || at.Y < l.y {
		return nil
	}
	col, row := int(at.X-l.x), int(at.Y-l.y)
	if col >= l.picture.Across() || row >= l.picture.Down() {
		return nil
	}
	n := row*l.picture.Across() + col
	from, size := l.picture.offsets[n], l.picture.counts[n]
	if size == 0 {
		return nil
	}
	return c.data[from : from+size : from+size]
}

// picture decodes a tile; nil for an empty one.
func (c *cog) picture(at tiles.Coord) (*image.NRGBA, error) {
	b := c.raw(at)
	if b == nil {
		return nil, nil
	}
	decoded, err := webp.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if n, ok := decoded.(*image.NRGBA); ok {
		return n, nil
	}
	img := image.NewNRGBA(decoded.Bounds())
	if y, ok := decoded.(*image.NYCbCrA); ok {
		straight(img, y)
		return img, nil
	}
	draw.Draw(img, img.Bounds(), decoded, decoded.Bounds().Min, draw.Src)
	return img, nil
}

// straight converts without multiplying by alpha and dividing again, which draw would do.
func straight(to *image.NRGBA, from *image.NYCbCrA) {
	b := from.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			v := from.NYCbCrAAt(x, y)
			r, g, bl := color.YCbCrToRGB(v.Y, v.Cb, v.Cr)
			to.SetNRGBA(x, y, color.NRGBA{R: r, G: g, B: bl, A: v.A})
		}
	}
}

// opaque reports whether a tile covers all of its square: one without an alpha chunk does, and is not decoded.
func opaque(b []byte) bool {
	return len(b) > 30 && (string(b[12:16]) == "VP8 " || string(b[12:16]) == "VP8X" && b[20]&0x10 == 0)
}

// close gives the mapping back: whatever was read is gone with it.
func (c *cog) close() error { return unix.Munmap(c.data) }

// plane is what can be seen of a picture at one zoom, decoded.
type plane struct {
	zoom uint8
	x, y uint32 // its first tile
	img  *image.NRGBA
}

// overview decodes the finest level that is at most so many pixels wide and high, or the coarsest where all are larger.
func (c *cog) overview(side int) (*plane, error) {
	l := c.levels[len(c.levels)-1]
	for i := range c.levels {
		if p := c.levels[i].picture; p.Width <= side && p.Height <= side {
			l = c.levels[i]
			break
		}
	}
	if int64(l.picture.Width)*int64(l.picture.Height) > 64<<20 {
		return nil, errors.New("the coarsest level is too large to be looked at")
	}
	out := &plane{zoom: l.zoom, x: l.x, y: l.y, img: image.NewNRGBA(image.Rect(0, 0, l.picture.Across()*tileSize, l.picture.Down()*tileSize))}
	for row := range l.picture.Down() {
		for col := range l.picture.Across() {
			t, err := c.picture(tiles.Coord{Z: l.zoom, X: l.x + uint32(col), Y: l.y + uint32(row)})
			if err != nil {
				return nil, err
			}
			if t != nil {
				draw.Draw(out.img, image.Rect(col*tileSize, row*tileSize, (col+1)*tileSize, (row+1)*tileSize), t, t.Bounds().Min, draw.Src)
			}
		}
	}
	return out, nil
}

// look makes sure that view is set, where the picture can be looked at.
func (c *cog) look() {
	c.lookOnce.Do(func() { c.view, _ = c.overview(1024) })
}

// at returns the place of a pixel's corner.
func (p *plane) at(x, y float64) orb.Point {
	n := math.Exp2(float64(p.zoom)) * tileSize
	return unproject((float64(p.x)*tileSize+x)/n, (float64(p.y)*tileSize+y)/n)
}

// unproject returns the place of a point of the Web Mercator square, 0 to 1, y down.
func unproject(x, y float64) orb.Point {
	return orb.Point{x*360 - 180, math.Atan(math.Sinh(math.Pi*(1-2*y))) * 180 / math.Pi}
}

// project is the other way round.
func project(p orb.Point) (x, y float64) {
	return (p[0] + 180) / 360, (1 - math.Asinh(math.Tan(p[1]*math.Pi/180))/math.Pi) / 2
}

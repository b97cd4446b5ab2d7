package proxy

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"

	"github.com/paulmach/orb"
	_ "golang.org/x/image/webp" // pictures of other servers

	"wanglou/layers/crs"
	"wanglou/tiles"
)

// shiftGrid is how many pixels lie between two places where the formula is worked out. It bends by far less than a pixel between them.
const shiftGrid = 16

// unshifted is the shift in pixels below which a picture is taken as it is.
const unshifted = 0.25

// worldPixel returns where a place lies in the picture of the whole world at a zoom, in pixels of tiles that are size wide.
func worldPixel(p orb.Point, z uint8, size int) (x, y float64) {
	n := float64(size) * math.Exp2(float64(z))
	s := math.Sin(p[1] * math.Pi / 180)
	return (p[0] + 180) / 360 * n, (0.5 - math.Log((1+s)/(1-s))/4/math.Pi) * n
}

func worldPoint(x, y float64, z uint8, size int) orb.Point {
	n := float64(size) * math.Exp2(float64(z))
	return orb.Point{x/n*360 - 180, math.Atan(math.Sinh(math.Pi*(1-2*y/n))) * 180 / math.Pi}
}

// shift says for the pixels of one WGS 84 tile where they lie in the shifted picture of the world.
type shift struct {
	size, n int
	dx, dy  []float64 // at the grid's points, from the place in WGS 84
	low     [2]float64
	high    [2]float64 // of the shifted pixels
}

func newShift(c tiles.Coord, size int) *shift {
	n := (size+shiftGrid-1)/shiftGrid + 1
	s := &shift{size: size, n: n, dx: make([]float64, n*n), dy: make([]float64, n*n), low: [2]float64{math.Inf(1), math.Inf(1)}, high: [2]float64{math.Inf(-1), math.Inf(-1)}}
	for j := range n {
		for i := range n {
			x, y := float64(c.X)*float64(size)+float64(i*shiftGrid), float64(c.Y)*float64(size)+float64(j*shiftGrid)
			gx, gy := worldPixel(crs.WGS84ToGCJ02(worldPoint(x, y, c.Z, size)), c.Z, size)
			s.dx[j*n+i], s.dy[j*n+i] = gx-x, gy-y
			s.low = [2]float64{min(s.low[0], gx), min(s.low[1], gy)}
			s.high = [2]float64{max(s.high[0], gx), max(s.high[1], gy)}
		}
	}
	return s
}

// most returns the largest shift, in pixels.
func (s *shift) most() float64 {
	most := 0.0
	for i := range s.dx {
		most = max(most, math.Abs(s.dx[i]), math.Abs(s.dy[i]))
	}
	return most
}

// at returns the shift of a pixel's middle.
func (s *shift) at(px, py int) (dx, dy float64) {
	x, y := (float64(px)+0.5)/shiftGrid, (float64(py)+0.5)/shiftGrid
	i, j := min(int(x), s.n-2), min(int(y), s.n-2)
	fx, fy := x-float64(i), y-float64(j)
	mix := func(v []float64) float64 {
		at := j*s.n + i
		return (v[at]*(1-fx)+v[at+1]*fx)*(1-fy) + (v[at+s.n]*(1-fx)+v[at+s.n+1]*fx)*fy
	}
	return mix(s.dx), mix(s.dy)
}

// parts returns the upstream tiles that the picture is made of: mostly four.
func (s *shift) parts(z uint8) (from, to tiles.Coord) {
	last := int64(1)<<z - 1
	tile := func(v float64) uint32 { return uint32(min(max(int64(math.Floor(v/float64(s.size))), 0), last)) }
	return tiles.Coord{Z: z, X: tile(s.low[0] - 1), Y: tile(s.low[1] - 1)}, tiles.Coord{Z: z, X: tile(s.high[0] + 1), Y: tile(s.high[1] + 1)}
}

// resample draws the picture of a WGS 84 tile out of the shifted tiles around it; a missing one is nil and leaves its part transparent.
func resample(c tiles.Coord, size int, s *shift, from, to tiles.Coord, bodies [][]byte) (*image.NRGBA, error) {
	width, height := int(to.X-from.X+1)*size, int(to.Y-from.Y+1)*size
	mosaic := image.NewRGBA(image.Rect(0, 0, width, height))
	for i, body := range bodies {
		if body == nil {
			continue
		}
		config, _, err := image.DecodeConfig(bytes.NewReader(body))
		if err != nil || config.Width != size || config.Height != size {
			return nil, fmt.Errorf("a tile is %d × %d pixels, not %d × %d: %w", config.Width, config.Height, size, size, err)
		}
		img, _, err := image.Decode(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		columns := int(to.X - from.X + 1)
		at := image.Pt(i%columns*size, i/columns*size)
		draw.Draw(mosaic, image.Rectangle{at, at.Add(image.Pt(size, size))}, img, img.Bounds().Min, draw.Src)
	}
	out := image.NewNRGBA(image.Rect(0, 0, size, size))
	// The mosaic's first pixel in the picture of the world, seen from the tile's.
	left, top := (float64(c.X)-float64(from.X))*float64(size), (float64(c.Y)-float64(from.Y))*float64(size)
	for py := range size {
		for px := range size {
			dx, dy := s.at(px, py)
			x, y := left+float64(px)+dx, top+float64(py)+dy // middles of pixels on both sides: the halves cancel out
			bilinear(mosaic, x, y, out.Pix[py*out.Stride+4*px:])
		}
	}
	return out, nil
}

// bilinear writes the colour at a place of img, which has its alpha multiplied in, to four bytes that have not.
func bilinear(img *image.RGBA, x, y float64, to []byte) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	x, y = min(max(x, 0), float64(w-1)), min(max(y, 0), float64(h-1))
	x0, y0 := min(int(x), w-2), min(int(y), h-2)
	fx, fy := x-float64(x0), y-float64(y0)
	at := y0*img.Stride + 4*x0
	a, b, c, d := img.Pix[at:], img.Pix[at+4:], img.Pix[at+img.Stride:], img.Pix[at+img.Stride+4:]
	var v [4]float64
	for i := range v {
		v[i] = (float64(a[i])*(1-fx)+float64(b[i])*fx)*(1-fy) + (float64(c[i])*(1-fx)+float64(d[i])*fx)*fy
	}
	if v[3] <= 0 {
		to[0], to[1], to[2], to[3] = 0, 0, 0, 0
		return
	}
	for i := range 3 {
		to[i] = byte(min(v[i]*255/v[3]+0.5, 255))
	}
	to[3] = byte(v[3] + 0.5)
}

// encode makes a picture as the upstream's are: JPEG has no transparent pixels, so a tile with missing parts is PNG.
func encode(img *image.NRGBA, like tiles.Format) ([]byte, tiles.Format, error) {
	var buf bytes.Buffer
	if like == tiles.FormatJPEG && img.Opaque() {
		err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: 90})
		return buf.Bytes(), tiles.FormatJPEG, err
	}
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&buf, img)
	return buf.Bytes(), tiles.FormatPNG, err
}

package ortho

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"

	"wanglou/tiles"
)

// compose lays the captures of a tile upon each other, the newest on top: a JPEG where all of the tile is covered, else a PNG; nil for an empty one.
func compose(over []*book, at tiles.Coord) ([]byte, tiles.Format, error) {
	var sum *image.NRGBA
	for _, b := range over {
		img, err := b.cog.draw(at)
		if err != nil {
			return nil, "", err
		}
		if img == nil {
			continue
		}
		if sum == nil {
			sum = img
		} else {
			under(sum, img)
		}
		if covered(sum) {
			break
		}
	}
	if sum == nil {
		return nil, tiles.FormatPNG, nil
	}
	var out bytes.Buffer
	if covered(sum) {
		err := jpeg.Encode(&out, sum, &jpeg.Options{Quality: 88})
		return out.Bytes(), tiles.FormatJPEG, err
	}
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, sum)
	return out.Bytes(), tiles.FormatPNG, err
}

// under fills what top does not cover with what lies below it.
func under(top, below *image.NRGBA) {
	for i := 0; i+3 < len(top.Pix) && i+3 < len(below.Pix); i += 4 {
		a := uint32(top.Pix[i+3])
		if a == 255 {
			continue
		}
		b := uint32(below.Pix[i+3]) * (255 - a) / 255
		all := a + b
		if all == 0 {
			continue
		}
		for c := range 3 {
			top.Pix[i+c] = uint8((uint32(top.Pix[i+c])*a + uint32(below.Pix[i+c])*b) / all)
		}
		top.Pix[i+3] = uint8(all)
	}
}

func covered(img *image.NRGBA) bool {
	for i := 3; i < len(img.Pix); i += 4 {
		if img.Pix[i] != 255 {
			return false
		}
	}
	return true
}

// draw returns any tile near the picture's own zooms: decoded, made of finer ones, or cut out of a coarser one; nil for an empty one.
func (c *cog) draw(at tiles.Coord) (*image.NRGBA, error) {
	switch {
	case at.Z > c.maxZoom():
		up := at.Z - c.maxZoom()
		if up > finer {
			return nil, nil
		}
		img, err := c.picture(tiles.Coord{Z: c.maxZoom(), X: at.X >> up, Y: at.Y >> up})
		if img == nil || err != nil {
			return nil, err
		}
		side := tileSize >> up
		x, y := int(at.X&(1<<up-1))*side, int(at.Y&(1<<up-1))*side
		out := image.NewNRGBA(image.Rect(0, 0, tileSize, tileSize))
		draw.BiLinear.Scale(out, out.Bounds(), img, image.Rect(x, y, x+side, y+side), draw.Src, nil)
		return out, nil
	case at.Z < c.minZoom():
		return c.shrink(at)
	}
	return c.picture(at)
}

// shrink makes a tile of the four below it.
func (c *cog) shrink(at tiles.Coord) (*image.NRGBA, error) {
	if int(at.Z)+coarser < int(c.minZoom()) || !c.touches(at) {
		return nil, nil
	}
	var out *image.NRGBA
	for i := range uint32(4) {
		img, err := c.draw(tiles.Coord{Z: at.Z + 1, X: 2*at.X + i&1, Y: 2*at.Y + i>>1})
		if err != nil {
			return nil, err
		}
		if img == nil {
			continue
		}
		if out == nil {
			out = image.NewNRGBA(image.Rect(0, 0, tileSize, tileSize))
		}
		halve(out, int(i&1)*tileSize/2, int(i>>1)*tileSize/2, img)
	}
	return out, nil
}

// touches reports whether any tile of the coarsest level of the file lies below a coarser one.
func (c *cog) touches(at tiles.Coord) bool {
	l := &c.levels[len(c.levels)-1]
	down := l.zoom - at.Z
	return at.X >= l.x>>down && at.X <= (l.x+uint32(l.picture.Across())-1)>>down && at.Y >= l.y>>down && at.Y <= (l.y+uint32(l.picture.Down())-1)>>down
}

// halve draws a tile at half its size: the mean of four pixels, each as heavy as it can be seen.
func halve(to *image.NRGBA, x0, y0 int, from *image.NRGBA) {
	for y := range tileSize / 2 {
		for x := range tileSize / 2 {
			var r, g, b, a uint32
			for k := range 4 {
				i := (2*y+k>>1)*from.Stride + (2*x+k&1)*4
				w := uint32(from.Pix[i+3])
				r, g, b, a = r+uint32(from.Pix[i])*w, g+uint32(from.Pix[i+1])*w, b+uint32(from.Pix[i+2])*w, a+w
			}
			if a == 0 {
				continue
			}
			i := (y0+y)*to.Stride + (x0+x)*4
			to.Pix[i], to.Pix[i+1], to.Pix[i+2], to.Pix[i+3] = uint8(r/a), uint8(g/a), uint8(b/a), uint8(a/4)
		}
	}
}

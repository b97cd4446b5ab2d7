package glyphs

import (
	"image"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
	"google.golang.org/protobuf/encoding/protowire"

	"wanglou/tiles/outline"
)

const (
	size   = 24 // pixels of an em
	border = 3  // pixels around a letter
	radius = 8  // pixels from black to white
	cutoff = 0.25
	// ascent is what clients take off the height of a letter above its base line: 26 pixels, whatever the font says, so that letters of different
	// fonts stand on one line.
	ascent = 26
)

// drawGlyph returns one letter as a message: id 1, bitmap 2, width 3, height 4, left 5, top 6, advance 7.
func drawGlyph(f *sfnt.Font, i sfnt.GlyphIndex, r rune, b *sfnt.Buffer) ([]byte, error) {
	advance, err := f.GlyphAdvance(b, i, fixed.I(size), font.HintingNone)
	if err != nil {
		return nil, err
	}
	segments, err := f.LoadGlyph(b, i, fixed.I(size), nil)
	if err != nil {
		return nil, err
	}
	msg := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(r))
	left, top, width, height := 0, 0, 0, 0
	if box := segments.Bounds(); len(segments) > 0 && box.Max.X > box.Min.X && box.Max.Y > box.Min.Y {
		left, top = box.Min.X.Floor(), -box.Min.Y.Floor()
		width, height = box.Max.X.Ceil()-left, box.Max.Y.Ceil()+top
		if width > 4*size || height > 4*size {
			width, height = 0, 0 // ornaments as wide as a line are not for maps
		}
	}
	if width > 0 {
		msg = protowire.AppendBytes(protowire.AppendTag(msg, 2, protowire.BytesType), field(rasterize(segments, left, top, width, height)))
	}
	for i, v := range []uint64{uint64(width), uint64(height), protowire.EncodeZigZag(int64(left)), protowire.EncodeZigZag(int64(top - ascent)), uint64(advance.Round())} {
		msg = protowire.AppendVarint(protowire.AppendTag(msg, protowire.Number(3+i), protowire.VarintType), v)
	}
	return msg, nil
}

// rasterize draws an outline with its border.
func rasterize(segments sfnt.Segments, left, top, width, height int) *image.Alpha {
	w, h := width+2*border, height+2*border
	z := vector.NewRasterizer(w, h)
	outline.Trace(z, segments, border-float32(left), border+float32(top))
	img := image.NewAlpha(image.Rect(0, 0, w, h))
	z.Draw(img, img.Rect, image.Opaque, image.Point{})
	return img
}

const far = 1e20

// field turns coverage into distances: 192 on the outline, more inside. Pixels on the outline know by their coverage how far it is (the way of
// tiny-sdf), the others by an exact distance transform in O(pixels).
func field(img *image.Alpha) []byte {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	outer, inner := make([]float64, w*h), make([]float64, w*h)
	for y := range h {
		for x := range w {
			i, a := y*w+x, float64(img.Pix[y*img.Stride+x])/255
			switch {
			case a == 0:
				outer[i] = far
			case a == 1:
				inner[i] = far
			default:
				d := 0.5 - a
				outer[i], inner[i] = max(0, d)*max(0, d), max(0, -d)*max(0, -d)
			}
		}
	}
	transform(outer, w, h)
	transform(inner, w, h)
	out := make([]byte, w*h)
	for i := range out {
		d := math.Sqrt(outer[i]) - math.Sqrt(inner[i])
		out[i] = byte(min(max(math.Round(255-255*(d/radius+cutoff)), 0), 255))
	}
	return out
}

// transform replaces each value by the least of value + squared distance over all pixels (Felzenszwalb and Huttenlocher).
func transform(grid []float64, w, h int) {
	n := max(w, h)
	f, z, v := make([]float64, n), make([]float64, n+1), make([]int, n)
	line := func(offset, stride, length int) {
		v[0], z[0], z[1] = 0, -far, far
		for q := range length {
			f[q] = grid[offset+q*stride]
		}
		k := 0
		for q := 1; q < length; q++ {
			s := 0.0
			for {
				r := v[k]
				s = (f[q] - f[r] + float64(q*q) - float64(r*r)) / float64(q-r) / 2
				if s > z[k] || k == 0 {
					break
				}
				k--
			}
			if s > z[k] {
				k++
			}
			v[k], z[k], z[k+1] = q, s, far
		}
		k = 0
		for q := range length {
			for z[k+1] < float64(q) {
				k++
			}
			d := float64(q - v[k])
			grid[offset+q*stride] = f[v[k]] + d*d
		}
	}
	for x := range w {
		line(x, w, h)
	}
	for y := range h {
		line(y*w, 1, w)
	}
}

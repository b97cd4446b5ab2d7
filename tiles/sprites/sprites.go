// Package sprites draws the map's signs into one picture, for clients that are not the console: severity as diamond, triangle and circle with its
// number, detections, units and cameras. The console draws its own, at the size of its text and for every state.
package sprites

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"math"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"wanglou/tiles/outline"
)

// Colours are those of a theme, as #rrggbb.
type Colours struct {
	Sev    [3]string `json:"sev"`
	OnSev  string    `json:"onSev"`
	Unit   string    `json:"unit"`
	OnUnit string    `json:"onUnit"`
	Camera string    `json:"camera"`
	Ink    string    `json:"ink"` // under signs, so that they stand off from the map
}

// Sheet is a sprite: where each sign lies, and the picture.
type Sheet struct {
	Index, Picture []byte
	Tag            string // strong validator, with quotes
}

// place is one entry of the index.
type place struct {
	X          int `json:"x"`
	Y          int `json:"y"`
	Width      int `json:"width"`
	Height     int `json:"height"`
	PixelRatio int `json:"pixelRatio"`
}

const box = 32 // pixels of a sign at ratio 1

// point lies in a sign's box: 0,0 is its middle, 1 half of its side.
type point [2]float64

var (
	diamond  = []point{{0, -.92}, {.92, 0}, {0, .92}, {-.92, 0}}
	triangle = []point{{0, -.85}, {.92, .75}, {-.92, .75}}
	house    = []point{{0, -.8}, {.75, -.15}, {.6, -.15}, {.6, .7}, {-.6, .7}, {-.6, -.15}, {-.75, -.15}}
	badge    = []point{{-.8, -.55}, {.8, -.55}, {.8, .55}, {-.8, .55}}
)

func circle(r float64) []point {
	out := make([]point, 48)
	for i := range out {
		a := 2 * math.Pi * float64(i) / float64(len(out))
		out[i] = point{r * math.Cos(a), r * math.Sin(a)}
	}
	return out
}

type sign struct {
	name   string
	shape  []point
	colour string
	text   string
	down   float64 // of the text
	on     string
}

// Draw draws the sheet at a pixel ratio of 1 or 2. Equal colours give equal bytes.
func Draw(c Colours, ratio int) (*Sheet, error) {
	signs := []sign{
		{"severity-1", diamond, c.Sev[0], "1", 0, c.OnSev}, {"severity-2", triangle, c.Sev[1], "2", .22, c.OnSev}, {"severity-3", circle(.85), c.Sev[2], "3", 0, c.OnSev},
		{"detection", house, c.Sev[1], "", 0, ""}, {"unit", badge, c.Unit, "", 0, ""}, {"camera", circle(.35), c.Camera, "", 0, ""},
	}
	side := box * ratio
	img := image.NewNRGBA(image.Rect(0, 0, side*len(signs), side))
	index := map[string]place{}
	for i, s := range signs {
		index[s.name] = place{X: i * side, Width: side, Height: side, PixelRatio: ratio}
		ink, err := parse(c.Ink)
		if err != nil {
			return nil, err
		}
		colour, err := parse(s.colour)
		if err != nil {
			return nil, err
		}
		fill(img, i*side, side, grow(s.shape, 1.08), ink)
		fill(img, i*side, side, grow(s.shape, .92), colour)
		if s.text == "" {
			continue
		}
		on, err := parse(s.on)
		if err != nil {
			return nil, err
		}
		if err := letter(img, i*side, side, s.text, s.down, on); err != nil {
			return nil, err
		}
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, img); err != nil {
		return nil, err
	}
	text, err := json.Marshal(index)
	if err != nil {
		return nil, err
	}
	h := fnv.New64a()
	_, _ = h.Write(picture.Bytes())
	return &Sheet{Index: text, Picture: picture.Bytes(), Tag: fmt.Sprintf(`"%016x"`, h.Sum64())}, nil
}

func parse(s string) (color.NRGBA, error) {
	c := color.NRGBA{A: 255}
	if _, err := fmt.Sscanf(s, "#%02x%02x%02x", &c.R, &c.G, &c.B); err != nil {
		return c, fmt.Errorf("%q is not a colour like #rrggbb", s)
	}
	return c, nil
}

func grow(shape []point, by float64) []point {
	out := make([]point, len(shape))
	for i, p := range shape {
		out[i] = point{p[0] * by, p[1] * by}
	}
	return out
}

func fill(img *image.NRGBA, left, side int, shape []point, c color.NRGBA) {
	z := vector.NewRasterizer(side, side)
	for i, p := range shape {
		x, y := float32((p[0]+1)/2*float64(side)), float32((p[1]+1)/2*float64(side))
		if i == 0 {
			z.MoveTo(x, y)
		} else {
			z.LineTo(x, y)
		}
	}
	z.ClosePath()
	z.Draw(img, image.Rect(left, 0, left+side, side), image.NewUniform(c), image.Point{})
}

// letter draws one digit in the middle of a sign.
func letter(img *image.NRGBA, left, side int, text string, down float64, c color.NRGBA) error {
	f, err := sfnt.Parse(gobold.TTF)
	if err != nil {
		return err
	}
	var b sfnt.Buffer
	i, err := f.GlyphIndex(&b, rune(text[0]))
	if err != nil {
		return err
	}
	segments, err := f.LoadGlyph(&b, i, fixed.I(side/2), nil)
	if err != nil {
		return err
	}
	bounds := segments.Bounds()
	dx := float32(side)/2 - float32(bounds.Min.X+bounds.Max.X)/128
	dy := float32(side)/2*(1+float32(down)) - float32(bounds.Min.Y+bounds.Max.Y)/128
	z := vector.NewRasterizer(side, side)
	outline.Trace(z, segments, dx, dy)
	z.Draw(img, image.Rect(left, 0, left+side, side), image.NewUniform(c), image.Point{})
	return nil
}

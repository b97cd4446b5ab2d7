package compare

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"

	"wanglou/tiles/gdal"
)

// pictureSide is how many pixels a picture is wide and high.
const pictureSide = 720

// Picture cuts a square around an outline out of an orthophoto (EPSG:3857), twice as wide as the outline and 30 m at least, and draws the outline into it: a JPEG.
func Picture(ctx context.Context, path string, around orb.MultiPolygon) ([]byte, error) {
	b := around.Bound()
	lo, hi := project.WGS84.ToMercator(b.Min), project.WGS84.ToMercator(b.Max)
	side := max(2*(hi[0]-lo[0]), 2*(hi[1]-lo[1]), 30/math.Cos(b.Center()[1]*math.Pi/180))
	west, north := (lo[0]+hi[0]-side)/2, (lo[1]+hi[1]+side)/2
	dir, err := os.MkdirTemp("", "wanglou-picture-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	out := filepath.Join(dir, "p.jpg")
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }
	args := append([]string{"-of", "JPEG", "-b", "1", "-b", "2", "-b", "3", "-r", "bilinear", "-projwin", number(west), number(north), number(west + side), number(north - side),
		"-outsize", strconv.Itoa(pictureSide), strconv.Itoa(pictureSide)}, gdal.Input(path)...)
	if _, err := gdal.Run(ctx, "gdal_translate", append(args, out), gdal.Options{Dir: dir, MaxFile: 16 << 20}); err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	m, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	canvas := image.NewRGBA(m.Bounds())
	for y := range canvas.Rect.Dy() {
		for x := range canvas.Rect.Dx() {
			canvas.Set(x, y, m.At(x, y))
		}
	}
	for _, polygon := range around {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				p, q := project.WGS84.ToMercator(ring[i-1]), project.WGS84.ToMercator(ring[i])
				line(canvas, (p[0]-west)/side*pictureSide, (north-p[1])/side*pictureSide, (q[0]-west)/side*pictureSide, (north-q[1])/side*pictureSide)
			}
		}
	}
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, canvas, &jpeg.Options{Quality: 88}); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// line draws from one place to another, yellow on black, so that it stands out of any ground.
func line(m *image.RGBA, x0, y0, x1, y1 float64) {
	n := int(math.Hypot(x1-x0, y1-y0)) + 1
	for _, pen := range []struct {
		reach int
		color color.RGBA
	}{{2, color.RGBA{0, 0, 0, 255}}, {1, color.RGBA{255, 220, 60, 255}}} {
		for i := range n + 1 {
			t := float64(i) / float64(n)
			x, y := int(x0+(x1-x0)*t), int(y0+(y1-y0)*t)
			for v := -pen.reach; v <= pen.reach; v++ {
				for u := -pen.reach; u <= pen.reach; u++ {
					m.SetRGBA(x+u, y+v, pen.color)
				}
			}
		}
	}
}

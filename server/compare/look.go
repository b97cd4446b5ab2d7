package compare

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/layers/survey/look"
)

// Looker is the name under which places worth a look are told, and its version.
const (
	Looker        = "影像比对"
	LookerVersion = "1"
)

const (
	lookPixel = 0.5  // metres: what [look] was measured at
	mostLook  = 25e6 // pixels of a picture in memory: coarser ones are taken where it would be more
	lookArea  = 60.0 // square metres: less is not worth anybody's time
)

// Look ranks places of two orthophotos that are worth a look, in a folder of its own below dir that it empties. It measures nothing: of each wanted detection it says that it
// cannot tell. CodeInvalid with "no_overlap".
func Look(ctx context.Context, dir string, earlier, later Side, wanted []survey.Wanted, tell func(step string, progress float64)) (*survey.Compared, error) {
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // the next attempt empties it, too
	earlier.Pixel, later.Pixel = lookPixel, lookPixel
	g, err := gridOf(earlier, later)
	if layers.ErrorCode(err) == layers.CodeTooLarge { // made coarser below
		both := earlier.Bound
		earlier.Pixel = lookPixel * math.Ceil(math.Max(both.Max[0]-both.Min[0], both.Max[1]-both.Min[1])*111_320/math.Sqrt(most)/lookPixel)
		g, err = gridOf(earlier, later)
	}
	if err != nil {
		return nil, err
	}
	if n := float64(g.w) * float64(g.h); n > mostLook {
		earlier.Pixel = g.pixel * math.Sqrt(n/mostLook)
		if g, err = gridOf(earlier, later); err != nil {
			return nil, err
		}
	}
	tell("align", 0)
	a, err := g.picture(ctx, dir, "a", earlier.Ortho)
	if err != nil {
		return nil, err
	}
	tell("align", 0.3)
	b, err := g.picture(ctx, dir, "b", later.Ortho)
	if err != nil {
		return nil, err
	}
	if common(a, b) == 0 {
		return nil, layers.Invalid("before", "no_overlap", "the captures show no place that is the same")
	}
	tell("difference", 0.6)
	places, err := look.Places(a, b, look.Options{Pixel: g.pixel, MinArea: lookArea})
	if err != nil {
		return nil, err
	}
	out := &survey.Compared{Intake: survey.Intake{Model: Looker, Version: LookerVersion}, Pixel: g.pixel}
	for _, p := range places {
		ring := make(orb.Ring, len(p.Outline[0]))
		for i, q := range p.Outline[0] {
			ring[i] = g.geo.Apply(q[0], q[1])
		}
		out.Findings = append(out.Findings, survey.Finding{Class: "change", Kind: survey.Look, Score: new(min(max(p.Score, 0), 1)), Outline: orb.MultiPolygon{g.toWGS84(orb.Polygon{ring})}})
	}
	for _, w := range wanted {
		out.Proposals = append(out.Proposals, survey.Proposing{DetectionID: w.ID, Says: survey.CannotTell, Unmeasured: true})
	}
	return out, nil
}

// picture brings an orthophoto onto the grid. What it does not show is black and has no alpha.
func (g *grid) picture(ctx context.Context, dir, name, path string) (*image.RGBA, error) {
	out := filepath.Join(dir, name)
	if err := g.warp(ctx, path, out, true); err != nil {
		return nil, err
	}
	f, err := os.Open(out)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	n := g.w * g.h
	bands := int(info.Size()) / n
	if bands < 3 {
		return nil, fmt.Errorf("%d bands are no colours", bands)
	}
	m := image.NewRGBA(image.Rect(0, 0, g.w, g.h))
	row := make([]byte, g.w)
	for band := range min(bands, 4) {
		for y := range g.h {
			if _, err := f.ReadAt(row, int64(band)*int64(n)+int64(y)*int64(g.w)); err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
			for x, v := range row {
				m.Pix[4*(y*g.w+x)+band] = v
			}
		}
	}
	for i := 0; i < len(m.Pix); i += 4 {
		if p := m.Pix[i : i+4]; bands == 3 && p[0]|p[1]|p[2] != 0 {
			p[3] = 255
		}
	}
	return m, nil
}

// common blackens in both what either does not show, and returns how many pixels are left.
func common(a, b *image.RGBA) (n int) {
	for i := 0; i < len(a.Pix); i += 4 {
		if a.Pix[i+3] == 0 || b.Pix[i+3] == 0 {
			clear(a.Pix[i : i+4])
			clear(b.Pix[i : i+4])
			continue
		}
		a.Pix[i+3], b.Pix[i+3] = 255, 255
		n++
	}
	return n
}

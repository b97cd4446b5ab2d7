// Package compare runs the comparison of two captures' surface models: GDAL brings both onto one grid, [dsm.Find] finds what was built, and of detections that should be gone
// it measures whether they are.
package compare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/crs"
	"wanglou/layers/survey"
	"wanglou/layers/survey/dsm"
	"wanglou/layers/survey/raster"
	"wanglou/tiles/gdal"
)

// Detector is the name under which what is found is told, and its version.
const (
	Detector = "高差检测"
	Version  = "1"
)

const (
	finest  = 0.25 // metres: a building needs no finer pixels
	most    = 400e6
	scratch = 8 // bytes a pixel and model
)

// Side is one of the two captures.
type Side struct {
	Heights string  // file
	Ortho   string  // file, "" for none
	Pixel   float64 // metres, of the heights
	Bound   orb.Bound
}

// Run compares an earlier side with a later one, in a folder of its own below dir that it empties. later tells of each wanted detection whether it stood in the earlier flight.
// CodeInvalid with "no_overlap"; CodeTooLarge for over 400 million pixels, see most.
func Run(ctx context.Context, dir string, earlier, later Side, wanted []survey.Wanted, stood func(*survey.Wanted) bool, tell func(step string, progress float64)) (*survey.Compared, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // the next attempt empties it, too
	g, err := gridOf(earlier, later)
	if err != nil {
		return nil, err
	}
	tell("align", 0)
	var open []io.Closer
	defer func() {
		for _, c := range open {
			_ = c.Close() // they were only read
		}
	}()
	opened := func(name, path string, color bool) (raster.Source, error) {
		out := filepath.Join(dir, name)
		if err := g.warp(ctx, path, out, color); err != nil {
			return nil, err
		}
		f, err := os.Open(out)
		if err != nil {
			return nil, err
		}
		open = append(open, f)
		if color {
			return &greenness{r: f, w: g.w, h: g.h, geo: g.geo}, nil
		}
		return &raster.Raw{R: f, W: g.w, H: g.h, Geo: g.geo, None: noHeight}, nil
	}
	a, err := opened("a", earlier.Heights, false)
	if err != nil {
		return nil, err
	}
	tell("align", 0.2)
	b, err := opened("b", later.Heights, false)
	if err != nil {
		return nil, err
	}
	opt := dsm.Options{}
	tell("align", 0.4)
	if earlier.Ortho != "" && later.Ortho != "" {
		if opt.VegetationBefore, err = opened("ga", earlier.Ortho, true); err != nil {
			return nil, err
		}
		if opt.VegetationAfter, err = opened("gb", later.Ortho, true); err != nil {
			return nil, err
		}
	}
	tell("difference", 0.6)
	found, err := dsm.Find(ctx, a, b, opt)
	if err != nil {
		return nil, err
	}
	out := &survey.Compared{Intake: survey.Intake{Model: Detector, Version: Version}, Pixel: g.pixel, East: found.Shift.East, North: found.Shift.North, Level: found.Shift.Known, Noise: found.Noise}
	for _, c := range found.Changes {
		if c.Kind == survey.Removed {
			out.Removed++
			continue
		}
		out.Findings = append(out.Findings, survey.Finding{Class: "building", Kind: c.Kind, Score: &c.Score, Height: &c.Height, Height95: &c.Height95, Outline: orb.MultiPolygon{g.toWGS84(c.Outline)}})
	}
	tell("measure", 0.9)
	for i := range wanted {
		w := &wanted[i]
		height, known := 0.0, 0.0
		for _, p := range w.Outline {
			h, k, err := dsm.Over(a, b, found, g.fromWGS84(p))
			if err != nil {
				return nil, err
			}
			if k >= known {
				height, known = h, k
			}
		}
		out.Proposals = append(out.Proposals, survey.Proposing{DetectionID: w.ID, Says: w.Says(height, known, stood(w)), Height: height})
	}
	return out, nil
}

// grid is what both models are brought to.
type grid struct {
	ref   *crs.Reference
	pixel float64
	w, h  int
	geo   raster.Transform
}

func gridOf(a, b Side) (*grid, error) { return gridAt(a, b, max(a.Pixel, b.Pixel, finest)) }

// gridAt is gridOf with pixels of a size.
func gridAt(a, b Side, pixel float64) (*grid, error) {
	both := orb.Bound{Min: orb.Point{max(a.Bound.Min[0], b.Bound.Min[0]), max(a.Bound.Min[1], b.Bound.Min[1])}, Max: orb.Point{min(a.Bound.Max[0], b.Bound.Max[0]), min(a.Bound.Max[1], b.Bound.Max[1])}}
	if both.Min[0] >= both.Max[0] || both.Min[1] >= both.Max[1] {
		return nil, layers.Invalid("before", "no_overlap", "the captures do not overlap")
	}
	ref, ok := crs.Find("EPSG:" + strconv.Itoa(4534+int(math.Round(both.Center()[0]/3))-25))
	if !ok {
		return nil, layers.Invalid("before", "outside_world", "comparisons are made between 73° and 136° east")
	}
	g := &grid{ref: ref, pixel: pixel}
	west, south, east, north := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range []orb.Point{both.Min, both.Max, {both.Min[0], both.Max[1]}, {both.Max[0], both.Min[1]}} {
		q := g.project(p)
		west, east, south, north = min(west, q[0]), max(east, q[0]), min(south, q[1]), max(north, q[1])
	}
	west, north = math.Floor(west), math.Ceil(north)
	g.w, g.h = int(math.Ceil((east-west)/g.pixel)), int(math.Ceil((north-south)/g.pixel))
	if float64(g.w)*float64(g.h) > most {
		return nil, layers.Errorf(layers.CodeTooLarge, "%d × %d pixels are over %.0f million", g.w, g.h, most/1e6)
	}
	g.geo = raster.Transform{west, g.pixel, 0, north, 0, -g.pixel}
	return g, nil
}

// project returns easting and northing.
func (g *grid) project(p orb.Point) orb.Point {
	q := g.ref.FromWGS84(p)
	if g.ref.Swap {
		q[0], q[1] = q[1], q[0]
	}
	return q
}

func (g *grid) fromWGS84(p orb.Polygon) orb.Polygon { return each(p, g.project) }

func (g *grid) toWGS84(p orb.Polygon) orb.Polygon {
	return each(p, func(q orb.Point) orb.Point {
		if g.ref.Swap {
			q[0], q[1] = q[1], q[0]
		}
		return g.ref.ToWGS84(q)
	})
}

func each(p orb.Polygon, f func(orb.Point) orb.Point) orb.Polygon {
	out := make(orb.Polygon, len(p))
	for i, ring := range p {
		for _, q := range ring {
			out[i] = append(out[i], f(q))
		}
		out[i][len(out[i])-1] = out[i][0]
	}
	return out
}

// noHeight stands where a model has none.
const noHeight = -9999

// warp brings a file onto the grid, as plain numbers.
func (g *grid) warp(ctx context.Context, in, out string, color bool) error {
	bottom := g.geo.Apply(float64(g.w), float64(g.h))
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	args := []string{"-of", "ENVI", "-co", "INTERLEAVE=BSQ", "-t_srs", "EPSG:" + strconv.Itoa(g.ref.EPSG), "-te", number(g.geo[0]), number(bottom[1]), number(bottom[0]), number(g.geo[3]),
		"-ts", strconv.Itoa(g.w), strconv.Itoa(g.h), "-overwrite", "-wm", "256"}
	if color {
		args = append(args, "-ot", "Byte", "-r", "average")
	} else {
		args = append(args, "-ot", "Float32", "-r", "bilinear", "-dstnodata", strconv.Itoa(noHeight))
	}
	_, err := gdal.Run(ctx, "gdalwarp", append(append(args, gdal.Input(in)...), out), gdal.Options{Dir: filepath.Dir(out), CacheMB: 256, MaxFile: int64(g.w)*int64(g.h)*scratch + 1<<20,
		Config: []string{"GDAL_DISABLE_READDIR_ON_OPEN=TRUE"}}) // ENVI keeps its header beside the numbers
	return err
}

// greenness is excess green of a picture of red, green and blue bands, one after the other: (2g − r − b) / (r + g + b). Black is unknown.
type greenness struct {
	r    io.ReaderAt
	w, h int
	geo  raster.Transform
}

// Size implements raster.Source.
func (s *greenness) Size() (int, int) { return s.w, s.h }

// Transform implements raster.Source.
func (s *greenness) Transform() raster.Transform { return s.geo }

// Rows implements raster.Source.
func (s *greenness) Rows(y, n int) (*raster.Grid, error) {
	if y < 0 || n < 0 || y+n > s.h {
		return nil, fmt.Errorf("rows %d to %d of %d", y, y+n, s.h)
	}
	var band [3][]byte
	for i := range band {
		band[i] = make([]byte, s.w*n)
		if _, err := s.r.ReadAt(band[i], int64(i)*int64(s.w)*int64(s.h)+int64(y)*int64(s.w)); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read row %d: %w", y, err)
		}
	}
	g := raster.New(s.w, n, s.geo)
	for i := range g.Data {
		r, gr, b := int(band[0][i]), int(band[1][i]), int(band[2][i])
		if sum := r + gr + b; sum > 0 {
			g.Data[i] = float32(2*gr-r-b) / float32(sum)
		}
	}
	return g, nil
}

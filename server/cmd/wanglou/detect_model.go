package main

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wanglou/layers"
	"wanglou/layers/survey/look"
	"wanglou/layers/survey/model"
	"wanglou/server/compare"
	"wanglou/server/onnx"
	"wanglou/server/onnx/wire"
	"wanglou/tiles/gdal"
)

// DetectModelsCmd lists models.
type DetectModelsCmd struct {
	Check bool `help:"Load each and let it look at an empty window."`
}

// Run prints a line a model.
func (c *DetectModelsCmd) Run(ctx context.Context, app *App) error {
	runtime, shelf := onnx.Find(), app.models()
	version, err := runtime.Version(ctx)
	if err != nil {
		fmt.Fprintln(app.Stdout, "Models cannot be run here:", err)
	} else {
		fmt.Fprintln(app.Stdout, "ONNX Runtime", version)
	}
	away := err != nil
	found, err := shelf.Models()
	if err != nil {
		return err
	}
	if len(found) == 0 {
		fmt.Fprintln(app.Stdout, "No models in", shelf.Dir, "(none is shipped; docs/detection.md tells how to bring one)")
		return nil
	}
	w := tabwriter.NewWriter(app.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "folder\tname\tversion\tlicence\ttask\tpixel\tstate")
	for _, m := range found {
		man, state := m.Manifest, "usable"
		if man == nil {
			man = &model.Manifest{}
		}
		switch {
		case m.Unusable != nil:
			state = m.Unusable.Error()
		case c.Check && !away:
			seconds, err := runtime.Check(ctx, m)
			if state = fmt.Sprintf("usable, %.0f ms a window", 1000*seconds); err != nil {
				state = err.Error()
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%g m\t%s\n", m.Folder, man.Name, man.Version, man.Licence, man.Task, man.Pixel, state)
	}
	return w.Flush()
}

// usableModel returns a model of the data folder.
func usableModel(app *App, folder string) (*onnx.Model, error) {
	m, err := app.models().Model(folder)
	if err != nil {
		return nil, err
	}
	return m, m.Unusable
}

// DetectRunCmd runs a model over files.
type DetectRunCmd struct {
	Model   string `arg:"" help:"Folder of the model, see detect models."`
	Later   string `arg:"" type:"existingfile" help:"GeoTIFF of red, green and blue, 8 bits, with a reference system."`
	Earlier string `arg:"" optional:"" type:"existingfile" help:"An earlier one, for a model that compares, or to leave out what stood before."`
}

// Run prints a FeatureCollection as POST /api/captures/{id}/detections takes it.
func (c *DetectRunCmd) Run(ctx context.Context, app *App) error {
	m, err := usableModel(app, c.Model)
	if err != nil {
		return err
	}
	side := func(path string) (*compare.Side, error) {
		info, err := gdal.Info(ctx, path)
		if err != nil {
			return nil, err
		}
		if info.Corners == nil {
			return nil, layers.Invalid("file", "no_crs", "%s does not say where it lies", path)
		}
		abs, err := filepath.Abs(path)
		b := info.Corners.Bound()
		wide := layers.Distance(orb.Point{b.Min[0], b.Center()[1]}, orb.Point{b.Max[0], b.Center()[1]})
		return &compare.Side{Ortho: abs, Bound: b, Pixel: wide / float64(info.Width)}, err
	}
	later, err := side(c.Later)
	if err != nil {
		return err
	}
	var earlier *compare.Side
	if c.Earlier != "" {
		if earlier, err = side(c.Earlier); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp("", "wanglou-detect-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	found, err := compare.Model(ctx, filepath.Join(dir, "work"), onnx.Find(), m, earlier, *later, func(step string, share float64) {
		app.Logger.DebugContext(ctx, "the model is at work", "step", step, "share", share)
	})
	if err != nil {
		return err
	}
	fc := geojson.NewFeatureCollection()
	fc.ExtraMembers = geojson.Properties{"model": found.Model, "model_version": found.Version, "licence": found.Licence, "model_sha256": found.SHA256}
	for _, f := range found.Findings {
		feature := geojson.NewFeature(f.Outline)
		feature.Properties = geojson.Properties{"class": f.Class, "kind": f.Kind, "score": f.Score}
		fc.Append(feature)
	}
	return json.NewEncoder(app.Stdout).Encode(fc)
}

// evaluated is a model that is held against labelled pairs.
type evaluated struct {
	m       *onnx.Model
	runtime *onnx.Runtime
	pair    bool
}

func newEvaluated(app *App, folder string, pair bool) (*evaluated, error) {
	m, err := usableModel(app, folder)
	return &evaluated{m, onnx.Find(), pair}, err
}

// find returns what the model tells of a pair of PNG files, in pixels, the surest first.
func (e *evaluated) find(ctx context.Context, before, after string, pixel float64) (out []orb.Polygon, err error) {
	dir, err := os.MkdirTemp("", "wanglou-eval-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	pictures := make([]wire.Picture, 2)
	for i, path := range []string{before, after} {
		if pictures[i], err = planes(path, filepath.Join(dir, fmt.Sprint("p", i))); err != nil {
			return nil, err
		}
	}
	if pictures[0].W != pictures[1].W || pictures[0].H != pictures[1].H {
		return nil, layers.Invalid("pairs", "wrong_size", "%s and %s have different sizes", before, after)
	}
	runs := [][]wire.Picture{pictures}
	switch {
	case e.m.Compares():
	case e.pair:
		runs = [][]wire.Picture{pictures[1:], pictures[:1]}
	default:
		runs = [][]wire.Picture{pictures[1:]}
	}
	scores := make([]*model.Scores, 2)
	for i, run := range runs {
		path := filepath.Join(dir, fmt.Sprint("s", i))
		if _, err := e.runtime.Scan(ctx, e.m, dir, run, path, func(float64) {}); err != nil {
			return nil, err
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // it is only read
		scores[i] = &model.Scores{R: f, W: run[0].W, H: run[0].H}
	}
	things, err := e.m.Manifest.Gather(scores[0], scores[1], pixel, look.Pixels)
	for _, t := range things {
		out = append(out, t.Outline)
	}
	return out, err
}

// planes writes a PNG as red, green and blue, one after the other, and all of it as shown.
func planes(path, out string) (p wire.Picture, err error) {
	m, err := readPNG(path)
	if err != nil {
		return p, err
	}
	size := m.Bounds().Size()
	n := size.X * size.Y
	raw := make([]byte, 4*n)
	for i := range n {
		at := m.Bounds().Min.Add(image.Pt(i%size.X, i/size.X))
		r, g, b, _ := m.At(at.X, at.Y).RGBA()
		raw[i], raw[n+i], raw[2*n+i], raw[3*n+i] = byte(r>>8), byte(g>>8), byte(b>>8), 255
	}
	return wire.Picture{Path: out, W: size.X, H: size.Y, Alpha: true}, os.WriteFile(out, raw, 0o600)
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wanglou/layers"
	"wanglou/layers/survey/dsm"
	"wanglou/layers/survey/look"
	"wanglou/layers/survey/made"
	"wanglou/layers/survey/score"
)

// DetectCmd groups what is done about detectors.
type DetectCmd struct {
	Eval   DetectEvalCmd   `cmd:"" help:"Score a detector on labelled pairs: pixels, objects, false ones a km², by scene."`
	Models DetectModelsCmd `cmd:"" help:"List the ONNX models of the data folder, and why one cannot be run."`
	Run    DetectRunCmd    `cmd:"" help:"Let an ONNX model look at an orthophoto, or at an earlier and a later one, and write what it finds as GeoJSON."`
}

// DetectEvalCmd scores a detector.
type DetectEvalCmd struct {
	Pairs    string  `arg:"" optional:"" type:"existingdir" help:"Folder with A, B and label, each with PNG files of the same names. Labels are white where something was built."`
	Made     int     `placeholder:"N" help:"Score the comparison of surface models on N made scenes (EPSG:4549, 0.16 km² each) instead."`
	Found    string  `type:"existingdir" placeholder:"FOLDER" help:"An outside detector's polygons: one NAME.geojson a pair, coordinates in pixels (x to the right, y down), the property score if there is one. Default: the built-in ranking of places."`
	Model    string  `placeholder:"FOLDER" help:"An ONNX model of the data folder, see detect models. One that looks at one picture looks at B alone; with --pair it tells what A does not show."`
	Pair     bool    `help:"With --model: hold what a model says of one picture against the earlier one."`
	Pixel    float64 `default:"0.5" help:"Side of a pixel of the pairs, metres."`
	MinScore float64 `help:"Leave out what an outside detector gives less."`
	NoPlants bool    `help:"With --made: heights alone, no pictures."`
	Plain    bool    `help:"With --made: the plain difference, for comparison."`
	JSON     bool    `help:"Answer in JSON."`
}

// Run prints the table.
func (c *DetectEvalCmd) Run(ctx context.Context, app *App) error {
	var scenes []score.Scene
	var err error
	switch {
	case c.Made > 0:
		scenes, err = c.made(ctx)
	case c.Pairs != "":
		scenes, err = c.pairs(ctx, app)
	default:
		err = layers.Invalid("pairs", "required", "a folder of pairs, or --made, is required")
	}
	if err != nil {
		return err
	}
	scenes = append(scenes, score.Sum(scenes))
	if c.JSON {
		return writeScoresJSON(app.Stdout, scenes)
	}
	w := tabwriter.NewWriter(app.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "scene\tpixel P\tR\tF1\tobject P\tR\tF1\thit\tfalse\tmissed\tfalse/km²\t")
	for _, s := range scenes {
		fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%d\t%d\t%d\t%.0f\t\n", s.Name, s.Pixels.Precision(), s.Pixels.Recall(), s.Pixels.F1(),
			s.Objects.Precision(), s.Objects.Recall(), s.Objects.F1(), s.Objects.Hit, s.Objects.False, s.Objects.Missed, s.FalsePerKM2())
	}
	return w.Flush()
}

func writeScoresJSON(out io.Writer, scenes []score.Scene) error {
	type row struct {
		Scene                       string
		PixelPrecision, PixelRecall float64
		PixelF1, ObjectPrecision    float64
		ObjectRecall, ObjectF1      float64
		Hit, False, Missed          int
		FalsePerKM2, KM2            float64
	}
	rows := make([]row, len(scenes))
	for i, s := range scenes {
		rows[i] = row{s.Name, s.Pixels.Precision(), s.Pixels.Recall(), s.Pixels.F1(), s.Objects.Precision(), s.Objects.Recall(), s.Objects.F1(),
			s.Objects.Hit, s.Objects.False, s.Objects.Missed, s.FalsePerKM2(), s.Area}
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(rows)
}

// made scores the comparison of surface models.
func (c *DetectEvalCmd) made(ctx context.Context) (out []score.Scene, err error) {
	for seed := uint64(101); seed < 101+uint64(c.Made); seed++ {
		s := made.Make(made.Usual(seed))
		o := dsm.Options{VegetationBefore: s.Green[0], VegetationAfter: s.Green[1], Plain: c.Plain}
		if c.NoPlants || c.Plain {
			o.VegetationBefore, o.VegetationAfter = nil, nil
		}
		r, err := dsm.Find(ctx, s.Earlier, s.Later, o)
		if err != nil {
			return nil, err
		}
		slices.SortStableFunc(r.Changes, func(a, b dsm.Change) int { return int(1e6 * (b.Score - a.Score)) })
		var found []orb.Polygon
		for _, ch := range r.Changes {
			found = append(found, ch.Outline)
		}
		l := &score.Label{W: s.Side, H: s.Side, Geo: s.Earlier.Geo, Pixel: s.Pixel, Objects: s.Stamped}
		out = append(out, l.Score(fmt.Sprint(seed), found))
	}
	return out, nil
}

// leastObject is the smallest labelled object that counts, pixels: labels are cut at the edges of their tiles.
const leastObject = 12

// pairs scores what a detector found on labelled pictures.
func (c *DetectEvalCmd) pairs(ctx context.Context, app *App) (out []score.Scene, err error) {
	var trained *evaluated
	if c.Model != "" {
		if c.Found != "" {
			return nil, layers.Invalid("model", "not_allowed", "--model and --found are two detectors")
		}
		if trained, err = newEvaluated(app, c.Model, c.Pair); err != nil {
			return nil, err
		}
	}
	names, err := filepath.Glob(filepath.Join(c.Pairs, "label", "*.png"))
	if err != nil || len(names) == 0 {
		return nil, errors.Join(err, layers.Invalid("pairs", "required", "%s has no label/*.png", c.Pairs))
	}
	for _, path := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		name := filepath.Base(path)
		label, err := readPNG(path)
		if err != nil {
			return nil, err
		}
		size := label.Bounds().Size()
		l := score.Mask(size.X, size.Y, func(x, y int) bool {
			v, _, _, _ := label.At(label.Bounds().Min.X+x, label.Bounds().Min.Y+y).RGBA()
			return v > 0x7fff
		}, look.Pixels, c.Pixel, leastObject)
		found, err := c.found(name)
		if trained != nil {
			found, err = trained.find(ctx, filepath.Join(c.Pairs, "A", name), filepath.Join(c.Pairs, "B", name), c.Pixel)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, l.Score(strings.TrimSuffix(name, ".png"), found))
	}
	return out, nil
}

func (c *DetectEvalCmd) found(name string) (out []orb.Polygon, err error) {
	if c.Found != "" {
		path := filepath.Join(c.Found, strings.TrimSuffix(name, ".png")+".geojson")
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		fc, err := geojson.UnmarshalFeatureCollection(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		of := func(f *geojson.Feature) float64 { return f.Properties.MustFloat64("score", 1) }
		slices.SortStableFunc(fc.Features, func(a, b *geojson.Feature) int { return int(1e6 * (of(b) - of(a))) })
		for _, f := range fc.Features {
			if of(f) < c.MinScore {
				continue
			}
			switch g := f.Geometry.(type) {
			case orb.Polygon:
				out = append(out, g)
			case orb.MultiPolygon:
				out = append(out, g...)
			}
		}
		return out, nil
	}
	a, err := readPNG(filepath.Join(c.Pairs, "A", name))
	if err != nil {
		return nil, err
	}
	b, err := readPNG(filepath.Join(c.Pairs, "B", name))
	if err != nil {
		return nil, err
	}
	places, err := look.Places(a, b, look.Options{Pixel: c.Pixel})
	for _, p := range places {
		out = append(out, p.Outline)
	}
	return out, err
}

func readPNG(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	config, err := png.DecodeConfig(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if config.Width*config.Height > 100_000_000 {
		return nil, layers.Invalid("pairs", "too_large", "%s has %d × %d pixels", path, config.Width, config.Height)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	m, err := png.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

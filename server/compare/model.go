package compare

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/layers/survey/model"
	"wanglou/server/onnx"
	"wanglou/server/onnx/wire"
)

// tooCoarse is how many times as large as a model wants it a picture's pixel may be: what it does not show is not made up.
const tooCoarse = 2

// Model runs a model over the picture of a capture, in a folder of its own below dir that it empties. earlier is nil for the picture alone; a model that looks at one picture tells
// of two what the later one shows and the earlier one does not. CodeInvalid with "no_overlap", "model_pair" for a model that compares and has nothing to; CodeConflict with
// "too_coarse"; and what [onnx.Runtime.Scan] returns.
func Model(ctx context.Context, dir string, runtime *onnx.Runtime, m *onnx.Model, earlier *Side, later Side, tell func(step string, progress float64)) (*survey.Intake, error) {
	if m.Unusable != nil {
		return nil, m.Unusable
	}
	man := m.Manifest
	sides := []Side{later}
	switch {
	case earlier != nil:
		sides = []Side{*earlier, later}
	case man.Task == model.Change:
		return nil, layers.Invalid("before", "model_pair", "the model compares: it wants an earlier capture")
	}
	for _, s := range sides {
		if s.Pixel > tooCoarse*man.Pixel {
			return nil, &layers.Error{Code: layers.CodeConflict, Field: "model", Reason: "too_coarse", Params: map[string]string{"have": fmt.Sprintf("%.2g", s.Pixel), "want": fmt.Sprintf("%.2g", man.Pixel)},
				Msg: fmt.Sprintf("a pixel of the picture is %.2g m, the model wants %.2g", s.Pixel, man.Pixel)}
		}
	}
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // the next attempt empties it, too
	g, err := gridAt(sides[0], later, man.Pixel)
	if err != nil {
		return nil, err
	}
	pictures := make([]wire.Picture, len(sides))
	for i, s := range sides {
		tell("align", 0.3*float64(i)/float64(len(sides)))
		p := wire.Picture{Path: filepath.Join(dir, fmt.Sprint("p", i)), W: g.w, H: g.h}
		if err := g.warp(ctx, s.Ortho, p.Path, true); err != nil {
			return nil, err
		}
		info, err := os.Stat(p.Path)
		if err != nil {
			return nil, err
		}
		bands := info.Size() / (int64(g.w) * int64(g.h))
		if bands < 3 {
			return nil, layers.Invalid("model", "no_colours", "%d bands are no colours", bands)
		}
		p.Alpha, pictures[i] = bands > 3, p
	}
	runs := [][]wire.Picture{pictures} // one, of all; or one of each
	if man.Task == model.Segmentation && len(pictures) == 2 {
		runs = [][]wire.Picture{pictures[:1], pictures[1:]}
	}
	scores := make([]*model.Scores, len(runs))
	for i, run := range runs {
		out := filepath.Join(dir, fmt.Sprint("s", i))
		if _, err := runtime.Scan(ctx, m, dir, run, out, func(share float64) {
			tell("model", 0.3+0.6*(float64(i)+share)/float64(len(runs)))
		}); err != nil {
			return nil, err
		}
		f, err := os.Open(out)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // it is only read
		scores[i] = &model.Scores{R: f, W: g.w, H: g.h}
	}
	tell("outline", 0.9)
	var before *model.Scores
	if len(runs) == 2 {
		before = scores[0]
	}
	things, err := man.Gather(scores[len(scores)-1], before, g.pixel, g.geo)
	if err != nil {
		return nil, err
	}
	in := &survey.Intake{Model: man.Name, Version: man.Version, Licence: man.Licence, SHA256: man.SHA256, Findings: make([]survey.Finding, len(things))}
	for i, t := range things {
		c := man.Classes[t.Class]
		in.Findings[i] = survey.Finding{Class: c.Name, Kind: c.Kind, Score: new(min(max(t.Score, 0), 1)), Outline: orb.MultiPolygon{g.toWGS84(t.Outline)}}
	}
	return in, nil
}

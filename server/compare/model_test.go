package compare

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/layers/survey/model"
	"wanglou/server/onnx"
	"wanglou/server/onnx/onnxtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	onnxtest.Remove()
	os.Exit(code)
}

func TestModel(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("gdalwarp"); err != nil {
		t.Skip("GDAL is not installed")
	}
	r := onnxtest.Runtime(t)
	shelf := &onnx.Shelf{Dir: t.TempDir()}
	onnxtest.Shelve(t, shelf.Dir, "bright", onnxtest.Manifest(64), onnxtest.Bright(64).Bytes())
	change := onnxtest.ManifestOfChange(64)
	onnxtest.Shelve(t, shelf.Dir, "change", change, onnxtest.Difference(64).Bytes())
	find := func(folder string) *onnx.Model {
		m, err := shelf.Model(folder)
		if err != nil || m.Unusable != nil {
			t.Fatal(err, m.Unusable)
		}
		return m
	}
	bound := orb.MultiPoint(world(t, orb.Point{0, 0}, orb.Point{200, 0}, orb.Point{200, 160}, orb.Point{0, 160})).Bound()
	none := Side{Ortho: orthophoto(t, orb.Point{-100, -100}, 300), Bound: bound, Pixel: 0.5}
	one := Side{Ortho: orthophoto(t, orb.Point{60, 70}, 400), Bound: bound, Pixel: 0.5}
	hidden := Side{Ortho: orthophoto(t, orb.Point{-100, -100}, 100), Bound: bound, Pixel: 0.5} // shows nothing where the roof is
	roof := world(t, orb.Point{72, 78})[0]
	for name, c := range map[string]struct {
		folder  string
		earlier *Side
		later   Side
		want    int
	}{
		"the roof":                     {"bright", nil, one, 1},
		"no roof":                      {"bright", nil, none, 0},
		"it came":                      {"bright", &none, one, 1},
		"it stood":                     {"bright", &one, one, 0},
		"who knows whether it stood":   {"bright", &hidden, one, 0},
		"it changed":                   {"change", &none, one, 1},
		"nothing changed":              {"change", &one, one, 0},
		"nothing that both of it show": {"change", &hidden, one, 0},
	} {
		dir := filepath.Join(t.TempDir(), "x")
		last := ""
		got, err := Model(t.Context(), dir, r, find(c.folder), c.earlier, c.later, func(step string, _ float64) { last = step })
		if err != nil || len(got.Findings) != c.want || last != "outline" {
			t.Errorf("%s: %+v, %v, %s", name, got, err, last)
			continue
		}
		for _, f := range got.Findings {
			if got.Licence != "none" || len(got.SHA256) != 64 || f.Score == nil || *f.Score < 0.3 || !f.Outline.Bound().Contains(roof) || f.Kind != map[string]survey.Kind{"bright": survey.New, "change": survey.Look}[c.folder] {
				t.Errorf("%s: %+v of %+v", name, f, got)
			}
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s leaves its work folder: %v", name, err)
		}
	}
	var e *layers.Error
	if _, err := Model(t.Context(), t.TempDir(), r, find("change"), nil, one, func(string, float64) {}); !errors.As(err, &e) || e.Reason != "model_pair" {
		t.Errorf("a comparison with nothing: %v", err)
	}
	one.Pixel = 1.5
	if _, err := Model(t.Context(), t.TempDir(), r, find("bright"), nil, one, func(string, float64) {}); !errors.As(err, &e) || e.Reason != "too_coarse" {
		t.Errorf("a coarse picture: %v", err)
	}
	one.Pixel = 0.5
	// Called off in the middle, nothing is left; begun again, it is done.
	onnxtest.Shelve(t, shelf.Dir, "slow", func() model.Manifest { m := onnxtest.Manifest(64); m.Name = "slow"; return m }(), onnxtest.Slow(64).Bytes())
	ctx, cancel := context.WithCancel(t.Context())
	dir := filepath.Join(t.TempDir(), "x")
	if _, err := Model(ctx, dir, r, find("slow"), nil, one, func(step string, p float64) {
		if step == "align" {
			cancel()
		}
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("it leaves its work folder: %v", err)
	}
}

package onnx_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/layers/survey/model"
	"wanglou/layers/survey/raster"
	"wanglou/server/onnx"
	"wanglou/server/onnx/onnxtest"
	"wanglou/server/onnx/wire"
)

func TestMain(m *testing.M) {
	code := m.Run()
	onnxtest.Remove()
	os.Exit(code)
}

// shelved returns a model as the shelf has it.
func shelved(t *testing.T, m model.Manifest, raw []byte) *onnx.Model {
	t.Helper()
	dir := t.TempDir()
	onnxtest.Shelve(t, dir, "x", m, raw)
	got, err := (&onnx.Shelf{Dir: dir}).Model("x")
	if err != nil || got.Unusable != nil {
		t.Fatal(err, got.Unusable)
	}
	return got
}

// painted writes a picture of grey ground and red rectangles (x0, y0, x1, y1), as GDAL's ENVI driver does.
func painted(t *testing.T, w, h int, red ...[4]int) wire.Picture {
	t.Helper()
	raw := bytes.Repeat([]byte{90}, 3*w*h)
	for _, r := range red {
		for y := r[1]; y < r[3]; y++ {
			for x := r[0]; x < r[2]; x++ {
				raw[y*w+x], raw[w*h+y*w+x], raw[2*w*h+y*w+x] = 220, 60, 50
			}
		}
	}
	path := filepath.Join(t.TempDir(), "picture")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return wire.Picture{Path: path, W: w, H: h}
}

// scan runs a model over pictures and returns what it finds, on pixels of half a metre.
func scan(t *testing.T, r *onnx.Runtime, m *onnx.Model, pictures ...wire.Picture) []model.Thing {
	t.Helper()
	dir := t.TempDir()
	out, told := filepath.Join(dir, "scores"), 0.0
	if _, err := r.Scan(t.Context(), m, dir, pictures, out, func(share float64) { told = share }); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	things, err := m.Manifest.Gather(&model.Scores{R: f, W: pictures[0].W, H: pictures[0].H}, nil, 0.5, raster.Transform{0, 0.5, 0, 0, 0, -0.5})
	if err != nil || told != 1 {
		t.Fatalf("%v, told %g", err, told)
	}
	return things
}

func TestAModelRuns(t *testing.T) {
	t.Parallel()
	r := onnxtest.Runtime(t)
	v, err := r.Version(t.Context())
	if err != nil || !strings.HasPrefix(v, "1.") {
		t.Fatalf("%q, %v", v, err)
	}
	m := shelved(t, onnxtest.Manifest(64), onnxtest.Red(64).Bytes())
	if s, err := r.Check(t.Context(), m); err != nil || s <= 0 {
		t.Errorf("a check took %g s: %v", s, err)
	}
	got := scan(t, r, m, painted(t, 300, 200, [4]int{40, 50, 80, 70}, [4]int{250, 150, 300, 200}))
	if len(got) != 2 || math.Abs(got[0].Area+got[1].Area-200-625) > 30 || got[0].Score < 0.9 {
		t.Errorf("%+v", got)
	}
}

func TestAModelThatCompares(t *testing.T) {
	t.Parallel()
	r := onnxtest.Runtime(t)
	m := shelved(t, onnxtest.ManifestOfChange(64), onnxtest.Difference(64).Bytes())
	got := scan(t, r, m, painted(t, 130, 130, [4]int{10, 10, 30, 30}), painted(t, 130, 130, [4]int{10, 10, 30, 30}, [4]int{70, 70, 110, 100}))
	if len(got) != 1 || math.Abs(got[0].Area-300) > 15 {
		t.Errorf("%+v", got)
	}
}

func TestBytesWithChannelsLast(t *testing.T) {
	t.Parallel()
	r := onnxtest.Runtime(t)
	// Of a picture of any size: cast to numbers, the mean of three bands less the picture's own half.
	g := &onnxtest.Graph{
		Nodes: []onnxtest.Node{
			{Op: "Cast", In: []string{"image"}, Out: []string{"f"}, Int: map[string]int64{"to": onnxtest.Float}},
			{Op: "ReduceMean", In: []string{"f"}, Out: []string{"r"}, Ints: map[string][]int64{"axes": {3}}, Int: map[string]int64{"keepdims": 1}},
			{Op: "Sub", In: []string{"r", "half"}, Out: []string{"mask"}},
		},
		Constants: []onnxtest.Constant{{Name: "half", Dims: []int64{1}, Floats: []float32{100}}},
		Inputs:    []onnxtest.Value{{Name: "image", Type: onnxtest.Uint8, Dims: []int64{0, 0, 0, 3}}},
		Outputs:   []onnxtest.Value{{Name: "mask", Type: onnxtest.Float, Dims: []int64{0, 0, 0, 1}}},
	}
	m := onnxtest.Manifest(32)
	m.Input.Layout, m.Input.Type, m.Input.Scale, m.Output.Activation = model.NHWC, model.Uint8, 0, model.Sigmoid
	got := scan(t, r, shelved(t, m, g.Bytes()), painted(t, 90, 70, [4]int{20, 20, 60, 50}))
	if len(got) != 1 || math.Abs(got[0].Area-300) > 15 {
		t.Errorf("%+v", got)
	}
}

func TestBadModels(t *testing.T) {
	t.Parallel()
	r := onnxtest.Runtime(t)
	usual := onnxtest.Manifest(64)
	with := func(change func(m *model.Manifest)) model.Manifest {
		m := onnxtest.Manifest(64)
		change(&m)
		return m
	}
	red := onnxtest.Red(64).Bytes()
	for name, c := range map[string]struct {
		m      model.Manifest
		raw    []byte
		code   layers.Code
		reason string
	}{
		"not a model":        {usual, []byte("hello"), layers.CodeInvalid, "model_load"},
		"cut off":            {usual, red[:len(red)-40], layers.CodeInvalid, "model_load"},
		"unknown operation":  {usual, onnxtest.Red(64).Then(onnxtest.Node{Op: "Divine"}).Bytes(), layers.CodeInvalid, "model_load"},
		"another input":      {with(func(m *model.Manifest) { m.Input.Names[0] = "picture" }), red, layers.CodeInvalid, "model_names"},
		"another output":     {with(func(m *model.Manifest) { m.Output.Name = "score" }), red, layers.CodeInvalid, "model_names"},
		"two inputs":         {with(func(m *model.Manifest) { m.Input.Names[0] = "before" }), onnxtest.Difference(64).Bytes(), layers.CodeInvalid, "model_names"},
		"another window":     {with(func(m *model.Manifest) { m.Tile = 32 }), red, layers.CodeInvalid, "model_shape"},
		"another layout":     {with(func(m *model.Manifest) { m.Input.Layout = model.NHWC }), red, layers.CodeInvalid, "model_shape"},
		"another type":       {with(func(m *model.Manifest) { m.Input.Type, m.Input.Scale = model.Uint8, 0 }), red, layers.CodeInvalid, "model_type"},
		"an answer of bytes": {usual, onnxtest.Red(64).Then(onnxtest.Node{Op: "Cast", Int: map[string]int64{"to": onnxtest.Uint8}}).As(onnxtest.Uint8).Bytes(), layers.CodeInvalid, "model_type"},
		"a smaller answer":   {usual, onnxtest.Red(64).Then(onnxtest.Node{Op: "MaxPool", Ints: map[string][]int64{"kernel_shape": {2, 2}, "strides": {2, 2}}}, 1, 1, 32, 32).Bytes(), layers.CodeInvalid, "model_shape"},
		"no numbers":         {usual, onnxtest.Linear(64, [][3]float32{{0, 0, 0}}, []float32{-1}).Then(onnxtest.Node{Op: "Log"}).Bytes(), layers.CodeInvalid, "model_nan"},
		"no activation":      {usual, onnxtest.Linear(64, [][3]float32{{20, 0, 0}}, []float32{0}).Bytes(), layers.CodeInvalid, "model_range"},
		"too much memory":    {usual, onnxtest.Huge(64).Bytes(), layers.CodeTooLarge, "model_memory"},
		"too slow":           {with(func(m *model.Manifest) { m.Runtime.Seconds = 1 }), onnxtest.Slow(64).Bytes(), layers.CodeInvalid, "model_slow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := r.Check(t.Context(), shelved(t, c.m, c.raw))
			var e *layers.Error
			if !errors.As(err, &e) || e.Code != c.code || e.Reason != c.reason {
				t.Errorf("%v (%+v), want %s", err, e, c.reason)
			}
		})
	}
}

// What is loaded is what was checked: a file that changes after the shelf has looked is refused by the program.
func TestAnotherFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := &onnx.Shelf{Dir: dir}
	onnxtest.Shelve(t, dir, "x", onnxtest.Manifest(64), onnxtest.Red(64).Bytes())
	m, err := s.Model("x")
	if err != nil || m.Unusable != nil {
		t.Fatal(err, m.Unusable)
	}
	if err := os.WriteFile(filepath.Join(dir, "x", "model.onnx"), onnxtest.Huge(64).Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var e *layers.Error
	if again, err := s.Model("x"); err != nil || !errors.As(again.Unusable, &e) || e.Reason != "model_hash" {
		t.Errorf("the shelf: %v %v", err, again.Unusable)
	}
	if _, err := onnxtest.Runtime(t).Check(t.Context(), m); !errors.As(err, &e) || e.Reason != "model_hash" {
		t.Errorf("the program: %v", err)
	}
}

func TestARunIsCalledOffOrKilled(t *testing.T) {
	t.Parallel()
	r := onnxtest.Runtime(t)
	m := shelved(t, onnxtest.Manifest(64), onnxtest.Slow(64).Bytes())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := r.Scan(ctx, m, t.TempDir(), nil, "", func(float64) {})
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	own, kill := onnxtest.Own(t, r)
	go func() { _, err := own.Check(t.Context(), m); ended <- err }()
	kill()
	var e *layers.Error
	if err := <-ended; !errors.As(err, &e) || e.Code != layers.CodeUnavailable || e.Reason != "model_killed" {
		t.Errorf("killed: %v", err)
	}
}

func TestWithoutProgramOrLibrary(t *testing.T) {
	t.Parallel()
	for reason, r := range map[string]*onnx.Runtime{
		"onnx_program": {Program: filepath.Join(t.TempDir(), "none"), Library: "/none"},
		"onnx_library": {Program: os.Args[0]},
	} {
		var e *layers.Error
		if _, err := r.Version(t.Context()); !errors.As(err, &e) || e.Code != layers.CodeUnavailable || e.Reason != reason {
			t.Errorf("%v, want %s", err, reason)
		}
	}
	if lib := onnxtest.Library(); lib != "" {
		broken := &onnx.Runtime{Program: onnxtest.Runtime(t).Program, Library: os.Args[0]}
		var e *layers.Error
		if _, err := broken.Version(t.Context()); !errors.As(err, &e) || e.Reason != "onnx_library" {
			t.Errorf("another library: %v", err)
		}
	}
}

func TestShelf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := &onnx.Shelf{Dir: filepath.Join(dir, "none")}
	if got, err := s.Models(); err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
	s.Dir = dir
	raw := onnxtest.Red(64).Bytes()
	named := func(name string) model.Manifest {
		m := onnxtest.Manifest(64)
		m.Name = name
		return m
	}
	onnxtest.Shelve(t, dir, "a-good", named("a"), raw)
	onnxtest.Shelve(t, dir, "b-twice", named("b"), raw)
	onnxtest.Shelve(t, dir, "b-twice-2", named("b"), raw)
	wrong := named("c")
	wrong.SHA256 = strings.Repeat("0", 64)
	onnxtest.Shelve(t, dir, "c-hash", wrong, raw)
	onnxtest.Shelve(t, dir, "d-gone", named("d"), raw)
	onnxtest.Shelve(t, dir, "e link", named("e"), raw)
	onnxtest.Shelve(t, dir, "f-field", named("f"), raw)
	if err := errors.Join(os.Remove(filepath.Join(dir, "d-gone", "model.onnx")), os.Symlink("/etc/passwd", filepath.Join(dir, "d-gone", "model.onnx")),
		os.WriteFile(filepath.Join(dir, "f-field", "manifest.json"), []byte(`{"name":"f","treshold":1}`), 0o600), os.Mkdir(filepath.Join(dir, "g-empty"), 0o700), os.Mkdir(filepath.Join(dir, ".hidden"), 0o700)); err != nil {
		t.Fatal(err)
	}
	got, err := s.Models()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a-good ", "b-twice name taken", "b-twice-2 name taken", "c-hash sha256 model_hash", "d-gone file model_file", "e link folder bad_name", "f-field treshold unknown_field", "g-empty manifest.json model_file"}
	var have []string
	for _, m := range got {
		var e *layers.Error
		said := m.Folder + " "
		if errors.As(m.Unusable, &e) {
			said += e.Field + " " + e.Reason
		}
		have = append(have, said)
	}
	if strings.Join(have, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q", have)
	}
	if _, err := s.Model("../a-good"); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("%v", err)
	}
}

func FuzzParseManifest(f *testing.F) {
	for _, m := range []model.Manifest{onnxtest.Manifest(64), onnxtest.ManifestOfChange(128)} {
		m.SHA256 = strings.Repeat("ab", 32)
		raw, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
	f.Add(`null`)
	f.Add(`{"classes":[null],"input":null,"tile":1e400}`)
	f.Add(`{"name":"a","name":"b"}`)
	f.Fuzz(func(t *testing.T, body string) {
		m, err := onnx.ParseManifest(strings.NewReader(body))
		if err != nil {
			return
		}
		again := *m
		told := 0
		for _, c := range m.Classes {
			if c.Kind != "" {
				told++
			}
			if c.Kind == survey.Raised && m.Task == model.Segmentation {
				t.Errorf("one picture shows what was raised: %+v", m)
			}
		}
		if err := again.Validate(); err != nil || told == 0 || m.Tile*m.Tile*m.Channels() > 4096*4096*6 || filepath.Base(m.File) != m.File || m.Overlap*2 > m.Tile {
			t.Errorf("%+v was taken: %v", m, err)
		}
	})
}

package model

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb/planar"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/layers/survey/raster"
)

func good() Manifest {
	return Manifest{
		Name: "roofs", Version: "1.0", Licence: "CC-BY-4.0", Source: "nobody", Task: Segmentation, File: "m.onnx", SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		Pixel: 0.5, Input: Input{Names: []string{"x"}, Layout: NCHW, Type: Float32, Bands: []string{"red", "green", "blue"}, Scale: 1. / 255},
		Tile: 16, Overlap: 4, Output: Output{Name: "y", Activation: None}, Classes: []Class{{"roof", survey.New}}, Threshold: 0.5, MinArea: 4,
	}
}

func TestManifests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		change        func(m *Manifest)
		field, reason string
	}{
		{func(*Manifest) {}, "", ""},
		{func(m *Manifest) { m.Input.Mean, m.Input.Std = []float64{1, 2, 3}, []float64{1, 1, 1} }, "", ""},
		{func(m *Manifest) { m.Input.Type, m.Input.Scale = Uint8, 0 }, "", ""},
		{func(m *Manifest) {
			m.Task, m.Input.Names, m.Classes[0].Kind = Change, []string{"a", "b"}, survey.Removed
		}, "", ""},
		{func(m *Manifest) {
			m.Output.Activation, m.Classes = Softmax, []Class{{"ground", ""}, {"roof", survey.New}}
		}, "", ""},
		{func(m *Manifest) { m.Name = " " }, "name", "required"},
		{func(m *Manifest) { m.Version = "" }, "version", "required"},
		{func(m *Manifest) { m.Version = "1/2" }, "version", "bad_characters"},
		{func(m *Manifest) { m.Licence = "" }, "licence", "required"},
		{func(m *Manifest) { m.Source = "" }, "source", "required"},
		{func(m *Manifest) { m.Task = "detection" }, "task", "unknown_value"},
		{func(m *Manifest) { m.File = "../m.onnx" }, "file", "bad_name"},
		{func(m *Manifest) { m.File = "m.pt" }, "file", "bad_name"},
		{func(m *Manifest) { m.SHA256 = "abc" }, "sha256", "bad_hash"},
		{func(m *Manifest) { m.Pixel = 0 }, "pixel_m", "out_of_range"},
		{func(m *Manifest) { m.Pixel = math.NaN() }, "pixel_m", "out_of_range"},
		{func(m *Manifest) { m.Tile = 8 }, "tile", "out_of_range"},
		{func(m *Manifest) { m.Overlap = 9 }, "overlap", "out_of_range"},
		{func(m *Manifest) { m.Threshold = 1 }, "threshold", "out_of_range"},
		{func(m *Manifest) { m.MinArea = 0 }, "min_area_m2", "out_of_range"},
		{func(m *Manifest) { m.Input.Names = []string{"a", "b"} }, "input.names", "required"},
		{func(m *Manifest) { m.Input.Names = []string{""} }, "input.names[0]", "bad_name"},
		{func(m *Manifest) { m.Task, m.Input.Names = Change, []string{"a", "a"} }, "input.names[1]", "bad_name"},
		{func(m *Manifest) { m.Input.Layout = "HWC" }, "input.layout", "unknown_value"},
		{func(m *Manifest) { m.Input.Type = "float16" }, "input.type", "unknown_value"},
		{func(m *Manifest) { m.Input.Bands = nil }, "input.bands", "required"},
		{func(m *Manifest) { m.Input.Bands[1] = "nir" }, "input.bands[1]", "unknown_value"},
		{func(m *Manifest) { m.Input.Bands[1] = "red" }, "input.bands[1]", "unknown_value"},
		{func(m *Manifest) { m.Input.Scale = 0 }, "input.scale", "out_of_range"},
		{func(m *Manifest) { m.Input.Type = Uint8 }, "input.scale", "not_allowed"},
		{func(m *Manifest) { m.Input.Mean = []float64{1} }, "input.mean", "out_of_range"},
		{func(m *Manifest) { m.Input.Std = []float64{1, 0, 1} }, "input.std[1]", "out_of_range"},
		{func(m *Manifest) { m.Output.Name = "" }, "output.name", "required"},
		{func(m *Manifest) { m.Output.Activation = "relu" }, "output.activation", "unknown_value"},
		{func(m *Manifest) { m.Output.Activation = Softmax }, "output.activation", "not_allowed"},
		{func(m *Manifest) { m.Classes = nil }, "classes", "required"},
		{func(m *Manifest) { m.Classes[0].Name = "" }, "classes[0].name", "required"},
		{func(m *Manifest) { m.Classes = append(m.Classes, m.Classes[0]) }, "classes[1].name", "taken"},
		{func(m *Manifest) { m.Classes[0].Kind = "big" }, "classes[0].kind", "unknown_value"},
		{func(m *Manifest) { m.Classes[0].Kind = survey.Raised }, "classes[0].kind", "not_allowed"},
		{func(m *Manifest) { m.Classes[0].Kind = "" }, "classes", "required"},
		{func(m *Manifest) { m.Runtime.MemoryMB = 100 }, "runtime.memory_mb", "out_of_range"},
		{func(m *Manifest) { m.Runtime.Threads = -1 }, "runtime.threads", "out_of_range"},
		{func(m *Manifest) { m.Runtime.Seconds = 4000 }, "runtime.seconds", "out_of_range"},
		{func(m *Manifest) { m.Tile, m.Runtime.MemoryMB = 4096, 512 }, "tile", "too_large"},
	} {
		m := good()
		c.change(&m)
		err := m.Validate()
		var e *layers.Error
		if c.reason == "" && err != nil || c.reason != "" && (!errors.As(err, &e) || e.Field != c.field || e.Reason != c.reason) {
			t.Errorf("%+v: %v, want %s %s", m, err, c.field, c.reason)
		}
	}
	m := good()
	if err := m.Validate(); err != nil || m.Runtime != (Runtime{2048, 1, 60}) {
		t.Errorf("%v %+v", err, m.Runtime)
	}
}

func TestWindowsCoverEverything(t *testing.T) {
	t.Parallel()
	for n := 1; n < 200; n++ {
		for _, overlap := range []int{0, 1, 7, 8} {
			at := 0
			for i, s := range starts(n, 16, overlap) {
				if s > at || i > 0 && s > n-16 {
					t.Fatalf("%d pixels, overlap %d: a window begins at %d after %d", n, overlap, s, at)
				}
				at = s + 16
			}
			if at < n {
				t.Fatalf("%d pixels, overlap %d: the last window ends at %d", n, overlap, at)
			}
		}
	}
}

// picture is painted red inside of rectangles (x0, y0, x1, y1), and shows nothing left of hidden.
func picture(w, h, hidden int, red ...[4]int) *Picture {
	raw := make([]byte, 4*w*h)
	for i := range w * h {
		x, y := i%w, i/w
		raw[i], raw[w*h+i], raw[2*w*h+i], raw[3*w*h+i] = 40, 40, 40, 255
		for _, r := range red {
			if x >= r[0] && x < r[2] && y >= r[1] && y < r[3] {
				raw[i] = 240
			}
		}
		if x < hidden {
			raw[3*w*h+i] = 0
		}
	}
	return &Picture{R: bytes.NewReader(raw), W: w, H: h, Alpha: true}
}

// redness answers 1 where the first channel is over a half, in the layout of m; asked counts.
func redness(m *Manifest, asked *int) Run {
	return func(in []Tensor) ([]float32, []int64, error) {
		*asked++
		out := make([]float32, m.Tile*m.Tile)
		for i := range out {
			v := float32(0)
			switch {
			case in[0].U != nil && m.Input.Layout == NHWC:
				v = float32(in[0].U[i*m.Channels()]) / 255
			case in[0].U != nil:
				v = float32(in[0].U[i]) / 255
			case m.Input.Layout == NHWC:
				v = in[0].F[i*m.Channels()]
			default:
				v = in[0].F[i]
			}
			if v > 0.5 {
				out[i] = 0.9
			}
		}
		if m.Input.Layout == NHWC {
			return out, []int64{1, int64(m.Tile), int64(m.Tile), 1}, nil
		}
		return out, []int64{1, 1, int64(m.Tile), int64(m.Tile)}, nil
	}
}

func scores(t *testing.T, m *Manifest, p *Picture) (*Scores, int) {
	t.Helper()
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	asked, done := 0, 0
	if err := m.Scan(t.Context(), []*Picture{p}, m.Tensors(), redness(m, &asked), &out, func(d, _ int) { done = d }); err != nil {
		t.Fatal(err)
	}
	if out.Len() != 2*p.W*p.H || done == 0 {
		t.Fatalf("%d bytes for %d × %d pixels, %d windows", out.Len(), p.W, p.H, done)
	}
	return &Scores{R: bytes.NewReader(out.Bytes()), W: p.W, H: p.H}, asked
}

func TestAPictureIsScanned(t *testing.T) {
	t.Parallel()
	const w, h = 70, 45
	grid := raster.Transform{500000, 0.5, 0, 3300000, 0, -0.5}
	for _, layout := range []string{NCHW, NHWC} {
		for _, kind := range []string{Float32, Uint8} {
			m := good()
			m.Input.Layout, m.Input.Type = layout, kind
			if kind == Uint8 {
				m.Input.Scale = 0
			}
			s, asked := scores(t, &m, picture(w, h, 17, [4]int{20, 4, 40, 20}, [4]int{50, 30, 60, 40}, [4]int{62, 2, 64, 4}, [4]int{2, 2, 12, 12}))
			got, err := m.Gather(s, nil, 0.5, grid)
			if err != nil || len(got) != 2 {
				t.Fatalf("%s %s: %+v, %v", layout, kind, got, err)
			}
			slices.SortFunc(got, func(a, b Thing) int { return cmp.Compare(b.Area, a.Area) })
			for i, area := range []float64{80, 25} { // a wall may lie a quarter of a pixel off
				if math.Abs(got[i].Area-area) > 5 || math.Abs(planar.Area(got[i].Outline)-got[i].Area) > 0.1 || math.Abs(got[i].Score-0.9) > 0.01 {
					t.Errorf("%s %s: %+v is no %g m²", layout, kind, got[i], area)
				}
			}
			// Windows that show nothing are not asked about: of each row the first, which ends left of pixel 17, is one.
			if want := len(starts(h, 16, 4)) * (len(starts(w, 16, 4)) - 1); asked != want {
				t.Errorf("the model was asked %d times, not %d", asked, want)
			}
		}
	}
}

func TestWhatStoodBeforeIsTakenAway(t *testing.T) {
	t.Parallel()
	m := good()
	after, _ := scores(t, &m, picture(80, 60, 0, [4]int{10, 10, 30, 30}, [4]int{50, 10, 70, 40}))
	// The first stood a pixel beside, the second was half as deep.
	before, _ := scores(t, &m, picture(80, 60, 0, [4]int{11, 11, 31, 31}, [4]int{50, 10, 70, 25}))
	got, err := m.Gather(after, before, 0.5, raster.Transform{0, 0.5, 0, 0, 0, -0.5})
	if err != nil || len(got) != 1 || math.Abs(got[0].Area-75) > 5 || got[0].Outline.Bound().Max[1] > -12 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestClassesAreThingsOfTheirOwn(t *testing.T) {
	t.Parallel()
	m := good()
	m.Tile, m.Overlap, m.Output.Activation = 32, 0, Softmax
	m.Classes = []Class{{"ground", ""}, {"roof", survey.New}, {"pit", survey.Look}}
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	// Left half roof, right half pit, above the middle ground; they touch.
	run := func([]Tensor) ([]float32, []int64, error) {
		a := make([]float32, 3*32*32)
		for i := range 32 * 32 {
			class := 1
			switch {
			case i/32 < 16:
				class = 0
			case i%32 >= 16:
				class = 2
			}
			a[class*32*32+i] = 8
		}
		return a, []int64{1, 3, 32, 32}, nil
	}
	if err := m.Scan(t.Context(), []*Picture{picture(32, 32, 0)}, m.Tensors(), run, &out, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	got, err := m.Gather(&Scores{R: bytes.NewReader(out.Bytes()), W: 32, H: 32}, nil, 0.5, raster.Transform{0, 0.5, 0, 0, 0, -0.5})
	if err != nil || len(got) != 2 || got[0].Class == got[1].Class || got[0].Class == 0 || got[1].Class == 0 || math.Abs(got[0].Area-64) > 5 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestBadAnswersAreRefused(t *testing.T) {
	t.Parallel()
	m := good()
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	fill := func(v float32, shape ...int64) Run {
		return func([]Tensor) ([]float32, []int64, error) {
			a := make([]float32, 16*16)
			for i := range a {
				a[i] = v
			}
			return a, shape, nil
		}
	}
	broken := errors.New("broken")
	for reason, run := range map[string]Run{
		"model_nan":   fill(float32(math.NaN()), 1, 1, 16, 16),
		"model_range": fill(7, 1, 16, 16),
		"model_shape": fill(0, 1, 1, 8, 8),
		"":            func([]Tensor) ([]float32, []int64, error) { return nil, nil, broken },
	} {
		err := m.Scan(t.Context(), []*Picture{picture(20, 20, 0)}, m.Tensors(), run, &bytes.Buffer{}, func(int, int) {})
		var e *layers.Error
		if reason != "" && (!errors.As(err, &e) || e.Reason != reason) || reason == "" && !errors.Is(err, broken) {
			t.Errorf("%v, want %q", err, reason)
		}
	}
	if err := m.Scan(t.Context(), []*Picture{{R: bytes.NewReader(make([]byte, 100)), W: 20, H: 20}}, m.Tensors(), fill(0, 16, 16), &bytes.Buffer{}, func(int, int) {}); err == nil {
		t.Error("a picture that ends early")
	}
}

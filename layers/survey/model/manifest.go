// Package model is detectors that come as a trained model in a folder: what its manifest says, how a picture is cut into windows for it and its answers are laid together again,
// and what becomes of the pixels that it marks. Whatever runs the model is handed in.
package model

import (
	"encoding/hex"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"wanglou/layers"
	"wanglou/layers/survey"
)

// Task is what a model is shown.
type Task string

const (
	Segmentation Task = "segmentation" // one picture: what it shows
	Change       Task = "change"       // an earlier and a later one: what differs
)

// Layouts, types and activations.
const (
	NCHW    = "NCHW"
	NHWC    = "NHWC"
	Float32 = "float32"
	Uint8   = "uint8"
	None    = "none" // the model answers with shares already
	Sigmoid = "sigmoid"
	Softmax = "softmax"
)

// Bands are what a picture has, in its order.
var Bands = []string{"red", "green", "blue"}

// Limits of a manifest.
const (
	MaxManifest = 64 << 10 // bytes
	MaxModel    = 2 << 30  // bytes of a model's file
	maxText     = 200
	maxClasses  = 32
	minTile     = 16
	maxTile     = 4096
	minPixel    = 0.01 // metres
	maxPixel    = 10.0
)

// Manifest says what a model wants and what its answers mean. JSON, every field of it known.
type Manifest struct {
	Name      string  `json:"name"` // with Version, what is told as the detector
	Version   string  `json:"version"`
	Licence   string  `json:"licence"`
	Source    string  `json:"source"` // where it was trained, on what, by whom
	Task      Task    `json:"task"`
	File      string  `json:"file"`    // beside the manifest
	SHA256    string  `json:"sha256"`  // of the file
	Pixel     float64 `json:"pixel_m"` // ground that a pixel has to show
	Input     Input   `json:"input"`
	Tile      int     `json:"tile"`    // side of a window, pixels
	Overlap   int     `json:"overlap"` // of windows beside each other, pixels
	Output    Output  `json:"output"`
	Classes   []Class `json:"classes"`   // of the output's channels, in order
	Threshold float64 `json:"threshold"` // share from which a pixel counts
	MinArea   float64 `json:"min_area_m2"`
	Runtime   Runtime `json:"runtime"`
}

// Input is how pixels are handed to the model.
type Input struct {
	Names  []string  `json:"names"`  // one; of a change the earlier and the later one's, or one that takes the earlier one's bands before the later one's
	Layout string    `json:"layout"` // NCHW, NHWC
	Type   string    `json:"type"`   // float32, uint8
	Bands  []string  `json:"bands"`
	Scale  float64   `json:"scale"` // of float32: (value × scale − mean) / std
	Mean   []float64 `json:"mean"`  // one a band, or none
	Std    []float64 `json:"std"`
}

// Output is how its answer is read: float32, a channel a class, in the input's layout; without channels where there is one class.
type Output struct {
	Name       string `json:"name"`
	Activation string `json:"activation"` // none, sigmoid, softmax
}

// Class is a channel of the output.
type Class struct {
	Name string      `json:"name"`
	Kind survey.Kind `json:"kind"` // what candidates of it are; "" is not told: background
}

// Runtime bounds the process that runs the model. Zeros are the usual.
type Runtime struct {
	MemoryMB int `json:"memory_mb"` // 2048
	Threads  int `json:"threads"`   // 1
	Seconds  int `json:"seconds"`   // a window may take, 60
}

var (
	fileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	version  = regexp.MustCompile(`^[\p{L}\p{N}._+\- ]{1,60}$`)
	tensor   = regexp.MustCompile(`^[\x21-\x7e]{1,100}$`)
)

// Validate tidies a manifest and reports the first wrong field: CodeInvalid.
func (m *Manifest) Validate() error {
	for _, s := range []*string{&m.Name, &m.Version, &m.Licence, &m.Source} {
		*s = strings.TrimSpace(*s)
	}
	text := func(field, v string, most int) error {
		switch {
		case v == "":
			return layers.Invalid(field, "required", "%s is required", field)
		case utf8.RuneCountInString(v) > most:
			return layers.Invalid(field, "too_long", "%s has over %d characters", field, most)
		}
		return nil
	}
	for _, f := range []struct {
		field, v string
		most     int
	}{{"name", m.Name, 80}, {"version", m.Version, 60}, {"licence", m.Licence, maxText}, {"source", m.Source, maxText}} {
		if err := text(f.field, f.v, f.most); err != nil {
			return err
		}
	}
	raw, err := hex.DecodeString(m.SHA256)
	switch {
	case !version.MatchString(m.Version):
		return layers.Invalid("version", "bad_characters", "a version is letters, digits, . _ + -")
	case m.Task != Segmentation && m.Task != Change:
		return layers.Invalid("task", "unknown_value", "%q is neither segmentation nor change", m.Task)
	case !fileName.MatchString(m.File) || !strings.HasSuffix(m.File, ".onnx"):
		return layers.Invalid("file", "bad_name", "%q is no name of an .onnx file beside the manifest", m.File)
	case err != nil || len(raw) != 32 || strings.ToLower(m.SHA256) != m.SHA256:
		return layers.Invalid("sha256", "bad_hash", "a SHA-256 has 64 lower-case hex digits")
	case !(m.Pixel >= minPixel && m.Pixel <= maxPixel):
		return layers.Invalid("pixel_m", "out_of_range", "%g m a pixel is not %g to %g", m.Pixel, minPixel, maxPixel)
	case m.Tile < minTile || m.Tile > maxTile:
		return layers.Invalid("tile", "out_of_range", "windows have %d to %d pixels a side, not %d", minTile, maxTile, m.Tile)
	case m.Overlap < 0 || m.Overlap > m.Tile/2:
		return layers.Invalid("overlap", "out_of_range", "windows overlap by 0 to half of their side, not %d", m.Overlap)
	case !(m.Threshold > 0 && m.Threshold < 1):
		return layers.Invalid("threshold", "out_of_range", "a threshold lies between 0 and 1, not at %g", m.Threshold)
	case !(m.MinArea > 0 && m.MinArea <= 1e6):
		return layers.Invalid("min_area_m2", "out_of_range", "%g m² is not over 0 and at most a square kilometre", m.MinArea)
	}
	if err := m.Input.validate(m.Task); err != nil {
		return err
	}
	switch o := m.Output; {
	case !tensor.MatchString(o.Name):
		return layers.Invalid("output.name", "required", "the name of the model's output is required")
	case o.Activation != None && o.Activation != Sigmoid && o.Activation != Softmax:
		return layers.Invalid("output.activation", "unknown_value", "%q is none of none, sigmoid, softmax", o.Activation)
	case o.Activation == Softmax && len(m.Classes) < 2:
		return layers.Invalid("output.activation", "not_allowed", "a softmax is over two classes and more")
	}
	if err := m.validateClasses(); err != nil {
		return err
	}
	r := &m.Runtime
	for _, f := range []struct {
		field              string
		v                  *int
		usual, least, most int
	}{{"runtime.memory_mb", &r.MemoryMB, 2048, 256, 65536}, {"runtime.threads", &r.Threads, 1, 1, 64}, {"runtime.seconds", &r.Seconds, 60, 1, 3600}} {
		if *f.v == 0 {
			*f.v = f.usual
		}
		if *f.v < f.least || *f.v > f.most {
			return layers.Invalid(f.field, "out_of_range", "%d is not %d to %d", *f.v, f.least, f.most)
		}
	}
	// What a window is held in: inputs, outputs and sums; the model's own needs come on top.
	if need := float64(m.Tile) * float64(m.Tile) * 4 * float64(2*len(m.Input.Bands)+2*len(m.Classes)) / (1 << 20); need > float64(r.MemoryMB)/2 {
		return layers.Invalid("tile", "too_large", "windows of %d pixels need %.0f MB by themselves, of runtime.memory_mb %d", m.Tile, need, r.MemoryMB)
	}
	return nil
}

func (in *Input) validate(task Task) error {
	if n := len(in.Names); n != 1 && !(n == 2 && task == Change) {
		return layers.Invalid("input.names", "required", "a segmentation has one input, a change one or two; there are %d", n)
	}
	for i, name := range in.Names {
		if !tensor.MatchString(name) || i > 0 && name == in.Names[0] {
			return layers.Invalid(fmt.Sprintf("input.names[%d]", i), "bad_name", "%q is no name of an input", name)
		}
	}
	switch {
	case in.Layout != NCHW && in.Layout != NHWC:
		return layers.Invalid("input.layout", "unknown_value", "%q is neither NCHW nor NHWC", in.Layout)
	case in.Type != Float32 && in.Type != Uint8:
		return layers.Invalid("input.type", "unknown_value", "%q is neither float32 nor uint8", in.Type)
	case len(in.Bands) == 0 || len(in.Bands) > len(Bands):
		return layers.Invalid("input.bands", "required", "one to three of %s are required", strings.Join(Bands, ", "))
	}
	for i, b := range in.Bands {
		if !slices.Contains(Bands, b) || slices.Contains(in.Bands[:i], b) {
			return layers.Invalid(fmt.Sprintf("input.bands[%d]", i), "unknown_value", "%q is none of %s, or stands there twice", b, strings.Join(Bands, ", "))
		}
	}
	if in.Type == Uint8 {
		if in.Scale != 0 || in.Mean != nil || in.Std != nil {
			return layers.Invalid("input.scale", "not_allowed", "bytes are handed over as they are: scale, mean and std are for float32")
		}
		return nil
	}
	if !(in.Scale > 0 && in.Scale <= 1e6) {
		return layers.Invalid("input.scale", "out_of_range", "%g is no scale: 1 leaves values at 0 to 255, 0.00392156862745098 brings them to 0 to 1", in.Scale)
	}
	for field, vs := range map[string][]float64{"input.mean": in.Mean, "input.std": in.Std} {
		if len(vs) != 0 && len(vs) != len(in.Bands) {
			return layers.Invalid(field, "out_of_range", "%d numbers are not one a band", len(vs))
		}
		for i, v := range vs {
			if math.Abs(v) > 1e6 || field == "input.std" && v <= 0 {
				return layers.Invalid(fmt.Sprintf("%s[%d]", field, i), "out_of_range", "%g cannot be that", v)
			}
		}
	}
	return nil
}

func (m *Manifest) validateClasses() error {
	if len(m.Classes) == 0 || len(m.Classes) > maxClasses {
		return layers.Invalid("classes", "required", "one to %d classes are required, one a channel of the output", maxClasses)
	}
	told := 0
	for i := range m.Classes {
		c := &m.Classes[i]
		c.Name = strings.TrimSpace(c.Name)
		at := fmt.Sprintf("classes[%d]", i)
		switch {
		case c.Name == "" || utf8.RuneCountInString(c.Name) > 80:
			return layers.Invalid(at+".name", "required", "a class has a name of up to 80 characters")
		case slices.ContainsFunc(m.Classes[:i], func(o Class) bool { return o.Name == c.Name }):
			return layers.Invalid(at+".name", "taken", "%q stands there twice", c.Name)
		case c.Kind == "":
		case !slices.Contains(survey.Kinds, c.Kind):
			return layers.Invalid(at+".kind", "unknown_value", "%q is none of new, raised, removed, look", c.Kind)
		case m.Task == Segmentation && (c.Kind == survey.Raised || c.Kind == survey.Removed):
			return layers.Invalid(at+".kind", "not_allowed", "one picture does not show that something was %s", c.Kind)
		default:
			told++
		}
	}
	if told == 0 {
		return layers.Invalid("classes", "required", "no class has a kind: the model would tell nothing")
	}
	return nil
}

// Channels is how many values a pixel has in each input.
func (m *Manifest) Channels() int {
	if m.Task == Change && len(m.Input.Names) == 1 {
		return 2 * len(m.Input.Bands)
	}
	return len(m.Input.Bands)
}

// Shape is that of each input.
func (m *Manifest) Shape() []int64 {
	t, c := int64(m.Tile), int64(m.Channels())
	if m.Input.Layout == NHWC {
		return []int64{1, t, t, c}
	}
	return []int64{1, c, t, t}
}

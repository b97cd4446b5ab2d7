package survey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wanglou/layers"
)

// Limits of what a detector hands in at once.
const (
	MaxIntake       = 2000     // features
	MaxIntakeBytes  = 16 << 20 //
	maxIntakePoints = 5000     // of one outline
	maxName         = 80
)

// Intake is what a detector says of one capture.
type Intake struct {
	Model    string // name
	Version  string
	Before   int64  // the capture it was compared with, 0 for none
	Licence  string // of a model that ran here, "" for others
	SHA256   string // of its file
	Findings []Finding
}

// Details is what the log keeps of the detector beside its name.
func (in *Intake) Details(more map[string]any) map[string]any {
	for k, v := range map[string]string{"licence": in.Licence, "model_sha256": in.SHA256} {
		if v != "" {
			more[k] = v
		}
	}
	return more
}

// Finding is one outline.
type Finding struct {
	Class    string
	Kind     Kind
	Score    *float64
	Height   *float64 // metres, median
	Height95 *float64
	Outline  orb.MultiPolygon
}

// Taken is what became of findings, in their order.
type Taken struct {
	New      int        `json:"new"`
	Attached int        `json:"attached"` // to a detection that was open
	Lawful   int        `json:"lawful"`   // explained by permits and lawful buildings
	Outside  int        `json:"outside"`  // of the capture, or of every area
	Results  []TakenOne `json:"results"`
}

// TakenOne is what became of one finding.
type TakenOne struct {
	Result      string `json:"result"` // new, attached, lawful, outside
	DetectionID int64  `json:"detection_id,omitempty"`
}

var version = regexp.MustCompile(`^[\p{L}\p{N}._+\- ]{1,60}$`)

// ParseIntake reads a GeoJSON FeatureCollection in EPSG:4326 with the members model, model_version and, if it compares, before (id of a capture). Each feature is a Polygon
// or MultiPolygon with the properties class (required) and kind, score, height_m, height95_m (optional). CodeInvalid names the member: features[3].properties.score.
func ParseIntake(r io.Reader) (*Intake, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxIntakeBytes+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > MaxIntakeBytes {
		return nil, layers.Errorf(layers.CodeTooLarge, "over %d MB", MaxIntakeBytes>>20)
	}
	var in struct {
		Type     string            `json:"type"`
		Model    string            `json:"model"`
		Version  string            `json:"model_version"`
		Before   int64             `json:"before"`
		CRS      json.RawMessage   `json:"crs"`
		Features []json.RawMessage `json:"features"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, &layers.Error{Code: layers.CodeInvalid, Reason: "malformed_json", Msg: "the body is not a FeatureCollection", Err: err}
	}
	in.Model = strings.TrimSpace(in.Model)
	switch {
	case in.Type != "FeatureCollection":
		return nil, layers.Invalid("type", "unknown_value", "a FeatureCollection is wanted, not %q", in.Type)
	case len(in.CRS) > 0 && !bytes.Contains(in.CRS, []byte("CRS84")) && !bytes.Contains(in.CRS, []byte("4326")):
		return nil, layers.Invalid("crs", "unknown_value", "coordinates have to be in EPSG:4326, longitude first")
	case in.Model == "":
		return nil, layers.Invalid("model", "required", "the model's name is required")
	case utf8.RuneCountInString(in.Model) > maxName:
		return nil, layers.Invalid("model", "too_long", "the model's name has over %d characters", maxName)
	case !version.MatchString(in.Version):
		return nil, layers.Invalid("model_version", "required", "the model's version is required: up to 60 letters, digits, . _ + -")
	case in.Before < 0:
		return nil, layers.Invalid("before", "out_of_range", "%d is no capture", in.Before)
	case len(in.Features) > MaxIntake:
		return nil, layers.Invalid("features", "too_many", "%d features, at most %d at once", len(in.Features), MaxIntake)
	}
	out := &Intake{Model: in.Model, Version: in.Version, Before: in.Before, Findings: make([]Finding, len(in.Features))}
	for i, f := range in.Features {
		if err := out.Findings[i].read(f, fmt.Sprintf("features[%d]", i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// read reads one feature; at names it in errors.
func (f *Finding) read(raw json.RawMessage, at string) error {
	var in struct {
		Type     string          `json:"type"`
		Geometry json.RawMessage `json:"geometry"`
		P        struct {
			Class    string   `json:"class"`
			Kind     Kind     `json:"kind"`
			Score    *float64 `json:"score"`
			Height   *float64 `json:"height_m"`
			Height95 *float64 `json:"height95_m"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return &layers.Error{Code: layers.CodeInvalid, Field: at, Reason: "wrong_type", Msg: "the feature cannot be read", Err: err}
	}
	if in.P.Kind == "" {
		in.P.Kind = New
	}
	p := at + ".properties."
	switch {
	case in.Type != "Feature":
		return layers.Invalid(at+".type", "unknown_value", "a Feature is wanted, not %q", in.Type)
	case strings.TrimSpace(in.P.Class) == "" || utf8.RuneCountInString(in.P.Class) > maxName:
		return layers.Invalid(p+"class", "required", "a class of up to %d characters is required", maxName)
	case in.P.Kind != New && in.P.Kind != Raised && in.P.Kind != Look && in.P.Kind != Removed:
		return layers.Invalid(p+"kind", "unknown_value", "%q is no kind of candidate", in.P.Kind)
	case in.P.Score != nil && !(*in.P.Score >= 0 && *in.P.Score <= 1):
		return layers.Invalid(p+"score", "out_of_range", "a score is 0 to 1, not %g", *in.P.Score)
	}
	for name, h := range map[string]*float64{"height_m": in.P.Height, "height95_m": in.P.Height95} {
		if h != nil && !(*h > 0 && *h < 1000) {
			return layers.Invalid(p+name, "out_of_range", "%g m is not over 0 and under 1000", *h)
		}
	}
	outline, err := readOutline(in.Geometry, at+".geometry")
	if err != nil {
		return err
	}
	*f = Finding{Class: in.P.Class, Kind: in.P.Kind, Score: in.P.Score, Height: in.P.Height, Height95: in.P.Height95, Outline: outline}
	return nil
}

// ParseOutline reads a Polygon or MultiPolygon of GeoJSON, as [ParseIntake] does.
func ParseOutline(raw json.RawMessage, field string) (orb.MultiPolygon, error) {
	return readOutline(raw, field)
}

func readOutline(raw json.RawMessage, at string) (orb.MultiPolygon, error) {
	g, err := geojson.UnmarshalGeometry(raw)
	if err != nil || g == nil || g.Geometry() == nil {
		return nil, &layers.Error{Code: layers.CodeInvalid, Field: at, Reason: "wrong_type", Msg: "the geometry cannot be read", Err: err}
	}
	var outline orb.MultiPolygon
	switch g := g.Geometry().(type) {
	case orb.Polygon:
		outline = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		outline = g
	default:
		return nil, layers.Invalid(at, "wrong_type", "a Polygon or MultiPolygon is wanted, not a %s", g.GeoJSONType())
	}
	n := 0
	for _, p := range outline {
		for _, r := range p {
			n += len(r)
		}
	}
	if n > maxIntakePoints {
		return nil, layers.Invalid(at, "too_many", "%d points, at most %d", n, maxIntakePoints)
	}
	if err := validateOutline(at, outline); err != nil {
		return nil, err
	}
	if b := outline.Bound(); b.Max[0]-b.Min[0] > 0.05 || b.Max[1]-b.Min[1] > 0.05 || math.IsNaN(b.Max[0]) {
		return nil, layers.Invalid(at, "too_large", "no building is kilometres long")
	}
	return outline, nil
}

// MarshalJSON writes a MultiPolygon of GeoJSON.
func (o Outline) MarshalJSON() ([]byte, error) {
	return json.Marshal(geojson.NewGeometry(orb.MultiPolygon(o)))
}

// UnmarshalJSON reads one.
func (o *Outline) UnmarshalJSON(raw []byte) error {
	var g geojson.Geometry
	if err := json.Unmarshal(raw, &g); err != nil {
		return err
	}
	mp, ok := g.Geometry().(orb.MultiPolygon)
	if !ok {
		return errors.New("not a MultiPolygon")
	}
	*o = Outline(mp)
	return nil
}

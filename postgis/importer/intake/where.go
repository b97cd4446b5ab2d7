package intake

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"

	"wanglou/layers"
)

// Where names the fields of a record that say its place: two numbers, or one text that holds both ("119.69,29.79", WKT, a GeoJSON geometry).
// The zero value is found out by the fields' names.
type Where struct {
	X, Y     string // longitude or easting, latitude or northing
	Geometry string
}

// IsZero reports whether nothing was said.
func (w Where) IsZero() bool { return w == Where{} }

// names that portals, devices and spreadsheets give to coordinates, folded.
var (
	namesX        = []string{"longitude", "lon", "lng", "long", "经度", "x", "xcoord", "coordx", "pointx", "东经", "gpslng", "gpslon", "easting", "x坐标", "横坐标"}
	namesY        = []string{"latitude", "lat", "纬度", "y", "ycoord", "coordy", "pointy", "北纬", "gpslat", "northing", "y坐标", "纵坐标"}
	namesGeometry = []string{"geometry", "geom", "wkt", "thegeom", "shape", "location", "lnglat", "lonlat", "坐标", "经纬度", "位置坐标"}
)

// fold makes names comparable: lower case, without spaces and signs.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-.()（）[]:：/\t", r) {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(name)))
}

// find returns the field whose folded name comes first in wanted; "" for none.
func find(fields []string, wanted []string) string {
	for _, want := range wanted {
		if i := slices.IndexFunc(fields, func(f string) bool { return fold(f) == want }); i >= 0 {
			return fields[i]
		}
	}
	return ""
}

// resolve fills what was not said from the fields' names, and reports CodeInvalid for a field that is not there.
func (w Where) resolve(fields []string) (Where, error) {
	for _, said := range []string{w.X, w.Y, w.Geometry} {
		if said != "" && !slices.Contains(fields, said) {
			return w, UnknownField("coordinates", said, fields)
		}
	}
	if (w.X == "") != (w.Y == "") {
		return w, layers.Invalid("--x", "incomplete", "--x and --y go together")
	}
	if !w.IsZero() {
		return w, nil
	}
	w.X, w.Y = find(fields, namesX), find(fields, namesY)
	if w.X == "" || w.Y == "" {
		w.X, w.Y, w.Geometry = "", "", find(fields, namesGeometry)
	}
	return w, nil
}

// UnknownField is the answer to a field that the input does not have; it lists those that it has.
func UnknownField(what, name string, fields []string) *layers.Error {
	have := slices.Clone(fields)
	slices.Sort(have)
	if len(have) > 40 {
		have = append(have[:40], "…")
	}
	return &layers.Error{Code: layers.CodeInvalid, Field: what, Reason: "unknown_field", Params: map[string]string{"field": name},
		Msg: "the input has no field " + strconv.Quote(name) + "; it has " + strings.Join(have, ", ")}
}

// read makes the geometry of a record. Empty fields are no geometry.
func (w Where) read(fields map[string]any) (orb.Geometry, error) {
	if w.Geometry != "" {
		return readAny(w.Geometry, fields[w.Geometry])
	}
	if w.X == "" {
		return nil, nil
	}
	x, okX, err := coordinate(w.X, fields[w.X])
	if err != nil {
		return nil, err
	}
	y, okY, err := coordinate(w.Y, fields[w.Y])
	if err != nil {
		return nil, err
	}
	switch {
	case !okX && !okY:
		return nil, nil
	case !okX:
		return nil, layers.Invalid(w.X, "required", "one coordinate is empty, the other is not")
	case !okY:
		return nil, layers.Invalid(w.Y, "required", "one coordinate is empty, the other is not")
	}
	return orb.Point{x, y}, nil
}

var pairText = regexp.MustCompile(`^\s*\(?\s*(-?\d+(?:\.\d+)?)\s*[,，;\s]\s*(-?\d+(?:\.\d+)?)\s*\)?\s*$`)

// readAny reads one value that holds a whole geometry.
func readAny(field string, v any) (orb.Geometry, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		return ParseGeometry(raw)
	case string:
		text := strings.TrimSpace(v)
		switch {
		case text == "":
			return nil, nil
		case text[0] == '{':
			return ParseGeometry([]byte(text))
		}
		if m := pairText.FindStringSubmatch(text); m != nil {
			x, errX := strconv.ParseFloat(m[1], 64)
			y, errY := strconv.ParseFloat(m[2], 64)
			if errX == nil && errY == nil {
				return orb.Point{x, y}, nil
			}
		}
		if _, after, ok := strings.Cut(text, ";"); ok && strings.HasPrefix(strings.ToUpper(text), "SRID=") {
			text = after
		}
		g, err := wkt.Unmarshal(text)
		if err != nil {
			return nil, layers.Invalid(field, "malformed_geometry", "%.60q is neither a pair of numbers nor WKT nor GeoJSON", v)
		}
		return g, nil
	}
	return nil, layers.Invalid(field, "malformed_geometry", "a %T is no geometry", v)
}

// degrees reads 119°41'29.3"E and 29度47分34秒, as maps and hand-held receivers write them.
var degrees = regexp.MustCompile(`^(?:东经|西经|北纬|南纬|[EWNSewns])?\s*(\d+(?:\.\d+)?)\s*[°度]\s*(?:(\d+(?:\.\d+)?)\s*['′’分]\s*)?(?:(\d+(?:\.\d+)?)\s*(?:"|″|”|''|秒)\s*)?([EWNSewns])?$`)

// coordinate reads one number; false for an empty field.
func coordinate(field string, v any) (float64, bool, error) {
	var text string
	switch v := v.(type) {
	case nil:
		return 0, false, nil
	case json.Number:
		text = v.String()
	case float64:
		return v, true, nil
	case string:
		if text = strings.TrimSpace(v); text == "" {
			return 0, false, nil
		}
	default:
		return 0, false, layers.Invalid(field, "not_a_number", "a %T is no coordinate", v)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return f, true, nil
	}
	m := degrees.FindStringSubmatch(text)
	if m == nil {
		return 0, false, layers.Invalid(field, "not_a_number", "%.60q is no coordinate", text)
	}
	var sum float64
	for i, part := range m[1:4] {
		if part == "" {
			continue
		}
		f, err := strconv.ParseFloat(part, 64)
		if err != nil || i > 0 && f >= 60 {
			return 0, false, layers.Invalid(field, "not_a_number", "%.60q is no coordinate", text)
		}
		sum += f * [3]float64{3600, 60, 1}[i]
	}
	sum /= 3600
	if strings.HasPrefix(text, "西经") || strings.HasPrefix(text, "南纬") || strings.ContainsAny(text, "WSws") {
		sum = -sum
	}
	return sum, true, nil
}

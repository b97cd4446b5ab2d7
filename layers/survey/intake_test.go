package survey

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"wanglou/layers"
)

const ring = `{"type":"Polygon","coordinates":[[[119.68,29.79],[119.6801,29.79],[119.6801,29.7901],[119.68,29.79]]]}`

func collection(head, features string) string {
	return `{"type":"FeatureCollection",` + head + `"features":[` + features + `]}`
}

const good = `"model":"segformer","model_version":"1.2",`

func feature(properties, geometry string) string {
	return fmt.Sprintf(`{"type":"Feature","properties":%s,"geometry":%s}`, properties, geometry)
}

func TestParseIntake(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, field, reason string }{
		{"good", collection(good, feature(`{"class":"building","score":0.8,"height_m":3.1}`, ring)), "", ""},
		{"none", collection(good, ""), "", ""},
		{"no JSON", `{`, "", "malformed_json"},
		{"a feature", `{"type":"Feature"}`, "type", "unknown_value"},
		{"no model", collection(`"model_version":"1",`, ""), "model", "required"},
		{"no version", collection(`"model":"x",`, ""), "model_version", "required"},
		{"another system", collection(good+`"crs":{"properties":{"name":"EPSG:4549"}},`, ""), "crs", "unknown_value"},
		{"score", collection(good, feature(`{"class":"b","score":1.2}`, ring)), "features[0].properties.score", "out_of_range"},
		{"height", collection(good, feature(`{"class":"b","height_m":-1}`, ring)), "features[0].properties.height_m", "out_of_range"},
		{"class", collection(good, feature(`{}`, ring)), "features[0].properties.class", "required"},
		{"kind", collection(good, feature(`{"class":"b","kind":"x"}`, ring)), "features[0].properties.kind", "unknown_value"},
		{"the second", collection(good, feature(`{"class":"b"}`, ring)+","+feature(`{"class":"b"}`, `null`)), "features[1].geometry", "wrong_type"},
		{"a point", collection(good, feature(`{"class":"b"}`, `{"type":"Point","coordinates":[119,29]}`)), "features[0].geometry", "wrong_type"},
		{"swapped", collection(good, feature(`{"class":"b"}`, `{"type":"Polygon","coordinates":[[[29.7,119.6],[29.7,119.7],[29.8,119.6],[29.7,119.6]]]}`)), "features[0].geometry", "swapped_coordinates"},
		{"a county", collection(good, feature(`{"class":"b"}`, `{"type":"Polygon","coordinates":[[[119,29],[120,29],[120,30],[119,29]]]}`)), "features[0].geometry", "too_large"},
		{"open", collection(good, feature(`{"class":"b"}`, `{"type":"Polygon","coordinates":[[[119,29],[119.001,29],[119.001,29.001],[119,29.001]]]}`)), "features[0].geometry", "open_ring"},
	} {
		in, err := ParseIntake(strings.NewReader(c.body))
		var e *layers.Error
		switch {
		case c.reason == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.reason != "" && (!errors.As(err, &e) || e.Field != c.field || e.Reason != c.reason):
			t.Errorf("%s: %v (%+v), want %s %s", c.name, err, in, c.field, c.reason)
		}
	}
}

func FuzzParseIntake(f *testing.F) {
	f.Add(collection(good, feature(`{"class":"building","score":0.8}`, ring)))
	f.Add(collection(good, feature(`{"class":"b"}`, `{"type":"MultiPolygon","coordinates":[]}`)))
	f.Add(collection(good, `null`))
	f.Add(collection(good, feature(`null`, `{"type":"Polygon","coordinates":[[]]}`)))
	f.Add(collection(good, feature(`{"class":"b"}`, `{"type":"Polygon","coordinates":[[[1e308,1],[null],[2,2],[1e308,1]]]}`)))
	f.Add(collection(good, feature(`{"class":"b"}`, `{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection"}]}`)))
	f.Fuzz(func(t *testing.T, body string) {
		in, err := ParseIntake(strings.NewReader(body))
		if err != nil {
			return
		}
		for _, x := range in.Findings {
			if err := validateOutline("outline", x.Outline); err != nil || x.Class == "" {
				t.Errorf("%+v was taken: %v", x, err)
			}
		}
	})
}

func TestAsk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a             Ask
		field, reason string
	}{
		{Ask{Move: MoveDismiss, Code: "shadow"}, "", ""},
		{Ask{Move: MoveIssue, UnitID: 3}, "", ""},
		{Ask{}, "move", "required"},
		{Ask{Move: MoveDismiss}, "code", "unknown_value"},
		{Ask{Move: MoveDismiss, Code: "other"}, "note", "required"},
		{Ask{Move: MoveIssue, Code: "shadow"}, "code", "not_allowed"},
		{Ask{Move: MoveConfirm, UnitID: 3}, "unit_id", "not_allowed"},
		{Ask{Move: MoveIssue, Note: strings.Repeat("x", 501)}, "note", "too_long"},
	} {
		err := c.a.Validate()
		var e *layers.Error
		if c.reason == "" && err != nil || c.reason != "" && (!errors.As(err, &e) || e.Field != c.field || e.Reason != c.reason) {
			t.Errorf("%+v: %v", c.a, err)
		}
	}
}

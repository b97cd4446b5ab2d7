package geojson

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"wanglou/layers"
)

func TestStringsAreJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("\"\\\n\t\r\x00\x1f桐庐\u2028")), 0, 20, -1),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "s")
		var got string
		if err := json.Unmarshal(AppendString(nil, s), &got); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if want := string([]rune(s)); got != want { // []rune replaces broken bytes one by one
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestDegreesKeepSevenDigits(t *testing.T) {
	t.Parallel()
	for in, want := range map[float64]string{
		0: "0", -0.00000001: "0", 119.6840000: "119.684", -0.5: "-0.5", 180: "180", 119.00000049: "119.0000005", 128.00390625: "128.0039063", 29.7900001: "29.7900001",
	} {
		if got := string(appendDegrees(nil, in)); got != want {
			t.Errorf("%v: got %s, want %s", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.Float64Range(-180, 180).Draw(t, "d")
		// Exact numbers: the difference of two floats is off by more than the bound leaves.
		text := string(appendDegrees(nil, d))
		got, ok := new(big.Rat).SetString(text)
		off := new(big.Rat).SetFloat64(d)
		if !ok || off.Abs(off.Sub(off, got)).Cmp(big.NewRat(5000001, 1e14)) > 0 {
			t.Fatalf("%v became %s", d, text)
		}
	})
	if got := string(appendDegrees(nil, math.NaN())); got != "null" {
		t.Errorf("NaN: %s", got)
	}
}

func TestGeometries(t *testing.T) {
	t.Parallel()
	ring := orb.Ring{{0, 0}, {1, 0}, {1, 1}, {0, 0}}
	const rings = `[[[0,0],[1,0],[1,1],[0,0]]]`
	for _, c := range []struct {
		in   orb.Geometry
		want string
	}{
		{nil, `null`},
		{orb.Point{119.5, -29.5}, `{"type":"Point","coordinates":[119.5,-29.5]}`},
		{orb.MultiPoint{{1, 2}, {3, 4}}, `{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}`},
		{orb.LineString{{1, 2}, {3, 4}}, `{"type":"LineString","coordinates":[[1,2],[3,4]]}`},
		{orb.MultiLineString{{{1, 2}, {3, 4}}}, `{"type":"MultiLineString","coordinates":[[[1,2],[3,4]]]}`},
		{orb.Polygon{ring}, `{"type":"Polygon","coordinates":` + rings + `}`},
		{ring, `{"type":"Polygon","coordinates":` + rings + `}`},
		{orb.Bound{Max: orb.Point{1, 1}}, `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}`},
		{orb.MultiPolygon{{ring}, {ring}}, `{"type":"MultiPolygon","coordinates":[` + rings + `,` + rings + `]}`},
		{orb.MultiPolygon{}, `{"type":"MultiPolygon","coordinates":[]}`},
		{orb.Collection{orb.Point{1, 2}}, `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}`},
	} {
		if got := string(AppendGeometry(nil, c.in)); got != c.want {
			t.Errorf("%T: got %s, want %s", c.in, got, c.want)
		}
	}
}

func TestFeature(t *testing.T) {
	t.Parallel()
	l := layers.NewLayer(layers.Layer{Name: "x", Columns: []layers.Column{
		{Name: "name", Type: layers.ColumnText}, {Name: "n", Type: layers.ColumnInt}, {Name: "f", Type: layers.ColumnFloat}, {Name: "ok", Type: layers.ColumnBool},
		{Name: "at", Type: layers.ColumnTime}, {Name: "raw", Type: layers.ColumnJSON}, {Name: "skills", Type: layers.ColumnStrings}, {Name: "none", Type: layers.ColumnText},
		{Name: "nan", Type: layers.ColumnFloat}, {Name: "tiny", Type: layers.ColumnFloat},
	}})
	at := time.Date(2026, 5, 1, 8, 30, 0, 0, time.FixedZone("", 8*3600))
	f := &layers.Feature{ID: 7, Geometry: orb.Point{119.68, 29.79}, Values: []any{`桐"庐`, int64(3), 2.5, true, at, `{"a":[1,2]}`, []string{"06", "08"}, nil, math.Inf(1), 1e-9}}
	got := string(AppendFeature(nil, l, f, 12.34))
	want := `{"type":"Feature","id":7,"geometry":{"type":"Point","coordinates":[119.68,29.79]},"properties":{"name":"桐\"庐","n":3,"f":2.5,"ok":true,` +
		`"at":"2026-05-01T00:30:00Z","raw":{"a":[1,2]},"skills":["06","08"],"none":null,"nan":null,"tiny":1e-09},"distance_m":12.3}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !json.Valid([]byte(got)) {
		t.Error("not JSON")
	}
	if got := string(AppendFeature(nil, l, f, -1)); strings.Contains(got, "distance") {
		t.Error(got)
	}
}

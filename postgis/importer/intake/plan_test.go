package intake_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"

	"wanglou/layers"
	"wanglou/layers/crs"
	"wanglou/postgis/importer/intake"
)

var shanghai = time.FixedZone("CST", 8*3600)

func TestConvert(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind intake.Kind
		bits int
		in   any
		want string // %v, or "! reason"
	}{
		{intake.Words, 0, " a ", "a"}, {intake.Words, 0, "  ", "<nil>"}, {intake.Words, 0, nil, "<nil>"}, {intake.Words, 0, json.Number("1.50"), "1.50"},
		{intake.Words, 0, true, "true"}, {intake.Words, 0, []any{"a"}, `["a"]`}, {intake.Words, 0, "a\x00b", "! nul_character"},
		{intake.Int, 64, "12", "12"}, {intake.Int, 64, json.Number("3.0"), "3"}, {intake.Int, 64, "1e3", "1000"}, {intake.Int, 64, "3.5", "! not_a_number"},
		{intake.Int, 16, "40000", "! out_of_range"}, {intake.Int, 16, "-32768", "-32768"}, {intake.Int, 64, "twelve", "! not_a_number"}, {intake.Int, 64, true, "! not_a_number"},
		{intake.Float, 0, "1.5", "1.5"}, {intake.Float, 0, "NaN", "! not_a_number"}, {intake.Float, 0, "1,5", "! not_a_number"}, {intake.Float, 0, "1e400", "! not_a_number"},
		{intake.Bool, 0, "是", "true"}, {intake.Bool, 0, json.Number("0"), "false"}, {intake.Bool, 0, "maybe", "! not_a_value"},
		{intake.Date, 0, "2026/3/1", "2026-03-01"}, {intake.Date, 0, "2026年3月1日", "2026-03-01"}, {intake.Date, 0, "20260301", "2026-03-01"}, {intake.Date, 0, "31.12.2026", "! not_a_time"},
		{intake.Time, 0, "2026-03-01 08:30:00", "2026-03-01 08:30:00 +0800 CST"}, {intake.Time, 0, "2026-03-01T08:30:00Z", "2026-03-01 08:30:00 +0000 UTC"},
		{intake.Time, 0, json.Number("1772325000000"), "2026-03-01 08:30:00 +0800 CST"}, {intake.Time, 0, "soon", "! not_a_time"}, {intake.Time, 0, "2026-02-30", "! not_a_time"},
		{intake.Strings, 0, "a；b, c", "[a b c]"}, {intake.Strings, 0, []any{"x", json.Number("2")}, "[x 2]"},
		{intake.JSON, 0, `{"a":1}`, `{"a":1}`}, {intake.JSON, 0, "plain", `"plain"`}, {intake.JSON, 0, map[string]any{"b": json.Number("2")}, `{"b":2}`},
	} {
		v, err := intake.Column{Name: "c", Kind: c.kind, Bits: c.bits}.Convert(c.in, shanghai)
		got := fmt.Sprint(v)
		if raw, ok := v.(json.RawMessage); ok {
			got = string(raw)
		}
		if err != nil {
			got = "! " + reason(err)
			if layers.ErrorCode(err) != layers.CodeInvalid || !strings.HasPrefix(err.Error(), "c: ") {
				t.Errorf("%s of %v: %v", c.kind, c.in, err)
			}
		}
		if got != c.want {
			t.Errorf("%s of %#v is %s, want %s", c.kind, c.in, got, c.want)
		}
	}
}

var columns = []intake.Column{{Name: "name", Kind: intake.Words, Required: true}, {Name: "azimuth_deg", Kind: intake.Float}, {Name: "status", Kind: intake.Words}, {Name: "height_m", Kind: intake.Float}}

func TestPlan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		fields string
		wishes intake.Wishes
		row    map[string]any
		want   string // columns and values, or "! field reason"
	}{
		{"by name", "name,height_m", intake.Wishes{}, map[string]any{"name": "a", "height_m": "3"}, "name=a height_m=3"},
		{"by a name that is known", "点位名称,方位角", intake.Wishes{}, map[string]any{"点位名称": "a", "方位角": "东北"}, "name=a azimuth_deg=45"},
		{"by a name written otherwise", "NAME,Height M", intake.Wishes{}, map[string]any{"NAME": "a", "Height M": json.Number("3")}, "name=a height_m=3"},
		{"mapped", "x,name", intake.Wishes{Map: map[string]string{"name": "x"}}, map[string]any{"name": "a", "x": "b"}, "name=b"},
		{"nested", "props", intake.Wishes{Map: map[string]string{"name": "props.deep.name"}}, map[string]any{"props": map[string]any{"deep": map[string]any{"name": "a"}}}, "name=a"},
		{"pattern", "road,no", intake.Wishes{Map: map[string]string{"name": "{road} {no}号"}}, map[string]any{"road": "春江路", "no": json.Number("5")}, "name=春江路 5号"},
		{"pattern with a field empty", "road,no", intake.Wishes{Map: map[string]string{"name": "{road} {no}"}}, map[string]any{"road": "a", "no": nil}, "name=a"},
		{"pattern with all empty", "road,no", intake.Wishes{Map: map[string]string{"name": "No {road} {no}"}}, map[string]any{"road": ""}, "! name required"},
		{"constant", "name", intake.Wishes{Set: map[string]string{"status": "online"}}, map[string]any{"name": "a"}, "name=a status=online"},
		{"translated", "name,s", intake.Wishes{Map: map[string]string{"status": "s"}, Values: map[string]map[string]string{"status": {"1": "online", "*": "fault"}}},
			map[string]any{"name": "a", "s": json.Number("1")}, "name=a status=online"},
		{"translated to the rest", "name,s", intake.Wishes{Map: map[string]string{"status": "s"}, Values: map[string]map[string]string{"status": {"1": "online", "*": "fault"}}},
			map[string]any{"name": "a", "s": "9"}, "name=a status=fault"},
		{"not translated", "name,s", intake.Wishes{Map: map[string]string{"status": "s"}, Values: map[string]map[string]string{"status": {"1": "online"}}},
			map[string]any{"name": "a", "s": "9"}, "! status unknown_value"},
		{"compass before the rest", "name,dir", intake.Wishes{Map: map[string]string{"azimuth_deg": "dir"}, Values: map[string]map[string]string{"azimuth_deg": {"*": ""}}},
			map[string]any{"name": "a", "dir": "Westbound"}, "name=a azimuth_deg=270"},
		{"none for the rest", "name,dir", intake.Wishes{Map: map[string]string{"azimuth_deg": "dir"}, Values: map[string]map[string]string{"azimuth_deg": {"*": ""}}},
			map[string]any{"name": "a", "dir": "Median"}, "name=a azimuth_deg=<nil>"},
		{"required and empty", "name", intake.Wishes{}, map[string]any{"name": " "}, "! name required"},
		{"required and without a field", "x", intake.Wishes{}, nil, "! name required"},
		{"no such column", "name", intake.Wishes{Map: map[string]string{"colour": "name"}}, nil, "! colour unknown_column"},
		{"no such field", "name", intake.Wishes{Map: map[string]string{"status": "state"}}, nil, "! --map status unknown_field"},
		{"no such field in a pattern", "name", intake.Wishes{Map: map[string]string{"status": "{state}!"}}, nil, "! --map status unknown_field"},
		{"two words", "name", intake.Wishes{Map: map[string]string{"name": "name"}, Set: map[string]string{"name": "x"}}, nil, "! name repeated_field"},
		{"translation of nothing", "name", intake.Wishes{Values: map[string]map[string]string{"status": {"a": "b"}}}, nil, "! status required"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := func() string {
				fail := func(err error) string {
					e := asError(t, err)
					return "! " + e.Field + " " + e.Reason
				}
				p, err := intake.NewPlan(columns, strings.Split(c.fields, ","), c.wishes, shanghai)
				if err != nil {
					return fail(err)
				}
				out := make([]any, len(p.Assignments))
				if err := p.Row(&intake.Row{Fields: c.row}, out); err != nil {
					return fail(err)
				}
				var parts []string
				for i, a := range p.Assignments {
					parts = append(parts, fmt.Sprintf("%s=%v", a.Column.Name, out[i]))
				}
				return strings.Join(parts, " ")
			}()
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func asError(t *testing.T, err error) *layers.Error {
	t.Helper()
	e, ok := err.(*layers.Error) //nolint:errorlint // they are returned bare
	if !ok {
		t.Fatalf("%v is a %T", err, err)
	}
	return e
}

func TestPlanTellsWhatItGuessedAndLeft(t *testing.T) {
	t.Parallel()
	p, err := intake.NewPlan(columns, []string{"name", "owner", "dir"}, intake.Wishes{Map: map[string]string{"azimuth_deg": "dir"}}, shanghai)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Assignments[0].String(); got != "name ← name (by its name)" {
		t.Error(got)
	}
	if got := p.Assignments[1].String(); got != "azimuth_deg ← dir" {
		t.Error(got)
	}
	if fmt.Sprint(p.Unused) != "[owner]" {
		t.Error(p.Unused)
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	const square, two = "POLYGON((0 0,1 0,1 1,0 0))", "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))"
	for _, c := range []struct {
		in    string
		want  intake.Shape
		apart bool
		out   string // geometries, or "! reason"
	}{
		{"POINT(1 2)", intake.Point, false, "POINT(1 2)"}, {"MULTIPOINT((1 2))", intake.Point, false, "POINT(1 2)"}, {"POINT(1 2)", intake.MultiPoint, false, "MULTIPOINT((1 2))"},
		{"MULTIPOINT((1 2),(3 4))", intake.Point, false, "! multipart"}, {"MULTIPOINT((1 2),(3 4))", intake.Point, true, "POINT(1 2) POINT(3 4)"},
		{square, intake.MultiPolygon, false, "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))"}, {two, intake.MultiPolygon, false, two}, {two, intake.Polygon, false, "! multipart"},
		{"GEOMETRYCOLLECTION(" + square + ")", intake.MultiPolygon, false, "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))"},
		{"GEOMETRYCOLLECTION(POINT(1 2)," + square + ")", intake.MultiPolygon, false, "! geometry_type"},
		{"POINT(1 2)", intake.Polygon, false, "! geometry_type"}, {square, intake.Point, true, "! geometry_type"},
		{"MULTILINESTRING((0 0,1 1))", intake.LineString, false, "LINESTRING(0 0,1 1)"}, {"LINESTRING(0 0,1 1)", intake.MultiLineString, false, "MULTILINESTRING((0 0,1 1))"},
		{two, intake.AnyShape, false, two},
	} {
		g, err := wkt.Unmarshal(c.in)
		if err != nil {
			t.Fatal(err)
		}
		out, err := intake.Fit(g, c.want, c.apart)
		var got []string
		for _, g := range out {
			got = append(got, wkt.MarshalString(g))
		}
		if err != nil {
			got = []string{"! " + reason(err)}
		}
		if s := strings.Join(got, " "); s != c.out {
			t.Errorf("%s as %s: %s, want %s", c.in, c.want, s, c.out)
		}
	}
}

func TestCheckRings(t *testing.T) {
	t.Parallel()
	open := orb.Polygon{{{0, 0}, {1, 0}, {1, 1}}}
	if _, err := intake.CheckRings(open, false); reason(err) != "open_ring" {
		t.Error(err)
	}
	if mended, err := intake.CheckRings(open, true); err != nil || !mended || len(open[0]) != 4 || !open[0].Closed() {
		t.Error(mended, err, open)
	}
	for in, want := range map[string]orb.Geometry{"too_few_points": orb.Polygon{{{0, 0}, {1, 0}, {0, 0}}}, "empty_polygon": orb.MultiPolygon{{}}} {
		if _, err := intake.CheckRings(want, true); reason(err) != in {
			t.Errorf("%s: %v", in, err)
		}
	}
	if _, err := intake.CheckRings(orb.LineString{{0, 0}}, true); reason(err) != "too_few_points" {
		t.Error(err)
	}
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		at   orb.Point
		want string // one of them
		not  string
	}{
		{"degrees", orb.Point{119.69, 29.79}, "--crs gcj02", "EPSG:4549"},
		{"degrees the other way round", orb.Point{29.79, 119.69}, "--crs wgs84 with the two coordinates the other way round", ""},
		{"3° zone 40", orb.Point{40470000, 3297000}, "EPSG:4528", "EPSG:4549"},
		{"6° zone 20", orb.Point{20760000, 3299000}, "EPSG:4498", "EPSG:4528"},
		{"no zone", orb.Point{470000, 3297000}, "EPSG:4549", "EPSG:4528"},
		{"northing first", orb.Point{3297000, 40470000}, "--crs EPSG:4528 (CGCS2000, 3° zone 40) with the two coordinates the other way round", ""},
		{"Web Mercator", orb.Point{13324000, 3475000}, "EPSG:3857", "EPSG:4549"},
	} {
		var all []string
		for _, k := range intake.Candidates([]orb.Point{c.at}) {
			all = append(all, k.String())
		}
		list := strings.Join(all, "\n")
		if !strings.Contains(list, c.want) || c.not != "" && strings.Contains(list, c.not) {
			t.Errorf("%s:\n%s", c.name, list)
		}
	}
	if intake.Candidates(nil) != nil {
		t.Error("candidates for nothing")
	}
	swapped := intake.Candidate{Name: string(crs.WGS84), Swapped: true}
	if p := swapped.Convert(orb.Point{1, 2}); p != (orb.Point{2, 1}) {
		t.Error(p)
	}
}

func TestSampleIsEvenAndSmall(t *testing.T) {
	t.Parallel()
	var s intake.Sample
	for i := range 100_000 {
		s.Add(orb.Point{float64(i), 0})
	}
	n := len(s.Points)
	if n < 200 || n > 512 {
		t.Fatalf("%d points are kept", n)
	}
	for i := 2; i < n; i++ {
		if s.Points[i][0]-s.Points[i-1][0] != s.Points[i-1][0]-s.Points[i-2][0] {
			t.Fatalf("uneven at %d", i)
		}
	}
}

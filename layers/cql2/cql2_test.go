package cql2

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Examples of OGC 21-065r2, and their canonical text ("" when they are it already).
var examples = []struct{ text, canonical string }{
	{"avg(windSpeed) < 4", ""},
	{"city='Toronto'", "city = 'Toronto'"},
	{"balance-150.0 > 0", "balance - 150 > 0"},
	{"updated >= DATE('1970-01-01')", ""},
	{"city<>'Toronto'", "city <> 'Toronto'"},
	{"balance>=150.0", "balance >= 150"},
	{"name LIKE 'Smith.%'", ""},
	{"name NOT LIKE 'Smith.%'", ""},
	{"depth BETWEEN 100.0 and 150.0", "depth BETWEEN 100 AND 150"},
	{"depth NOT BETWEEN 100.0 and 150.0", "depth NOT BETWEEN 100 AND 150"},
	{"cityName IN ('Toronto','Frankfurt','Tokyo','New York')", "cityName IN ('Toronto', 'Frankfurt', 'Tokyo', 'New York')"},
	{"cityName NOT IN ('Toronto','Frankfurt')", "cityName NOT IN ('Toronto', 'Frankfurt')"},
	{"category IN (1,2,3,4)", "category IN (1, 2, 3, 4)"},
	{"geophys:mag IS NULL", ""},
	{"geophys:mag IS NOT NULL", ""},
	{"CASEI(road_class) IN (CASEI('Οδος'),CASEI('Straße'))", "CASEI(road_class) IN (CASEI('Οδος'), CASEI('Straße'))"},
	{"ACCENTI(etat_vol) = ACCENTI('débárquér')", ""},
	{"ACCENTI(CASEI(name)) LIKE ACCENTI(CASEI('chÂteau%'))", ""},
	{"S_INTERSECTS(geometry,POINT(36.319836 32.288087))", "S_INTERSECTS(geometry, POINT(36.319836 32.288087))"},
	{"S_INTERSECTS(road,POLYGON((43.7286 -79.2986, 43.7311 -79.2996, 43.7323 -79.2972, 43.7350 -79.2781, 43.7286 -79.2986)))", "S_INTERSECTS(road, POLYGON((43.7286 -79.2986, 43.7311 -79.2996, 43.7323 -79.2972, 43.735 -79.2781, 43.7286 -79.2986)))"},
	{"S_CONTAINS(geom,BBOX(-118,33.8,-117.9,34))", "S_CONTAINS(geom, BBOX(-118, 33.8, -117.9, 34))"},
	{"S_DISJOINT(POLYGON((1 1,2 1,2 2,1 1)), footprint)", "S_DISJOINT(POLYGON((1 1, 2 1, 2 2, 1 1)), footprint)"},
	{"S_WITHIN(location,BBOX(-118,33.8,0,-117.9,34,10))", "S_WITHIN(location, BBOX(-118, 33.8, -117.9, 34))"},
	{"S_EQUALS(MULTIPOINT((1 2),(3 4)), g)", "S_EQUALS(MULTIPOINT((1 2), (3 4)), g)"},
	{"S_EQUALS(MULTIPOINT(1 2,3 4), g)", "S_EQUALS(MULTIPOINT((1 2), (3 4)), g)"},
	{"S_CROSSES(g, LINESTRING(172.03086 1.5, 1.1 -90.0))", "S_CROSSES(g, LINESTRING(172.03086 1.5, 1.1 -90))"},
	{"S_INTERSECTS(g, LINESTRING Z(-180.0 -45.0 0.0, 0.0 -45.0 0.0))", "S_INTERSECTS(g, LINESTRING(-180 -45, 0 -45))"},
	{"S_INTERSECTS(g, POINT(1 2 3))", "S_INTERSECTS(g, POINT(1 2))"},
	{"S_TOUCHES(g, MULTILINESTRING((-1.9 -0.99, 75.292574 1.5), (-9.98 41.5, 4.9 -0.74)))", ""},
	{"S_OVERLAPS(g, MULTIPOLYGON(((1 1, 2 1, 2 2, 1 1)), ((3 3, 4 3, 4 4, 3 3))))", ""},
	{"S_INTERSECTS(g, GEOMETRYCOLLECTION(POINT(1.9 2.00001), LINESTRING(1 2, 3 4)))", ""},
	{"T_AFTER(built,DATE('2020-01-01'))", "T_AFTER(built, DATE('2020-01-01'))"},
	{"T_BEFORE(built,TIMESTAMP('2015-01-01T00:00:00Z'))", "T_BEFORE(built, TIMESTAMP('2015-01-01T00:00:00Z'))"},
	{"T_CONTAINS(INTERVAL('2000-01-01T00:00:00Z','2005-01-10T01:01:01.393216Z'),INTERVAL(starts_at,ends_at))", "T_CONTAINS(INTERVAL('2000-01-01T00:00:00Z', '2005-01-10T01:01:01.393216Z'), INTERVAL(starts_at, ends_at))"},
	{"T_DISJOINT(event_time,INTERVAL('..','2005-01-10T01:01:01.393216Z'))", "T_DISJOINT(event_time, INTERVAL('..', '2005-01-10T01:01:01.393216Z'))"},
	{"t_finishedby(INTERVAL(a,b),INTERVAL('1991-10-07','..'))", "T_FINISHEDBY(INTERVAL(a, b), INTERVAL('1991-10-07', '..'))"},
	{"updated = TIMESTAMP('2012-08-10T05:30:00+08:00')", "updated = TIMESTAMP('2012-08-09T21:30:00Z')"},
	{"A_CONTAINS(layer:ids, ('layers-ca','layers-us'))", "A_CONTAINS(layer:ids, ('layers-ca', 'layers-us'))"},
	{"A_EQUALS(values,('a',true,1.5,DATE('2020-01-01')))", "A_EQUALS(values, ('a', TRUE, 1.5, DATE('2020-01-01')))"},
	{"A_CONTAINEDBY(tags, ('x'))", ""},
	{"vehicle_height > (bridge_clearance-1)", "vehicle_height > bridge_clearance - 1"},
	{"value = 3 + 4 * 5 ^ 2", ""},
	{"(3 + 4) * 5 = v", ""},
	{"a - (b - c) = 0 AND a - b - c = 1", ""},
	{"foo = -1 AND bar = - baz", "foo = -1 AND bar = -1 * baz"},
	{"7 div 2 = 3 and 8 % 3 = 2", "7 DIV 2 = 3 AND 8 % 3 = 2"},
	{"NOT (a = 1 OR b = 2) AND NOT c = 3", ""},
	{"a = 1 OR (b = 2 AND (c = 3 AND d = 4))", "a = 1 OR b = 2 AND c = 3 AND d = 4"},
	{"(a = 1 OR b = 2) AND c = 3", ""},
	{"not not a = 1", "NOT NOT a = 1"},
	{"name = 'it''s'", ""},
	{`name = 'it\'s'`, "name = 'it''s'"},
	{`name = U&'ends with \005C'`, ""},
	{`name LIKE '50\%'`, ""},
	{`"date" > DATE('2020-01-01') AND "my ""name""" = 1 AND "and" = 2`, `date > DATE('2020-01-01') AND "my ""name""" = 1 AND "and" = 2`},
	{"道路名 = '中山路'", ""},
	{"TRUE", ""},
	{"flag = FALSE", ""},
	{"flag", ""},
	{"(a = 1) = TRUE", ""},
	{"Foo(geometry) = TRUE", ""},
	{"id = 9007199254740993", ""},
	{"x = 1e3 AND y = 1.5E-7", "x = 1000 AND y = 1.5e-07"},
}

func TestExamplesOfTheStandard(t *testing.T) {
	t.Parallel()
	for _, c := range examples {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			e, err := ParseText(c.text)
			if err != nil {
				t.Fatal(err)
			}
			want := c.canonical
			if want == "" {
				want = c.text
			}
			if got := Text(e); got != want {
				t.Fatalf("canonical text\n%s\nwant\n%s", got, want)
			}
			checkForms(t, e)
		})
	}
}

// checkForms follows e through both forms and back.
func checkForms(t interface {
	Helper()
	Fatalf(string, ...any)
}, e Expr) {
	t.Helper()
	text := Text(e)
	again, err := ParseText(text)
	if err != nil {
		t.Fatalf("canonical text %s: %v", text, err)
	}
	if got := Text(again); got != text {
		t.Fatalf("text is not stable:\n%s\n%s", text, got)
	}
	b, err := JSON(e)
	if err != nil {
		t.Fatalf("JSON: %v", err)
	}
	fromJSON, err := ParseJSON(b)
	if err != nil {
		t.Fatalf("JSON %s: %v", b, err)
	}
	if got := Text(fromJSON); got != text {
		t.Fatalf("by way of JSON %s:\n%s\nwant\n%s", b, got, text)
	}
}

func TestJSONExamples(t *testing.T) {
	t.Parallel()
	cases := []struct{ json, text string }{
		{`{"op":"=","args":[{"property":"beamMode"},"spotlight"]}`, "beamMode = 'spotlight'"},
		{`{"op":"and","args":[{"op":">","args":[{"property":"floors"},5]},{"op":"=","args":[{"property":"swimming_pool"},true]}]}`, "floors > 5 AND swimming_pool = TRUE"},
		{`{"args":[{"property":"cloud"},{"op":"+","args":[1,2]}],"op":"<="}`, "cloud <= 1 + 2"},
		{`{"op":"like","args":[{"op":"casei","args":[{"property":"name"}]},{"op":"casei","args":["a%"]}]}`, "CASEI(name) LIKE CASEI('a%')"},
		{`{"op":"between","args":[{"property":"depth"},100,150]}`, "depth BETWEEN 100 AND 150"},
		{`{"op":"in","args":[{"property":"c"},["a","b"]]}`, "c IN ('a', 'b')"},
		{`{"op":"not","args":[{"op":"isNull","args":[{"property":"x"}]}]}`, "x IS NOT NULL"},
		{`{"op":"s_intersects","args":[{"property":"g"},{"type":"Point","coordinates":[1,2,3]}]}`, "S_INTERSECTS(g, POINT(1 2))"},
		{`{"op":"s_within","args":[{"property":"g"},{"bbox":[-118,33.8,-117.9,34]}]}`, "S_WITHIN(g, BBOX(-118, 33.8, -117.9, 34))"},
		{`{"op":"t_during","args":[{"property":"u"},{"interval":["1969-07-16","1969-07-24T16:50:35Z"]}]}`, "T_DURING(u, INTERVAL('1969-07-16', '1969-07-24T16:50:35Z'))"},
		{`{"op":"t_after","args":[{"interval":[{"property":"a"},".."]},{"date":"2020-01-01"}]}`, "T_AFTER(INTERVAL(a, '..'), DATE('2020-01-01'))"},
		{`{"op":"a_contains","args":[{"property":"t"},["x"]]}`, "A_CONTAINS(t, ('x'))"},
		{`{"op":"avg","args":[{"property":"w"}]}`, ""},
		{`{"op":"=","args":[{"op":"avg","args":[{"property":"w"}]},1.50]}`, "avg(w) = 1.5"},
		{`true`, "TRUE"},
	}
	for _, c := range cases {
		t.Run(c.json, func(t *testing.T) {
			t.Parallel()
			e, err := ParseJSON([]byte(c.json))
			if err != nil {
				t.Fatal(err)
			}
			if got := Text(e); c.text != "" && got != c.text {
				t.Errorf("text %s, want %s", got, c.text)
			}
			checkForms(t, e)
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("(", 60) + "a = 1" + strings.Repeat(")", 60)
	cases := []struct{ filter, lang, reason, position string }{
		{"", "", "filter_syntax", "1"},
		{"a = ", "", "filter_syntax", "5"},
		{"a = 1 b", "", "filter_syntax", "7"},
		{"a == 1", "", "filter_syntax", "4"},
		{"a = 'x", "", "filter_syntax", "5"},
		{"a ; b", "", "filter_syntax", "3"},
		{"a = 1 AND", "", "filter_syntax", "10"},
		{"a = NULL", "", "filter_syntax", "5"},
		{"a BETWEEN 1", "", "filter_syntax", "12"},
		{"a IN ()", "", "filter_arguments", "3"},
		{"a + 1", "", "filter_not_a_condition", "3"},
		{"'a' = 1", "", "filter_type", "5"},
		{"a LIKE b", "", "filter_arguments", "3"},
		{`a LIKE 'x\\'`, "", "", ""},
		{`a LIKE U&'x\005C'`, "", "filter_syntax", "3"},
		{"S_INTERSECTS(a)", "", "filter_arguments", "1"},
		{"S_INTERSECTS(a, 1)", "", "filter_type", "1"},
		{"S_INTERSECTS(a, POLYGON((0 0, 1 1, 0 1)))", "", "filter_geometry", "17"},
		{"S_INTERSECTS(a, POLYGON((0 0, 2 2, 2 0, 0 2, 0 0)))", "", "filter_geometry", "17"},
		{"S_INTERSECTS(a, BBOX(0, 1, 2))", "", "filter_geometry", "21"},
		{"T_AFTER(a, DATE('2020-13-01'))", "", "filter_time", "17"},
		{"T_AFTER(a, TIMESTAMP('2020-01-01'))", "", "filter_time", "22"},
		{"T_AFTER(a, INTERVAL('..', '..'))", "", "filter_time", "31"},
		{"T_AFTER(a, INTERVAL('2021-01-01', '2020-01-01'))", "", "filter_time", "47"},
		{"a = 1e400", "", "filter_number", "5"},
		{"TRUE < FALSE", "", "filter_type", "6"},
		{deep, "", "filter_too_deep", "49"},
		{strings.Repeat("a = 1 AND ", 2000) + "a = 1", "", "filter_too_large", "13655"},
		{"a = '" + strings.Repeat("x", MaxLength) + "'", "", "filter_too_large", "65537"},
		{"a = '\xff'", "", "filter_syntax", "5"},
		{"a = 1", "ecql", "unknown_filter_lang", ""},
		{`{"op":"="}`, "cql2-json", "filter_arguments", "1"},
		{`{"op":"=","args":[1]}`, "cql2-json", "filter_arguments", "1"},
		{`{"op":"=","args":[1,2],"op":"<"}`, "cql2-json", "filter_syntax", "28"},
		{`{"op":"and","args":[true]}`, "cql2-json", "filter_arguments", "1"},
		{`{"op":"a b","args":[true]}`, "cql2-json", "unknown_function", "1"},
		{`{"op":"=","args":[{"property":"a"},null]}`, "cql2-json", "filter_syntax", "35"},
		{`{"op":"=","args":[{"property":"a"},1]} x`, "cql2-json", "filter_syntax", "40"},
		{`[`, "cql2-json", "filter_syntax", "2"},
		{strings.Repeat("[", 100), "cql2-json", "filter_too_deep", "49"},
		{`{"op":"s_intersects","args":[{"property":"a"},{"type":"Point","coordinates":["x",1]}]}`, "cql2-json", "filter_geometry", "78"},
	}
	for _, c := range cases {
		name := c.filter
		if len(name) > 60 {
			name = name[:60]
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(c.filter, c.lang)
			if c.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var e *layers.Error
			if !errors.As(err, &e) || e.Code != layers.CodeInvalid || e.Reason != c.reason {
				t.Fatalf("error %v, want reason %s", err, c.reason)
			}
			if c.position != "" && e.Params["position"] != c.position {
				t.Errorf("position %s, want %s (%v)", e.Params["position"], c.position, err)
			}
		})
	}
}

var layer = layers.NewLayer(layers.Layer{Name: "thing", Geometry: layers.GeometryAny, Columns: []layers.Column{
	{Name: "n", Type: layers.ColumnInt}, {Name: "x", Type: layers.ColumnFloat}, {Name: "s", Type: layers.ColumnText}, {Name: "b", Type: layers.ColumnBool},
	{Name: "at", Type: layers.ColumnTime}, {Name: "tags", Type: layers.ColumnStrings}, {Name: "j", Type: layers.ColumnJSON}, {Name: "void", Type: layers.ColumnText},
}})

func TestMatch(t *testing.T) {
	t.Parallel()
	square := orb.Polygon{{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}, {{4, 4}, {6, 4}, {6, 6}, {4, 6}, {4, 4}}}
	f := &layers.Feature{ID: 7, Geometry: square, Bound: square.Bound(), Values: []any{int64(5), 2.5, "Château d'Eau", true,
		time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), []string{"a", "b"}, `{"k":1}`, nil}}
	cases := []struct {
		filter string
		want   bool
	}{
		{"id = 7 AND n = 5", true}, {"n = 5.0", true}, {"n > 4.5", true}, {"n <> 5", false}, {"n <= 5 AND n >= 5", true}, {"n < 5", false},
		{"x = 2.5", true}, {"x + n = 7.5", true}, {"n / 2 = 2.5", true}, {"n DIV 2 = 2", true}, {"n % 3 = 2", true}, {"n ^ 2 = 25", true}, {"-n = -5", true}, {"n * x - 0.5 = 12", true},
		{"n / 0 = 1", false}, {"NOT n / 0 = 1", false}, {"n / 0 IS NULL", true},
		{"n BETWEEN 5 AND 6", true}, {"n NOT BETWEEN 5 AND 6", false}, {"n IN (1, 5)", true}, {"n NOT IN (1, 5)", false},
		{"s = 'Château d''Eau'", true}, {"s > 'C' AND s < 'D'", true}, {"s IN ('x', 'Château d''Eau')", true},
		{"s LIKE 'Ch%'", true}, {"s LIKE '%_Eau'", true}, {"s LIKE 'ch%'", false}, {"CASEI(s) LIKE CASEI('CHÂ%')", true}, {"s LIKE '%'", true}, {"s LIKE ''", false},
		{"ACCENTI(s) LIKE 'Chateau%'", true}, {"ACCENTI(CASEI(s)) = ACCENTI(CASEI('CHATEAU D''EAU'))", true}, {`s LIKE 'Ch\%'`, false}, {"s NOT LIKE 'x%'", true},
		{"length(s) = 13", true}, {"abs(-3) = 3 AND ceil(x) = 3 AND floor(x) = 2", true},
		{"b", true}, {"b = TRUE", true}, {"NOT b", false}, {"b <> FALSE", true}, {"b IN (FALSE)", false},
		{"void IS NULL", true}, {"void = 'a'", false}, {"NOT void = 'a'", false}, {"void = 'a' OR n = 5", true}, {"void IS NOT NULL", false}, {"j IS NULL", false}, {"geometry IS NULL", false},
		{"at = TIMESTAMP('2026-03-04T05:06:07Z')", true}, {"at > DATE('2026-03-04')", true}, {"at < DATE('2026-03-05')", true},
		{"T_DURING(at, INTERVAL('2026-03-04', '..'))", true}, {"T_INTERSECTS(at, DATE('2026-03-04'))", true}, {"T_AFTER(at, DATE('2026-03-04'))", false},
		{"T_BEFORE(at, DATE('2026-03-05'))", true}, {"T_CONTAINS(INTERVAL('2026-01-01', '2026-12-31'), at)", true}, {"T_EQUALS(at, TIMESTAMP('2026-03-04T13:06:07+08:00'))", true},
		{"T_STARTS(at, INTERVAL(at, '..'))", true}, {"T_MEETS(at, INTERVAL(at, '..'))", true}, {"T_DISJOINT(at, INTERVAL('..', '2026-03-03'))", true},
		{"A_CONTAINS(tags, ('a'))", true}, {"A_CONTAINEDBY(tags, ('a', 'b', 'c'))", true}, {"A_EQUALS(tags, ('b', 'a'))", true}, {"A_OVERLAPS(tags, ('b', 'z'))", true}, {"A_OVERLAPS(tags, ('z'))", false},
		{"S_INTERSECTS(geometry, POINT(1 1))", true}, {"S_INTERSECTS(geometry, POINT(5 5))", false}, {"S_INTERSECTS(geometry, POINT(4 5))", true}, {"S_CONTAINS(geometry, POINT(1 1))", true}, {"S_CONTAINS(geometry, POINT(0 5))", false},
		{"S_TOUCHES(geometry, POINT(0 5))", true}, {"S_WITHIN(geometry, BBOX(-1, -1, 11, 11))", true}, {"S_WITHIN(geometry, BBOX(1, -1, 11, 11))", false}, {"S_DISJOINT(geometry, BBOX(4.5, 4.5, 5.5, 5.5))", true},
		{"S_INTERSECTS(geometry, BBOX(170, -90, -179, 90))", false}, {"S_INTERSECTS(geometry, BBOX(170, -90, 1, 90))", true}, {"S_CROSSES(geometry, LINESTRING(-1 1, 1 1))", true}, {"S_OVERLAPS(geometry, BBOX(-1, -1, 1, 1))", true},
		{"S_EQUALS(geometry, POLYGON((0 0, 0 10, 10 10, 10 0, 0 0), (4 4, 4 6, 6 6, 6 4, 4 4)))", true},
		{"TRUE", true}, {"FALSE", false},
	}
	for _, c := range cases {
		t.Run(c.filter, func(t *testing.T) {
			t.Parallel()
			e, err := ParseText(c.filter)
			if err != nil {
				t.Fatal(err)
			}
			m, err := Compile(e, layer)
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Match(f); got != c.want {
				t.Errorf("match %v", got)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct{ filter, reason string }{
		{"nothing = 1", "unknown_property"}, {"n = 'a'", "filter_type"}, {"s + 1 = 2", "filter_type"}, {"j = 'a'", "filter_type"}, {"S_INTERSECTS(n, POINT(1 1))", "filter_type"},
		{"T_AFTER(n, DATE('2020-01-01'))", "filter_type"}, {"avg(n) = 1", "unknown_function"}, {"length(n) = 1", "filter_type"}, {"A_CONTAINS(s, ('a'))", "filter_type"}, {"n", "filter_not_a_condition"},
	}
	for _, c := range cases {
		t.Run(c.filter, func(t *testing.T) {
			t.Parallel()
			e, err := ParseText(c.filter)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Compile(e, layer)
			var le *layers.Error
			if !errors.As(err, &le) || le.Reason != c.reason {
				t.Errorf("error %v, want %s", err, c.reason)
			}
		})
	}
}

// Once compiled, a filter costs no memory a feature.
func TestMatchAllocatesNothing(t *testing.T) {
	square := orb.Polygon{{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}}
	f := &layers.Feature{ID: 7, Geometry: square, Bound: square.Bound(), Values: []any{int64(5), 2.5, "Château", true, time.Now(), []string{"a"}, nil, nil}}
	e, err := ParseText("n + x > 2 AND CASEI(ACCENTI(s)) LIKE 'ch%' AND s NOT IN ('a', 'b') AND b AND T_AFTER(at, DATE('2020-01-01')) AND A_CONTAINS(tags, ('a')) AND " +
		"S_INTERSECTS(geometry, POLYGON((5 5, 15 5, 15 15, 5 5))) AND S_CONTAINS(geometry, POINT(1 1)) AND length(s) = 7")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Compile(e, layer)
	if err != nil {
		t.Fatal(err)
	}
	if !m.Match(f) {
		t.Fatal("no match")
	}
	if n := testing.AllocsPerRun(100, func() { m.Match(f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTransform(t *testing.T) {
	t.Parallel()
	e, err := ParseText("S_INTERSECTS(geometry, POINT(1 2)) AND S_WITHIN(geometry, BBOX(0, 0, 1, 1)) AND n = 1")
	if err != nil {
		t.Fatal(err)
	}
	got := Text(Transform(e, func(p orb.Point) orb.Point { return orb.Point{p[1] + 10, p[0]} }))
	want := "S_INTERSECTS(geometry, POINT(12 1)) AND S_WITHIN(geometry, POLYGON((10 0, 10 1, 11 1, 11 0, 10 0))) AND n = 1"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if !strings.HasPrefix(Text(e), "S_INTERSECTS(geometry, POINT(1 2))") {
		t.Error("the filter itself was changed")
	}
}

func TestJSONIsTheStandards(t *testing.T) {
	t.Parallel()
	e, err := ParseText("a NOT LIKE 'x%' AND S_WITHIN(g, BBOX(1, 2, 3, 4))")
	if err != nil {
		t.Fatal(err)
	}
	b, err := JSON(e)
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{"op":"and","args":[{"op":"not","args":[{"op":"like","args":[{"property":"a"},"x%"]}]},{"op":"s_within","args":[{"property":"g"},{"bbox":[1,2,3,4]}]}]}`), &want); err != nil {
		t.Fatal(err)
	}
	x, _ := json.Marshal(got)
	y, _ := json.Marshal(want)
	if string(x) != string(y) {
		t.Errorf("%s\nwant %s", x, y)
	}
}

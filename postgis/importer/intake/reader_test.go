package intake_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"wanglou/layers"
	"wanglou/postgis/importer/intake"
)

func decode(t testing.TB, in, encoding string) *intake.Text {
	t.Helper()
	text, err := intake.Decode(strings.NewReader(in), encoding)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// all reads to the end. Each row is "number@line fields geometry" or "number@line ! field reason".
func all(r intake.Reader) (rows []string, err error) {
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		s := fmt.Sprintf("%d@%d", row.Number, row.Line)
		if row.Err != nil {
			rows = append(rows, s+" ! "+row.Err.Field+" "+row.Err.Reason)
			continue
		}
		s += fmt.Sprintf(" %v", row.Fields)
		if row.Geometry != nil {
			s += " " + wkt.MarshalString(row.Geometry)
		}
		rows = append(rows, s)
	}
}

func reason(err error) string {
	var e *layers.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return fmt.Sprint(err)
}

const onePoint = `{"type":"Feature","properties":{"name":"桥"},"geometry":{"type":"Point","coordinates":[119.69,29.79,12.5]}}`

func TestGeoJSON(t *testing.T) {
	t.Parallel()
	row := `1@%d map[name:桥] POINT(119.69 29.79)`
	for _, c := range []struct {
		name, in string
		want     []string
		reason   string // of the error that ends it
		place    string // that its text has
	}{
		{name: "collection", in: `{"type":"FeatureCollection","features":[` + onePoint + `]}`, want: []string{fmt.Sprintf(row, 1)}},
		{name: "type last", in: "{\n\"features\":[\n" + onePoint + "\n],\n\"type\":\"FeatureCollection\"\n}\n", want: []string{fmt.Sprintf(row, 3)}},
		{name: "JavaScript", in: "var dataset = {\"type\":\"FeatureCollection\",\"features\":[\n" + onePoint + "]};", want: []string{fmt.Sprintf(row, 2)}},
		{name: "JSONP", in: `show({"type":"FeatureCollection","features":[` + onePoint + `]});`, want: []string{fmt.Sprintf(row, 1)}},
		{name: "lone feature", in: onePoint, want: []string{fmt.Sprintf(row, 1)}},
		{name: "no features", in: `{"type":"FeatureCollection","features":[]}`},
		{name: "null geometry", in: `{"type":"FeatureCollection","features":[{"type":"Feature","properties":null,"geometry":null}]}`, want: []string{"1@1 map[]"}},
		{name: "members that are none of ours", in: `{"type":"FeatureCollection","name":"x","bbox":[1,2,3,4],"features":[` + onePoint + `],"more":{"a":["]"]}}`, want: []string{fmt.Sprintf(row, 1)}},
		{name: "byte order mark", in: "\xEF\xBB\xBF" + `{"type":"FeatureCollection","features":[` + onePoint + `]}`, want: []string{fmt.Sprintf(row, 1)}},

		{name: "empty", in: " \n", reason: "empty_file"},
		{name: "HTML", in: "<html>", reason: "not_geojson"},
		{name: "a program", in: "eval(x); {}", reason: "not_geojson"},
		{name: "a geometry", in: `{"type":"Point","coordinates":[1,2]}`, reason: "not_geojson"},
		{name: "cut in a feature", in: `{"type":"FeatureCollection","features":[` + "\n" + onePoint + ",\n" + onePoint[:40], want: []string{fmt.Sprintf(row, 2)},
			reason: "truncated", place: "line 3"},
		{name: "cut behind a feature", in: `{"type":"FeatureCollection","features":[` + onePoint, want: []string{fmt.Sprintf(row, 1)}, reason: "truncated"},
		{name: "brackets out of order", in: "{\"type\":\"FeatureCollection\",\"features\":[\n{\"type\":[1,2}]}", reason: "malformed_json", place: "line 2, column 13"},
		{name: "no comma", in: "{\"type\":\"FeatureCollection\",\"features\":[\n" + onePoint + "\n" + onePoint + "]}", want: []string{fmt.Sprintf(row, 2)},
			reason: "malformed_json", place: "line 3, column 1 "},
		{name: "comma too many", in: `{"type":"FeatureCollection","features":[` + onePoint + `,]}`, want: []string{fmt.Sprintf(row, 1)}, reason: "malformed_json"},
		{name: "something behind", in: `{"type":"FeatureCollection","features":[]} x`, reason: "malformed_json"},
		{name: "late crs", in: `{"type":"FeatureCollection","features":[` + onePoint + `],"crs":{"type":"name","properties":{"name":"EPSG:4549"}}}`,
			want: []string{fmt.Sprintf(row, 1)}, reason: "late_crs"},

		// Wrong in themselves: the others are read.
		{name: "syntax in a feature", in: "{\"type\":\"FeatureCollection\",\"features\":[\n{\"type\":\"Feature\",\n \"properties\":{\"a\":tru}},\n" + onePoint + "]}",
			want: []string{"1@2 ! file malformed_json", strings.Replace(fmt.Sprintf(row, 4), "1@", "2@", 1)}},
		{name: "not a feature", in: `{"type":"FeatureCollection","features":[{"type":"Point","coordinates":[1,2]}]}`, want: []string{"1@1 ! type not_geojson"}},
		{name: "one number", in: `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1]}}]}`,
			want: []string{"1@1 ! geometry.coordinates malformed_geometry"}},
		{name: "no number", in: `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":["119","29"]}}]}`,
			want: []string{"1@1 ! geometry.coordinates malformed_geometry"}},
		{name: "not deep enough", in: `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[1,2],[3,4]]}}]}`,
			want: []string{"1@1 ! geometry.coordinates malformed_geometry"}},
		{name: "no type of geometry", in: `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Circle","coordinates":[1,2]}}]}`,
			want: []string{"1@1 ! geometry.type unknown_value"}},
		{name: "bytes that are no text", in: "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"a\":\"\xff\xfe\"}}]}",
			want: []string{"1@1 ! encoding"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			encoding := ""
			if c.name == "bytes that are no text" {
				encoding, c.want = "utf-8", []string{"1@1 !  bad_encoding"}
			}
			rows, err := all(intake.NewGeoJSON(decode(t, c.in, encoding), intake.Limits{}))
			if strings.Join(rows, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("rows\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(c.want, "\n"))
			}
			if c.reason == "" && err != nil || c.reason != "" && (err == nil || reason(err) != c.reason || !strings.Contains(err.Error(), c.place)) {
				t.Errorf("ended with %v, want %s at %s", err, c.reason, c.place)
			}
		})
	}
}

func TestGeoJSONNamesItsPlaces(t *testing.T) {
	t.Parallel()
	in := "{\"type\":\"FeatureCollection\",\"features\":[\n{\"type\":\"Feature\",\n \"properties\":{\"a\":tru}}]}"
	row, err := intake.NewGeoJSON(decode(t, in, ""), intake.Limits{}).Next()
	if err != nil || row.Err == nil {
		t.Fatal(row, err)
	}
	if p := row.Err.Params; p["line"] != "3" || p["column"] != "23" {
		t.Errorf("the place is %v: %v", p, row.Err)
	}
	if at := strings.Index(in, "tru}") + 4; row.Err.Params["byte"] != fmt.Sprint(at) {
		t.Errorf("byte %s, want %d", row.Err.Params["byte"], at)
	}
}

func TestGeoJSONSequence(t *testing.T) {
	t.Parallel()
	in := onePoint + "\n\x1e" + onePoint + "\n\n" + onePoint
	rows, err := all(intake.NewGeoJSONSeq(decode(t, in, ""), intake.Limits{}))
	if err != nil || len(rows) != 3 || !strings.HasPrefix(rows[2], "3@4 ") {
		t.Errorf("%q, %v", rows, err)
	}
	_, err = all(intake.NewGeoJSONSeq(decode(t, onePoint+"\n[1]", ""), intake.Limits{}))
	if reason(err) != "malformed_json" {
		t.Errorf("an array: %v", err)
	}
}

func TestGeoJSONSaysItsCRS(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`"urn:ogc:def:crs:EPSG::4549"`:                  "EPSG:4549",
		`"EPSG:4528"`:                                   "EPSG:4528",
		`"http://www.opengis.net/def/crs/EPSG/0/32650"`: "EPSG:32650",
		`"urn:ogc:def:crs:OGC:1.3:CRS84"`:               "",
		`"urn:ogc:def:crs:EPSG::4326"`:                  "",
	} {
		g := intake.NewGeoJSON(decode(t, `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":`+in+`}},"features":[`+onePoint+`]}`, ""), intake.Limits{})
		if _, err := all(g); err != nil || g.CRS() != want {
			t.Errorf("%s: %q, %v", in, g.CRS(), err)
		}
	}
}

func TestRowsHaveALimit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	limit := intake.Limits{Row: 4000}
	for name, r := range map[string]intake.Reader{
		"geojson": intake.NewGeoJSON(decode(t, `{"type":"FeatureCollection","features":[{"a":"`+long+`"}]}`, ""), limit),
		"records": intake.NewRecords(decode(t, `[{"a":"`+long+`"}]`, ""), intake.Where{}, limit),
	} {
		if _, err := all(r); layers.ErrorCode(err) != layers.CodeTooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A quote that nobody closes would swallow the rest of the file.
	c, err := intake.NewCSV(decode(t, "a,b\n1,2\n3,\"4\n"+strings.Repeat("5,6\n", 50_000), ""), 0, intake.Where{}, limit)
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := all(c); layers.ErrorCode(err) != layers.CodeTooLarge || len(rows) != 1 {
		t.Errorf("csv: %d rows, %v", len(rows), err)
	}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		want     []string
		reason   string
	}{
		{"nested", "{\"A\":{\"M\":[{\"lat\":30.5,\"lon\":-88.2},\n{\"lat\":null,\"lon\":null}]}}",
			[]string{"1@1 map[key1:A key2:M lat:30.5 lon:-88.2] POINT(-88.2 30.5)", "2@2 map[key1:A key2:M lat:<nil> lon:<nil>]"}, ""},
		{"flat", `[{"x":"119.6","y":"29.7"}]`, []string{"1@1 map[x:119.6 y:29.7] POINT(119.6 29.7)"}, ""},
		{"text that is no number", `[{"x":"1","y":"2"},{"x":"east","y":"2"}]`, []string{"1@1 map[x:1 y:2] POINT(1 2)", "2@1 ! x not_a_number"}, ""},
		{"half a place", `[{"x":"1","y":"2"},{"x":1}]`, []string{"1@1 map[x:1 y:2] POINT(1 2)", "2@1 ! y required"}, ""},
		{"geometry inside", `[{"geometry":{"type":"Point","coordinates":[1,2]}}]`, []string{"1@1 map[geometry:map[coordinates:[1 2] type:Point]] POINT(1 2)"}, ""},
		{"no rows", `{"a":1,"b":[1,2]}`, nil, ""},
		{"no JSON", `hello`, nil, "not_json"},
		{"cut", `{"a":[{"x":1`, nil, "truncated"},
		{"deep", strings.Repeat("[", 100), nil, "malformed_json"},
		{"behind the end", `[] []`, nil, "malformed_json"},
	} {
		rows, err := all(intake.NewRecords(decode(t, c.in, ""), intake.Where{}, intake.Limits{}))
		if strings.Join(rows, "\n") != strings.Join(c.want, "\n") || c.reason == "" && err != nil || c.reason != "" && reason(err) != c.reason {
			t.Errorf("%s: %q, %v", c.name, rows, err)
		}
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	gbk, err := simplifiedchinese.GB18030.NewEncoder().String("名称,经度,纬度\n桐君山,119.693,29.8255\n")
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("name\tlon\tlat\n桥\t1\t2\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, in, encoding string
		want               []string
		reason             string // of the error that ends it
	}{
		{"commas", "name,lon,lat\n桥,1,2\n", "", []string{"1@2 map[lat:2 lon:1 name:桥] POINT(1 2)"}, ""},
		{"tabs and a byte order mark", "\xEF\xBB\xBFname\tlon\tlat\r\n桥\t1\t2\r\n", "", []string{"1@2 map[lat:2 lon:1 name:桥] POINT(1 2)"}, ""},
		{"semicolons", "name;lon;lat\na,b;1;2\n", "", []string{"1@2 map[lat:2 lon:1 name:a,b] POINT(1 2)"}, ""},
		{"GBK", gbk, "", []string{"1@2 map[名称:桐君山 纬度:29.8255 经度:119.693] POINT(119.693 29.8255)"}, ""},
		{"UTF-16", utf16, "", []string{"1@2 map[lat:2 lon:1 name:桥] POINT(1 2)"}, ""},
		{"GBK said to be UTF-8", gbk, "utf-8", nil, "bad_encoding"},
		{"lines in quotes", "name,lon,lat\n\"a\nb\",1,2\nc,3,4\n", "", []string{"1@2 map[lat:2 lon:1 name:a\nb] POINT(1 2)", "2@4 map[lat:4 lon:3 name:c] POINT(3 4)"}, ""},
		{"degrees and minutes", "经度,纬度\n119°41′24″,\"29°47'24\"\"N\"\n", "", []string{"1@2 map[纬度:29°47'24\"N 经度:119°41′24″] POINT(119.69 29.79)"}, ""},
		{"both in one", "name,坐标\na,\"119.69, 29.79\"\n", "", []string{"1@2 map[name:a 坐标:119.69, 29.79] POINT(119.69 29.79)"}, ""},
		{"WKT", "wkt\n\"LINESTRING(1 2,3 4)\"\n", "", []string{"1@2 map[wkt:LINESTRING(1 2,3 4)] LINESTRING(1 2,3 4)"}, ""},
		{"bad WKT", "wkt\nLINE(1 2)\n", "", []string{"1@2 ! wkt malformed_geometry"}, ""},
		{"no coordinates at all", "code,name\n1,a\n", "", []string{"1@2 map[code:1 name:a]"}, ""},
		{"empty lines, empty columns behind", "a,b\n\n1,2,,\n", "", []string{"1@3 map[a:1 b:2]"}, ""},
		{"a name twice, a name missing", "a,a,\n1,2,3\n", "", []string{"1@2 map[a:1 a_2:2 column3:3]"}, ""},
		{"too few", "a,b\n1\n3,4\n", "", []string{"1@2 !  field_count", "2@3 map[a:3 b:4]"}, ""},
		{"too many", "a,b\n1,2,3\n", "", []string{"1@2 !  field_count"}, ""},
		{"a quote inside", "a,b\nx\"y,2\n3,4\n", "", []string{"1@2 ! file malformed_csv", "2@3 map[a:3 b:4]"}, ""},
		{"header alone", "a,b\n", "", nil, ""},
		{"nothing", "\n \n", "", nil, "empty_file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := intake.NewCSV(decode(t, c.in, c.encoding), 0, intake.Where{}, intake.Limits{})
			var rows []string
			if err == nil {
				rows, err = all(r)
			}
			if strings.Join(rows, "\n") != strings.Join(c.want, "\n") || c.reason == "" && err != nil || c.reason != "" && reason(err) != c.reason {
				t.Errorf("%q, %v", rows, err)
			}
		})
	}
}

func TestCSVWhere(t *testing.T) {
	t.Parallel()
	in := "a,b,c\n1,2,3\n"
	if _, err := intake.NewCSV(decode(t, in, ""), 0, intake.Where{X: "a", Y: "z"}, intake.Limits{}); reason(err) != "unknown_field" || !strings.Contains(err.Error(), "a, b, c") {
		t.Error(err)
	}
	if _, err := intake.NewCSV(decode(t, in, ""), 0, intake.Where{X: "a"}, intake.Limits{}); reason(err) != "incomplete" {
		t.Error(err)
	}
	c, err := intake.NewCSV(decode(t, in, ""), 0, intake.Where{X: "c", Y: "a"}, intake.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if row, err := c.Next(); err != nil || row.Geometry != (orb.Point{3, 1}) {
		t.Error(row, err)
	}
}

func TestDecodeRefusesWhatIsNoText(t *testing.T) {
	t.Parallel()
	if _, err := intake.Decode(strings.NewReader("a\xff\xff\xff\x80b"), ""); reason(err) != "bad_encoding" {
		t.Error(err)
	}
	if _, err := intake.Decode(strings.NewReader("a"), "ebcdic"); reason(err) != "unknown_value" {
		t.Error(err)
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	row := func(in string) string {
		r, err := intake.NewGeoJSON(decode(t, in, ""), intake.Limits{}).Next()
		if err != nil {
			t.Fatal(err)
		}
		f, err := r.Fingerprint()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	a := row(`{"type":"Feature","properties":{"a":1,"b":2},"geometry":{"type":"Point","coordinates":[1,2]}}`)
	if b := row(`{"type":"Feature","geometry":{"coordinates":[1,2],"type":"Point"},"properties":{"b":2,"a":1}}`); a != b {
		t.Error("the order of members counts")
	}
	for _, other := range []string{`{"type":"Feature","properties":{"a":1,"b":3},"geometry":{"type":"Point","coordinates":[1,2]}}`,
		`{"type":"Feature","properties":{"a":1,"b":2},"geometry":{"type":"Point","coordinates":[1,3]}}`} {
		if row(other) == a {
			t.Errorf("%s is taken for the same", other)
		}
	}
}

package importer_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/crs"
	"wanglou/postgis"
	"wanglou/postgis/importer"
	"wanglou/postgis/importer/intake"
	"wanglou/postgis/postgistest"
)

// operator is who imports.
func operator(ctx context.Context) context.Context {
	u := &auth.User{ID: 0, Login: "command line", Roles: []auth.Role{auth.RoleAdmin}, Areas: []string{auth.Everywhere}}
	return auth.WithActor(ctx, &auth.Actor{User: u, Scope: u.Scope(), Remote: "local"})
}

func file(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t testing.TB, db *postgis.DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.Pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// ask returns one value as text.
func ask(t testing.TB, db *postgis.DB, sql string, args ...any) string {
	t.Helper()
	var s string
	if err := db.Pool.QueryRow(t.Context(), "SELECT coalesce(("+sql+")::text, 'NULL')", args...).Scan(&s); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}

func is(t testing.TB, db *postgis.DB, want, sql string, args ...any) {
	t.Helper()
	if got := ask(t, db, sql, args...); got != want {
		t.Errorf("%s is %s, want %s", sql, got, want)
	}
}

func do(t testing.TB, db *postgis.DB, o importer.Options) (*importer.Report, error) {
	t.Helper()
	o.Show = 20
	return importer.Import(operator(t.Context()), db, o)
}

func must(t testing.TB, db *postgis.DB, o importer.Options) *importer.Report {
	t.Helper()
	r, err := do(t, db, o)
	if err != nil {
		t.Fatalf("%v\n%v", err, r.Errors)
	}
	return r
}

func reason(err error) string {
	var e *layers.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return fmt.Sprint(err)
}

// county puts up a county of two towns, 119.5–119.9° E, 29.7–29.9° N.
func county(t testing.TB, db *postgis.DB) {
	t.Helper()
	run(t, db, `INSERT INTO area (code, path, level, name, geom) VALUES ('330122', '330122', 'county', '桐庐县', ST_Multi(ST_MakeEnvelope(119.5, 29.7, 119.9, 29.9, 4326)))`)
	run(t, db, `INSERT INTO area (code, parent_id, path, level, name, geom) SELECT c, a.id, '330122.' || c, 'town', c, ST_Multi(ST_MakeEnvelope(x, 29.7, x + 0.2, 29.9, 4326))
		FROM area a, (VALUES ('330122001', 119.5), ('330122002', 119.7)) v(c, x)`)
}

const cameras = `编号,名称,经度,纬度,状态,方位角
c1,春江路口,119.6,29.8,online,北
c2,迎春路口,119.8,29.8,offline,90
c3,大桥,119.85,29.75,,
`

func TestCamerasComeAndComeAgain(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	county(t, db)
	o := importer.Options{File: file(t, "cameras.csv", cameras), Layer: "camera", ID: "编号"}
	r := must(t, db, o)
	if r.Inserted != 3 || r.Updated != 0 || r.Rows != 3 {
		t.Errorf("%+v", r)
	}
	is(t, db, "c1:春江路口:330122.330122001:online:0 c2:迎春路口:330122.330122002:offline:90 c3:大桥:330122.330122002:unknown:",
		`SELECT string_agg(concat_ws(':', source_id, name, area_path, status, coalesce(azimuth_deg::text, '')), ' ' ORDER BY source_id) FROM camera WHERE source = 'cameras'`)
	// The same again.
	if r := must(t, db, o); r.Inserted != 0 || r.Updated != 0 || r.Unchanged != 3 {
		t.Errorf("again: %+v", r)
	}
	is(t, db, "0", `SELECT count(*) FROM camera_log`)
	// Changed, one gone, one new.
	o.File = file(t, "cameras.csv", strings.Replace(strings.Replace(cameras, "119.6,29.8,online", "119.75,29.8,offline", 1), "c3,大桥", "c4,小桥", 1))
	if r := must(t, db, o); r.Inserted != 1 || r.Updated != 1 || r.Unchanged != 1 {
		t.Errorf("changed: %+v", r)
	}
	is(t, db, "330122.330122002", `SELECT area_path FROM camera WHERE source_id = 'c1'`)
	is(t, db, "online→offline", `SELECT from_status || '→' || to_status FROM camera_log`)
	is(t, db, "4", `SELECT count(*) FROM camera`)
	o.Prune = true
	if r := must(t, db, o); r.Deleted != 1 {
		t.Errorf("pruned: %+v", r)
	}
	is(t, db, "3", `SELECT count(*) FROM camera`)
	is(t, db, "4 layer.import layer/camera command line", `SELECT count(*) || ' ' || min(action) || ' ' || min(subject) || ' ' || min(login) FROM audit_log`)
	is(t, db, "1", `SELECT details->>'updated' FROM audit_log ORDER BY id OFFSET 2 LIMIT 1`)
}

func TestRowsWithoutAnIDAreKnownByTheirContent(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	reports := `{"type":"FeatureCollection","features":[` + strings.Repeat(`{"type":"Feature","id":%d,"properties":{"title":"垃圾满溢"},"geometry":{"type":"Point","coordinates":[119.6,29.8]}},`, 2) +
		`{"type":"Feature","properties":{"title":"道路破损"},"geometry":null}]}`
	o := importer.Options{File: file(t, "a.geojson", fmt.Sprintf(reports, 1, 2)), Layer: "report"}
	if r := must(t, db, o); r.Inserted != 3 {
		t.Errorf("%+v", r)
	}
	o.File = file(t, "a.geojson", fmt.Sprintf(reports, 5, 6)) // numbered anew
	if r := must(t, db, o); r.Inserted != 0 || r.Unchanged != 3 {
		t.Errorf("again: %+v", r)
	}
	is(t, db, "import received 垃圾满溢", `SELECT channel || ' ' || state || ' ' || (raw->>'title') FROM report ORDER BY id LIMIT 1`)
}

func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	county(t, db)
	r := must(t, db, importer.Options{File: file(t, "cameras.csv", cameras), Layer: "camera", DryRun: true})
	if r.Inserted != 3 || len(r.Mapping) != 3 || r.Mapping[0] != "name ← 名称 (by its name)" {
		t.Errorf("%+v", r)
	}
	r = must(t, db, importer.Options{File: file(t, "shops.csv", "店名,经度,纬度\n一,119.6,29.8\n"), Layer: "shop", New: true, DryRun: true})
	if r.Inserted != 1 {
		t.Errorf("%+v", r)
	}
	is(t, db, "0 0 NULL", `SELECT concat_ws(' ', (SELECT count(*) FROM camera), (SELECT count(*) FROM audit_log), coalesce(to_regclass('shop')::text, 'NULL'))`)
}

func TestWrongRowsAreNamedAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	county(t, db)
	run(t, db, `INSERT INTO camera (name, device_id, geom) VALUES ('old', '33012200001320000009', ST_SetSRID(ST_MakePoint(119.6, 29.8), 4326))`)
	path := file(t, "cameras.csv", `编号,name,device_id,status,height_m,azimuth_deg,lon,lat
1,good,,online,3,0,119.6,29.8
2,,,online,,,119.6,29.8
3,bad status,,broken,,,119.6,29.8
4,bad height,,,tall,,119.6,29.8
5,bad azimuth,,,,360,119.6,29.8
6,swapped,,,,,29.8,119.6
7,nowhere,,,,,,
8,world,,,,,412,29.8
9,short id,123,,,,119.6,29.8
10,taken id,33012200001320000009,,,,119.6,29.8
11,one,33012200001320000001,,,,119.6,29.8
12,same device,33012200001320000001,,,,119.6,29.8
1,same key,,,,,119.6,29.8
14,zero,,,,,0,0
15
`)
	o := importer.Options{File: path, Layer: "camera", ID: "编号"}
	r, err := do(t, db, o)
	if reason(err) != "rows_refused" {
		t.Fatal(err)
	}
	want := []string{"2 name required", "3 status unknown_value", "4 height_m not_a_number", "5 azimuth_deg out_of_range", "6 geometry swapped_coordinates", "7 geometry required",
		"8 geometry outside_world", "9 device_id bad_device_id", "10 device_id already_exists", "12 device_id already_exists", "13 id repeated_key", "14 geometry null_island", "15  field_count"}
	var got []string
	for _, e := range r.Errors {
		got = append(got, fmt.Sprintf("%d %s %s", e.Row, e.Err.Field, e.Err.Reason))
		if e.Line != e.Row+1 {
			t.Errorf("row %d is said to stand in line %d", e.Row, e.Line)
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("errors\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if r.Refused != 13 || r.Rows != 15 || r.Counts["device_id: already_exists"] != 2 {
		t.Errorf("%+v", r)
	}
	is(t, db, "1 0", `SELECT (SELECT count(*) FROM camera) || ' ' || (SELECT count(*) FROM audit_log)`)
	o.Skip = 13
	if r := must(t, db, o); r.Inserted != 2 {
		t.Errorf("with the wrong ones left out: %+v", r)
	}
}

func TestWishesThatCannotBe(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	path := file(t, "a.csv", "name,lon,lat\na,119.6,29.8\n")
	for want, o := range map[string]importer.Options{
		"unknown_layer": {File: path, Layer: "nothing"}, "not_allowed": {File: path, Layer: "incident"},
		"unknown_column": {File: path, Layer: "camera", Plan: intake.Wishes{Map: map[string]string{"colour": "name"}}},
		"unknown_field":  {File: path, Layer: "camera", ID: "nr"}, "unknown_crs": {File: path, Layer: "camera", CRS: "mars"},
		"required": {File: path, Layer: "report"}, "too_many_rows": {File: file(t, "b.csv", "name,lon,lat\na,1,1\na,1,1\n"), Layer: "camera", MaxRows: 1},
		"empty_file": {File: file(t, "c.csv", "name,lon,lat\n"), Layer: "camera"},
	} {
		if _, err := do(t, db, o); reason(err) != want {
			t.Errorf("%+v: %v, want %s", o, err, want)
		}
	}
	for _, o := range []importer.Options{{File: path, Layer: "camera", Source: "demo"}, {File: path, Layer: "app_user"}, {File: path, Layer: "camera; drop table camera"},
		{File: path, Layer: "camera", CRS: "EPSG:999999"}, {File: path, Layer: "area", Prune: true}, {File: path, Layer: "permit", ID: "name", Plan: intake.Wishes{Map: map[string]string{"number": "name"}}}} {
		if _, err := do(t, db, o); layers.ErrorCode(err) != layers.CodeInvalid {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// outline is a permit's file with one polygon.
func outline(ring string) string {
	return `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"number":"p1"},"geometry":{"type":"Polygon","coordinates":[` + ring + `]}}]}`
}

const bowTie = "[[119.6,29.8],[119.61,29.81],[119.61,29.8],[119.6,29.81],[119.6,29.8]]"

func TestOutlinesThatCrossThemselves(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	county(t, db)
	o := importer.Options{File: file(t, "permits.geojson", outline(bowTie)), Layer: "permit"}
	r, err := do(t, db, o)
	if reason(err) != "rows_refused" || len(r.Errors) != 1 || r.Errors[0].Err.Reason != "self_intersection" {
		t.Fatal(err, r.Errors)
	}
	if p := r.Errors[0].Err.Params; p["lon"] != "119.605000" || p["lat"] != "29.805000" {
		t.Errorf("the place is %v", p)
	}
	o.Repair = true
	r = must(t, db, o)
	if r.Repairs.Rows != 1 || len(r.Repairs.Examples) != 1 || !strings.Contains(r.Repairs.Examples[0], "in 2 parts") || r.Repairs.Gained+r.Repairs.Lost < 1000 {
		t.Errorf("%+v", r.Repairs)
	}
	is(t, db, "true 2 330122.330122001", `SELECT concat_ws(' ', ST_IsValid(geom)::text, ST_NumGeometries(geom), area_path) FROM permit`)

	o.File = file(t, "open.geojson", outline("[[119.6,29.8],[119.61,29.8],[119.61,29.81]]"))
	if r := must(t, db, o); r.Repairs.Closed != 1 || r.Updated != 1 {
		t.Errorf("%+v", r)
	}
	// A line that goes out and back has no area to be repaired to.
	o.File = file(t, "flat.geojson", outline("[[119.6,29.8],[119.61,29.8],[119.62,29.8],[119.6,29.8]]"))
	if r, err := do(t, db, o); err == nil || r.Errors[0].Err.Reason != "empty_polygon" {
		t.Error(err, r.Errors)
	}
	o.Repair = false
	o.File = file(t, "open.geojson", outline("[[119.6,29.8],[119.61,29.8],[119.61,29.81]]"))
	if r, err := do(t, db, o); err == nil || r.Errors[0].Err.Reason != "open_ring" {
		t.Error(err, r.Errors)
	}
}

// points makes a table of points spread over the county, each moved by f.
func points(n int, f func(orb.Point) orb.Point) string {
	var b strings.Builder
	b.WriteString("name,x,y\n")
	for i := range n {
		p := f(orb.Point{119.505 + 0.39*math.Mod(float64(i)*0.618034, 1), 29.705 + 0.19*math.Mod(float64(i)*0.414214, 1)})
		fmt.Fprintf(&b, "camera %d,%.9f,%.9f\n", i, p[0], p[1])
	}
	return b.String()
}

func TestCoordinatesInEverySystem(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	county(t, db)
	world := file(t, "world.csv", points(20, func(p orb.Point) orb.Point { return p }))
	must(t, db, importer.Options{File: world, Layer: "camera", ID: "name"})
	for name, to := range map[string]func(orb.Point) orb.Point{
		"gcj02":     func(p orb.Point) orb.Point { return crs.FromWGS84(crs.GCJ02, p) },
		"bd09":      func(p orb.Point) orb.Point { return crs.FromWGS84(crs.BD09, p) },
		"EPSG:4549": func(p orb.Point) orb.Point { return project(t, db, 4549, p) }, "EPSG:4528": func(p orb.Point) orb.Point { return project(t, db, 4528, p) },
		"EPSG:3857": func(p orb.Point) orb.Point { return project(t, db, 3857, p) }, "cgcs2000": func(p orb.Point) orb.Point { return p },
	} {
		r := must(t, db, importer.Options{File: file(t, "x.csv", points(20, to)), Layer: "camera", ID: "name", Source: name, CRS: name})
		if r.Inserted != 20 {
			t.Errorf("%s: %+v", name, r)
		}
		off := ask(t, db, `SELECT max(ST_Distance(a.geom::geography, b.geom::geography)) < 0.01 FROM camera a JOIN camera b USING (source_id) WHERE a.source = 'world' AND b.source = $1`, name)
		if off != "true" {
			t.Errorf("%s is more than 1 cm off", name)
		}
	}
}

func project(t testing.TB, db *postgis.DB, srid int, p orb.Point) (q orb.Point) {
	t.Helper()
	err := db.Pool.QueryRow(t.Context(), `SELECT ST_X(g), ST_Y(g) FROM ST_Transform(ST_SetSRID(ST_MakePoint($1, $2), 4326), $3::int) g`, p[0], p[1], srid).Scan(&q[0], &q[1])
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestTheRightSystemIsSuggested(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	county(t, db)
	for _, c := range []struct {
		name string
		to   func(orb.Point) orb.Point
		said string // --crs
		hint string
	}{
		{"latitude first", func(p orb.Point) orb.Point { return orb.Point{p[1], p[0]} }, "", "wgs84 with the two coordinates the other way round"},
		{"3° zone with its number", func(p orb.Point) orb.Point { return project(t, db, 4528, p) }, "", "--crs EPSG:4528 (CGCS2000, 3° zone 40)"},
		{"3° zone without", func(p orb.Point) orb.Point { return project(t, db, 4549, p) }, "", "--crs EPSG:4549 (CGCS2000, 3°, central meridian 120°E)"},
		{"the neighbouring zone", func(p orb.Point) orb.Point { return project(t, db, 4549, p) }, "EPSG:4548", "--crs EPSG:4549"},
		{"northing first", func(p orb.Point) orb.Point { q := project(t, db, 4528, p); return orb.Point{q[1], q[0]} }, "", "EPSG:4528 (CGCS2000, 3° zone 40) with the two coordinates the other way round"},
		{"degrees said to be metres", func(p orb.Point) orb.Point { return p }, "EPSG:4549", "--crs wgs84"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := do(t, db, importer.Options{File: file(t, "x.csv", points(50, c.to)), Layer: "camera", CRS: c.said, DryRun: true, Source: c.name})
			said := fmt.Sprint(err, r.Hints)
			if !strings.Contains(said, c.hint) {
				t.Errorf("said %s, want %s", said, c.hint)
			}
		})
	}
	t.Run("elsewhere", func(t *testing.T) {
		t.Parallel()
		o := importer.Options{File: file(t, "x.csv", points(10, func(p orb.Point) orb.Point { return orb.Point{p[0] - 100, p[1]} })), Layer: "camera", DryRun: true, Source: "far"}
		if _, err := do(t, db, o); reason(err) != "outside_county" || !strings.Contains(err.Error(), "--anywhere") {
			t.Error(err)
		}
		o.Anywhere = true
		if r := must(t, db, o); r.Inserted != 10 {
			t.Errorf("%+v", r)
		}
		o.Anywhere, o.Bounds = false, &orb.Bound{Min: orb.Point{19, 29}, Max: orb.Point{20, 30}}
		if r := must(t, db, o); r.Inserted != 10 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("shifted by some hundred metres", func(t *testing.T) {
		t.Parallel()
		// Along the eastern border the shift puts some outside.
		edge := func(p orb.Point) orb.Point {
			return crs.FromWGS84(crs.GCJ02, orb.Point{119.8999 - (p[0]-119.505)/4, p[1]})
		}
		r := must(t, db, importer.Options{File: file(t, "x.csv", points(60, edge)), Layer: "camera", DryRun: true, Source: "edge"})
		if len(r.Warnings) != 1 || len(r.Hints) != 1 || !strings.Contains(r.Hints[0], "--crs gcj02") {
			t.Errorf("%v %v", r.Warnings, r.Hints)
		}
	})
}

func TestAreasNestByPlaceOrByCode(t *testing.T) {
	t.Parallel()
	square := func(code, parent, level string, x, y, size float64) string {
		return fmt.Sprintf(`{"type":"Feature","properties":{"code":%q,"parent":%q,"level":%q,"name":%q},"geometry":{"type":"Polygon","coordinates":[[[%[5]g,%[6]g],[%[7]g,%[6]g],[%[7]g,%[8]g],[%[5]g,%[8]g],[%[5]g,%[6]g]]]}}`,
			code, parent, level, code+"名", x, y, x+size, y+size)
	}
	collection := func(f ...string) string {
		return `{"type":"FeatureCollection","features":[` + strings.Join(f, ",") + `]}`
	}
	db := postgistest.New(t)
	run(t, db, `INSERT INTO camera (name, source, source_id, geom) VALUES ('waiting', 'x', '1', ST_SetSRID(ST_MakePoint(9.25, 47.25), 4326)), ('far', 'x', '2', ST_SetSRID(ST_MakePoint(1, 1), 4326))`)
	r := must(t, db, importer.Options{Layer: "area", File: file(t, "a.geojson", collection(
		square("7001", "", "town", 9.1, 47.1, 0.3), square("LI", "", "county", 9, 47, 1), square("v1", "", "village", 9.2, 47.2, 0.1), square("7002", "LI", "town", 9.5, 47.5, 0.3)))})
	if r.Inserted != 4 || r.Placed != 1 {
		t.Errorf("%+v", r)
	}
	is(t, db, "LI LI.7001 LI.7001.v1 LI.7002", `SELECT string_agg(path, ' ' ORDER BY path) FROM area`)
	is(t, db, "LI.7001.v1:7001", `SELECT a.path || ':' || p.code FROM area a JOIN area p ON p.id = a.parent_id WHERE a.level = 'village'`)
	is(t, db, "LI.7001.v1 NULL", `SELECT string_agg(coalesce(area_path, 'NULL'), ' ' ORDER BY source_id) FROM camera`)

	// Another village later; one whose town is not there; one outside; a town that would leave its county.
	again := func(f ...string) (*importer.Report, error) {
		return do(t, db, importer.Options{Layer: "area", File: file(t, "b.geojson", collection(f...))})
	}
	if _, err := again(square("v2", "7002", "village", 9.6, 47.6, 0.1)); err != nil {
		t.Error(err)
	}
	is(t, db, "LI.7002.v2", `SELECT path FROM area WHERE code = 'v2'`)
	for want, f := range map[string]string{
		"unknown_reference": square("v3", "9999", "village", 9.6, 47.6, 0.1), "outside_county": square("v4", "", "village", 3, 3, 0.1),
		"area_moves": square("7001", "", "county", 9.1, 47.1, 0.3), "not_allowed": square("x", "", "province", 9.1, 47.1, 0.3),
	} {
		if r, err := again(f); err == nil || r.Errors[0].Err.Reason != want {
			t.Errorf("%s: %v %v", want, err, r.Errors)
		}
	}
	is(t, db, "5", `SELECT count(*) FROM area`)
}

func TestUnitGridsWantAnArea(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	county(t, db)
	grid := func(code string, x float64) string {
		return fmt.Sprintf("%s,格,\"POLYGON((%g 29.8,%g 29.8,%g 29.81,%g 29.8))\"\n", code, x, x+0.01, x+0.01, x)
	}
	head := "code,name,wkt\n"
	must(t, db, importer.Options{File: file(t, "a.csv", head+grid("330122001001001", 119.6)), Layer: "unit_grid"})
	is(t, db, "330122.330122001", `SELECT area_path FROM unit_grid`)
	r, err := do(t, db, importer.Options{File: file(t, "a.csv", head+grid("330122001001002", 119.61)+grid("330122001001003", 118)+grid("12", 119.62)), Layer: "unit_grid"})
	if err == nil || len(r.Errors) != 2 || r.Errors[0].Err.Reason != "outside_county" || r.Errors[1].Err.Reason != "not_allowed" {
		t.Error(err, r.Errors)
	}
}

func TestDetectionsBeginTheirLog(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	f := file(t, "found.geojson", outline("[[119.6,29.8],[119.61,29.8],[119.61,29.81],[119.6,29.8]]"))
	for range 2 {
		must(t, db, importer.Options{File: f, Layer: "detection", Plan: intake.Wishes{Set: map[string]string{"detector_version": "2"}}})
	}
	is(t, db, "detected found 1 detect", `SELECT concat_ws(' ', d.state, d.detector, count(*), min(l.move)) FROM detection d JOIN detection_log l ON l.detection_id = d.id GROUP BY d.id`)
}

func TestNewLayerIsOnEveryWall(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	county(t, db)
	replica := layers.NewReplica(layers.ReplicaOptions{})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- postgis.NewFollower(db, postgis.Publication, postgistest.Log(t)).Run(ctx, replica) }()
	t.Cleanup(func() { stop(); <-ended })
	shops := "店 名,Phone,开业日期,面积,编码,lon,lat\n一号店,0571-1,2020-01-02,12.5,007,119.6,29.8\n二号店,0571-2,2021-01-02,20,008,119.8,29.8\n"
	o := importer.Options{File: file(t, "shops.csv", shops), Layer: "shop", New: true, Title: `商铺 | Shops' "best" \`, Private: []string{"phone"}, ID: "编码",
		Types: map[string]intake.Kind{"开业日期": intake.Date}}
	if r := must(t, db, o); r.Inserted != 2 {
		t.Errorf("%+v", r)
	}
	is(t, db, `商铺 | Shops' "best" \`, `SELECT obj_description('shop'::regclass)`)
	is(t, db, "007:date:double precision", `SELECT concat_ws(':', (SELECT 编码 FROM shop ORDER BY id LIMIT 1), (SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = 'shop'::regclass AND attname = '开业日期'),
		(SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = 'shop'::regclass AND attname = '面积'))`)
	wait, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for at := replica.Position(); replica.Layer("shop") == nil; {
		var err error
		if at, err = replica.WaitPast(wait, at); err != nil {
			t.Fatalf("the new layer does not come: %+v", replica.Status())
		}
	}
	l := replica.Layer("shop")
	var names []string
	for _, c := range l.Columns {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "店_名 开业日期 面积 编码 lon lat area_path" || !l.Scoped() || l.Title.ZH != "商铺" {
		t.Errorf("columns %s, title %v", got, l.Title)
	}
	if _, err := do(t, db, o); layers.ErrorCode(err) != layers.CodeConflict {
		t.Errorf("made twice: %v", err)
	}
	o.New = false
	if r := must(t, db, o); r.Unchanged != 2 {
		t.Errorf("%+v", r)
	}
}

func TestLayersOfOneselfTakeImports(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	run(t, db, `CREATE SCHEMA gis; CREATE TABLE gis.tree (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, tag text NOT NULL UNIQUE, height real, geom geometry(Point, 4326));
		ALTER PUBLICATION wanglou ADD TABLE gis.tree; CREATE TABLE gis.hidden (id bigint PRIMARY KEY, geom geometry)`)
	o := importer.Options{File: file(t, "a.csv", "tag,height,lon,lat\nt1,3,119.6,29.8\nt2,4,,\n"), Layer: "gis.tree"}
	if r := must(t, db, o); r.Inserted != 2 || r.Key != "tag" {
		t.Errorf("%+v", r)
	}
	if r := must(t, db, o); r.Unchanged != 2 {
		t.Errorf("%+v", r)
	}
	o.Layer = "gis.hidden"
	if _, err := do(t, db, o); reason(err) != "unknown_layer" {
		t.Error(err)
	}
}

func TestBasemapTakesItsParts(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	f := file(t, "b.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"height":12},"geometry":{"type":"MultiPolygon","coordinates":[[[[1,1],[2,1],[2,2],[1,1]]],[[[5,5],[6,5],[6,6],[5,5]]]]}}]}`)
	o := importer.Options{File: f, Layer: "basemap_building"}
	if r := must(t, db, o); r.Inserted != 2 || r.Rows != 1 {
		t.Errorf("%+v", r)
	}
	if r := must(t, db, o); r.Unchanged != 2 {
		t.Errorf("again: %+v", r)
	}
}

func TestGeoJSONSaysItsSystem(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	county(t, db)
	p := project(t, db, 4549, orb.Point{119.6, 29.8})
	f := file(t, "a.geojson", fmt.Sprintf(`{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4549"}},"features":[
		{"type":"Feature","properties":{"name":"a"},"geometry":{"type":"Point","coordinates":[%.6f,%.6f]}}]}`, p[0], p[1]))
	must(t, db, importer.Options{File: f, Layer: "camera"})
	is(t, db, "POINT(119.6 29.8)", `SELECT ST_AsText(geom, 6) FROM camera`)
}

func TestOneImportIntoALayerAtATime(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	tx, err := db.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), `SELECT pg_advisory_xact_lock(hashtext('wanglou import'), hashtext('camera'))`); err != nil {
		t.Fatal(err)
	}
	o := importer.Options{File: file(t, "cameras.csv", cameras), Layer: "camera"}
	if _, err := do(t, db, o); reason(err) != "import_running" {
		t.Error(err)
	}
	o.Layer, o.Plan.Map = "report", map[string]string{"title": "名称"}
	must(t, db, o)
}

func TestKnowledgeTakesImports(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	o := importer.Options{Layer: "knowledge", ID: "编号", File: file(t, "k.csv", "编号,title,body,keywords,categories,valid_until\n1,停水报修,联系供水。,\"没水，爆管\",01001,2030-01-01\n2,占道施工,先申请。,,,\n")}
	if r := must(t, db, o); r.Inserted != 2 {
		t.Errorf("%+v", r)
	}
	is(t, db, "停水报修 {没水,爆管} {01001} 2030-01-01", `SELECT concat_ws(' ', title, keywords, categories, valid_until) FROM knowledge WHERE source_id = '1'`)
	is(t, db, "停水报修", `SELECT title FROM knowledge WHERE knowledge_terms(title, keywords, NULL) @@ '爆管'`)
	if r := must(t, db, o); r.Inserted+r.Updated != 0 || r.Unchanged != 2 {
		t.Errorf("the same file again: %+v", r)
	}
	for content, want := range map[string]string{
		"编号,title,body\n1,x,y\n2,,z\n":                                "title required",
		"编号,title,body\n1," + strings.Repeat("题", 121) + ",z\n":       "title too_long",
		"编号,title,body,categories\n1,x,z,消防\n":                        "categories unknown_value",
		"编号,title,body,valid_from,valid_until\n1,x,z,2026-02-02,明天\n": "valid_until not_a_time",
	} {
		o.File = file(t, "wrong.csv", content)
		r, err := do(t, db, o)
		if err == nil || len(r.Errors) != 1 || r.Errors[0].Err.Field+" "+r.Errors[0].Err.Reason != want {
			t.Errorf("%q: %v, %v; want %s", content, err, r.Errors, want)
		}
	}
	is(t, db, "2", `SELECT count(*) FROM knowledge`)
}

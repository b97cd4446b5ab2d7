package demo_test

import (
	"context"
	"testing"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/demo"
	"wanglou/postgis/postgistest"
)

// seeded returns a copy of one database with the demo county and 4,000 cameras.
func seeded(t *testing.T) *postgis.DB {
	t.Helper()
	if !demo.Available() {
		t.Skip("the county's names and outline were not cut out of npm packages: make build")
	}
	db, err := postgis.Open(t.Context(), postgistest.Prepared(t, "county", func(url string) error {
		db, err := postgis.Open(context.Background(), url)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = demo.Seed(context.Background(), db, demo.Options{Scale: 2})
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// number returns the one number that a query answers.
func number(t *testing.T, db *postgis.DB, sql string) float64 {
	t.Helper()
	var n float64
	if err := db.Pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// digests sums up the tables that do not depend on the time of seeding.
func digests(t *testing.T, db *postgis.DB) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for _, table := range []string{"area", "unit_grid", "basemap_water", "basemap_landuse", "basemap_road", "basemap_building", "basemap_place"} {
		out[table] = number(t, db, `SELECT hashtext((SELECT string_agg(md5(t::text), '' ORDER BY id) FROM `+table+` t))`)
	}
	return out
}

func TestSeedStates(t *testing.T) {
	t.Parallel()
	db := seeded(t)
	ctx := t.Context()
	if s, err := demo.Inspect(ctx, db); err != nil || s != demo.Seeded {
		t.Fatalf("%q, %v", s, err)
	}
	if _, err := demo.Seed(ctx, db, demo.Options{}); layers.ErrorCode(err) != layers.CodeConflict {
		t.Errorf("seeded twice: %v", err)
	}
	before := digests(t, db)
	if err := demo.Reset(ctx, db); err != nil {
		t.Fatal(err)
	}
	if s, err := demo.Inspect(ctx, db); err != nil || s != demo.Empty {
		t.Fatalf("after the reset: %q, %v", s, err)
	}
	if _, err := demo.Seed(ctx, db, demo.Options{}); err != nil {
		t.Fatal(err)
	}
	for table, d := range digests(t, db) {
		if d != before[table] {
			t.Errorf("%s differs between equal seeds", table)
		}
	}
	if _, err := db.Pool.Exec(ctx, `INSERT INTO camera (name, source, source_id, geom) VALUES ('own', 'mine', '1', ST_Point(119.7, 29.8, 4326))`); err != nil {
		t.Fatal(err)
	}
	if err := demo.Reset(ctx, db); err != nil {
		t.Fatal(err)
	}
	if n := number(t, db, `SELECT count(*) FROM camera`); n != 1 {
		t.Errorf("%v cameras are left, want the imported one", n)
	}
	if s, err := demo.Inspect(ctx, db); err != nil || s != demo.Other {
		t.Errorf("after the reset: %q, %v", s, err)
	}
	if _, err := demo.Seed(ctx, db, demo.Options{}); layers.ErrorCode(err) != layers.CodeConflict {
		t.Errorf("seeded beside other data: %v", err)
	}
	if err := demo.Reset(ctx, db); layers.ErrorCode(err) != layers.CodeConflict {
		t.Errorf("real data was reset: %v", err)
	}
	if _, err := demo.Seed(ctx, postgistest.New(t), demo.Options{Scale: 501}); layers.ErrorCode(err) != layers.CodeInvalid {
		t.Errorf("scale 501: %v", err)
	}
}

// TestCounty looks at one county from all sides.
func TestCounty(t *testing.T) {
	t.Parallel()
	db := seeded(t)
	for name, test := range map[string]func(*testing.T, *postgis.DB){
		"areas nest": testAreas, "basemap": testBasemap, "cameras": testCameras, "cases": testCases, "logs": testLogs, "accounts": testAccounts,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, db)
		})
	}
}

func testAreas(t *testing.T, db *postgis.DB) {
	expect(t, db, []check{
		{"towns", `SELECT count(*) FROM area WHERE level = 'town'`, 14, 14},
		{"villages", `SELECT count(*) FROM area WHERE level = 'village'`, 218, 218},
		{"unit grids", `SELECT count(*) FROM unit_grid`, 1500, 3000},
		{"codes of other villages", `SELECT count(*) FROM unit_grid g JOIN area a ON a.path = g.area_path WHERE left(g.code, 12) <> a.code`, 0, 0},
		{"paths that are not the parent's", `SELECT count(*) FROM area c JOIN area p ON p.id = c.parent_id WHERE c.path <> p.path || '.' || c.code`, 0, 0},
		{"km² of the county", `SELECT ST_Area(geom::geography) / 1e6 FROM area WHERE level = 'county'`, 1780, 1860},
		// Equal areas of union and sum: no gap, no overlap. 1 m² is far below one cell of the noding grid along the border.
		{"m² between county and grids", `SELECT abs(ST_Area(c.geom::geography) - (SELECT sum(ST_Area(geom::geography)) FROM unit_grid)) FROM area c WHERE level = 'county'`, 0, 1},
		{"m² of grids outside of their villages", `SELECT sum(ST_Area(ST_Difference(g.geom, a.geom))) * 1e10 FROM unit_grid g JOIN area a ON a.path = g.area_path`, 0, 1},
		{"m² of villages outside of their towns", `SELECT sum(ST_Area(ST_Difference(v.geom, p.geom))) * 1e10 FROM area v JOIN area p ON p.id = v.parent_id`, 0, 1},
		{"overlapping villages", `SELECT count(*) FROM area a JOIN area b ON a.level = 'village' AND b.level = 'village' AND a.id < b.id AND a.geom && b.geom
			AND ST_Area(ST_Intersection(a.geom, b.geom)) * 1e10 > 1`, 0, 0},
		{"km from Tongjun's middle to its seat", `SELECT ST_Distance(ST_PointOnSurface(geom)::geography, ST_Point(119.6905, 29.8065, 4326)::geography) / 1000 FROM area WHERE name = '桐君街道'`, 0, 8},
		{"areas without an English name", `SELECT count(*) FROM area WHERE name_en !~ '^[A-Z][a-z'' ]+'`, 0, 0},
	})
}

func testBasemap(t *testing.T, db *postgis.DB) {
	expect(t, db, []check{
		{"buildings", `SELECT count(*) FROM basemap_building`, 6000, 11000},
		{"buildings in water", `SELECT count(*) FROM basemap_building b JOIN basemap_water w ON ST_Intersects(b.geom, w.geom)`, 0, 0},
		{"buildings on main roads", `SELECT count(*) FROM basemap_building b JOIN basemap_road r ON ST_Intersects(b.geom, r.geom) AND r.kind IN ('motorway', 'trunk', 'rail')`, 0, 0},
		{"invalid buildings", `SELECT count(*) FROM basemap_building WHERE NOT ST_IsValid(geom)`, 0, 0},
		{"highest building", `SELECT max(height_m) FROM basemap_building`, 80, 160},
		{"lowest building", `SELECT min(height_m) FROM basemap_building`, 3, 10},
		{"width of the Fuchun at the county town, metres", `SELECT ST_Length(ST_Intersection(geom, ST_SetSRID(ST_MakeLine(ST_MakePoint(119.668, 29.8255), ST_MakePoint(119.69, 29.795)), 4326))::geography)
			FROM basemap_water WHERE name = '富春江'`, 300, 700},
		{"kinds of water", `SELECT count(DISTINCT kind) FROM basemap_water`, 3, 3},
		{"kinds of road", `SELECT count(DISTINCT kind) FROM basemap_road`, 9, 9},
		{"kinds of land use", `SELECT count(DISTINCT kind) FROM basemap_landuse`, 5, 5},
		{"share of forest", `SELECT sum(ST_Area(geom::geography)) / 1.827e9 FROM basemap_landuse WHERE kind = 'forest'`, 0.5, 0.85},
		{"invalid land use", `SELECT count(*) FROM basemap_landuse WHERE NOT ST_IsValid(geom)`, 0, 0},
		{"places", `SELECT count(*) FROM basemap_place WHERE kind IN ('county', 'town', 'village', 'suburb')`, 233, 233},
	})
}

func testCameras(t *testing.T, db *postgis.DB) {
	expect(t, db, []check{
		{"cameras", `SELECT count(*) FROM camera`, 4000, 4000},
		{"online", `SELECT avg((status = 'online')::int) FROM camera`, 0.93, 0.95},
		{"without an area", `SELECT count(*) FROM camera WHERE area_path IS NULL`, 0, 0},
		{"in another area", `SELECT count(*) FROM camera c JOIN area a ON a.path = c.area_path WHERE NOT ST_Intersects(a.geom, c.geom)`, 0, 0},
		{"departments", `SELECT count(DISTINCT department) FROM camera JOIN department ON department.code = camera.department`, 5, 8},
		{"odd device ids", `SELECT count(*) FROM camera WHERE device_id !~ '^33012200[0-9]{2}132[0-9]{7}$'`, 0, 0},
		{"on duty now", `SELECT count(DISTINCT role) FROM shift WHERE now() >= starts_at AND now() < ends_at`, 4, 4},
		{"equal names", `SELECT count(*) - count(DISTINCT name) FROM camera`, 0, 0},
	})
}

package postgis_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/postgis/postgistest"
)

func TestSchemaChangesAreFollowed(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	r := follow(t, db)
	steps := []struct {
		name string
		sql  []string
		done func() bool
	}{
		{"a table is added, and written at once", []string{
			`CREATE TABLE hydrant (id bigint PRIMARY KEY, name text, geom geometry(Point, 4326))`,
			`COMMENT ON TABLE hydrant IS '消火栓 | Hydrants'`,
			`ALTER PUBLICATION wanglou ADD TABLE hydrant`,
			`INSERT INTO hydrant VALUES (1, '一', ST_Point(119.6, 29.7, 4326))`,
		}, func() bool { return r.Len("hydrant") == 1 && r.Layer("hydrant").Title.EN == "Hydrants" }},
		{"a column is added", []string{
			`ALTER TABLE hydrant ADD COLUMN pressure_kpa int DEFAULT 300`,
			`INSERT INTO hydrant VALUES (2, '二', ST_Point(119.7, 29.7, 4326), 250)`,
		}, func() bool {
			l := r.Layer("hydrant")
			return l != nil && l.Index("pressure_kpa") == 1 && r.Len("hydrant") == 2 && r.Get("hydrant", 1).Values[1] == int64(300)
		}},
		{"a column changes its type", []string{
			`ALTER TABLE hydrant ALTER pressure_kpa TYPE text USING pressure_kpa || ' kPa'`,
			`UPDATE hydrant SET pressure_kpa = 'broken' WHERE id = 2`,
		}, func() bool {
			f := r.Get("hydrant", 2)
			return f != nil && f.Values[1] == "broken" && r.Get("hydrant", 1).Values[1] == "300 kPa"
		}},
		{"a column is dropped while a transaction is written", []string{
			`BEGIN; INSERT INTO hydrant VALUES (3, '三', NULL, 'x'); ALTER TABLE hydrant DROP COLUMN name; INSERT INTO hydrant VALUES (4, NULL, 'y'); COMMIT`,
		}, func() bool {
			l := r.Layer("hydrant")
			return l != nil && len(l.Columns) == 1 && r.Len("hydrant") == 4
		}},
		{"the column list changes", []string{`ALTER PUBLICATION wanglou SET TABLE hydrant (id, geom)`},
			func() bool {
				l := r.Layer("hydrant")
				return l != nil && len(l.Columns) == 0 && r.Layer("camera") == nil
			}},
		{"a WHERE is added", []string{`ALTER PUBLICATION wanglou SET TABLE hydrant (id, geom) WHERE (id > 2)`},
			func() bool { return r.Layer("hydrant") != nil && r.Len("hydrant") == 2 }},
		{"the delivery changes", []string{`INSERT INTO layer_option VALUES ('hydrant', 'moving', 3, 9)`},
			func() bool {
				l := r.Layer("hydrant")
				return l != nil && l.Delivery == layers.DeliverMoving && l.MinZoom == 3 && l.MaxZoom == 9
			}},
		{"the tiling changes", []string{`UPDATE layer_option SET max_features = 500, max_bytes = 9000, rank_column = 'id', count_below = 11, labels = true WHERE layer = 'hydrant'`},
			func() bool {
				l := r.Layer("hydrant")
				return l != nil && l.Tiling == layers.Tiling{Features: 500, Bytes: 9000, CountBelow: 11, Labels: true} // an id is no column: it ranks anyway
			}},
		{"the table is dropped", []string{`DROP TABLE hydrant`}, func() bool { return r.Layer("hydrant") == nil }},
	}
	for _, s := range steps {
		for _, sql := range s.sql {
			run(t, db, sql)
		}
		r.until(t, s.name, s.done)
	}
	if s := r.Status(); s.State != layers.SourceLive {
		t.Errorf("status after all changes = %+v", s)
	}
}

func TestTablesThatCannotBeLayersAreLeftOut(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	for _, sql := range []string{
		`CREATE TABLE keyless (id bigint, geom geometry(Point, 4326))`,
		`CREATE TABLE text_key (id text PRIMARY KEY)`,
		`CREATE TABLE two_keys (a bigint, b bigint, PRIMARY KEY (a, b))`,
		`CREATE TABLE gauss (id bigint PRIMARY KEY, geom geometry(Point, 4549))`,
		`CREATE TABLE nothing (id bigint PRIMARY KEY)`, `ALTER TABLE nothing REPLICA IDENTITY NOTHING`,
		`CREATE TABLE listed (id bigint PRIMARY KEY, a text, b text)`, `ALTER TABLE listed REPLICA IDENTITY FULL`,
		`CREATE SCHEMA other`, `CREATE TABLE other.fine (id int PRIMARY KEY, odd point, twice int GENERATED ALWAYS AS (id * 2) STORED)`,
		`INSERT INTO other.fine VALUES (7, '(1,2)')`,
		`CREATE TABLE part (id bigint PRIMARY KEY, name text) PARTITION BY RANGE (id)`,
		`CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (100)`,
		`ALTER PUBLICATION wanglou SET TABLE keyless, text_key, two_keys, gauss, nothing, listed (id, a), other.fine, part`,
		`ALTER PUBLICATION wanglou SET (publish_via_partition_root = true)`,
	} {
		run(t, db, sql)
	}
	r := follow(t, db)
	var names []string
	for _, l := range r.Layers() {
		names = append(names, l.Name)
	}
	if want := []string{"other.fine", "part"}; !slices.Equal(names, want) {
		t.Errorf("layers = %v, want %v", names, want)
	}
	if f := r.Get("other.fine", 7); f == nil || len(f.Values) != 0 {
		t.Errorf("feature = %+v", f)
	}
	run(t, db, `INSERT INTO keyless VALUES (1)`) // says nothing to us, and ends nothing
	run(t, db, `INSERT INTO other.fine VALUES (8, '(3,4)')`)
	run(t, db, `INSERT INTO part VALUES (5, 'five')`)
	run(t, db, `UPDATE part SET name = 'V', id = 6`)
	r.until(t, "rows of both layers", func() bool { return r.Get("other.fine", 8) != nil && r.Get("part", 6) != nil && r.Len("part") == 1 })
}

func TestEveryTypeOfColumn(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	run(t, db, `CREATE TYPE mood AS ENUM ('good', 'bad')`)
	run(t, db, `CREATE DOMAIN short AS varchar(20)`)
	run(t, db, `CREATE DOMAIN shorter AS short CHECK (length(VALUE) < 10)`)
	run(t, db, `CREATE TABLE every (id bigint PRIMARY KEY, i2 smallint, i4 int, i8 bigint, f4 real, f8 float8, n numeric(20,4), b bool, t text, v varchar, c char(5),
		u uuid, d date, ts timestamp, tz timestamptz, j json, jb jsonb, a text[], m mood, dom shorter, geom geometry(PointZM, 4326))`)
	run(t, db, `ALTER PUBLICATION wanglou ADD TABLE every`)
	const values = `-2, 70000, 5000000000, 3.2, 2.5, 12345.6789, true, '望楼', 'v', 'ab', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '2026-02-28',
		'2026-02-28 08:00', '2026-02-28 08:00+08', '{"a": 1}', '{"b":2}', '{x,NULL,z}', 'bad', 'dom', ST_MakePoint(119.6, 29.7, 12, 3)`
	run(t, db, `INSERT INTO every SELECT 1, `+values)
	run(t, db, `INSERT INTO every SELECT 2`)
	run(t, db, `INSERT INTO every (id, ts, tz, d, n, f8) VALUES (3, 'infinity', '-infinity', 'infinity', 'NaN', 'NaN')`)
	r := follow(t, db)
	run(t, db, `INSERT INTO every SELECT 4, `+values)
	r.until(t, "the row of the stream", func() bool { return r.Len("every") == 4 })
	at := time.Date(2026, 2, 28, 8, 0, 0, 0, time.UTC)
	want := fmt.Sprint([]any{int64(-2), int64(70000), int64(5000000000), 3.2, 2.5, 12345.6789, true, "望楼", "v", "ab", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
		"2026-02-28", at, at.Add(-8 * time.Hour), `{"a": 1}`, `{"b": 2}`, []string{"x", "z"}, "bad", "dom"})
	for _, id := range []int64{1, 4} {
		f := r.Get("every", id)
		if got := fmt.Sprint(f.Values); got != want {
			t.Errorf("row %d = %s, want %s", id, got, want)
		}
		if f.Geometry != (orb.Point{119.6, 29.7}) {
			t.Errorf("row %d stands at %v", id, f.Geometry)
		}
	}
	for _, v := range r.Get("every", 2).Values {
		if v != nil {
			t.Errorf("NULL became %v", v)
		}
	}
	if f := r.Get("every", 3); f.Values[13] != nil || f.Values[12] != nil || f.Values[11] != nil {
		t.Errorf("infinite times became %v", f.Values)
	}
}

func TestATransactionOf200000Rows(t *testing.T) {
	t.Parallel()
	const n = 200_000
	db := postgistest.New(t)
	r := follow(t, db)
	run(t, db, `INSERT INTO camera (name, geom) SELECT 'c' || i, ST_Point(119 + random(), 29 + random(), 4326) FROM generate_series(1, $1::int) i`, n)
	r.until(t, "the first camera", func() bool { return r.Len("camera") > 0 })
	if got := r.Len("camera"); got != n {
		t.Errorf("%d cameras became visible at first, want all %d at once", got, n)
	}
	// The same rows, several times in one transaction: what they were in between is not kept.
	run(t, db, `DO $$ BEGIN FOR i IN 1..3 LOOP UPDATE camera SET height_m = i WHERE id <= 30000; END LOOP; DELETE FROM camera WHERE id > 30000 OR id % 2 = 0; END $$`)
	r.until(t, "most of them to go", func() bool { return r.Len("camera") == 15_000 })
	l, fs, _ := r.Read("camera")
	for _, f := range fs {
		if f.ID%2 == 0 || f.Values[l.Index("height_m")] != 3.0 || f.Geometry == nil {
			t.Fatalf("camera %d = %v at %v", f.ID, f.Values, f.Geometry)
		}
	}
	run(t, db, `BEGIN; TRUNCATE camera CASCADE; INSERT INTO camera (name, geom) VALUES ('only', ST_Point(119.5, 29.5, 4326)); COMMIT`)
	r.until(t, "one camera to be left", func() bool { return r.Len("camera") == 1 })
}

// The id of a row, and with it the feature, may change.
func TestAChangedIDIsAnotherFeature(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	run(t, db, `CREATE TABLE plot (id bigint PRIMARY KEY, name text, geom geometry(Polygon, 4326))`)
	run(t, db, `ALTER TABLE plot ALTER geom SET STORAGE EXTERNAL`)
	run(t, db, `ALTER PUBLICATION wanglou ADD TABLE plot`)
	run(t, db, `INSERT INTO plot VALUES (1, 'a', ST_Buffer(ST_Point(119.6, 29.7, 4326), 0.1, 500))`)
	r := follow(t, db)
	run(t, db, `UPDATE plot SET id = 2`)
	r.until(t, "the feature to change its id", func() bool { return r.Get("plot", 1) == nil && r.Get("plot", 2) != nil })
	if f := r.Get("plot", 2); f.Geometry == nil || f.Values[0] != "a" {
		t.Errorf("feature = %+v", f)
	}
}

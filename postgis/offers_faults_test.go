package postgis_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wanglou/layers"
	"wanglou/layers/offer"
	"wanglou/postgis"
)

func reasonOf(err error) string {
	var e *layers.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// ask returns what a tile of one offer says to somebody of the whole county.
func ask(t testing.TB, o *postgis.Offers, name string, q offer.TileQuery) ([]*geojson.Feature, offer.Part, error) {
	t.Helper()
	parts, err := o.Tile(t.Context(), everywhere, []*offer.Offer{offered(t, o, name)}, q)
	if err != nil {
		return nil, offer.Part{}, err
	}
	return decoded(t, parts[0]), parts[0], nil
}

func TestOfferBrokenView(t *testing.T) {
	t.Parallel()
	o, db := openOffers(t, `CREATE TABLE open.divisor (n int); INSERT INTO open.divisor VALUES (0);
CREATE VIEW open.broken AS SELECT s.id, 1 / d.n AS share, s.geom FROM open.stop s CROSS JOIN open.divisor d`)
	if st := o.Status("open.broken"); st.State != offer.StateFailing {
		t.Errorf("before anybody asked: %+v", st)
	}
	_, _, err := ask(t, o, "open.broken", at(14, here))
	if layers.ErrorCode(err) != layers.CodeUnavailable || reasonOf(err) != "source_failing" {
		t.Fatalf("a broken view: %v", err)
	}
	if st := o.Status("open.broken"); st.State != offer.StateFailing || !strings.Contains(st.Message, "division by zero") {
		t.Errorf("status %+v", st)
	}
	if fs, _, err := ask(t, o, "open.stop", at(14, here)); err != nil || len(fs) != 2 {
		t.Errorf("the others: %d, %v", len(fs), err)
	}
	// Together with others it is the one that is blamed.
	_, err = o.Tile(t.Context(), everywhere, []*offer.Offer{offered(t, o, "open.stop"), offered(t, o, "open.broken")}, at(14, here))
	if reasonOf(err) != "source_failing" || o.Status("open.stop").State != offer.StateReady {
		t.Errorf("composite: %v; open.stop is %+v", err, o.Status("open.stop"))
	}
	run(t, db, `UPDATE open.divisor SET n = 1`)
	if fs, _, err := ask(t, o, "open.broken", at(14, here)); err != nil || len(fs) != 2 {
		t.Errorf("mended: %d, %v", len(fs), err)
	}
	if st := o.Status("open.broken"); st.State != offer.StateReady {
		t.Errorf("mended: %+v", st)
	}
}

func TestOfferReferenceSystems(t *testing.T) {
	t.Parallel()
	o, _ := openOffers(t, `
CREATE TABLE open.srid_zero (id int PRIMARY KEY, geom geometry(Point)); INSERT INTO open.srid_zero VALUES (1, 'POINT(119.68 29.79)');
CREATE TABLE open.srid_said (id int PRIMARY KEY, geom geometry(Point)); INSERT INTO open.srid_said VALUES (1, 'POINT(119.68 29.79)'), (2, 'SRID=3857;POINT(119.68 29.79)');
COMMENT ON TABLE open.srid_said IS E'Said\nsrid=4326';
CREATE TABLE open.srid_found (id int PRIMARY KEY, geom geometry); INSERT INTO open.srid_found VALUES (1, ST_Transform('SRID=4326;POINT(119.68 29.79)'::geometry, 4549));
CREATE TABLE open.srid_mismatch (id int PRIMARY KEY, geom geometry(Point, 4326)); COMMENT ON TABLE open.srid_mismatch IS E'Other\nsrid=3857';
CREATE TABLE open.srid_empty (id int PRIMARY KEY, geom geometry);
CREATE TABLE open.srid_unknown (id int PRIMARY KEY, geom geometry); INSERT INTO open.srid_unknown VALUES (1, ST_SetSRID('POINT(1 1)'::geometry, 990001));
CREATE TABLE open.earth (id int PRIMARY KEY, geom geography(Point)); INSERT INTO open.earth VALUES (1, 'POINT(119.68 29.79)');
CREATE TABLE open.beijing54 (id int PRIMARY KEY, geom geometry(Point, 4214)); INSERT INTO open.beijing54 VALUES (1, ST_Transform('SRID=4326;POINT(119.68 29.79)'::geometry, 4214));
CREATE INDEX ON open.earth USING gist (geom)`)
	for name, reason := range map[string]string{"open.srid_zero": "srid_missing", "open.srid_mismatch": "srid_mismatch", "open.srid_empty": "srid_missing", "open.srid_unknown": "srid_unknown"} {
		if st := o.Status(name); st.State != offer.StateRefused || st.Reason != reason {
			t.Errorf("%s: %+v", name, st)
		}
		if _, _, err := ask(t, o, name, at(14, here)); reasonOf(err) != "source_refused" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, srid := range map[string]int{"open.srid_said": 4326, "open.srid_found": 4549, "open.earth": 4326, "open.beijing54": 4214} {
		if got := offered(t, o, name).SRID; got != srid {
			t.Errorf("%s: SRID %d", name, got)
		}
		for _, zoom := range []int{0, 3, 6, 14, 16} {
			if fs, _, err := ask(t, o, name, at(zoom, here)); err != nil || len(fs) != 1 {
				t.Errorf("%s z%d: %d features, %v", name, zoom, len(fs), err)
			}
		}
		page, err := o.Features(t.Context(), everywhere, offered(t, o, name), offer.FeatureQuery{Limit: 1})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if p, ok := page.Items[0].Feature.Geometry.(orb.Point); !ok || abs(p[0]-here[0]) > 1e-6 || abs(p[1]-here[1]) > 1e-6 {
			t.Errorf("%s lies at %v", name, page.Items[0].Feature.Geometry)
		}
	}
}

func TestOfferGeometriesOfEveryKind(t *testing.T) {
	t.Parallel()
	o, _ := openOffers(t, `CREATE TABLE open.shape (id int PRIMARY KEY, geom geometry); INSERT INTO open.shape VALUES
 (1, 'SRID=4326;CURVEPOLYGON(CIRCULARSTRING(119.68 29.79, 119.681 29.791, 119.682 29.79, 119.681 29.789, 119.68 29.79))'),
 (2, 'SRID=4326;TIN Z(((119.68 29.79 0, 119.68 29.791 0, 119.681 29.79 1, 119.68 29.79 0)))'),
 (3, 'SRID=4326;POLYHEDRALSURFACE Z(((119.68 29.79 0, 119.68 29.791 0, 119.681 29.79 1, 119.68 29.79 0)))'),
 (4, 'SRID=4326;POINT ZM(119.68 29.79 5 6)'), (5, 'SRID=4326;MULTILINESTRING M((119.68 29.79 1, 119.69 29.8 2))'),
 (6, 'SRID=4326;GEOMETRYCOLLECTION(POINT(119.68 29.79), LINESTRING(119.68 29.79, 119.69 29.8))'),
 (7, 'SRID=4326;TRIANGLE((119.68 29.79, 119.68 29.791, 119.681 29.79, 119.68 29.79))'),
 (8, 'SRID=4326;COMPOUNDCURVE(CIRCULARSTRING(119.68 29.79, 119.681 29.791, 119.682 29.79), (119.682 29.79, 119.69 29.8))'),
 (9, 'SRID=4326;POLYGON EMPTY'), (10, NULL), (11, 'SRID=4326;POLYGON((119.68 29.79, 119.682 29.792, 119.68 29.792, 119.682 29.79, 119.68 29.79))'),
 (12, 'SRID=4326;POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))'), (13, 'SRID=4326;MULTISURFACE(CURVEPOLYGON(CIRCULARSTRING(119.68 29.79, 119.681 29.791, 119.682 29.79, 119.681 29.789, 119.68 29.79)))'),
 (14, 'SRID=4326;POINT(120 95)')`)
	fs, p, err := ask(t, o, "open.shape", at(14, here))
	if err != nil {
		t.Fatal(err)
	}
	var ids []int
	for _, f := range fs {
		ids = append(ids, int(f.ID.(float64)))
	}
	if want := []int{1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13}; len(ids) != len(want) || p.Skipped != 0 {
		t.Errorf("drawn %v, want %v; part %+v", ids, want, p)
	}
	page, err := o.Features(t.Context(), everywhere, offered(t, o, "open.shape"), offer.FeatureQuery{Limit: 20})
	if err != nil || len(page.Items) != 14 {
		t.Fatalf("%d features, %v", len(page.Items), err)
	}
	for _, it := range page.Items {
		if (it.Feature.Geometry == nil) != (it.Key == "9" || it.Key == "10") {
			t.Errorf("%s: %v", it.Key, it.Feature.Geometry)
		}
	}
}

// A row that lies where its reference system does not reach must not take the others away.
func TestOfferRowsThatCannotBeTransformed(t *testing.T) {
	t.Parallel()
	o, _ := openOffers(t, `CREATE TABLE open.wild (id int PRIMARY KEY, geom geometry(LineString, 4549));
INSERT INTO open.wild SELECT i, ST_Transform(ST_SetSRID(ST_MakeLine(ST_MakePoint(119.68, 29.79), ST_MakePoint(119.68 + i * 0.001, 29.8)), 4326), 4549) FROM generate_series(1, 3) i;
INSERT INTO open.wild VALUES (4, 'SRID=4549;LINESTRING(470000 3297000, 1e11 1e11)')`)
	fs, p, err := ask(t, o, "open.wild", at(12, here))
	if err != nil || len(fs) != 3 || p.Skipped != 1 {
		t.Fatalf("%d drawn, part %+v, %v", len(fs), p, err)
	}
	if st := o.Status("open.wild"); st.State != offer.StateReady {
		t.Errorf("%+v", st)
	}
	page, err := o.Features(t.Context(), everywhere, offered(t, o, "open.wild"), offer.FeatureQuery{Limit: 9})
	if err != nil || len(page.Items) != 4 || page.Items[3].Feature.Geometry != nil || page.Items[0].Feature.Geometry == nil {
		t.Errorf("features: %+v, %v", page, err)
	}
}

func TestOfferTilesOutsideTheWorld(t *testing.T) {
	t.Parallel()
	o, _ := openOffers(t, "")
	for _, q := range []offer.TileQuery{{Z: 1, X: 2, Y: 0}, {Z: 25}, {Z: 3, X: 0, Y: 8}} {
		if _, _, err := ask(t, o, "open.stop", q); layers.ErrorCode(err) != layers.CodeNotFound {
			t.Errorf("%d/%d/%d: %v", q.Z, q.X, q.Y, err)
		}
	}
}

func TestOfferBudgets(t *testing.T) {
	t.Parallel()
	o, _ := openOffers(t, `CREATE TABLE open.crowd (id int PRIMARY KEY, people int, name text, geom geometry(Point, 4326));
COMMENT ON TABLE open.crowd IS E'Crowd\nrank=people';
INSERT INTO open.crowd SELECT i, CASE WHEN i % 10 = 0 THEN 100 + i ELSE i % 7 END, repeat('x', 50) || i, ST_SetSRID(ST_MakePoint(119.68 + i * 1e-6, 29.79), 4326) FROM generate_series(1, 1000) i`)
	q := at(14, here)
	q.Limits = offer.Limits{Features: 100}
	fs, p, err := ask(t, o, "open.crowd", q)
	if err != nil || len(fs) != 100 || p.Dropped != 900 {
		t.Fatalf("%d drawn, part %+v, %v", len(fs), p, err)
	}
	for i, f := range fs {
		if id := int(f.ID.(float64)); id != (i+1)*10 {
			t.Fatalf("feature %d is %d: not the hundred of the highest rank, by id", i, id)
		}
	}
	q.Limits = offer.Limits{Features: 1000, Bytes: 10_000}
	fs, p, err = ask(t, o, "open.crowd", q)
	if err != nil || len(p.MVT) > 10_000 || len(p.MVT) < 5_000 || p.Dropped != 1000-len(fs) || len(fs) == 0 {
		t.Errorf("%d drawn in %d bytes, dropped %d, %v", len(fs), len(p.MVT), p.Dropped, err)
	}
}

func TestOfferSchemaChangesWhileServing(t *testing.T) {
	t.Parallel()
	o, db := openOffers(t, "")
	if _, _, err := ask(t, o, "open.stop", at(14, here)); err != nil {
		t.Fatal(err)
	}
	// Nobody looked again since: the question itself finds out.
	run(t, db, `ALTER TABLE open.stop RENAME COLUMN fare TO price`)
	fs, _, err := ask(t, o, "open.stop", at(14, here))
	if err != nil || fs[0].Properties["price"] != 2.5 || fs[0].Properties["fare"] != nil {
		t.Fatalf("a renamed column: %v, %v", fs, err)
	}
	run(t, db, `DROP VIEW open.stop_view; DROP MATERIALIZED VIEW open.stop_buffer; ALTER TABLE open.stop DROP COLUMN price`)
	reload(t, o) // the question itself looks again at most once a second
	if fs, _, err := ask(t, o, "open.stop", at(14, here)); err != nil || fs[0].Properties["price"] != nil {
		t.Fatalf("a dropped column: %v", err)
	}
	reload(t, o)
	if _, ok := o.Offer("open.stop_view"); ok {
		t.Error("a dropped view is offered")
	}
	stale := offered(t, o, "open.two")
	run(t, db, `DROP TABLE open.two; ALTER TABLE open.parcel RENAME TO lot; CREATE SCHEMA gis; CREATE TABLE gis.new (id int PRIMARY KEY, geom geometry(Point, 4326))`)
	reload(t, o)
	if _, err := o.Tile(t.Context(), everywhere, []*offer.Offer{stale}, at(14, here)); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("a dropped table: %v", err)
	}
	for name, want := range map[string]bool{"open.parcel": false, "open.lot": true, "gis.new": true} {
		if _, ok := o.Offer(name); ok != want {
			t.Errorf("%s offered: %v", name, ok)
		}
	}
	before := offered(t, o, "open.lot").Revision
	run(t, db, `COMMENT ON TABLE open.lot IS '地块 | Lots'`)
	reload(t, o)
	if f := offered(t, o, "open.lot"); f.Title.EN != "Lots" || f.Revision != before {
		t.Errorf("after COMMENT: %v", f.Title)
	}
	run(t, db, `ALTER PUBLICATION wanglou ADD TABLE open.lot`)
	reload(t, o)
	if _, ok := o.Offer("open.lot"); ok {
		t.Error("a followed table is offered too")
	}
}

// A role that may read less sees less, without anybody saying so; and it can change nothing.
func TestOfferRole(t *testing.T) {
	t.Parallel()
	role := "offer_reader_" + strings.ToLower(strings.ReplaceAll(t.Name(), "/", "_"))
	o, db := openOffers(t, `DO $$ BEGIN CREATE ROLE `+role+`; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT USAGE ON SCHEMA open TO `+role+`; GRANT SELECT (id, name, geom) ON open.stop TO `+role+`; GRANT SELECT (id, owner, geom) ON open.parcel TO `+role+`;
GRANT SELECT ON open.two TO `+role+`; CREATE FUNCTION open.greedy(z int, x int, y int) RETURNS bytea LANGUAGE plpgsql AS $$ BEGIN DELETE FROM open.two; RETURN ''; END $$;
CREATE FUNCTION open.curious(z int, x int, y int) RETURNS bytea LANGUAGE sql AS 'SELECT password_hash::bytea FROM public.app_user LIMIT 1'`,
		func(o *postgis.OfferOptions) { o.Role = role })
	t.Cleanup(func() {
		if _, err := db.Pool.Exec(context.Background(), `DROP OWNED BY `+role); err != nil {
			t.Error(err)
		}
	})
	stop := offered(t, o, "open.stop")
	if len(stop.Columns) != 1 || stop.Columns[0].Name != "name" {
		t.Errorf("columns %v", stop.Columns)
	}
	if fs, _, err := ask(t, o, "open.stop", at(14, here)); err != nil || len(fs) != 2 || len(fs[0].Properties) != 1 {
		t.Errorf("%v, %v", fs, err)
	}
	// Without its area column nobody could say whose a row is.
	if st := o.Status("open.parcel"); st.Reason != "area_unreadable" {
		t.Errorf("a table whose area cannot be read: %+v", st)
	}
	if _, ok := o.Offer("open.stop_buffer"); ok {
		t.Error("a view is offered that the role may not read")
	}
	for _, name := range []string{"open.greedy", "open.curious"} {
		if _, _, err := ask(t, o, name, at(14, here)); reasonOf(err) != "source_failing" {
			t.Errorf("%s: %v", name, err)
		}
	}
	var n int
	if err := db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM open.two`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows are left, %v", n, err)
	}
}

// slow is a view that takes as long as it is told, for every row.
const slow = `CREATE TABLE open.pace (s float8); INSERT INTO open.pace VALUES (30);
CREATE VIEW open.slow AS SELECT s.id, s.geom FROM open.stop s WHERE (SELECT pg_sleep(s) IS NOT NULL FROM open.pace);
COMMENT ON VIEW open.slow IS E'Slow\nid=id'`

func TestOfferTakesTooLong(t *testing.T) {
	t.Parallel()
	o, _ := openOffers(t, slow, func(o *postgis.OfferOptions) { o.Statement = 200 * time.Millisecond })
	_, _, err := ask(t, o, "open.slow", at(14, here))
	if reasonOf(err) != "timeout" || layers.ErrorCode(err) != layers.CodeUnavailable {
		t.Errorf("%v", err)
	}
	if st := o.Status("open.slow"); st.State != offer.StateFailing || st.Reason != "timeout" {
		t.Errorf("%+v", st)
	}
	if fs, _, err := ask(t, o, "open.stop", at(14, here)); err != nil || len(fs) != 2 {
		t.Errorf("the others: %v", err)
	}
}

func TestOfferShedsWhatItCannotServe(t *testing.T) {
	t.Parallel()
	o, db := openOffers(t, slow, func(o *postgis.OfferOptions) {
		o.Connections, o.Queue, o.Wait, o.Statement = 1, 2, 20*time.Second, 20*time.Second
	})
	sleeping := func() (n int) {
		if err := db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'wanglou offers' AND state = 'active'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	f := offered(t, o, "open.slow")
	ctx, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	ask := func() {
		wg.Go(func() {
			if _, err := o.Tile(ctx, everywhere, []*offer.Offer{f}, at(14, here)); !errors.Is(err, context.Canceled) {
				t.Errorf("who left got %v", err)
			}
		})
	}
	ask()
	eventually(t, "the query to run", func(context.Context) bool { return sleeping() == 1 })
	ask()
	ask()
	eventually(t, "two to wait", func(context.Context) bool { return o.Load().Waiting == 2 })
	begun := time.Now()
	_, err := o.Tile(t.Context(), everywhere, []*offer.Offer{f}, at(14, here))
	var e *layers.Error
	if !errors.As(err, &e) || e.Reason != "busy" || e.Code != layers.CodeUnavailable || e.Params["retry_after_s"] == "" {
		t.Errorf("a full queue: %v", err)
	}
	if d := time.Since(begun); d > time.Second {
		t.Errorf("refused after %v", d)
	}
	if o.Load().Shed != 1 {
		t.Errorf("load %+v", o.Load())
	}
	leave()
	wg.Wait()
	// Who leaves takes the question along: PostgreSQL has stopped, the connection is free for the next.
	eventually(t, "PostgreSQL to stop", func(context.Context) bool { return sleeping() == 0 })
	if fs, err := o.Tile(t.Context(), everywhere, []*offer.Offer{offered(t, o, "open.stop")}, at(14, here)); err != nil || fs[0].Features != 2 {
		t.Errorf("after it: %v", err)
	}
	if st := o.Status("open.slow"); st.State != offer.StateReady {
		t.Errorf("who left said nothing about the source: %+v", st)
	}
}

func TestOfferRunFollowsTheSchemas(t *testing.T) {
	t.Parallel()
	o, db := openOffers(t, "", func(o *postgis.OfferOptions) { o.Poll = 20 * time.Millisecond })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	run(t, db, `CREATE VIEW open.fresh AS SELECT id, geom FROM open.stop`)
	eventually(t, "the view to be offered", func(context.Context) bool { _, ok := o.Offer("open.fresh"); return ok })
	run(t, db, `REVOKE ALL ON open.stop FROM PUBLIC; DROP VIEW open.fresh`)
	eventually(t, "the view to go", func(context.Context) bool { _, ok := o.Offer("open.fresh"); return !ok })
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
}

func TestOfferCommentsThatAreWrong(t *testing.T) {
	t.Parallel()
	o, _ := openOffers(t, `
COMMENT ON TABLE open.stop IS E'Stops\nid=nope rank=nope columns=name,nope minzoom=x colour=red role=boss';
COMMENT ON TABLE open.parcel IS E'Parcels\narea=town';
COMMENT ON TABLE open.two IS '{"role": "viewer", "id":';
CREATE TABLE open."a,b" (id int PRIMARY KEY, geom geometry(Point, 4326));
CREATE TABLE open."有 空格 100%" (id int PRIMARY KEY, "x""y" text, geom geometry(Point, 4326)); INSERT INTO open."有 空格 100%" VALUES (1, 'v', 'SRID=4326;POINT(119.68 29.79)')`)
	f := offered(t, o, "open.stop")
	notes := strings.Join(f.Notes, "\n")
	for _, want := range []string{"nope cannot be the id", "no column nope that can be read", "there is no column nope", "minzoom must be", `"colour" is not known`, `"boss" is not a role of the program`} {
		if !strings.Contains(notes, want) {
			t.Errorf("no note says %q:\n%s", want, notes)
		}
	}
	if f.Allows(everywhere) || !f.Allows(townAdmin) {
		t.Error("a role that does not exist lets others in than admins")
	}
	if st := o.Status("open.parcel"); st.Reason != "area_missing" {
		t.Errorf("an area column that does not exist: %+v", st)
	}
	if f := offered(t, o, "open.two"); f.Allows(everywhere) {
		t.Error("a comment that cannot be read lets others in than admins")
	}
	if st := o.Status("open.a,b"); st.Reason != "bad_name" {
		t.Errorf("%+v", st)
	}
	if st := o.Status("open.有 空格 100%"); st.Reason != "bad_name" {
		t.Errorf("%+v", st)
	}
}

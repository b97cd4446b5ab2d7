package postgis_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/cql2"
	"wanglou/layers/offer"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

// Who asks: somebody of the whole county, somebody of one town, an administrator of one town.
var (
	everywhere = (&auth.User{Roles: []auth.Role{auth.RoleViewer}, Areas: []string{"*"}}).Scope()
	townsman   = (&auth.User{Roles: []auth.Role{auth.RoleDuty}, Areas: []string{"c.t1"}}).Scope()
	townAdmin  = (&auth.User{Roles: []auth.Role{auth.RoleAdmin}, Areas: []string{"c.t1"}}).Scope()
	nobody     = (&auth.User{Areas: []string{"*"}}).Scope()
)

// openRows are small tables around 119.68, 29.79, each with something of its own.
const openRows = `
CREATE SCHEMA open;
CREATE TABLE open.stop (id int PRIMARY KEY, name text, line text[], opened date, seen timestamptz, fare numeric(6,2), extra jsonb, secret bytea, geom geometry(Point, 4326));
COMMENT ON TABLE open.stop IS E'公交站 | Bus stops\nrole=viewer minzoom=3 maxzoom=15 attribution="Bus company"';
INSERT INTO open.stop VALUES (1, '东门', '{1,K2}', '2020-01-02', '2026-05-01T08:00:00Z', 2.50, '{"a": 1}', 'x', 'SRID=4326;POINT(119.68 29.79)'),
  (2, '西门', '{}', NULL, NULL, NULL, NULL, NULL, 'SRID=4326;POINT(119.681 29.791)'), (3, 'far', NULL, NULL, NULL, NULL, NULL, NULL, 'SRID=4326;POINT(-60 -20)');
CREATE INDEX ON open.stop USING gist (geom);
CREATE TABLE open.parcel (id bigint PRIMARY KEY, area_path text, owner text, geom geometry(MultiPolygonZ, 4549));
INSERT INTO open.parcel SELECT i, CASE WHEN i <= 2 THEN 'c.t1.v' || i WHEN i = 3 THEN 'c.t10' WHEN i = 4 THEN NULL ELSE 'c.t2' END, 'owner ' || i,
  ST_Transform(ST_Multi(ST_Force3D(ST_Expand('SRID=4326;POINT(119.68 29.79)'::geometry, 0.001 * i))), 4549) FROM generate_series(1, 5) i;
CREATE INDEX ON open.parcel USING gist (geom);
CREATE VIEW open.stop_view AS SELECT id AS number, name, geom FROM open.stop;
COMMENT ON VIEW open.stop_view IS '{"title": "车站 | Stops", "id": "number", "roles": ["viewer"], "columns": ["name"]}';
CREATE MATERIALIZED VIEW open.stop_buffer AS SELECT id, ST_Buffer(geom, 0.001) AS geom FROM open.stop;
CREATE UNIQUE INDEX ON open.stop_buffer (id);
CREATE TABLE open.plain_table (id int PRIMARY KEY, note text);
CREATE TABLE open.inner_only (id int PRIMARY KEY, geom geometry(Point, 4326));
COMMENT ON TABLE open.inner_only IS E'Inner\noffer=false';
CREATE TABLE open.two (id int PRIMARY KEY, geom geometry(Point, 4326), outline geometry(Polygon, 3857));
INSERT INTO open.two VALUES (1, 'SRID=4326;POINT(119.68 29.79)', ST_Transform(ST_Expand('SRID=4326;POINT(119.68 29.79)'::geometry, 0.01), 3857));
CREATE FUNCTION open.near_stops() RETURNS TABLE (id int, name text, geom geometry) LANGUAGE sql STABLE AS 'SELECT id, name, geom FROM open.stop WHERE id < 3';
COMMENT ON FUNCTION open.near_stops IS E'附近 | Near\nid=id';
CREATE FUNCTION open.own_tile(z int, x int, y int, query json DEFAULT '{}') RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT ST_AsMVT(q, 'own', 4096, 'geom') FROM (SELECT query->>'areas' AS areas, ST_AsMVTGeom(ST_TileEnvelope(z, x, y), ST_TileEnvelope(z, x, y)) AS geom) q $$;
COMMENT ON FUNCTION open.own_tile(int, int, int, json) IS E'自制 | Own\nscoped=true';
CREATE TABLE public.outside (id int PRIMARY KEY, geom geometry(Point, 4326));
CREATE TABLE open.live (id bigint PRIMARY KEY, geom geometry(Point, 4326));
ALTER PUBLICATION wanglou ADD TABLE open.live;
ANALYZE`

// openOffers returns the offers of a database with openRows and more, read once.
func openOffers(t testing.TB, more string, change ...func(*postgis.OfferOptions)) (*postgis.Offers, *postgis.DB) {
	t.Helper()
	db := postgistest.New(t)
	run(t, db, openRows)
	if more != "" {
		run(t, db, more)
	}
	opts := postgis.OfferOptions{Schemas: []string{"open", "gis"}, Logger: postgistest.Log(t)}
	for _, c := range change {
		c(&opts)
	}
	o, err := postgis.OpenOffers(t.Context(), db, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	reload(t, o)
	return o, db
}

func reload(t testing.TB, o *postgis.Offers) {
	t.Helper()
	if err := o.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func offered(t testing.TB, o *postgis.Offers, name string) *offer.Offer {
	t.Helper()
	f, ok := o.Offer(name)
	if !ok {
		t.Fatalf("%s is not offered", name)
	}
	return f
}

// at is the tile over a place, as a query.
func at(zoom int, p orb.Point) offer.TileQuery {
	c := maptile.At(p, maptile.Zoom(zoom))
	return offer.TileQuery{Z: uint8(zoom), X: c.X, Y: c.Y}
}

func tileOf(t testing.TB, o *postgis.Offers, scope *auth.Scope, q offer.TileQuery, names ...string) []offer.Part {
	t.Helper()
	var offers []*offer.Offer
	for _, n := range names {
		offers = append(offers, offered(t, o, n))
	}
	parts, err := o.Tile(t.Context(), scope, offers, q)
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

// decoded is what a part holds: one layer, or nothing.
func decoded(t testing.TB, p offer.Part) []*geojson.Feature {
	t.Helper()
	if p.MVT == nil {
		return nil
	}
	ls, err := mvt.Unmarshal(p.MVT)
	if err != nil {
		t.Fatal(err)
	}
	if len(ls) != 1 {
		t.Fatalf("%d layers in a part", len(ls))
	}
	return ls[0].Features
}

func TestOffersAreFound(t *testing.T) {
	t.Parallel()
	o, _ := openOffers(t, "")
	var got []string
	for _, f := range o.Offers() {
		got = append(got, fmt.Sprintf("%s %s %s %s/%s %d %s", f.Name, f.Kind, f.Geometry, f.ID, f.IDType, f.SRID, f.Title.EN))
	}
	want := []string{
		"open.near_stops function any id/int 4326 Near",
		"open.own_tile tile_function any / 0 Own",
		"open.parcel table polygon id/int 4549 open.parcel",
		"open.stop table point id/int 4326 Bus stops",
		"open.stop_buffer materialized_view any id/int 4326 open.stop_buffer",
		"open.stop_view view point number/int 4326 Stops",
		"open.two table point id/int 4326 open.two",
		"open.two.outline table polygon id/int 3857 open.two",
	}
	if !slices.Equal(got, want) {
		t.Errorf("offered:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	stop := offered(t, o, "open.stop")
	if stop.MinZoom != 3 || stop.MaxZoom != 15 || stop.Attribution != "Bus company" || stop.Estimate != 3 {
		t.Errorf("stop = %+v, layer %+v", stop, stop.Layer)
	}
	if b := stop.Bound; b.Min[0] > -59 || b.Max[0] < 119 || b.Min[0] < -180 || b.Max[0] > 180 {
		t.Errorf("estimated extent %v", b)
	}
	if b := offered(t, o, "open.stop_view").Bound; b != stop.Bound {
		t.Errorf("the view's extent is %v, its table's %v", b, stop.Bound)
	}
	if b := offered(t, o, "open.parcel").Bound; !b.Contains(orb.Point{119.68, 29.79}) || b.Max[0]-b.Min[0] > 0.1 {
		t.Errorf("extent of a projected table: %v", b)
	}
	want = []string{"name text", "line strings", "opened text", "seen time", "fare float", "extra json"}
	got = nil
	for _, c := range stop.Columns {
		got = append(got, c.Name+" "+string(c.Type))
	}
	if !slices.Equal(got, want) {
		t.Errorf("columns %v", got)
	}
	if !slices.ContainsFunc(stop.Notes, func(n string) bool { return strings.Contains(n, "secret: type bytea") }) {
		t.Errorf("notes %q", stop.Notes)
	}
	if cs := offered(t, o, "open.stop_view").Columns; len(cs) != 1 || cs[0].Name != "name" {
		t.Errorf("columns of the view: %v", cs)
	}
}

var here = orb.Point{119.68, 29.79}

func TestOfferTile(t *testing.T) {
	t.Parallel()
	o, _ := openOffers(t, "")
	p := tileOf(t, o, everywhere, at(14, here), "open.stop")[0]
	fs := decoded(t, p)
	if len(fs) != 2 || p.Features != 2 || p.Dropped != 0 || p.Skipped != 0 {
		t.Fatalf("part %+v", p)
	}
	if fs[0].ID != float64(1) || fs[1].ID != float64(2) {
		t.Errorf("ids %v %v", fs[0].ID, fs[1].ID)
	}
	want := geojson.Properties{"name": "东门", "line": "1,K2", "opened": "2020-01-02", "seen": float64(1777622400), "fare": 2.5, "extra": `{"a": 1}`}
	for k, v := range want {
		if fs[0].Properties[k] != v {
			t.Errorf("%s = %v (%T), want %v", k, fs[0].Properties[k], fs[0].Properties[k], v)
		}
	}
	if len(fs[0].Properties) != len(want) {
		t.Errorf("properties %v", fs[0].Properties)
	}
	c := maptile.At(here, 14)
	g := fs[0].Geometry
	l := mvt.Layer{Extent: 4096, Features: fs[:1]}
	l.ProjectToWGS84(c)
	if pt, ok := l.Features[0].Geometry.(orb.Point); !ok || abs(pt[0]-here[0]) > 1e-5 || abs(pt[1]-here[1]) > 1e-5 {
		t.Errorf("the stop is at %v (%v in the tile)", l.Features[0].Geometry, g)
	}

	one := at(14, here)
	one.Properties = []string{"name"}
	if fs := decoded(t, tileOf(t, o, everywhere, one, "open.stop")[0]); len(fs[0].Properties) != 1 {
		t.Errorf("properties %v", fs[0].Properties)
	}
	if fs := decoded(t, tileOf(t, o, everywhere, at(2, orb.Point{-60, -20}), "open.stop")[0]); len(fs) != 1 {
		t.Errorf("%d far stops", len(fs))
	}
	if fs := decoded(t, tileOf(t, o, everywhere, at(0, here), "open.stop")[0]); len(fs) != 3 {
		t.Errorf("%d stops in the world", len(fs))
	}
}

func abs(f float64) float64 { return max(f, -f) }

func TestOfferTileOfManyIsOneStatement(t *testing.T) {
	t.Parallel()
	o, db := openOffers(t, "")
	names := []string{"open.stop", "open.parcel", "open.two.outline", "open.stop_view", "open.stop_buffer", "open.near_stops", "open.own_tile"}
	for zoom := range 17 {
		parts := tileOf(t, o, everywhere, at(zoom, here), names...)
		for i, p := range parts {
			if names[i] == "open.own_tile" {
				continue
			}
			if zoom > 12 && len(decoded(t, p)) == 0 {
				t.Errorf("z%d: nothing of %s", zoom, names[i])
			}
			if single := tileOf(t, o, everywhere, at(zoom, here), names[i])[0]; !bytes.Equal(single.MVT, p.MVT) {
				t.Errorf("z%d: %s differs alone", zoom, names[i])
			}
		}
	}
	var n int
	if err := db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'wanglou offers'`).Scan(&n); err != nil || n == 0 || n > 4 {
		t.Errorf("%d connections, %v", n, err)
	}
}

func TestOfferTileBytesAreStable(t *testing.T) {
	t.Parallel()
	o, db := openOffers(t, `CREATE TABLE open.keyless AS SELECT 'n' || i AS name, ST_SetSRID(ST_MakePoint(119.68 + i * 1e-5, 29.79), 4326)::geometry(Point, 4326) AS geom FROM generate_series(1, 500) i`)
	first := tileOf(t, o, everywhere, at(14, here), "open.keyless")[0]
	run(t, db, `UPDATE open.keyless SET name = name WHERE name < 'n3'`)
	for range 8 {
		again := tileOf(t, o, everywhere, at(14, here), "open.keyless")[0]
		if !bytes.Equal(first.MVT, again.MVT) {
			t.Fatal("equal rows, other bytes")
		}
	}
}

func TestOfferRights(t *testing.T) {
	t.Parallel()
	o, _ := openOffers(t, "")
	owners := func(s *auth.Scope) string {
		var out []string
		for _, f := range decoded(t, tileOf(t, o, s, at(14, here), "open.parcel")[0]) {
			out = append(out, strings.TrimPrefix(f.Properties.MustString("owner"), "owner "))
		}
		return strings.Join(out, "")
	}
	if got := owners(everywhere); got != "12345" {
		t.Errorf("the county sees %q", got)
	}
	if got := owners(townsman); got != "12" {
		t.Errorf("the town sees %q: its own and what lies below, not c.t10, nor rows without an area", got)
	}
	for _, c := range []struct {
		name  string
		scope *auth.Scope
		want  bool
	}{
		{"open.stop", townsman, true},         // role=viewer: everybody
		{"open.two", townsman, false},         // nothing said: who sees everywhere
		{"open.two", townAdmin, false},        // that is no matter of the role
		{"open.two", everywhere, true},        //
		{"open.parcel", nobody, false},        // no role, no reading
		{"open.own_tile", townsman, true},     // told the areas
		{"open.stop_buffer", townsman, false}, //
	} {
		f := offered(t, o, c.name)
		_, err := o.Tile(t.Context(), c.scope, []*offer.Offer{f}, at(14, here))
		if (err == nil) != c.want || err != nil && layers.ErrorCode(err) != layers.CodeNotFound {
			t.Errorf("%s for %v: %v", c.name, c.scope, err)
		}
		if f.Allows(c.scope) != c.want {
			t.Errorf("%s: Allows(%v) = %v", c.name, c.scope, !c.want)
		}
	}
	if fs := decoded(t, tileOf(t, o, townsman, at(14, here), "open.own_tile")[0]); fs[0].Properties["areas"] != `["c.t1"]` {
		t.Errorf("the function was told %v", fs[0].Properties)
	}
}

func TestOfferedSchemasAreNeverOurs(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	// Every schema of a fresh database is either PostgreSQL's or ours.
	rows, err := db.Pool.Query(t.Context(), `SELECT nspname::text FROM pg_namespace WHERE nspname NOT LIKE 'pg_temp%' AND nspname NOT LIKE 'pg_toast%'`)
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || !slices.Contains(schemas, "public") {
		t.Fatal(schemas, err)
	}
	for _, schema := range append(schemas, "") {
		o, err := postgis.OpenOffers(t.Context(), db, postgis.OfferOptions{Schemas: []string{"open", schema}})
		if layers.ErrorCode(err) != layers.CodeInvalid {
			t.Errorf("%q: %v", schema, err)
		}
		if o != nil {
			o.Close()
		}
	}
}

func TestOfferFeatures(t *testing.T) {
	t.Parallel()
	o, _ := openOffers(t, "")
	stop := offered(t, o, "open.stop")
	page, err := o.Features(t.Context(), everywhere, stop, offer.FeatureQuery{Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Items) != 2 || page.Next != "2" {
		t.Fatalf("page %+v", page)
	}
	f := page.Items[0].Feature
	if p, ok := f.Geometry.(orb.Point); !ok || p != here || f.ID != 1 || f.Values[0] != "东门" || f.Values[4] != 2.5 || f.Values[5] != `{"a": 1}` {
		t.Errorf("feature %+v", f)
	}
	page, err = o.Features(t.Context(), everywhere, stop, offer.FeatureQuery{Limit: 2, After: page.Next})
	if err != nil || len(page.Items) != 1 || page.Next != "" || page.Items[0].Key != "3" {
		t.Errorf("second page %+v, %v", page, err)
	}
	box := orb.Bound{Min: orb.Point{119.6795, 29.7895}, Max: orb.Point{119.6805, 29.7905}}
	for name, want := range map[string]string{"open.stop": "1", "open.parcel": "12345", "open.stop_view": "1", "open.near_stops": "1", "open.two.outline": "1"} {
		page, err := o.Features(t.Context(), everywhere, offered(t, o, name), offer.FeatureQuery{Limit: 10, Box: &box})
		got := ""
		if err == nil {
			for _, it := range page.Items {
				got += it.Key
			}
		}
		if got != want {
			t.Errorf("%s in the box: %q, want %q (%v)", name, got, want, err)
		}
	}
	beside := orb.Bound{Min: orb.Point{119.69, 29.8}, Max: orb.Point{119.7, 29.81}}
	if page, err := o.Features(t.Context(), everywhere, offered(t, o, "open.parcel"), offer.FeatureQuery{Limit: 10, Box: &beside}); err != nil || len(page.Items) != 0 {
		t.Errorf("parcels beside: %+v, %v", page, err)
	}
	around := orb.Bound{Min: orb.Point{170, -30}, Max: orb.Point{-50, 30}}
	if page, err := o.Features(t.Context(), everywhere, stop, offer.FeatureQuery{Limit: 10, Box: &around}); err != nil || len(page.Items) != 1 || page.Items[0].Key != "3" {
		t.Errorf("over the antimeridian: %+v, %v", page, err)
	}
	if page, err := o.Features(t.Context(), townsman, offered(t, o, "open.parcel"), offer.FeatureQuery{Limit: 10}); err != nil || len(page.Items) != 2 {
		t.Errorf("the town's parcels: %+v, %v", page, err)
	}
	if _, err := o.Feature(t.Context(), townsman, offered(t, o, "open.parcel"), "5"); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("a neighbour's parcel: %v", err)
	}
	if it, err := o.Feature(t.Context(), townsman, offered(t, o, "open.parcel"), "2"); err != nil || it.Feature.ID != 2 || !it.Feature.Bound.Contains(here) {
		t.Errorf("the town's own: %+v, %v", it, err)
	}
	if _, err := o.Features(t.Context(), everywhere, stop, offer.FeatureQuery{Limit: 2, After: "x"}); layers.ErrorCode(err) != layers.CodeInvalid {
		t.Errorf("a key that is none: %v", err)
	}
}

func TestOfferKeysOfText(t *testing.T) {
	t.Parallel()
	o, _ := openOffers(t, `CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE TABLE open.named (code varchar(10) PRIMARY KEY, geom geometry(Point, 4326)); INSERT INTO open.named SELECT 'k' || i, 'SRID=4326;POINT(119.68 29.79)' FROM generate_series(1, 5) i;
CREATE TABLE open.by_uuid (id uuid PRIMARY KEY, geom geometry(Point, 4326)); INSERT INTO open.by_uuid SELECT ('00000000-0000-0000-0000-00000000000' || i)::uuid, 'SRID=4326;POINT(119.68 29.79)' FROM generate_series(1, 5) i`)
	for _, name := range []string{"open.named", "open.by_uuid"} {
		f := offered(t, o, name)
		var keys []string
		for after := ""; ; {
			page, err := o.Features(t.Context(), everywhere, f, offer.FeatureQuery{Limit: 2, After: after})
			if err != nil {
				t.Fatal(name, err)
			}
			for _, it := range page.Items {
				keys = append(keys, it.Key)
			}
			if after = page.Next; after == "" {
				break
			}
		}
		if len(keys) != 5 || !slices.IsSorted(keys) {
			t.Errorf("%s: %v", name, keys)
		}
		if fs := decoded(t, tileOf(t, o, everywhere, at(14, here), name)[0]); len(fs) != 5 || fs[0].ID != nil || fs[0].Properties[f.ID] == nil {
			t.Errorf("%s: %d features, %+v", name, len(fs), fs[0])
		}
	}
}

func TestOfferFilters(t *testing.T) {
	t.Parallel()
	o, _ := openOffers(t, "")
	filter := func(text string) cql2.Expr {
		e, err := cql2.ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	for _, c := range []struct{ name, filter, want string }{
		{"open.stop", "name = '东门'", "1"},
		{"open.stop", "id > 1 AND id < 3 AND fare IS NULL", "2"},
		{"open.stop", "S_INTERSECTS(geometry, BBOX(119.6795, 29.7895, 119.6805, 29.7905))", "1"},
		{"open.stop", "opened >= DATE('2020-01-01')", "1"},
		{"open.parcel", "owner LIKE 'owner%' AND S_INTERSECTS(geometry, POINT(119.68 29.79))", "12345"},
		{"open.stop_view", "number = 2", "2"},
		{"open.near_stops", "name = '西门'", "2"},
	} {
		q := at(14, here)
		q.Where = filter(c.filter)
		got := ""
		for _, f := range decoded(t, tileOf(t, o, everywhere, q, c.name)[0]) {
			got += fmt.Sprint(f.ID)
		}
		if got != c.want {
			t.Errorf("%s where %s: tile has %q, want %q", c.name, c.filter, got, c.want)
		}
		page, err := o.Features(t.Context(), everywhere, offered(t, o, c.name), offer.FeatureQuery{Limit: 10, Where: q.Where})
		if err != nil {
			t.Errorf("%s: %v", c.filter, err)
			continue
		}
		got = ""
		for _, it := range page.Items {
			got += it.Key
		}
		if got != c.want {
			t.Errorf("%s where %s: %q, want %q", c.name, c.filter, got, c.want)
		}
	}
	// A column that is not shown cannot be asked for, and a filter that cannot be calculated is the caller's fault.
	for name, text := range map[string]string{"open.stop_view": "line IS NULL", "open.stop": "fare ^ 999999 > 1"} {
		_, err := o.Features(t.Context(), everywhere, offered(t, o, name), offer.FeatureQuery{Limit: 10, Where: filter(text)})
		if layers.ErrorCode(err) != layers.CodeInvalid || o.Status(name).State != offer.StateReady {
			t.Errorf("%s: %v, %+v", text, err, o.Status(name))
		}
	}
}

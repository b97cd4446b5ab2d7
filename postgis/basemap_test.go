package postgis_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

// basemapRows are a lake of 2 km, a pond of 20 m, a stream, a motorway, a footpath, one tower with a podium under it, a house and three places,
// all around 119.68, 29.79.
const basemapRows = `
INSERT INTO basemap_water (kind, name, name_en, geom) VALUES
  ('lake', '大湖', 'Great Lake', ST_Envelope('SRID=4326;LINESTRING(119.67 29.78, 119.69 29.80)'::geometry)),
  ('lake', NULL, '', ST_Envelope('SRID=4326;LINESTRING(119.6800 29.8100, 119.6802 29.8102)'::geometry)),
  ('stream', 'Brook', '', 'SRID=4326;LINESTRING(119.66 29.78, 119.66 29.80, 119.67 29.81)');
INSERT INTO basemap_landuse (kind, geom) VALUES ('forest', ST_Envelope('SRID=4326;LINESTRING(119.5 29.7, 119.6 29.8)'::geometry));
INSERT INTO basemap_road (kind, name, name_en, rank, geom) VALUES
  ('motorway', '长深高速', 'G25', 1, 'SRID=4326;LINESTRING(119.6 29.79, 119.7 29.79)'),
  ('path', NULL, '', 8, 'SRID=4326;LINESTRING(119.679 29.789, 119.681 29.791)');
INSERT INTO basemap_building (height_m, min_height_m, geom) VALUES
  (99.5, 12, ST_Envelope('SRID=4326;LINESTRING(119.6801 29.7901, 119.6804 29.7904)'::geometry)),
  (12, 0, ST_Envelope('SRID=4326;LINESTRING(119.6800 29.7900, 119.6806 29.7906)'::geometry)),
  (7, 0, ST_Envelope('SRID=4326;LINESTRING(119.6807 29.7900, 119.6808 29.7901)'::geometry));
INSERT INTO basemap_place (kind, name, name_en, rank, geom) VALUES
  ('county', '桐庐县', 'Tonglu', 4, 'SRID=4326;POINT(119.685 29.797)'),
  ('village', '某村', '', 6, 'SRID=4326;POINT(119.675 29.785)');`

func basemap(t *testing.T) *postgis.Basemap {
	t.Helper()
	db := postgistest.New(t)
	if _, err := db.Pool.Exec(t.Context(), basemapRows); err != nil {
		t.Fatal(err)
	}
	return postgis.NewBasemap(db)
}

// basemapTile returns the features of the tile over the point, by source-layer.
func basemapTile(t *testing.T, b *postgis.Basemap, zoom int, p orb.Point) map[string][]*geojson.Feature {
	t.Helper()
	at := maptile.At(p, maptile.Zoom(zoom))
	raw, err := b.Tile(t.Context(), uint8(zoom), at.X, at.Y)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := mvt.Unmarshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string][]*geojson.Feature)
	for _, l := range decoded {
		if _, twice := out[l.Name]; twice {
			t.Errorf("z%d: two layers %s", zoom, l.Name)
		}
		out[l.Name] = l.Features
	}
	return out
}

var inTonglu = orb.Point{119.6805, 29.7905}

func TestBasemapTile(t *testing.T) {
	t.Parallel()
	tile := basemapTile(t, basemap(t), 14, inTonglu)

	want := map[string][]string{
		"water": {"kind", "name", "name_en"}, "road": {"kind", "name", "name_en", "rank"}, "building": {"height_m", "min_height_m"},
		"place": {"kind", "name", "name_en", "rank"},
	}
	for name, keys := range want {
		if len(tile[name]) == 0 {
			t.Errorf("no %s in the tile", name)
			continue
		}
		if got := slices.Sorted(maps.Keys(tile[name][0].Properties)); !slices.Equal(got, keys) {
			t.Errorf("%s has %v, want %v", name, got, keys)
		}
	}
	if len(tile["landuse"]) > 0 {
		t.Error("a forest that lies elsewhere is in the tile")
	}
	if tower := tile["building"][0].Properties; tower.MustFloat64("height_m") != 99.5 || tower.MustFloat64("min_height_m") != 12 {
		t.Errorf("tower = %v", tower)
	}
	if county := tile["place"][0].Properties; county.MustString("name") != "桐庐县" || county.MustString("name_en") != "Tonglu" || county.MustInt("rank") != 4 {
		t.Errorf("county = %v", county)
	}
	if path := tile["road"][1].Properties; path.MustString("kind") != "path" || path["name"] != nil || path["name_en"] != nil {
		t.Errorf("path = %v", path)
	}
}

func TestBasemapZooms(t *testing.T) {
	t.Parallel()
	b := basemap(t)
	// What is in the tile at each zoom, by kind or height.
	for zoom, want := range map[int]string{
		4:  "",
		5:  "motorway",
		6:  "motorway",
		7:  "lake motorway county",
		11: "lake motorway county village",
		12: "lake stream motorway building building county village",
		13: "lake stream motorway building building building county village",
		14: "lake stream motorway path building building building county village",
	} {
		tile := basemapTile(t, b, zoom, inTonglu)
		var got []string
		for _, layer := range []string{"water", "road", "building", "place"} {
			for _, f := range tile[layer] {
				got = append(got, f.Properties.MustString("kind", layer))
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("z%d: %s; want %s", zoom, s, want)
		}
	}
}

func TestBasemapGivesEqualBytesForEqualData(t *testing.T) {
	t.Parallel()
	b := basemap(t)
	at := maptile.At(inTonglu, 13)
	first, err := b.Tile(t.Context(), 13, at.X, at.Y)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 { // more often than pgx takes to prepare the statement, and PostgreSQL to settle for a plan
		again, err := b.Tile(t.Context(), 13, at.X, at.Y)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, again) {
			t.Fatal("the same tile has other bytes")
		}
	}
}

func TestBasemapWithoutItsDatabase(t *testing.T) {
	t.Parallel()
	c := postgistest.Cluster(t)
	db, err := postgis.Open(t.Context(), c.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := postgis.NewBasemap(db).Tile(t.Context(), 0, 0, 0); layers.ErrorCode(err) != layers.CodeUnavailable {
		t.Errorf("error = %v", err)
	}
}

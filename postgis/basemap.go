package postgis

import "context"

// Basemap makes the tiles of the demo basemap out of the basemap_* tables, in the schema of docs/basemap.md. It is safe for
// concurrent use.
type Basemap struct {
	db *DB
}

// NewBasemap returns the basemap that is kept in db.
func NewBasemap(db *DB) *Basemap { return &Basemap{db: db} }

// basemapSQL makes one tile: every source-layer's features in the order of their ids, so that equal data gives equal bytes.
//
// $1, $2, $3 are z, x, y; $4 and $5 are the lowest ranks of roads and places that are drawn at the zoom. t.px is the width of a
// pixel in degrees (512 px a tile): outlines are simplified to half of it above the deepest zoom, and what is smaller than
// some of them is left out. Buildings keep their corners: they are drawn twice as large as their tile when the next zoom begins.
const basemapSQL = `
WITH t AS MATERIALIZED (
  SELECT ST_TileEnvelope($1, $2, $3) AS frame,
         ST_Transform(ST_TileEnvelope($1, $2, $3, margin => 64.0 / 4096), 4326) AS box,
         360.0 / 512 / 2 ^ $1 AS px,
         CASE WHEN $1 < 14 THEN 180.0 / 512 / 2 ^ $1 ELSE 0 END AS tolerance
)
SELECT
  (SELECT coalesce(ST_AsMVT(f, 'water', 4096, 'geom', 'id' ORDER BY f.id), '') FROM (
    SELECT w.id, w.kind, w.name, nullif(w.name_en, '') AS name_en, ST_AsMVTGeom(ST_Transform(ST_Simplify(w.geom, t.tolerance, false), 3857), t.frame, 4096, 64) AS geom
    FROM t JOIN basemap_water w ON w.geom && t.box
    WHERE (w.kind <> 'stream' OR $1 >= 12) AND (w.kind <> 'canal' OR $1 >= 10)
      AND greatest(ST_XMax(w.geom) - ST_XMin(w.geom), ST_YMax(w.geom) - ST_YMin(w.geom)) > 3 * t.px) f WHERE f.geom IS NOT NULL) ||
  (SELECT coalesce(ST_AsMVT(f, 'landuse', 4096, 'geom', 'id' ORDER BY f.id), '') FROM (
    SELECT l.id, l.kind, ST_AsMVTGeom(ST_Transform(ST_Simplify(l.geom, t.tolerance, false), 3857), t.frame, 4096, 64) AS geom
    FROM t JOIN basemap_landuse l ON l.geom && t.box
    WHERE greatest(ST_XMax(l.geom) - ST_XMin(l.geom), ST_YMax(l.geom) - ST_YMin(l.geom)) > 6 * t.px) f WHERE f.geom IS NOT NULL) ||
  (SELECT coalesce(ST_AsMVT(f, 'road', 4096, 'geom', 'id' ORDER BY f.id), '') FROM (
    SELECT r.id, r.kind, r.rank, r.name, nullif(r.name_en, '') AS name_en, ST_AsMVTGeom(ST_Transform(ST_Simplify(r.geom, t.tolerance, true), 3857), t.frame, 4096, 64) AS geom
    FROM t JOIN basemap_road r ON r.geom && t.box
    WHERE r.rank <= $4) f WHERE f.geom IS NOT NULL) ||
  (SELECT coalesce(ST_AsMVT(f, 'building', 4096, 'geom', 'id' ORDER BY f.id), '') FROM (
    SELECT b.id, b.height_m, b.min_height_m, ST_AsMVTGeom(ST_Transform(ST_Simplify(b.geom, t.tolerance / 4, false), 3857), t.frame, 4096, 64) AS geom
    FROM t JOIN basemap_building b ON b.geom && t.box
    WHERE $1 >= 13 OR $1 = 12 AND (b.height_m >= 20 OR ST_Area(b.geom::geography) >= 400)) f WHERE f.geom IS NOT NULL) ||
  (SELECT coalesce(ST_AsMVT(f, 'place', 4096, 'geom', 'id' ORDER BY f.id), '') FROM (
    SELECT p.id, p.kind, p.name, nullif(p.name_en, '') AS name_en, p.rank, ST_AsMVTGeom(ST_Transform(p.geom, 3857), t.frame, 4096, 64) AS geom
    FROM t JOIN basemap_place p ON p.geom && t.box
    WHERE p.rank <= $5) f WHERE f.geom IS NOT NULL)`

// roadRank and placeRank are the lowest ranks in the tiles of each zoom, from 0 to 14. docs/basemap.md explains them.
var (
	roadRank  = [15]int{0, 0, 0, 0, 0, 1, 2, 2, 3, 4, 4, 5, 6, 7, 8}
	placeRank = [15]int{1, 1, 1, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6, 8, 8}
)

// Tile returns the tile z/x/y as uncompressed MVT, empty where the map has nothing. Above zoom 14 it shows what zoom 14 shows.
func (b *Basemap) Tile(ctx context.Context, z uint8, x, y uint32) ([]byte, error) {
	at := min(int(z), len(roadRank)-1)
	var tile []byte
	if err := b.db.Pool.QueryRow(ctx, basemapSQL, int32(z), int64(x), int64(y), roadRank[at], placeRank[at]).Scan(&tile); err != nil {
		return nil, Wrap(err)
	}
	return tile, nil
}

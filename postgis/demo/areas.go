package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb/encoding/wkb"

	"wanglou/postgis/copyin"
)

// toWorldSQL is toWorld in SQL, for a geometry on the plane. The same corner comes out the same in every polygon.
func toWorldSQL(geom string) string {
	return fmt.Sprintf("ST_SetSRID(ST_Affine(%s, 1 / %.1f::float8, 0, 0, 1 / %.1f::float8, %g, %g), 4326)", geom, metresPerLon, metresPerLat, origin[0], origin[1])
}

// writeAreas makes the tree of areas from the bottom up: the Voronoi cells of all grid seeds and the county's outline are noded together
// on a grid of 1 cm, every face of the result belongs to one unit grid, villages are unions of their grids, towns of their
// villages. So everything nests exactly, without gap or overlap.
func (c *county) writeAreas(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `
		CREATE TEMP TABLE demo_area (code text, parent text, level text, name text, name_en text) ON COMMIT DROP;
		CREATE TEMP TABLE demo_seed (n int, village text, x float8, y float8, geom geometry) ON COMMIT DROP;
		CREATE TEMP TABLE demo_outline (geom geometry) ON COMMIT DROP`); err != nil {
		return err
	}
	outline, err := wkb.Marshal(c.outline)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO demo_outline SELECT ST_MakePolygon(ST_ExteriorRing(ST_SnapToGrid(ST_GeomFromWKB($1), 0.01)))`, outline); err != nil {
		return err
	}
	var rows [][]any
	rows = append(rows, []any{CountyCode, nil, "county", countyName, "Tonglu County"})
	for _, t := range c.townNames {
		rows = append(rows, []any{t.code, CountyCode, "town", t.name, english(t.name)})
	}
	for _, v := range c.villages {
		rows = append(rows, []any{v.code, towns[v.town].code, "village", v.name, v.nameEN})
	}
	row := func(i int) []any { return rows[i] }
	if _, err := copyin.Rows(ctx, tx, "demo_area", []string{"code", "parent", "level", "name", "name_en"}, copyin.All(len(rows), row)); err != nil {
		return err
	}
	seed := func(i int) []any {
		s := c.cells[i]
		return []any{i, c.villages[s.village].code, s.at[0], s.at[1]}
	}
	if _, err := copyin.Rows(ctx, tx, "demo_seed", []string{"n", "village", "x", "y"}, copyin.All(len(c.cells), seed)); err != nil {
		return err
	}
	for _, statement := range strings.Split(areasSQL, ";\n") {
		if _, err := tx.Exec(ctx, strings.ReplaceAll(statement, "to_world(geom)", toWorldSQL("geom"))); err != nil {
			return fmt.Errorf("areas: %w", err)
		}
	}
	return nil
}

const areasSQL = `
UPDATE demo_seed SET geom = ST_MakePoint(x, y);
CREATE INDEX ON demo_seed USING gist (geom);
ANALYZE demo_seed;
CREATE TEMP TABLE demo_face ON COMMIT DROP AS
WITH lines AS (
  SELECT ST_UnaryUnion(ST_Collect(ST_Boundary(o.geom), ST_VoronoiLines(s.geom, 0, ST_Expand(o.geom, 5000))), 0.01) AS geom
  FROM demo_outline o, (SELECT ST_Collect(geom ORDER BY n) AS geom FROM demo_seed) s),
face AS (SELECT (ST_Dump(ST_Polygonize(geom))).* FROM lines)
SELECT face.path[1] AS id, face.geom, s.n AS grid, ST_Contains(face.geom, s.geom) AS main
FROM face CROSS JOIN demo_outline o
CROSS JOIN LATERAL (SELECT n, geom FROM demo_seed ORDER BY geom <-> ST_PointOnSurface(face.geom) LIMIT 1) s
WHERE ST_Contains(o.geom, ST_PointOnSurface(face.geom));
CREATE INDEX ON demo_face USING gist (geom);
-- What a bay of the border cuts off from its own grid goes to the neighbour with the longest common border.
UPDATE demo_face f SET grid = (
  SELECT g.grid FROM demo_face g WHERE g.main AND ST_Intersects(f.geom, g.geom) AND ST_Length(ST_Intersection(f.geom, g.geom)) > 0
  ORDER BY ST_Length(ST_Intersection(f.geom, g.geom)) DESC, g.grid LIMIT 1)
WHERE NOT main;
CREATE TEMP TABLE demo_grid ON COMMIT DROP AS
SELECT s.n, s.village, ST_Union(f.geom) AS geom FROM demo_face f JOIN demo_seed s ON s.n = f.grid GROUP BY s.n, s.village;
CREATE TEMP TABLE demo_village ON COMMIT DROP AS
SELECT village AS code, ST_Union(geom) AS geom FROM demo_grid GROUP BY village;
CREATE TEMP TABLE demo_town ON COMMIT DROP AS
SELECT a.parent AS code, ST_Union(v.geom) AS geom FROM demo_village v JOIN demo_area a USING (code) GROUP BY a.parent;
INSERT INTO area (code, path, level, name, name_en, geom)
SELECT a.code, a.code, a.level, a.name, a.name_en, ST_Multi(to_world(geom))
FROM demo_area a, (SELECT ST_Union(geom) AS geom FROM demo_town) u WHERE a.level = 'county';
INSERT INTO area (code, parent_id, path, level, name, name_en, geom)
SELECT a.code, p.id, p.path || '.' || a.code, a.level, a.name, a.name_en, ST_Multi(to_world(geom))
FROM demo_area a JOIN demo_town USING (code) JOIN (SELECT id, code AS parent, path FROM area) p USING (parent) ORDER BY a.code;
INSERT INTO area (code, parent_id, path, level, name, name_en, geom)
SELECT a.code, p.id, p.path || '.' || a.code, a.level, a.name, a.name_en, ST_Multi(to_world(geom))
FROM demo_area a JOIN demo_village USING (code) JOIN (SELECT id, code AS parent, path FROM area) p USING (parent) ORDER BY a.code;
INSERT INTO unit_grid (code, area_path, name, geom)
SELECT g.village || lpad(row_number() OVER (PARTITION BY g.village ORDER BY g.n)::text, 3, '0'), a.path,
  '网格' || lpad(row_number() OVER (PARTITION BY left(g.village, 9) ORDER BY g.village, g.n)::text, 3, '0'), to_world(geom)
FROM (SELECT n, village, geom FROM demo_grid) g JOIN (SELECT code AS village, path FROM area) a USING (village) ORDER BY g.village, g.n;
ANALYZE area;
ANALYZE unit_grid`

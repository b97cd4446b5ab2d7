package main

import (
	"context"
	"fmt"

	"wanglou/postgis"
)

// The data of all benches, the same on every run: made inside the database from a fixed seed. Cameras stand in 200 clusters of different
// size, as towns do; permits are polygons of a house's size around such clusters; unit grids cover the county with squares.

const seedClusters = `
CREATE TEMP TABLE cluster AS SELECT i, 119.2 + 0.75 * random() AS lon, 29.6 + 0.45 * random() AS lat, 0.002 + 0.02 * random() ^ 3 AS spread
FROM generate_series(0, 199) i;`

// somewhere is a place in cluster i % 200, spread around it as a normal distribution.
const somewhere = `(SELECT ST_SetSRID(ST_MakePoint(c.lon + c.spread * sqrt(-2 * ln(1 - g.u)) * cos(2 * pi() * g.v), c.lat + c.spread * sqrt(-2 * ln(1 - g.u)) * sin(2 * pi() * g.v)), 4326))`

const seedCameras = `
INSERT INTO camera (device_id, name, department, area_path, status, height_m, azimuth_deg, fov_deg, range_m, source, source_id, geom)
SELECT lpad((33012200000000000000 + g.i)::text, 20, '0'), '摄像机 ' || g.i, 'police', '330122.330122001.330122001' || lpad((g.i % 218)::text, 3, '0'),
  'online', 4 + g.i % 9, g.i * 37 % 360, 60 + g.i % 40, 80 + g.i % 170, 'bench', g.i::text, ` + somewhere + `
FROM (SELECT i, random() AS u, random() AS v FROM generate_series(1, $1) i) g JOIN cluster c ON c.i = g.i % 200 ORDER BY g.i;`

const seedPermits = `
INSERT INTO permit (number, height_m, valid_from, valid_to, area_path, geom)
SELECT 'P' || g.i, 3 + g.i % 30, date '2020-01-01' + g.i % 1000, date '2030-01-01', '330122.330122001.330122001' || lpad((g.i % 218)::text, 3, '0'),
  ST_Multi(ST_Rotate(ST_MakeEnvelope(ST_X(g.p), ST_Y(g.p), ST_X(g.p) + 0.0001 + 0.0003 * g.w, ST_Y(g.p) + 0.0001 + 0.0002 * g.h, 4326), g.w * 3, g.p))
FROM (SELECT g.*, ` + somewhere + ` AS p FROM (SELECT i, random() AS u, random() AS v, random() AS w, random() AS h FROM generate_series(1, $1) i) g
  JOIN cluster c ON c.i = g.i % 200) g ORDER BY g.i;`

const seedGrids = `
INSERT INTO unit_grid (code, area_path, name, geom)
SELECT '330122001' || lpad(i::text, 6, '0'), '330122.330122001.330122001' || lpad((i % 218)::text, 3, '0'), '网格 ' || i,
  ST_MakeEnvelope(119.2 + 0.0125 * (i % 60), 29.6 + 0.009 * (i / 60), 119.2 + 0.0125 * (i % 60 + 1), 29.6 + 0.009 * (i / 60 + 1), 4326)
FROM generate_series(0, $1 - 1) i;`

// seed fills a database with so many cameras, permits and unit grids.
func seed(ctx context.Context, db *postgis.DB, cameras, permits, grids int) error {
	conn, err := db.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{"SELECT setseed(0.42)", nil}, {seedClusters, nil}, {seedCameras, []any{cameras}}, {seedPermits, []any{permits}}, {seedGrids, []any{grids}},
		{"DROP TABLE cluster", nil}, {"ANALYZE", nil},
	} {
		if _, err := conn.Exec(ctx, step.sql, step.args...); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	return nil
}

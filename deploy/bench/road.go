package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"wanglou/deploy/basemap"
	"wanglou/layers/road"
	"wanglou/postgis"
)

const (
	roadRuns  = 300
	roadUnits = 200
)

// roadDistance measures how long it takes to find how far two hundred units are from one case by road, over the roads of an OpenStreetMap extract; BENCH_OSM names
// it. The reference asks pgRouting the same in SQL, where the database has it. Both have to find the same.
var roadDistance = bench{figures: []string{"road-distance"}, run: func(ctx context.Context, e *env) ([]figure, error) {
	path := os.Getenv("BENCH_OSM")
	if path == "" {
		e.say("road-distance is skipped: BENCH_OSM names no OpenStreetMap extract (*.osm.pbf)")
		return nil, nil
	}
	db, _, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	n, err := postgis.ReplaceRoads(ctx, db, basemap.Roads(ctx, path))
	if err != nil {
		return nil, err
	}
	roads := postgis.NewRoads(db, slog.New(slog.DiscardHandler))
	began := time.Now()
	if _, err := roads.Load(ctx, -1); err != nil {
		return nil, err
	}
	e.say("%d roads are a network in %.0f ms", n, float64(time.Since(began))/float64(time.Millisecond))
	corners, err := roadCorners(ctx, db)
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(1, 2))
	one := func() orb.Point {
		p := corners[random.IntN(len(corners))]
		return orb.Point{p[0] + (random.Float64()-0.5)*0.002, p[1] + (random.Float64()-0.5)*0.002}
	}
	var ours []float64
	found, straight := 0, 0.0
	for range roadRuns {
		at, units := one(), make([]orb.Point, roadUnits)
		for i := range units {
			units[i] = one()
		}
		began := time.Now()
		ways := roads.Ways(at, units)
		ours = append(ours, float64(time.Since(began))/float64(time.Millisecond))
		for i, w := range ways {
			if !w.By {
				continue
			}
			found++
			if d := geo.DistanceHaversine(at, units[i]); d > 100 {
				straight += w.Metres / d
			}
			if w.Metres < geo.DistanceHaversine(at, units[i])-0.01 {
				return nil, fmt.Errorf("%v to %v is %f m by road", at, units[i], w.Metres)
			}
		}
	}
	e.say("p50 %s ms; %d of %d have a way, on average %.2f times the straight line", digits(percentile(ours, 0.5)), found, roadRuns*roadUnits, straight/float64(max(1, found)))
	p99 := percentile(ours, 0.99)
	reference, err := roadsBySQL(ctx, db, roads, corners, random)
	if err != nil {
		return nil, err
	}
	if len(reference) == 0 {
		e.say("no reference: the database has no pgRouting")
		return []figure{{name: "road-distance", value: p99, unit: "ms", ratio: 1, against: "none"}}, nil
	}
	e.say("pgRouting: p50 %s ms", digits(percentile(reference, 0.5)))
	return []figure{{name: "road-distance", value: p99, unit: "ms", ratio: p99 / percentile(reference, 0.99), against: "pgrouting"}}, nil
}}

// roadCorners lists the ends of all roads.
func roadCorners(ctx context.Context, db *postgis.DB) ([]orb.Point, error) {
	rows, err := db.Pool.Query(ctx, `SELECT ST_X(ST_StartPoint(geom)), ST_Y(ST_StartPoint(geom)) FROM basemap_road ORDER BY id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p orb.Point, err error) { return p, row.Scan(&p[0], &p[1]) })
}

// roadsBySQL asks pgRouting for the same between corners of the network, ten times; nothing where it is not there.
func roadsBySQL(ctx context.Context, db *postgis.DB, roads *postgis.Roads, corners []orb.Point, random *rand.Rand) ([]float64, error) {
	if _, err := db.Pool.Exec(ctx, `CREATE EXTENSION IF NOT EXISTS pgrouting`); err != nil {
		return nil, nil //nolint:nilerr // not installed
	}
	// The same edges: every straight piece of a road, with the seconds that the kind of it takes.
	if _, err := db.Pool.Exec(ctx, `CREATE TABLE bench_corner AS SELECT row_number() OVER () AS id, geom FROM (SELECT DISTINCT (ST_DumpPoints(geom)).geom FROM basemap_road) p;
		CREATE INDEX ON bench_corner USING btree (geom);
		CREATE TABLE bench_edge AS SELECT row_number() OVER () AS id, a.id AS source, b.id AS target,
			ST_DistanceSphere(a.geom, b.geom) / (s.kmh / 3.6) AS cost FROM (
			SELECT kind, ST_PointN(geom, n) AS p, ST_PointN(geom, n + 1) AS q FROM basemap_road, generate_series(1, ST_NPoints(geom) - 1) n) e
			JOIN (VALUES ('motorway', 90), ('trunk', 62), ('primary', 46), ('secondary', 42), ('tertiary', 36), ('residential', 26), ('service', 18), ('path', 9)) s (kind, kmh) USING (kind)
			JOIN bench_corner a ON a.geom = e.p JOIN bench_corner b ON b.geom = e.q;
		ANALYZE bench_corner; ANALYZE bench_edge`); err != nil {
		return nil, err
	}
	id := func(p orb.Point) (id int64, err error) {
		err = db.Pool.QueryRow(ctx, `SELECT id FROM bench_corner ORDER BY geom <-> ST_Point($1, $2, 4326) LIMIT 1`, p[0], p[1]).Scan(&id)
		return id, err
	}
	var took []float64
	for range 10 {
		at, units := corners[random.IntN(len(corners))], make([]orb.Point, roadUnits)
		from, err := id(at)
		if err != nil {
			return nil, err
		}
		ids := make([]int64, roadUnits)
		for i := range units {
			units[i] = corners[random.IntN(len(corners))]
			if ids[i], err = id(units[i]); err != nil {
				return nil, err
			}
		}
		began := time.Now()
		rows, err := db.Pool.Query(ctx, `SELECT end_vid, agg_cost FROM pgr_dijkstraCost('SELECT id, source, target, cost FROM bench_edge', $1::bigint, $2::bigint[], false)`, from, ids)
		if err != nil {
			return nil, err
		}
		seconds := map[int64]float64{from: 0}
		var (
			to   int64
			cost float64
		)
		if _, err := pgx.ForEachRow(rows, []any{&to, &cost}, func() error { seconds[to] = cost; return nil }); err != nil {
			return nil, err
		}
		took = append(took, float64(time.Since(began))/float64(time.Millisecond))
		if err := sameWays(roads.Ways(at, units), ids, seconds); err != nil {
			return nil, err
		}
	}
	return took, nil
}

// sameWays compares the seconds; what the reference finds on an island, and beyond our limits, we leave out.
func sameWays(ways []road.Way, ids []int64, seconds map[int64]float64) error {
	compared := 0
	for i, w := range ways {
		want, ok := seconds[ids[i]]
		if !w.By || !ok {
			continue
		}
		compared++
		if d := w.Seconds - want; d > 0.5+want*0.002 || d < -0.5-want*0.002 { // the sphere has two radii
			return fmt.Errorf("%f s, the reference has %f", w.Seconds, want)
		}
	}
	if compared == 0 {
		return errors.New("nothing was compared")
	}
	return nil
}

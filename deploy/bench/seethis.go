package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/paulmach/orb"

	"wanglou/postgis"
)

const (
	seeCameras   = 5_000
	seeBuildings = 80_000
	seeQuestions = 1_000
)

// The permits of the seed are houses around the places where cameras stand.
const seedBuildings = `INSERT INTO basemap_building (height_m, geom) SELECT 4 + id % 30, (ST_Dump(geom)).geom FROM permit ORDER BY id`

// byPostGIS is the same question in SQL: near, in the wedge, and no building higher than the line where it crosses.
const byPostGIS = `
WITH p AS (SELECT ST_SetSRID(ST_MakePoint($1, $2), 4326) AS at),
near AS (SELECT c.id, c.height_m, c.geom, ST_Distance(c.geom::geography, p.at::geography) AS d, p.at FROM camera c, p
  WHERE c.geom && ST_Expand(p.at, 0.003) AND ST_Distance(c.geom::geography, p.at::geography) <= c.range_m
    AND abs(mod((degrees(ST_Azimuth(c.geom::geography, p.at::geography)) - c.azimuth_deg + 540)::numeric, 360) - 180) <= c.fov_deg / 2)
SELECT count(*) FROM near n WHERE NOT EXISTS (SELECT FROM basemap_building b, LATERAL ST_Intersection(b.geom, ST_MakeLine(n.geom, n.at)) x
  WHERE b.geom && ST_MakeLine(n.geom, n.at) AND ST_Intersects(b.geom, ST_MakeLine(n.geom, n.at)) AND NOT ST_Intersects(b.geom, n.geom) AND NOT ST_Intersects(b.geom, n.at)
    AND n.height_m + (1.5 - n.height_m) * ST_Distance(n.geom, ST_EndPoint(CASE GeometryType(x) WHEN 'LINESTRING' THEN x ELSE ST_GeometryN(ST_CollectionExtract(x, 2), 1) END)) / nullif(ST_Distance(n.geom, n.at), 0) < b.height_m)`

// seeThis measures how long whoever opens a case waits for the cameras that see it, through the whole server, sectors included. The reference is the same question in PostGIS.
var seeThis = bench{figures: []string{"see-this-p99"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, address, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := seed(ctx, db, seeCameras, seeBuildings, 10); err != nil {
		return nil, err
	}
	if _, err := db.Pool.Exec(ctx, seedBuildings); err != nil {
		return nil, err
	}
	if _, err := db.Pool.Exec(ctx, "ANALYZE"); err != nil {
		return nil, err
	}
	places, err := besideCameras(ctx, db)
	if err != nil {
		return nil, err
	}
	srv, err := e.serve(ctx, db, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	ask := func(p orb.Point) (sees int, took float64, err error) {
		began := time.Now()
		resp, err := srv.client.Get(fmt.Sprintf("http://%s/api/cameras/seeing?point=%f,%f&sectors=true&limit=40", srv.address, p[0], p[1]))
		if err != nil {
			return 0, 0, err
		}
		defer resp.Body.Close() //nolint:errcheck // it was read
		var answer struct{ Sees, Known int }
		err = json.NewDecoder(resp.Body).Decode(&answer)
		took = float64(time.Since(began)) / float64(time.Millisecond)
		if err == nil && resp.StatusCode != http.StatusOK {
			err = errors.New(resp.Status)
		}
		return answer.Sees, took, err
	}
	if _, took, err := ask(places[0]); err != nil { // the buildings are read
		return nil, err
	} else {
		e.say("the first question took %s ms", digits(took))
	}
	var ours, theirs []float64
	seen, differ := 0, 0
	for i, p := range places {
		n, took, err := ask(p)
		if err != nil {
			return nil, err
		}
		ours = append(ours, took)
		seen += n
		if i%10 != 0 {
			continue
		}
		began, scanned := time.Now(), 0
		if err := db.Pool.QueryRow(ctx, byPostGIS, p[0], p[1]).Scan(&scanned); err != nil {
			return nil, err
		}
		theirs = append(theirs, float64(time.Since(began))/float64(time.Millisecond))
		if scanned != n {
			differ++
		}
	}
	e.say("%.2f cameras see a place on average; %d of %d answers differ from PostGIS; p50 %s ms, PostGIS %s ms", float64(seen)/float64(len(places)), differ, len(theirs), digits(percentile(ours, 0.5)), digits(percentile(theirs, 0.5)))
	p99 := percentile(ours, 0.99)
	return []figure{{name: "see-this-p99", value: p99, unit: "ms", ratio: p99 / percentile(theirs, 0.99), against: "postgis"}}, nil
}}

// besideCameras returns places some steps away from cameras: there cases happen.
func besideCameras(ctx context.Context, db *postgis.DB) ([]orb.Point, error) {
	r := rand.New(rand.NewPCG(7, 7)) // #nosec G404 -- the same on every run
	rows, err := db.Pool.Query(ctx, `SELECT ST_X(geom), ST_Y(geom) FROM camera ORDER BY id LIMIT $1`, seeQuestions)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []orb.Point
	for rows.Next() {
		var p orb.Point
		if err := rows.Scan(&p[0], &p[1]); err != nil {
			return nil, err
		}
		out = append(out, orb.Point{p[0] + (r.Float64()-0.5)*0.001, p[1] + (r.Float64()-0.5)*0.001})
	}
	return out, rows.Err()
}

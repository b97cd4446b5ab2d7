package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"wanglou/layers"
	"wanglou/postgis"
)

// replayStart measures how long it takes from asking for a moment of the past to a whole map of it: a replay of a random moment in five months of
// 100,000 cameras that changed every 36 hours, 10 million past states. The reference reads the present of the same table and throws it away.
var replayStart = bench{figures: []string{"replay-start"}, run: func(ctx context.Context, e *env) ([]figure, error) {
	const cameras, states, rounds = 100_000, 100, 9
	db, _, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := seed(ctx, db, cameras, 0, 0); err != nil {
		return nil, err
	}
	history := postgis.NewHistory(db, postgis.Publication, e.log)
	if err := history.Follow(ctx); err != nil {
		return nil, err
	}
	e.say("writing %d past states", cameras*states)
	if err := seedPast(ctx, db, states); err != nil {
		return nil, err
	}
	from, until, err := history.Span(ctx)
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(42, 1))
	var ours, reference []float64
	for range rounds {
		at := from.Add(time.Duration(random.Float64() * float64(until.Sub(from))))
		replica := layers.NewReplica(layers.ReplicaOptions{})
		took, err := load(ctx, layers.NewReplay(history, at), replica)
		if err != nil {
			return nil, err
		}
		if n := replica.Len("camera"); n != cameras {
			return nil, fmt.Errorf("at %v there are %d cameras of %d", at, n, cameras)
		}
		ours = append(ours, took.Seconds())
		if took, err = timeCopy(ctx, db); err != nil {
			return nil, err
		}
		reference = append(reference, took.Seconds())
	}
	value := percentile(ours, 0.5)
	return []figure{{name: "replay-start", value: value, unit: "s", ratio: value / percentile(reference, 0.5), against: "copy-to-stdout"}}, nil
}}

// seedPast gives every camera so many states before the one that it has, 36 hours each, begun at another time for each.
func seedPast(ctx context.Context, db *postgis.DB, states int) error {
	conn, err := db.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	// The index of spans is made when all are there: row by row it takes ten minutes.
	for _, sql := range []string{
		`SET maintenance_work_mem = '1GB'`,
		`DROP INDEX history.camera__valid_idx`,
		`UPDATE history.layer SET begins = now() - interval '36 hours' * ` + fmt.Sprint(states-1),
		`SELECT history.make_month('camera', now() - n * interval '1 month') FROM generate_series(0, 6) n`,
		`INSERT INTO history.camera (id, device_id, name, department, area_path, status, status_since, height_m, azimuth_deg, fov_deg, range_m, geom, _valid, _gone)
			SELECT c.id, c.device_id, c.name, c.department, c.area_path, CASE WHEN n % 2 = 0 THEN 'online' ELSE 'offline' END, s.till - interval '36 hours',
				c.height_m, c.azimuth_deg, c.fov_deg, c.range_m, c.geom, tstzrange(s.till - interval '36 hours', s.till), false
			FROM generate_series(` + fmt.Sprint(states) + `, 1, -1) n, camera c,
				LATERAL (SELECT now() - (n - 1 + c.id % 997 / 997.0) * interval '36 hours' AS till) s`,
		`CREATE INDEX camera__valid_idx ON history.camera USING gist (_valid)`,
		`UPDATE history.camera__since s SET since = now() - s.id % 997 / 997.0 * interval '36 hours'`,
		`VACUUM ANALYZE history.camera, history.camera__since`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("seed the past: %w", err)
		}
	}
	return nil
}

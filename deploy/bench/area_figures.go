package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/postgis"
)

const (
	figuresAsks    = 40
	millionFigures = 12 // of the million, which take longer
)

// seedFigures fills a county of @cases cases of the last year, a fifth of them open, with 14 towns of 14 villages of 9 unit grids, three to a duty grid.
var seedFigures = []string{`
INSERT INTO area (code, path, level, name, geom) VALUES ('330122', '330122', 'county', '桐庐县', ST_Multi(ST_MakeEnvelope(119, 29.4, 120.4, 30.24, 4326)))`, `
INSERT INTO area (code, path, level, name, geom)
SELECT '330122' || lpad(x::text, 3, '0'), '330122.330122' || lpad(x::text, 3, '0'), 'town', '镇' || x, ST_Multi(ST_MakeEnvelope(119 + x * 0.1, 29.4, 119.1 + x * 0.1, 30.24, 4326)) FROM generate_series(0, 13) x`, `
INSERT INTO area (code, path, level, name, geom)
SELECT a.code || lpad(y::text, 3, '0'), a.path || '.' || a.code || lpad(y::text, 3, '0'), 'village', '村' || y,
	ST_Multi(ST_MakeEnvelope(ST_XMin(a.geom), 29.4 + y * 0.06, ST_XMax(a.geom), 29.46 + y * 0.06, 4326)) FROM area a, generate_series(0, 13) y WHERE a.level = 'town'`, `
INSERT INTO duty_grid (code, name, area_path) SELECT a.code || 'Z' || k, a.name || k, a.path FROM area a, generate_series(1, 3) k WHERE a.level = 'village'`, `
INSERT INTO unit_grid (code, area_path, name, geom, duty_grid_id)
SELECT a.code || '00' || k, a.path, '格' || k, ST_MakeEnvelope(ST_XMin(a.geom) + (k - 1) * 0.1 / 9, ST_YMin(a.geom), ST_XMin(a.geom) + k * 0.1 / 9, ST_YMax(a.geom), 4326), d.id
FROM area a, generate_series(1, 9) k, duty_grid d WHERE a.level = 'village' AND d.code = a.code || 'Z' || (k + 2) / 3`, `
SELECT setseed(0.42)`, `
INSERT INTO incident (number, title, category, severity, state, closing, source, area_path, created_at, closed_at, due_at, geom)
SELECT 'F' || g.i, '案件 ' || g.i, (ARRAY['06013','06042','09012','09009','06001','06010','01037'])[1 + g.i % 7], 1 + g.i % 3,
	CASE WHEN g.open THEN 'handling' ELSE 'closed' END, CASE WHEN NOT g.open THEN (ARRAY['normal','normal','normal','overdue'])[1 + g.i % 4] END, (ARRAY['hotline','citizen','grid_worker','camera'])[1 + g.i % 4],
	'330122.330122' || lpad(g.x::text, 3, '0') || '.330122' || lpad(g.x::text, 3, '0') || lpad(g.y::text, 3, '0'), g.at, CASE WHEN NOT g.open THEN g.at + interval '3 hours' END, g.at + interval '4 hours',
	ST_SetSRID(ST_MakePoint(119 + (g.x + g.u) * 0.1, 29.4 + (g.y + g.v) * 0.06), 4326)
FROM (SELECT i, i % 5 = 0 AS open, now() - random() * interval '363 days' AS at, floor(random() * 14)::int AS x, floor(random() * 14)::int AS y, random() AS u, random() AS v FROM generate_series(1, @cases) i) g`, `
VACUUM (ANALYZE)`}

// areaFigures measures how long the numbers of every town, of every duty grid, and of every hour, weekday, month, class and channel take over a year of 100,000 and of 1,000,000
// cases. The reference is a plain SELECT that counts the same cases by their areas' paths.
var areaFigures = bench{figures: []string{"area-figures", "area-figures-duty", "area-figures-parts", "area-figures-million"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	for _, size := range []struct {
		cases, asks int
		suffix      string
	}{{100_000, figuresAsks, ""}, {1_000_000, millionFigures, "-million"}} {
		more, err := figuresOver(ctx, e, size.cases, size.asks, size.suffix)
		if err != nil {
			return nil, err
		}
		figures = append(figures, more...)
	}
	return figures, nil
}}

func figuresOver(ctx context.Context, e *env, cases, asks int, suffix string) ([]figure, error) {
	db, _, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	conn, err := db.Pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	for _, sql := range append([]string{`SET statement_timeout = 0`}, seedFigures...) {
		if _, err = conn.Exec(ctx, strings.ReplaceAll(sql, "@cases", strconv.Itoa(cases))); err != nil {
			break
		}
	}
	conn.Release()
	if err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	ctx = auth.WithActor(ctx, auth.Operator("bench"))
	s := postgis.NewIncidents(db)
	until := time.Now()
	q := incident.AreaQuery{By: incident.ByTown, From: until.AddDate(-1, 0, 1), Until: until}
	duty := q
	duty.By = incident.ByDutyGrid
	plain := func() error {
		_, err := db.Pool.Exec(ctx, `SELECT area_path, count(*) FILTER (WHERE closed_at IS NULL), count(*) FILTER (WHERE closed_at IS NULL AND due_at < now()), count(*) FILTER (WHERE created_at >= $1 AND created_at < $2),
			count(*) FILTER (WHERE closed_at >= $1 AND closed_at < $2), count(*) FILTER (WHERE closed_at >= $1 AND closed_at < $2 AND closing <> 'overdue') FROM incident GROUP BY area_path`, q.From, q.Until)
		return err
	}
	towns := func() error {
		items, err := s.ByArea(ctx, q)
		sum := 0
		for _, f := range items {
			sum += f.Created
		}
		if err == nil && sum != cases {
			err = fmt.Errorf("%d cases were counted of %d", sum, cases)
		}
		return err
	}
	grids := func() error { _, err := s.ByArea(ctx, duty); return err }
	parts := func() error { _, err := s.Split(ctx, q, 0); return err }
	kinds := []struct {
		name string
		ask  func() error
	}{{"area-figures", towns}, {"area-figures-duty", grids}, {"area-figures-parts", parts}}
	if suffix != "" {
		kinds = kinds[:1]
	}
	times, reference := make([][]float64, len(kinds)), []float64(nil)
	timed := func(ask func() error) (float64, error) {
		began := time.Now()
		err := ask()
		return float64(time.Since(began)) / float64(time.Millisecond), err
	}
	for range asks { // in turn
		ms, err := timed(plain)
		if err != nil {
			return nil, err
		}
		reference = append(reference, ms)
		for i, kind := range kinds {
			if ms, err = timed(kind.ask); err != nil {
				return nil, err
			}
			times[i] = append(times[i], ms)
		}
	}
	base := percentile(reference, 0.99)
	var out []figure
	for i, kind := range kinds {
		v := percentile(times[i], 0.99)
		e.say("%s%s: median %.0f ms, the plain count %.0f ms", kind.name, suffix, percentile(times[i], 0.5), percentile(reference, 0.5))
		out = append(out, figure{name: kind.name + suffix, value: v, unit: "ms", ratio: v / base, against: "plain-count"})
	}
	return out, nil
}

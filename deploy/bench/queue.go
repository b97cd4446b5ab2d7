package main

import (
	"context"
	"errors"
	"time"
)

const queueCases = 100_000

// queueFilter measures how long a console with so many open cases takes to show another choice of them: from the press of a button to the changed list. The reference asks PostgreSQL for
// the same list.
var queueFilter = bench{figures: []string{"queue-filter"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, srv, end, err := e.serveIntake(ctx, queueCases, 30, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	var plain []float64
	for i := range 40 {
		began := time.Now()
		rows, err := db.Pool.Query(ctx, `SELECT id, title, severity, state, area_path, created_at FROM incident WHERE closed_at IS NULL AND severity = $1 ORDER BY severity, created_at, id`, 1+i%3)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
		plain = append(plain, float64(time.Since(began))/float64(time.Millisecond))
	}
	var ours []float64
	if err := srv.page(ctx, e, "queue.mjs", &ours); err != nil {
		return nil, err
	}
	e.say("queue-filter: median %.0f ms of %d presses", percentile(ours, 0.5), len(ours))
	v := percentile(ours, 0.95)
	return []figure{{name: "queue-filter", value: v, unit: "ms", ratio: v / percentile(plain, 0.95), against: "select-over-pgx"}}, nil
}}

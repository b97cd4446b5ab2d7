package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
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
	cmd := exec.CommandContext(ctx, "node", "deploy/bench/queue.mjs", "http://"+srv.address, benchLogin, benchPassword)
	cmd.Stderr = e.progress
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("the console: %w", err)
	}
	var ours []float64
	if err := json.Unmarshal(out, &ours); err != nil || len(ours) < 10 {
		return nil, fmt.Errorf("the console told %q: %w", out, err)
	}
	e.say("queue-filter: median %.0f ms of %d presses", percentile(ours, 0.5), len(ours))
	v := percentile(ours, 0.95)
	return []figure{{name: "queue-filter", value: v, unit: "ms", ratio: v / percentile(plain, 0.95), against: "select-over-pgx"}}, nil
}}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"wanglou/postgis"
)

const (
	consoleCameras = 100_000
	consoleRate    = 500 // changes a second
	growthMinutes  = 4   // BENCH_MINUTES=60 is what is promised
	growthWarmUp   = 0.35
	scenesPerHour  = 1500 // what a wall shows in a day, a scene a minute
)

// serveCameras starts a server over the demo county with so many cameras that it has consoleCameras. end stops it and lets its database go.
func (e *env) serveCameras(ctx context.Context) (db *postgis.DB, srv *server, end func() error, err error) {
	db, address, _, err := e.county(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	var there int
	if err = db.Pool.QueryRow(ctx, "SELECT count(*) FROM camera").Scan(&there); err == nil {
		err = seed(ctx, db, consoleCameras-there, 0, 0)
	}
	if err == nil {
		srv, err = e.serve(ctx, db, address)
	}
	if err != nil {
		db.Close()
		return nil, nil, nil, err
	}
	return db, srv, func() error { defer db.Close(); return srv.stop() }, nil
}

// keepChanging lets consoleRate cameras a second fail and recover, one after the other, until stop is called, which returns how many were changed.
func keepChanging(ctx context.Context, db *postgis.DB) (stop func() (changes int, err error)) {
	ctx, cancel := context.WithCancel(ctx)
	const writers = 4
	var all sync.WaitGroup
	var mu sync.Mutex
	var failed error
	changed := 0
	begin := time.Now()
	for w := range writers {
		all.Go(func() {
			for i := w; ; i += writers {
				if pause(ctx, time.Until(begin.Add(time.Duration(i)*time.Second/consoleRate))) != nil {
					return
				}
				_, err := db.Pool.Exec(ctx, `UPDATE camera SET status = CASE status WHEN 'online' THEN 'offline' ELSE 'online' END
					WHERE id = (SELECT min(id) FROM camera) + $1`, i*97%consoleCameras)
				mu.Lock()
				if changed++; err != nil && ctx.Err() == nil {
					failed = errors.Join(failed, err)
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	return func() (int, error) {
		cancel()
		all.Wait()
		return changed, failed
	}
}

// consoleJS measures the processor time of the main thread that scripts of a console take while consoleRate of its 100,000 cameras a second change. The reference is a page that
// reads the same frames into a map and draws nothing.
var consoleJS = bench{figures: []string{"console-js"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, srv, end, err := e.serveCameras(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	stop := keepChanging(ctx, db)
	var seen struct{ Ours, Task, Bare, Changes float64 } // ms a second; changes a second that came
	err = srv.page(ctx, e, "console-js.mjs", &seen)
	if _, failed := stop(); err != nil || failed != nil {
		return nil, errors.Join(err, failed)
	}
	if seen.Changes < 0.9*consoleRate {
		return nil, fmt.Errorf("%.0f changes a second came to the console: the machine is too busy", seen.Changes)
	}
	e.say("console-js: %.0f changes a second; the main thread was busy for %.0f ms a second, style and layout and all", seen.Changes, seen.Task)
	return []figure{{name: "console-js", value: seen.Ours, unit: "ms/s", ratio: seen.Ours / seen.Bare, against: "bare-reader"}}, nil
}}

// consoleGrowth measures how much more memory a console holds, after a collection, for an hour of the same load.
var consoleGrowth = bench{figures: []string{"console-growth"}, slow: true, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	minutes, err := growthTime()
	if err != nil {
		return nil, err
	}
	db, srv, end, err := e.serveCameras(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	stop := keepChanging(ctx, db)
	figures, err = srv.growth(ctx, e, "console-growth", "load", minutes, 60)
	_, failed := stop()
	return figures, errors.Join(err, failed)
}}

// consoleScenes measures the same of a wall's screen over the demo county, for a day of scenes.
var consoleScenes = bench{figures: []string{"console-growth-scenes"}, slow: true, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	minutes, err := growthTime()
	if err != nil {
		return nil, err
	}
	srv, end, err := e.serveCounty(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	return srv.growth(ctx, e, "console-growth-scenes", "scenes", scenesPerHour*minutes/60, scenesPerHour)
}}

// growthTime is over how many minutes growth is measured.
func growthTime() (int, error) {
	told := os.Getenv("BENCH_MINUTES")
	if told == "" {
		return growthMinutes, nil
	}
	minutes, err := strconv.Atoi(told)
	if err != nil || minutes < 1 {
		return 0, fmt.Errorf("BENCH_MINUTES is %q", told)
	}
	return minutes, nil
}

// growth lets a page go on for so many minutes or scenes, and says by how much it grows over `per` of them.
func (s *server) growth(ctx context.Context, e *env, name, mode string, much int, per float64) ([]figure, error) {
	var samples []struct{ At, Heap float64 } // minutes or scenes so far; bytes
	if err := s.page(ctx, e, "console-growth.mjs", &samples, mode, strconv.Itoa(much)); err != nil {
		return nil, err
	}
	var steady []sample
	for _, each := range samples[int(growthWarmUp*float64(len(samples))):] {
		steady = append(steady, sample{minutes: each.At, page: each.Heap})
	}
	mb := func(s sample) float64 { return s.page / 1e6 }
	grown := per * slope(steady, mb)
	return []figure{{name: name, value: grown, unit: "MB", ratio: grown / mean(steady, mb), against: "its-size"}}, nil
}

// firstView measures what a browser loads of the console until its map is drawn whole for the first time, and how long that takes, on the demo county. The reference is MapLibre alone with the
// basemap's own style.
var firstView = bench{figures: []string{"first-view-bytes", "first-view-cold", "first-view-warm"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	srv, end, err := e.serveCounty(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	var seen struct{ KB, Cold, Warm, BareKB, BareCold, BareWarm float64 } // ms
	if err := srv.page(ctx, e, "first-view.mjs", &seen); err != nil {
		return nil, err
	}
	return []figure{
		{name: "first-view-bytes", value: seen.KB, unit: "kB", ratio: seen.KB / seen.BareKB, against: "maplibre-alone"},
		{name: "first-view-cold", value: seen.Cold / 1000, unit: "s", ratio: seen.Cold / seen.BareCold, against: "maplibre-alone"},
		{name: "first-view-warm", value: seen.Warm / 1000, unit: "s", ratio: seen.Warm / seen.BareWarm, against: "maplibre-alone"},
	}, nil
}}

// interaction measures what a click on a case costs in scripts until its detail is there, 100,000 cameras being followed.
var interaction = bench{figures: []string{"interaction-p95"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	_, srv, end, err := e.serveCameras(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	return againstBare(ctx, e, srv, "interaction-p95", "interaction.mjs", 0.95, 1, "ms", "bare-fetch")
}}

// contextLoss measures how long the console takes from the loss of its graphics context until everything is there again.
var contextLoss = bench{figures: []string{"context-loss"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	srv, end, err := e.serveCounty(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	return againstBare(ctx, e, srv, "context-loss", "context-loss.mjs", 0.5, 0.001, "s", "maplibre-alone")
}}

// againstBare runs a program that prints milliseconds of ours and of a bare page, and compares a percentile of both.
func againstBare(ctx context.Context, e *env, srv *server, name, program string, p, unitPerMS float64, unit, against string) ([]figure, error) {
	var seen struct{ Ours, Bare []float64 }
	if err := srv.page(ctx, e, program, &seen); err != nil {
		return nil, err
	}
	if len(seen.Ours) == 0 || len(seen.Bare) == 0 {
		return nil, fmt.Errorf("%s measured nothing", program)
	}
	v := percentile(seen.Ours, p)
	return []figure{{name: name, value: v * unitPerMS, unit: unit, ratio: v / percentile(seen.Bare, p), against: against}}, nil
}

// serveCounty starts a server over the demo county. end stops it and lets its database go.
func (e *env) serveCounty(ctx context.Context) (srv *server, end func() error, err error) {
	db, address, _, err := e.county(ctx)
	if err != nil {
		return nil, nil, err
	}
	if srv, err = e.serve(ctx, db, address); err != nil {
		db.Close()
		return nil, nil, err
	}
	return srv, func() error { defer db.Close(); return srv.stop() }, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"wanglou/postgis"
)

// One storm: so many reports of so many things that it broke, told by so many at a time.
const (
	stormReports = 10_000
	stormThings  = 250
	stormWriters = 16
	stormRepeats = 100 // every so many-th report is sent twice
)

// stormKinds are what a storm breaks, each as three people put it.
var stormKinds = []struct {
	category string
	titles   [3]string
}{
	{"06013", [3]string{"路面塌陷，车辆无法通行", "道路塌陷有个大坑", "路面塌陷积水"}},
	{"06042", [3]string{"垃圾箱被风吹倒，垃圾满地", "垃圾箱倒了满溢", "垃圾箱满溢倒地"}},
	{"09012", [3]string{"大树倒下堵住消防通道", "消防通道被倒下的树堵住", "树倒了，消防通道不通"}},
	{"06001", [3]string{"私搭棚屋屋顶被吹走", "私搭乱建的棚屋顶掀翻", "棚屋屋顶被大风掀翻"}},
}

// storm measures how long it takes until ten thousand reports of one storm are kept, each with its case. It fails when one is lost, kept twice or without a case.
var storm = bench{figures: []string{"report-storm", "report-storm-cases"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, srv, end, err := e.serveIntake(ctx, reportOpen, 1, 2)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	ours, err := spread(ctx, stormReports, stormWriters, func(i int) error {
		sends := 1
		if i%stormRepeats == 0 {
			sends = 2
		}
		for range sends {
			if err := srv.post(ctx, "/api/reports", stormReport(i), &struct{}{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	cases, err := stormKept(ctx, db)
	if err != nil {
		return nil, err
	}
	if _, err := db.Pool.Exec(ctx, bareTables); err != nil {
		return nil, err
	}
	bare, err := spread(ctx, stormReports, stormWriters, func(i int) error {
		_, err := db.Pool.Exec(ctx, bareInsert, i)
		return err
	})
	if err != nil {
		return nil, err
	}
	return []figure{
		{name: "report-storm", value: ours.Seconds(), unit: "s", ratio: ours.Seconds() / bare.Seconds(), against: "two-bare-inserts"},
		{name: "report-storm-cases", value: float64(cases), unit: "cases", ratio: float64(cases) / stormThings, against: "things-broken"},
	}, nil
}}

// stormReport is the i-th report: of one of the things, from within some steps of it, in the words of one of three.
func stormReport(i int) map[string]any {
	thing := i % stormThings
	kind := stormKinds[thing%len(stormKinds)]
	off := func(n int) float64 { return float64(i/stormThings*n%7-3) * 0.00002 } // up to 6 m
	return map[string]any{
		"channel": "system", "source": "storm", "source_id": fmt.Sprint(i), "title": kind.titles[i/stormThings%len(kind.titles)], "category": kind.category,
		"point": []float64{119.2 + 0.02*float64(thing%25) + off(3), 29.6 + 0.03*float64(thing/25) + off(5)},
	}
}

// spread runs f for 0 to n-1 by so many writers and returns how long all took.
func spread(ctx context.Context, n, writers int, f func(i int) error) (time.Duration, error) {
	begin := time.Now()
	var next atomic.Int64
	errs := make(chan error, writers)
	for range writers {
		go func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil {
					errs <- ctx.Err()
					return
				}
				if err := f(i); err != nil {
					next.Store(int64(n)) // the others need not go on
					errs <- err
					return
				}
			}
		}()
	}
	var err error
	for range writers {
		err = errors.Join(err, <-errs)
	}
	return time.Since(begin), err
}

// stormKept checks that every report is there once with a case, and returns how many cases the storm made.
func stormKept(ctx context.Context, db *postgis.DB) (cases int, err error) {
	var kept, placed int
	err = db.Pool.QueryRow(ctx, `SELECT count(*), count(incident_id), count(DISTINCT incident_id) FROM report WHERE source = 'storm'`).Scan(&kept, &placed, &cases)
	if err == nil && (kept != stormReports || placed != stormReports) {
		err = fmt.Errorf("of %d reports %d were kept and %d have a case", stormReports, kept, placed)
	}
	return cases, err
}

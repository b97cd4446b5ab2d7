package postgis_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

// cameras fills the table as the demo county does at scale 50.
func cameras(b *testing.B, db *postgis.DB, n int) {
	b.Helper()
	run(b, db, `INSERT INTO camera (device_id, name, department, area_path, status, height_m, azimuth_deg, fov_deg, range_m, geom)
		SELECT lpad(i::text, 20, '0'), '桐庐县 ' || i || ' 号路口', 'd' || i % 8, '330122.330122' || lpad((i % 14)::text, 3, '0'), 'online',
			6.5, i % 360, 60, 80, ST_Point(119.2 + random(), 29.5 + random(), 4326) FROM generate_series(1, $1::int) i`, n)
	run(b, db, `VACUUM ANALYZE camera`)
}

// BenchmarkStart is the time from nothing to a live replica of 100,000 cameras.
func BenchmarkStart(b *testing.B) {
	db := postgistest.New(b)
	cameras(b, db, 100_000)
	for b.Loop() {
		r := layers.NewReplica(layers.ReplicaOptions{})
		ctx, stop := context.WithCancel(b.Context())
		ended := make(chan error, 1)
		go func() { ended <- postgis.NewFollower(db, postgis.Publication, postgistest.Log(b)).Run(ctx, r) }()
		if _, err := r.WaitPast(ctx, layers.Position{}); err != nil {
			b.Fatal(err)
		}
		if n := r.Len("camera"); n != 100_000 {
			b.Fatalf("%d cameras", n)
		}
		b.StopTimer()
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkChange is the time from sending an UPDATE, its commit included, until the change stands in a replica of 100,000 cameras.
func BenchmarkChange(b *testing.B) {
	db := postgistest.New(b)
	cameras(b, db, 100_000)
	r := follow(b, db)
	l := r.Layer("camera")
	height := l.Index("height_m")
	var took []time.Duration
	n := 0
	for b.Loop() {
		n++
		id := int64(1 + n%100_000)
		at, sent := r.Position(), time.Now()
		if _, err := db.Pool.Exec(b.Context(), `UPDATE camera SET height_m = $1 WHERE id = $2`, float32(n), id); err != nil {
			b.Fatal(err)
		}
		for r.Get("camera", id).Values[height] != float64(n) {
			var err error
			if at, err = r.WaitPast(b.Context(), at); err != nil {
				b.Fatal(err)
			}
		}
		took = append(took, time.Since(sent))
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2].Seconds()*1e3, "ms-p50")
	b.ReportMetric(took[len(took)*99/100].Seconds()*1e3, "ms-p99")
}

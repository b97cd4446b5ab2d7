package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"wanglou/layers"
	"wanglou/postgis"
)

// replicaStart measures how long a node takes from nothing to a whole map: a follower starts on 100,000 cameras, until its replica is
// loaded and live. The reference reads the same rows and throws them away.
var replicaStart = bench{figures: []string{"replica-start"}, run: func(ctx context.Context, e *env) ([]figure, error) {
	const cameras, rounds = 100_000, 5
	db, _, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := seed(ctx, db, cameras, 0, 0); err != nil {
		return nil, err
	}
	var ours, reference []float64
	for range rounds {
		replica := layers.NewReplica(layers.ReplicaOptions{})
		took, err := load(ctx, postgis.NewFollower(db, postgis.Publication, e.log), replica)
		if err != nil {
			return nil, err
		}
		if n := replica.Len("camera"); n != cameras {
			return nil, fmt.Errorf("the replica holds %d cameras of %d", n, cameras)
		}
		ours = append(ours, took.Seconds())
		if took, err = timeCopy(ctx, db); err != nil {
			return nil, err
		}
		reference = append(reference, took.Seconds())
	}
	value := percentile(ours, 0.5)
	return []figure{{name: "replica-start", value: value, unit: "s", ratio: value / percentile(reference, 0.5), against: "copy-to-stdout"}}, nil
}}

// load fills an empty replica from a source and stops that again. It returns how long the replica took to become live.
func load(ctx context.Context, source layers.Source, replica *layers.Replica) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	start := time.Now()
	go func() { done <- source.Run(ctx, replica) }()
	for {
		changed := replica.StatusChanged()
		if replica.Status().State == layers.SourceLive {
			took := time.Since(start)
			cancel()
			<-done
			return took, nil
		}
		select {
		case <-changed:
		case err := <-done:
			return 0, fmt.Errorf("the source ended: %w", err)
		}
	}
}

// timeCopy reads what the publication has of the cameras and discards it.
func timeCopy(ctx context.Context, db *postgis.DB) (time.Duration, error) {
	conn, err := db.Pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	start := time.Now()
	_, err = conn.Conn().PgConn().CopyTo(ctx, io.Discard, `COPY (SELECT id, device_id, name, department, area_path, status, status_since, height_m,
		azimuth_deg, fov_deg, range_m, geom FROM camera) TO STDOUT`)
	return time.Since(start), err
}

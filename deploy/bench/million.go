package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/tiles"
)

const millionCameras = 1_000_000

// million measures a node that follows 1,000,000 points: what a feature takes of memory, in how long the whole server is ready, how much it takes
// then, and how long a tile of the whole county and one of a street take that nobody has asked for before. The references: what a row takes in
// PostgreSQL's table, without its indexes; reading the same rows and throwing them away; and ST_AsMVT for the same tiles.
var million = bench{figures: []string{"replica-bytes-per-feature", "million-start", "million-start-memory", "million-start-z6", "million-start-z14"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, address, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := seedMillion(ctx, db); err != nil {
		return nil, err
	}
	var tableBytes float64
	if err := db.Pool.QueryRow(ctx, `SELECT pg_table_size('camera')::float8`).Scan(&tableBytes); err != nil {
		return nil, err
	}
	perFeature, busiest, err := replicaBytes(ctx, e, db)
	if err != nil {
		return nil, err
	}
	figures = append(figures, figure{name: "replica-bytes-per-feature", value: perFeature, unit: "bytes", ratio: perFeature / (tableBytes / millionCameras), against: "postgres-table"})
	runtime.GC()

	reading, err := timeCopy(ctx, db)
	if err != nil {
		return nil, err
	}
	if _, err := e.binary(ctx); err != nil { // not a part of the start
		return nil, err
	}
	start := time.Now()
	srv, err := e.serve(ctx, db, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	took := srv.readyAfter
	e.say("million-start: ready after %s, signed in after %s", took, time.Since(start))
	figures = append(figures, figure{name: "million-start", value: took.Seconds(), unit: "s", ratio: took.Seconds() / reading.Seconds(), against: "copy-to-stdout"})
	resident, err := residentBytes(srv.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	figures = append(figures, figure{name: "million-start-memory", value: resident / 1e6, unit: "MB", ratio: resident / tableBytes, against: "postgres-table"})

	reference, err := newQueryTiles(ctx, address)
	if err != nil {
		return nil, err
	}
	defer reference.pool.Close()
	conn, err := dial(ctx, srv.address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	for _, z := range []maptile.Zoom{6, 14} {
		t := maptile.At(busiest, z)
		u := tileURL{"camera", tiles.Coord{Z: uint8(z), X: t.X, Y: t.Y}}
		asked := time.Now()
		a, err := conn.ask(request(srv.address, u.path(), "Cookie: "+srv.cookie(), "Accept-Encoding: gzip"), true)
		if err != nil || a.status != http.StatusOK {
			return nil, fmt.Errorf("%s: status %d, %w", u.path(), a.status, err)
		}
		ours := time.Since(asked)
		asked = time.Now()
		raw, err := reference.tile(ctx, u)
		if err != nil {
			return nil, err
		}
		theirs := time.Since(asked)
		e.say("million-start-z%d: %s in %d bytes packed; reference %s in %d bytes as they are", z, ours, len(a.body), theirs, len(raw))
		ms := float64(ours) / float64(time.Millisecond)
		figures = append(figures, figure{name: fmt.Sprintf("million-start-z%d", z), value: ms, unit: "ms", ratio: ours.Seconds() / theirs.Seconds(), against: "st-asmvt-over-pgx"})
	}
	return figures, nil
}}

// seedMillion fills the database with the cameras. Indexes that only writers need are made afterwards or not at all: nothing is written here.
func seedMillion(ctx context.Context, db *postgis.DB) error {
	if _, err := db.Pool.Exec(ctx, `DROP INDEX camera_geom; DROP INDEX camera_source; ALTER TABLE camera DROP CONSTRAINT camera_device_id_key`); err != nil {
		return err
	}
	if err := seed(ctx, db, millionCameras, 0, 0); err != nil {
		return err
	}
	for _, sql := range []string{`CREATE INDEX camera_geom ON camera USING gist (geom)`, `VACUUM ANALYZE camera`} {
		if _, err := db.Pool.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// replicaBytes returns how much of the heap a replica takes a feature, and a place where many stand.
func replicaBytes(ctx context.Context, e *env, db *postgis.DB) (perFeature float64, busiest orb.Point, err error) {
	heap := func() float64 {
		runtime.GC()
		runtime.GC() // what finalizers and pools still held
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	before := heap()
	replica := layers.NewReplica(layers.ReplicaOptions{})
	if _, err := load(ctx, postgis.NewFollower(db, postgis.Publication, e.log), replica); err != nil {
		return 0, busiest, err
	}
	after := heap()
	_, features, _ := replica.Read("camera")
	if len(features) != millionCameras {
		return 0, busiest, fmt.Errorf("the replica holds %d cameras of %d", len(features), millionCameras)
	}
	count, most := map[maptile.Tile]int{}, 0
	for _, f := range features {
		t := maptile.At(f.Bound.Center(), 14)
		if count[t]++; count[t] > most {
			most, busiest = count[t], f.Bound.Center()
		}
	}
	runtime.KeepAlive(replica)
	return (after - before) / millionCameras, busiest, nil
}

// residentBytes returns how much memory a process occupies.
func residentBytes(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kB, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(v), " kB"), 64)
			return kB * 1024, err
		}
	}
	return 0, errors.New("no VmRSS in /proc")
}

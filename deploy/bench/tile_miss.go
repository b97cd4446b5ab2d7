package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/postgis"
	"wanglou/tiles"
)

// tileMiss measures how many tiles a second of processor time makes out of the replica: uncompressed, none of them cached. The reference
// makes the same tiles with ST_AsMVT, over pgx; its time is that of PostgreSQL's processes and of the program that asks them.
var tileMiss = bench{figures: []string{"tile-miss"}, run: func(ctx context.Context, e *env) ([]figure, error) {
	db, address, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := seed(ctx, db, 100_000, 20_000, 3_000); err != nil {
		return nil, err
	}
	// Nothing is left out of crowded tiles, on either side.
	tiles.DefaultVectorLimits = tiles.VectorLimits{Features: math.MaxInt, Bytes: math.MaxInt}

	replica := layers.NewReplica(layers.ReplicaOptions{})
	if _, err := load(ctx, postgis.NewFollower(db, postgis.Publication, e.log), replica); err != nil {
		return nil, err
	}
	urls := tileURLs(replica, 2_000)
	memory := newReplicaTiles(replica)
	reference, err := newQueryTiles(ctx, address)
	if err != nil {
		return nil, err
	}
	defer reference.pool.Close()
	if err := compare(ctx, e, urls, memory.tile, reference.tile); err != nil {
		return nil, err
	}

	var ours, theirs []float64
	for _, warm := range []maker{memory.tile, reference.tile} {
		if err := makeAll(ctx, urls, referenceConnections, warm); err != nil {
			return nil, err
		}
	}
	for range 3 {
		n, err := perCPUSecond(ctx, e, urls, runtime.GOMAXPROCS(0), memory.tile, nil)
		if err != nil {
			return nil, err
		}
		ours = append(ours, n)
		if n, err = perCPUSecond(ctx, e, urls, referenceConnections, reference.tile, reference.cpuSeconds); err != nil {
			return nil, err
		}
		theirs = append(theirs, n)
	}
	value := percentile(ours, 0.5)
	return []figure{{name: "tile-miss", value: value, unit: "tiles/cpu-s", ratio: value / percentile(theirs, 0.5), against: "st-asmvt-over-pgx"}}, nil
}}

// tileURL is one tile of one layer.
type tileURL struct {
	layer string
	coord tiles.Coord
}

// tileURLs returns n different tiles (a tile is missed once) of zooms 8 to 16, as far as the layer is drawn there, each over some feature: half of
// them of cameras, the others of permits and unit grids.
func tileURLs(replica *layers.Replica, n int) []tileURL {
	r := rand.New(rand.NewPCG(1, 2))
	features := make(map[string][]*layers.Feature)
	drawn := make(map[string]*layers.Layer)
	for _, name := range []string{"camera", "permit", "unit_grid"} {
		drawn[name], features[name], _ = replica.Read(name)
	}
	seen := make(map[tileURL]bool, n)
	out := make([]tileURL, 0, n)
	for len(out) < n {
		name := []string{"camera", "permit", "camera", "unit_grid"}[len(out)%4]
		low, high := max(8, drawn[name].MinZoom), min(16, drawn[name].MaxZoom)
		of := features[name]
		t := maptile.At(of[r.IntN(len(of))].Bound.Center(), maptile.Zoom(low+r.IntN(high-low+1)))
		u := tileURL{name, tiles.Coord{Z: uint8(t.Z), X: t.X, Y: t.Y}}
		if !seen[u] {
			seen[u] = true
			out = append(out, u)
		}
	}
	return out
}

// maker makes one tile, uncompressed.
type maker func(ctx context.Context, u tileURL) ([]byte, error)

type replicaTiles struct {
	scope   *auth.Scope
	vectors map[string]*tiles.Vector
}

func newReplicaTiles(replica *layers.Replica) *replicaTiles {
	t := &replicaTiles{
		scope:   (&auth.User{ID: 1, Roles: []auth.Role{auth.RoleViewer}, Areas: []string{auth.Everywhere}}).Scope(),
		vectors: map[string]*tiles.Vector{},
	}
	for _, l := range replica.Layers() {
		t.vectors[l.Name] = tiles.NewVector(replica, l.Name)
	}
	return t
}

func (t *replicaTiles) tile(_ context.Context, u tileURL) ([]byte, error) {
	return t.vectors[u.layer].Encode(t.scope, u.coord)
}

// referenceConnections is how many tiles PostgreSQL makes at a time.
const referenceConnections = 16

// queryTiles asks PostgreSQL for tiles, as tile servers do.
type queryTiles struct{ pool *pgxpool.Pool }

// referenceSQL has the attributes of the publication, and simplifies outlines as far as our encoder does: to two units of the tile above the
// deepest zoom. Times are numbers on both sides, as text they cost PostgreSQL more.
var referenceSQL = map[string]string{
	"camera": referenceOf("camera", "ST_Transform(geom, 3857)", `id, device_id, name, department, area_path, status,
		extract(epoch FROM status_since)::bigint AS status_since, height_m, azimuth_deg, fov_deg, range_m`),
	"permit":    referenceOf("permit", "ST_Transform(geom, 3857)", "id, number, height_m, valid_from, valid_to, area_path"),
	"unit_grid": referenceOf("unit_grid", simplified, "id, code, area_path, name"),
}

const simplified = "ST_Simplify(ST_Transform(geom, 3857), CASE WHEN $1 < 16 THEN 40075016.68 / 4096 / 2 ^ $1 * 2 ELSE 0 END)"

func referenceOf(table, geometry, columns string) string {
	return fmt.Sprintf(`SELECT coalesce(ST_AsMVT(f, '%[1]s', 4096, 'geom', 'id'), '') FROM (
		SELECT %[3]s, ST_AsMVTGeom(%[2]s, ST_TileEnvelope($1, $2, $3), 4096, 64) AS geom
		FROM %[1]s WHERE geom && ST_Transform(ST_TileEnvelope($1, $2, $3, margin => 64.0 / 4096), 4326)) f WHERE geom IS NOT NULL`, table, geometry, columns)
}

func newQueryTiles(ctx context.Context, address string) (*queryTiles, error) {
	cfg, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	cfg.MinConns, cfg.MaxConns = referenceConnections, referenceConnections
	// At its best for small queries, and with all its work in processes whose time we can read.
	cfg.ConnConfig.RuntimeParams["jit"] = "off"
	cfg.ConnConfig.RuntimeParams["max_parallel_workers_per_gather"] = "0"
	cfg.ConnConfig.RuntimeParams["application_name"] = "bench-reference"
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &queryTiles{pool}, nil
}

func (t *queryTiles) tile(ctx context.Context, u tileURL) (b []byte, err error) {
	err = t.pool.QueryRow(ctx, referenceSQL[u.layer], int32(u.coord.Z), int32(u.coord.X), int32(u.coord.Y)).Scan(&b)
	return b, err
}

// cpuSeconds returns the processor time that PostgreSQL has spent for the connections so far.
func (t *queryTiles) cpuSeconds(ctx context.Context) (float64, error) {
	rows, err := t.pool.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE application_name = 'bench-reference'")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var sum float64
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			return 0, err
		}
		s, err := processCPUSeconds(pid)
		if err != nil {
			return 0, err
		}
		sum += s
	}
	return sum, rows.Err()
}

// perCPUSecond makes the tiles with so many at a time. It returns how many came of a second of processor time, of this program and of what extra
// tells of.
func perCPUSecond(ctx context.Context, e *env, urls []tileURL, workers int, make maker, extra func(context.Context) (float64, error)) (float64, error) {
	if extra == nil {
		extra = func(context.Context) (float64, error) { return 0, nil }
	}
	runtime.GC()
	beforeExtra, err := extra(ctx)
	if err != nil {
		return 0, err
	}
	before := ownCPUSeconds()
	if err := makeAll(ctx, urls, workers, make); err != nil {
		return 0, err
	}
	own := ownCPUSeconds() - before
	afterExtra, err := extra(ctx)
	if err != nil {
		return 0, err
	}
	spent := own + afterExtra - beforeExtra
	e.say("tile-miss: %d tiles in %.2f s of processor time, %.2f s of it in this program", len(urls), spent, own)
	return float64(len(urls)) / spent, nil
}

func makeAll(ctx context.Context, urls []tileURL, workers int, make maker) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	var once sync.Once
	var failed error
	for range workers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(urls) {
					return
				}
				if _, err := make(ctx, urls[i]); err != nil {
					once.Do(func() { failed = err })
					return
				}
			}
		})
	}
	wg.Wait()
	return failed
}

// compare checks on some tiles that both sides draw the same features, within 2 %: a figure about different work would say nothing. Where a
// feature touches the rim of the buffer, or is hardly larger than a unit, the two round differently.
func compare(ctx context.Context, e *env, urls []tileURL, a, b maker) error {
	type sum struct{ features, bytes [2]int }
	sums := make(map[string]*sum)
	for _, u := range urls[:200] {
		if sums[u.layer] == nil {
			sums[u.layer] = &sum{}
		}
		for i, make := range []maker{a, b} {
			raw, err := make(ctx, u)
			if err != nil {
				return err
			}
			decoded, err := mvt.Unmarshal(raw)
			if err != nil {
				return err
			}
			sums[u.layer].bytes[i] += len(raw)
			for _, l := range decoded {
				if l.Name == u.layer { // ours has the label points beside it
					sums[u.layer].features[i] += len(l.Features)
				}
			}
		}
	}
	for layer, s := range sums {
		e.say("tile-miss: %s: %d features in %d bytes, reference %d in %d", layer, s.features[0], s.bytes[0], s.features[1], s.bytes[1])
		if ours, theirs := float64(s.features[0]), float64(s.features[1]); math.Abs(ours-theirs) > 0.02*theirs {
			return fmt.Errorf("the tiles of %s hold %g features, the reference's %g", layer, ours, theirs)
		}
	}
	return nil
}

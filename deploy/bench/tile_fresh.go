package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/paulmach/orb/maptile"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/tiles"
)

const (
	freshConnections = 16
	freshPause       = time.Millisecond // between two questions: who asks without a breath measures himself
)

// tileFresh measures how long after a commit the tile that shows the change is served: 200 single-row transactions a second; as soon as the commit
// has returned, the tile of the deepest zoom is asked for again each millisecond with its old ETag, over HTTP, until it comes. Each change lies in a
// tile of its own, so that nothing else can make it new. The reference asks PostgreSQL for the same tile by ST_AsMVT, which is fresh at once: what
// it takes is the query.
var tileFresh = bench{figures: []string{"tile-fresh-p99"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, address, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := seed(ctx, db, 100_000, 20_000, 3_000); err != nil {
		return nil, err
	}
	total := changeRate * changeSeconds
	spots, err := apart(ctx, e, db, total)
	if err != nil {
		return nil, err
	}
	srv, err := e.serve(ctx, db, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	reference, err := newQueryTiles(ctx, address)
	if err != nil {
		return nil, err
	}
	defer reference.pool.Close()

	ctx, cancel := context.WithTimeout(ctx, 5*changeSeconds*time.Second)
	defer cancel()
	usual := []string{"Cookie: " + srv.cookie(), "Accept-Encoding: gzip"}
	ours, theirs := make([]float64, total), make([]float64, total)
	errs := make([]error, freshConnections)
	ready := make(chan int, total) // every probe holds its tile as it was before the changes begin
	var wg sync.WaitGroup
	begin := make(chan time.Time)
	var started time.Time
	go func() {
		for range total {
			select {
			case <-ready:
			case <-ctx.Done():
				return
			}
		}
		started = time.Now().Add(100 * time.Millisecond)
		close(begin)
	}()
	for w := range freshConnections {
		wg.Go(func() {
			errs[w] = func() error {
				conn, err := dial(ctx, srv.address)
				if err != nil {
					return err
				}
				defer conn.Close()
				held := map[int][]byte{}
				for i := w; i < total; i += freshConnections {
					path := spots[i].path()
					a, err := conn.ask(request(srv.address, path, usual...), false)
					if err != nil || a.status != http.StatusOK {
						return fmt.Errorf("%s: status %d, %w", path, a.status, err)
					}
					held[i] = request(srv.address, path, append(usual, "If-None-Match: "+a.etag)...)
					ready <- i
				}
				select {
				case <-begin:
				case <-ctx.Done():
					return ctx.Err()
				}
				for i := w; i < total; i += freshConnections {
					time.Sleep(time.Until(started.Add(time.Duration(i) * time.Second / changeRate)))
					if _, err := db.Pool.Exec(ctx, "UPDATE camera SET status = 'offline' WHERE id = $1", spots[i].id); err != nil {
						return err
					}
					committed := time.Now()
					for {
						a, err := conn.ask(held[i], false)
						if err != nil {
							return err
						}
						if a.status == http.StatusOK {
							break
						}
						time.Sleep(freshPause)
						if a.status != http.StatusNotModified || time.Since(committed) > 10*time.Second {
							return fmt.Errorf("%s: status %d %s after the commit", spots[i].path(), a.status, time.Since(committed))
						}
					}
					ours[i] = float64(time.Since(committed)) / float64(time.Millisecond)
					asked := time.Now()
					if _, err := reference.tile(ctx, spots[i].tileURL); err != nil {
						return err
					}
					theirs[i] = float64(time.Since(asked)) / float64(time.Millisecond)
				}
				return nil
			}()
			if errs[w] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e.say("tile-fresh: p50 %.2f ms, reference %.2f ms", percentile(ours, 0.5), percentile(theirs, 0.5))
	value := percentile(ours, 0.99)
	return []figure{{name: "tile-fresh-p99", value: value, unit: "ms", ratio: value / percentile(theirs, 0.99), against: "st-asmvt-over-pgx"}}, nil
}}

// spot is a camera and the tile that it has to itself.
type spot struct {
	tileURL
	id int64
}

func (u tileURL) path() string {
	return fmt.Sprintf("/tiles/%s/%d/%d/%d", u.layer, u.coord.Z, u.coord.X, u.coord.Y)
}

// apart returns n cameras of which each stands in a tile of zoom 16 of its own, and not in the buffer of a neighbour.
func apart(ctx context.Context, e *env, db *postgis.DB, n int) ([]spot, error) {
	replica := layers.NewReplica(layers.ReplicaOptions{})
	if _, err := load(ctx, postgis.NewFollower(db, postgis.Publication, e.log), replica); err != nil {
		return nil, err
	}
	_, cameras, _ := replica.Read("camera")
	taken := map[maptile.Tile]bool{}
	var out []spot
	for _, f := range cameras {
		at := f.Bound.Center()
		t := maptile.At(at, 16)
		within := maptile.Fraction(at, 16)
		x, y := within[0]-float64(t.X), within[1]-float64(t.Y)
		if taken[t] || min(x, y) < 0.05 || max(x, y) > 0.95 {
			continue
		}
		taken[t] = true
		out = append(out, spot{tileURL{"camera", tiles.Coord{Z: 16, X: t.X, Y: t.Y}}, f.ID})
		if len(out) == n {
			return out, nil
		}
	}
	return nil, fmt.Errorf("only %d cameras stand apart, of %d wanted", len(out), n)
}

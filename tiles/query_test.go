package tiles_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/tiles"
)

// clock is a time that the test moves.
type clock struct{ ns atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.ns.Load()) }
func (c *clock) advance(d time.Duration) { c.ns.Add(int64(d)) }

// database answers what it is set to, and counts the questions.
type database struct {
	asked  atomic.Int64
	answer atomic.Pointer[string]
	err    atomic.Pointer[error]
}

func (d *database) set(answer string) { d.answer.Store(&answer); d.err.Store(nil) }
func (d *database) fail(err error)    { d.err.Store(&err) }
func (d *database) tile(_ context.Context, z uint8, x, y uint32) ([]byte, error) {
	d.asked.Add(1)
	if err := d.err.Load(); err != nil {
		return nil, *err
	}
	if *d.answer.Load() == "" {
		return nil, nil
	}
	return fmt.Appendf(nil, "%s %d/%d/%d", *d.answer.Load(), z, x, y), nil
}

func newQuery(o tiles.QueryOptions) (*tiles.Query, *database, *clock) {
	var c clock
	var db database
	db.set("v1")
	o.Now = c.now
	return tiles.NewQuery(tiles.Info{Name: "basemap", Format: tiles.FormatMVT, MaxZoom: 14}, tiles.ByCoord(db.tile), o), &db, &c
}

func unpack(t *testing.T, tile tiles.Tile) string {
	t.Helper()
	if tile.Encoding == "" {
		return string(tile.Body)
	}
	z, err := gzip.NewReader(bytes.NewReader(tile.Body))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// ask returns a tile that is there.
func ask(t *testing.T, q *tiles.Query, c tiles.Coord, etag string) (tiles.Tile, bool) {
	t.Helper()
	tile, err := q.Tile(t.Context(), tiles.Request{Scope: viewer, Coord: c, ETag: etag, Accept: tiles.AcceptAll})
	if err != nil {
		t.Fatal(err)
	}
	return tile, tile.Unchanged
}

func TestQueryAsksOnceForAWhile(t *testing.T) {
	t.Parallel()
	q, db, clock := newQuery(tiles.QueryOptions{TimeToLive: time.Minute, StaleFor: -1})
	c := tiles.Coord{Z: 3, X: 2, Y: 1}
	first, _ := ask(t, q, c, "")
	if got := unpack(t, first); got != "v1 3/2/1" {
		t.Errorf("tile = %q", got)
	}
	if tile, unchanged := ask(t, q, c, first.ETag); !unchanged || tile.Body != nil {
		t.Errorf("with its tag: %+v, %v", tile, unchanged)
	}
	clock.advance(59 * time.Second)
	ask(t, q, c, "")
	if n := db.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}

	clock.advance(time.Second)
	if tile, unchanged := ask(t, q, c, first.ETag); !unchanged {
		t.Errorf("equal data, another tag: %s, before %s", tile.ETag, first.ETag)
	}
	if n := db.asked.Load(); n != 2 {
		t.Errorf("asked %d times", n)
	}

	db.set("v2")
	clock.advance(time.Minute)
	second, unchanged := ask(t, q, c, first.ETag)
	if unchanged || second.ETag == first.ETag || unpack(t, second) != "v2 3/2/1" {
		t.Errorf("new data: %+v, %v", second, unchanged)
	}
}

func TestQueryGoesOnWithoutItsDatabase(t *testing.T) {
	t.Parallel()
	q, db, clock := newQuery(tiles.QueryOptions{StaleFor: -1})
	c := tiles.Coord{Z: 1}
	first, _ := ask(t, q, c, "")
	db.fail(errors.New("connection refused"))
	clock.advance(time.Hour)
	if tile, _ := ask(t, q, c, ""); tile.ETag != first.ETag || !tile.Stale || !tile.Made.Equal(first.Made) {
		t.Errorf("tile = %+v", tile)
	}
	asked := db.asked.Load()
	ask(t, q, c, "")
	if n := db.asked.Load(); n != asked {
		t.Error("a database that is away is asked for every request")
	}
	if _, err := q.Tile(t.Context(), tiles.Request{Scope: viewer, Coord: tiles.Coord{Z: 2}}); layers.ErrorCode(err) != layers.CodeUnavailable {
		t.Errorf("a tile that was never made: error = %v", err)
	}
	db.set("v2")
	clock.advance(2 * time.Second)
	if tile, _ := ask(t, q, c, ""); unpack(t, tile) != "v2 1/0/0" {
		t.Errorf("the database is back: %q", unpack(t, tile))
	}
}

// Of many who ask at once the first one's question serves all, also when he leaves before the answer.
func TestQueryAsksOnceForMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked, release := 0, make(chan struct{})
		q := tiles.NewQuery(tiles.Info{MaxZoom: 14}, func(context.Context, tiles.Request) (tiles.Queried, error) {
			asked++
			<-release
			return tiles.Queried{Raw: []byte("tile")}, nil
		}, tiles.QueryOptions{})
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := q.Tile(ctx, tiles.Request{Scope: viewer, Coord: tiles.Coord{}})
			left <- err
		}()
		synctest.Wait()
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				tile, err := q.Tile(t.Context(), tiles.Request{Scope: viewer, Coord: tiles.Coord{}})
				if err != nil || unpack(t, tile) != "tile" {
					t.Errorf("tile = %+v, %v", tile, err)
				}
			})
		}
		synctest.Wait() // all of them wait for the one answer
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("who left: error = %v", err)
		}
		close(release)
		wg.Wait()
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
	})
}

// An old tile is given at once, marked with its age, while a new one is made; one that is too old is waited for.
func TestQueryGivesStaleTilesWhileItAsks(t *testing.T) {
	t.Parallel()
	q, db, clock := newQuery(tiles.QueryOptions{TimeToLive: time.Minute, StaleFor: time.Hour})
	c := tiles.Coord{Z: 1}
	first, _ := ask(t, q, c, "")
	if first.Stale || !first.Made.Equal(clock.now()) {
		t.Errorf("a new tile: stale %v, made %v", first.Stale, first.Made)
	}
	db.set("v2")
	clock.advance(2 * time.Minute)
	if old, unchanged := ask(t, q, c, first.ETag); !unchanged || !old.Stale || !old.Made.Equal(first.Made) {
		t.Errorf("an old tile: %+v", old)
	}
	for { // the answer is on its way
		tile, _ := ask(t, q, c, "")
		if got := unpack(t, tile); got == "v2 1/0/0" {
			if tile.Stale || !tile.Made.After(first.Made) {
				t.Errorf("the new tile: %+v", tile)
			}
			break
		} else if !tile.Stale {
			t.Fatalf("%q is not marked as stale", got)
		}
		runtime.Gosched()
	}
	if n := db.asked.Load(); n != 2 {
		t.Errorf("asked %d times", n)
	}
	db.set("v3")
	clock.advance(2 * time.Hour)
	if tile, _ := ask(t, q, c, ""); unpack(t, tile) != "v3 1/0/0" || tile.Stale {
		t.Errorf("after the time for stale tiles: %q", unpack(t, tile))
	}
}

// What a client asked for wrongly is its error, not an outage to be waited out.
func TestQueryPassesOnRefusals(t *testing.T) {
	t.Parallel()
	q, db, clock := newQuery(tiles.QueryOptions{})
	ask(t, q, tiles.Coord{}, "")
	db.fail(layers.Invalid("filter", "unknown_column", "no such column"))
	clock.advance(24 * time.Hour)
	if _, err := q.Tile(t.Context(), tiles.Request{Scope: viewer}); layers.ErrorCode(err) != layers.CodeInvalid {
		t.Errorf("error = %v", err)
	}
}

// A tile for which nobody waits any more is not made further.
func TestQueryStopsWhenAllHaveLeft(t *testing.T) {
	t.Parallel()
	started, stopped := make(chan struct{}), make(chan struct{})
	q := tiles.NewQuery(tiles.Info{MaxZoom: 14}, func(ctx context.Context, _ tiles.Request) (tiles.Queried, error) {
		close(started)
		<-ctx.Done()
		close(stopped)
		return tiles.Queried{}, ctx.Err()
	}, tiles.QueryOptions{Timeout: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-started
		cancel()
	}()
	if _, err := q.Tile(ctx, tiles.Request{Scope: viewer}); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	<-stopped
}

func TestQueryKeepsWithinItsBound(t *testing.T) {
	t.Parallel()
	q, db, _ := newQuery(tiles.QueryOptions{MaxBytes: 3 * 470})
	for x := range uint32(4) {
		ask(t, q, tiles.Coord{Z: 8, X: x}, "")
	}
	asked := db.asked.Load()
	ask(t, q, tiles.Coord{Z: 8, X: 3}, "")
	if n := db.asked.Load(); n != asked {
		t.Error("the latest tile was not kept")
	}
	ask(t, q, tiles.Coord{Z: 8, X: 0}, "")
	if n := db.asked.Load(); n != asked+1 {
		t.Error("the oldest tile was kept")
	}
}

func TestQueryPacksWhatIsWorthIt(t *testing.T) {
	t.Parallel()
	q, db, _ := newQuery(tiles.QueryOptions{})
	db.set(strings.Repeat("forest ", 1000))
	tile, _ := ask(t, q, tiles.Coord{}, "")
	if tile.Encoding != "gzip" || len(tile.Body) > 700 || !strings.HasPrefix(unpack(t, tile), "forest forest") {
		t.Errorf("%d bytes, encoding %q", len(tile.Body), tile.Encoding)
	}
}

func TestQueryEmptyTiles(t *testing.T) {
	t.Parallel()
	q, db, _ := newQuery(tiles.QueryOptions{})
	if tile, _ := ask(t, q, tiles.Coord{Z: 15}, ""); len(tile.Body) != 0 || db.asked.Load() != 0 {
		t.Errorf("below the zooms: %+v, asked %d times", tile, db.asked.Load())
	}
	db.set("")
	tile, _ := ask(t, q, tiles.Coord{Z: 14}, "")
	if len(tile.Body) != 0 || tile.Encoding != "" {
		t.Errorf("tile = %+v", tile)
	}
	if _, unchanged := ask(t, q, tiles.Coord{Z: 14}, tile.ETag); !unchanged || db.asked.Load() != 1 {
		t.Errorf("unchanged = %v, asked %d times", unchanged, db.asked.Load())
	}
}

func TestQueryRights(t *testing.T) {
	t.Parallel()
	q, db, _ := newQuery(tiles.QueryOptions{})
	if _, err := q.Tile(t.Context(), tiles.Request{Scope: &auth.Scope{}, Coord: tiles.Coord{}}); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("nobody: error = %v", err)
	}
	if _, err := q.Tile(t.Context(), tiles.Request{Scope: viewer, Coord: tiles.Coord{Z: 1, Y: 2}}); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("off the grid: error = %v", err)
	}
	if n := db.asked.Load(); n != 0 {
		t.Errorf("asked %d times", n)
	}
}

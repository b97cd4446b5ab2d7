package tiles

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"wanglou/layers"
)

// QueryFunc makes one tile, uncompressed, by asking a database. Equal data must give equal bytes. Nil is an empty tile.
type QueryFunc func(ctx context.Context, z uint8, x, y uint32) ([]byte, error)

// Query is a [Source] whose tiles a [QueryFunc] makes: the same for everybody who is signed in. It keeps what was made, compressed,
// for a while, within a bound; asks once for a tile that many want at once; and goes on with what it has when the database is away.
// It is safe for concurrent use.
type Query struct {
	info Info
	make QueryFunc
	opts QueryOptions

	flight singleflight.Group

	mu    sync.Mutex
	bytes int
	order *list.List // of *queried, the latest used first
	cache map[Coord]*list.Element
}

// QueryOptions bounds what a [Query] keeps. Zero fields take the defaults.
type QueryOptions struct {
	TimeToLive time.Duration // after it a tile is made again; default a minute
	MaxBytes   int           // of compressed tiles; default 64 MiB
	Timeout    time.Duration // of making one tile; default 10 s
	Now        func() time.Time
}

// queried is one tile in the cache.
type queried struct {
	coord   Coord
	tile    Tile
	expires time.Time
}

// queryRetry is how long an old answer stands in for the database that could not be asked.
const queryRetry = 2 * time.Second

// NewQuery returns a source of the tiles that fn makes. What fn does outside of info's zooms is not asked.
func NewQuery(info Info, fn QueryFunc, o QueryOptions) *Query {
	if o.TimeToLive == 0 {
		o.TimeToLive = time.Minute
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 20
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Query{info: info, make: fn, opts: o, order: list.New(), cache: make(map[Coord]*list.Element)}
}

// Info implements [Source].
func (q *Query) Info() Info { return q.info }

// Tile implements [Source].
func (q *Query) Tile(ctx context.Context, r Request) (Tile, error) {
	if err := r.Check(); err != nil {
		return Tile{}, err
	}
	if err := r.RefuseSelection(); err != nil {
		return Tile{}, err
	}
	t, err := q.tile(ctx, r.Coord)
	if err != nil {
		return Tile{}, err
	}
	if r.ETag == t.ETag {
		t.Body, t.Encoding, t.Unchanged = nil, "", true
		return t, nil
	}
	return t.For(r.Accept)
}

// tile returns a tile from the cache, or has it made.
func (q *Query) tile(ctx context.Context, c Coord) (Tile, error) {
	if int(c.Z) < q.info.MinZoom || int(c.Z) > q.info.MaxZoom {
		return emptyQueried, nil
	}
	if known, fresh := q.cached(c); fresh {
		return known.tile, nil
	}
	// Who asks first must not take the answer away from the others by leaving.
	making := context.WithoutCancel(ctx)
	result := q.flight.DoChan(fmt.Sprintf("%d/%d/%d", c.Z, c.X, c.Y), func() (any, error) {
		old, fresh := q.cached(c)
		if fresh { // made between our look and now
			return old.tile, nil
		}
		ctx, cancel := context.WithTimeout(making, q.opts.Timeout)
		defer cancel()
		return q.refresh(ctx, c, old)
	})
	select {
	case <-ctx.Done():
		return Tile{}, ctx.Err()
	case r := <-result:
		if r.Err != nil {
			return Tile{}, r.Err
		}
		return r.Val.(Tile), nil
	}
}

// refresh makes a tile and keeps it. Where that fails, the old one does a little longer; without an old one it returns CodeUnavailable.
func (q *Query) refresh(ctx context.Context, c Coord, old *queried) (Tile, error) {
	raw, err := q.make(ctx, c.Z, c.X, c.Y)
	if err != nil {
		if old == nil {
			return Tile{}, &layers.Error{Code: layers.CodeUnavailable, Msg: q.info.Name + " cannot be read", Err: err}
		}
		q.keep(c, old.tile, queryRetry)
		return old.tile, nil
	}
	t := emptyQueried
	if len(raw) > 0 {
		sum := sha256.Sum256(raw)
		t = Tile{ETag: `"` + hex.EncodeToString(sum[:12]) + `"`}
		if old != nil && old.tile.ETag == t.ETag {
			t = old.tile
		} else if t.Body, t.Encoding, err = pack(raw); err != nil {
			return Tile{}, err
		}
	}
	q.keep(c, t, q.opts.TimeToLive)
	return t, nil
}

// emptyQueried is the tile with nothing in it.
var emptyQueried = Tile{ETag: `"empty"`}

// cached returns what is known of a tile, nil when nothing is, and whether that is still to be believed.
func (q *Query) cached(c Coord) (known *queried, fresh bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, ok := q.cache[c]
	if !ok {
		return nil, false
	}
	q.order.MoveToFront(e)
	known = e.Value.(*queried)
	return known, q.opts.Now().Before(known.expires)
}

// keep puts a tile into the cache, and drops what nobody used for longest when that is too much.
func (q *Query) keep(c Coord, t Tile, d time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e, ok := q.cache[c]; ok {
		q.drop(e)
	}
	q.cache[c] = q.order.PushFront(&queried{coord: c, tile: t, expires: q.opts.Now().Add(d)})
	q.bytes += len(t.Body) + keptOverhead
	for q.bytes > q.opts.MaxBytes && q.order.Len() > 1 {
		q.drop(q.order.Back())
	}
}

// drop forgets one tile. The caller holds mu.
func (q *Query) drop(e *list.Element) {
	k := q.order.Remove(e).(*queried)
	delete(q.cache, k.coord)
	q.bytes -= len(k.tile.Body) + keptOverhead
}

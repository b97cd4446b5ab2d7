package tiles

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"wanglou/layers"
)

// QueryFunc makes one tile by asking a database. Equal data must give equal bytes. Its errors are shown to clients if they are
// *layers.Error; others mean that the database cannot be read.
type QueryFunc func(ctx context.Context, r Request) (Queried, error)

// Queried is a tile as a database gives it.
type Queried struct {
	Raw     []byte // uncompressed; nil is an empty tile
	Dropped Dropped
}

// ByCoord makes a [QueryFunc] of a func that knows neither scopes nor selections.
func ByCoord(fn func(ctx context.Context, z uint8, x, y uint32) ([]byte, error)) QueryFunc {
	return func(ctx context.Context, r Request) (Queried, error) {
		raw, err := fn(ctx, r.Coord.Z, r.Coord.X, r.Coord.Y)
		return Queried{Raw: raw}, err
	}
}

// Query is a [Source] whose tiles a [QueryFunc] makes. It cannot follow its data, so it keeps what was made, compressed, for a while: fresh ones
// are given as they are; old ones too, marked as stale, while one question for a new one is under way; those that are too old wait for it. It
// asks once for a tile that many want at once, and goes on with what it has when the database is away. It is safe for concurrent use.
type Query struct {
	info   Info
	make   QueryFunc
	opts   QueryOptions
	flight *flight
}

// QueryOptions bounds what a [Query] keeps. Zero fields take the defaults.
type QueryOptions struct {
	TimeToLive time.Duration // after it a tile is asked for again; default a minute
	StaleFor   time.Duration // how much longer nobody has to wait for that; default ten times TimeToLive, negative: not at all
	Cache      *Cache        // shared with others; default one of its own
	MaxBytes   int           // of a cache of its own; default 64 MiB
	Timeout    time.Duration // of making one tile; default 10 s
	Now        func() time.Time

	// Class names the requests that share a tile, beside its coordinate, or refuses one. By default selections are refused and
	// everybody who is signed in shares.
	Class func(r Request) (string, error)

	flight *flight // shared with others of the same cache; default one of its own
}

// queryRetry is how long an old answer stands in for the database that could not be asked.
const queryRetry = 2 * time.Second

// NewQuery returns a source of the tiles that fn makes. What fn does outside of info's zooms is not asked.
func NewQuery(info Info, fn QueryFunc, o QueryOptions) *Query {
	if o.TimeToLive == 0 {
		o.TimeToLive = time.Minute
	}
	if o.StaleFor == 0 {
		o.StaleFor = 10 * o.TimeToLive
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 20
	}
	if o.Cache == nil {
		o.Cache = NewCache(o.MaxBytes)
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Class == nil {
		o.Class = func(r Request) (string, error) { return "", r.RefuseSelection() }
	}
	if o.flight == nil {
		o.flight = new(flight)
	}
	return &Query{info: info, make: fn, opts: o, flight: o.flight}
}

// Info implements [Source].
func (q *Query) Info() Info { return q.info }

// Tile implements [Source].
func (q *Query) Tile(ctx context.Context, r Request) (Tile, error) {
	if err := r.Check(); err != nil {
		return Tile{}, err
	}
	class, err := q.opts.Class(r)
	if err != nil {
		return Tile{}, err
	}
	t, err := q.tile(ctx, r, cacheKey{source: q.info.Name, coord: r.Coord, class: class})
	if err != nil {
		return Tile{}, err
	}
	if r.ETag == t.ETag {
		t = t.bare()
		t.Unchanged = true
		return t, nil
	}
	return t.For(r.Accept)
}

// tile returns a tile from the cache, or has it made.
func (q *Query) tile(ctx context.Context, r Request, key cacheKey) (Tile, error) {
	if int(r.Coord.Z) < q.info.MinZoom || int(r.Coord.Z) > q.info.MaxZoom {
		return emptyQueried, nil
	}
	known, until, ok := q.opts.Cache.latest(key, r.Accept)
	now := q.opts.Now()
	if ok && now.Before(until) {
		return known, nil
	}
	asked := flightKey{cacheKey: key, accept: r.Accept}
	fly := func(ctx context.Context) (Tile, error) {
		old, until, ok := q.opts.Cache.latest(key, r.Accept)
		if ok && q.opts.Now().Before(until) { // made between our look and now
			return old, nil
		}
		ctx, cancel := context.WithTimeout(ctx, q.opts.Timeout)
		defer cancel()
		return q.refresh(ctx, r, key, old, ok)
	}
	if ok && now.Sub(until) < q.opts.StaleFor {
		q.flight.begin(ctx, asked, fly)
		known.Stale = true
		return known, nil
	}
	return q.flight.do(ctx, asked, fly)
}

// refresh makes a tile and keeps it. Where that fails, the old one does a little longer, marked as stale; without an old
// one it returns the error, CodeUnavailable unless the func said what it is.
func (q *Query) refresh(ctx context.Context, r Request, key cacheKey, old Tile, hasOld bool) (Tile, error) {
	asked := q.opts.Now()
	made, err := q.make(ctx, r)
	if err != nil {
		switch layers.ErrorCode(err) {
		case layers.CodeInternal, layers.CodeUnavailable:
		default: // not an outage: what was refused was not to be had before either
			return Tile{}, err
		}
		if !hasOld {
			if layers.ErrorCode(err) == layers.CodeUnavailable {
				return Tile{}, err
			}
			return Tile{}, &layers.Error{Code: layers.CodeUnavailable, Msg: q.info.Name + " cannot be read", Err: err}
		}
		q.opts.Cache.put(key, old, q.opts.Now().Add(queryRetry))
		old.Stale = true
		return old, nil
	}
	t := emptyQueried
	if len(made.Raw) > 0 {
		sum := sha256.Sum256(made.Raw)
		t = Tile{ETag: `"` + hex.EncodeToString(sum[:12]) + `"`}
		if hasOld && old.ETag == t.ETag {
			t = old
		} else if t.Body, t.Encoding, err = pack(made.Raw, r.Accept); err != nil {
			return Tile{}, err
		}
	}
	t.Made, t.Stale, t.Dropped = asked, false, made.Dropped
	q.opts.Cache.put(key, t, q.opts.Now().Add(q.opts.TimeToLive))
	return t, nil
}

// emptyQueried is the tile with nothing in it.
var emptyQueried = Tile{ETag: `"empty"`}

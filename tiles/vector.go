package tiles

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync/atomic"
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// Vector is the [Source] of one layer of the replica. What a scope may not see is not in its tiles; scopes of one class
// share them. An ETag follows from the tile's version and the class, so that a 304 costs no drawing; equal data gives
// equal bytes. It is safe for concurrent use.
type Vector struct {
	replica *layers.Replica
	layer   string
	cache   *Cache
	limits  VectorLimits
	flight  flight

	drawn, reused, unchanged, merged atomic.Uint64
}

// VectorLimits say from where on a tile counts as crowded: below MergeZoom points that fall on the pixel of an earlier
// one (by id) are then left out, and counted. Everything else stays.
type VectorLimits struct {
	Features  int   // that the scope sees in the tile
	Bytes     int   // of the tile, uncompressed
	MergeZoom uint8 // from this zoom on nothing is left out
}

// DefaultVectorLimits are those of [NewVector].
var DefaultVectorLimits = VectorLimits{Features: 20_000, Bytes: 500_000, MergeZoom: 14}

// vectorSchema changes whenever equal data gives other bytes than in an earlier release.
const vectorSchema = 1

// NewVector returns the source of a layer, with a cache of its own of 64 MiB. The layer may appear later.
func NewVector(r *layers.Replica, layer string) *Vector {
	return newVector(r, layer, NewCache(64<<20), DefaultVectorLimits)
}

func newVector(r *layers.Replica, layer string, cache *Cache, limits VectorLimits) *Vector {
	return &Vector{replica: r, layer: layer, cache: cache, limits: limits}
}

// Info implements [Source]. A layer that is not there has its name alone.
func (v *Vector) Info() Info {
	info := Info{Name: v.layer, Format: FormatMVT}
	l := v.replica.Layer(v.layer)
	if l == nil {
		return info
	}
	info.Title, info.MinZoom, info.MaxZoom = l.Title, l.MinZoom, l.MaxZoom
	info.Bound, _ = v.replica.Bound(v.layer)
	fields := make(map[string]string, len(l.Columns))
	for _, c := range l.Columns {
		fields[c.Name] = fieldType(c.Type)
	}
	info.Layers = []LayerInfo{{ID: l.Name, Fields: fields, MinZoom: l.MinZoom, MaxZoom: l.MaxZoom}}
	return info
}

// fieldType is TileJSON's word for what package mvt makes of a column.
func fieldType(t layers.ColumnType) string {
	switch t {
	case layers.ColumnInt, layers.ColumnFloat, layers.ColumnTime:
		return "Number"
	case layers.ColumnBool:
		return "Boolean"
	default:
		return "String"
	}
}

// Tile implements [Source]. Tiles outside of the layer's zooms are empty.
func (v *Vector) Tile(ctx context.Context, r Request) (Tile, error) {
	l, key, now, err := v.identify(&r)
	if err != nil {
		return Tile{}, err
	}
	if r.ETag == now {
		v.unchanged.Add(1)
		return Tile{ETag: now, Unchanged: true}, nil
	}
	if int(r.Coord.Z) < l.MinZoom || int(r.Coord.Z) > l.MaxZoom {
		return Tile{ETag: now}, nil
	}
	if t, ok := v.cache.get(key, now, r.Accept); ok {
		v.reused.Add(1)
		return t, nil
	}
	return v.flight.do(ctx, flightKey{cacheKey: key, tag: now, accept: r.Accept, part: r.part}, func(context.Context) (Tile, error) {
		if t, ok := v.cache.get(key, now, r.Accept); ok { // made between our look and now
			v.reused.Add(1)
			return t, nil
		}
		return v.make(r, key, now)
	})
}

// Tag implements [Validator].
func (v *Vector) Tag(_ context.Context, r Request) (string, error) {
	_, _, tag, err := v.identify(&r)
	return tag, err
}

// identify returns where the tile of a request is kept, and the ETag of what it shows now.
func (v *Vector) identify(r *Request) (l *layers.Layer, key cacheKey, tag string, err error) {
	// Epoch, then version, then content: whatever happens in between, the content is never older than its ETag says.
	at := v.replica.Position()
	l = v.replica.Layer(v.layer)
	if err := v.refuse(at, l, r); err != nil {
		return nil, cacheKey{}, "", err
	}
	key = cacheKey{source: v.layer, coord: r.Coord, class: class(l, r.Scope)}
	return l, key, v.etag(at.Epoch, v.replica.TileVersion(v.layer, r.Coord.Z, r.Coord.X, r.Coord.Y), key.class), nil
}

// refuse returns why a request gets no tile of the layer, nil when it does.
func (v *Vector) refuse(at layers.Position, l *layers.Layer, r *Request) error {
	if err := r.Check(); err != nil {
		return err
	}
	switch {
	case at.Epoch == "":
		return layers.Errorf(layers.CodeUnavailable, "the layers are not loaded yet")
	case l == nil || l.Geometry == layers.GeometryNone:
		return layers.Errorf(layers.CodeNotFound, "no such layer")
	}
	return r.RefuseSelection()
}

// class names the scopes that see the same rows of a layer.
func class(l *layers.Layer, scope *auth.Scope) string {
	if !l.Scoped() {
		return ""
	}
	return scope.Class()
}

// etag names one content. It is hashed, since class says which areas somebody may see.
func (v *Vector) etag(epoch string, version layers.Version, class string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\n%s\n%s\n%d\n%s", vectorSchema, v.layer, epoch, version, class))
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// make draws a tile, packs it and keeps it.
func (v *Vector) make(r Request, key cacheKey, etag string) (Tile, error) {
	w := works.Get().(*work)
	defer w.release()
	raw, merged, err := v.draw(w, r.Scope, key.coord)
	if err != nil {
		return Tile{}, err
	}
	v.drawn.Add(1)
	v.merged.Add(uint64(merged))
	t := Tile{ETag: etag, Dropped: Dropped{Points: merged}}
	switch {
	case r.part:
		t.Body = bytes.Clone(raw)
		return t, nil
	case len(raw) > 0:
		if t.Body, t.Encoding, err = pack(raw, r.Accept); err != nil {
			return Tile{}, err
		}
	}
	v.cache.put(key, t, time.Time{})
	return t.For(r.Accept)
}

// Encode draws a tile for a scope, neither cached nor compressed: what a miss costs.
func (v *Vector) Encode(scope *auth.Scope, c Coord) ([]byte, error) {
	if err := v.refuse(v.replica.Position(), v.replica.Layer(v.layer), &Request{Scope: scope, Coord: c}); err != nil {
		return nil, err
	}
	w := works.Get().(*work)
	defer w.release()
	raw, _, err := v.draw(w, scope, c)
	if err != nil {
		return nil, err
	}
	return append([]byte(nil), raw...), nil
}

// VectorStats counts what became of requests for tiles.
type VectorStats struct {
	Drawn     uint64 // made from features
	Reused    uint64 // from the cache
	Unchanged uint64 // 304
	Merged    uint64 // points left out of crowded tiles
}

// Stats returns the counts since the start.
func (v *Vector) Stats() VectorStats {
	return VectorStats{Drawn: v.drawn.Load(), Reused: v.reused.Load(), Unchanged: v.unchanged.Load(), Merged: v.merged.Load()}
}

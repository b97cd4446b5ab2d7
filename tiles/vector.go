package tiles

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// Vector is the [Source] of one layer of the replica. What a scope may not see is not in its tiles; scopes of one class
// share them. An ETag follows from the tile's version and the class, so that a 304 costs no drawing; equal data gives
// equal bytes. It is safe for concurrent use.
type Vector struct {
	replica  *layers.Replica
	layer    string
	cache    *Cache
	selected *Cache
	limits   VectorLimits
	flight   flight
	anchors  anchors

	described atomic.Pointer[described]

	mu    sync.RWMutex
	plans map[string]*plan  // by class of selection
	tags  map[tagKey]string // beginning of ETags

	drawn, reused, unchanged atomic.Uint64
}

// vectorSchema changes whenever equal data gives other bytes than in an earlier release.
const vectorSchema = 2

// NewVector returns the source of a layer, with a cache of its own of 64 MiB. The layer may appear later.
func NewVector(r *layers.Replica, layer string) *Vector {
	return newVector(r, layer, NewCache(64<<20), NewCache(16<<20), DefaultVectorLimits)
}

func newVector(r *layers.Replica, layer string, cache, selected *Cache, limits VectorLimits) *Vector {
	return &Vector{replica: r, layer: layer, cache: cache, selected: selected, limits: limits}
}

// Info implements [Source]. A layer that is not there has its name alone. It allocates nothing as long as the layer stays the same.
func (v *Vector) Info() Info {
	l := v.replica.Layer(v.layer)
	if l == nil {
		return Info{Name: v.layer, Format: FormatMVT}
	}
	d := v.described.Load()
	if d == nil || d.layer != l {
		d = &described{l, v.describe(l)}
		v.described.Store(d)
	}
	info := d.info
	info.Bound, _ = v.replica.Bound(v.layer)
	return info
}

// described is what Info says of a layer.
type described struct {
	layer *layers.Layer
	info  Info
}

func (v *Vector) describe(l *layers.Layer) Info {
	info := Info{Name: v.layer, Format: FormatMVT, Title: l.Title, MinZoom: l.MinZoom, MaxZoom: l.MaxZoom}
	fields := make(map[string]string, len(l.Columns))
	for _, c := range l.Columns {
		fields[c.Name] = fieldType(c.Type)
	}
	info.Layers = []LayerInfo{{ID: l.Name, Fields: fields, MinZoom: l.MinZoom, MaxZoom: l.MaxZoom}}
	if below := min(l.Tiling.CountBelow-1, l.MaxZoom); below >= l.MinZoom {
		info.Layers = append(info.Layers, LayerInfo{ID: l.Name + countSuffix, Fields: map[string]string{"count": "Number"}, MinZoom: l.MinZoom, MaxZoom: below})
	}
	if l.Tiling.Labels {
		info.Layers = append(info.Layers, LayerInfo{ID: l.Name + labelSuffix, Fields: fields, MinZoom: l.MinZoom, MaxZoom: l.MaxZoom})
	}
	return info
}

// boundFor returns a rectangle around what the scope sees, zero when that is nothing.
func (v *Vector) boundFor(scope *auth.Scope) (b orb.Bound) {
	l := v.replica.Layer(v.layer)
	if l == nil {
		return orb.Bound{}
	}
	if scope.SeesAll(l) {
		b, _ = v.replica.Bound(v.layer)
		return b
	}
	v.replica.All(v.layer, func(f *layers.Feature) bool {
		if f.Geometry != nil && scope.Sees(l, f) {
			if b == (orb.Bound{}) {
				b = f.Bound
			} else {
				b = b.Union(f.Bound)
			}
		}
		return true
	})
	return b
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

// Tile implements [Source]. Tiles outside of the layer's zooms are empty. A tile that the caller holds costs two look-ups in the
// replica and one in the pyramid, one that is kept another in the cache: neither allocates more than its ETag.
func (v *Vector) Tile(ctx context.Context, r Request) (Tile, error) {
	p, key, now, err := v.identify(&r)
	if err != nil {
		return Tile{}, err
	}
	if r.ETag == now {
		v.unchanged.Add(1)
		return Tile{ETag: now, Unchanged: true}, nil
	}
	if l := p.layer; int(r.Coord.Z) < l.MinZoom || int(r.Coord.Z) > l.MaxZoom {
		return Tile{ETag: now}, nil
	}
	if t, ok := v.cacheOf(&r).get(key, now, r.Accept); ok {
		v.reused.Add(1)
		return t, nil
	}
	return v.miss(ctx, r, p, key, now)
}

// miss makes a tile, or waits for who makes it already. It is a method of its own so that the request of a hit stays on the stack.
func (v *Vector) miss(ctx context.Context, r Request, p *plan, key cacheKey, tag string) (Tile, error) {
	return v.flight.do(ctx, flightKey{cacheKey: key, tag: tag, accept: r.Accept, part: r.part}, func(context.Context) (Tile, error) {
		if t, ok := v.cacheOf(&r).get(key, tag, r.Accept); ok { // made between our look and now
			v.reused.Add(1)
			return t, nil
		}
		return v.make(r, p, key, tag)
	})
}

// cacheOf returns where the tiles of a request are kept: what clients select must not drive out what all share.
func (v *Vector) cacheOf(r *Request) *Cache {
	if s := &r.Select; s.where == nil && !s.Timed() && len(s.properties) == 0 { // all values, or none
		return v.cache
	}
	return v.selected
}

// Tag implements [Validator].
func (v *Vector) Tag(_ context.Context, r Request) (string, error) {
	_, _, tag, err := v.identify(&r)
	return tag, err
}

// identify returns how a request is answered, where its tile is kept, and the ETag of what it shows now.
func (v *Vector) identify(r *Request) (p *plan, key cacheKey, tag string, err error) {
	// Epoch, then version, then content: whatever happens in between, the content is never older than its ETag says.
	at := v.replica.Position()
	l := v.replica.Layer(v.layer)
	if err := v.refuse(at, l, r); err != nil {
		return nil, cacheKey{}, "", err
	}
	if p, err = v.plan(l, &r.Select); err != nil {
		return nil, cacheKey{}, "", err
	}
	key = cacheKey{source: v.layer, coord: r.Coord, class: scopeClass(l, r.Scope)}
	if !r.Select.All() {
		key.class += "\n" + r.Select.Class()
	}
	version := v.replica.TileVersion
	if p.shapes {
		version = v.replica.ShapeVersion
	}
	return p, key, v.etag(at.Epoch, version(v.layer, r.Coord.Z, r.Coord.X, r.Coord.Y), key.class), nil
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
	return nil
}

// scopeClass names the scopes that see the same rows of a layer.
func scopeClass(l *layers.Layer, scope *auth.Scope) string {
	if !l.Scoped() {
		return ""
	}
	return scope.Class()
}

// Clients choose selections and classes; what is remembered of them is bounded, and begins anew beyond.
const (
	maxPlans = 256 // a layer
	maxTags  = 4096
)

// plan returns the plan of a selection, which is made once as long as the layer stays the same.
func (v *Vector) plan(l *layers.Layer, s *Selection) (*plan, error) {
	v.mu.RLock()
	p := v.plans[s.Class()]
	v.mu.RUnlock()
	if p != nil && p.layer == l {
		return p, nil
	}
	p, err := newPlan(l, s)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.plans == nil || len(v.plans) >= maxPlans {
		v.plans = map[string]*plan{}
	}
	v.plans[s.Class()] = p
	return p, nil
}

type tagKey struct{ epoch, class string }

// etag names one content: by a hash of what the tile is of, since class says which areas somebody may see, and its version.
func (v *Vector) etag(epoch string, version layers.Version, class string) string {
	key := tagKey{epoch, class}
	v.mu.RLock()
	prefix, ok := v.tags[key]
	v.mu.RUnlock()
	if !ok {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d\n%s\n%s\n%s", vectorSchema, v.layer, epoch, class))
		prefix = `"` + hex.EncodeToString(sum[:9]) + "-"
		v.mu.Lock()
		if v.tags == nil || len(v.tags) >= maxTags {
			v.tags = map[tagKey]string{}
		}
		v.tags[key] = prefix
		v.mu.Unlock()
	}
	var b [48]byte
	return string(append(strconv.AppendUint(append(b[:0], prefix...), uint64(version), 36), '"'))
}

// make draws a tile, packs it and keeps it.
func (v *Vector) make(r Request, p *plan, key cacheKey, etag string) (Tile, error) {
	w := works.Get().(*work)
	defer w.release()
	raw, dropped, err := v.draw(w, &r, p)
	if err != nil {
		return Tile{}, err
	}
	v.drawn.Add(1)
	t := Tile{ETag: etag, Dropped: dropped}
	switch {
	case r.part:
		t.Body = bytes.Clone(raw)
		return t, nil
	case len(raw) > 0:
		if t.Body, t.Encoding, err = pack(raw, r.Accept); err != nil {
			return Tile{}, err
		}
	}
	v.cacheOf(&r).put(key, t, time.Time{})
	return t.For(r.Accept)
}

// Encode draws a tile for a scope, neither cached nor compressed: what a miss costs.
func (v *Vector) Encode(scope *auth.Scope, c Coord) ([]byte, error) {
	return v.EncodeSelected(Request{Scope: scope, Coord: c})
}

// EncodeSelected is Encode with a selection.
func (v *Vector) EncodeSelected(r Request) ([]byte, error) {
	p, _, _, err := v.identify(&r)
	if err != nil {
		return nil, err
	}
	w := works.Get().(*work)
	defer w.release()
	raw, _, err := v.draw(w, &r, p)
	if err != nil {
		return nil, err
	}
	return bytes.Clone(raw), nil
}

// VectorStats counts what became of requests for tiles.
type VectorStats struct {
	Drawn     uint64 // made from features
	Reused    uint64 // from the cache
	Unchanged uint64 // 304
}

// Stats returns the counts since the start.
func (v *Vector) Stats() VectorStats {
	return VectorStats{Drawn: v.drawn.Load(), Reused: v.reused.Load(), Unchanged: v.unchanged.Load()}
}

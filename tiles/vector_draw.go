package tiles

import (
	"cmp"
	"slices"
	"sync"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/tiles/mvt"
)

// work is what drawing one tile needs, kept for the next one.
type work struct {
	encoder  mvt.Encoder
	features []*layers.Feature
	keys     []string
	raw      []byte
}

var works = sync.Pool{New: func() any { return new(work) }}

// maxKeptWork is the tile size beyond which a work's buffers are left to the collector: the one tile of the whole county
// must not stay in memory once for each processor.
const maxKeptWork = 16 << 20

func (w *work) release() {
	clear(w.features) // features must not live longer than the replica wants them
	w.features = w.features[:0]
	if cap(w.raw) <= maxKeptWork {
		works.Put(w)
	}
}

// tolerance is how far simplified lines may be off below the layer's deepest zoom: a quarter of a pixel.
const tolerance = 2

// draw makes a tile in w's buffers; raw is good until w is released.
func (v *Vector) draw(w *work, scope *auth.Scope, c Coord) (raw []byte, merged int, err error) {
	l, found := v.replica.Find(v.layer, mvt.Bound(c.Z, c.X, c.Y), w.features[:0])
	w.features = found
	if l == nil {
		return nil, 0, layers.Errorf(layers.CodeNotFound, "no such layer")
	}
	seen := found[:0]
	for _, f := range found {
		if scope.Sees(l, f) {
			seen = append(seen, f)
		}
	}
	slices.SortFunc(seen, func(a, b *layers.Feature) int { return cmp.Compare(a.ID, b.ID) })
	w.keys = w.keys[:0]
	for _, col := range l.Columns {
		w.keys = append(w.keys, col.Name)
	}
	var o mvt.Options
	if int(c.Z) < l.MaxZoom {
		o.Tolerance = tolerance
	}
	mayMerge := c.Z < v.limits.MergeZoom && (l.Geometry == layers.GeometryPoint || l.Geometry == layers.GeometryAny)
	o.MergePoints = mayMerge && len(seen) > v.limits.Features
	w.encode(l.Name, seen, c, o)
	if mayMerge && !o.MergePoints && w.encoder.Size() > v.limits.Bytes {
		o.MergePoints = true
		w.encode(l.Name, seen, c, o)
	}
	w.raw = w.encoder.AppendTile(w.raw[:0])
	return w.raw, w.encoder.Merged(), nil
}

func (w *work) encode(layer string, features []*layers.Feature, c Coord, o mvt.Options) {
	w.encoder.Reset(c.Z, c.X, c.Y, o)
	w.encoder.Layer(layer, w.keys)
	for _, f := range features {
		w.encoder.Add(f.ID, f.Geometry, f.Values)
	}
}

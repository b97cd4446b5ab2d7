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
	found    []*layers.Feature
	features []numbered // of found, those that the scope sees, by id
	spare    []numbered
	keys     []string
	raw      []byte
}

// numbered is a feature beside its id, so that sorting does not have to fetch features from all over the memory.
type numbered struct {
	id      int64
	feature *layers.Feature
}

var works = sync.Pool{New: func() any { return new(work) }}

// maxKeptWork is the tile size beyond which a work's buffers are left to the collector: the one tile of the whole county
// must not stay in memory once for each processor.
const maxKeptWork = 16 << 20

func (w *work) release() {
	if cap(w.raw) > maxKeptWork {
		return
	}
	// Features must not live longer than the replica wants them.
	clear(w.found)
	clear(w.features)
	clear(w.spare)
	works.Put(w)
}

// tolerance is how far simplified lines may be off below the layer's deepest zoom: a quarter of a pixel.
const tolerance = 2

// draw makes a tile in w's buffers; raw is good until w is released.
func (v *Vector) draw(w *work, scope *auth.Scope, c Coord) (raw []byte, merged int, err error) {
	l, found := v.replica.Find(v.layer, mvt.Bound(c.Z, c.X, c.Y), w.found[:0])
	w.found = found
	if l == nil {
		return nil, 0, layers.Errorf(layers.CodeNotFound, "no such layer")
	}
	w.features = w.features[:0]
	all := scope.SeesAll(l)
	for _, f := range found {
		if all || scope.Sees(l, f) {
			w.features = append(w.features, numbered{f.ID, f})
		}
	}
	w.features, w.spare = sortByID(w.features, w.spare)
	w.keys = w.keys[:0]
	for _, col := range l.Columns {
		w.keys = append(w.keys, col.Name)
	}
	var o mvt.Options
	if int(c.Z) < l.MaxZoom {
		o.Tolerance = tolerance
	}
	mayMerge := c.Z < v.limits.MergeZoom && (l.Geometry == layers.GeometryPoint || l.Geometry == layers.GeometryAny)
	o.MergePoints = mayMerge && len(w.features) > v.limits.Features
	w.encode(l.Name, c, o)
	if mayMerge && !o.MergePoints && w.encoder.Size() > v.limits.Bytes {
		o.MergePoints = true
		w.encode(l.Name, c, o)
	}
	w.raw = w.encoder.AppendTile(w.raw[:0])
	return w.raw, w.encoder.Merged(), nil
}

func (w *work) encode(layer string, c Coord, o mvt.Options) {
	w.encoder.Reset(c.Z, c.X, c.Y, o)
	w.encoder.Layer(layer, w.keys)
	for _, n := range w.features {
		f := n.feature
		w.encoder.Add(f.ID, f.Geometry, f.Bound, f.Values)
	}
}

// sortByID sorts features, and returns them and the other of the two slices. Ids are dense numbers, mostly, of which many
// make a large tile: they are put into order byte by byte (radix sort), as far as they differ.
func sortByID(features, spare []numbered) (sorted, other []numbered) {
	if len(features) < 256 {
		slices.SortFunc(features, func(a, b numbered) int { return cmp.Compare(a.id, b.id) })
		return features, spare
	}
	if cap(spare) < len(features) {
		spare = make([]numbered, len(features))
	}
	spare = spare[:len(features)]
	differ := int64(0)
	for _, f := range features {
		differ |= f.id ^ features[0].id
	}
	const sign = 1 << 63 // negative ids come first
	for shift := 0; shift < 64 && uint64(differ)>>shift != 0; shift += 8 {
		var place [257]int
		for _, f := range features {
			place[(uint64(f.id)^sign)>>shift&0xff+1]++
		}
		for i := range 256 {
			place[i+1] += place[i]
		}
		for _, f := range features {
			digit := (uint64(f.id) ^ sign) >> shift & 0xff
			spare[place[digit]] = f
			place[digit]++
		}
		features, spare = spare, features
	}
	return features, spare
}

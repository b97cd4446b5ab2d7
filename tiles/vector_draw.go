package tiles

import (
	"cmp"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/tiles/mvt"
)

// work is what drawing one tile needs, kept for the next one.
type work struct {
	encoder  mvt.Encoder
	found    []*layers.Feature
	features []numbered // of found, those that are wanted and that the scope sees, by id
	spare    []numbered
	values   []any // of one feature
	crowd    crowd
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
	clear(w.values)
	works.Put(w)
}

// Tolerances are how far simplified lines may be off below the layer's deepest zoom: a quarter of a pixel, and a pixel where
// the tile would be over its budget.
const (
	tolerance      = mvt.Pixel / 4
	roughTolerance = mvt.Pixel
)

// draw makes a tile in w's buffers; raw is good until w is released. It costs a look-up in the R-tree, sorting by id, and a
// projection for each corner; over its budget the tile is drawn again, at most seven times.
func (v *Vector) draw(w *work, r *Request, p *plan) (raw []byte, dropped Dropped, err error) {
	l, found := v.replica.Find(v.layer, mvt.Bound(r.Coord.Z, r.Coord.X, r.Coord.Y), w.found[:0])
	w.found = found
	if l == nil {
		return nil, dropped, layers.Errorf(layers.CodeNotFound, "no such layer")
	}
	if l != p.layer { // another definition since we looked
		if p, err = newPlan(l, &r.Select); err != nil {
			return nil, dropped, err
		}
	}
	if err := p.afford(len(found)); err != nil {
		return nil, dropped, err
	}
	w.features = w.features[:0]
	all := r.Scope.SeesAll(l)
	for _, f := range found {
		if (all || r.Scope.Sees(l, f)) && (p.match == nil || p.match.Match(f)) {
			w.features = append(w.features, numbered{f.ID, f})
		}
	}
	w.features, w.spare = sortByID(w.features, w.spare)
	raw, dropped = v.fit(w, r.Coord, p)
	return raw, dropped, nil
}

// fit encodes w's features within the budget of the layer.
func (v *Vector) fit(w *work, c Coord, p *plan) (raw []byte, dropped Dropped) {
	l := p.layer
	budget := v.limits.of(l)
	var o mvt.Options
	if int(c.Z) < l.MaxZoom {
		o.Tolerance = tolerance
	}
	points := l.Geometry == layers.GeometryPoint
	mayThin := c.Z < budget.MergeZoom && int(c.Z) < l.MaxZoom // clients draw deeper zooms from the deepest: nothing is missing there
	counting := int(c.Z) < l.Tiling.CountBelow && (points || l.Geometry == layers.GeometryAny)
	placed := false
	if counting {
		w.crowd.place(w.features, c)
		w.crowd.count()
	}
	size, kept := int32(0), len(w.features)
	coarser := func(limit int) { // until no more features than limit stay
		if !placed && !counting {
			w.crowd.place(w.features, c)
			placed = true
		}
		o.Tolerance = max(o.Tolerance, roughTolerance)
		for size < largestCell && kept > limit {
			size = max(smallestCell, 2*size)
			kept, dropped = w.crowd.thin(w.features, p, size)
		}
	}
	if mayThin && !counting && kept > budget.Features {
		coarser(budget.Features)
	}
	counts := v.encode(w, c, o, p, size, counting)
	for mayThin && !counting && size < largestCell && w.encoder.Size() > budget.Bytes {
		coarser(int(int64(kept) * int64(budget.Bytes) / int64(w.encoder.Size())))
		counts = v.encode(w, c, o, p, size, counting)
	}
	dropped.Counted = counts
	dropped.Polygons += w.encoder.Specks()
	w.raw = w.encoder.AppendTile(w.raw[:0])
	return w.raw, dropped
}

// encode draws the layer and those beside it. It returns how many points are shown as counts.
func (v *Vector) encode(w *work, c Coord, o mvt.Options, p *plan, size int32, counting bool) (counted int) {
	w.encoder.Reset(c.Z, c.X, c.Y, o)
	w.encoder.Layer(p.layer.Name, p.keys)
	for i, n := range w.features {
		f := n.feature
		if counting {
			if k := w.crowd.counted(i); k > 1 {
				counted++
				continue
			} else if k < 0 {
				continue
			}
		}
		square, ok := w.crowd.stays(i, size)
		switch {
		case !ok:
		case square > 0:
			s := w.crowd.spots[i]
			w.encoder.AddSquare(f.ID, s.x, s.y, square, w.valuesOf(p, f))
		default:
			w.encoder.Add(f.ID, f.Geometry, f.Bound, w.valuesOf(p, f))
		}
	}
	if counting {
		w.encodeCounts(c, p.layer)
	}
	if p.layer.Tiling.Labels {
		v.encodeLabels(w, c, p)
	}
	return counted
}

// valuesOf returns the values of a feature that the plan wants; they are good until the next call.
func (w *work) valuesOf(p *plan, f *layers.Feature) []any {
	if p.all {
		return f.Values
	}
	w.values = w.values[:0]
	for _, i := range p.columns {
		w.values = append(w.values, f.Values[i])
	}
	return w.values
}

// Names of the layers beside a layer.
const (
	countSuffix = "_count"
	labelSuffix = "_label"
)

var countKeys = []string{"count"}

// encodeCounts draws a point for each cell of more than one, in the middle of what is counted.
func (w *work) encodeCounts(c Coord, l *layers.Layer) {
	w.encoder.Layer(l.Name+countSuffix, countKeys)
	for i, s := range w.crowd.sums {
		if s.n > 1 {
			w.encoder.AddSpot(cellID(c, i), int32(s.x/int64(s.n)), int32(s.y/int64(s.n)), []any{int64(s.n)})
		}
	}
}

// encodeLabels draws for each polygon the point for its name, in the one tile of the zoom that holds it.
func (v *Vector) encodeLabels(w *work, c Coord, p *plan) {
	w.encoder.Layer(p.layer.Name+labelSuffix, p.keys)
	g := mvt.NewGrid(c.Z, c.X, c.Y)
	for _, n := range w.features {
		switch n.feature.Geometry.(type) {
		case orb.Polygon, orb.MultiPolygon:
		default:
			continue
		}
		at, ok := v.anchors.of(n.feature)
		if !ok {
			continue
		}
		if x, y, ok := g.Place(at); ok && x >= 0 && y >= 0 && x < mvt.Extent && y < mvt.Extent {
			w.encoder.AddSpot(n.id, x, y, w.valuesOf(p, n.feature))
		}
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

package layers

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/paulmach/orb"
)

// Diff is what changed in one layer between two positions.
//
// A reader tells its client first to remove each feature of Gone that its scope saw and whose id it does not see now
// (in Set, or by [Replica.Get]), then to take each feature of Set that its scope sees. An id may stand in Gone several
// times, and in both lists; whoever applies removals first and Set last ends with the right copy.
type Diff struct {
	Layer    *Layer   // whose Columns describe the values of Set and Gone
	Position Position // after the diff: where the next one starts
	Set      []*Feature
	// Gone holds features as they were before they were deleted or came to lie in another area.
	Gone []*Feature
	// Touched holds features of which the drawing changed, as they are and as they were: new, deleted, another geometry
	// or another area; not those of which only other attributes changed. The bounds of those a scope sees name the tiles
	// that its clients must load again. Layers of DeliverMoving name no earlier places.
	Touched []*Feature
}

// Empty reports whether the diff changes nothing.
func (d *Diff) Empty() bool { return len(d.Set) == 0 && len(d.Gone) == 0 && len(d.Touched) == 0 }

// ParseToken reads the form that [Position.Token] writes.
func ParseToken(token string) (Position, bool) {
	epoch, hex, found := strings.Cut(token, "/")
	v, err := strconv.ParseUint(hex, 16, 64)
	if !found || epoch == "" || err != nil {
		return Position{}, false
	}
	return Position{Epoch: epoch, Version: Version(v)}, true
}

// rewritten names the n-th history under one epoch of the source.
func rewritten(epoch string, n int) string { return epoch + "+" + strconv.Itoa(n) }

// Layers lists what is published, in the source's order. The slice is the caller's.
func (r *Replica) Layers() []*Layer {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clone(r.order)
}

// Layer returns the named layer, or nil.
func (r *Replica) Layer(name string) *Layer {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if s := r.layers[name]; s != nil {
		return s.layer
	}
	return nil
}

// Position returns how far the replica has come; its Epoch is "" before the first load.
func (r *Replica) Position() Position {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.position
}

// Wait blocks until Position.Version is above after, the epoch is another than at the call, or ctx ends, and returns the
// position then. A reader that keeps a Position from before uses [Replica.WaitPast], which cannot miss a new epoch.
func (r *Replica) Wait(ctx context.Context, after Version) (Position, error) {
	return r.WaitPast(ctx, Position{Epoch: r.Position().Epoch, Version: after})
}

// WaitPast blocks until the replica is past a position: at a higher version, or in another epoch. It returns ctx's error
// when ctx ends first.
func (r *Replica) WaitPast(ctx context.Context, after Position) (Position, error) {
	for {
		r.mu.RLock()
		now, changed := r.position, r.changed
		r.mu.RUnlock()
		if now.Epoch != after.Epoch || now.Version > after.Version {
			return now, nil
		}
		select {
		case <-ctx.Done():
			return now, ctx.Err()
		case <-changed:
		}
	}
}

// Get returns the feature of an id, or nil.
func (r *Replica) Get(layer string, id int64) *Feature {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if s := r.layers[layer]; s != nil {
		if n, _ := s.byID.Get(id); n != nil {
			return n.feature
		}
	}
	return nil
}

// Len returns how many features a layer holds, 0 for unknown layers.
func (r *Replica) Len(layer string) int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if s := r.layers[layer]; s != nil {
		return s.byID.Len()
	}
	return 0
}

// All visits the features of a layer as of one moment, in the order of their ids, until visit returns false.
func (r *Replica) All(layer string, visit func(*Feature) bool) {
	r.collect(layer, visit, func(s *layerState, take func(*node)) {
		s.byID.Scan(func(_ int64, n *node) bool { take(n); return true })
	})
}

// After visits the features of a layer whose ids are above after, in the order of their ids, until visit returns false. It reads some hundreds at a
// moment: what changes meanwhile is seen as it was, or as it is. O(log features + visited).
func (r *Replica) After(layer string, after int64, visit func(*Feature) bool) {
	const stretch = 512
	for more := true; more && after < math.MaxInt64; {
		n := 0
		r.collect(layer, func(f *Feature) bool {
			after = f.ID
			more = visit(f)
			return more
		}, func(s *layerState, take func(*node)) {
			s.byID.Ascend(after+1, func(_ int64, at *node) bool {
				take(at)
				n++
				return n < stretch
			})
		})
		more = more && n == stretch
	}
}

// Search visits the features whose bound meets b, as of one moment, in no order, until visit returns false.
func (r *Replica) Search(layer string, b orb.Bound, visit func(*Feature) bool) {
	r.collect(layer, visit, func(s *layerState, take func(*node)) {
		s.tree.Search(b.Min, b.Max, func(_, _ [2]float64, n *node) bool { take(n); return true })
	})
}

// Near returns how many features have a bound that meets b, or most where there are as many or more.
func (r *Replica) Near(layer string, b orb.Bound, most int) (n int) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if s := r.layers[layer]; s != nil {
		s.tree.Search(b.Min, b.Max, func(_, _ [2]float64, _ *node) bool { n++; return n < most })
	}
	return n
}

// Find appends to dst the features whose bound meets b, in no order, and returns them with the layer that describes their
// values at that moment, nil for unknown layers. Who checks rights feature by feature asks by this layer and no other.
func (r *Replica) Find(layer string, b orb.Bound, dst []*Feature) (*Layer, []*Feature) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	s := r.layers[layer]
	if s == nil {
		return nil, dst
	}
	s.tree.Search(b.Min, b.Max, func(_, _ [2]float64, n *node) bool { dst = append(dst, n.feature); return true })
	return s.layer, dst
}

// Bound returns a rectangle that holds the geometry of a layer; ok is false when there is none.
func (r *Replica) Bound(layer string) (b orb.Bound, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	s := r.layers[layer]
	if s == nil || s.tree.Len() == 0 {
		return orb.Bound{}, false
	}
	b.Min, b.Max = s.tree.Bounds()
	return b, true
}

// found holds the buffers of collect: what was found under the lock is visited without it, so that a slow visitor holds
// up nobody and a visitor may call the replica.
var found = sync.Pool{New: func() any { return new([]*Feature) }}

func (r *Replica) collect(layer string, visit func(*Feature) bool, walk func(*layerState, func(*node))) {
	buf := found.Get().(*[]*Feature)
	list := (*buf)[:0]
	r.mu.RLock()
	if s := r.layers[layer]; s != nil {
		walk(s, func(n *node) { list = append(list, n.feature) })
	}
	r.mu.RUnlock()
	defer func() {
		clear(list)
		*buf = list[:0]
		found.Put(buf)
	}()
	for _, f := range list {
		if !visit(f) {
			return
		}
	}
}

// Read returns a layer whole at one position, by which [Replica.Since] goes on. It returns nil for unknown layers.
func (r *Replica) Read(layer string) (l *Layer, features []*Feature, at Position) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	s := r.layers[layer]
	if s == nil {
		return nil, nil, r.position
	}
	features = make([]*Feature, 0, s.byID.Len())
	s.byID.Scan(func(_ int64, n *node) bool { features = append(features, n.feature); return true })
	return s.layer, features, r.position
}

// Since returns what changed in a layer after from, oldest change first. It costs as much as there were changes. ok is
// false when the replica cannot tell (unknown layer, other epoch, before the horizon, a place it
// never was at): the reader needs a snapshot.
// A reader that is ahead, because it comes from a faster node, gets an empty diff at its own position.
func (r *Replica) Since(layer string, from Position) (d Diff, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	s := r.layers[layer]
	if s == nil || from.Epoch != r.position.Epoch || from.Version < s.horizon {
		return Diff{}, false
	}
	if slices.ContainsFunc(r.gaps, func(g gap) bool { return g.from < from.Version && from.Version < g.to }) {
		return Diff{}, false
	}
	d = Diff{Layer: s.layer, Position: r.position}
	if from.Version > r.position.Version {
		d.Position = from
		return d, true
	}
	for n := s.newest; n != nil && n.version > from.Version; n = n.older {
		if n.ghost == 0 {
			d.Set = append(d.Set, n.feature)
		}
		if n.ghost&ghostGone != 0 {
			d.Gone = append(d.Gone, n.feature)
		}
		if (n.ghost&ghostDrawn != 0 || n.drawn > from.Version) && n.feature.Geometry != nil {
			d.Touched = append(d.Touched, n.feature)
		}
	}
	slices.Reverse(d.Set)
	slices.Reverse(d.Gone)
	slices.Reverse(d.Touched)
	return d, true
}

// TileVersion returns the version of the last change that a tile of the layer may show: its content is the same as long
// as this and the epoch are. It is 0 for unknown layers. Coordinates are of the Web Mercator grid, y down.
func (r *Replica) TileVersion(layer string, z uint8, x, y uint32) Version {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if s := r.layers[layer]; s != nil {
		return s.tiles.version(z, x, y)
	}
	return 0
}

// ShapeVersion is TileVersion for tiles that show ids and geometry, no values: the version of the last change that added,
// removed or moved something in the tile, or gave it to another area.
func (r *Replica) ShapeVersion(layer string, z uint8, x, y uint32) Version {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if s := r.layers[layer]; s != nil {
		return s.shapes.version(z, x, y)
	}
	return 0
}

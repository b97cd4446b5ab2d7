package layers

import (
	"slices"
	"time"

	"github.com/paulmach/orb"
	"github.com/tidwall/btree"
	"github.com/tidwall/rtree"
)

// node stands in the list of one layer, which is ordered by version: newest first. It is either a live feature (one
// node an id, moved to the front when the feature changes) or a ghost: a feature as it was before a change that some
// readers must be told of.
type node struct {
	feature      *Feature
	newer, older *node
	version      Version // of the change that put it here
	drawn        Version // of the last change of geometry or area (live nodes)
	ghost        ghost
}

// ghost says why a feature as it was is kept; zero for live nodes.
type ghost uint8

const (
	ghostGone  ghost = 1 << iota // deleted, or now in another area: readers may have to remove it
	ghostDrawn                   // was drawn at another place: tiles there changed
)

// tombstone is a ghost in the order of forgetting.
type tombstone struct {
	node *node
	time time.Time
}

// layerState is one layer of a replica. The replica's lock guards it.
type layerState struct {
	layer   *Layer
	interns interner                // the writer's alone
	byID    btree.Map[int64, *node] // in the order of ids, in which pages are read
	tree    rtree.RTreeG[*node]
	newest  *node
	ghosts  []tombstone // oldest first
	horizon Version     // readers from before it need a snapshot
	tiles   pyramid     // of all changes
	shapes  pyramid     // of changes that move, add or remove something
}

// newLayerState returns a layer that begins at version with the given features.
func newLayerState(l *Layer, features []*Feature, version Version) *layerState {
	s := &layerState{layer: l, interns: newInterner(len(l.Columns)), horizon: version, tiles: newPyramid(version), shapes: newPyramid(version)}
	nodes := make([]node, len(features)) // one allocation for all: they live about as long as the layer
	for i, f := range features {
		s.prepare(f)
		f.Version = version
		n := &nodes[i]
		*n = node{feature: f, version: version, drawn: version}
		if old, _ := s.byID.Get(f.ID); old != nil { // a source that repeats an id means the last one
			s.unlink(old)
			s.unindex(old.feature, old)
		}
		s.byID.Load(f.ID, n) // at the end, as most sources send it, without a search
		s.push(n)
		s.index(n)
	}
	return s
}

// prepare completes a feature that a source handed over: its bound, one value a column, its geometry in one world,
// and nil in place of one that has no place on earth (empty, or not finite). It needs no lock: nobody reads f yet.
func (s *layerState) prepare(f *Feature) {
	if len(f.Values) != len(s.layer.Columns) {
		values := make([]any, len(s.layer.Columns))
		copy(values, f.Values)
		f.Values = values
	}
	s.interns.share(f.Values)
	if f.Geometry != nil {
		f.Bound = f.Geometry.Bound()
		switch {
		case !finite(f.Bound):
			f.Geometry = nil
		case f.Bound.Min[0] < -180 || f.Bound.Max[0] > 180:
			if f.Geometry = withinWorld(f.Geometry, f.Bound); f.Geometry != nil {
				f.Bound = f.Geometry.Bound()
			}
		}
	}
	if f.Geometry == nil {
		f.Bound = orb.Bound{}
	}
}

// finite reports whether b is a place: false for the bounds of empty geometries and of NaN or infinite coordinates.
func finite(b orb.Bound) bool {
	const far = 1e9
	return b.Min[0] <= b.Max[0] && b.Min[1] <= b.Max[1] && b.Min[0] > -far && b.Min[1] > -far && b.Max[0] < far && b.Max[1] < far
}

// begin announces a commit with n changes of this layer. Very large ones change every tile rather than n × zoom marks.
func (s *layerState) begin(v Version, n int) {
	if n > maxMarkedChanges {
		s.tiles.reset(v)
		s.shapes.reset(v)
	}
}

// upsert makes f the feature of its id. Columns in unchanged are taken from the one it replaces; without one they stay
// as the source sent them.
func (s *layerState) upsert(f *Feature, unchanged []int, v Version, now time.Time) {
	n, _ := s.byID.Get(f.ID)
	if n == nil {
		f.Version = v
		n = &node{feature: f, version: v, drawn: v}
		s.byID.Set(f.ID, n)
		s.push(n)
		s.index(n)
		s.mark(f, v, true)
		return
	}
	old := n.feature
	for _, i := range unchanged {
		if i < 0 {
			f.Geometry, f.Bound = old.Geometry, old.Bound
		} else if i < len(f.Values) {
			f.Values[i] = old.Values[i]
		}
	}
	moved := !sameGeometry(old.Geometry, f.Geometry)
	if !moved && sameValues(old.Values, f.Values) {
		return
	}
	if !moved {
		f.Geometry = old.Geometry // one copy in memory, however often the state changes
	}
	f.Version = v
	var why ghost
	if s.layer.Area(old) != s.layer.Area(f) {
		why |= ghostGone | ghostDrawn
	}
	if moved && s.layer.Delivery != DeliverMoving {
		why |= ghostDrawn
	}
	if why != 0 {
		s.haunt(old, why, v, now)
		n.drawn = v
	}
	s.unlink(n)
	n.version = v
	s.push(n)
	s.mark(f, v, moved || why != 0)
	if moved {
		s.mark(old, v, true)
		s.unindex(old, n)
	}
	n.feature = f
	if moved {
		s.index(n)
	}
}

// remove forgets the feature of id, if there is one.
func (s *layerState) remove(id int64, v Version, now time.Time) {
	n, _ := s.byID.Get(id)
	if n == nil {
		return
	}
	s.byID.Delete(id)
	s.unlink(n)
	s.unindex(n.feature, n)
	s.haunt(n.feature, ghostGone|ghostDrawn, v, now)
	s.mark(n.feature, v, true)
}

// truncate removes every feature.
func (s *layerState) truncate(v Version, now time.Time) {
	s.tiles.reset(v)
	s.shapes.reset(v)
	s.tree = rtree.RTreeG[*node]{}
	s.byID.Scan(func(_ int64, n *node) bool {
		s.unlink(n)
		s.haunt(n.feature, ghostGone|ghostDrawn, v, now)
		return true
	})
	s.byID.Clear()
}

// haunt leaves a ghost of f.
func (s *layerState) haunt(f *Feature, why ghost, v Version, now time.Time) {
	n := &node{feature: f, version: v, ghost: why}
	s.push(n)
	s.ghosts = append(s.ghosts, tombstone{node: n, time: now})
}

// forget drops ghosts beyond the limits and moves the horizon accordingly.
func (s *layerState) forget(limit int, before time.Time) {
	for len(s.ghosts) > 0 && (len(s.ghosts) > limit || s.ghosts[0].time.Before(before)) {
		n := s.ghosts[0].node
		s.ghosts[0] = tombstone{}
		s.ghosts = s.ghosts[1:]
		s.horizon = max(s.horizon, n.version)
		s.unlink(n)
	}
	if len(s.ghosts) == 0 && cap(s.ghosts) > 1024 {
		s.ghosts = nil
	} else if cap(s.ghosts) > 4*len(s.ghosts)+1024 {
		s.ghosts = slices.Clone(s.ghosts)
	}
}

// mark notes that tiles over f changed: what they show of it at all, or its values alone.
func (s *layerState) mark(f *Feature, v Version, shape bool) {
	if f.Geometry == nil {
		return
	}
	s.tiles.mark(f.Bound, v)
	if shape {
		s.shapes.mark(f.Bound, v)
	}
}

func (s *layerState) index(n *node) {
	if n.feature.Geometry != nil {
		s.tree.Insert(n.feature.Bound.Min, n.feature.Bound.Max, n)
	}
}

func (s *layerState) unindex(f *Feature, n *node) {
	if f.Geometry != nil {
		s.tree.Delete(f.Bound.Min, f.Bound.Max, n)
	}
}

// push puts n, which is in no list, at the newest end.
func (s *layerState) push(n *node) {
	n.newer, n.older = nil, s.newest
	if s.newest != nil {
		s.newest.newer = n
	}
	s.newest = n
}

func (s *layerState) unlink(n *node) {
	if n.newer != nil {
		n.newer.older = n.older
	} else {
		s.newest = n.older
	}
	if n.older != nil {
		n.older.newer = n.newer
	}
	n.newer, n.older = nil, nil
}

package layers

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Replica is the copy of the published layers that every reader shares: each feature with the [Version] of its last
// change, an R-tree, and tombstones back to a horizon. A [Source] writes it through the methods of [Sink]; everything
// else reads. Make one with [NewReplica]; it is safe for concurrent use, writes come from one goroutine.
//
// Guarantees:
//   - a commit becomes visible whole, over all layers;
//   - features are never changed after they became visible, so readers keep them without a lock;
//   - visitors are called without any lock held and may call the replica again.
type Replica struct {
	options ReplicaOptions

	mu       sync.RWMutex
	position Position
	source   string // epoch as the source gave it; see rewritten
	rewrites int    // how often the source's history went back under one epoch
	gaps     []gap  // oldest first, at most maxGaps
	order    []*Layer
	layers   map[string]*layerState
	changed  chan struct{} // closed at the next change of position

	statusMu      sync.Mutex
	status        SourceStatus
	statusChanged chan struct{}
}

var _ Sink = (*Replica)(nil)

// gap is a stretch of history that a reload jumped over. What came and went inside it is unknown here, so a reader that
// stopped inside, at another node, needs a snapshot; one at either end does not.
type gap struct{ from, to Version }

const maxGaps = 64

// ReplicaOptions bounds what a replica remembers. Zero fields take the defaults.
type ReplicaOptions struct {
	// TombstoneAge and TombstoneCount (a layer) bound how far back deletions are remembered: a reader from before the
	// horizon needs a snapshot. Defaults: one hour, 200,000.
	TombstoneAge   time.Duration
	TombstoneCount int
	Now            func() time.Time // clock, for tests; default time.Now
}

// NewReplica returns an empty replica in state SourceConnecting.
func NewReplica(o ReplicaOptions) *Replica {
	if o.TombstoneAge <= 0 {
		o.TombstoneAge = time.Hour
	}
	if o.TombstoneCount <= 0 {
		o.TombstoneCount = 200_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Replica{
		options:       o,
		layers:        map[string]*layerState{},
		changed:       make(chan struct{}),
		status:        SourceStatus{State: SourceConnecting, Since: o.Now()},
		statusChanged: make(chan struct{}),
	}
}

// Load implements [Sink]. A layer whose columns, geometry, delivery or zooms changed starts anew by itself: its readers
// need a snapshot, those of the other layers do not.
func (r *Replica) Load(s Snapshot) {
	if r.source != s.Position.Epoch {
		r.source, r.rewrites = s.Position.Epoch, 0
		r.reset(s, s.Position.Epoch)
		return
	}
	next, changes := r.compare(s)
	forward := s.Position.Version > r.position.Version
	if !forward && (len(changes) > 0 || s.Position.Version < r.position.Version || !maps.Equal(next, r.layers)) {
		// The same history cannot hold other rows at a version that was passed: somebody put back an older copy of the
		// database under the same name. Tokens of before must not be believed any more.
		r.rewrites++
		r.reset(s, rewritten(s.Position.Epoch, r.rewrites))
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.layers = next
	r.order = s.Layers
	for _, l := range s.Layers {
		next[l.Name].layer = l
	}
	r.leap(s.Position.Version)
	r.commit(Commit{Version: s.Position.Version, Changes: changes})
}

// leap notes that history up to v is skipped. The lock is held.
func (r *Replica) leap(v Version) {
	if v <= r.position.Version {
		return
	}
	r.gaps = append(r.gaps, gap{from: r.position.Version, to: v})
	if len(r.gaps) > maxGaps {
		for _, l := range r.layers {
			l.horizon = max(l.horizon, r.gaps[0].to)
		}
		r.gaps = slices.Delete(r.gaps, 0, 1)
	}
}

// reset makes the replica equal to s under an epoch that no reader knows.
func (r *Replica) reset(s Snapshot, epoch string) {
	next := make(map[string]*layerState, len(s.Layers))
	for _, l := range s.Layers {
		next[l.Name] = newLayerState(l, s.Features[l.Name], s.Position.Version)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.layers, r.order, r.gaps = next, s.Layers, nil
	r.position = Position{Epoch: epoch, Version: s.Position.Version}
	r.broadcast()
}

// compare returns the layers of s (kept where the definition is the same, else new) and what changed in those kept.
// It runs without the lock: the writer alone changes what it reads.
func (r *Replica) compare(s Snapshot) (next map[string]*layerState, changes []Change) {
	next = make(map[string]*layerState, len(s.Layers))
	for _, l := range s.Layers {
		held := r.layers[l.Name]
		if held == nil || !sameDefinition(held.layer, l) {
			next[l.Name] = newLayerState(l, s.Features[l.Name], s.Position.Version)
			continue
		}
		next[l.Name] = held
		seen := make(map[int64]struct{}, held.byID.Len())
		for _, f := range s.Features[l.Name] {
			seen[f.ID] = struct{}{}
			held.prepare(f)
			if n, _ := held.byID.Get(f.ID); n == nil || !sameFeature(n.feature, f) {
				changes = append(changes, Change{Layer: l.Name, Kind: Upsert, Feature: f})
			}
		}
		held.byID.Scan(func(id int64, _ *node) bool {
			if _, ok := seen[id]; !ok {
				changes = append(changes, Change{Layer: l.Name, Kind: Delete, Feature: &Feature{ID: id}})
			}
			return true
		})
	}
	return next, changes
}

// Apply implements [Sink]. Changes of layers that the replica does not hold are ignored, as is everything before Load.
// An upsert that changes nothing keeps the feature's version.
func (r *Replica) Apply(c Commit) {
	if r.source == "" || c.Version <= r.position.Version {
		return
	}
	for _, ch := range c.Changes {
		if l := r.layers[ch.Layer]; l != nil && ch.Kind == Upsert {
			l.prepare(ch.Feature)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.commit(c)
}

// commit applies prepared changes. The lock is held.
func (r *Replica) commit(c Commit) {
	now := r.options.Now()
	perLayer := map[*layerState]int{}
	for _, ch := range c.Changes {
		if l := r.layers[ch.Layer]; l != nil {
			perLayer[l]++
		}
	}
	for l, n := range perLayer {
		l.begin(c.Version, n)
	}
	for _, ch := range c.Changes {
		l := r.layers[ch.Layer]
		if l == nil {
			continue
		}
		switch ch.Kind {
		case Upsert:
			l.upsert(ch.Feature, ch.Unchanged, c.Version, now)
		case Delete:
			l.remove(ch.Feature.ID, c.Version, now)
		case Truncate:
			l.truncate(c.Version, now)
		}
	}
	for _, l := range r.layers {
		l.forget(r.options.TombstoneCount, now.Add(-r.options.TombstoneAge))
	}
	r.position.Version = c.Version
	r.broadcast()
}

// broadcast wakes all who wait, at the cost of one closed channel. The lock is held.
func (r *Replica) broadcast() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// SetStatus implements [Sink]. Since is kept while the state stays the same. Safe from any goroutine.
func (r *Replica) SetStatus(s SourceStatus) {
	r.statusMu.Lock()
	defer r.statusMu.Unlock()
	same := s.State == r.status.State
	if same {
		s.Since = r.status.Since
	} else if s.Since.IsZero() {
		s.Since = r.options.Now()
	}
	if s.Heard.Before(r.status.Heard) {
		s.Heard = r.status.Heard
	}
	r.status = s
	if !same {
		close(r.statusChanged)
		r.statusChanged = make(chan struct{})
	}
}

// Status returns the health of the source.
func (r *Replica) Status() SourceStatus {
	r.statusMu.Lock()
	defer r.statusMu.Unlock()
	return r.status
}

// StatusChanged returns a channel that is closed when the state of the source changes next (not when it was only heard).
func (r *Replica) StatusChanged() <-chan struct{} {
	r.statusMu.Lock()
	defer r.statusMu.Unlock()
	return r.statusChanged
}

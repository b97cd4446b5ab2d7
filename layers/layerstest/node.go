package layerstest

import (
	"context"
	"sync"
	"testing"
	"time"

	"wanglou/layers"
)

// patience is how long the suite waits for what must come: a slow machine that starts a database included.
const patience = time.Minute

// node is a replica that follows a source, and what the source told it.
type node struct {
	replica *layers.Replica
	stop    context.CancelFunc
	ended   chan error
	states  chan layers.SourceState // changes only

	mu    sync.Mutex
	last  layers.SourceState
	first layers.Version
	log   []entry
}

// entry is what one commit did to the layer.
type entry struct {
	version  layers.Version
	statuses []string
}

// start runs a new source of h and returns when it is live and shows rows, which h has committed: a source behind a publisher may be live
// before a commit of the database has reached it.
func start(t *testing.T, h Harness, rows ...Row) *node {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	n := &node{replica: layers.NewReplica(layers.ReplicaOptions{}), stop: stop, ended: make(chan error, 1), states: make(chan layers.SourceState, 100)}
	source := h.NewSource(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.ended <- source.Run(ctx, n)
	}()
	t.Cleanup(func() { stop(); <-done })
	n.next(t, layers.SourceLive)
	n.want(t, rows...)
	return n
}

// Load, Apply and SetStatus note what they are told and pass it on.
func (n *node) Load(s layers.Snapshot) {
	n.mu.Lock()
	if n.first == 0 {
		n.first = s.Position.Version
	}
	n.mu.Unlock()
	n.replica.Load(s)
}

func (n *node) Apply(c layers.Commit) {
	e := entry{version: c.Version}
	for _, ch := range c.Changes {
		if ch.Layer == LayerName && ch.Kind == layers.Upsert {
			s, _ := ch.Feature.Values[1].(string)
			e.statuses = append(e.statuses, s)
		}
	}
	n.mu.Lock()
	n.log = append(n.log, e)
	n.mu.Unlock()
	n.replica.Apply(c)
}

func (n *node) SetStatus(s layers.SourceStatus) {
	n.replica.SetStatus(s)
	n.mu.Lock()
	changed := n.last != s.State
	n.last = s.State
	n.mu.Unlock()
	if changed {
		n.states <- s.State
	}
}

func (n *node) commits() []entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log
}

func (n *node) loadedAt() layers.Version {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.first
}

// next waits for the next change of state and demands that it is this one; connecting may stand before live.
func (n *node) next(t *testing.T, want layers.SourceState) {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case got := <-n.states:
			if got == want {
				return
			}
			if got != layers.SourceConnecting {
				t.Fatalf("state became %q, want %q", got, want)
			}
		case err := <-n.ended:
			t.Fatalf("the source ended while the state should become %q: %v", want, err)
		case <-deadline:
			t.Fatalf("state did not become %q: %+v", want, n.replica.Status())
		}
	}
}

// until waits for a condition, asking after every change of position, and returns the position at which it held.
func (n *node) until(t *testing.T, what string, done func() bool) layers.Position {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for at := n.replica.Position(); ; {
		if done() {
			return at
		}
		var err error
		if at, err = n.replica.WaitPast(ctx, at); err != nil {
			t.Fatalf("waiting for %s: %v; status %+v", what, err, n.replica.Status())
		}
	}
}

// want waits until the layer holds exactly these rows.
func (n *node) want(t *testing.T, rows ...Row) {
	t.Helper()
	n.until(t, "the expected rows", func() bool {
		if n.replica.Len(LayerName) != len(rows) {
			return false
		}
		for _, r := range rows {
			if !sameRow(n.replica.Get(LayerName, r.ID), r) {
				return false
			}
		}
		return true
	})
}

func (n *node) status(id int64) string {
	f := n.replica.Get(LayerName, id)
	if f == nil {
		return ""
	}
	s, _ := f.Values[1].(string)
	return s
}

// Package layerstest holds a database that is not one: [Source], for tests of whatever reads a replica; and [Exercise],
// the suite that every [layers.Source] passes.
package layerstest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"wanglou/layers"
)

// Source is a database in memory that can be followed, cut off and rewritten. It is safe for concurrent use and may be
// run by several replicas at once, as nodes of one installation do.
type Source struct {
	mu      sync.Mutex
	epoch   string
	version layers.Version
	layers  []*layers.Layer
	rows    map[string]map[int64]*layers.Feature
	commits []layers.Commit
	cuts    int
	down    bool
	changed chan struct{} // closed at every change of the above
}

var _ layers.Source = (*Source)(nil)

// ErrCut is why a source was lost that was cut or put down.
var ErrCut = errors.New("connection cut by the test")

// NewSource returns a source of empty layers in epoch "test.1".
func NewSource(ls ...*layers.Layer) *Source {
	s := &Source{epoch: "test.1", version: 100, layers: ls, rows: map[string]map[int64]*layers.Feature{}, changed: make(chan struct{})}
	for _, l := range ls {
		s.rows[l.Name] = map[int64]*layers.Feature{}
	}
	return s
}

// Live returns a replica that follows s until the test ends, after its first load.
func Live(t testing.TB, s *Source) *layers.Replica {
	t.Helper()
	r := layers.NewReplica(layers.ReplicaOptions{})
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { _ = s.Run(ctx, r) }) // it returns ctx's error alone
	t.Cleanup(func() { cancel(); run.Wait() })
	if _, err := r.WaitPast(t.Context(), layers.Position{}); err != nil {
		t.Fatalf("the replica was not loaded: %v", err)
	}
	return r
}

// Commit makes one transaction and returns its version. Values of Unchanged columns are kept, as a database would.
func (s *Source) Commit(changes ...layers.Change) layers.Version {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version += 8
	for _, ch := range changes {
		rows := s.rows[ch.Layer]
		switch ch.Kind {
		case layers.Upsert:
			f := clone(ch.Feature)
			if old := rows[f.ID]; old != nil {
				for _, i := range ch.Unchanged {
					if i < 0 {
						f.Geometry = old.Geometry
					} else {
						f.Values[i] = old.Values[i]
					}
				}
			}
			rows[f.ID] = f
		case layers.Delete:
			delete(rows, ch.Feature.ID)
		case layers.Truncate:
			clear(rows)
		}
	}
	s.commits = append(s.commits, layers.Commit{Version: s.version, Time: time.Now(), Changes: slices.Clone(changes)})
	s.wake()
	return s.version
}

// Cut breaks every connection once. Sources come back at once and load anew.
func (s *Source) Cut() { s.change(func() { s.cuts++ }) }

// Down breaks every connection until Up.
func (s *Source) Down() { s.change(func() { s.cuts++; s.down = true }) }

// Up lets sources come back.
func (s *Source) Up() { s.change(func() { s.down = false }) }

// SetEpoch starts another history with the same rows, as after failover, and breaks every connection.
func (s *Source) SetEpoch(epoch string) {
	s.change(func() { s.epoch = epoch; s.commits = nil; s.cuts++ })
}

// SetLayers publishes other layers, keeping the rows of those that stay, and breaks every connection.
func (s *Source) SetLayers(ls ...*layers.Layer) {
	s.change(func() {
		s.layers = ls
		for _, l := range ls {
			if s.rows[l.Name] == nil {
				s.rows[l.Name] = map[int64]*layers.Feature{}
			}
		}
		s.version += 8
		s.cuts++
	})
}

func (s *Source) change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
	s.wake()
}

func (s *Source) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Run implements [layers.Source].
func (s *Source) Run(ctx context.Context, sink layers.Sink) error {
	for {
		if err := s.until(ctx, func() bool { return !s.down }); err != nil {
			return err
		}
		s.mu.Lock()
		cuts, seen, snapshot := s.cuts, s.version, s.snapshot()
		s.mu.Unlock()
		sink.Load(snapshot)
		sink.SetStatus(layers.SourceStatus{State: layers.SourceLive, Heard: time.Now()})
		if err := s.follow(ctx, sink, cuts, seen); err != nil {
			return err
		}
		sink.SetStatus(layers.SourceStatus{State: layers.SourceLost, Err: ErrCut})
	}
}

// follow hands commits after seen to the sink until the connection is cut (nil) or ctx ends.
func (s *Source) follow(ctx context.Context, sink layers.Sink, cuts int, seen layers.Version) error {
	for {
		err := s.until(ctx, func() bool { return s.cuts != cuts || s.version > seen })
		if err != nil {
			return err
		}
		s.mu.Lock()
		if s.cuts != cuts {
			s.mu.Unlock()
			return nil
		}
		i, _ := slices.BinarySearchFunc(s.commits, seen+1, func(c layers.Commit, v layers.Version) int { return int(c.Version) - int(v) })
		next := s.commits[i:]
		s.mu.Unlock()
		for _, c := range next {
			sink.Apply(private(c))
			seen = c.Version
		}
		sink.SetStatus(layers.SourceStatus{State: layers.SourceLive, Heard: time.Now()})
	}
}

// until waits for a condition of the guarded fields.
func (s *Source) until(ctx context.Context, done func() bool) error {
	for {
		s.mu.Lock()
		ok, changed := done(), s.changed
		s.mu.Unlock()
		if ctx.Err() != nil || ok {
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

func (s *Source) snapshot() layers.Snapshot {
	out := layers.Snapshot{Position: layers.Position{Epoch: s.epoch, Version: s.version}, Layers: slices.Clone(s.layers), Features: map[string][]*layers.Feature{}}
	for _, l := range s.layers {
		for _, f := range s.rows[l.Name] {
			out.Features[l.Name] = append(out.Features[l.Name], clone(f))
		}
	}
	return out
}

// private copies a commit for one sink, which will own the features.
func private(c layers.Commit) layers.Commit {
	c.Changes = slices.Clone(c.Changes)
	for i, ch := range c.Changes {
		if ch.Feature != nil {
			c.Changes[i].Feature = clone(ch.Feature)
		}
	}
	return c
}

func clone(f *layers.Feature) *layers.Feature {
	out := *f
	out.Values = slices.Clone(f.Values)
	return &out
}

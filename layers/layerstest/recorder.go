package layerstest

import (
	"context"
	"sync"
	"time"

	"wanglou/layers"
)

// Recorder is a [layers.Recorder] in memory: a past that a test writes down. It is safe for concurrent use.
type Recorder struct {
	Until time.Time // the end of what is known; set before it is read

	mu      sync.Mutex
	layers  []*layers.Layer
	commits []layers.Commit
	err     error
}

var _ layers.Recorder = (*Recorder)(nil)

// NewRecorder returns a past of empty layers. It begins with the first commit.
func NewRecorder(ls ...*layers.Layer) *Recorder { return &Recorder{layers: ls} }

// Commit writes down what one transaction did at a moment, later than those before.
func (r *Recorder) Commit(at time.Time, changes ...layers.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.commits = append(r.commits, layers.Commit{Version: layers.MomentVersion(at), Time: at, Changes: changes})
	if r.Until.Before(at) {
		r.Until = at
	}
}

// Fail makes reading fail until it is called with nil.
func (r *Recorder) Fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// Thinned implements [layers.Recorder].
func (r *Recorder) Thinned(context.Context) ([]layers.Thinned, error) { return []layers.Thinned{}, nil }

// Span implements [layers.Recorder].
func (r *Recorder) Span(context.Context) (from, until time.Time, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.commits[0].Time, r.Until, r.err
}

// At implements [layers.Recorder].
func (r *Recorder) At(_ context.Context, at time.Time) (layers.Snapshot, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at.After(r.Until) {
		at = r.Until
	}
	s := layers.Snapshot{Position: layers.Position{Version: layers.MomentVersion(at)}, Layers: r.layers, Features: map[string][]*layers.Feature{}}
	switch {
	case r.err != nil:
		return s, r.err
	case at.Before(r.commits[0].Time):
		return s, layers.Invalid("at", "before_history", "nothing is known of before")
	}
	for layer, rows := range r.changed(time.Time{}, at) {
		for _, ch := range rows {
			if ch.Kind == layers.Upsert {
				s.Features[layer] = append(s.Features[layer], clone(ch.Feature))
			}
		}
	}
	return s, nil
}

// Changes implements [layers.Recorder].
func (r *Recorder) Changes(_ context.Context, after, until time.Time) (layers.Commit, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if until.After(r.Until) {
		until = r.Until
	}
	c := layers.Commit{Version: layers.MomentVersion(until), Time: until}
	for _, rows := range r.changed(after, until) {
		for _, ch := range rows {
			c.Changes = append(c.Changes, ch)
		}
	}
	return private(c), r.err
}

// changed returns the last change of each feature in (after, until], by layer and id.
func (r *Recorder) changed(after, until time.Time) map[string]map[int64]layers.Change {
	out := map[string]map[int64]layers.Change{}
	for _, c := range r.commits {
		if !c.Time.After(after) || c.Time.After(until) {
			continue
		}
		for _, ch := range c.Changes {
			if out[ch.Layer] == nil {
				out[ch.Layer] = map[int64]layers.Change{}
			}
			out[ch.Layer][ch.Feature.ID] = ch
		}
	}
	return out
}

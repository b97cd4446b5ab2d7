package live

import (
	"slices"
	"strings"
	"sync"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// round is the time between two ticks of the hub's clock. Whoever asks for the same in one round gets the same content.
// It is safe for concurrent use.
//
// Every content of a round says that it ends at the round's target, the replica's position when the round began, though
// it may hold a little more: the next one then tells that little again, which changes nothing. So clients that came from
// different positions leave with the same one and share their frames from then on.
type round struct {
	replica *layers.Replica
	filters *filters
	target  layers.Position
	over    chan struct{} // closed when the next round has begun

	mu       sync.Mutex
	contents map[contentKey]*pending
}

type contentKey struct {
	view     view
	snapshot bool
	from     layers.Position
}

// pending is a content that somebody is making; the others wait for it.
type pending struct {
	once    sync.Once
	content *content // nil: a diff is not possible, or the layer is unknown
	err     *layers.Error
}

func newRound(r *layers.Replica, f *filters) *round {
	return &round{replica: r, filters: f, target: r.Position(), over: make(chan struct{}), contents: map[contentKey]*pending{}}
}

// content returns what a view has to be told: the diff from its position where there is one, else a snapshot. It returns
// nil and no error when nothing was loaded yet. Errors: CodeNotFound (unknown layer), CodeInvalid (unknown column,
// a filter that does not fit the layer).
func (r *round) content(v view, scope *auth.Scope, from *layers.Position) (*content, *layers.Error) {
	if from != nil {
		c, err := r.share(contentKey{view: v, from: *from}, func() (*content, *layers.Error) {
			d, ok := r.replica.Since(v.layer, *from)
			if !ok {
				return nil, nil
			}
			columns, err := v.indices(d.Layer)
			if err != nil {
				return nil, err
			}
			sel, err := v.selector(scope, d.Layer, r.filters)
			if err != nil {
				return nil, err
			}
			if from.Version <= r.target.Version {
				d.Position = r.end(d.Position)
			}
			return newDiff(v, sel, columns, *from, d), nil
		})
		if c != nil || err != nil {
			return c, err
		}
	}
	return r.share(contentKey{view: v, snapshot: true}, func() (*content, *layers.Error) {
		l, features, at := r.replica.Read(v.layer)
		if at.Epoch == "" {
			return nil, nil
		}
		if l == nil {
			return nil, &layers.Error{Code: layers.CodeNotFound, Reason: "unknown_layer", Msg: "there is no such layer"}
		}
		columns, err := v.indices(l)
		if err != nil {
			return nil, err
		}
		sel, err := v.selector(scope, l, r.filters)
		if err != nil {
			return nil, err
		}
		return newSnapshot(v, sel, columns, features, r.end(at)), nil
	})
}

// end returns the target, or at when that belongs to another history.
func (r *round) end(at layers.Position) layers.Position {
	if at.Epoch == r.target.Epoch {
		return r.target
	}
	return at
}

func (r *round) share(key contentKey, produce func() (*content, *layers.Error)) (*content, *layers.Error) {
	r.mu.Lock()
	p := r.contents[key]
	if p == nil {
		p = &pending{}
		r.contents[key] = p
	}
	r.mu.Unlock()
	p.once.Do(func() { p.content, p.err = produce() })
	return p.content, p.err
}

// trim lets go of everything made so far; what is asked for next is made anew.
func (r *round) trim() {
	r.mu.Lock()
	old := r.contents
	r.contents = map[contentKey]*pending{}
	r.mu.Unlock()
	for _, p := range old {
		p.once.Do(func() {}) // wait for whoever makes it
		if p.content != nil {
			p.content.drop()
		}
	}
}

// indices returns the places of the view's columns in the layer.
func (v view) indices(l *layers.Layer) ([]int, *layers.Error) {
	if v.columns == "" {
		all := make([]int, len(l.Columns))
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	var out []int
	for name := range strings.SplitSeq(v.columns, ",") {
		i := l.Index(name)
		if i < 0 || slices.Contains(out, i) {
			return nil, layers.Invalid("columns", "unknown_column", "the layer has no such column, or it was named twice")
		}
		out = append(out, i)
	}
	return out, nil
}

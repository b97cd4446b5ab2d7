package live

import (
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// shift returns what turns a copy of the view held, at a position, into one of the view v: the rows that came in, those that
// went out, and what changed meanwhile. It returns nil when that cannot be told; a snapshot does it then. It costs as much as
// both views hold within their boxes, and changes since.
//
// The rows are read before the changes are asked for, and the content says that it ends at the round's target, which is
// before both: whatever happens in between is told again by the next difference.
func (r *round) shift(held, v view, scope *auth.Scope, at layers.Position) (*content, *layers.Error) {
	if at.Epoch != r.target.Epoch || at.Version > r.target.Version {
		return nil, nil
	}
	l, features := r.within(v.layer, held.box, v.box)
	d, ok := r.replica.Since(v.layer, at)
	if !ok || l != d.Layer {
		return nil, nil
	}
	columns, err := v.indices(l)
	if err != nil {
		return nil, err
	}
	now, err := v.selector(scope, l, r.filters)
	if err != nil {
		return nil, err
	}
	before, err := held.selector(scope, l, r.filters)
	if err != nil {
		return nil, err
	}
	c := &content{kind: kindDiff, view: v, shifted: true, layer: l, columns: columns, from: at, to: r.target}
	done := make(map[int64]bool)
	for _, f := range features {
		if done[f.ID] {
			continue
		}
		switch was := f.Version <= at.Version && before.selects(f); { // changed rows are sent, or told of below
		case now.selects(f) && !was:
			c.rows = append(c.rows, f)
			done[f.ID] = true
		case was && !now.selects(f):
			c.removed = append(c.removed, f.ID)
			done[f.ID] = true
		}
	}
	for _, changed := range [][]*layers.Feature{d.Gone, d.Set} {
		for _, f := range changed {
			if !done[f.ID] && scope.Sees(l, f) {
				done[f.ID] = true
				c.removed = append(c.removed, f.ID)
			}
		}
	}
	c.nameTiles(&now, d.Touched)
	c.cut()
	return c, nil
}

// within returns the rows of a layer that lie in one of the boxes, some of them more than once.
func (r *round) within(layer string, boxes ...box) (l *layers.Layer, features []*layers.Feature) {
	var bounds []orb.Bound
	for _, b := range boxes {
		if !b.set {
			l, features, _ = r.replica.Read(layer)
			return l, features
		}
		bounds = append(bounds, b.bounds()...)
	}
	for i, b := range bounds {
		have := l
		if l, features = r.replica.Find(layer, b, features); i > 0 && l != have {
			return nil, nil // the layer was defined anew between two pieces
		}
	}
	return l, features
}

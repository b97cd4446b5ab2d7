package fence

import (
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/cql2"
)

// Watch is one rule at work on a replica: its fences are found by the replica's own R-tree, so thousands of them cost nothing until something is near. It is
// for one goroutine.
type Watch struct {
	rule     *Rule
	replica  *layers.Replica
	eval     *Evaluator
	position layers.Position // up to which the moving layer was read
	moving   side
	fences   side
}

// side is one of a rule's layers with its filter, compiled for the layer as it is now.
type side struct {
	layer *layers.Layer
	match *cql2.Matcher // nil is all
	name  int           // column by which people know a feature; -1 is none
	time  int
}

// NewWatch returns the rule's watch, which goes on from stays.
func NewWatch(r *Rule, replica *layers.Replica, stays []Stay) *Watch {
	w := &Watch{rule: r, replica: replica}
	w.eval = NewEvaluator(r, w, stays)
	return w
}

// Round takes what has changed since the last one and returns what comes of it. CodeInvalid or CodeNotFound when a layer of the rule is not there, or cannot
// answer its filter, any more; nothing is lost by that. O(changes × (log fences + fences near)), and O(moving things) the first time and after a gap.
func (w *Watch) Round(now time.Time) (Outcome, error) {
	var out Outcome
	if err := w.moving.follow(w.replica, "moving", w.rule.MovingLayer, w.rule.MovingFilter); err != nil {
		return out, err
	}
	if err := w.fences.follow(w.replica, "fence", w.rule.FenceLayer, w.rule.FenceFilter); err != nil {
		return out, err
	}
	diff, ok := w.replica.Since(w.rule.MovingLayer, w.position)
	if !ok {
		w.reread(now, &out)
	} else {
		for _, f := range diff.Gone {
			if w.replica.Get(w.rule.MovingLayer, f.ID) == nil {
				w.eval.Gone(f.ID, &out)
			}
		}
		for _, f := range diff.Set {
			w.take(f, now, false, &out)
		}
		w.position = diff.Position
	}
	w.eval.Tick(now, &out)
	w.rule.Begun = true
	return out, nil
}

// reread takes the whole moving layer: the first time, and when the replica cannot tell what changed.
func (w *Watch) reread(now time.Time, out *Outcome) {
	_, features, at := w.replica.Read(w.rule.MovingLayer)
	there := make(map[int64]bool, len(features))
	for _, f := range features {
		there[f.ID] = true
		w.take(f, now, !w.rule.Begun, out)
	}
	for id := range w.eval.things {
		if !there[id] {
			w.eval.Gone(id, out)
		}
	}
	w.position = at
}

func (w *Watch) take(f *layers.Feature, now time.Time, quiet bool, out *Outcome) {
	p, isPoint := f.Geometry.(orb.Point)
	if !isPoint || !w.moving.matches(f) {
		w.eval.Gone(f.ID, out)
		return
	}
	fix := Fix{ID: f.ID, Name: w.moving.nameOf(f), Area: w.moving.areaOf(f), Point: p, Time: now}
	if w.moving.time >= 0 {
		at, known := f.Values[w.moving.time].(time.Time)
		if !known {
			return // a fix of no time is neither early nor late
		}
		fix.Time = at
	}
	w.eval.Fix(fix, now, quiet, out)
}

// Near implements [Zones].
func (w *Watch) Near(b orb.Bound, visit func(Zone)) {
	w.replica.Search(w.rule.FenceLayer, b, func(f *layers.Feature) bool {
		if z, ok := w.zone(f); ok {
			visit(z)
		}
		return true
	})
}

// Zone implements [Zones].
func (w *Watch) Zone(id int64) (Zone, bool) {
	f := w.replica.Get(w.rule.FenceLayer, id)
	if f == nil {
		return Zone{}, false
	}
	return w.zone(f)
}

func (w *Watch) zone(f *layers.Feature) (Zone, bool) {
	switch f.Geometry.(type) {
	case orb.Polygon, orb.MultiPolygon:
	default:
		return Zone{}, false
	}
	z := Zone{ID: f.ID, Name: w.fences.nameOf(f), Area: w.fences.areaOf(f), Shape: f.Geometry}
	return z, w.holdsAt(z.Area) && w.fences.matches(f)
}

// holdsAt reports whether the rule holds for fences of an area: those of layers without areas are everywhere.
func (w *Watch) holdsAt(area string) bool {
	rest, below := strings.CutPrefix(area, w.rule.AreaPath)
	return w.rule.AreaPath == "" || area == Unscoped || below && (rest == "" || rest[0] == '.')
}

// follow takes the layer as it is published now. which begins the names of the rule's fields in errors.
func (s *side) follow(r *layers.Replica, which, name, filter string) error {
	l := r.Layer(name)
	switch {
	case l == nil:
		return ofField(which+"_layer", layers.Errorf(layers.CodeNotFound, "there is no layer %q", name))
	case l == s.layer:
		return nil
	}
	next := side{layer: l, name: -1, time: l.TimeColumn()}
	for _, column := range []string{"name", "title", "number", "code"} {
		if i := l.Index(column); i >= 0 && l.Columns[i].Type == layers.ColumnText {
			next.name = i
			break
		}
	}
	var err error
	if next.match, err = compile(which+"_filter", filter, l); err != nil {
		return err
	}
	*s = next
	return nil
}

func (s *side) matches(f *layers.Feature) bool { return s.match == nil || s.match.Match(f) }

func (s *side) nameOf(f *layers.Feature) string {
	if s.name < 0 {
		return ""
	}
	text, _ := f.Values[s.name].(string)
	return text
}

func (s *side) areaOf(f *layers.Feature) string {
	if !s.layer.Scoped() {
		return Unscoped
	}
	return s.layer.Area(f)
}

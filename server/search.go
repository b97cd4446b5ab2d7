package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/area"
	"wanglou/layers/auth"
)

// hitBody is schema Hit.
type hitBody struct {
	Kind   string      `json:"kind"`
	ID     int64       `json:"id,omitempty"`
	Name   string      `json:"name"`
	Detail string      `json:"detail,omitempty"`
	Point  orb.Point   `json:"point"`
	Bbox   *[4]float64 `json:"bbox,omitempty"`

	match match
	kind  int // index into hitKinds
}

// hitKinds orders hits that match equally well: what is larger stands first.
var hitKinds = []string{"coordinate", "area", "place", "incident", "unit", "camera"}

// match says how well a text fits; less is better.
type match int

const (
	matchWhole match = iota
	matchPrefix
	matchInside
	matchNone
)

// matchText compares a lower-case query with any of the texts.
func matchText(query string, texts ...string) match {
	best := matchNone
	for _, t := range texts {
		t = strings.ToLower(t) // costs nothing for Chinese
		switch i := strings.Index(t, query); {
		case i < 0:
		case len(t) == len(query):
			return matchWhole
		case i == 0:
			best = min(best, matchPrefix)
		default:
			best = min(best, matchInside)
		}
	}
	return best
}

func (s *Server) search(c echo.Context) error {
	q := newQuery(c)
	text, limit := strings.ToLower(strings.TrimSpace(q.text("q"))), int(q.integer("limit", 1, 50, 20))
	switch {
	case q.err() != nil:
		return q.err()
	case text == "":
		return layers.Invalid("q", "required", "say what to search for")
	case utf8.RuneCountInString(text) > 100:
		return layers.Invalid("q", "too_long", "a search has at most 100 characters")
	}
	ctx := c.Request().Context()
	hits, err := s.find(ctx, auth.ActorFrom(ctx).Scope, text, limit)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list(hits))
}

// find returns the best hits over everything that has a name.
func (s *Server) find(ctx context.Context, scope *auth.Scope, text string, limit int) ([]hitBody, error) {
	var hits []hitBody
	add := func(kind string, h hitBody) {
		h.Kind, h.kind = kind, slices.Index(hitKinds, kind)
		hits = append(hits, h)
	}
	if p, ok := parsePoint(text); ok && layers.ValidatePoint("q", p) == nil {
		add("coordinate", hitBody{Name: text, Point: p, match: matchWhole})
	}
	if err := s.loaded(); err != nil {
		return nil, err
	}
	tree, err := s.tree.all(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range tree {
		if m := matchText(text, a.Name, a.NameEN, a.Code); m < matchNone {
			box := bbox(a.Bound)
			add("area", hitBody{ID: a.ID, Name: a.Name, Detail: a.Code, Point: a.Center, Bbox: &box, match: m})
		}
	}
	places, err := s.areas.Places(ctx, text, limit)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		add("place", hitBody{ID: p.ID, Name: p.Name, Detail: p.NameEN, Point: p.Point, match: min(matchText(text, p.Name, p.NameEN), matchInside)})
	}
	s.findFeatures(scope, text, "incident", []string{"title", "number"}, "number", pointOf, add)
	s.findFeatures(scope, text, "camera", []string{"name", "device_id"}, "device_id", pointOf, add)
	s.findFeatures(scope, text, "unit", []string{"name", "name_en", "code"}, "code", func(l *layers.Layer, f *layers.Feature) (orb.Point, bool) {
		return s.placeOfUnit(scope, tree, l, f)
	}, add)
	slices.SortStableFunc(hits, func(a, b hitBody) int {
		return cmp.Or(cmp.Compare(a.match, b.match), cmp.Compare(a.kind, b.kind), cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return hits[:min(limit, len(hits))], nil
}

// findFeatures adds the features of one layer, of the same name as the kind, that match in one of the columns.
func (s *Server) findFeatures(scope *auth.Scope, text, kind string, columns []string, detail string,
	point func(*layers.Layer, *layers.Feature) (orb.Point, bool), add func(string, hitBody)) {
	l := s.replica.Layer(kind)
	if l == nil {
		return
	}
	var in []int
	for _, name := range columns {
		if i := l.Index(name); i >= 0 {
			in = append(in, i)
		}
	}
	if len(in) == 0 {
		return
	}
	about := l.Index(detail)
	s.replica.All(kind, func(f *layers.Feature) bool {
		best := matchNone
		for _, i := range in {
			if v, _ := f.Values[i].(string); v != "" {
				best = min(best, matchText(text, v))
			}
		}
		if best == matchNone || !scope.Sees(l, f) {
			return true
		}
		if p, ok := point(l, f); ok {
			h := hitBody{ID: f.ID, Point: p, match: best}
			h.Name, _ = f.Values[in[0]].(string)
			if about >= 0 {
				h.Detail, _ = f.Values[about].(string)
			}
			add(kind, h)
		}
		return true
	})
}

// pointOf returns where to look for a feature.
func pointOf(_ *layers.Layer, f *layers.Feature) (orb.Point, bool) {
	if f.Geometry == nil {
		return orb.Point{}, false
	}
	return f.Bound.Center(), true
}

// placeOfUnit returns a unit's last position, or the middle of its area when it shares none.
func (s *Server) placeOfUnit(scope *auth.Scope, tree []area.Area, l *layers.Layer, u *layers.Feature) (orb.Point, bool) {
	if positions := s.replica.Layer("position"); positions != nil {
		if p := s.replica.Get("position", u.ID); p != nil && p.Geometry != nil && scope.Sees(positions, p) {
			return p.Bound.Center(), true
		}
	}
	path := l.Area(u)
	for _, a := range tree {
		if a.Path == path {
			return a.Center, true
		}
	}
	return orb.Point{}, false
}

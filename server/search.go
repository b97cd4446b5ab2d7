package server

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/area"
	"wanglou/layers/auth"
	"wanglou/layers/crs"
	"wanglou/layers/names"
)

// hitBody is schema Hit.
type hitBody struct {
	Kind   string      `json:"kind"`
	ID     int64       `json:"id,omitempty"`
	Name   string      `json:"name"`
	NameEN string      `json:"name_en,omitempty"`
	Detail string      `json:"detail,omitempty"`
	Area   string      `json:"area,omitempty"`
	Path   string      `json:"area_path,omitempty"` // of area
	Point  orb.Point   `json:"point"`
	Bbox   *[4]float64 `json:"bbox,omitempty"`
	System string      `json:"system,omitempty"`
	Shift  *float64    `json:"shift_m,omitempty"`
	State  string      `json:"state,omitempty"` // of a case that is over

	match names.Match
	size  int // of the name that fits
	kind  int // index into hitKinds
}

// hitKinds orders hits that match equally well: what is larger stands first.
var hitKinds = []string{"coordinate", "area", "place", "incident", "unit", "camera", "unit_grid"}

// systemNames are how the named systems are written in every language.
var systemNames = map[string]string{"wgs84": "WGS-84", "gcj02": "GCJ-02", "bd09": "BD-09", "cgcs2000": "CGCS2000"}

// ofEach is how many hits of a kind are never crowded out by another kind's better ones.
const ofEach = 4

func (s *Server) search(c echo.Context) error {
	q := newQuery(c)
	text, limit := strings.TrimSpace(q.text("q")), int(q.integer("limit", 1, 50, 20))
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
	over, err := s.findOver(ctx, text, limit)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list(bestOf(append(hits, over...), limit)))
}

// mostOver is how many cases that are over stand beside what is on the map.
const mostOver = 8

// findOver returns cases that are over: the replica holds the open ones alone. They stand behind what fits as well and is open. One character
// fits too much of them to be worth the question.
func (s *Server) findOver(ctx context.Context, text string, limit int) ([]hitBody, error) {
	words := strings.Fields(text)
	if utf8.RuneCountInString(text) < 2 {
		return nil, nil
	}
	found, err := s.figures.FindOver(ctx, words, min(limit, mostOver))
	if err != nil {
		return nil, err
	}
	hits := make([]hitBody, len(found))
	whole := strings.ToLower(strings.Join(words, " "))
	s.names.mu.RLock()
	defer s.names.mu.RUnlock()
	for i, in := range found {
		match := names.Inside
		switch {
		case in.Number == whole || strings.ToLower(in.Title) == whole:
			match = names.Whole
		case strings.HasPrefix(in.Number, whole) || strings.HasPrefix(strings.ToLower(in.Title), whole):
			match = names.Begin
		}
		hits[i] = hitBody{Kind: "incident", ID: in.ID, Name: in.Title, Detail: in.Number, Area: s.names.titles[in.AreaPath], Path: in.AreaPath, Point: in.Point, State: string(in.State),
			kind: slices.Index(hitKinds, "incident"), match: match, size: 1<<20 + i}
	}
	return hits, nil
}

// find returns the best hits over everything that has a name.
func (s *Server) find(ctx context.Context, scope *auth.Scope, text string, limit int) ([]hitBody, error) {
	if err := s.loaded(); err != nil {
		return nil, err
	}
	tree, err := s.tree.all(ctx)
	if err != nil {
		return nil, err
	}
	x := s.names
	if err := x.catchUp(ctx, tree); err != nil {
		return nil, err
	}
	var hits []hitBody
	add := func(kind string, at names.Hit, h hitBody) {
		h.Kind, h.kind, h.match, h.size = kind, slices.Index(hitKinds, kind), at.Match, at.Size
		hits = append(hits, h)
	}
	var middle orb.Point
	if len(tree) > 0 {
		middle = tree[0].Center
	}
	for i, r := range crs.Read(text, middle) {
		shift := math.Round(r.Shift*10) / 10
		add("coordinate", names.Hit{Size: i}, hitBody{Name: fmt.Sprintf("%.6f, %.6f", r.Point[0], r.Point[1]), Detail: cmp.Or(systemNames[r.System], r.System), Point: r.Point, System: r.System, Shift: &shift})
	}
	q := names.Parse(text)
	everywhere, all := func(string) bool { return true }, func(int64) bool { return true }
	x.mu.RLock()
	defer x.mu.RUnlock()
	byID := make(map[int64]*area.Area, len(x.tree))
	for i := range x.tree {
		byID[x.tree[i].ID] = &x.tree[i]
	}
	for _, at := range x.ofTree.Find(q, limit, everywhere, all) {
		a := byID[at.ID]
		box := bbox(a.Bound)
		above := a.Path[:max(0, strings.LastIndexByte(a.Path, '.'))]
		add("area", at, hitBody{ID: a.ID, Name: a.Name, NameEN: a.NameEN, Detail: a.Code, Area: x.titles[above], Path: above, Point: a.Center, Bbox: &box})
	}
	for _, at := range x.ofPlace.Find(q, limit, everywhere, all) {
		p := x.places[at.ID]
		add("place", at, hitBody{ID: p.ID, Name: p.Name, NameEN: p.NameEN, Detail: p.NameEN, Point: p.Point})
	}
	for _, n := range named {
		s.findFeatures(scope, q, limit, n.layer, n.detail, add)
	}
	return bestOf(hits, limit), nil
}

// bestOf sorts hits and keeps as many: the best, but some of each kind.
func bestOf(hits []hitBody, limit int) []hitBody {
	order := func(a, b hitBody) int {
		return cmp.Or(cmp.Compare(a.match, b.match), cmp.Compare(a.kind, b.kind), cmp.Compare(a.size, b.size), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	}
	slices.SortStableFunc(hits, order)
	if len(hits) <= limit {
		return hits
	}
	var first, rest []hitBody
	taken := make([]int, len(hitKinds))
	for _, h := range hits {
		if taken[h.kind]++; taken[h.kind] <= ofEach {
			first = append(first, h)
		} else {
			rest = append(rest, h)
		}
	}
	kept := append(first, rest...)[:limit]
	slices.SortStableFunc(kept, order)
	return kept
}

// findFeatures adds the features of one layer, of the same name as the kind, that the scope sees and that lie somewhere. The caller holds the names.
func (s *Server) findFeatures(scope *auth.Scope, q names.Query, limit int, kind, detail string, add func(string, names.Hit, hitBody)) {
	kept, l := s.names.layers[kind], s.replica.Layer(kind)
	if kept == nil || l == nil || len(kept.columns) == 0 {
		return
	}
	type seen struct {
		f *layers.Feature
		p orb.Point
	}
	visible := map[int64]seen{}
	about, english := l.Index(detail), l.Index("name_en")
	inArea := func(path string) bool { return !l.Scoped() || scope.InArea(path) }
	for _, at := range kept.index.Find(q, limit, inArea, func(id int64) bool {
		f := s.replica.Get(kind, id)
		if f == nil || len(f.Values) != len(l.Columns) || !scope.Sees(l, f) {
			return false
		}
		p, ok := pointOf(f)
		if kind == "unit" {
			p, ok = s.placeOfUnit(scope, s.names.tree, l, f)
		}
		if ok {
			visible[id] = seen{f, p}
		}
		return ok
	}) {
		f := visible[at.ID].f
		h := hitBody{ID: f.ID, Point: visible[at.ID].p}
		h.Name, _ = f.Values[kept.columns[0]].(string)
		if about >= 0 {
			h.Detail, _ = f.Values[about].(string)
		}
		if english >= 0 {
			h.NameEN, _ = f.Values[english].(string)
		}
		if l.Scoped() {
			h.Path = l.Area(f)
			h.Area = s.names.titles[h.Path]
		}
		if kind == "unit_grid" {
			box := bbox(f.Bound)
			h.Bbox = &box
		}
		add(kind, at, h)
	}
}

// pointOf returns where to look for a feature.
func pointOf(f *layers.Feature) (orb.Point, bool) {
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

package live

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"sync"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/cql2"
)

// box is a subscription's viewport, west > east where it lies over the antimeridian. The zero value is everywhere.
type box struct {
	set                      bool
	west, south, east, north float64
}

// bounds returns the box in one or two pieces, nil for everywhere.
func (b box) bounds() []orb.Bound {
	switch {
	case !b.set:
		return nil
	case b.west > b.east:
		return []orb.Bound{
			{Min: orb.Point{b.west, b.south}, Max: orb.Point{180, b.north}},
			{Min: orb.Point{-180, b.south}, Max: orb.Point{b.east, b.north}},
		}
	}
	return []orb.Bound{{Min: orb.Point{b.west, b.south}, Max: orb.Point{b.east, b.north}}}
}

const (
	maxZoom   = 30
	maxFilter = 4 << 10 // bytes of a filter's canonical text: it is kept for each subscription
)

// view reads what the request wants to see. Errors are CodeInvalid; columns and properties of a filter are checked when
// the layer is known.
func (q *request) view(class string) (view, *layers.Error) {
	v := view{layer: q.Layer, geometry: q.Geometry, columns: joinColumns(q.Columns), class: class}
	var err *layers.Error
	if v.binary, err = q.binary(); err != nil {
		return v, err
	}
	if q.BBox != nil {
		b := q.BBox
		switch {
		case len(b) != 4:
			return v, layers.Invalid("bbox", "wrong_type", "a box is [west, south, east, north]")
		case b[0] < -180 || b[0] > 180 || b[2] < -180 || b[2] > 180 || b[1] < -90 || b[3] > 90:
			return v, layers.Invalid("bbox", "outside_world", "the box lies outside the world")
		case b[1] > b[3]:
			return v, layers.Invalid("bbox", "swapped_coordinates", "south has to be below north")
		}
		v.box = box{set: true, west: b[0], south: b[1], east: b[2], north: b[3]}
	}
	if q.Zoom != nil {
		if *q.Zoom < 0 || *q.Zoom > maxZoom {
			e := layers.Invalid("zoom", "out_of_range", "a zoom is from 0 to %d", maxZoom)
			e.Params = map[string]string{"min": "0", "max": strconv.Itoa(maxZoom)}
			return v, e
		}
		v.zoom = 1 + int8(math.Floor(*q.Zoom))
	}
	v.filter, err = canonical(q.Filter)
	return v, err
}

// canonical returns the one text for all spellings of a filter, "" for none: a JSON string is CQL2 text, an object CQL2 JSON.
func canonical(raw json.RawMessage) (string, *layers.Error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	var text string
	var e cql2.Expr
	var err error
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return "", layers.Invalid("filter", "filter_syntax", "the filter is no text")
		}
		e, err = cql2.ParseText(text)
	} else {
		e, err = cql2.ParseJSON(raw)
	}
	if err != nil {
		return "", asError(err)
	}
	if text = cql2.Text(e); len(text) > maxFilter {
		return "", layers.Invalid("filter", "filter_too_large", "a filter of a subscription has at most %d bytes", maxFilter)
	}
	return text, nil
}

// asError returns err as what the client may read.
func asError(err error) *layers.Error {
	if e, ok := err.(*layers.Error); ok {
		return e
	}
	return layers.Invalid("filter", "filter_syntax", "the filter cannot be read")
}

// filters keeps compiled filters, so that a subscription does not have its own compiled in each round. It is safe for
// concurrent use; nil compiles each time.
type filters struct {
	mu   sync.Mutex
	made map[filterKey]*cql2.Matcher
}

type filterKey struct {
	text  string
	layer *layers.Layer
}

// maxFilters bounds the compiled filters of a hub; beyond, all are forgotten and made again as they are asked for.
const maxFilters = 1024

func (s *filters) compile(text string, l *layers.Layer) (*cql2.Matcher, *layers.Error) {
	key := filterKey{text, l}
	if s != nil {
		s.mu.Lock()
		m := s.made[key]
		s.mu.Unlock()
		if m != nil {
			return m, nil
		}
	}
	e, err := cql2.ParseText(text)
	if err != nil {
		return nil, asError(err)
	}
	m, err := cql2.Compile(e, l)
	if err != nil {
		return nil, asError(err)
	}
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.made == nil || len(s.made) >= maxFilters {
			s.made = map[filterKey]*cql2.Matcher{}
		}
		s.made[key] = m
	}
	return m, nil
}

// selector decides which rows of a layer a view shows: those its scope sees, whose rectangle meets its box, that its filter
// takes, in a layer that its zoom shows at all.
//
// No set of ids is kept for any client. That a row has left is known from the change itself: rights and place from the row
// as it was, which the replica keeps for a while wherever either changed; everything else (a filter, the place of moving
// things) by telling of each changed row that is not selected now that it is not, whether it was before or not: nine bytes or
// so a row. A difference costs O(changes since then); memory is O(1) a subscription.
type selector struct {
	scope  *auth.Scope
	layer  *layers.Layer
	bounds []orb.Bound // nil: everywhere
	match  *cql2.Matcher
	never  bool // nothing is shown at this zoom
}

func (v view) selector(scope *auth.Scope, l *layers.Layer, known *filters) (selector, *layers.Error) {
	s := selector{scope: scope, layer: l, bounds: v.box.bounds(), never: v.zoom > 0 && int(v.zoom)-1 < l.MinZoom}
	if v.filter != "" {
		m, err := known.compile(v.filter, l)
		if err != nil {
			return s, err
		}
		s.match = m
	}
	return s, nil
}

// selects reports whether the view shows f as it is.
func (s *selector) selects(f *layers.Feature) bool {
	return !s.never && s.meets(f) && s.scope.Sees(s.layer, f) && (s.match == nil || s.match.Match(f))
}

// meets reports whether f lies in the box.
func (s *selector) meets(f *layers.Feature) bool {
	if s.bounds == nil {
		return true
	}
	if f.Geometry == nil {
		return false
	}
	for _, b := range s.bounds {
		if b.Intersects(f.Bound) {
			return true
		}
	}
	return false
}

// placed reports whether earlier places of rows are known: then what never was in the box is not told of.
func (s *selector) placed() bool { return s.bounds != nil && s.layer.Delivery != layers.DeliverMoving }

// split returns what of the diff to set and what to remove.
func (s *selector) split(d *layers.Diff) (rows []*layers.Feature, removed []int64) {
	if s.never {
		return nil, nil
	}
	for _, f := range d.Set {
		if s.selects(f) {
			rows = append(rows, f)
		}
	}
	done := make(map[int64]bool, len(rows)+len(d.Gone))
	for _, f := range rows {
		done[f.ID] = true
	}
	remove := func(f *layers.Feature) {
		if !done[f.ID] && s.scope.Sees(s.layer, f) && (!s.placed() || s.meets(f)) {
			done[f.ID] = true // named once
			removed = append(removed, f.ID)
		}
	}
	for _, f := range d.Gone {
		remove(f)
	}
	if s.placed() {
		for _, f := range d.Touched {
			remove(f)
		}
	}
	if s.match != nil || s.bounds != nil {
		for _, f := range d.Set {
			remove(f)
		}
	}
	return rows, removed
}

package tiles

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/cql2"
)

// Selection says what of a source a tile shows. The zero value is everything; others are made by [NewSelection].
type Selection struct {
	where      cql2.Expr
	from, to   time.Time
	properties []string
	class      string
}

// NewSelection returns the selection of the features for which where is true (nil: all) and whose time lies in from…to (both ends
// included, zero is open), with the values of some columns: nil is all, empty is none.
func NewSelection(where cql2.Expr, from, to time.Time, properties []string) Selection {
	s := Selection{where: where, from: from, to: to}
	var b strings.Builder
	if where != nil {
		b.WriteString(cql2.Text(where))
	}
	for _, t := range [...]time.Time{from, to} {
		b.WriteByte('\n')
		if !t.IsZero() {
			b.WriteString(strconv.FormatInt(t.UnixMicro(), 10))
		}
	}
	if properties != nil {
		s.properties = slices.Compact(slices.Sorted(slices.Values(properties)))
		if s.properties == nil {
			s.properties = []string{}
		}
		b.WriteByte('\n')
		b.WriteString(strings.Join(s.properties, "\x00"))
	}
	if !s.All() {
		s.class = b.String()
	}
	return s
}

// Where is the filter, nil for every feature.
func (s *Selection) Where() cql2.Expr { return s.where }

// During is the span of time of the features, both ends included; zero is open.
func (s *Selection) During() (from, to time.Time) { return s.from, s.to }

// Timed reports whether the selection is by time.
func (s *Selection) Timed() bool { return !s.from.IsZero() || !s.to.IsZero() }

// Properties are the columns that features bring along, sorted; nil is all, empty is none.
func (s *Selection) Properties() []string { return s.properties }

// All reports whether the selection leaves nothing out.
func (s *Selection) All() bool { return s.where == nil && !s.Timed() && s.properties == nil }

// Class names the selection: equal selections of a source have equal tiles. It is part of cache keys and ETags, "" for everything.
func (s *Selection) Class() string { return s.class }

// RefuseSelection is what sources say that cannot select: nil for the selection of everything.
func (r *Request) RefuseSelection() error {
	switch s := &r.Select; {
	case s.where != nil:
		return layers.Invalid("filter", "not_supported", "this source cannot be filtered")
	case s.Timed():
		return layers.Invalid("datetime", "not_supported", "this source has no time")
	case s.properties != nil:
		return layers.Invalid("properties", "not_supported", "this source gives its properties whole")
	}
	return nil
}

// plan is a selection made ready for the features of one layer. It is not changed after it was made.
type plan struct {
	layer   *layers.Layer
	match   *cql2.Matcher // nil: every feature
	weight  int           // of asking match once
	columns []int         // places in Layer.Columns of the values to be written
	keys    []string      // their names
	all     bool          // columns are all of the layer's, in their order
	shapes  bool          // tiles show ids and geometry alone: changes of values leave them as they are
	rank    int           // column that ranks points, or -1
}

// newPlan returns the plan of a selection, or CodeInvalid for columns that the layer has not and filters that do not fit them.
func newPlan(l *layers.Layer, s *Selection) (*plan, error) {
	p := &plan{layer: l, all: s.properties == nil, rank: -1}
	if l.Tiling.Rank != "" {
		p.rank = l.Index(l.Tiling.Rank)
	}
	for i, c := range l.Columns {
		if s.properties == nil || slices.Contains(s.properties, c.Name) {
			p.columns, p.keys = append(p.columns, i), append(p.keys, c.Name)
		}
	}
	for _, name := range s.properties {
		if l.Index(name) < 0 {
			e := layers.Invalid("properties", "unknown_column", "%s has no column %q", l.Name, name)
			e.Params = map[string]string{"name": name}
			return nil, e
		}
	}
	where := s.where
	if s.Timed() {
		during, err := duringOf(l, s.from, s.to)
		if err != nil {
			return nil, err
		}
		where = cql2.And(where, during)
	}
	p.shapes = len(p.columns) == 0 && where == nil && p.rank < 0
	if where == nil {
		return p, nil
	}
	var err error
	if p.match, err = cql2.Compile(where, l); err != nil {
		return nil, err
	}
	p.weight = weightOf(where)
	return p, nil
}

// duringOf is the filter of a span of time.
func duringOf(l *layers.Layer, from, to time.Time) (cql2.Expr, error) {
	i := l.TimeColumn()
	if i < 0 {
		return nil, layers.Invalid("datetime", "not_supported", "%s has no time", l.Name)
	}
	column := cql2.Property{Name: l.Columns[i].Name}
	instant := func(t time.Time) cql2.Expr { return cql2.Instant{Micros: t.UnixMicro()} }
	var after, before cql2.Expr
	if !from.IsZero() {
		after = &cql2.Op{Name: ">=", Args: []cql2.Expr{column, instant(from)}}
	}
	if !to.IsZero() {
		before = &cql2.Op{Name: "<=", Args: []cql2.Expr{column, instant(to)}}
	}
	return cql2.And(after, before), nil
}

// weightOf is what asking a filter once costs, in comparisons, about: its parts, and for geometry its corners.
func weightOf(e cql2.Expr) int {
	n := 0
	cql2.Walk(e, func(e cql2.Expr) {
		n++
		if g, ok := e.(cql2.Geometry); ok {
			n += corners(g.Geometry)
		}
	})
	return n
}

// maxFilterWork bounds what filtering one tile may cost, in comparisons: about a second.
const maxFilterWork = 100_000_000

// afford returns CodeInvalid when asking the filter for n features would cost too much.
func (p *plan) afford(n int) error {
	if p.match == nil || n*p.weight <= maxFilterWork {
		return nil
	}
	return layers.Invalid("filter", "filter_too_costly", "the filter is too large for the %d features of this tile", n)
}

// corners is how many corners a geometry has.
func corners(g orb.Geometry) (n int) {
	switch g := g.(type) {
	case orb.MultiPoint:
		return len(g)
	case orb.LineString:
		return len(g)
	case orb.MultiLineString:
		for _, l := range g {
			n += len(l)
		}
		return n
	case orb.Ring:
		return len(g)
	case orb.Polygon:
		for _, r := range g {
			n += len(r)
		}
		return n
	case orb.MultiPolygon:
		for _, p := range g {
			n += corners(p)
		}
		return n
	case orb.Collection:
		for _, m := range g {
			n += corners(m)
		}
		return n
	}
	return 1
}

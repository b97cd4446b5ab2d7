package cql2

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"github.com/paulmach/orb"
)

// ParseJSON reads CQL2 JSON. Errors are as those of [ParseText].
func ParseJSON(b []byte) (Expr, error) {
	if len(b) > MaxLength {
		return nil, fail(MaxLength, "filter_too_large", "a filter has at most %d bytes", MaxLength)
	}
	r := &jsonReader{dec: json.NewDecoder(bytes.NewReader(b))}
	r.dec.UseNumber()
	v, err := r.value()
	if err != nil {
		return nil, err
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fail(int(r.dec.InputOffset()), "filter_syntax", "something follows the filter")
	}
	if err := checkText(0, string(b)); err != nil {
		return nil, err
	}
	e, err := r.expr(v)
	if err != nil {
		return nil, err
	}
	return e, checkFilter(e, nil)
}

// jsonValue is one value with its place. Members stand in order; a value is a string, json.Number, bool, nil, or one of the lists.
type jsonValue struct {
	pos     int
	scalar  any
	items   []jsonValue
	members map[string]jsonValue
}

type jsonReader struct {
	dec    *json.Decoder
	budget budget
	values int
}

func (r *jsonReader) value() (jsonValue, error) {
	v := jsonValue{pos: int(r.dec.InputOffset())}
	if r.values++; r.values > MaxNodes+4*MaxVertices {
		return v, fail(v.pos, "filter_too_large", "a filter has at most %d parts", MaxNodes)
	}
	if err := r.budget.enter(v.pos); err != nil {
		return v, err
	}
	defer r.budget.leave()
	tok, err := r.dec.Token()
	if err != nil {
		return v, fail(int(r.dec.InputOffset()), "filter_syntax", "the filter is not JSON: %v", err)
	}
	switch tok {
	case json.Delim('['):
		v.items = []jsonValue{}
		for r.dec.More() {
			item, err := r.value()
			if err != nil {
				return v, err
			}
			v.items = append(v.items, item)
		}
	case json.Delim('{'):
		v.members = map[string]jsonValue{}
		for r.dec.More() {
			key, err := r.dec.Token()
			if err != nil {
				return v, fail(int(r.dec.InputOffset()), "filter_syntax", "the filter is not JSON: %v", err)
			}
			name, _ := key.(string)
			if _, again := v.members[name]; again {
				return v, failWith(int(r.dec.InputOffset()), name, "filter_syntax", "member %.60q stands twice", name)
			}
			if v.members[name], err = r.value(); err != nil {
				return v, err
			}
		}
	default:
		v.scalar = tok
		return v, nil
	}
	if _, err := r.dec.Token(); err != nil {
		return v, fail(int(r.dec.InputOffset()), "filter_syntax", "the filter is not JSON: %v", err)
	}
	return v, nil
}

func (r *jsonReader) expr(v jsonValue) (Expr, error) {
	if err := r.budget.node(v.pos); err != nil {
		return nil, err
	}
	switch s := v.scalar.(type) {
	case string:
		return String(s), checkText(v.pos, s)
	case bool:
		return Bool(s), nil
	case json.Number:
		return number(v.pos, s.String())
	}
	if v.items != nil {
		items, err := r.exprs(v.items)
		return Array(items), err
	}
	has := func(name string) bool { _, ok := v.members[name]; return ok }
	switch {
	case has("op"):
		return r.operator(v)
	case has("property"):
		s, err := text(v.members["property"])
		if err == nil && s == "" {
			err = fail(v.pos, "filter_syntax", "a property has a name")
		}
		return Property{Name: s, Pos: v.pos}, err
	case has("date"), has("timestamp"):
		key := "timestamp"
		if has("date") {
			key = "date"
		}
		s, err := text(v.members[key])
		if err != nil {
			return nil, err
		}
		return nilOnError(instant(v.pos, s, key == "date"))
	case has("interval"):
		return r.interval(v.members["interval"])
	case has("bbox") && !has("type"):
		n, err := numbers(v.members["bbox"])
		if err != nil {
			return nil, err
		}
		b, err := newBBox(v.pos, n)
		return b, err
	case has("type"):
		g, err := r.geometry(v)
		if err != nil {
			return nil, err
		}
		return Geometry{g}, checkShape(v.pos, g)
	}
	return nil, fail(v.pos, "filter_syntax", "an operator, a property or a literal is expected")
}

func (r *jsonReader) exprs(vs []jsonValue) ([]Expr, error) {
	out := make([]Expr, 0, len(vs))
	for _, v := range vs {
		e, err := r.expr(v)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func (r *jsonReader) operator(v jsonValue) (Expr, error) {
	name, err := text(v.members["op"])
	if err != nil {
		return nil, err
	}
	args, ok := v.members["args"]
	if !ok || args.items == nil {
		return nil, failWith(v.pos, name, "filter_arguments", "%.40q has no list of arguments", name)
	}
	list, err := r.exprs(args.items)
	if err != nil {
		return nil, err
	}
	if known, ok := called[lower(name)]; ok {
		name = known
	}
	if _, ok := operators[name]; !ok && !isName(name) {
		return nil, failWith(v.pos, name, "unknown_function", "there is no operator %.40q", name)
	}
	if name == "and" || name == "or" {
		var flat []Expr
		for _, a := range list {
			flat = joined(flat, name, a)
		}
		if len(list) > 1 {
			list = flat
		}
	}
	return &Op{Name: name, Args: list, Pos: v.pos}, nil
}

// isName reports whether s can be written in text as the name of a function.
func isName(s string) bool {
	for i, r := range s {
		if i == 0 && !identifierStart(r) || !identifierPart(r) {
			return false
		}
	}
	switch l := lower(s); {
	case s == "", reserved[l], isShape(s), called[l] != "":
		return false
	case l == "date", l == "timestamp", l == "interval", l == "bbox", l == "envelope":
		return false
	}
	_, operator := operators[s]
	return !operator
}

func (r *jsonReader) interval(v jsonValue) (Expr, error) {
	if len(v.items) != 2 {
		return nil, fail(v.pos, "filter_time", "an interval has two ends")
	}
	var ends [2]Expr
	for i, item := range v.items {
		var err error
		if s, ok := item.scalar.(string); ok {
			ends[i], err = intervalEnd(item.pos, s)
		} else {
			ends[i], err = r.expr(item)
		}
		if err != nil {
			return nil, err
		}
	}
	i := Interval{ends[0], ends[1]}
	return i, checkInterval(v.pos, i)
}

func text(v jsonValue) (string, error) {
	s, ok := v.scalar.(string)
	if !ok {
		return "", fail(v.pos, "filter_syntax", "a text is expected")
	}
	return s, checkText(v.pos, s)
}

func numbers(v jsonValue) ([]float64, error) {
	var out []float64
	for _, item := range v.items {
		s, ok := item.scalar.(json.Number)
		if !ok {
			return nil, fail(item.pos, "filter_geometry", "a coordinate is a number")
		}
		n, err := number(item.pos, s.String())
		if err != nil {
			return nil, err
		}
		out = append(out, n.Float)
	}
	return out, nil
}

// geometry reads GeoJSON.
func (r *jsonReader) geometry(v jsonValue) (orb.Geometry, error) {
	kind, err := text(v.members["type"])
	if err != nil {
		return nil, err
	}
	c := v.members["coordinates"]
	switch kind {
	case "Point":
		return r.corner(c)
	case "MultiPoint":
		m, err := each(c, r.corner)
		return orb.MultiPoint(m), err
	case "LineString":
		m, err := each(c, r.corner)
		return orb.LineString(m), err
	case "MultiLineString":
		m, err := each(c, func(v jsonValue) (orb.LineString, error) { l, err := each(v, r.corner); return l, err })
		return orb.MultiLineString(m), err
	case "Polygon":
		return r.polygon(c)
	case "MultiPolygon":
		m, err := each(c, r.polygon)
		return orb.MultiPolygon(m), err
	case "GeometryCollection":
		m, err := each(v.members["geometries"], func(v jsonValue) (orb.Geometry, error) {
			if t, _ := v.members["type"].scalar.(string); t == "GeometryCollection" {
				return nil, fail(v.pos, "filter_geometry", "a collection in a collection")
			}
			return r.geometry(v)
		})
		return orb.Collection(m), err
	}
	return nil, fail(v.pos, "filter_geometry", "%.40q is not a type of geometry", kind)
}

func (r *jsonReader) corner(v jsonValue) (p orb.Point, err error) {
	if err := r.budget.vertex(v.pos); err != nil {
		return p, err
	}
	n, err := numbers(v)
	if err == nil && (len(n) < 2 || len(n) > 4) {
		err = fail(v.pos, "filter_geometry", "a position has two or three numbers")
	}
	if err != nil {
		return p, err
	}
	return orb.Point{n[0], n[1]}, nil
}

func (r *jsonReader) polygon(v jsonValue) (orb.Polygon, error) {
	return each(v, func(v jsonValue) (orb.Ring, error) { l, err := each(v, r.corner); return l, err })
}

func each[T any](v jsonValue, read func(jsonValue) (T, error)) ([]T, error) {
	if len(v.items) == 0 {
		return nil, fail(v.pos, "filter_geometry", "coordinates are expected")
	}
	out := make([]T, 0, len(v.items))
	for _, item := range v.items {
		t, err := read(item)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return slices.Clip(out), nil
}

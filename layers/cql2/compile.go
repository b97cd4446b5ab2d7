package cql2

import "wanglou/layers"

// Matcher is a filter made ready for the features of one layer. It is safe for concurrent use.
type Matcher struct {
	text string
	cond condition
}

// Match reports whether the filter is true for f, a feature of the layer that the matcher was compiled for.
func (m *Matcher) Match(f *layers.Feature) bool { return m.cond(f) == yes }

// Text returns the filter's canonical text.
func (m *Matcher) Text() string { return m.text }

// Compile checks e against the columns of l and makes it ready. Errors are CodeInvalid with field "filter": an unknown property or function, or a
// value of the wrong kind.
func Compile(e Expr, l *layers.Layer) (*Matcher, error) {
	if err := Check(e, func(name string) (Kind, bool) { return KindOf(l, name) }); err != nil {
		return nil, err
	}
	c := &compiler{layer: l}
	return &Matcher{text: Text(e), cond: c.condition(e)}, nil
}

// Check checks e, as [Compile] does, against properties of whatever kinds.
func Check(e Expr, kindOf func(name string) (Kind, bool)) error { return checkFilter(e, kindOf) }

// Names under which every layer offers its id and geometry, unless a column has them.
const (
	PropertyID       = "id"
	PropertyGeometry = "geometry"
)

var kinds = map[layers.ColumnType]Kind{
	layers.ColumnText: KindText, layers.ColumnInt: KindNumber, layers.ColumnFloat: KindNumber, layers.ColumnBool: KindBool,
	layers.ColumnTime: KindTime, layers.ColumnJSON: KindOther, layers.ColumnStrings: KindArray,
}

// KindOf returns the kind of a property of l; ok is false when there is none of that name.
func KindOf(l *layers.Layer, name string) (k Kind, ok bool) {
	if i := l.Index(name); i >= 0 {
		k, ok = kinds[l.Columns[i].Type]
		return k, ok
	}
	switch {
	case name == PropertyID:
		return KindNumber, true
	case name == PropertyGeometry && l.Geometry != layers.GeometryNone:
		return KindGeometry, true
	}
	return "", false
}

// truth is the answer of a condition.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// Functions that a tree is compiled to. Each reads one feature and allocates nothing; ok is false for a missing value.
type (
	condition func(*layers.Feature) truth
	numeric   func(*layers.Feature) (n Number, ok bool)
	textual   func(*layers.Feature) (s string, ok bool)
	temporal  func(*layers.Feature) (s span, ok bool)
	listing   func(*layers.Feature) (list []string, ok bool)
)

// compiler turns a checked tree into functions. What the check has excluded does not come up here.
type compiler struct{ layer *layers.Layer }

// value returns how a property's value is read.
func (c *compiler) value(p Property) func(*layers.Feature) any {
	if i := c.layer.Index(p.Name); i >= 0 {
		return func(f *layers.Feature) any { return f.Values[i] }
	}
	return func(*layers.Feature) any { return nil }
}

func (c *compiler) isID(p Property) bool { return p.Name == PropertyID && c.layer.Index(p.Name) < 0 }

func (c *compiler) kind(e Expr) Kind {
	k, err := checker{func(name string) (Kind, bool) { return KindOf(c.layer, name) }}.kind(e, 0)
	if err != nil {
		return KindAny
	}
	return k
}

func (c *compiler) condition(e Expr) condition {
	switch e := e.(type) {
	case Bool:
		t := truthOf(bool(e))
		return func(*layers.Feature) truth { return t }
	case Property:
		get := c.value(e)
		return func(f *layers.Feature) truth {
			if b, ok := get(f).(bool); ok {
				return truthOf(b)
			}
			return unknown
		}
	case *Op:
		return c.operator(e)
	}
	return func(*layers.Feature) truth { return unknown }
}

func (c *compiler) operator(o *Op) condition {
	switch operators[o.Name] {
	case classLogic:
		return c.logic(o)
	case classComparison:
		return c.compare(o.Name, o.Args[0], o.Args[1])
	case classSpatial:
		return c.spatial(o)
	case classTemporal:
		return c.temporalPredicate(o)
	case classArray:
		return c.arrayPredicate(o)
	}
	switch o.Name {
	case "like":
		return c.like(o)
	case "between":
		low, high := c.compare(">=", o.Args[0], o.Args[1]), c.compare("<=", o.Args[0], o.Args[2])
		return both(low, high)
	case "in":
		return c.in(o.Args[0], o.Args[1].(Array))
	}
	return c.isNull(o.Args[0])
}

func (c *compiler) logic(o *Op) condition {
	args := make([]condition, len(o.Args))
	for i, a := range o.Args {
		args[i] = c.condition(a)
	}
	switch o.Name {
	case "and":
		if len(args) == 2 {
			return both(args[0], args[1])
		}
		return func(f *layers.Feature) truth {
			t := yes
			for _, a := range args {
				switch a(f) {
				case no:
					return no
				case unknown:
					t = unknown
				}
			}
			return t
		}
	case "or":
		return anyOf(args)
	}
	arg := args[0]
	return func(f *layers.Feature) truth {
		switch arg(f) {
		case yes:
			return no
		case no:
			return yes
		}
		return unknown
	}
}

func both(a, b condition) condition {
	return func(f *layers.Feature) truth {
		t := a(f)
		if t == no {
			return no
		}
		switch b(f) {
		case no:
			return no
		case unknown:
			return unknown
		}
		return t
	}
}

func anyOf(args []condition) condition {
	return func(f *layers.Feature) truth {
		t := no
		for _, a := range args {
			switch a(f) {
			case yes:
				return yes
			case unknown:
				t = unknown
			}
		}
		return t
	}
}

// pair compiles a question about two values; without one of them the answer is unknown.
func pair[T any](a, b func(*layers.Feature) (T, bool), ask func(x, y T) bool) condition {
	return func(f *layers.Feature) truth {
		x, ok := a(f)
		if !ok {
			return unknown
		}
		y, ok := b(f)
		if !ok {
			return unknown
		}
		return truthOf(ask(x, y))
	}
}

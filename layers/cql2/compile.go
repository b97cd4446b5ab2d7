package cql2

import (
	"cmp"
	"math"
	"time"

	"wanglou/layers"
)

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

// accepts returns which results of cmp.Compare an operator is true for.
func accepts(op string) func(order int) bool {
	switch op {
	case "=":
		return func(o int) bool { return o == 0 }
	case "<>":
		return func(o int) bool { return o != 0 }
	case "<":
		return func(o int) bool { return o < 0 }
	case "<=":
		return func(o int) bool { return o <= 0 }
	case ">":
		return func(o int) bool { return o > 0 }
	}
	return func(o int) bool { return o >= 0 }
}

func (c *compiler) compare(op string, left, right Expr) condition {
	holds := accepts(op)
	k := c.kind(left)
	switch k {
	case KindNumber:
		a, b := c.number(left), c.number(right)
		return func(f *layers.Feature) truth {
			x, ok := a(f)
			if !ok {
				return unknown
			}
			y, ok := b(f)
			if !ok {
				return unknown
			}
			return truthOf(holds(compareNumbers(x, y)))
		}
	case KindText:
		a, fa := c.text(left)
		b, fb := c.text(right)
		return func(f *layers.Feature) truth {
			x, ok := a(f)
			if !ok {
				return unknown
			}
			y, ok := b(f)
			if !ok {
				return unknown
			}
			return truthOf(holds(compareFolded(x, fa, y, fb)))
		}
	case KindTime:
		a, b := c.time(left), c.time(right)
		return func(f *layers.Feature) truth {
			x, ok := a(f)
			if !ok {
				return unknown
			}
			y, ok := b(f)
			if !ok {
				return unknown
			}
			return truthOf(holds(cmp.Compare(x.from, y.from)))
		}
	case KindBool:
		a, b := c.condition(left), c.condition(right)
		return func(f *layers.Feature) truth {
			x, y := a(f), b(f)
			if x == unknown || y == unknown {
				return unknown
			}
			return truthOf(holds(cmp.Compare(x, y)))
		}
	}
	return func(*layers.Feature) truth { return unknown }
}

// compareNumbers orders as PostgreSQL does: NaN is equal to itself and above everything.
func compareNumbers(a, b Number) int {
	if a.Whole && b.Whole {
		return cmp.Compare(a.Int, b.Int)
	}
	switch x, y := math.IsNaN(a.Float), math.IsNaN(b.Float); {
	case x && y:
		return 0
	case x:
		return 1
	case y:
		return -1
	}
	return cmp.Compare(a.Float, b.Float)
}

// in is a lookup when the list is of plain texts, else one comparison after another.
func (c *compiler) in(value Expr, list Array) condition {
	if set := texts(list); set != nil && c.kind(value) == KindText {
		if get, fold := c.text(value); fold == 0 {
			return func(f *layers.Feature) truth {
				s, ok := get(f)
				if !ok {
					return unknown
				}
				_, ok = set[s]
				return truthOf(ok)
			}
		}
	}
	args := make([]condition, len(list))
	for i, item := range list {
		args[i] = c.compare("=", value, item)
	}
	return anyOf(args)
}

// texts returns the set of a list of text literals, nil for other lists.
func texts(list Array) map[string]struct{} {
	set := make(map[string]struct{}, len(list))
	for _, item := range list {
		s, ok := item.(String)
		if !ok {
			return nil
		}
		set[string(s)] = struct{}{}
	}
	return set
}

func (c *compiler) isNull(e Expr) condition {
	known := func(ok bool) truth { return truthOf(!ok) }
	if p, ok := e.(Property); ok && !c.isID(p) && c.layer.Index(p.Name) >= 0 {
		get := c.value(p)
		return func(f *layers.Feature) truth { return known(get(f) != nil) }
	}
	switch c.kind(e) {
	case KindNumber:
		get := c.number(e)
		return func(f *layers.Feature) truth { _, ok := get(f); return known(ok) }
	case KindText:
		get, _ := c.text(e)
		return func(f *layers.Feature) truth { _, ok := get(f); return known(ok) }
	case KindTime:
		get := c.time(e)
		return func(f *layers.Feature) truth { _, ok := get(f); return known(ok) }
	case KindInterval:
		get := c.time(e)
		return func(f *layers.Feature) truth { _, ok := get(f); return known(ok) }
	case KindBool:
		get := c.condition(e)
		return func(f *layers.Feature) truth { return known(get(f) != unknown) }
	case KindGeometry:
		get := c.shape(e)
		return func(f *layers.Feature) truth { return known(get(f).g != nil) }
	}
	return func(*layers.Feature) truth { return no }
}

func (c *compiler) number(e Expr) numeric {
	switch e := e.(type) {
	case Number:
		return func(*layers.Feature) (Number, bool) { return e, true }
	case Property:
		if c.isID(e) {
			return func(f *layers.Feature) (Number, bool) { return whole(f.ID), true }
		}
		get := c.value(e)
		return func(f *layers.Feature) (Number, bool) {
			switch v := get(f).(type) {
			case int64:
				return whole(v), true
			case float64:
				return Number{Float: v}, true
			}
			return Number{}, false
		}
	case *Op:
		if operators[e.Name] == classArithmetic {
			return c.arithmetic(e)
		}
		return c.function(e)
	}
	return func(*layers.Feature) (Number, bool) { return Number{}, false }
}

func whole(i int64) Number { return Number{Int: i, Float: float64(i), Whole: true} }

func (c *compiler) arithmetic(o *Op) numeric {
	a, b := c.number(o.Args[0]), c.number(o.Args[1])
	calculate := calculations[o.Name]
	return func(f *layers.Feature) (Number, bool) {
		x, ok := a(f)
		if !ok {
			return Number{}, false
		}
		y, ok := b(f)
		if !ok {
			return Number{}, false
		}
		v := calculate(x.Float, y.Float)
		return Number{Float: v}, !math.IsNaN(v) && !math.IsInf(v, 0)
	}
}

// calculations give NaN or an infinity where there is no number; products are rounded before they are added (no fused multiply-add), as in SQL.
var calculations = map[string]func(a, b float64) float64{
	"+":   func(a, b float64) float64 { return a + b },
	"-":   func(a, b float64) float64 { return a - b },
	"*":   func(a, b float64) float64 { return a * b },
	"/":   func(a, b float64) float64 { return a / b },
	"div": func(a, b float64) float64 { return math.Trunc(a / b) },
	"%":   func(a, b float64) float64 { q := math.Trunc(a / b); return a - float64(b*q) },
	"^":   math.Pow,
}

func (c *compiler) function(o *Op) numeric {
	if o.Name == "length" {
		get, fold := c.text(o.Args[0])
		return func(f *layers.Feature) (Number, bool) {
			s, ok := get(f)
			return whole(int64(countFolded(s, fold))), ok
		}
	}
	get := c.number(o.Args[0])
	round := map[string]func(float64) float64{"abs": math.Abs, "ceil": math.Ceil, "floor": math.Floor}[o.Name]
	return func(f *layers.Feature) (Number, bool) {
		n, ok := get(f)
		if n.Whole && (n.Int >= 0 || o.Name != "abs") {
			return n, ok
		}
		if n.Whole && n.Int > math.MinInt64 {
			return whole(-n.Int), ok
		}
		return Number{Float: round(n.Float)}, ok
	}
}

// span is an instant or an interval, in microseconds since 1970, both ends included.
type span struct{ from, to int64 }

func (c *compiler) time(e Expr) temporal {
	switch e := e.(type) {
	case Instant:
		s := span{e.Micros, e.last()}
		return func(*layers.Feature) (span, bool) { return s, true }
	case Property:
		get := c.value(e)
		return func(f *layers.Feature) (span, bool) {
			t, ok := get(f).(time.Time)
			if !ok {
				return span{}, false
			}
			us := t.UnixMicro()
			return span{us, us}, true
		}
	case Interval:
		return c.interval(e)
	}
	return func(*layers.Feature) (span, bool) { return span{}, false }
}

func (c *compiler) interval(e Interval) temporal {
	open := func(s span) temporal { return func(*layers.Feature) (span, bool) { return s, true } }
	start, end := open(span{beginning, beginning}), open(span{ending, ending})
	if e.Start != nil {
		start = c.time(e.Start)
	}
	if e.End != nil {
		end = c.time(e.End)
	}
	return func(f *layers.Feature) (span, bool) {
		a, ok := start(f)
		if !ok {
			return span{}, false
		}
		b, ok := end(f)
		return span{a.from, b.to}, ok
	}
}

// relations are the temporal predicates of the standard, of closed intervals.
var relations = map[string]func(a, b span) bool{
	"t_after":        func(a, b span) bool { return a.from > b.to },
	"t_before":       func(a, b span) bool { return a.to < b.from },
	"t_contains":     func(a, b span) bool { return a.from < b.from && a.to > b.to },
	"t_disjoint":     func(a, b span) bool { return a.from > b.to || a.to < b.from },
	"t_during":       func(a, b span) bool { return a.from > b.from && a.to < b.to },
	"t_equals":       func(a, b span) bool { return a == b },
	"t_finishedBy":   func(a, b span) bool { return a.from < b.from && a.to == b.to },
	"t_finishes":     func(a, b span) bool { return a.from > b.from && a.to == b.to },
	"t_intersects":   func(a, b span) bool { return a.from <= b.to && a.to >= b.from },
	"t_meets":        func(a, b span) bool { return a.to == b.from },
	"t_metBy":        func(a, b span) bool { return a.from == b.to },
	"t_overlappedBy": func(a, b span) bool { return a.from > b.from && a.from < b.to && a.to > b.to },
	"t_overlaps":     func(a, b span) bool { return a.from < b.from && a.to > b.from && a.to < b.to },
	"t_startedBy":    func(a, b span) bool { return a.from == b.from && a.to > b.to },
	"t_starts":       func(a, b span) bool { return a.from == b.from && a.to < b.to },
}

func (c *compiler) temporalPredicate(o *Op) condition {
	a, b, holds := c.time(o.Args[0]), c.time(o.Args[1]), relations[o.Name]
	return func(f *layers.Feature) truth {
		x, ok := a(f)
		if !ok {
			return unknown
		}
		y, ok := b(f)
		if !ok {
			return unknown
		}
		return truthOf(holds(x, y))
	}
}

func (c *compiler) arrayPredicate(o *Op) condition {
	a, b := c.list(o.Args[0]), c.list(o.Args[1])
	return func(f *layers.Feature) truth {
		x, ok := a(f)
		if !ok {
			return unknown
		}
		y, ok := b(f)
		if !ok {
			return unknown
		}
		switch o.Name {
		case "a_contains":
			return truthOf(holdsAll(x, y))
		case "a_containedBy":
			return truthOf(holdsAll(y, x))
		case "a_equals":
			return truthOf(holdsAll(x, y) && holdsAll(y, x))
		}
		for _, s := range y {
			if holds(x, s) {
				return yes
			}
		}
		return no
	}
}

func (c *compiler) list(e Expr) listing {
	switch e := e.(type) {
	case Array:
		list := Strings(e)
		return func(*layers.Feature) ([]string, bool) { return list, true }
	case Property:
		get := c.value(e)
		return func(f *layers.Feature) ([]string, bool) {
			list, ok := get(f).([]string)
			return list, ok
		}
	}
	return func(*layers.Feature) ([]string, bool) { return nil, false }
}

// Strings returns the items of a list of literals as texts, which is what the columns of lists hold.
func Strings(a Array) []string {
	list := make([]string, 0, len(a))
	for _, item := range a {
		switch item := item.(type) {
		case String:
			list = append(list, string(item))
		case Number:
			list = append(list, item.String())
		case Bool:
			list = append(list, map[Bool]string{true: "true", false: "false"}[item])
		case Instant:
			list = append(list, item.String())
		}
	}
	return list
}

func holds(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}

func holdsAll(list, wanted []string) bool {
	for _, s := range wanted {
		if !holds(list, s) {
			return false
		}
	}
	return true
}

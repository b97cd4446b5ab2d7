package cql2

import (
	"github.com/paulmach/orb"
)

// Expr is a node of the tree that both forms are read into: *[Op], [Property], or a literal ([String], [Number], [Bool], [Instant], [Interval],
// [Geometry], [BBox], [Array]). Trees are not changed after they were read.
type Expr interface{ expr() }

// Op is an operator or function with its arguments, as CQL2 JSON has it: {"op": Name, "args": Args}.
type Op struct {
	Name string // as written in JSON: "and", "<=", "s_intersects", "casei", …; any other name is a custom function
	Args []Expr
	Pos  int // where it stands in the input, in bytes
}

// Property is the value of a feature's property.
type Property struct {
	Name string
	Pos  int
}

// Literals.
type (
	String string
	Bool   bool

	// Number keeps whole numbers whole: ids do not fit into a float64.
	Number struct {
		Int   int64   // when Whole
		Float float64 // always
		Whole bool
	}

	// Instant is DATE(…) or TIMESTAMP(…), as microseconds since 1970 UTC.
	Instant struct {
		Micros int64 // of the first moment, when Day
		Day    bool
	}

	// Interval is a closed stretch of time; each end is an Instant, a Property, a function, or nil for "..".
	Interval struct{ Start, End Expr }

	// Geometry is EPSG:4326 when it is compiled.
	Geometry struct{ orb.Geometry }

	// BBox may cross the antimeridian: then West is more than East.
	BBox struct{ West, South, East, North float64 }

	// Array is a list of scalars or arrays.
	Array []Expr
)

func (*Op) expr()      {}
func (Property) expr() {}
func (String) expr()   {}
func (Number) expr()   {}
func (Bool) expr()     {}
func (Instant) expr()  {}
func (Interval) expr() {}
func (Geometry) expr() {}
func (BBox) expr()     {}
func (Array) expr()    {}

// Shape returns the box as a geometry: a polygon, a line or point when it has no width or height, two of them when it crosses the antimeridian.
func (b BBox) Shape() orb.Geometry {
	if b.West > b.East {
		west, east := BBox{b.West, b.South, 180, b.North}.Shape(), BBox{-180, b.South, b.East, b.North}.Shape()
		if w, ok := west.(orb.Polygon); ok {
			if e, ok := east.(orb.Polygon); ok {
				return orb.MultiPolygon{w, e}
			}
		}
		return orb.Collection{west, east}
	}
	low, high := orb.Point{b.West, b.South}, orb.Point{b.East, b.North}
	switch {
	case low == high:
		return low
	case low[0] == high[0] || low[1] == high[1]:
		return orb.LineString{low, high}
	}
	return orb.Polygon{{low, {high[0], low[1]}, high, {low[0], high[1]}, low}}
}

// class is a family of operators that are written and checked alike.
type class uint8

const (
	classFunction   class = iota // f(a, b)
	classLogic                   // and, or, not
	classComparison              // =, <>, <, <=, >, >=
	classMatch                   // like, between, in, isNull
	classArithmetic
	classSpatial
	classTemporal
	classArray
	classFold // casei, accenti
)

// operators is every name that is not a custom function.
var operators = map[string]class{
	"and": classLogic, "or": classLogic, "not": classLogic,
	"=": classComparison, "<>": classComparison, "<": classComparison, "<=": classComparison, ">": classComparison, ">=": classComparison,
	"like": classMatch, "between": classMatch, "in": classMatch, "isNull": classMatch,
	"+": classArithmetic, "-": classArithmetic, "*": classArithmetic, "/": classArithmetic, "%": classArithmetic, "div": classArithmetic, "^": classArithmetic,
	"casei": classFold, "accenti": classFold,
	"s_intersects": classSpatial, "s_equals": classSpatial, "s_disjoint": classSpatial, "s_touches": classSpatial, "s_within": classSpatial,
	"s_overlaps": classSpatial, "s_crosses": classSpatial, "s_contains": classSpatial,
	"t_after": classTemporal, "t_before": classTemporal, "t_contains": classTemporal, "t_disjoint": classTemporal, "t_during": classTemporal,
	"t_equals": classTemporal, "t_finishedBy": classTemporal, "t_finishes": classTemporal, "t_intersects": classTemporal, "t_meets": classTemporal,
	"t_metBy": classTemporal, "t_overlappedBy": classTemporal, "t_overlaps": classTemporal, "t_startedBy": classTemporal, "t_starts": classTemporal,
	"a_containedBy": classArray, "a_contains": classArray, "a_equals": classArray, "a_overlaps": classArray,
}

// called are the operators written as functions in text, by their lower case.
var called = func() map[string]string {
	m := map[string]string{}
	for name, c := range operators {
		if c == classSpatial || c == classTemporal || c == classArray || c == classFold {
			m[lower(name)] = name
		}
	}
	return m
}()

// Function is a custom function, as /functions lists it.
type Function struct {
	Name    string
	Args    []Kind
	Returns Kind
	ZH, EN  string // what it does
}

// Functions lists the custom functions.
var Functions = []Function{
	{"abs", []Kind{KindNumber}, KindNumber, "绝对值", "absolute value"},
	{"ceil", []Kind{KindNumber}, KindNumber, "向上取整", "smallest whole number not below"},
	{"floor", []Kind{KindNumber}, KindNumber, "向下取整", "largest whole number not above"},
	{"length", []Kind{KindText}, KindNumber, "字符数", "number of characters"},
}

func function(name string) *Function {
	for i := range Functions {
		if Functions[i].Name == name {
			return &Functions[i]
		}
	}
	return nil
}

// Properties returns the names of the properties that e asks for, each once, in order of appearance.
func Properties(e Expr) []string {
	var names []string
	seen := map[string]bool{}
	Walk(e, func(e Expr) {
		if p, ok := e.(Property); ok && !seen[p.Name] {
			seen[p.Name] = true
			names = append(names, p.Name)
		}
	})
	return names
}

// Walk visits e and everything below it.
func Walk(e Expr, visit func(Expr)) {
	visit(e)
	switch e := e.(type) {
	case *Op:
		for _, a := range e.Args {
			Walk(a, visit)
		}
	case Array:
		for _, a := range e {
			Walk(a, visit)
		}
	case Interval:
		if e.Start != nil {
			Walk(e.Start, visit)
		}
		if e.End != nil {
			Walk(e.End, visit)
		}
	}
}

// And joins filters; nil ones count for nothing, and nil is returned when there is none.
func And(filters ...Expr) Expr {
	var args []Expr
	for _, f := range filters {
		if o, ok := f.(*Op); ok && o.Name == "and" {
			args = append(args, o.Args...)
		} else if f != nil {
			args = append(args, f)
		}
	}
	switch len(args) {
	case 0:
		return nil
	case 1:
		return args[0]
	}
	return &Op{Name: "and", Args: args}
}

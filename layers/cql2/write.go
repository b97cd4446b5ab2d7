package cql2

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
)

// Text returns the canonical CQL2 text of e: equal filters, however they were spelled, have equal text, and reading it gives e again.
func Text(e Expr) string {
	w := &writer{}
	w.expr(e, 0)
	return string(w.b)
}

type writer struct{ b []byte }

func (w *writer) s(s string) { w.b = append(w.b, s...) }

// Levels of binding, loosest first.
const (
	levelOr = iota + 1
	levelAnd
	levelNot
	levelPredicate
	levelSum
	levelTerm
	levelPower
	levelValue
)

func level(e Expr) int {
	o, ok := e.(*Op)
	if !ok {
		if n, ok := e.(Number); ok && n.Float < 0 {
			return levelPower // -1 ^ 2 would be read as it is written, but not by everybody
		}
		return levelValue
	}
	switch operators[o.Name] {
	case classLogic:
		return map[string]int{"or": levelOr, "and": levelAnd, "not": levelNot}[o.Name]
	case classComparison, classMatch:
		return levelPredicate
	case classArithmetic:
		switch o.Name {
		case "+", "-":
			return levelSum
		case "^":
			return levelPower
		}
		return levelTerm
	}
	return levelValue
}

// expr writes e, in parentheses when it binds looser than least.
func (w *writer) expr(e Expr, least int) {
	if level(e) < least {
		w.s("(")
		defer w.s(")")
	}
	switch e := e.(type) {
	case nil:
		w.s("'..'")
	case String:
		w.text(string(e))
	case Bool:
		w.s(strings.ToUpper(strconv.FormatBool(bool(e))))
	case Number:
		w.s(e.String())
	case Property:
		w.name(e.Name)
	case Instant:
		if e.Day {
			w.s("DATE('" + e.String() + "')")
		} else {
			w.s("TIMESTAMP('" + e.String() + "')")
		}
	case Interval:
		w.s("INTERVAL(")
		w.end(e.Start)
		w.s(", ")
		w.end(e.End)
		w.s(")")
	case BBox:
		fmt.Fprintf(w, "BBOX(%s, %s, %s, %s)", float(e.West), float(e.South), float(e.East), float(e.North))
	case Geometry:
		w.wkt(e.Geometry)
	case Array:
		w.array(e, false)
	case *Op:
		w.op(e)
	}
}

// Write lets fmt write.
func (w *writer) Write(b []byte) (int, error) { w.b = append(w.b, b...); return len(b), nil }

// String returns the shortest text that reads back the same.
func (n Number) String() string {
	if n.Whole {
		return strconv.FormatInt(n.Int, 10)
	}
	return float(n.Float)
}

func float(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

func (w *writer) end(e Expr) {
	switch e := e.(type) {
	case nil:
		w.s("'..'")
	case Instant:
		w.s("'" + e.String() + "'")
	default:
		w.expr(e, 0)
	}
}

// array writes (a, b). A list of one would be read as a value in parentheses, except in A_ functions: there it is written (a, a), the same set.
func (w *writer) array(a Array, plain bool) {
	w.s("(")
	w.list(a)
	if len(a) == 1 && !plain {
		w.s(", ")
		w.expr(a[0], 0)
	}
	w.s(")")
}

func (w *writer) list(args []Expr) {
	for i, a := range args {
		if i > 0 {
			w.s(", ")
		}
		w.expr(a, 0)
	}
}

var negatable = map[string]string{"like": " NOT LIKE ", "between": " NOT BETWEEN ", "in": " NOT IN (", "isNull": " IS NOT NULL"}

func (w *writer) op(o *Op) {
	switch c := operators[o.Name]; {
	case o.Name == "not":
		if m, ok := o.Args[0].(*Op); ok && operators[m.Name] == classMatch {
			w.match(m, negatable[m.Name])
			return
		}
		w.s("NOT ")
		w.expr(o.Args[0], levelNot)
	case c == classLogic:
		for i, a := range o.Args {
			if i > 0 {
				w.s(" " + strings.ToUpper(o.Name) + " ")
			}
			w.expr(a, level(o)+1)
		}
	case c == classComparison:
		w.expr(o.Args[0], levelSum)
		w.s(" " + o.Name + " ")
		w.expr(o.Args[1], levelSum)
	case c == classMatch:
		w.match(o, strings.Replace(negatable[o.Name], "NOT ", "", 1))
	case o.Name == "^":
		w.expr(o.Args[0], levelValue)
		w.s(" ^ ")
		w.expr(o.Args[1], levelValue)
	case c == classArithmetic:
		w.expr(o.Args[0], level(o))
		w.s(" " + strings.ToUpper(o.Name) + " ")
		w.expr(o.Args[1], level(o)+1)
	default:
		if c == classFunction {
			w.s(o.Name)
		} else {
			w.s(strings.ToUpper(o.Name))
		}
		w.s("(")
		for i, a := range o.Args {
			if i > 0 {
				w.s(", ")
			}
			if list, ok := a.(Array); ok && c == classArray {
				w.array(list, true)
			} else {
				w.expr(a, 0)
			}
		}
		w.s(")")
	}
}

func (w *writer) match(o *Op, word string) {
	w.expr(o.Args[0], levelSum)
	w.s(word)
	switch o.Name {
	case "like":
		w.expr(o.Args[1], levelSum)
	case "between":
		w.expr(o.Args[1], levelSum)
		w.s(" AND ")
		w.expr(o.Args[2], levelSum)
	case "in":
		w.list(o.Args[1].(Array))
		w.s(")")
	}
}

// name writes a property, in quotes when it would be read as something else.
func (w *writer) name(s string) {
	plain := s != "" && !reserved[lower(s)]
	for i, r := range s {
		plain = plain && identifierPart(r) && (i > 0 || identifierStart(r))
	}
	if plain {
		w.s(s)
		return
	}
	w.s(`"` + strings.ReplaceAll(s, `"`, `""`) + `"`)
}

// text writes a string. One in which a backslash stands before a quote or at the end is written U&'…', see lexer.string.
func (w *writer) text(s string) {
	if strings.Contains(s, `\'`) || strings.HasSuffix(s, `\`) {
		w.s("U&")
		s = strings.ReplaceAll(s, `\`, `\005C`)
	}
	w.s("'" + strings.ReplaceAll(s, "'", "''") + "'")
}

func (w *writer) wkt(g orb.Geometry) {
	corner := func(p orb.Point) { w.s(float(p[0]) + " " + float(p[1])) }
	line := func(ps []orb.Point) { w.parts(len(ps), func(i int) { corner(ps[i]) }) }
	polygon := func(p orb.Polygon) { w.parts(len(p), func(i int) { line(p[i]) }) }
	w.s(strings.ToUpper(g.GeoJSONType()))
	switch g := g.(type) {
	case orb.Point:
		w.parts(1, func(int) { corner(g) })
	case orb.MultiPoint:
		w.parts(len(g), func(i int) { w.parts(1, func(int) { corner(g[i]) }) })
	case orb.LineString:
		line(g)
	case orb.MultiLineString:
		w.parts(len(g), func(i int) { line(g[i]) })
	case orb.Polygon:
		polygon(g)
	case orb.MultiPolygon:
		w.parts(len(g), func(i int) { polygon(g[i]) })
	case orb.Collection:
		w.parts(len(g), func(i int) { w.wkt(g[i]) })
	}
}

func (w *writer) parts(n int, part func(int)) {
	w.s("(")
	for i := range n {
		if i > 0 {
			w.s(", ")
		}
		part(i)
	}
	w.s(")")
}

// JSON returns e as CQL2 JSON.
func JSON(e Expr) ([]byte, error) { return json.Marshal(document(e)) }

// document returns what encoding/json makes the JSON of e of.
func document(e Expr) any {
	switch e := e.(type) {
	case String:
		return string(e)
	case Bool:
		return bool(e)
	case Number:
		return json.Number(e.String())
	case Property:
		return map[string]any{"property": e.Name}
	case Instant:
		if e.Day {
			return map[string]any{"date": e.String()}
		}
		return map[string]any{"timestamp": e.String()}
	case Interval:
		ends := [2]any{"..", ".."}
		for i, end := range []Expr{e.Start, e.End} {
			switch end := end.(type) {
			case nil:
			case Instant:
				ends[i] = end.String()
			default:
				ends[i] = document(end)
			}
		}
		return map[string]any{"interval": ends}
	case BBox:
		return map[string]any{"bbox": []float64{e.West, e.South, e.East, e.North}}
	case Geometry:
		return geojson.NewGeometry(e.Geometry)
	case Array:
		return documents(e)
	case *Op:
		return map[string]any{"op": e.Name, "args": documents(e.Args)}
	}
	return nil
}

func documents(list []Expr) []any {
	out := make([]any, len(list))
	for i, e := range list {
		out[i] = document(e)
	}
	return out
}

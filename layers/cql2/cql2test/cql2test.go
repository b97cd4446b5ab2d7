// Package cql2test draws random filters and features for tests: of this language's two forms, and of its two evaluations.
package cql2test

import (
	"math"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"wanglou/layers"
	"wanglou/layers/cql2"
)

// Layer is the layer that drawn filters ask and drawn features belong to.
var Layer = layers.NewLayer(layers.Layer{Name: "thing", Geometry: layers.GeometryAny, Columns: []layers.Column{
	{Name: "n", Type: layers.ColumnInt}, {Name: "m", Type: layers.ColumnInt}, {Name: "x", Type: layers.ColumnFloat}, {Name: "s", Type: layers.ColumnText},
	{Name: "b", Type: layers.ColumnBool}, {Name: "at", Type: layers.ColumnTime}, {Name: "until", Type: layers.ColumnTime}, {Name: "tags", Type: layers.ColumnStrings},
}})

// Few values, so that they meet.
var (
	words = []string{"", "a", "A", "ab", "Ab", "é", "É", "e", "ée", "a%b", "a_b", `a\b`, `it's`, "中山路", "中", "ΣΑΣ", "σας", "İ", "i", "Åb", "각"}
	times = []time.Time{day(1), day(2), day(2).Add(12 * time.Hour), day(3).Add(-time.Microsecond), day(3), day(4)}
	tags  = []string{"a", "b", "c"}
)

func day(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }

// Filter draws a condition on Layer.
func Filter() *rapid.Generator[cql2.Expr] { return condition(3) }

func condition(depth int) *rapid.Generator[cql2.Expr] {
	return rapid.Custom(func(t *rapid.T) cql2.Expr {
		if depth > 0 && rapid.IntRange(0, 2).Draw(t, "nest") == 0 {
			switch rapid.IntRange(0, 2).Draw(t, "logic") {
			case 0:
				return &cql2.Op{Name: "not", Args: []cql2.Expr{condition(depth-1).Draw(t, "arg")}}
			case 1:
				return chain("and", rapid.SliceOfN(condition(depth-1), 2, 3).Draw(t, "args"))
			}
			return chain("or", rapid.SliceOfN(condition(depth-1), 2, 3).Draw(t, "args"))
		}
		return predicate(t)
	})
}

// chain joins nested operators of one name, as the parsers do.
func chain(name string, args []cql2.Expr) cql2.Expr {
	var flat []cql2.Expr
	for _, a := range args {
		if o, ok := a.(*cql2.Op); ok && o.Name == name {
			flat = append(flat, o.Args...)
		} else {
			flat = append(flat, a)
		}
	}
	return &cql2.Op{Name: name, Args: flat}
}

func op(name string, args ...cql2.Expr) cql2.Expr { return &cql2.Op{Name: name, Args: args} }

func predicate(t *rapid.T) cql2.Expr {
	pick := func(names ...string) string { return rapid.SampledFrom(names).Draw(t, "op") }
	switch rapid.IntRange(0, 9).Draw(t, "predicate") {
	case 0:
		return op(pick("=", "<>", "<", "<=", ">", ">="), number(2).Draw(t, "left"), number(2).Draw(t, "right"))
	case 1:
		return op(pick("=", "<>", "<", "<=", ">", ">="), text().Draw(t, "left"), text().Draw(t, "right"))
	case 2:
		return op(pick("=", "<>", "<", "<=", ">", ">="), instant().Draw(t, "left"), instant().Draw(t, "right"))
	case 3:
		pattern := cql2.Expr(cql2.String(rapid.SampledFrom([]string{"%", "a%", "%b", "_", "a_b", `a\_b`, `a\%b`, "É%", "%Σ%", "中__", ""}).Draw(t, "pattern")))
		for range rapid.IntRange(0, 1).Draw(t, "folds") {
			pattern = op(pick("casei", "accenti"), pattern)
		}
		return op("like", text().Draw(t, "text"), pattern)
	case 4:
		if rapid.Bool().Draw(t, "texts") {
			return op("in", text().Draw(t, "value"), cql2.Array(rapid.SliceOfN(text(), 1, 3).Draw(t, "list")))
		}
		return op("in", number(1).Draw(t, "value"), cql2.Array(rapid.SliceOfN(number(0), 1, 3).Draw(t, "list")))
	case 5:
		return op("between", number(1).Draw(t, "value"), number(0).Draw(t, "low"), number(0).Draw(t, "high"))
	case 6:
		name := rapid.SampledFrom([]string{"n", "x", "s", "b", "at", "tags", "geometry", "id"}).Draw(t, "property")
		return op("isNull", cql2.Property{Name: name})
	case 7:
		return op(pick("t_after", "t_before", "t_contains", "t_disjoint", "t_during", "t_equals", "t_finishedBy", "t_finishes", "t_intersects", "t_meets", "t_metBy",
			"t_overlappedBy", "t_overlaps", "t_startedBy", "t_starts"), span().Draw(t, "left"), span().Draw(t, "right"))
	case 8:
		list := cql2.Array{}
		for _, s := range rapid.SliceOfN(rapid.SampledFrom(tags), 1, 3).Draw(t, "tags") {
			list = append(list, cql2.String(s))
		}
		return op(pick("a_contains", "a_containedBy", "a_equals", "a_overlaps"), cql2.Property{Name: "tags"}, list)
	}
	args := []cql2.Expr{cql2.Property{Name: "geometry"}, literal().Draw(t, "shape")}
	if rapid.Bool().Draw(t, "turned") {
		args[0], args[1] = args[1], args[0]
	}
	return op(pick("s_intersects", "s_equals", "s_disjoint", "s_touches", "s_within", "s_overlaps", "s_crosses", "s_contains"), args...)
}

func number(depth int) *rapid.Generator[cql2.Expr] {
	return rapid.Custom(func(t *rapid.T) cql2.Expr {
		switch k := rapid.IntRange(0, 5).Draw(t, "number"); {
		case k == 0:
			return cql2.Property{Name: "x"}
		case k == 1:
			return cql2.Property{Name: rapid.SampledFrom([]string{"n", "m", "id"}).Draw(t, "property")}
		case k == 2:
			f := rapid.SampledFrom([]float64{0.5, -1.5, 2.25}).Draw(t, "float")
			return cql2.Number{Float: f}
		case k == 3 && depth > 0:
			return op(rapid.SampledFrom([]string{"+", "-", "*", "/", "%", "div"}).Draw(t, "op"), number(depth-1).Draw(t, "left"), number(depth-1).Draw(t, "right"))
		case k == 4 && depth > 0:
			if rapid.Bool().Draw(t, "length") {
				return op("length", text().Draw(t, "text"))
			}
			return op(rapid.SampledFrom([]string{"abs", "ceil", "floor"}).Draw(t, "function"), number(depth-1).Draw(t, "arg"))
		}
		i := rapid.Int64Range(-3, 3).Draw(t, "int")
		return cql2.Number{Int: i, Float: float64(i), Whole: true}
	})
}

func text() *rapid.Generator[cql2.Expr] {
	return rapid.Custom(func(t *rapid.T) cql2.Expr {
		e := cql2.Expr(cql2.Property{Name: "s"})
		if rapid.Bool().Draw(t, "literal") {
			e = cql2.String(rapid.SampledFrom(words).Draw(t, "word"))
		}
		for range rapid.IntRange(0, 2).Draw(t, "folds") {
			e = op(rapid.SampledFrom([]string{"casei", "accenti"}).Draw(t, "fold"), e)
		}
		return e
	})
}

func instant() *rapid.Generator[cql2.Expr] {
	return rapid.Custom(func(t *rapid.T) cql2.Expr {
		if rapid.Bool().Draw(t, "property") {
			return cql2.Property{Name: rapid.SampledFrom([]string{"at", "until"}).Draw(t, "name")}
		}
		return fixed(t)
	})
}

func fixed(t *rapid.T) cql2.Instant {
	at := rapid.SampledFrom(times).Draw(t, "time")
	if rapid.Bool().Draw(t, "day") {
		return cql2.Instant{Micros: at.Truncate(24 * time.Hour).UnixMicro(), Day: true}
	}
	return cql2.Instant{Micros: at.UnixMicro()}
}

func span() *rapid.Generator[cql2.Expr] {
	return rapid.Custom(func(t *rapid.T) cql2.Expr {
		switch rapid.IntRange(0, 3).Draw(t, "span") {
		case 0:
			return instant().Draw(t, "instant")
		case 1:
			return cql2.Interval{Start: cql2.Property{Name: "at"}, End: cql2.Property{Name: "until"}}
		case 2:
			return cql2.Interval{End: fixed(t)}
		}
		a, b := fixed(t), fixed(t)
		if a.Micros > b.Micros {
			a, b = b, a
		}
		return cql2.Interval{Start: a, End: b}
	})
}

func literal() *rapid.Generator[cql2.Expr] {
	return rapid.Custom(func(t *rapid.T) cql2.Expr {
		if rapid.IntRange(0, 3).Draw(t, "box") == 0 {
			w, s := rapid.IntRange(0, 6).Draw(t, "west"), rapid.IntRange(0, 6).Draw(t, "south")
			return cql2.BBox{West: float64(w), South: float64(s), East: float64(w + rapid.IntRange(0, 3).Draw(t, "width")), North: float64(s + rapid.IntRange(0, 3).Draw(t, "height"))}
		}
		return cql2.Geometry{Geometry: Shape().Draw(t, "geometry")}
	})
}

// Shape draws a valid geometry whose corners lie on a small grid, so that shapes touch, cross and cover each other often.
func Shape() *rapid.Generator[orb.Geometry] {
	return rapid.Custom(func(t *rapid.T) orb.Geometry {
		at := func() orb.Point {
			return orb.Point{float64(rapid.IntRange(0, 8).Draw(t, "x")), float64(rapid.IntRange(0, 8).Draw(t, "y"))}
		}
		switch rapid.IntRange(0, 7).Draw(t, "shape") {
		case 0:
			return at()
		case 1:
			a, b := at(), at()
			if a == b {
				return a
			}
			return orb.MultiPoint{a, b}
		case 2, 3:
			line := orb.LineString{at()}
			for range rapid.IntRange(1, 3).Draw(t, "corners") {
				if p := at(); p != line[len(line)-1] && (len(line) < 2 || p != line[len(line)-2]) {
					line = append(line, p)
				}
			}
			if len(line) < 2 || selfTouching(line) {
				return line[0]
			}
			return line
		case 4:
			x, y := float64(rapid.IntRange(0, 4).Draw(t, "west")), float64(rapid.IntRange(0, 4).Draw(t, "south"))
			return orb.Polygon{box(x, y, x+4, y+4), box(x+1, y+1, x+3, y+3)}
		case 5:
			x, y := float64(rapid.IntRange(0, 3).Draw(t, "west")), float64(rapid.IntRange(0, 6).Draw(t, "south"))
			return orb.MultiPolygon{{box(x, y, x+2, y+2)}, {box(x+3, y, x+5, y+2)}}
		case 6:
			a, b, c := at(), at(), at()
			if math.Abs((b[0]-a[0])*(c[1]-a[1])-(b[1]-a[1])*(c[0]-a[0])) < 1 {
				return a
			}
			return orb.Polygon{{a, b, c, a}}
		}
		x, y := float64(rapid.IntRange(0, 6).Draw(t, "west")), float64(rapid.IntRange(0, 6).Draw(t, "south"))
		return orb.Polygon{box(x, y, x+float64(rapid.IntRange(1, 3).Draw(t, "width")), y+float64(rapid.IntRange(1, 3).Draw(t, "height")))}
	})
}

func box(w, s, e, n float64) orb.Ring {
	return orb.Ring{{w, s}, {e, s}, {e, n}, {w, n}, {w, s}}
}

// selfTouching is a coarse test: lines that come back to a corner are left out, because what is the boundary of such a line is told differently.
func selfTouching(l orb.LineString) bool {
	for i := range l {
		for j := i + 2; j < len(l); j++ {
			if l[i] == l[j] {
				return true
			}
		}
	}
	return false
}

// Feature draws a feature of Layer; every value may be missing.
func Feature(id int64) *rapid.Generator[*layers.Feature] {
	return rapid.Custom(func(t *rapid.T) *layers.Feature {
		f := &layers.Feature{ID: id, Values: make([]any, len(Layer.Columns))}
		some := func(i int, v any) {
			if rapid.IntRange(0, 5).Draw(t, "missing") > 0 {
				f.Values[i] = v
			}
		}
		some(0, rapid.Int64Range(-3, 3).Draw(t, "n"))
		some(1, rapid.Int64Range(-3, 3).Draw(t, "m"))
		some(2, rapid.SampledFrom([]float64{-1.5, 0, 0.5, 2, 2.25}).Draw(t, "x"))
		some(3, rapid.SampledFrom(words).Draw(t, "s"))
		some(4, rapid.Bool().Draw(t, "b"))
		some(5, rapid.SampledFrom(times).Draw(t, "at"))
		some(6, rapid.SampledFrom(times).Draw(t, "until"))
		some(7, rapid.SliceOfN(rapid.SampledFrom(tags), 0, 3).Draw(t, "tags"))
		if rapid.IntRange(0, 9).Draw(t, "nowhere") > 0 {
			f.Geometry = Shape().Draw(t, "geometry")
			f.Bound = f.Geometry.Bound()
		}
		return f
	})
}

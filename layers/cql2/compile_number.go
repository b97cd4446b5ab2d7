package cql2

import (
	"math"

	"wanglou/layers"
)

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

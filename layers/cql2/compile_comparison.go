package cql2

import (
	"cmp"
	"math"

	"wanglou/layers"
)

// orders are the results of a comparison, less, equal or greater, that an operator is true for.
type orders [3]bool

func (o *orders) hold(order int) bool { return o[order+1] }

var accepted = map[string]*orders{
	"=": {1: true}, "<>": {0: true, 2: true}, "<": {0: true}, "<=": {0: true, 1: true}, ">": {2: true}, ">=": {1: true, 2: true},
}

func (c *compiler) compare(op string, left, right Expr) condition {
	accepted := accepted[op]
	switch c.kind(left) {
	case KindNumber:
		return pair(c.number(left), c.number(right), func(x, y Number) bool { return accepted.hold(compareNumbers(x, y)) })
	case KindText:
		a, fa := c.text(left)
		b, fb := c.text(right)
		return pair(a, b, func(x, y string) bool { return accepted.hold(compareFolded(x, fa, y, fb)) })
	case KindTime:
		return pair(c.time(left), c.time(right), func(x, y span) bool { return accepted.hold(cmp.Compare(x.from, y.from)) })
	case KindBool:
		return pair(c.boolean(left), c.boolean(right), func(x, y truth) bool { return accepted.hold(cmp.Compare(x, y)) })
	}
	return func(*layers.Feature) truth { return unknown }
}

// boolean reads the answer of a condition as a value, which is missing while it is unknown.
func (c *compiler) boolean(e Expr) func(*layers.Feature) (truth, bool) {
	ask := c.condition(e)
	return func(f *layers.Feature) (truth, bool) {
		t := ask(f)
		return t, t != unknown
	}
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
	if p, ok := e.(Property); ok && !c.isID(p) && c.layer.Index(p.Name) >= 0 {
		get := c.value(p)
		return func(f *layers.Feature) truth { return truthOf(get(f) == nil) }
	}
	switch c.kind(e) {
	case KindNumber:
		return missing(c.number(e))
	case KindText:
		get, _ := c.text(e)
		return missing(get)
	case KindTime, KindInterval:
		return missing(c.time(e))
	case KindBool:
		return missing(c.boolean(e))
	case KindGeometry:
		get := c.shape(e)
		return func(f *layers.Feature) truth { return truthOf(get(f).g == nil) }
	}
	return func(*layers.Feature) truth { return no }
}

func missing[T any](get func(*layers.Feature) (T, bool)) condition {
	return func(f *layers.Feature) truth {
		_, ok := get(f)
		return truthOf(!ok)
	}
}

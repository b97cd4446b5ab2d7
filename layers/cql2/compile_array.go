package cql2

import (
	"slices"

	"wanglou/layers"
)

// arrayRelations are the predicates of arrays, which are sets: order and repetition say nothing.
var arrayRelations = map[string]func(a, b []string) bool{
	"a_contains":    holdsAll,
	"a_containedBy": func(a, b []string) bool { return holdsAll(b, a) },
	"a_equals":      func(a, b []string) bool { return holdsAll(a, b) && holdsAll(b, a) },
	"a_overlaps": func(a, b []string) bool {
		return slices.ContainsFunc(b, func(s string) bool { return slices.Contains(a, s) })
	},
}

func (c *compiler) arrayPredicate(o *Op) condition {
	return pair(c.list(o.Args[0]), c.list(o.Args[1]), arrayRelations[o.Name])
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

func holdsAll(list, wanted []string) bool {
	for _, s := range wanted {
		if !slices.Contains(list, s) {
			return false
		}
	}
	return true
}

package cql2

import (
	"sync"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"wanglou/layers"
)

// shape is a geometry with its bound; simple is set for literals, which are converted once. A missing geometry has a nil g.
type shape struct {
	g      orb.Geometry
	bound  orb.Bound
	simple func() geom.Geometry
}

func (c *compiler) shape(e Expr) func(*layers.Feature) shape {
	var g orb.Geometry
	switch e := e.(type) {
	case Geometry:
		g = e.Geometry
	case BBox:
		g = e.Shape()
	case Property:
		return func(f *layers.Feature) shape { return shape{g: f.Geometry, bound: f.Bound} }
	default:
		return func(*layers.Feature) shape { return shape{} }
	}
	s := shape{g: g, bound: g.Bound(), simple: sync.OnceValue(func() geom.Geometry { return toSimple(g) })}
	return func(*layers.Feature) shape { return s }
}

func (s shape) converted() geom.Geometry {
	if s.simple != nil {
		return s.simple()
	}
	return toSimple(s.g)
}

// spatial compiles a predicate. Intersection and every question about a point and an area are answered without allocating; the rest is left to a
// library that knows all nine intersections, after the bounds have said that it can be true.
func (c *compiler) spatial(o *Op) condition {
	a, b := c.shape(o.Args[0]), c.shape(o.Args[1])
	relate := relatesOf[o.Name]
	return func(f *layers.Feature) truth {
		x, y := a(f), b(f)
		if x.g == nil || y.g == nil {
			return unknown
		}
		return relate(x, y)
	}
}

var relatesOf = map[string]func(a, b shape) truth{
	"s_intersects": func(a, b shape) truth { return truthOf(meet(a, b)) },
	"s_disjoint":   func(a, b shape) truth { return truthOf(!meet(a, b)) },
	"s_within":     within,
	"s_contains":   func(a, b shape) truth { return within(b, a) },
	"s_equals": func(a, b shape) truth {
		if a.bound != b.bound {
			return no
		}
		return ask(geom.Equals, a, b)
	},
	"s_touches": func(a, b shape) truth {
		if !a.bound.Intersects(b.bound) {
			return no
		}
		if p, area := pointAndArea(a, b); area != nil {
			return truthOf(locate(p, area) == onBoundary)
		}
		return ask(geom.Touches, a, b)
	},
	"s_crosses":  unlessPoint(geom.Crosses),
	"s_overlaps": unlessPoint(geom.Overlaps),
}

// unlessPoint answers for relations that a single point never has with an area.
func unlessPoint(relation func(a, b geom.Geometry) (bool, error)) func(a, b shape) truth {
	return func(a, b shape) truth {
		if !a.bound.Intersects(b.bound) {
			return no
		}
		if _, area := pointAndArea(a, b); area != nil {
			return no
		}
		return ask(relation, a, b)
	}
}

func within(a, b shape) truth {
	if !b.bound.Contains(a.bound.Min) || !b.bound.Contains(a.bound.Max) {
		return no
	}
	if p, ok := a.g.(orb.Point); ok && isArea(b.g) {
		return truthOf(locate(p, b.g) == inside)
	}
	return ask(geom.Within, a, b)
}

// ask is false where the library finds no answer: a feature that is no valid geometry.
func ask(relation func(a, b geom.Geometry) (bool, error), a, b shape) truth {
	ok, err := relation(a.converted(), b.converted())
	return truthOf(ok && err == nil)
}

func isArea(g orb.Geometry) bool {
	switch g.(type) {
	case orb.Polygon, orb.MultiPolygon:
		return true
	}
	return false
}

func pointAndArea(a, b shape) (p orb.Point, area orb.Geometry) {
	if p, ok := a.g.(orb.Point); ok && isArea(b.g) {
		return p, b.g
	}
	if p, ok := b.g.(orb.Point); ok && isArea(a.g) {
		return p, a.g
	}
	return p, nil
}

func meet(a, b shape) bool {
	return a.bound.Intersects(b.bound) && intersects(a.g, b.g, a.bound, b.bound)
}

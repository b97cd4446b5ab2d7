package cql2

import (
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"
)

// Transform returns e with the corners of its geometries converted, for filters that are written in another coordinate system (filter-crs). A box
// becomes the polygon of its corners, because it may stand askew. e is not changed.
func Transform(e Expr, convert func(orb.Point) orb.Point) Expr {
	switch e := e.(type) {
	case Geometry:
		return Geometry{project.Geometry(orb.Clone(e.Geometry), convert)}
	case BBox:
		return Geometry{project.Geometry(e.Shape(), convert)}
	case Array:
		return Array(transformed(e, convert))
	case *Op:
		return &Op{Name: e.Name, Args: transformed(e.Args, convert), Pos: e.Pos}
	}
	return e
}

func transformed(list []Expr, convert func(orb.Point) orb.Point) []Expr {
	out := make([]Expr, len(list))
	for i, e := range list {
		out[i] = Transform(e, convert)
	}
	return out
}

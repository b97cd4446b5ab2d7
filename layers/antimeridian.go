package layers

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
)

// maxTurns is how many times round the world a geometry may reach; what lies farther is left as it is.
const maxTurns = 2

// withinWorld returns a geometry that reaches over the antimeridian, with longitudes beyond 180, in parts that do not (RFC 7946, 3.1.9). It is the one place
// where that is done: tiles, boxes and answers know longitudes from -180 to 180 alone. g is not changed.
func withinWorld(g orb.Geometry, b orb.Bound) orb.Geometry {
	if b.Min[0] >= -180 && b.Max[0] <= 180 {
		return g
	}
	turn := func(lon float64) float64 { return math.Floor((lon + 180) / 360) }
	west, east := turn(b.Min[0]), turn(b.Max[0])
	if b.Max[0] == 180+360*(east-1) { // the meridian itself is still the east of its world
		east--
		west = min(west, east)
	}
	if math.Abs(west) > maxTurns || math.Abs(east) > maxTurns {
		return g
	}
	var parts []orb.Geometry
	for k := west; k <= east; k++ {
		world := orb.Bound{Min: orb.Point{360*k - 180, -math.MaxFloat64}, Max: orb.Point{360*k + 180, math.MaxFloat64}}
		part := clip.Geometry(world, orb.Clone(g))
		if part == nil || (k > west && k < east && part.Bound().IsEmpty()) {
			continue
		}
		if part = shifted(part, -360*k); !part.Bound().IsEmpty() {
			parts = append(parts, part)
		}
	}
	return together(parts)
}

// shifted moves a geometry east, in place.
func shifted(g orb.Geometry, by float64) orb.Geometry {
	switch g := g.(type) {
	case orb.Point:
		g[0] += by
		return g
	case orb.Collection:
		for i, c := range g {
			g[i] = shifted(c, by)
		}
		return g
	}
	eachRun(g, func(points []orb.Point) {
		for i := range points {
			points[i][0] += by
		}
	})
	return g
}

// together makes one geometry of parts of one: of their kind where they have one.
func together(parts []orb.Geometry) orb.Geometry {
	var (
		points   orb.MultiPoint
		lines    orb.MultiLineString
		polygons orb.MultiPolygon
		all      orb.Collection
	)
	if len(parts) == 1 {
		return parts[0]
	}
	for _, g := range parts {
		switch g := g.(type) {
		case orb.Point:
			points = append(points, g)
		case orb.MultiPoint:
			points = append(points, g...)
		case orb.LineString:
			lines = append(lines, g)
		case orb.MultiLineString:
			lines = append(lines, g...)
		case orb.Polygon:
			polygons = append(polygons, g)
		case orb.MultiPolygon:
			polygons = append(polygons, g...)
		case orb.Collection:
			all = append(all, g...)
		}
	}
	for _, g := range []orb.Geometry{points, lines, polygons} {
		if !g.Bound().IsEmpty() {
			if len(all) == 0 && len(points)*len(lines)+len(points)*len(polygons)+len(lines)*len(polygons) == 0 {
				return g
			}
			all = append(all, g)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

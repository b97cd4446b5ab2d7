package layers

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// Distance returns the shortest way from p to g over the ground in metres, 0 inside of a polygon. It measures on a plane
// that touches the WGS 84 ellipsoid between the two: within 0.1 % up to 100 km. p is in EPSG:4326, as g; nil is infinitely far.
func Distance(p orb.Point, g orb.Geometry) float64 {
	if at, ok := g.(orb.Point); ok {
		v := onPlane(p, at)
		return math.Hypot(v[0], v[1])
	}
	if g == nil {
		return math.Inf(1)
	}
	flat := flatten(p, g)
	switch flat := flat.(type) {
	case orb.Polygon:
		if planar.PolygonContains(flat, orb.Point{}) {
			return 0
		}
	case orb.MultiPolygon:
		if planar.MultiPolygonContains(flat, orb.Point{}) {
			return 0
		}
	case orb.Collection:
		least := math.Inf(1)
		for _, member := range g.(orb.Collection) {
			least = min(least, Distance(p, member))
		}
		return least
	}
	return planar.DistanceFrom(flat, orb.Point{})
}

// onPlane returns where to lies as seen from from: metres to the east and to the north.
func onPlane(from, to orb.Point) orb.Point {
	phi := (from[1] + to[1]) / 2 * math.Pi / 180
	perLat := 111132.954 - 559.822*math.Cos(2*phi) + 1.175*math.Cos(4*phi)
	perLon := 111412.84*math.Cos(phi) - 93.5*math.Cos(3*phi) + 0.118*math.Cos(5*phi)
	return orb.Point{(to[0] - from[0]) * perLon, (to[1] - from[1]) * perLat}
}

// flatten returns a copy of g on the plane around p.
func flatten(p orb.Point, g orb.Geometry) orb.Geometry {
	flat := orb.Clone(g)
	eachRun(flat, func(points []orb.Point) {
		for i := range points {
			points[i] = onPlane(p, points[i])
		}
	})
	return flat
}

// eachRun visits the runs of coordinates of all but points and collections, to be changed in place.
func eachRun(g orb.Geometry, visit func([]orb.Point)) {
	switch g := g.(type) {
	case orb.MultiPoint:
		visit(g)
	case orb.LineString:
		visit(g)
	case orb.Ring:
		visit(g)
	case orb.MultiLineString:
		for _, l := range g {
			visit(l)
		}
	case orb.Polygon:
		for _, r := range g {
			visit(r)
		}
	case orb.MultiPolygon:
		for _, poly := range g {
			eachRun(poly, visit)
		}
	}
}

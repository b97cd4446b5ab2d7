package demo

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"
)

// Everything is generated on a plane of metres east and north of the county's middle, and moved to EPSG:4326 as it is
// written. The plane is linear in degrees, so shared corners stay shared; inside the county it is true to 0.3 %.
var origin = orb.Point{119.57, 29.84}

const (
	metresPerLon = 96641.0  // at 29.84° N on WGS 84
	metresPerLat = 110849.0 // the same
)

func toPlane(p orb.Point) orb.Point {
	return orb.Point{(p[0] - origin[0]) * metresPerLon, (p[1] - origin[1]) * metresPerLat}
}

func toWorld(p orb.Point) orb.Point {
	return orb.Point{origin[0] + p[0]/metresPerLon, origin[1] + p[1]/metresPerLat}
}

// world returns a copy of g, which lies on the plane, in EPSG:4326.
func world[G orb.Geometry](g G) orb.Geometry { return project.Geometry(orb.Clone(g), toWorld) }

// line converts hand-made coordinates, longitude and latitude in turn.
func line(lonLat ...float64) orb.LineString {
	ls := make(orb.LineString, 0, len(lonLat)/2)
	for i := 0; i+1 < len(lonLat); i += 2 {
		ls = append(ls, toPlane(orb.Point{lonLat[i], lonLat[i+1]}))
	}
	return ls
}

func add(a, b orb.Point) orb.Point           { return orb.Point{a[0] + b[0], a[1] + b[1]} }
func sub(a, b orb.Point) orb.Point           { return orb.Point{a[0] - b[0], a[1] - b[1]} }
func scale(a orb.Point, f float64) orb.Point { return orb.Point{a[0] * f, a[1] * f} }
func distance(a, b orb.Point) float64        { return math.Hypot(a[0]-b[0], a[1]-b[1]) }
func between(a, b orb.Point, t float64) orb.Point {
	return orb.Point{a[0] + (b[0]-a[0])*t, a[1] + (b[1]-a[1])*t}
}
func left(a orb.Point) orb.Point { return orb.Point{-a[1], a[0]} }

func unit(a orb.Point) orb.Point {
	if l := math.Hypot(a[0], a[1]); l > 0 {
		return scale(a, 1/l)
	}
	return a
}

func rotate(a orb.Point, radians float64) orb.Point {
	s, c := math.Sincos(radians)
	return orb.Point{a[0]*c - a[1]*s, a[0]*s + a[1]*c}
}

// bearing is the compass direction from a to b, degrees clockwise from north, 0 ≤ bearing < 360.
func bearing(a, b orb.Point) float64 {
	d := math.Atan2(b[0]-a[0], b[1]-a[1]) * 180 / math.Pi
	return math.Mod(d+360, 360)
}

// toSegment is the distance of p from the segment a–b, and how far along it the nearest place is (0 to 1).
func toSegment(p, a, b orb.Point) (metres, t float64) {
	d := sub(b, a)
	if l := d[0]*d[0] + d[1]*d[1]; l > 0 {
		t = min(1, max(0, ((p[0]-a[0])*d[0]+(p[1]-a[1])*d[1])/l))
	}
	return distance(p, between(a, b, t)), t
}

// crosses reports whether the segments a–b and c–d meet in their insides.
func crosses(a, b, c, d orb.Point) bool {
	side := func(p, q, r orb.Point) float64 { return (q[0]-p[0])*(r[1]-p[1]) - (q[1]-p[1])*(r[0]-p[0]) }
	return side(a, b, c)*side(a, b, d) < 0 && side(c, d, a)*side(c, d, b) < 0
}

// smooth cuts the corners of a line n times (Chaikin) and keeps its ends.
func smooth(ls orb.LineString, n int) orb.LineString {
	for range n {
		if len(ls) < 3 {
			return ls
		}
		out := make(orb.LineString, 0, 2*len(ls))
		out = append(out, ls[0])
		for i := range len(ls) - 1 {
			if i > 0 {
				out = append(out, between(ls[i], ls[i+1], 0.25))
			}
			if i < len(ls)-2 {
				out = append(out, between(ls[i], ls[i+1], 0.75))
			}
		}
		ls = append(out, ls[len(ls)-1])
	}
	return ls
}

// along returns the place at a distance from the start of a line, and the direction there.
func along(ls orb.LineString, metres float64) (p, direction orb.Point) {
	for i := range len(ls) - 1 {
		l := distance(ls[i], ls[i+1])
		if metres <= l || i == len(ls)-2 {
			return between(ls[i], ls[i+1], min(1, metres/max(l, 1e-9))), unit(sub(ls[i+1], ls[i]))
		}
		metres -= l
	}
	return ls[0], orb.Point{1, 0}
}

func length(ls orb.LineString) float64 {
	var sum float64
	for i := range len(ls) - 1 {
		sum += distance(ls[i], ls[i+1])
	}
	return sum
}

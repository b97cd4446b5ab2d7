package crs

import (
	"math"

	"github.com/paulmach/orb"
)

// The formula is the one that has been public since 2010 and that eviltransform (github.com/googollee/eviltransform, MIT) and
// coordtransform (github.com/wandergis/coordtransform, MIT) carry; against AMap's own service it is exact to about a metre.
const (
	krasovskyA  = 6378245.0              // semi-major axis, metres (Krasovsky 1940)
	krasovskyE2 = 0.00669342162296594323 // first eccentricity squared

	// inverseLimit ends the fixed-point inverses, in degrees: 1e-9° is 0.1 mm.
	inverseLimit = 1e-9
	inverseSteps = 30
)

// InChina reports whether the formula applies at p. It is the customary rectangle, not the border: neighbours' edges are in it.
func InChina(p orb.Point) bool {
	return p[0] >= 72.004 && p[0] <= 137.8347 && p[1] >= 0.8293 && p[1] <= 55.8271
}

// WGS84ToGCJ02 shifts p; outside of InChina it is returned unchanged.
func WGS84ToGCJ02(p orb.Point) orb.Point {
	if !InChina(p) {
		return p
	}
	return shift(p)
}

// GCJ02ToWGS84 is the inverse, by fixed-point iteration: the round trip is exact to under a millimetre. Outside of InChina p is
// returned unchanged.
func GCJ02ToWGS84(p orb.Point) orb.Point {
	if !InChina(p) {
		return p
	}
	return invert(shift, p)
}

func shift(p orb.Point) orb.Point {
	x, y := p[0]-105, p[1]-35
	root := math.Sqrt(math.Abs(x))
	ripple := 20*math.Sin(6*x*math.Pi) + 20*math.Sin(2*x*math.Pi)
	dLat := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*root +
		(ripple+20*math.Sin(y*math.Pi)+40*math.Sin(y/3*math.Pi)+160*math.Sin(y/12*math.Pi)+320*math.Sin(y*math.Pi/30))*2/3
	dLon := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*root +
		(ripple+20*math.Sin(x*math.Pi)+40*math.Sin(x/3*math.Pi)+150*math.Sin(x/12*math.Pi)+300*math.Sin(x/30*math.Pi))*2/3

	// From metres on the ellipsoid to degrees at this latitude.
	lat := p[1] * math.Pi / 180
	s := math.Sin(lat)
	w2 := 1 - krasovskyE2*s*s
	w := math.Sqrt(w2)
	meridian := krasovskyA * (1 - krasovskyE2) / (w2 * w)
	parallel := krasovskyA / w * math.Cos(lat)
	return orb.Point{p[0] + dLon/parallel*180/math.Pi, p[1] + dLat/meridian*180/math.Pi}
}

// invert finds the point that f moves to p. It wants an f that moves neighbours by nearly the same amount.
func invert(f func(orb.Point) orb.Point, p orb.Point) orb.Point {
	q := p
	for range inverseSteps {
		moved := f(q)
		dx, dy := moved[0]-p[0], moved[1]-p[1]
		q = orb.Point{q[0] - dx, q[1] - dy}
		if math.Abs(dx) < inverseLimit && math.Abs(dy) < inverseLimit {
			break
		}
	}
	return q
}

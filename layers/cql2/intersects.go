package cql2

import (
	"math"

	"github.com/paulmach/orb"
)

// place of a point in regard to an area.
type place int8

const (
	outside place = iota
	onBoundary
	inside
)

// intersects reports whether two geometries have a point in common. ba and bb are their bounds. It costs the product of the numbers of those
// sides that lie in the other's bound, and allocates nothing.
func intersects(a, b orb.Geometry, ba, bb orb.Bound) bool {
	switch a := a.(type) {
	case orb.Point:
		return bb.Contains(a) && covers(b, a)
	case orb.MultiPoint:
		for _, p := range a {
			if bb.Contains(p) && covers(b, p) {
				return true
			}
		}
		return false
	case orb.MultiLineString:
		for _, l := range a {
			if intersects(l, b, l.Bound(), bb) {
				return true
			}
		}
		return false
	case orb.MultiPolygon:
		for _, p := range a {
			if intersects(p, b, p.Bound(), bb) {
				return true
			}
		}
		return false
	case orb.Collection:
		for _, g := range a {
			if intersects(g, b, g.Bound(), bb) {
				return true
			}
		}
		return false
	}
	if !ba.Intersects(bb) {
		return false
	}
	switch b.(type) { // a is a line or a polygon
	case orb.LineString, orb.Polygon:
	default:
		return intersects(b, a, bb, ba)
	}
	if sidesMeet(a, b, ba, bb) {
		return true
	}
	// No side meets another: one lies wholly in the other, or they are apart. One corner of each tells.
	return isArea(a) && locate(corner(b), a) != outside || isArea(b) && locate(corner(a), b) != outside
}

func corner(g orb.Geometry) orb.Point {
	switch g := g.(type) {
	case orb.LineString:
		if len(g) > 0 {
			return g[0]
		}
	case orb.Polygon:
		if len(g) > 0 && len(g[0]) > 0 {
			return g[0][0]
		}
	}
	return orb.Point{math.Inf(1), math.Inf(1)}
}

// covers reports whether p lies in g or on its boundary.
func covers(g orb.Geometry, p orb.Point) bool {
	switch g := g.(type) {
	case orb.Point:
		return g == p
	case orb.MultiPoint:
		for _, q := range g {
			if q == p {
				return true
			}
		}
	case orb.LineString:
		return onLine(p, g)
	case orb.MultiLineString:
		for _, l := range g {
			if onLine(p, l) {
				return true
			}
		}
	case orb.Polygon, orb.MultiPolygon:
		return locate(p, g) != outside
	case orb.Collection:
		for _, m := range g {
			if covers(m, p) {
				return true
			}
		}
	}
	return false
}

func onLine(p orb.Point, l []orb.Point) bool {
	for i := 1; i < len(l); i++ {
		if onSide(p, l[i-1], l[i]) {
			return true
		}
	}
	return len(l) == 1 && l[0] == p
}

func onSide(p, a, b orb.Point) bool {
	return min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) && min(a[1], b[1]) <= p[1] && p[1] <= max(a[1], b[1]) && turn(a, b, p) == 0
}

// locate returns where p lies in regard to a polygon or several.
func locate(p orb.Point, g orb.Geometry) place {
	switch g := g.(type) {
	case orb.Polygon:
		return inPolygon(p, g)
	case orb.MultiPolygon:
		best := outside
		for _, poly := range g {
			best = max(best, inPolygon(p, poly))
		}
		return best
	}
	return outside
}

func inPolygon(p orb.Point, poly orb.Polygon) place {
	for i, r := range poly {
		at := inRing(p, r)
		switch {
		case at == onBoundary:
			return onBoundary
		case i == 0 && at == outside, i > 0 && at == inside:
			return outside
		}
	}
	if len(poly) == 0 {
		return outside
	}
	return inside
}

// inRing counts how often a ray to the east crosses the ring.
func inRing(p orb.Point, r orb.Ring) place {
	in := false
	for i := 1; i < len(r); i++ {
		a, b := r[i-1], r[i]
		if a[1] > p[1] && b[1] > p[1] || a[1] < p[1] && b[1] < p[1] || a[0] < p[0] && b[0] < p[0] {
			continue
		}
		t := turn(a, b, p)
		if t == 0 && min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) {
			return onBoundary
		}
		if (a[1] > p[1]) != (b[1] > p[1]) && (t > 0) == (b[1] > a[1]) {
			in = !in
		}
	}
	if in {
		return inside
	}
	return outside
}

// sidesMeet reports whether a side of a meets one of b; both are a line or a polygon.
func sidesMeet(a, b orb.Geometry, ba, bb orb.Bound) bool {
	switch a := a.(type) {
	case orb.LineString:
		return lineMeets(a, b, ba, bb)
	case orb.Polygon:
		for _, r := range a {
			if lineMeets(r, b, ba, bb) {
				return true
			}
		}
	}
	return false
}

func lineMeets(l []orb.Point, b orb.Geometry, bl, bb orb.Bound) bool {
	for i := 1; i < len(l); i++ {
		p, q := l[i-1], l[i]
		if apart(p, q, bb.Min, bb.Max) {
			continue
		}
		switch b := b.(type) {
		case orb.LineString:
			if sideMeets(p, q, b) {
				return true
			}
		case orb.Polygon:
			for _, r := range b {
				if sideMeets(p, q, r) {
					return true
				}
			}
		}
	}
	return false
}

func sideMeets(p, q orb.Point, l []orb.Point) bool {
	for i := 1; i < len(l); i++ {
		if !apart(p, q, l[i-1], l[i]) && cross(p, q, l[i-1], l[i]) {
			return true
		}
	}
	return false
}

// apart reports whether the boxes of two sides have nothing in common.
func apart(p, q, a, b orb.Point) bool {
	return max(p[0], q[0]) < min(a[0], b[0]) || max(a[0], b[0]) < min(p[0], q[0]) || max(p[1], q[1]) < min(a[1], b[1]) || max(a[1], b[1]) < min(p[1], q[1])
}

// cross reports whether two sides, whose boxes meet, have a point in common.
func cross(p, q, a, b orb.Point) bool {
	return turn(p, q, a)*turn(p, q, b) <= 0 && turn(a, b, p)*turn(a, b, q) <= 0
}

// turn returns on which side of a→b the point c lies: 1 left, -1 right, 0 on the line. Doubtful cases are decided in doubled precision.
func turn(a, b, c orb.Point) int {
	l, r := (a[0]-c[0])*(b[1]-c[1]), (a[1]-c[1])*(b[0]-c[0])
	det := l - r
	if bound := 3.3306690738754716e-16 * (math.Abs(l) + math.Abs(r)); det > bound || -det > bound {
		return sign(det)
	}
	// Differences are exact as pairs (high, low); so are their products up to about 106 bits.
	axh, axl := difference(a[0], c[0])
	ayh, ayl := difference(a[1], c[1])
	bxh, bxl := difference(b[0], c[0])
	byh, byl := difference(b[1], c[1])
	lh, ll := product(axh, axl, byh, byl)
	rh, rl := product(ayh, ayl, bxh, bxl)
	dh, dl := difference(lh, rh)
	return sign(dh + (dl + (ll - rl)))
}

func difference(a, b float64) (high, low float64) {
	high = a - b
	t := high - a
	return high, (a - (high - t)) - (b + t)
}

func product(ah, al, bh, bl float64) (high, low float64) {
	high = ah * bh
	return high, math.FMA(ah, bh, -high) + (float64(ah*bl) + float64(al*bh))
}

func sign(f float64) int {
	switch {
	case f > 0:
		return 1
	case f < 0:
		return -1
	}
	return 0
}

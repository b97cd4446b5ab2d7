package postgis

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// arcSteps is in how many lines a quarter of a circle is drawn: as many as ST_CurveToLine makes of it.
const arcSteps = 32

// linearise draws a circular string, whose corners are by turns on the arc's ends and in its middle. O(corners · arcSteps).
func linearise(ps []orb.Point) (orb.LineString, error) {
	if len(ps) == 0 {
		return nil, nil
	}
	if len(ps)%2 == 0 || len(ps) < 3 {
		return nil, fmt.Errorf("a circular string of %d corners", len(ps))
	}
	out := make(orb.LineString, 1, 1+len(ps)*arcSteps)
	out[0] = ps[0]
	for i := 0; i+2 < len(ps); i += 2 {
		out = appendArc(out, ps[i], ps[i+1], ps[i+2])
	}
	return out, nil
}

// appendArc appends the arc from a by way of m to b, without a. Where the three are on a line it is that line; where a is b, a whole circle of which m is opposite.
func appendArc(out orb.LineString, a, m, b orb.Point) orb.LineString {
	var c orb.Point
	turn := (m[0]-a[0])*(b[1]-a[1]) - (m[1]-a[1])*(b[0]-a[0]) // over 0: to the left
	switch {
	case a == b:
		c = orb.Point{(a[0] + m[0]) / 2, (a[1] + m[1]) / 2}
	case turn == 0:
		return append(out, m, b)
	default: // the centre is as far from a as from m and b
		mx, my, bx, by := m[0]-a[0], m[1]-a[1], b[0]-a[0], b[1]-a[1]
		mm, bb := mx*mx+my*my, bx*bx+by*by
		c = orb.Point{a[0] + (by*mm-my*bb)/(2*turn), a[1] + (mx*bb-bx*mm)/(2*turn)}
	}
	radius := math.Hypot(a[0]-c[0], a[1]-c[1])
	from := math.Atan2(a[1]-c[1], a[0]-c[0])
	sweep := 2 * math.Pi
	if a != b {
		sweep = math.Atan2(b[1]-c[1], b[0]-c[0]) - from
		if turn > 0 && sweep < 0 {
			sweep += 2 * math.Pi
		} else if turn < 0 && sweep > 0 {
			sweep -= 2 * math.Pi
		}
	}
	steps := max(1, math.Ceil(math.Abs(sweep)/(math.Pi/2)*arcSteps))
	if math.IsNaN(steps) || math.IsInf(radius, 0) {
		return append(out, m, b)
	}
	for i := 1.0; i < steps; i++ {
		sin, cos := math.Sincos(from + sweep*i/steps)
		out = append(out, orb.Point{c[0] + radius*cos, c[1] + radius*sin})
	}
	return append(out, b)
}

// joined makes one line of the parts of a compound curve, each of which begins where the one before ends.
func joined(parts []orb.Geometry) (orb.Geometry, error) {
	lines, err := gather[orb.MultiLineString](parts)
	if err != nil {
		return nil, err
	}
	var out orb.LineString
	for _, l := range lines.(orb.MultiLineString) {
		if len(out) > 0 && len(l) > 0 && out[len(out)-1] == l[0] {
			l = l[1:]
		}
		out = append(out, l...)
	}
	return out, nil
}

// ringed makes a polygon of the rings of a curve polygon.
func ringed(parts []orb.Geometry) (orb.Geometry, error) {
	p := make(orb.Polygon, len(parts))
	for i, part := range parts {
		l, ok := part.(orb.LineString)
		if !ok {
			return nil, fmt.Errorf("a %s is a ring", part.GeoJSONType())
		}
		p[i] = orb.Ring(l)
	}
	return p, nil
}

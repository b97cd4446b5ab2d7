package cap

import (
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"wanglou/layers"
)

const (
	circleCorners = 128
	maxRadius     = 1000.0 // kilometres
	pointRadius   = 0.01   // kilometres: what a circle of radius 0, CAP's way to say a point, becomes
)

// polygon reads "lat,lon lat,lon …": at least four points, the last one the first.
func polygon(field, text string, room int) (orb.Polygon, error) {
	pairs := strings.Fields(text)
	switch {
	case len(pairs) == 0:
		return nil, layers.Invalid(field, "empty_polygon", "the polygon is empty")
	case len(pairs) > room:
		return nil, errTooManyPoints(field)
	}
	ring := make(orb.Ring, 0, len(pairs))
	for _, pair := range pairs {
		p, err := point(field, pair)
		if err != nil {
			return nil, err
		}
		ring = append(ring, p)
	}
	switch {
	case len(ring) < 4:
		return nil, layers.Invalid(field, "too_few_points", "a polygon has at least four points, this one has %d", len(ring))
	case ring[0] != ring[len(ring)-1]:
		return nil, layers.Invalid(field, "open_ring", "the last point of a polygon is its first")
	}
	for i := 1; i < len(ring); i++ {
		if math.Abs(ring[i][0]-ring[i-1][0]) > 180 {
			return nil, layers.Invalid(field, "over_antimeridian", "the polygon reaches over the antimeridian")
		}
	}
	if !isSimple(ring) {
		return nil, layers.Invalid(field, "self_intersection", "the polygon crosses or touches itself, or has no area")
	}
	if ring.Orientation() == orb.CW {
		ring.Reverse()
	}
	return orb.Polygon{ring}, nil
}

func errTooManyPoints(field string) error {
	return layers.Invalid(field, "too_many_points", "the shapes of a message have at most %d points", maxPoints)
}

// isSimple reports whether a closed ring bounds one area.
func isSimple(ring orb.Ring) bool {
	flat := make([]float64, 0, 2*len(ring))
	for i, p := range ring {
		if i == 0 || p != ring[i-1] {
			flat = append(flat, p[0], p[1])
		}
	}
	if len(flat) < 8 {
		return false
	}
	line := geom.NewLineString(geom.NewSequence(flat, geom.DimXY))
	return geom.NewPolygon([]geom.LineString{line}).Validate() == nil && ring.Orientation() != 0
}

// point reads "lat,lon".
func point(field, text string) (orb.Point, error) {
	lat, lon, ok := strings.Cut(text, ",")
	y, okY := number(lat)
	x, okX := number(lon)
	if !ok || !okX || !okY {
		return orb.Point{}, layers.Invalid(field, "not_a_value", "%q is not latitude,longitude", short(text))
	}
	p := orb.Point{x, y}
	return p, layers.ValidatePoint(field, p)
}

// number reads a decimal number, and nothing else that Go takes for one.
func number(text string) (float64, bool) {
	if len(text) > 40 || strings.Trim(text, "+-.0123456789eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// circle reads "lat,lon radius", the radius in kilometres, and returns the polygon whose corners lie that far from the centre on the ellipsoid.
func circle(field, text string, room int) (orb.Polygon, error) {
	if room <= circleCorners {
		return nil, errTooManyPoints(field)
	}
	parts := strings.Fields(text)
	if len(parts) != 2 {
		return nil, layers.Invalid(field, "not_a_value", "%q is not latitude,longitude radius", short(text))
	}
	centre, err := point(field, parts[0])
	if err != nil {
		return nil, err
	}
	km, ok := number(parts[1])
	switch {
	case !ok:
		return nil, layers.Invalid(field, "not_a_value", "%q is not a radius in kilometres", short(parts[1]))
	case km < 0 || km > maxRadius:
		return nil, layers.Invalid(field, "out_of_range", "a radius is between 0 and %g km", maxRadius)
	}
	metres := 1000 * max(km, pointRadius)
	ring := make(orb.Ring, 0, circleCorners+1)
	for i := range circleCorners { // counterclockwise
		ring = append(ring, destination(centre, -2*math.Pi*float64(i)/circleCorners, metres))
	}
	ring = append(ring, ring[0])
	if north, south := destination(centre, 0, metres), destination(centre, math.Pi, metres); north[1] < centre[1] || south[1] > centre[1] {
		return nil, layers.Invalid(field, "over_pole", "the circle holds a pole")
	}
	for _, p := range ring {
		switch {
		case math.Abs(p[0]-centre[0]) > 170:
			return nil, layers.Invalid(field, "over_pole", "the circle holds a pole")
		case math.Abs(p[0]) > 180:
			return nil, layers.Invalid(field, "over_antimeridian", "the circle reaches over the antimeridian")
		}
	}
	return orb.Polygon{ring}, nil
}

// destination returns the point at a distance in metres from p on the WGS 84 ellipsoid, in the direction of an azimuth in radians clockwise from
// north: Vincenty's direct formula, exact to a millimetre. The longitude is not folded back into the world.
func destination(p orb.Point, azimuth, metres float64) orb.Point {
	const a, f = 6378137.0, 1 / 298.257223563
	const b = a * (1 - f)
	sin1, cos1 := math.Sincos(azimuth)
	tanU := (1 - f) * math.Tan(p[1]*math.Pi/180)
	cosU := 1 / math.Sqrt(1+tanU*tanU)
	sinU := tanU * cosU
	sigma1 := math.Atan2(tanU, cos1)
	sinA := cosU * sin1
	cos2A := 1 - sinA*sinA
	u2 := cos2A * (a*a - b*b) / (b * b)
	ka := 1 + u2/16384*(4096+u2*(-768+u2*(320-175*u2)))
	kb := u2 / 1024 * (256 + u2*(-128+u2*(74-47*u2)))
	sigma := metres / (b * ka)
	var sin, cos, cosM float64
	for range 20 {
		cosM = math.Cos(2*sigma1 + sigma)
		sin, cos = math.Sincos(sigma)
		by := kb * sin * (cosM + kb/4*(cos*(-1+2*cosM*cosM)-kb/6*cosM*(-3+4*sin*sin)*(-3+4*cosM*cosM)))
		next := metres/(b*ka) + by
		if math.Abs(next-sigma) < 1e-12 {
			break
		}
		sigma = next
	}
	t := sinU*sin - cosU*cos*cos1
	lat := math.Atan2(sinU*cos+cosU*sin*cos1, (1-f)*math.Sqrt(sinA*sinA+t*t))
	lambda := math.Atan2(sin*sin1, cosU*cos-sinU*sin*cos1)
	c := f / 16 * cos2A * (4 + f*(4-3*cos2A))
	l := lambda - (1-c)*f*sinA*(sigma+c*sin*(cosM+c*cos*(-1+2*cosM*cosM)))
	return orb.Point{p[0] + l*180/math.Pi, lat * 180 / math.Pi}
}

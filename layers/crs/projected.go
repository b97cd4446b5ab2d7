package crs

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"
)

// Reference is a coordinate reference system of EPSG in which features are asked for and given. Its coordinates stand in the order that EPSG
// says: latitude or northing first for most. Make use of those in [References]; they are not changed.
type Reference struct {
	EPSG  int    // 0 for CRS84: EPSG:4326 with longitude first
	Name  string // as EPSG has it
	Swap  bool   // the second axis of ours (latitude, north) comes first
	Metre bool   // its unit is the metre, else the degree
	zone  *zone
}

// CRS84 is WGS 84 with longitude first: how everything is kept.
var CRS84 = &Reference{Name: "WGS 84 (CRS84)"}

const (
	uriCRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
	uriEPSG  = "http://www.opengis.net/def/crs/EPSG/0/"
)

// References lists every system that is converted in process: CRS84, WGS 84, Web Mercator, CGCS2000, and CGCS2000's 3-degree Gauss–Krüger
// zones, with (4513–4533) and without (4534–4554) the zone's number in the easting.
var References = func() []*Reference {
	all := []*Reference{CRS84, {EPSG: 4326, Name: "WGS 84", Swap: true}, {EPSG: 3857, Name: "WGS 84 / Pseudo-Mercator", Metre: true}, {EPSG: 4490, Name: "China Geodetic Coordinate System 2000", Swap: true}}
	for n := 25; n <= 45; n++ {
		all = append(all, &Reference{EPSG: 4513 + n - 25, Name: "CGCS2000 / 3-degree Gauss-Kruger zone " + strconv.Itoa(n), Swap: true, Metre: true,
			zone: &zone{meridian: float64(3 * n), easting: float64(n)*1e6 + 500_000}})
	}
	for n := 25; n <= 45; n++ {
		all = append(all, &Reference{EPSG: 4534 + n - 25, Name: "CGCS2000 / 3-degree Gauss-Kruger CM " + strconv.Itoa(3*n) + "E", Swap: true, Metre: true,
			zone: &zone{meridian: float64(3 * n), easting: 500_000}})
	}
	return all
}()

// URI returns the name that OGC gives the system.
func (r *Reference) URI() string {
	if r.EPSG == 0 {
		return uriCRS84
	}
	return uriEPSG + strconv.Itoa(r.EPSG)
}

// Find returns the system of a name: its URI, urn:ogc:def:crs:…, or a short form (EPSG:4549, [EPSG:4549], CRS84); ok is false for systems that are not
// converted here.
func Find(name string) (r *Reference, ok bool) {
	s := strings.TrimSpace(name)
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	s = strings.Replace(s, "https://", "http://", 1)
	switch strings.ToUpper(s) {
	case strings.ToUpper(uriCRS84), "CRS84", "OGC:CRS84", "URN:OGC:DEF:CRS:OGC:1.3:CRS84", "URN:OGC:DEF:CRS:OGC::CRS84":
		return CRS84, true
	}
	for _, prefix := range []string{uriEPSG, "urn:ogc:def:crs:EPSG::", "EPSG:", "epsg:"} {
		if num, found := strings.CutPrefix(s, prefix); found {
			n, err := strconv.Atoi(num)
			i := slices.IndexFunc(References, func(r *Reference) bool { return r.EPSG == n })
			if err != nil || n == 0 || i < 0 {
				return nil, false
			}
			return References[i], true
		}
	}
	return nil, false
}

// FromWGS84 converts a point, longitude first, into the system, in the order of its axes.
func (r *Reference) FromWGS84(p orb.Point) orb.Point {
	switch {
	case r.zone != nil:
		p = r.zone.forward(p)
	case r.EPSG == 3857:
		p = project.WGS84.ToMercator(p)
	}
	if r.Swap {
		p[0], p[1] = p[1], p[0]
	}
	return p
}

// ToWGS84 converts a point of the system into WGS 84, longitude first.
func (r *Reference) ToWGS84(p orb.Point) orb.Point {
	if r.Swap {
		p[0], p[1] = p[1], p[0]
	}
	switch {
	case r.zone != nil:
		return r.zone.inverse(p)
	case r.EPSG == 3857:
		return project.Mercator.ToWGS84(p)
	}
	return p
}

// Identity reports whether the system's coordinates are those that are kept.
func (r *Reference) Identity() bool { return r.EPSG == 0 }

// zone is a transverse Mercator projection of CGCS2000's ellipsoid: scale 1 on the meridian, no false northing. The series of Krüger up to n⁶
// are exact to less than a micrometre within some thousand kilometres of the meridian.
type zone struct{ meridian, easting float64 }

// Constants of the ellipsoid: third flattening, radius of the rectifying sphere, eccentricity, and the coefficients of the series.
var (
	flattening = 1 / 298.257222101
	third      = flattening / (2 - flattening)
	radius     = 6378137 / (1 + third) * (1 + third*third/4 + math.Pow(third, 4)/64 + math.Pow(third, 6)/256)
	eccentric  = math.Sqrt(flattening * (2 - flattening))
	alpha      = series(third, [6][6]float64{
		{1. / 2, -2. / 3, 5. / 16, 41. / 180, -127. / 288, 7891. / 37800},
		{0, 13. / 48, -3. / 5, 557. / 1440, 281. / 630, -1983433. / 1935360},
		{0, 0, 61. / 240, -103. / 140, 15061. / 26880, 167603. / 181440},
		{0, 0, 0, 49561. / 161280, -179. / 168, 6601661. / 7257600},
		{0, 0, 0, 0, 34729. / 80640, -3418889. / 1995840},
		{0, 0, 0, 0, 0, 212378941. / 319334400},
	})
	beta = series(third, [6][6]float64{
		{1. / 2, -2. / 3, 37. / 96, -1. / 360, -81. / 512, 96199. / 604800},
		{0, 1. / 48, 1. / 15, -437. / 1440, 46. / 105, -1118711. / 3870720},
		{0, 0, 17. / 480, -37. / 840, -209. / 4480, 5569. / 90720},
		{0, 0, 0, 4397. / 161280, -11. / 504, -830251. / 7257600},
		{0, 0, 0, 0, 4583. / 161280, -108847. / 3991680},
		{0, 0, 0, 0, 0, 20648693. / 638668800},
	})
)

func series(n float64, c [6][6]float64) (out [6]float64) {
	for i, row := range c {
		for j, v := range row {
			out[i] += v * math.Pow(n, float64(j+1))
		}
	}
	return out
}

func (z *zone) forward(p orb.Point) orb.Point {
	lon, lat := (p[0]-z.meridian)*math.Pi/180, p[1]*math.Pi/180
	s := math.Sin(lat)
	t := math.Sinh(math.Atanh(s) - eccentric*math.Atanh(eccentric*s))
	xi, eta := math.Atan2(t, math.Cos(lon)), math.Atanh(math.Sin(lon)/math.Hypot(1, t))
	x, y := eta, xi
	for j, a := range alpha {
		k := float64(2 * (j + 1))
		x += a * math.Cos(k*xi) * math.Sinh(k*eta)
		y += a * math.Sin(k*xi) * math.Cosh(k*eta)
	}
	return orb.Point{z.easting + radius*x, radius * y}
}

func (z *zone) inverse(p orb.Point) orb.Point {
	eta, xi := (p[0]-z.easting)/radius, p[1]/radius
	x, y := eta, xi
	for j, b := range beta {
		k := float64(2 * (j + 1))
		x -= b * math.Cos(k*xi) * math.Sinh(k*eta)
		y -= b * math.Sin(k*xi) * math.Cosh(k*eta)
	}
	lon := math.Atan2(math.Sinh(x), math.Cos(y))
	want := math.Sin(y) / math.Hypot(math.Sinh(x), math.Cos(y)) // tangent of the conformal latitude
	t := want
	for range 5 { // Newton's way back to the geodetic latitude: three steps do
		sigma := math.Sinh(eccentric * math.Atanh(eccentric*t/math.Hypot(1, t)))
		f := t*math.Hypot(1, sigma) - sigma*math.Hypot(1, t) - want
		e2 := eccentric * eccentric
		d := (math.Hypot(1, sigma)*math.Hypot(1, t) - sigma*t) * (1 - e2) * math.Hypot(1, t) / (1 + (1-e2)*t*t)
		t -= f / d
	}
	return orb.Point{z.meridian + lon*180/math.Pi, math.Atan(t) * 180 / math.Pi}
}

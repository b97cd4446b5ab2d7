// Package crs converts between the coordinate systems that Chinese data comes in and EPSG:4326, in which everything is kept.
//
// Points are orb.Point, longitude first, degrees. The functions are pure and safe for concurrent use.
//
//   - WGS 84 (EPSG:4326) is what the product keeps.
//   - CGCS2000 (EPSG:4490) is the survey's datum. Its ellipsoid differs from WGS 84's by 0.1 mm in the semi-minor axis and its
//     frame by a few centimetres (plate motion since 2000 not counted), so the product takes its coordinates as they are.
//   - GCJ-02 is the obfuscated system of AMap, Tencent and most Chinese web maps: 100–700 m off, only inside China.
//   - BD-09 is Baidu's: GCJ-02 moved once more.
package crs

import (
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"

	"wanglou/layers"
)

// System names a coordinate system. Its zero value is not one.
type System string

const (
	WGS84    System = "wgs84"
	CGCS2000 System = "cgcs2000"
	GCJ02    System = "gcj02"
	BD09     System = "bd09"
)

// Systems lists the named systems. Every other system is named by its EPSG number.
var Systems = []System{WGS84, CGCS2000, GCJ02, BD09}

// Parse reads "wgs84", "gcj02", …, or "EPSG:n". The numbers of systems with names give the names; any other number is
// returned with an empty System, and converting it is the work of PROJ. CodeInvalid for anything else.
func Parse(s string) (System, int, error) {
	t := strings.ToLower(strings.TrimSpace(s))
	for _, sys := range Systems {
		if t == string(sys) || strings.ReplaceAll(t, "-", "") == string(sys) {
			return sys, 0, nil
		}
	}
	if num, ok := strings.CutPrefix(t, "epsg:"); ok {
		if n, err := strconv.Atoi(num); err == nil && n > 0 {
			switch n {
			case 4326:
				return WGS84, 0, nil
			case 4490:
				return CGCS2000, 0, nil
			}
			return "", n, nil
		}
	}
	return "", 0, layers.Invalid("crs", "unknown_crs", "coordinate system %q is none of wgs84, cgcs2000, gcj02, bd09, EPSG:<number>", s)
}

// ToWGS84 converts a point of system s. Unknown systems are taken as WGS 84.
func ToWGS84(s System, p orb.Point) orb.Point {
	switch s {
	case GCJ02:
		return GCJ02ToWGS84(p)
	case BD09:
		return GCJ02ToWGS84(BD09ToGCJ02(p))
	}
	return p
}

// FromWGS84 converts a point into system s. Unknown systems are taken as WGS 84.
func FromWGS84(s System, p orb.Point) orb.Point {
	switch s {
	case GCJ02:
		return WGS84ToGCJ02(p)
	case BD09:
		return GCJ02ToBD09(WGS84ToGCJ02(p))
	}
	return p
}

// Geometry converts every point of g from system s to WGS 84, in place, and returns g.
func Geometry(s System, g orb.Geometry) orb.Geometry {
	if g == nil || s == WGS84 || s == CGCS2000 {
		return g
	}
	return project.Geometry(g, func(p orb.Point) orb.Point { return ToWGS84(s, p) })
}

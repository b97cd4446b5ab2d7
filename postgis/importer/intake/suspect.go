package intake

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wanglou/layers/crs"
)

// Candidate is a coordinate system that coordinates might be in.
type Candidate struct {
	Name    string // as --crs takes it
	What    string // for people
	EPSG    int    // not 0: PostGIS has to convert
	Swapped bool   // x and y are the wrong way round
}

// String is the advice.
func (c Candidate) String() string {
	s := "--crs " + c.Name
	if c.What != "" {
		s += " (" + c.What + ")"
	}
	if c.Swapped {
		s += " with the two coordinates the other way round"
	}
	return s
}

// Convert brings a point into EPSG:4326 where that needs no database: EPSG is 0.
func (c Candidate) Convert(p orb.Point) orb.Point {
	if c.Swapped {
		p[0], p[1] = p[1], p[0]
	}
	return crs.ToWGS84(crs.System(c.Name), p)
}

// Candidates lists the systems in which points of this kind could be, the likelier ones first. Degrees are tried in the systems that have names;
// metres in CGCS2000's zones (Gauss–Krüger, 3° and 6°, with and without the zone before the easting), Web Mercator and UTM.
func Candidates(points []orb.Point) []Candidate {
	var out []Candidate
	if len(points) == 0 {
		return nil
	}
	x, y := median(points, 0), median(points, 1)
	if math.Abs(x) <= 180 && math.Abs(y) <= 180 {
		for _, swapped := range []bool{false, true} {
			for _, s := range []crs.System{crs.WGS84, crs.GCJ02, crs.BD09} {
				out = append(out, Candidate{Name: string(s), Swapped: swapped})
			}
		}
		return out
	}
	for _, swapped := range []bool{false, true} {
		east, north := x, y
		if swapped {
			east, north = y, x
		}
		for _, c := range metres(east, north) {
			c.Swapped = swapped
			out = append(out, c)
		}
	}
	return out
}

// metres lists projected systems that have such an easting and northing.
func metres(east, north float64) []Candidate {
	var out []Candidate
	add := func(epsg int, what string) {
		out = append(out, Candidate{Name: fmt.Sprintf("EPSG:%d", epsg), What: what, EPSG: epsg})
	}
	if north > 0 && north < 6.2e6 {
		zone := int(east / 1e6)
		rest := math.Mod(east, 1e6)
		plausible := rest > 1e5 && rest < 9e5
		switch {
		case plausible && zone >= 25 && zone <= 45:
			add(4488+zone, fmt.Sprintf("CGCS2000, 3° zone %d", zone)) // 4513 is zone 25
		case plausible && zone >= 13 && zone <= 23:
			add(4478+zone, fmt.Sprintf("CGCS2000, 6° zone %d", zone)) // 4491 is zone 13
		case plausible && zone == 0:
			for i := range 21 {
				add(4534+i, fmt.Sprintf("CGCS2000, 3°, central meridian %d°E", 75+3*i))
			}
			for i := range 11 {
				add(4502+i, fmt.Sprintf("CGCS2000, 6°, central meridian %d°E", 75+6*i))
			}
			for zone := 1; zone <= 60; zone++ {
				add(32600+zone, fmt.Sprintf("WGS 84, UTM zone %dN", zone))
			}
		}
	}
	if math.Abs(east) <= 20037509 && math.Abs(north) <= 20048967 {
		add(3857, "Web Mercator")
	}
	return out
}

func median(points []orb.Point, axis int) float64 {
	sorted := make([]float64, len(points))
	for i, p := range points {
		sorted[i] = p[axis]
	}
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// Sample keeps a few points out of many, evenly over the whole input.
type Sample struct {
	Points []orb.Point
	every  int64
	seen   int64
}

// maxSample is how many points are kept at most.
const maxSample = 512

// Add looks at one more point.
func (s *Sample) Add(p orb.Point) {
	if s.every == 0 {
		s.every = 1
	}
	s.seen++
	if s.seen%s.every != 0 {
		return
	}
	if s.Points = append(s.Points, p); len(s.Points) < maxSample {
		return
	}
	for i := range maxSample / 2 { // every other one stays, and from now on half as many come
		s.Points[i] = s.Points[2*i+1]
	}
	s.Points = s.Points[:maxSample/2]
	s.every *= 2
}

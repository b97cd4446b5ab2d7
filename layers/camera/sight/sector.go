package sight

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// arcStep is the angle between points of the far edge of a sector, radians: two degrees.
const arcStep = 2 * math.Pi / 180

// hair is how far beside a corner the rays pass that are cast to both sides of it, radians: a centimetre in ten kilometres.
const hair = 1e-6

// Sector returns what of a camera's wedge it sees at eye height, cut off at the first wall of each direction; nil where the registry does not say where it
// looks. What it sees over the roof of a low building is not part of it.
func (s *Scene) Sector(c *Camera) orb.Polygon {
	if c.Azimuth == nil {
		return nil
	}
	own, reach, fov := or(c.Height, UsualHeight), or(c.Range, UsualRange), min(or(c.FOV, UsualFOV), 360)
	perX, perY := scaleAt(c.Point[1])
	at := func(angle, distance float64) orb.Point {
		return orb.Point{c.Point[0] + distance*math.Sin(angle)/perX, c.Point[1] + distance*math.Cos(angle)/perY}
	}
	near := s.around(c.Point, reach/perX, reach/perY, own)
	middle, half := *c.Azimuth*math.Pi/180, fov/2*math.Pi/180
	angles := []float64{-half, half}
	for a := -half + arcStep; a < half; a += arcStep {
		angles = append(angles, a)
	}
	for _, b := range near {
		for _, ring := range b.Footprint {
			for _, p := range ring {
				x, y := (p[0]-c.Point[0])*perX, (p[1]-c.Point[1])*perY
				if x*x+y*y > 4*reach*reach {
					continue
				}
				a := math.Remainder(math.Atan2(x, y)-middle, 2*math.Pi)
				if math.Abs(a) < half {
					angles = append(angles, max(a-hair, -half), a, min(a+hair, half))
				}
			}
		}
	}
	slices.Sort(angles)
	angles = slices.Compact(angles)
	ring := make(orb.Ring, 0, len(angles)+2)
	whole := fov >= 360
	if !whole {
		ring = append(ring, c.Point)
	}
	cuts := make([]float64, 0, 16)
	for _, a := range angles {
		free, end := 1.0, at(middle+a, reach)
		for _, b := range near {
			for _, t := range b.cuts(c.Point, end, cuts[:0]) {
				free = min(free, t)
			}
		}
		ring = append(ring, orb.Point{c.Point[0] + free*(end[0]-c.Point[0]), c.Point[1] + free*(end[1]-c.Point[1])})
	}
	ring = append(ring, ring[0])
	if ring.Orientation() == orb.CW {
		ring.Reverse()
	}
	return orb.Polygon{ring}
}

// around returns the buildings of a box that can hide something at eye height from a camera at a height, without those it stands in or on.
func (s *Scene) around(p orb.Point, dx, dy, height float64) []*Building {
	box := orb.Bound{Min: orb.Point{p[0] - dx, p[1] - dy}, Max: orb.Point{p[0] + dx, p[1] + dy}}
	low, high := cellOf(box.Min), cellOf(box.Max)
	var found []int32
	for x := low[0]; x <= high[0]; x++ {
		for y := low[1]; y <= high[1]; y++ {
			found = append(found, s.cells[[2]int32{x, y}]...)
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	out := make([]*Building, 0, len(found))
	for _, i := range found {
		b := &s.buildings[i]
		if s.bounds[i].Intersects(box) && b.Top > min(height, EyeHeight) && b.Base < max(height, EyeHeight) && !b.holds(p) {
			out = append(out, b)
		}
	}
	return out
}

func or(value *float64, usual float64) float64 {
	if value == nil {
		return usual
	}
	return *value
}

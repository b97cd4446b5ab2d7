package tileset

import (
	"math"

	"github.com/paulmach/orb"
)

const (
	earthA  = 6378137.0 // WGS 84
	earthE2 = 0.00669437999014
	deg     = 180 / math.Pi
	// Metres from the ellipsoid beyond which nothing stands: a tileset that is given around an origin of its own lies nowhere on the earth.
	farthest = 100_000
)

// place tells where a tile lies on the earth, by its bounding volume and its transform; nil where that is nowhere. Photographed landscapes mostly have a box around an origin on the ground, and
// the transform leads from there to the earth's centre.
func (t *tile) place() *orb.Bound {
	v := t.BoundingVolume
	if r := v.Region; len(r) == 6 {
		return &orb.Bound{Min: orb.Point{r[0] * deg, r[1] * deg}, Max: orb.Point{r[2] * deg, r[3] * deg}}
	}
	box := v.Box
	if s := v.Sphere; len(s) == 4 {
		box = []float64{s[0], s[1], s[2], s[3], 0, 0, 0, s[3], 0, 0, 0, s[3]}
	}
	if len(box) != 12 {
		return nil
	}
	var bound *orb.Bound
	for corner := range 8 {
		p := [3]float64{box[0], box[1], box[2]}
		for axis := range 3 {
			side := float64(corner>>axis&1)*2 - 1
			for i := range p {
				p[i] += side * box[3+3*axis+i]
			}
		}
		at, ok := onEarth(moved(p, t.Transform))
		switch {
		case !ok:
			return nil
		case bound == nil:
			bound = &orb.Bound{Min: at, Max: at}
		default:
			*bound = bound.Extend(at)
		}
	}
	return bound
}

// moved applies a matrix that is given column by column, or none.
func moved(p [3]float64, m []float64) (out [3]float64) {
	if len(m) != 16 {
		return p
	}
	for i := range out {
		out[i] = m[i]*p[0] + m[4+i]*p[1] + m[8+i]*p[2] + m[12+i]
	}
	return out
}

// onEarth tells longitude and latitude of a place that is given from the earth's centre (EPSG:4978), by Bowring's formula.
func onEarth(p [3]float64) (orb.Point, bool) {
	const b = earthA * 0.996647189335 // half of the axis
	wide := math.Hypot(p[0], p[1])
	theta := math.Atan2(p[2]*earthA, wide*b)
	sin, cos := math.Sincos(theta)
	lat := math.Atan2(p[2]+earthE2/(1-earthE2)*b*sin*sin*sin, wide-earthE2*earthA*cos*cos*cos)
	up, out := math.Sincos(lat)
	height := wide*out + p[2]*up - earthA*math.Sqrt(1-earthE2*up*up)
	return orb.Point{math.Atan2(p[1], p[0]) * deg, lat * deg}, math.Abs(height) < farthest
}

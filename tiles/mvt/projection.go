package mvt

import (
	"math"

	"github.com/paulmach/orb"
)

// point is a place in tile units, y down; vertex is one on the grid.
type (
	point  struct{ x, y float64 }
	vertex struct{ x, y int32 }
)

// projection takes longitude and latitude to units of one tile.
type projection struct {
	scaleX, offsetX float64 // x = lon*scaleX + offsetX
	scaleY, offsetY float64 // y = offsetY - scaleY*ln(tan(45°+lat/2))

	// Near a tile the logarithm is a polynomial: within reach of lat0 (radians) it errs by less than a hundredth of a unit.
	lat0, reach        float64
	c0, c1, c2, c3, c4 float64
}

// polynomialZoom is the first zoom at which tiles are flat enough for the polynomial.
const polynomialZoom = 8

func newProjection(z uint8, x, y uint32) projection {
	tiles := float64(uint64(1) << z)
	p := projection{
		scaleX:  tiles * Extent / 360,
		offsetX: (0.5*tiles - float64(x)) * Extent,
		scaleY:  tiles * Extent / (2 * math.Pi),
		offsetY: (0.5*tiles - float64(y)) * Extent,
	}
	if z < polynomialZoom {
		return p
	}
	p.lat0 = math.Atan(math.Sinh(math.Pi * (1 - 2*(float64(y)+0.5)/tiles)))
	sin, cos := math.Sincos(p.lat0)
	p.reach = 1.5 * 2 * math.Pi / tiles * cos // one and a half tile heights
	sec, tan := 1/cos, sin/cos
	// Taylor series of ln(tan(45°+lat/2)), whose first derivative is the secant.
	p.c0 = Extent / 2
	p.c1 = p.scaleY * sec
	p.c2 = p.scaleY * sec * tan / 2
	p.c3 = p.scaleY * sec * (sec*sec + tan*tan) / 6
	p.c4 = p.scaleY * sec * tan * (5*sec*sec + tan*tan) / 24
	return p
}

func (p *projection) point(g orb.Point) point {
	const radians = math.Pi / 180
	out := point{x: g[0]*p.scaleX + p.offsetX}
	if d := g[1]*radians - p.lat0; d < p.reach && d > -p.reach {
		out.y = p.c0 - d*(p.c1+d*(p.c2+d*(p.c3+d*p.c4)))
		return out
	}
	// Poles would be infinitely far; the grid ends at 85.0511°.
	const edge = 89.9
	sin := math.Sin(min(max(g[1], -edge), edge) * radians)
	out.y = p.offsetY - p.scaleY*0.5*math.Log((1+sin)/(1-sin))
	return out
}

// Bound returns the longitudes and latitudes that the tile at z, x, y shows, its buffer included.
func Bound(z uint8, x, y uint32) orb.Bound {
	tiles := float64(uint64(1) << z)
	const buffer = float64(Buffer+1) / Extent // a unit more, for rounding
	lat := func(y float64) float64 {
		return math.Atan(math.Sinh(math.Pi*(1-2*y/tiles))) * 180 / math.Pi
	}
	b := orb.Bound{
		Min: orb.Point{(float64(x)-buffer)/tiles*360 - 180, lat(float64(y) + 1 + buffer)},
		Max: orb.Point{(float64(x)+1+buffer)/tiles*360 - 180, lat(float64(y) - buffer)},
	}
	// Beyond its last row the grid shows what lies nearer to the poles on the edge.
	if y == 0 {
		b.Max[1] = 90
	}
	if float64(y) == tiles-1 {
		b.Min[1] = -90
	}
	return b
}

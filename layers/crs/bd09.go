package crs

import (
	"math"

	"github.com/paulmach/orb"
)

// bdPi is the odd constant of Baidu's formula, as coordtransform (github.com/wandergis/coordtransform, MIT) carries it.
const bdPi = math.Pi * 3000 / 180

// GCJ02ToBD09 moves p once more, as Baidu does; outside of InChina it is returned unchanged.
func GCJ02ToBD09(p orb.Point) orb.Point {
	if !InChina(p) {
		return p
	}
	return baidu(p)
}

// BD09ToGCJ02 is the inverse. The customary closed formula leaves up to a metre; this one iterates, exact to under a millimetre.
func BD09ToGCJ02(p orb.Point) orb.Point {
	if !InChina(p) {
		return p
	}
	return invert(baidu, p)
}

func baidu(p orb.Point) orb.Point {
	r := math.Hypot(p[0], p[1]) + 0.00002*math.Sin(p[1]*bdPi)
	a := math.Atan2(p[1], p[0]) + 0.000003*math.Cos(p[0]*bdPi)
	return orb.Point{r*math.Cos(a) + 0.0065, r*math.Sin(a) + 0.006}
}

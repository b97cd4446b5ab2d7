package layers

import (
	"math"
	"strconv"

	"github.com/paulmach/orb"
)

// ValidatePoint reports CodeInvalid for a point that cannot be a place in EPSG:4326: not finite, outside the world, at the
// null island, or plainly latitude first (which would put a Chinese or North American place outside the world).
func ValidatePoint(field string, p orb.Point) error {
	lon, lat := p[0], p[1]
	bad := func(reason, msg string) error {
		e := Invalid(field, reason, "%s: longitude %g, latitude %g", msg, lon, lat)
		e.Params = map[string]string{"lon": strconv.FormatFloat(lon, 'f', -1, 64), "lat": strconv.FormatFloat(lat, 'f', -1, 64)}
		return e
	}
	switch {
	case math.IsNaN(lon) || math.IsNaN(lat) || math.IsInf(lon, 0) || math.IsInf(lat, 0):
		return bad("not_finite", "coordinates are not numbers")
	case math.Abs(lat) > 90 && math.Abs(lat) <= 180 && math.Abs(lon) <= 90:
		return bad("swapped_coordinates", "latitude and longitude look swapped")
	case math.Abs(lon) > 180 || math.Abs(lat) > 90:
		return bad("outside_world", "coordinates are outside the world")
	case lon == 0 && lat == 0:
		return bad("null_island", "0, 0 is not a place anybody meant")
	}
	return nil
}

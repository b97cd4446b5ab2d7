package demo

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
)

// Towns and rivers lie low, mountains stand between them, and nothing is a cliff of its own making.
func TestHeights(t *testing.T) {
	t.Parallel()
	at := func(lon, lat float64) float64 { return height(toPlane(orb.Point{lon, lat})) }
	for _, town := range towns {
		if h := height(town.seat); h < 5 || h > 60 {
			t.Errorf("%s lies at %.0f m", town.nameEN, h)
		}
	}
	if h := at(119.6668, 29.7990); h < 5 || h > 40 {
		t.Errorf("the river lies at %.0f m", h)
	}
	highest, steepest := 0.0, 0.0
	for lon := 119.2; lon < 119.95; lon += 0.005 {
		for lat := 29.6; lat < 30.1; lat += 0.005 {
			h := at(lon, lat)
			highest = max(highest, h)
			steepest = max(steepest, math.Abs(at(lon+0.0005, lat)-h)/(0.0005*metresPerLon))
		}
	}
	if highest < 500 || highest > 1500 {
		t.Errorf("the highest place lies at %.0f m", highest)
	}
	if steepest > 1.5 {
		t.Errorf("the ground rises by %.2f m a metre", steepest)
	}
}

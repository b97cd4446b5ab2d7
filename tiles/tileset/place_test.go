package tileset

import (
	"math"
	"testing"
)

// Places of which the coordinates are known without computing, and volumes around them.
func TestPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		p        [3]float64
		lon, lat float64
	}{
		{"the equator", [3]float64{6378137, 0, 0}, 0, 0},
		{"the pole", [3]float64{0, 0, 6356752.314245}, 0, 90},
		{"a quarter around, a kilometre up", [3]float64{0, 6378137 + 1000, 0}, 90, 0},
	} {
		at, ok := onEarth(c.p)
		if !ok || math.Abs(at[1]-c.lat) > 1e-9 || math.Abs(at[1]) < 89 && math.Abs(at[0]-c.lon) > 1e-9 {
			t.Errorf("%s: %v, %v", c.name, at, ok)
		}
	}
	text := func(volume, transform string) string {
		return `{"asset":{"version":"1.1"},"geometricError":1,"root":{` + transform + `"geometricError":1,"boundingVolume":{` + volume + `}}}`
	}
	// east, north and up of 90° E, 0° N, 10 m above the ellipsoid
	ground := `"transform":[-1,0,0,0, 0,0,1,0, 0,1,0,0, 0,6378147,0,1],`
	for _, c := range []struct {
		name, volume, transform  string
		west, south, east, north float64 // all 0: nowhere
	}{
		{"a box around an origin of its own", `"box":[0,0,10,100,0,0,0,50,0,0,0,10]`, "", 0, 0, 0, 0},
		{"the same on the ground", `"box":[0,0,10,100,0,0,0,50,0,0,0,10]`, ground, 89.9991017, -0.0004522, 90.0008983, 0.0004522},
		{"a sphere on the ground", `"sphere":[0,0,0,100]`, ground, 89.9991017, -0.0009044, 90.0008983, 0.0009044},
		{"a sphere that is given from the earth's centre", `"sphere":[0,6378137,0,100]`, "", 89.9991017, -0.0009044, 90.0008983, 0.0009044},
		{"a sphere in the sky", `"sphere":[0,7378137,0,100]`, "", 0, 0, 0, 0},
	} {
		info, err := Parse([]byte(text(c.volume, c.transform)))
		if err != nil {
			t.Fatal(err)
		}
		if b := info.Bound; c.east == 0 {
			if b != nil {
				t.Errorf("%s: %v", c.name, b)
			}
		} else if b == nil || math.Abs(b.Min[0]-c.west) > 1e-6 || math.Abs(b.Max[0]-c.east) > 1e-6 || math.Abs(b.Min[1]-c.south) > 1e-6 || math.Abs(b.Max[1]-c.north) > 1e-6 {
			t.Errorf("%s: %v", c.name, b)
		}
	}
}

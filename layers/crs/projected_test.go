package crs

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func TestFind(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		epsg int
		ok   bool
	}{
		{"http://www.opengis.net/def/crs/OGC/1.3/CRS84", 0, true}, {"[OGC:CRS84]", 0, true}, {"http://www.opengis.net/def/crs/EPSG/0/4326", 4326, true}, {"https://www.opengis.net/def/crs/EPSG/0/4490", 4490, true},
		{"urn:ogc:def:crs:EPSG::4549", 4549, true}, {"EPSG:3857", 3857, true}, {"EPSG:4513", 4513, true}, {"EPSG:4554", 4554, true}, {"EPSG:4555", 0, false}, {"EPSG:0", 0, false}, {"EPSG:x", 0, false}, {"", 0, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, ok := Find(c.name)
			if ok != c.ok || ok && r.EPSG != c.epsg {
				t.Errorf("%v %v", r, ok)
			}
			if ok {
				if again, _ := Find(r.URI()); again != r {
					t.Errorf("its URI %s names %v", r.URI(), again)
				}
			}
		})
	}
}

// Zones hold the values of PROJ 9 (cs2cs EPSG:4490 EPSG:4549).
func TestZone(t *testing.T) {
	t.Parallel()
	r, _ := Find("EPSG:4549")
	p := r.FromWGS84(orb.Point{120, 30})
	if math.Abs(p[0]-3320113.3979) > 1e-3 || math.Abs(p[1]-500000) > 1e-3 {
		t.Errorf("on the meridian: %.4f", p)
	}
	r, _ = Find("EPSG:4528")
	if q := r.FromWGS84(orb.Point{120, 30}); math.Abs(q[1]-40_500_000) > 1e-3 {
		t.Errorf("with the zone's number: %.4f", q)
	}
}

func TestThereAndBack(t *testing.T) {
	t.Parallel()
	for _, r := range References {
		t.Run(r.URI(), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				p := orb.Point{rapid.Float64Range(73, 136).Draw(t, "lon"), rapid.Float64Range(-60, 60).Draw(t, "lat")}
				if r.zone != nil {
					p[0] = r.zone.meridian + rapid.Float64Range(-6, 6).Draw(t, "off")
				}
				back := r.ToWGS84(r.FromWGS84(p))
				if math.Abs(back[0]-p[0]) > 1e-10 || math.Abs(back[1]-p[1]) > 1e-10 {
					t.Fatalf("%v became %v", p, back)
				}
			})
		})
	}
}

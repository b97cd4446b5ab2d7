package crs_test

import (
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"pgregory.net/rapid"

	"wanglou/layers"
	"wanglou/layers/crs"
)

// The points of eviltransform's own tests. It takes another sphere for metres to degrees, which is worth about a metre.
func TestKnownPoints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		wgs, gcj orb.Point
	}{
		{"Shanghai", orb.Point{121.5272106, 31.1774276}, orb.Point{121.531541859215, 31.17530398364597}},
		{"Shenzhen", orb.Point{113.912316, 22.543847}, orb.Point{113.9171764808363, 22.540796131694766}},
		{"Beijing", orb.Point{116.377817, 39.911954}, orb.Point{116.38404722455657, 39.91334545536069}},
	} {
		got := crs.WGS84ToGCJ02(c.wgs)
		if d := geo.Distance(got, c.gcj); d > 1.5 {
			t.Errorf("%s: %v is %.2f m from %v", c.name, got, d, c.gcj)
		}
		if d := geo.Distance(crs.GCJ02ToWGS84(c.gcj), c.wgs); d > 1.5 {
			t.Errorf("%s: inverse is %.2f m off", c.name, d)
		}
	}
}

func TestRoundTripInsideChina(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// 0.05° from the rectangle's edge, where a shifted point may lie on the other side.
		p := orb.Point{rapid.Float64Range(72.06, 137.78).Draw(t, "lon"), rapid.Float64Range(0.88, 55.77).Draw(t, "lat")}
		for _, s := range crs.Systems {
			if d := geo.Distance(crs.ToWGS84(s, crs.FromWGS84(s, p)), p); d > 0.001 {
				t.Fatalf("%s: round trip of %v is %.4f m off", s, p, d)
			}
		}
		if d := geo.Distance(crs.WGS84ToGCJ02(p), p); d > 2000 {
			t.Fatalf("GCJ-02 moved %v by %.0f m", p, d)
		}
	})
}

func TestOutsideChinaIsUnchanged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := orb.Point{rapid.Float64Range(-180, 180).Draw(t, "lon"), rapid.Float64Range(-90, 90).Draw(t, "lat")}
		if crs.InChina(p) {
			t.Skip("inside")
		}
		for _, s := range crs.Systems {
			if got := crs.FromWGS84(s, p); got != p {
				t.Fatalf("%s: %v became %v", s, p, got)
			}
			if got := crs.ToWGS84(s, p); got != p {
				t.Fatalf("%s inverse: %v became %v", s, p, got)
			}
		}
	})
}

func TestGeometry(t *testing.T) {
	t.Parallel()
	tonglu := orb.Point{119.691467, 29.79299}
	poly := orb.Polygon{{tonglu, {119.7, 29.79}, {119.7, 29.8}, tonglu}}
	got := crs.Geometry(crs.GCJ02, poly.Clone()).(orb.Polygon)
	if got[0][0] != crs.GCJ02ToWGS84(tonglu) || got[0][0] != got[0][3] {
		t.Errorf("ring was converted to %v", got)
	}
	if d := geo.Distance(got[0][0], tonglu); d < 300 || d > 700 {
		t.Errorf("Tonglu moved by %.0f m", d)
	}
	if got := crs.Geometry(crs.CGCS2000, poly.Clone()); !orb.Equal(got, poly) {
		t.Errorf("CGCS2000 changed %v", got)
	}
	if crs.Geometry(crs.GCJ02, nil) != nil {
		t.Error("nil became something")
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]crs.System{"wgs84": crs.WGS84, "WGS-84": crs.WGS84, "EPSG:4326": crs.WGS84, "epsg:4490": crs.CGCS2000,
		"GCJ-02": crs.GCJ02, "bd09": crs.BD09} {
		if s, n, err := crs.Parse(in); err != nil || s != want || n != 0 {
			t.Errorf("%s: %q, %d, %v", in, s, n, err)
		}
	}
	if s, n, err := crs.Parse("EPSG:4549"); err != nil || s != "" || n != 4549 {
		t.Errorf("EPSG:4549: %q, %d, %v", s, n, err)
	}
	for _, in := range []string{"", "mars", "EPSG:", "EPSG:-1", "EPSG:x", "4326"} {
		if _, _, err := crs.Parse(in); layers.ErrorCode(err) != layers.CodeInvalid {
			t.Errorf("%q: %v", in, err)
		}
	}
}

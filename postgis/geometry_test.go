package postgis

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"
	"github.com/paulmach/orb/encoding/wkt"
)

// The hex strings are what PostGIS 3.3 sends for the text they are named after.
func TestDecodeGeometry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ hex, want string }{
		"POINT(1 2)":                     {"0101000020E6100000000000000000F03F0000000000000040", "POINT(1 2)"},
		"POINT ZM (1 2 3 4)":             {"01010000E0E6100000000000000000F03F000000000000004000000000000008400000000000001040", "POINT(1 2)"},
		"POINT M (1 2 4), no SRID":       {"0101000040000000000000F03F00000000000000400000000000001040", "POINT(1 2)"},
		"POINT(1 2), big endian":         {"00000000013FF00000000000004000000000000000", "POINT(1 2)"},
		"POINT EMPTY":                    {"0101000020E6100000000000000000F87F000000000000F87F", ""},
		"LINESTRING Z (1 2 9, 3 4 9)":    {"01020000A0E610000002000000000000000000F03F00000000000000400000000000002240000000000000084000000000000010400000000000002240", "LINESTRING(1 2,3 4)"},
		"POLYGON EMPTY":                  {"0103000020E610000000000000", ""},
		"MULTIPOINT(1 2, 3 4)":           {"0104000020E6100000020000000101000000000000000000F03F0000000000000040010100000000000000000008400000000000001040", "MULTIPOINT((1 2),(3 4))"},
		"TRIANGLE((0 0, 0 9, 9 0, 0 0))": {"0111000020E610000001000000040000000000000000000000000000000000000000000000000000000000000000002240000000000000224000000000000000000000000000000000" + "0000000000000000", "POLYGON((0 0,0 9,9 0,0 0))"},
		"Mercator":                       {"0101000020110F00000000000000000000" + "0000000000000000", "POINT(0 0)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := hex.DecodeString(c.hex)
			if err != nil {
				t.Fatal(err)
			}
			g, err := decodeGeometry(b)
			if err != nil {
				t.Fatal(err)
			}
			if c.want == "" {
				if g != nil {
					t.Errorf("got %v, want nothing", g)
				}
				return
			}
			if g == nil || wkt.MarshalString(g) != c.want {
				t.Errorf("got %v, want %s", g, c.want)
			}
		})
	}
}

func TestDecodeGeometryRefuses(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]string{
		"nothing":            "",
		"half a point":       "0101000020E6100000000000000000F03F",
		"half an arc":        "0108000020E610000002000000000000000000F03F0000000000000040000000000000F03F0000000000000040",
		"a billion corners":  "0102000020E610000000CA9A3B",
		"Gauss-Krüger":       "0101000020C5110000000000000000F03F0000000000000040",
		"a point in a lines": "0105000000010000000101000000000000000000F03F0000000000000040",
	} {
		b, err := hex.DecodeString(h)
		if err != nil {
			t.Fatal(err)
		}
		if g, err := decodeGeometry(b); err == nil {
			t.Errorf("%s: decoded as %v", name, g)
		}
	}
}

// FuzzDecodeGeometry: whatever stands in a column, following goes on.
func FuzzDecodeGeometry(f *testing.F) {
	for _, g := range []orb.Geometry{orb.Point{1, 2}, circle(8), orb.MultiPolygon{circle(4)}, orb.Collection{orb.Point{1, 2}, circle(3)}} {
		f.Add(ewkb.MustMarshal(g, 4326, binary.LittleEndian))
		f.Add(ewkb.MustMarshal(g, 3857, binary.BigEndian))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if g, err := decodeGeometry(b); err != nil && g != nil {
			t.Error("a geometry and an error")
		}
	})
}

func circle(n int) orb.Polygon {
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		ring = append(ring, orb.Point{119 + cos, 29 + sin})
	}
	return orb.Polygon{append(ring, ring[0])}
}

func BenchmarkDecodeGeometry(b *testing.B) {
	for name, g := range map[string]orb.Geometry{"point": orb.Point{119.6, 29.7}, "polygon of 100": circle(100)} {
		data := ewkb.MustMarshal(g, 4326, binary.LittleEndian)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decodeGeometry(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

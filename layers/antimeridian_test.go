package layers

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"
)

func TestWithinWorld(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"POINT(119.5 29.5)":                          "POINT(119.5 29.5)",
		"POINT(180 0)":                               "POINT(180 0)",
		"POINT(-180 0)":                              "POINT(-180 0)",
		"POINT(181 10)":                              "POINT(-179 10)",
		"POINT(-181 10)":                             "POINT(179 10)",
		"POINT(541 10)":                              "POINT(-179 10)",
		"LINESTRING(179 29,181 29)":                  "MULTILINESTRING((179 29,180 29),(-180 29,-179 29))",
		"LINESTRING(-179 29,-181 29)":                "MULTILINESTRING((-180 29,-181 29),(-179 29,-180 29))",
		"LINESTRING(179 29,180 29)":                  "LINESTRING(179 29,180 29)",
		"LINESTRING(181 29,182 30)":                  "LINESTRING(-179 29,-178 30)",
		"MULTIPOINT((179 1),(182 2))":                "MULTIPOINT((179 1),(-178 2))",
		"POLYGON((170 0,190 0,190 10,170 10,170 0))": "MULTIPOLYGON(((170 0,180 0,180 10,170 10,170 0)),((-180 0,-170 0,-170 10,-180 10,-180 0)))",
		"GEOMETRYCOLLECTION(POINT(179 1),LINESTRING(179 1,181 1))": "",
		"POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90))":      "POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90))",
		"POINT(5000 1)": "POINT(5000 1)",
	} {
		g, err := wkt.Unmarshal(in)
		if err != nil {
			t.Fatal(err)
		}
		got := withinWorld(g, g.Bound())
		b := got.Bound()
		if in != "POINT(5000 1)" && (b.Min[0] < -180 || b.Max[0] > 180) {
			t.Errorf("%s reaches %v", in, b)
		}
		if want == "" || in == "LINESTRING(-179 29,-181 29)" {
			continue // order of parts is not promised there; the bound is
		}
		w, err := wkt.Unmarshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if in[:7] == "POLYGON" {
			if d := math.Abs(planar.Area(got) - planar.Area(w)); d > 1e-9 || got.Bound() != w.Bound() {
				t.Errorf("%s: %s", in, wkt.MarshalString(got))
			}
			continue
		}
		if !orb.Equal(got, w) {
			t.Errorf("%s: %s, want %s", in, wkt.MarshalString(got), want)
		}
	}
}

// However a box lies, what is drawn of it has its area, and stays in the world; and the box is not changed.
func TestWithinWorldKeepsArea(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		west, width := rapid.Float64Range(-500, 500).Draw(t, "west"), rapid.Float64Range(0.5, 350).Draw(t, "width")
		b := orb.Bound{Min: orb.Point{west, -10}, Max: orb.Point{west + width, 10}}
		p := b.ToPolygon()
		got := withinWorld(p, b)
		if out := got.Bound(); out.Min[0] < -180 || out.Max[0] > 180 || math.Abs(math.Abs(planar.Area(got))-width*20) > 1e-6 {
			t.Fatalf("%v became %v", b, got)
		}
		if p.Bound() != b {
			t.Fatal("the caller's geometry was changed")
		}
	})
}

// A feature over the antimeridian is found from both sides, and a change of it marks the tiles of both.
func TestReplicaOverTheAntimeridian(t *testing.T) {
	t.Parallel()
	l := NewLayer(Layer{Name: "way", Geometry: GeometryAny})
	r := NewReplica(ReplicaOptions{})
	r.Load(Snapshot{Position: Position{Epoch: epoch, Version: 1}, Layers: []*Layer{l}})
	r.Apply(Commit{Version: 2, Changes: []Change{{Layer: "way", Kind: Upsert, Feature: &Feature{ID: 1, Geometry: orb.LineString{{179.5, 1}, {180.5, 1}}}}}})
	for _, b := range []orb.Bound{{Min: orb.Point{179.6, 0}, Max: orb.Point{179.7, 2}}, {Min: orb.Point{-179.7, 0}, Max: orb.Point{-179.6, 2}}} {
		n := 0
		r.Search("way", b, func(*Feature) bool { n++; return true })
		if n != 1 {
			t.Errorf("%d features in %v", n, b)
		}
	}
	for _, x := range []uint32{0, 255} {
		if v := r.TileVersion("way", 8, x, 127); v != 2 {
			t.Errorf("tile 8/%d/127 is of version %d", x, v)
		}
	}
}

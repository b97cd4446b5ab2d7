package basemap

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"google.golang.org/protobuf/encoding/protowire"
)

func TestSea(t *testing.T) {
	t.Parallel()
	box := orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{10, 10}}
	island := orb.LineString{{6, 4}, {8, 4}, {8, 6}, {6, 6}, {6, 4}} // land on the left: counter-clockwise
	// Northwards through the middle: land in the west. In two ways, the second one first.
	mainland := []orb.LineString{{{5, 5}, {5, 12}}, {{5, -2}, {5, 5}}}
	for _, c := range []struct {
		name  string
		lines []orb.LineString
		area  float64
		wet   []orb.Point
		dry   []orb.Point
	}{
		{"no coast", nil, 0, nil, []orb.Point{{5, 5}}},
		{"a coast elsewhere", []orb.LineString{{{20, 0}, {20, 10}}}, 0, nil, []orb.Point{{5, 5}}},
		{"land in the west", mainland, 50, []orb.Point{{7, 1}, {9, 9}}, []orb.Point{{1, 1}, {4.9, 5}}},
		{"land in the east", []orb.LineString{{{5, 12}, {5, -2}}}, 50, []orb.Point{{1, 1}}, []orb.Point{{9, 9}}},
		{"an island off the coast", append(mainland[:2:2], island), 46, []orb.Point{{9, 5}, {5.5, 5}}, []orb.Point{{7, 5}, {1, 5}}},
		{"an island alone", []orb.LineString{island}, 96, []orb.Point{{1, 1}, {9, 9}}, []orb.Point{{7, 5}}},
		{"an island over the rim", []orb.LineString{{{8, 4}, {12, 4}, {12, 6}, {8, 6}, {8, 4}}}, 96, []orb.Point{{1, 1}, {7, 5}}, []orb.Point{{9, 5}}},
		{"a sea inside", []orb.LineString{{{6, 4}, {6, 6}, {8, 6}, {8, 4}, {6, 4}}}, 4, []orb.Point{{7, 5}}, []orb.Point{{1, 1}}},
		{"a strait", []orb.LineString{{{3, -1}, {3, 11}}, {{7, 11}, {7, -1}}}, 40, []orb.Point{{5, 5}}, []orb.Point{{1, 5}, {9, 5}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := sea(box, c.lines)
			if err != nil {
				t.Fatal(err)
			}
			var area float64
			for _, p := range got {
				area += planar.Area(p)
			}
			if math.Abs(area-c.area) > 1e-9 {
				t.Errorf("area = %g, want %g: %v", area, c.area, got)
			}
			for _, p := range c.wet {
				if !planar.MultiPolygonContains(got, p) {
					t.Errorf("%v is dry", p)
				}
			}
			for _, p := range c.dry {
				if planar.MultiPolygonContains(got, p) {
					t.Errorf("%v is wet", p)
				}
			}
		})
	}
}

func TestSeaOfACoastThatEnds(t *testing.T) {
	t.Parallel()
	box := orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{10, 10}}
	if _, err := sea(box, []orb.LineString{{{5, -2}, {5, 5}}}); !errors.Is(err, errOpenCoast) {
		t.Errorf("error = %v", err)
	}
}

func TestExtractBound(t *testing.T) {
	t.Parallel()
	write := func(block []byte) string {
		blob := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), block)
		first := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "OSMHeader")
		first = protowire.AppendVarint(protowire.AppendTag(first, 3, protowire.VarintType), uint64(len(blob)))
		path := filepath.Join(t.TempDir(), "x.osm.pbf")
		b := append(binary.BigEndian.AppendUint32(nil, uint32(len(first))), first...)
		if err := os.WriteFile(path, append(b, blob...), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var sides []byte
	for i, v := range []int64{119_200_000_000, 119_950_000_000, 30_100_000_000, -5_000_000_000} { // left, right, top, bottom
		sides = protowire.AppendVarint(protowire.AppendTag(sides, protowire.Number(i+1), protowire.VarintType), protowire.EncodeZigZag(v))
	}
	got, ok, err := extractBound(write(protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), sides)))
	if want := (orb.Bound{Min: orb.Point{119.2, -5}, Max: orb.Point{119.95, 30.1}}); err != nil || !ok || got != want {
		t.Errorf("bound = %v, %v, %v", got, ok, err)
	}
	if _, ok, err := extractBound(write(protowire.AppendString(protowire.AppendTag(nil, 4, protowire.BytesType), "OsmSchema-V0.6"))); ok || err != nil {
		t.Errorf("a header without a bound: %v, %v", ok, err)
	}
}

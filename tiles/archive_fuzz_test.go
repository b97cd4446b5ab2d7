package tiles

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// FuzzArchiveMetadata feeds what archives say of themselves: whatever is taken can be told on as TileJSON, without markup.
func FuzzArchiveMetadata(f *testing.F) {
	f.Add(`{"name":"x","attribution":"<a href=\"https://example.org\">&copy; x</a>","encoding":"mapbox","vector_layers":[{"id":"a","fields":{"b":"String"}}]}`)
	f.Add(`{"attribution":"<<b>script>"}`)
	f.Add(`{"vector_layers":null}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseArchiveMetadata([]byte(text))
		if err != nil {
			return
		}
		for _, format := range []Format{FormatMVT, FormatPNG} {
			info := Info{Format: format, MaxZoom: 14}
			if m.apply(&info) != nil {
				continue
			}
			if _, err := json.Marshal(info.Layers); err != nil {
				t.Fatal(err)
			}
			for _, l := range info.Layers {
				if l.Fields == nil {
					t.Fatalf("a layer without fields: %+v", l)
				}
			}
			if strings.Contains(info.Attribution, "<a ") {
				t.Fatalf("attribution %q", info.Attribution)
			}
		}
	})
}

// FuzzBound feeds bounds: a source's bound is always one of the earth.
func FuzzBound(f *testing.F) {
	f.Add(119.0, 29.0, 120.0, 30.0)
	f.Add(math.NaN(), -90.0, math.Inf(1), 90.0)
	f.Fuzz(func(t *testing.T, west, south, east, north float64) {
		info := Info{}
		setBound(&info, west, south, east, north)
		b := info.Bound
		if !(b.Min[0] <= b.Max[0] && b.Min[1] <= b.Max[1] && b.Min[0] >= -180 && b.Max[0] <= 180 && b.Min[1] >= -90 && b.Max[1] <= 90) {
			t.Fatalf("bound = %v", b)
		}
	})
}

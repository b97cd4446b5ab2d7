package live

import (
	"fmt"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"wanglou/layers"
)

// Whoever reloads the named tiles, those above and those inside them has reloaded every tile that shows the bounds.
func TestTileNamesReachEveryTile(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		deepest := rapid.IntRange(0, 16).Draw(t, "deepest")
		var bounds []orb.Bound
		for range rapid.IntRange(1, 4).Draw(t, "count") {
			p := orb.Point{rapid.Float64Range(-179, 178).Draw(t, "lon"), rapid.Float64Range(-80, 80).Draw(t, "lat")}
			size := rapid.SampledFrom([]float64{0, 0, 0.0001, 0.01, 0.3, 40}).Draw(t, "size")
			bounds = append(bounds, orb.Bound{Min: p, Max: orb.Point{min(p[0]+size, 180), min(p[1]+size, 85)}})
		}
		names, everything := tileNames(bounds, deepest)
		if everything {
			t.Fatalf("%d bounds named more than %d tiles", len(bounds), maxTileNames)
		}
		named := map[string]bool{}
		above := map[string]bool{}
		for _, n := range names {
			var z, x, y uint32
			if _, err := fmt.Sscanf(n, "%d/%d/%d", &z, &x, &y); err != nil || int(z) > deepest {
				t.Fatalf("name %q: %v", n, err)
			}
			named[n] = true
			for ; z > 0; z, x, y = z-1, x/2, y/2 {
				above[fmt.Sprintf("%d/%d/%d", z-1, x/2, y/2)] = true
			}
		}
		for _, b := range bounds {
			for z := uint8(0); int(z) <= deepest; z++ {
				r := layers.TilesOver(b, z)
				if r.Count() > 10_000 {
					break // the shape covers so much that its name is far above
				}
				for x := r.MinX; x <= r.MaxX; x++ {
					for y := r.MinY; y <= r.MaxY; y++ {
						if !above[fmt.Sprintf("%d/%d/%d", z, x, y)] && !inside(named, z, x, y) {
							t.Fatalf("nothing stands for %d/%d/%d among %v", z, x, y, names)
						}
					}
				}
			}
		}
	})
}

// inside reports whether the tile or one that contains it is named.
func inside(named map[string]bool, z uint8, x, y uint32) bool {
	for {
		if named[fmt.Sprintf("%d/%d/%d", z, x, y)] {
			return true
		}
		if z == 0 {
			return false
		}
		z, x, y = z-1, x/2, y/2
	}
}

func TestOnePointNamesOneTile(t *testing.T) {
	t.Parallel()
	p := orb.Point{119.684, 29.79}
	if names, _ := tileNames([]orb.Bound{p.Bound()}, 14); len(names) != 1 {
		t.Errorf("%v", names)
	}
	if names, _ := tileNames([]orb.Bound{p.Bound(), p.Bound()}, 14); len(names) != 1 {
		t.Errorf("the same twice: %v", names)
	}
	if names, everything := tileNames(nil, 14); len(names) > 0 || everything {
		t.Errorf("nothing changed: %v", names)
	}
}

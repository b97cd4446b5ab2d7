package tiles

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	orbmvt "github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"
	"pgregory.net/rapid"

	"wanglou/layers"
	"wanglou/tiles/mvt"
)

// drawing returns the layers of a tile by name, in tile units.
func drawing(t testing.TB, raw []byte) map[string]*orbmvt.Layer {
	t.Helper()
	ls, err := orbmvt.Unmarshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*orbmvt.Layer{}
	for _, l := range ls {
		if out[l.Name] != nil {
			t.Fatalf("two layers %s", l.Name)
		}
		out[l.Name] = l
	}
	return out
}

// loaded is a vector source of a layer with some features.
func loaded(l layers.Layer, features ...*layers.Feature) *Vector {
	r := layers.NewReplica(layers.ReplicaOptions{})
	layer := layers.NewLayer(l)
	r.Load(layers.Snapshot{Position: layers.Position{Epoch: "1.1", Version: 1}, Layers: []*layers.Layer{layer}, Features: map[string][]*layers.Feature{l.Name: features}})
	return NewVector(r, l.Name)
}

func pointLayer(tiling layers.Tiling) layers.Layer {
	return layers.Layer{Name: "sight", Geometry: layers.GeometryPoint, MaxZoom: 16, Tiling: tiling, Columns: []layers.Column{{Name: "rank", Type: layers.ColumnInt}}}
}

// scatter puts n points into the tile of zoom 8 over the market.
func scatter(n int) []*layers.Feature {
	fs := make([]*layers.Feature, n)
	b := maptile.At(market, 8).Bound()
	x := uint64(1)
	next := func() float64 { // a little off the edges, where rounding decides between neighbours
		x = x*6364136223846793005 + 1442695040888963407
		return 0.01 + 0.98*float64(x>>11)/(1<<53)
	}
	for i := range fs {
		p := orb.Point{b.Min[0] + next()*(b.Max[0]-b.Min[0]), b.Min[1] + next()*(b.Max[1]-b.Min[1])}
		fs[i] = &layers.Feature{ID: int64(i + 1), Geometry: p, Values: []any{int64(i % 7)}}
	}
	return fs
}

func TestCrowdedTilesKeepToTheirBudget(t *testing.T) {
	t.Parallel()
	for _, budget := range []layers.Tiling{{Features: 3000}, {Features: 500}, {Bytes: 20_000}, {Features: 4000, Bytes: 9_000}} {
		v := loaded(pointLayer(budget), scatter(30_000)...)
		tile, _ := get(t, v, viewer("*"), over(market, 8), "")
		raw := unpacked(t, tile)
		drawn := len(drawnIDs(t, raw))
		if budget.Features > 0 && drawn > budget.Features || budget.Bytes > 0 && len(raw) > budget.Bytes+200 {
			t.Errorf("%+v: %d features, %d bytes", budget, drawn, len(raw))
		}
		if drawn < 100 || tile.Dropped.Points+drawn < 30_000 {
			t.Errorf("%+v: %d drawn, %v", budget, drawn, tile.Dropped)
		}
	}
}

// Of points on one spot the highest ranked stays; equal ones by id.
func TestRankedPointsStay(t *testing.T) {
	t.Parallel()
	at := func(id, rank int64) *layers.Feature {
		return &layers.Feature{ID: id, Geometry: market, Values: []any{rank}}
	}
	fs := []*layers.Feature{at(1, 3), at(2, 9), at(3, 9), at(4, 1)}
	for column, want := range map[string]int64{"rank": 2, "": 1} {
		v := loaded(pointLayer(layers.Tiling{Features: 3, Rank: column}), fs...)
		tile, _ := get(t, v, viewer("*"), over(market, 8), "")
		if ids := drawnIDs(t, unpacked(t, tile)); !slices.Equal(ids, []int64{want}) || tile.Dropped.Points != 3 {
			t.Errorf("by %q: %v, %v", column, ids, tile.Dropped)
		}
	}
}

// What a rank decides changes with the rank, also for who asks for no values.
func TestRankChangesTheTileWithoutValues(t *testing.T) {
	t.Parallel()
	v := loaded(pointLayer(layers.Tiling{Features: 1, Rank: "rank"}), &layers.Feature{ID: 1, Geometry: market, Values: []any{int64(2)}}, &layers.Feature{ID: 2, Geometry: market, Values: []any{int64(1)}})
	req := Request{Scope: viewer("*"), Coord: over(market, 8), Select: selected(t, "", []string{})}
	first, err := v.Tile(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	v.replica.Apply(layers.Commit{Version: 2, Changes: []layers.Change{{Layer: "sight", Feature: &layers.Feature{ID: 2, Geometry: market, Values: []any{int64(5)}}}}})
	req.ETag = first.ETag
	second, err := v.Tile(t.Context(), req)
	if err != nil || second.Unchanged || !slices.Equal(drawnIDs(t, second.Body), []int64{2}) {
		t.Errorf("%+v, %v", second, err)
	}
}

// Cells are counted whole: at every zoom the tiles together count each point once, in a cell whose id no other has.
func TestCountsAddUp(t *testing.T) {
	t.Parallel()
	const n = 5000
	v := loaded(pointLayer(layers.Tiling{CountBelow: 12}), scatter(n)...)
	root := maptile.At(market, 8)
	for z := maptile.Zoom(6); z < 12; z++ {
		total, ids := 0, map[int64]bool{}
		for _, m := range descend(root, z) {
			tile, _ := get(t, v, viewer("*"), Coord{Z: uint8(z), X: m.X, Y: m.Y}, "")
			ls := drawing(t, unpacked(t, tile))
			counted := 0
			if l := ls["sight_count"]; l != nil {
				for _, f := range l.Features {
					id := int64(f.ID.(float64))
					if ids[id] {
						t.Fatalf("zoom %d: id %d twice", z, id)
					}
					ids[id] = true
					counted += int(f.Properties["count"].(float64))
					if p := f.Geometry.(orb.Point); p[0] < 0 || p[1] < 0 || p[0] >= mvt.Extent || p[1] >= mvt.Extent {
						t.Fatalf("a count stands outside of its tile: %v", p)
					}
				}
			}
			if counted != tile.Dropped.Counted {
				t.Errorf("zoom %d: %d counted, the tile says %v", z, counted, tile.Dropped)
			}
			total += counted
			if l := ls["sight"]; l != nil {
				total += len(l.Features)
			}
		}
		if total != n {
			t.Errorf("zoom %d: %d of %d", z, total, n)
		}
	}
	tile, _ := get(t, v, viewer("*"), Coord{Z: 12, X: uint32(root.X) << 4, Y: uint32(root.Y) << 4}, "")
	if drawing(t, unpacked(t, tile))["sight_count"] != nil {
		t.Error("counts above the zooms that have them")
	}
}

// Small polygons of a crowded tile become few squares that cover about as much.
func TestCrowdedPolygonsMerge(t *testing.T) {
	t.Parallel()
	b := maptile.At(market, 10).Bound()
	unit := (b.Max[0] - b.Min[0]) / mvt.Extent
	var fs []*layers.Feature
	for i := range 20_000 {
		x, y := b.Min[0]+unit*float64(i%200)*6, b.Min[1]+unit*float64(i/200)*6
		fs = append(fs, &layers.Feature{ID: int64(i + 1), Geometry: orb.Polygon{{{x, y}, {x + 3*unit, y}, {x + 3*unit, y + 2*unit}, {x, y + 2*unit}, {x, y}}}, Values: []any{int64(0)}})
	}
	area := func(tiling layers.Tiling) (sum float64, drawn int, dropped Dropped) {
		l := pointLayer(tiling)
		l.Geometry = layers.GeometryPolygon
		tile, _ := get(t, loaded(l, fs...), viewer("*"), over(market, 10), "")
		for _, f := range drawing(t, unpacked(t, tile))["sight"].Features {
			bound := f.Geometry.Bound()
			sum += (bound.Max[0] - bound.Min[0]) * (bound.Max[1] - bound.Min[1])
			drawn++
		}
		return sum, drawn, tile.Dropped
	}
	whole, all, none := area(layers.Tiling{Features: 100_000, Bytes: 1 << 30})
	merged, few, dropped := area(layers.Tiling{Features: 3000})
	if all != 20_000 || none.Polygons != 0 {
		t.Errorf("within the budget: %d drawn, %v", all, none)
	}
	if few > 3000 || few < 500 || dropped.Polygons != 20_000-few {
		t.Errorf("over it: %d drawn, %v", few, dropped)
	}
	if merged < 0.5*whole || merged > 2*whole {
		t.Errorf("%.0f of %.0f square units are covered", merged, whole)
	}
}

// Neighbouring tiles agree about what stands on their common edge: each thins its cells alike.
func TestThinningAgreesOverEdges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// A row of points along the edge between two tiles of zoom 9, within the buffers of both.
		left := maptile.At(market, 9)
		edge := left.Bound().Max[0]
		width := left.Bound().Max[0] - left.Bound().Min[0]
		var fs []*layers.Feature
		for i := range rapid.IntRange(50, 400).Draw(t, "n") {
			x := edge + width*rapid.Float64Range(-63, 63).Draw(t, "x")/mvt.Extent
			y := left.Bound().Min[1] + (left.Bound().Max[1]-left.Bound().Min[1])*rapid.Float64Range(0.4, 0.6).Draw(t, "y")
			fs = append(fs, &layers.Feature{ID: int64(i + 1), Geometry: orb.Point{x, y}, Values: []any{rapid.Int64Range(0, 3).Draw(t, "rank")}})
		}
		v := loaded(pointLayer(layers.Tiling{Features: 40, Rank: "rank"}), fs...)
		ids := func(x uint32) []int64 {
			raw, err := v.Encode(everywhere, Coord{Z: 9, X: x, Y: left.Y})
			if err != nil {
				t.Fatal(err)
			}
			ls, err := orbmvt.Unmarshal(raw)
			if err != nil || len(ls) != 1 {
				t.Fatal(err)
			}
			out := []int64{}
			for _, f := range ls[0].Features {
				out = append(out, int64(f.ID.(float64)))
			}
			return out
		}
		a, b := ids(left.X), ids(left.X+1)
		if !slices.Equal(a, b) {
			t.Fatalf("left shows %v, right %v", a, b)
		}
	})
}

// Each polygon has one label a zoom, in the middle of the whole and not of the part that a tile shows.
func TestLabelsStandOnce(t *testing.T) {
	t.Parallel()
	b := maptile.At(market, 9).Bound()
	width, height := b.Max[0]-b.Min[0], b.Max[1]-b.Min[1]
	x, y := b.Max[0]-0.3*width, b.Max[1]-0.2*height // a shape over four tiles
	big := orb.Polygon{{{x, y}, {x + width, y}, {x + width, y + height}, {x, y + height}, {x, y}}}
	many := orb.MultiPolygon{{{{x, y - height}, {x + 0.1*width, y - height}, {x, y - 0.9*height}, {x, y - height}}}, big}
	l := pointLayer(layers.Tiling{Labels: true})
	l.Geometry = layers.GeometryPolygon
	v := loaded(l, &layers.Feature{ID: 1, Geometry: big, Values: []any{int64(5)}}, &layers.Feature{ID: 2, Geometry: many, Values: []any{int64(6)}}, &layers.Feature{ID: 3, Geometry: orb.Polygon{}, Values: []any{nil}})
	for z := maptile.Zoom(5); z < 12; z++ {
		found := map[int64]int{}
		r := layers.TilesOver(many.Bound(), uint8(z))
		for ty := r.MinY; ty <= r.MaxY; ty++ {
			for tx := r.MinX; tx <= r.MaxX; tx++ {
				tile, _ := get(t, v, viewer("*"), Coord{Z: uint8(z), X: tx, Y: ty}, "")
				labels := drawing(t, unpacked(t, tile))["sight_label"]
				if labels == nil {
					continue
				}
				labels.ProjectToWGS84(maptile.New(tx, ty, z))
				for _, f := range labels.Features {
					found[int64(f.ID.(float64))]++
					p := f.Geometry.(orb.Point)
					if math.Abs(p[0]-x-width/2) > 0.05*width || math.Abs(p[1]-y-height/2) > 0.05*height {
						t.Errorf("zoom %d: label of %v at %v", z, f.ID, p)
					}
					if f.Properties["rank"] != 5. && f.Properties["rank"] != 6. {
						t.Errorf("label without values: %v", f.Properties)
					}
				}
			}
		}
		if fmt.Sprint(found) != "map[1:1 2:1]" {
			t.Errorf("zoom %d: labels %v", z, found)
		}
	}
}

// Equal data gives equal bytes, in whatever order it was put in.
func TestCrowdedTilesAreEqualOnEveryNode(t *testing.T) {
	t.Parallel()
	fs := scatter(8000)
	tiling := layers.Tiling{Features: 700, Rank: "rank"}
	one := loaded(pointLayer(tiling), fs...)
	var turned []*layers.Feature
	for _, f := range slices.Backward(fs) {
		turned = append(turned, &layers.Feature{ID: f.ID, Geometry: f.Geometry, Values: slices.Clone(f.Values)})
	}
	two := loaded(pointLayer(tiling), turned...)
	for _, z := range []uint8{6, 8, 10} {
		a, err := one.Encode(everywhere, over(market, z))
		if err != nil {
			t.Fatal(err)
		}
		b, err := two.Encode(everywhere, over(market, z))
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("zoom %d: other bytes, %v", z, err)
		}
	}
}

// descend lists the tiles of a zoom within a tile, or the one that holds it.
func descend(m maptile.Tile, z maptile.Zoom) []maptile.Tile {
	if z <= m.Z {
		return []maptile.Tile{maptile.New(m.X>>(m.Z-z), m.Y>>(m.Z-z), z)}
	}
	var out []maptile.Tile
	for _, c := range m.Children() {
		out = append(out, descend(c, z)...)
	}
	return out
}

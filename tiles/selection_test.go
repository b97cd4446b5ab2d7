package tiles

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"pgregory.net/rapid"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/cql2"
)

func where(t testing.TB, text string) cql2.Expr {
	t.Helper()
	e, err := cql2.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func selected(t testing.TB, text string, properties []string) Selection {
	t.Helper()
	if text == "" {
		return NewSelection(nil, time.Time{}, time.Time{}, properties)
	}
	return NewSelection(where(t, text), time.Time{}, time.Time{}, properties)
}

func TestFilteredTiles(t *testing.T) {
	t.Parallel()
	_, _, v := follow(t, sight(1, market, "c.a"), sight(2, market, "c.b"), sight(3, market, "c.a"), sight(40, market, "c.a"))
	c := over(market, 14)
	for _, x := range []struct {
		filter string
		scope  *auth.Scope
		want   []int64
	}{
		{"visits >= 20", viewer("*"), []int64{2, 3, 40}},
		{"visits >= 20", viewer("c.a"), []int64{3, 40}},
		{"visits >= 20", viewer("c.b"), []int64{2}},
		{"name LIKE 'sight %' AND id IN (1, 40)", viewer("*"), []int64{1, 40}},
		{"S_INTERSECTS(geometry, BBOX(0, 0, 1, 1))", viewer("*"), []int64{}},
	} {
		tile, err := v.Tile(t.Context(), Request{Scope: x.scope, Coord: c, Select: selected(t, x.filter, nil), Accept: AcceptAll})
		if err != nil {
			t.Fatal(err)
		}
		if ids := drawnIDs(t, unpacked(t, tile)); !slices.Equal(ids, x.want) {
			t.Errorf("%s, %v: %v, want %v", x.filter, x.scope.Areas, ids, x.want)
		}
	}
}

func TestFiltersArePartOfTheETag(t *testing.T) {
	t.Parallel()
	db, r, v := follow(t, sight(1, market, "c.a"), sight(2, market, "c.b"))
	c := over(market, 14)
	ask := func(s Selection, etag string) Tile {
		t.Helper()
		tile, err := v.Tile(t.Context(), Request{Scope: viewer("*"), Coord: c, Select: s, ETag: etag, Accept: AcceptAll})
		if err != nil {
			t.Fatal(err)
		}
		return tile
	}
	seen := map[string]string{}
	for _, s := range []Selection{{}, selected(t, "visits = 10", nil), selected(t, "visits = 20", nil), selected(t, "", []string{}), selected(t, "", []string{"name"}),
		NewSelection(where(t, "visits = 10"), time.Time{}, time.Time{}, []string{"name"})} {
		tile := ask(s, "")
		if other, ok := seen[tile.ETag]; ok {
			t.Errorf("%q and %q have one ETag", other, s.Class())
		}
		seen[tile.ETag] = s.Class()
		if !ask(s, tile.ETag).Unchanged {
			t.Errorf("%q: asked again, it is not unchanged", s.Class())
		}
	}
	drawn, ten := v.Stats().Drawn, selected(t, "visits = 10", nil)
	spelled := ask(selected(t, " ( visits=10 ) ", nil), "")
	if v.Stats().Drawn != drawn || seen[spelled.ETag] != ten.Class() {
		t.Error("another spelling of a filter is drawn anew")
	}
	commit(t, db, r, sight(3, market, "c.a"))
	for etag := range seen {
		if ask(selected(t, "visits = 10", nil), etag).Unchanged {
			t.Errorf("a commit in the tile left %s as it was", etag)
		}
	}
}

func TestPropertiesOfTiles(t *testing.T) {
	t.Parallel()
	db, r, v := follow(t, sight(1, market, "c.a"))
	c := over(market, 14)
	ask := func(properties ...string) Tile {
		t.Helper()
		tile, err := v.Tile(t.Context(), Request{Scope: viewer("*"), Coord: c, Select: selected(t, "", append([]string{}, properties...))})
		if err != nil {
			t.Fatal(err)
		}
		return tile
	}
	values := func(tile Tile) string {
		ls, err := mvt.Unmarshal(tile.Body)
		if err != nil || len(ls) != 1 {
			t.Fatalf("%v, %v", ls, err)
		}
		return fmt.Sprint(ls[0].Features[0].Properties)
	}
	if got := values(ask("visits", "name", "visits")); got != "map[name:sight 1 visits:10]" {
		t.Errorf("values %s", got)
	}
	shapes, names := ask(), ask("name")
	if got := values(shapes); got != "map[]" {
		t.Errorf("values %s", got)
	}
	// Who asks for no values is not told of their changes, only of what moves, comes and goes.
	busy := sight(1, market, "c.a")
	busy.Feature.Values[2] = int64(99)
	commit(t, db, r, busy)
	if ask().ETag != shapes.ETag || ask("name").ETag == names.ETag {
		t.Error("a change of a value")
	}
	commit(t, db, r, sight(2, market, "c.a"))
	if ask().ETag == shapes.ETag {
		t.Error("a new feature left the tile without values as it was")
	}
}

func TestTilesByTime(t *testing.T) {
	t.Parallel()
	l := layers.NewLayer(layers.Layer{Name: "sight", Geometry: layers.GeometryPoint, MaxZoom: 16, Columns: []layers.Column{{Name: "name", Type: layers.ColumnText}, {Name: "built", Type: layers.ColumnTime}}})
	day := func(n int) time.Time { return time.Date(2026, 1, n, 12, 0, 0, 0, time.UTC) }
	var fs []*layers.Feature
	for i := range 3 {
		fs = append(fs, &layers.Feature{ID: int64(i + 1), Geometry: market, Values: []any{"", day(i + 1)}})
	}
	fs = append(fs, &layers.Feature{ID: 9, Geometry: market, Values: []any{"", nil}})
	r := layers.NewReplica(layers.ReplicaOptions{})
	r.Load(layers.Snapshot{Position: layers.Position{Epoch: "1.1", Version: 1}, Layers: []*layers.Layer{l}, Features: map[string][]*layers.Feature{"sight": fs}})
	v := NewVector(r, "sight")
	for _, x := range []struct {
		from, to time.Time
		want     []int64
	}{{day(2), day(2), []int64{2}}, {day(2), time.Time{}, []int64{2, 3}}, {time.Time{}, day(2), []int64{1, 2}}, {time.Time{}, time.Time{}, []int64{1, 2, 3, 9}}} {
		raw, err := v.EncodeSelected(Request{Scope: viewer("*"), Coord: over(market, 12), Select: NewSelection(nil, x.from, x.to, nil)})
		if err != nil {
			t.Fatal(err)
		}
		if ids := drawnIDs(t, raw); !slices.Equal(ids, x.want) {
			t.Errorf("%v … %v: %v, want %v", x.from, x.to, ids, x.want)
		}
	}
}

func TestSelectionsThatDoNotFit(t *testing.T) {
	t.Parallel()
	_, _, v := follow(t, sight(1, market, "c.a"))
	for field, s := range map[string]Selection{
		"filter": selected(t, "height > 3", nil), "properties": selected(t, "", []string{"height"}),
		"datetime": NewSelection(nil, time.Unix(0, 0), time.Time{}, nil),
	} {
		_, err := v.Tile(t.Context(), Request{Scope: viewer("*"), Coord: over(market, 14), Select: s})
		e, ok := err.(*layers.Error)
		if !ok || e.Code != layers.CodeInvalid || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// A filter that would cost a second for each tile is refused before it costs anything.
func TestCostlyFiltersAreRefused(t *testing.T) {
	t.Parallel()
	ring := orb.Ring{}
	for i := range 15_000 {
		ring = append(ring, orb.Point{119 + float64(i)*1e-5, 29 + float64(i%2)})
	}
	e := &cql2.Op{Name: "s_intersects", Args: []cql2.Expr{cql2.Property{Name: "geometry"}, cql2.Geometry{Geometry: orb.Polygon{append(ring, ring[0])}}}}
	var changes []layers.Change
	for i := range int64(7000) {
		changes = append(changes, sight(i, market, "c.a"))
	}
	_, _, v := follow(t, changes...)
	_, err := v.Tile(t.Context(), Request{Scope: viewer("*"), Coord: over(market, 14), Select: NewSelection(e, time.Time{}, time.Time{}, nil)})
	if got, ok := err.(*layers.Error); !ok || got.Reason != "filter_too_costly" {
		t.Errorf("error = %v", err)
	}
}

// However many filters clients think of, what is kept of them has a bound, and what all share stays.
func TestFiltersDriveNothingOut(t *testing.T) {
	t.Parallel()
	_, r, _ := follow(t, sight(1, market, "c.a"))
	v := newVector(r, "sight", NewCache(1<<20), NewCache(10*keptOverhead), DefaultVectorLimits)
	c := over(market, 14)
	get(t, v, viewer("*"), c, "")
	for i := range 3 * maxPlans {
		if _, err := v.Tile(t.Context(), Request{Scope: viewer("*"), Coord: c, Select: selected(t, fmt.Sprint("visits <> ", i), nil)}); err != nil {
			t.Fatal(err)
		}
	}
	if held := v.selected.Bytes(); held > 10*keptOverhead || len(v.plans) > maxPlans || len(v.tags) > maxTags {
		t.Errorf("%d bytes, %d plans, %d tags held", held, len(v.plans), len(v.tags))
	}
	reused := v.Stats().Reused
	get(t, v, viewer("*"), c, "")
	if v.Stats().Reused != reused+1 {
		t.Error("filtered tiles drove out the one that all share")
	}
}

// A filtered tile that a client keeps as long as it is told so is what a fresh drawing would be, in whatever order things change.
func TestFilteredTilesNeverHideAChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := layers.NewReplica(layers.ReplicaOptions{})
		r.Load(layers.Snapshot{Position: layers.Position{Epoch: "1.1", Version: 1}, Layers: []*layers.Layer{sights()}})
		v := NewVector(r, "sight")
		even, err := cql2.ParseText("visits < 30")
		if err != nil {
			t.Fatal(err)
		}
		selections := []Selection{{}, NewSelection(even, time.Time{}, time.Time{}, nil), NewSelection(nil, time.Time{}, time.Time{}, []string{}), NewSelection(even, time.Time{}, time.Time{}, []string{})}
		held := map[string]Tile{}
		for version := layers.Version(2); version < 12; version++ {
			ch := sight(rapid.Int64Range(1, 5).Draw(t, "id"), rapid.SampledFrom([]orb.Point{market, station}).Draw(t, "place"), rapid.SampledFrom([]string{"c.a", "c.b"}).Draw(t, "area"))
			ch.Feature.Values[2] = rapid.Int64Range(0, 60).Draw(t, "visits")
			if rapid.IntRange(0, 4).Draw(t, "remove") == 0 {
				ch = layers.Change{Layer: "sight", Kind: layers.Delete, Feature: &layers.Feature{ID: ch.Feature.ID}}
			}
			r.Apply(layers.Commit{Version: version, Changes: []layers.Change{ch}})
			for i, s := range selections {
				for _, areas := range []string{"*", "c.a"} {
					req := Request{Scope: viewer(areas), Coord: over(market, 12), Select: s, Accept: AcceptAll}
					key := fmt.Sprint(i, areas)
					req.ETag = held[key].ETag
					tile, err := v.Tile(t.Context(), req)
					if err != nil {
						t.Fatal(err)
					}
					if !tile.Unchanged {
						held[key] = tile
					}
					fresh, err := v.EncodeSelected(req)
					if err != nil || string(fresh) != string(held[key].Body) {
						t.Fatalf("selection %d of %s: held %q, fresh %q, %v", i, areas, held[key].Body, fresh, err)
					}
				}
			}
		}
	})
}

func TestDropped(t *testing.T) {
	t.Parallel()
	if got := (Dropped{Points: 57, Polygons: 3}).String(); got != "points=57, polygons=3" {
		t.Errorf("%q", got)
	}
	if got := (Dropped{Counted: 1}).String(); got != "counted=1" || strings.Contains((Dropped{}).String(), "=") {
		t.Errorf("%q", got)
	}
}

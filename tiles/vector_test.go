package tiles

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"
	"pgregory.net/rapid"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/layerstest"
)

var (
	market  = orb.Point{119.68, 29.79}
	station = orb.Point{119.90, 29.90} // far enough to share no tile from zoom 12 on
)

func viewer(areas ...string) *auth.Scope {
	return (&auth.User{ID: 1, Roles: []auth.Role{auth.RoleViewer}, Areas: areas}).Scope()
}

// sights is a layer of points that belong to areas; features are public.
func sights() *layers.Layer {
	return layers.NewLayer(layers.Layer{Name: "sight", Title: layers.Text{ZH: "景点", EN: "Sights"}, Geometry: layers.GeometryPoint,
		Delivery: layers.DeliverTiles, MinZoom: 5, MaxZoom: 16, Columns: []layers.Column{{Name: "name", Type: layers.ColumnText},
			{Name: layers.AreaColumn, Type: layers.ColumnText}, {Name: "visits", Type: layers.ColumnInt}, {Name: "open", Type: layers.ColumnBool}}})
}

func sight(id int64, at orb.Point, area string) layers.Change {
	return layers.Change{Layer: "sight", Feature: &layers.Feature{ID: id, Geometry: at, Values: []any{fmt.Sprint("sight ", id), area, id * 10, true}}}
}

// over returns the tile of a zoom that holds p.
func over(p orb.Point, z uint8) Coord {
	t := maptile.At(p, maptile.Zoom(z))
	return Coord{Z: z, X: t.X, Y: t.Y}
}

// unpacked returns the bytes of the tile as a client reads them.
func unpacked(t testing.TB, tile Tile) []byte {
	t.Helper()
	raw, err := unpack(tile)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// drawnIDs lists the features of a tile.
func drawnIDs(t testing.TB, raw []byte) []int64 {
	t.Helper()
	ls, err := mvt.Unmarshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	ids := []int64{}
	for _, l := range ls {
		for _, f := range l.Features {
			ids = append(ids, int64(f.ID.(float64)))
		}
	}
	return ids
}

func get(t testing.TB, s Source, scope *auth.Scope, c Coord, etag string) (Tile, bool) {
	t.Helper()
	tile, err := s.Tile(t.Context(), Request{Scope: scope, Coord: c, ETag: etag, Accept: AcceptAll})
	if err != nil {
		t.Fatalf("tile %v: %v", c, err)
	}
	return tile, tile.Unchanged
}

// follow returns a source of changes and a vector source that has seen the first ones.
func follow(t testing.TB, changes ...layers.Change) (*layerstest.Source, *layers.Replica, *Vector) {
	t.Helper()
	db := layerstest.NewSource(sights())
	db.Commit(changes...)
	r := layerstest.Live(t, db)
	return db, r, NewVector(r, "sight")
}

// commit makes changes and waits until the replica has them.
func commit(t testing.TB, db *layerstest.Source, r *layers.Replica, changes ...layers.Change) {
	t.Helper()
	v := db.Commit(changes...)
	if _, err := r.Wait(t.Context(), v-1); err != nil {
		t.Fatal(err)
	}
}

func TestVectorTile(t *testing.T) {
	t.Parallel()
	_, _, v := follow(t, sight(2, market, "c.a"), sight(1, market, "c.a"), sight(3, station, "c.b"))
	tile, unchanged := get(t, v, viewer("*"), over(market, 14), "")
	ls, err := mvt.Unmarshal(unpacked(t, tile))
	if err != nil || unchanged || len(ls) != 1 || ls[0].Name != "sight" {
		t.Fatalf("layers %v, unchanged %v, %v", ls, unchanged, err)
	}
	if ids := drawnIDs(t, unpacked(t, tile)); !slices.Equal(ids, []int64{1, 2}) {
		t.Errorf("features %v, want 1, 2 in that order", ids)
	}
	if got := fmt.Sprint(ls[0].Features[0].Properties); got != "map[area_path:c.a name:sight 1 open:true visits:10]" {
		t.Errorf("values %v", got)
	}
	info := v.Info()
	if info.Title.EN != "Sights" || info.MinZoom != 5 || info.Bound != (orb.Bound{Min: market, Max: station}) || fmt.Sprint(info.Layers[0].Fields) != "map[area_path:String name:String open:Boolean visits:Number]" {
		t.Errorf("info %+v", info)
	}
}

func TestVectorShowsOnlyWhatTheScopeSees(t *testing.T) {
	t.Parallel()
	_, _, v := follow(t, sight(1, market, "c.a"), sight(2, market, "c.b"), sight(3, market, "c.ab"), sight(4, market, ""))
	for _, c := range []struct {
		areas []string
		want  []int64
	}{{[]string{"*"}, []int64{1, 2, 3, 4}}, {[]string{"c"}, []int64{1, 2, 3}}, {[]string{"c.a"}, []int64{1}}, {[]string{"c.b", "c.ab"}, []int64{2, 3}}, {nil, []int64{}}} {
		tile, _ := get(t, v, viewer(c.areas...), over(market, 14), "")
		if ids := drawnIDs(t, unpacked(t, tile)); !slices.Equal(ids, c.want) {
			t.Errorf("scope %v sees %v, want %v", c.areas, ids, c.want)
		}
		// What one scope holds is never good for another.
		if _, unchanged := get(t, v, viewer("c.x"), over(market, 14), tile.ETag); unchanged {
			t.Errorf("the tile of %v is unchanged for c.x", c.areas)
		}
	}
}

func TestVectorUnchangedCostsNoDrawing(t *testing.T) {
	t.Parallel()
	db, r, v := follow(t, sight(1, market, "c.a"), sight(2, station, "c.a"))
	everyone, here := viewer("*"), over(market, 14)
	first, _ := get(t, v, everyone, here, "")
	if again, unchanged := get(t, v, everyone, here, first.ETag); !unchanged || again.Body != nil || again.ETag != first.ETag {
		t.Errorf("asked again: unchanged %v, %+v", unchanged, again)
	}
	get(t, v, everyone, here, "")
	commit(t, db, r, sight(2, station, "c.b"))
	if _, unchanged := get(t, v, everyone, here, first.ETag); !unchanged {
		t.Error("a change elsewhere changed the tile")
	}
	if s := v.Stats(); s.Drawn != 1 || s.Reused != 1 || s.Unchanged != 2 {
		t.Errorf("counts %+v, want one drawn, one reused, two unchanged", s)
	}
	renamed := sight(1, market, "c.a")
	renamed.Feature.Values[0] = "another name"
	commit(t, db, r, renamed)
	if next, unchanged := get(t, v, everyone, here, first.ETag); unchanged || next.ETag == first.ETag {
		t.Error("another value did not change the tile")
	}
}

func TestVectorSharesTilesByClass(t *testing.T) {
	t.Parallel()
	_, _, v := follow(t, sight(1, market, "c.a"))
	c := over(market, 14)
	one, _ := get(t, v, viewer("c.a", "c.b"), c, "")
	two, _ := get(t, v, viewer("c.b", "c.a"), c, "")
	if one.ETag != two.ETag || v.Stats().Drawn != 1 {
		t.Errorf("two users of the same areas: %s and %s, drawn %d times", one.ETag, two.ETag, v.Stats().Drawn)
	}
	public := layers.NewLayer(layers.Layer{Name: "sight", Geometry: layers.GeometryPoint, MaxZoom: 16})
	r := layers.NewReplica(layers.ReplicaOptions{})
	r.Load(layers.Snapshot{Position: layers.Position{Epoch: "1.1", Version: 1}, Layers: []*layers.Layer{public}})
	p := NewVector(r, "sight")
	if a, _ := get(t, p, viewer("c.a"), c, ""); a.ETag == "" {
		t.Error("an empty tile has no ETag")
	} else if _, unchanged := get(t, p, viewer("*"), c, a.ETag); !unchanged {
		t.Error("a layer without areas is not the same for everybody")
	}
}

func TestVectorRefuses(t *testing.T) {
	t.Parallel()
	r := layers.NewReplica(layers.ReplicaOptions{})
	ask := func(layer string, scope *auth.Scope, c Coord) layers.Code {
		_, err := NewVector(r, layer).Tile(t.Context(), Request{Scope: scope, Coord: c})
		if _, encodeErr := NewVector(r, layer).Encode(scope, c); layers.ErrorCode(err) != layers.ErrorCode(encodeErr) {
			t.Errorf("Tile says %v, Encode says %v", err, encodeErr)
		}
		return layers.ErrorCode(err)
	}
	if code := ask("sight", viewer("*"), Coord{}); code != layers.CodeUnavailable {
		t.Errorf("before the first load: %q", code)
	}
	none := layers.NewLayer(layers.Layer{Name: "task"})
	none.Geometry = layers.GeometryNone
	r.Load(layers.Snapshot{Position: layers.Position{Epoch: "1.1", Version: 1}, Layers: []*layers.Layer{sights(), none}})
	for name, code := range map[string]layers.Code{
		"no rights":          ask("sight", &auth.Scope{}, Coord{}),
		"unknown layer":      ask("other", viewer("*"), Coord{}),
		"no geometry":        ask("task", viewer("*"), Coord{}),
		"not on the grid":    ask("sight", viewer("*"), Coord{Z: 3, X: 8}),
		"deeper than levels": ask("sight", viewer("*"), Coord{Z: 25}),
	} {
		if code != layers.CodeNotFound {
			t.Errorf("%s: %q, want not_found", name, code)
		}
	}
}

func TestVectorOutsideItsZooms(t *testing.T) {
	t.Parallel()
	_, _, v := follow(t, sight(1, market, "c.a"))
	for z, want := range map[uint8]int{4: 0, 5: 1, 16: 1, 17: 0} {
		tile, _ := get(t, v, viewer("*"), over(market, z), "")
		if n := len(drawnIDs(t, unpacked(t, tile))); n != want {
			t.Errorf("zoom %d has %d features, want %d", z, n, want)
		}
	}
}

func TestVectorDrawsOnceForMany(t *testing.T) {
	t.Parallel()
	_, _, v := follow(t, sight(1, market, "c.a"))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if tile, err := v.Tile(t.Context(), Request{Scope: viewer("*"), Coord: over(market, 14)}); err != nil || len(tile.Body) == 0 {
				t.Errorf("%+v, %v", tile, err)
			}
		})
	}
	wg.Wait()
	if s := v.Stats(); s.Drawn != 1 {
		t.Errorf("drawn %d times", s.Drawn)
	}
}

func TestVectorMergesCrowdedPointsAndSaysSo(t *testing.T) {
	t.Parallel()
	var changes []layers.Change
	for i := range int64(60) {
		changes = append(changes, sight(i, orb.Point{market[0] + float64(i%3)*0.002, market[1]}, "c.a"))
	}
	_, r, plain := follow(t, changes...)
	for name, limits := range map[string]VectorLimits{"by features": {Features: 59, Bytes: 1 << 20, MergeZoom: 14}, "by bytes": {Features: 1000, Bytes: 500, MergeZoom: 14}} {
		v := newVector(r, "sight", NewCache(1<<20), NewCache(1<<20), limits)
		tile, _ := get(t, v, viewer("*"), over(market, 10), "")
		if ids := drawnIDs(t, unpacked(t, tile)); !slices.Equal(ids, []int64{0, 1, 2}) || tile.Dropped.Points != 57 {
			t.Errorf("%s: drawn %v, merged %d; want 0, 1, 2 and 57", name, ids, tile.Dropped.Points)
		}
		if tile, _ := get(t, v, viewer("*"), over(market, 14), ""); tile.Dropped.Points != 0 || len(drawnIDs(t, unpacked(t, tile))) != 60 {
			t.Errorf("%s: points are left out at the zoom from which all are drawn: %d", name, tile.Dropped.Points)
		}
	}
	if tile, _ := get(t, plain, viewer("*"), over(market, 10), ""); tile.Dropped.Points != 0 || tile.Encoding != "gzip" || len(drawnIDs(t, unpacked(t, tile))) != 60 {
		t.Errorf("an ordinary tile: merged %d, encoding %q", tile.Dropped.Points, tile.Encoding)
	}
}

// A client that keeps a tile as long as it is told "unchanged" always shows what a fresh drawing would show, and two nodes
// that hold equal rows draw equal bytes.
func TestVectorNeverHidesAChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		nodes := []*layers.Replica{layers.NewReplica(layers.ReplicaOptions{}), layers.NewReplica(layers.ReplicaOptions{})}
		for _, r := range nodes {
			r.Load(layers.Snapshot{Position: layers.Position{Epoch: "1.1", Version: 1}, Layers: []*layers.Layer{sights()}})
		}
		sources := []*Vector{NewVector(nodes[0], "sight"), NewVector(nodes[1], "sight")}
		type held struct {
			etag string
			body []byte
		}
		client := map[string]held{}
		scopes := []*auth.Scope{viewer("*"), viewer("c.a"), viewer("c")}
		for version := layers.Version(2); version < 12; version++ {
			id := rapid.Int64Range(1, 5).Draw(t, "id")
			place := rapid.SampledFrom([]orb.Point{market, station, {119.680001, 29.79}}).Draw(t, "place")
			area := rapid.SampledFrom([]string{"c.a", "c.b"}).Draw(t, "area")
			remove := rapid.IntRange(0, 3).Draw(t, "remove") == 0
			for _, r := range nodes {
				ch := sight(id, place, area)
				if remove {
					ch = layers.Change{Layer: "sight", Kind: layers.Delete, Feature: &layers.Feature{ID: id}}
				}
				r.Apply(layers.Commit{Version: version, Changes: []layers.Change{ch}})
			}
			for i, scope := range scopes {
				c := over(rapid.SampledFrom([]orb.Point{market, station}).Draw(t, "over"), rapid.SampledFrom([]uint8{6, 12, 16}).Draw(t, "z"))
				v := rapid.SampledFrom(sources).Draw(t, "node")
				key := fmt.Sprint(i, c)
				tile, err := v.Tile(context.Background(), Request{Scope: scope, Coord: c, ETag: client[key].etag, Accept: AcceptAll})
				if err != nil {
					t.Fatal(err)
				}
				if !tile.Unchanged {
					client[key] = held{tile.ETag, tile.Body} // too small to be packed
				}
				for _, s := range sources {
					if fresh, err := s.Encode(scope, c); err != nil || !bytes.Equal(fresh, client[key].body) {
						t.Fatalf("the client of %v holds another tile %v than node draws (%v)", scope.Areas, c, err)
					}
				}
			}
		}
	})
}

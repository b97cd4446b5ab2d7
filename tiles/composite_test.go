package tiles

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"google.golang.org/protobuf/encoding/protowire"

	"wanglou/layers"
	"wanglou/layers/layerstest"
)

// oneLayer returns the bytes of a tile that has an empty layer of a name.
func oneLayer(name string) []byte {
	layer := protowire.AppendTag(nil, 15, protowire.VarintType)
	layer = protowire.AppendVarint(layer, 2)
	layer = protowire.AppendTag(layer, 1, protowire.BytesType)
	layer = protowire.AppendString(layer, name)
	return protowire.AppendBytes(protowire.AppendTag(nil, 3, protowire.BytesType), layer)
}

// joined is a set of the layer sight, whose rows db holds, and of sources made by SQL.
func joined(t *testing.T, queries ...Source) (*layerstest.Source, *layers.Replica, *Set) {
	t.Helper()
	db := layerstest.NewSource(sights())
	db.Commit(sight(1, market, "c.a"), sight(2, market, "c.b"))
	r := layerstest.Live(t, db)
	s := NewSet(r, 1<<20)
	s.Add(Fixed(queries))
	return db, r, s
}

func sqlSource(name string, body []byte) *Query {
	return NewQuery(Info{Name: name, Format: FormatMVT, MaxZoom: 18, Attribution: "© " + name, Layers: []LayerInfo{{ID: name}},
		Bound: orb.Bound{Min: orb.Point{110, 20}, Max: orb.Point{111, 21}}},
		func(context.Context, Request) (Queried, error) { return Queried{Raw: body}, nil }, QueryOptions{Now: func() time.Time { return time.Unix(0, 0) }})
}

func mustSource(t *testing.T, s *Set, name string) Source {
	t.Helper()
	src, err := s.Source(name)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestCompositeIsAllLayersUnderTheRightsOfEach(t *testing.T) {
	t.Parallel()
	db, r, set := joined(t, sqlSource("road", oneLayer("road")))
	src := mustSource(t, set, "road,sight")
	c := over(market, 14)
	names := func(tile Tile) (out []string) {
		ls, err := mvt.Unmarshal(unpacked(t, tile))
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range ls {
			out = append(out, l.Name)
		}
		return out
	}
	all, _ := get(t, src, viewer("*"), c, "")
	if got := names(all); len(got) != 2 || got[0] != "road" || got[1] != "sight" {
		t.Errorf("layers %v, want road, sight", got)
	}
	if ids := drawnIDs(t, unpacked(t, all)); len(ids) != 2 {
		t.Errorf("features %v, want both", ids)
	}
	some, _ := get(t, src, viewer("c.b"), c, "")
	if ids := drawnIDs(t, unpacked(t, some)); len(ids) != 1 || ids[0] != 2 || some.ETag == all.ETag {
		t.Errorf("c.b sees %v under %s, everybody under %s", ids, some.ETag, all.ETag)
	}
	if tile, unchanged := get(t, src, viewer("*"), c, all.ETag); !unchanged || tile.Body != nil {
		t.Error("asked again, the composite is not unchanged")
	}
	again, _ := get(t, src, viewer("*"), c, "")
	if !bytes.Equal(again.Body, all.Body) || again.ETag != all.ETag {
		t.Error("equal data gives other bytes")
	}
	commit(t, db, r, sight(3, market, "c.a"))
	if next, unchanged := get(t, src, viewer("*"), c, all.ETag); unchanged || len(drawnIDs(t, unpacked(t, next))) != 3 {
		t.Error("a change of one part does not change the whole")
	}
}

func TestCompositeInfo(t *testing.T) {
	t.Parallel()
	_, _, set := joined(t, sqlSource("road", nil))
	info := mustSource(t, set, "sight,road").Info()
	if info.Name != "sight,road" || info.MinZoom != 0 || info.MaxZoom != 18 || len(info.Layers) != 2 || info.Attribution != "© road" {
		t.Errorf("info %+v", info)
	}
	if want := (orb.Bound{Min: orb.Point{110, 20}, Max: orb.Point{119.68, 29.79}}); info.Bound != want {
		t.Errorf("bound %v, want %v", info.Bound, want)
	}
}

func TestNamesThatCannotBeJoined(t *testing.T) {
	t.Parallel()
	photo := NewQuery(Info{Name: "photo", Format: FormatPNG}, nil, QueryOptions{})
	_, _, set := joined(t, photo, sqlSource("twin", oneLayer("sight")))
	for name, want := range map[string]layers.Code{
		"sight,nothing": layers.CodeNotFound, "sight,": layers.CodeNotFound, ",": layers.CodeNotFound, "sight,sight": layers.CodeInvalid, "sight,photo": layers.CodeInvalid,
		"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q": layers.CodeInvalid,
	} {
		if _, err := set.Source(name); layers.ErrorCode(err) != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	_, err := mustSource(t, set, "sight,twin").Tile(t.Context(), Request{Scope: viewer("*"), Coord: over(market, 14)})
	if layers.ErrorCode(err) != layers.CodeInvalid {
		t.Errorf("two layers of one name in a tile: %v", err)
	}
}

// Nobody learns from an extent where things are that he does not see.
func TestBoundsAreThoseOfTheScope(t *testing.T) {
	t.Parallel()
	db, r, set := joined(t, sqlSource("road", nil))
	commit(t, db, r, sight(3, station, "c.b"))
	bound := func(name, areas string) orb.Bound {
		info, err := InfoFor(mustSource(t, set, name), viewer(areas))
		if err != nil {
			t.Fatal(err)
		}
		return info.Bound
	}
	for areas, want := range map[string]orb.Bound{"*": {Min: market, Max: station}, "c.a": {Min: market, Max: market}, "c": {Min: market, Max: station}, "c.x": {}} {
		if got := bound("sight", areas); got != want {
			t.Errorf("for %s: %v, want %v", areas, got, want)
		}
	}
	if got := bound("sight,road", "c.a"); got != (orb.Bound{Min: orb.Point{110, 20}, Max: market}) {
		t.Errorf("composite: %v", got)
	}
}

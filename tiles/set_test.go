package tiles

import (
	"bytes"
	"context"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/layerstest"
)

func named(name string) Source {
	return NewQuery(Info{Name: name, Format: FormatMVT}, func(context.Context, Request) (Queried, error) { return Queried{}, nil }, QueryOptions{})
}

func TestSetBeforeTheFirstLoad(t *testing.T) {
	t.Parallel()
	s := NewSet(layers.NewReplica(layers.ReplicaOptions{}), 1<<20)
	s.Add(Fixed{named("basemap")})
	if src, err := s.Source("basemap"); err != nil || src.Info().Name != "basemap" {
		t.Error("the basemap waits for the replica")
	}
	src, err := s.Source("camera")
	if err != nil {
		t.Fatal("a name that may become a layer is unknown")
	}
	if _, err := src.Tile(t.Context(), Request{Scope: viewer("*")}); layers.ErrorCode(err) != layers.CodeUnavailable {
		t.Errorf("its tiles: %v, want unavailable", err)
	}
}

func TestSetFollowsTheReplica(t *testing.T) {
	t.Parallel()
	db := layerstest.NewSource(sights())
	r := layerstest.Live(t, db)
	s := NewSet(r, 1<<20)
	first := named("basemap")
	s.Add(Fixed{first, named("sight")}, Fixed{named("basemap"), named("terrain")})

	if src, err := s.Source("basemap"); err != nil || src != first {
		t.Error("the group that was added first does not come first")
	}
	sight, err := s.Source("sight")
	if _, isLayer := sight.(*Vector); err != nil || !isLayer {
		t.Error("a file stands in for a layer")
	}
	if again, _ := s.Source("sight"); again != sight {
		t.Error("the same layer has two sources")
	}
	if _, err := s.Source("camera"); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Error("a name that nobody published has tiles")
	}

	before := r.Position()
	db.SetLayers(layers.NewLayer(layers.Layer{Name: "camera", Geometry: layers.GeometryPoint, MaxZoom: 16}), layers.NewLayer(layers.Layer{Name: "task", Geometry: layers.GeometryNone}))
	if _, err := r.WaitPast(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, src := range s.Sources() {
		names = append(names, src.Info().Name)
	}
	if got := len(names); got != 4 || names[0] != "basemap" || names[1] != "camera" || names[2] != "sight" || names[3] != "terrain" {
		t.Errorf("sources %v, want the new layer, and no layer without geometry", names)
	}
	if _, err := s.Source("task"); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Error("a layer without geometry has tiles")
	}
}

func TestSetStats(t *testing.T) {
	t.Parallel()
	db := layerstest.NewSource(sights())
	db.Commit(sight(1, market, "c.a"))
	s := NewSet(layerstest.Live(t, db), 1<<20)
	src, _ := s.Source("sight")
	tile, _ := get(t, src, viewer("*"), over(market, 14), "")
	get(t, src, viewer("*"), over(market, 14), "")
	get(t, src, viewer("*"), over(market, 14), tile.ETag)
	if sum, held := s.Stats(); sum != (VectorStats{Drawn: 1, Reused: 1, Unchanged: 1}) || held <= len(tile.Body) {
		t.Errorf("counts %+v, %d bytes held", sum, held)
	}
}

func TestCache(t *testing.T) {
	t.Parallel()
	c := NewCache(3 * (keptOverhead + 100))
	key := func(x uint32) cacheKey { return cacheKey{source: "s", coord: Coord{Z: 9, X: x}} }
	body := bytes.Repeat([]byte{1}, 100)
	for x := range uint32(3) {
		c.put(key(x), Tile{Body: body, ETag: "1"}, time.Time{})
	}
	if _, ok := c.get(key(0), "1", AcceptAll); !ok {
		t.Fatal("a kept tile is gone")
	}
	c.put(key(3), Tile{Body: body, ETag: "1"}, time.Time{})
	if _, ok := c.get(key(1), "1", AcceptAll); ok {
		t.Error("the tile that was used least is still kept")
	}
	if _, ok := c.get(key(0), "1", AcceptAll); !ok {
		t.Error("a tile that was used just now was dropped")
	}
	if _, ok := c.get(key(0), "2", AcceptAll); ok {
		t.Error("an older content answers for a newer one")
	}
	c.put(key(0), Tile{Body: body[:50], ETag: "2"}, time.Time{})
	if got, want := c.Bytes(), 3*keptOverhead+250; got != want {
		t.Errorf("%d bytes held, want %d", got, want)
	}
	c.put(key(9), Tile{Body: make([]byte, 10_000), ETag: "1"}, time.Time{})
	if _, ok := c.get(key(9), "1", AcceptAll); ok {
		t.Error("a tile larger than the cache is kept")
	}
	if _, ok := c.get(key(0), "2", AcceptAll); !ok {
		t.Error("a tile larger than the cache drove out the others")
	}
}

// A tile is kept as somebody took it, is packed otherwise for who takes only that, and by Brotli when many ask for it.
func TestCacheKeepsEachPacking(t *testing.T) {
	t.Parallel()
	c := NewCache(1 << 20)
	raw := bytes.Repeat([]byte("camera offline "), 200)
	body, encoding, err := pack(raw, AcceptAll)
	if err != nil || encoding != Gzip {
		t.Fatalf("packed as %q, %v", encoding, err)
	}
	key := cacheKey{source: "s"}
	c.put(key, Tile{Body: body, Encoding: encoding, ETag: "1", Dropped: Dropped{Points: 7}}, time.Time{})
	take := func(accept Encodings, want Encoding) {
		t.Helper()
		tile, ok := c.get(key, "1", accept)
		if !ok || tile.Encoding != want || tile.ETag != "1" || tile.Dropped.Points != 7 || !bytes.Equal(unpacked(t, tile), raw) {
			t.Errorf("for %b: packed as %q, %+v", accept, tile.Encoding, ok)
		}
	}
	take(acceptGzip, Gzip)
	take(acceptZstd, Zstd)
	take(0, "")
	before := c.Bytes()
	take(acceptZstd, Zstd)
	if c.Bytes() != before {
		t.Error("packed again for a client that took it before")
	}
	for range hotHits {
		take(AcceptAll&^acceptBrotli, Gzip)
	}
	for range hotHits {
		take(AcceptAll, Gzip)
	}
	c.polishers.Wait()
	take(AcceptAll, Brotli)
	take(acceptBrotli, Brotli)
	take(acceptGzip|acceptZstd, Gzip)
	if c.Bytes() <= before {
		t.Error("what was packed besides is not counted")
	}
	c.put(key, Tile{Body: body, Encoding: encoding, ETag: "2"}, time.Time{})
	if got, want := c.Bytes(), keptOverhead+len(body); got != want {
		t.Errorf("%d bytes held after the content changed, want %d", got, want)
	}
}

func TestParseAccept(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]Encodings{
		"": 0, "gzip": acceptGzip, "gzip, deflate, br, zstd": AcceptAll, "br;q=1.0, gzip;q=0.8, *;q=0.1": AcceptAll, "GZIP;q=0": 0, "gzip;q=0.0, zstd": acceptZstd,
		"*": AcceptAll, "*, gzip;q=0": AcceptAll &^ acceptGzip, "gzip;q=0,*": AcceptAll &^ acceptGzip, "identity": 0, "identity;q=0": 0, "x-gzip , br ; q=0.5": acceptGzip | acceptBrotli,
	} {
		if got := ParseAccept(header); got != want {
			t.Errorf("%q: %b, want %b", header, got, want)
		}
	}
}

func TestSortByID(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 255, 256, 5000} {
		var in, spare []numbered
		for i := range n {
			in = append(in, numbered{id: int64(i*7919%(n+1))*1_000_003 - 1_000_000_000})
		}
		sorted, _ := sortByID(in, spare)
		if len(sorted) != n {
			t.Fatalf("%d of %d remain", len(sorted), n)
		}
		for i := 1; i < n; i++ {
			if sorted[i-1].id > sorted[i].id {
				t.Fatalf("n=%d: %d stands before %d", n, sorted[i-1].id, sorted[i].id)
			}
		}
	}
}

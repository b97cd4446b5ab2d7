package tiles_test

import (
	"bytes"
	"context"
	"image"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
	_ "golang.org/x/image/webp" // terrain tiles

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/realdata"
	"wanglou/tiles"
	"wanglou/tiles/mbtiles/mbtilestest"
	"wanglou/tiles/pmtiles"
	"wanglou/tiles/pmtiles/pmtilestest"
)

// viewer may read, somewhere.
var viewer = (&auth.User{ID: 1, Roles: []auth.Role{auth.RoleViewer}, Areas: []string{"330122"}}).Scope()

func openFolder(t *testing.T, dir string) *tiles.Folder {
	t.Helper()
	f, err := tiles.OpenFolder(t.Context(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func source(t *testing.T, f *tiles.Folder, name string) tiles.Source {
	t.Helper()
	s, ok := f.Source(name)
	if !ok {
		t.Fatalf("%s is not served; broken: %v", name, f.Broken())
	}
	return s
}

func put(t *testing.T, path string, b []byte) {
	t.Helper()
	tmp := path + ".new"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, path); err != nil {
		t.Fatal(err)
	}
}

const vectorMetadata = `{"name":"county","attribution":"<a href=\"https://example.org\">&copy; Survey</a>","vector_layers":[{"id":"water","fields":{"kind":"String"},"minzoom":2}]}`

func TestFolderServesBothFormats(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	packed := pmtilestest.Gzip([]byte("vector"))
	put(t, filepath.Join(dir, "basemap.pmtiles"), pmtilestest.Write(t, pmtilestest.Options{
		Type: pmtiles.TypeMVT, Compression: pmtiles.CompressionGzip, Metadata: vectorMetadata, Bound: [4]float64{119, 29, 120, 30},
	}, pmtilestest.Tile{Z: 2, X: 3, Y: 1, Body: packed}))
	mbtilestest.Write(t, filepath.Join(dir, "photo.mbtiles"), map[string]string{"format": "jpg", "minzoom": "0", "maxzoom": "18"},
		mbtilestest.Tile{Z: 2, X: 3, Y: 1, Body: []byte("picture")})
	mbtilestest.Write(t, filepath.Join(dir, "roads.mbtiles"), map[string]string{"format": "pbf", "name": "Roads", "json": `{"vector_layers":[{"id":"road","fields":{}}]}`},
		mbtilestest.Tile{Z: 2, X: 3, Y: 1, Body: packed})
	put(t, filepath.Join(dir, "README.txt"), []byte("not an archive"))
	f := openFolder(t, dir)

	var names []string
	for _, s := range f.Sources() {
		names = append(names, s.Info().Name)
	}
	if got := strings.Join(names, " "); got != "basemap photo roads" {
		t.Fatalf("sources = %s; broken: %v", got, f.Broken())
	}
	c := tiles.Coord{Z: 2, X: 3, Y: 1}
	for _, want := range []struct {
		name, body string
		encoding   tiles.Encoding
	}{
		{"basemap", string(packed), "gzip"}, {"photo", "picture", ""}, {"roads", string(packed), "gzip"},
	} {
		s := source(t, f, want.name)
		got, err := s.Tile(ctx, tiles.Request{Scope: viewer, Coord: c, Accept: tiles.AcceptAll})
		if err != nil || got.Unchanged || string(got.Body) != want.body || got.Encoding != want.encoding || got.ETag == "" {
			t.Errorf("%s: %+v, %v", want.name, got, err)
		}
		again, err := s.Tile(ctx, tiles.Request{Scope: viewer, Coord: c, ETag: got.ETag})
		if err != nil || !again.Unchanged || again.Body != nil || again.ETag != got.ETag {
			t.Errorf("%s with its tag: %+v, %v", want.name, again, err)
		}
		empty, err := s.Tile(ctx, tiles.Request{Scope: viewer, Coord: tiles.Coord{Z: 2}})
		if err != nil || len(empty.Body) != 0 {
			t.Errorf("%s: a tile that is not there: %+v, %v", want.name, empty, err)
		}
	}

	info := source(t, f, "basemap").Info()
	if info.Format != tiles.FormatMVT || info.Title.EN != "county" || info.Attribution != "© Survey" || info.MinZoom != 2 || info.MaxZoom != 2 {
		t.Errorf("info = %+v", info)
	}
	if want := (orb.Bound{Min: orb.Point{119, 29}, Max: orb.Point{120, 30}}); info.Bound != want {
		t.Errorf("bound = %v", info.Bound)
	}
	if len(info.Layers) != 1 || info.Layers[0].ID != "water" || info.Layers[0].Fields["kind"] != "String" {
		t.Errorf("layers = %+v", info.Layers)
	}
	if info := source(t, f, "photo").Info(); info.Format != tiles.FormatJPEG || info.MaxZoom != 18 {
		t.Errorf("info = %+v", info)
	}
}

func TestArchiveRights(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a.pmtiles"), pmtilestest.Write(t, pmtilestest.Options{Type: pmtiles.TypePNG}, pmtilestest.Tile{Body: []byte("x")}))
	s := source(t, openFolder(t, dir), "a")
	for _, c := range []struct {
		name  string
		scope *auth.Scope
		coord tiles.Coord
	}{{"nobody", &auth.Scope{}, tiles.Coord{}}, {"off the grid", viewer, tiles.Coord{Z: 1, X: 2}}} {
		if _, err := s.Tile(t.Context(), tiles.Request{Scope: c.scope, Coord: c.coord}); layers.ErrorCode(err) != layers.CodeNotFound {
			t.Errorf("%s: error = %v", c.name, err)
		}
	}
}

func TestFolderFollowsItsFiles(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "tiles")
	f := openFolder(t, dir) // which is not there yet
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "basemap.pmtiles")
	write := func(body string) []byte {
		return pmtilestest.Write(t, pmtilestest.Options{Type: pmtiles.TypePNG}, pmtilestest.Tile{Body: []byte(body)})
	}
	scan := func() {
		t.Helper()
		if err := f.Scan(ctx); err != nil {
			t.Fatal(err)
		}
	}
	get := func(s tiles.Source) tiles.Tile {
		t.Helper()
		got, err := s.Tile(ctx, tiles.Request{Scope: viewer, Coord: tiles.Coord{}})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}

	put(t, path, write("first"))
	scan()
	first := source(t, f, "basemap")
	before := get(first)
	if string(before.Body) != "first" {
		t.Fatalf("tile = %q", before.Body)
	}
	scan()
	if source(t, f, "basemap") != first {
		t.Error("a file that did not change was opened again")
	}

	put(t, path, write("second, longer"))
	scan()
	after := get(source(t, f, "basemap"))
	if string(after.Body) != "second, longer" || after.ETag == before.ETag {
		t.Errorf("after the file was replaced: %q, tag %s (before %s)", after.Body, after.ETag, before.ETag)
	}
	if got := get(first); string(got.Body) != "first" {
		t.Errorf("who still holds the old file reads %q", got.Body)
	}

	put(t, path, write("cut off")[:140])
	scan()
	if _, ok := f.Source("basemap"); ok {
		t.Error("a broken file is served")
	}
	if b := f.Broken(); len(b) != 1 || b[0].File != "basemap.pmtiles" || !strings.Contains(b[0].Reason, "cut off") {
		t.Errorf("broken = %+v", b)
	}
	if _, err := first.Tile(ctx, tiles.Request{Scope: viewer, Coord: tiles.Coord{}}); layers.ErrorCode(err) != layers.CodeUnavailable {
		t.Errorf("two scans later: error = %v", err)
	}

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	scan()
	if b := f.Broken(); len(b) != 0 {
		t.Errorf("broken = %+v", b)
	}
}

func TestTwoFilesForOneName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "basemap.pmtiles"), pmtilestest.Write(t, pmtilestest.Options{Type: pmtiles.TypePNG}, pmtilestest.Tile{Body: []byte("x")}))
	f := openFolder(t, dir)
	mbtilestest.Write(t, filepath.Join(dir, "basemap.mbtiles"), map[string]string{"format": "webp"})
	if err := f.Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := source(t, f, "basemap").Info().Format; got != tiles.FormatWebP {
		t.Errorf("format = %s", got)
	}
	if b := f.Broken(); len(b) != 1 || b[0].File != "basemap.pmtiles" || !strings.Contains(b[0].Reason, "already") {
		t.Errorf("broken = %+v", b)
	}
	if err := os.Remove(filepath.Join(dir, "basemap.mbtiles")); err != nil {
		t.Fatal(err)
	}
	if err := f.Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := source(t, f, "basemap").Info().Format; got != tiles.FormatPNG {
		t.Errorf("after the first one went: format = %s", got)
	}
}

func TestArchivesThatCannotBeDrawn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one := pmtilestest.Tile{Body: []byte("x")}
	for name, o := range map[string]pmtilestest.Options{
		"avif.pmtiles":     {Type: pmtiles.TypeAVIF},
		"zstd.pmtiles":     {Type: pmtiles.TypeMVT, Compression: pmtiles.CompressionZstd},
		"terrain.pmtiles":  {Type: pmtiles.TypeJPEG},
		"heights.pmtiles":  {Type: pmtiles.TypePNG, Metadata: `{"encoding":"secret"}`},
		"metadata.pmtiles": {Type: pmtiles.TypePNG, Metadata: `[]`},
		"Big Name.pmtiles": {Type: pmtiles.TypePNG},
	} {
		put(t, filepath.Join(dir, name), pmtilestest.Write(t, o, one))
	}
	mbtilestest.Write(t, filepath.Join(dir, "format.mbtiles"), map[string]string{"format": "xls"})
	f := openFolder(t, dir)
	want := map[string]string{
		"avif.pmtiles": "avif", "zstd.pmtiles": "zstd", "terrain.pmtiles": "terrain is read from", "heights.pmtiles": `"secret"`,
		"metadata.pmtiles": "metadata", "Big Name.pmtiles": "not usable", "format.mbtiles": `"xls"`,
	}
	for _, b := range f.Broken() {
		if !strings.Contains(b.Reason, want[b.File]) || want[b.File] == "" {
			t.Errorf("%s: %s", b.File, b.Reason)
		}
		delete(want, b.File)
	}
	if len(want) > 0 || len(f.Sources()) > 0 {
		t.Errorf("not refused: %v; served: %v", want, f.Sources())
	}
}

func TestFolderRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a.pmtiles"), pmtilestest.Write(t, pmtilestest.Options{Type: pmtiles.TypePNG}, pmtilestest.Tile{Body: []byte("x")}))
	f := openFolder(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Run(ctx); err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("error = %v", err)
	}
	if got := f.Sources(); len(got) != 0 {
		t.Errorf("still served: %v", got)
	}
}

func TestRealTerrainArchive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Symlink(realdata.Path(t, "dem/near-badschandau-z10-11.pmtiles"), filepath.Join(dir, "terrain.pmtiles")); err != nil {
		t.Fatal(err)
	}
	s := source(t, openFolder(t, dir), "terrain")
	info := s.Info()
	if info.Format != tiles.FormatWebP || info.Encoding != "terrarium" || info.Attribution != "© Mapterhorn" || info.MinZoom != 10 || info.MaxZoom != 11 {
		t.Errorf("info = %+v", info)
	}
	for z := info.MinZoom; z <= info.MaxZoom; z++ {
		at := maptile.At(info.Bound.Center(), maptile.Zoom(z))
		tile, err := s.Tile(t.Context(), tiles.Request{Scope: viewer, Coord: tiles.Coord{Z: uint8(z), X: at.X, Y: at.Y}})
		if err != nil {
			t.Fatal(err)
		}
		img, format, err := image.Decode(bytes.NewReader(tile.Body))
		if err != nil || format != "webp" {
			t.Fatalf("z%d: %s, %v", z, format, err)
		}
		// Terrarium: metres = red × 256 + green + blue / 256 − 32768. The Elbe lies at about 115 m here, the hills below 600 m.
		p := img.Bounds().Min.Add(img.Bounds().Size().Div(2))
		r, g, b, _ := img.At(p.X, p.Y).RGBA()
		if m := float64(r>>8)*256 + float64(g>>8) + float64(b>>8)/256 - 32768; m < 100 || m > 600 {
			t.Errorf("z%d: %.1f m in the middle of the tile", z, m)
		}
	}
}

package server_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"wanglou/layers/realdata"
	"wanglou/server"
	"wanglou/server/servertest"
	threed "wanglou/tiles/tileset"
)

// walker visits a whole tileset as a renderer does that looks at everything.
type walker struct {
	t      *testing.T
	client *servertest.Client
	base   string
	seen   map[string]bool // files that were fetched
}

func (w *walker) get(file, kind string) []byte {
	w.t.Helper()
	r := w.client.Get(w.base + file)
	if r.Status != 200 || r.Header.Get("Content-Type") != kind || r.Header.Get("ETag") == "" {
		w.t.Fatalf("%s: %d, %v", file, r.Status, r.Header)
	}
	w.seen[file] = true
	return r.Body
}

type treeTile struct {
	Content  *struct{ URI, URL string }
	Contents []struct{ URI string }
	Children []treeTile
	Implicit *struct {
		SubtreeLevels, AvailableLevels int
		Subtrees                       struct{ URI string }
	} `json:"implicitTiling"`
}

func (w *walker) tileset(file string) {
	w.t.Helper()
	var d struct{ Root treeTile }
	if err := json.Unmarshal(w.get(file, "application/json"), &d); err != nil {
		w.t.Fatal(err)
	}
	w.tile(path.Dir(file), d.Root)
}

func (w *walker) tile(dir string, t treeTile) {
	w.t.Helper()
	uri := ""
	if t.Content != nil {
		uri = t.Content.URI + t.Content.URL
	}
	switch {
	case t.Implicit != nil:
		w.subtree(dir, t, uri, 0, 0, 0)
	case strings.HasSuffix(uri, ".json"):
		w.tileset(path.Join(dir, uri))
	case uri != "":
		w.content(path.Join(dir, uri))
	}
	for _, c := range t.Contents {
		w.content(path.Join(dir, c.URI))
	}
	for _, c := range t.Children {
		w.tile(dir, c)
	}
}

func (w *walker) content(file string) {
	w.t.Helper()
	magic, kind := map[string]string{".glb": "glTF", ".b3dm": "b3dm", ".pnts": "pnts"}[path.Ext(file)], "application/octet-stream"
	if path.Ext(file) == ".glb" {
		kind = "model/gltf-binary"
	}
	if b := w.get(file, kind); len(b) < 4 || string(b[:4]) != magic {
		w.t.Fatalf("%s begins with %q", file, b[:min(len(b), 4)])
	}
}

// availability is a bitstream of a subtree, or a constant.
type availability struct {
	Constant  *int
	Bitstream *int
}

// subtree follows one subtree of a quadtree: its contents, and the subtrees below.
func (w *walker) subtree(dir string, t treeTile, uri string, level, x, y int) {
	w.t.Helper()
	named := func(template string, level, x, y int) string {
		return path.Join(dir, strings.NewReplacer("{level}", fmt.Sprint(level), "{x}", fmt.Sprint(x), "{y}", fmt.Sprint(y)).Replace(template))
	}
	b := w.get(named(t.Implicit.Subtrees.URI, level, x, y), "application/octet-stream")
	if string(b[:4]) != "subt" || binary.LittleEndian.Uint32(b[4:]) != 1 {
		w.t.Fatalf("subtree begins with %q", b[:8])
	}
	n := binary.LittleEndian.Uint64(b[8:])
	var s struct {
		BufferViews []struct{ ByteOffset, ByteLength int }
		Content     []availability `json:"contentAvailability"`
		Child       availability   `json:"childSubtreeAvailability"`
	}
	if err := json.Unmarshal(b[24:24+n], &s); err != nil {
		w.t.Fatal(err)
	}
	there := func(a availability, i int) bool {
		if a.Bitstream == nil {
			return a.Constant != nil && *a.Constant == 1
		}
		v := s.BufferViews[*a.Bitstream]
		return b[24+int(n)+v.ByteOffset+i/8]>>(i%8)&1 == 1
	}
	morton := func(i int) (x, y int) {
		for bit := range 16 {
			x |= i >> (2 * bit) & 1 << bit
			y |= i >> (2*bit + 1) & 1 << bit
		}
		return x, y
	}
	first := 0
	for l := range t.Implicit.SubtreeLevels {
		for i := range 1 << (2 * l) {
			if dx, dy := morton(i); len(s.Content) > 0 && there(s.Content[0], first+i) {
				w.content(named(uri, level+l, x<<l+dx, y<<l+dy))
			}
		}
		first += 1 << (2 * l)
	}
	next := level + t.Implicit.SubtreeLevels
	for i := range 1 << (2 * t.Implicit.SubtreeLevels) {
		if dx, dy := morton(i); next < t.Implicit.AvailableLevels && there(s.Child, i) {
			w.subtree(dir, t, uri, next, x<<t.Implicit.SubtreeLevels+dx, y<<t.Implicit.SubtreeLevels+dy)
		}
	}
}

// Real tilesets of both versions are walked whole, with explicit and implicit tiling, out of folders and zips.
func TestRealTilesets(t *testing.T) {
	t.Parallel()
	root := realdata.Path(t, "3dtiles")
	dir := t.TempDir()
	want := map[string]string{"city": "1.0/TilesetWithRequestVolume", "houses": "1.1/MetadataGranularities", "sparse": "1.1/SparseImplicitQuadtree"}
	for name, at := range want {
		if out, err := exec.Command("cp", "-r", filepath.Join(root, at), filepath.Join(dir, name)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if _, err := exec.LookPath("zip"); err == nil {
			for suffix, level := range map[string]string{"-stored": "-0", "-deflated": "-6"} {
				cmd := exec.Command("zip", "-q", "-r", level, filepath.Join(dir, name+suffix+".zip"), ".")
				cmd.Dir = filepath.Join(root, at)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
		}
	}
	w := newWorld(t, func(o *server.Options) { o.Assets.Tilesets = threed.Open(dir, slog.New(slog.DiscardHandler)) })
	viewer := w.as("viewer")
	var catalog struct {
		Tilesets []struct {
			Name, Version, URL string
			Implicit           bool
		}
	}
	if err := json.Unmarshal(viewer.Get("/api/catalog").Body, &catalog); err != nil {
		t.Fatal(err)
	}
	if len(catalog.Tilesets) < 3 || len(catalog.Tilesets)%3 != 0 {
		t.Fatalf("catalogue: %+v", catalog.Tilesets)
	}
	for _, s := range catalog.Tilesets {
		at := want[strings.Split(s.Name, "-")[0]]
		if s.Version != at[:3] || s.Implicit != strings.HasPrefix(s.Name, "sparse") {
			t.Errorf("%+v", s)
		}
		walk := &walker{t: t, client: viewer, base: strings.TrimSuffix(s.URL, "tileset.json"), seen: map[string]bool{}}
		walk.tileset("tileset.json")
		files := 0
		_ = filepath.WalkDir(filepath.Join(root, at), func(p string, e os.DirEntry, _ error) error {
			if !e.IsDir() && path.Ext(p) != ".md" {
				files++
			}
			return nil
		})
		if len(walk.seen) != files {
			t.Errorf("%s: %d of %d files were reached", s.Name, len(walk.seen), files)
		}
		if r := viewer.Get(s.URL, "Range", "bytes=0-9"); r.Status != 206 || len(r.Body) != 10 {
			t.Errorf("%s: a part: %d, %d bytes", s.Name, r.Status, len(r.Body))
		}
		if r := viewer.Get(s.URL, "If-None-Match", viewer.Get(s.URL).Header.Get("ETag")); r.Status != 304 {
			t.Errorf("%s: unchanged: %d", s.Name, r.Status)
		}
		if r := w.nobody().Get(s.URL); r.Status != 401 {
			t.Errorf("%s: nobody: %d", s.Name, r.Status)
		}
	}
	for _, bad := range []string{"/tilesets/none/tileset.json", "/tilesets/city/..%2Fhouses%2Ftileset.json", "/tilesets/city/README.md", "/tilesets/city/city"} {
		if r := viewer.Get(bad); r.Status != 404 {
			t.Errorf("%s: %d", bad, r.Status)
		}
	}
}

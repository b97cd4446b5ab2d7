package server_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"wanglou/server"
	"wanglou/tiles/glyphs"
)

const builtStyle = `{"version":8,"name":"x","metadata":{"wanglou:signs":{"sev":["#ff5b4d","#ff9d3b","#e6cf58"],"onSev":"#14100c","unit":"#6bb7ff","onUnit":"#071420","camera":"#7b898e","ink":"#0a0e0f"}},
"glyphs":"{origin}/fonts/{fontstack}/{range}.pbf","sprite":"{origin}/sprites/dark",
"sources":{"basemap":{"type":"vector","tiles":["{origin}/tiles/basemap/{z}/{x}/{y}"]},"terrain":{"type":"raster-dem","tiles":["{origin}/tiles/terrain/{z}/{x}/{y}"]},"hillshade":{"type":"raster-dem","tiles":["{origin}/tiles/terrain/{z}/{x}/{y}"]}},
"layers":[{"id":"background","type":"background"},{"id":"hillshade","type":"hillshade","source":"hillshade"},{"id":"road","type":"line","source":"basemap","source-layer":"road"}]}`

func TestStyleFontsAndSprites(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) {
		o.Console = fstest.MapFS{"index.html": {}, "styles/dark.zh.json": {Data: []byte(builtStyle)}, "styles/dark.en.json": {Data: []byte(builtStyle)}}
		o.Assets.Glyphs = glyphs.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	})
	viewer := w.as("viewer")
	var style struct {
		Glyphs, Sprite string
		Sources        map[string]struct{ Tiles []string }
		Layers         []struct{ ID string }
	}
	got := viewer.Get("/styles/dark.json?lang=en")
	if err := json.Unmarshal(got.Body, &style); got.Status != 200 || err != nil {
		t.Fatal(got.Status, err)
	}
	// The world's terrain source says nothing of heights: it and what draws it go.
	if style.Glyphs != w.url+"/fonts/{fontstack}/{range}.pbf" || len(style.Sources) != 1 || len(style.Layers) != 2 || !strings.HasPrefix(style.Sources["basemap"].Tiles[0], w.url) {
		t.Errorf("%+v", style)
	}
	for path, kind := range map[string]string{
		"/fonts/Wanglou%20Regular/0-255.pbf": "application/x-protobuf", "/fonts/Bold,Noto%20Sans/256-511.pbf": "application/x-protobuf",
		"/sprites/dark.json": "application/json", "/sprites/dark.png": "image/png", "/sprites/dark@2x.json": "application/json", "/sprites/dark@2x.png": "image/png",
	} {
		r := viewer.Get(path)
		if r.Status != 200 || r.Header.Get("Content-Type") != kind || len(r.Body) == 0 || r.Header.Get("ETag") == "" {
			t.Errorf("%s: %d, %v", path, r.Status, r.Header)
		}
		if again := viewer.Get(path, "If-None-Match", r.Header.Get("ETag")); again.Status != 304 {
			t.Errorf("%s with its tag: %d", path, again.Status)
		}
		if r := w.nobody().Get(path); r.Status != 401 {
			t.Errorf("%s for nobody: %d", path, r.Status)
		}
	}
	for path, status := range map[string]int{
		"/styles/pink.json": 404, "/styles/dark": 404, "/styles/dark.json?lang=fr": 400, "/fonts/x/0-256.pbf": 404, "/fonts/x/a-b.pbf": 404, "/fonts/x/1-256.pbf": 404,
		"/sprites/dark.gif": 404, "/sprites/pink.png": 404, "/sprites/..%2Fdark.png": 404,
	} {
		if r := viewer.Get(path); r.Status != status {
			t.Errorf("%s: %d", path, r.Status)
		}
	}
}

// What the build wrote is valid as the server gives it, by MapLibre's own gl-style-validate.
func TestServedStyleIsValid(t *testing.T) {
	t.Parallel()
	tool, err := filepath.Abs("../frontend/node_modules/.bin/gl-style-validate")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(tool); err != nil {
		t.Skip("npm packages are not installed")
	}
	dist := os.DirFS("../frontend/dist")
	if _, err := os.Stat("../frontend/dist/styles/dark.zh.json"); err != nil {
		t.Skip("the console is not built")
	}
	w := newWorld(t, func(o *server.Options) { o.Console = dist })
	for _, path := range []string{"/styles/dark.json", "/styles/light.json?lang=en"} {
		r := w.as("viewer").Get(path)
		file := filepath.Join(t.TempDir(), "style.json")
		if err := os.WriteFile(file, r.Body, 0o600); r.Status != 200 || err != nil {
			t.Fatal(r.Status, err)
		}
		if out, err := exec.CommandContext(t.Context(), tool, file).CombinedOutput(); err != nil || len(strings.TrimSpace(string(out))) > 0 {
			t.Errorf("%s: %v: %s", path, err, out)
		}
	}
}

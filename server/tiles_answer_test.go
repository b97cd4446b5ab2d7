package server_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"slices"
	"strings"
	"testing"

	"wanglou/layers"
	"wanglou/server"
	"wanglou/tiles"
)

// packed returns b in gzip.
func packed(t *testing.T, b string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write([]byte(b)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestTiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	zipped := packed(t, "a tile")
	w.tiles.set(tiles.Tile{Body: zipped, Encoding: "gzip", ETag: `"v1"`}, nil)
	c := w.as("viewer")
	const path = "/tiles/camera/14/13642/6772"
	for name, q := range map[string]struct {
		accept, encoding string
	}{
		"a browser": {"gzip, deflate, br", "gzip"}, "anything": {"*", "gzip"}, "none": {"identity", ""}, "refused": {"gzip;q=0, br", ""}, "weighted": {"br;q=1.0, gzip;q=0.5", "gzip"},
		"refused with digits": {"gzip; q=0.000", ""},
	} {
		res := c.Get(path, "Accept-Encoding", q.accept).Want(200)
		want, etag := []byte("a tile"), `"v1"`
		if q.encoding != "" {
			want, etag = zipped, `"v1.gzip"`
		}
		if !bytes.Equal(res.Body, want) || res.Header.Get("Content-Encoding") != q.encoding || res.Header.Get("ETag") != etag || res.Header.Get("Content-Length") != itoa(len(want)) {
			t.Errorf("%s: %d bytes, %v", name, len(res.Body), res.Header)
		}
		if res.Header.Get("Content-Type") != "application/vnd.mapbox-vector-tile" || res.Header.Get("Cache-Control") != "private, no-cache" ||
			res.Header.Get("Vary") != "Cookie, Accept-Encoding" {
			t.Errorf("%s: %v", name, res.Header)
		}
	}
	for held, want := range map[string]int{`"v1"`: 304, `"v1.gzip"`: 304, `W/"v1.gzip"`: 304, `"v0"`: 200, `"v0", "v1"`: 200, "*": 200, "": 200} {
		res := c.Get(path, "If-None-Match", held, "Accept-Encoding", "gzip").Want(want)
		if want == 304 && (len(res.Body) > 0 || res.Header.Get("ETag") != held) {
			t.Errorf("%q: %q, %v", held, res.Body, res.Header)
		}
	}
	if head := c.Do("HEAD", path, nil, "Accept-Encoding", "gzip").Want(200); len(head.Body) > 0 || head.Header.Get("Content-Length") != itoa(len(zipped)) {
		t.Errorf("HEAD: %v", head.Header)
	}
	w.tiles.set(tiles.Tile{ETag: `"none"`}, nil)
	if res := c.Get(path).Want(204); res.Header.Get("ETag") != `"none"` || len(res.Body) > 0 {
		t.Errorf("an empty tile: %v", res.Header)
	}
	c.Get(path, "If-None-Match", `"none"`).Want(304)
	w.tiles.set(tiles.Tile{Body: []byte("raw"), ETag: `"r"`}, nil)
	if res := c.Get(path, "Accept-Encoding", "gzip").Want(200); string(res.Body) != "raw" || res.Header.Get("Content-Encoding") != "" {
		t.Errorf("a raw tile: %v", res.Header)
	}
	if got := w.tiles.classes(); !slices.Equal(got, []string{"c.t1"}) {
		t.Errorf("the tiles were made for %q", got)
	}
}

func TestRefusedTiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as("duty")
	for path, want := range map[string][2]string{
		"camera/x/0/0": {"z", "wrong_type"}, "camera/1/-1/0": {"x", "wrong_type"}, "camera/1/0/0.mvt": {"y", "wrong_type"}, "camera/25/0/0": {"z", "out_of_range"},
		"camera/1/2/0": {"z", "out_of_range"}, "camera/1/0/2": {"z", "out_of_range"}, "camera/300/0/0": {"z", "out_of_range"}, "camera/1/4294967296/0": {"x", "wrong_type"},
	} {
		c.Get("/tiles/"+path).WantError(400, "invalid", want[0], want[1])
	}
	for _, path := range []string{"app_user/0/0/0", "app_user.json", "camera,app_user/0/0/0", "..%2fcamera/0/0/0"} {
		c.Get("/tiles/"+path).WantError(404, "not_found", "", "unknown_source")
	}
	for _, path := range []string{"camera", "camera/0", "camera/0/0", "camera/0/0/0/0", ""} {
		c.Get("/tiles/"+path).WantError(404, "not_found", "", "")
	}
	for name, e := range serviceErrors {
		w.tiles.set(tiles.Tile{}, e.err)
		res := c.Get("/tiles/camera/0/0/0", "If-None-Match", `"v1"`).WantError(e.status, e.code, e.field, e.reason)
		if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("ETag") != "" || strings.Contains(string(res.Body), "hunter2") {
			t.Errorf("%s: %v %s", name, res.Header, res.Body)
		}
	}
	w.tiles.set(tiles.Tile{Body: []byte("no gzip"), Encoding: "gzip", ETag: `"x"`}, nil)
	c.Get("/tiles/camera/0/0/0", "Accept-Encoding", "identity").WantError(500, "internal", "", "")
}

type tileJSON struct {
	TileJSON     string
	Tiles        []string
	Bounds       []float64
	MaxZoom      int
	VectorLayers []map[string]any `json:"vector_layers"`
}

func TestTileJSONSaysWhatThereIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var got tileJSON
	w.as("duty").Get("/tiles/camera.json").Want(200).Into(&got)
	if got.TileJSON != "3.0.0" || !slices.Equal(got.Tiles, []string{w.url + "/tiles/camera/{z}/{x}/{y}"}) || !slices.Equal(got.Bounds, []float64{119, 29, 120, 30}) ||
		got.MaxZoom != 14 || len(got.VectorLayers) != 1 {
		t.Errorf("%+v", got)
	}
	var basemap tileJSON
	w.as("town").Get("/tiles/basemap.json").Want(200).Into(&basemap)
	if basemap.Bounds == nil {
		t.Error("the basemap is everybody's and has no bounds")
	}
	secure := newWorld(t, func(o *server.Options) { o.HTTPS = true })
	res := secure.nobody().Login("duty", "duty-password")
	cookie, _, _ := strings.Cut(res.Header.Get("Set-Cookie"), ";")
	secure.nobody().Get("/tiles/camera.json", "Cookie", cookie).Want(200).Into(&got)
	if !strings.HasPrefix(got.Tiles[0], "https://") {
		t.Errorf("%q", got.Tiles)
	}
}

// An account without a right on the map, and one whose source refuses, learn nothing of what tiles there are.
func TestTilesOfNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tiles.set(tiles.Tile{Body: []byte("x"), ETag: `"v1"`}, nil)
	for _, path := range []string{"/tiles/camera/0/0/0", "/tiles/camera.json", "/tiles/nothing/0/0/0", "/tiles/nothing.json"} {
		w.nobody().Get(path, "If-None-Match", `"v1"`).WantError(http.StatusUnauthorized, "unauthorized", "", "")
		w.as("norole").Get(path, "If-None-Match", `"v1"`).WantError(http.StatusForbidden, "forbidden", "", "")
	}
	w.tiles.set(tiles.Tile{}, layers.Errorf(layers.CodeNotFound, "there are no such tiles"))
	w.as("town").Get("/tiles/camera/0/0/0").WantError(404, "not_found", "", "")
}

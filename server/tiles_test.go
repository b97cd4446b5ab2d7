package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/paulmach/orb/encoding/mvt"

	"wanglou/server"
	"wanglou/tiles"
)

// drawn is a world whose tiles are drawn out of its replica: two cameras of two towns in one tile.
func drawn(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, func(o *server.Options) {
		o.Tiles = tiles.NewSet(o.Replica, 1<<20)
	})
	w.put(cameraAt(1, "camera of the first town, with a name that is long enough to be packed", "c.t1", 119.68, 29.79), cameraAt(2, "camera of the second town", "c.t2", 119.69, 29.79))
	return w
}

const marketTile = "/tiles/camera/8/213/105"

func ids(t *testing.T, body []byte) (out []int) {
	t.Helper()
	ls, err := mvt.Unmarshal(body)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range ls {
		for _, f := range l.Features {
			out = append(out, int(f.ID.(float64)))
		}
	}
	return out
}

func TestTilesAreFilteredAndKept(t *testing.T) {
	t.Parallel()
	w := drawn(t)
	duty, town := w.as("duty"), w.as("town")
	all := duty.Get(marketTile).Want(http.StatusOK)
	if got := ids(t, all.Body); len(got) != 2 {
		t.Errorf("features %v, want both", got)
	}
	if got := ids(t, town.Get(marketTile).Want(http.StatusOK).Body); len(got) != 1 || got[0] != 1 {
		t.Errorf("the town sees %v", got)
	}
	second := marketTile + "?filter=" + url.QueryEscape("name LIKE '%second%'")
	one := duty.Get(second).Want(http.StatusOK)
	if got := ids(t, one.Body); len(got) != 1 || got[0] != 2 {
		t.Errorf("filtered: %v", got)
	}
	town.Get(second).Want(http.StatusNoContent)
	if one.Header.Get("ETag") == all.Header.Get("ETag") {
		t.Error("a filtered tile has the ETag of the whole")
	}
	duty.Get(second, "If-None-Match", one.Header.Get("ETag")).Want(http.StatusNotModified)
	duty.Get(second, "If-None-Match", "W/"+one.Header.Get("ETag")).Want(http.StatusNotModified)
	duty.Get(second, "If-None-Match", all.Header.Get("ETag")).Want(http.StatusOK)
	town.Get(marketTile, "If-None-Match", all.Header.Get("ETag")).Want(http.StatusOK)
	json := marketTile + "?filter-lang=cql2-json&filter=" + url.QueryEscape(`{"op":"=","args":[{"property":"id"},1]}`)
	if got := ids(t, duty.Get(json).Want(http.StatusOK).Body); len(got) != 1 || got[0] != 1 {
		t.Errorf("filtered by JSON: %v", got)
	}
	for query, field := range map[string]string{"filter=name+LIKE": "filter", "filter=nothing=1": "filter", "filter-lang=sql&filter=x": "filter-lang", "datetime=yesterday": "datetime", "properties=nothing": "properties"} {
		duty.Get(marketTile+"?"+query).WantError(http.StatusBadRequest, "invalid", field)
	}
}

// A tile goes out packed as the client takes it, and each packing has a name of its own.
func TestTilesArePackedAsTheClientTakesThem(t *testing.T) {
	t.Parallel()
	w := drawn(t)
	for i := range int64(40) {
		w.put(cameraAt(10+i, strings.Repeat("a camera among many ", 3), "c.t1", 119.68, 29.79))
	}
	duty := w.as("duty")
	tags := map[string]bool{}
	for _, c := range [][2]string{{"identity", ""}, {"gzip, deflate, br, zstd", "gzip"}, {"zstd", "zstd"}, {"gzip;q=0, br", "br"}} {
		accept, want := c[0], c[1]
		res := duty.Get(marketTile, "Accept-Encoding", accept).Want(http.StatusOK)
		tag := res.Header.Get("ETag")
		if got := res.Header.Get("Content-Encoding"); got != want || tags[tag] || !strings.Contains(res.Header.Get("Vary"), "Accept-Encoding") {
			t.Errorf("%s: packed as %q under %s, vary %q", accept, got, tag, res.Header.Get("Vary"))
		}
		tags[tag] = true
		duty.Get(marketTile, "Accept-Encoding", accept, "If-None-Match", tag).Want(http.StatusNotModified)
		if want == "zstd" {
			z, err := zstd.NewReader(nil)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := z.DecodeAll(res.Body, nil)
			if err != nil || len(ids(t, raw)) != 42 {
				t.Errorf("unpacked: %v, %v", ids(t, raw), err)
			}
		}
	}
}

func TestStaleTilesAndBudgetsAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tiles.set(tiles.Tile{Body: []byte("x"), ETag: `"1"`, Made: w.clock.Now().Add(-90 * time.Second), Stale: true, Dropped: tiles.Dropped{Points: 7, Counted: 2}}, nil)
	res := w.as("duty").Get(marketTile).Want(http.StatusOK)
	if res.Header.Get("Age") != "90" || !strings.HasPrefix(res.Header.Get("Warning"), "110 ") || res.Header.Get("Wanglou-Dropped") != "points=7, counted=2" {
		t.Errorf("headers %v", res.Header)
	}
	metrics := string(w.as("admin").Get("/metrics").Want(http.StatusOK).Body)
	if !strings.Contains(metrics, `wanglou_tiles_dropped_total{kind="points",source="camera"} 7`) {
		t.Error("what a tile leaves out is not counted")
	}
}

type tileJSONBody struct {
	Tiles        []string
	Bounds       []float64
	Center       []float64
	MinZoom      int
	MaxZoom      int
	VectorLayers []struct {
		ID     string
		Fields map[string]string
	} `json:"vector_layers"`
}

func TestTileJSON(t *testing.T) {
	t.Parallel()
	w := drawn(t)
	read := func(login, path string) (b tileJSONBody) {
		t.Helper()
		w.as(login).Get(path).Want(http.StatusOK).Into(&b)
		return b
	}
	all := read("duty", "/tiles/camera.json")
	if len(all.Bounds) != 4 || all.Bounds[0] != 119.68 || all.Bounds[2] != 119.69 || len(all.Center) != 3 || all.Center[0] < 119.68 || all.Center[0] > 119.69 {
		t.Errorf("bounds %v, center %v", all.Bounds, all.Center)
	}
	// Extent and fields are of what the caller sees and selects, also in company.
	for _, path := range []string{"/tiles/camera.json", "/tiles/camera,area.json", "/tiles/area,camera.json"} {
		if b := read("town", path); len(b.Bounds) != 4 || b.Bounds[0] != 119.68 || b.Bounds[2] != 119.68 {
			t.Errorf("%s: the town knows of %v", path, b.Bounds)
		}
	}
	some := read("duty", "/tiles/camera.json?properties=name&filter="+url.QueryEscape("name = 'a'"))
	if len(some.VectorLayers) != 1 || len(some.VectorLayers[0].Fields) != 1 || some.VectorLayers[0].Fields["name"] != "String" {
		t.Errorf("layers %+v", some.VectorLayers)
	}
	if want := "/tiles/camera/{z}/{x}/{y}?filter=name+%3D+%27a%27&properties=name"; len(some.Tiles) != 1 || !strings.HasSuffix(some.Tiles[0], want) {
		t.Errorf("tiles %v, want …%s", some.Tiles, want)
	}
	duty := w.as("duty")
	duty.Get("/tiles/camera.json?properties=nothing").WantError(http.StatusBadRequest, "invalid", "properties")
	duty.Get("/tiles/camera,nothing.json").WantError(http.StatusNotFound, "not_found", "")
	duty.Get("/tiles/camera,camera.json").WantError(http.StatusBadRequest, "invalid", "source")
	if both := read("duty", "/tiles/camera,area.json"); len(both.VectorLayers) != 2 || !strings.Contains(both.Tiles[0], "/tiles/camera,area/{z}") {
		t.Errorf("composite %+v", both)
	}
}

package tiles_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"wanglou/tiles"
)

// An MBTiles that GDAL cuts is served as it lies in the file, described as GDAL describes it; what is served GDAL reads back.
func TestServesWhatGDALCuts(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ogr2ogr", "ogrinfo"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed (deploy/install-deps.sh run)", name)
		}
	}
	dir := t.TempDir()
	var features []string
	for i := range 40 {
		features = append(features, fmt.Sprintf(`{"type":"Feature","properties":{"no":%d,"名称":"站 %d"},"geometry":{"type":"Point","coordinates":[%g,29.8]}}`, i, i, 119.6+float64(i)/1000))
	}
	json := filepath.Join(dir, "stops.geojson")
	put(t, json, []byte(`{"type":"FeatureCollection","features":[`+strings.Join(features, ",")+`]}`))
	folder := filepath.Join(dir, "tiles")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "stops.mbtiles")
	if out, err := exec.CommandContext(t.Context(), "ogr2ogr", "-q", "-f", "MBTILES", "-dsco", "MINZOOM=5", "-dsco", "MAXZOOM=12", "-nln", "stops", file, json).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	src := source(t, openFolder(t, folder), "stops")
	info := src.Info()
	if info.Format != tiles.FormatMVT || info.MinZoom != 5 || info.MaxZoom != 12 || len(info.Layers) != 1 || info.Layers[0].ID != "stops" || info.Layers[0].Fields["名称"] != "String" {
		t.Errorf("described as %+v", info)
	}
	seen := map[float64]bool{}
	for lon := 119.6; lon < 119.65; lon += 0.01 {
		at := maptile.At(orb.Point{lon, 29.8}, 12)
		tile, err := src.Tile(t.Context(), tiles.Request{Scope: viewer, Coord: tiles.Coord{Z: 12, X: at.X, Y: at.Y}, Accept: tiles.ParseAccept("gzip")})
		if err != nil {
			t.Fatal(err)
		}
		if len(tile.Body) == 0 {
			continue
		}
		layers, err := mvt.Unmarshal([]byte(unpack(t, tile)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range layers[0].Features {
			seen[f.Properties["no"].(float64)] = true
		}
	}
	if len(seen) != 40 {
		t.Errorf("%d of 40 stops are in the deepest tiles", len(seen))
	}
	out, err := exec.CommandContext(t.Context(), "ogrinfo", "-ro", "-al", file).CombinedOutput()
	if err != nil || strings.Count(string(out), "OGRFeature(stops)") < 40 {
		t.Errorf("ogrinfo: %v\n%.1000s", err, out)
	}
}

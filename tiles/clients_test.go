package tiles

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/tiles/mvt"
)

// everyGeometry is a layer with each kind of geometry that a database may hold, sound or not, around the market.
func everyGeometry() (layers.Layer, []*layers.Feature) {
	x, y := market[0], market[1]
	square := orb.Ring{{x, y}, {x + .01, y}, {x + .01, y + .01}, {x, y + .01}, {x, y}}
	hole := orb.Ring{{x + .002, y + .002}, {x + .002, y + .008}, {x + .008, y + .008}, {x + .008, y + .002}, {x + .002, y + .002}}
	bow := orb.Ring{{x, y}, {x + .01, y + .01}, {x + .01, y}, {x, y + .01}, {x, y}}
	shapes := []orb.Geometry{
		orb.Point{x, y}, orb.MultiPoint{{x, y}, {x + .001, y}}, orb.LineString{{x, y}, {x + .01, y + .002}, {x + .02, y}},
		orb.MultiLineString{{{x, y}, {x + .01, y}}, {{x, y + .01}, {x + .01, y + .01}}}, orb.Polygon{square, hole}, orb.MultiPolygon{{square}, {{{x + .02, y}, {x + .03, y}, {x + .03, y + .01}, {x + .02, y}}}},
		orb.Collection{orb.Point{x, y}, orb.LineString{{x, y}, {x + .01, y}}, orb.Polygon{square}},
		orb.Polygon{bow},                                       // crosses itself
		orb.Polygon{square[:2]},                                // no ring
		orb.LineString{{x, y}},                                 // no line
		orb.Polygon{}, orb.MultiPoint{}, orb.Collection{}, nil, // nothing
		orb.LineString{{179, 29}, {181, 29}}, // over the antimeridian, as some write it
	}
	var fs []*layers.Feature
	for i, g := range shapes {
		fs = append(fs, &layers.Feature{ID: int64(i + 1), Geometry: g, Values: []any{int64(-i), fmt.Sprint("形状 ", i), float64(i) / 3, i%2 == 0}})
	}
	return layers.Layer{Name: "shape", Geometry: layers.GeometryAny, MaxZoom: 16, Tiling: layers.Tiling{Labels: true}, Columns: []layers.Column{
		{Name: "n", Type: layers.ColumnInt}, {Name: "name", Type: layers.ColumnText}, {Name: "share", Type: layers.ColumnFloat}, {Name: "even", Type: layers.ColumnBool}}}, fs
}

// vectorTileJS prints what @mapbox/vector-tile, which every browser's map reads tiles with, sees in the tile on its standard input.
const vectorTileJS = `
import { readFileSync } from 'node:fs'
import { VectorTile } from '@mapbox/vector-tile'
import { PbfReader as Pbf } from 'pbf'
const tile = new VectorTile(new Pbf(readFileSync(0)))
const out = {}
for (const [name, layer] of Object.entries(tile.layers)) {
  out[name] = []
  for (let i = 0; i < layer.length; i++) {
    const f = layer.feature(i)
    f.toGeoJSON(0, 0, 0)
    out[name].push({ id: f.id, type: f.type, parts: f.loadGeometry().length, properties: f.properties, extent: f.extent })
  }
}
console.log(JSON.stringify(out))`

func TestMapboxReadsOurTiles(t *testing.T) {
	t.Parallel()
	modules, err := filepath.Abs("../frontend/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, "@mapbox", "vector-tile")); err != nil {
		t.Skip("npm packages are not installed")
	}
	script := vectorTileJS
	if b, err := os.ReadFile(filepath.Join(modules, "pbf", "index.js")); err == nil && !strings.Contains(string(b), "PbfReader") {
		script = strings.Replace(script, "{ PbfReader as Pbf }", "Pbf", 1) // before version 5
	}
	dir := t.TempDir()
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "read.mjs"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	l, fs := everyGeometry()
	raw, err := loaded(l, fs...).Encode(everywhere, over(market, 11))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join(dir, "read.mjs"))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(raw), os.Stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	type read struct {
		ID, Type, Parts, Extent int
		Properties              map[string]any
	}
	var got map[string][]read
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, f := range got["shape"] {
		kinds = append(kinds, fmt.Sprintf("%d:%d", f.ID, f.Type))
		if i := f.ID - 1; f.Properties["n"] != float64(-i) || f.Properties["name"] != fmt.Sprint("形状 ", i) || f.Properties["even"] != (i%2 == 0) || f.Extent != mvt.Extent {
			t.Errorf("feature %+v", f)
		}
	}
	// Each geometry has its type; a collection is one feature of each kind; what is nothing is left out.
	if want := "1:1 2:1 3:2 4:2 5:3 6:3 7:1 7:2 7:3"; !strings.HasPrefix(strings.Join(kinds, " "), want) {
		t.Errorf("features %v, want %s …", kinds, want)
	}
	if n := len(got["shape_label"]); n < 3 {
		t.Errorf("%d labels: %v", n, got)
	}
}

func TestGDALReadsOurTiles(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ogrinfo"); err != nil {
		t.Skip("gdal-bin is not installed")
	}
	l, fs := everyGeometry()
	c := over(market, 11)
	raw, err := loaded(l, fs...).Encode(everywhere, c)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), fmt.Sprint(c.Z), fmt.Sprint(c.X), fmt.Sprintf("%d.mvt", c.Y))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), "ogrinfo", "-ro", "-al", "-oo", "CLIP=NO", "MVT:"+file, "shape").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, want := range []string{"Layer name: shape", "mvt_id", "name (String)", "share (Real", "形状 4", "POLYGON", "LINESTRING", "POINT"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("ogrinfo does not say %q:\n%.2000s", want, text)
		}
	}
	if strings.Contains(string(text), "ERROR") || strings.Contains(string(text), "Warning") {
		t.Errorf("ogrinfo complains:\n%.2000s", text)
	}
}

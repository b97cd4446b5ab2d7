package basemap_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"
	"github.com/paulmach/orb/planar"

	"wanglou/deploy/basemap"
	"wanglou/layers"
	"wanglou/layers/realdata"
	"wanglou/tiles"
	"wanglou/tiles/mbtiles"
)

// build makes an archive out of a real extract, or skips where tilemaker is not installed.
func build(t *testing.T, extract string) *mbtiles.Archive {
	t.Helper()
	if _, err := exec.LookPath("tilemaker"); err != nil {
		t.Skipf("tilemaker is not here: %v", err)
	}
	out := filepath.Join(t.TempDir(), "basemap.mbtiles")
	var last basemap.Progress
	result, err := basemap.Build(t.Context(), basemap.Options{Input: realdata.Path(t, extract), Output: out, Progress: func(p basemap.Progress) {
		if p.Step == last.Step && p.Done <= last.Done {
			t.Errorf("progress goes back from %+v to %+v", last, p)
		}
		last = p
	}})
	if err != nil {
		t.Fatal(err)
	}
	if last.Step != "writing" || last.Done != last.Total || last.Total != result.Tiles {
		t.Errorf("the last progress is %+v of %d tiles", last, result.Tiles)
	}
	if entries, err := os.ReadDir(filepath.Dir(out)); err != nil || len(entries) != 1 {
		t.Errorf("left beside the archive: %v, %v", entries, err)
	}
	a, err := mbtiles.Open(t.Context(), out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// features returns everything in the tiles of one zoom inside the archive's bound, by source-layer, in degrees.
func features(t *testing.T, a *mbtiles.Archive, zoom maptile.Zoom) map[string][]*geojson.Feature {
	t.Helper()
	b, ok := a.Bound()
	if !ok {
		t.Fatal("the archive has no bound")
	}
	low, high := maptile.At(orb.Point{b[0], b[3]}, zoom), maptile.At(orb.Point{b[2], b[1]}, zoom)
	out := make(map[string][]*geojson.Feature)
	for x := low.X; x <= high.X; x++ {
		for y := low.Y; y <= high.Y; y++ {
			for _, l := range decode(t, a, maptile.New(x, y, zoom)) {
				out[l.Name] = append(out[l.Name], l.Features...)
			}
		}
	}
	return out
}

func decode(t *testing.T, a *mbtiles.Archive, at maptile.Tile) mvt.Layers {
	t.Helper()
	raw, err := a.Tile(t.Context(), uint8(at.Z), at.X, at.Y)
	if err != nil {
		t.Fatal(err)
	}
	if raw == nil {
		return nil
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := mvt.Unmarshal(plain)
	if err != nil {
		t.Fatal(err)
	}
	decoded.ProjectToWGS84(at)
	return decoded
}

// distinct returns one feature an id: a building on the edge lies in several tiles.
func distinct(features []*geojson.Feature) map[any]*geojson.Feature {
	out := make(map[any]*geojson.Feature, len(features))
	for _, f := range features {
		out[f.ID] = f
	}
	return out
}

// checkSchema compares what arrived with what the server says of its basemap: nothing that consoles do not know.
func checkSchema(t *testing.T, got map[string][]*geojson.Feature) {
	t.Helper()
	kinds := map[string][]string{
		"water":   {"sea", "lake", "reservoir", "river", "canal", "stream"},
		"landuse": {"forest", "grass", "park", "farmland", "orchard", "wetland", "residential", "commercial", "industrial", "school", "hospital", "cemetery", "pitch", "sand", "rock"},
		"road":    {"motorway", "trunk", "primary", "secondary", "tertiary", "residential", "service", "path", "rail"},
		"place":   {"country", "province", "city", "county", "town", "village", "suburb", "neighbourhood", "hamlet"},
	}
	fields := make(map[string]map[string]string)
	for _, l := range tiles.BasemapInfo(orb.Bound{}, "").Layers {
		fields[l.ID] = l.Fields
	}
	for layer, features := range got {
		if fields[layer] == nil {
			t.Errorf("the schema has no layer %s", layer)
			continue
		}
		seen := make(map[string]int)
		for _, f := range features {
			for key := range f.Properties {
				if fields[layer][key] == "" {
					t.Fatalf("%s: the schema has no %s", layer, key)
				}
			}
			if kind, ok := f.Properties["kind"].(string); ok {
				seen[kind]++
			}
		}
		for _, kind := range slices.Sorted(maps.Keys(seen)) {
			if !slices.Contains(kinds[layer], kind) {
				t.Errorf("%s: the schema has no kind %s", layer, kind)
			}
		}
		t.Logf("%s: %d features %v", layer, len(features), seen)
	}
}

func TestSanFrancisco(t *testing.T) {
	t.Parallel()
	a := build(t, "osm/sf-downtown.osm.pbf")
	got := features(t, a, 14)
	checkSchema(t, got)

	buildings := distinct(got["building"])
	var known, raised int
	for _, f := range buildings {
		high, low := f.Properties.MustFloat64("height_m"), f.Properties.MustFloat64("min_height_m")
		if high <= low || high > 340 || low < 0 {
			t.Errorf("building %v from %g to %g m", f.ID, low, high)
		}
		if math.Abs(high-low-3) > 0.01 { // a storey on the ground stands for "unknown"
			known++
		}
		if low > 0 {
			raised++
		}
	}
	t.Logf("%d buildings and parts, %d with a height of their own, %d that begin above the ground", len(buildings), known, raised)
	if len(buildings) < 7678 || known < 6100 || raised < 100 {
		t.Error("fewer than the extract has")
	}

	// The Transamerica Pyramid and Salesforce Tower, by where they stand.
	for name, want := range map[string]struct {
		at     orb.Point
		height float64
	}{"Transamerica Pyramid": {orb.Point{-122.40279, 37.79517}, 260}, "Salesforce Tower": {orb.Point{-122.39697, 37.78978}, 326}} {
		var best float64
		for _, f := range got["building"] {
			if f.Geometry.Bound().Contains(want.at) {
				best = max(best, f.Properties.MustFloat64("height_m"))
			}
		}
		if math.Abs(best-want.height) > 2 {
			t.Errorf("%s is %g m high, want %g", name, best, want.height)
		}
	}
	// The bay begins behind the piers.
	for _, at := range []struct {
		point orb.Point
		sea   bool
	}{{orb.Point{-122.3840, 37.7900}, true}, {orb.Point{-122.3820, 37.7975}, true}, {orb.Point{-122.4010, 37.7890}, false}, {orb.Point{-122.4190, 37.7700}, false}} {
		var wet bool
		for _, f := range got["water"] {
			wet = wet || f.Properties["kind"] == "sea" && covers(f.Geometry, at.point)
		}
		if wet != at.sea {
			t.Errorf("%v is sea: %v, want %v", at.point, wet, at.sea)
		}
	}
	if got := a.Metadata("attribution"); got != basemap.Attribution {
		t.Errorf("attribution = %q", got)
	}
	if low, high := a.Zooms(); low != 0 || high != 14 {
		t.Errorf("zooms = %d–%d", low, high)
	}
	if city := features(t, a, 6)["place"]; len(city) != 1 || city[0].Properties.MustString("name") != "San Francisco" {
		t.Errorf("places at z6: %v", city)
	}
}

func covers(g orb.Geometry, p orb.Point) bool {
	switch g := g.(type) {
	case orb.Polygon:
		return planar.PolygonContains(g, p)
	case orb.MultiPolygon:
		return planar.MultiPolygonContains(g, p)
	}
	return false
}

func TestLiechtenstein(t *testing.T) {
	t.Parallel()
	a := build(t, "osm/liechtenstein-latest.osm.pbf")
	got := features(t, a, 14)
	checkSchema(t, got)
	if n := len(distinct(got["building"])); n < 8992 {
		t.Errorf("%d buildings, fewer than the extract has", n)
	}
	var vaduz, rhine bool
	for _, f := range got["place"] {
		vaduz = vaduz || f.Properties["name"] == "Vaduz"
	}
	for _, f := range features(t, a, 9)["water"] {
		rhine = rhine || f.Properties["name"] == "Rhein"
	}
	if !vaduz || !rhine {
		t.Errorf("Vaduz: %v, the Rhine: %v", vaduz, rhine)
	}
	// What one tile weighs stays within what a console takes without a stutter.
	b, _ := a.Bound()
	at := maptile.At(orb.Point{(b[0] + b[2]) / 2, (b[1] + b[3]) / 2}, 10)
	if raw, err := a.Tile(t.Context(), uint8(at.Z), at.X, at.Y); err != nil || len(raw) == 0 || len(raw) > 200<<10 {
		t.Errorf("z10: %d bytes, %v", len(raw), err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	header := append([]byte{0, 0, 0, 13}, "\n\tOSMHeader rest"...)
	for _, c := range []struct {
		name string
		o    basemap.Options
		code layers.Code
		want string
	}{
		{"missing", basemap.Options{Input: filepath.Join(dir, "none.osm.pbf")}, layers.CodeNotFound, "does not exist"},
		{"XML", basemap.Options{Input: write("map.osm", []byte("<?xml version='1.0'?><osm></osm>"))}, layers.CodeInvalid, "not an OpenStreetMap extract"},
		{"empty", basemap.Options{Input: write("empty.osm.pbf", nil)}, layers.CodeInvalid, "not an OpenStreetMap extract"},
		{"no tilemaker", basemap.Options{Input: write("good.osm.pbf", header), Tilemaker: filepath.Join(dir, "tilemaker")}, layers.CodeUnavailable, "not installed"},
		{"another format", basemap.Options{Input: write("good2.osm.pbf", header), Output: "basemap.pmtiles"}, layers.CodeInvalid, ".mbtiles"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.o.Output == "" {
				c.o.Output = filepath.Join(t.TempDir(), "basemap.mbtiles")
			}
			_, err := basemap.Build(t.Context(), c.o)
			if layers.ErrorCode(err) != c.code || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v, want %s with %q", err, c.code, c.want)
			}
		})
	}
}

// A build that fails or is stopped leaves the archive that is there as it is, and nothing beside it.
func TestFailedBuildChangesNothing(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("tilemaker"); err != nil {
		t.Skipf("tilemaker is not here: %v", err)
	}
	whole, err := os.ReadFile(realdata.Path(t, "osm/sf-downtown.osm.pbf"))
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.osm.pbf")
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	out := filepath.Join(dir, "basemap.mbtiles")
	if err := os.WriteFile(out, []byte("the old one"), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		if b, err := os.ReadFile(out); err != nil || string(b) != "the old one" {
			t.Errorf("the old archive is %q, %v", b, err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("left beside the archive: %v, %v", entries, err)
		}
	}

	_, err = basemap.Build(t.Context(), basemap.Options{Input: cut, Output: out})
	if layers.ErrorCode(err) != layers.CodeInvalid || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("half an extract: error = %v", err)
	}
	check()

	ctx, cancel := context.WithCancel(t.Context())
	_, err = basemap.Build(ctx, basemap.Options{Input: realdata.Path(t, "osm/sf-downtown.osm.pbf"), Output: out, Progress: func(basemap.Progress) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: error = %v", err)
	}
	check()
}

package server_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/survey"
	"wanglou/server"
	"wanglou/server/ingest"
)

// keptCaptures is a service with one capture, in the area of the county's first town.
type keptCaptures struct {
	survey.Captures
	stored *survey.Stored
}

func (k *keptCaptures) sees(ctx context.Context) bool {
	return auth.ActorFrom(ctx).Scope.InArea(k.stored.AreaPath)
}

func (k *keptCaptures) StoredCaptures(ctx context.Context) ([]*survey.Stored, error) {
	if !k.sees(ctx) {
		return nil, nil
	}
	return []*survey.Stored{k.stored}, nil
}

func (k *keptCaptures) Stored(ctx context.Context, id int64) (*survey.Stored, error) {
	if !k.sees(ctx) || id != k.stored.ID {
		return nil, layers.Errorf(layers.CodeNotFound, "there is no capture %d", id)
	}
	return k.stored, nil
}

func captureWorld(t *testing.T) (*world, *keptCaptures) {
	t.Helper()
	root := t.TempDir()
	folder, err := ingest.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "files", "1"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "files", "1", "original.tif"), []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	gsd := 0.05
	sum := strings.Repeat("ab", 32)
	k := &keptCaptures{stored: &survey.Stored{Capture: survey.Capture{ID: 7, Name: "五月", CapturedAt: time.Date(2026, 5, 31, 2, 0, 0, 0, time.UTC), GSD: &gsd, SHA256: sum, AreaPath: "330122",
		Footprint: orb.MultiPolygon{{{{119.6, 29.8}, {119.61, 29.8}, {119.61, 29.81}, {119.6, 29.8}}}}},
		Files: []survey.CaptureFile{{Kind: "original", Path: "1/original.tif", Size: 10, SHA256: sum}, {Kind: "ortho", Path: "1/ortho.tif", Size: 5, SHA256: sum, Info: map[string]any{"min_zoom": 19.0, "max_zoom": 21.0}}}}}
	return newWorld(t, func(o *server.Options) { o.Captures, o.Ingest = k, folder }), k
}

// What STAC 1.0.0 requires of an item and of a collection is there.
func TestCapturesAsSTAC(t *testing.T) {
	t.Parallel()
	w, _ := captureWorld(t)
	c := w.as("admin")
	get := func(path string) map[string]any {
		t.Helper()
		res := c.Get(path)
		var out map[string]any
		if err := json.Unmarshal(res.Body, &out); err != nil || res.Status != http.StatusOK {
			t.Fatalf("%s: %d, %v", path, res.Status, err)
		}
		return out
	}
	has := func(what string, m map[string]any, names ...string) {
		t.Helper()
		for _, n := range names {
			if _, ok := m[n]; !ok {
				t.Errorf("%s has no %s", what, n)
			}
		}
	}
	links := func(m map[string]any) (rels []string) {
		all, _ := m["links"].([]any)
		for _, l := range all {
			link, _ := l.(map[string]any)
			rel, _ := link["rel"].(string)
			href, _ := link["href"].(string)
			if !strings.HasPrefix(href, "http://") {
				t.Errorf("the address of %s is not whole: %s", rel, href)
			}
			rels = append(rels, rel)
		}
		return rels
	}
	catalog := get("/stac")
	has("the catalog", catalog, "type", "stac_version", "id", "description", "links", "conformsTo")
	collection := get("/stac/collections/captures")
	has("the collection", collection, "type", "stac_version", "id", "description", "license", "extent", "links")
	extent, _ := collection["extent"].(map[string]any)
	has("the extent", extent, "spatial", "temporal")
	item := get("/stac/collections/captures/items/7")
	has("the item", item, "type", "stac_version", "id", "geometry", "bbox", "properties", "links", "assets", "collection")
	properties, _ := item["properties"].(map[string]any)
	if properties["datetime"] != "2026-05-31T02:00:00Z" || item["id"] != "7" || item["type"] != "Feature" || item["stac_version"] != "1.0.0" {
		t.Errorf("%v", item)
	}
	for _, rel := range []string{"self", "root", "parent", "collection"} {
		if !slices.Contains(links(item), rel) {
			t.Errorf("the item has no link %s", rel)
		}
	}
	assets, _ := item["assets"].(map[string]any)
	for name, a := range assets {
		asset, _ := a.(map[string]any)
		if href, _ := asset["href"].(string); href == "" {
			t.Errorf("asset %s has no address", name)
		}
	}
	if len(assets) != 3 { // both files, and the tiles
		t.Errorf("%d assets", len(assets))
	}
	items := get("/stac/collections/captures/items")
	if features, _ := items["features"].([]any); items["type"] != "FeatureCollection" || len(features) != 1 {
		t.Errorf("%v", items)
	}
}

func TestCapturesAsWMTS(t *testing.T) {
	t.Parallel()
	w, _ := captureWorld(t)
	res := w.as("admin").Get("/wmts?service=WMTS&request=GetCapabilities")
	var doc struct {
		XMLName xml.Name
		Layers  []struct {
			ID       string `xml:"Identifier"`
			Resource struct {
				Template string `xml:"template,attr"`
			} `xml:"ResourceURL"`
		} `xml:"Contents>Layer"`
		Matrices []struct {
			ID string `xml:"Identifier"`
		} `xml:"Contents>TileMatrixSet>TileMatrix"`
	}
	if err := xml.Unmarshal(res.Body, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.XMLName.Local != "Capabilities" || len(doc.Layers) != 1 || doc.Layers[0].ID != "capture-7" || !strings.HasSuffix(doc.Layers[0].Resource.Template, "/tiles/capture-7/{TileMatrix}/{TileCol}/{TileRow}") || len(doc.Matrices) != 25 {
		t.Errorf("%+v", doc)
	}
	if res := w.as("admin").Get("/wmts?REQUEST=GetTile"); res.Status != http.StatusBadRequest {
		t.Errorf("GetTile: %d", res.Status)
	}
}

func TestOriginalsComeInRanges(t *testing.T) {
	t.Parallel()
	w, k := captureWorld(t)
	ask := func(login, path string, header ...string) (int, string) {
		t.Helper()
		res := w.as(login).Get(path, header...)
		return res.Status, string(res.Body)
	}
	if status, body := ask("admin", "/api/captures/7/files/original", "Range", "bytes=3-5"); status != http.StatusPartialContent || body != "345" {
		t.Errorf("%d %q", status, body)
	}
	if status, body := ask("admin", "/api/captures/7/files/original"); status != http.StatusOK || body != "0123456789" {
		t.Errorf("%d %q", status, body)
	}
	if status, _ := ask("admin", "/api/captures/7/files/dsm"); status != http.StatusNotFound {
		t.Errorf("a file that is not there: %d", status)
	}
	// Who sees one town neither reads nor learns of what lies in the whole county.
	for _, path := range []string{"/api/captures/7", "/api/captures/7/files/original", "/stac/collections/captures/items/7"} {
		if status, _ := ask("town", path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, path := range []string{"/api/captures", "/stac/collections/captures/items", "/stac/collections/captures", "/wmts"} {
		if _, body := ask("town", path); strings.Contains(body, "五月") || strings.Contains(body, "119.6") {
			t.Errorf("%s tells: %s", path, body)
		}
	}
	k.stored.Withdrawn = &survey.Withdrawal{At: time.Now(), By: "x", Reason: "y"}
	if status, _ := ask("duty", "/api/captures/7/files/original"); status != http.StatusForbidden {
		t.Errorf("withdrawn: %d", status)
	}
	if status, _ := ask("admin", "/stac/collections/captures/items/7"); status != http.StatusNotFound {
		t.Errorf("withdrawn: %d", status)
	}
}

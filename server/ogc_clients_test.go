package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wanglou/server"
)

// program runs a command of GDAL or Python with a token, as a person would at his desk.
func program(t *testing.T, secret string, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed (deploy/install-deps.sh test)", name)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "GDAL_HTTP_HEADERS=Authorization: Bearer "+secret, "WANGLOU_TOKEN="+secret, "NO_PROXY=*")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func withToken(t *testing.T) (*world, string) {
	t.Helper()
	w := newWorld(t, func(o *server.Options) { o.Tokens = &tokens{users: o.Users} })
	county(w)
	return w, token(t, w.as("town"))
}

// GDAL's driver OAPIF finds the collections, counts, pages and filters.
func TestGDALReadsTheAPI(t *testing.T) {
	t.Parallel()
	w, secret := withToken(t)
	out := program(t, secret, "ogrinfo", "-so", "OAPIF:"+w.url+"/ogc")
	for _, name := range []string{"camera", "incident"} {
		if !strings.Contains(out, name) {
			t.Errorf("%s is not among the collections:\n%s", name, out)
		}
	}
	out = program(t, secret, "ogrinfo", "-al", "-oo", "PAGE_SIZE=7", "OAPIF:"+w.url+"/ogc", "camera")
	if !strings.Contains(out, "Feature Count: 30") || strings.Count(out, "OGRFeature(camera)") != 30 || !strings.Contains(out, "POINT (119.29 29.5)") {
		t.Errorf("a town's cameras:\n%s", out)
	}
	out = program(t, secret, "ogrinfo", "-al", "-spat", "119.045", "29", "119.085", "30", "OAPIF:"+w.url+"/ogc", "camera")
	if strings.Count(out, "OGRFeature(camera)") != 4 {
		t.Errorf("cameras in a box:\n%s", out)
	}
}

// What is downloaded is what GDAL reads: every row, its columns, its system.
func TestDownloadsAreFiles(t *testing.T) {
	t.Parallel()
	w, secret := withToken(t)
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		t.Skip("ogr2ogr is not installed (deploy/install-deps.sh)")
	}
	c := w.nobody()
	for form, ext := range map[string]string{"geojson": "geojson", "flatgeobuf": "fgb", "gpkg": "gpkg", "csv": "csv"} {
		r := c.Get("/ogc/collections/camera/download?status=online&f="+form, "Authorization", "Bearer "+secret).Want(http.StatusOK)
		if !strings.Contains(r.Header.Get("Content-Disposition"), "camera."+ext) {
			t.Errorf("%s is called %s", form, r.Header.Get("Content-Disposition"))
		}
		name := filepath.Join(t.TempDir(), "camera."+ext)
		if err := os.WriteFile(name, r.Body, 0o600); err != nil {
			t.Fatal(err)
		}
		out := program(t, secret, "ogrinfo", "-al", "-so", name)
		if !strings.Contains(out, "Feature Count: 15") || !strings.Contains(out, "area_path") {
			t.Errorf("%s:\n%s", form, out)
		}
	}
	r := c.Get("/ogc/collections/camera/download?f=gpkg&crs=EPSG:4549", "Authorization", "Bearer "+secret).Want(http.StatusOK)
	name := filepath.Join(t.TempDir(), "camera.gpkg")
	if err := os.WriteFile(name, r.Body, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := program(t, secret, "ogrinfo", "-al", "-so", name); !strings.Contains(out, "4549") {
		t.Errorf("in a 3-degree zone:\n%s", out)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "wanglou-export-*")); len(left) > 4 {
		t.Errorf("files are left behind: %v", left)
	}
}

const owslibScript = `
import json, os, sys
from owslib.ogcapi.features import Features
api = Features(sys.argv[1], headers={"Authorization": "Bearer " + os.environ["WANGLOU_TOKEN"]})
items = api.collection_items("camera", limit=5, bbox=[119.045, 29, 119.295, 30])
print(json.dumps({
  "conformance": len(api.conformance()["conformsTo"]),
  "collections": api.feature_collections(),
  "queryables": sorted(api.collection_queryables("camera")["properties"]),
  "matched": items["numberMatched"], "returned": items["numberReturned"],
  "item": api.collection_item("camera", "7")["id"],
}))
`

// OWSLib, which pycsw and many scripts use.
func TestOWSLibReadsTheAPI(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/usr/lib/python3/dist-packages/owslib"); err != nil {
		t.Skip("OWSLib is not installed (deploy/install-deps.sh test)")
	}
	w, secret := withToken(t)
	out := program(t, secret, "/usr/bin/python3", "-c", owslibScript, w.url+"/ogc")
	var got struct {
		Conformance       int
		Collections       []string
		Queryables        []string
		Matched, Returned int
		Item              int64
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got.Conformance < 20 || !strings.Contains(fmt.Sprint(got.Collections), "camera") || !strings.Contains(fmt.Sprint(got.Queryables), "geometry") || got.Matched != 25 || got.Returned != 5 || got.Item != 7 {
		t.Errorf("%+v", got)
	}
}

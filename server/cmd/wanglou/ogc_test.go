package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"wanglou/server/servertest"
)

const geoJSON = "application/geo+json"

// token makes a personal access token of an account, as a program that comes by the OGC API has one.
func token(t *testing.T, c *servertest.Client, access string) string {
	t.Helper()
	var made struct{ Secret string }
	c.Do(http.MethodPost, "/api/tokens", map[string]any{"name": "GIS", "access": access}).Want(http.StatusCreated).Into(&made)
	return made.Secret
}

// A camera is entered, moved and struck off by a program with a token, on the real database: what it has changed it reads back at once, and the map follows.
func TestCamerasByOGC(t *testing.T) {
	t.Parallel()
	n := serve(t, county(t))
	secret := token(t, n.as("admin"), "write")
	c := servertest.NewClient(t, n.url)
	const path = "/ogc/collections/camera/items"
	bearer := []string{"Authorization", "Bearer " + secret, "Content-Type", geoJSON}
	body := func(name string, lon, lat float64) string {
		return fmt.Sprintf(`{"type":"Feature","geometry":{"type":"Point","coordinates":[%g,%g]},"properties":{"name":%q,"height_m":6.1,"azimuth_deg":45}}`, lon, lat, name)
	}
	made := c.Do(http.MethodPost, path, body("新装路口", 119.69, 29.80), bearer...).Want(http.StatusCreated)
	at := strings.TrimPrefix(made.Header.Get("Location"), n.url)
	read := c.Get(at, bearer[:2]...).Want(http.StatusOK)
	var f struct {
		Properties struct {
			Name     string  `json:"name"`
			AreaPath string  `json:"area_path"`
			Status   string  `json:"status"`
			Height   float64 `json:"height_m"`
		}
	}
	read.Into(&f)
	if f.Properties.Name != "新装路口" || f.Properties.AreaPath == "" || f.Properties.Status != "unknown" || f.Properties.Height != 6.1 {
		t.Errorf("made %+v", f.Properties)
	}
	tag := made.Header.Get("ETag")
	if tag == "" || read.Header.Get("ETag") != tag {
		t.Errorf("ETag %q, then %q", tag, read.Header.Get("ETag"))
	}
	with := func(tag string) []string { return append(bearer[:len(bearer):len(bearer)], "If-Match", tag) }
	// As it was read it changes nothing, in the database either.
	c.Do(http.MethodPut, at, string(read.Body), with(tag)...).Want(http.StatusNoContent)
	second := c.Do(http.MethodPut, at, body("移位路口", 119.70, 29.81), with(tag)...).Want(http.StatusNoContent).Header.Get("ETag")
	c.Do(http.MethodPut, at, body("x", 119.70, 29.81), with(tag)...).WantError(http.StatusPreconditionFailed, "precondition_failed", "If-Match", "stale_revision")
	if got := number(t, n.DB, `SELECT count(*) FROM camera WHERE name = '移位路口' AND round(ST_X(geom)::numeric, 2) = 119.70`); got != 1 {
		t.Errorf("%d cameras were moved", got)
	}
	c.Do(http.MethodPost, path, body("海上", 121.9, 29.8), bearer...).WantError(http.StatusBadRequest, "invalid", "point", "outside_county")
	// A reader's token changes nothing, and neither does a duty officer.
	reads := token(t, n.as("admin"), "read")
	c.Do(http.MethodDelete, at, nil, "Authorization", "Bearer "+reads, "If-Match", second).WantError(http.StatusForbidden, "forbidden", "")
	n.as("duty").Do(http.MethodDelete, at, nil, "If-Match", second).WantError(http.StatusForbidden, "forbidden", "")
	c.Do(http.MethodDelete, at, nil, with(second)...).Want(http.StatusNoContent)
	c.Get(at, bearer[:2]...).WantError(http.StatusNotFound, "not_found", "")
	if got := number(t, n.DB, `SELECT count(*) FROM audit_log WHERE action LIKE 'camera.%' AND login = 'admin'`); got != 3 {
		t.Errorf("%d audit rows for three changes", got)
	}
}

// A view that somebody puts into an offered schema is a collection: paged by its key, filtered by CQL2, scoped by area, read by GDAL, written by nobody.
func TestOfferedViewByOGC(t *testing.T) {
	t.Parallel()
	n := serve(t, county(t))
	n.exec(`CREATE SCHEMA open`)
	n.exec(`CREATE TABLE open.stop (stop_no int PRIMARY KEY, name text, area_path text, opened timestamptz, geom geometry(Point, 4549))`)
	n.exec(`INSERT INTO open.stop SELECT i, '站 ' || i, CASE WHEN i % 2 = 0 THEN (SELECT path FROM area WHERE level = 'town' ORDER BY code LIMIT 1) ELSE (SELECT path FROM area WHERE level = 'town' ORDER BY code DESC LIMIT 1) END,
		'2026-05-01'::timestamptz + i * interval '1 day', ST_Transform(ST_SetSRID(ST_MakePoint(119.6 + i * 0.001, 29.8), 4326), 4549) FROM generate_series(1, 100) i`)
	n.exec(`CREATE VIEW open.stops AS SELECT * FROM open.stop WHERE stop_no <= 60`)
	n.exec(`COMMENT ON VIEW open.stops IS E'公交站 | Bus stops\nid=stop_no time=opened role=viewer'`)
	admin := n.as("admin")
	const path = "/ogc/collections/open.stops"
	eventually(t, "the view to be found", func() bool { return admin.Get(path).Status == http.StatusOK })

	type page struct {
		NumberMatched *int
		Features      []struct {
			ID       int64
			Geometry struct{ Coordinates []float64 }
		}
		Links []struct{ Rel, Href string }
	}
	get := func(c *servertest.Client, address string) (p page) {
		t.Helper()
		c.Get(address).Want(http.StatusOK).Into(&p)
		return p
	}
	// Every row once, in the order of the keys, however the pages fall.
	var seen []int64
	for next := path + "/items?limit=7"; next != ""; {
		p := get(admin, next)
		if p.NumberMatched != nil {
			t.Error("somebody counted")
		}
		next = ""
		for _, l := range p.Links {
			if l.Rel == "next" {
				next = strings.TrimPrefix(l.Href, n.url)
			}
		}
		for _, f := range p.Features {
			seen = append(seen, f.ID)
		}
	}
	for i, id := range seen {
		if id != int64(i+1) {
			t.Fatalf("rows %v", seen)
		}
	}
	if len(seen) != 60 {
		t.Errorf("%d rows of 60", len(seen))
	}
	if p := get(admin, path+"/items/7"); len(p.Links) == 0 {
		t.Error("one feature has no links")
	}
	if p := get(admin, path+"/items?filter="+url.QueryEscape(`stop_no IN (3, 4, 90) AND name LIKE '站%'`)); len(p.Features) != 2 || p.Features[0].Geometry.Coordinates[0] != 119.603 {
		t.Errorf("filtered: %+v", p)
	}
	if p := get(admin, path+"/items?stop_no=5"); len(p.Features) != 1 {
		t.Errorf("by property: %+v", p)
	}
	if p := get(admin, path+"/items?datetime=2026-05-02T00:00:00Z/2026-05-05T00:00:00Z&bbox=119.6,29.7,119.603,29.9"); len(p.Features) != 3 {
		t.Errorf("by time and box: %+v", p)
	}
	if p := get(n.as("duty.chengnan"), path+"/items?limit=100"); len(p.Features) == 60 {
		t.Errorf("a town's officer sees all %d", len(p.Features))
	}
	admin.Get(path+"/items?filter="+url.QueryEscape(`nothing = 1`)).WantError(http.StatusBadRequest, "invalid", "filter")
	admin.Get(path+"/items/999").WantError(http.StatusNotFound, "not_found", "")
	r := admin.Do(http.MethodPost, path+"/items", `{}`, "Content-Type", geoJSON)
	if r.WantError(http.StatusMethodNotAllowed, "invalid", "", "method_not_allowed"); r.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("Allow %q", r.Header.Get("Allow"))
	}
	var download struct{ Features []json.RawMessage }
	admin.Get(path + "/download?f=geojson&filter=" + url.QueryEscape("stop_no > 50")).Want(http.StatusOK).Into(&download)
	if len(download.Features) != 10 {
		t.Errorf("%d rows downloaded", len(download.Features))
	}

	if _, err := exec.LookPath("ogrinfo"); err != nil {
		t.Skip("ogrinfo is not installed (deploy/install-deps.sh run)")
	}
	cmd := exec.CommandContext(t.Context(), "ogrinfo", "-al", "-oo", "PAGE_SIZE=9", "OAPIF:"+n.url+"/ogc", "open.stops")
	cmd.Env = append(os.Environ(), "GDAL_HTTP_HEADERS=Authorization: Bearer "+token(t, admin, "read"), "NO_PROXY=*")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "OGRFeature(open.stops)") != 60 || !strings.Contains(string(out), "POINT (119.601 29.8)") {
		t.Errorf("%v\n%s", err, out)
	}
}

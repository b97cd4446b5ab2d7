package server_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/server"
	"wanglou/server/servertest"
)

// county puts cameras into two towns: 1–30 in c.t1, 31–40 in c.t2, one a hundredth of a degree, to the east.
func county(w *world) {
	var changes []layers.Change
	for i := range int64(40) {
		area := "c.t1"
		if i >= 30 {
			area = "c.t2"
		}
		changes = append(changes, upsert("camera", i+1, orb.Point{119 + float64(i)/100, 29.5}, map[string]any{"area_path": area, "status": []string{"online", "offline"}[i%2], "name": "摄像机"}))
	}
	w.put(changes...)
}

func upsert(layer string, id int64, g orb.Geometry, values map[string]any) layers.Change {
	l := map[string]*layers.Layer{"camera": cameraLayer(), "incident": incidentLayer()}[layer]
	f := &layers.Feature{ID: id, Geometry: g, Values: make([]any, len(l.Columns))}
	for name, v := range values {
		if i := l.Index(name); i >= 0 {
			f.Values[i] = v
		}
	}
	return layers.Change{Layer: layer, Kind: layers.Upsert, Feature: f}
}

type ogcPage struct {
	Type           string
	NumberReturned int
	NumberMatched  *int
	Features       []struct {
		ID       int64
		Geometry struct{ Coordinates []float64 }
	}
	Links []struct{ Href, Rel, Type string }
}

func (p *ogcPage) ids() []int64 {
	var ids []int64
	for _, f := range p.Features {
		ids = append(ids, f.ID)
	}
	return ids
}

func (p *ogcPage) link(rel string) string {
	for _, l := range p.Links {
		if l.Rel == rel {
			return l.Href
		}
	}
	return ""
}

func items(t *testing.T, c *servertest.Client, path string) *ogcPage {
	t.Helper()
	r := c.Get(path).Want(http.StatusOK)
	var p ogcPage
	if err := json.Unmarshal(r.Body, &p); err != nil {
		t.Fatal(err)
	}
	return &p
}

const itemsPath = "/ogc/collections/camera/items"

// /conf/core: landing page, conformance, collections, and what the links lead to.
func TestOGCCoreDocuments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	county(w)
	c := w.as("duty")
	for id, path := range map[string]string{
		"/conf/core/root-op": "/ogc", "/conf/core/conformance-op": "/ogc/conformance", "/conf/core/rc-md-op": "/ogc/collections", "/conf/core/sfc-md-op": "/ogc/collections/camera",
		"/conf/core/fc-op": itemsPath, "/conf/core/f-op": itemsPath + "/7", "/conf/queryables/get": "/ogc/collections/camera/queryables", "/conf/functions/get": "/ogc/functions",
		"/conf/tilesets-list": "/ogc/collections/camera/tiles", "/conf/tileset": "/ogc/collections/camera/tiles/WebMercatorQuad", "/conf/tms": "/ogc/tileMatrixSets/WebMercatorQuad", "/conf/tms-list": "/ogc/tileMatrixSets",
	} {
		t.Run(id, func(t *testing.T) {
			r := c.Get(path).Want(http.StatusOK)
			if strings.Contains(r.Header.Get("Content-Type"), "html") {
				t.Errorf("content type %s", r.Header.Get("Content-Type"))
			}
			c.Get(path+"?nothing=1").WantError(http.StatusBadRequest, "invalid", "nothing")
			c.Get(path+"?f=xml").WantError(http.StatusBadRequest, "invalid", "f")
			w.nobody().Get(path).WantError(http.StatusUnauthorized, "unauthorized", "")
			// Every link of ours leads somewhere.
			var doc struct {
				Links []struct {
					Href, Type string
					Templated  bool
				}
			}
			if err := json.Unmarshal(r.Body, &doc); err != nil {
				t.Fatal(err)
			}
			for _, l := range doc.Links {
				if l.Templated || !strings.HasPrefix(l.Href, w.url) || strings.Contains(l.Href, "/download") || strings.Contains(l.Href, "/tiles/camera") {
					continue
				}
				if got := c.Get(strings.TrimPrefix(l.Href, w.url)).Want(http.StatusOK); !strings.HasPrefix(got.Header.Get("Content-Type"), strings.Split(l.Type, ";")[0]) && l.Type != "application/vnd.oai.openapi;version=3.1" {
					t.Errorf("%s is %s, not %s", l.Href, got.Header.Get("Content-Type"), l.Type)
				}
			}
		})
	}
	c.Get("/ogc/collections/nothing").WantError(http.StatusNotFound, "not_found", "")
	c.Get("/ogc/collections/camera/items/999").WantError(http.StatusNotFound, "not_found", "")
	c.Get("/ogc/collections/camera/items/x").WantError(http.StatusNotFound, "not_found", "")
}

// /conf/core/fc-limit-definition, -response, fc-links, fc-numberMatched: paging by keys.
func TestOGCPaging(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	county(w)
	c := w.as("duty")
	var all []int64
	path := itemsPath + "?limit=7"
	for pages := 0; path != ""; pages++ {
		if pages > 10 {
			t.Fatal("the pages do not end")
		}
		p := items(t, c, path)
		if p.NumberMatched == nil || *p.NumberMatched != 40 || p.NumberReturned != len(p.Features) || p.Type != "FeatureCollection" {
			t.Fatalf("%+v", p)
		}
		all = append(all, p.ids()...)
		path = strings.TrimPrefix(p.link("next"), w.url)
	}
	if len(all) != 40 || !slices.IsSorted(all) || all[0] != 1 {
		t.Errorf("the pages have %v", all)
	}
	for _, bad := range []string{"0", "-1", "x"} {
		c.Get(itemsPath+"?limit="+bad).WantError(http.StatusBadRequest, "invalid", "limit")
	}
	if p := items(t, c, itemsPath+"?limit=99999999"); p.NumberReturned != 40 {
		t.Errorf("a limit above the most is the most: %d", p.NumberReturned)
	}
}

// /conf/core/fc-bbox-*, fc-time-*, /conf/queryables-query-parameters, /conf/features-filter, /conf/crs/bbox-crs-*, crs-*.
func TestOGCQueries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	county(w)
	c := w.as("duty")
	q := url.QueryEscape
	cases := []struct {
		name, query string
		want        int
	}{
		{"all", "", 40},
		{"bbox", "bbox=119.045,29,119.085,30", 4},
		{"bbox with heights", "bbox=119.045,29,0,119.085,30,100", 4},
		{"bbox over the antimeridian", "bbox=119.345,29,-170,30", 5},
		{"bbox-crs latitude first", "bbox=29,119.045,30,119.085&bbox-crs=" + q("http://www.opengis.net/def/crs/EPSG/0/4326"), 4},
		{"bbox-crs Web Mercator", "bbox=13252029,3300000,13256482,3500000&bbox-crs=EPSG:3857", 4},
		{"property", "status=online", 20},
		{"property and bbox", "status=online&bbox=119.045,29,119.085,30", 2},
		{"datetime without a time", "datetime=2020-01-01T00:00:00Z/..", 40},
		{"filter text", "filter=" + q("status = 'online' AND id > 20"), 10},
		{"filter json", "filter-lang=cql2-json&filter=" + q(`{"op":"<=","args":[{"property":"id"},3]}`), 3},
		{"filter spatial", "filter=" + q("S_INTERSECTS(geometry, BBOX(119.045, 29, 119.085, 30))"), 4},
		{"filter-crs", "filter-crs=EPSG:4326&filter=" + q("S_INTERSECTS(geometry, BBOX(29, 119.045, 30, 119.085))"), 4},
		{"filter like", "filter=" + q("CASEI(name) LIKE '%机'"), 40},
	}
	for _, cs := range cases {
		t.Run(cs.name, func(t *testing.T) {
			p := items(t, c, itemsPath+"?limit=1000&"+cs.query)
			want := cs.want
			if cs.name == "datetime without a time" && cameraLayer().Index("status_since") >= 0 {
				want = p.NumberReturned // the layer has a time; its cameras have none
			}
			if p.NumberReturned != want || p.NumberMatched == nil || *p.NumberMatched != want {
				t.Errorf("%d of %v, want %d", p.NumberReturned, p.NumberMatched, want)
			}
		})
	}
	for bad, field := range map[string]string{"bbox=1,2,3": "bbox", "bbox=1,2,3,x": "bbox", "bbox=119,30,120,29": "bbox", "bbox=119,29,120,95": "bbox", "datetime=yesterday": "datetime",
		"datetime=2020-01-02/2020-01-01": "datetime", "filter=status": "filter", "filter=" + q("nothing = 1"): "filter", "filter-lang=ecql&filter=a": "filter-lang", "filter-crs=EPSG:1&filter=TRUE": "filter-crs",
		"crs=EPSG:2437": "crs", "bbox-crs=EPSG:2437&bbox=1,2,3,4": "bbox-crs", "nothing=1": "nothing", "after=x": "after", "properties=nothing": "properties", "id=x": "id", "limit=1&limit=2": "limit"} {
		t.Run(bad, func(t *testing.T) { c.Get(itemsPath+"?"+bad).WantError(http.StatusBadRequest, "invalid", field) })
	}
}

// /conf/crs/crs-parameter, -response-content-crs: the axes stand as EPSG has them.
func TestOGCReferenceSystems(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	county(w)
	c := w.as("duty")
	for name, want := range map[string][2]float64{
		"http://www.opengis.net/def/crs/OGC/1.3/CRS84": {119, 29.5}, "http://www.opengis.net/def/crs/EPSG/0/4326": {29.5, 119}, "http://www.opengis.net/def/crs/EPSG/0/4490": {29.5, 119},
		"http://www.opengis.net/def/crs/EPSG/0/3857": {13247019.404399, 3439440.206}, "http://www.opengis.net/def/crs/EPSG/0/4549": {3265106.0, 403031.2},
	} {
		r := c.Get(itemsPath + "?limit=1&crs=" + url.QueryEscape(name)).Want(http.StatusOK)
		if got := r.Header.Get("Content-Crs"); got != "<"+name+">" {
			t.Errorf("Content-Crs %s", got)
		}
		var p ogcPage
		if err := json.Unmarshal(r.Body, &p); err != nil {
			t.Fatal(err)
		}
		got := p.Features[0].Geometry.Coordinates
		tolerance := 1.0
		if want[0] < 1000 {
			tolerance = 1e-6
		}
		if diff := [2]float64{got[0] - want[0], got[1] - want[1]}; diff[0] > tolerance || diff[0] < -tolerance || diff[1] > tolerance || diff[1] < -tolerance {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// A town's user sees his own rows: in pages, counts, single features, extents, downloads.
func TestOGCScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	county(w)
	c := w.as("town")
	p := items(t, c, itemsPath+"?limit=1000")
	if p.NumberReturned != 30 || *p.NumberMatched != 30 {
		t.Errorf("%d of %d", p.NumberReturned, *p.NumberMatched)
	}
	if p := items(t, c, itemsPath+"?filter="+url.QueryEscape("id > 25")); p.NumberReturned != 5 || *p.NumberMatched != 5 {
		t.Errorf("filtered: %d of %d", p.NumberReturned, *p.NumberMatched)
	}
	c.Get(itemsPath+"/35").WantError(http.StatusNotFound, "not_found", "")
	if r := c.Get("/ogc/collections/camera").Want(http.StatusOK); strings.Contains(string(r.Body), "extent") || !strings.Contains(string(r.Body), `"itemCount":30`) {
		t.Errorf("%s", r.Body)
	}
	r := c.Get("/ogc/collections/camera/download?f=geojson").Want(http.StatusOK)
	var all ogcPage
	if err := json.Unmarshal(r.Body, &all); err != nil || len(all.Features) != 30 {
		t.Errorf("the download has %d features, %v", len(all.Features), err)
	}
}

// /conf/html: every resource has a page, without script, that a browser gets by itself.
func TestOGCPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	county(w)
	c := w.as("duty")
	for _, path := range []string{"/ogc", "/ogc/conformance", "/ogc/functions", "/ogc/collections", "/ogc/collections/camera", "/ogc/collections/camera/queryables", itemsPath, itemsPath + "/7",
		"/ogc/collections/camera/tiles", "/ogc/collections/camera/tiles/WebMercatorQuad"} {
		for _, lang := range []string{"zh-CN", "en"} {
			r := c.Get(path, "Accept", "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language", lang).Want(http.StatusOK)
			body := string(r.Body)
			if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") || !strings.Contains(body, "</html>") || strings.Contains(body, "<script") {
				t.Errorf("%s: %s", path, r.Header.Get("Content-Type"))
			}
			if strings.Contains(body, `lang="en"`) != (lang == "en") {
				t.Errorf("%s in %s", path, lang)
			}
		}
	}
	body := string(c.Get(itemsPath + "?f=html&limit=5").Want(http.StatusOK).Body)
	if strings.Count(body, "<circle") != 5 || !strings.Contains(body, `rel="next"`) {
		t.Errorf("the page of five cameras: %s", body)
	}
}

// /conf/optimistic-locking-etags: the tag changes with the feature, and with nothing else.
func TestOGCETag(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	county(w)
	c := w.as("duty")
	tag := c.Get(itemsPath + "/7").Want(http.StatusOK).Header.Get("ETag")
	if tag == "" {
		t.Fatal("no ETag")
	}
	c.Get(itemsPath+"/7", "If-None-Match", tag).Want(http.StatusNotModified)
	w.put(upsert("camera", 8, orb.Point{119, 29}, map[string]any{"area_path": "c.t1"}))
	c.Get(itemsPath+"/7", "If-None-Match", tag).Want(http.StatusNotModified)
	w.put(upsert("camera", 7, orb.Point{119, 29}, map[string]any{"area_path": "c.t1"}))
	c.Get(itemsPath+"/7", "If-None-Match", tag).Want(http.StatusOK)
}

// A personal access token opens the API as bearer and as a basic password, and no more than it says.
func TestTokensOpenTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) { o.Tokens = &tokens{users: o.Users} })
	county(w)
	r := w.nobody().Get("/ogc")
	r.WantError(http.StatusUnauthorized, "unauthorized", "")
	if !strings.HasPrefix(r.Header.Get("WWW-Authenticate"), "Basic ") {
		t.Error("programs are not told how to log in")
	}
	if got := w.nobody().Get("/api/session").Header.Get("WWW-Authenticate"); got != "" {
		t.Errorf("a browser would ask: %s", got)
	}
	c := w.as("town")
	var made struct {
		ID     int64
		Secret string
	}
	c.Do(http.MethodPost, "/api/tokens", map[string]any{"name": "QGIS", "access": "read"}).Want(http.StatusCreated).Into(&made)
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("anybody:"+made.Secret))
	for _, header := range []string{"Bearer " + made.Secret, basic} {
		program := w.nobody()
		if r := program.Get(itemsPath+"?limit=1000", "Authorization", header).Want(http.StatusOK); strings.Count(string(r.Body), `"Feature"`) != 30 {
			t.Errorf("a town's token sees %d", strings.Count(string(r.Body), `"Feature"`))
		}
		program.Get("/api/tokens", "Authorization", header).WantError(http.StatusForbidden, "forbidden", "")
		program.Do(http.MethodPost, "/api/incidents", map[string]any{"title": "x", "category": "0100", "severity": 1, "point": []float64{119, 29}}, "Authorization", header).WantError(http.StatusForbidden, "forbidden", "")
	}
	w.nobody().Get("/ogc", "Authorization", "Bearer wl_wrong").WantError(http.StatusUnauthorized, "unauthorized", "")
	c.Get("/api/tokens").Want(http.StatusOK)
	c.Do(http.MethodDelete, fmt.Sprintf("/api/tokens/%d", made.ID), nil).Want(http.StatusNoContent)
	w.nobody().Get("/ogc", "Authorization", basic).WantError(http.StatusUnauthorized, "unauthorized", "")
}

// tokens implements auth.Tokens in memory, for one user's.
type tokens struct {
	users auth.Service
	mu    sync.Mutex
	held  map[string]*auth.Token
}

func (k *tokens) Create(ctx context.Context, t *auth.Token) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held == nil {
		k.held = map[string]*auth.Token{}
	}
	u := auth.ActorFrom(ctx).User
	t.ID, t.UserID, t.Login, t.CreatedAt, t.ExpiresAt = int64(len(k.held)+1), u.ID, u.Login, time.Now().UTC(), time.Now().AddDate(1, 0, 0).UTC()
	secret := fmt.Sprintf("wl_secret%d", t.ID)
	k.held[secret] = t
	return secret, nil
}

func (k *tokens) Tokens(context.Context) ([]*auth.Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Collect(maps.Values(k.held)), nil
}

func (k *tokens) Revoke(_ context.Context, id int64) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.DeleteFunc(k.held, func(_ string, t *auth.Token) bool { return t.ID == id })
	return nil
}

func (k *tokens) Token(_ context.Context, id int64) (*auth.Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, t := range k.held {
		if t.ID == id {
			return t, nil
		}
	}
	return nil, layers.Errorf(layers.CodeUnauthorized, "no such token")
}

func (k *tokens) Resolve(_ context.Context, secret string) (*auth.Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if t := k.held[secret]; t != nil {
		return t, nil
	}
	return nil, layers.Errorf(layers.CodeUnauthorized, "no such token")
}

// Of more features than are counted, a filter's page comes without numberMatched, and holds what it should, by key, box and time alike.
func TestOGCDoesNotCountMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var changes []layers.Change
	for i := range int64(50_010) {
		changes = append(changes, upsert("camera", i+1, orb.Point{119 + float64(i)/1e6, 29.5}, map[string]any{"area_path": "c.t1", "status": []string{"online", "offline"}[i%2], "name": "摄像机"}))
	}
	w.put(changes...)
	c := w.as("duty")
	if p := items(t, c, itemsPath+"?limit=3&after=40000"); p.NumberMatched == nil || *p.NumberMatched != 50_010 || !slices.Equal(p.ids(), []int64{40001, 40002, 40003}) {
		t.Errorf("all: %v of %v", p.ids(), p.NumberMatched)
	}
	if p := items(t, c, itemsPath+"?limit=3&after=40000&status=offline"); p.NumberMatched != nil || !slices.Equal(p.ids(), []int64{40002, 40004, 40006}) {
		t.Errorf("a filter: %v of %v", p.ids(), p.NumberMatched)
	}
	if p := items(t, c, itemsPath+"?limit=2&bbox=118,29,120,30"); p.NumberMatched != nil || !slices.Equal(p.ids(), []int64{1, 2}) {
		t.Errorf("a wide box: %v of %v", p.ids(), p.NumberMatched)
	}
	if p := items(t, c, itemsPath+"?limit=2&status=online&bbox=119.000099,29,119.00020001,30"); p.NumberMatched == nil || *p.NumberMatched != 51 || !slices.Equal(p.ids(), []int64{101, 103}) {
		t.Errorf("a narrow box: %v of %v", p.ids(), p.NumberMatched)
	}
}

package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/server/ogc"
	"wanglou/server/servertest"
)

// sampleLayer has a column of each type and five features that tell conditions apart.
func sampleLayer() *layers.Layer {
	return layers.NewLayer(layers.Layer{Name: "sample", Title: layers.Text{ZH: "样例", EN: "Samples"}, Geometry: layers.GeometryAny, Delivery: layers.DeliverTiles, MaxZoom: 14, Columns: []layers.Column{
		{Name: "name", Type: layers.ColumnText}, {Name: "n", Type: layers.ColumnInt}, {Name: "share", Type: layers.ColumnFloat}, {Name: "good", Type: layers.ColumnBool},
		{Name: "created_at", Type: layers.ColumnTime}, {Name: "tags", Type: layers.ColumnStrings},
	}})
}

func samples() []layers.Change {
	day := func(d int) time.Time { return time.Date(2026, 5, d, 12, 0, 0, 0, time.UTC) }
	square := func(x, y, size float64) orb.Geometry {
		return orb.Polygon{{{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}}}
	}
	rows := []struct {
		g      orb.Geometry
		values []any
	}{
		{orb.Point{119.125, 29.125}, []any{"Café", int64(1), 0.5, true, day(1), []string{"a", "b"}}},
		{orb.Point{119.25, 29.25}, []any{"CAFE", int64(2), 1.5, false, day(2), []string{"b"}}},
		{orb.LineString{{119, 29}, {119.5, 29.5}}, []any{"路", int64(3), 3.0, true, day(3), []string{}}},
		{square(119.0625, 29.0625, 0.125), []any{"square", int64(4), 4.0, false, day(4), nil}},
		{square(120, 30, 0.125), []any{nil, int64(5), nil, nil, nil, []string{"a", "b", "c"}}},
	}
	var out []layers.Change
	for i, r := range rows {
		out = append(out, layers.Change{Layer: "sample", Kind: layers.Upsert, Feature: &layers.Feature{ID: int64(i + 1), Geometry: r.g, Values: r.values}})
	}
	return out
}

const samplesPath = "/ogc/collections/sample/items"

// conformance has the abstract tests of every class that is declared, as far as a server can be asked.
var conformance = map[string]func(*testing.T, *servertest.Client){
	"ogcapi-common-1/1.0/conf/core": func(t *testing.T, c *servertest.Client) {
		doc := document(t, c, "/ogc")
		wantRels(t, doc, "self", "alternate", "service-desc", "service-doc", "conformance")
		c.Get("/ogc?unknown=1").WantError(http.StatusBadRequest, "invalid", "unknown")
	},
	"ogcapi-common-2/1.0/conf/collections": func(t *testing.T, c *servertest.Client) {
		doc := document(t, c, "/ogc/collections")
		for _, one := range doc["collections"].([]any) {
			one := one.(map[string]any)
			single := document(t, c, "/ogc/collections/"+one["id"].(string))
			if single["id"] != one["id"] || single["itemType"] != "feature" {
				t.Errorf("%v alone is %v", one["id"], single)
			}
			wantRels(t, one, "self", "items")
		}
		c.Get("/ogc/collections/nothing").WantError(http.StatusNotFound, "not_found", "")
	},
	"ogcapi-features-1/1.0/conf/core": func(t *testing.T, c *servertest.Client) {
		wantRels(t, document(t, c, "/ogc"), "data", "conformance", "service-desc")
		p := document(t, c, samplesPath+"?limit=2")
		wantRels(t, p, "self", "alternate", "next", "collection")
		if p["type"] != "FeatureCollection" || p["numberReturned"] != 2.0 || p["numberMatched"] != 5.0 {
			t.Errorf("page %v", p)
		}
		if _, err := time.Parse(time.RFC3339, p["timeStamp"].(string)); err != nil {
			t.Error(err)
		}
		wantRels(t, document(t, c, samplesPath+"/1"), "self", "alternate", "collection")
		wantIDs(t, c, "bbox=119,29,119.5,29.5", 1, 2, 3, 4)
		wantIDs(t, c, "datetime=2026-05-02T00:00:00Z/2026-05-03T23:00:00Z", 2, 3)
		wantIDs(t, c, "datetime=../2026-05-01T12:00:00Z", 1)
		wantIDs(t, c, "datetime=2026-05-04T12:00:00Z", 4)
	},
	"ogcapi-features-1/1.0/conf/oas30": func(t *testing.T, c *servertest.Client) {
		r := c.Get("/api/openapi.yaml").Want(http.StatusOK)
		for _, path := range []string{"/ogc:", "/ogc/conformance:", "/ogc/collections:", "/ogc/collections/{collection}/items:", "/ogc/collections/{collection}/items/{feature}:"} {
			if !strings.Contains(string(r.Body), "\n  "+path) {
				t.Errorf("the definition has no %s", path)
			}
		}
	},
	"ogcapi-features-1/1.0/conf/html": func(t *testing.T, c *servertest.Client) {
		for _, path := range []string{"/ogc", "/ogc/collections", samplesPath, samplesPath + "/1"} {
			if r := c.Get(path, "Accept", "text/html").Want(http.StatusOK); !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
				t.Errorf("%s is %s", path, r.Header.Get("Content-Type"))
			}
		}
	},
	"ogcapi-features-1/1.0/conf/geojson": func(t *testing.T, c *servertest.Client) {
		for _, path := range []string{samplesPath, samplesPath + "/1"} {
			r := c.Get(path, "Accept", "application/geo+json").Want(http.StatusOK)
			if r.Header.Get("Content-Type") != "application/geo+json" {
				t.Errorf("%s is %s", path, r.Header.Get("Content-Type"))
			}
		}
		f := document(t, c, samplesPath+"/1")
		if f["type"] != "Feature" || f["id"] != 1.0 || f["geometry"].(map[string]any)["type"] != "Point" || f["properties"].(map[string]any)["name"] != "Café" {
			t.Errorf("feature %v", f)
		}
	},
	"ogcapi-features-2/1.0/conf/crs": func(t *testing.T, c *servertest.Client) {
		col := document(t, c, "/ogc/collections/sample")
		systems := col["crs"].([]any)
		if systems[0] != "http://www.opengis.net/def/crs/OGC/1.3/CRS84" || col["storageCrs"] != systems[0] {
			t.Errorf("systems %v, stored in %v", systems[:2], col["storageCrs"])
		}
		for _, s := range systems {
			for _, path := range []string{samplesPath, samplesPath + "/1"} {
				if got := c.Get(path + "?crs=" + url.QueryEscape(s.(string))).Want(http.StatusOK).Header.Get("Content-Crs"); got != "<"+s.(string)+">" {
					t.Errorf("%s in %v: Content-Crs %s", path, s, got)
				}
			}
		}
		c.Get(samplesPath+"?crs=urn:nothing").WantError(http.StatusBadRequest, "invalid", "crs")
		c.Get(samplesPath+"?bbox=1,1,2,2&bbox-crs=urn:nothing").WantError(http.StatusBadRequest, "invalid", "bbox-crs")
		wantIDs(t, c, "bbox=29.12,119.12,29.13,119.13&bbox-crs="+url.QueryEscape("http://www.opengis.net/def/crs/EPSG/0/4326"), 1, 3, 4)
	},
	"ogcapi-features-3/1.0/conf/queryables": func(t *testing.T, c *servertest.Client) {
		r := c.Get("/ogc/collections/sample/queryables").Want(http.StatusOK)
		if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/schema+json") {
			t.Errorf("queryables are %s", r.Header.Get("Content-Type"))
		}
		q := document(t, c, "/ogc/collections/sample/queryables")
		for name, kind := range map[string]string{"id": "integer", "name": "string", "n": "integer", "share": "number", "good": "boolean", "created_at": "string", "tags": "array"} {
			p, _ := q["properties"].(map[string]any)[name].(map[string]any)
			if p == nil || p["type"] != kind {
				t.Errorf("%s is %v", name, p)
			}
		}
		if q["additionalProperties"] != false || q["type"] != "object" {
			t.Errorf("%v", q)
		}
	},
	"ogcapi-features-3/1.0/conf/queryables-query-parameters": func(t *testing.T, c *servertest.Client) {
		wantIDs(t, c, "name=CAFE", 2)
		wantIDs(t, c, "n=3", 3)
		wantIDs(t, c, "good=true", 1, 3)
		wantIDs(t, c, "tags=b&n=1", 1)
		c.Get(samplesPath+"?n=x").WantError(http.StatusBadRequest, "invalid", "n")
	},
	"ogcapi-features-3/1.0/conf/filter": func(t *testing.T, c *servertest.Client) {
		wantFilter(t, c, `n = 2`, 2)
		wantIDs(t, c, "filter-lang=cql2-json&filter="+url.QueryEscape(`{"op":"=","args":[{"property":"n"},2]}`), 2)
		c.Get(samplesPath+"?filter="+url.QueryEscape("nothing = 1")).WantError(http.StatusBadRequest, "invalid", "filter")
		c.Get(samplesPath+"?filter-crs=urn:nothing&filter="+url.QueryEscape("n = 1")).WantError(http.StatusBadRequest, "invalid", "filter-crs")
		wantIDs(t, c, "filter-crs=EPSG:4326&filter="+url.QueryEscape("S_INTERSECTS(geometry, POINT(29.25 119.25))"), 2, 3)
	},
	"ogcapi-features-3/1.0/conf/features-filter": func(t *testing.T, c *servertest.Client) {
		wantIDs(t, c, "bbox=119,29,119.5,29.5&good=true&filter="+url.QueryEscape("n > 1"), 3)
	},
	"ogcapi-features-4/1.0/conf/create-replace-delete":    editable("POST"),
	"ogcapi-features-4/1.0/conf/update":                   editable("PATCH"),
	"ogcapi-features-4/1.0/conf/optimistic-locking-etags": editable("DELETE"),
	"ogcapi-features-4/1.0/conf/features":                 editable("PUT"),
	"ogcapi-tiles-1/1.0/conf/tileset": func(t *testing.T, c *servertest.Client) {
		doc := document(t, c, "/ogc/collections/sample/tiles/WebMercatorQuad")
		if doc["dataType"] != "vector" || doc["crs"] == nil || doc["tileMatrixSetURI"] == nil {
			t.Errorf("%v", doc)
		}
		wantRels(t, doc, "self", "item")
	},
	"ogcapi-tiles-1/1.0/conf/tilesets-list": func(t *testing.T, c *servertest.Client) {
		if sets := document(t, c, "/ogc/collections/sample/tiles")["tilesets"].([]any); len(sets) == 0 {
			t.Error("there are no tile sets")
		}
	},
	"ogcapi-tiles-1/1.0/conf/geodata-tilesets": func(t *testing.T, c *servertest.Client) {
		wantRels(t, document(t, c, "/ogc/collections/sample"), "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector")
	},
	"ogcapi-tiles-1/1.0/conf/mvt": func(t *testing.T, c *servertest.Client) {
		for _, l := range document(t, c, "/ogc/collections/sample/tiles/WebMercatorQuad")["links"].([]any) {
			if l := l.(map[string]any); l["rel"] == "item" && l["type"] != "application/vnd.mapbox-vector-tile" {
				t.Errorf("tiles are %v", l["type"])
			}
		}
	},
	"cql2/1.0/conf/cql2-text":                     filters(`n = 1 AND name = 'Café'`, 1),
	"cql2/1.0/conf/cql2-json":                     filters(`{"op":"and","args":[{"op":">","args":[{"property":"n"},1]},{"op":"not","args":[{"op":"=","args":[{"property":"good"},true]}]}]}`, 2, 4),
	"cql2/1.0/conf/basic-cql2":                    all(filters(`n <> 1 AND n < 3`, 2), filters(`n >= 4 OR n <= 1`, 1, 4, 5), filters(`NOT (n > 1)`, 1), filters(`name IS NULL`, 5), filters(`name IS NOT NULL AND good = FALSE`, 2, 4), filters(`created_at > TIMESTAMP('2026-05-03T00:00:00Z')`, 3, 4), filters(`created_at < DATE('2026-05-02')`, 1)),
	"cql2/1.0/conf/advanced-comparison-operators": all(filters(`name LIKE 'C%'`, 1, 2), filters(`name LIKE '_quare'`, 4), filters(`name NOT LIKE 'C%'`, 3, 4), filters(`n BETWEEN 2 AND 3`, 2, 3), filters(`n NOT BETWEEN 2 AND 4`, 1, 5), filters(`n IN (1, 5, 9)`, 1, 5), filters(`name NOT IN ('路')`, 1, 2, 4)),
	"cql2/1.0/conf/case-insensitive-comparison":   filters(`CASEI(name) = CASEI('cafe')`, 2),
	"cql2/1.0/conf/accent-insensitive-comparison": filters(`ACCENTI(CASEI(name)) = ACCENTI(CASEI('cafe'))`, 1, 2),
	"cql2/1.0/conf/basic-spatial-functions":       all(filters(`S_INTERSECTS(geometry, POINT(119.125 29.125))`, 1, 3, 4), filters(`S_INTERSECTS(geometry, BBOX(119.99, 29.9, 121, 31))`, 5)),
	"cql2/1.0/conf/basic-spatial-functions-plus":  all(filters(`S_INTERSECTS(geometry, POLYGON((119.0625 29.0625, 119.1875 29.0625, 119.1875 29.1875, 119.0625 29.1875, 119.0625 29.0625)))`, 1, 3, 4), filters(`S_INTERSECTS(geometry, MULTIPOINT((119.25 29.25), (120.0625 30.0625)))`, 2, 3, 5)),
	"cql2/1.0/conf/spatial-functions": all(filters(`S_DISJOINT(geometry, POINT(119.125 29.125))`, 2, 5), filters(`S_EQUALS(geometry, POINT(119.25 29.25))`, 2), filters(`S_WITHIN(geometry, BBOX(119, 29, 119.1875, 29.1875))`, 1, 4), filters(`S_CONTAINS(geometry, POINT(120.0625 30.0625))`, 5),
		filters(`S_CROSSES(geometry, POLYGON((119.0625 29.0625, 119.1875 29.0625, 119.1875 29.1875, 119.0625 29.1875, 119.0625 29.0625)))`, 3), filters(`S_TOUCHES(geometry, POINT(119.0625 29.0625))`, 4), filters(`S_OVERLAPS(geometry, POLYGON((120.0625 30.0625, 121 30.0625, 121 31, 120.0625 31, 120.0625 30.0625)))`, 5)),
	"cql2/1.0/conf/temporal-functions": all(filters(`T_AFTER(created_at, TIMESTAMP('2026-05-03T12:00:00Z'))`, 4), filters(`T_BEFORE(created_at, DATE('2026-05-02'))`, 1), filters(`T_DURING(created_at, INTERVAL('2026-05-01T13:00:00Z', '2026-05-03T13:00:00Z'))`, 2, 3), filters(`T_EQUALS(created_at, TIMESTAMP('2026-05-02T12:00:00Z'))`, 2), filters(`T_INTERSECTS(created_at, INTERVAL('..', '2026-05-02T12:00:00Z'))`, 1, 2)),
	"cql2/1.0/conf/array-functions":    all(filters(`A_CONTAINS(tags, ('b'))`, 1, 2, 5), filters(`A_EQUALS(tags, ('b'))`, 2), filters(`A_OVERLAPS(tags, ('a', 'z'))`, 1, 5), filters(`A_CONTAINEDBY(tags, ('a', 'b'))`, 1, 2, 3)),
	"cql2/1.0/conf/property-property":  filters(`share = n`, 3, 4),
	"cql2/1.0/conf/functions": func(t *testing.T, c *servertest.Client) {
		if list := document(t, c, "/ogc/functions")["functions"].([]any); len(list) == 0 {
			t.Error("there are no functions")
		}
		c.Get(samplesPath+"?filter="+url.QueryEscape("nothing(n) = 1")).WantError(http.StatusBadRequest, "invalid", "filter")
	},
	"cql2/1.0/conf/arithmetic": all(filters(`n * 2 = 4`, 2), filters(`n + 1 > 5`, 5), filters(`share - 0.5 = n - 1`, 1, 2), filters(`n / 2 = 1.5`, 3), filters(`n % 2 = 0`, 2, 4), filters(`n ^ 2 = 16`, 4), filters(`n div 2 = 1`, 2, 3)),
}

// Every declared class has its tests, and every test a declared class.
func TestOGCConformance(t *testing.T) {
	t.Parallel()
	const root = "http://www.opengis.net/spec/"
	for name := range conformance {
		if !slices.Contains(ogc.Conforms, root+name) {
			t.Errorf("%s is not declared", name)
		}
	}
	w := newWorldWith(t, []*layers.Layer{sampleLayer()})
	w.put(samples()...)
	c := w.as("duty")
	for _, class := range ogc.Conforms {
		name := strings.TrimPrefix(class, root)
		t.Run(name, func(t *testing.T) {
			test, ok := conformance[name]
			if !ok {
				t.Fatal("the class is declared and not tested")
			}
			test(t, c)
		})
	}
}

func document(t *testing.T, c *servertest.Client, path string) (doc map[string]any) {
	t.Helper()
	if err := json.Unmarshal(c.Get(path).Want(http.StatusOK).Body, &doc); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return doc
}

func wantRels(t *testing.T, doc map[string]any, rels ...string) {
	t.Helper()
	var have []string
	for _, l := range doc["links"].([]any) {
		have = append(have, l.(map[string]any)["rel"].(string))
	}
	for _, r := range rels {
		if !slices.Contains(have, r) {
			t.Errorf("%v has no link %s", doc["id"], r)
		}
	}
}

func wantIDs(t *testing.T, c *servertest.Client, query string, want ...int64) {
	t.Helper()
	var p struct {
		NumberMatched int
		Features      []struct{ ID int64 }
	}
	c.Get(samplesPath + "?limit=100&" + query).Want(http.StatusOK).Into(&p)
	var ids []int64
	for _, f := range p.Features {
		ids = append(ids, f.ID)
	}
	if !slices.Equal(ids, want) || p.NumberMatched != len(want) {
		t.Errorf("%s finds %v, counts %d, want %v", query, ids, p.NumberMatched, want)
	}
}

func wantFilter(t *testing.T, c *servertest.Client, filter string, want ...int64) {
	t.Helper()
	wantIDs(t, c, "filter="+url.QueryEscape(filter), want...)
}

// filters is a test of one filter.
func filters(filter string, want ...int64) func(*testing.T, *servertest.Client) {
	return func(t *testing.T, c *servertest.Client) {
		t.Helper()
		wantFilter(t, c, filter, want...)
	}
}

func all(tests ...func(*testing.T, *servertest.Client)) func(*testing.T, *servertest.Client) {
	return func(t *testing.T, c *servertest.Client) {
		t.Helper()
		for _, test := range tests {
			test(t, c)
		}
	}
}

// editable is a test that cameras say they take a method and samples that they do not; what the methods do, TestOGCEdit tells.
func editable(method string) func(*testing.T, *servertest.Client) {
	return func(t *testing.T, c *servertest.Client) {
		t.Helper()
		c.T.Helper()
		at := itemsPath
		sample := samplesPath
		if method != "POST" {
			sample += "/1"
		}
		if got := c.Do(http.MethodOptions, sample, nil).Want(http.StatusNoContent).Header.Get("Allow"); strings.Contains(got, method) {
			t.Errorf("%s: Allow %s", sample, got)
		}
		if method == "POST" {
			if got := c.Do(http.MethodOptions, at, nil).Want(http.StatusNoContent).Header.Get("Allow"); !strings.Contains(got, method) {
				t.Errorf("%s: Allow %s", at, got)
			}
		}
	}
}

package ogc

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/cql2"
	"wanglou/layers/crs"
)

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Conforms lists the conformance classes that are declared. TestOGCConformance holds the server to each.
var Conforms = []string{
	"http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
	"http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
	"http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
	"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
	"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
	"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
	"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
	"http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/create-replace-delete",
	"http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/update",
	"http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/optimistic-locking-etags",
	"http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/features",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
	"http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
	"http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
	"http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
	"http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
	"http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
	"http://www.opengis.net/spec/cql2/1.0/conf/accent-insensitive-comparison",
	"http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
	"http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
	"http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
	"http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
	"http://www.opengis.net/spec/cql2/1.0/conf/array-functions",
	"http://www.opengis.net/spec/cql2/1.0/conf/property-property",
	"http://www.opengis.net/spec/cql2/1.0/conf/functions",
	"http://www.opengis.net/spec/cql2/1.0/conf/arithmetic",
}

type landingBody struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	Links       []link `json:"links"`
}

// Landing is GET /ogc.
func (a *API) Landing(c echo.Context) error {
	r, err := a.open(c)
	if err != nil {
		return err
	}
	if err := r.only(); err != nil {
		return err
	}
	b := landingBody{
		Title:       r.say("望楼 OGC API", "Wanglou OGC API"),
		Description: r.say("县域态势图层：要素、过滤、坐标系、瓦片", "Layers of the county's map: features, filters, coordinate systems, tiles"),
		Links: append(r.both("", mimeJSON),
			link{Href: a.Origin(c) + "/api/openapi.yaml", Rel: "service-desc", Type: "application/vnd.oai.openapi;version=3.1", Title: r.say("接口定义（OpenAPI）", "API definition (OpenAPI)")},
			link{Href: r.base + "?f=html", Rel: "service-doc", Type: mimeHTML, Title: r.say("接口说明", "API documentation")},
			link{Href: r.base + "/conformance", Rel: "conformance", Type: mimeJSON, Title: r.say("符合的标准类", "Conformance classes")},
			link{Href: r.base + "/conformance", Rel: "http://www.opengis.net/def/rel/ogc/1.0/conformance", Type: mimeJSON, Title: r.say("符合的标准类", "Conformance classes")},
			link{Href: r.base + "/collections", Rel: "data", Type: mimeJSON, Title: r.say("图层", "Collections")},
			link{Href: r.base + "/collections", Rel: "http://www.opengis.net/def/rel/ogc/1.0/data", Type: mimeJSON, Title: r.say("图层", "Collections")},
			link{Href: r.base + "/functions", Rel: "http://www.opengis.net/def/rel/ogc/1.0/functions", Type: mimeJSON, Title: r.say("过滤函数", "Functions of filters")},
			link{Href: r.base + "/tileMatrixSets", Rel: "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes", Type: mimeJSON, Title: r.say("瓦片方案", "Tile matrix sets")},
		),
	}
	return r.answer("landing", b.Title, b)
}

// Conformance is GET /ogc/conformance.
func (a *API) Conformance(c echo.Context) error {
	r, err := a.open(c)
	if err != nil {
		return err
	}
	if err := r.only(); err != nil {
		return err
	}
	b := struct {
		ConformsTo []string `json:"conformsTo"`
		Links      []link   `json:"links"`
	}{Conforms, r.both("/conformance", mimeJSON)}
	return r.answer("conformance", r.say("符合的标准类", "Conformance classes"), b)
}

type extentBody struct {
	Spatial *spatialExtent `json:"spatial,omitempty"`
}

type spatialExtent struct {
	Bbox [][4]float64 `json:"bbox"`
	CRS  string       `json:"crs"`
}

type collectionBody struct {
	ID         string      `json:"id"`
	Title      string      `json:"title"`
	Extent     *extentBody `json:"extent,omitempty"`
	ItemType   string      `json:"itemType"`
	CRS        []string    `json:"crs"`
	StorageCRS string      `json:"storageCrs"`
	Count      *int        `json:"itemCount,omitempty"`
	Links      []link      `json:"links"`
}

// systems are the URIs of every reference system, CRS84 first.
var systems = func() []string {
	all := make([]string, len(crs.References))
	for i, r := range crs.References {
		all[i] = r.URI()
	}
	return all
}()

func (a *API) describe(r *request, col *collection) collectionBody {
	path := "/collections/" + url.PathEscape(col.Name)
	b := collectionBody{ID: col.Name, Title: r.text(col.Title), ItemType: "feature", CRS: systems, StorageCRS: crs.CRS84.URI(), Links: append(r.both(path, mimeJSON),
		link{Href: r.base + path + "/items?f=json", Rel: "items", Type: mimeGeoJSON, Title: r.text(col.Title)},
		link{Href: r.base + path + "/items?f=html", Rel: "items", Type: mimeHTML, Title: r.text(col.Title)},
		link{Href: r.base + path + "/queryables", Rel: "http://www.opengis.net/def/rel/ogc/1.0/queryables", Type: mimeSchema, Title: r.say("可过滤的属性", "Queryables")},
	)}
	for _, form := range exports {
		b.Links = append(b.Links, link{Href: r.base + path + "/download?f=" + form.name, Rel: "enclosure", Type: form.mime, Title: r.say("下载 ", "Download ") + form.title})
	}
	if col.Geometry != layers.GeometryNone {
		b.Links = append(b.Links, link{Href: r.base + path + "/tiles", Rel: "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector", Type: mimeJSON, Title: r.say("矢量瓦片", "Vector tiles")})
	}
	if col.bound != nil {
		b.Extent = &extentBody{Spatial: &spatialExtent{Bbox: [][4]float64{{col.bound.Min[0], col.bound.Min[1], col.bound.Max[0], col.bound.Max[1]}}, CRS: crs.CRS84.URI()}}
	}
	if col.count >= 0 {
		b.Count = &col.count
	}
	return b
}

// Collections is GET /ogc/collections.
func (a *API) Collections(c echo.Context) error {
	r, err := a.open(c)
	if err != nil {
		return err
	}
	if err := r.only(); err != nil {
		return err
	}
	b := struct {
		Links       []link           `json:"links"`
		CRS         []string         `json:"crs"`
		Collections []collectionBody `json:"collections"`
	}{r.both("/collections", mimeJSON), systems, []collectionBody{}}
	for _, col := range a.collections(r.scope) {
		b.Collections = append(b.Collections, a.describe(r, col))
	}
	return r.answer("collections", r.say("图层", "Collections"), b)
}

// Collection is GET /ogc/collections/{collection}.
func (a *API) Collection(c echo.Context) error {
	r, err := a.open(c)
	if err != nil {
		return err
	}
	col, err := a.collection(r)
	if err != nil {
		return err
	}
	if err := r.only(); err != nil {
		return err
	}
	if r.html {
		return a.collectionPage(r, col)
	}
	return c.JSON(http.StatusOK, a.describe(r, col))
}

// types are the JSON schemas of columns.
var types = map[layers.ColumnType]map[string]any{
	layers.ColumnText: {"type": "string"}, layers.ColumnInt: {"type": "integer"}, layers.ColumnFloat: {"type": "number"}, layers.ColumnBool: {"type": "boolean"},
	layers.ColumnTime: {"type": "string", "format": "date-time"}, layers.ColumnStrings: {"type": "array", "items": map[string]any{"type": "string"}}, layers.ColumnJSON: {},
}

// shapes are the formats of geometries that the standard names.
var shapes = map[layers.GeometryType]string{layers.GeometryPoint: "geometry-point", layers.GeometryLine: "geometry-multilinestring", layers.GeometryPolygon: "geometry-multipolygon", layers.GeometryAny: "geometry-any"}

// Queryables is GET /ogc/collections/{collection}/queryables: a JSON schema.
func (a *API) Queryables(c echo.Context) error {
	r, err := a.open(c)
	if err != nil {
		return err
	}
	col, err := a.collection(r)
	if err != nil {
		return err
	}
	if err := r.only(); err != nil {
		return err
	}
	properties := map[string]any{}
	if col.Index(col.key) < 0 {
		properties[col.key] = map[string]any{"title": col.key, "type": types[col.kind]["type"]}
	}
	if col.Geometry != layers.GeometryNone {
		properties[cql2.PropertyGeometry] = map[string]any{"title": cql2.PropertyGeometry, "format": shapes[col.Geometry], "x-ogc-role": "primary-geometry"}
	}
	for _, column := range col.Columns {
		schema := map[string]any{"title": column.Name}
		for k, v := range types[column.Type] {
			schema[k] = v
		}
		properties[column.Name] = schema
	}
	if r.html {
		return r.page("queryables", r.text(col.Title), struct {
			Name       string
			Properties map[string]any
		}{col.Name, properties})
	}
	c.Response().Header().Set(echo.HeaderContentType, mimeSchema)
	return c.JSON(http.StatusOK, map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": r.base + "/collections/" + url.PathEscape(col.Name) + "/queryables", "type": "object",
		"title": r.text(col.Title), "properties": properties, "additionalProperties": false,
	})
}

// Functions is GET /ogc/functions.
func (a *API) Functions(c echo.Context) error {
	r, err := a.open(c)
	if err != nil {
		return err
	}
	if err := r.only(); err != nil {
		return err
	}
	type argument struct {
		Type []string `json:"type"`
	}
	type function struct {
		Name        string     `json:"name"`
		Description string     `json:"description"`
		Returns     []string   `json:"returns"`
		Arguments   []argument `json:"arguments"`
	}
	kind := func(k cql2.Kind) []string {
		if k == cql2.KindText {
			return []string{"string"}
		}
		return []string{string(k)}
	}
	b := struct {
		Functions []function `json:"functions"`
		Links     []link     `json:"links"`
	}{Links: r.both("/functions", mimeJSON)}
	for _, f := range cql2.Functions {
		fn := function{Name: f.Name, Description: r.say(f.ZH, f.EN), Returns: kind(f.Returns)}
		for _, k := range f.Args {
			fn.Arguments = append(fn.Arguments, argument{kind(k)})
		}
		b.Functions = append(b.Functions, fn)
	}
	return r.answer("functions", r.say("过滤函数", "Functions of filters"), b)
}

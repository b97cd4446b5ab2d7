package server

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/survey"
	"wanglou/tiles"
)

// Captures as a SpatioTemporal Asset Catalog (STAC 1.0.0), of which everybody reads those of the own areas, and as WMTS 1.0.0 for QGIS and its kind.

const (
	stacVersion    = "1.0.0"
	stacCollection = "captures"
	geoTIFF        = "image/tiff; application=geotiff"
	cogTIFF        = "image/tiff; application=geotiff; profile=cloud-optimized"
)

func base64Of(sum string) string {
	b, _ := hex.DecodeString(sum)
	return base64.StdEncoding.EncodeToString(b)
}

// stacLink is a link of STAC.
type stacLink struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
	Type string `json:"type,omitempty"`
}

func (s *Server) getStac(c echo.Context) error {
	if _, err := s.keptCaptures(); err != nil {
		return err
	}
	at := s.origin(c) + "/stac"
	return c.JSON(http.StatusOK, map[string]any{"type": "Catalog", "stac_version": stacVersion, "id": "wanglou", "title": "航拍成果 | Captures", "description": "What drones brought home.",
		"conformsTo": []string{"https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/collections", "https://api.stacspec.org/v1.0.0/ogcapi-features"},
		"links": []stacLink{{"self", at, "application/json"}, {"root", at, "application/json"}, {"data", at + "/collections", "application/json"},
			{"child", at + "/collections/" + stacCollection, "application/json"}}})
}

func (s *Server) listStacCollections(c echo.Context) error {
	collection, err := s.stacCollection(c)
	if err != nil {
		return err
	}
	at := s.origin(c) + "/stac"
	return c.JSON(http.StatusOK, map[string]any{"collections": []any{collection}, "links": []stacLink{{"self", at + "/collections", "application/json"}, {"root", at, "application/json"}}})
}

func (s *Server) getStacCollection(c echo.Context) error {
	if c.Param("collection") != stacCollection {
		return layers.Errorf(layers.CodeNotFound, "there is no such collection")
	}
	collection, err := s.stacCollection(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, collection)
}

func (s *Server) stacCollection(c echo.Context) (map[string]any, error) {
	service, err := s.keptCaptures()
	if err != nil {
		return nil, err
	}
	found, err := service.StoredCaptures(c.Request().Context())
	if err != nil {
		return nil, err
	}
	boxes, span := [][]float64{{-180, -90, 180, 90}}, []any{nil, nil}
	for i, f := range found {
		b := bbox(f.Footprint.Bound())
		if i == 0 {
			boxes[0] = b[:]
			span[1] = f.CapturedAt
		}
		boxes[0] = []float64{min(boxes[0][0], b[0]), min(boxes[0][1], b[1]), max(boxes[0][2], b[2]), max(boxes[0][3], b[3])}
		span[0] = f.CapturedAt
	}
	at := s.origin(c) + "/stac"
	return map[string]any{"type": "Collection", "stac_version": stacVersion, "id": stacCollection, "title": "航拍成果 | Captures", "description": "Orthophotos and models of heights that drones brought home.",
		"license": "proprietary", "extent": map[string]any{"spatial": map[string]any{"bbox": boxes}, "temporal": map[string]any{"interval": [][]any{span}}},
		"links": []stacLink{{"self", at + "/collections/" + stacCollection, "application/json"}, {"root", at, "application/json"}, {"parent", at, "application/json"},
			{"items", at + "/collections/" + stacCollection + "/items", "application/geo+json"}}}, nil
}

func (s *Server) listStacItems(c echo.Context) error {
	if c.Param("collection") != stacCollection {
		return layers.Errorf(layers.CodeNotFound, "there is no such collection")
	}
	service, err := s.keptCaptures()
	if err != nil {
		return err
	}
	found, err := service.StoredCaptures(c.Request().Context())
	if err != nil {
		return err
	}
	items := make([]any, len(found))
	for i, f := range found {
		items[i] = s.stacItem(c, f)
	}
	at := s.origin(c) + "/stac"
	return s.geoJSON(c, map[string]any{"type": "FeatureCollection", "features": items, "links": []stacLink{{"self", at + "/collections/" + stacCollection + "/items", "application/geo+json"}, {"root", at, "application/json"}}})
}

func (s *Server) getStacItem(c echo.Context) error {
	if c.Param("collection") != stacCollection {
		return layers.Errorf(layers.CodeNotFound, "there is no such collection")
	}
	found, err := s.storedCapture(c)
	if err != nil {
		return err
	}
	if found.Withdrawn != nil {
		return layers.Errorf(layers.CodeNotFound, "the capture was withdrawn")
	}
	return s.geoJSON(c, s.stacItem(c, found))
}

func (s *Server) geoJSON(c echo.Context, v any) error {
	c.Response().Header().Set(echo.HeaderContentType, "application/geo+json")
	c.Response().Header().Set("Cache-Control", "private, no-cache")
	return c.JSON(http.StatusOK, v)
}

func (s *Server) stacItem(c echo.Context, f *survey.Stored) map[string]any {
	origin, id := s.origin(c), strconv.FormatInt(f.ID, 10)
	at := origin + "/stac"
	assets := map[string]any{"tiles": map[string]any{"href": origin + "/tiles/capture-" + id + ".json", "type": "application/json", "title": "TileJSON", "roles": []string{"visual"}}}
	for _, file := range f.Files {
		roles, kind := []string{"data"}, geoTIFF
		switch file.Kind {
		case "ortho":
			roles, kind = []string{"visual", "overview"}, cogTIFF
		case "dsm", "dtm":
			kind = cogTIFF
		case "original_zip":
			roles, kind = []string{"source"}, "application/zip"
		case "track":
			roles, kind = []string{"metadata"}, "application/octet-stream"
		}
		// A multihash as the file extension has it: 0x12 is SHA-256, 0x20 its 32 bytes.
		assets[file.Kind] = map[string]any{"href": origin + "/api/captures/" + id + "/files/" + file.Kind, "type": kind, "roles": roles, "file:size": file.Size, "file:checksum": "1220" + file.SHA256}
	}
	properties := map[string]any{"datetime": f.CapturedAt.Format(time.RFC3339), "title": f.Name}
	if f.GSD != nil {
		properties["gsd"] = *f.GSD
	}
	body := bodyOfCapture(f)
	return map[string]any{"type": "Feature", "stac_version": stacVersion, "stac_extensions": []string{"https://stac-extensions.github.io/file/v2.1.0/schema.json"},
		"id": id, "collection": stacCollection, "bbox": body.Bbox, "geometry": body.Footprint, "properties": properties, "assets": assets,
		"links": []stacLink{{"self", at + "/collections/" + stacCollection + "/items/" + id, "application/geo+json"}, {"root", at, "application/json"},
			{"parent", at + "/collections/" + stacCollection, "application/json"}, {"collection", at + "/collections/" + stacCollection, "application/json"}}}
}

// getWMTS answers with the capabilities of a WMTS: the mosaic, and every capture that the caller may see. Its tiles are those of /tiles.
func (s *Server) getWMTS(c echo.Context) error {
	service, err := s.keptCaptures()
	if err != nil {
		return err
	}
	q := c.QueryParams()
	for name := range q { // KVP as clients write it, in any letters
		if strings.EqualFold(name, "request") && !strings.EqualFold(q.Get(name), "GetCapabilities") {
			return layers.Invalid("request", "unknown_value", "only GetCapabilities is answered here; tiles have addresses of their own")
		}
	}
	ctx := c.Request().Context()
	found, err := service.StoredCaptures(ctx)
	if err != nil {
		return err
	}
	origin := s.origin(c)
	scope := auth.ActorFrom(ctx).Scope
	var b strings.Builder
	b.WriteString(xml.Header + `<Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.0.0">` +
		`<ows:ServiceIdentification><ows:Title>望楼 Wanglou</ows:Title><ows:ServiceType>OGC WMTS</ows:ServiceType><ows:ServiceTypeVersion>1.0.0</ows:ServiceTypeVersion></ows:ServiceIdentification>` +
		`<ows:OperationsMetadata><ows:Operation name="GetCapabilities"><ows:DCP><ows:HTTP><ows:Get xlink:href="` + xmlText(origin) + `/wmts"><ows:Constraint name="GetEncoding"><ows:AllowedValues><ows:Value>RESTful</ows:Value></ows:AllowedValues></ows:Constraint></ows:Get></ows:HTTP></ows:DCP></ows:Operation></ows:OperationsMetadata><Contents>`)
	layer := func(name, title string, box [4]float64) {
		b.WriteString(`<Layer><ows:Title>` + xmlText(title) + `</ows:Title><ows:WGS84BoundingBox><ows:LowerCorner>` + degree(box[0]) + " " + degree(box[1]) + `</ows:LowerCorner><ows:UpperCorner>` +
			degree(box[2]) + " " + degree(box[3]) + `</ows:UpperCorner></ows:WGS84BoundingBox><ows:Identifier>` + name + `</ows:Identifier><Style isDefault="true"><ows:Identifier>default</ows:Identifier></Style>` +
			`<Format>image/webp</Format><TileMatrixSetLink><TileMatrixSet>WebMercatorQuad</TileMatrixSet></TileMatrixSetLink>` +
			`<ResourceURL format="image/webp" resourceType="tile" template="` + xmlText(origin) + `/tiles/` + name + `/{TileMatrix}/{TileCol}/{TileRow}"/></Layer>`)
	}
	if src, err := s.tiles.Source("orthophoto"); err == nil {
		if info, err := tiles.InfoFor(src, scope); err == nil && len(found) > 0 {
			layer("orthophoto", bothTitles(info.Title), bbox(info.Bound))
		}
	}
	for _, f := range found {
		layer("capture-"+strconv.FormatInt(f.ID, 10), f.Name, bbox(f.Footprint.Bound()))
	}
	b.WriteString(`<TileMatrixSet><ows:Identifier>WebMercatorQuad</ows:Identifier><ows:SupportedCRS>urn:ogc:def:crs:EPSG::3857</ows:SupportedCRS>` +
		`<WellKnownScaleSet>http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible</WellKnownScaleSet>`)
	for z := range 25 {
		n := strconv.Itoa(1 << z)
		b.WriteString(`<TileMatrix><ows:Identifier>` + strconv.Itoa(z) + `</ows:Identifier><ScaleDenominator>` + strconv.FormatFloat(559082264.0287178/math.Exp2(float64(z)), 'f', -1, 64) +
			`</ScaleDenominator><TopLeftCorner>-20037508.3427892 20037508.3427892</TopLeftCorner><TileWidth>256</TileWidth><TileHeight>256</TileHeight><MatrixWidth>` + n + `</MatrixWidth><MatrixHeight>` + n + `</MatrixHeight></TileMatrix>`)
	}
	b.WriteString(`</TileMatrixSet></Contents><ServiceMetadataURL xlink:href="` + xmlText(origin) + `/wmts"/></Capabilities>`)
	c.Response().Header().Set("Cache-Control", "private, no-cache")
	return c.Blob(http.StatusOK, "application/xml; charset=utf-8", []byte(b.String()))
}

func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

func degree(v float64) string { return strconv.FormatFloat(v, 'f', 7, 64) }

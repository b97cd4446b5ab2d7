package ogc

import (
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
)

const (
	matrixSet    = "WebMercatorQuad"
	matrixSetURI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
	mercator     = "http://www.opengis.net/def/crs/EPSG/0/3857"
	maxZoom      = 24
)

type tileset struct {
	Title            string       `json:"title"`
	DataType         string       `json:"dataType"`
	CRS              string       `json:"crs"`
	TileMatrixSetURI string       `json:"tileMatrixSetURI"`
	Limits           []limits     `json:"tileMatrixSetLimits,omitempty"`
	Layers           []tileLayer  `json:"layers,omitempty"`
	BoundingBox      *boundingBox `json:"boundingBox,omitempty"`
	Links            []link       `json:"links"`
}

type limits struct {
	TileMatrix string `json:"tileMatrix"`
	MinTileRow int    `json:"minTileRow"`
	MaxTileRow int    `json:"maxTileRow"`
	MinTileCol int    `json:"minTileCol"`
	MaxTileCol int    `json:"maxTileCol"`
}

type tileLayer struct {
	ID            string `json:"id"`
	Title         string `json:"title"`
	DataType      string `json:"dataType"`
	GeometryType  string `json:"geometryType,omitempty"`
	MinTileMatrix string `json:"minTileMatrix"`
	MaxTileMatrix string `json:"maxTileMatrix"`
}

type boundingBox struct {
	LowerLeft  [2]float64 `json:"lowerLeft"`
	UpperRight [2]float64 `json:"upperRight"`
	CRS        string     `json:"crs"`
}

func (a *API) tileset(r *request, col *collection) tileset {
	path := "/collections/" + url.PathEscape(col.Name)
	t := tileset{Title: r.text(col.Title), DataType: "vector", CRS: mercator, TileMatrixSetURI: matrixSetURI, Links: append(r.both(path+"/tiles/"+matrixSet, mimeJSON),
		link{Href: a.Origin(r.c) + "/tiles/" + url.PathEscape(col.Name) + "/{tileMatrix}/{tileCol}/{tileRow}", Rel: "item", Type: mimeMVT, Templated: true},
		link{Href: matrixSetURI, Rel: "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme", Type: mimeJSON},
		link{Href: r.base + "/tileMatrixSets/" + matrixSet, Rel: "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme", Type: mimeJSON},
		link{Href: a.Origin(r.c) + "/tiles/" + url.PathEscape(col.Name) + ".json", Rel: "describedby", Type: mimeJSON, Title: "TileJSON"},
		link{Href: r.base + path + "?f=json", Rel: "http://www.opengis.net/def/rel/ogc/1.0/geodata", Type: mimeJSON, Title: r.text(col.Title)})}
	geometry := map[layers.GeometryType]string{layers.GeometryPoint: "points", layers.GeometryLine: "lines", layers.GeometryPolygon: "polygons"}[col.Geometry]
	t.Layers = []tileLayer{{ID: col.Name, Title: t.Title, DataType: "vector", GeometryType: geometry, MinTileMatrix: strconv.Itoa(col.MinZoom), MaxTileMatrix: strconv.Itoa(col.MaxZoom)}}
	if b := col.bound; b != nil {
		t.BoundingBox = &boundingBox{b.Min, b.Max, "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
		for z := col.MinZoom; z <= col.MaxZoom; z++ {
			west, north := tileAt(b.Min[0], b.Max[1], z)
			east, south := tileAt(b.Max[0], b.Min[1], z)
			t.Limits = append(t.Limits, limits{strconv.Itoa(z), north, south, west, east})
		}
	}
	return t
}

// tileAt returns column and row of the tile that holds a place.
func tileAt(lon, lat float64, z int) (col, row int) {
	n := math.Exp2(float64(z))
	lat = min(max(lat, -85.05112878), 85.05112878) * math.Pi / 180
	x, y := (lon+180)/360*n, (1-math.Asinh(math.Tan(lat))/math.Pi)/2*n
	return int(min(max(x, 0), n-1)), int(min(max(y, 0), n-1))
}

// Tilesets is GET /ogc/collections/{collection}/tiles.
func (a *API) Tilesets(c echo.Context) error {
	r, col, err := a.tiled(c)
	if err != nil {
		return err
	}
	t := a.tileset(r, col)
	t.Limits, t.Layers = nil, nil
	t.Links = append([]link{{Href: r.base + "/collections/" + url.PathEscape(col.Name) + "/tiles/" + matrixSet + "?f=json", Rel: "self", Type: mimeJSON}}, t.Links[2:]...)
	b := struct {
		Links    []link    `json:"links"`
		Tilesets []tileset `json:"tilesets"`
	}{r.both("/collections/"+url.PathEscape(col.Name)+"/tiles", mimeJSON), []tileset{t}}
	return r.answer("tilesets", r.text(col.Title), b)
}

// Tileset is GET /ogc/collections/{collection}/tiles/{set}.
func (a *API) Tileset(c echo.Context) error {
	r, col, err := a.tiled(c)
	if err != nil {
		return err
	}
	if c.Param("set") != matrixSet {
		return errNoMatrixSet
	}
	t := a.tileset(r, col)
	return r.answer("tileset", t.Title, t)
}

var errNoMatrixSet = layers.Errorf(layers.CodeNotFound, "there is no such tile matrix set")

func (a *API) tiled(c echo.Context) (*request, *collection, error) {
	r, err := a.open(c)
	if err != nil {
		return nil, nil, err
	}
	col, err := a.collection(r)
	if err != nil {
		return nil, nil, err
	}
	if col.Geometry == layers.GeometryNone {
		return nil, nil, layers.Errorf(layers.CodeNotFound, "the collection has no tiles")
	}
	return r, col, r.only()
}

// MatrixSets is GET /ogc/tileMatrixSets.
func (a *API) MatrixSets(c echo.Context) error {
	r, err := a.open(c)
	if err != nil {
		return err
	}
	if err := r.only(); err != nil {
		return err
	}
	type entry struct {
		ID    string `json:"id"`
		Title string `json:"title"`
		URI   string `json:"uri"`
		Links []link `json:"links"`
	}
	b := struct {
		TileMatrixSets []entry `json:"tileMatrixSets"`
	}{[]entry{{matrixSet, "Google Maps Compatible for the World", matrixSetURI, []link{{Href: r.base + "/tileMatrixSets/" + matrixSet, Rel: "self", Type: mimeJSON}}}}}
	return c.JSON(http.StatusOK, b)
}

// MatrixSet is GET /ogc/tileMatrixSets/{set}.
func (a *API) MatrixSet(c echo.Context) error {
	r, err := a.open(c)
	if err != nil {
		return err
	}
	if err := r.only(); err != nil {
		return err
	}
	if c.Param("set") != matrixSet {
		return errNoMatrixSet
	}
	type matrix struct {
		ID               string     `json:"id"`
		ScaleDenominator float64    `json:"scaleDenominator"`
		CellSize         float64    `json:"cellSize"`
		PointOfOrigin    [2]float64 `json:"pointOfOrigin"`
		TileWidth        int        `json:"tileWidth"`
		TileHeight       int        `json:"tileHeight"`
		MatrixWidth      int        `json:"matrixWidth"`
		MatrixHeight     int        `json:"matrixHeight"`
	}
	const half = math.Pi * 6378137
	b := struct {
		ID           string   `json:"id"`
		Title        string   `json:"title"`
		URI          string   `json:"uri"`
		CRS          string   `json:"crs"`
		OrderedAxes  []string `json:"orderedAxes"`
		WellKnown    string   `json:"wellKnownScaleSet"`
		TileMatrices []matrix `json:"tileMatrices"`
	}{ID: matrixSet, Title: "Google Maps Compatible for the World", URI: matrixSetURI, CRS: mercator, OrderedAxes: []string{"E", "N"},
		WellKnown: "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible"}
	for z := range maxZoom + 1 {
		cell := 2 * half / 256 / math.Exp2(float64(z))
		b.TileMatrices = append(b.TileMatrices, matrix{strconv.Itoa(z), cell / 0.00028, cell, [2]float64{-half, half}, 256, 256, 1 << z, 1 << z})
	}
	return c.JSON(http.StatusOK, b)
}

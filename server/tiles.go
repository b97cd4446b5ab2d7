package server

import (
	"cmp"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/tiles"
)

// tileJSON is schema TileJson.
type tileJSON struct {
	TileJSON     string             `json:"tilejson"`
	Name         string             `json:"name"`
	Description  string             `json:"description,omitempty"`
	Scheme       string             `json:"scheme"`
	Tiles        []string           `json:"tiles"`
	MinZoom      int                `json:"minzoom"`
	MaxZoom      int                `json:"maxzoom"`
	Bounds       *[4]float64        `json:"bounds,omitempty"`
	Center       *[3]float64        `json:"center,omitempty"`
	Attribution  string             `json:"attribution,omitempty"`
	VectorLayers *[]tiles.LayerInfo `json:"vector_layers,omitempty"`
	Encoding     string             `json:"encoding,omitempty"`
}

func (s *Server) getTileJSON(c echo.Context) error {
	name, ok := strings.CutSuffix(c.Param("source"), ".json")
	if !ok {
		return layers.Errorf(layers.CodeNotFound, "there is nothing at this address")
	}
	p, err := s.picture(c)
	if err != nil {
		return err
	}
	src, err := p.tiles.Source(name)
	if err != nil {
		return err
	}
	query := c.QueryParams()
	selected, err := selection(query)
	if err != nil {
		return err
	}
	scope := auth.ActorFrom(c.Request().Context()).Scope
	if v, ok := src.(tiles.Validator); ok { // a selection that does not fit is told here, not by every tile
		if _, err := v.Tag(c.Request().Context(), tiles.Request{Scope: scope, Select: selected}); err != nil {
			return err
		}
	}
	info, err := tiles.InfoFor(src, scope)
	if err != nil {
		return err
	}
	b := tileJSON{TileJSON: "3.0.0", Name: info.Name, Description: bothTitles(info.Title), Scheme: "xyz", MinZoom: info.MinZoom, MaxZoom: info.MaxZoom,
		Attribution: info.Attribution, Encoding: info.Encoding, Tiles: []string{s.origin(c) + "/tiles/" + name + "/{z}/{x}/{y}" + carried(query)}}
	if bound := info.Bound; !bound.IsEmpty() && bound != (orb.Bound{}) {
		box, center := bbox(bound), centerOf(bound, info)
		b.Bounds, b.Center = &box, &center
	}
	if info.Format == tiles.FormatMVT {
		vectorLayers := make([]tiles.LayerInfo, len(info.Layers))
		for i, l := range info.Layers {
			l.Fields = selectedFields(l.Fields, &selected)
			vectorLayers[i] = l
		}
		b.VectorLayers = &vectorLayers
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "private, no-cache")
	return c.JSON(http.StatusOK, b)
}

// bothTitles is a title in both languages.
func bothTitles(t layers.Text) string {
	if t.ZH == t.EN {
		return t.ZH
	}
	return t.ZH + " | " + t.EN
}

// centerOf is where a map of the source begins: in the middle, at the zoom at which the whole is one tile, as far as there are tiles.
func centerOf(b orb.Bound, info tiles.Info) [3]float64 {
	width := max(b.Max[0]-b.Min[0], b.Max[1]-b.Min[1], 1e-9)
	zoom := min(max(math.Floor(math.Log2(360/width)), float64(info.MinZoom)), float64(info.MaxZoom))
	at := b.Center()
	return [3]float64{at[0], at[1], zoom}
}

// carried are the parameters that a client of TileJSON gives, as its tiles have to be asked for with them.
func carried(query url.Values) string {
	out := url.Values{}
	for _, name := range []string{"filter", "filter-lang", "datetime", "properties", paramReplay} {
		if query.Has(name) {
			out.Set(name, query.Get(name))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "?" + out.Encode()
}

// selectedFields are the fields that a selection leaves.
func selectedFields(fields map[string]string, s *tiles.Selection) map[string]string {
	out := make(map[string]string, len(fields))
	for name, kind := range fields {
		if s.Properties() == nil || slices.Contains(s.Properties(), name) {
			out[name] = kind
		}
	}
	return out
}

// origin returns scheme and host by which the client reaches the server: TileJSON wants whole addresses.
func (s *Server) origin(c echo.Context) string {
	scheme := "http"
	if s.https {
		scheme = "https"
	}
	return scheme + "://" + c.Request().Host
}

// getTile answers with one tile. Clients keep tiles and ask each time whether they still hold, which costs no drawing:
// rights and contents may change at any moment.
func (s *Server) getTile(c echo.Context) error {
	name := c.Param("source")
	p, err := s.picture(c)
	if err != nil {
		return err
	}
	src, err := p.tiles.Source(name)
	if err != nil {
		return err
	}
	coord, err := tileCoord(c)
	if err != nil {
		return err
	}
	selected, err := selection(c.QueryParams())
	if err != nil {
		return err
	}
	label := name
	if strings.Contains(name, ",") {
		label = "composite" // whatever clients put together must not become names of metrics
	}
	ctx := c.Request().Context()
	held := c.Request().Header.Get("If-None-Match")
	t, err := src.Tile(ctx, tiles.Request{
		Scope: auth.ActorFrom(ctx).Scope, Coord: coord, ETag: contentTag(held), Select: selected,
		Accept: tiles.ParseAccept(c.Request().Header.Get(echo.HeaderAcceptEncoding)),
	})
	if err != nil {
		s.metrics.tile(label, "error")
		return err
	}
	h, format := c.Response().Header(), cmp.Or(t.Format, src.Info().Format)
	for name := range documentHeaders {
		delete(h, name)
	}
	status := s.headTile(h, label, held, format, &t)
	if status != http.StatusOK {
		return c.NoContent(status)
	}
	return c.Blob(status, string(format), t.Body)
}

// headTile fills in the headers of an answer with a tile, counts it, and returns the status: 304 for what the client holds, 204 for an
// empty tile, 200. Names are in their canonical form; the values share one allocation.
func (s *Server) headTile(h http.Header, label, held string, f tiles.Format, t *tiles.Tile) int {
	h["Cache-Control"], h["Vary"] = tileCaching, tileVary
	s.tellTile(h, label, *t)
	values := make([]string, 4)
	set := func(name, value string) {
		values[0] = value
		h[name], values = values[:1:1], values[1:]
	}
	switch {
	case t.Unchanged:
		set("Etag", held)
		s.metrics.tile(label, "unchanged")
		return http.StatusNotModified
	case t.ETag != "":
		set("Etag", packedTag(t.ETag, t.Encoding))
	}
	if len(t.Body) == 0 {
		s.metrics.tile(label, "empty")
		return http.StatusNoContent
	}
	s.metrics.tile(label, "tile")
	if t.Encoding != "" {
		set(echo.HeaderContentEncoding, string(t.Encoding))
	}
	set(echo.HeaderContentLength, strconv.Itoa(len(t.Body)))
	set(echo.HeaderContentType, string(f))
	return http.StatusOK
}

var (
	tileCaching = []string{"private, no-cache"}
	tileVary    = []string{"Cookie, Accept-Encoding"}
)

// headerDropped says what a tile leaves out to stay within its source's budget, as a dictionary of counts (RFC 9651).
const headerDropped = "Wanglou-Dropped"

// tellTile puts into headers what a client cannot see in the tile: how old it is, and what is not in it.
func (s *Server) tellTile(h http.Header, label string, t tiles.Tile) {
	if !t.Made.IsZero() {
		h.Set("Age", strconv.Itoa(max(0, int(s.now().Sub(t.Made).Seconds()))))
	}
	if t.Stale {
		h.Set("Warning", `110 - "the tile is being made anew"`)
	}
	if t.Dropped == (tiles.Dropped{}) {
		return
	}
	h.Set(headerDropped, t.Dropped.String())
	for kind, n := range t.Dropped.All() {
		s.metrics.tilesDropped.WithLabelValues(label, kind).Add(float64(n))
	}
}

// A source names a tile's content; HTTP wants a name for each way in which the content is packed. It is the content's with
// the encoding's behind a dot, which no source uses in its own.

// packedTag returns the ETag of a content (in quotes) that is packed by e.
func packedTag(tag string, e tiles.Encoding) string {
	if e == "" {
		return tag
	}
	return strings.TrimSuffix(tag, `"`) + "." + string(e) + `"`
}

// contentTag returns the content's part of what the client holds. A proxy that packed the bytes another way has made the tag a weak
// one, which is as good to compare by. Lists and * are not of our making: "".
func contentTag(held string) string {
	held = strings.TrimPrefix(held, "W/")
	if strings.Contains(held, ",") || len(held) < 2 || held[0] != '"' || held[len(held)-1] != '"' {
		return ""
	}
	if content, _, packed := strings.Cut(held, "."); packed {
		return content + `"`
	}
	return held
}

func tileCoord(c echo.Context) (tiles.Coord, error) {
	if strings.Contains(c.Param("y"), "/") { // the last parameter of a route takes the rest of the address
		return tiles.Coord{}, layers.Errorf(layers.CodeNotFound, "there is nothing at this address")
	}
	var n [3]uint64
	for i, name := range []string{"z", "x", "y"} {
		v, err := strconv.ParseUint(c.Param(name), 10, 32)
		if err != nil {
			return tiles.Coord{}, layers.Invalid(name, "wrong_type", "%q is not the number of a tile", c.Param(name))
		}
		n[i] = v
	}
	coord := tiles.Coord{Z: uint8(min(n[0], 255)), X: uint32(n[1]), Y: uint32(n[2])}
	if !coord.Valid() {
		return coord, layers.Invalid("z", "out_of_range", "there is no such tile")
	}
	return coord, nil
}

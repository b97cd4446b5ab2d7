package server

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/tiles"
)

// source returns the tiles of a name.
func (s *Server) source(name string) (tiles.Source, error) {
	if src, ok := s.tiles.Source(name); ok {
		return src, nil
	}
	return nil, &layers.Error{Code: layers.CodeNotFound, Reason: "unknown_source", Msg: "there are no tiles of that name"}
}

// tileJSON is schema TileJson.
type tileJSON struct {
	TileJSON     string             `json:"tilejson"`
	Name         string             `json:"name"`
	Tiles        []string           `json:"tiles"`
	MinZoom      int                `json:"minzoom"`
	MaxZoom      int                `json:"maxzoom"`
	Bounds       *[4]float64        `json:"bounds,omitempty"`
	Attribution  string             `json:"attribution,omitempty"`
	VectorLayers *[]tiles.LayerInfo `json:"vector_layers,omitempty"`
	Encoding     string             `json:"encoding,omitempty"`
}

func (s *Server) getTileJSON(c echo.Context) error {
	name, ok := strings.CutSuffix(c.Param("source"), ".json")
	if !ok {
		return layers.Errorf(layers.CodeNotFound, "there is nothing at this address")
	}
	src, err := s.source(name)
	if err != nil {
		return err
	}
	info := src.Info()
	b := tileJSON{TileJSON: "3.0.0", Name: info.Name, MinZoom: info.MinZoom, MaxZoom: info.MaxZoom, Attribution: info.Attribution, Encoding: info.Encoding,
		Tiles: []string{s.origin(c) + "/tiles/" + name + "/{z}/{x}/{y}"}}
	scope := auth.ActorFrom(c.Request().Context()).Scope
	l := s.replica.Layer(name)
	foreign := l != nil && l.Scoped() && !scope.InArea("") // the extent tells of features that the caller may not see
	if !foreign && !info.Bound.IsEmpty() && info.Bound != (orb.Bound{}) {
		box := bbox(info.Bound)
		b.Bounds = &box
	}
	if info.Format == tiles.FormatMVT {
		b.VectorLayers = &info.Layers
		if info.Layers == nil {
			b.VectorLayers = &[]tiles.LayerInfo{}
		}
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "private, no-cache")
	return c.JSON(http.StatusOK, b)
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
	src, err := s.source(name)
	if err != nil {
		return err
	}
	coord, err := tileCoord(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	held := c.Request().Header.Get("If-None-Match")
	if strings.Contains(held, ",") || strings.HasPrefix(held, "W/") || held == "*" {
		held = "" // not one of ours: answered whole
	}
	t, unchanged, err := src.Tile(ctx, auth.ActorFrom(ctx).Scope, coord, held)
	if err != nil {
		s.metrics.tiles.WithLabelValues(name, "error").Inc()
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Cookie, Accept-Encoding")
	if t.ETag != "" {
		h.Set("ETag", t.ETag)
	}
	switch {
	case unchanged:
		s.metrics.tiles.WithLabelValues(name, "unchanged").Inc()
		return c.NoContent(http.StatusNotModified)
	case len(t.Body) == 0:
		s.metrics.tiles.WithLabelValues(name, "empty").Inc()
		return c.NoContent(http.StatusNoContent)
	}
	s.metrics.tiles.WithLabelValues(name, "tile").Inc()
	return writeTile(c, src.Info().Format, t)
}

// writeTile sends the bytes as they are, or unpacked for the few who do not take gzip.
func writeTile(c echo.Context, format tiles.Format, t tiles.Tile) error {
	body := t.Body
	switch {
	case t.Encoding == "":
	case acceptsEncoding(c.Request().Header.Get(echo.HeaderAcceptEncoding), t.Encoding):
		c.Response().Header().Set(echo.HeaderContentEncoding, t.Encoding)
	case t.Encoding == "gzip":
		z, err := gzip.NewReader(bytes.NewReader(t.Body))
		if err != nil {
			return err
		}
		if body, err = io.ReadAll(z); err != nil {
			return err
		}
		c.Response().Header().Del("ETag") // it names the packed bytes
	default:
		return layers.Errorf(layers.CodeUnavailable, "the tiles are packed in a way that the client does not take")
	}
	c.Response().Header().Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	return c.Blob(http.StatusOK, string(format), body)
}

// acceptsEncoding reads Accept-Encoding as far as tiles need it: a list of names, of which one may be refused with q=0.
func acceptsEncoding(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == encoding || name == "*" {
			q := strings.TrimPrefix(strings.TrimSpace(weight), "q=")
			return q != "0" && q != "0.0" && q != "0.00" && q != "0.000"
		}
	}
	return false
}

func tileCoord(c echo.Context) (tiles.Coord, error) {
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

package server

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/tiles"
	"wanglou/tiles/sprites"
)

// Glyphs draws ranges of characters.
type Glyphs interface {
	Range(stack string, first int) (pbf []byte, tag string, err error)
}

// styleDocument is what the server has to know of a style: the rest goes through as it is.
type styleDocument struct {
	Version  int                        `json:"version"`
	Name     string                     `json:"name"`
	Metadata map[string]json.RawMessage `json:"metadata,omitempty"`
	Glyphs   string                     `json:"glyphs"`
	Sprite   string                     `json:"sprite"`
	Sources  map[string]map[string]any  `json:"sources"`
	Layers   []map[string]any           `json:"layers"`
}

// style returns the style of a theme as the build wrote it, with the server's address in it. CodeNotFound for unknown themes.
func (s *Server) style(theme, lang, origin string) (*styleDocument, error) {
	missing := layers.Errorf(layers.CodeNotFound, "there is no such style")
	if s.console.files == nil || theme != "dark" && theme != "light" {
		return nil, missing
	}
	raw, err := fs.ReadFile(s.console.files, "styles/"+theme+"."+lang+".json")
	if err != nil {
		return nil, missing
	}
	address, err := json.Marshal(origin)
	if err != nil {
		return nil, err
	}
	d := &styleDocument{}
	return d, json.Unmarshal(bytes.ReplaceAll(raw, []byte("{origin}"), address[1:len(address)-1]), d)
}

// getStyle answers with the basemap as a style for other clients.
func (s *Server) getStyle(c echo.Context) error {
	theme, ok := strings.CutSuffix(c.Param("file"), ".json")
	lang := c.QueryParam("lang")
	switch {
	case !ok:
		return layers.Errorf(layers.CodeNotFound, "there is no such style")
	case lang == "":
		lang = "zh"
	case lang != "zh" && lang != "en":
		return layers.Invalid("lang", "out_of_range", "lang is zh or en")
	}
	d, err := s.style(theme, lang, s.origin(c))
	if err != nil {
		return err
	}
	if src, err := s.tiles.Source(tiles.BasemapName); err == nil {
		if a := src.Info().Attribution; a != "" {
			d.Sources["basemap"]["attribution"] = a
		}
	}
	d.terrain(s.terrain())
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // not every client's reader of styles knows what \u003c= is
	if err := encoder.Encode(d); err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "private, no-cache")
	return c.JSONBlob(http.StatusOK, body.Bytes())
}

// terrain returns the installation's heights, nil when it has none.
func (s *Server) terrain() *terrainBody {
	src, err := s.tiles.Source(tiles.TerrainName)
	if err != nil || src.Info().Encoding == "" {
		return nil
	}
	return &terrainBody{raster(src.Info()), src.Info().Encoding}
}

// terrain fits the sources of heights to those that there are, or takes them out with the layers that draw them.
func (d *styleDocument) terrain(t *terrainBody) {
	for _, name := range []string{"terrain", "hillshade"} {
		src := d.Sources[name]
		if t != nil && src != nil {
			src["minzoom"], src["maxzoom"], src["tileSize"], src["encoding"], src["bounds"], src["attribution"] = t.MinZoom, t.MaxZoom, t.TileSize, t.Encoding, t.Bbox, t.Attribution
			continue
		}
		delete(d.Sources, name)
		kept := d.Layers[:0]
		for _, l := range d.Layers {
			if l["source"] != name {
				kept = append(kept, l)
			}
		}
		d.Layers = kept
	}
}

// getGlyphs answers with a range of characters.
func (s *Server) getGlyphs(c echo.Context) error {
	missing := layers.Errorf(layers.CodeNotFound, "there is no such range of characters")
	name, ok := strings.CutSuffix(c.Param("range"), ".pbf")
	from, to, dash := strings.Cut(name, "-")
	first, errFirst := strconv.Atoi(from)
	last, errLast := strconv.Atoi(to)
	if !ok || !dash || errFirst != nil || errLast != nil || last != first+255 || s.assets.Glyphs == nil {
		return missing
	}
	pbf, tag, err := s.assets.Glyphs.Range(c.Param("stack"), first)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentType, "application/x-protobuf")
	s.sendFile(c, "font", tag, time.Time{}, bytes.NewReader(pbf))
	return nil
}

// getSprite answers with the signs of a theme: their index, or their picture.
func (s *Server) getSprite(c echo.Context) error {
	name, kind, _ := strings.Cut(c.Param("file"), ".")
	theme, twice := strings.CutSuffix(name, "@2x")
	d, err := s.style(theme, "zh", "")
	if err != nil {
		return err
	}
	var colours sprites.Colours
	if err := json.Unmarshal(d.Metadata["wanglou:signs"], &colours); err != nil {
		return err
	}
	ratio := 1
	if twice {
		ratio = 2
	}
	sheet, err := sprites.Draw(colours, ratio)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	switch kind {
	case "json":
		h.Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
		s.sendFile(c, "sprite", sheet.Tag, time.Time{}, bytes.NewReader(sheet.Index))
	case "png":
		h.Set(echo.HeaderContentType, "image/png")
		s.sendFile(c, "sprite", sheet.Tag, time.Time{}, bytes.NewReader(sheet.Picture))
	default:
		return layers.Errorf(layers.CodeNotFound, "there is no such sprite")
	}
	return nil
}

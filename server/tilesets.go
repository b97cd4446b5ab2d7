package server

import (
	"bytes"
	"context"
	"io"
	"net/url"

	"github.com/klauspost/compress/gzip"
	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/tiles"
	"wanglou/tiles/tileset"
)

// Tilesets are the 3D Tiles of the installation.
type Tilesets interface {
	Tilesets(ctx context.Context) []tileset.Info
	OpenFile(ctx context.Context, name, file string) (*tileset.File, error)
}

// tilesetBody is schema Tileset.
type tilesetBody struct {
	Name     string      `json:"name"`
	Version  string      `json:"version"`
	URL      string      `json:"url"`
	Bbox     *[4]float64 `json:"bbox,omitempty"`
	Implicit bool        `json:"implicit"`
}

func (s *Server) tilesets(ctx context.Context) []tilesetBody {
	out := []tilesetBody{}
	if s.assets.Tilesets == nil {
		return out
	}
	for _, t := range s.assets.Tilesets.Tilesets(ctx) {
		b := tilesetBody{Name: t.Name, Version: t.Version, URL: "/tilesets/" + t.Name + "/tileset.json", Implicit: t.Implicit}
		if t.Bound != nil {
			box := bbox(*t.Bound)
			b.Bbox = &box
		}
		out = append(out, b)
	}
	return out
}

// maxUnpackedFile bounds what is unpacked for a client that does not take gzip.
const maxUnpackedFile = 128 << 20

// getTilesetFile answers with one file of a tileset, or a part of it.
func (s *Server) getTilesetFile(c echo.Context) error {
	if s.assets.Tilesets == nil {
		return layers.Errorf(layers.CodeNotFound, "there is nothing at this address")
	}
	file, err := url.PathUnescape(c.Param("*"))
	if err != nil {
		return layers.Errorf(layers.CodeNotFound, "there is nothing at this address")
	}
	f, err := s.assets.Tilesets.OpenFile(c.Request().Context(), c.Param("name"), file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, f.ContentType)
	tag, content := f.Tag, io.ReadSeeker(f)
	if f.Encoding == "gzip" {
		h.Add("Vary", "Accept-Encoding")
		if tiles.ParseAccept(c.Request().Header.Get(echo.HeaderAcceptEncoding)).Has(tiles.Gzip) {
			h.Set(echo.HeaderContentEncoding, f.Encoding)
			tag = packedTag(tag, tiles.Gzip)
		} else if content, err = unpackFile(f); err != nil {
			return err
		}
	}
	s.sendFile(c, "tileset", tag, f.Modified, content)
	return nil
}

func unpackFile(f *tileset.File) (io.ReadSeeker, error) {
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, &layers.Error{Code: layers.CodeUnavailable, Msg: "the file cannot be unpacked", Err: err}
	}
	raw, err := io.ReadAll(io.LimitReader(z, maxUnpackedFile+1))
	if err != nil {
		return nil, &layers.Error{Code: layers.CodeUnavailable, Msg: "the file cannot be unpacked", Err: err}
	}
	if len(raw) > maxUnpackedFile {
		return nil, layers.Errorf(layers.CodeTooLarge, "the file is larger than %d MiB", maxUnpackedFile>>20)
	}
	return bytes.NewReader(raw), nil
}

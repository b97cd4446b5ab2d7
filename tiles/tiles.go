// Package tiles makes the bytes that a map draws: vector tiles from the replica, tiles out of archives, tiles that SQL makes.
// It never asks who is there; it asks the [auth.Scope] it is given.
package tiles

import (
	"context"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// Coord names one tile of the Web Mercator grid, y down.
type Coord struct {
	Z    uint8
	X, Y uint32
}

// Valid reports whether the coordinate lies on the grid.
func (c Coord) Valid() bool { return c.Z <= 24 && c.X < 1<<c.Z && c.Y < 1<<c.Z }

// Format is the content type of a source's tiles.
type Format string

const (
	FormatMVT  Format = "application/vnd.mapbox-vector-tile"
	FormatPNG  Format = "image/png"
	FormatWebP Format = "image/webp"
	FormatJPEG Format = "image/jpeg"
)

// Tile is one answer. An empty Body is an empty tile.
type Tile struct {
	Body     []byte // shared with the cache: never write to it
	Encoding string // Content-Encoding of Body: "", "gzip"
	ETag     string // strong, with quotes
	Merged   int    // points left out because an earlier one stands on the same pixel of a crowded tile
}

// Info is what TileJSON says of a source.
type Info struct {
	Name        string
	Title       layers.Text
	Format      Format
	MinZoom     int
	MaxZoom     int
	Bound       orb.Bound
	Attribution string
	Encoding    string      // of terrain: "terrarium" or "mapbox"
	Layers      []LayerInfo // of vector tiles
}

// LayerInfo is one entry of TileJSON's vector_layers.
type LayerInfo struct {
	ID      string            `json:"id"`
	Fields  map[string]string `json:"fields"` // "Number", "String", "Boolean"
	MinZoom int               `json:"minzoom"`
	MaxZoom int               `json:"maxzoom"`
}

// Source is one set of tiles under one name. Implementations are safe for concurrent use.
type Source interface {
	Info() Info
	// Tile returns one tile as the scope may see it. When etag still holds, it returns a Tile with that ETag and a nil Body
	// and unchanged true, without making the tile. Errors are *layers.Error: not_found for scopes that may not read
	// the source, unavailable when its database or file is away.
	Tile(ctx context.Context, scope *auth.Scope, c Coord, etag string) (t Tile, unchanged bool, err error)
}

// Package tiles makes the bytes that a map draws: vector tiles from the replica, tiles out of archives, tiles that SQL makes.
// It never asks who is there; it asks the [auth.Scope] it is given.
package tiles

import (
	"context"
	"iter"
	"strconv"
	"time"

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

// Request asks a source for one tile.
type Request struct {
	Scope  *auth.Scope // whose tile it is; its class is part of what the tile is
	Coord  Coord
	ETag   string    // of the content that the caller holds; "" for none
	Select Selection // what of the source is wanted; the zero value wants everything
	At     time.Time // the past moment to be shown; zero is now. Reserved: no source shows the past yet
	Accept Encodings // in which Body may be packed; nothing packed is always taken

	part bool // of a tile of several sources, which keeps and packs the whole: this one need not be
}

// Check returns why nobody gets this tile of any source, nil when somebody may: each source asks it first.
func (r *Request) Check() error {
	if !r.Scope.May(auth.ActionRead) || !r.Coord.Valid() {
		return layers.Errorf(layers.CodeNotFound, "no such tile")
	}
	if !r.At.IsZero() {
		return layers.Invalid("at", "not_supported", "tiles show the present alone")
	}
	return nil
}

// Tile is one answer. An empty Body is an empty tile.
type Tile struct {
	Body      []byte   // shared with the cache: never write to it
	Encoding  Encoding // how Body is packed
	ETag      string   // strong, with quotes; names the content, however it is packed
	Unchanged bool     // the content is that of Request.ETag: Body is nil
	Dropped   Dropped

	// Of sources that cannot follow their data: when it was asked for, and whether it should have been asked for again by now.
	Made  time.Time
	Stale bool
	// Of sources whose pictures are of several formats: this one's, where it is not what Info says.
	Format Format
}

// Dropped counts what a tile leaves out to stay within the budget of its source.
type Dropped struct {
	Points   int // of lower rank than one that stands on the same spot
	Counted  int // points that are shown as the count of a cell
	Polygons int // smaller than a pixel, of which others nearby stand for them

	// Of sources that SQL reads.
	Features      int // of the lowest rank, over the budget
	Untransformed int // where their reference system does not reach
}

// All gives the kinds of which something is left out, by name.
func (d Dropped) All() iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		for _, k := range [...]struct {
			name string
			n    int
		}{{"points", d.Points}, {"counted", d.Counted}, {"polygons", d.Polygons}, {"features", d.Features}, {"untransformed", d.Untransformed}} {
			if k.n != 0 && !yield(k.name, k.n) {
				return
			}
		}
	}
}

// String writes d as a header has it: points=57, polygons=3.
func (d Dropped) String() string {
	var b []byte
	for kind, n := range d.All() {
		if len(b) > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(append(append(b, kind...), '='), int64(n), 10)
	}
	return string(b)
}

func (d Dropped) plus(o Dropped) Dropped {
	return Dropped{Points: d.Points + o.Points, Counted: d.Counted + o.Counted, Polygons: d.Polygons + o.Polygons, Features: d.Features + o.Features,
		Untransformed: d.Untransformed + o.Untransformed}
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
	TileSize    int         // of pictures: their side in pixels, 0 when it is not known
	Overlay     bool        // of pictures: they lie over another picture (names, roads), and do not stand for themselves
	Labels      string      // of pictures: the source of names that belongs over them; "" when they have their own, or none
	Layers      []LayerInfo // of vector tiles
}

// Picture reports whether the tiles are pictures to be looked at: photographs, scanned or drawn maps. Heights are none.
func (i *Info) Picture() bool { return i.Format != FormatMVT && i.Encoding == "" }

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
	// Tile returns one tile as the request's scope may see it. When the ETag that the caller holds still names the content,
	// it says so without making the tile. Errors are *layers.Error: not_found for scopes that may not read the source,
	// invalid for a selection that does not fit it, unavailable when its database or file is away.
	Tile(ctx context.Context, r Request) (Tile, error)
}

// Validator is a source that knows the ETag of a tile without making it.
type Validator interface {
	// Tag returns the ETag that Tile would give now, and its errors.
	Tag(ctx context.Context, r Request) (string, error)
}

// Quick is a source whose tiles mostly wait for nothing: they are answered by the shortest way, as those of layers are.
type Quick interface{ Quick() }

// Joiner is a source that can make one tile of several sources in a single question, as SQL does in one statement.
type Joiner interface {
	Source
	// Join returns a source of the layers of both, its own first; ok is false when the two cannot be asked for at once.
	Join(next Source) (joined Source, ok bool)
}

// Package mvt writes Mapbox Vector Tiles 2.1. It keeps its buffers between tiles: an [Encoder] that was warm once
// allocates nothing but the tile it returns. Input is orb in EPSG:4326, longitude first; output is in tile units, y down.
package mvt

import (
	"encoding/binary"
	"slices"

	"github.com/paulmach/orb"
)

const (
	// Extent is the width of a tile in its own units.
	Extent = 4096
	// Buffer is how far geometry reaches over the edges of a tile, in the same units.
	Buffer = 64
	// Pixel is the width of a pixel in the same units: maps draw a tile across 512 of them.
	Pixel = Extent / 512
)

// Options say how a tile is drawn.
type Options struct {
	// Tolerance is how far, in tile units, a simplified line may lie from the true one. 0 keeps every corner that does
	// not fall onto its neighbour: right for the deepest zoom, which maps enlarge further.
	Tolerance float64
}

// Encoder makes one tile after another. The zero value is ready; it is not safe for concurrent use.
// Order of calls: Reset, then for each layer Layer and its Adds, then AppendTile.
type Encoder struct {
	options Options
	project projection
	specks  int

	layers    []byte // finished ones
	name      string
	keys      []string
	keyIndex  []int // of keys, in the order of first use, or -1
	keyBytes  []byte
	keysUsed  int
	values    dictionary
	features  []byte
	count     int
	tags      []byte
	geometry  []byte
	cursor    vertex
	simplify  simplifier
	ring      []point
	clipped   []point
	corners   []vertex
	lineParts []int
}

// Reset begins the tile at z, x, y of the Web Mercator grid, y down.
func (e *Encoder) Reset(z uint8, x, y uint32, o Options) {
	e.options = o
	e.project = newProjection(z, x, y)
	e.layers = e.layers[:0]
	e.specks = 0
	e.begin("", nil)
}

// Layer begins a layer whose features have values for these keys.
func (e *Encoder) Layer(name string, keys []string) {
	e.layers = e.appendLayer(e.layers)
	e.begin(name, keys)
}

func (e *Encoder) begin(name string, keys []string) {
	e.name, e.keys = name, keys
	e.keyIndex = resized(e.keyIndex, len(keys))
	for i := range e.keyIndex {
		e.keyIndex[i] = -1
	}
	e.keysUsed, e.keyBytes = 0, e.keyBytes[:0]
	e.values.reset()
	e.features, e.count = e.features[:0], 0
}

// Wire format: field number and wire type of what a tile is made of.
const (
	tileLayer      = 3<<3 | 2
	layerName      = 1<<3 | 2
	layerFeature   = 2<<3 | 2
	layerKey       = 3<<3 | 2
	layerValue     = 4<<3 | 2
	layerExtent    = 5<<3 | 0
	layerVersion   = 15<<3 | 0
	featureID      = 1<<3 | 0
	featureTags    = 2<<3 | 2
	featureType    = 3<<3 | 0
	featureDrawing = 4<<3 | 2
)

// Geometry types of the format.
const (
	typePoint   = 1
	typeLine    = 2
	typePolygon = 3
)

// Add draws a feature and reports whether anything of it is in the tile. bound is that of g. values belong to the layer's keys: string, bool,
// int64, float64, time.Time (written as Unix seconds), []string (joined with commas); nil is left out. A collection
// becomes one feature a kind of geometry. Negative ids are not written: the format has none.
func (e *Encoder) Add(id int64, g orb.Geometry, bound orb.Bound, values []any) bool {
	drawn := false
	e.tags = e.tags[:0]
	for _, kind := range [...]int{typePoint, typeLine, typePolygon} {
		if !holds(g, kind) {
			continue
		}
		if kind == typePolygon && e.speck(bound) {
			e.specks++
			continue
		}
		e.geometry, e.cursor = e.geometry[:0], vertex{}
		switch kind {
		case typePoint:
			e.points(g)
		case typeLine:
			e.lines(g)
		case typePolygon:
			e.polygons(g)
		}
		if len(e.geometry) == 0 {
			continue
		}
		if !drawn {
			e.attributes(values)
		}
		drawn = true
		e.feature(id, kind)
	}
	return drawn
}

// attributes makes the tags of one feature.
func (e *Encoder) attributes(values []any) {
	for i, v := range values {
		if i >= len(e.keys) {
			break
		}
		index, ok := e.values.add(v)
		if !ok {
			continue
		}
		if e.keyIndex[i] < 0 {
			e.keyIndex[i] = e.keysUsed
			e.keysUsed++
			e.keyBytes = appendString(e.keyBytes, layerKey, e.keys[i])
		}
		e.tags = binary.AppendUvarint(e.tags, uint64(e.keyIndex[i]))
		e.tags = binary.AppendUvarint(e.tags, uint64(index))
	}
}

func (e *Encoder) feature(id int64, kind int) {
	size := 2 + 1 + uvarintLen(uint64(len(e.geometry))) + len(e.geometry)
	if id >= 0 {
		size += 1 + uvarintLen(uint64(id))
	}
	if len(e.tags) > 0 {
		size += 1 + uvarintLen(uint64(len(e.tags))) + len(e.tags)
	}
	b := append(e.features, layerFeature)
	b = binary.AppendUvarint(b, uint64(size))
	if id >= 0 {
		b = append(b, featureID)
		b = binary.AppendUvarint(b, uint64(id))
	}
	if len(e.tags) > 0 {
		b = appendBytes(b, featureTags, e.tags)
	}
	b = append(b, featureType, byte(kind))
	e.features = appendBytes(b, featureDrawing, e.geometry)
	e.count++
}

// appendLayer appends the open layer to dst; one without features is left out.
func (e *Encoder) appendLayer(dst []byte) []byte {
	if e.count == 0 {
		return dst
	}
	const tail = 1 + 2 + 1 + 1 // extent, version
	head := 1 + uvarintLen(uint64(len(e.name))) + len(e.name)
	size := head + len(e.features) + len(e.keyBytes) + len(e.values.bytes) + tail
	dst = slices.Grow(dst, size+1+uvarintLen(uint64(size)))
	dst = append(dst, tileLayer)
	dst = binary.AppendUvarint(dst, uint64(size))
	dst = appendString(dst, layerName, e.name)
	dst = append(dst, e.features...)
	dst = append(dst, e.keyBytes...)
	dst = append(dst, e.values.bytes...)
	dst = append(dst, layerExtent)
	dst = binary.AppendUvarint(dst, Extent)
	return append(dst, layerVersion, 2)
}

// AppendTile appends the finished tile to dst; an empty tile appends nothing.
func (e *Encoder) AppendTile(dst []byte) []byte {
	dst = append(dst, e.layers...)
	dst = e.appendLayer(dst)
	e.begin("", nil)
	return dst
}

// Size returns how many bytes the tile has so far, about.
func (e *Encoder) Size() int {
	return len(e.layers) + len(e.features) + len(e.keyBytes) + len(e.values.bytes)
}

// Specks returns how many features' polygons were left out of the tile because they are smaller than its grid.
func (e *Encoder) Specks() int { return e.specks }

func appendBytes(b []byte, tag byte, data []byte) []byte {
	b = append(b, tag)
	b = binary.AppendUvarint(b, uint64(len(data)))
	return append(b, data...)
}

func appendString(b []byte, tag byte, s string) []byte {
	b = append(b, tag)
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func uvarintLen(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// resized returns s with n elements of unknown content, without allocating when it can.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

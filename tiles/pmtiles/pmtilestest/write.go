// Package pmtilestest makes small PMTiles archives for tests.
package pmtilestest

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"sort"
	"testing"

	"wanglou/tiles/pmtiles"
)

// Tile is one tile of an archive; Body goes into the file as it is.
type Tile struct {
	Z    uint8
	X, Y uint32
	Body []byte
}

// Options says what archive to make.
type Options struct {
	Type        pmtiles.TileType
	Compression pmtiles.Compression // that the bodies have already
	Plain       bool                // directories and metadata are not compressed
	PerLeaf     int                 // entries a leaf directory; 0: everything in the root
	Metadata    string
	Bound       [4]float64 // west, south, east, north
}

type entry struct {
	id, offset  uint64
	length, run uint32
}

// Write returns the bytes of an archive. Neighbours with equal bodies share one entry, as writers do.
func Write(t testing.TB, o Options, tiles ...Tile) []byte {
	t.Helper()
	ids := make(map[uint64]Tile, len(tiles))
	order := make([]uint64, 0, len(tiles))
	minZoom, maxZoom := uint8(31), uint8(0)
	for _, tile := range tiles {
		id, ok := pmtiles.TileID(tile.Z, tile.X, tile.Y)
		if !ok {
			t.Fatalf("no such tile: %d/%d/%d", tile.Z, tile.X, tile.Y)
		}
		ids[id] = tile
		order = append(order, id)
		minZoom, maxZoom = min(minZoom, tile.Z), max(maxZoom, tile.Z)
	}
	sort.Slice(order, func(i, j int) bool { return order[i] < order[j] })

	var data []byte
	var entries []entry
	for _, id := range order {
		body := ids[id].Body
		if n := len(entries); n > 0 && entries[n-1].id+uint64(entries[n-1].run) == id && bytes.Equal(data[entries[n-1].offset:], body) {
			entries[n-1].run++
			continue
		}
		entries = append(entries, entry{id: id, offset: uint64(len(data)), length: uint32(len(body)), run: 1})
		data = append(data, body...)
	}

	var leaves []byte
	root := entries
	if o.PerLeaf > 0 {
		root = nil
		for start := 0; start < len(entries); start += o.PerLeaf {
			part := entries[start:min(start+o.PerLeaf, len(entries))]
			leaf := o.pack(directory(part))
			root = append(root, entry{id: part[0].id, offset: uint64(len(leaves)), length: uint32(len(leaf))})
			leaves = append(leaves, leaf...)
		}
	}
	parts := [][]byte{o.pack(directory(root)), o.pack([]byte(o.Metadata)), leaves, data}

	out := make([]byte, 127)
	copy(out, "PMTiles\x03")
	for i, part := range parts {
		binary.LittleEndian.PutUint64(out[8+16*i:], uint64(len(out)))
		binary.LittleEndian.PutUint64(out[16+16*i:], uint64(len(part)))
		out = append(out, part...)
	}
	binary.LittleEndian.PutUint64(out[72:], uint64(len(tiles)))
	out[97], out[98], out[99], out[100], out[101] = byte(pmtiles.CompressionGzip), byte(o.Compression), byte(o.Type), minZoom, maxZoom
	if o.Plain {
		out[97] = byte(pmtiles.CompressionNone)
	}
	for i, degrees := range o.Bound {
		binary.LittleEndian.PutUint32(out[102+4*i:], uint32(int32(degrees*1e7)))
	}
	return out
}

// pack compresses a part as the options say. An empty part stays empty.
func (o Options) pack(b []byte) []byte {
	if o.Plain || len(b) == 0 {
		return b
	}
	return Gzip(b)
}

// Gzip compresses b.
func Gzip(b []byte) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, _ = z.Write(b) // a bytes.Buffer takes everything
	_ = z.Close()
	return buf.Bytes()
}

// directory writes the columns of a directory.
func directory(entries []entry) []byte {
	b := binary.AppendUvarint(nil, uint64(len(entries)))
	var last uint64
	for _, e := range entries {
		b = binary.AppendUvarint(b, e.id-last)
		last = e.id
	}
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e.run))
	}
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e.length))
	}
	for i, e := range entries {
		if i > 0 && e.offset == entries[i-1].offset+uint64(entries[i-1].length) {
			b = binary.AppendUvarint(b, 0)
		} else {
			b = binary.AppendUvarint(b, e.offset+1)
		}
	}
	return b
}

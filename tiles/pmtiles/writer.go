package pmtiles

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/klauspost/compress/gzip"
)

const (
	// rootRoom is where the tile data begin: header and root directory have to lie before, so that one request of a remote reader has both.
	rootRoom = 16 << 10
	// leafEntries is the size of a leaf directory to begin with; it grows until the root fits its room.
	leafEntries = 4096
)

// Writer makes an archive. Tiles are written as they come and only the index is kept in memory: about 24 bytes a tile, and 48 more for each
// different one. It is not safe for concurrent use.
type Writer struct {
	f       *os.File
	entries directory
	seen    map[[16]byte]entry // what was written already, by its digest
	end     uint64             // of the tile data, from their start
	tiles   uint64
	low     uint8
	high    uint8
}

// Create makes the file at path, or empties it. Close or Abort has to follow.
func Create(path string) (*Writer, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(rootRoom, 0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Writer{f: f, seen: map[[16]byte]entry{}, low: maxZoom}, nil
}

// Put adds a tile. Tiles come in the order of their [TileID]; equal ones are stored once.
func (w *Writer) Put(z uint8, x, y uint32, body []byte) error {
	id, ok := TileID(z, x, y)
	if !ok || len(body) == 0 || len(body) > maxTile {
		return fmt.Errorf("pmtiles: tile %d/%d/%d of %d bytes cannot be written", z, x, y, len(body))
	}
	n := len(w.entries)
	if n > 0 && id < w.entries[n-1].id+uint64(w.entries[n-1].run) {
		return fmt.Errorf("pmtiles: tile %d/%d/%d comes too late", z, x, y)
	}
	w.tiles++
	w.low, w.high = min(w.low, z), max(w.high, z)
	sum := sha256.Sum256(body)
	key := [16]byte(sum[:16])
	e, ok := w.seen[key]
	if !ok {
		if _, err := w.f.Write(body); err != nil {
			return err
		}
		e = entry{offset: w.end, length: uint32(len(body))}
		w.end += uint64(len(body))
		w.seen[key] = e
	}
	if n > 0 {
		if last := &w.entries[n-1]; last.offset == e.offset && last.id+uint64(last.run) == id {
			last.run++
			return nil
		}
	}
	e.id, e.run = id, 1
	w.entries = append(w.entries, e)
	return nil
}

// Close writes the index and ends the file. Of h it takes types, compression and bound; metadata is JSON, or empty.
func (w *Writer) Close(h Header, metadata json.RawMessage) error {
	if len(w.entries) == 0 {
		return errors.Join(errors.New("pmtiles: an archive without tiles cannot be read"), w.Abort())
	}
	root, leaves := w.index()
	meta := packed(metadata)
	if err := w.finish(h, root, leaves, meta); err != nil {
		return errors.Join(err, w.Abort())
	}
	return w.f.Close()
}

// Abort closes the file, which is of no use then.
func (w *Writer) Abort() error { return w.f.Close() }

// index returns the directories, packed: one root, or a root over leaves where it would be too large.
func (w *Writer) index() (root, leaves []byte) {
	root = packed(w.entries.bytes())
	for size := leafEntries; len(root) > rootRoom-headerSize; size *= 2 {
		leaves = nil
		var over directory
		for start := 0; start < len(w.entries); start += size {
			leaf := packed(w.entries[start:min(start+size, len(w.entries))].bytes())
			over = append(over, entry{id: w.entries[start].id, offset: uint64(len(leaves)), length: uint32(len(leaf))})
			leaves = append(leaves, leaf...)
		}
		root = packed(over.bytes())
	}
	return root, leaves
}

func (w *Writer) finish(h Header, root, leaves, meta []byte) error {
	after := rootRoom + w.end
	head := make([]byte, headerSize, headerSize+len(root))
	copy(head, "PMTiles\x03")
	for i, v := range []uint64{headerSize, uint64(len(root)), after, uint64(len(meta)), after + uint64(len(meta)), uint64(len(leaves)), rootRoom, w.end,
		w.tiles, uint64(len(w.entries)), uint64(len(w.seen))} {
		binary.LittleEndian.PutUint64(head[8+8*i:], v)
	}
	head[96] = 1 // clustered: the tiles lie in the order of their ids
	head[97], head[98], head[99], head[100], head[101] = byte(CompressionGzip), byte(h.TileCompression), byte(h.TileType), w.low, w.high
	for i, degrees := range []float64{h.MinLon, h.MinLat, h.MaxLon, h.MaxLat} {
		binary.LittleEndian.PutUint32(head[102+4*i:], uint32(int32(degrees*1e7)))
	}
	head[118] = w.low
	binary.LittleEndian.PutUint32(head[119:], uint32(int32((h.MinLon+h.MaxLon)/2*1e7)))
	binary.LittleEndian.PutUint32(head[123:], uint32(int32((h.MinLat+h.MaxLat)/2*1e7)))
	for _, part := range [][]byte{meta, leaves} {
		if _, err := w.f.Write(part); err != nil {
			return err
		}
	}
	_, err := w.f.WriteAt(append(head, root...), 0)
	return err
}

// bytes is the inverse of parseDirectory.
func (d directory) bytes() []byte {
	b := binary.AppendUvarint(nil, uint64(len(d)))
	var last uint64
	for _, e := range d {
		b = binary.AppendUvarint(b, e.id-last)
		last = e.id
	}
	for _, e := range d {
		b = binary.AppendUvarint(b, uint64(e.run))
	}
	for _, e := range d {
		b = binary.AppendUvarint(b, uint64(e.length))
	}
	for i, e := range d {
		if i > 0 && e.offset == d[i-1].offset+uint64(d[i-1].length) {
			b = binary.AppendUvarint(b, 0)
		} else {
			b = binary.AppendUvarint(b, e.offset+1)
		}
	}
	return b
}

func packed(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, _ = z.Write(b) // a bytes.Buffer takes everything
	_ = z.Close()
	return buf.Bytes()
}

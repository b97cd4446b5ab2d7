// Package pmtiles reads and writes PMTiles version 3 archives: one file that holds a pyramid of tiles and an index of them.
//
// Everything in a file that is read is untrusted: lengths are checked before memory is given out, and a file
// that does not hold together is refused with an error that says what is wrong with it.
package pmtiles

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

const (
	// maxDirectory bounds a directory, compressed or not: about two million entries, far above what writers make.
	maxDirectory = 8 << 20
	// maxMetadata bounds the JSON metadata, compressed or not.
	maxMetadata = 16 << 20
	// maxTile bounds one tile.
	maxTile = 64 << 20
	// maxDepth is how many directories lead to a tile at most: the root and three levels of leaves.
	maxDepth = 4
)

// Archive is an open archive. It is safe for concurrent use. The zero value is not usable.
type Archive struct {
	r      io.ReaderAt
	close  func() error
	header Header
	root   directory
	meta   json.RawMessage
	leaves leafCache
}

// Location is where the bytes of a tile lie in the file.
type Location struct {
	Offset uint64 // from the start of the file
	Length uint32
}

// Open opens the archive at path.
func Open(path string) (*Archive, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	a, err := New(f, st.Size())
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	a.close = f.Close
	return a, nil
}

// New reads an archive of size bytes from r. It reads and checks header, root directory and metadata.
func New(r io.ReaderAt, size int64) (*Archive, error) {
	a := &Archive{r: r, close: func() error { return nil }}
	raw := make([]byte, headerSize)
	if size < headerSize {
		return nil, fmt.Errorf("pmtiles: %d bytes are too few for a header", size)
	}
	if err := readFull(r, raw, 0); err != nil {
		return nil, fmt.Errorf("pmtiles: header: %w", err)
	}
	var err error
	if a.header, err = parseHeader(raw, uint64(size)); err != nil {
		return nil, err
	}
	h := &a.header
	if a.root, err = a.directory(h.rootOffset, h.rootLength); err != nil {
		return nil, fmt.Errorf("pmtiles: root directory: %w", err)
	}
	meta, err := a.section(h.metadataOffset, h.metadataLength, maxMetadata)
	if err != nil {
		return nil, fmt.Errorf("pmtiles: metadata: %w", err)
	}
	if len(meta) > 0 {
		if !json.Valid(meta) {
			return nil, fmt.Errorf("pmtiles: metadata: not JSON")
		}
		a.meta = meta
	}
	return a, nil
}

// Close closes the file of an archive that was opened by path.
func (a *Archive) Close() error { return a.close() }

// Header returns what the file says of itself.
func (a *Archive) Header() Header { return a.header }

// Metadata returns the JSON metadata, nil when there is none.
func (a *Archive) Metadata() json.RawMessage { return a.meta }

// Find returns where the tile z/x/y lies; ok is false when the archive does not have it. It reads at most three leaf
// directories, and none that it has read lately.
func (a *Archive) Find(z uint8, x, y uint32) (loc Location, ok bool, err error) {
	id, ok := TileID(z, x, y)
	if !ok || z < a.header.MinZoom || z > a.header.MaxZoom {
		return Location{}, false, nil
	}
	dir := a.root
	for range maxDepth {
		e, ok := dir.find(id)
		if !ok {
			return Location{}, false, nil
		}
		if e.run > 0 {
			loc := Location{Offset: a.header.dataOffset + e.offset, Length: e.length}
			if !within(e.offset, uint64(e.length), a.header.dataLength) {
				return Location{}, false, fmt.Errorf("pmtiles: tile %d/%d/%d lies outside the file", z, x, y)
			}
			return loc, true, nil
		}
		if !within(e.offset, uint64(e.length), a.header.leavesLength) {
			return Location{}, false, fmt.Errorf("pmtiles: leaf directory at %d lies outside the file", e.offset)
		}
		if dir, err = a.leaf(e); err != nil {
			return Location{}, false, fmt.Errorf("pmtiles: leaf directory at %d: %w", e.offset, err)
		}
	}
	return Location{}, false, fmt.Errorf("pmtiles: directories are nested deeper than %d", maxDepth)
}

// Read returns the bytes at loc as they are in the file: compressed as Header.TileCompression says.
func (a *Archive) Read(loc Location) ([]byte, error) {
	if loc.Length > maxTile {
		return nil, fmt.Errorf("pmtiles: a tile of %d bytes is over the limit of %d", loc.Length, maxTile)
	}
	b := make([]byte, loc.Length)
	if err := readFull(a.r, b, loc.Offset); err != nil {
		return nil, fmt.Errorf("pmtiles: tile at %d: %w", loc.Offset, err)
	}
	return b, nil
}

// leaf returns a leaf directory, from the cache when it was read lately.
func (a *Archive) leaf(e entry) (directory, error) {
	if d, ok := a.leaves.get(e.offset); ok {
		return d, nil
	}
	d, err := a.directory(a.header.leavesOffset+e.offset, uint64(e.length))
	if err != nil {
		return nil, err
	}
	a.leaves.put(e.offset, d)
	return d, nil
}

func (a *Archive) directory(offset, length uint64) (directory, error) {
	b, err := a.section(offset, length, maxDirectory)
	if err != nil {
		return nil, err
	}
	return parseDirectory(b)
}

// section reads a part of the file that is compressed as the header says, of at most limit bytes before and after.
func (a *Archive) section(offset, length, limit uint64) ([]byte, error) {
	if length > limit {
		return nil, fmt.Errorf("%d bytes are over the limit of %d", length, limit)
	}
	b := make([]byte, length)
	if err := readFull(a.r, b, offset); err != nil {
		return nil, err
	}
	return decompress(b, a.header.InternalCompression, limit)
}

// readFull fills b from offset. A file that ends before is io.ErrUnexpectedEOF.
func readFull(r io.ReaderAt, b []byte, offset uint64) error {
	if len(b) == 0 {
		return nil
	}
	n, err := r.ReadAt(b, int64(offset))
	if n == len(b) {
		return nil
	}
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

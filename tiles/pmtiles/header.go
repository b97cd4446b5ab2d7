package pmtiles

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// Compression is how a part of the file is compressed.
type Compression uint8

// The compressions that the format numbers. Directories and metadata are read with None and Gzip.
const (
	CompressionUnknown Compression = iota
	CompressionNone
	CompressionGzip
	CompressionBrotli
	CompressionZstd
)

func (c Compression) String() string { return named(c, "unknown", "none", "gzip", "brotli", "zstd") }

// TileType is what the tiles are.
type TileType uint8

// The tile types that the format numbers.
const (
	TypeUnknown TileType = iota
	TypeMVT
	TypePNG
	TypeJPEG
	TypeWebP
	TypeAVIF
)

func (t TileType) String() string { return named(t, "unknown", "mvt", "png", "jpeg", "webp", "avif") }

func named[T ~uint8](v T, names ...string) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("number %d", v)
}

// Header is what an archive says of itself. Longitudes and latitudes are EPSG:4326 in degrees.
type Header struct {
	TileType            TileType
	TileCompression     Compression
	InternalCompression Compression
	MinZoom, MaxZoom    uint8
	MinLon, MinLat      float64
	MaxLon, MaxLat      float64
	Tiles               uint64 // addressed tiles; 0 when the writer did not count

	rootOffset, rootLength         uint64
	metadataOffset, metadataLength uint64
	leavesOffset, leavesLength     uint64
	dataOffset, dataLength         uint64
}

const (
	headerSize = 127
	// maxZoom is the deepest zoom whose tile ids fit the format.
	maxZoom = 31
)

// parseHeader reads the fixed header of a file of size bytes and checks that every part lies inside the file.
func parseHeader(b []byte, size uint64) (Header, error) {
	if !bytes.HasPrefix(b, []byte("PMTiles")) {
		return Header{}, fmt.Errorf("pmtiles: not a PMTiles file")
	}
	if b[7] != 3 {
		return Header{}, fmt.Errorf("pmtiles: version %d, only 3 is read (pmtiles convert makes it)", b[7])
	}
	u64 := func(i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }
	degrees := func(i int) float64 { return float64(int32(binary.LittleEndian.Uint32(b[i:]))) / 1e7 }
	h := Header{
		rootOffset: u64(8), rootLength: u64(16),
		metadataOffset: u64(24), metadataLength: u64(32),
		leavesOffset: u64(40), leavesLength: u64(48),
		dataOffset: u64(56), dataLength: u64(64),
		Tiles:               u64(72),
		InternalCompression: Compression(b[97]),
		TileCompression:     Compression(b[98]),
		TileType:            TileType(b[99]),
		MinZoom:             b[100], MaxZoom: b[101],
		MinLon: degrees(102), MinLat: degrees(106), MaxLon: degrees(110), MaxLat: degrees(114),
	}
	for _, part := range []struct {
		name           string
		offset, length uint64
	}{
		{"root directory", h.rootOffset, h.rootLength},
		{"metadata", h.metadataOffset, h.metadataLength},
		{"leaf directories", h.leavesOffset, h.leavesLength},
		{"tile data", h.dataOffset, h.dataLength},
	} {
		if !within(part.offset, part.length, size) {
			return Header{}, fmt.Errorf("pmtiles: the %s should end at byte %d, the file has %d: is it cut off?",
				part.name, part.offset+part.length, size)
		}
	}
	switch {
	case h.rootLength == 0:
		return Header{}, fmt.Errorf("pmtiles: no root directory")
	case h.InternalCompression != CompressionNone && h.InternalCompression != CompressionGzip:
		return Header{}, fmt.Errorf("pmtiles: directories compressed with %v are not read, only none and gzip", h.InternalCompression)
	case h.MinZoom > h.MaxZoom || h.MaxZoom > maxZoom:
		return Header{}, fmt.Errorf("pmtiles: zooms %d to %d are impossible", h.MinZoom, h.MaxZoom)
	}
	return h, nil
}

// within reports whether length bytes from offset lie inside size bytes.
func within(offset, length, size uint64) bool { return offset <= size && length <= size-offset }

// decompress returns at most limit bytes.
func decompress(b []byte, c Compression, limit uint64) ([]byte, error) {
	if c == CompressionNone || len(b) == 0 {
		return b, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(z, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if uint64(len(out)) > limit {
		return nil, fmt.Errorf("unpacks to more than %d bytes", limit)
	}
	return out, nil
}

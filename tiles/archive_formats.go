package tiles

import (
	"bytes"
	"context"
	"fmt"

	"github.com/paulmach/orb"

	"wanglou/tiles/mbtiles"
	"wanglou/tiles/pmtiles"
)

type pmtilesFile struct {
	*pmtiles.Archive
	encoding Encoding
}

func openPMTiles(_ context.Context, path string) (archiveFile, error) {
	a, err := pmtiles.Open(path)
	if err != nil {
		return nil, err
	}
	return &pmtilesFile{Archive: a}, nil
}

func (f *pmtilesFile) describe(info *Info) error {
	h := f.Header()
	formats := map[pmtiles.TileType]Format{
		pmtiles.TypeMVT: FormatMVT, pmtiles.TypePNG: FormatPNG, pmtiles.TypeJPEG: FormatJPEG, pmtiles.TypeWebP: FormatWebP,
	}
	var ok bool
	if info.Format, ok = formats[h.TileType]; !ok {
		return fmt.Errorf("tiles of type %v are not drawn, only mvt, png, jpeg and webp", h.TileType)
	}
	switch h.TileCompression {
	case pmtiles.CompressionGzip:
		f.encoding = Gzip
	case pmtiles.CompressionNone, pmtiles.CompressionUnknown:
	default:
		return fmt.Errorf("tiles compressed with %v are not read, only none and gzip", h.TileCompression)
	}
	info.MinZoom, info.MaxZoom = int(h.MinZoom), int(h.MaxZoom)
	setBound(info, h.MinLon, h.MinLat, h.MaxLon, h.MaxLat)
	m, err := parseArchiveMetadata(f.Metadata())
	if err != nil {
		return err
	}
	return m.apply(info)
}

func (f *pmtilesFile) tile(_ context.Context, c Coord) ([]byte, Encoding, error) {
	loc, ok, err := f.Find(c.Z, c.X, c.Y)
	if err != nil || !ok {
		return nil, "", err
	}
	body, err := f.Read(loc)
	return body, f.encoding, err
}

type mbtilesFile struct{ *mbtiles.Archive }

func openMBTiles(ctx context.Context, path string) (archiveFile, error) {
	a, err := mbtiles.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	return mbtilesFile{a}, nil
}

func (f mbtilesFile) describe(info *Info) error {
	formats := map[string]Format{
		"pbf": FormatMVT, "mvt": FormatMVT, string(FormatMVT): FormatMVT, "png": FormatPNG, "jpg": FormatJPEG, "jpeg": FormatJPEG, "webp": FormatWebP,
	}
	var ok bool
	if info.Format, ok = formats[f.Metadata("format")]; !ok {
		return fmt.Errorf("tiles of format %q are not drawn, only pbf, png, jpg and webp", f.Metadata("format"))
	}
	info.MinZoom, info.MaxZoom = f.Zooms()
	if b, ok := f.Bound(); ok {
		setBound(info, b[0], b[1], b[2], b[3])
	}
	m, err := parseArchiveMetadata([]byte(f.Metadata("json")))
	if err != nil {
		return err
	}
	m.Name, m.Attribution = f.Metadata("name"), f.Metadata("attribution")
	if e := f.Metadata("encoding"); e != "" {
		m.Encoding = e
	}
	return m.apply(info)
}

func (f mbtilesFile) tile(ctx context.Context, c Coord) ([]byte, Encoding, error) {
	body, err := f.Tile(ctx, c.Z, c.X, c.Y)
	if err != nil || !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return body, "", err
	}
	return body, Gzip, nil
}

// setBound takes a bound that can be one. Writers that do not know it leave zeros.
func setBound(info *Info, west, south, east, north float64) {
	if west < east && south < north && west >= -180 && east <= 180 && south >= -90 && north <= 90 {
		info.Bound = orb.Bound{Min: orb.Point{west, south}, Max: orb.Point{east, north}}
	}
}

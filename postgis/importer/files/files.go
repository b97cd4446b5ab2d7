// Package files opens what is given to an import: it tells formats apart by their content, unpacks archives within limits, and lets GDAL read what
// intake does not. A file is outside input: nothing in it can make the import open another file, an address, or more memory than the limits say.
package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"wanglou/layers"
	"wanglou/postgis/importer/intake"
)

// Format is a kind of file.
type Format string

const (
	GeoJSON    Format = "geojson"
	GeoJSONSeq Format = "geojsonseq"
	JSON       Format = "json" // records, see intake.Records
	CSV        Format = "csv"
	Shapefile  Format = "shapefile"
	GeoPackage Format = "gpkg"
	KML        Format = "kml"
	OSM        Format = "osm" // .osm.pbf
)

// Formats lists all of them.
var Formats = []Format{GeoJSON, GeoJSONSeq, JSON, CSV, Shapefile, GeoPackage, KML, OSM}

// Options say how a file is read. The zero value finds everything out, within no limits.
type Options struct {
	Format   Format
	Layer    string // of a file with several
	Encoding string // of text and of a Shapefile's attributes; see intake.Decode
	Comma    rune
	Where    intake.Where
	// EPSG is the system of the coordinates where the file's own word for it is missing or not believed; 0 believes the file. Only what GDAL reads is
	// converted here.
	EPSG int
	// Raw takes the coordinates as they stand and needs no word of the file about their system: for the shifted systems, which no file can name.
	Raw      bool
	MaxBytes int64 // of the file, and of what an archive unpacks to
	Limits   intake.Limits
	Dir      string // for what is unpacked; "" is the system's temporary folder
}

// Input is an open file.
type Input struct {
	intake.Reader
	Format   Format
	Layer    string   // in files that have layers
	Encoding string   // of text
	Fields   []string // in the file's order, where the format says them before the first row
	EPSG4326 bool     // the coordinates are in EPSG:4326 already: GDAL has converted them
	Size     int64    // bytes; 0 when Rows is known instead
	Rows     int64    // as the file says; 0 when it does not

	read   *atomic.Int64
	closer []func()
}

// Read returns how many bytes were read: of the file, or of what GDAL makes of it.
func (in *Input) Read() int64 {
	if in.read == nil {
		return 0
	}
	return in.read.Load()
}

// Close lets go of the file and removes what was unpacked.
func (in *Input) Close() {
	for _, f := range slices.Backward(in.closer) {
		f()
	}
	in.closer = nil
}

// Open opens path: a file, or a folder with a Shapefile. Errors are CodeNotFound, CodeTooLarge, CodeInvalid for what is none of the formats, is
// broken, or wants a word more (which layer, which system), and CodeUnavailable where GDAL is not installed. ctx ends GDAL.
func Open(ctx context.Context, path string, o Options) (*Input, error) {
	in := &Input{}
	if err := in.open(ctx, path, o); err != nil {
		in.Close()
		return nil, err
	}
	return in, nil
}

func (in *Input) open(ctx context.Context, path string, o Options) error {
	if o.Format != "" && !slices.Contains(Formats, o.Format) {
		return layers.Invalid("--format", "unknown_value", "format %q is none of %v", o.Format, Formats)
	}
	path, err := resolve(path, o.MaxBytes)
	if err != nil {
		return err
	}
	kind, err := detect(path)
	if err != nil {
		return err
	}
	if kind == archive {
		var dir string
		if dir, err = os.MkdirTemp(o.Dir, "wanglou-import-"); err != nil {
			return err
		}
		in.closer = append(in.closer, func() { _ = os.RemoveAll(dir) })
		if path, err = unpack(path, dir, o); err != nil {
			return err
		}
		if kind, err = detect(path); err != nil {
			return err
		}
	}
	if o.Format == "" {
		o.Format = kind
	}
	in.Format = o.Format
	if _, ok := drivers[o.Format]; ok {
		return in.openGDAL(ctx, path, o)
	}
	return in.openText(path, o)
}

// resolve follows links and sees that the path is a file or folder of this machine of a size that is allowed.
func resolve(path string, limit int64) (string, error) {
	if strings.HasPrefix(path, "/vsi") || strings.Contains(path, "://") {
		return "", layers.Invalid("file", "not_a_file", "%s is not a file of this machine", path)
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	full, err = filepath.EvalSymlinks(full)
	if errors.Is(err, os.ErrNotExist) {
		return "", &layers.Error{Code: layers.CodeNotFound, Field: "file", Msg: path + " does not exist"}
	}
	if err != nil {
		return "", err
	}
	info, err := os.Stat(full)
	switch {
	case err != nil:
		return "", err
	case info.IsDir():
		return full, nil
	case !info.Mode().IsRegular():
		return "", layers.Invalid("file", "not_a_file", "%s is no ordinary file", path)
	case info.Size() == 0:
		return "", layers.Invalid("file", "empty_file", "%s is empty", path)
	case limit > 0 && info.Size() > limit:
		return "", tooLarge(info.Size(), limit)
	}
	return full, nil
}

func tooLarge(size, limit int64) error {
	e := layers.Errorf(layers.CodeTooLarge, "the file has %d MB, and --max-mb is %d", (size+1<<20-1)>>20, limit>>20)
	e.Field, e.Reason = "file", "file_too_large"
	return e
}

// archive is what detect says of a zip file.
const archive Format = "zip"

var (
	geojsonMark = regexp.MustCompile(`"type"\s*:\s*"Feature(?:Collection)?"`)
	seqMark     = regexp.MustCompile(`^\x1e?\s*\{[^\n]*"type"\s*:\s*"Feature"[^\n]*\}\s*\n\s*\x1e?\{`)
	kmlMark     = regexp.MustCompile(`<(?:\w+:)?kml[\s>]`)
)

// detect tells the format by the first bytes, and by the name only what bytes do not tell.
func detect(path string) (Format, error) {
	if info, err := os.Stat(path); err != nil {
		return "", err
	} else if info.IsDir() {
		return Shapefile, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	head = head[:n]
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n\x1e")
	extension := strings.ToLower(filepath.Ext(path))
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return archive, nil
	case bytes.HasPrefix(head, []byte("SQLite format 3\x00")):
		return GeoPackage, nil
	case bytes.HasPrefix(head, []byte{0, 0, 0x27, 0x0A}):
		return Shapefile, nil
	case n > 15 && bytes.Equal(head[4:15], []byte("\n\tOSMHeader")):
		return OSM, nil
	case kmlMark.Match(head) && len(text) > 0 && text[0] == '<':
		return KML, nil
	case slices.Contains([]string{".dbf", ".shx", ".prj"}, extension):
		return "", layers.Invalid("file", "not_a_layer", "this is a part of a Shapefile: name the .shp file, the folder or the .zip")
	case len(text) > 0 && text[0] == '<':
		return "", layers.Invalid("file", "unknown_format", "XML other than KML is not taken")
	case slices.Contains([]string{".csv", ".tsv", ".txt", ".tab"}, extension):
		return CSV, nil
	case slices.Contains([]string{".geojsonl", ".geojsons", ".ndjson", ".jsonl"}, extension) || seqMark.Match(head):
		return GeoJSONSeq, nil
	case geojsonMark.Match(head), extension == ".geojson":
		return GeoJSON, nil
	case len(text) > 0 && (text[0] == '{' || text[0] == '['):
		return JSON, nil
	case bytes.IndexByte(head, 0) >= 0 && !bytes.HasPrefix(head, []byte("\xFF\xFE")) && !bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return "", layers.Invalid("file", "unknown_format", "the file is none of %v", Formats)
	}
	return CSV, nil
}

func (in *Input) openText(path string, o Options) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	in.closer = append(in.closer, func() { _ = f.Close() })
	info, err := f.Stat()
	if err != nil {
		return err
	}
	in.Size, in.read = info.Size(), &atomic.Int64{}
	t, err := intake.Decode(counted{f, in.read}, o.Encoding)
	if err != nil {
		return err
	}
	in.Encoding = t.Encoding
	switch in.Format {
	case GeoJSON:
		in.Reader = intake.NewGeoJSON(t, o.Limits)
	case GeoJSONSeq:
		in.Reader = intake.NewGeoJSONSeq(t, o.Limits)
	case JSON:
		in.Reader = intake.NewRecords(t, o.Where, o.Limits)
	default:
		c, err := intake.NewCSV(t, o.Comma, o.Where, o.Limits)
		if err != nil {
			return err
		}
		in.Reader, in.Fields = c, c.Header()
	}
	return nil
}

// counted counts what is read.
type counted struct {
	io.Reader
	n *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

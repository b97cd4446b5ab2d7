package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"wanglou/layers"
	"wanglou/postgis/importer/intake"
)

// drivers are GDAL's names of the formats that it reads for us. No other driver is there when it runs: no virtual files, no addresses, no databases.
var drivers = map[Format]string{Shapefile: "ESRI Shapefile", GeoPackage: "GPKG", KML: "LIBKML", OSM: "OSM"}

const (
	// gdalMemory bounds the address space of GDAL's programs.
	gdalMemory = 4 << 30
	// lookTime bounds the look at what layers a file has.
	lookTime = 2 * time.Minute
)

// formatLine is a line of ogrinfo --formats: "  GPKG -raster,vector- (rw+vs): GeoPackage".
var formatLine = regexp.MustCompile(`(?m)^  (.+?) -[a-z, ]+- \([^)]*\):`)

// everyDriver lists the drivers of this machine's GDAL.
var everyDriver = sync.OnceValues(func() ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ogrinfo", "--formats").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, &layers.Error{Code: layers.CodeUnavailable, Reason: "gdal_missing", Msg: "GDAL is not installed (Debian: gdal-bin)", Err: err}
	}
	var names []string
	for _, m := range formatLine.FindAllStringSubmatch(string(out), -1) {
		names = append(names, m[1])
	}
	return names, err
})

// gdal prepares one of GDAL's programs with one driver to read and one to write. ogr2ogr's own -if came with GDAL 3.7 only, and would leave the other
// drivers to files that name further files.
func gdal(ctx context.Context, dir, driver, program string, args ...string) (*exec.Cmd, error) {
	all, err := everyDriver()
	if err != nil {
		return nil, err
	}
	skip := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return name == driver || name == "GeoJSONSeq" })
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8", "CPL_TMPDIR=" + dir, "TMPDIR=" + dir, "PROJ_NETWORK=OFF",
		"GDAL_DRIVER_PATH=disable", "GDAL_SKIP=" + strings.Join(skip, ","), "SHAPE_RESTORE_SHX=YES"}
	cmd.WaitDelay = 5 * time.Second
	return cmd, nil
}

// start starts the program within bounds.
func start(cmd *exec.Cmd, maxBytes int64) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	limit := func(resource int, n uint64) {
		// It may have ended already; without the bound the timeout is left.
		_ = unix.Prlimit(cmd.Process.Pid, resource, &unix.Rlimit{Cur: n, Max: n}, nil)
	}
	limit(unix.RLIMIT_AS, gdalMemory)
	limit(unix.RLIMIT_CORE, 0)
	if maxBytes > 0 {
		limit(unix.RLIMIT_FSIZE, uint64(maxBytes)*4) // the index of an OpenStreetMap extract's points
	}
	return nil
}

// openGDAL reads the file through ogr2ogr, as a sequence of features.
func (in *Input) openGDAL(ctx context.Context, path string, o Options) error {
	driver := drivers[o.Format]
	dir, err := os.MkdirTemp(o.Dir, "wanglou-gdal-")
	if err != nil {
		return err
	}
	in.closer = append(in.closer, func() { _ = os.RemoveAll(dir) })
	var open []string
	if o.Format == Shapefile {
		if path, err = theShapefile(path, o); err != nil {
			return err
		}
		encoding, err := shapefileEncoding(path, o.Encoding)
		if err != nil {
			return err
		}
		if encoding != "" {
			open = []string{"-oo", "ENCODING=" + encoding}
		}
		in.Encoding = encoding
	}
	found, err := look(ctx, dir, driver, path, open, o.MaxBytes)
	if err != nil {
		return err
	}
	l, err := pick(found, o)
	if err != nil {
		return err
	}
	in.Layer, in.Rows, in.Fields = l.name, l.count, l.fields

	args := append([]string{"-f", "GeoJSONSeq", "-lco", "COORDINATE_PRECISION=9", "-dim", "XY"}, open...)
	switch {
	case o.EPSG != 0:
		args = append(args, "-s_srs", "EPSG:"+strconv.Itoa(o.EPSG), "-t_srs", "EPSG:4326")
		in.EPSG4326 = true
	case l.known && o.Raw && l.geographic: // the shifted systems travel under the name of another
	case l.known:
		args = append(args, "-t_srs", "EPSG:4326")
		in.EPSG4326 = !o.Raw
	case !o.Raw:
		return &layers.Error{Code: layers.CodeInvalid, Field: "--crs", Reason: "missing_prj",
			Msg: fmt.Sprintf("%s does not say its coordinate system (a Shapefile says it in its .prj file): say --crs; the extent is %s", filepath.Base(path), l.extent)}
	}
	ctx, cancel := context.WithCancel(ctx)
	in.closer = append(in.closer, cancel)
	cmd, err := gdal(ctx, dir, driver, "ogr2ogr", append(args, "/vsistdout/", path, l.name)...)
	if err != nil {
		return err
	}
	var said tail
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := start(cmd, o.MaxBytes); err != nil {
		return err
	}
	wait := sync.OnceValue(cmd.Wait)
	in.closer = append(in.closer, func() { cancel(); _ = wait() })
	in.read = &atomic.Int64{}
	text := &intake.Text{Reader: counted{out, in.read}, Encoding: "utf-8"}
	in.Reader = &piped{seq: intake.NewGeoJSONSeq(text, o.Limits), wait: wait, said: &said, tags: o.Format == OSM}
	return nil
}

// piped reads what ogr2ogr writes, and what it says in the end.
type piped struct {
	seq  *intake.GeoJSON
	wait func() error
	said *tail
	tags bool // OpenStreetMap: the field other_tags becomes a field a tag
}

func (p *piped) Next() (*intake.Row, error) {
	row, err := p.seq.Next()
	if err == nil {
		row.Line = 0 // of the sequence, which nobody has seen
		if p.tags {
			spread(row.Fields)
		}
		return row, nil
	}
	if errors.Is(err, io.EOF) || layers.ErrorCode(err) == layers.CodeInvalid { // cut off as well when ogr2ogr failed
		if failed := p.wait(); failed != nil {
			if strings.Contains(p.said.String(), "No space left") {
				return nil, &layers.Error{Code: layers.CodeStorageFull, Msg: "the disk is full", Err: failed}
			}
			return nil, &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "broken_file",
				Msg: "the file cannot be read to its end; GDAL says: " + p.said.String(), Err: failed}
		}
	}
	return nil, err
}

var hstorePair = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"`)

// spread makes fields of OpenStreetMap tags that GDAL has no field for: "name:en"=>"Vaduz","height"=>"12".
func spread(fields map[string]any) {
	text, ok := fields["other_tags"].(string)
	if !ok {
		return
	}
	delete(fields, "other_tags")
	for _, m := range hstorePair.FindAllStringSubmatch(text, -1) {
		key, value := unescape(m[1]), unescape(m[2])
		if _, taken := fields[key]; !taken {
			fields[key] = value
		}
	}
}

var escapes = strings.NewReplacer(`\"`, `"`, `\\`, `\`)

func unescape(s string) string { return escapes.Replace(s) }

// source is one layer of a file, as ogrinfo tells it.
type source struct {
	name       string
	count      int64
	known      bool // its coordinate system
	geographic bool // in degrees
	extent     string
	fields     []string
}

var (
	layerLine  = regexp.MustCompile(`^Layer name: (.*)$`)
	countLine  = regexp.MustCompile(`^Feature Count: (\d+)$`)
	extentLine = regexp.MustCompile(`^Extent: (.*)$`)
	fieldLine  = regexp.MustCompile(`^(.+): (?:String|Integer|Integer64|Real|Date|Time|DateTime|Binary|\w*List)\b.*\(\d+\.\d+\)`)
)

// look asks what layers a file has.
func look(ctx context.Context, dir, driver, path string, open []string, maxBytes int64) ([]source, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	args := append([]string{"-ro", "-so", "-al", "-nomd", "-wkt_format", "WKT1"}, open...)
	if driver == "OSM" {
		args = append(args, "-nocount", "-noextent") // it would read the whole file for each layer
	}
	cmd, err := gdal(ctx, dir, driver, "ogrinfo", append(args, path)...)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	var said tail
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := start(cmd, maxBytes); err != nil {
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return nil, &layers.Error{Code: layers.CodeUnavailable, Reason: "timeout", Msg: "GDAL took too long to look at the file", Err: err}
		}
		return nil, &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "broken_file",
			Msg: "this is not a file that the " + driver + " reader of GDAL can open; it says: " + said.String() + shortTail(out.String()), Err: err}
	}
	return parseLook(out.String()), nil
}

func shortTail(s string) string {
	var t tail
	_, _ = t.Write([]byte(s))
	return t.String()
}

func parseLook(text string) []source {
	var found []source
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if m := layerLine.FindStringSubmatch(line); m != nil {
			found = append(found, source{name: m[1], known: true})
			continue
		}
		if len(found) == 0 {
			continue
		}
		l := &found[len(found)-1]
		if m := countLine.FindStringSubmatch(line); m != nil {
			l.count, _ = strconv.ParseInt(m[1], 10, 64) // digits
		} else if m := extentLine.FindStringSubmatch(line); m != nil {
			l.extent = m[1]
		} else if m := fieldLine.FindStringSubmatch(line); m != nil {
			l.fields = append(l.fields, m[1])
		}
		switch {
		case line == "(unknown)":
			l.known = false
		case strings.HasPrefix(line, "GEOGCS[") || strings.HasPrefix(line, "GEOGCRS["):
			l.geographic = true
		}
	}
	return found
}

// pick returns the layer that is asked for, or the only one that has rows.
func pick(found []source, o Options) (source, error) {
	var names []string
	var full []source
	for _, l := range found {
		if l.name == o.Layer {
			return l, nil
		}
		names = append(names, l.name)
		if l.count > 0 {
			full = append(full, l)
		}
	}
	switch {
	case len(found) == 1 && (o.Layer == "" || o.Format == Shapefile): // a Shapefile's layer was picked by its name before
		return found[0], nil
	case o.Layer != "":
		return source{}, &layers.Error{Code: layers.CodeInvalid, Field: "--source-layer", Reason: "unknown_layer",
			Msg: fmt.Sprintf("there is no layer %q in the file; there is %s", o.Layer, strings.Join(names, ", "))}
	case len(full) == 1:
		return full[0], nil
	case len(found) == 0:
		return source{}, layers.Invalid("file", "empty_file", "the file holds no layer")
	}
	return source{}, whichLayer(names)
}

// theShapefile returns the .shp file of a folder, or the file itself.
func theShapefile(path string, o Options) (string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return path, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", err
	}
	var files, names []string
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); strings.EqualFold(ext, ".shp") {
			files, names = append(files, filepath.Join(path, e.Name())), append(names, strings.TrimSuffix(e.Name(), ext))
		}
	}
	i := slices.Index(names, o.Layer)
	switch {
	case i >= 0:
	case len(files) == 0:
		return "", layers.Invalid("file", "empty_folder", "the folder holds no .shp file")
	case len(files) > 1:
		return "", whichLayer(names)
	default:
		i = 0
	}
	return resolve(files[i], o.MaxBytes)
}

// shapefileEncoding returns GDAL's name for the encoding of a Shapefile's attributes, "" to believe what stands beside it in a .cpg file. Where nothing
// stands, GDAL would take the text for Latin-1, and most Chinese files are GBK.
func shapefileEncoding(path, asked string) (string, error) {
	switch asked {
	case "utf-8":
		return "UTF-8", nil
	case "gbk", "gb18030":
		return "CP936", nil
	case "latin1":
		return "ISO-8859-1", nil
	}
	stem := strings.TrimSuffix(path, filepath.Ext(path))
	for _, ext := range []string{".cpg", ".CPG"} {
		if _, err := os.Stat(stem + ext); err == nil {
			return "", nil
		}
	}
	for _, ext := range []string{".dbf", ".DBF"} {
		f, err := os.Open(stem + ext)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		defer func() { _ = f.Close() }()
		// Numbers and blanks between the texts are ASCII in both, the header is not text: its field names alone are looked at by their bytes.
		head := make([]byte, 32)
		if _, err := io.ReadFull(f, head); err != nil {
			return "", &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "broken_file", Msg: "the .dbf file is cut off", Err: err}
		}
		if _, err := f.Seek(int64(head[8])|int64(head[9])<<8, io.SeekStart); err != nil {
			return "", err
		}
		t, err := intake.Decode(f, "")
		if err != nil {
			return "", nil //nolint:nilerr // neither: GDAL's own guess is as good as any
		}
		if t.Encoding == "gb18030" {
			return "CP936", nil
		}
		return "UTF-8", nil
	}
	return "", nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if n := len(t.b) - 1000; n > 0 {
		t.b = t.b[n:]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(strings.Join(strings.Fields(string(t.b)), " "), "")
}

// Package basemap makes a basemap archive out of an OpenStreetMap extract: it runs tilemaker with our own configuration, into
// the schema of docs/basemap.md.
package basemap

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	_ "modernc.org/sqlite" // the driver

	"wanglou/layers"
)

//go:embed config.json.tmpl
var configText string

var config = template.Must(template.New("config.json").Parse(configText))

//go:embed process.lua
var process []byte

// Attribution is what the licence of OpenStreetMap's data asks for.
const Attribution = "© OpenStreetMap contributors"

// Options says what to build.
type Options struct {
	Input     string // an .osm.pbf file
	Output    string // the .mbtiles file to make or to replace
	Tilemaker string // the program; "" looks for tilemaker on the PATH
	Progress  func(Progress)
}

// Progress is how far a build has come.
type Progress struct {
	Step        string // "reading" the extract, "writing" the tiles
	Done, Total int    // blocks or tiles
}

// Result is what a build has made.
type Result struct {
	Tiles   int
	Bytes   int64
	NoCoast error // why the sea is missing although the extract has a coast; nil when it is there, or there is none
}

// Build reads the extract and puts the archive into place when it is whole: a server that follows the folder goes on with the old one until
// then. Errors: CodeNotFound when there is no such input, CodeInvalid when it is not a PBF extract or a broken one, CodeUnavailable when
// tilemaker is not installed, CodeStorageFull.
func Build(ctx context.Context, o Options) (Result, error) {
	if filepath.Ext(o.Output) != ".mbtiles" {
		return Result{}, layers.Invalid("out", "extension", "%s: the archive's name has to end in .mbtiles", o.Output)
	}
	if err := checkExtract(o.Input); err != nil {
		return Result{}, err
	}
	program, err := findTilemaker(o.Tilemaker)
	if err != nil {
		return Result{}, err
	}
	if err := os.MkdirAll(filepath.Dir(o.Output), 0o755); err != nil {
		return Result{}, err
	}
	// In the same folder, so that putting it into place is one rename.
	dir, err := os.MkdirTemp(filepath.Dir(o.Output), ".basemap-")
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	shapes, noCoast := makeSea(ctx, o.Input, dir)
	if err := writeConfig(filepath.Join(dir, "config.json"), shapes); err != nil {
		return Result{}, err
	}
	if err := os.WriteFile(filepath.Join(dir, "process.lua"), process, 0o600); err != nil {
		return Result{}, err
	}
	made := filepath.Join(dir, "basemap.mbtiles")
	cmd := exec.CommandContext(ctx, program, "--input", o.Input, "--output", made,
		"--config", filepath.Join(dir, "config.json"), "--process", filepath.Join(dir, "process.lua"))
	if err := run(cmd, o.Progress); err != nil {
		if ctx.Err() != nil {
			return Result{}, ctx.Err()
		}
		return Result{}, err
	}
	result, err := finish(ctx, made)
	if err != nil {
		return Result{}, err
	}
	result.NoCoast = noCoast
	return result, os.Rename(made, o.Output)
}

// writeConfig writes tilemaker's configuration; sea is the Shapefile of the sea, "" when there is none.
func writeConfig(path, sea string) error {
	var b bytes.Buffer
	if err := config.Execute(&b, struct{ Sea string }{sea}); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// checkExtract looks at the first bytes: tilemaker makes an empty archive out of a file that is something else, and says nothing.
func checkExtract(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return layers.Errorf(layers.CodeNotFound, "%s does not exist", path)
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 15) // four bytes of length, then the kind of the first block
	if _, err := io.ReadFull(f, head); err != nil || !bytes.Equal(head[4:], []byte("\n\tOSMHeader")) {
		return layers.Invalid("file", "not_osm_pbf", "%s is not an OpenStreetMap extract in PBF form (*.osm.pbf)", path)
	}
	return nil
}

func findTilemaker(program string) (string, error) {
	if program == "" {
		program = "tilemaker"
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return "", &layers.Error{Code: layers.CodeUnavailable, Reason: "no_tilemaker", Msg: "tilemaker is not installed (apt install tilemaker)", Err: err}
	}
	return path, nil
}

// run runs tilemaker, tells how far it is, and returns what it complained about.
func run(cmd *exec.Cmd, tell func(Progress)) error {
	var complaint tail
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	lines.Split(splitProgress)
	var last Progress
	for lines.Scan() {
		p, ok := parseProgress(lines.Text())
		if !ok || p.Step == last.Step && p.Done <= last.Done { // its threads overtake one another
			continue
		}
		last = p
		if tell != nil {
			tell(p)
		}
	}
	if err := cmd.Wait(); err != nil {
		said := complaint.String()
		if strings.Contains(said, "No space left") {
			return &layers.Error{Code: layers.CodeStorageFull, Msg: "the disk is full", Err: err}
		}
		return &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "broken_extract",
			Msg: "the extract cannot be read to its end; is it cut off? tilemaker says: " + said, Err: err}
	}
	return lines.Err()
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if n := len(t.b) - 2000; n > 0 {
		t.b = t.b[n:]
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.Join(strings.Fields(string(t.b)), " ") }

// splitProgress splits at line ends and at the carriage returns with which tilemaker draws over a line.
func splitProgress(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexAny(data, "\r\n"); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

var (
	readingLine = regexp.MustCompile(`^Block (\d+)/(\d+) `)
	writingLine = regexp.MustCompile(`^Zoom level \d+, writing tile (\d+) of (\d+)`)
)

func parseProgress(line string) (Progress, bool) {
	for step, pattern := range map[string]*regexp.Regexp{"reading": readingLine, "writing": writingLine} {
		if m := pattern.FindStringSubmatch(line); m != nil {
			done, errDone := strconv.Atoi(m[1])
			total, errTotal := strconv.Atoi(m[2])
			return Progress{Step: step, Done: done, Total: total}, errDone == nil && errTotal == nil
		}
	}
	return Progress{}, false
}

// finish writes the attribution into the archive, which tilemaker does not, and counts the tiles.
func finish(ctx context.Context, path string) (r Result, err error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, `INSERT OR REPLACE INTO metadata (name, value) VALUES ('attribution', ?)`, Attribution); err != nil {
		return r, err
	}
	if err := db.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(length(tile_data)), 0) FROM tiles`).Scan(&r.Tiles, &r.Bytes); err != nil {
		return r, err
	}
	if r.Tiles == 0 {
		return r, layers.Invalid("file", "empty_extract", "the extract holds nothing that a map shows")
	}
	return r, nil
}

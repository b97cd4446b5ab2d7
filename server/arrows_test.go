package server

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// arrow says that packages below from may not import packages below to, and why.
type arrow struct {
	from, to string
	except   []string // packages below from that may
	why      string
}

var arrows = []arrow{
	{from: "wanglou/layers", to: "wanglou/tiles", why: "the vocabulary knows nobody: everybody speaks it"},
	{from: "wanglou/layers", to: "wanglou/postgis", why: "a source can be any database, and tests have none"},
	{from: "wanglou/layers", to: "wanglou/server", why: "the domain does not know how it is reached"},
	{from: "wanglou/layers", to: "wanglou/frontend", why: "the domain does not know how it looks"},
	{from: "wanglou/layers", to: "net/http", why: "the vocabulary does no I/O"},
	{from: "wanglou/layers", to: "database/sql", why: "the vocabulary does no I/O"},
	{from: "wanglou/tiles", to: "wanglou/postgis", why: "tiles are made of the replica, of files, or of a func that is handed in"},
	{from: "wanglou/tiles", to: "wanglou/server", why: "tiles do not know who carries them"},
	{from: "wanglou/postgis", to: "wanglou/server", why: "services are called, they do not call"},
	{from: "wanglou/postgis", to: "wanglou/tiles", except: []string{"wanglou/postgis/demo"}, why: "SQL makes bytes; what a tile source is, is not its matter"},
	{from: "wanglou/postgis/importer/intake", to: "github.com/jackc/pgx", why: "reading and checking rows needs no database"},
	{from: "wanglou/postgis/importer/intake", to: "os/exec", why: "readers are handed a stream; files opens it"},
	{from: "wanglou/postgis/importer/files", to: "github.com/jackc/pgx", why: "opening a file needs no database"},
	{from: "wanglou/postgis", to: "wanglou/frontend", why: "the database does not know how it looks"},
	{from: "wanglou/server", to: "wanglou/postgis", except: []string{"wanglou/server/cmd"}, why: "handlers know interfaces: every one of them is tested without a database"},
	{from: "wanglou/server", to: "github.com/jackc/pgx", except: []string{"wanglou/server/cmd"}, why: "SQL has one room"},
	{from: "wanglou/server", to: "wanglou/frontend", except: []string{"wanglou/server/cmd"}, why: "the console is handed in as files"},
	{from: "wanglou", to: "wanglou/server/cmd", why: "a command is the end of the line"},
	{from: "wanglou", to: "wanglou/deploy", except: []string{"wanglou/deploy", "wanglou/server/cmd"}, why: "deploy uses the product, the command offers its tools, nobody else needs it"},
	{from: "wanglou", to: "github.com/twpayne/go-geom", except: []string{"wanglou/postgis"}, why: "geometry of the database has one door; orb everywhere else"},
	{from: "wanglou", to: "github.com/labstack/echo", except: []string{"wanglou/server"}, why: "HTTP has one room"},
	{from: "wanglou", to: "github.com/coder/websocket", except: []string{"wanglou/server", "wanglou/deploy"}, why: "the live stream has one room; deploy measures it"},
	{from: "wanglou", to: "github.com/ebitengine/purego", except: []string{"wanglou/server/onnx/ort"}, why: "C has one room, in a program of its own"},
	{from: "wanglou", to: "wanglou/server/onnx/ort", except: []string{"wanglou/server/cmd/wanglou-onnx"}, why: "models run in a program of their own, or they end this one"},
	{from: "wanglou", to: "testing", except: []string{"wanglou/layers/layerstest", "wanglou/layers/realdata", "wanglou/postgis/postgistest", "wanglou/server/bucket/buckettest", "wanglou/server/onnx/onnxtest", "wanglou/server/relay/relaytest", "wanglou/server/servertest", "wanglou/tiles/mbtiles/mbtilestest", "wanglou/tiles/pmtiles/pmtilestest"}, why: "tests are not shipped"},
}

func (a arrow) forbids(pkg, imported string) bool {
	if !below(pkg, a.from) || !below(imported, a.to) || below(pkg, a.to) {
		return false
	}
	for _, e := range a.except {
		if below(pkg, e) {
			return false
		}
	}
	return true
}

func below(pkg, root string) bool { return pkg == root || strings.HasPrefix(pkg, root+"/") }

// The arrows of docs/architecture: which room may know which. Tests may look anywhere.
func TestArrows(t *testing.T) {
	t.Parallel()
	files := 0
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := d.Name(); d.IsDir() && (base == "node_modules" || base == "testdata" || base == "var" || (strings.HasPrefix(base, ".") && base != "..")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		files++
		pkg := path.Join("wanglou", filepath.ToSlash(strings.TrimPrefix(filepath.Dir(name), "..")))
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			for _, a := range arrows {
				if a.forbids(pkg, imported) {
					t.Errorf("%s imports %s: %s", name, imported, a.why)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Errorf("only %d files were looked at", files)
	}
	if _, err := os.Stat("../go.mod"); err != nil {
		t.Errorf("the walk did not begin at the module's root: %v", err)
	}
}

package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"wanglou/layers"
	"wanglou/layers/realdata"
	"wanglou/postgis"
	"wanglou/postgis/importer"
	"wanglou/postgis/postgistest"
)

// The commands of docs/import.md bring the real data into a database without the demo county, once and again.
func TestDocumentedImports(t *testing.T) {
	t.Parallel()
	data := realdata.Path(t, "")
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		t.Skipf("GDAL is not here: %v", err)
	}
	doc, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "import.md"))
	if err != nil {
		t.Fatal(err)
	}
	url := postgistest.NewURL(t)
	db, err := postgis.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	want := map[string]string{
		"camera": "camera: 7029 rows read, new 7029,", "report": "report: 985 rows read, new 985,", "area": "area: 12 rows read, new 12, changed 0, as they were 0, passed over 9890",
	}
	again := map[string]string{"camera": "new 0, changed 0, as they were 7029", "report": "new 0, changed 0, as they were 985", "area": "new 0, changed 0, as they were 12"}
	found := 0
	for line := range strings.Lines(string(doc)) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "wanglou import ")
		if !ok || !strings.Contains(command, "$DATA") {
			continue
		}
		found++
		for _, expected := range []map[string]string{want, again} {
			args := words(t, strings.ReplaceAll(command, "$DATA", data))
			var out, errs bytes.Buffer
			code := run(t.Context(), append([]string{"--database-url", url, "import"}, args...), strings.NewReader(""), &out, &errs)
			if code != 0 || !strings.Contains(out.String(), expected[args[0]]) {
				t.Fatalf("%s: code %d\n%s%s\nwant %s", line, code, out.String(), errs.String(), expected[args[0]])
			}
		}
	}
	if found != 3 {
		t.Errorf("docs/import.md has %d commands on real data", found)
	}
	var areas, cameras, azimuths, reports int
	var first string
	err = db.Pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM area WHERE level = 'town' AND path LIKE 'LI.70%'), (SELECT count(*) FROM camera WHERE stream_url <> ''),
		(SELECT count(azimuth_deg) FROM camera), (SELECT count(*) FROM report WHERE channel = 'hotline' AND raw ? 'ticket_status'), (SELECT min(name) FROM camera)`).
		Scan(&areas, &cameras, &azimuths, &reports, &first)
	if err != nil || areas != 11 || cameras != 7029 || azimuths != 3487 || reports != 985 || first != "Alameda: EB I-205 at Jct I-580" {
		t.Errorf("%d municipalities, %d cameras, %d that look somewhere, %d reports, %q: %v", areas, cameras, azimuths, reports, first, err)
	}
}

// words takes a command line apart as a shell does, as far as the documents use one.
func words(t *testing.T, line string) []string {
	t.Helper()
	var out []string
	var word strings.Builder
	quoted, begun := false, false
	for _, c := range line {
		switch {
		case c == '\'':
			quoted, begun = !quoted, true
		case c == ' ' && !quoted:
			if begun {
				out = append(out, word.String())
				word.Reset()
			}
			begun = false
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	if begun {
		out = append(out, word.String())
	}
	return out
}

func parseImport(t *testing.T, args ...string) (importer.Options, error) {
	t.Helper()
	var c struct {
		Import ImportCmd `cmd:""`
	}
	parser, err := kong.New(&c, kong.BindTo(context.Background(), (*context.Context)(nil)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"import"}, args...)); err != nil {
		return importer.Options{}, err
	}
	return c.Import.options()
}

func TestImportOptions(t *testing.T) {
	t.Parallel()
	o, err := parseImport(t, "camera", "a.csv", "--map", "name={a}; {b}, {c}", "--map", "x=y", "--set", "status=online", "--value", "level:8=town", "--value", "level:*=", "--value", "a:b,c=d:e",
		"--only", "k=1,2", "--separator", `\t`, "--bounds", "119,29,120,30", "--invalid", "repair")
	if err != nil {
		t.Fatal(err)
	}
	if o.Plan.Map["name"] != "{a}; {b}, {c}" || o.Plan.Map["x"] != "y" || o.Plan.Set["status"] != "online" || o.Only["k"] != "1,2" || o.Read.Comma != '\t' || !o.Repair ||
		o.Bounds.Max[1] != 30 || o.Plan.Values["level"]["8"] != "town" || o.Plan.Values["level"]["*"] != "" || o.Plan.Values["a"]["b,c"] != "d:e" {
		t.Errorf("%+v", o)
	}
	if o.Read.MaxBytes != 10240<<20 || o.MaxRows != 20_000_000 || o.Read.Limits.Row != 64<<20 || o.Timeout != 2*time.Hour {
		t.Errorf("limits: %+v", o)
	}
	for _, args := range [][]string{{"--value", "level"}, {"--bounds", "1,2,3"}, {"--bounds", "5,2,3,4"}, {"--bounds", "1,2,3,400"}, {"--separator", "ab"}, {"--new", "--type", "a=money"}} {
		if _, err := parseImport(t, append([]string{"camera", "a.csv"}, args...)...); layers.ErrorCode(err) != layers.CodeInvalid {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestProgressText(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]importer.Progress{
		"reading 25 %, 1000 rows, 100 rows/s, 30s left": {Step: "reading", Rows: 1000, Done: 25, Total: 100},
		"reading, 1000 rows, 3 wrong, 100 rows/s":       {Step: "reading", Rows: 1000, Refused: 3, Done: 25},
		"writing, 1000 rows":                            {Step: "writing", Rows: 1000, Done: 25, Total: 100},
	} {
		if got := progressText(p, 10*time.Second); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"golang.org/x/term"

	"wanglou/layers"
	"wanglou/postgis/importer"
	"wanglou/postgis/importer/files"
	"wanglou/postgis/importer/intake"
)

// ImportCmd brings a file of another system into a layer. docs/import.md has the examples.
type ImportCmd struct {
	Layer string `arg:"" help:"Layer to import into, e.g. camera, report, area, permit, or with --new one of its own."`
	File  string `arg:"" help:"GeoJSON, GeoJSONSeq, JSON records, CSV or TSV, Shapefile (folder, .shp or .zip), GeoPackage, KML, KMZ, .osm.pbf."`

	DryRun bool `help:"Read and check everything, show the mapping and what is wrong, change nothing."`
	Show   int  `default:"20" help:"Wrong rows that are shown."`

	Map    map[string]string `placeholder:"COLUMN=FIELD" help:"Where a column comes from: a field, or text with fields in braces, e.g. name='{road} {number}'. Columns that are not named are found by their names." mapsep:"none"`
	Set    map[string]string `placeholder:"COLUMN=VALUE" help:"A constant for a column." mapsep:"none"`
	Value  []string          `placeholder:"COLUMN:FROM=TO" help:"Translate a value, e.g. level:8=town; * is every other value, and nothing behind = is none." sep:"none"`
	ID     string            `name:"id" placeholder:"FIELD" help:"Field, or text with fields in braces, that names a row in its source; the file imported again changes rows of the same id. Empty: the row's content."`
	Source string            `help:"Name of the origin, kept with every row. Empty: the file's name."`
	Only   map[string]string `placeholder:"FIELD=VALUE,…" help:"Take only rows with one of these values." mapsep:"none"`
	Prune  bool              `help:"Delete what this source gave before and does not give now."`

	CRS         string `name:"crs" help:"Coordinate system: wgs84, cgcs2000, gcj02, bd09 or EPSG:<number>. Empty: what the file says, else wgs84."`
	Format      string `help:"geojson, geojsonseq, json, csv, shapefile, gpkg, kml or osm. Empty: found out."`
	SourceLayer string `placeholder:"NAME" help:"Layer of a file with several."`
	Encoding    string `help:"utf-8, gb18030, gbk, utf-16 or latin1. Empty: found out."`
	Separator   string `help:"Between the fields of a table. Empty: found out."`
	X           string `name:"x" placeholder:"FIELD" help:"Field of the longitude or easting. Empty: found by its name."`
	Y           string `name:"y" placeholder:"FIELD" help:"Field of the latitude or northing."`
	Geometry    string `placeholder:"FIELD" help:"Field of the whole geometry: \"119.69,29.79\", WKT or GeoJSON."`

	Invalid  string `enum:"refuse,repair" default:"refuse" help:"Geometry that crosses itself: refuse the row with the place, or repair it and say what that cost."`
	Split    bool   `help:"Make a row of each part where the layer takes single geometries."`
	Anywhere bool   `help:"Things may lie outside of the county."`
	Bounds   string `placeholder:"W,S,E,N" help:"Where things have to lie, instead of the county."`
	Skip     int64  `help:"So many wrong rows are left out; with one more, nothing is imported."`

	New     bool              `help:"Make the layer: a table with a key, published to every map."`
	Title   string            `help:"Title of a new layer, \"中文 | English\"."`
	Type    map[string]string `placeholder:"COLUMN=TYPE" help:"Type of a new layer's column: text, int, float, bool, date, time, json. Empty: found out." mapsep:"none"`
	Private []string          `placeholder:"COLUMN" help:"Columns of a new layer that are kept and not published."`

	MaxMB    int64         `name:"max-mb" default:"10240" help:"Largest file, and largest content of an archive, MB."`
	MaxRows  int64         `default:"20000000" help:"Most rows."`
	MaxRowMB int           `name:"max-row-mb" default:"64" help:"Largest single row, MB."`
	Timeout  time.Duration `default:"2h" help:"Longest time."`
}

// Run imports, shows how far it is, and reports.
func (c *ImportCmd) Run(ctx context.Context, app *App) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	db, closeDB, err := app.Open(ctx)
	if err != nil {
		return err
	}
	defer closeDB()
	p := &progressLine{w: app.Stderr, start: time.Now()}
	if f, ok := app.Stderr.(interface{ Fd() uintptr }); ok {
		p.terminal = term.IsTerminal(int(f.Fd()))
	}
	o.Progress = p.show
	report, err := importer.Import(operator(ctx), db, o)
	p.clear()
	c.print(app.Stdout, report, err)
	return err
}

func (c *ImportCmd) options() (importer.Options, error) {
	o := importer.Options{
		File: c.File, Layer: c.Layer, Source: c.Source, CRS: c.CRS, ID: c.ID, Only: c.Only,
		Plan: intake.Wishes{Map: c.Map, Set: c.Set},
		Read: files.Options{
			Format: files.Format(c.Format), Layer: c.SourceLayer, Encoding: strings.ToLower(c.Encoding), Where: intake.Where{X: c.X, Y: c.Y, Geometry: c.Geometry},
			MaxBytes: c.MaxMB << 20, Limits: intake.Limits{Row: c.MaxRowMB << 20},
		},
		New: c.New, Title: c.Title, Private: c.Private, Repair: c.Invalid == "repair", Split: c.Split, Anywhere: c.Anywhere, Prune: c.Prune, Skip: c.Skip,
		DryRun: c.DryRun, MaxRows: c.MaxRows, Timeout: c.Timeout, Show: c.Show,
	}
	switch s := []rune(strings.ReplaceAll(c.Separator, `\t`, "\t")); len(s) {
	case 0:
	case 1:
		o.Read.Comma = s[0]
	default:
		return o, layers.Invalid("--separator", "not_allowed", "the separator is one character, not %q", c.Separator)
	}
	for _, v := range c.Value {
		column, pair, ok := strings.Cut(v, ":")
		from, to, ok2 := strings.Cut(pair, "=")
		if !ok || !ok2 {
			return o, layers.Invalid("--value", "not_a_value", "%q is not COLUMN:FROM=TO", v)
		}
		if o.Plan.Values == nil {
			o.Plan.Values = map[string]map[string]string{}
		}
		if o.Plan.Values[column] == nil {
			o.Plan.Values[column] = map[string]string{}
		}
		o.Plan.Values[column][from] = to
	}
	for column, kind := range c.Type {
		k := intake.Kind(kind)
		if !slices.Contains([]intake.Kind{intake.Words, intake.Int, intake.Float, intake.Bool, intake.Date, intake.Time, intake.JSON}, k) {
			return o, layers.Invalid("--type", "unknown_value", "%q is none of text, int, float, bool, date, time, json", kind)
		}
		if o.Types == nil {
			o.Types = map[string]intake.Kind{}
		}
		o.Types[column] = k
	}
	if c.Bounds != "" {
		b, err := parseBounds(c.Bounds)
		if err != nil {
			return o, err
		}
		o.Bounds = b
	}
	return o, nil
}

func parseBounds(s string) (*orb.Bound, error) {
	var n []float64
	for part := range strings.SplitSeq(s, ",") {
		f, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil {
			break
		}
		n = append(n, f)
	}
	if len(n) != 4 || n[0] >= n[2] || n[1] >= n[3] {
		return nil, layers.Invalid("--bounds", "not_a_value", "%q is not west,south,east,north in degrees", s)
	}
	b := &orb.Bound{Min: orb.Point{n[0], n[1]}, Max: orb.Point{n[2], n[3]}}
	for _, p := range []orb.Point{b.Min, b.Max} {
		if err := layers.ValidatePoint("--bounds", p); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// print says what was done, or would be.
func (c *ImportCmd) print(w io.Writer, r *importer.Report, err error) {
	if r.Format != "" {
		fmt.Fprintf(w, "%s", r.Format)
		if r.Encoding != "" {
			fmt.Fprintf(w, ", text %s", r.Encoding)
		}
		fmt.Fprintf(w, "; coordinates %s\n", r.CRS)
	}
	if c.DryRun || err != nil {
		for _, m := range r.Mapping {
			fmt.Fprintln(w, "  "+m)
		}
		if r.Key != "" {
			fmt.Fprintln(w, "  rows are recognised by "+r.Key)
		}
		if len(r.Unused) > 0 {
			fmt.Fprintln(w, "  not used: "+strings.Join(r.Unused, ", "))
		}
	}
	for _, e := range r.Errors {
		fmt.Fprintln(w, "  "+e.String())
	}
	if r.Refused > 0 {
		fmt.Fprintf(w, "%d of %d rows are wrong:\n", r.Refused, r.Rows)
		for _, name := range slices.Sorted(maps.Keys(r.Counts)) {
			fmt.Fprintf(w, "  %d × %s\n", r.Counts[name], name)
		}
	}
	if n := r.Repairs; n.Rows+n.Closed > 0 {
		fmt.Fprintf(w, "repaired: %d geometries that were not valid, %d rings that were not closed; %.1f m² lost, %.1f m² gained\n", n.Rows, n.Closed, n.Lost, n.Gained)
		for _, e := range n.Examples {
			fmt.Fprintln(w, "  "+e)
		}
	}
	for _, s := range r.Warnings {
		fmt.Fprintln(w, "note: "+s)
	}
	for _, s := range r.Hints {
		fmt.Fprintln(w, "hint: "+s)
	}
	if err != nil {
		return
	}
	verb := ""
	if c.DryRun {
		verb = "would be "
		if r.Refused > c.Skip {
			fmt.Fprintf(w, "%s: %d rows read; nothing would be imported until they are right (or --skip %d)\n", r.Layer, r.Rows, r.Refused)
			return
		}
	}
	fmt.Fprintf(w, "%s: %d rows read, %snew %d, %schanged %d, as they were %d", r.Layer, r.Rows, verb, r.Inserted, verb, r.Updated, r.Unchanged)
	if c.Prune {
		fmt.Fprintf(w, ", %sdeleted %d", verb, r.Deleted)
	}
	if r.Passed > 0 {
		fmt.Fprintf(w, ", passed over %d", r.Passed)
	}
	if r.Placed > 0 {
		fmt.Fprintf(w, "; %d things of other layers %splaced in the areas", r.Placed, verb)
	}
	fmt.Fprintf(w, "; %.1f s\n", r.Elapsed.Seconds())
}

// progressLine is one line that is drawn over on a terminal, and now and then a new one elsewhere.
type progressLine struct {
	w        io.Writer
	terminal bool
	start    time.Time
	last     time.Time
	drawn    int
}

func (p *progressLine) show(s importer.Progress) {
	now := time.Now()
	if !p.terminal && now.Sub(p.last) < 10*time.Second && !p.last.IsZero() {
		return
	}
	if !p.terminal && now.Sub(p.start) < 10*time.Second { // short imports say nothing on the way
		return
	}
	p.last = now
	line := progressText(s, now.Sub(p.start))
	if !p.terminal {
		fmt.Fprintln(p.w, line)
		return
	}
	fmt.Fprintf(p.w, "\r%-*s", p.drawn, line)
	p.drawn = len(line)
}

func (p *progressLine) clear() {
	if p.terminal && p.drawn > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.drawn))
	}
}

// progressText is "reading 42 %, 120000 rows, 15000 rows/s, 20 s left".
func progressText(s importer.Progress, since time.Duration) string {
	line := s.Step
	if s.Step == "reading" && s.Total > 0 {
		line += fmt.Sprintf(" %d %%", 100*s.Done/s.Total)
	}
	line += fmt.Sprintf(", %d rows", s.Rows)
	if s.Refused > 0 {
		line += fmt.Sprintf(", %d wrong", s.Refused)
	}
	if s.Step != "reading" || since < time.Second {
		return line
	}
	line += fmt.Sprintf(", %.0f rows/s", float64(s.Rows)/since.Seconds())
	if s.Total > 0 && s.Done > 0 {
		left := time.Duration(float64(since) * float64(s.Total-s.Done) / float64(s.Done))
		line += ", " + left.Round(time.Second).String() + " left"
	}
	return line
}

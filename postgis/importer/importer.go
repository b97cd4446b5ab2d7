// Package importer brings files of other systems into the tables of layers: `wanglou import`.
//
// An import is one transaction. Rows are read, mapped and checked one by one (intake) on their way into a temporary table by COPY; what only the
// database can check (validity, keys, constraints, whether things lie in the county) is checked there by one statement each; one UPDATE and one INSERT
// write the layer. Whatever ends it before its commit (a wrong row, a full disk, a killed database) leaves nothing behind.
//
// Every row is known by its source and its id there, so the same file imported again changes what differs and doubles nothing.
package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/crs"
	"wanglou/postgis"
	"wanglou/postgis/copyin"
	"wanglou/postgis/importer/files"
	"wanglou/postgis/importer/intake"
)

// Options say what to import, and how.
type Options struct {
	File   string
	Layer  string // table, with its schema where that is not on the search path
	Source string // name of the origin; "" is the file's name without its ending
	CRS    string // see crs.Parse; "" believes the file, and is WGS 84 where the file cannot say
	ID     string // field, or text with fields in braces, that names a row in its source; "" is the natural key or the row's content

	Read  files.Options     // format, layer, encoding, limits of the file
	Only  map[string]string // field → value: other rows are passed over
	Plan  intake.Wishes
	Types map[string]intake.Kind // of a new layer's columns

	New     bool // make the layer's table
	Title   string
	Private []string // columns of a new layer that are not published

	Repair   bool       // mend invalid geometry instead of refusing it
	Split    bool       // make a row of each part where the layer takes single geometries
	Anywhere bool       // things may lie outside of the county
	Bounds   *orb.Bound // where things have to lie; nil is the county
	Prune    bool       // delete what the source gave before and gives no more
	Skip     int64      // so many wrong rows are left out; one more and nothing is imported
	DryRun   bool
	Within   []string // area paths: rows elsewhere are refused, and rows elsewhere that are there already are not touched; nil is everywhere
	Sample   int      // so many outlines are kept of a dry run, to be looked at

	MaxRows  int64         // 0: no limit
	Timeout  time.Duration // 0: none
	Show     int           // errors that are kept for showing
	Progress func(Progress)
}

// Progress is how far an import has come.
type Progress struct {
	Step          string // "reading", "checking", "writing"
	Rows, Refused int64
	Done, Total   int64 // bytes or, where the file says how many it has, rows; Total 0 is unknown
}

// Report says what an import did, or would do.
type Report struct {
	Layer, Source string
	Format        files.Format
	Encoding, CRS string
	Mapping       []string // one line a column
	Unused        []string // fields that went nowhere
	Key           string   // how rows are recognised

	Rows                                  int64 // read and wanted
	Refused, Passed                       int64 // wrong; passed over by Only
	Inserted, Updated, Unchanged, Deleted int64
	Placed                                int64 // things of other layers that new areas gave a place in the tree
	Reexamined                            int64 // open detections of which the grounds are other ones now
	Repairs                               Repairs
	Warnings                              []string
	Hints                                 []string // what is likely wrong with the whole file
	Suggested                             string   // a system in which more of the file would lie in the county, as CRS takes it
	Sample                                []string // GeoJSON
	Errors                                []RowError
	Counts                                map[string]int64 // "field: reason" → rows
	Elapsed                               time.Duration
}

// RowError is what is wrong with one row.
type RowError struct {
	Row, Line int64
	Err       *layers.Error
}

func (e RowError) String() string {
	s := fmt.Sprintf("row %d", e.Row)
	if e.Line > 0 {
		s += fmt.Sprintf(" (line %d)", e.Line)
	}
	return s + ": " + e.Err.Error()
}

// run is one import under way.
type run struct {
	o      *Options
	in     *files.Input
	tx     pgx.Tx
	report *Report
	target *target
	plan   *intake.Plan
	id     *intake.Plan // of one column: the row's id in its source; nil without one
	system crs.System
	epsg   int // coordinates are converted by PostGIS; 0 otherwise
	peeked []*intake.Row
	fields []string
	// identified holds when the feature's own id is a field.
	identified bool
	raw        intake.Sample // coordinates as the file has them
	told       time.Time
}

// Import imports one file. The report is never nil and tells of a failed import as well. Errors: CodeInvalid for wrong options and where rows were refused,
// CodeConflict for an import into the same layer that is under way and for keys that others have taken, CodeTooLarge over a limit, CodeNotFound,
// CodeStorageFull, CodeUnavailable.
func Import(ctx context.Context, db *postgis.DB, o Options) (*Report, error) {
	begun := time.Now()
	r := &run{o: &o, report: &Report{Layer: o.Layer, Counts: map[string]int64{}}}
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.Timeout, &layers.Error{Code: layers.CodeUnavailable, Field: "--timeout", Reason: "timeout",
			Msg: fmt.Sprintf("the import took longer than %s; nothing was imported", o.Timeout)})
		defer cancel()
	}
	err := r.all(ctx, db)
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	r.report.Elapsed = time.Since(begun)
	slices.SortStableFunc(r.report.Errors, func(a, b RowError) int { return int(a.Row - b.Row) })
	if len(r.report.Errors) > o.Show {
		r.report.Errors = r.report.Errors[:o.Show]
	}
	return r.report, postgis.Wrap(err)
}

// errDry ends the transaction of a dry run.
var errDry = errors.New("dry run")

func (r *run) all(ctx context.Context, db *postgis.DB) error {
	if err := r.open(ctx); err != nil {
		return err
	}
	defer r.in.Close()
	err := pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error {
		r.tx = tx
		if err := r.prepare(ctx); err != nil {
			return err
		}
		if err := r.stage(ctx); err != nil {
			return err
		}
		r.tell("checking", true)
		if err := r.check(ctx); err != nil {
			return err
		}
		if err := r.sample(ctx); err != nil {
			return err
		}
		if err := r.verdict(); err != nil {
			return err
		}
		r.tell("writing", true)
		if err := r.write(ctx); err != nil {
			return err
		}
		if r.o.DryRun {
			return errDry
		}
		return r.audit(ctx)
	})
	if errors.Is(err, errDry) {
		return nil
	}
	if err != nil {
		return err
	}
	// The planner learns of the rows at once: autovacuum would come minutes later.
	_, err = db.Pool.Exec(ctx, "ANALYZE "+r.target.name())
	return err
}

// open opens the file and looks at its first rows.
func (r *run) open(ctx context.Context) error {
	o := r.o
	var err error
	if o.CRS != "" {
		if r.system, r.epsg, err = crs.Parse(o.CRS); err != nil {
			return err
		}
	}
	if r.report.Source = o.Source; o.Source == "" {
		base := filepath.Base(filepath.Clean(o.File))
		r.report.Source, _, _ = strings.Cut(base, ".")
	}
	if r.report.Source == "demo" || r.report.Source == "" || len(r.report.Source) > 200 {
		return layers.Invalid("--source", "not_allowed", "%q cannot be the name of a source", r.report.Source)
	}
	read := o.Read
	read.EPSG, read.Raw = r.epsg, r.system != ""
	if r.in, err = files.Open(ctx, o.File, read); err != nil {
		return err
	}
	r.report.Format, r.report.Encoding = r.in.Format, r.in.Encoding
	if err := r.peek(); err != nil {
		r.in.Close()
		return err
	}
	r.settleCRS()
	return nil
}

// peekRows and peekBytes are how many rows, and about how much of the file, are looked at before the mapping is decided.
const (
	peekRows  = 1000
	peekBytes = 32 << 20
)

func (r *run) peek() error {
	seen := map[string]bool{}
	note := func(name string) {
		if !seen[name] {
			seen[name] = true
			r.fields = append(r.fields, name)
		}
	}
	for _, f := range r.in.Fields {
		note(f)
	}
	if r.identified = r.asksID(); r.identified {
		note(featureID)
	}
	for len(r.peeked) < peekRows && r.in.Read() < peekBytes {
		row, err := r.in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		row = row.Clone()
		r.peeked = append(r.peeked, row)
		own := make([]string, 0, len(row.Fields))
		for name := range row.Fields {
			own = append(own, name)
		}
		slices.Sort(own)
		for _, name := range own {
			note(name)
		}
	}
	if len(r.peeked) == 0 {
		return layers.Invalid("file", "empty_file", "the file holds no rows")
	}
	return nil
}

// featureID is the field under which a GeoJSON feature's own id can be mapped. It is not a field of the row otherwise: most programs number features anew in
// every export.
const featureID = "@id"

// asksID reports whether the feature's own id is asked for.
func (r *run) asksID() bool {
	for _, from := range r.o.Plan.Map {
		if strings.Contains(from, featureID) {
			return true
		}
	}
	return strings.Contains(r.o.ID, featureID)
}

// settleCRS decides in which system the coordinates are, once the file has had its say.
func (r *run) settleCRS() {
	declared := ""
	if g, ok := r.in.Reader.(*intake.GeoJSON); ok {
		declared = g.CRS()
	}
	switch {
	case r.in.EPSG4326:
		r.system, r.epsg = crs.WGS84, 0
		r.report.CRS = "converted to EPSG:4326 by GDAL"
		if r.o.CRS != "" {
			r.report.CRS = r.o.CRS + ", " + r.report.CRS
		}
		return
	case r.o.CRS == "" && declared != "":
		r.system, r.epsg, _ = crs.Parse(declared) // made of digits
		r.report.CRS = declared + ", as the file says"
	case r.o.CRS == "":
		r.system = crs.WGS84
		r.report.CRS = "wgs84, since nothing else is said"
	default:
		r.report.CRS = r.o.CRS
		if declared != "" && !strings.EqualFold(declared, r.o.CRS) {
			r.warn("the file says %s, --crs says %s: the latter is taken", declared, r.o.CRS)
		}
	}
}

// prepare takes the layer's lock and decides what goes where.
func (r *run) prepare(ctx context.Context) error {
	if _, err := r.tx.Exec(ctx, `SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
		return err
	}
	err := r.lock(ctx)
	if err != nil {
		return err
	}
	if r.o.New {
		if err := r.create(ctx); err != nil {
			return err
		}
	}
	if r.target, err = readTarget(ctx, r.tx, r.o.Layer, r.o.New); err != nil {
		return err
	}
	zone, err := postgis.TimeZone(ctx, r.tx)
	if err != nil {
		return err
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return err
	}
	if err := r.checkFilter(); err != nil {
		return err
	}
	r.target.defaults(&r.o.Plan, r.report.Source)
	if r.plan, err = intake.NewPlan(r.target.columns, r.fields, r.o.Plan, loc); err != nil {
		return err
	}
	for i := range r.plan.Assignments {
		r.report.Mapping = append(r.report.Mapping, r.plan.Assignments[i].String())
	}
	r.report.Unused = r.plan.Unused
	return r.chooseKey(loc)
}

// lock lets one import at a time into a layer.
func (r *run) lock(ctx context.Context) error {
	if r.o.DryRun {
		return nil
	}
	var free bool
	err := r.tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(hashtext('wanglou import'), hashtext($1))`, r.o.Layer).Scan(&free)
	if err == nil && !free {
		return &layers.Error{Code: layers.CodeConflict, Reason: "import_running", Msg: "another import into " + r.o.Layer + " is under way; wait for its end"}
	}
	return err
}

func (r *run) checkFilter() error {
	for field := range r.o.Only {
		if !slices.Contains(r.fields, field) && r.in.Format != files.OSM { // tags come as they come
			return intake.UnknownField("--only", field, r.fields)
		}
	}
	return nil
}

// chooseKey decides how a row is recognised when it comes again.
func (r *run) chooseKey(loc *time.Location) error {
	t := r.target
	switch {
	case t.sourced && r.o.ID != "":
		column := intake.Column{Name: "id", Kind: intake.Words, Required: true}
		var err error
		if r.id, err = intake.NewPlan([]intake.Column{column}, r.fields, intake.Wishes{Map: map[string]string{"id": r.o.ID}}, loc); err != nil {
			return err
		}
		r.report.Key = fmt.Sprintf("source %q and %s", r.report.Source, r.o.ID)
	case t.sourced:
		r.report.Key = fmt.Sprintf("source %q and the row's whole content (--id names a field that identifies it)", r.report.Source)
	case r.o.ID != "":
		return layers.Invalid("--id", "not_allowed", "rows of %s are recognised by %s: map that column", t.table, t.natural)
	case t.natural == "" || r.assigned(t.natural) < 0:
		return layers.Invalid(t.natural, "required", "rows of %s are recognised by %s: map that column", t.table, t.natural)
	default:
		r.report.Key = t.natural
	}
	if r.o.Prune && !t.sourced {
		return layers.Invalid("--prune", "not_allowed", "%s does not keep the source of its rows", t.table)
	}
	return nil
}

// assigned returns the place of a column among the assignments, or -1.
func (r *run) assigned(column string) int {
	return slices.IndexFunc(r.plan.Assignments, func(a intake.Assignment) bool { return a.Column.Name == column })
}

func (r *run) warn(format string, args ...any) {
	r.report.Warnings = append(r.report.Warnings, fmt.Sprintf(format, args...))
}

// refuse counts one wrong row.
func (r *run) refuse(row, line int64, err error) {
	e := asError(err)
	r.report.Refused++
	name := e.Reason
	if e.Field != "" {
		name = e.Field + ": " + e.Reason
	}
	r.report.Counts[name]++
	if len(r.report.Errors) < max(r.o.Show, 1)*4 { // the checks of the database may find earlier ones
		r.report.Errors = append(r.report.Errors, RowError{Row: row, Line: line, Err: e})
	}
}

func asError(err error) *layers.Error {
	var e *layers.Error
	if errors.As(err, &e) {
		return e
	}
	return &layers.Error{Code: layers.CodeInvalid, Reason: "not_a_value", Msg: err.Error()}
}

// verdict ends the import when more rows are wrong than may be left out.
func (r *run) verdict() error {
	if r.report.Refused <= r.o.Skip {
		if r.report.Refused > 0 {
			r.warn("%d wrong rows are left out", r.report.Refused)
		}
		return nil
	}
	if r.o.DryRun {
		return errDry
	}
	return &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "rows_refused",
		Msg: fmt.Sprintf("%d of %d rows are wrong; nothing was imported", r.report.Refused, r.report.Rows)}
}

// tell reports progress, not oftener than people can read unless a step begins.
func (r *run) tell(step string, now bool) {
	if r.o.Progress == nil || !now && time.Since(r.told) < 200*time.Millisecond {
		return
	}
	r.told = time.Now()
	p := Progress{Step: step, Rows: r.report.Rows, Refused: r.report.Refused, Done: r.in.Read(), Total: r.in.Size}
	if r.in.Rows > 0 {
		p.Done, p.Total = r.report.Rows+r.report.Passed, r.in.Rows
	}
	r.o.Progress(p)
}

// audit says in the log who imported what.
func (r *run) audit(ctx context.Context) error {
	p := r.report
	details := map[string]any{"file": filepath.Base(r.o.File), "source": p.Source, "format": p.Format, "crs": p.CRS, "rows": p.Rows, "refused": p.Refused,
		"inserted": p.Inserted, "updated": p.Updated, "unchanged": p.Unchanged, "deleted": p.Deleted, "repaired": p.Repairs.Rows, "mapping": p.Mapping}
	return postgis.AppendAudit(ctx, r.tx, auth.AuditEntry{Action: "layer.import", Subject: "layer/" + r.o.Layer, Details: details})
}

// stage copies the rows into the temporary table.
func (r *run) stage(ctx context.Context) error {
	if err := r.createStage(ctx); err != nil {
		return err
	}
	_, err := copyin.Rows(ctx, r.tx, stageTable, r.stageColumns(), r.rows)
	return err
}

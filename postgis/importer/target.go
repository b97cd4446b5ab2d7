package importer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/importer/intake"
)

// target is the table that an import writes.
type target struct {
	schema, table    string
	columns          []intake.Column // that rows can be mapped to
	attributes       map[string]attribute
	geometry         string // column, or ""
	shape            intake.Shape
	geometryRequired bool
	sourced          bool   // has source and source_id
	natural          string // the column by which rows are recognised without them, or ""
	placed           bool   // has area_path
	raw              bool   // keeps the row as it came
	unique           [][]string
	checks           []constraint
}

// attribute is a column as the database describes it.
type attribute struct {
	base     string // type with modifiers, domains taken off
	notNull  bool
	fallback string // SQL of the default, or ""
}

// constraint is a CHECK that a row has to pass.
type constraint struct {
	columns []string
	sql     string
}

// refused says why tables of the product take no import.
var refused = map[string]string{
	"incident": "cases begin with reports: import into report",
	"task":     "tasks are given by dispatching",
	"position": "positions come from the units themselves",
}

// importable are the product's own tables that take rows, with the column by which rows are recognised where they keep no source.
var importable = map[string]string{
	"area": "code", "unit_grid": "code", "camera": "", "report": "", "permit": "number", "zone": "", "lawful_building": "", "capture": "", "detection": "number", "unit": "code", "department": "code", "knowledge": "",
	"basemap_water": "", "basemap_landuse": "", "basemap_road": "", "basemap_building": "", "basemap_place": "",
}

// own are columns that the product fills itself.
var own = map[string][]string{
	"area":      {"parent_id"},
	"report":    {"incident_id", "state", "receive_time"},
	"detection": {"state", "revision", "capture_before_id", "capture_after_id"},
	"unit":      {"department_id", "status", "status_since"},
	"camera":    {"status_since"},
	"knowledge": {"revision", "updated_at"},
	"zone":      {"revision"}, "permit": {"revision"}, "lawful_building": {"revision"},
}

var layerName = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)?$`)

// readTarget describes the table of a layer, which is not published yet where it is a fresh one. CodeInvalid for names that are none, and for tables that take no
// import.
func readTarget(ctx context.Context, tx pgx.Tx, name string, fresh bool) (*target, error) {
	if !layerName.MatchString(name) || len(name) > 120 {
		return nil, layers.Invalid("layer", "unknown_layer", "%q is not the name of a layer", name)
	}
	if why, ok := refused[name]; ok {
		return nil, layers.Invalid("layer", "not_allowed", "%s takes no import: %s", name, why)
	}
	t := &target{attributes: map[string]attribute{}}
	var oid uint32
	var published bool
	err := tx.QueryRow(ctx, `SELECT c.oid, n.nspname::text, c.relname::text,
			EXISTS (SELECT FROM pg_publication_tables p WHERE p.pubname = $2 AND p.schemaname = n.nspname AND p.tablename = c.relname)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p')`,
		pgx.Identifier(strings.Split(name, ".")).Sanitize(), postgis.Publication).Scan(&oid, &t.schema, &t.table, &published)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, unknownLayer(ctx, tx, name)
	}
	if err != nil {
		return nil, err
	}
	natural, known := importable[t.table]
	if !known && !published && !fresh {
		return nil, unknownLayer(ctx, tx, name)
	}
	t.natural = natural
	if err := t.readColumns(ctx, tx, oid); err != nil {
		return nil, err
	}
	if err := t.readUnique(ctx, tx, oid); err != nil {
		return nil, err
	}
	return t, t.readChecks(ctx, tx, oid)
}

// unknownLayer lists what there is.
func unknownLayer(ctx context.Context, tx pgx.Tx, name string) error {
	names := []string{}
	for n := range importable {
		names = append(names, n)
	}
	rows, err := tx.Query(ctx, `SELECT CASE WHEN pg_table_is_visible(format('%I.%I', schemaname, tablename)::regclass) THEN tablename ELSE schemaname || '.' || tablename END::text
		FROM pg_publication_tables WHERE pubname = $1`, postgis.Publication)
	if err != nil {
		return err
	}
	published, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, p := range published {
		if refused[p] == "" && !slices.Contains(names, p) {
			names = append(names, p)
		}
	}
	slices.Sort(names)
	return layers.Invalid("layer", "unknown_layer", "there is no layer %q; there is %s. --new makes one", name, strings.Join(names, ", "))
}

func (t *target) name() string { return pgx.Identifier{t.schema, t.table}.Sanitize() }

// splits reports whether geometries of several parts become several rows without being asked: nobody names a house of a basemap.
func (t *target) splits() bool { return strings.HasPrefix(t.table, "basemap_") }

// framed reports whether things of the layer have to lie in the county.
func (t *target) framed() bool {
	return t.geometry != "" && t.table != "area" && !strings.HasPrefix(t.table, "basemap_")
}

// columnsSQL follows domains down to what they are made of.
const columnsSQL = `
WITH RECURSIVE b (num, oid, typmod, not_null) AS (
  SELECT a.attnum, a.atttypid, a.atttypmod, a.attnotnull FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT b.num, t.typbasetype, greatest(b.typmod, t.typtypmod), b.not_null OR t.typnotnull FROM b JOIN pg_type t ON t.oid = b.oid WHERE t.typtype = 'd')
SELECT a.attname::text, format_type(b.oid, b.typmod), t.typname::text, t.typtype = 'e', b.not_null, coalesce(pg_get_expr(d.adbin, d.adrelid), ''),
  a.attidentity <> '' OR a.attgenerated <> '',
  coalesce((SELECT array_agg(pg_get_expr(c.conbin, 0)) FROM pg_constraint c WHERE c.contypid = a.atttypid AND c.contype = 'c'), '{}')::text[]
FROM b JOIN pg_type t ON t.oid = b.oid AND t.typtype <> 'd' JOIN pg_attribute a ON a.attrelid = $1 AND a.attnum = b.num
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum ORDER BY a.attnum`

func (t *target) readColumns(ctx context.Context, tx pgx.Tx, oid uint32) error {
	rows, err := tx.Query(ctx, columnsSQL, oid)
	if err != nil {
		return err
	}
	var (
		name, base, kind, fallback string
		enum, notNull, automatic   bool
		domain                     []string
	)
	_, err = pgx.ForEachRow(rows, []any{&name, &base, &kind, &enum, &notNull, &fallback, &automatic, &domain}, func() error {
		switch {
		case automatic || fallback == "" && name == "id" && t.table != "position":
			return nil
		case name == "source_id":
			t.sourced = true
			return nil
		case name == "source":
			return nil
		case kind == "geometry" && t.geometry == "":
			t.geometry, t.shape, t.geometryRequired = name, shapeOf(base), notNull
			return nil
		case slices.Contains(own[t.table], name):
			return nil
		}
		if name == "raw" && kind == "jsonb" {
			t.raw = true
		}
		c := intake.Column{Name: name, NotNull: notNull, Required: notNull && fallback == ""}
		if !kindOf(&c, kind, enum) {
			return nil
		}
		t.attributes[name] = attribute{base: base, notNull: notNull, fallback: fallback}
		if name == "area_path" {
			t.placed, c.Required = true, false // found by the place where nothing says it
		}
		if t.table == "area" && name == "path" {
			c.Required = false // made of the parent's and the code
		}
		t.columns = append(t.columns, c)
		for _, check := range domain {
			t.checks = append(t.checks, constraint{[]string{name}, domainValue.ReplaceAllString(check, pgx.Identifier{name}.Sanitize())})
		}
		return nil
	})
	if t.table == "area" {
		t.columns = append(t.columns, intake.Column{Name: parentColumn, Kind: intake.Words})
		t.attributes[parentColumn] = attribute{base: "text"}
	}
	return err
}

var domainValue = regexp.MustCompile(`\bVALUE\b`)

// kindOf fills in what a column holds; false for types that an import does not write.
func kindOf(c *intake.Column, typeName string, enum bool) bool {
	switch typeName {
	case "int2":
		c.Kind, c.Bits = intake.Int, 16
	case "int4":
		c.Kind, c.Bits = intake.Int, 32
	case "int8":
		c.Kind, c.Bits = intake.Int, 64
	case "float4", "float8", "numeric":
		c.Kind = intake.Float
	case "bool":
		c.Kind = intake.Bool
	case "date":
		c.Kind = intake.Date
	case "timestamptz", "timestamp":
		c.Kind = intake.Time
	case "json", "jsonb":
		c.Kind = intake.JSON
	case "_text", "_varchar":
		c.Kind = intake.Strings
	case "text", "varchar", "bpchar", "uuid":
		c.Kind = intake.Words
	default:
		c.Kind = intake.Words
		return enum
	}
	return true
}

// shapeOf reads "geometry(MultiPolygon,4326)".
func shapeOf(declared string) intake.Shape {
	_, inside, ok := strings.Cut(declared, "(")
	if !ok {
		return intake.AnyShape
	}
	name, _, _ := strings.Cut(inside, ",")
	switch s := intake.Shape(strings.ToLower(strings.TrimRight(name, "ZM)"))); s {
	case intake.Point, intake.MultiPoint, intake.LineString, intake.MultiLineString, intake.Polygon, intake.MultiPolygon:
		return s
	}
	return intake.AnyShape
}

// readUnique lists the sets of columns of which no two rows have the same.
func (t *target) readUnique(ctx context.Context, tx pgx.Tx, oid uint32) error {
	rows, err := tx.Query(ctx, `SELECT array(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) ORDER BY a.attnum)
		FROM pg_index i WHERE i.indrelid = $1 AND i.indisunique AND i.indexprs IS NULL ORDER BY i.indexrelid`, oid)
	if err != nil {
		return err
	}
	t.unique, err = pgx.CollectRows(rows, pgx.RowTo[[]string])
	if err != nil || t.sourced || t.natural != "" {
		return err
	}
	// Somebody's own table: the first key that is not the id.
	for _, u := range t.unique {
		if len(u) == 1 && u[0] != "id" {
			t.natural = u[0]
			return nil
		}
	}
	return layers.Invalid("layer", "no_key", "%s has neither the columns source and source_id nor a unique column: rows could not be recognised when they come again", t.table)
}

// readChecks lists the constraints of the table.
func (t *target) readChecks(ctx context.Context, tx pgx.Tx, oid uint32) error {
	rows, err := tx.Query(ctx, `SELECT array(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)), pg_get_expr(c.conbin, c.conrelid)
		FROM pg_constraint c WHERE c.conrelid = $1 AND c.contype = 'c' ORDER BY c.conname`, oid)
	if err != nil {
		return err
	}
	var c constraint
	_, err = pgx.ForEachRow(rows, []any{&c.columns, &c.sql}, func() error {
		t.checks = append(t.checks, constraint{slices.Clone(c.columns), c.sql})
		return nil
	})
	return err
}

// defaults says what nobody needs to say of the product's own layers.
func (t *target) defaults(w *intake.Wishes, source string) {
	set := func(column, value string) {
		if _, mapped := w.Map[column]; mapped {
			return
		}
		if _, isSet := w.Set[column]; isSet {
			return
		}
		if w.Set == nil {
			w.Set = map[string]string{}
		}
		w.Set[column] = value
	}
	switch t.table {
	case "report":
		set("channel", "import")
	case "detection":
		set("detector", source)
	}
}

var quotedText = regexp.MustCompile(`'((?:[^']|'')*)'::text`)

// wanted says in words what a constraint asks for.
func (c constraint) wanted() string {
	if strings.Contains(c.sql, "= ANY (ARRAY[") {
		var values []string
		for _, m := range quotedText.FindAllStringSubmatch(c.sql, -1) {
			values = append(values, m[1])
		}
		return "one of " + strings.Join(values, ", ")
	}
	return fmt.Sprintf("what the table takes: %s", c.sql)
}

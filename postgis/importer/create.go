package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/importer/intake"
)

const publication = postgis.Publication

// sqlTypes are the types of a new layer's columns.
var sqlTypes = map[intake.Kind]string{
	intake.Words: "text", intake.Int: "bigint", intake.Float: "double precision", intake.Bool: "boolean", intake.Time: "timestamptz", intake.Date: "date",
	intake.Strings: "text[]", intake.JSON: "jsonb",
}

// kept are names of columns that every new layer has for itself.
var kept = []string{"id", "source", "source_id", "area_path", "geom", "raw"}

// create makes the table of a new layer: a column for each field of the first rows, or for each that --map names; a bigint key; the source of every row; its
// area, so that rights hold; its geometry. CodeConflict when there is one already.
func (r *run) create(ctx context.Context) error {
	o := r.o
	if !layerName.MatchString(o.Layer) || len(o.Layer) > 63 || strings.Contains(o.Layer, ".") {
		return layers.Invalid("layer", "not_allowed", "a new layer's name is letters, digits and underlines, at most 63, not %q", o.Layer)
	}
	var there bool
	if err := r.tx.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, quote(o.Layer)).Scan(&there); err != nil {
		return err
	}
	if there {
		return &layers.Error{Code: layers.CodeConflict, Field: "layer", Reason: "already_exists", Msg: fmt.Sprintf("there is a table %s already: without --new the rows go into it", o.Layer)}
	}
	shape := r.guessShape()
	if shape == "" {
		return layers.Invalid("geometry", "required", "the first %d rows have no geometry; say where the coordinates stand with --x and --y, or --geometry", len(r.peeked))
	}
	columns, err := r.newColumns()
	if err != nil {
		return err
	}
	definitions := []string{"id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"}
	for _, c := range columns {
		definitions = append(definitions, quote(c.Name)+" "+sqlTypes[c.Kind])
	}
	for _, private := range o.Private {
		if !slices.ContainsFunc(columns, func(c intake.Column) bool { return c.Name == private }) {
			return layers.Invalid("--private", "unknown_column", "the new layer has no column %q", private)
		}
	}
	definitions = append(definitions, "area_path area_path", "source text NOT NULL DEFAULT ''", "source_id text NOT NULL DEFAULT ''", "geom geometry("+string(shape)+", 4326) NOT NULL")
	name := quote(o.Layer)
	title := o.Title
	if title == "" {
		title = o.Layer
	}
	_, err = r.tx.Exec(ctx, fmt.Sprintf(`CREATE TABLE %[1]s (%[2]s);
		CREATE INDEX ON %[1]s USING gist (geom);
		CREATE UNIQUE INDEX ON %[1]s (source, source_id) WHERE source_id <> '';
		COMMENT ON TABLE %[1]s IS %[3]s`, name, strings.Join(definitions, ", "), literal(title)))
	return err
}

// literal is a text in SQL, for statements that take no parameters.
func literal(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), "'", "''")
	if strings.Contains(s, `\`) {
		return " E'" + strings.ReplaceAll(s, `\`, `\\`) + "'"
	}
	return "'" + s + "'"
}

// newColumns decides names and types, and what is mapped to them.
func (r *run) newColumns() ([]intake.Column, error) {
	o := r.o
	var columns []intake.Column
	taken := map[string]bool{}
	for _, k := range kept {
		taken[k] = true
	}
	if len(o.Plan.Map)+len(o.Plan.Set) > 0 {
		var names []string
		for name := range o.Plan.Map {
			names = append(names, name)
		}
		for name := range o.Plan.Set {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if name == "area_path" {
				continue
			}
			if taken[name] || name != columnName(name) {
				return nil, layers.Invalid(name, "not_allowed", "%q cannot be the name of a column: small letters, digits and underlines, none of %s", name, strings.Join(kept, ", "))
			}
			field := o.Plan.Map[name]
			columns = append(columns, intake.Column{Name: name, Kind: r.guessKind(name, field)})
		}
		return columns, nil
	}
	o.Plan.Map = map[string]string{}
	for _, field := range r.fields {
		name := columnName(field)
		for base, n := name, 2; taken[name]; n++ {
			name = base + "_" + strconv.Itoa(n)
		}
		taken[name] = true
		o.Plan.Map[name] = field
		columns = append(columns, intake.Column{Name: name, Kind: r.guessKind(name, field)})
	}
	for name := range o.Types {
		if !taken[name] {
			return nil, layers.Invalid("--type", "unknown_column", "the new layer has no column %q", name)
		}
	}
	return columns, nil
}

// columnName makes a column's name of a field's: small letters, digits and underlines, at most 63 bytes, any script.
func columnName(field string) string {
	var b strings.Builder
	gap := false
	for _, c := range strings.ToLower(strings.TrimSpace(field)) {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			gap = b.Len() > 0
			continue
		}
		if gap || b.Len() == 0 && unicode.IsDigit(c) {
			b.WriteByte('_')
		}
		gap = false
		if b.Len()+utf8.RuneLen(c) > 60 { // room for _2
			break
		}
		b.WriteRune(c)
	}
	if b.Len() == 0 {
		return "field"
	}
	return b.String()
}

// guessKind looks at the values of the first rows. Text that looks like numbers stays text where a number would lose something: 0571, 1e5, 20 digits.
func (r *run) guessKind(column, field string) intake.Kind {
	if k, ok := r.o.Types[column]; ok {
		return k
	}
	kind := intake.Kind("")
	for _, row := range r.peeked {
		var k intake.Kind
		switch v := row.Field(field).(type) {
		case nil:
			continue
		case bool:
			k = intake.Bool
		case json.Number:
			k = numberKind(v.String())
		case string:
			if v = strings.TrimSpace(v); v == "" {
				continue
			}
			k = intake.Words
			if n := numberKind(v); n != intake.Words && plainNumber(v) {
				k = n
			}
		default:
			k = intake.JSON
		}
		switch {
		case kind == "" || kind == k:
			kind = k
		case kind == intake.Int && k == intake.Float || kind == intake.Float && k == intake.Int:
			kind = intake.Float
		default:
			return intake.Words
		}
	}
	if kind == "" {
		return intake.Words
	}
	return kind
}

func numberKind(s string) intake.Kind {
	if _, err := strconv.ParseInt(s, 10, 64); err == nil {
		return intake.Int
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return intake.Float
	}
	return intake.Words
}

// plainNumber is a number as people write it.
func plainNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return len(s) < 16 && strings.Trim(s, "0123456789.") == "" && (s[0] != '0' || len(s) == 1 || s[1] == '.')
}

// guessShape returns the shape that all of the first rows have, multiple where lines and polygons are; "" without any geometry.
func (r *run) guessShape() intake.Shape {
	var shape intake.Shape
	for _, row := range r.peeked {
		var s intake.Shape
		switch row.Geometry.(type) {
		case nil:
			continue
		case orb.Point:
			s = intake.Point
		case orb.MultiPoint:
			s = intake.MultiPoint
		case orb.LineString, orb.MultiLineString:
			s = intake.MultiLineString
		case orb.Polygon, orb.MultiPolygon:
			s = intake.MultiPolygon
		default:
			return intake.AnyShape
		}
		switch {
		case shape == "" || shape == s:
			shape = s
		case shape == intake.Point && s == intake.MultiPoint || shape == intake.MultiPoint && s == intake.Point:
			shape = intake.MultiPoint
		default:
			return intake.AnyShape
		}
	}
	return shape
}

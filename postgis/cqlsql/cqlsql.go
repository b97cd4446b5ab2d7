// Package cqlsql turns filters (layers/cql2) into conditions of PostgreSQL and PostGIS.
//
// What a caller writes never becomes part of the statement: literals are parameters, and a property is one of the columns that are handed in. The
// conditions answer as [cql2.Matcher] does; a test holds both to the same random data.
package cqlsql

import (
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wanglou/layers"
	"wanglou/layers/cql2"
)

// Column is what a property is in SQL. Make one with [NewColumn] or [GeometryColumn].
type Column struct {
	SQL  string    // the expression, never from a request
	Kind cql2.Kind // of its values
	last string    // expression of the last moment, for days
	srid int       // of geometries
}

// NewColumn returns the column of that name and type ("int4", "timestamptz", "text", …; any enum is "enum"), seen through table, a name or alias, or "". ok is
// false for types that filters cannot ask for.
func NewColumn(table, name, typename string) (c Column, ok bool) {
	sql := pgx.Identifier{name}.Sanitize()
	if table != "" {
		sql = pgx.Identifier{table, name}.Sanitize()
	}
	switch typename {
	case "int2", "int4", "int8", "float8", "numeric":
		return Column{SQL: sql, Kind: cql2.KindNumber}, true
	case "float4": // the number that people see: 3.2, not 3.2000000477
		return Column{SQL: sql + "::text::float8", Kind: cql2.KindNumber}, true
	case "text":
		return Column{SQL: sql, Kind: cql2.KindText}, true
	case "varchar", "bpchar", "name", "citext", "uuid", "enum":
		return Column{SQL: sql + "::text", Kind: cql2.KindText}, true
	case "bool":
		return Column{SQL: sql, Kind: cql2.KindBool}, true
	case "timestamptz":
		return Column{SQL: sql, Kind: cql2.KindTime}, true
	case "timestamp": // without a zone: taken as UTC
		return Column{SQL: "(" + sql + " AT TIME ZONE 'UTC')", Kind: cql2.KindTime}, true
	case "date":
		return Column{SQL: "(" + sql + "::timestamp AT TIME ZONE 'UTC')", Kind: cql2.KindTime,
			last: "((" + sql + " + 1)::timestamp AT TIME ZONE 'UTC' - interval '1 microsecond')"}, true
	case "_text", "_varchar":
		return Column{SQL: sql + "::text[]", Kind: cql2.KindArray}, true
	case "json", "jsonb":
		return Column{SQL: sql, Kind: cql2.KindOther}, true
	}
	return Column{}, false
}

// GeometryColumn returns a geometry column of a reference system; literals are converted into it, so that its index is used.
func GeometryColumn(table, name string, srid int) Column {
	sql := pgx.Identifier{name}.Sanitize()
	if table != "" {
		sql = pgx.Identifier{table, name}.Sanitize()
	}
	return Column{SQL: sql, Kind: cql2.KindGeometry, srid: srid}
}

// Translate returns e as a condition whose parameters are appended to args: with two args already there, the first is $3. The errors are
// those of [cql2.Compile].
func Translate(e cql2.Expr, columns map[string]Column, args []any) (sql string, all []any, err error) {
	if err := cql2.Check(e, func(name string) (cql2.Kind, bool) { c, ok := columns[name]; return c.Kind, ok }); err != nil {
		return "", nil, err
	}
	t := &translator{columns: columns, args: args}
	for _, c := range columns {
		if c.Kind == cql2.KindGeometry {
			t.srid = c.srid
		}
	}
	sql = t.condition(e)
	return sql, t.args, t.err
}

// Refusal returns err, an error of a query with a filter, as one that tells its writer what is wrong with the filter, where that is the cause: a calculation
// that leaves the range of numbers.
func Refusal(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && strings.HasPrefix(pg.Code, "22") {
		return &layers.Error{Code: layers.CodeInvalid, Field: "filter", Reason: "filter_calculation", Msg: "the filter calculates beyond the range of numbers", Err: err}
	}
	return err
}

// translator writes a tree that was checked.
type translator struct {
	columns map[string]Column
	args    []any
	srid    int
	err     error
}

// parameter adds a value and returns its place, with its type.
func (t *translator) parameter(v any, typename string) string {
	t.args = append(t.args, v)
	return "$" + strconv.Itoa(len(t.args)) + "::" + typename
}

func (t *translator) condition(e cql2.Expr) string {
	switch e := e.(type) {
	case cql2.Bool:
		if e {
			return "TRUE"
		}
		return "FALSE"
	case cql2.Property:
		return t.columns[e.Name].SQL
	case *cql2.Op:
		return t.operator(e)
	}
	return "NULL"
}

func (t *translator) operator(o *cql2.Op) string {
	switch o.Name {
	case "and", "or":
		parts := make([]string, len(o.Args))
		for i, a := range o.Args {
			parts[i] = t.condition(a)
		}
		return "(" + strings.Join(parts, " "+strings.ToUpper(o.Name)+" ") + ")"
	case "not":
		return "(NOT " + t.condition(o.Args[0]) + ")"
	case "isNull":
		return "(" + t.any(o.Args[0]) + " IS NULL)"
	case "=", "<>", "<", "<=", ">", ">=":
		return "(" + t.comparable(o.Args[0], o.Name) + " " + o.Name + " " + t.comparable(o.Args[1], o.Name) + ")"
	case "between":
		return "(" + t.comparable(o.Args[0], "<") + " BETWEEN " + t.comparable(o.Args[1], "<") + " AND " + t.comparable(o.Args[2], "<") + ")"
	case "in":
		return t.in(o.Args[0], o.Args[1].(cql2.Array))
	case "like":
		return "(" + t.text(o.Args[0]) + ` LIKE ` + t.text(o.Args[1]) + ` ESCAPE '\')`
	}
	switch {
	case strings.HasPrefix(o.Name, "s_"):
		return t.spatial(o)
	case strings.HasPrefix(o.Name, "t_"):
		return t.temporal(o)
	}
	return t.array(o)
}

func (t *translator) kind(e cql2.Expr) cql2.Kind {
	switch e := e.(type) {
	case cql2.String:
		return cql2.KindText
	case cql2.Number:
		return cql2.KindNumber
	case cql2.Instant:
		return cql2.KindTime
	case cql2.Interval:
		return cql2.KindInterval
	case cql2.Geometry, cql2.BBox:
		return cql2.KindGeometry
	case cql2.Array:
		return cql2.KindArray
	case cql2.Property:
		return t.columns[e.Name].Kind
	case *cql2.Op:
		switch e.Name {
		case "casei", "accenti":
			return cql2.KindText
		case "+", "-", "*", "/", "%", "div", "^":
			return cql2.KindNumber
		}
		for _, f := range cql2.Functions {
			if f.Name == e.Name {
				return f.Returns
			}
		}
	}
	return cql2.KindBool
}

// any returns a value that may be missing.
func (t *translator) any(e cql2.Expr) string {
	switch t.kind(e) {
	case cql2.KindNumber:
		return t.number(e)
	case cql2.KindText:
		return t.text(e)
	case cql2.KindTime:
		from, _ := t.span(e)
		return from.String()
	case cql2.KindInterval:
		from, to := t.span(e)
		return "nullif(" + from.String() + " IS NULL OR " + to.String() + " IS NULL, TRUE)"
	case cql2.KindGeometry:
		return t.geometry(e)
	case cql2.KindArray:
		return t.list(e)
	case cql2.KindOther:
		return t.condition(e)
	}
	return "(" + t.condition(e) + ")"
}

// comparable returns a value for =, IN and the like; the order of text is that of its bytes, wherever the database was made.
func (t *translator) comparable(e cql2.Expr, op string) string {
	switch t.kind(e) {
	case cql2.KindText:
		if op != "=" && op != "<>" {
			return t.text(e) + ` COLLATE "C"`
		}
		return t.text(e)
	case cql2.KindNumber:
		return t.number(e)
	case cql2.KindTime:
		from, _ := t.span(e)
		return from.String()
	}
	return "(" + t.condition(e) + ")"
}

func (t *translator) in(value cql2.Expr, list cql2.Array) string {
	var texts []string
	for _, item := range list {
		if s, ok := item.(cql2.String); ok {
			texts = append(texts, string(s))
		}
	}
	if len(texts) == len(list) {
		return "(" + t.comparable(value, "=") + " = ANY (" + t.parameter(texts, "text[]") + "))"
	}
	items := make([]string, len(list))
	v := t.comparable(value, "=")
	for i, item := range list {
		items[i] = t.comparable(item, "=")
	}
	return "(" + v + " IN (" + strings.Join(items, ", ") + "))"
}

func (t *translator) number(e cql2.Expr) string {
	switch e := e.(type) {
	case cql2.Number:
		if e.Whole {
			return t.parameter(e.Int, "int8")
		}
		return t.parameter(e.Float, "numeric") // a column of whole numbers keeps its index
	case cql2.Property:
		return t.columns[e.Name].SQL
	case *cql2.Op:
		switch e.Name {
		case "length":
			return "char_length(" + t.text(e.Args[0]) + ")"
		case "abs", "ceil", "floor":
			return e.Name + "((" + t.number(e.Args[0]) + ")::float8)"
		}
		a, b := "("+t.number(e.Args[0])+")::float8", "("+t.number(e.Args[1])+")::float8"
		switch e.Name {
		case "/":
			return "(" + a + " / nullif(" + b + ", 0))"
		case "div":
			return "trunc(" + a + " / nullif(" + b + ", 0))"
		case "%": // each side is written once: nesting must not double the statement
			return "(SELECT x.a - x.b * trunc(x.a / nullif(x.b, 0)) FROM (SELECT " + a + " AS a, " + b + " AS b) x)"
		case "^":
			return "(SELECT CASE WHEN x.a < 0 AND x.b <> trunc(x.b) OR x.a = 0 AND x.b < 0 THEN NULL ELSE power(x.a, x.b) END FROM (SELECT " + a + " AS a, " + b + " AS b) x)"
		}
		return "(" + a + " " + e.Name + " " + b + ")"
	}
	return "NULL::float8"
}

func (t *translator) text(e cql2.Expr) string {
	var accents, letters bool
	for {
		o, ok := e.(*cql2.Op)
		if !ok {
			break
		}
		letters = letters || o.Name == "casei"
		accents = accents || o.Name == "accenti"
		e = o.Args[0]
	}
	s := "NULL::text"
	switch e := e.(type) {
	case cql2.String:
		s = t.parameter(string(e), "text")
	case cql2.Property:
		s = t.columns[e.Name].SQL
	}
	if accents {
		s = `normalize(regexp_replace(normalize(` + s + `, NFD), '[\u0300-\u036F]', '', 'g'), NFC)`
	}
	if letters { // the two small sigmas are one letter, and the dotted capital I has no mark left
		s = `translate(lower(translate(` + s + `, 'İ', 'i') COLLATE "und-x-icu"), 'ς', 'σ')`
	}
	return s
}

func (t *translator) array(o *cql2.Op) string {
	a, b := t.list(o.Args[0]), t.list(o.Args[1])
	switch o.Name {
	case "a_contains":
		return "(" + a + " @> " + b + ")"
	case "a_containedBy":
		return "(" + a + " <@ " + b + ")"
	case "a_equals":
		return "(" + a + " @> " + b + " AND " + a + " <@ " + b + ")"
	}
	return "(" + a + " && " + b + ")"
}

func (t *translator) list(e cql2.Expr) string {
	switch e := e.(type) {
	case cql2.Array:
		return t.parameter(cql2.Strings(e), "text[]")
	case cql2.Property:
		return t.columns[e.Name].SQL
	}
	return "NULL::text[]"
}

func (t *translator) spatial(o *cql2.Op) string {
	if o.Name != "s_intersects" && o.Name != "s_disjoint" {
		for _, a := range o.Args {
			g, ok := a.(cql2.Geometry)
			if _, mixed := g.Geometry.(orb.Collection); ok && mixed && t.err == nil {
				t.err = layers.Invalid("filter", "filter_collection", "PostGIS relates a collection by S_INTERSECTS and S_DISJOINT alone")
			}
		}
	}
	name := map[string]string{"s_intersects": "ST_Intersects", "s_disjoint": "ST_Disjoint", "s_within": "ST_Within", "s_contains": "ST_Contains",
		"s_equals": "ST_Equals", "s_touches": "ST_Touches", "s_crosses": "ST_Crosses", "s_overlaps": "ST_Overlaps"}[o.Name]
	return name + "(" + t.geometry(o.Args[0]) + ", " + t.geometry(o.Args[1]) + ")"
}

func (t *translator) geometry(e cql2.Expr) string {
	var g orb.Geometry
	switch e := e.(type) {
	case cql2.Geometry:
		g = e.Geometry
	case cql2.BBox:
		g = e.Shape()
	case cql2.Property:
		return t.columns[e.Name].SQL
	default:
		return "NULL::geometry"
	}
	b, err := wkb.Marshal(g)
	if err != nil && t.err == nil {
		t.err = err
	}
	literal := t.parameter(b, "bytea")
	switch t.srid {
	case 0, 4326, 4490: // the same place on earth, see layers/crs
		return "ST_GeomFromWKB(" + literal + ", " + strconv.Itoa(t.srid) + ")"
	}
	return "ST_Transform(ST_GeomFromWKB(" + literal + ", 4326), " + strconv.Itoa(t.srid) + ")"
}

package postgis

import (
	"strconv"
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/cql2"
	"wanglou/postgis/cqlsql"
)

// params are the parameters of a statement that is being written.
type params struct{ args []any }

// arg adds a value and returns its place ("$7").
func (p *params) arg(v any) string {
	p.args = append(p.args, v)
	return "$" + strconv.Itoa(len(p.args))
}

// conditions are what a row must meet beside its place: the caller's areas first of all, then the caller's own filter.
func (s *source) conditions(w *params, scope *auth.Scope, where cql2.Expr, from, to time.Time) ([]string, error) {
	var out []string
	if s.area != "" && !scope.InArea("") {
		// "330122.330122004" and everything below it. Rows without an area are for those who see everywhere.
		prefixes := make([]string, len(scope.Areas))
		for i, a := range scope.Areas {
			prefixes[i] = a + "."
		}
		out = append(out, "("+s.area+" = ANY ("+w.arg(append([]string{}, scope.Areas...))+"::text[]) OR EXISTS (SELECT FROM unnest("+w.arg(prefixes)+"::text[]) u (prefix) WHERE starts_with("+
			s.area+", u.prefix)))")
	}
	if !from.IsZero() || !to.IsZero() {
		if s.time == "" {
			return nil, layers.Invalid("datetime", "not_supported", "%s has no time: its COMMENT could name the column (time=…)", s.Name)
		}
		if !from.IsZero() {
			out = append(out, s.time+" >= "+w.arg(from)+"::timestamptz")
		}
		if !to.IsZero() {
			out = append(out, s.time+" <= "+w.arg(to)+"::timestamptz")
		}
	}
	if where != nil {
		sql, args, err := cqlsql.Translate(where, s.filterable(), w.args)
		if err != nil {
			return nil, err
		}
		w.args = args
		out = append(out, sql)
	}
	return out, nil
}

// filterable are the columns that a filter may ask for: those that are shown, the id and the geometry. A filter over a column that is not
// shown would tell what is in it.
func (s *source) filterable() map[string]cqlsql.Column {
	out := map[string]cqlsql.Column{}
	add := func(as, name string, kind baseType) {
		typename := kind.name
		if kind.isEnum {
			typename = "enum"
		}
		if c, ok := cqlsql.NewColumn("s", name, typename); ok {
			out[as] = c
		}
	}
	for _, c := range s.columns {
		add(c.name, c.from, c.kind)
	}
	for _, a := range s.found.attributes {
		if a.name == s.ID {
			add("id", a.name, a.kind)
			add(a.name, a.name, a.kind)
		}
	}
	g := cqlsql.GeometryColumn("s", s.geom.name, s.geom.srid)
	if !s.geom.declared || s.geom.kind.name == "geography" {
		g.SQL = s.geom.plain(s.geom.sql)
	}
	out["geometry"] = g
	return out
}

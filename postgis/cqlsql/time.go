package cqlsql

import (
	"slices"
	"strings"
	"time"

	"wanglou/layers/cql2"
)

// end is one end of a stretch of time: an expression of a column, or a literal that becomes a parameter when it is first asked for.
type end struct {
	t    *translator
	sql  string
	at   time.Time
	open bool // sql does not come from a column
}

func (e *end) String() string {
	if e.sql == "" {
		e.sql, e.open = e.t.parameter(e.at, "timestamptz"), true
	}
	return e.sql
}

// span returns the first and the last moment of an instant or interval.
func (t *translator) span(e cql2.Expr) (from, to *end) {
	switch e := e.(type) {
	case cql2.Instant:
		from = &end{t: t, at: e.Time(), open: true}
		if e.Day {
			return from, &end{t: t, at: e.Last(), open: true}
		}
		return from, from
	case cql2.Property:
		c := t.columns[e.Name]
		from = &end{sql: c.SQL}
		if c.last != "" {
			return from, &end{sql: c.last}
		}
		return from, from
	case cql2.Interval:
		from, to = &end{sql: "'-infinity'::timestamptz", open: true}, &end{sql: "'infinity'::timestamptz", open: true}
		if e.Start != nil {
			from, _ = t.span(e.Start)
		}
		if e.End != nil {
			_, to = t.span(e.End)
		}
		return from, to
	}
	never := &end{sql: "NULL::timestamptz", open: true}
	return never, never
}

// relations are the temporal predicates of the closed intervals a–b and c–d.
var relations = map[string]string{
	"t_after":        "a > d",
	"t_before":       "b < c",
	"t_contains":     "a < c AND b > d",
	"t_disjoint":     "a > d OR b < c",
	"t_during":       "a > c AND b < d",
	"t_equals":       "a = c AND b = d",
	"t_finishedBy":   "a < c AND b = d",
	"t_finishes":     "a > c AND b = d",
	"t_intersects":   "a <= d AND b >= c",
	"t_meets":        "b = c",
	"t_metBy":        "a = d",
	"t_overlappedBy": "a > c AND a < d AND b > d",
	"t_overlaps":     "a < c AND b > c AND b < d",
	"t_startedBy":    "a = c AND b > d",
	"t_starts":       "a = c AND b < d",
}

func (t *translator) temporal(o *cql2.Op) string {
	a, b := t.span(o.Args[0])
	c, d := t.span(o.Args[1])
	words := strings.Fields(relations[o.Name])
	for i, w := range words {
		switch w {
		case "a":
			words[i] = a.String()
		case "b":
			words[i] = b.String()
		case "c":
			words[i] = c.String()
		case "d":
			words[i] = d.String()
		}
	}
	condition := "(" + strings.Join(words, " ") + ")"
	// A missing end makes the answer unknown, even where it is not compared or another one decides.
	var columns []string
	for _, e := range []*end{a, b, c, d} {
		if !e.open && !slices.Contains(columns, e.sql) {
			columns = append(columns, e.sql)
		}
	}
	if len(columns) == 0 || len(columns) == 1 && slices.Contains(words, columns[0]) {
		return condition
	}
	return "(CASE WHEN " + strings.Join(columns, " IS NOT NULL AND ") + " IS NOT NULL THEN " + condition + " END)"
}

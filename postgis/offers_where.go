package postgis

import (
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// placer adds parameters to a statement.
type placer interface {
	// arg adds a value and returns its place ("$7").
	arg(v any) string
}

// conditions are what a row must meet beside its place: the caller's areas first of all, then the caller's own filter.
func (s *source) conditions(w placer, scope *auth.Scope, where string, from, to time.Time) ([]string, error) {
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
	if where != "" {
		return nil, layers.Invalid("filter", "not_supported", "%s cannot be filtered", s.Name)
	}
	return out, nil
}

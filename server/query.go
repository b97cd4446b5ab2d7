package server

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers"
)

// query reads and checks the query parameters of one request. The first mistake is kept; handlers read everything and
// then ask err once.
type query struct {
	values url.Values
	known  []string
	first  error
}

func newQuery(c echo.Context) *query { return &query{values: c.QueryParams()} }

// err returns the first mistake: a parameter that cannot be read, or one that the route does not have.
func (q *query) err() error {
	if q.first != nil {
		return q.first
	}
	for name, v := range q.values {
		if !slices.Contains(q.known, name) {
			return layers.Invalid(name, "unknown_field", "there is no such parameter")
		}
		if len(v) > 1 {
			return layers.Invalid(name, "repeated_field", "the parameter is given %d times", len(v))
		}
	}
	return nil
}

func (q *query) fail(err error) {
	if q.first == nil {
		q.first = err
	}
}

// text returns the parameter, "" when it is absent or is no text.
func (q *query) text(name string) string {
	q.known = append(q.known, name)
	s := q.values.Get(name)
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) { // neither can be asked of the database
		q.fail(layers.Invalid(name, "not_a_value", "it is not text"))
		return ""
	}
	return s
}

// integer returns the parameter, or otherwise when it is absent.
func (q *query) integer(name string, least, most, otherwise int64) int64 {
	s := q.text(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		q.fail(layers.Invalid(name, "wrong_type", "%q is not a whole number", s))
		return otherwise
	}
	if n < least || n > most {
		q.fail(outOfRange(name, float64(least), float64(most)))
	}
	return n
}

// number returns the parameter, or otherwise when it is absent.
func (q *query) number(name string, least, most, otherwise float64) float64 {
	s := q.text(name)
	if s == "" {
		return otherwise
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) {
		q.fail(layers.Invalid(name, "wrong_type", "%q is not a number", s))
		return otherwise
	}
	if f < least || f > most {
		q.fail(outOfRange(name, least, most))
	}
	return f
}

// flag returns the parameter, false when it is absent.
func (q *query) flag(name string) bool {
	switch s := q.text(name); s {
	case "", "false":
		return false
	case "true":
		return true
	default:
		q.fail(layers.Invalid(name, "wrong_type", "%q is neither true nor false", s))
		return false
	}
}

// moment reads a time, RFC 3339; zero where the parameter is left out.
func (q *query) moment(name string) (t time.Time) {
	text := q.text(name)
	if text == "" {
		return t
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		q.fail(layers.Invalid(name, "wrong_type", "%q is not a time like 2026-03-18T14:32:00Z", text))
	}
	return t
}

// area returns the parameter area, the path of one; "" when it is absent.
func (q *query) area() string {
	path := q.text("area")
	if path != "" && !layers.IsAreaPath(path) {
		q.fail(layers.Invalid("area", "bad_area_path", "%q is not the path of an area", path))
	}
	return path
}

// point returns the parameter "lon,lat", nil when it is absent.
func (q *query) point(name string) *orb.Point {
	s := q.text(name)
	if s == "" {
		return nil
	}
	p, ok := parsePoint(s)
	if !ok {
		q.fail(layers.Invalid(name, "wrong_type", "%q is not longitude,latitude", s))
		return nil
	}
	if err := layers.ValidatePoint(name, p); err != nil {
		q.fail(err)
		return nil
	}
	return &p
}

// bound returns the parameter "west,south,east,north", nil when it is absent.
func (q *query) bound(name string) *orb.Bound {
	s := q.text(name)
	if s == "" {
		return nil
	}
	n, ok := parseNumbers(s, 4)
	switch {
	case !ok:
		q.fail(layers.Invalid(name, "wrong_type", "%q is not west,south,east,north", s))
	case n[0] < -180 || n[1] < -90 || n[2] > 180 || n[3] > 90:
		q.fail(layers.Invalid(name, "outside_world", "the box lies outside the world"))
	case n[0] > n[2] || n[1] > n[3]:
		q.fail(layers.Invalid(name, "swapped_coordinates", "west has to be below east and south below north"))
	default:
		return &orb.Bound{Min: orb.Point{n[0], n[1]}, Max: orb.Point{n[2], n[3]}}
	}
	return nil
}

// pathID returns the route's :id.
func pathID(c echo.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, layers.Errorf(layers.CodeNotFound, "there is nothing with that id")
	}
	return id, nil
}

// parsePoint reads "lon,lat", as people type it into the search box too.
func parsePoint(s string) (orb.Point, bool) {
	n, ok := parseNumbers(s, 2)
	if !ok {
		return orb.Point{}, false
	}
	return orb.Point{n[0], n[1]}, true
}

func parseNumbers(s string, count int) ([]float64, bool) {
	parts := strings.Split(strings.ReplaceAll(s, "，", ","), ",") // a Chinese keyboard gives the full-width comma
	if len(parts) != count {
		return nil, false
	}
	out := make([]float64, count)
	for i, p := range parts {
		f, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, false
		}
		out[i] = f
	}
	return out, true
}

func outOfRange(name string, least, most float64) error {
	e := layers.Invalid(name, "out_of_range", "has to be from %g to %g", least, most)
	e.Params = map[string]string{"min": strconv.FormatFloat(least, 'f', -1, 64), "max": strconv.FormatFloat(most, 'f', -1, 64)}
	return e
}

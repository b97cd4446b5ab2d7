package ogc

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/cql2"
	"wanglou/layers/crs"
)

// itemsQuery is what a caller asks of items, beside the page itself: the reference system and properties of the answer.
type itemsQuery struct {
	query
	crs        *crs.Reference
	properties []string // nil is all
}

// itemParameters are the parameters of items that are no properties.
var itemParameters = []string{"f", "limit", "after", "bbox", "bbox-crs", "crs", "datetime", "filter", "filter-lang", "filter-crs", "properties"}

// itemsQuery reads the parameters of items. What is neither a parameter nor a property of the collection is CodeInvalid.
func (a *API) itemsQuery(r *request, c *collection) (q itemsQuery, err error) {
	values := r.c.QueryParams()
	var conditions []cql2.Expr
	for _, name := range sortedKeys(values) {
		v := values[name]
		if len(v) > 1 {
			return q, layers.Invalid(name, "repeated_field", "the parameter is given %d times", len(v))
		}
		if slices.Contains(itemParameters, name) {
			continue
		}
		e, err := equals(c, name, v[0])
		if err != nil {
			return q, err
		}
		conditions = append(conditions, e)
	}
	q.limit = defaultLimit
	if s := values.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return q, layers.Invalid("limit", "out_of_range", "limit is a whole number from 1 to %d", maxLimit)
		}
		q.limit = min(n, maxLimit) // the standard lets a server give less than was asked for
	}
	q.after = values.Get("after")
	if q.crs, err = reference(values.Get("crs"), "crs"); err != nil {
		return q, err
	}
	boxCRS, err := reference(values.Get("bbox-crs"), "bbox-crs")
	if err != nil {
		return q, err
	}
	if s := values.Get("bbox"); s != "" {
		if q.box, err = box(s, boxCRS); err != nil {
			return q, err
		}
	}
	if q.from, q.to, err = interval(values.Get("datetime")); err != nil {
		return q, err
	}
	filter, err := filter(values.Get("filter"), values.Get("filter-lang"), values.Get("filter-crs"))
	if err != nil {
		return q, err
	}
	q.where = cql2.And(append(conditions, filter)...)
	if s := values.Get("properties"); s != "" {
		q.properties = strings.Split(s, ",")
		for _, name := range q.properties {
			if c.Index(name) < 0 {
				return q, layers.Invalid("properties", "unknown_column", "there is no property %.60q", name)
			}
		}
	}
	return q, nil
}

func sortedKeys(m map[string][]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// equals makes a condition of a parameter that is named as a property.
func equals(c *collection, name, value string) (cql2.Expr, error) {
	kind, ok := c.kindOf(name)
	if !ok || kind == cql2.KindGeometry || kind == cql2.KindOther {
		return nil, layers.Invalid(name, "unknown_field", "there is neither a parameter nor a property of that name")
	}
	p := cql2.Property{Name: name}
	var literal cql2.Expr = cql2.String(value)
	wrong := func() (cql2.Expr, error) {
		return nil, layers.Invalid(name, "wrong_type", "%.40q is not a value of this property", value)
	}
	switch kind {
	case cql2.KindNumber, cql2.KindBool, cql2.KindTime:
		text := value
		if kind == cql2.KindTime {
			text = "TIMESTAMP('" + strings.ReplaceAll(value, "'", "") + "')"
		}
		e, err := cql2.ParseText("x = " + text)
		if err != nil {
			return wrong()
		}
		op, ok := e.(*cql2.Op)
		if !ok || op.Name != "=" {
			return wrong()
		}
		switch op.Args[1].(type) {
		case cql2.Number, cql2.Bool, cql2.Instant:
			literal = op.Args[1]
		default:
			return wrong()
		}
	case cql2.KindArray:
		return &cql2.Op{Name: "a_contains", Args: []cql2.Expr{p, cql2.Array{literal}}}, nil
	}
	e := &cql2.Op{Name: "=", Args: []cql2.Expr{p, literal}}
	if err := cql2.Check(e, c.kindOf); err != nil {
		return wrong()
	}
	return e, nil
}

// reference returns the system of a parameter, CRS84 when it is absent.
func reference(name, field string) (*crs.Reference, error) {
	if name == "" {
		return crs.CRS84, nil
	}
	r, ok := crs.Find(name)
	if !ok {
		return nil, layers.Invalid(field, "unknown_crs", "coordinate system %.80q is not one of the collection's", name)
	}
	return r, nil
}

// box reads four numbers, or six with heights that are left out, in the axis order of the system, and returns the rectangle in EPSG:4326 that
// holds them. Only a box in degrees may cross the antimeridian.
func box(s string, ref *crs.Reference) (*orb.Bound, error) {
	parts := strings.Split(s, ",")
	n := make([]float64, len(parts))
	for i, p := range parts {
		f, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, layers.Invalid("bbox", "wrong_type", "%.60q is not a list of four numbers", s)
		}
		n[i] = f
	}
	if len(n) == 6 {
		n = []float64{n[0], n[1], n[3], n[4]}
	}
	if len(n) != 4 {
		return nil, layers.Invalid("bbox", "wrong_type", "a box has four numbers, or six")
	}
	if !ref.Metre {
		low, high := ref.ToWGS84(orb.Point{n[0], n[1]}), ref.ToWGS84(orb.Point{n[2], n[3]})
		switch {
		case low[1] < -90 || high[1] > 90 || math.Abs(low[0]) > 180 || math.Abs(high[0]) > 180:
			return nil, layers.Invalid("bbox", "outside_world", "the box lies outside the world")
		case low[1] > high[1]:
			return nil, layers.Invalid("bbox", "swapped_coordinates", "south has to be below north")
		}
		return &orb.Bound{Min: low, Max: high}, nil
	}
	if n[0] > n[2] || n[1] > n[3] {
		return nil, layers.Invalid("bbox", "swapped_coordinates", "the lower corner of the box comes first")
	}
	// The sides of a projected box are curves: points along them give the rectangle.
	var b orb.Bound
	const steps = 16
	for i := range steps + 1 {
		t := float64(i) / steps
		x, y := n[0]+(n[2]-n[0])*t, n[1]+(n[3]-n[1])*t
		for _, p := range []orb.Point{{x, n[1]}, {x, n[3]}, {n[0], y}, {n[2], y}} {
			q := ref.ToWGS84(p)
			if math.IsNaN(q[0]) || math.IsNaN(q[1]) || math.Abs(q[1]) > 90 || math.Abs(q[0]) > 540 {
				return nil, layers.Invalid("bbox", "outside_world", "the box lies outside the system's world")
			}
			if b == (orb.Bound{}) {
				b = orb.Bound{Min: q, Max: q}
			}
			b = b.Extend(q)
		}
	}
	return &b, nil
}

// interval reads the parameter datetime: an instant, or two with a slash, of which one may be ".." or nothing.
func interval(s string) (from, to time.Time, err error) {
	if s == "" {
		return from, to, nil
	}
	bad := layers.Invalid("datetime", "wrong_type", "%.60q is neither a time (2026-01-31T08:00:00Z) nor an interval (…/…)", s)
	first, last, two := strings.Cut(s, "/")
	if !two {
		last = first
	}
	read := func(t string, end bool) (time.Time, error) {
		if two && (t == "" || t == "..") {
			return time.Time{}, nil
		}
		if day, err := time.Parse(time.DateOnly, t); err == nil {
			if end {
				day = day.Add(24*time.Hour - time.Microsecond)
			}
			return day, nil
		}
		return time.Parse(time.RFC3339Nano, t)
	}
	if from, err = read(first, false); err != nil {
		return from, to, bad
	}
	if to, err = read(last, true); err != nil {
		return from, to, bad
	}
	if two && from.IsZero() && to.IsZero() && first != ".." && last != ".." {
		return from, to, bad
	}
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		return from, to, layers.Invalid("datetime", "before_start", "the interval ends before it begins")
	}
	return from, to, nil
}

// filter reads filter, filter-lang and filter-crs. A filter that begins with a brace is JSON, whoever forgot to say so.
func filter(s, lang, ref string) (cql2.Expr, error) {
	r, err := reference(ref, "filter-crs")
	if err != nil || s == "" {
		return nil, err
	}
	if lang == "" && strings.HasPrefix(strings.TrimSpace(s), "{") {
		lang = "cql2-json"
	}
	e, err := cql2.Parse(s, lang)
	if err != nil {
		return nil, err
	}
	if !r.Identity() {
		e = cql2.Transform(e, r.ToWGS84)
	}
	return e, nil
}

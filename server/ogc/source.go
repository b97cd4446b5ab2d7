package ogc

import (
	"container/heap"
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/cql2"
	"wanglou/layers/offer"
)

// collection is one set of features that the caller may ask for.
type collection struct {
	*layers.Layer
	bound  *orb.Bound        // EPSG:4326; nil when nobody knows, or when it would tell of rows that the caller does not see
	count  int               // rows the caller sees; -1 when counting would mean to scan
	key    string            // name of the key in filters
	kind   layers.ColumnType // of the key
	source source
}

// kindOf returns what a property is to filters.
func (c *collection) kindOf(name string) (cql2.Kind, bool) {
	if name == c.key && c.Index(name) < 0 {
		if c.kind == layers.ColumnInt {
			return cql2.KindNumber, true
		}
		return cql2.KindText, true
	}
	if name == cql2.PropertyID && c.Index(name) < 0 {
		return "", false
	}
	return cql2.KindOf(c.Layer, name)
}

// query asks for a page in the order of the keys.
type query struct {
	box      *orb.Bound // nil is everywhere. West > east crosses the antimeridian
	where    cql2.Expr  // nil is everything
	from, to time.Time  // of the collection's time; zero is open
	after    string     // key of the last feature of the page before
	limit    int
}

// item is one feature with the key by which it is asked for, and the name of this state of it.
type item struct {
	key     string
	feature *layers.Feature
	etag    string // with quotes; "" when it has none
}

// page is part of what matches; next is "" on the last one, and matched -1 when nobody counted.
type page struct {
	layer   *layers.Layer
	items   []item
	next    string
	matched int
}

// source has collections. CodeNotFound is also the answer for what the scope may not see.
type source interface {
	list(s *auth.Scope) []*collection
	find(s *auth.Scope, name string) *collection
	items(ctx context.Context, s *auth.Scope, c *collection, q query) (*page, error)
	item(ctx context.Context, s *auth.Scope, c *collection, key string) (*item, *layers.Layer, error)
}

var errNoFeature = layers.Errorf(layers.CodeNotFound, "there is nothing with that id")

// replicaSource are the published layers, in memory.
type replicaSource struct {
	replica *layers.Replica
	count   func(*layers.Layer, *auth.Scope) int
}

func (r *replicaSource) list(s *auth.Scope) []*collection {
	var all []*collection
	for _, l := range r.replica.Layers() {
		all = append(all, r.describe(s, l))
	}
	return all
}

func (r *replicaSource) find(s *auth.Scope, name string) *collection {
	if l := r.replica.Layer(name); l != nil {
		return r.describe(s, l)
	}
	return nil
}

func (r *replicaSource) describe(s *auth.Scope, l *layers.Layer) *collection {
	c := &collection{Layer: l, count: r.count(l, s), key: cql2.PropertyID, kind: layers.ColumnInt, source: r}
	if b, ok := r.replica.Bound(l.Name); ok && s.SeesAll(l) {
		c.bound = &b
	}
	return c
}

// countable is how many features are looked at to say how many match. In a layer, or a box, with more of them nobody counts what a filter lets through.
const countable = 50_000

// items reads a page. Without a filter it costs O(log n + limit), and the count is known. A box of few features is searched by the R-tree; else features are
// tried in the order of their keys until the page is full, or all of them where few enough are to be counted.
func (r *replicaSource) items(ctx context.Context, s *auth.Scope, c *collection, q query) (*page, error) {
	after := int64(math.MinInt64)
	if q.after != "" {
		n, err := strconv.ParseInt(q.after, 10, 64)
		if err != nil {
			return nil, layers.Invalid("after", "wrong_type", "%.40q is not the key of a feature", q.after)
		}
		after = n
	}
	matches, err := r.matcher(s, c.Layer, q)
	if err != nil {
		return nil, err
	}
	l := c.Layer
	p := &page{layer: l}
	var found []*layers.Feature // one more than asked for, when there are as many
	if q.box != nil && r.near(l, *q.box) <= countable {
		found, p.matched = r.inBox(l, q, after, matches)
	} else {
		if found, err = r.inOrder(ctx, l, after, q.limit+1, matches); err != nil {
			return nil, err
		}
		switch plain := q.box == nil && q.where == nil && q.from.IsZero() && q.to.IsZero(); {
		case plain:
			p.matched = c.count
		case r.replica.Len(l.Name) <= countable:
			if p.matched, err = r.matching(ctx, l, matches); err != nil {
				return nil, err
			}
		default:
			p.matched = -1
		}
	}
	if len(found) > q.limit {
		found = found[:q.limit]
		p.next = strconv.FormatInt(found[q.limit-1].ID, 10)
	}
	epoch := r.replica.Position().Epoch
	for _, f := range found {
		p.items = append(p.items, item{strconv.FormatInt(f.ID, 10), f, etag(epoch, f)})
	}
	return p, nil
}

// matcher returns whether a feature is the caller's to see and meets box, time and filter.
func (r *replicaSource) matcher(s *auth.Scope, l *layers.Layer, q query) (func(*layers.Feature) bool, error) {
	all := s.SeesAll(l)
	tests := []func(*layers.Feature) bool{func(f *layers.Feature) bool { return all || s.Sees(l, f) }}
	if !q.from.IsZero() || !q.to.IsZero() {
		if at := timeColumn(l); at >= 0 {
			tests = append(tests, func(f *layers.Feature) bool { return within(f.Values[at], q.from, q.to) })
		}
	}
	if q.box != nil {
		inBox, sides := boxTest(*q.box), halves(*q.box)
		tests = append(tests, func(f *layers.Feature) bool {
			return f.Geometry != nil && slices.ContainsFunc(sides, f.Bound.Intersects) && inBox(f)
		})
	}
	if q.where != nil {
		m, err := cql2.Compile(q.where, l)
		if err != nil {
			return nil, err
		}
		tests = append(tests, m.Match)
	}
	return func(f *layers.Feature) bool {
		for _, test := range tests {
			if !test(f) {
				return false
			}
		}
		return true
	}, nil
}

// near returns how many features have their bounds at a box, or a little more than countable.
func (r *replicaSource) near(l *layers.Layer, box orb.Bound) int {
	n := 0
	for _, b := range halves(box) {
		n += r.replica.Near(l.Name, b, countable+1-n)
	}
	return n
}

// inBox returns the lowest features of a box with ids above after, at most limit+1, and how many match. O(found · log limit).
func (r *replicaSource) inBox(l *layers.Layer, q query, after int64, matches func(*layers.Feature) bool) (found []*layers.Feature, matched int) {
	lowest := &lowest{limit: q.limit + 1}
	sides := halves(*q.box)
	for i, b := range sides {
		r.replica.Search(l.Name, b, func(f *layers.Feature) bool {
			if i > 0 && f.Bound.Intersects(sides[0]) || !matches(f) { // what reaches over the edge was found on the other side
				return true
			}
			matched++
			if f.ID > after || q.after == "" {
				lowest.add(f)
			}
			return true
		})
	}
	return lowest.sorted(), matched
}

// inOrder returns the first most features that match and have ids above after.
func (r *replicaSource) inOrder(ctx context.Context, l *layers.Layer, after int64, most int, matches func(*layers.Feature) bool) (found []*layers.Feature, err error) {
	err = r.try(ctx, l, after, func(f *layers.Feature) bool {
		if matches(f) {
			found = append(found, f)
		}
		return len(found) < most
	})
	return found, err
}

// matching returns how many features of a layer match.
func (r *replicaSource) matching(ctx context.Context, l *layers.Layer, matches func(*layers.Feature) bool) (n int, err error) {
	err = r.try(ctx, l, math.MinInt64, func(f *layers.Feature) bool {
		if matches(f) {
			n++
		}
		return true
	})
	return n, err
}

// try visits features in the order of their ids until visit returns false, or nobody waits for them any more.
func (r *replicaSource) try(ctx context.Context, l *layers.Layer, after int64, visit func(*layers.Feature) bool) (err error) {
	tried := 0
	r.replica.After(l.Name, after, func(f *layers.Feature) bool {
		if tried++; tried%4096 == 0 {
			err = ctx.Err()
		}
		return err == nil && visit(f)
	})
	return err
}

func (r *replicaSource) item(_ context.Context, s *auth.Scope, c *collection, key string) (*item, *layers.Layer, error) {
	id, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		return nil, nil, errNoFeature
	}
	f := r.replica.Get(c.Name, id)
	if f == nil || !s.Sees(c.Layer, f) {
		return nil, nil, errNoFeature
	}
	return &item{key, f, etag(r.replica.Position().Epoch, f)}, c.Layer, nil
}

// etag names the state of a feature: the version of its last change, in its history.
func etag(epoch string, f *layers.Feature) string {
	return `"` + epoch + "-" + strconv.FormatUint(uint64(f.Version), 16) + `"`
}

// timeColumn returns the column that the parameter datetime asks for, -1 when there is none.
func timeColumn(l *layers.Layer) int {
	for _, name := range []string{"observed_at", "source_time", "detected_at", "created_at"} {
		if i := l.Index(name); i >= 0 && l.Columns[i].Type == layers.ColumnTime {
			return i
		}
	}
	return slices.IndexFunc(l.Columns, func(c layers.Column) bool { return c.Type == layers.ColumnTime })
}

func within(v any, from, to time.Time) bool {
	t, ok := v.(time.Time)
	return ok && (from.IsZero() || !t.Before(from)) && (to.IsZero() || !t.After(to))
}

// halves returns a box, or the two sides of one that crosses the antimeridian.
func halves(b orb.Bound) []orb.Bound {
	if b.Min[0] <= b.Max[0] {
		return []orb.Bound{b}
	}
	return []orb.Bound{{Min: b.Min, Max: orb.Point{180, b.Max[1]}}, {Min: orb.Point{-180, b.Min[1]}, Max: b.Max}}
}

// boxTest returns whether a feature's geometry, not only its bound, meets the box.
func boxTest(b orb.Bound) func(*layers.Feature) bool {
	l := layers.NewLayer(layers.Layer{Geometry: layers.GeometryAny})
	box := cql2.BBox{West: b.Min[0], South: b.Min[1], East: b.Max[0], North: b.Max[1]}
	m, err := cql2.Compile(&cql2.Op{Name: "s_intersects", Args: []cql2.Expr{cql2.Property{Name: cql2.PropertyGeometry}, box}}, l)
	if err != nil {
		return func(*layers.Feature) bool { return true }
	}
	return m.Match
}

// lowest keeps the limit features with the lowest ids.
type lowest struct {
	limit    int
	features []*layers.Feature
}

func (l *lowest) Len() int           { return len(l.features) }
func (l *lowest) Less(i, j int) bool { return l.features[i].ID > l.features[j].ID }
func (l *lowest) Swap(i, j int)      { l.features[i], l.features[j] = l.features[j], l.features[i] }
func (l *lowest) Push(f any)         { l.features = append(l.features, f.(*layers.Feature)) }
func (l *lowest) Pop() any {
	f := l.features[len(l.features)-1]
	l.features = l.features[:len(l.features)-1]
	return f
}

func (l *lowest) add(f *layers.Feature) {
	if len(l.features) < l.limit {
		heap.Push(l, f)
	} else if f.ID < l.features[0].ID {
		l.features[0] = f
		heap.Fix(l, 0)
	}
}

func (l *lowest) sorted() []*layers.Feature {
	slices.SortFunc(l.features, func(a, b *layers.Feature) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return l.features
}

// offerSource are tables, views and functions that are read by SQL.
type offerSource struct{ service offer.Service }

func (o *offerSource) list(s *auth.Scope) []*collection {
	var all []*collection
	for _, of := range o.service.Offers() {
		if c := o.describe(s, of); c != nil {
			all = append(all, c)
		}
	}
	return all
}

func (o *offerSource) find(s *auth.Scope, name string) *collection {
	if of, ok := o.service.Offer(name); ok {
		return o.describe(s, of)
	}
	return nil
}

// describe returns nil for offers that have no rows to ask for, or that are not the caller's.
func (o *offerSource) describe(s *auth.Scope, of *offer.Offer) *collection {
	if of.ID == "" || !of.Allows(s) || o.service.Status(of.Name).State == offer.StateRefused {
		return nil
	}
	c := &collection{Layer: of.Layer, count: -1, key: of.ID, kind: of.IDType, source: o}
	if of.Bound != (orb.Bound{}) && (!of.ByArea() || s.InArea("")) {
		c.bound = &of.Bound
	}
	return c
}

func (o *offerSource) items(ctx context.Context, s *auth.Scope, c *collection, q query) (*page, error) {
	of, ok := o.service.Offer(c.Name)
	if !ok {
		return nil, errNoCollection
	}
	fq := offer.FeatureQuery{Box: q.box, From: q.from, To: q.to, After: q.after, Limit: q.limit, Where: q.where}
	found, err := o.service.Features(ctx, s, of, fq)
	if err != nil {
		return nil, err
	}
	p := &page{layer: of.Layer, next: found.Next, matched: -1}
	for _, it := range found.Items {
		p.items = append(p.items, item{key: it.Key, feature: it.Feature})
	}
	return p, nil
}

func (o *offerSource) item(ctx context.Context, s *auth.Scope, c *collection, key string) (*item, *layers.Layer, error) {
	of, ok := o.service.Offer(c.Name)
	if !ok {
		return nil, nil, errNoCollection
	}
	it, err := o.service.Feature(ctx, s, of, key)
	if err != nil {
		return nil, nil, err
	}
	return &item{key: it.Key, feature: it.Feature}, of.Layer, nil
}

var errNoCollection = &layers.Error{Code: layers.CodeNotFound, Reason: "unknown_layer", Msg: "there is no such collection"}

// collections lists what the caller may ask for.
func (a *API) collections(s *auth.Scope) []*collection {
	var all []*collection
	for _, src := range a.sources {
		all = append(all, src.list(s)...)
	}
	return all
}

// collection returns the route's :collection.
func (a *API) collection(r *request) (*collection, error) {
	name := r.c.Param("collection")
	for _, src := range a.sources {
		if c := src.find(r.scope, name); c != nil {
			return c, nil
		}
	}
	return nil, errNoCollection
}

package ogc

import (
	"container/heap"
	"context"
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
	bound  *orb.Bound // EPSG:4326; nil when nobody knows, or when it would tell of rows that the caller does not see
	count  int        // rows the caller sees; -1 when counting would mean to scan
	key    string     // name of the key in filters; "" when it is no property
	source source
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
	c := &collection{Layer: l, count: r.count(l, s), key: cql2.PropertyID, source: r}
	if b, ok := r.replica.Bound(l.Name); ok && s.SeesAll(l) {
		c.bound = &b
	}
	return c
}

// items visits what the R-tree finds, or all, once: it counts what matches and keeps the lowest keys after q.after. O(n log limit).
func (r *replicaSource) items(_ context.Context, s *auth.Scope, c *collection, q query) (*page, error) {
	after := int64(-1 << 63)
	if q.after != "" {
		n, err := strconv.ParseInt(q.after, 10, 64)
		if err != nil {
			return nil, layers.Invalid("after", "wrong_type", "%.40q is not the key of a feature", q.after)
		}
		after = n
	}
	l := c.Layer
	var match *cql2.Matcher
	if q.where != nil {
		var err error
		if match, err = cql2.Compile(q.where, l); err != nil {
			return nil, err
		}
	}
	at := -1
	if !q.from.IsZero() || !q.to.IsZero() {
		at = timeColumn(l)
	}
	lowest := &lowest{limit: q.limit + 1}
	p := &page{layer: l}
	all := s.SeesAll(l)
	take := func(f *layers.Feature) bool {
		if !all && !s.Sees(l, f) || at >= 0 && !within(f.Values[at], q.from, q.to) || match != nil && !match.Match(f) {
			return true
		}
		p.matched++
		if f.ID > after || q.after == "" {
			lowest.add(f)
		}
		return true
	}
	switch {
	case q.box == nil:
		r.replica.All(l.Name, take)
	default:
		inBox := boxTest(*q.box)
		for _, b := range halves(*q.box) {
			r.replica.Search(l.Name, b, func(f *layers.Feature) bool {
				if len(halves(*q.box)) == 2 && b.Min[0] == -180 && f.Bound.Max[0] >= q.box.Min[0] {
					return true // the other half has found it
				}
				return !inBox(f) || take(f)
			})
		}
	}
	found := lowest.sorted()
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
	c := &collection{Layer: of.Layer, count: -1, key: of.ID, source: o}
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

package tiles_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/cql2"
	"wanglou/layers/layerstest"
	"wanglou/layers/offer"
	"wanglou/tiles"
)

// shelf is an offer.Service in memory: a part of a tile says who asked for what.
type shelf struct {
	mu     sync.Mutex
	offers []*offer.Offer
	asked  []string // names of each question
	err    error
	part   offer.Part
}

func newShelf() *shelf {
	s := &shelf{}
	add := func(name string, o offer.Offer, columns ...layers.Column) {
		o.Layer = layers.NewLayer(layers.Layer{Name: name, Title: layers.Text{ZH: name, EN: name}, MaxZoom: 16, Columns: columns})
		o.Kind, o.Revision, o.Bound = offer.KindTable, "1", orb.Bound{Min: orb.Point{119, 29}, Max: orb.Point{120, 30}}
		s.offers = append(s.offers, &o)
	}
	add("open.all", offer.Offer{Roles: []auth.Role{auth.RoleViewer}}, layers.Column{Name: "name", Type: layers.ColumnText}, layers.Column{Name: "n", Type: layers.ColumnInt})
	add("open.area", offer.Offer{}, layers.Column{Name: layers.AreaColumn, Type: layers.ColumnText})
	add("open.county", offer.Offer{})
	return s
}

func (s *shelf) Offers() []*offer.Offer { return s.offers }
func (s *shelf) Offer(name string) (*offer.Offer, bool) {
	i := slices.IndexFunc(s.offers, func(o *offer.Offer) bool { return o.Name == name })
	if i < 0 {
		return nil, false
	}
	return s.offers[i], true
}
func (s *shelf) Status(string) offer.Status { return offer.Status{State: offer.StateReady} }
func (s *shelf) Tile(_ context.Context, scope *auth.Scope, offers []*offer.Offer, q offer.TileQuery) ([]offer.Part, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	var parts []offer.Part
	for _, o := range offers {
		names = append(names, o.Name)
		p := s.part
		p.MVT = fmt.Appendf(nil, "%s for %s; ", o.Name, o.Class(scope))
		if q.Where != nil {
			p.MVT = append(p.MVT, "filtered"...)
		}
		parts = append(parts, p)
	}
	s.asked = append(s.asked, strings.Join(names, "+"))
	return parts, s.err
}
func (s *shelf) Load() offer.Load { return offer.Load{} }
func (s *shelf) Features(context.Context, *auth.Scope, *offer.Offer, offer.FeatureQuery) (*offer.Page, error) {
	return nil, errors.New("not asked for here")
}
func (s *shelf) Feature(context.Context, *auth.Scope, *offer.Offer, string) (*offer.Item, error) {
	return nil, errors.New("not asked for here")
}

func (s *shelf) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *shelf) questions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// offerSet is a set with the offers of a shelf and nothing else.
func offerSet(t *testing.T, s *shelf) (*tiles.Set, *clock) {
	t.Helper()
	c := &clock{}
	set := tiles.NewSet(layerstest.Live(t, layerstest.NewSource()), 1<<20)
	set.Add(tiles.NewOffers(s, tiles.OfferOptions{TimeToLive: 10 * time.Second, Now: c.now}))
	return set, c
}

func tileOf(t *testing.T, set *tiles.Set, name string, scope *auth.Scope, etag string) (tiles.Tile, error) {
	t.Helper()
	src, err := set.Source(name)
	if err != nil {
		return tiles.Tile{}, err
	}
	return src.Tile(t.Context(), tiles.Request{Scope: scope, Coord: tiles.Coord{Z: 3, X: 6, Y: 3}, ETag: etag, Accept: tiles.AcceptAll})
}

var (
	county = (&auth.User{Roles: []auth.Role{auth.RoleViewer}, Areas: []string{"*"}}).Scope()
	town   = (&auth.User{Roles: []auth.Role{auth.RoleViewer}, Areas: []string{"c.t1"}}).Scope()
)

func TestOffersShareTilesByClass(t *testing.T) {
	t.Parallel()
	s := newShelf()
	set, _ := offerSet(t, s)
	for range 2 {
		for _, scope := range []*auth.Scope{county, town} {
			for _, name := range []string{"open.all", "open.area"} {
				if _, err := tileOf(t, set, name, scope, ""); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if got := s.questions(); len(got) != 3 { // one of open.all for both, two of open.area
		t.Errorf("asked %v", got)
	}
	mine, _ := tileOf(t, set, "open.area", town, "")
	if !bytes.Contains(mine.Body, []byte("for c.t1;")) {
		t.Errorf("the town was given %q", mine.Body)
	}
	if again, err := tileOf(t, set, "open.area", town, mine.ETag); err != nil || !again.Unchanged || again.Body != nil {
		t.Errorf("with its tag: %+v, %v", again, err)
	}
}

func TestOffersAreNotThereForOthers(t *testing.T) {
	t.Parallel()
	set, _ := offerSet(t, newShelf())
	for _, name := range []string{"open.county", "open.all,open.county", "open.nothing"} {
		if _, err := tileOf(t, set, name, town, ""); layers.ErrorCode(err) != layers.CodeNotFound {
			t.Errorf("%s for a town: %v", name, err)
		}
	}
	src, err := set.Source("open.county")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tiles.InfoFor(src, town); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("its description: %v", err)
	}
	for name, bounded := range map[string]bool{"open.all": true, "open.area": false, "open.all,open.area": false} {
		src, err := set.Source(name)
		if err != nil {
			t.Fatal(err)
		}
		info, err := tiles.InfoFor(src, town)
		if err != nil || (info.Bound != orb.Bound{}) != bounded {
			t.Errorf("%s: bound %v, %v", name, info.Bound, err)
		}
		if info, err := tiles.InfoFor(src, county); err != nil || info.Bound == (orb.Bound{}) {
			t.Errorf("%s for the county: bound %v, %v", name, info.Bound, err)
		}
	}
}

func TestOffersAreJoinedInOneQuestion(t *testing.T) {
	t.Parallel()
	s := newShelf()
	s.part = offer.Part{Dropped: 2, Skipped: 1}
	set, _ := offerSet(t, s)
	src, err := set.Source("open.all,open.area")
	if err != nil {
		t.Fatal(err)
	}
	if info := src.Info(); info.Name != "open.all,open.area" || len(info.Layers) != 2 || info.Layers[0].Fields["n"] != "Number" || info.Layers[0].Fields["name"] != "String" {
		t.Errorf("info %+v", info)
	}
	joined, ok := must(set.Source("open.all")).(tiles.Joiner).Join(must(set.Source("open.area")))
	if !ok {
		t.Fatal("two offers cannot be joined")
	}
	tile, err := joined.Tile(t.Context(), tiles.Request{Scope: county, Coord: tiles.Coord{Z: 3, X: 6, Y: 3}})
	if err != nil || string(tile.Body) != "open.all for ; open.area for *; " {
		t.Errorf("%q, %v", tile.Body, err)
	}
	if got := s.questions(); !slices.Equal(got, []string{"open.all+open.area"}) {
		t.Errorf("asked %v", got)
	}
	if tile.Dropped.String() != "features=4, untransformed=2" {
		t.Errorf("dropped %s", tile.Dropped)
	}
	if _, ok := joined.(tiles.Joiner).Join(tiles.NewQuery(tiles.Info{Name: "other"}, nil, tiles.QueryOptions{})); ok {
		t.Error("an offer is joined with something else")
	}
}

func must(src tiles.Source, err error) tiles.Source {
	if err != nil {
		panic(err)
	}
	return src
}

func TestOffersGrowOld(t *testing.T) {
	t.Parallel()
	s := newShelf()
	set, clock := offerSet(t, s)
	clock.advance(time.Hour)
	fresh, err := tileOf(t, set, "open.all", county, "")
	if err != nil || fresh.Stale || !fresh.Made.Equal(clock.now()) {
		t.Fatalf("%+v, %v", fresh, err)
	}
	// Beyond what anybody should be given without waiting, but the database is away: better old than nothing, and it is said.
	clock.advance(time.Hour)
	s.fail(&layers.Error{Code: layers.CodeUnavailable, Reason: "busy"})
	old, err := tileOf(t, set, "open.all", county, "")
	if err != nil || !old.Stale || !old.Made.Equal(fresh.Made) || !bytes.Equal(old.Body, fresh.Body) {
		t.Errorf("%+v, %v", old, err)
	}
	if _, err := tileOf(t, set, "open.area", county, ""); layers.ErrorCode(err) != layers.CodeUnavailable {
		t.Errorf("nothing is there to be given: %v", err)
	}
	// An offer that is made otherwise has no old tiles.
	changed := *s.offers[0]
	changed.Revision = "2"
	s.offers[0] = &changed
	if _, err := tileOf(t, set, "open.all", county, ""); layers.ErrorCode(err) != layers.CodeUnavailable {
		t.Errorf("a tile of another revision: %v", err)
	}
}

func TestOffersAreSelected(t *testing.T) {
	t.Parallel()
	s := newShelf()
	set, _ := offerSet(t, s)
	where, err := cql2.ParseText("n > 1")
	if err != nil {
		t.Fatal(err)
	}
	r := tiles.Request{Scope: county, Coord: tiles.Coord{Z: 3, X: 6, Y: 3}, Select: tiles.NewSelection(where, time.Time{}, time.Time{}, nil)}
	tile, err := must(set.Source("open.all")).Tile(t.Context(), r)
	if err != nil || !bytes.Contains(tile.Body, []byte("filtered")) {
		t.Errorf("%q, %v", tile.Body, err)
	}
}

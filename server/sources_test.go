package server_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/offer"
	"wanglou/server"
	"wanglou/tiles"
)

// shelf is an offer.Service in memory.
type shelf struct {
	offers []*offer.Offer
	failed error
}

func (s *shelf) Offers() []*offer.Offer { return s.offers }
func (s *shelf) Offer(name string) (*offer.Offer, bool) {
	i := slices.IndexFunc(s.offers, func(o *offer.Offer) bool { return o.Name == name })
	if i < 0 {
		return nil, false
	}
	return s.offers[i], true
}
func (s *shelf) Status(name string) offer.Status {
	if name == "open.broken" {
		return offer.Status{State: offer.StateFailing, Reason: "source_failing", Message: "division by zero in secret_table"}
	}
	return offer.Status{State: offer.StateReady}
}
func (s *shelf) Tile(_ context.Context, scope *auth.Scope, offers []*offer.Offer, _ offer.TileQuery) ([]offer.Part, error) {
	parts := make([]offer.Part, len(offers))
	for i, o := range offers {
		if !o.Allows(scope) {
			return nil, layers.Errorf(layers.CodeNotFound, "no")
		}
		parts[i] = offer.Part{MVT: []byte{0x1a, 3, 0x0a, 1, byte('a' + i)}, Dropped: 7}
	}
	return parts, s.failed
}
func (s *shelf) Load() offer.Load { return offer.Load{} }
func (s *shelf) Features(context.Context, *auth.Scope, *offer.Offer, offer.FeatureQuery) (*offer.Page, error) {
	return nil, errors.New("not asked for here")
}
func (s *shelf) Feature(context.Context, *auth.Scope, *offer.Offer, string) (*offer.Item, error) {
	return nil, errors.New("not asked for here")
}

func newShelf() *shelf {
	s := &shelf{}
	add := func(name string, roles []auth.Role, columns ...string) {
		var cs []layers.Column
		for _, c := range columns {
			cs = append(cs, layers.Column{Name: c, Type: layers.ColumnText})
		}
		s.offers = append(s.offers, &offer.Offer{Kind: offer.KindTable, Roles: roles, Revision: "1", Estimate: 4711, ID: "id", SRID: 4549,
			Notes: []string{"phone: the server may not SELECT it"}, Bound: orb.Bound{Min: orb.Point{119, 29}, Max: orb.Point{120, 30}},
			Layer: layers.NewLayer(layers.Layer{Name: name, Title: layers.Text{ZH: "数据", EN: "Data"}, Geometry: layers.GeometryPoint, Columns: cs, MaxZoom: 16})})
	}
	add("open.everyone", []auth.Role{auth.RoleViewer}, "name")
	add("open.area", nil, "area_path", "name")
	add("open.county", nil, "name")
	add("open.dispatch", []auth.Role{auth.RoleDispatcher}, "name")
	add("open.broken", []auth.Role{auth.RoleViewer})
	return s
}

// offerWorld is a world whose tiles are those of a replica and a shelf.
func offerWorld(t *testing.T) (*world, *shelf) {
	s := newShelf()
	return newWorld(t, func(o *server.Options) {
		set := tiles.NewSet(o.Replica, 1<<20)
		set.Add(tiles.NewOffers(s, tiles.OfferOptions{Now: o.Now}))
		o.Tiles, o.Offers = set, s
	}), s
}

type sourceList struct {
	Items []struct {
		Name, Kind, Readers, State, Reason, Message, ID string
		Estimate                                        *int64
		Bbox                                            []float64
		Notes                                           []string
	}
}

func TestSourcesByReader(t *testing.T) {
	t.Parallel()
	w, _ := offerWorld(t)
	for login, want := range map[string]string{
		"admin":  "open.area open.broken open.county open.dispatch open.everyone",
		"duty":   "open.area open.broken open.county open.everyone",
		"town":   "open.area open.broken open.dispatch open.everyone", // of one town, and a dispatcher
		"viewer": "open.area open.broken open.everyone",
	} {
		var list sourceList
		w.as(login).Get("/api/sources").Want(http.StatusOK).Into(&list)
		var got []string
		layersToo := false
		for _, s := range list.Items {
			if s.Kind == "layer" {
				layersToo = true
				continue
			}
			got = append(got, s.Name)
			if admin := login == "admin"; (s.ID != "" || len(s.Notes) > 0) != admin {
				t.Errorf("%s is told of %s: %+v", login, s.Name, s)
			}
			if s.Name == "open.area" && (login == "town" || login == "viewer") && (s.Estimate != nil || s.Bbox != nil) {
				t.Errorf("%s is told of other areas: %+v", login, s)
			}
			if s.Name == "open.broken" && (s.State != "failing" || s.Reason != "source_failing" || strings.Contains(s.Message, "secret") != (login == "admin")) {
				t.Errorf("%s sees %+v", login, s)
			}
		}
		if strings.Join(got, " ") != want || !layersToo {
			t.Errorf("%s may know of %v", login, got)
		}
	}
}

// A hostile reader of one town asks by every address for what is not offered to him.
func TestSourcesThatAreNotForTheReader(t *testing.T) {
	t.Parallel()
	w, _ := offerWorld(t)
	viewer := w.as("viewer")
	for _, path := range []string{
		"/tiles/open.county.json", "/tiles/open.county/3/6/3", "/tiles/open.dispatch/3/6/3", "/tiles/open.everyone,open.county/3/6/3", "/tiles/open.everyone,open.county.json",
		"/tiles/open.nothing/3/6/3", "/tiles/public.app_user/3/6/3", "/tiles/app_user.json", "/tiles/history.camera/3/6/3",
	} {
		if status := viewer.Get(path).Status; status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, path := range []string{"/api/sources", "/tiles/open.everyone.json", "/tiles/open.everyone/3/6/3"} {
		if status := w.nobody().Get(path).Status; status != http.StatusUnauthorized {
			t.Errorf("%s without a session: %d", path, status)
		}
		if status := viewer.Get(path).Status; status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
	}
}

package server

import (
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/offer"
	"wanglou/tiles"
)

// sourceBody is schema Source of openapi.yaml.
type sourceBody struct {
	Name        string              `json:"name"`
	Title       layers.Text         `json:"title"`
	Kind        string              `json:"kind"`
	Format      tiles.Format        `json:"format"`
	Geometry    layers.GeometryType `json:"geometry,omitempty"`
	Columns     []layers.Column     `json:"columns"`
	Layers      []tiles.LayerInfo   `json:"layers"`
	MinZoom     int                 `json:"min_zoom"`
	MaxZoom     int                 `json:"max_zoom"`
	Bbox        *[4]float64         `json:"bbox,omitempty"`
	Attribution string              `json:"attribution,omitempty"`
	Encoding    string              `json:"encoding,omitempty"`
	Readers     string              `json:"readers"`
	Roles       []auth.Role         `json:"roles,omitempty"`
	State       string              `json:"state"`
	Reason      string              `json:"reason,omitempty"`
	Estimate    *int64              `json:"estimate,omitempty"`
	Exact       bool                `json:"exact"`

	// For administrators: where it comes from, and what is wrong with it in the database's own words.
	ID      string   `json:"id,omitempty"`
	SRID    int      `json:"srid,omitempty"`
	Message string   `json:"message,omitempty"`
	Notes   []string `json:"notes,omitempty"`
}

// Who may read a source.
const (
	readersEveryone   = "everyone"   // who is signed in
	readersAreas      = "areas"      // everyone, of it what lies in the own areas
	readersEverywhere = "everywhere" // who sees all areas
	readersRoles      = "roles"      // holders of some roles, and admins
)

// listSources answers with everything that has tiles and that the caller may know of, by name.
func (s *Server) listSources(c echo.Context) error {
	if err := s.loaded(); err != nil {
		return err
	}
	scope := auth.ActorFrom(c.Request().Context()).Scope
	items := []sourceBody{}
	for _, src := range s.tiles.Sources() {
		info, err := tiles.InfoFor(src, scope)
		if err != nil {
			continue // not the caller's to know
		}
		items = append(items, s.describeSource(info, scope))
	}
	return c.JSON(http.StatusOK, list(items))
}

func (s *Server) describeSource(info tiles.Info, scope *auth.Scope) sourceBody {
	b := sourceBody{Name: info.Name, Title: info.Title, Format: info.Format, Columns: []layers.Column{}, Layers: info.Layers, MinZoom: info.MinZoom, MaxZoom: info.MaxZoom,
		Attribution: info.Attribution, Encoding: info.Encoding, Readers: readersEveryone, State: string(offer.StateReady)}
	if b.Title == (layers.Text{}) {
		b.Title = layers.Text{ZH: info.Name, EN: info.Name}
	}
	if b.Layers == nil {
		b.Layers = []tiles.LayerInfo{}
	}
	if !info.Bound.IsEmpty() && info.Bound != (orb.Bound{}) {
		box := bbox(info.Bound)
		b.Bbox = &box
	}
	if l := s.replica.Layer(info.Name); l != nil {
		s.describeLayer(&b, l, scope)
		return b
	}
	if s.offers != nil {
		if f, ok := s.offers.Offer(info.Name); ok {
			s.describeOffer(&b, f, scope)
			return b
		}
	}
	switch {
	case info.Encoding != "":
		b.Kind = "terrain"
	case info.Picture():
		b.Kind = "pictures"
	default:
		b.Kind = "vector_tiles"
	}
	return b
}

func (s *Server) describeLayer(b *sourceBody, l *layers.Layer, scope *auth.Scope) {
	b.Kind, b.Geometry, b.Exact = "layer", l.Geometry, true
	if l.Columns != nil {
		b.Columns = l.Columns
	}
	if l.Scoped() {
		b.Readers = readersAreas
	}
	n := int64(s.counts.count(l, scope))
	b.Estimate = &n
}

func (s *Server) describeOffer(b *sourceBody, f *offer.Offer, scope *auth.Scope) {
	b.Kind, b.Geometry, b.Roles = string(f.Kind), f.Geometry, f.Roles
	if f.Columns != nil {
		b.Columns = f.Columns
	}
	st := s.offers.Status(f.Name)
	b.State, b.Reason = string(st.State), st.Reason
	switch {
	case len(f.Roles) > 0 && f.Roles[0] != auth.RoleViewer:
		b.Readers = readersRoles
	case f.ByArea():
		b.Readers = readersAreas
	case len(f.Roles) == 0:
		b.Readers = readersEverywhere
	}
	if f.Estimate >= 0 && (!f.ByArea() || scope.InArea("")) { // how many there are elsewhere is nobody's business
		b.Estimate = &f.Estimate
	}
	if scope.May(auth.ActionManageUsers) && scope.InArea("") {
		b.ID, b.SRID, b.Message, b.Notes = f.ID, f.SRID, st.Message, f.Notes
	}
}

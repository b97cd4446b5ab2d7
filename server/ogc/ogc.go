// Package ogc speaks the OGC APIs: Features (Parts 1 to 4), and Tiles (Part 1) as far as describing them; the tiles themselves are those of /tiles.
//
// A collection is a layer of the replica, or an offer of the database (layers/offer). Every answer is for one scope: rows that the caller may not
// see are not in the pages, the counts, the extents. Replica layers cost no database; offers are read along their key.
package ogc

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/offer"
)

// Root is where the API stands.
const Root = "/ogc"

// Limits of one request.
const (
	defaultLimit = 100
	maxLimit     = 10_000
	maxPageBytes = 32 << 20 // a page ends early rather than grow beyond
)

// Options wire an [API]. Replica, Count, Origin and Version are required.
type Options struct {
	Replica *layers.Replica
	Count   func(l *layers.Layer, s *auth.Scope) int // how many features of a layer the scope sees, without looking at each every time
	Editors map[string]Editor                        // who changes which layer, by name; the others are read alone
	Offers  offer.Service                            // nil: the replica alone
	Origin  func(echo.Context) string                // scheme and host by which the client reaches the server
	Loaded  func() error                             // an error while nobody knows what there is
	Version string
}

// API is the handlers. It is safe for concurrent use.
type API struct {
	Options
	sources []source
}

// New returns the API.
func New(o Options) *API {
	a := &API{Options: o, sources: []source{&replicaSource{o.Replica, o.Count}}}
	if o.Offers != nil {
		a.sources = append(a.sources, &offerSource{o.Offers})
	}
	return a
}

// request is what every handler needs to know of one.
type request struct {
	c     echo.Context
	scope *auth.Scope
	base  string // "http://host/ogc"
	html  bool
	en    bool
}

// open reads who asks, in which form and language. It refuses f=… that is not one of the forms.
func (a *API) open(c echo.Context, forms ...string) (*request, error) {
	if err := a.Loaded(); err != nil {
		return nil, err
	}
	r := &request{c: c, scope: auth.ActorFrom(c.Request().Context()).Scope, base: a.Origin(c) + Root, en: english(c.Request().Header.Get("Accept-Language"))}
	switch f := c.QueryParam("f"); f {
	case "":
		r.html = prefersHTML(c.Request().Header.Get(echo.HeaderAccept))
	case "html":
		r.html = true
	case "json":
	default:
		if !contains(forms, f) {
			return nil, layers.Invalid("f", "unknown_value", "there is no form %.20q of this", f)
		}
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Accept, Accept-Language, Authorization, Cookie")
	return r, nil
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// prefersHTML reports whether a browser asks: text/html is named, and no JSON before it.
func prefersHTML(accept string) bool {
	html := strings.Index(accept, "text/html")
	json := strings.Index(accept, "json")
	return html >= 0 && (json < 0 || html < json)
}

// english reports whether English is wanted rather than Chinese.
func english(languages string) bool {
	zh, en := strings.Index(strings.ToLower(languages), "zh"), strings.Index(strings.ToLower(languages), "en")
	return en >= 0 && (zh < 0 || en < zh)
}

// say returns the wording in the reader's language.
func (r *request) say(zh, en string) string {
	if r.en {
		return en
	}
	return zh
}

func (r *request) text(t layers.Text) string { return r.say(t.ZH, t.EN) }

// only refuses parameters that the resource does not have.
func (r *request) only(names ...string) error {
	for name, v := range r.c.QueryParams() {
		if name != "f" && !contains(names, name) {
			return layers.Invalid(name, "unknown_field", "there is no such parameter")
		}
		if len(v) > 1 {
			return layers.Invalid(name, "repeated_field", "the parameter is given %d times", len(v))
		}
	}
	return nil
}

// link is one reference of a document.
type link struct {
	Href      string `json:"href"`
	Rel       string `json:"rel"`
	Type      string `json:"type,omitempty"`
	Title     string `json:"title,omitempty"`
	Templated bool   `json:"templated,omitempty"`
}

const (
	mimeJSON    = "application/json"
	mimeGeoJSON = "application/geo+json"
	mimeHTML    = "text/html"
	mimeSchema  = "application/schema+json"
	mimeMVT     = "application/vnd.mapbox-vector-tile"
)

// both returns links to the two forms of a resource: the one at hand is self.
func (r *request) both(path, json string) []link {
	rels := [2]string{"self", "alternate"}
	if r.html {
		rels[0], rels[1] = rels[1], rels[0]
	}
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return []link{{Href: r.base + path + sep + "f=json", Rel: rels[0], Type: json, Title: r.say("JSON 格式", "This document as JSON")},
		{Href: r.base + path + sep + "f=html", Rel: rels[1], Type: mimeHTML, Title: r.say("网页格式", "This document as HTML")}}
}

// answer sends a document as JSON, or as the page of that name.
func (r *request) answer(name string, title string, v any) error {
	if r.html {
		return r.page(name, title, v)
	}
	return r.c.JSON(http.StatusOK, v)
}

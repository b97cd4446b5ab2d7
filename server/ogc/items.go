package ogc

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"

	"wanglou/layers"
	"wanglou/layers/crs"
	"wanglou/server/geojson"
)

// Items is GET /ogc/collections/{collection}/items.
func (a *API) Items(c echo.Context) error {
	r, err := a.open(c)
	if err != nil {
		return err
	}
	col, err := a.collection(r)
	if err != nil {
		return err
	}
	q, err := a.itemsQuery(r, col)
	if err != nil {
		return err
	}
	if r.html && c.QueryParam("limit") == "" {
		q.limit = htmlLimit
	}
	ctx := c.Request().Context()
	p, err := col.source.items(ctx, r.scope, col, q.query)
	if err != nil {
		return err
	}
	if r.html {
		return a.itemsPage(r, col, q, p)
	}
	c.Response().Header().Set("Content-Crs", "<"+q.crs.URI()+">")
	return c.Blob(http.StatusOK, mimeGeoJSON, a.appendItems(nil, r, col, q, p))
}

// appendItems appends a page as a FeatureCollection. A page that grows too large ends early.
func (a *API) appendItems(b []byte, r *request, col *collection, q itemsQuery, p *page) []byte {
	b = append(b, `{"type":"FeatureCollection","features":[`...)
	returned := 0
	for i, it := range p.items {
		if len(b) > maxPageBytes {
			p.next = p.items[i-1].key
			break
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = appendFeature(b, p.layer, it, q.crs, q.properties)
		b = append(b, '}')
		returned++
	}
	b = append(b, `],"numberReturned":`...)
	b = geojson.AppendValue(b, layers.ColumnInt, int64(returned))
	if p.matched >= 0 {
		b = append(b, `,"numberMatched":`...)
		b = geojson.AppendValue(b, layers.ColumnInt, int64(p.matched))
	}
	b = append(b, `,"timeStamp":`...)
	b = geojson.AppendTime(b, now())
	b = append(b, `,"links":`...)
	b = appendLinks(b, a.itemsLinks(r, col, p))
	return append(b, '}')
}

// itemsLinks are self, the other form, the collection, and next.
func (a *API) itemsLinks(r *request, col *collection, p *page) []link {
	path := "/collections/" + url.PathEscape(col.Name)
	values := r.c.QueryParams()
	address := func(form string, after string) string {
		v := url.Values{}
		for name, list := range values {
			v[name] = list
		}
		v.Set("f", form)
		if after != "" {
			v.Set("after", after)
		}
		return r.base + path + "/items?" + v.Encode()
	}
	rels := [2]string{"self", "alternate"}
	if r.html {
		rels[0], rels[1] = rels[1], rels[0]
	}
	links := []link{
		{Href: address("json", ""), Rel: rels[0], Type: mimeGeoJSON},
		{Href: address("html", ""), Rel: rels[1], Type: mimeHTML},
		{Href: r.base + path + "?f=json", Rel: "collection", Type: mimeJSON, Title: r.text(col.Title)},
	}
	if p.next != "" {
		form, mime := "json", mimeGeoJSON
		if r.html {
			form, mime = "html", mimeHTML
		}
		links = append(links, link{Href: address(form, p.next), Rel: "next", Type: mime, Title: r.say("下一页", "next page")})
	}
	return links
}

func appendLinks(b []byte, links []link) []byte {
	b = append(b, '[')
	for i, l := range links {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, `{"href":`...), quoted(l.Href)...)
		b = append(append(b, `,"rel":`...), quoted(l.Rel)...)
		b = append(append(b, `,"type":`...), quoted(l.Type)...)
		if l.Title != "" {
			b = append(append(b, `,"title":`...), quoted(l.Title)...)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

func quoted(s string) []byte { return geojson.AppendString(nil, s) }

// appendFeature appends a feature without its closing brace.
func appendFeature(b []byte, l *layers.Layer, it item, ref *crs.Reference, properties []string) []byte {
	b = append(b, `{"type":"Feature","id":`...)
	if it.feature.ID != 0 || it.key == "0" {
		b = geojson.AppendValue(b, layers.ColumnInt, it.feature.ID)
	} else {
		b = geojson.AppendString(b, it.key)
	}
	b = append(b, `,"geometry":`...)
	b = geojson.AppendGeometry(b, inSystem(it.feature.Geometry, ref))
	b = append(b, `,"properties":{`...)
	first := true
	for i, c := range l.Columns {
		if properties != nil && !contains(properties, c.Name) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = geojson.AppendString(b, c.Name)
		b = append(b, ':')
		b = geojson.AppendValue(b, c.Type, it.feature.Values[i])
	}
	return append(b, '}')
}

// inSystem returns g in the system, as a copy unless nothing changes.
func inSystem(g orb.Geometry, ref *crs.Reference) orb.Geometry {
	if g == nil || ref.Identity() {
		return g
	}
	return project.Geometry(orb.Clone(g), ref.FromWGS84)
}

// Item is GET /ogc/collections/{collection}/items/{feature}.
func (a *API) Item(c echo.Context) error {
	r, err := a.open(c)
	if err != nil {
		return err
	}
	col, err := a.collection(r)
	if err != nil {
		return err
	}
	if err := r.only("crs"); err != nil {
		return err
	}
	ref, err := reference(c.QueryParam("crs"), "crs")
	if err != nil {
		return err
	}
	key, err := url.PathUnescape(c.Param("feature"))
	if err != nil {
		return errNoFeature
	}
	it, l, err := col.source.item(c.Request().Context(), r.scope, col, key)
	if err != nil {
		return err
	}
	path := "/collections/" + url.PathEscape(col.Name)
	links := append(r.both(path+"/items/"+url.PathEscape(it.key), mimeGeoJSON), link{Href: r.base + path + "?f=json", Rel: "collection", Type: mimeJSON, Title: r.text(col.Title)})
	if r.html {
		return a.itemPage(r, col, it, l)
	}
	h := c.Response().Header()
	h.Set("Content-Crs", "<"+ref.URI()+">")
	if it.etag != "" {
		h.Set("ETag", it.etag)
		if held := c.Request().Header.Get("If-None-Match"); held != "" && ref.Identity() && matchesETag(held, it.etag) {
			return c.NoContent(http.StatusNotModified)
		}
	}
	b := appendFeature(nil, l, *it, ref, nil)
	b = append(b, `,"links":`...)
	b = append(appendLinks(b, links), '}')
	return c.Blob(http.StatusOK, mimeGeoJSON, b)
}

// matchesETag reports whether a list of ETags, or *, holds tag.
func matchesETag(list, tag string) bool {
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == tag || part == "*" {
			return true
		}
	}
	return false
}

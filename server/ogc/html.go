package ogc

import (
	"bytes"
	"embed"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/server/geojson"
)

//go:embed pages
var files embed.FS

var pages = template.Must(template.ParseFS(files, "pages/pages.html"))

// htmlLimit is the length of a page that a person looks at.
const htmlLimit = 50

// view is what every page is made of.
type view struct {
	Title string
	Name  string // of the collection; "" elsewhere
	EN    bool
	Base  string
	JSON  string // address of the same as JSON
	Body  any
}

// Say returns the wording in the reader's language.
func (v view) Say(zh, en string) string {
	if v.EN {
		return en
	}
	return zh
}

func (r *request) page(name, title string, body any) error {
	address := *r.c.Request().URL
	q := address.Query()
	q.Set("f", "json")
	address.RawQuery = q.Encode()
	var b bytes.Buffer
	v := view{Title: title, Name: r.c.Param("collection"), EN: r.en, Base: r.base, JSON: address.RequestURI(), Body: body}
	if err := pages.ExecuteTemplate(&b, name, v); err != nil {
		return err
	}
	return r.c.HTMLBlob(http.StatusOK, b.Bytes())
}

// Style is GET /ogc/style.css.
func (a *API) Style(c echo.Context) error {
	b, err := files.ReadFile("pages/style.css")
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=3600")
	return c.Blob(http.StatusOK, "text/css; charset=utf-8", b)
}

func (a *API) collectionPage(r *request, col *collection) error {
	type export struct{ Form, Title string }
	body := struct {
		Count   *int
		Map     template.HTML
		Tiled   bool
		Exports []export
		Columns []layers.Column
	}{Columns: col.Columns, Tiled: col.Geometry != layers.GeometryNone}
	if col.count >= 0 {
		body.Count = &col.count
	}
	for _, e := range exports {
		body.Exports = append(body.Exports, export{e.name, e.title})
	}
	if col.Geometry != layers.GeometryNone {
		p, err := col.source.items(r.c.Request().Context(), r.scope, col, query{limit: 500})
		if err != nil {
			return err
		}
		body.Map = a.drawMap(r, col, p.items)
	}
	return r.page("collection", r.text(col.Title), body)
}

func (a *API) itemsPage(r *request, col *collection, q itemsQuery, p *page) error {
	type row struct {
		Key    string
		Values []string
	}
	body := struct {
		Matched int
		Columns []string
		Rows    []row
		Map     template.HTML
		Next    string
	}{Matched: p.matched, Map: a.drawMap(r, col, p.items)}
	for _, c := range p.layer.Columns {
		if q.properties == nil || contains(q.properties, c.Name) {
			body.Columns = append(body.Columns, c.Name)
		}
	}
	for _, it := range p.items {
		rw := row{Key: it.key}
		for i, c := range p.layer.Columns {
			if q.properties == nil || contains(q.properties, c.Name) {
				rw.Values = append(rw.Values, display(c, it.feature.Values[i]))
			}
		}
		body.Rows = append(body.Rows, rw)
	}
	for _, l := range a.itemsLinks(r, col, p) {
		if l.Rel == "next" {
			body.Next = l.Href
		}
	}
	return r.page("items", r.text(col.Title), body)
}

func (a *API) itemPage(r *request, col *collection, it *item, l *layers.Layer) error {
	type pair struct{ Name, Value string }
	body := struct {
		Map   template.HTML
		Pairs []pair
	}{Map: a.drawMap(r, col, []item{*it})}
	for i, c := range l.Columns {
		body.Pairs = append(body.Pairs, pair{c.Name, display(c, it.feature.Values[i])})
	}
	return r.page("item", r.text(col.Title)+" "+it.key, body)
}

// display returns a value as people read it.
func display(c layers.Column, v any) string {
	if v == nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return s
	}
	return strings.Trim(string(geojson.AppendValue(nil, c.Type, v)), `"`)
}

// Size of the map in a page.
const mapWidth, mapHeight = 1000.0, 480.0

// drawMap draws features over the outlines of the areas that the caller sees: an SVG without script, each feature a link.
func (a *API) drawMap(r *request, col *collection, items []item) template.HTML {
	var bound orb.Bound
	any := false
	for _, it := range items {
		if it.feature.Geometry == nil {
			continue
		}
		if !any {
			bound, any = it.feature.Bound, true
		}
		bound = bound.Union(it.feature.Bound)
	}
	if !any {
		return ""
	}
	bound = bound.Pad(max(0.003, (bound.Max[0]-bound.Min[0])*0.06, (bound.Max[1]-bound.Min[1])*0.06))
	s := newSheet(bound)
	s.b = append(s.b, `<svg viewBox="0 0 1000 480" role="img" aria-label="`...)
	s.b = append(s.b, template.HTMLEscapeString(r.say("地图：", "Map: ")+r.text(col.Title))...)
	s.b = append(s.b, `">`...)
	if l := a.Replica.Layer("area"); l != nil && col.Name != "area" {
		a.Replica.Search("area", s.world, func(f *layers.Feature) bool {
			if r.scope.Sees(l, f) {
				s.draw(f.Geometry, "area")
			}
			return len(s.b) < 1<<20
		})
	}
	for _, it := range items {
		if it.feature.Geometry == nil || len(s.b) > 4<<20 {
			continue
		}
		s.b = append(s.b, `<a href="/ogc/collections/`...)
		s.b = append(s.b, url.PathEscape(col.Name)+"/items/"+url.PathEscape(it.key)+`?f=html"><title>`...)
		s.b = append(s.b, template.HTMLEscapeString(it.key)+`</title>`...)
		s.draw(it.feature.Geometry, "")
		s.b = append(s.b, `</a>`...)
	}
	s.b = append(s.b, `</svg>`...)
	return template.HTML(s.b) //nolint:gosec // made of numbers, and of names that were escaped
}

// sheet turns places into points of the picture: degrees, with longitudes shortened by the cosine of the latitude.
type sheet struct {
	b      []byte
	world  orb.Bound // what the picture shows
	west   float64
	north  float64
	sx, sy float64
}

func newSheet(b orb.Bound) *sheet {
	center := b.Center()
	k := math.Max(0.01, math.Cos(center[1]*math.Pi/180))
	scale := math.Min(mapWidth/((b.Max[0]-b.Min[0])*k), mapHeight/(b.Max[1]-b.Min[1])) // points a degree of latitude
	w, h := mapWidth/scale/k/2, mapHeight/scale/2
	s := &sheet{world: orb.Bound{Min: orb.Point{center[0] - w, center[1] - h}, Max: orb.Point{center[0] + w, center[1] + h}}, sx: scale * k, sy: scale}
	s.west, s.north = s.world.Min[0], s.world.Max[1]
	return s
}

func (s *sheet) at(p orb.Point) (x, y float64) {
	return (p[0] - s.west) * s.sx, (s.north - p[1]) * s.sy
}

func (s *sheet) number(f float64) { s.b = strconv.AppendFloat(s.b, math.Round(f*10)/10, 'f', -1, 64) }

// draw adds a shape; class overrides the one of its kind.
func (s *sheet) draw(g orb.Geometry, class string) {
	of := func(own string) string {
		if class != "" {
			return class
		}
		return own
	}
	switch g := g.(type) {
	case orb.Point:
		x, y := s.at(g)
		s.b = append(s.b, `<circle class="`+of("point")+`" r="4.5" cx="`...)
		s.number(x)
		s.b = append(s.b, `" cy="`...)
		s.number(y)
		s.b = append(s.b, `"/>`...)
	case orb.MultiPoint:
		for _, p := range g {
			s.draw(p, class)
		}
	case orb.LineString:
		s.path(of("line"), false, g)
	case orb.MultiLineString:
		for _, l := range g {
			s.path(of("line"), false, l)
		}
	case orb.Polygon:
		rings := make([]orb.LineString, len(g))
		for i, ring := range g {
			rings[i] = orb.LineString(ring)
		}
		s.path(of("shape"), true, rings...)
	case orb.MultiPolygon:
		for _, p := range g {
			s.draw(p, class)
		}
	case orb.Collection:
		for _, m := range g {
			s.draw(m, class)
		}
	}
}

// path draws lines, leaving out corners that lie closer than a point of the picture to the last one.
func (s *sheet) path(class string, closed bool, lines ...orb.LineString) {
	s.b = append(s.b, `<path class="`+class+`" d="`...)
	for _, l := range lines {
		lastX, lastY := math.Inf(1), math.Inf(1)
		for i, p := range l {
			x, y := s.at(p)
			if i > 0 && i < len(l)-1 && math.Abs(x-lastX)+math.Abs(y-lastY) < 1 {
				continue
			}
			if i == 0 {
				s.b = append(s.b, 'M')
			} else {
				s.b = append(s.b, 'L')
			}
			s.number(x)
			s.b = append(s.b, ' ')
			s.number(y)
			lastX, lastY = x, y
		}
		if closed {
			s.b = append(s.b, 'Z')
		}
	}
	s.b = append(s.b, `"/>`...)
}

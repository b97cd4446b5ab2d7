package server

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/area"
	"wanglou/layers/auth"
	"wanglou/tiles"
)

type layerBody struct {
	Name     string              `json:"name"`
	Title    layers.Text         `json:"title"`
	Geometry layers.GeometryType `json:"geometry"`
	Delivery layers.Delivery     `json:"delivery"`
	Columns  []layers.Column     `json:"columns"`
	MinZoom  int                 `json:"min_zoom"`
	MaxZoom  int                 `json:"max_zoom"`
	Count    int                 `json:"count"`
}

type countyBody struct {
	Name layers.Text `json:"name"`
	Bbox [4]float64  `json:"bbox"`
	View *area.View  `json:"view,omitempty"`
	Demo bool        `json:"demo"`
}

type basemapBody struct {
	Source      string        `json:"source"`
	Attribution string        `json:"attribution"`
	Terrain     *terrainBody  `json:"terrain,omitempty"`
	Pictures    []pictureBody `json:"pictures"`
}

// rasterBody is what terrain and pictures have in common.
type rasterBody struct {
	Source      string     `json:"source"`
	MinZoom     int        `json:"min_zoom"`
	MaxZoom     int        `json:"max_zoom"`
	TileSize    int        `json:"tile_size"`
	Bbox        [4]float64 `json:"bbox"`
	Attribution string     `json:"attribution"`
}

type terrainBody struct {
	rasterBody
	Encoding string `json:"encoding"`
}

type pictureBody struct {
	rasterBody
	Title   layers.Text `json:"title"`
	Overlay bool        `json:"overlay"`
	Labels  string      `json:"labels,omitempty"`
}

// raster describes a source of pictures. Where their size is not known it is what everybody takes for granted.
func raster(i tiles.Info) rasterBody {
	b := rasterBody{Source: i.Name, MinZoom: i.MinZoom, MaxZoom: i.MaxZoom, TileSize: i.TileSize, Bbox: bbox(i.Bound), Attribution: i.Attribution}
	if b.TileSize == 0 {
		b.TileSize = 256
	}
	return b
}

type catalogBody struct {
	Layers  []layerBody `json:"layers"`
	County  countyBody  `json:"county"`
	Basemap basemapBody `json:"basemap"`

	Tilesets []tilesetBody `json:"tilesets"`
}

func (s *Server) getCatalog(c echo.Context) error {
	ctx := c.Request().Context()
	if err := s.loaded(); err != nil {
		return err
	}
	county, err := s.tree.county(ctx)
	if err != nil {
		return err
	}
	p, err := s.picture(c)
	if err != nil {
		return err
	}
	scope := auth.ActorFrom(ctx).Scope
	b := catalogBody{Layers: []layerBody{}, Basemap: basemapBody{Source: tiles.BasemapName, Attribution: county.Attribution, Pictures: []pictureBody{}}}
	for _, l := range p.replica.Layers() {
		columns := l.Columns
		if columns == nil {
			columns = []layers.Column{}
		}
		b.Layers = append(b.Layers, layerBody{Name: l.Name, Title: l.Title, Geometry: l.Geometry, Delivery: l.Delivery, Columns: columns,
			MinZoom: l.MinZoom, MaxZoom: l.MaxZoom, Count: p.counts.count(l, scope)})
	}
	b.County = countyBody{Name: layers.Text{ZH: county.Name, EN: county.NameEN}, Bbox: bbox(county.Bound), View: county.View, Demo: county.Demo}
	if b.County.Name.EN == "" {
		b.County.Name.EN = county.Name
	}
	if src, err := s.tiles.Source(tiles.BasemapName); err == nil {
		if a := src.Info().Attribution; a != "" {
			b.Basemap.Attribution = a
		}
	}
	for _, src := range s.tiles.Sources() {
		switch i := src.Info(); {
		case i.Name == tiles.TerrainName && i.Encoding != "":
			b.Basemap.Terrain = &terrainBody{raster(i), i.Encoding}
		case i.Name != tiles.BasemapName && i.Picture():
			if i, err = tiles.InfoFor(src, scope); err == nil { // where others have flown is not told
				b.Basemap.Pictures = append(b.Basemap.Pictures, pictureBody{raster(i), i.Title, i.Overlay, i.Labels})
			}
		}
	}
	b.Tilesets = s.tilesets(ctx)
	return c.JSON(http.StatusOK, b)
}

// loaded returns CodeUnavailable until the replica has been loaded for the first time: before that nobody knows what
// there is, and an empty answer would be a wrong one.
func (s *Server) loaded() error {
	if s.replica.Position().Epoch == "" {
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "loading", Msg: "the server is still loading the map",
			Params: map[string]string{paramRetryAfter: "1"}}
	}
	return nil
}

func bbox(b orb.Bound) [4]float64 { return [4]float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} }

// countFresh is how old a number of the catalogue may be; live numbers come from the live stream.
const countFresh = 2 * time.Second

// countCache counts what scopes see, once for all who open a console in the same moment. It is safe for concurrent use.
type countCache struct {
	replica *layers.Replica
	now     func() time.Time

	mu     sync.Mutex
	counts map[countKey]layerCount
}

type countKey struct{ layer, class string }

type layerCount struct {
	n  int
	at time.Time
}

func newCountCache(r *layers.Replica, now func() time.Time) *countCache {
	return &countCache{replica: r, now: now, counts: map[countKey]layerCount{}}
}

func (k *countCache) count(l *layers.Layer, scope *auth.Scope) int {
	if scope.May(auth.ActionRead) && (!l.Scoped() || scope.InArea("")) {
		return k.replica.Len(l.Name)
	}
	key, now := countKey{l.Name, scope.Class()}, k.now()
	k.mu.Lock()
	held, ok := k.counts[key]
	k.mu.Unlock()
	if ok && now.Sub(held.at) < countFresh {
		return held.n
	}
	n := 0
	k.replica.All(l.Name, func(f *layers.Feature) bool {
		if scope.Sees(l, f) {
			n++
		}
		return true
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.counts) > 4096 {
		clear(k.counts)
	}
	k.counts[key] = layerCount{n, now}
	return n
}

// treeFresh is how old the administrative tree may be. It changes when an administrator imports another one.
const treeFresh = 30 * time.Second

// areaCache keeps the tree, which is asked for by every search. When the database is away it gives the last one it knew.
// It is safe for concurrent use.
type areaCache struct {
	service area.Service
	now     func() time.Time

	mu       sync.Mutex
	areas    []area.Area
	areasAt  time.Time
	frame    *area.County
	countyAt time.Time
}

func newAreaCache(service area.Service, now func() time.Time) *areaCache {
	return &areaCache{service: service, now: now}
}

// all returns the tree, parents first. The slice is shared.
func (k *areaCache) all(ctx context.Context) ([]area.Area, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.areas != nil && k.now().Sub(k.areasAt) < treeFresh {
		return k.areas, nil
	}
	areas, err := k.service.Areas(ctx)
	if err != nil {
		if k.areas != nil && ctx.Err() == nil {
			return k.areas, nil
		}
		return nil, err
	}
	k.areas, k.areasAt = areas, k.now()
	return areas, nil
}

// county returns the frame of the installation.
func (k *areaCache) county(ctx context.Context) (*area.County, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.frame != nil && k.now().Sub(k.countyAt) < treeFresh {
		return k.frame, nil
	}
	county, err := k.service.County(ctx)
	if err != nil {
		if k.frame != nil && ctx.Err() == nil {
			return k.frame, nil
		}
		return nil, err
	}
	k.frame, k.countyAt = county, k.now()
	return county, nil
}

type areaBody struct {
	ID     int64      `json:"id"`
	Code   string     `json:"code"`
	Path   string     `json:"path"`
	Level  string     `json:"level"`
	Name   string     `json:"name"`
	NameEN string     `json:"name_en,omitempty"`
	Center orb.Point  `json:"center"`
	Bbox   [4]float64 `json:"bbox"`
}

func (s *Server) listAreas(c echo.Context) error {
	areas, err := s.tree.all(c.Request().Context())
	if err != nil {
		return err
	}
	items := make([]areaBody, len(areas))
	for i, a := range areas {
		items[i] = areaBody{ID: a.ID, Code: a.Code, Path: a.Path, Level: a.Level, Name: a.Name, NameEN: a.NameEN, Center: a.Center, Bbox: bbox(a.Bound)}
	}
	return c.JSON(http.StatusOK, list(items))
}

func (s *Server) listCategories(c echo.Context) error {
	items, err := s.figures.Categories(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list(items))
}

func (s *Server) getStatistics(c echo.Context) error {
	st, err := s.figures.Statistics(c.Request().Context())
	if err != nil {
		return err
	}
	out := *st
	out.Hours = append(out.Hours[:0:0], st.Hours...)
	for i := range out.Hours {
		out.Hours[i].Start = out.Hours[i].Start.UTC()
	}
	return c.JSON(http.StatusOK, out)
}

// listBody is the form of every list.
type listBody[T any] struct {
	Items []T `json:"items"`
}

// list returns the body of a list; JSON has no null for an empty one.
func list[T any](items []T) listBody[T] {
	if items == nil {
		items = []T{}
	}
	return listBody[T]{items}
}

package server

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/layers/camera/sight"
	"wanglou/layers/incident"
)

const (
	coverageCell = 10.0             // metres
	coverageAge  = 30 * time.Second // how old an answer may be: a county takes a second or two to compute
	maxCoverages = 16               // answers that are kept
	maxBroken    = 50               // that are named for an area
)

// coverageItem is schema AreaCoverage.
type coverageItem struct {
	ID      int64   `json:"id"`
	Seen    float64 `json:"seen"`    // share of the ground that cameras which are not down have in view, 0 to 1
	Could   float64 `json:"could"`   // … that all of them would
	Cameras int     `json:"cameras"` // that stand in the area
	Down    int     `json:"down"`    // of those
	Broken  []blind `json:"broken"`  // some of those that are down: what can be mended
}

// blind is a camera that is down.
type blind struct {
	ID     int64         `json:"id"`
	Name   string        `json:"name"`
	Status camera.Status `json:"status"`
}

type coverageBody struct {
	AsOf    time.Time      `json:"as_of"`
	Unknown int            `json:"unknown"` // cameras of which nobody knows where they look: they see nothing here
	Items   []coverageItem `json:"items"`
}

// coverages are answers of the last moments, by who may see what. It is safe for concurrent use.
type coverages struct {
	mu   sync.Mutex
	kept map[string]*keptCoverage
}

type keptCoverage struct {
	making sync.Mutex // one at a time; the others take what it made
	body   *coverageBody
}

func (k *coverages) get(key string) *keptCoverage {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil || len(k.kept) >= maxCoverages && k.kept[key] == nil {
		k.kept = map[string]*keptCoverage{}
	}
	if k.kept[key] == nil {
		k.kept[key] = &keptCoverage{}
	}
	return k.kept[key]
}

// listCoverage answers how much of each area the caller's cameras see, and could see.
func (s *Server) listCoverage(c echo.Context) error {
	q := newQuery(c)
	by := incident.Grouping(q.text("by"))
	if err := q.err(); err != nil {
		return err
	}
	if err := (incident.AreaQuery{By: by}).Validate(); err != nil {
		return err
	}
	if err := s.loaded(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	scope := auth.ActorFrom(ctx).Scope
	kept := s.coverages.get(string(by) + " " + scope.Class())
	kept.making.Lock()
	defer kept.making.Unlock()
	if kept.body == nil || s.now().Sub(kept.body.AsOf) > coverageAge {
		body, err := s.cover(ctx, scope, by)
		if err != nil {
			return err
		}
		kept.body = body
	}
	return c.JSON(http.StatusOK, kept.body)
}

// areasBy returns the areas of a grouping that the scope sees.
func (s *Server) areasBy(scope *auth.Scope, by incident.Grouping) []*layers.Feature {
	name := "area"
	if by == incident.ByUnitGrid {
		name = "unit_grid"
	}
	l := s.replica.Layer(name)
	if l == nil || by != incident.ByUnitGrid && (l.Index("level") < 0 || l.Index("path") < 0) {
		return nil
	}
	level, path := l.Index("level"), l.Index("path")
	var out []*layers.Feature
	s.replica.All(name, func(f *layers.Feature) bool {
		if by == incident.ByUnitGrid {
			if scope.Sees(l, f) {
				out = append(out, f)
			}
			return true
		}
		// Everybody may see where areas lie; what is seen of another's is not counted, so it is not told.
		if own, ok := f.Values[path].(string); ok && f.Values[level] == string(by) && scope.InArea(own) {
			out = append(out, f)
		}
		return true
	})
	return out
}

// cover computes the answer: sectors, which are kept, are painted on a lattice, and counted in each area.
func (s *Server) cover(ctx context.Context, scope *auth.Scope, by incident.Grouping) (*coverageBody, error) {
	scene, err := s.sights.get(ctx)
	if err != nil {
		return nil, err
	}
	areas := s.areasBy(scope, by)
	body := &coverageBody{AsOf: s.now().UTC(), Items: make([]coverageItem, 0, len(areas))}
	l := s.replica.Layer(cameraLayer)
	if len(areas) == 0 || l == nil {
		return body, nil
	}
	g, err := s.paintGround(ctx, scope, scene, areas)
	if err != nil {
		return nil, err
	}
	body.Unknown = g.unknown
	for _, f := range areas {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		body.Items = append(body.Items, covered(f, g.now, g.all, l, s.replica, scope))
	}
	return body, nil
}

// ground is what cameras have in view of an area, cell by cell.
type ground struct {
	now, all *sight.Raster // cameras that are not down; all of them
	unknown  int           // cameras of which nobody knows where they look
}

// paintGround paints the sectors of the cameras that a scope sees, which are kept, over the ground of areas.
func (s *Server) paintGround(ctx context.Context, scope *auth.Scope, scene *sight.Scene, areas []*layers.Feature) (*ground, error) {
	bound := areas[0].Bound
	for _, f := range areas {
		bound = bound.Union(f.Bound)
	}
	g := &ground{now: sight.NewRaster(bound, coverageCell), all: sight.NewRaster(bound, coverageCell)}
	l := s.replica.Layer(cameraLayer)
	var seers []sight.Camera
	s.replica.All(cameraLayer, func(f *layers.Feature) bool {
		if scope.Sees(l, f) {
			if seer, ok := seerOf(l, f); ok {
				seers = append(seers, seer)
			}
		}
		return true
	})
	for i := range seers {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		sector := s.sights.sector(scene, &seers[i])
		if sector == nil {
			g.unknown++
			continue
		}
		g.all.Fill(sector)
		if !isDown(&seers[i]) {
			g.now.Fill(sector)
		}
	}
	return g, nil
}

func isDown(c *sight.Camera) bool { return c.Status == camera.Offline || c.Status == camera.Fault }

// covered counts one area.
func covered(f *layers.Feature, now, all *sight.Raster, l *layers.Layer, r *layers.Replica, scope *auth.Scope) coverageItem {
	item := coverageItem{ID: f.ID, Broken: []blind{}}
	polygons := polygonsOf(f)
	cells, seen, could := 0, 0, 0
	for _, p := range polygons {
		n, m := now.Count(p)
		_, a := all.Count(p)
		cells, seen, could = cells+n, seen+m, could+a
	}
	if cells > 0 {
		item.Seen, item.Could = float64(seen)/float64(cells), float64(could)/float64(cells)
	}
	_, cameras := r.Find(cameraLayer, f.Bound, nil)
	for _, each := range cameras {
		seer, ok := seerOf(l, each)
		if !ok || !scope.Sees(l, each) || !planar.MultiPolygonContains(polygons, seer.Point) {
			continue
		}
		item.Cameras++
		if !isDown(&seer) {
			continue
		}
		item.Down++
		if len(item.Broken) < maxBroken {
			item.Broken = append(item.Broken, blind{seer.ID, seer.Name, seer.Status})
		}
	}
	return item
}

func polygonsOf(f *layers.Feature) orb.MultiPolygon {
	switch g := f.Geometry.(type) {
	case orb.Polygon:
		return orb.MultiPolygon{g}
	case orb.MultiPolygon:
		return g
	}
	return nil
}

package server

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	orbjson "github.com/paulmach/orb/geojson"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/layers/camera/sight"
)

const (
	farSight    = 20_000.0         // metres: no camera is asked about places further away
	sceneAge    = 10 * time.Second // how long buildings may be behind
	maxSectors  = 20_000           // that are kept
	cameraLayer = "camera"
)

// sights keeps the buildings in memory, and the sectors that were cut by them.
type sights struct {
	source sight.Source // nil: there are no buildings
	now    func() time.Time
	log    *slog.Logger

	loading sync.Mutex // one at a time
	mu      sync.Mutex
	scene   *sight.Scene
	asked   time.Time
	sectors map[int64]keptSector
	reach   float64 // the longest range of a camera, metres
	reachAt time.Time
}

type keptSector struct {
	of     sectorKey
	sector orb.Polygon
}

// sectorKey is everything a sector depends on; NaN stands for what is not known, as bits, so that keys can be compared.
type sectorKey struct {
	version                     int64
	point                       orb.Point
	height, azimuth, fov, reach uint64
}

func newSights(source sight.Source, now func() time.Time, log *slog.Logger) *sights {
	return &sights{source: source, now: now, log: log, sectors: map[int64]keptSector{}}
}

// get returns the buildings as they were at most some seconds ago. The first caller waits until they are read, later ones are given the old ones meanwhile.
func (s *sights) get(ctx context.Context) (*sight.Scene, error) {
	s.mu.Lock()
	scene, fresh := s.scene, s.now().Sub(s.asked) < sceneAge
	if scene != nil && !fresh {
		s.asked = s.now() // the others go on
	}
	s.mu.Unlock()
	switch {
	case scene != nil && fresh:
		return scene, nil
	case scene != nil:
		go func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			defer cancel()
			if _, err := s.load(ctx); err != nil {
				s.log.Warn("buildings could not be read", "err", err)
			}
		}()
		return scene, nil
	}
	return s.load(ctx)
}

func (s *sights) load(ctx context.Context) (*sight.Scene, error) {
	s.loading.Lock()
	defer s.loading.Unlock()
	s.mu.Lock()
	scene := s.scene
	s.mu.Unlock()
	if s.source == nil {
		scene = sight.NewScene(nil, 0)
	} else {
		version, err := s.source.Version(ctx)
		if err != nil {
			return nil, err
		}
		if scene == nil || scene.Version() != version {
			if scene, err = s.source.Scene(ctx); err != nil {
				return nil, err
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scene != scene {
		clear(s.sectors)
	}
	s.scene, s.asked = scene, s.now()
	return scene, nil
}

// sector returns what a camera has in view, from memory where nothing has changed.
func (s *sights) sector(scene *sight.Scene, c *sight.Camera) orb.Polygon {
	bits := func(v *float64) uint64 {
		if v == nil {
			return math.Float64bits(math.NaN())
		}
		return math.Float64bits(*v)
	}
	key := sectorKey{scene.Version(), c.Point, bits(c.Height), bits(c.Azimuth), bits(c.FOV), bits(c.Range)}
	s.mu.Lock()
	kept, ok := s.sectors[c.ID]
	s.mu.Unlock()
	if ok && kept.of == key {
		return kept.sector
	}
	sector := scene.Sector(c)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sectors) >= maxSectors {
		clear(s.sectors)
	}
	s.sectors[c.ID] = keptSector{key, sector}
	return sector
}

// farthest is the longest range of a camera in the replica, at most some seconds old.
func (s *sights) farthest(r *layers.Replica) float64 {
	s.mu.Lock()
	reach, fresh := s.reach, s.now().Sub(s.reachAt) < sceneAge && !s.reachAt.IsZero()
	s.mu.Unlock()
	if fresh {
		return reach
	}
	reach = sight.UsualRange
	if l := r.Layer(cameraLayer); l != nil {
		if column := l.Index("range_m"); column >= 0 {
			r.All(cameraLayer, func(f *layers.Feature) bool {
				if v, ok := f.Values[column].(float64); ok {
					reach = max(reach, v)
				}
				return true
			})
		}
	}
	reach = min(reach, farSight)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reach, s.reachAt = reach, s.now()
	return reach
}

// seerOf returns a feature of the camera layer as the question needs it; ok is false where it has no place.
func seerOf(l *layers.Layer, f *layers.Feature) (c sight.Camera, ok bool) {
	point, ok := f.Geometry.(orb.Point)
	if !ok {
		return c, false
	}
	number := func(column string) *float64 {
		if i := l.Index(column); i >= 0 {
			if v, ok := f.Values[i].(float64); ok {
				return &v
			}
		}
		return nil
	}
	text := func(column string) string {
		if i := l.Index(column); i >= 0 {
			s, _ := f.Values[i].(string)
			return s
		}
		return ""
	}
	return sight.Camera{ID: f.ID, Name: text("name"), Point: point, Status: camera.Status(text("status")),
		Height: number("height_m"), Azimuth: number("azimuth_deg"), FOV: number("fov_deg"), Range: number("range_m")}, true
}

// seerBody is schema Seer.
type seerBody struct {
	ID       int64             `json:"id"`
	Name     string            `json:"name"`
	Status   camera.Status     `json:"status"`
	Distance float64           `json:"distance_m"`
	Reach    float64           `json:"reach_m"`
	OffAxis  float64           `json:"off_axis_deg"`
	Sees     bool              `json:"sees"`
	Reason   sight.Reason      `json:"reason,omitempty"`
	HiddenAt float64           `json:"hidden_at_m,omitempty"`
	Playable bool              `json:"playable"`
	Aim      sight.Aim         `json:"aim"`
	Preset   *presetBody       `json:"preset,omitempty"`
	Guessed  []string          `json:"guessed"`
	Sector   *orbjson.Geometry `json:"sector,omitempty"`
}

// listSeeing answers which of the cameras that the caller may see have a place in view.
func (s *Server) listSeeing(c echo.Context) error {
	q := newQuery(c)
	point, height := q.point("point"), q.number("height", 0, 1000, sight.EyeHeight)
	within, limit, sectors := q.number("within", 1, farSight, 500), int(q.integer("limit", 1, 200, 20)), q.flag("sectors")
	q.text(paramReplay) // read by picture
	switch {
	case q.err() != nil:
		return q.err()
	case point == nil:
		return layers.Invalid("point", "required", "a place is required")
	}
	p, err := s.picture(c)
	if err != nil {
		return err
	}
	if err := s.loaded(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	scene, err := s.sights.get(ctx)
	if err != nil {
		return err
	}
	views := looked(p.replica, scene, auth.ActorFrom(ctx).Scope, *point, height, within, s.sights.farthest(p.replica))
	if err := s.markPlayable(ctx, views); err != nil {
		return err
	}
	sight.Rank(views)
	sees := 0
	for i := range views {
		if views[i].Sees {
			sees++
		}
	}
	items := make([]seerBody, 0, min(limit, len(views)))
	for i := range views[:min(limit, len(views))] {
		v := &views[i]
		item := seerBody{v.Camera.ID, v.Camera.Name, v.Camera.Status, tenths(v.Distance), v.Reach, tenths(v.OffAxis), v.Sees, v.Reason, tenths(v.HiddenAt), v.Camera.Playable,
			sight.Aim{Azimuth: math.Mod(tenths(v.Aim.Azimuth), 360), Tilt: tenths(v.Aim.Tilt)}, nil, list(v.Guessed).Items, nil}
		if sectors && v.Sees {
			if polygon := s.sights.sector(scene, v.Camera); polygon != nil {
				item.Sector = orbjson.NewGeometry(polygon)
			}
		}
		items = append(items, item)
	}
	if err := s.suggest(ctx, views, items); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"items": items, "sees": sees, "known": len(views), "buildings": scene.Len()})
}

// looked asks the cameras that are near, and those far off that see.
func looked(r *layers.Replica, scene *sight.Scene, scope *auth.Scope, p orb.Point, height, within, reach float64) []sight.View {
	l, found := r.Find(cameraLayer, geo.NewBoundAroundPoint(p, max(within, reach)*1.01), nil) // spherical: a little wider
	if l == nil {
		return nil
	}
	views := make([]sight.View, 0, len(found))
	cameras := make([]sight.Camera, len(found)) // one block for all
	for i, f := range found {
		if !scope.Sees(l, f) {
			continue
		}
		var ok bool
		if cameras[i], ok = seerOf(l, f); !ok {
			continue
		}
		if v := scene.Look(&cameras[i], p, height); v.Sees || v.Distance <= within {
			views = append(views, v)
		}
	}
	return views
}

// markPlayable asks which of the cameras have a stream: that is not published.
func (s *Server) markPlayable(ctx context.Context, views []sight.View) error {
	if s.streams == nil || len(views) == 0 {
		return nil
	}
	ids := make([]int64, len(views))
	for i := range views {
		ids[i] = views[i].Camera.ID
	}
	playable, err := s.streams.Playable(ctx, ids)
	if err != nil {
		return err
	}
	for i := range views {
		views[i].Camera.Playable = playable[views[i].Camera.ID]
	}
	return nil
}

// getSector answers with what one camera has in view.
func (s *Server) getSector(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.loaded(); err != nil {
		return err
	}
	l, f := s.replica.Layer(cameraLayer), s.replica.Get(cameraLayer, id)
	if l == nil || f == nil || !auth.ActorFrom(c.Request().Context()).Scope.Sees(l, f) {
		return layers.Errorf(layers.CodeNotFound, "there is no camera %d", id)
	}
	scene, err := s.sights.get(c.Request().Context())
	if err != nil {
		return err
	}
	var body struct {
		Sector *orbjson.Geometry `json:"sector"`
	}
	if seer, ok := seerOf(l, f); ok {
		if polygon := s.sights.sector(scene, &seer); polygon != nil {
			body.Sector = orbjson.NewGeometry(polygon)
		}
	}
	return c.JSON(http.StatusOK, body)
}

func tenths(v float64) float64 { return math.Round(v*10) / 10 }

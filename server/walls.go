package server

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/wall"
	"wanglou/server/strictjson"
)

// keptWalls returns the service, or CodeNotFound where there are no walls.
func (s *Server) keptWalls() (wall.Service, error) {
	if s.walls == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no walls")
	}
	return s.walls, nil
}

func (s *Server) listWalls(c echo.Context) error {
	return listStored(c, s.keptWalls, wall.Service.Walls)
}
func (s *Server) getWall(c echo.Context) error { return getStored(c, s.keptWalls, wall.Service.Wall) }

func (s *Server) createWall(c echo.Context) error {
	return s.storeWall(c, 0, http.StatusCreated, wall.Service.Create)
}

func (s *Server) updateWall(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	return s.storeWall(c, id, http.StatusOK, wall.Service.Update)
}

// storeWall reads the wall of a request, stores it and answers with it as it is stored.
func (s *Server) storeWall(c echo.Context, id int64, status int, store func(wall.Service, context.Context, *wall.Wall) error) error {
	kept, err := s.keptWalls()
	if err != nil {
		return err
	}
	var in struct { // schema WallInput
		Revision int64        `json:"revision"`
		Name     string       `json:"name"`
		AreaPath string       `json:"area_path"`
		Layout   wall.Layout  `json:"layout"`
		Playlist []wall.Scene `json:"playlist"`
		Rules    []wall.Rule  `json:"rules"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	w := &wall.Wall{ID: id, Revision: in.Revision, Name: in.Name, AreaPath: in.AreaPath, Layout: in.Layout, Playlist: in.Playlist, Rules: in.Rules}
	if w.Playlist == nil {
		w.Playlist = []wall.Scene{}
	}
	if w.Rules == nil {
		w.Rules = []wall.Rule{}
	}
	if err := w.Validate(); err != nil {
		return err
	}
	if err := store(kept, c.Request().Context(), w); err != nil {
		return err
	}
	s.wallCopies.forget(id)
	return c.JSON(status, w)
}

func (s *Server) deleteWall(c echo.Context) error {
	return ofStored(c, s.keptWalls, wall.Service.Delete)
}

// commandWall does what an operator asks of a wall.
func (s *Server) commandWall(c echo.Context) error {
	service, id, err := storedAt(c, s.keptWalls)
	if err != nil {
		return err
	}
	var in wall.Command
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	w, err := service.Do(ctx, id, in, s.openCases(auth.ActorFrom(ctx).Scope))
	if err != nil {
		return err
	}
	s.wallCopies.forget(id)
	return c.JSON(http.StatusOK, w)
}

// openCases returns the open cases that a scope sees, for the rules of walls.
func (s *Server) openCases(scope *auth.Scope) (out []wall.Case) {
	l := s.replica.Layer("incident")
	if l == nil {
		return nil
	}
	severity, state, created := l.Index("severity"), l.Index("state"), l.Index("created_at")
	if severity < 0 || state < 0 || created < 0 {
		return nil
	}
	s.replica.All("incident", func(f *layers.Feature) bool {
		name, _ := f.Values[state].(string)
		at, ok := f.Geometry.(orb.Point)
		if !ok || incident.State(name).Final() || !scope.Sees(l, f) {
			return true
		}
		grave, _ := f.Values[severity].(int64)
		when, _ := f.Values[created].(time.Time)
		out = append(out, wall.Case{ID: f.ID, Severity: int(grave), AreaPath: l.Area(f), At: at, Created: when})
		return true
	})
	return out
}

package server

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/camera"
	"wanglou/server/strictjson"
)

// keptPatrols returns the service, or CodeNotFound where there are no patrols.
func (s *Server) keptPatrols() (camera.Patrols, error) {
	if s.patrols == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no patrols")
	}
	return s.patrols, nil
}

func (s *Server) listPatrols(c echo.Context) error {
	return listStored(c, s.keptPatrols, camera.Patrols.Patrols)
}

// patrolBody is schema PatrolInput.
type patrolBody struct {
	Name     string              `json:"name"`
	Layout   int                 `json:"layout"`
	Stops    []camera.PatrolStop `json:"stops"`
	Revision int64               `json:"revision"` // of a change
}

func readPatrol(c echo.Context) (*camera.Patrol, error) {
	var in patrolBody
	if err := strictjson.Decode(c, &in); err != nil {
		return nil, err
	}
	p := &camera.Patrol{Name: in.Name, Layout: in.Layout, Stops: in.Stops, Revision: in.Revision}
	return p, p.Validate()
}

func (s *Server) createPatrol(c echo.Context) error {
	service, err := s.keptPatrols()
	if err != nil {
		return err
	}
	p, err := readPatrol(c)
	if err != nil {
		return err
	}
	if err := service.Create(c.Request().Context(), p); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, p)
}

func (s *Server) updatePatrol(c echo.Context) error {
	service, id, err := storedAt(c, s.keptPatrols)
	if err != nil {
		return err
	}
	p, err := readPatrol(c)
	if err != nil {
		return err
	}
	p.ID = id
	if err := service.Update(c.Request().Context(), p); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, p)
}

func (s *Server) deletePatrol(c echo.Context) error {
	return ofStored(c, s.keptPatrols, camera.Patrols.Delete)
}

package server

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/duty"
	"wanglou/server/strictjson"
)

// keptHandovers returns the service, or CodeNotFound where there are no handovers.
func (s *Server) keptHandovers() (duty.Handovers, error) {
	if s.handovers == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no handovers")
	}
	return s.handovers, nil
}

func (s *Server) listHandovers(c echo.Context) error {
	return listStored(c, s.keptHandovers, duty.Handovers.Handovers)
}

func (s *Server) draftHandover(c echo.Context) error {
	service, err := s.keptHandovers()
	if err != nil {
		return err
	}
	q := newQuery(c)
	area := q.area()
	if err := q.err(); err != nil {
		return err
	}
	draft, err := service.Draft(c.Request().Context(), area, s.now())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, draft)
}

func (s *Server) createHandover(c echo.Context) error {
	service, err := s.keptHandovers()
	if err != nil {
		return err
	}
	var in struct {
		AreaPath string `json:"area_path"`
		Notes    string `json:"notes"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if in.AreaPath != "" && !layers.IsAreaPath(in.AreaPath) {
		return layers.Invalid("area_path", "bad_area_path", "%q is not the path of an area", in.AreaPath)
	}
	made, err := service.Make(c.Request().Context(), in.AreaPath, in.Notes, s.now())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, made)
}

func (s *Server) getHandover(c echo.Context) error {
	service, id, err := storedAt(c, s.keptHandovers)
	if err != nil {
		return err
	}
	found, err := service.Handover(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, found)
}

// signHandover is done by the one who comes, often at the screen of the one who goes: the password says who it is, not the session. A wrong one is no lost session, so
// it is told as a wrong field.
func (s *Server) signHandover(c echo.Context) error {
	service, id, err := storedAt(c, s.keptHandovers)
	if err != nil {
		return err
	}
	var in loginBody
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if _, err := service.Handover(ctx, id); err != nil { // no passwords are tried at what is not there
		return err
	}
	signer, err := s.verify(c, &in, "handover")
	if layers.ErrorCode(err) == layers.CodeUnauthorized {
		return layers.Invalid("password", "wrong_password", "login and password do not fit")
	}
	if err != nil {
		return err
	}
	signed, err := service.Sign(ctx, id, signer)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, signed)
}

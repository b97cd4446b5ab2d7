package server

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/printed"
	"wanglou/server/strictjson"
)

// keptPrints returns the service, or CodeNotFound where no account is kept of printed maps.
func (s *Server) keptPrints() (printed.Service, error) {
	if s.prints == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server keeps no account of printed maps")
	}
	return s.prints, nil
}

// recordPrint notes who is about to take which part of the map from the screen.
func (s *Server) recordPrint(c echo.Context) error {
	service, err := s.keptPrints()
	if err != nil {
		return err
	}
	var m printed.Map
	if err := strictjson.Decode(c, &m); err != nil {
		return err
	}
	if err := m.Validate(s.now()); err != nil {
		return err
	}
	if err := service.Record(c.Request().Context(), &m); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

package server

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/incident"
	"wanglou/server/strictjson"
)

// keptRules returns the service, or CodeNotFound where there are no rules of time.
func (s *Server) keptRules() (incident.RuleService, error) {
	if s.rules == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no rules of time")
	}
	return s.rules, nil
}

func (s *Server) getTimeRules(c echo.Context) error {
	service, err := s.keptRules()
	if err != nil {
		return err
	}
	r, err := service.TimeRules(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, r)
}

func (s *Server) setTimeRules(c echo.Context) error {
	service, err := s.keptRules()
	if err != nil {
		return err
	}
	var in incident.TimeRules
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	changed, err := service.SetTimeRules(c.Request().Context(), &in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]int{"changed": changed})
}

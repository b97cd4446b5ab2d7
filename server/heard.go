package server

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/incident"
)

// keptAlarms returns the service, or CodeNotFound where there are no alarms.
func (s *Server) keptAlarms() (incident.Alarms, error) {
	if s.alarms == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no alarms")
	}
	return s.alarms, nil
}

func (s *Server) acknowledgeAlarm(c echo.Context) error {
	service, id, err := storedAt(c, s.keptAlarms)
	if err != nil {
		return err
	}
	heard, err := service.AcknowledgeAlarm(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, heard)
}

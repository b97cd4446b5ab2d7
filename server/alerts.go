package server

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/cap"
	"wanglou/server/strictjson"
)

// capTypes are the media types in which a CAP message comes.
var capTypes = []string{"application/cap+xml", echo.MIMEApplicationXML, echo.MIMETextXML}

// keptAlerts returns the service, or CodeNotFound where there are no alerts.
func (s *Server) keptAlerts() (cap.Store, error) {
	if s.alerts == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server takes no alerts")
	}
	return s.alerts, nil
}

// takeCAP takes one message of another system's. 201 tells what was done, 200 that it had come before.
func (s *Server) takeCAP(c echo.Context) error {
	store, err := s.keptAlerts()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if wait, ok := s.intake.take(strconv.FormatInt(auth.ActorFrom(ctx).User.ID, 10)); !ok {
		return tooOften("intake", wait)
	}
	raw, err := strictjson.Read(c, capTypes...)
	if err != nil {
		return err
	}
	a, err := cap.Parse(raw)
	if err != nil {
		return err
	}
	out, err := store.Take(ctx, a, raw)
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if out.Repeated {
		status = http.StatusOK
	}
	return c.JSON(status, out)
}

func (s *Server) listAlerts(c echo.Context) error {
	store, err := s.keptAlerts()
	if err != nil {
		return err
	}
	q := newQuery(c)
	f := cap.Filter{All: q.flag("all")}
	if err := q.err(); err != nil {
		return err
	}
	found, err := store.Alerts(c.Request().Context(), f)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list(found))
}

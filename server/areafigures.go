package server

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/incident"
)

// areaFiguresBody says when its numbers were counted: open and overdue are as of then.
type areaFiguresBody struct {
	AsOf  time.Time              `json:"as_of"`
	Items []incident.AreaFigures `json:"items"`
}

func (s *Server) listAreaFigures(c echo.Context) error {
	by, err := areaQuery(newQuery(c))
	if err != nil {
		return err
	}
	body := areaFiguresBody{AsOf: time.Now().UTC()}
	if body.Items, err = s.figures.ByArea(c.Request().Context(), by); err != nil {
		return err
	}
	body.Items = list(body.Items).Items
	return c.JSON(http.StatusOK, body)
}

// listBehind opens a number: the cases that it counts.
func (s *Server) listBehind(c echo.Context) error {
	q := newQuery(c)
	measure, id := incident.Measure(q.text("measure")), q.integer("area", 0, 1<<53, 0)
	by, err := areaQuery(q)
	switch {
	case err != nil:
		return err
	case id == 0:
		return layers.Invalid("area", "required", "say of which area")
	}
	if err := measure.Validate(); err != nil {
		return err
	}
	found, err := s.figures.Behind(c.Request().Context(), by, id, measure)
	if err != nil {
		return err
	}
	items := make([]incidentBody, len(found))
	for i, in := range found {
		items[i] = bodyOfIncident(in)
	}
	return c.JSON(http.StatusOK, list(items))
}

func areaQuery(q *query) (incident.AreaQuery, error) {
	by := incident.AreaQuery{By: incident.Grouping(q.text("by"))}
	var err error
	if by.From, by.Until, err = span(q); err != nil {
		return by, err
	}
	return by, by.Validate()
}

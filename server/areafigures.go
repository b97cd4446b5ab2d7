package server

import (
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wanglou/layers"
	"wanglou/layers/incident"
)

// asOf says when numbers were counted: open and overdue are as of then.
type asOf[T any] struct {
	AsOf  time.Time `json:"as_of"`
	Items []T       `json:"items"`
}

func counted[T any](c echo.Context, count func() ([]T, error)) error {
	body := asOf[T]{AsOf: time.Now().UTC()}
	items, err := count()
	if err != nil {
		return err
	}
	body.Items = list(items).Items
	return c.JSON(http.StatusOK, body)
}

func (s *Server) listAreaFigures(c echo.Context) error {
	by, err := areaQuery(newQuery(c))
	if err != nil {
		return err
	}
	return counted(c, func() ([]incident.AreaFigures, error) { return s.figures.ByArea(c.Request().Context(), by) })
}

// areaID reads the id of an area or grid; 0 is all of them.
func areaID(q *query, name string) int64 { return q.integer(name, 0, 1<<53, 0) }

// measureQuery reads what is counted where, and by what.
func measureQuery(q *query) (by incident.AreaQuery, area int64, measure incident.Measure, err error) {
	measure, area = incident.Measure(q.text("measure")), areaID(q, "area")
	if by, err = areaQuery(q); err != nil {
		return by, area, measure, err
	}
	return by, area, measure, measure.Validate()
}

// listBehind opens a number: the cases that it counts.
func (s *Server) listBehind(c echo.Context) error {
	q := newQuery(c)
	by, id, measure, err := measureQuery(q)
	if err != nil {
		return err
	}
	found, err := s.figures.Behind(c.Request().Context(), by, id, measure)
	return answerCases(c, found, err)
}

func answerCases(c echo.Context, found []*incident.Incident, err error) error {
	if err != nil {
		return err
	}
	items := make([]incidentBody, len(found))
	for i, in := range found {
		items[i] = bodyOfIncident(in)
	}
	return c.JSON(http.StatusOK, list(items))
}

// listParts counts by hour, weekday, month, class, channel and severity.
func (s *Server) listParts(c echo.Context) error {
	q := newQuery(c)
	id := areaID(q, "area")
	by, err := areaQuery(q)
	if err != nil {
		return err
	}
	return counted(c, func() ([]incident.Part, error) { return s.figures.Split(c.Request().Context(), by, id) })
}

// listMultiples counts by area and the parts of one split.
func (s *Server) listMultiples(c echo.Context) error {
	q := newQuery(c)
	split := incident.Split(q.text("split"))
	by, err := areaQuery(q)
	if err != nil {
		return err
	}
	if err := split.Validate(); err != nil {
		return err
	}
	return counted(c, func() ([]incident.Multiple, error) { return s.figures.Multiples(c.Request().Context(), by, split) })
}

// listFlows counts what was dispatched between areas.
func (s *Server) listFlows(c echo.Context) error {
	by, err := areaQuery(newQuery(c))
	if err != nil {
		return err
	}
	return counted(c, func() ([]incident.AreaFlow, error) { return s.figures.Flows(c.Request().Context(), by) })
}

// listBehindFlow opens a flow: the cases to which it went.
func (s *Server) listBehindFlow(c echo.Context) error {
	q := newQuery(c)
	origin, target := areaID(q, "origin"), areaID(q, "area")
	by, err := areaQuery(q)
	switch {
	case err != nil:
		return err
	case target == 0:
		return layers.Invalid("area", "required", "say to which area")
	}
	found, err := s.figures.BehindFlow(c.Request().Context(), by, origin, target)
	return answerCases(c, found, err)
}

type heatBody struct {
	AsOf time.Time `json:"as_of"`
	*incident.Heat
}

// getHeat tells where the cases of a measure lie.
func (s *Server) getHeat(c echo.Context) error {
	q := newQuery(c)
	by, id, measure, err := measureQuery(q)
	if err != nil {
		return err
	}
	body := heatBody{AsOf: time.Now().UTC()}
	if body.Heat, err = s.figures.Heat(c.Request().Context(), by, id, measure); err != nil {
		return err
	}
	body.Items = list(body.Items).Items
	return c.JSON(http.StatusOK, body)
}

// getOutlines answers the shapes of areas as GeoJSON.
func (s *Server) getOutlines(c echo.Context) error {
	q := newQuery(c)
	by := incident.AreaQuery{By: incident.Grouping(q.text("by"))}
	if err := q.err(); err != nil {
		return err
	}
	if err := by.Validate(); err != nil {
		return err
	}
	found, err := s.figures.Outlines(c.Request().Context(), by.By)
	if err != nil {
		return err
	}
	out := geojson.NewFeatureCollection()
	for _, o := range found {
		f := geojson.NewFeature(orb.Round(o.Geometry, outlineFactor))
		f.ID = o.ID
		out.Append(f)
	}
	c.Response().Header().Set("Cache-Control", "private, max-age=300")
	return c.JSON(http.StatusOK, out)
}

// outlineFactor keeps outlines to a metre or so.
var outlineFactor = int(math.Pow10(5))

// areaQuery reads by what is counted, and the parts to which it is narrowed: hour=7,8.
func areaQuery(q *query) (incident.AreaQuery, error) {
	by := incident.AreaQuery{By: incident.Grouping(q.text("by")), Parts: incident.Parts{}}
	for _, split := range incident.Splits {
		if text := q.text(string(split)); text != "" {
			by.Parts[split] = strings.Split(text, ",")
		}
	}
	var err error
	if by.From, by.Until, err = span(q); err != nil {
		return by, err
	}
	return by, by.Validate()
}

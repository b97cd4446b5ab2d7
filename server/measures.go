package server

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/server/strictjson"
)

// mostMeasuring is how many measurements a node makes at once: each is a child process and a window of heights.
const mostMeasuring = 2

// measure lets a measurement begin, and returns how it is ended. CodeUnavailable with "busy" where the others last too long.
func (s *Server) measure(ctx context.Context) (end func(), err error) {
	select {
	case s.measuring <- struct{}{}:
		return func() { <-s.measuring }, nil
	case <-ctx.Done():
		return nil, &layers.Error{Code: layers.CodeUnavailable, Reason: "busy", Msg: "others are measuring", Err: ctx.Err()}
	}
}

// keptMeasures returns the service, or CodeNotFound where nothing is measured.
func (s *Server) keptMeasures() (survey.Measures, error) {
	if s.measures == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "nothing is measured here")
	}
	return s.measures, nil
}

// profileCaptures answers with the ground along a line.
func (s *Server) profileCaptures(c echo.Context) error {
	service, id, err := storedAt(c, s.keptMeasures)
	if err != nil {
		return err
	}
	var in struct {
		Other int64          `json:"other"`
		Line  orb.LineString `json:"line"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if err := survey.ValidateLine(in.Line); err != nil {
		return err
	}
	captures := []int64{id}
	if in.Other != 0 && in.Other != id {
		captures = append(captures, in.Other)
	}
	end, err := s.measure(c.Request().Context())
	if err != nil {
		return err
	}
	defer end()
	out, err := service.Profile(c.Request().Context(), captures, in.Line)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

// measureEarthwork answers with what was cut and filled inside an outline.
func (s *Server) measureEarthwork(c echo.Context) error {
	service, id, err := storedAt(c, s.keptMeasures)
	if err != nil {
		return err
	}
	var in struct {
		After   int64           `json:"after"`
		Outline json.RawMessage `json:"outline"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if in.After == id {
		return layers.Invalid("after", "same_capture", "a capture cannot be compared with itself")
	}
	outline, err := survey.ParseOutline(in.Outline, "outline")
	if err != nil {
		return err
	}
	if err := survey.ValidateMeasured(outline); err != nil {
		return err
	}
	end, err := s.measure(c.Request().Context())
	if err != nil {
		return err
	}
	defer end()
	out, err := service.Earthwork(c.Request().Context(), id, in.After, outline)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

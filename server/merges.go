package server

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/incident"
	"wanglou/server/strictjson"
)

func (s *Server) mergeIncident(c echo.Context) error {
	service, id, err := storedAt(c, s.keptReports)
	if err != nil {
		return err
	}
	var in struct {
		Into         int64  `json:"into"`
		Reason       string `json:"reason"`
		Revision     *int64 `json:"revision"`
		IntoRevision *int64 `json:"into_revision"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	reason, err := decodeText("reason", in.Reason)
	switch {
	case err != nil:
		return err
	case in.Into < 1:
		return layers.Invalid("into", "required", "the other case is required")
	case in.Revision == nil:
		return layers.Invalid("revision", "required", "the revision that was seen is required")
	case in.IntoRevision == nil:
		return layers.Invalid("into_revision", "required", "the other case's revision that was seen is required")
	}
	out, err := service.Merge(c.Request().Context(), id, in.Into, reason, *in.Revision, *in.IntoRevision)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, bodyOfIncident(out))
}

func (s *Server) unmergeIncident(c echo.Context) error {
	service, id, err := storedAt(c, s.keptReports)
	if err != nil {
		return err
	}
	var in struct {
		Reason   string `json:"reason"`
		Revision *int64 `json:"revision"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	reason, err := decodeText("reason", in.Reason)
	if err != nil {
		return err
	}
	if in.Revision == nil {
		return layers.Invalid("revision", "required", "the revision that was seen is required")
	}
	out, err := service.Unmerge(c.Request().Context(), id, reason, *in.Revision)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, bodyOfIncident(out))
}

// correctIncident is PATCH: fields that are left out stay as they are.
func (s *Server) correctIncident(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var in struct {
		incident.Correction
		Revision *int64 `json:"revision"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if in.Revision == nil {
		return layers.Invalid("revision", "required", "the revision that was seen is required")
	}
	out, err := s.incidents.Correct(c.Request().Context(), id, in.Correction, *in.Revision)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, bodyOfIncident(out))
}

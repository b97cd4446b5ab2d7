package server

import (
	"mime"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/camera"
	"wanglou/server/strictjson"
)

// keptParents returns the service, or CodeNotFound where cameras hang on nothing.
func (s *Server) keptParents() (camera.Parents, error) {
	if s.parents == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server keeps no devices that cameras hang on")
	}
	return s.parents, nil
}

func (s *Server) listParents(c echo.Context) error {
	return listStored(c, s.keptParents, camera.Parents.Tree)
}

func (s *Server) createParent(c echo.Context) error {
	return createStored(c, s.keptParents, camera.Parents.Create)
}

func (s *Server) replaceParent(c echo.Context) error {
	return replaceStored(c, s.keptParents, camera.Parents.Replace)
}

func (s *Server) deleteParent(c echo.Context) error {
	return ofStored(c, s.keptParents, camera.Parents.Delete)
}

// listHanging answers with the cameras that hang on a device, or on nothing.
func (s *Server) listHanging(c echo.Context) error {
	service, err := s.keptParents()
	if err != nil {
		return err
	}
	parent := int64(0)
	if q := c.QueryParam("parent"); q != "" {
		if parent, err = strconv.ParseInt(q, 10, 64); err != nil || parent < 0 {
			return layers.Invalid("parent", "not_a_number", "%.20q is no id", q)
		}
	}
	q := c.QueryParam("q")
	if !utf8.ValidString(q) || len(q) > 200 {
		return layers.Invalid("q", "too_long", "a text to look for has at most 200 bytes")
	}
	found, err := service.Hanging(c.Request().Context(), parent, q)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list(found))
}

func (s *Server) hangCameras(c echo.Context) error {
	service, err := s.keptParents()
	if err != nil {
		return err
	}
	var in struct {
		ParentID int64   `json:"parent_id"`
		Cameras  []int64 `json:"cameras"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if err := service.Hang(c.Request().Context(), in.ParentID, in.Cameras); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// importParents brings a file of devices, all of it or nothing; with errors in rows the answer is 200 and tells them.
func (s *Server) importParents(c echo.Context) error {
	service, err := s.keptParents()
	if err != nil {
		return err
	}
	switch mt, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType)); {
	case err != nil, mt != "text/csv" && mt != mimeGeoJSON && mt != echo.MIMEApplicationJSON:
		return layers.Invalid("", "content_type", "the body has to be text/csv or application/geo+json")
	}
	dry := c.QueryParam("dry_run")
	if dry != "" && dry != "true" && dry != "false" {
		return layers.Invalid("dry_run", "not_a_value", "%.20q is neither true nor false", dry)
	}
	rows, err := camera.ReadParents(http.MaxBytesReader(c.Response(), c.Request().Body, camera.MaxParentFile+1))
	if err != nil {
		return err
	}
	out, err := service.Import(c.Request().Context(), rows, dry == "true")
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

package server

import (
	"context"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
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
	return importFile(c, []string{"text/csv", mimeGeoJSON, echo.MIMEApplicationJSON}, func(_ string, file io.Reader) ([]camera.ParentRow, error) { return camera.ReadParents(file) }, service.Import)
}

// importFile reads a file of one of types and has it brought, or checked where the caller asks for that.
func importFile[T any](c echo.Context, types []string, read func(mt string, file io.Reader) (T, error), bring func(context.Context, T, bool) (*camera.FileImport, error)) error {
	mt, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || !slices.Contains(types, mt) {
		return layers.Invalid("", "content_type", "the body has to be %s", strings.Join(types, " or "))
	}
	dry := c.QueryParam("dry_run")
	if dry != "" && dry != "true" && dry != "false" {
		return layers.Invalid("dry_run", "not_a_value", "%.20q is neither true nor false", dry)
	}
	rows, err := read(mt, http.MaxBytesReader(c.Response(), c.Request().Body, camera.MaxFile+1))
	if err != nil {
		return err
	}
	out, err := bring(c.Request().Context(), rows, dry == "true")
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

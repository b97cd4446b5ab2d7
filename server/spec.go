package server

import (
	_ "embed"
	"net/http"

	"github.com/labstack/echo/v4"
)

// Spec is the contract of the API, OpenAPI 3.1.
//
//go:embed openapi.yaml
var Spec []byte

func (s *Server) getOpenapi(c echo.Context) error {
	return c.Blob(http.StatusOK, "application/yaml", Spec)
}

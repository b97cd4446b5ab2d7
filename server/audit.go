package server

import (
	"math"
	"net/http"

	"github.com/labstack/echo/v4"
)

func (s *Server) listAudit(c echo.Context) error {
	q := newQuery(c)
	before, limit := q.integer("before", 0, math.MaxInt64, 0), q.integer("limit", 1, 500, 100)
	if err := q.err(); err != nil {
		return err
	}
	entries, err := s.users.AuditLog(c.Request().Context(), before, int(limit))
	if err != nil {
		return err
	}
	for i := range entries {
		entries[i].Time = entries[i].Time.UTC()
	}
	return c.JSON(http.StatusOK, list(entries))
}

package server

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
)

// healthz says that the process answers. Whoever restarts dead processes asks this, not readyz: a restart does not bring
// a database back.
func (s *Server) healthz(c echo.Context) error {
	return c.String(http.StatusOK, "ok\n")
}

// readyBody is schema Ready.
type readyBody struct {
	Ready    bool               `json:"ready"`
	Source   layers.SourceState `json:"source"`
	Heard    *time.Time         `json:"heard,omitempty"`
	Features int                `json:"features"`
}

// readyz says whether a client would get a true picture from this node: whoever balances load asks this.
func (s *Server) readyz(c echo.Context) error {
	status := s.replica.Status()
	b := readyBody{Source: status.State, Ready: status.State == layers.SourceLive && s.replica.Position().Epoch != ""}
	if !status.Heard.IsZero() {
		heard := status.Heard.UTC()
		b.Heard = &heard
	}
	for _, l := range s.replica.Layers() {
		b.Features += s.replica.Len(l.Name)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	if !b.Ready {
		return c.JSON(http.StatusServiceUnavailable, b)
	}
	return c.JSON(http.StatusOK, b)
}

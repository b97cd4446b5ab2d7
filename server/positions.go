package server

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/unit"
	"wanglou/server/strictjson"
)

func (s *Server) keptSharing() (unit.Sharing, error) {
	if s.sharing == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server takes no positions")
	}
	return s.sharing, nil
}

// sharePosition stores where the caller's unit is. It needs no key: what is not newer than what is known changes nothing.
func (s *Server) sharePosition(c echo.Context) error {
	service, err := s.keptSharing()
	if err != nil {
		return err
	}
	var in struct {
		Point      []float64 `json:"point"`
		SourceTime time.Time `json:"source_time"`
		Heading    *float64  `json:"heading_deg"`
		Speed      *float64  `json:"speed_mps"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if len(in.Point) != 2 {
		return layers.Invalid("point", "required", "a point is [longitude, latitude]")
	}
	f := unit.Fix{Point: orb.Point{in.Point[0], in.Point[1]}, SourceTime: in.SourceTime, Heading: in.Heading, Speed: in.Speed}
	if err := f.Validate(s.now()); err != nil {
		return err
	}
	if err := service.Share(c.Request().Context(), f); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) stopSharing(c echo.Context) error {
	service, err := s.keptSharing()
	if err != nil {
		return err
	}
	if err := service.StopSharing(c.Request().Context()); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

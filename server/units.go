package server

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers/unit"
)

// unitBody is schema Unit.
type unitBody struct {
	unit.Unit
	Skills  []string   `json:"skills"`
	Point   *orb.Point `json:"point,omitempty"`
	FixedAt *time.Time `json:"fixed_at,omitempty"`
}

func bodyOfUnit(u *unit.Unit) unitBody {
	b := unitBody{Unit: *u, Skills: u.Skills, Point: u.Point}
	if b.Skills == nil {
		b.Skills = []string{}
	}
	if !u.FixedAt.IsZero() {
		b.FixedAt = utc(&u.FixedAt)
	}
	return b
}

func (s *Server) listUnits(c echo.Context) error {
	units, err := s.units.Units(c.Request().Context())
	if err != nil {
		return err
	}
	items := make([]unitBody, len(units))
	for i, u := range units {
		items[i] = bodyOfUnit(u)
	}
	return c.JSON(http.StatusOK, list(items))
}

type recommendationBody struct {
	unit.Recommendation
	Unit    unitBody      `json:"unit"`
	Reasons []unit.Reason `json:"reasons"`
}

type recommendationsBody struct {
	unit.Recommendations
	Items []recommendationBody `json:"items"`
}

func bodyOfRecommendations(r unit.Recommendations) recommendationsBody {
	b := recommendationsBody{Recommendations: r, Items: make([]recommendationBody, len(r.Items))}
	for i, item := range r.Items {
		b.Items[i] = recommendationBody{Recommendation: item, Unit: bodyOfUnit(item.Unit), Reasons: append([]unit.Reason{}, item.Reasons...)}
	}
	return b
}

package server

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/report"
	"wanglou/server/strictjson"
)

// The citizens' page has no accounts: what is asked of an address is bounded, and of all of them together.
const (
	citizenReports  = 5  // at once from an address, then one in two minutes
	citizenPictures = 12 // at once from an address, then one in half a minute
	citizenLookups  = 20 // at once from an address, then one in five seconds
	citizenAll      = 100
)

// everybody is the key of the limit for all addresses together.
const everybody = "everybody"

// limitCitizens takes one of an address's requests, and one of all together where there is such a limit.
func limitCitizens(c echo.Context, own, all *limiter) error {
	if wait, ok := own.take(c.RealIP()); !ok {
		return tooMany(wait)
	}
	if all == nil {
		return nil
	}
	if wait, ok := all.take(everybody); !ok {
		own.giveBack(c.RealIP())
		return tooMany(wait)
	}
	return nil
}

// createCitizenReport takes what somebody tells without an account. The answer is the code by which he asks what became of it, and nothing of the case.
func (s *Server) createCitizenReport(c echo.Context) error {
	service, err := s.keptReports()
	if err != nil {
		return err
	}
	var in struct {
		Title         string    `json:"title"`
		Description   string    `json:"description"`
		Address       string    `json:"address"`
		Point         []float64 `json:"point"`
		ReporterName  string    `json:"reporter_name"`
		ReporterPhone string    `json:"reporter_phone"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	at, err := decodePoint("point", in.Point)
	switch {
	case err != nil:
		return err
	case at == nil && strings.TrimSpace(in.Address) == "":
		return layers.Invalid("address", "required", "a place on the map or an address is required")
	}
	r := &report.Report{Channel: report.Citizen, Title: in.Title, Description: strings.TrimSpace(in.Description), Address: strings.TrimSpace(in.Address), Point: at,
		ReporterName: in.ReporterName, ReporterPhone: in.ReporterPhone}
	if key != "" { // there is no account whose key it could be
		r.Source, r.SourceID = "citizen", key
	}
	if err := limitCitizens(c, s.citizenReports, s.citizenAll); err != nil {
		return err
	}
	ctx := c.Request().Context()
	actor := auth.ActorFrom(ctx)
	out, err := service.Create(auth.WithActor(ctx, auth.Citizen(actor.RequestID, actor.Remote)), r, report.Asked{})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, map[string]string{"tracking": out.Report.Tracking})
}

// trackCitizenReport says what became of a report.
func (s *Server) trackCitizenReport(c echo.Context) error {
	service, err := s.keptReports()
	if err != nil {
		return err
	}
	if err := limitCitizens(c, s.citizenLookups, nil); err != nil {
		return err
	}
	var in struct {
		Tracking string `json:"tracking"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	t, err := service.Track(c.Request().Context(), in.Tracking)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, t)
}

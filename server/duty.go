package server

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/duty"
	"wanglou/server/strictjson"
)

// keptRoster returns the service, or CodeNotFound where there is no roster.
func (s *Server) keptRoster() (duty.Roster, error) {
	if s.roster == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no roster")
	}
	return s.roster, nil
}

func (s *Server) getDuty(c echo.Context) error {
	service, err := s.keptRoster()
	if err != nil {
		return err
	}
	q := newQuery(c)
	role, at, area := auth.Role(q.text("role")), q.moment("at"), q.area()
	switch {
	case q.err() != nil:
		return q.err()
	case role != "" && !slices.Contains(duty.Roles, role):
		return layers.Invalid("role", "unknown_value", "%q has no shifts", role)
	case at.IsZero():
		at = s.now()
	}
	now, err := service.Now(c.Request().Context(), area, role, at)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, now)
}

// checkSpan reports CodeInvalid for a span that nobody plans.
func checkSpan(from, until time.Time) error {
	switch {
	case !until.After(from):
		return layers.Invalid("until", "ends_before_it_starts", "the span ends before it starts")
	case until.Sub(from) > duty.MaxSpan:
		return layers.Invalid("until", "out_of_range", "a span has at most %v", duty.MaxSpan)
	}
	return nil
}

func (s *Server) listShifts(c echo.Context) error {
	service, err := s.keptRoster()
	if err != nil {
		return err
	}
	q := newQuery(c)
	area := q.area()
	from, until, err := span(q)
	if err != nil {
		return err
	}
	if err := checkSpan(from, until); err != nil {
		return err
	}
	found, err := service.Shifts(c.Request().Context(), area, from, until)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list(found))
}

func (s *Server) listDutyPeople(c echo.Context) error {
	service, err := s.keptRoster()
	if err != nil {
		return err
	}
	q := newQuery(c)
	area := q.area()
	switch {
	case q.err() != nil:
		return q.err()
	case area == "":
		return layers.Invalid("area", "required", "an area is required")
	}
	found, err := service.People(c.Request().Context(), area)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list(found))
}

// decodeShift reads schema ShiftInput.
func decodeShift(c echo.Context) (*duty.Shift, error) {
	var in struct {
		Revision int64     `json:"revision"`
		AreaPath string    `json:"area_path"`
		Role     auth.Role `json:"role"`
		StartsAt time.Time `json:"starts_at"`
		EndsAt   time.Time `json:"ends_at"`
		Note     string    `json:"note"`
		People   []int64   `json:"people"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return nil, err
	}
	shift := &duty.Shift{Revision: in.Revision, AreaPath: in.AreaPath, Role: in.Role, StartsAt: in.StartsAt, EndsAt: in.EndsAt, Note: in.Note}
	slices.Sort(in.People)
	for _, id := range slices.Compact(in.People) {
		shift.People = append(shift.People, duty.Person{ID: id})
	}
	return shift, shift.Validate()
}

func (s *Server) createShift(c echo.Context) error {
	service, err := s.keptRoster()
	if err != nil {
		return err
	}
	shift, err := decodeShift(c)
	if err != nil {
		return err
	}
	if err := service.Create(c.Request().Context(), shift); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, shift)
}

func (s *Server) updateShift(c echo.Context) error {
	service, id, err := storedAt(c, s.keptRoster)
	if err != nil {
		return err
	}
	shift, err := decodeShift(c)
	if err != nil {
		return err
	}
	shift.ID = id
	if err := service.Update(c.Request().Context(), shift); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, shift)
}

func (s *Server) deleteShift(c echo.Context) error {
	return ofStored(c, s.keptRoster, duty.Roster.Delete)
}

func (s *Server) copyShifts(c echo.Context) error {
	service, err := s.keptRoster()
	if err != nil {
		return err
	}
	var in struct {
		AreaPath string    `json:"area_path"`
		From     time.Time `json:"from"`
		Until    time.Time `json:"until"`
		Days     int       `json:"days"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	switch {
	case !layers.IsAreaPath(in.AreaPath):
		return layers.Invalid("area_path", "bad_area_path", "%q is not the path of an area", in.AreaPath)
	case in.From.IsZero():
		return layers.Invalid("from", "required", "a beginning is required")
	case in.Days < 1 || in.Days > 366:
		return layers.Invalid("days", "out_of_range", "shifts are copied 1 to 366 days ahead")
	}
	if err := checkSpan(in.From, in.Until); err != nil {
		return err
	}
	made, err := service.Copy(c.Request().Context(), in.AreaPath, in.From, in.Until, time.Duration(in.Days)*24*time.Hour)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, list(made))
}

package server

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/plan"
	"wanglou/server/strictjson"
)

// keptPlans returns the service, or CodeNotFound where there are no plans.
func (s *Server) keptPlans() (plan.Service, error) {
	if s.plans == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no plans")
	}
	return s.plans, nil
}

func (s *Server) listPlans(c echo.Context) error {
	return listStored(c, s.keptPlans, plan.Service.Plans)
}

// planInput is schema PlanInput.
type planInput struct {
	Kind     plan.Kind     `json:"kind"`
	Draft    *plan.Content `json:"draft"`
	Revision int64         `json:"revision"`
}

func (s *Server) createPlan(c echo.Context) error {
	service, err := s.keptPlans()
	if err != nil {
		return err
	}
	return savePlan(c, service, 0, http.StatusCreated)
}

func (s *Server) updatePlan(c echo.Context) error {
	service, id, err := storedAt(c, s.keptPlans)
	if err != nil {
		return err
	}
	return savePlan(c, service, id, http.StatusOK)
}

func savePlan(c echo.Context, service plan.Service, id int64, status int) error {
	var in planInput
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	saved, err := service.Save(c.Request().Context(), &plan.Stored{ID: id, Kind: in.Kind, Draft: in.Draft, Revision: in.Revision})
	if err != nil {
		return err
	}
	return c.JSON(status, saved)
}

func (s *Server) movePlan(c echo.Context) error {
	service, id, err := storedAt(c, s.keptPlans)
	if err != nil {
		return err
	}
	var in struct {
		Move     string `json:"move"`
		Revision int64  `json:"revision"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	var out *plan.Stored
	switch ctx := c.Request().Context(); in.Move {
	case "publish":
		out, err = service.Publish(ctx, id, in.Revision)
	case "retire", "restore":
		out, err = service.Retire(ctx, id, in.Revision, in.Move == "retire")
	default:
		return layers.Invalid("move", "unknown_value", "%q is not a move of a plan", in.Move)
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

func (s *Server) tickStep(c echo.Context) error {
	service, id, err := storedAt(c, s.keptPlans)
	if err != nil {
		return err
	}
	step, err := pathNumber(c, "step")
	if err != nil {
		return err
	}
	var in struct {
		Done bool   `json:"done"`
		Note string `json:"note"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if err := s.takeFlow(c); err != nil {
		return err
	}
	if err := service.Tick(c.Request().Context(), id, step, in.Done, in.Note); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

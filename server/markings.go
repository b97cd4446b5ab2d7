package server

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/marking"
)

// keptMarkings returns the service, or CodeNotFound where there are no markings.
func (s *Server) keptMarkings() (marking.Service, error) {
	if s.markings == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no markings")
	}
	return s.markings, nil
}

func (s *Server) listMarkings(c echo.Context) error {
	service, err := s.keptMarkings()
	if err != nil {
		return err
	}
	q := newQuery(c)
	id := q.integer("incident", 0, 1<<53, 0)
	if err := q.err(); err != nil {
		return err
	}
	drawing, err := service.Drawing(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, drawing)
}

func (s *Server) drawMarking(c echo.Context) error {
	type input struct { // schema MarkingInput
		Incident int64 `json:"incident_id"`
		marking.Content
	}
	return createStored(c, s.keptMarkings, func(service marking.Service, ctx context.Context, in *input) (*marking.Marking, error) {
		if err := in.Validate(); err != nil {
			return nil, err
		}
		return service.Draw(ctx, in.Incident, &in.Content)
	})
}

func (s *Server) changeMarking(c echo.Context) error {
	type input struct { // schema MarkingChange
		Revision int64 `json:"revision"`
		marking.Content
	}
	return replaceStored(c, s.keptMarkings, func(service marking.Service, ctx context.Context, id int64, in *input) (*marking.Marking, error) {
		if err := in.Validate(); err != nil {
			return nil, err
		}
		return service.Change(ctx, id, in.Revision, &in.Content)
	})
}

func (s *Server) removeMarking(c echo.Context) error {
	q := newQuery(c)
	revision := q.integer("revision", 1, 1<<53, 0)
	if err := q.err(); err != nil {
		return err
	}
	return ofStored(c, s.keptMarkings, func(service marking.Service, ctx context.Context, id int64) error {
		return service.Remove(ctx, id, revision)
	})
}

func (s *Server) listMarkingActs(c echo.Context) error {
	service, id, err := storedAt(c, s.keptMarkings)
	if err != nil {
		return err
	}
	return listStored(c, s.keptMarkings, func(_ marking.Service, ctx context.Context) ([]*marking.Act, error) { return service.Acts(ctx, id) })
}

func (s *Server) stepMarkings(c echo.Context) error {
	type input struct {
		Incident int64        `json:"incident_id"`
		Step     marking.Step `json:"step"`
	}
	return createStored(c, s.keptMarkings, func(service marking.Service, ctx context.Context, in *input) (*marking.Act, error) {
		if !in.Step.Valid() {
			return nil, layers.Invalid("step", "unknown_value", "%q is neither undo nor redo", in.Step)
		}
		return service.Step(ctx, in.Incident, in.Step)
	})
}

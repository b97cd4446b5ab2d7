package server

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers/auth"
	"wanglou/layers/task"
)

// taskBody is schema Task.
type taskBody struct{ task.Task }

func bodyOfTask(t *task.Task) taskBody {
	b := taskBody{*t}
	b.DispatchedAt = t.DispatchedAt.UTC()
	b.AcknowledgedAt, b.RespondingAt, b.OnSceneAt, b.EndedAt = utc(t.AcknowledgedAt), utc(t.RespondingAt), utc(t.OnSceneAt), utc(t.EndedAt)
	return b
}

// fieldTask is a task as its unit sees it.
type fieldTask struct {
	Task     taskBody     `json:"task"`
	Incident incidentBody `json:"incident"`
	Moves    []moveOption `json:"moves"`
}

// fieldTask returns the task with its incident and with what the caller may do now.
func (s *Server) fieldTask(c echo.Context, t *task.Task) (fieldTask, error) {
	ctx := c.Request().Context()
	in, err := s.incidents.Incident(ctx, t.IncidentID)
	if err != nil {
		return fieldTask{}, err
	}
	b := fieldTask{Task: bodyOfTask(t), Incident: bodyOfIncident(in), Moves: []moveOption{}}
	scope := auth.ActorFrom(ctx).Scope
	if scope.May(auth.ActionWorkTask) && scope.UnitID == t.UnitID {
		for _, m := range t.State.Moves() {
			b.Moves = append(b.Moves, moveOption{string(m), t.State.NeedsReason(m)})
		}
		if lead, err := s.leads(c, t); err != nil {
			return fieldTask{}, err
		} else if lead {
			b.Moves = append(b.Moves, moveOption{string(task.MoveConclude), true})
		}
	}
	if _, open := t.State.Next(task.MoveCallOff); open && scope.May(auth.ActionDispatch) && scope.InArea(t.AreaPath) {
		b.Moves = append(b.Moves, moveOption{string(task.MoveCallOff), t.State.NeedsReason(task.MoveCallOff)})
	}
	return b, nil
}

// leads reports whether a unit may conclude its joint order now: it is the lead, on scene, and others have not finished.
func (s *Server) leads(c echo.Context, t *task.Task) (bool, error) {
	if _, exists := t.State.Next(task.MoveConclude); !exists || t.Part != task.Lead {
		return false, nil
	}
	all, err := s.tasks.OfIncident(c.Request().Context(), t.IncidentID)
	for _, other := range all {
		if other.Part == task.Co && !other.State.Final() {
			return true, nil
		}
	}
	return false, err
}

func (s *Server) listMyTasks(c echo.Context) error {
	tasks, err := s.tasks.Mine(c.Request().Context())
	if err != nil {
		return err
	}
	items := make([]fieldTask, len(tasks))
	for i, t := range tasks {
		if items[i], err = s.fieldTask(c, t); err != nil {
			return err
		}
	}
	return c.JSON(http.StatusOK, list(items))
}

func (s *Server) getTask(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	t, err := s.tasks.Task(c.Request().Context(), id)
	if err != nil {
		return err
	}
	b, err := s.fieldTask(c, t)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, b)
}

func (s *Server) moveTask(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	origin := task.Origin{Key: c.Request().Header.Get("Idempotency-Key")}
	m, reason, revision, err := decodeMove[task.Move](c, &origin.Time)
	if err != nil {
		return err
	}
	if err := origin.Validate(s.now()); err != nil {
		return err
	}
	t, err := s.tasks.Move(c.Request().Context(), id, m, reason, revision, origin)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, bodyOfTask(t))
}

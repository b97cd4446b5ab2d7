package postgis

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/task"
)

// lockParts locks a task's case, and then the units of all its open tasks in the one order in which several are locked.
func lockParts(ctx context.Context, tx pgx.Tx, actor *auth.Actor, id int64) error {
	t, err := taskByID(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := checkTaskSeen(ctx, tx, actor, t); err != nil {
		return err
	}
	if _, err := incidentByID(ctx, tx, t.IncidentID, "FOR UPDATE"); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `SELECT FROM unit WHERE id IN (SELECT unit_id FROM task WHERE incident_id = $1 AND ended_at IS NULL) ORDER BY id FOR UPDATE`, t.IncidentID)
	return err
}

// callOffParts ends the parts of a joint order that are not done, since its lead says that the case is, and why they are not. CodeInvalid for who leads none.
func (s *Tasks) callOffParts(ctx context.Context, tx pgx.Tx, in *incident.Incident, lead *task.Task, reason string) error {
	open, err := collect(ctx, tx, scanTask, selectTask+`WHERE t.incident_id = $1 AND t.ended_at IS NULL AND t.id <> $2 AND t.part = 'co' ORDER BY t.id`, in.ID, lead.ID)
	if err != nil {
		return err
	}
	if lead.Part != task.Lead || len(open) == 0 {
		return layers.Invalid("move", "not_lead", "only the lead unit of a joint order concludes it, while others have not finished")
	}
	for _, co := range open {
		if err := setTask(ctx, tx, co, task.MoveCallOff, task.CalledOff, reason, time.Time{}); err != nil {
			return err
		}
		if err := followTasks(ctx, tx, co.UnitID); err != nil {
			return err
		}
		step := logRow{move: "task." + string(task.MoveCallOff), from: in.State, to: in.State, reason: reason, details: taskDetails(co.ID, co.UnitID, co.UnitName)}
		if err := advance(ctx, tx, in.ID, step); err != nil {
			return err
		}
		details := map[string]any{"move": task.MoveCallOff, "from": co.State, "to": task.CalledOff, "incident_id": in.ID}
		if err := appendAudit(ctx, tx, "task.move", subject("task", co.ID), details); err != nil {
			return err
		}
	}
	return nil
}

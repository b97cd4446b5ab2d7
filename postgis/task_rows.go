package postgis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/task"
	"wanglou/layers/unit"
)

const selectTask = `SELECT t.id, t.incident_id, t.unit_id, u.name, t.state, coalesce(t.area_path, ''), t.note, t.dispatched_at,
	t.acknowledged_at, t.responding_at, t.on_scene_at, t.ended_at, t.result, t.revision, t.escalation, t.part, t.due_at FROM task t JOIN unit u ON u.id = t.unit_id `

func scanTask(row pgx.CollectableRow) (*task.Task, error) {
	var t task.Task
	err := row.Scan(&t.ID, &t.IncidentID, &t.UnitID, &t.UnitName, &t.State, &t.AreaPath, &t.Note, &t.DispatchedAt,
		&t.AcknowledgedAt, &t.RespondingAt, &t.OnSceneAt, &t.EndedAt, &t.Result, &t.Revision, &t.Escalation, &t.Part, &t.DueAt)
	t.DispatchedAt = t.DispatchedAt.UTC()
	t.DueAt = utc(t.DueAt)
	t.AcknowledgedAt, t.RespondingAt, t.OnSceneAt, t.EndedAt = utc(t.AcknowledgedAt), utc(t.RespondingAt), utc(t.OnSceneAt), utc(t.EndedAt)
	return &t, err
}

// taskByID returns a task without asking who wants it.
func taskByID(ctx context.Context, q querier, id int64) (*task.Task, error) {
	found, err := collect(ctx, q, scanTask, selectTask+`WHERE t.id = $1`, id)
	if err == nil && len(found) == 0 {
		return nil, notFound("task", id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// checkTaskSeen returns CodeNotFound unless the task lies in the actor's areas, or is its own unit's, open or ended in the last day.
func checkTaskSeen(ctx context.Context, q querier, actor *auth.Actor, t *task.Task) error {
	if actor.Scope.May(auth.ActionRead) && actor.Scope.InArea(t.AreaPath) {
		return nil
	}
	var own bool
	err := q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM task t WHERE t.id = $1 AND t.unit_id = $2 AND `+recentTask+`)`,
		t.ID, ownUnit(actor)).Scan(&own)
	if err == nil && !own {
		err = notFound("task", t.ID)
	}
	return err
}

// lockTask returns a task that the actor may see, and its case; case, unit and task do not change until the transaction ends.
func lockTask(ctx context.Context, tx pgx.Tx, actor *auth.Actor, id int64) (*incident.Incident, *task.Task, error) {
	t, err := taskByID(ctx, tx, id)
	if err != nil {
		return nil, nil, err
	}
	if err := checkTaskSeen(ctx, tx, actor, t); err != nil {
		return nil, nil, err
	}
	in, err := incidentByID(ctx, tx, t.IncidentID, "FOR UPDATE")
	if err != nil {
		return nil, nil, err
	}
	if _, err := lockUnit(ctx, tx, t.UnitID); err != nil {
		return nil, nil, err
	}
	t, err = taskByID(ctx, tx, id) // tasks change under their case's lock alone: this is the newest row
	return in, t, err
}

// lockUnit returns what dispatch needs of a unit, which does not change until the transaction ends.
func lockUnit(ctx context.Context, tx pgx.Tx, id int64) (*unit.Unit, error) {
	u := unit.Unit{ID: id}
	err := tx.QueryRow(ctx, `SELECT name, coalesce(area_path, ''), status FROM unit WHERE id = $1 FOR UPDATE`, id).
		Scan(&u.Name, &u.AreaPath, &u.Status)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, notFound("unit", id)
	}
	return &u, err
}

// reachedColumn is the timestamp of a task that each state sets.
var reachedColumn = map[task.State]string{
	task.Acknowledged: "acknowledged_at",
	task.Responding:   "responding_at",
	task.OnScene:      "on_scene_at",
	task.Done:         "ended_at",
	task.Returned:     "ended_at",
	task.CalledOff:    "ended_at",
}

// setTask makes a task what the new row of its log says. Its own times are those of arrival, by the one clock that all tasks share; the log has the sender's beside it.
func setTask(ctx context.Context, tx pgx.Tx, t *task.Task, m task.Move, to task.State, reason string, made time.Time) error {
	sql := fmt.Sprintf(`UPDATE task SET state = $2, %s = clock_timestamp(), revision = revision + 1, escalation = 0,
		result = CASE WHEN $3 THEN $4 ELSE result END WHERE id = $1`, reachedColumn[to])
	if _, err := tx.Exec(ctx, sql, t.ID, to, to.Final(), strings.TrimSpace(reason)); err != nil {
		return err
	}
	return appendTaskLog(ctx, tx, t.ID, m, t.State, to, reason, made)
}

// timeOrNull returns what stands for a moment that may not be known.
func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// appendTaskLog writes the row; made is when the step was made by the one who tells it, zero for now.
func appendTaskLog(ctx context.Context, tx pgx.Tx, id int64, m task.Move, from, to task.State, reason string, made time.Time) error {
	actor := auth.ActorFrom(ctx)
	_, err := tx.Exec(ctx, `INSERT INTO task_log
			(task_id, source_time, receive_time, actor_id, actor_name, move, from_state, to_state, reason)
		VALUES ($1, coalesce($8, clock_timestamp()), clock_timestamp(), nullif($2::bigint, 0), $3, $4, $5, $6, $7)`,
		id, actor.User.ID, actor.User.Name, m, from, to, strings.TrimSpace(reason), timeOrNull(made))
	return err
}

// followTasks makes a unit's status the state of its most advanced open task; without one it is available again, or stays off duty.
func followTasks(ctx context.Context, tx pgx.Tx, unitID int64) error {
	_, err := tx.Exec(ctx, `
		UPDATE unit u SET status = n.status
		FROM (SELECT coalesce(
				(SELECT state FROM task WHERE unit_id = $1 AND ended_at IS NULL
					ORDER BY array_position(ARRAY['on_scene', 'responding', 'acknowledged', 'dispatched'], state) LIMIT 1),
				(SELECT CASE status WHEN 'off_duty' THEN status ELSE 'available' END FROM unit WHERE id = $1)) AS status) n
		WHERE u.id = $1 AND u.status <> n.status`, unitID)
	return err
}

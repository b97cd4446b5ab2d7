package postgis

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/task"
	"wanglou/layers/unit"
)

// Tasks implements task.Service. It is safe for concurrent use.
type Tasks struct{ db *DB }

// NewTasks returns the tasks of db.
func NewTasks(db *DB) *Tasks { return &Tasks{db: db} }

// Dispatch implements task.Service. A unit that the actor may not see is CodeNotFound.
func (s *Tasks) Dispatch(ctx context.Context, incidentID, unitID int64, note string, revision int64) (*task.Task, error) {
	actor := auth.ActorFrom(ctx)
	if err := task.ValidateNote("note", note); err != nil {
		return nil, err
	}
	var out *task.Task
	err := s.db.transact(ctx, func(tx pgx.Tx) error {
		in, err := lockDispatch(ctx, tx, actor, incidentID, revision)
		if err != nil {
			return err
		}
		out, err = s.send(ctx, tx, actor, in, unitID, order{note: note})
		return err
	})
	return out, err
}

// DispatchJoint implements task.Service.
func (s *Tasks) DispatchJoint(ctx context.Context, incidentID int64, j *task.Joint, revision int64) (out []*task.Task, err error) {
	if err := j.Validate(time.Now()); err != nil {
		return nil, err
	}
	actor := auth.ActorFrom(ctx)
	units := append([]int64{j.Lead}, j.Co...)
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		in, err := lockDispatch(ctx, tx, actor, incidentID, revision)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT FROM unit WHERE id = ANY ($1) ORDER BY id FOR UPDATE`, units); err != nil {
			return err
		}
		for _, unit := range units {
			o := order{note: j.Note, part: task.Co, due: j.DueAt}
			if unit == j.Lead {
				o.part = task.Lead
			}
			t, err := s.send(ctx, tx, actor, in, unit, o)
			if err != nil {
				return err
			}
			out = append(out, t)
			if in, err = incidentByID(ctx, tx, in.ID, ""); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// lockDispatch returns a case that the actor may send units to.
func lockDispatch(ctx context.Context, tx pgx.Tx, actor *auth.Actor, id, revision int64) (*incident.Incident, error) {
	in, err := lockIncident(ctx, tx, actor, id)
	if err != nil {
		return nil, err
	}
	if err := forbid(actor, auth.ActionDispatch); err != nil {
		return nil, err
	}
	if !actor.Scope.InArea(in.Holder()) { // seen as the place of an own task, or from below
		return nil, outsideAreas(in.Holder())
	}
	if in.Revision != revision {
		return nil, staleRevision(ctx, tx, "incident_log", id)
	}
	return in, nil
}

// order is what a unit is told.
type order struct {
	note string
	part task.Part
	due  *time.Time
}

// send gives one unit its task. The caller holds the case's lock.
func (s *Tasks) send(ctx context.Context, tx pgx.Tx, actor *auth.Actor, in *incident.Incident, unitID int64, o order) (*task.Task, error) {
	to, err := in.State.Take(incident.MoveDispatch, "")
	if err != nil {
		return nil, err
	}
	u, err := lockUnit(ctx, tx, unitID)
	if err != nil {
		return nil, err
	}
	if !actor.Scope.InArea(u.AreaPath) {
		return nil, notFound("unit", unitID)
	}
	if err := checkAvailable(ctx, tx, in, u); err != nil {
		return nil, err
	}
	id, err := s.insert(ctx, tx, in, u, o)
	if err != nil {
		return nil, err
	}
	details := taskDetails(id, u.ID, u.Name)
	if o.due != nil {
		details["part"], details["due_at"] = o.part, o.due.UTC().Format(time.RFC3339Nano)
	}
	if err := advance(ctx, tx, in.ID, logRow{move: string(incident.MoveDispatch), from: in.State, to: to, reason: o.note, details: details}); err != nil {
		return nil, err
	}
	if err := appendAudit(ctx, tx, "task.dispatch", subject("task", id), map[string]any{"incident_id": in.ID, "unit_id": u.ID}); err != nil {
		return nil, err
	}
	return taskByID(ctx, tx, id)
}

// insert stores a new task with its first log row; the unit is no longer available.
func (s *Tasks) insert(ctx context.Context, tx pgx.Tx, in *incident.Incident, u *unit.Unit, o order) (id int64, err error) {
	err = tx.QueryRow(ctx, `INSERT INTO task (incident_id, unit_id, state, area_path, note, dispatched_at, part, due_at)
		VALUES ($1, $2, $3, nullif($4, ''), $5, clock_timestamp(), $6, $7) RETURNING id`,
		in.ID, u.ID, task.Dispatched, in.AreaPath, strings.TrimSpace(o.note), o.part, o.due).Scan(&id)
	if err != nil {
		return 0, err
	}
	if err := appendTaskLog(ctx, tx, id, "dispatch", "", task.Dispatched, o.note, time.Time{}); err != nil {
		return 0, err
	}
	if err := answerEscalations(ctx, tx, in.ID, id); err != nil {
		return 0, err
	}
	return id, followTasks(ctx, tx, u.ID)
}

// checkAvailable returns CodeConflict unless the unit is free to go to the case.
func checkAvailable(ctx context.Context, tx pgx.Tx, in *incident.Incident, u *unit.Unit) error {
	refuse := func(reason, msg string) error {
		return &layers.Error{Code: layers.CodeConflict, Reason: reason, Field: "unit_id",
			Params: map[string]string{"unit": u.Name, "status": string(u.Status)}, Msg: msg}
	}
	var sent bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM task WHERE incident_id = $1 AND unit_id = $2 AND ended_at IS NULL)`, in.ID, u.ID).Scan(&sent)
	switch {
	case err != nil:
		return err
	case sent:
		return refuse("already_dispatched", fmt.Sprintf("%s works on %s already", u.Name, in.Number))
	case u.Status != unit.Available:
		return refuse("unit_not_available", fmt.Sprintf("%s is %s", u.Name, u.Status))
	}
	return nil
}

// taskDetails says in a case's log which task a row is about.
func taskDetails(taskID, unitID int64, unitName string) map[string]any {
	return map[string]any{"task_id": taskID, "unit_id": unitID, "unit_name": unitName}
}

// Move implements task.Service. Every step is also a row "task.<move>" of the case's log; what follows for the case is one more row.
func (s *Tasks) Move(ctx context.Context, id int64, m task.Move, reason string, revision int64, origin ...task.Origin) (*task.Task, error) {
	actor := auth.ActorFrom(ctx)
	var from task.Origin
	if len(origin) > 0 {
		from = origin[0]
	}
	asked := map[string]any{"task": id, "move": m, "reason": reason, "revision": revision}
	var out *task.Task
	err := s.db.transact(ctx, func(tx pgx.Tx) error {
		if m == task.MoveConclude {
			if err := lockParts(ctx, tx, actor, id); err != nil {
				return err
			}
		}
		in, before, err := lockTask(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if again, err := answered(ctx, tx, from.Key, asked, &out); again || err != nil {
			return err
		}
		if err := checkWorks(actor, before, m); err != nil {
			return err
		}
		if before.Revision != revision {
			return staleRevision(ctx, tx, "task_log", id)
		}
		to, err := before.State.Take(m, reason)
		if err != nil {
			return err
		}
		if m == task.MoveConclude {
			if err := s.callOffParts(ctx, tx, in, before, reason); err != nil {
				return err
			}
		}
		if err := setTask(ctx, tx, before, m, to, reason, from.Time); err != nil {
			return err
		}
		if err := followTasks(ctx, tx, before.UnitID); err != nil {
			return err
		}
		if err := s.followCase(ctx, tx, in, before, m, to, reason, from.Time); err != nil {
			return err
		}
		if err := followDetection(ctx, tx, in.ID, to, from.Time); err != nil {
			return err
		}
		details := map[string]any{"move": m, "from": before.State, "to": to, "incident_id": in.ID}
		if err := appendAudit(ctx, tx, "task.move", subject("task", id), details); err != nil {
			return err
		}
		if out, err = taskByID(ctx, tx, id); err != nil {
			return err
		}
		return remember(ctx, tx, from.Key, asked, out)
	})
	return out, err
}

// checkWorks returns CodeForbidden unless the move is the actor's to make: its own unit's, or the dispatcher's in its areas.
func checkWorks(actor *auth.Actor, t *task.Task, m task.Move) error {
	if m.ByOffice() {
		if err := forbid(actor, auth.ActionDispatch); err != nil {
			return err
		}
		if !actor.Scope.InArea(t.AreaPath) {
			return outsideAreas(t.AreaPath)
		}
		return nil
	}
	if err := forbid(actor, auth.ActionWorkTask); err != nil {
		return err
	}
	if actor.Scope.UnitID != t.UnitID {
		return &layers.Error{Code: layers.CodeForbidden, Reason: "other_unit", Params: map[string]string{"unit": t.UnitName},
			Msg: fmt.Sprintf("the task is %s's", t.UnitName)}
	}
	return nil
}

// followCase appends the task's step to the case's log, and makes the move of the case that follows from it, if any.
func (s *Tasks) followCase(ctx context.Context, tx pgx.Tx, in *incident.Incident, t *task.Task, m task.Move, to task.State, reason string, made time.Time) error {
	details := taskDetails(t.ID, t.UnitID, t.UnitName)
	step := logRow{move: "task." + string(m), from: in.State, to: in.State, reason: reason, details: details, made: made}
	if err := advance(ctx, tx, in.ID, step); err != nil {
		return err
	}
	follows, err := consequence(ctx, tx, in, to)
	if err != nil || follows == "" {
		return err
	}
	next, exists := in.State.Next(follows)
	if !exists { // a second unit acknowledges: the case is being handled already
		return nil
	}
	return advance(ctx, tx, in.ID, logRow{move: string(follows), from: in.State, to: next, reason: reason, details: details, made: made})
}

// consequence returns the move of the case that follows when one of its tasks came to state to, "" for none: the first
// acknowledgement starts the work; when no task is open any more the case is fed back if any unit has finished since the last
// rework, else it returns to those who send.
func consequence(ctx context.Context, tx pgx.Tx, in *incident.Incident, to task.State) (incident.Move, error) {
	if to == task.Acknowledged {
		return incident.MoveStart, nil
	}
	if !to.Final() {
		return "", nil
	}
	var open, done bool
	err := tx.QueryRow(ctx, `
		SELECT coalesce(bool_or(t.ended_at IS NULL), false),
			coalesce(bool_or(t.state = 'done' AND t.ended_at > coalesce(r.at, '-infinity')), false)
		FROM task t, (SELECT max(receive_time) AS at FROM incident_log WHERE incident_id = $1 AND move = $2) r
		WHERE t.incident_id = $1`, in.ID, incident.MoveRework).Scan(&open, &done)
	switch {
	case err != nil || open:
		return "", err
	case done:
		return incident.MoveFeedBack, nil
	}
	return incident.MoveReturn, nil
}

// Task implements task.Service.
func (s *Tasks) Task(ctx context.Context, id int64) (*task.Task, error) {
	t, err := taskByID(ctx, s.db.Pool, id)
	if err != nil {
		return nil, err
	}
	if err := checkTaskSeen(ctx, s.db.Pool, auth.ActorFrom(ctx), t); err != nil {
		return nil, Wrap(err)
	}
	return t, nil
}

// OfIncident implements task.Service.
func (s *Tasks) OfIncident(ctx context.Context, incidentID int64) ([]*task.Task, error) {
	in, err := incidentByID(ctx, s.db.Pool, incidentID, "")
	if err != nil {
		return nil, err
	}
	if err := checkSeen(ctx, s.db.Pool, auth.ActorFrom(ctx), in); err != nil {
		return nil, Wrap(err)
	}
	return collect(ctx, s.db.Pool, scanTask, selectTask+`WHERE t.incident_id = $1 ORDER BY t.id`, incidentID)
}

// Mine implements task.Service. CodeForbidden for those who work for no unit.
func (s *Tasks) Mine(ctx context.Context) ([]*task.Task, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionWorkTask); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, scanTask, selectTask+`WHERE t.unit_id = $1 AND `+recentTask+`
		ORDER BY t.ended_at IS NOT NULL, t.ended_at DESC, t.dispatched_at, t.id`, actor.Scope.UnitID)
}

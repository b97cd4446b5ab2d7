package postgis

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/auth"
	"wanglou/layers/task"
)

// Escalations implements task.Escalations. It is safe for concurrent use.
type Escalations struct{ db *DB }

// NewEscalations returns what was told of the tasks of db that nobody acknowledges.
func NewEscalations(db *DB) *Escalations { return &Escalations{db} }

// actedOn is the SQL for: after the dispatcher was told of a task t, another unit was sent to the case.
const actedOn = `EXISTS (SELECT FROM task_escalation e JOIN task other ON other.incident_id = t.incident_id AND other.id <> t.id AND other.dispatched_at > e.at
	WHERE e.task_id = t.id AND e.level = 1)`

// Unanswered implements task.Escalations. A severity without a limit is never escalated.
func (s *Escalations) Unanswered(ctx context.Context) ([]task.Unanswered, error) {
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (u task.Unanswered, err error) {
		var dispatcher, leader int64
		err = row.Scan(&u.TaskID, &u.DispatchedAt, &dispatcher, &leader, &u.Told)
		u.DispatchedAt = u.DispatchedAt.UTC()
		u.Limit = task.AcknowledgeLimit{Dispatcher: time.Duration(dispatcher) * time.Second, Leader: time.Duration(leader) * time.Second}
		return u, err
	}, `SELECT t.id, t.dispatched_at, l.dispatcher_s, l.leader_s, coalesce((SELECT max(level) FROM task_escalation WHERE task_id = t.id), 0)
		FROM task t JOIN incident i ON i.id = t.incident_id JOIN acknowledge_limit l ON l.severity = i.severity
		WHERE t.state = 'dispatched' AND NOT `+actedOn+` ORDER BY t.dispatched_at, t.id`)
}

// Escalate implements task.Escalations. The task's revision stays: an acknowledgement that is on its way is not refused.
func (s *Escalations) Escalate(ctx context.Context, taskID int64, level task.Level, at time.Time) error {
	ctx = auth.WithActor(ctx, auth.Operator("wanglou"))
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		var incidentID int64 // locks in the order of all who need several: the case, the task
		if err := tx.QueryRow(ctx, `SELECT id FROM incident WHERE id = (SELECT incident_id FROM task WHERE id = $1) FOR UPDATE`, taskID).Scan(&incidentID); err != nil {
			return err
		}
		done, err := tx.Exec(ctx, `WITH told AS (
				INSERT INTO task_escalation (task_id, level, at) SELECT id, $2, $3 FROM task t WHERE id = $1 AND state = 'dispatched' AND NOT `+actedOn+`
				ON CONFLICT DO NOTHING RETURNING task_id)
			UPDATE task SET escalation = $2 FROM told WHERE id = told.task_id`, taskID, level, at)
		if err != nil || done.RowsAffected() == 0 {
			return err
		}
		return appendAudit(ctx, tx, "task.escalate", subject("task", taskID), map[string]any{"incident_id": incidentID, "level": level})
	})
}

// answerEscalations ends the notices of a case because another unit was sent to it. The caller holds the case's lock.
func answerEscalations(ctx context.Context, tx pgx.Tx, incidentID, newTask int64) error {
	_, err := tx.Exec(ctx, `UPDATE task SET escalation = 0 WHERE incident_id = $1 AND id <> $2 AND escalation > 0`, incidentID, newTask)
	return err
}

// Lead implements task.Escalations.
func (s *Escalations) Lead(ctx context.Context, f func(context.Context) error) error {
	return s.db.Lead(ctx, "escalations", f)
}

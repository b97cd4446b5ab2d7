package postgis

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
)

// AcknowledgeAlarm implements incident.Alarms. The case's revision stays: nobody's move is refused because somebody heard it.
func (s *Incidents) AcknowledgeAlarm(ctx context.Context, id int64) (*incident.Alarm, error) {
	actor := auth.ActorFrom(ctx)
	out := &incident.Alarm{IncidentID: id}
	err := s.db.transact(ctx, func(tx pgx.Tx) error {
		in, err := lockIncident(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := forbid(actor, auth.ActionDispatch); err != nil {
			return err
		}
		if !actor.Scope.InArea(in.AreaPath) { // seen as the place of an own task
			return outsideAreas(in.AreaPath)
		}
		var (
			at *time.Time
			by *string
		)
		if err := tx.QueryRow(ctx, `SELECT alarm_at, alarm_by FROM incident WHERE id = $1`, id).Scan(&at, &by); err != nil {
			return err
		}
		switch {
		case at != nil && by != nil:
			out.At, out.By = at.UTC(), *by
			return nil
		case in.Severity != incident.Grave || in.State.Final():
			return &layers.Error{Code: layers.CodeConflict, Reason: "no_alarm", Msg: "the case has no alarm: it is not grave, or it is over"}
		}
		if err := tx.QueryRow(ctx, `UPDATE incident SET alarm_at = clock_timestamp(), alarm_by = $2 WHERE id = $1 RETURNING alarm_at, alarm_by`, id, actor.User.Name).Scan(&out.At, &out.By); err != nil {
			return err
		}
		out.At = out.At.UTC()
		return appendAudit(ctx, tx, "alarm.acknowledge", subject("incident", id), map[string]any{"number": in.Number})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

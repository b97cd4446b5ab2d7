package postgis

import (
	"context"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
)

// Correct implements incident.Service.
func (s *Incidents) Correct(ctx context.Context, id int64, c incident.Correction, revision int64) (out *incident.Incident, err error) {
	actor := auth.ActorFrom(ctx)
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		in, err := lockIncident(ctx, tx, actor, id)
		switch {
		case err != nil:
			return err
		case !actor.Scope.May(auth.ActionMoveIncident):
			return forbid(actor, auth.ActionMoveIncident)
		case !actor.Scope.InArea(in.Holder()): // seen as the place of an own task
			return outsideAreas(in.Holder())
		case in.Revision != revision:
			return staleRevision(ctx, tx, "incident_log", id)
		case in.State.Final():
			return layers.Invalid("id", "closed", "the case is over")
		}
		n, changed, err := c.Apply(*in)
		if err != nil {
			return err
		}
		if err := checkCategory(ctx, tx, n.Standard, n.Category, in.Category); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE incident SET title = $2, description = $3, category = $4, condition = CASE category WHEN $4 THEN condition ELSE '' END, severity = $5, address = $6 WHERE id = $1`,
			id, n.Title, n.Description, n.Category, n.Severity, n.Address)
		if err != nil {
			return err
		}
		details := map[string]any{"fields": changed}
		for field, was := range map[string]any{"category": in.Category, "severity": in.Severity, "title": in.Title} {
			details["was_"+field] = was
		}
		if err := advance(ctx, tx, id, logRow{move: incident.MoveCorrect, from: in.State, to: in.State, details: details}); err != nil {
			return err
		}
		calendar, err := readCalendar(ctx, tx) // another category or severity has another limit
		if err != nil {
			return err
		}
		if _, err := setDeadlines(ctx, tx, id, calendar); err != nil {
			return err
		}
		if err := appendAudit(ctx, tx, "incident.correct", subject("incident", id), details); err != nil {
			return err
		}
		if err := firePlans(ctx, tx, id); err != nil { // it may be more serious now
			return err
		}
		out, err = incidentByID(ctx, tx, id, "")
		return err
	})
	return out, err
}

package postgis

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/report"
)

const maxReports = 200

// Reports implements report.Service. Who reported what is for those who take reports in.
func (s *Reports) Reports(ctx context.Context, f report.Filter) ([]*report.Report, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionCreateIncident); err != nil {
		return nil, err
	}
	limit := f.Limit
	if limit < 1 || limit > maxReports {
		limit = maxReports
	}
	return collect(ctx, s.db.Pool, scanReport, selectReport+`
		WHERE (`+inAreas("r.area_path", "@areas")+`)
			AND (@state = '' OR r.state = @state) AND (@phone = '' OR r.reporter_phone = @phone) AND (@incident = 0 OR r.incident_id = @incident)
			AND (NOT @to_call OR r.state = 'attached' AND EXISTS (SELECT FROM incident i WHERE i.id = r.incident_id AND i.closed_at IS NOT NULL))
		ORDER BY r.receive_time DESC, r.id DESC LIMIT @limit`,
		pgx.NamedArgs{"areas": actor.Scope.Areas, "state": f.State, "phone": report.FoldPhone(f.Phone), "incident": f.Incident, "to_call": f.ToCall, "limit": limit})
}

// change runs f on a report of the actor's areas that is locked, and appends to the audit log.
func (s *Reports) change(ctx context.Context, id int64, action string, f func(tx pgx.Tx, actor *auth.Actor, r *report.Report) (map[string]any, error)) (out *report.Report, err error) {
	actor := auth.ActorFrom(ctx)
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		r, err := reportByID(ctx, tx, id, "FOR UPDATE OF r")
		if err != nil {
			return err
		}
		if !actor.Scope.May(auth.ActionRead) || !actor.Scope.InArea(r.AreaPath) {
			return notFound("report", id)
		}
		if err := forbid(actor, auth.ActionCreateIncident); err != nil {
			return err
		}
		details, err := f(tx, actor, r)
		if err != nil {
			return err
		}
		if err := appendAudit(ctx, tx, action, subject("report", id), details); err != nil {
			return err
		}
		out, err = reportByID(ctx, tx, id, "")
		return err
	})
	return out, err
}

// Attach implements report.Service.
func (s *Reports) Attach(ctx context.Context, id, incidentID int64) (*report.Report, error) {
	return s.change(ctx, id, "report.attach", func(tx pgx.Tx, actor *auth.Actor, r *report.Report) (map[string]any, error) {
		if r.State != report.Received && r.State != report.Attached {
			return nil, wrongState(r)
		}
		in, err := openIncident(ctx, tx, actor, incidentID)
		if err != nil {
			return nil, err
		}
		if r.IncidentID != 0 && r.IncidentID != in.ID {
			if err := keepsOthers(ctx, tx, r); err != nil {
				return nil, err
			}
		}
		_, err = tx.Exec(ctx, `UPDATE report SET incident_id = $2, state = 'attached', likeness = NULL WHERE id = $1`, id, in.ID)
		return map[string]any{"incident_id": in.ID, "from": r.IncidentID}, err
	})
}

// keepsOthers refuses to take the last report away from a case that reports opened: those are merged as a whole.
func keepsOthers(ctx context.Context, tx pgx.Tx, r *report.Report) error {
	var others bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM report WHERE incident_id = $1 AND id <> $2)
		OR EXISTS (SELECT FROM incident WHERE id = $1 AND source = 'console')`, r.IncidentID, r.ID).Scan(&others)
	if err == nil && !others {
		err = layers.Invalid("report", "only_report", "it is the only report of its case")
	}
	return err
}

func wrongState(r *report.Report) error {
	e := layers.Invalid("state", "impossible_move", "a report that is %s does not lead there", r.State)
	e.Params = map[string]string{"state": string(r.State)}
	return e
}

// Part implements report.Service.
func (s *Reports) Part(ctx context.Context, id int64, at *orb.Point) (*report.Outcome, error) {
	out := &report.Outcome{Opened: true}
	changed, err := s.change(ctx, id, "report.part", func(tx pgx.Tx, actor *auth.Actor, r *report.Report) (map[string]any, error) {
		if r.State != report.Received && r.State != report.Attached {
			return nil, wrongState(r)
		}
		if r.IncidentID != 0 {
			if err := keepsOthers(ctx, tx, r); err != nil {
				return nil, err
			}
		}
		if at != nil && r.Point == nil {
			if err := layers.ValidatePoint("point", *at); err != nil {
				return nil, err
			}
			r.Point = at
		}
		if r.Point == nil {
			return nil, layers.Invalid("point", "required", "the report has no place")
		}
		path, err := placeOf(ctx, tx, actor, *r.Point)
		if err != nil {
			return nil, err
		}
		opened, err := s.open(ctx, tx, actor, r, report.Asked{})
		if err != nil {
			return nil, err
		}
		_, err = tx.Exec(ctx, `UPDATE report SET incident_id = $2, state = 'attached', likeness = NULL, area_path = $3, geom = ST_SetSRID(ST_MakePoint($4, $5), 4326) WHERE id = $1`,
			id, opened, path, r.Point[0], r.Point[1])
		return map[string]any{"incident_id": opened, "from": r.IncidentID}, err
	})
	if err != nil {
		return nil, err
	}
	return s.received(ctx, s.db.Pool, changed, out)
}

// Dismiss implements report.Service.
func (s *Reports) Dismiss(ctx context.Context, id int64, reason string) (*report.Report, error) {
	return s.change(ctx, id, "report.dismiss", func(tx pgx.Tx, _ *auth.Actor, r *report.Report) (map[string]any, error) {
		if r.State != report.Received {
			return nil, wrongState(r)
		}
		if err := checkAnswer("reason", reason); err != nil {
			return nil, err
		}
		_, err := tx.Exec(ctx, `UPDATE report SET state = 'dismissed', answer = $2 WHERE id = $1`, id, strings.TrimSpace(reason))
		return nil, err
	})
}

// Answer implements report.Service.
func (s *Reports) Answer(ctx context.Context, id int64, answer string, satisfied *bool) (*report.Report, error) {
	return s.change(ctx, id, "report.answer", func(tx pgx.Tx, actor *auth.Actor, r *report.Report) (map[string]any, error) {
		if err := checkAnswer("answer", answer); err != nil {
			return nil, err
		}
		in, err := incidentByID(ctx, tx, max(r.IncidentID, 0), "")
		if err != nil || r.State != report.Attached || !in.State.Final() {
			return nil, wrongState(r) // an answer is of how it ended
		}
		_, err = tx.Exec(ctx, `UPDATE report SET state = 'answered', answer = $2, answered_at = clock_timestamp(), answered_by = nullif($3::bigint, 0), satisfied = $4 WHERE id = $1`,
			id, strings.TrimSpace(answer), actor.User.ID, satisfied)
		return map[string]any{"satisfied": satisfied}, err
	})
}

func checkAnswer(field, text string) error {
	switch n := utf8.RuneCountInString(strings.TrimSpace(text)); {
	case n == 0:
		return layers.Invalid(field, "required", "a text is required")
	case n > report.MaxAnswer:
		return layers.Invalid(field, "too_long", "the text has %d characters, at most %d are kept", n, report.MaxAnswer)
	}
	return nil
}

// answerReports tells those how their case ended who ask by themselves: the others, who left a telephone number, are called back 回访. They read why it was
// closed, or, where nobody wrote that, what the unit that worked last says it did.
func answerReports(ctx context.Context, tx pgx.Tx, incidentID int64, r logRow) error {
	_, err := tx.Exec(ctx, `UPDATE report SET state = 'answered', answered_at = clock_timestamp(), answer = coalesce(nullif($2, ''),
			(SELECT left(l.reason, 2000) FROM task_log l JOIN task k ON k.id = l.task_id WHERE k.incident_id = $1 AND l.move = 'done' AND l.reason <> '' ORDER BY l.id DESC LIMIT 1), '')
		WHERE incident_id = $1 AND state = 'attached' AND NOT (channel = 'hotline' AND reporter_phone <> '')`, incidentID, strings.TrimSpace(r.reason))
	return err
}

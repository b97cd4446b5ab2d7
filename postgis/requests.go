package postgis

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/clock"
	"wanglou/layers/incident"
	"wanglou/layers/request"
)

// Requests implements request.Service. It is safe for concurrent use.
type Requests struct{ db *DB }

// NewRequests returns what is asked in the cases of db.
func NewRequests(db *DB) *Requests { return &Requests{db} }

// lockHeld returns a case that the actor may act on: whoever holds it, and those above.
func lockHeld(ctx context.Context, tx pgx.Tx, id int64) (*incident.Incident, error) {
	actor := auth.ActorFrom(ctx)
	in, err := lockIncident(ctx, tx, actor, id)
	if err != nil {
		return nil, err
	}
	if err := forbid(actor, auth.ActionMoveIncident); err != nil {
		return nil, err
	}
	if !actor.Scope.InArea(in.Holder()) {
		return nil, outsideAreas(in.Holder())
	}
	return in, nil
}

// lockAsked returns a case in which the actor may ask or answer, and the unit for which it does so, 0 for the desk. Who may not see the case is told that there is none.
func lockAsked(ctx context.Context, tx pgx.Tx, id int64) (in *incident.Incident, unitID int64, err error) {
	if in, err = incidentByID(ctx, tx, id, "FOR UPDATE"); err != nil {
		return nil, 0, err
	}
	unitID, err = checkSeenOrSent(ctx, tx, in)
	return in, unitID, err
}

// checkSeenOrSent returns the actor's unit where it was sent to the case at any time, 0 for others who may see the case, and CodeNotFound else.
func checkSeenOrSent(ctx context.Context, q querier, in *incident.Incident) (unitID int64, err error) {
	actor := auth.ActorFrom(ctx)
	if unit := ownUnit(actor); unit != 0 {
		var sent bool
		err := q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM task WHERE incident_id = $1 AND unit_id = $2)`, in.ID, unit).Scan(&sent)
		if err != nil || sent {
			return unit, err
		}
	}
	return 0, checkSeen(ctx, q, actor, in)
}

// Ask implements request.Service.
func (s *Requests) Ask(ctx context.Context, incidentID int64, a *request.Ask) (out *request.Request, err error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		in, unit, err := lockAsked(ctx, tx, incidentID)
		if err != nil {
			return err
		}
		if err := request.Allowed(auth.ActorFrom(ctx).Scope, in, request.Find(a.Kind, "", request.MoveAsk).By, unit, nil); err != nil {
			return err
		}
		rules, err := readFlowRules(ctx, tx)
		if err != nil {
			return err
		}
		if err := checkAsk(ctx, tx, in, a, unit, &rules); err != nil {
			return err
		}
		r := &request.Request{Kind: a.Kind, IncidentID: in.ID, UnitID: unit, Reason: a.Reason, Limit: a.Limit, Level: a.Level}
		if a.Kind == request.Supervision {
			r.UnitID = a.UnitID
			if r.Limit == nil {
				r.Limit = &clock.Limit{Kind: clock.UrgentHour, Amount: float64(rules.SuperviseHours)}
			}
			calendar, err := readCalendar(ctx, tx)
			if err != nil {
				return err
			}
			_, due := request.Later(0, *r.Limit, calendar, time.Now())
			r.DueAt = &due
		}
		if r.ID, err = insertRequest(ctx, tx, r, a.Attachments); err != nil {
			return err
		}
		out, err = s.record(ctx, tx, in, r, request.MoveAsk, "", request.Asked, a.Reason, limitDetails(r.Limit))
		return err
	})
	return out, err
}

// checkAsk returns why the case does not take such a request now.
func checkAsk(ctx context.Context, tx pgx.Tx, in *incident.Incident, a *request.Ask, unit int64, rules *incident.FlowRules) error {
	if !a.Kind.AskedIn(in.State) {
		e := layers.Invalid("kind", "impossible_move", "%q is not asked for in %q", a.Kind, in.State)
		e.Params = map[string]string{"move": string(a.Kind), "state": string(in.State)}
		return e
	}
	refuse := func(reason, msg string) error {
		return &layers.Error{Code: layers.CodeConflict, Reason: reason, Field: "kind", Msg: msg}
	}
	var open, granted, all, appeals int
	var sent, attached bool
	err := tx.QueryRow(ctx, `SELECT count(*) FILTER (WHERE kind = $2 AND ended_at IS NULL), count(*) FILTER (WHERE kind = 'extension' AND state = 'granted'), count(*),
			count(*) FILTER (WHERE kind = 'appeal' AND state IN ('granted', 'refused')),
			EXISTS (SELECT FROM task WHERE incident_id = $1 AND unit_id = $3),
			(SELECT count(*) FROM attachment WHERE incident_id = $1 AND id = ANY ($4)) = cardinality($4::bigint[])
		FROM case_request WHERE incident_id = $1`, in.ID, a.Kind, a.UnitID, append([]int64{}, a.Attachments...)).Scan(&open, &granted, &all, &appeals, &sent, &attached)
	switch {
	case err != nil:
		return err
	case all >= request.MaxOfCase:
		return refuse("too_many_requests", "the case has as many requests as are kept")
	case a.Kind != request.Supervision && open > 0:
		return refuse("already_asked", "it is asked for already, and not decided")
	case a.Kind == request.Extension && granted >= rules.MaxExtensions:
		return refuse("too_many_extensions", "the case was extended as often as the rules allow")
	case a.Kind == request.Supervision && a.UnitID != 0 && !sent:
		return layers.Invalid("unit_id", "not_in_case", "the unit was not sent to the case")
	case !attached:
		return layers.Invalid("attachments", "unknown_value", "an attachment is not one of the case")
	case a.Kind != request.Appeal:
		return nil
	case !in.Closing.Deduction():
		return refuse("no_deduction", "the case was closed without a deduction")
	case appeals > 0:
		return refuse("already_decided", "an appeal was decided already")
	case in.ClosedAt != nil && time.Since(*in.ClosedAt) > time.Duration(rules.AppealDays)*24*time.Hour:
		return refuse("appeal_late", "the days within which one may appeal have passed")
	}
	return nil
}

// Move implements request.Service.
func (s *Requests) Move(ctx context.Context, incidentID, id int64, d *request.Decision) (out *request.Request, err error) {
	actor := auth.ActorFrom(ctx)
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		in, unit, err := lockAsked(ctx, tx, incidentID)
		if err != nil {
			return err
		}
		r, err := requestByID(ctx, tx, incidentID, id)
		if err != nil {
			return err
		}
		if r.Revision != d.Revision {
			return staleRevision(ctx, tx, "case_request_log", id)
		}
		step, err := request.Take(r.Kind, r.State, d.Move, d.Reason)
		if err != nil {
			return err
		}
		if err := request.Allowed(actor.Scope, in, step.By, unit, r); err != nil {
			return err
		}
		if r.Granted, err = r.Grants(d); err != nil {
			return err
		}
		if err := s.follow(ctx, tx, in, r, d, step.To); err != nil {
			return err
		}
		out, err = s.record(ctx, tx, in, r, d.Move, r.State, step.To, d.Reason, limitDetails(r.Granted))
		return err
	})
	return out, err
}

// follow makes what comes of a decision for the case, and for the request's deadline.
func (s *Requests) follow(ctx context.Context, tx pgx.Tx, in *incident.Incident, r *request.Request, d *request.Decision, to request.State) error {
	if to == request.Granted && r.Kind == request.Extension {
		rules, err := readFlowRules(ctx, tx)
		if err != nil {
			return err
		}
		var granted int
		err = tx.QueryRow(ctx, `SELECT count(*) FROM case_request WHERE incident_id = $1 AND kind = 'extension' AND state = 'granted'`, in.ID).Scan(&granted)
		switch {
		case err != nil:
			return err
		case granted >= rules.MaxExtensions:
			return &layers.Error{Code: layers.CodeConflict, Reason: "too_many_extensions", Msg: "the case was extended as often as the rules allow"}
		case in.State.Final():
			return layers.Invalid("id", "closed", "the case is over")
		}
	}
	if to == request.Granted && r.Kind == request.Suspension {
		state, err := in.State.Take(incident.MoveSuspend, r.Reason)
		if err != nil {
			return err
		}
		if err := advance(ctx, tx, in.ID, logRow{move: string(incident.MoveSuspend), from: in.State, to: state, reason: r.Reason, details: map[string]any{"request_id": r.ID}}); err != nil {
			return err
		}
		in.State = state
	}
	if d.Move == request.MoveSendBack { // it has as long again
		calendar, err := readCalendar(ctx, tx)
		if err != nil {
			return err
		}
		_, due := request.Later(0, *r.Limit, calendar, time.Now())
		r.DueAt = &due
	}
	return nil
}

// record writes where a request stands now, with a row of its log and of its case's, the case's marks, and the audit row.
func (s *Requests) record(ctx context.Context, tx pgx.Tx, in *incident.Incident, r *request.Request, m request.Move, from, to request.State, reason string, details map[string]any) (*request.Request, error) {
	var kind, amount any
	if r.Granted != nil {
		kind, amount = r.Granted.Kind, r.Granted.Amount
	}
	_, err := tx.Exec(ctx, `UPDATE case_request SET state = $2, granted_kind = $3, granted_amount = $4, due_at = $5, level = $6, overdue = $7,
			answer = CASE WHEN $8 = 'ask' THEN answer ELSE $9 END, ended_at = CASE WHEN $10 THEN clock_timestamp() END, revision = revision + CASE WHEN $8 = 'ask' THEN 0 ELSE 1 END
		WHERE id = $1`, r.ID, to, kind, amount, r.DueAt, r.Level, r.Overdue, m, reason, to.Final())
	if err != nil {
		return nil, err
	}
	if err := appendRequestLog(ctx, tx, r.ID, m, from, to, reason, details); err != nil {
		return nil, err
	}
	if err := markRequests(ctx, tx, in.ID); err != nil {
		return nil, err
	}
	told := map[string]any{"request_id": r.ID}
	for k, v := range details {
		told[k] = v
	}
	if r.Level > 0 {
		told["level"] = r.Level
	}
	row := logRow{move: string(r.Kind) + "." + string(m), from: in.State, to: in.State, reason: reason, details: told}
	if in.State.Final() { // what is over stays over
		err = appendIncidentLogOf(ctx, tx, in.ID, row)
	} else {
		err = advance(ctx, tx, in.ID, row)
	}
	if err != nil {
		return nil, err
	}
	if err := appendAudit(ctx, tx, "flow."+string(m), subject("incident", in.ID), map[string]any{"request_id": r.ID, "kind": r.Kind, "to": to}); err != nil {
		return nil, err
	}
	return requestByID(ctx, tx, in.ID, r.ID)
}

// endRequests withdraws what waits for a decision about a case that is over now: nobody has to decide it any more. A supervision is its supervisor's to close.
func endRequests(ctx context.Context, tx pgx.Tx, incidentID int64) error {
	actor := auth.ActorFrom(ctx)
	done, err := tx.Exec(ctx, `WITH ended AS (
			UPDATE case_request SET state = 'withdrawn', ended_at = clock_timestamp(), revision = revision + 1
			WHERE incident_id = $1 AND ended_at IS NULL AND kind IN ('extension', 'suspension') RETURNING id)
		INSERT INTO case_request_log (request_id, actor_id, actor_name, move, from_state, to_state) SELECT id, nullif($2::bigint, 0), $3, 'withdraw', 'asked', 'withdrawn' FROM ended`,
		incidentID, actor.User.ID, actor.User.Name)
	if err != nil || done.RowsAffected() == 0 {
		return err
	}
	return markRequests(ctx, tx, incidentID)
}

// appendIncidentLogOf appends a row to the log of a case that is over, which stays closed when it was.
func appendIncidentLogOf(ctx context.Context, tx pgx.Tx, id int64, r logRow) error {
	if _, err := tx.Exec(ctx, `UPDATE incident SET revision = revision + 1, updated_at = clock_timestamp() WHERE id = $1`, id); err != nil {
		return err
	}
	return appendIncidentLog(ctx, tx, id, r)
}

// markRequests counts on the case what waits for the shift leader, and how far a supervision goes.
func markRequests(ctx context.Context, tx pgx.Tx, incidentID int64) error {
	_, err := tx.Exec(ctx, `UPDATE incident i SET asks = r.asks, supervised = r.level FROM (
			SELECT count(*) FILTER (WHERE kind <> 'supervision') AS asks, coalesce(max(level), 0) AS level FROM case_request WHERE incident_id = $1 AND ended_at IS NULL) r
		WHERE i.id = $1`, incidentID)
	return err
}

func limitDetails(l *clock.Limit) map[string]any {
	if l == nil {
		return nil
	}
	return map[string]any{"limit_kind": l.Kind, "limit_amount": l.Amount}
}

// Overdue implements request.Service. One supervision that cannot be escalated keeps no other from being so.
func (s *Requests) Overdue(ctx context.Context, now time.Time) (n int, err error) {
	type late struct{ id, incident int64 }
	found, err := collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (l late, err error) { return l, row.Scan(&l.id, &l.incident) },
		`SELECT id, incident_id FROM case_request WHERE kind = 'supervision' AND state = 'asked' AND due_at <= $1 ORDER BY due_at, id`, now)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	calendar, err := readCalendar(ctx, s.db.Pool)
	if err != nil {
		return 0, Wrap(err)
	}
	ctx = auth.WithActor(ctx, auth.Operator("wanglou"))
	var failed error
	for _, l := range found {
		err := s.db.transact(ctx, func(tx pgx.Tx) error {
			in, err := incidentByID(ctx, tx, l.incident, "FOR UPDATE")
			if err != nil {
				return err
			}
			r, err := requestByID(ctx, tx, l.incident, l.id)
			if err != nil || r.State != request.Asked || r.DueAt == nil || r.DueAt.After(now) { // answered meanwhile
				return err
			}
			level, due := request.Later(r.Level, *r.Limit, calendar, now)
			r.Level, r.DueAt, r.Overdue = level, &due, r.Overdue+1
			_, err = s.record(ctx, tx, in, r, moveEscalate, r.State, r.State, r.Answer, map[string]any{"overdue": r.Overdue})
			n++
			return err
		})
		if err != nil && failed == nil {
			failed = err
		}
	}
	return n, failed
}

// moveEscalate is the row of a supervision's log that says that its deadline has passed.
const moveEscalate request.Move = "escalate"

package postgis

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/clock"
	"wanglou/layers/message"
	"wanglou/layers/request"
)

const selectRequest = `SELECT r.id, r.kind, r.state, r.incident_id, i.number, i.title, i.severity, coalesce(i.area_path, ''), coalesce(r.unit_id, 0), coalesce(u.name, ''),
	coalesce(r.author_id, 0), r.author_name, r.asked_at, r.reason, r.limit_kind, r.limit_amount::float8, r.granted_kind, r.granted_amount::float8, r.level, r.due_at, r.overdue,
	r.answer, r.ended_at, r.attachments, r.revision
	FROM case_request r JOIN incident i ON i.id = r.incident_id LEFT JOIN unit u ON u.id = r.unit_id `

func scanRequest(row pgx.CollectableRow) (*request.Request, error) {
	var r request.Request
	var kind, granted *clock.Kind
	var amount, grantedAmount *float64
	err := row.Scan(&r.ID, &r.Kind, &r.State, &r.IncidentID, &r.Number, &r.Title, &r.Severity, &r.AreaPath, &r.UnitID, &r.UnitName, &r.AuthorID, &r.AuthorName, &r.AskedAt, &r.Reason,
		&kind, &amount, &granted, &grantedAmount, &r.Level, &r.DueAt, &r.Overdue, &r.Answer, &r.EndedAt, &r.Attachments, &r.Revision)
	if kind != nil && amount != nil {
		r.Limit = &clock.Limit{Kind: *kind, Amount: *amount}
	}
	if granted != nil && grantedAmount != nil {
		r.Granted = &clock.Limit{Kind: *granted, Amount: *grantedAmount}
	}
	r.AskedAt, r.DueAt, r.EndedAt = r.AskedAt.UTC(), utc(r.DueAt), utc(r.EndedAt)
	return &r, err
}

// requestByID returns a request of a case without asking who wants it.
func requestByID(ctx context.Context, q querier, incidentID, id int64) (*request.Request, error) {
	found, err := collect(ctx, q, scanRequest, selectRequest+`WHERE r.id = $1 AND r.incident_id = $2`, id, incidentID)
	if err == nil && len(found) == 0 {
		return nil, notFound("request", id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func insertRequest(ctx context.Context, tx pgx.Tx, r *request.Request, attachments []int64) (id int64, err error) {
	actor := auth.ActorFrom(ctx)
	var kind, amount any
	if r.Limit != nil {
		kind, amount = r.Limit.Kind, r.Limit.Amount
	}
	err = tx.QueryRow(ctx, `INSERT INTO case_request (incident_id, kind, state, unit_id, author_id, author_name, reason, limit_kind, limit_amount, level, due_at, attachments)
		VALUES ($1, $2, $3, nullif($4::bigint, 0), nullif($5::bigint, 0), $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
		r.IncidentID, r.Kind, request.Asked, r.UnitID, actor.User.ID, actor.User.Name, r.Reason, kind, amount, r.Level, r.DueAt, append([]int64{}, attachments...)).Scan(&id)
	return id, err
}

func appendRequestLog(ctx context.Context, tx pgx.Tx, id int64, m request.Move, from, to request.State, reason string, details map[string]any) error {
	actor := auth.ActorFrom(ctx)
	_, err := tx.Exec(ctx, `INSERT INTO case_request_log (request_id, actor_id, actor_name, move, from_state, to_state, reason, details)
		VALUES ($1, nullif($2::bigint, 0), $3, $4, $5, $6, $7, $8)`, id, actor.User.ID, actor.User.Name, m, from, to, strings.TrimSpace(reason), object(details))
	return err
}

// OfIncident implements request.Service.
func (s *Requests) OfIncident(ctx context.Context, incidentID int64) ([]*request.Request, error) {
	in, err := incidentByID(ctx, s.db.Pool, incidentID, "")
	if err != nil {
		return nil, err
	}
	if _, err := checkSeenOrSent(ctx, s.db.Pool, in); err != nil {
		return nil, Wrap(err)
	}
	return collect(ctx, s.db.Pool, scanRequest, selectRequest+`WHERE r.incident_id = $1 ORDER BY r.id`, incidentID)
}

// Requests implements request.Service.
func (s *Requests) Requests(ctx context.Context, f request.Filter) ([]*request.Request, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, scanRequest, selectRequest+`
		WHERE (`+inAreas("i.area_path", "@areas")+` OR (@unit::bigint <> 0 AND EXISTS (SELECT FROM task t WHERE t.incident_id = i.id AND t.unit_id = @unit)))
			AND @kind IN ('', r.kind) AND (NOT @open OR r.ended_at IS NULL) AND (@below = '' OR starts_with(i.area_path || '.', @below || '.'))
		ORDER BY r.ended_at IS NOT NULL, CASE WHEN r.ended_at IS NULL THEN r.due_at END, r.id DESC LIMIT @limit`,
		pgx.NamedArgs{"areas": actor.Scope.Areas, "unit": ownUnit(actor), "kind": f.Kind, "open": f.Open, "below": f.AreaPath, "limit": request.MaxList})
}

// Urge implements request.Service: a row of the case's log, and a message to those who work on it.
func (s *Requests) Urge(ctx context.Context, incidentID int64, text string) error {
	actor := auth.ActorFrom(ctx)
	m := message.Message{Text: text}
	if err := m.Validate(time.Now()); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		in, err := lockIncident(ctx, tx, actor, incidentID)
		if err != nil {
			return err
		}
		if !actor.Scope.May(auth.ActionSupervise) {
			if err := forbid(actor, auth.ActionDispatch); err != nil {
				return err
			}
		}
		if !actor.Scope.InArea(in.AreaPath) {
			return outsideAreas(in.AreaPath)
		}
		rules, err := readFlowRules(ctx, tx)
		if err != nil {
			return err
		}
		var open bool
		var last *time.Time
		err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM task WHERE incident_id = $1 AND ended_at IS NULL),
			(SELECT max(receive_time) FROM incident_log WHERE incident_id = $1 AND move = $2)`, in.ID, moveUrge).Scan(&open, &last)
		switch {
		case err != nil:
			return err
		case !open:
			return &layers.Error{Code: layers.CodeConflict, Reason: "nobody_sent", Msg: "no unit works on the case"}
		}
		if last != nil {
			if wait := time.Until(last.Add(time.Duration(rules.UrgeMinutes) * time.Minute)); wait > 0 {
				return &layers.Error{Code: layers.CodeConflict, Reason: "urged_lately", Params: map[string]string{"minutes": fmt.Sprint(int(wait.Minutes()) + 1)}, Msg: "it was urged a short while ago"}
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE incident SET urges = urges + 1, messages = messages + 1 WHERE id = $1`, in.ID); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO incident_message (incident_id, author_id, author_name, text, source_time) VALUES ($1, nullif($2::bigint, 0), $3, $4, clock_timestamp())`,
			in.ID, actor.User.ID, actor.User.Name, "【催办】"+m.Text)
		if err != nil {
			return err
		}
		if err := advance(ctx, tx, in.ID, logRow{move: moveUrge, from: in.State, to: in.State, reason: m.Text}); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "incident.urge", subject("incident", in.ID), nil)
	})
}

// moveUrge is the row of a case's log that urges 催办.
const moveUrge = "urge"

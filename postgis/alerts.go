package postgis

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/cap"
)

// Alerts implements cap.Store. It is safe for concurrent use.
type Alerts struct {
	db   *DB
	now  func() time.Time
	turn chan struct{} // held by who takes a message: joining shapes is the database's hardest work
}

// NewAlerts returns the warnings of db.
func NewAlerts(db *DB) *Alerts { return &Alerts{db: db, now: time.Now, turn: make(chan struct{}, 1)} }

const selectAlert = `SELECT m.id, m.sender, m.identifier, m.status, m.msg_type, m.scope, m.sent, m.receive_time, m.expires, m.holds_until, m.severity, m.rank,
		CASE WHEN m.state = 'active' AND m.holds_until <= now() THEN 'expired' ELSE m.state END, coalesce(m.ended_by, 0), coalesce(m.report_id, 0),
		CASE WHEN (%s) THEN coalesce((SELECT incident_id FROM report r WHERE r.id = m.report_id), 0) ELSE 0 END, coalesce(m.area_path, ''),
		CASE WHEN m.geom IS NOT NULL THEN ARRAY[ST_XMin(m.geom), ST_YMin(m.geom), ST_XMax(m.geom), ST_YMax(m.geom)] END, m.infos
	FROM alert m `

func scanAlert(row pgx.CollectableRow) (*cap.Message, error) {
	var (
		m   cap.Message
		box []float64
	)
	err := row.Scan(&m.ID, &m.Sender, &m.Identifier, &m.Status, &m.Type, &m.Scope, &m.Sent, &m.ReceiveTime, &m.Expires, &m.HoldsUntil, &m.Severity, &m.Rank,
		&m.State, &m.EndedBy, &m.ReportID, &m.IncidentID, &m.AreaPath, &box, &m.Infos)
	m.Sent, m.ReceiveTime, m.Expires, m.HoldsUntil = m.Sent.UTC(), m.ReceiveTime.UTC(), utc(m.Expires), m.HoldsUntil.UTC()
	if len(box) == 4 {
		m.Box = (*[4]float64)(box)
	}
	return &m, err
}

// alerts returns what meets a condition, as the actor sees it.
func alerts(ctx context.Context, q querier, where string, args pgx.NamedArgs) ([]*cap.Message, error) {
	args["areas"] = auth.ActorFrom(ctx).Scope.Areas
	return collect(ctx, q, scanAlert, fmt.Sprintf(selectAlert, inAreas("m.area_path", "@areas"))+where, args)
}

// Alerts implements cap.Store.
func (s *Alerts) Alerts(ctx context.Context, f cap.Filter) ([]*cap.Message, error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionRead); err != nil {
		return nil, err
	}
	return alerts(ctx, s.db.Pool, `WHERE ('*' = ANY (@areas::text[]) OR m.touches && @areas::text[]) AND (@all OR m.state = 'active' AND m.holds_until > now())
		ORDER BY NOT (m.state = 'active' AND m.holds_until > now()), CASE WHEN m.state = 'active' AND m.holds_until > now() THEN m.rank END, m.sent DESC, m.id DESC LIMIT @most`,
		pgx.NamedArgs{"all": f.All, "most": cap.MaxAlerts})
}

// Take implements cap.Store. Messages are taken one after the other: of two that refer to each other the second has to find the first.
func (s *Alerts) Take(ctx context.Context, a *cap.Alert, raw []byte) (*cap.Outcome, error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionIntake); err != nil {
		return nil, err
	}
	if a.Sent.After(s.now().Add(24 * time.Hour)) {
		return nil, layers.Invalid("sent", "in_future", "the message says it was sent at %s", a.Sent.Format(time.RFC3339))
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, &layers.Error{Code: layers.CodeUnavailable, Reason: "busy", Msg: "other messages are being taken", Err: ctx.Err()}
	}
	out := &cap.Outcome{Ended: []cap.Ended{}, Missing: []cap.Reference{}}
	err := s.db.transact(ctx, func(tx pgx.Tx) error {
		p, err := placeAlert(ctx, tx, a)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('take an alert'))`); err != nil {
			return err
		}
		id, err := repeatedAlert(ctx, tx, a, raw)
		if err != nil {
			return err
		}
		if out.Repeated = id != 0; !out.Repeated {
			if id, err = takeAlert(ctx, tx, a, p, raw); err != nil {
				return err
			}
		}
		return told(ctx, tx, id, out)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// repeatedAlert returns the message if it has come before, 0 if not.
func repeatedAlert(ctx context.Context, tx pgx.Tx, a *cap.Alert, raw []byte) (id int64, err error) {
	var same bool
	err = tx.QueryRow(ctx, `SELECT id, raw = $3 FROM alert WHERE sender = $1 AND identifier = $2`, a.Sender, a.Identifier, raw).Scan(&id, &same)
	switch {
	case err == pgx.ErrNoRows:
		return 0, nil
	case err == nil && !same:
		return 0, &layers.Error{Code: layers.CodeConflict, Field: "identifier", Reason: "other_content", Msg: "another message of this sender has this identifier"}
	}
	return id, err
}

// takeAlert stores a new message, ends those that it refers to, and reports it.
func takeAlert(ctx context.Context, tx pgx.Tx, a *cap.Alert, p *alertPlace, raw []byte) (int64, error) {
	if actor := auth.ActorFrom(ctx); a.HasForce() && !actor.Scope.InArea(p.area) {
		return 0, outsideAreas(p.area)
	}
	id, err := insertAlert(ctx, tx, a, p, raw)
	if err != nil {
		return 0, err
	}
	ended, err := endAlerts(ctx, tx, id)
	if err != nil {
		return 0, err
	}
	reportID := int64(0)
	if a.HasForce() {
		if reportID, err = reportAlert(ctx, tx, a, id, p); err != nil {
			return 0, err
		}
	}
	return id, appendAudit(ctx, tx, "alert.receive", subject("alert", id), map[string]any{"sender": a.Sender, "identifier": a.Identifier, "status": a.Status,
		"msg_type": a.Type, "area_path": p.area, "ended": ended, "report_id": reportID})
}

// insertAlert stores a message and to which it refers.
func insertAlert(ctx context.Context, tx pgx.Tx, a *cap.Alert, p *alertPlace, raw []byte) (id int64, err error) {
	actor, state := auth.ActorFrom(ctx), cap.Kept
	if a.HasForce() {
		state = cap.Active
	}
	infos := a.Infos
	if infos == nil {
		infos = []cap.Info{}
	}
	err = tx.QueryRow(ctx, `INSERT INTO alert (sender, identifier, version, status, msg_type, scope, sent, expires, holds_until, severity, rank, infos, state,
			received_by, by_areas, area_path, touches, geom, raw)
		VALUES (@sender, @identifier, @version, @status, @type, @scope, @sent, @expires, @until, @severity, @rank, @infos, @state,
			nullif(@by::bigint, 0), @areas, nullif(@area, ''), @touches, ST_GeomFromWKB(@geom, 4326), @raw) RETURNING id`,
		pgx.NamedArgs{"sender": a.Sender, "identifier": a.Identifier, "version": a.Version, "status": a.Status, "type": a.Type, "scope": a.Scope, "sent": a.Sent,
			"expires": a.Expires(), "until": a.HoldsUntil(), "severity": a.Severity(), "rank": a.Severity().Rank(), "infos": infos, "state": state,
			"by": actor.User.ID, "areas": actor.Scope.Areas, "area": p.area, "touches": p.touches, "geom": p.shape, "raw": raw}).Scan(&id)
	if err != nil || len(a.References) == 0 {
		return id, err
	}
	b := &pgx.Batch{}
	for _, r := range a.References {
		b.Queue(`INSERT INTO alert_reference (alert_id, sender, identifier, sent) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, id, r.Sender, r.Identifier, r.Sent)
	}
	return id, tx.SendBatch(ctx, b).Close()
}

// endAlerts makes the state of a message, and of those that it refers to, what follows from all that have come: a Cancel of the real world goes before
// an Update, and neither reaches beyond the areas of who handed it in. It returns which are not active any more.
func endAlerts(ctx context.Context, tx pgx.Tx, id int64) ([]int64, error) {
	return collect(ctx, tx, pgx.RowTo[int64], `WITH named AS (
			SELECT m.id, (SELECT e.id FROM alert_reference r JOIN alert e ON e.id = r.alert_id
				WHERE (r.sender, r.identifier) = (m.sender, m.identifier) AND e.id <> m.id AND e.status = 'Actual' AND e.msg_type IN ('Update', 'Cancel')
					AND `+inAreas("coalesce(m.area_path, '')", "e.by_areas")+`
				ORDER BY e.msg_type = 'Cancel' DESC, e.sent DESC, e.sender, e.identifier LIMIT 1) AS by
			FROM alert m WHERE m.state <> 'kept' AND (m.id = $1 OR (m.sender, m.identifier) IN (SELECT sender, identifier FROM alert_reference WHERE alert_id = $1))
		)
		UPDATE alert m SET ended_by = e.id, state = CASE e.msg_type WHEN 'Cancel' THEN 'cancelled' ELSE 'updated' END
		FROM named n JOIN alert e ON e.id = n.by WHERE m.id = n.id AND m.ended_by IS DISTINCT FROM e.id RETURNING m.id`, id)
}

// told fills in what there is to say of a message.
func told(ctx context.Context, tx pgx.Tx, id int64, out *cap.Outcome) error {
	found, err := alerts(ctx, tx, `WHERE m.id = @id`, pgx.NamedArgs{"id": id})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return notFound("alert", id)
	}
	out.Alert = found[0]
	if out.Ended, err = collect(ctx, tx, pgx.RowToStructByPos[cap.Ended], `SELECT id, sender, identifier, state FROM alert WHERE ended_by = $1 ORDER BY id`, id); err != nil {
		return err
	}
	out.Missing, err = collect(ctx, tx, pgx.RowToStructByPos[cap.Reference], `SELECT sender, identifier, sent FROM alert_reference r
		WHERE alert_id = $1 AND NOT EXISTS (SELECT FROM alert a WHERE (a.sender, a.identifier) = (r.sender, r.identifier)) ORDER BY sent, identifier`, id)
	for i := range out.Missing {
		out.Missing[i].Sent = out.Missing[i].Sent.UTC()
	}
	return err
}

package postgis

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/message"
)

// Messages implements message.Service. It is safe for concurrent use.
type Messages struct{ db *DB }

// NewMessages returns the messages of db.
func NewMessages(db *DB) *Messages { return &Messages{db} }

const selectMessage = `SELECT m.id, m.incident_id, coalesce(m.author_id, 0), m.author_name, coalesce(m.unit_id, 0), m.text, m.promise, m.due_at, k.kept_at,
	coalesce(k.kept_by, ''), m.source_time, m.receive_time, coalesce(m.author_id = @user, false)
	FROM incident_message m LEFT JOIN promise_kept k ON k.message_id = m.id `

func scanMessage(row pgx.CollectableRow) (*message.Message, error) {
	var m message.Message
	err := row.Scan(&m.ID, &m.IncidentID, &m.AuthorID, &m.AuthorName, &m.UnitID, &m.Text, &m.Promise, &m.DueAt, &m.KeptAt, &m.KeptBy, &m.SourceTime, &m.ReceiveTime, &m.Mine)
	m.DueAt, m.KeptAt, m.SourceTime, m.ReceiveTime = utc(m.DueAt), utc(m.KeptAt), m.SourceTime.UTC(), m.ReceiveTime.UTC()
	return &m, err
}

// checkTalks returns the unit for which the actor takes part in a case, 0 for the desk. Who may not see the case is told that there is none.
func checkTalks(ctx context.Context, q querier, actor *auth.Actor, in *incident.Incident) (unitID int64, err error) {
	if err := forbid(actor, auth.ActionMessage); err != nil {
		return 0, err
	}
	if unit := ownUnit(actor); unit != 0 {
		var own bool
		err := q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM task WHERE incident_id = $1 AND unit_id = $2)`, in.ID, unit).Scan(&own)
		if err != nil || own {
			return unit, err
		}
	}
	if actor.Scope.May(auth.ActionDispatch) && actor.Scope.InArea(in.AreaPath) {
		return 0, nil
	}
	if err := checkSeen(ctx, q, actor, in); err != nil {
		return 0, err
	}
	return 0, &layers.Error{Code: layers.CodeForbidden, Reason: "not_in_case", Msg: "messages are for the desk and for units that were sent to the case"}
}

// Messages implements message.Service.
func (s *Messages) Messages(ctx context.Context, incidentID, before int64) ([]*message.Message, error) {
	actor := auth.ActorFrom(ctx)
	in, err := incidentByID(ctx, s.db.Pool, incidentID, "")
	if err != nil {
		return nil, err
	}
	if _, err := checkTalks(ctx, s.db.Pool, actor, in); err != nil {
		return nil, Wrap(err)
	}
	return collect(ctx, s.db.Pool, scanMessage, `SELECT * FROM (`+selectMessage+`WHERE m.incident_id = @incident AND (@before = 0 OR m.id < @before)
		ORDER BY m.id DESC LIMIT @page) newest ORDER BY id`,
		pgx.NamedArgs{"incident": incidentID, "before": before, "page": message.Page, "user": actor.User.ID})
}

// Send implements message.Service.
func (s *Messages) Send(ctx context.Context, m *message.Message) error {
	actor := auth.ActorFrom(ctx)
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		in, err := incidentByID(ctx, tx, m.IncidentID, "FOR UPDATE")
		if err != nil {
			return err
		}
		unit, err := checkTalks(ctx, tx, actor, in)
		if err != nil {
			return err
		}
		var kept int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM incident_message WHERE incident_id = $1`, in.ID).Scan(&kept); err != nil {
			return err
		}
		if kept >= message.Max {
			return &layers.Error{Code: layers.CodeConflict, Reason: "too_many_messages", Msg: "the case has as many messages as are kept"}
		}
		var id int64
		err = tx.QueryRow(ctx, `INSERT INTO incident_message (incident_id, author_id, author_name, unit_id, text, promise, due_at, source_time, client_key)
			VALUES ($1, nullif($2::bigint, 0), $3, nullif($4::bigint, 0), $5, $6, $7, $8, nullif($9, '')) ON CONFLICT (author_id, client_key) DO NOTHING RETURNING id`,
			in.ID, actor.User.ID, actor.User.Name, unit, m.Text, m.Promise, m.DueAt, m.SourceTime, m.ClientKey).Scan(&id)
		switch {
		case errors.Is(err, pgx.ErrNoRows): // a repeat
			return s.read(ctx, tx, actor, m, `m.author_id = @user AND m.client_key = @key`, pgx.NamedArgs{"key": m.ClientKey})
		case err != nil:
			return err
		}
		if err := tellMessages(ctx, tx, in.ID); err != nil {
			return err
		}
		if err := appendAudit(ctx, tx, "message.send", subject("incident", in.ID), map[string]any{"message_id": id, "promise": m.Promise}); err != nil {
			return err
		}
		return s.read(ctx, tx, actor, m, `m.id = @id`, pgx.NamedArgs{"id": id})
	})
}

// tellMessages makes open pages of a case ask for its messages again. The case's revision stays: nobody's move is refused because somebody spoke.
func tellMessages(ctx context.Context, tx pgx.Tx, incidentID int64) error {
	_, err := tx.Exec(ctx, `UPDATE incident SET messages = messages + 1 WHERE id = $1`, incidentID)
	return err
}

// read makes m the stored message that meets a condition.
func (s *Messages) read(ctx context.Context, q querier, actor *auth.Actor, m *message.Message, where string, args pgx.NamedArgs) error {
	args["user"] = actor.User.ID
	found, err := collect(ctx, q, scanMessage, selectMessage+`WHERE `+where, args)
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return notFound("message", m.ID)
	}
	*m = *found[0]
	return nil
}

// Keep implements message.Service.
func (s *Messages) Keep(ctx context.Context, incidentID, id int64) (*message.Message, error) {
	actor := auth.ActorFrom(ctx)
	m := &message.Message{ID: id}
	err := s.db.transact(ctx, func(tx pgx.Tx) error {
		in, err := incidentByID(ctx, tx, incidentID, "FOR UPDATE")
		if err != nil {
			return err
		}
		if _, err := checkTalks(ctx, tx, actor, in); err != nil {
			return err
		}
		one, args := `m.incident_id = @incident AND m.id = @id`, pgx.NamedArgs{"incident": incidentID, "id": id}
		if err := s.read(ctx, tx, actor, m, one, args); err != nil {
			return err
		}
		switch {
		case !m.Promise:
			return layers.Invalid("message", "not_a_promise", "the message promises nothing")
		case !m.Open():
			return &layers.Error{Code: layers.CodeConflict, Reason: "already_kept", Params: map[string]string{"by": m.KeptBy}, Msg: "the promise is kept already"}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO promise_kept (message_id, kept_by) VALUES ($1, $2)`, id, actor.User.Name); err != nil {
			return err
		}
		if err := tellMessages(ctx, tx, in.ID); err != nil {
			return err
		}
		if err := appendAudit(ctx, tx, "message.keep", subject("incident", in.ID), map[string]any{"message_id": id}); err != nil {
			return err
		}
		return s.read(ctx, tx, actor, m, one, args)
	})
	return m, err
}

package postgis

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/auth"
	"wanglou/layers/push"
)

// Push implements push.Service and push.Queue. It is safe for concurrent use.
type Push struct{ db *DB }

// NewPush returns the notifications of db.
func NewPush(db *DB) *Push { return &Push{db} }

// Keys implements push.Service. Of two nodes that make them at once, both get the first one's.
func (s *Push) Keys(ctx context.Context) (k push.Keys, err error) {
	read := func() error {
		return s.db.Pool.QueryRow(ctx, `SELECT public, private FROM push_key`).Scan(&k.Public, &k.Private)
	}
	if err = read(); !errors.Is(err, pgx.ErrNoRows) {
		return k, Wrap(err)
	}
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return push.Keys{}, err
	}
	text := base64.RawURLEncoding.EncodeToString
	if _, err := s.db.Pool.Exec(ctx, `INSERT INTO push_key (public, private) VALUES ($1, $2) ON CONFLICT DO NOTHING`, text(private.PublicKey().Bytes()), text(private.Bytes())); err != nil {
		return push.Keys{}, Wrap(err)
	}
	return k, Wrap(read())
}

// Subscribe implements push.Service.
func (s *Push) Subscribe(ctx context.Context, sub *push.Subscription) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionMessage); err != nil {
		return err
	}
	sub.UserID = actor.User.ID
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM app_user WHERE id = $1 FOR UPDATE`, sub.UserID); err != nil { // two at once count one after the other
			return err
		}
		var fresh bool
		if err := tx.QueryRow(ctx, `INSERT INTO push_subscription AS p (user_id, endpoint, p256dh, auth, device) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (endpoint) DO UPDATE SET user_id = excluded.user_id, p256dh = excluded.p256dh, auth = excluded.auth, device = excluded.device
			RETURNING id, created_at, xmax = 0`, sub.UserID, sub.Endpoint, sub.P256DH, sub.Auth, sub.Device).Scan(&sub.ID, &sub.CreatedAt, &fresh); err != nil {
			return err
		}
		sub.CreatedAt = sub.CreatedAt.UTC()
		if _, err := tx.Exec(ctx, `DELETE FROM push_subscription WHERE user_id = $1 AND id <> $2 AND id IN (
			SELECT id FROM push_subscription WHERE user_id = $1 ORDER BY id DESC OFFSET $3)`, sub.UserID, sub.ID, push.MaxSubscriptions); err != nil {
			return err
		}
		if !fresh { // a browser says so each time that it opens the page
			return nil
		}
		return appendAudit(ctx, tx, "push.subscribe", subject("push", sub.ID), map[string]any{"device": sub.Device})
	})
}

// Subscriptions implements push.Service.
func (s *Push) Subscriptions(ctx context.Context) ([]*push.Subscription, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionMessage); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (*push.Subscription, error) {
		var p push.Subscription
		err := row.Scan(&p.ID, &p.Device, &p.CreatedAt)
		p.CreatedAt = p.CreatedAt.UTC()
		return &p, err
	}, `SELECT id, device, created_at FROM push_subscription WHERE user_id = $1 ORDER BY id`, actor.User.ID)
}

// Unsubscribe implements push.Service.
func (s *Push) Unsubscribe(ctx context.Context, id int64) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionMessage); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		gone, err := tx.Exec(ctx, `DELETE FROM push_subscription WHERE id = $1 AND user_id = $2`, id, actor.User.ID)
		if err != nil {
			return err
		}
		if gone.RowsAffected() == 0 {
			return notFound("subscription", id)
		}
		return appendAudit(ctx, tx, "push.unsubscribe", subject("push", id), nil)
	})
}

// recipients says, of an event e with its case i and a user u, whether it is for them. Whoever may not see the case is never told of it: a unit's people are told
// of their unit's own cases, the desk of those in its areas. Level 1 is the dispatcher's, and the leader's while no dispatcher has subscribed.
var recipients = `NOT u.disabled AND u.id IS DISTINCT FROM e.author_id AND CASE e.kind
	WHEN 'task' THEN 'unit' = ANY (u.roles) AND u.unit_id = e.unit_id
	WHEN 'call_off' THEN 'unit' = ANY (u.roles) AND u.unit_id = e.unit_id
	WHEN 'urge' THEN 'unit' = ANY (u.roles) AND EXISTS (SELECT FROM task t WHERE t.incident_id = e.incident_id AND t.unit_id = u.unit_id AND t.ended_at IS NULL)
	WHEN 'message' THEN 'unit' = ANY (u.roles) AND EXISTS (SELECT FROM task t WHERE t.incident_id = e.incident_id AND t.unit_id = u.unit_id AND t.ended_at IS NULL)
		OR u.roles && '{duty_officer,dispatcher,admin}' AND ` + inAreas("i.area_path", "u.areas") + `
			AND EXISTS (SELECT FROM incident_message m WHERE m.incident_id = e.incident_id AND m.author_id = u.id)
	WHEN 'escalation' THEN ` + inAreas("i.area_path", "u.areas") + ` AND ('dispatcher' = ANY (u.roles)
		OR u.roles && '{duty_officer,admin}' AND (e.level = 2 OR NOT EXISTS (SELECT FROM app_user d JOIN push_subscription own ON own.user_id = d.id WHERE 'dispatcher' = ANY (d.roles))))
	END`

// Spread implements push.Queue.
func (s *Push) Spread(ctx context.Context, now time.Time) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `WITH fresh AS (
				UPDATE push_event SET spread = true WHERE id IN (SELECT id FROM push_event WHERE NOT spread ORDER BY id LIMIT 500) RETURNING *)
			INSERT INTO push_delivery (event_id, subscription_id, next_at)
			SELECT e.id, p.id, $1::timestamptz FROM fresh e JOIN incident i ON i.id = e.incident_id JOIN app_user u ON `+recipients+` JOIN push_subscription p ON p.user_id = u.id
			WHERE e.at > $1::timestamptz - $2::interval
				AND (SELECT count(DISTINCT d.event_id) FROM push_delivery d JOIN push_event told ON told.id = d.event_id JOIN push_subscription own ON own.id = d.subscription_id
					WHERE own.user_id = u.id AND told.at > $1::timestamptz - $3::interval) < $4
			ON CONFLICT DO NOTHING`, now, push.Fresh, push.Span, push.MaxOf)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM push_event WHERE at < $1::timestamptz - $2::interval`, now, push.Fresh)
		return err
	})
}

// Due implements push.Queue.
func (s *Push) Due(ctx context.Context, now time.Time, limit int) ([]push.Due, error) {
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (d push.Due, err error) {
		p := &d.Subscription
		err = row.Scan(&d.EventID, &d.At, &d.Attempts, &d.Note.Kind, &d.Note.Incident, &d.Note.Number, &d.Note.Title, &d.Note.Severity, &p.ID, &p.UserID, &p.Endpoint, &p.P256DH, &p.Auth)
		return d, err
	}, `SELECT e.id, e.at, d.attempts, e.kind, i.id, i.number, i.title, i.severity, p.id, p.user_id, p.endpoint, p.p256dh, p.auth
		FROM push_delivery d JOIN push_event e ON e.id = d.event_id JOIN incident i ON i.id = e.incident_id
			JOIN push_subscription p ON p.id = d.subscription_id JOIN app_user u ON u.id = p.user_id
		WHERE d.next_at <= $1 AND NOT u.disabled ORDER BY d.next_at, e.id, p.id LIMIT $2`, now, limit)
}

// Done implements push.Queue.
func (s *Push) Done(ctx context.Context, d *push.Due, taken bool) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE push_delivery SET next_at = NULL, attempts = attempts + 1 WHERE event_id = $1 AND subscription_id = $2`, d.EventID, d.Subscription.ID); err != nil || !taken {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE push_subscription SET delivered_at = now() WHERE id = $1`, d.Subscription.ID)
		return err
	})
}

// Later implements push.Queue.
func (s *Push) Later(ctx context.Context, d *push.Due, at time.Time) error {
	_, err := s.db.Pool.Exec(ctx, `UPDATE push_delivery SET next_at = $3, attempts = attempts + 1 WHERE event_id = $1 AND subscription_id = $2`, d.EventID, d.Subscription.ID, at)
	return Wrap(err)
}

// Gone implements push.Queue.
func (s *Push) Gone(ctx context.Context, subscription int64) error {
	ctx = auth.WithActor(ctx, auth.Operator("wanglou"))
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		gone, err := tx.Exec(ctx, `DELETE FROM push_subscription WHERE id = $1`, subscription)
		if err != nil || gone.RowsAffected() == 0 {
			return err
		}
		return appendAudit(ctx, tx, "push.gone", subject("push", subscription), nil)
	})
}

// Lead implements push.Queue.
func (s *Push) Lead(ctx context.Context, f func(context.Context) error) error {
	return s.db.Lead(ctx, "push", f)
}

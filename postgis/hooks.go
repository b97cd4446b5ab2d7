package postgis

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/hook"
)

// Hooks implements hook.Store. It is safe for concurrent use.
type Hooks struct {
	db     *DB
	allows func(host string) bool
}

// NewHooks returns the webhooks of db. allows says which hosts may be told.
func NewHooks(db *DB, allows func(host string) bool) *Hooks { return &Hooks{db, allows} }

// hookQuery is the column query.
type hookQuery struct {
	Geometry bool     `json:"geometry,omitempty"`
	Columns  []string `json:"columns,omitempty"`
	Filter   string   `json:"filter,omitempty"`
}

const selectHook = `SELECT h.id, h.user_id, u.login, h.kind, h.template, h.link, h.name, h.url, h.layer, h.query, h.secret, h.paused, h.position, h.delivered_at, h.failing, h.last_error, h.created_at,
	(SELECT count(*) FROM webhook_dead d WHERE d.webhook_id = h.id) FROM webhook h JOIN app_user u ON u.id = h.user_id `

func scanHook(row pgx.CollectableRow) (*hook.Hook, error) {
	var (
		h hook.Hook
		q hookQuery
	)
	err := row.Scan(&h.ID, &h.UserID, &h.Login, &h.Kind, &h.Template, &h.Link, &h.Name, &h.URL, &h.Layer, &q, &h.Secret, &h.Paused, &h.Position, &h.DeliveredAt, &h.Failing, &h.LastError, &h.CreatedAt, &h.Dead)
	h.Geometry, h.Columns, h.Filter = q.Geometry, q.Columns, q.Filter
	if h.Columns == nil {
		h.Columns = []string{}
	}
	h.CreatedAt = h.CreatedAt.UTC()
	if h.DeliveredAt != nil {
		at := h.DeliveredAt.UTC()
		h.DeliveredAt = &at
	}
	return &h, err
}

// Create implements hook.Store.
func (s *Hooks) Create(ctx context.Context, h *hook.Hook) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageHooks); err != nil {
		return err
	}
	h.Name = strings.TrimSpace(h.Name)
	if err := h.Validate(s.allows); err != nil {
		return err
	}
	h.UserID, h.Login = actor.User.ID, actor.User.Login
	if !h.Bot() { // a robot's is its platform's
		key := make([]byte, 24)
		_, _ = rand.Read(key) // never fails
		h.Secret = "whsec_" + base64.StdEncoding.EncodeToString(key)
	}
	q, err := json.Marshal(hookQuery{h.Geometry, h.Columns, h.Filter})
	if err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if err := atMost(ctx, tx, "webhook", hook.MaxHooks, "too_many_hooks"); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `INSERT INTO webhook (user_id, kind, template, link, name, url, layer, query, secret) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id, created_at`,
			h.UserID, h.Kind, h.Template, h.Link, h.Name, h.URL, h.Layer, q, h.Secret).Scan(&h.ID, &h.CreatedAt); err != nil {
			return err
		}
		h.CreatedAt = h.CreatedAt.UTC()
		return appendAudit(ctx, tx, "webhook.create", subject("webhook", h.ID), map[string]any{"name": h.Name, "kind": h.Kind, "url": h.Shown(), "layer": h.Layer})
	})
}

// Hooks implements hook.Store.
func (s *Hooks) Hooks(ctx context.Context) ([]*hook.Hook, error) { return s.find(ctx, `TRUE`) }

// find returns the webhooks of the actor's that meet a condition.
func (s *Hooks) find(ctx context.Context, where string, args ...any) ([]*hook.Hook, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageHooks); err != nil {
		return nil, err
	}
	own, more := ownOrManaged(actor, len(args)+1)
	return collect(ctx, s.db.Pool, scanHook, selectHook+`WHERE `+where+` AND `+own+` ORDER BY h.id`, append(args, more...)...)
}

// All implements hook.Store.
func (s *Hooks) All(ctx context.Context) ([]*hook.Hook, error) {
	return collect(ctx, s.db.Pool, scanHook, selectHook+`ORDER BY h.id`)
}

// change runs one statement that touches one webhook of the actor's, and writes its audit row.
func (s *Hooks) change(ctx context.Context, action string, id int64, details map[string]any, sql string, args ...any) error {
	if _, err := s.one(ctx, id); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, append([]any{id}, args...)...)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return notFound("webhook", id)
		}
		return appendAudit(ctx, tx, action, subject("webhook", id), details)
	})
}

// Pause implements hook.Store.
func (s *Hooks) Pause(ctx context.Context, id int64, paused bool) error {
	return s.change(ctx, "webhook.pause", id, map[string]any{"paused": paused}, `UPDATE webhook SET paused = $2, failing = 0 WHERE id = $1`, paused)
}

// Delete implements hook.Store.
func (s *Hooks) Delete(ctx context.Context, id int64) error {
	return s.change(ctx, "webhook.delete", id, nil, `DELETE FROM webhook WHERE id = $1`)
}

// Bury implements hook.Store.
func (s *Hooks) Bury(ctx context.Context, id int64, eventID string) error {
	return s.change(ctx, "webhook.bury", id, map[string]any{"event": eventID}, `DELETE FROM webhook_dead WHERE webhook_id = $1 AND event_id = $2`, eventID)
}

func (s *Hooks) one(ctx context.Context, id int64) (*hook.Hook, error) {
	found, err := s.find(ctx, `h.id = $1`, id)
	if err == nil && len(found) == 0 {
		err = notFound("webhook", id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// DeadOf implements hook.Store.
func (s *Hooks) DeadOf(ctx context.Context, id int64) ([]hook.Dead, error) {
	if _, err := s.one(ctx, id); err != nil {
		return nil, err
	}
	return s.dead(ctx, `webhook_id = $1`, id)
}

// DeadEvent implements hook.Store.
func (s *Hooks) DeadEvent(ctx context.Context, id int64, eventID string) (*hook.Hook, *hook.Dead, error) {
	h, err := s.one(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	found, err := s.dead(ctx, `webhook_id = $1 AND event_id = $2`, id, eventID)
	if err == nil && len(found) == 0 {
		err = layers.Errorf(layers.CodeNotFound, "there is no such event")
	}
	if err != nil {
		return nil, nil, err
	}
	return h, &found[0], nil
}

func (s *Hooks) dead(ctx context.Context, where string, args ...any) ([]hook.Dead, error) {
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (d hook.Dead, err error) {
		err = row.Scan(&d.EventID, &d.Attempts, &d.Error, &d.GivenUpAt, &d.Body)
		d.GivenUpAt, d.Bytes = d.GivenUpAt.UTC(), len(d.Body)
		return d, err
	}, `SELECT event_id, attempts, error, given_up_at, body FROM webhook_dead WHERE `+where+` ORDER BY given_up_at, event_id LIMIT 1000`, args...)
}

// Delivered implements hook.Store.
func (s *Hooks) Delivered(ctx context.Context, id int64, position string) error {
	_, err := s.db.Pool.Exec(ctx, `UPDATE webhook SET position = coalesce(nullif($2, ''), position), delivered_at = now(), failing = 0, last_error = '' WHERE id = $1`, id, position)
	return Wrap(err)
}

// Failed implements hook.Store.
func (s *Hooks) Failed(ctx context.Context, id int64, reason string) error {
	_, err := s.db.Pool.Exec(ctx, `UPDATE webhook SET failing = failing + 1, last_error = left($2, 500) WHERE id = $1`, id, reason)
	return Wrap(err)
}

// GiveUp implements hook.Store. Of one webhook MaxDead events are kept, the latest.
func (s *Hooks) GiveUp(ctx context.Context, id int64, d *hook.Dead, position string) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO webhook_dead (webhook_id, event_id, body, attempts, error) VALUES ($1, $2, $3, $4, left($5, 500))
			ON CONFLICT (webhook_id, event_id) DO UPDATE SET attempts = webhook_dead.attempts + excluded.attempts, error = excluded.error, given_up_at = now()`,
			id, d.EventID, d.Body, d.Attempts, d.Error); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM webhook_dead WHERE webhook_id = $1 AND event_id IN (
			SELECT event_id FROM webhook_dead WHERE webhook_id = $1 ORDER BY given_up_at DESC, event_id OFFSET $2)`, id, hook.MaxDead); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE webhook SET position = coalesce(nullif($2, ''), position), failing = failing + 1, last_error = left($3, 500) WHERE id = $1`, id, position, d.Error)
		return err
	})
}

// Told implements hook.Store.
func (s *Hooks) Told(ctx context.Context, id int64) (map[int64]string, error) {
	rows, err := s.db.Pool.Query(ctx, `SELECT feature_id, mark FROM webhook_told WHERE webhook_id = $1`, id)
	if err != nil {
		return nil, Wrap(err)
	}
	out := map[int64]string{}
	var (
		feature int64
		mark    string
	)
	_, err = pgx.ForEachRow(rows, []any{&feature, &mark}, func() error { out[feature] = mark; return nil })
	return out, Wrap(err)
}

// Tell implements hook.Store.
func (s *Hooks) Tell(ctx context.Context, id int64, marks map[int64]string, removed []int64) error {
	if len(marks)+len(removed) == 0 {
		return nil
	}
	ids, texts := make([]int64, 0, len(marks)), make([]string, 0, len(marks))
	for feature, mark := range marks {
		ids, texts = append(ids, feature), append(texts, mark)
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM webhook_told WHERE webhook_id = $1 AND feature_id = ANY ($2)`, id, removed); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO webhook_told (webhook_id, feature_id, mark) SELECT $1, * FROM unnest($2::bigint[], $3::text[])
			ON CONFLICT (webhook_id, feature_id) DO UPDATE SET mark = excluded.mark`, id, ids, texts)
		return err
	})
}

// Stop implements hook.Store.
func (s *Hooks) Stop(ctx context.Context, id int64, reason string) error {
	_, err := s.db.Pool.Exec(ctx, `UPDATE webhook SET paused = true, last_error = left($2, 500) WHERE id = $1`, id, reason)
	return Wrap(err)
}

// Lead implements hook.Store.
func (s *Hooks) Lead(ctx context.Context, f func(context.Context) error) error {
	return s.db.Lead(ctx, "webhooks", f)
}

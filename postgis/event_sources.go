package postgis

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/alarm"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
)

// ownSource is the SQL for: all cameras of the source e stand in the areas of a parameter; one without cameras is of who sees everywhere.
func ownSource(parameter string) string {
	return `('*' = ANY(` + parameter + `::text[]) OR EXISTS (SELECT FROM event_place p WHERE p.source_id = e.id)
		AND NOT EXISTS (SELECT FROM event_place p JOIN camera c ON c.id = p.camera_id WHERE p.source_id = e.id AND NOT ` + inAreas("c.area_path", parameter) + `))`
}

func selectSource(where string) string {
	return `SELECT e.id, e.revision, e.name, e.protocol, e.address, e.user_name, e.sealed IS NOT NULL, e.enabled, e.quiet_s,
		coalesce((SELECT jsonb_agg(jsonb_build_object('channel', p.channel, 'camera_id', p.camera_id, 'camera', c.name) ORDER BY length(p.channel), p.channel) FROM event_place p JOIN camera c ON c.id = p.camera_id WHERE p.source_id = e.id), '[]'),
		CASE WHEN e.enabled THEN coalesce(s.name, 'waiting') ELSE 'off' END, CASE WHEN e.enabled THEN coalesce(s.why, '') ELSE '' END, s.since, s.heard_at, s.event_at, coalesce(s.last_event, ''),
		coalesce(s.alarms, 0), coalesce(s.signs, 0), coalesce(s.passed, 0), coalesce(s.dropped, 0),
		(SELECT count(*) FROM event_alarm a WHERE a.source_id = e.id AND a.report_id IS NULL AND NOT a.given_up)::int,
		coalesce((SELECT a.failed FROM event_alarm a WHERE a.source_id = e.id ORDER BY a.id DESC LIMIT 1), '')
		FROM event_source e LEFT JOIN event_source_state s ON s.source_id = e.id WHERE ` + where + ` AND ` + ownSource("$1") + ` ORDER BY e.id`
}

func scanSource(row pgx.CollectableRow) (*alarm.Source, error) {
	var (
		e      alarm.Source
		places []byte
	)
	t := &e.State
	if err := row.Scan(&e.ID, &e.Revision, &e.Name, &e.Protocol, &e.Address, &e.User, &e.Password, &e.Enabled, &e.Quiet, &places,
		&t.Name, &t.Why, &t.Since, &t.HeardAt, &t.EventAt, &t.LastEvent, &t.Alarms, &t.Signs, &t.Passed, &t.Dropped, &t.Waiting, &t.Failed); err != nil {
		return nil, err
	}
	for _, at := range []**time.Time{&t.Since, &t.HeardAt, &t.EventAt} {
		if *at != nil {
			utc := (*at).UTC()
			*at = &utc
		}
	}
	return &e, json.Unmarshal(places, &e.Places)
}

// Sources implements alarm.Sources.
func (s *Events) Sources(ctx context.Context) ([]*alarm.Source, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageCameras); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, scanSource, selectSource(`TRUE`), actor.Scope.Areas)
}

func (s *Events) one(ctx context.Context, q querier, id int64) (*alarm.Source, error) {
	found, err := collect(ctx, q, scanSource, selectSource(`e.id = $2`), auth.ActorFrom(ctx).Scope.Areas, id)
	if err == nil && len(found) == 0 {
		err = notFound("event source", id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// Target implements alarm.Sources.
func (s *Events) Target(ctx context.Context, id int64) (*alarm.Target, error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionManageCameras); err != nil {
		return nil, err
	}
	if _, err := s.one(ctx, s.db.Pool, id); err != nil {
		return nil, err
	}
	found, err := collect(ctx, s.db.Pool, s.scanTarget, selectTarget+`WHERE id = $1`, id)
	if err == nil && len(found) == 0 {
		err = notFound("event source", id)
	}
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

// Create implements alarm.Sources.
func (s *Events) Create(ctx context.Context, e *alarm.Entry) (out *alarm.Source, err error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionManageCameras); err != nil {
		return nil, err
	}
	if err := e.Validate(); err != nil {
		return nil, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		if err := atMost(ctx, tx, "event_source", alarm.MaxSources, "too_many_sources"); err != nil {
			return err
		}
		var id int64
		if err := tx.QueryRow(ctx, `INSERT INTO event_source (name, protocol, address, user_name, enabled, quiet_s) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
			e.Name, e.Protocol, e.Address, e.User, e.Enabled, e.Quiet).Scan(&id); err != nil {
			return err
		}
		out, err = s.keep(ctx, tx, id, e, "event_source.create")
		return err
	})
	return out, err
}

// Replace implements alarm.Sources.
func (s *Events) Replace(ctx context.Context, id int64, e *alarm.Entry) (out *alarm.Source, err error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionManageCameras); err != nil {
		return nil, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		was, err := s.lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := e.Validate(); err != nil {
			return err
		}
		if was.Revision != e.Revision {
			return layers.Stale("revision")
		}
		// A password that was sealed for one device is not sent to another one by whoever may not know it.
		if e.Password == nil && was.Password && e.Address != was.Address {
			return layers.Invalid("password", "required", "with another address the password has to be entered again")
		}
		if _, err := tx.Exec(ctx, `UPDATE event_source SET revision = revision + 1, name = $2, protocol = $3, address = $4, user_name = $5, enabled = $6, quiet_s = $7 WHERE id = $1`,
			id, e.Name, e.Protocol, e.Address, e.User, e.Enabled, e.Quiet); err != nil {
			return err
		}
		if e.Enabled && (!was.Enabled || e.Address != was.Address || e.Protocol != was.Protocol) {
			if _, err := tx.Exec(ctx, `UPDATE event_source_state SET name = 'waiting', why = '', since = NULL WHERE source_id = $1`, id); err != nil {
				return err
			}
		}
		out, err = s.keep(ctx, tx, id, e, "event_source.replace")
		return err
	})
	return out, err
}

// lock returns a source of the actor's, locked until the transaction ends.
func (s *Events) lock(ctx context.Context, tx pgx.Tx, id int64) (*alarm.Source, error) {
	if _, err := tx.Exec(ctx, `SELECT FROM event_source WHERE id = $1 FOR UPDATE`, id); err != nil {
		return nil, err
	}
	return s.one(ctx, tx, id)
}

// keep stores places and password of a source, and writes its audit row, without the password.
func (s *Events) keep(ctx context.Context, tx pgx.Tx, id int64, e *alarm.Entry, action string) (*alarm.Source, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM event_place WHERE source_id = $1`, id); err != nil {
		return nil, err
	}
	actor := auth.ActorFrom(ctx)
	for i, p := range e.Places {
		done, err := tx.Exec(ctx, `INSERT INTO event_place (source_id, channel, camera_id) SELECT $1, $2, c.id FROM camera c WHERE c.id = $3 AND `+inAreas("c.area_path", "$4"), id, p.Channel, p.CameraID, actor.Scope.Areas)
		if err != nil {
			return nil, err
		}
		if done.RowsAffected() == 0 {
			return nil, layers.In("places", i, layers.Invalid("camera_id", "unknown_value", "there is no camera %d", p.CameraID))
		}
	}
	if e.Password != nil {
		var (
			keyID  string
			sealed []byte
			err    error
		)
		if *e.Password != "" {
			if keyID, sealed, err = s.keys.SealDevice(ownerOf(id), camera.Login{User: e.User, Password: *e.Password}); err != nil {
				return nil, err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE event_source SET key_id = $2, sealed = $3 WHERE id = $1`, id, keyID, sealed); err != nil {
			return nil, err
		}
	}
	out, err := s.one(ctx, tx, id)
	if layers.ErrorCode(err) == layers.CodeNotFound { // none of its cameras is the actor's to say
		return nil, layers.Invalid("places", "required", "a source belongs to a camera of your areas")
	}
	if err != nil {
		return nil, err
	}
	return out, appendAudit(ctx, tx, action, subject("event_source", id), map[string]any{"name": out.Name, "protocol": out.Protocol, "address": out.Address, "enabled": out.Enabled, "password": e.Password != nil})
}

// Delete implements alarm.Sources. Reports that became of its events stay.
func (s *Events) Delete(ctx context.Context, id int64) error {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionManageCameras); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		was, err := s.lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM event_source WHERE id = $1`, id); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "event_source.delete", subject("event_source", id), map[string]any{"name": was.Name, "address": was.Address})
	})
}

// Kinds implements alarm.Sources.
func (s *Events) Kinds(ctx context.Context) ([]alarm.Kind, error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionManageCameras); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (k alarm.Kind, err error) {
		err = row.Scan(&k.Protocol, &k.Event, &k.Kind, &k.SeenAt)
		if k.SeenAt != nil {
			at := k.SeenAt.UTC()
			k.SeenAt = &at
		}
		return k, err
	}, `SELECT protocol, event, coalesce(kind, ''), seen_at FROM event_kind ORDER BY protocol, event`)
}

// SetKind implements alarm.Sources.
func (s *Events) SetKind(ctx context.Context, k alarm.Kind) error {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionManageRules); err != nil {
		return err
	}
	if alarm.Identifies(k.Event) {
		return layers.Invalid("event", "not_allowed", "events that identify people are never taken")
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if k.Kind != "" {
			var there bool
			if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM alarm_kind WHERE code = $1 AND NOT retired)`, k.Kind).Scan(&there); err != nil {
				return err
			}
			if !there {
				return layers.Invalid("kind", "unknown_value", "%.40q is no kind of alarm that is known here", k.Kind)
			}
		}
		done, err := tx.Exec(ctx, `UPDATE event_kind SET kind = nullif($3, '') WHERE protocol = $1 AND event = $2`, k.Protocol, k.Event, k.Kind)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return layers.Errorf(layers.CodeNotFound, "no such event is known")
		}
		return appendAudit(ctx, tx, "event_kind.set", "event_kind:"+string(k.Protocol)+":"+k.Event, map[string]any{"kind": k.Kind})
	})
}

// reseal gives the newest key to what older ones sealed; what no key opens stays as it is.
func (s *Events) reseal(ctx context.Context) error {
	type old struct {
		id     int64
		keyID  string
		sealed []byte
	}
	found, err := collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (o old, err error) {
		return o, row.Scan(&o.id, &o.keyID, &o.sealed)
	}, `SELECT id, key_id, sealed FROM event_source WHERE sealed IS NOT NULL AND key_id <> $1 ORDER BY id`, s.keys.Newest())
	if err != nil {
		return err
	}
	for _, o := range found {
		login, err := s.keys.OpenDevice(ownerOf(o.id), o.keyID, o.sealed)
		if errors.Is(err, camera.ErrSealed) {
			continue
		}
		keyID, sealed, err := s.keys.SealDevice(ownerOf(o.id), login)
		if err != nil {
			return err
		}
		if _, err := s.db.Pool.Exec(ctx, `UPDATE event_source SET key_id = $3, sealed = $4 WHERE id = $1 AND sealed = $2`, o.id, o.sealed, keyID, sealed); err != nil {
			return Wrap(err)
		}
	}
	return nil
}

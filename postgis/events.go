package postgis

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/alarm"
	"wanglou/layers/camera"
)

// Events implements alarm.Store and alarm.Sources. It is safe for concurrent use.
type Events struct {
	db   *DB
	keys *camera.KeyRing
	log  *slog.Logger

	told sync.Map // revisions of sources whose password cannot be opened, by id: each is told of once
}

// NewEvents returns the sources of events of db, with the keys that seal their passwords.
func NewEvents(db *DB, keys *camera.KeyRing, log *slog.Logger) *Events {
	return &Events{db: db, keys: keys, log: log}
}

var (
	_ alarm.Store   = (*Events)(nil)
	_ alarm.Sources = (*Events)(nil)
)

// Lead implements alarm.Store.
func (s *Events) Lead(ctx context.Context, f func(context.Context) error) error {
	return s.db.Lead(ctx, "events", f)
}

// Targets implements alarm.Store.
func (s *Events) Targets(ctx context.Context) ([]alarm.Target, error) {
	return collect(ctx, s.db.Pool, s.scanTarget, selectTarget+`WHERE enabled ORDER BY id LIMIT $1`, alarm.MaxSources)
}

const selectTarget = `SELECT id, revision, protocol, address, user_name, key_id, sealed FROM event_source `

func (s *Events) scanTarget(row pgx.CollectableRow) (t alarm.Target, err error) {
	var (
		keyID  string
		sealed []byte
	)
	if err := row.Scan(&t.ID, &t.Revision, &t.Protocol, &t.Address, &t.Login.User, &keyID, &sealed); err != nil {
		return t, err
	}
	if sealed != nil {
		user := t.Login.User
		if t.Login, err = s.keys.OpenDevice(ownerOf(t.ID), keyID, sealed); err != nil {
			if was, _ := s.told.Swap(t.ID, t.Revision); was != t.Revision {
				s.log.Warn("the password of a source of events cannot be opened: it is asked without", "source", t.ID)
			}
		}
		t.Login.User = user
	}
	return t, nil
}

// ownerOf is whom the password of a source belongs to: it opens for no other.
func ownerOf(id int64) string { return subject("event_source", id) }

// Take implements alarm.Store. Signs of one camera and kind come one after the other, whichever sources tell them.
func (s *Events) Take(ctx context.Context, source int64, sig *alarm.Signal, more int, now time.Time) (out alarm.Taken, err error) {
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		out = alarm.Taken{}
		var (
			kind     *string
			known    bool
			protocol string
			quiet    int
			cam      *int64
		)
		err := tx.QueryRow(ctx, `SELECT e.protocol, e.quiet_s, k.event IS NOT NULL, k.kind,
				(SELECT p.camera_id FROM event_place p WHERE p.source_id = e.id AND p.channel IN ($2, '') ORDER BY p.channel = '' LIMIT 1)
			FROM event_source e LEFT JOIN event_kind k ON k.protocol = e.protocol AND k.event = $3 WHERE e.id = $1`, source, sig.Channel, sig.Event).Scan(&protocol, &quiet, &known, &kind, &cam)
		if errors.Is(err, pgx.ErrNoRows) {
			return notFound("event source", source)
		}
		if err != nil {
			return err
		}
		if err := s.noteKind(ctx, tx, protocol, sig.Event, known, now); err != nil {
			return err
		}
		if kind == nil {
			out.Passed = true
			return nil
		}
		// The camera is the key where one is known: its recorder and itself may both tell.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext(format('event %s %s', coalesce('c' || $1::bigint, $2::bigint || ' ' || $3), $4::text)))`, cam, source, sig.Channel, *kind); err != nil {
			return err
		}
		var (
			id int64
			e  alarm.Episode
		)
		where, args := `source_id = $1 AND channel = $2 AND camera_id IS NULL AND kind = $3`, []any{source, sig.Channel, *kind}
		if cam != nil {
			where, args = `camera_id = $1 AND kind = $2`, []any{*cam, *kind}
		}
		err = tx.QueryRow(ctx, `SELECT id, last_at, ended FROM event_alarm WHERE `+where+` ORDER BY id DESC LIMIT 1`, args...).Scan(&id, &e.LastAt, &e.Ended)
		switch {
		case err == nil && e.Holds(now, time.Duration(quiet)*time.Second):
			out.Alarm = id
			_, err := tx.Exec(ctx, `UPDATE event_alarm SET last_at = greatest(last_at, $2), ended = $3, signs = signs + $4 WHERE id = $1`, id, now, !sig.Active, 1+more)
			return err
		case err != nil && !errors.Is(err, pgx.ErrNoRows):
			return err
		case !sig.Active: // the end of nothing
			return nil
		}
		out.New = true
		return tx.QueryRow(ctx, `INSERT INTO event_alarm (source_id, camera_id, channel, event, kind, text, at, first_at, last_at, signs, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $8) RETURNING id`,
			source, cam, sig.Channel, sig.Event, *kind, cut(sig.Text, alarm.MaxText), sig.When(now), now, 1+more).Scan(&out.Alarm)
	})
	return out, err
}

// noteKind remembers that a device has told an event, by the hour; a name that is new waits there for people to choose what becomes of it.
func (s *Events) noteKind(ctx context.Context, tx pgx.Tx, protocol, name string, known bool, now time.Time) error {
	hour := now.Truncate(time.Hour)
	if known {
		_, err := tx.Exec(ctx, `UPDATE event_kind SET seen_at = $3 WHERE protocol = $1 AND event = $2 AND seen_at IS DISTINCT FROM $3`, protocol, name, hour)
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO event_kind (protocol, event, seen_at) SELECT $1, $2, $3 WHERE (SELECT count(*) FROM event_kind) < $4 ON CONFLICT DO NOTHING`, protocol, name, hour, alarm.MaxKnown)
	return err
}

// Picture implements alarm.Store.
func (s *Events) Picture(ctx context.Context, id int64, picture []byte) error {
	if len(picture) > alarm.MaxPicture {
		return layers.Errorf(layers.CodeTooLarge, "the picture of an event has %d bytes", len(picture))
	}
	_, err := s.db.Pool.Exec(ctx, `UPDATE event_alarm SET picture = $2 WHERE id = $1 AND picture IS NULL AND report_id IS NULL AND NOT given_up`, id, picture)
	return Wrap(err)
}

// Due implements alarm.Store.
func (s *Events) Due(ctx context.Context, now time.Time, patience time.Duration, limit int) ([]alarm.Alarm, error) {
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (a alarm.Alarm, err error) {
		var lon, lat *float64
		err = row.Scan(&a.ID, &a.Source, &a.Protocol, &a.Channel, &a.Event, &a.Kind, &a.Text, &a.At, &a.CameraID, &a.Camera, &lon, &lat, &a.Masked, &a.Playable, &a.Picture, &a.Tries)
		if lon != nil && lat != nil {
			a.Point = &orb.Point{*lon, *lat}
		}
		return a, err
	}, `SELECT a.id, e.name, e.protocol, a.channel, a.event, a.kind, a.text, a.at, coalesce(c.id, 0), coalesce(c.name, ''), ST_X(c.geom), ST_Y(c.geom),
			EXISTS (SELECT FROM camera_mask m WHERE m.camera_id = c.id), coalesce(c.status = 'online', false), a.picture, a.tries
		FROM event_alarm a JOIN event_source e ON e.id = a.source_id LEFT JOIN camera c ON c.id = a.camera_id
		WHERE a.report_id IS NULL AND NOT a.given_up AND a.due_at <= $1 AND (a.picture IS NOT NULL OR a.tries > 0 OR e.protocol <> 'isapi' OR a.first_at <= $1 - $2::interval)
		ORDER BY a.due_at, a.id LIMIT $3`, now, patience, limit)
}

// Told implements alarm.Store.
func (s *Events) Told(ctx context.Context, alarm, report int64) error {
	_, err := s.db.Pool.Exec(ctx, `UPDATE event_alarm SET report_id = $2, picture = NULL, failed = '' WHERE id = $1`, alarm, report)
	return Wrap(err)
}

// Failed implements alarm.Store.
func (s *Events) Failed(ctx context.Context, alarm int64, why string, again *time.Time) error {
	_, err := s.db.Pool.Exec(ctx, `UPDATE event_alarm SET tries = tries + 1, failed = left($2, 60), due_at = coalesce($3, due_at), given_up = $3::timestamptz IS NULL,
		picture = CASE WHEN $3::timestamptz IS NULL THEN NULL ELSE picture END WHERE id = $1`, alarm, why, again)
	return Wrap(err)
}

// Seen implements alarm.Store. The counts are what came since the last time.
func (s *Events) Seen(ctx context.Context, states map[int64]alarm.State) error {
	ids := make([]int64, 0, len(states))
	for id := range states {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	b := &pgx.Batch{}
	for _, id := range ids {
		t := states[id]
		b.Queue(`INSERT INTO event_source_state AS s (source_id, name, why, since, heard_at, event_at, last_event, alarms, signs, passed, dropped)
			SELECT id, coalesce(nullif($2, ''), 'waiting'), $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM event_source WHERE id = $1
			ON CONFLICT (source_id) DO UPDATE SET name = coalesce(nullif($2, ''), s.name), why = excluded.why, since = coalesce(excluded.since, s.since), heard_at = coalesce(excluded.heard_at, s.heard_at),
				event_at = coalesce(excluded.event_at, s.event_at), last_event = coalesce(nullif(excluded.last_event, ''), s.last_event), alarms = s.alarms + excluded.alarms, signs = s.signs + excluded.signs,
				passed = s.passed + excluded.passed, dropped = s.dropped + excluded.dropped`,
			id, string(t.Name), t.Why, t.Since, t.HeardAt, t.EventAt, t.LastEvent, t.Alarms, t.Signs, t.Passed, t.Dropped)
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error { return tx.SendBatch(ctx, b).Close() })
}

// Forget implements alarm.Store. The last alarm of each camera is kept by its age alone: by then it holds no more.
func (s *Events) Forget(ctx context.Context, before time.Time) error {
	_, err := s.db.Pool.Exec(ctx, `DELETE FROM event_alarm WHERE last_at < $1 AND (report_id IS NOT NULL OR given_up)`, before)
	return Wrap(err)
}

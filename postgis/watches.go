package postgis

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/camera"
)

// Watches implements camera.Watches. It is safe for concurrent use.
type Watches struct {
	db   *DB
	keys *camera.KeyRing
	log  *slog.Logger
}

// NewWatches returns the watches over the cameras of db, whose passwords keys seals.
func NewWatches(db *DB, keys *camera.KeyRing, log *slog.Logger) *Watches {
	return &Watches{db, keys, log}
}

// Lead implements camera.Watches.
func (s *Watches) Lead(ctx context.Context, f func(context.Context) error) error {
	return s.db.Lead(ctx, "cameras", f)
}

// Targets implements camera.Watches.
func (s *Watches) Targets(ctx context.Context) ([]camera.Target, error) {
	if err := s.Seal(ctx); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, s.scanTarget, `SELECT c.id, CASE WHEN c.probe = 'none' OR c.stream_url !~* '^(rtsp|https?)://' THEN 'none' WHEN c.probe <> 'auto' THEN c.probe WHEN c.stream_url ILIKE 'http%' THEN 'http' ELSE 'rtsp' END,
			c.stream_url, coalesce(k.key_id, ''), k.sealed, coalesce(c.parent_id, 0), c.codec, c.status, c.status_since, coalesce(w.sight, ''), coalesce(w.detail, ''), coalesce(w.origin, ''), w.at, w.ok_at, w.frame_at, w.falls,
			d.heard_at, coalesce(d.gone, false), coalesce(ch.off, false)
		FROM camera c LEFT JOIN camera_secret k ON k.camera_id = c.id LEFT JOIN camera_watch w ON w.camera_id = c.id
			LEFT JOIN gb_channel ch ON ch.id = c.device_id LEFT JOIN gb_device d ON d.id = coalesce(ch.device_id, c.device_id)
		WHERE c.probe <> 'none' AND c.stream_url ~* '^(rtsp|https?)://' OR d.id IS NOT NULL ORDER BY c.id`)
}

func (s *Watches) scanTarget(row pgx.CollectableRow) (t camera.Target, err error) {
	var (
		keyID                string
		sealed               []byte
		at, ok, framed, told *time.Time
		falls                []time.Time
	)
	w := &t.Watch
	if err := row.Scan(&t.ID, &t.Probe, &t.Address, &keyID, &sealed, &t.ParentID, &t.Codec, &w.Status, &w.Since, &w.Last, &w.Detail, &w.LastFrom, &at, &ok, &framed, &falls, &told, &t.Told.Gone, &t.Told.Off); err != nil {
		return t, err
	}
	for from, to := range map[*time.Time]*time.Time{at: &w.LastAt, ok: &w.LastOK, framed: &w.Frame, told: &t.Told.At} {
		if from != nil {
			*to = *from
		}
	}
	w.Falls = falls
	if sealed != nil {
		if t.Login, err = s.keys.Open(t.ID, keyID, sealed); err != nil {
			s.log.Warn("the password of a camera cannot be opened: it is asked without", "camera", t.ID)
		}
	}
	return t, nil
}

// Seal takes the passwords out of addresses, and seals anew what an older key sealed.
func (s *Watches) Seal(ctx context.Context) error {
	type plain struct {
		id      int64
		address [2]string
	}
	found, err := collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (p plain, err error) {
		return p, row.Scan(&p.id, &p.address[0], &p.address[1])
	}, `SELECT id, stream_url, stream_sub FROM camera WHERE stream_url LIKE '%://%@%' OR stream_sub LIKE '%://%@%'`)
	if err != nil {
		return err
	}
	for _, p := range found {
		main, login, inMain := camera.SplitAddress(p.address[0])
		sub, other, inSub := camera.SplitAddress(p.address[1])
		if !inMain && !inSub {
			continue
		}
		if !inMain {
			login = other
		}
		keyID, sealed, err := s.keys.Seal(p.id, login)
		if err != nil {
			return err
		}
		if err := s.db.transact(ctx, func(tx pgx.Tx) error {
			// Who changed the address meanwhile is asked in the next round.
			done, err := tx.Exec(ctx, `UPDATE camera SET stream_url = $4, stream_sub = $5 WHERE id = $1 AND stream_url = $2 AND stream_sub = $3`, p.id, p.address[0], p.address[1], main, sub)
			if err != nil || done.RowsAffected() == 0 {
				return err
			}
			return putSecret(ctx, tx, p.id, keyID, sealed)
		}); err != nil {
			return err
		}
	}
	return s.reseal(ctx)
}

func putSecret(ctx context.Context, tx pgx.Tx, cameraID int64, keyID string, sealed []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO camera_secret (camera_id, key_id, sealed) VALUES ($1, $2, $3)
		ON CONFLICT (camera_id) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed, sealed_at = now()`, cameraID, keyID, sealed)
	return err
}

// reseal gives the newest key to what older ones sealed; what no key opens stays as it is.
func (s *Watches) reseal(ctx context.Context) error {
	if s.keys.Newest() == "" {
		return nil
	}
	type old struct {
		id     int64
		keyID  string
		sealed []byte
	}
	found, err := collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (o old, err error) {
		return o, row.Scan(&o.id, &o.keyID, &o.sealed)
	}, `SELECT camera_id, key_id, sealed FROM camera_secret WHERE key_id <> $1 ORDER BY camera_id`, s.keys.Newest())
	if err != nil {
		return err
	}
	for _, o := range found {
		login, err := s.keys.Open(o.id, o.keyID, o.sealed)
		if errors.Is(err, camera.ErrSealed) {
			continue
		}
		keyID, sealed, err := s.keys.Seal(o.id, login)
		if err != nil {
			return err
		}
		if _, err := s.db.Pool.Exec(ctx, `UPDATE camera_secret SET key_id = $4, sealed = $5, sealed_at = now() WHERE camera_id = $1 AND key_id = $2 AND sealed = $3`,
			o.id, o.keyID, o.sealed, keyID, sealed); err != nil {
			return Wrap(err)
		}
	}
	if err := NewSignals(s.db, s.keys, s.log).reseal(ctx); err != nil {
		return err
	}
	return NewEvents(s.db, s.keys, s.log).reseal(ctx)
}

// Record implements camera.Watches. What one camera's row refuses keeps no other from being stored: a camera that was struck off meanwhile is left out.
func (s *Watches) Record(ctx context.Context, seen []camera.Seen) error {
	if len(seen) == 0 {
		return nil
	}
	var (
		turned, coded    []int64
		statuses, codecs []string
	)
	b := &pgx.Batch{}
	for _, n := range seen {
		w := n.Watch
		b.Queue(`INSERT INTO camera_watch AS w (camera_id, sight, detail, origin, at, ok_at, frame_at, took_ms, falls)
			SELECT id, $2, left($3, 40), $4, $5, $6, $7, $8, coalesce($9::timestamptz[], '{}') FROM camera WHERE id = $1
			ON CONFLICT (camera_id) DO UPDATE SET sight = excluded.sight, detail = excluded.detail, origin = excluded.origin, at = excluded.at, ok_at = excluded.ok_at,
				frame_at = greatest(w.frame_at, excluded.frame_at), took_ms = excluded.took_ms, falls = excluded.falls`,
			n.CameraID, string(w.Last), w.Detail, string(w.LastFrom), moment(w.LastAt), moment(w.LastOK), moment(w.Frame), n.Took.Milliseconds(), w.Falls)
		if n.Turned {
			turned, statuses = append(turned, n.CameraID), append(statuses, string(w.Status))
		}
		if n.Codec != "" {
			coded, codecs = append(coded, n.CameraID), append(codecs, n.Codec)
		}
	}
	b.Queue(`UPDATE camera c SET status = n.status FROM unnest($1::bigint[], $2::text[]) n (id, status) WHERE c.id = n.id AND c.status <> n.status`, turned, statuses)
	b.Queue(`UPDATE camera c SET codec = left(n.codec, 40) FROM unnest($1::bigint[], $2::text[]) n (id, codec) WHERE c.id = n.id AND c.codec <> left(n.codec, 40)`, coded, codecs)
	return s.db.transact(ctx, func(tx pgx.Tx) error { return tx.SendBatch(ctx, b).Close() })
}

func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// SealedByOthers counts the passwords that the newest key did not seal.
func (s *Watches) SealedByOthers(ctx context.Context) (n int, err error) {
	err = s.db.Pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM camera_secret WHERE key_id <> $1) + (SELECT count(*) FROM gb_secret WHERE key_id <> $1)
		+ (SELECT count(*) FROM event_source WHERE sealed IS NOT NULL AND key_id <> $1)`, s.keys.Newest()).Scan(&n)
	return n, Wrap(err)
}

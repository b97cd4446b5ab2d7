package postgis

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
)

// Streams implements camera.Streams. It is safe for concurrent use.
type Streams struct {
	db    *DB
	keys  *camera.KeyRing
	media camera.MediaServer
}

// NewStreams returns the streams of the cameras of db, whose passwords keys seals; those that media has come from there.
func NewStreams(db *DB, keys *camera.KeyRing, media camera.MediaServer) *Streams {
	return &Streams{db, keys, media}
}

// Playable implements camera.Streams.
func (s *Streams) Playable(ctx context.Context, ids []int64) (map[int64]bool, error) {
	found, err := collect(ctx, s.db.Pool, pgx.RowTo[int64], `SELECT c.id FROM camera c
		LEFT JOIN gb_channel h ON h.id = c.device_id LEFT JOIN gb_device d ON d.id = coalesce(h.device_id, c.device_id)
		WHERE c.id = ANY($1) AND (c.stream_url <> '' OR coalesce(h.camera, true) AND NOT d.gone AND d.expires_at > now()
			OR $2 OR $3 AND c.device_id <> '')`, ids, s.media.Has(""), s.media.Has("any"))
	if err != nil {
		return nil, err
	}
	out := make(map[int64]bool, len(found))
	for _, id := range found {
		out[id] = true
	}
	return out, nil
}

// Stream implements camera.Streams.
func (s *Streams) Stream(ctx context.Context, id int64) (*camera.Stream, error) {
	actor := auth.ActorFrom(ctx)
	out := &camera.Stream{CameraID: id}
	var (
		path, keyID   string
		code          string
		masks, sealed []byte
	)
	err := s.db.Pool.QueryRow(ctx, `SELECT coalesce(c.area_path, ''), c.stream_url, c.stream_sub, m.polygons, coalesce(k.key_id, ''), k.sealed,
			coalesce(d.id, ''), CASE WHEN d.id IS NULL THEN '' ELSE c.device_id END, d.id IS NOT NULL AND NOT coalesce(h.fixed, false), coalesce(c.device_id, '')
		FROM camera c LEFT JOIN camera_mask m ON m.camera_id = c.id LEFT JOIN camera_secret k ON k.camera_id = c.id
			LEFT JOIN gb_channel h ON h.id = c.device_id LEFT JOIN gb_device d ON d.id = coalesce(h.device_id, c.device_id) AND coalesce(h.camera, true)
		WHERE c.id = $1`, id).
		Scan(&path, &out.URL, &out.Sub, &masks, &keyID, &sealed, &out.Device, &out.Channel, &out.Turns, &code)
	switch {
	case errors.Is(err, pgx.ErrNoRows), err == nil && (!actor.Scope.May(auth.ActionRead) || !actor.Scope.InArea(path)):
		return nil, notFound("camera", id)
	case err != nil:
		return nil, Wrap(err)
	}
	if err := forbid(actor, auth.ActionWatch); err != nil {
		return nil, err
	}
	if masks != nil {
		if err := json.Unmarshal(masks, &out.Masks); err != nil {
			return nil, err // without its masks a picture is not shown
		}
	}
	if s.media.Has(code) {
		s.media.Through(out, code)
		return out, nil // it knows the cameras' passwords itself
	}
	if sealed != nil && out.URL+out.Sub != "" {
		login, err := s.keys.Open(id, keyID, sealed)
		if err != nil {
			return nil, err
		}
		for _, address := range []*string{&out.URL, &out.Sub} {
			if *address != "" {
				*address = camera.JoinAddress(*address, login)
			}
		}
	}
	return out, nil
}

// Watched implements camera.Streams.
func (s *Streams) Watched(ctx context.Context, w camera.Viewing) error {
	action, details := "camera.watch", map[string]any{"kind": w.Kind, "from": w.From.UTC().Format(time.RFC3339)}
	if !w.To.IsZero() {
		action = "camera.unwatch"
		details["to"], details["frames"] = w.To.UTC().Format(time.RFC3339), w.Frames
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		return appendAudit(ctx, tx, action, subject("camera", w.CameraID), details)
	})
}

// Controlled implements camera.Streams.
func (s *Streams) Controlled(ctx context.Context, id int64, c *camera.Control) error {
	actor := auth.ActorFrom(ctx)
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		is, err := oneCamera(ctx, tx, `SELECT `+cameraColumns+` FROM camera WHERE id = @id`, pgx.NamedArgs{"id": id})
		switch {
		case errors.Is(err, pgx.ErrNoRows), err == nil && (!actor.Scope.May(auth.ActionRead) || !actor.Scope.InArea(is.AreaPath)):
			return notFound("camera", id)
		case err != nil:
			return err
		}
		if err := forbid(actor, auth.ActionDispatch); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "camera.control", subject("camera", id), c.Details())
	})
}

// SetMasks implements camera.Streams.
func (s *Streams) SetMasks(ctx context.Context, id int64, m camera.Masks, seen *camera.Masks) error {
	actor := auth.ActorFrom(ctx)
	if err := m.Validate(); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		is, err := oneCamera(ctx, tx, `SELECT `+cameraColumns+` FROM camera WHERE id = @id FOR UPDATE`, pgx.NamedArgs{"id": id})
		switch {
		case errors.Is(err, pgx.ErrNoRows), err == nil && (!actor.Scope.May(auth.ActionRead) || !actor.Scope.InArea(is.AreaPath)):
			return notFound("camera", id)
		case err != nil:
			return err
		}
		if err := forbid(actor, auth.ActionManageCameras); err != nil {
			return err
		}
		if seen != nil {
			var kept camera.Masks
			var stored []byte
			err := tx.QueryRow(ctx, `SELECT polygons FROM camera_mask WHERE camera_id = $1`, id).Scan(&stored)
			if err == nil {
				err = json.Unmarshal(stored, &kept)
			}
			switch {
			case err != nil && !errors.Is(err, pgx.ErrNoRows):
				return err
			case !kept.Equal(*seen):
				return layers.Stale("seen")
			}
		}
		if len(m) == 0 {
			_, err = tx.Exec(ctx, `DELETE FROM camera_mask WHERE camera_id = $1`, id)
		} else {
			_, err = tx.Exec(ctx, `INSERT INTO camera_mask (camera_id, polygons) VALUES ($1, $2)
				ON CONFLICT (camera_id) DO UPDATE SET polygons = EXCLUDED.polygons, updated_at = now()`, id, m)
		}
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, "camera.masks", subject("camera", id), map[string]any{"masks": len(m)})
	})
}

package postgis

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
)

// Presets implements camera.PresetStore. It is safe for concurrent use.
type Presets struct{ db *DB }

// NewPresets returns the presets of the cameras of db.
func NewPresets(db *DB) *Presets { return &Presets{db} }

// Presets implements camera.PresetStore.
func (s *Presets) Presets(ctx context.Context, cameraID int64) (camera.Presets, error) {
	var path string
	err := s.db.Pool.QueryRow(ctx, `SELECT coalesce(area_path, '') FROM camera WHERE id = $1`, cameraID).Scan(&path)
	switch actor := auth.ActorFrom(ctx); {
	case errors.Is(err, pgx.ErrNoRows), err == nil && (!actor.Scope.May(auth.ActionRead) || !actor.Scope.InArea(path)):
		return nil, notFound("camera", cameraID)
	case err != nil:
		return nil, Wrap(err)
	}
	found, err := presetsOf(ctx, s.db.Pool, []int64{cameraID})
	return found[cameraID], err
}

// PresetsOf implements camera.PresetStore.
func (s *Presets) PresetsOf(ctx context.Context, ids []int64) (map[int64]camera.Presets, error) {
	return presetsOf(ctx, s.db.Pool, ids)
}

func presetsOf(ctx context.Context, q querier, ids []int64) (map[int64]camera.Presets, error) {
	out := map[int64]camera.Presets{}
	_, err := collect(ctx, q, func(row pgx.CollectableRow) (p camera.Preset, err error) {
		var id int64
		if err = row.Scan(&id, &p.Number, &p.Name, &p.Azimuth, &p.Tilt, &p.FOV); err == nil {
			out[id] = append(out[id], p)
		}
		return p, err
	}, `SELECT camera_id, number, name, azimuth_deg, tilt_deg, fov_deg FROM camera_preset WHERE camera_id = ANY($1) ORDER BY camera_id, number`, ids)
	return out, err
}

// SetPresets implements camera.PresetStore.
func (s *Presets) SetPresets(ctx context.Context, cameraID int64, p, seen camera.Presets) error {
	actor := auth.ActorFrom(ctx)
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		is, err := oneCamera(ctx, tx, `SELECT `+cameraColumns+` FROM camera WHERE id = @id FOR UPDATE`, pgx.NamedArgs{"id": cameraID})
		switch {
		case errors.Is(err, pgx.ErrNoRows), err == nil && (!actor.Scope.May(auth.ActionRead) || !actor.Scope.InArea(is.AreaPath)):
			return notFound("camera", cameraID)
		case err != nil:
			return err
		}
		if err := forbid(actor, auth.ActionManageCameras); err != nil {
			return err
		}
		kept, err := presetsOf(ctx, tx, []int64{cameraID})
		if err != nil {
			return err
		}
		if !kept[cameraID].Equal(seen) {
			return layers.Stale("seen")
		}
		if err := replacePresets(ctx, tx, cameraID, p); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "camera.presets", subject("camera", cameraID), map[string]any{"presets": len(p)})
	})
}

func replacePresets(ctx context.Context, tx pgx.Tx, cameraID int64, p camera.Presets) error {
	if _, err := tx.Exec(ctx, `DELETE FROM camera_preset WHERE camera_id = $1`, cameraID); err != nil {
		return err
	}
	for _, each := range p {
		if _, err := tx.Exec(ctx, `INSERT INTO camera_preset (camera_id, number, name, azimuth_deg, tilt_deg, fov_deg) VALUES ($1, $2, $3, $4, $5, $6)`,
			cameraID, each.Number, each.Name, each.Azimuth, each.Tilt, each.FOV); err != nil {
			return err
		}
	}
	return nil
}

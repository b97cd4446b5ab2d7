package postgis

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
)

// Cameras implements camera.Registry. It is safe for concurrent use.
type Cameras struct{ db *DB }

// NewCameras returns the camera registry of db.
func NewCameras(db *DB) *Cameras { return &Cameras{db} }

// sourceRegistry is the source of cameras that were entered by hand.
const sourceRegistry = "registry"

// Create implements camera.Registry. Nobody has asked a new camera yet: its status is unknown.
func (s *Cameras) Create(ctx context.Context, in *camera.Camera) (out *camera.Camera, err error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageCameras); err != nil {
		return nil, err
	}
	c := *in
	c.ID, c.Name, c.Status, c.Source, c.SourceID = 0, strings.TrimSpace(in.Name), camera.Unknown, sourceRegistry, ""
	if err := c.Validate(); err != nil {
		return nil, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		values, err := cameraValues(ctx, tx, actor, &c)
		if err != nil {
			return err
		}
		out, err = oneCamera(ctx, tx, `INSERT INTO camera (device_id, name, department, area_path, height_m, azimuth_deg, fov_deg, range_m, geom, source, stream_url)
			VALUES (nullif(@device_id, ''), @name, @department, @area_path, @height, @azimuth, @fov, @range, ST_SetSRID(ST_MakePoint(@lon, @lat), 4326), @source, @stream_url)
			RETURNING `+cameraColumns, values)
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, "camera.create", subject("camera", out.ID), cameraDetails(out))
	})
	return out, err
}

// Replace implements camera.Registry.
func (s *Cameras) Replace(ctx context.Context, seen, in *camera.Camera) (out *camera.Camera, err error) {
	actor := auth.ActorFrom(ctx)
	c := *in
	c.ID, c.Name, c.Status = seen.ID, strings.TrimSpace(in.Name), camera.Unknown // the status stays what it is
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := lockCamera(ctx, tx, actor, seen); err != nil {
			return err
		}
		if err := c.Validate(); err != nil {
			return err
		}
		values, err := cameraValues(ctx, tx, actor, &c)
		if err != nil {
			return err
		}
		out, err = oneCamera(ctx, tx, `UPDATE camera SET device_id = nullif(@device_id, ''), name = @name, department = @department, area_path = @area_path,
			height_m = @height, azimuth_deg = @azimuth, fov_deg = @fov, range_m = @range, geom = ST_SetSRID(ST_MakePoint(@lon, @lat), 4326),
			stream_url = coalesce(nullif(@stream_url, ''), stream_url)
			WHERE id = @id RETURNING `+cameraColumns, values)
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, "camera.replace", subject("camera", c.ID), cameraDetails(out))
	})
	return out, err
}

// Delete implements camera.Registry. The log of its status and its past states stay.
func (s *Cameras) Delete(ctx context.Context, seen *camera.Camera) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		was, err := lockCamera(ctx, tx, auth.ActorFrom(ctx), seen)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM camera WHERE id = $1`, seen.ID); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "camera.delete", subject("camera", seen.ID), cameraDetails(was))
	})
}

// lockCamera returns the camera that the actor may change, locked until the transaction ends, if it is what he saw.
func lockCamera(ctx context.Context, tx pgx.Tx, actor *auth.Actor, seen *camera.Camera) (*camera.Camera, error) {
	is, err := oneCamera(ctx, tx, `SELECT `+cameraColumns+` FROM camera WHERE id = @id FOR UPDATE`, pgx.NamedArgs{"id": seen.ID})
	switch {
	case errors.Is(err, pgx.ErrNoRows), err == nil && (!actor.Scope.May(auth.ActionRead) || !actor.Scope.InArea(is.AreaPath)):
		return nil, notFound("camera", seen.ID)
	case err != nil:
		return nil, err
	}
	if err := forbid(actor, auth.ActionManageCameras); err != nil {
		return nil, err
	}
	if !camera.SameEntry(is, seen) {
		return nil, layers.Stale("")
	}
	return is, nil
}

// cameraValues returns what is stored of an entry whose place is the actor's and whose device id no other camera has; of two who ask at once the unique index
// decides.
func cameraValues(ctx context.Context, tx pgx.Tx, actor *auth.Actor, c *camera.Camera) (pgx.NamedArgs, error) {
	path, err := placeOf(ctx, tx, actor, c.Point)
	if err != nil {
		return nil, err
	}
	if c.DeviceID != "" {
		var taken bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM camera WHERE device_id = $1 AND id <> $2)`, c.DeviceID, c.ID).Scan(&taken); err != nil {
			return nil, err
		}
		if taken {
			return nil, layers.Invalid("device_id", "already_exists", "another camera has the device id %s", c.DeviceID)
		}
	}
	return pgx.NamedArgs{"id": c.ID, "device_id": c.DeviceID, "name": c.Name, "department": c.Department, "area_path": path, "height": c.Height, "azimuth": c.Azimuth,
		"fov": c.FOV, "range": c.Range, "lon": c.Point[0], "lat": c.Point[1], "source": c.Source, "stream_url": c.StreamURL}, nil
}

// cameraDetails is what the audit log keeps of a camera: no address of its stream, which may hold a password.
func cameraDetails(c *camera.Camera) map[string]any {
	return map[string]any{"name": c.Name, "device_id": c.DeviceID, "department": c.Department, "area_path": c.AreaPath, "point": c.Point}
}

const cameraColumns = `id, coalesce(device_id, ''), name, department, coalesce(area_path, ''), status, status_since, height_m, azimuth_deg, fov_deg, range_m, source, source_id, ST_X(geom), ST_Y(geom)`

func oneCamera(ctx context.Context, tx pgx.Tx, sql string, args pgx.NamedArgs) (*camera.Camera, error) {
	rows, err := tx.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (*camera.Camera, error) {
		var c camera.Camera
		err := row.Scan(&c.ID, &c.DeviceID, &c.Name, &c.Department, &c.AreaPath, &c.Status, &c.StatusSince, &c.Height, &c.Azimuth, &c.FOV, &c.Range, &c.Source, &c.SourceID, &c.Point[0], &c.Point[1])
		return &c, err
	})
}

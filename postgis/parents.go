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

// Parents implements camera.Parents. It is safe for concurrent use.
type Parents struct{ db *DB }

// NewParents returns what the cameras of db hang on.
func NewParents(db *DB) *Parents { return &Parents{db} }

var _ camera.Parents = (*Parents)(nil)

// sourceParents is the source of devices that a file brought.
const sourceParents = "import"

func selectNode(where string) string {
	return `SELECT * FROM (SELECT p.id, p.revision, p.kind, p.name, coalesce(p.parent_id, 0), p.source_id,
			(SELECT count(*) FROM camera c WHERE c.parent_id = p.id)::int,
			n.below, n.down, EXISTS (SELECT FROM camera_outage o WHERE o.parent_id = p.id AND o.ended_at IS NULL)
		FROM device_parent p CROSS JOIN LATERAL (
			SELECT count(*)::int AS below, (count(*) FILTER (WHERE c.status IN ('offline', 'fault')))::int AS down, (count(*) FILTER (WHERE ` + inAreas("c.area_path", "$1") + `))::int AS own
			FROM camera_ancestor a JOIN camera c ON c.id = a.camera_id WHERE a.parent_id = p.id) n
		WHERE ` + where + `) x`
}

// Seen are devices with a camera in one's own areas and those without any; changed are those all of whose cameras stand there.
const (
	nodeSeen  = `('*' = ANY($1::text[]) OR n.below = 0 OR n.own > 0)`
	nodeOwned = `('*' = ANY($1::text[]) OR n.below = n.own)`
)

func scanNode(row pgx.CollectableRow) (*camera.Node, error) {
	var n camera.Node
	err := row.Scan(&n.ID, &n.Revision, &n.Kind, &n.Name, &n.ParentID, &n.Code, &n.Cameras, &n.Below, &n.Down, &n.Out)
	return &n, err
}

// Tree implements camera.Parents.
func (s *Parents) Tree(ctx context.Context) ([]*camera.Node, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageCameras); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, scanNode, selectNode(nodeSeen)+` ORDER BY name, id`, actor.Scope.Areas)
}

// own returns a device that the actor may change.
func (s *Parents) own(ctx context.Context, tx pgx.Tx, id int64) (*camera.Node, error) {
	actor := auth.ActorFrom(ctx)
	found, err := collect(ctx, tx, scanNode, selectNode(`p.id = $2 AND `+nodeSeen), actor.Scope.Areas, id)
	if err == nil && len(found) == 0 {
		err = notFound("device", id)
	}
	if err != nil {
		return nil, err
	}
	owned, err := collect(ctx, tx, scanNode, selectNode(`p.id = $2 AND `+nodeOwned), actor.Scope.Areas, id)
	if err == nil && len(owned) == 0 {
		err = &layers.Error{Code: layers.CodeForbidden, Reason: "outside_areas", Msg: "cameras of other areas hang on it"}
	}
	return found[0], err
}

// alone makes changes of the tree come one after the other: each is checked against all of it.
func (s *Parents) alone(ctx context.Context, f func(tx pgx.Tx) error) error {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionManageCameras); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('device parents'))`); err != nil {
			return err
		}
		return f(tx)
	})
}

func (s *Parents) check(ctx context.Context, tx pgx.Tx, id int64, e *camera.ParentEntry) error {
	if e.ParentID != 0 {
		if _, err := s.own(ctx, tx, e.ParentID); layers.ErrorCode(err) == layers.CodeNotFound {
			return layers.Invalid("parent_id", "unknown_value", "there is no device %d", e.ParentID)
		} else if err != nil && layers.ErrorCode(err) != layers.CodeForbidden { // others may hang on it too
			return err
		}
	}
	all, err := allParents(ctx, tx)
	if err != nil {
		return err
	}
	all[id] = camera.Parent{ID: id, Kind: e.Kind, Name: e.Name, ParentID: e.ParentID}
	return camera.CheckTree(all, id)
}

// Create implements camera.Parents.
func (s *Parents) Create(ctx context.Context, e *camera.ParentEntry) (out *camera.Node, err error) {
	err = s.alone(ctx, func(tx pgx.Tx) error {
		if err := e.Validate(); err != nil {
			return err
		}
		if err := atMost(ctx, tx, "device_parent", camera.MaxParents, "too_many"); err != nil {
			return err
		}
		if err := s.check(ctx, tx, -1, e); err != nil {
			return err
		}
		var id int64
		if err := tx.QueryRow(ctx, `INSERT INTO device_parent (kind, name, parent_id, source) VALUES ($1, $2, nullif($3::bigint, 0), $4) RETURNING id`, e.Kind, e.Name, e.ParentID, sourceRegistry).Scan(&id); err != nil {
			return err
		}
		if out, err = s.own(ctx, tx, id); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "device.create", subject("device_parent", id), map[string]any{"kind": e.Kind, "name": e.Name, "parent_id": e.ParentID})
	})
	return out, err
}

// Replace implements camera.Parents.
func (s *Parents) Replace(ctx context.Context, id int64, e *camera.ParentEntry) (out *camera.Node, err error) {
	err = s.alone(ctx, func(tx pgx.Tx) error {
		was, err := s.own(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := e.Validate(); err != nil {
			return err
		}
		if was.Revision != e.Revision {
			return layers.Stale("revision")
		}
		if err := s.check(ctx, tx, id, e); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE device_parent SET revision = revision + 1, kind = $2, name = $3, parent_id = nullif($4::bigint, 0) WHERE id = $1`, id, e.Kind, e.Name, e.ParentID); err != nil {
			return err
		}
		if out, err = s.own(ctx, tx, id); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "device.replace", subject("device_parent", id), map[string]any{"kind": e.Kind, "name": e.Name, "parent_id": e.ParentID, "was": was.Name})
	})
	return out, err
}

// Delete implements camera.Parents.
func (s *Parents) Delete(ctx context.Context, id int64) error {
	return s.alone(ctx, func(tx pgx.Tx) error {
		was, err := s.own(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, sql := range []string{`UPDATE camera SET parent_id = nullif($2::bigint, 0) WHERE parent_id = $1`, `UPDATE device_parent SET parent_id = nullif($2::bigint, 0), revision = revision + 1 WHERE parent_id = $1`} {
			if _, err := tx.Exec(ctx, sql, id, was.ParentID); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `DELETE FROM device_parent WHERE id = $1`, id); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "device.delete", subject("device_parent", id), map[string]any{"kind": was.Kind, "name": was.Name, "cameras": was.Cameras})
	})
}

// Hanging implements camera.Parents.
func (s *Parents) Hanging(ctx context.Context, parent int64, text string) ([]camera.Hung, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageCameras); err != nil {
		return nil, err
	}
	like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.TrimSpace(text)) + "%"
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (h camera.Hung, err error) {
		return h, row.Scan(&h.ID, &h.Name, &h.DeviceID, &h.Status, &h.ParentID)
	}, `SELECT id, name, coalesce(device_id, ''), status, coalesce(parent_id, 0) FROM camera c WHERE parent_id IS NOT DISTINCT FROM nullif($2::bigint, 0) AND (name ILIKE $3 OR device_id ILIKE $3)
		AND `+inAreas("c.area_path", "$1")+` ORDER BY name, id LIMIT $4`, actor.Scope.Areas, parent, like, camera.MaxHung)
}

// Hang implements camera.Parents.
func (s *Parents) Hang(ctx context.Context, parent int64, cameras []int64) error {
	if len(cameras) == 0 || len(cameras) > camera.MaxHung {
		return layers.Invalid("cameras", "out_of_range", "1 to %d cameras are moved at once", camera.MaxHung)
	}
	return s.alone(ctx, func(tx pgx.Tx) error {
		if parent != 0 {
			if _, err := s.own(ctx, tx, parent); layers.ErrorCode(err) == layers.CodeNotFound {
				return layers.Invalid("parent_id", "unknown_value", "there is no device %d", parent)
			} else if err != nil && layers.ErrorCode(err) != layers.CodeForbidden { // others may hang on it too
				return err
			}
		}
		done, err := tx.Exec(ctx, `UPDATE camera c SET parent_id = nullif($2::bigint, 0) WHERE id = ANY ($3) AND `+inAreas("c.area_path", "$1"), auth.ActorFrom(ctx).Scope.Areas, parent, cameras)
		if err != nil {
			return err
		}
		different := map[int64]bool{}
		for _, id := range cameras {
			different[id] = true
		}
		if int(done.RowsAffected()) != len(different) {
			return layers.Invalid("cameras", "unknown_value", "there is no such camera in your areas")
		}
		return appendAudit(ctx, tx, "device.hang", subject("device_parent", parent), map[string]any{"cameras": cameras})
	})
}

// errDry ends a transaction that was to show what it would do.
var errDry = errors.New("nothing is kept")

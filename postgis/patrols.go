package postgis

import (
	"context"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
)

// Patrols implements camera.Patrols. It is safe for concurrent use.
type Patrols struct{ db *DB }

// NewPatrols returns the patrols of db.
func NewPatrols(db *DB) *Patrols { return &Patrols{db} }

// find returns the patrols that the actor may see, and meet a condition, with the cameras that he may see. His own he sees always.
func (s *Patrols) find(ctx context.Context, q querier, where string, id int64) ([]*camera.Patrol, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionWatch); err != nil {
		return nil, err
	}
	scan := func(row pgx.CollectableRow) (*camera.Patrol, error) {
		p := &camera.Patrol{Stops: []camera.PatrolStop{}}
		var cameras, dwells []int64
		err := row.Scan(&p.ID, &p.Revision, &p.Name, &p.Layout, &p.AreaPath, &p.Maker, &p.Mine, &p.CreatedAt, &cameras, &dwells)
		p.CreatedAt = p.CreatedAt.UTC()
		for i := range cameras {
			p.Stops = append(p.Stops, camera.PatrolStop{CameraID: cameras[i], DwellS: int(dwells[i])})
		}
		return p, err
	}
	return collect(ctx, q, scan, `SELECT p.id, p.revision, p.name, coalesce(p.layout, 0), coalesce(p.area_path, ''), u.name, p.user_id = @user OR @all, p.created_at, i.cameras, i.dwells
		FROM camera_patrol p JOIN app_user u ON u.id = p.user_id,
		LATERAL (SELECT coalesce(array_agg(i.camera_id ORDER BY i.position), '{}') AS cameras, coalesce(array_agg(i.dwell_s::bigint ORDER BY i.position), '{}') AS dwells
			FROM camera_patrol_item i JOIN camera c ON c.id = i.camera_id WHERE i.patrol_id = p.id AND `+inAreas("coalesce(c.area_path, '')", "@areas")+`) i
		WHERE `+where+` AND (`+inAreas("p.area_path", "@areas")+` OR p.user_id = @user) ORDER BY p.name, p.id`,
		pgx.NamedArgs{"id": id, "user": actor.User.ID, "all": actor.Scope.May(auth.ActionManageUsers), "areas": actor.Scope.Areas})
}

// Patrols implements camera.Patrols.
func (s *Patrols) Patrols(ctx context.Context) ([]*camera.Patrol, error) {
	return s.find(ctx, s.db.Pool, `TRUE`, 0)
}

// Create implements camera.Patrols.
func (s *Patrols) Create(ctx context.Context, p *camera.Patrol) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionWatch); err != nil {
		return err
	}
	p.AreaPath, p.Maker, p.Mine = actor.Scope.Area(), actor.User.Name, true
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if err := atMost(ctx, tx, "camera_patrol", camera.MaxPatrols, "too_many_patrols"); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `INSERT INTO camera_patrol (name, user_id, area_path, layout) VALUES ($1, $2, nullif($3, ''), nullif($4, 0)) RETURNING id, revision, created_at`,
			p.Name, actor.User.ID, p.AreaPath, p.Layout).Scan(&p.ID, &p.Revision, &p.CreatedAt); err != nil {
			return err
		}
		p.CreatedAt = p.CreatedAt.UTC()
		return putStops(ctx, tx, p, "patrol.create")
	})
}

// Update implements camera.Patrols.
func (s *Patrols) Update(ctx context.Context, p *camera.Patrol) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		kept, err := s.own(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		revision := p.Revision
		p.AreaPath, p.Maker, p.Mine, p.CreatedAt = kept.AreaPath, kept.Maker, true, kept.CreatedAt
		tag, err := tx.Exec(ctx, `UPDATE camera_patrol SET name = $3, layout = nullif($4, 0), revision = revision + 1 WHERE id = $1 AND revision = $2`, p.ID, revision, p.Name, p.Layout)
		switch {
		case err != nil:
			return err
		case tag.RowsAffected() == 0:
			return layers.Stale("revision")
		}
		p.Revision++
		if _, err := tx.Exec(ctx, `DELETE FROM camera_patrol_item WHERE patrol_id = $1`, p.ID); err != nil {
			return err
		}
		return putStops(ctx, tx, p, "patrol.update")
	})
}

// Delete implements camera.Patrols.
func (s *Patrols) Delete(ctx context.Context, id int64) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		kept, err := s.own(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM camera_patrol WHERE id = $1`, id); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "patrol.delete", subject("patrol", id), map[string]any{"name": kept.Name})
	})
}

// own returns a patrol that the actor may change.
func (s *Patrols) own(ctx context.Context, tx pgx.Tx, id int64) (*camera.Patrol, error) {
	found, err := s.find(ctx, tx, `p.id = @id`, id)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, notFound("patrol", id)
	case !found[0].Mine:
		return nil, &layers.Error{Code: layers.CodeForbidden, Reason: "not_your_patrol", Msg: "the patrol is somebody else's"}
	}
	return found[0], nil
}

// putStops stores the stops of a patrol that has none, whose cameras the actor has to see, and tells the audit log.
func putStops(ctx context.Context, tx pgx.Tx, p *camera.Patrol, action string) error {
	actor := auth.ActorFrom(ctx)
	cameras, dwells := make([]int64, len(p.Stops)), make([]int64, len(p.Stops))
	for i, stop := range p.Stops {
		cameras[i], dwells[i] = stop.CameraID, int64(stop.DwellS)
	}
	tag, err := tx.Exec(ctx, `INSERT INTO camera_patrol_item (patrol_id, position, camera_id, dwell_s)
		SELECT @patrol, n - 1, c.id, dwell FROM unnest(@cameras::bigint[], @dwells::bigint[]) WITH ORDINALITY AS stop (camera, dwell, n)
		JOIN camera c ON c.id = camera AND `+inAreas("coalesce(c.area_path, '')", "@areas"),
		pgx.NamedArgs{"patrol": p.ID, "cameras": cameras, "dwells": dwells, "areas": actor.Scope.Areas})
	switch {
	case err != nil:
		return err
	case tag.RowsAffected() != int64(len(p.Stops)):
		return layers.Invalid("stops", "unknown_camera", "one of the cameras is not known")
	}
	return appendAudit(ctx, tx, action, subject("patrol", p.ID), map[string]any{"name": p.Name, "cameras": cameras})
}

package postgis

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers/auth"
	"wanglou/layers/unit"
)

// Units implements unit.Service. It is safe for concurrent use.
type Units struct {
	db    *DB
	now   func() time.Time
	roads *Roads // nil: distances are straight
}

// NewUnits returns the units of db.
func NewUnits(db *DB) *Units { return &Units{db: db, now: time.Now} }

// UseRoads makes Recommend measure by road, where roads are loaded. It is called before the first request.
func (s *Units) UseRoads(roads *Roads) { s.roads = roads }

// Units implements unit.Service: those of the actor's areas, and the actor's own, by code.
func (s *Units) Units(ctx context.Context) ([]*unit.Unit, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	return s.seen(ctx, actor)
}

// Recommend implements unit.Service. It proposes unit.Proposals units of those that the actor may see.
func (s *Units) Recommend(ctx context.Context, incidentID int64) (unit.Recommendations, error) {
	actor := auth.ActorFrom(ctx)
	in, err := incidentByID(ctx, s.db.Pool, incidentID, "")
	if err != nil {
		return unit.Recommendations{}, err
	}
	if err := checkSeen(ctx, s.db.Pool, actor, in); err != nil {
		return unit.Recommendations{}, Wrap(err)
	}
	units, err := s.seen(ctx, actor)
	if err != nil {
		return unit.Recommendations{}, err
	}
	return unit.Recommend(s.now(), in.Point, in.Category, in.AreaPath, units, unit.Proposals, s.roads.Ways), nil
}

func (s *Units) seen(ctx context.Context, actor *auth.Actor) ([]*unit.Unit, error) {
	// A device's clock may run ahead; its fix is no newer than its arrival.
	return collect(ctx, s.db.Pool, scanUnit, `
		SELECT u.id, u.code, u.name, u.kind, coalesce(d.name, ''), u.skills, coalesce(u.area_path, ''), u.status,
			ST_X(p.geom), ST_Y(p.geom), least(p.source_time, p.receive_time),
			(SELECT count(*) FROM task t WHERE t.unit_id = u.id AND t.ended_at IS NULL)
		FROM unit u LEFT JOIN department d ON d.id = u.department_id LEFT JOIN position p ON p.id = u.id
		WHERE `+inAreas("u.area_path", "$1")+` OR u.id = $2
		ORDER BY u.code`, actor.Scope.Areas, ownUnit(actor))
}

func scanUnit(row pgx.CollectableRow) (*unit.Unit, error) {
	var (
		u        unit.Unit
		lon, lat *float64
		fixed    *time.Time
	)
	err := row.Scan(&u.ID, &u.Code, &u.Name, &u.Kind, &u.Department, &u.Skills, &u.AreaPath, &u.Status, &lon, &lat, &fixed, &u.OpenTasks)
	if lon != nil && lat != nil && fixed != nil {
		u.Point, u.FixedAt = &orb.Point{*lon, *lat}, fixed.UTC()
	}
	return &u, err
}

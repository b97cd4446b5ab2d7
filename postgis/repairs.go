package postgis

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/auth"
	"wanglou/layers/camera"
)

// Repairs implements camera.Repairs. It is safe for concurrent use.
type Repairs struct{ db *DB }

// NewRepairs returns what is to be repaired of the cameras of db.
func NewRepairs(db *DB) *Repairs { return &Repairs{db} }

// uptime is the SQL of camera.UptimeIn, for every camera of own, between @from and @until: seconds by status, announced maintenance left out. The first row of the log
// after @from says how a camera was at @from; where there is none, it was as it is.
const uptime = `
	log AS (
		SELECT l.camera_id, l.receive_time AS at, coalesce(l.from_status, 'unknown') AS was, l.to_status AS status,
			lead(l.receive_time, 1, 'infinity') OVER ordered AS next, row_number() OVER ordered AS n
		FROM camera_log l WHERE l.receive_time > @from AND l.camera_id IN (SELECT id FROM own)
		WINDOW ordered AS (PARTITION BY l.camera_id ORDER BY l.receive_time, l.id)
	), piece AS (
		SELECT camera_id, status, at, next FROM log
		UNION ALL SELECT camera_id, was, '-infinity', at FROM log WHERE n = 1
		UNION ALL SELECT o.id, o.status, '-infinity', 'infinity' FROM own o WHERE NOT EXISTS (SELECT FROM log l WHERE l.camera_id = o.id)
	), held AS (
		SELECT p.camera_id, p.status, tstzrange(greatest(p.at, @from, o.created_at), least(p.next, @until)) AS span
		FROM piece p JOIN own o ON o.id = p.camera_id WHERE greatest(p.at, @from, o.created_at) < least(p.next, @until)
	), work AS (
		SELECT o.id, range_agg(tstzrange(m.starts_at, m.ends_at)) AS spans FROM own o JOIN camera_maintenance m
			ON m.camera_id = o.id OR m.department = o.department OR EXISTS (SELECT FROM camera_ancestor a WHERE a.camera_id = o.id AND a.parent_id = m.parent_id)
		WHERE m.starts_at < @until AND m.ends_at > @from GROUP BY o.id
	), uptime AS (
		SELECT h.camera_id, coalesce(sum(s.seconds) FILTER (WHERE h.status = 'online'), 0)::bigint AS online,
			coalesce(sum(s.seconds) FILTER (WHERE h.status <> 'unknown'), 0)::bigint AS expected, coalesce(sum(s.seconds) FILTER (WHERE h.status = 'unknown'), 0)::bigint AS unseen
		FROM held h LEFT JOIN work w ON w.id = h.camera_id
		CROSS JOIN LATERAL (SELECT extract(epoch FROM upper(r) - lower(r)) AS seconds FROM unnest(tstzmultirange(h.span) - coalesce(w.spans, '{}')) r) s
		GROUP BY h.camera_id
	)`

// own are the cameras that the actor may see.
func own() string {
	return `own AS (SELECT c.* FROM camera c WHERE ` + inAreas("c.area_path", "@areas") + `)`
}

// args bounds a month by now: what has not been yet is expected of nobody.
func (s *Repairs) args(ctx context.Context, month time.Time) (pgx.NamedArgs, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	until := month.AddDate(0, 1, 0)
	if now := time.Now(); now.Before(until) {
		until = now
	}
	return pgx.NamedArgs{"areas": actor.Scope.Areas, "from": month, "until": until, "memory": camera.Usual.Memory, "flapping": camera.Usual.Flapping}, nil
}

// planned is collect for queries over the cameras as a whole: nothing is known of how many rows their parts have, and what the planner takes for few it
// would go through once for each of many.
func planned[T any](ctx context.Context, db *DB, row pgx.RowToFunc[T], sql string, args ...any) (out []T, err error) {
	err = db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL enable_nestloop = off`); err != nil {
			return err
		}
		out, err = collect(ctx, tx, row, sql, args...)
		return err
	})
	return out, err
}

// Uptimes implements camera.Repairs.
func (s *Repairs) Uptimes(ctx context.Context, month time.Time) ([]*camera.UptimeRow, error) {
	args, err := s.args(ctx, month)
	if err != nil {
		return nil, err
	}
	return planned(ctx, s.db, func(row pgx.CollectableRow) (*camera.UptimeRow, error) {
		var r camera.UptimeRow
		err := row.Scan(&r.CameraID, &r.DeviceID, &r.Name, &r.Department, &r.Status, &r.Since, &r.Parent, &r.Online, &r.Expected, &r.Unseen)
		r.Since = r.Since.UTC()
		return &r, err
	}, `WITH `+own()+`, `+uptime+`
		SELECT o.id, coalesce(o.device_id, ''), o.name, o.department, o.status, o.status_since,
			coalesce((SELECT p.name FROM camera_outage_member m JOIN camera_outage x ON x.id = m.outage_id JOIN device_parent p ON p.id = x.parent_id
				WHERE m.camera_id = o.id AND m.until IS NULL AND x.ended_at IS NULL LIMIT 1), ''),
			coalesce(u.online, 0), coalesce(u.expected, 0), coalesce(u.unseen, 0)
		FROM own o LEFT JOIN uptime u ON u.camera_id = o.id ORDER BY o.department, o.name, o.id`, args)
}

// Repairs implements camera.Repairs.
func (s *Repairs) Repairs(ctx context.Context, month time.Time) ([]*camera.Repair, error) {
	args, err := s.args(ctx, month)
	if err != nil {
		return nil, err
	}
	return planned(ctx, s.db, func(row pgx.CollectableRow) (*camera.Repair, error) {
		r := camera.Repair{Outages: []camera.RepairOutage{}, Flapping: []camera.FlappingCamera{}}
		err := row.Scan(&r.Department, &r.Name, &r.NameEN, &r.Cameras, &r.Down, &r.Unknown, &r.Online, &r.Expected, &r.Unseen, &r.Outages, &r.Flapping)
		return &r, err
	}, `WITH `+own()+`, `+uptime+`, outage AS (
			SELECT c.department, o.id, o.since, o.peak, coalesce(p.kind, '') AS kind, coalesce(p.name, min(c.name)) AS name, array_agg(c.id ORDER BY c.id) AS cameras
			FROM camera_outage o JOIN camera_outage_member m ON m.outage_id = o.id AND m.until IS NULL JOIN own c ON c.id = m.camera_id LEFT JOIN device_parent p ON p.id = o.parent_id
			WHERE o.ended_at IS NULL GROUP BY c.department, o.id, p.kind, p.name
		), flapping AS (
			SELECT c.department, c.id, c.name, greatest(
				(SELECT count(*) FROM camera_watch w, unnest(w.falls) fall WHERE w.camera_id = c.id AND fall > now() - @memory::interval),
				(SELECT count(*) FROM camera_log l WHERE l.camera_id = c.id AND l.receive_time > now() - @memory::interval AND l.from_status = 'online' AND l.to_status IN ('offline', 'fault'))) AS falls
			FROM own c
		)
		SELECT c.department, coalesce(d.name, ''), coalesce(d.name_en, ''), count(*)::int, count(*) FILTER (WHERE c.status IN ('offline', 'fault'))::int, count(*) FILTER (WHERE c.status = 'unknown')::int,
			coalesce(sum(u.online), 0)::bigint, coalesce(sum(u.expected), 0)::bigint, coalesce(sum(u.unseen), 0)::bigint,
			coalesce((SELECT jsonb_agg(jsonb_build_object('id', o.id, 'kind', o.kind, 'name', o.name, 'since', o.since, 'peak', o.peak, 'cameras', o.cameras) ORDER BY cardinality(o.cameras) DESC, o.since, o.id)
				FROM outage o WHERE o.department = c.department), '[]'),
			coalesce((SELECT jsonb_agg(jsonb_build_object('id', f.id, 'name', f.name, 'falls', f.falls) ORDER BY f.falls DESC, f.id) FROM flapping f WHERE f.department = c.department AND f.falls >= @flapping), '[]')
		FROM own c LEFT JOIN uptime u ON u.camera_id = c.id LEFT JOIN department d ON d.code = c.department
		GROUP BY c.department, d.name, d.name_en ORDER BY 5 DESC, c.department`, args)
}

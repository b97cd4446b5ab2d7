package simulate

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wanglou/layers/auth"
	"wanglou/layers/survey"
	"wanglou/postgis"
)

const (
	maxDetections = 24 // open at a time
	detectorName  = "示意检测器"
)

// stepDetections lets a detector find something now and then, and moves at most one detection along.
func (s *simulation) stepDetections(ctx context.Context, now time.Time) error {
	for s.detecting.due(now, s.every(10*time.Minute)) {
		if err := s.detect(ctx); err != nil {
			return err
		}
	}
	if now.Before(s.nextSurvey) {
		return nil
	}
	s.nextSurvey = now.Add(s.every(10 * time.Second))
	return s.moveDetection(ctx, now)
}

// detect stores an addition beside some building of the ground that was flown last, if one fits there: as a detector does, with the first row of its log.
func (s *simulation) detect(ctx context.Context) error {
	r := s.detecting.Rand
	shape, score, height, depth := r.Float64(), 0.62+0.36*r.Float64(), 2.7+3.6*r.Float64(), 8+10*r.Float64()
	return pgx.BeginFunc(ctx, s.db.Pool, func(tx pgx.Tx) error {
		var before, after *int64
		var building []byte
		err := tx.QueryRow(ctx, `WITH flown AS (SELECT id, geom, lag(id) OVER (ORDER BY captured_at, id) AS earlier FROM capture ORDER BY captured_at DESC, id DESC LIMIT 1)
			SELECT f.earlier, f.id, ST_AsBinary(b.geom) FROM flown f, LATERAL (SELECT b.geom FROM basemap_building b
				WHERE ST_Within(b.geom, f.geom) ORDER BY md5(b.id::text || $1) LIMIT 1) b`, time.Duration(shape*float64(time.Hour)).String()).Scan(&before, &after, &building)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		outline, err := beside(building, depth)
		if err != nil || outline == nil {
			return err
		}
		// Nothing is found twice, nor in the water, nor under what stands.
		var id int64
		err = tx.QueryRow(ctx, `WITH n AS (SELECT nextval(pg_get_serial_sequence('detection', 'id')) AS id, ST_Multi(ST_GeomFromWKB($1, 4326)) AS geom)
			INSERT INTO detection (id, number, score, detector, detector_version, area_m2, height_m, capture_before_id, capture_after_id, area_path, geom)
			OVERRIDING SYSTEM VALUE
			SELECT id, 'WJ' || to_char(now() AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD') || '-S' || id, $2, $3, 'simulate-1', ST_Area(geom::geography), $4, $5, $6, area_path_at(geom), geom FROM n
			WHERE NOT EXISTS (SELECT FROM basemap_building b WHERE ST_Intersects(b.geom, n.geom)) AND NOT EXISTS (SELECT FROM basemap_water w WHERE ST_Intersects(w.geom, n.geom))
				AND NOT EXISTS (SELECT FROM detection d WHERE ST_Intersects(d.geom, n.geom)) AND ST_IsValid(n.geom)
				AND (SELECT count(*) FROM detection WHERE state NOT IN ('dismissed', 'cleared')) < $7
			RETURNING id`, wkb.MustMarshal(outline), float32(score), detectorName, float32(height), before, after, maxDetections).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		s.done.Detections++
		return appendDetectionLog(ctx, tx, id, nil, detectorName, survey.MoveDetect, "", survey.Detected, "")
	})
}

// beside returns a rectangle along the first wall of a building, outside of it, in degrees.
func beside(building []byte, depth float64) (orb.Polygon, error) {
	shape, err := wkb.Unmarshal(building)
	if err != nil {
		return nil, err
	}
	polygon, ok := shape.(orb.Polygon)
	if !ok || len(polygon) == 0 || len(polygon[0]) < 4 {
		return nil, nil
	}
	var g roads
	ring := polygon[0]
	g.center(ring[0])
	a, b := g.plane(ring[0]), g.plane(ring[1])
	long := metres(a, b)
	if long < 4 {
		return nil, nil
	}
	along := orb.Point{(b[0] - a[0]) / long, (b[1] - a[1]) / long}
	out := orb.Point{along[1], -along[0]} // right of a counter-clockwise ring is outside
	if ring.Orientation() == orb.CW {
		out = orb.Point{-along[1], along[0]}
	}
	long = math.Min(long, 30)
	corner := func(u, v float64) orb.Point {
		return g.world(orb.Point{a[0] + along[0]*u + out[0]*v, a[1] + along[1]*u + out[1]*v})
	}
	return orb.Polygon{{corner(0, 2), corner(long, 2), corner(long, depth), corner(0, depth), corner(0, 2)}}, nil
}

// openDetection is one that something may be due with.
type openDetection struct {
	id, revision int64
	state        survey.State
	since        time.Time
}

// moveDetection makes the move that is due with one of the open detections.
func (s *simulation) moveDetection(ctx context.Context, now time.Time) error {
	rows, err := s.db.Pool.Query(ctx, `SELECT d.id, d.revision, d.state, coalesce((SELECT max(source_time) FROM detection_log l WHERE l.detection_id = d.id), d.detected_at)
		FROM detection d WHERE d.state NOT IN ('dismissed', 'cleared') ORDER BY d.id LIMIT 200`)
	if err != nil {
		return err
	}
	open, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d openDetection, err error) {
		err = row.Scan(&d.id, &d.revision, &d.state, &d.since)
		return d, err
	})
	if err != nil {
		return err
	}
	for _, d := range open {
		r := s.dice("detection", d.id, d.revision)
		if now.Before(s.since(d.since).Add(s.wait(r, 35*time.Minute))) {
			continue
		}
		m, reason := nextOf(d.state, r.Float64())
		return s.advanceDetection(ctx, d, m, reason)
	}
	return nil
}

// nextOf is what usually becomes of a detection.
func nextOf(state survey.State, luck float64) (survey.Move, string) {
	switch state {
	case survey.Detected:
		if luck < 0.25 {
			return survey.MoveDismiss, "影像阴影误报。"
		}
		return survey.MoveIssue, ""
	case survey.Issued:
		return survey.MoveArrive, ""
	case survey.OnSite:
		if luck < 0.35 {
			return survey.MoveDismiss, "现场为临时施工围挡，非违法建设。"
		}
		return survey.MoveConfirm, ""
	case survey.Confirmed:
		return survey.MoveRectify, ""
	}
	if luck < 0.12 {
		return survey.MoveStillStands, "复飞仍见主体未拆除。"
	}
	return survey.MoveClear, ""
}

// advanceDetection makes one move by the state machine: state and log in one transaction, unless somebody was faster.
func (s *simulation) advanceDetection(ctx context.Context, d openDetection, m survey.Move, reason string) error {
	to, err := d.state.Take(m, reason)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, s.db.Pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE detection SET state = $3, revision = revision + 1 WHERE id = $1 AND revision = $2`, d.id, d.revision, to)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return appendDetectionLog(ctx, tx, d.id, s.duty, s.duty.User.Name, m, d.state, to, reason)
	})
}

func appendDetectionLog(ctx context.Context, tx pgx.Tx, id int64, actor *auth.Actor, name string, m survey.Move, from, to survey.State, reason string) error {
	var actorID int64
	if actor != nil {
		actorID = actor.User.ID
	}
	_, err := tx.Exec(ctx, `INSERT INTO detection_log (detection_id, source_time, receive_time, actor_id, actor_name, move, from_state, to_state, reason)
		VALUES ($1, clock_timestamp(), clock_timestamp(), nullif($2::bigint, 0), $3, $4, $5, $6, $7)`, id, actorID, name, m, from, to, reason)
	return postgis.Wrap(err)
}

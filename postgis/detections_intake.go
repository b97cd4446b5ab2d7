package postgis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb/encoding/wkb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/survey"
)

// leastRest is how many square metres have to be left unexplained; of smaller findings half.
const leastRest = 12

// Intake implements survey.Reviews. What lies outside of the capture, of the county or of the actor's areas is told and not kept.
func (s *Detections) Intake(ctx context.Context, captureID int64, in *survey.Intake, key string) (*survey.Taken, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionDetect); err != nil {
		return nil, err
	}
	var out *survey.Taken
	err := s.db.transact(ctx, func(tx pgx.Tx) (err error) {
		// One at a time: two detectors that find the same thing at once attach to each other.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('detection intake'))`); err != nil {
			return err
		}
		if again, err := answered(ctx, tx, key, in, &out); again || err != nil {
			return err
		}
		if err := checkCapture(ctx, tx, "id", captureID); err != nil {
			return err
		}
		if in.Before != 0 {
			if in.Before == captureID {
				return layers.Invalid("before", "same_capture", "a capture cannot be compared with itself")
			}
			if err := checkCapture(ctx, tx, "before", in.Before); err != nil {
				return err
			}
		}
		if out, err = takeFindings(ctx, tx, captureID, in); err != nil {
			return err
		}
		if err := appendAudit(ctx, tx, "detection.intake", subject("capture", captureID), in.Details(map[string]any{"model": in.Model, "version": in.Version, "new": out.New, "attached": out.Attached, "lawful": out.Lawful})); err != nil {
			return err
		}
		return remember(ctx, tx, key, in, out)
	})
	return out, err
}

// checkCapture returns CodeNotFound for a capture that the actor does not see, and CodeConflict for one that was withdrawn.
func checkCapture(ctx context.Context, tx pgx.Tx, field string, id int64) error {
	var area string
	var withdrawn bool
	err := tx.QueryRow(ctx, `SELECT coalesce(area_path, ''), EXISTS (SELECT FROM capture_withdrawal w WHERE w.capture_id = c.id) FROM capture c WHERE id = $1`, id).Scan(&area, &withdrawn)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return notFound("capture", id)
	case err != nil:
		return err
	case !auth.ActorFrom(ctx).Scope.InArea(area):
		return notFound("capture", id)
	case withdrawn:
		return &layers.Error{Code: layers.CodeConflict, Field: field, Reason: "capture_withdrawn", Msg: "the capture was withdrawn"}
	}
	return nil
}

func takeFindings(ctx context.Context, tx pgx.Tx, captureID int64, in *survey.Intake) (*survey.Taken, error) {
	out := &survey.Taken{Results: make([]survey.TakenOne, len(in.Findings))}
	for i := range in.Findings {
		one, err := takeFinding(ctx, tx, captureID, in, &in.Findings[i])
		if err != nil {
			return nil, fmt.Errorf("finding %d: %w", i, err)
		}
		switch out.Results[i] = one; one.Result {
		case "new":
			out.New++
		case "attached":
			out.Attached++
		case "lawful":
			out.Lawful++
		default:
			out.Outside++
		}
	}
	return out, nil
}

// takeFinding stores one finding: as a new detection, or attached to the one that is open there.
func takeFinding(ctx context.Context, tx pgx.Tx, captureID int64, in *survey.Intake, f *survey.Finding) (one survey.TakenOne, err error) {
	one.Result = "outside"
	var (
		area   string
		shape  []byte // made valid
		rest   []byte
		size   float64
		left   float64
		inside bool
	)
	err = tx.QueryRow(ctx, `WITH f AS (SELECT ST_Multi(ST_CollectionExtract(ST_MakeValid(ST_GeomFromWKB($1, 4326)), 3)) AS geom),
		lawful AS (SELECT ST_Union(g) AS geom FROM (
			SELECT l.geom AS g FROM lawful_building l, f WHERE ST_DWithin(l.geom, f.geom, 0.0001) AND $3 = 'new'
			UNION ALL SELECT p.geom FROM permit p, f, capture c WHERE ST_DWithin(p.geom, f.geom, 0.0001) AND c.id = $2 AND $3 IN ('new', 'raised') AND (p.valid_from IS NULL OR p.valid_from <= c.captured_at::date)
				AND (p.valid_to IS NULL OR p.valid_to >= coalesce((SELECT captured_at::date FROM capture b WHERE b.id = nullif($4::bigint, 0)), c.captured_at::date))) x)
		SELECT coalesce(area_path_at(f.geom)::text, ''), ST_AsBinary(f.geom), ST_AsBinary(r.geom), ST_Area(f.geom::geography), ST_Area(r.geom::geography), ST_Intersects(f.geom, c.geom)
		FROM f, capture c, LATERAL (SELECT CASE WHEN l.geom IS NULL THEN f.geom ELSE detection_rest(f.geom, l.geom) END AS geom FROM lawful l) r
		WHERE c.id = $2 AND NOT ST_IsEmpty(f.geom)`, wkb.MustMarshal(f.Outline), captureID, f.Kind, in.Before).Scan(&area, &shape, &rest, &size, &left, &inside)
	switch {
	case errors.Is(err, pgx.ErrNoRows): // a line, or a point
		return one, nil
	case err != nil:
		return one, err
	case !inside || area == "" || !auth.ActorFrom(ctx).Scope.InArea(area):
		return one, nil
	}
	if left < size && left < min(leastRest, size/2) {
		one.Result = "lawful"
		return one, nil
	}
	open, err := overlapping(ctx, tx, captureID, f.Kind, rest)
	if err != nil {
		return one, err
	}
	if open != 0 {
		one.Result, one.DetectionID = "attached", open
		if err := keepSighting(ctx, tx, open, captureID, in, f, shape); err != nil {
			return one, err
		}
		return one, seenAgain(ctx, tx, open, captureID, in)
	}
	one.Result = "new"
	share := max(0, 1-left/size)
	if err := tx.QueryRow(ctx, `WITH n AS (SELECT nextval(pg_get_serial_sequence('detection', 'id')) AS id, ST_GeomFromWKB($1, 4326) AS geom)
		INSERT INTO detection (id, number, kind, score, detector, detector_version, area_m2, height_m, height95_m, lawful_share, capture_before_id, capture_after_id, area_path, geom)
		OVERRIDING SYSTEM VALUE SELECT id, 'WJ' || to_char(now() AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD') || '-' || to_char(id, 'FM9999999000'), $2, $3, $4, $5, ST_Area(geom::geography), $6, $7, $8,
			nullif($9::bigint, 0), $10, area_path_at(geom), geom FROM n RETURNING id`,
		rest, f.Kind, f.Score, in.Model, in.Version, f.Height, f.Height95, share, in.Before, captureID).Scan(&one.DetectionID); err != nil {
		return one, err
	}
	if err := examineDetection(ctx, tx, one.DetectionID); err != nil {
		return one, err
	}
	if err := keepSighting(ctx, tx, one.DetectionID, captureID, in, f, shape); err != nil {
		return one, err
	}
	return one, logDetection(ctx, tx, one.DetectionID, in.Model, survey.MoveDetect, "", survey.Detected, "", in.Details(map[string]any{"class": f.Class, "kind": f.Kind, "score": f.Score}), time.Time{})
}

// overlapping returns the open detection that shares at least three tenths of the smaller of the two, 0 for none. One that people have dismissed on the same capture counts
// too: the same detector does not ask twice.
func overlapping(ctx context.Context, tx pgx.Tx, captureID int64, kind survey.Kind, shape []byte) (id int64, err error) {
	err = tx.QueryRow(ctx, `SELECT d.id FROM detection d, (SELECT ST_GeomFromWKB($1, 4326) AS geom) n
		WHERE d.geom && n.geom AND ST_Intersects(d.geom, n.geom) AND (d.state NOT IN ('dismissed', 'cleared') OR d.state = 'dismissed' AND d.capture_after_id = $2 AND d.merged_into IS NULL)
			AND (d.kind = 'removed') = ($3 = 'removed') AND ST_Area(ST_Intersection(d.geom, n.geom)) >= 0.3 * least(ST_Area(d.geom), ST_Area(n.geom))
		ORDER BY d.state = 'dismissed', ST_Area(ST_Intersection(d.geom, n.geom)) DESC, d.id LIMIT 1`, shape, captureID, kind).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// keepSighting keeps a finding as the detector gave it.
func keepSighting(ctx context.Context, tx pgx.Tx, id, captureID int64, in *survey.Intake, f *survey.Finding, shape []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO detection_sighting (detection_id, capture_before_id, capture_after_id, detector, detector_version, class, score, height_m, area_m2, geom)
		SELECT $1, nullif($2::bigint, 0), $3, $4, $5, $6, $7, $8, ST_Area(g::geography), g FROM ST_GeomFromWKB($9, 4326) g`,
		id, in.Before, captureID, in.Model, in.Version, f.Class, f.Score, f.Height, shape)
	return err
}

// seenAgain logs that a detection was seen again, unless it is over.
func seenAgain(ctx context.Context, tx pgx.Tx, id, captureID int64, in *survey.Intake) error {
	var state survey.State
	if err := tx.QueryRow(ctx, `UPDATE detection SET revision = revision + 1 WHERE id = $1 RETURNING state`, id).Scan(&state); err != nil {
		return err
	}
	return logDetection(ctx, tx, id, in.Model, "seen_again", state, state, "", in.Details(map[string]any{"capture_id": captureID, "version": in.Version}), time.Time{})
}

// examineDetection writes down what a detection touches.
func examineDetection(ctx context.Context, tx pgx.Tx, id int64) error {
	_, err := tx.Exec(ctx, `UPDATE detection d SET grounds = detection_grounds(d) WHERE d.id = $1`, id)
	return err
}

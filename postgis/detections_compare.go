package postgis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/survey"
)

// ComparisonKind is the kind of the jobs that [Detections.Compare] enqueues.
const ComparisonKind = "detection.run"

// ComparisonArgs is what such a job is given.
type ComparisonArgs struct{ Before, After int64 }

// Compare enqueues the comparison of an earlier capture with a later one. CodeForbidden; CodeNotFound; CodeInvalid for what is not earlier; CodeConflict with
// "capture_withdrawn", "no_dsm" where they have neither surface models nor pictures both, or "compared" for what was done already.
func (s *Detections) Compare(ctx context.Context, before, after int64, enqueue Enqueue) (job int64, err error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionDetect); err != nil {
		return 0, err
	}
	if before == after {
		return 0, layers.Invalid("before", "same_capture", "a capture cannot be compared with itself")
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		if err := checkCapture(ctx, tx, "id", after); err != nil {
			return err
		}
		if err := checkCapture(ctx, tx, "before", before); err != nil {
			return err
		}
		var earlier, heights bool
		var area string
		if err := tx.QueryRow(ctx, `SELECT b.captured_at < a.captured_at, coalesce(a.area_path, ''), (SELECT count(*) FROM capture_file WHERE capture_id IN (a.id, b.id) AND kind = 'dsm') = 2 OR (SELECT count(*) FROM capture_file WHERE capture_id IN (a.id, b.id) AND kind = 'ortho') = 2
			FROM capture a, capture b WHERE a.id = $1 AND b.id = $2`, after, before).Scan(&earlier, &area, &heights); err != nil {
			return err
		}
		if !earlier {
			return layers.Invalid("before", "not_earlier", "the capture to compare with has to be the earlier one")
		}
		if !heights {
			return &layers.Error{Code: layers.CodeConflict, Field: "before", Reason: "no_dsm", Msg: "both captures need a surface model, or both a picture"}
		}
		if job, err = enqueue(ctx, tx, ComparisonKind, fmt.Sprintf("comparison/%d-%d", before, after), area, ComparisonArgs{before, after}); err != nil {
			return err
		}
		// One that failed or was called off may begin again.
		tag, err := tx.Exec(ctx, `INSERT INTO capture_comparison AS c (before_id, after_id, job_id) VALUES ($1, $2, $3) ON CONFLICT (before_id, after_id) DO UPDATE SET job_id = excluded.job_id, begun_at = clock_timestamp() WHERE c.done_at IS NULL`, before, after, job)
		if err == nil && tag.RowsAffected() == 0 {
			return &layers.Error{Code: layers.CodeConflict, Field: "before", Reason: "compared", Msg: "the two were compared already"}
		}
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, "capture.compare", subject("capture", after), map[string]any{"before": before})
	})
	return job, err
}

// DetectionKind is the kind of the jobs that [Detections.Detect] enqueues.
const DetectionKind = "detection.model"

// DetectionArgs is what such a job is given; Before is 0 for the capture alone.
type DetectionArgs struct {
	Folder          string
	Capture, Before int64
}

// Detect enqueues a model's look at a capture, beside an earlier one unless it is 0. CodeForbidden; CodeNotFound; CodeInvalid for what is not earlier; CodeConflict with
// "capture_withdrawn", or "no_picture" where there is no orthophoto.
func (s *Detections) Detect(ctx context.Context, a DetectionArgs, enqueue Enqueue) (job int64, err error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionDetect); err != nil {
		return 0, err
	}
	if a.Before == a.Capture {
		return 0, layers.Invalid("before", "same_capture", "a capture cannot be compared with itself")
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		if err := checkCapture(ctx, tx, "id", a.Capture); err != nil {
			return err
		}
		if a.Before != 0 {
			if err := checkCapture(ctx, tx, "before", a.Before); err != nil {
				return err
			}
		}
		var earlier, pictured bool
		var area string
		if err := tx.QueryRow(ctx, `SELECT coalesce(b.captured_at < a.captured_at, true), coalesce(a.area_path, ''), NOT EXISTS (SELECT FROM capture c WHERE c.id IN (a.id, b.id)
			AND NOT EXISTS (SELECT FROM capture_file f WHERE f.capture_id = c.id AND f.kind = 'ortho')) FROM capture a LEFT JOIN capture b ON b.id = $2 WHERE a.id = $1`, a.Capture, a.Before).Scan(&earlier, &area, &pictured); err != nil {
			return err
		}
		switch {
		case !earlier:
			return layers.Invalid("before", "not_earlier", "the capture to compare with has to be the earlier one")
		case !pictured:
			return &layers.Error{Code: layers.CodeConflict, Field: "id", Reason: "no_picture", Msg: "a capture has no orthophoto"}
		}
		if job, err = enqueue(ctx, tx, DetectionKind, fmt.Sprintf("detection/%s-%d-%d", a.Folder, a.Before, a.Capture), area, a); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "capture.detect", subject("capture", a.Capture), map[string]any{"model": a.Folder, "before": a.Before})
	})
	return job, err
}

// ComparisonsDue returns captures with heights that nobody has compared yet, each with the newest earlier one that has some and shares a tenth of its ground.
func (s *Detections) ComparisonsDue(ctx context.Context) ([]ComparisonArgs, error) {
	return collect(ctx, s.db.Pool, pgx.RowToStructByPos[ComparisonArgs], `WITH good AS (SELECT c.* FROM capture c JOIN capture_file f ON f.capture_id = c.id AND f.kind = 'dsm'
			WHERE NOT EXISTS (SELECT FROM capture_withdrawal w WHERE w.capture_id = c.id))
		SELECT b.id, a.id FROM good a, LATERAL (SELECT b.id FROM good b WHERE b.captured_at < a.captured_at AND ST_Intersects(b.geom, a.geom)
			AND ST_Area(ST_Intersection(b.geom, a.geom)) > 0.1 * ST_Area(a.geom) ORDER BY b.captured_at DESC, b.id DESC LIMIT 1) b
		WHERE NOT EXISTS (SELECT FROM capture_comparison c WHERE c.after_id = a.id) ORDER BY a.captured_at, a.id LIMIT 20`)
}

// Wanted lists detections in what both captures cover of which a comparison can tell whether they still stand: those that are past the desk and not over.
func (s *Detections) Wanted(ctx context.Context, before, after int64) ([]survey.Wanted, error) {
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (w survey.Wanted, err error) {
		var shape []byte
		if err = row.Scan(&w.ID, &w.Height, &w.SeenAt, &shape); err != nil {
			return w, err
		}
		g, err := wkb.Unmarshal(shape)
		mp, _ := g.(orb.MultiPolygon)
		w.Outline = survey.Outline(mp)
		return w, err
	}, `SELECT d.id, d.height_m, coalesce(s.captured_at, d.detected_at), ST_AsBinary(d.geom) FROM detection d LEFT JOIN capture s ON s.id = d.capture_after_id, capture a, capture b
		WHERE b.id = $1 AND a.id = $2 AND d.state IN ('issued', 'on_site', 'confirmed', 'rectified') AND a.captured_at > coalesce(s.captured_at, d.detected_at)
			AND ST_Within(d.geom, a.geom) AND ST_Within(d.geom, b.geom) ORDER BY d.id`, before, after)
}

// Compared stores what a comparison found: new candidates, what attaches to open ones, and what it says of others. A second time it changes nothing.
func (s *Detections) Compared(ctx context.Context, before, after int64, c *survey.Compared) (out *survey.Taken, err error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionDetect); err != nil {
		return nil, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('detection intake'))`); err != nil {
			return err
		}
		var done *time.Time
		if err := tx.QueryRow(ctx, `SELECT done_at FROM capture_comparison WHERE before_id = $1 AND after_id = $2 FOR UPDATE`, before, after).Scan(&done); errors.Is(err, pgx.ErrNoRows) {
			return layers.Errorf(layers.CodeNotFound, "nobody asked for this comparison")
		} else if err != nil {
			return err
		}
		if done != nil {
			out = &survey.Taken{}
			return nil
		}
		for _, id := range []int64{before, after} { // it may have been withdrawn meanwhile
			if err := checkCapture(ctx, tx, "before", id); err != nil {
				return err
			}
		}
		c.Before = before
		if out, err = takeFindings(ctx, tx, after, &c.Intake); err != nil {
			return err
		}
		for _, p := range c.Proposals {
			if err := propose(ctx, tx, after, p); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE capture_comparison SET done_at = clock_timestamp(), result = $3 WHERE before_id = $1 AND after_id = $2`, before, after, map[string]any{
			"pixel_m": c.Pixel, "east_m": c.East, "north_m": c.North, "registered": c.Level, "noise_m": c.Noise, "removed": c.Removed, "new": out.New, "attached": out.Attached, "lawful": out.Lawful, "outside": out.Outside,
		}); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "detection.intake", subject("capture", after), map[string]any{"model": c.Model, "version": c.Version, "new": out.New, "attached": out.Attached, "lawful": out.Lawful})
	})
	return out, err
}

// propose keeps what a flight says of a detection, and logs it: people decide.
func propose(ctx context.Context, tx pgx.Tx, captureID int64, p survey.Proposing) error {
	var state survey.State
	err := tx.QueryRow(ctx, `SELECT state FROM detection WHERE id = $1 AND state NOT IN ('detected', 'dismissed', 'cleared') FOR UPDATE`, p.DetectionID).Scan(&state)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	var height *float64
	details := map[string]any{"capture_id": captureID}
	if !p.Unmeasured {
		height = &p.Height
		details["height_m"] = p.Height
	}
	tag, err := tx.Exec(ctx, `INSERT INTO detection_proposal (detection_id, capture_id, says, height_m) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, p.DetectionID, captureID, p.Says, height)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE detection SET revision = revision + 1 WHERE id = $1`, p.DetectionID); err != nil {
		return err
	}
	var sha string
	if err := tx.QueryRow(ctx, `SELECT coalesce(sha256, '') FROM capture WHERE id = $1`, captureID).Scan(&sha); err != nil {
		return err
	}
	details["capture_sha256"] = sha
	return logDetection(ctx, tx, p.DetectionID, "复飞比对", "propose", state, state, p.Says, details, time.Time{})
}

// ProposeUnmeasured tells detections that should be gone of later captures over them that have a picture and no surface model: nothing is measured, people look at the
// pictures. It returns how many it told. The actor of ctx has to see all of them.
func (s *Detections) ProposeUnmeasured(ctx context.Context) (n int, err error) {
	type shown struct{ detection, capture int64 }
	due, err := collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (x shown, err error) {
		err = row.Scan(&x.detection, &x.capture)
		return x, err
	}, `SELECT d.id, c.id FROM detection d JOIN `+goodCaptures+` c ON ST_Covers(c.geom, d.geom)
		WHERE d.state IN ('confirmed', 'rectified') AND c.captured_at > (SELECT max(receive_time) FROM detection_log l WHERE l.detection_id = d.id AND l.to_state = d.state AND l.from_state <> d.state)
			AND EXISTS (SELECT FROM capture_file f WHERE f.capture_id = c.id AND f.kind = 'ortho') AND NOT EXISTS (SELECT FROM capture_file f WHERE f.capture_id = c.id AND f.kind = 'dsm')
			AND NOT EXISTS (SELECT FROM detection_proposal p WHERE p.detection_id = d.id AND p.capture_id = c.id) ORDER BY c.captured_at, d.id LIMIT 1000`)
	if err != nil {
		return 0, err
	}
	for _, x := range due {
		if err := s.db.transact(ctx, func(tx pgx.Tx) error {
			return propose(ctx, tx, x.capture, survey.Proposing{DetectionID: x.detection, Says: survey.CannotTell, Unmeasured: true})
		}); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

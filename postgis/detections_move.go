package postgis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/survey"
	"wanglou/layers/task"
)

// atDesk are the moves that those make who review; the others belong to whoever was sent, too.
var atDesk = map[survey.Move]bool{survey.MoveIssue: true, survey.MoveStillStands: true, survey.MoveClear: true}

// mayMove returns CodeForbidden unless the move is the actor's to make.
func (s *Detections) mayMove(ctx context.Context, q querier, c *survey.Candidate, m survey.Move) error {
	actor := auth.ActorFrom(ctx)
	if actor.Scope.May(auth.ActionReview) {
		if !actor.Scope.InArea(c.AreaPath) {
			return outsideAreas(c.AreaPath)
		}
		return nil
	}
	if atDesk[m] || c.State == survey.Detected {
		return forbid(actor, auth.ActionReview)
	}
	own, err := s.ownTask(ctx, q, c)
	if err == nil && !own {
		err = forbid(actor, auth.ActionReview)
	}
	return err
}

// Move implements survey.Reviews.
func (s *Detections) Move(ctx context.Context, id int64, a survey.Ask) (*survey.File, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	var out *survey.File
	err := s.db.transact(ctx, func(tx pgx.Tx) error {
		c, err := s.locked(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.mayMove(ctx, tx, c, a.Move); err != nil {
			return err
		}
		if c.Revision != a.Revision {
			return staleRevision(ctx, tx, "detection_log", id)
		}
		to, err := c.State.Take(a.Move, a.Reason())
		if err != nil {
			return err
		}
		second, err := s.secondWord(ctx, tx, c, a)
		if err != nil {
			return err
		}
		if err := s.make(ctx, tx, c, a, to, second); err != nil {
			return err
		}
		out, err = s.file(ctx, tx, id)
		return err
	})
	return out, err
}

// secondWord reports whether the move is made now: nobody else is needed, or somebody else has said the same. CodeConflict with "second_person" for who says it twice.
func (s *Detections) secondWord(ctx context.Context, tx pgx.Tx, c *survey.Candidate, a survey.Ask) (bool, error) {
	var persons int
	err := tx.QueryRow(ctx, `SELECT persons FROM detection_rule WHERE move = $1 AND (area_path = '' OR starts_with($2::text || '.', area_path || '.')) ORDER BY length(area_path) DESC LIMIT 1`,
		a.Move, c.AreaPath).Scan(&persons)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && persons < 2 {
		return true, nil
	}
	if err != nil || c.Waiting != string(a.Move) {
		return false, err
	}
	var same bool
	if err := tx.QueryRow(ctx, `SELECT user_id = $2 FROM detection_verdict WHERE detection_id = $1 ORDER BY id DESC LIMIT 1`, c.ID, auth.ActorFrom(ctx).User.ID).Scan(&same); err != nil {
		return false, err
	}
	if same {
		return false, &layers.Error{Code: layers.CodeConflict, Reason: "second_person", Field: "move", Msg: "a second person has to say so"}
	}
	return true, nil
}

// make writes a move, or the first of two words for it.
func (s *Detections) make(ctx context.Context, tx pgx.Tx, c *survey.Candidate, a survey.Ask, to survey.State, counted bool) error {
	actor := auth.ActorFrom(ctx)
	details := map[string]any{}
	if a.Capture != 0 {
		details["capture_id"] = a.Capture
	}
	if counted {
		incidentID, err := s.issue(ctx, tx, c, a)
		if err != nil {
			return err
		}
		if incidentID != 0 {
			details["incident_id"] = incidentID
		}
		if c.Waiting == string(a.Move) {
			details["first"] = c.WaitingFor
		}
		if err := advanceDetection(ctx, tx, c.ID, a.Move, c.State, to, a.Reason(), details, time.Time{}); err != nil {
			return err
		}
	} else {
		details["for"] = a.Move
		if err := advanceDetection(ctx, tx, c.ID, "word", c.State, c.State, a.Reason(), details, time.Time{}); err != nil {
			return err
		}
	}
	if slices.Contains(survey.Judged, a.Move) && actor.User.ID != 0 {
		if _, err := tx.Exec(ctx, `INSERT INTO detection_verdict (detection_id, user_id, user_name, move, code, note, counted) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			c.ID, actor.User.ID, actor.User.Name, a.Move, a.Code, a.Note, counted); err != nil {
			return err
		}
	}
	return appendAudit(ctx, tx, "detection.move", subject("detection", c.ID), map[string]any{"move": a.Move, "from": c.State, "to": to, "counted": counted})
}

// advanceDetection makes a detection what the new row of its log says.
func advanceDetection(ctx context.Context, tx pgx.Tx, id int64, m survey.Move, from, to survey.State, reason string, details map[string]any, made time.Time) error {
	if _, err := tx.Exec(ctx, `UPDATE detection SET state = $2, revision = revision + 1 WHERE id = $1`, id, to); err != nil {
		return err
	}
	return logDetection(ctx, tx, id, "", m, from, to, reason, details, made)
}

// issue sends a unit to a detection, by way of a case that is made for it; 0 where nobody is sent.
func (s *Detections) issue(ctx context.Context, tx pgx.Tx, c *survey.Candidate, a survey.Ask) (int64, error) {
	if a.Move != survey.MoveIssue || a.UnitID == 0 {
		return 0, nil
	}
	id, err := s.send(ctx, tx, c, "核查疑似违建 "+c.Number, a.UnitID, a.Note)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `UPDATE detection SET incident_id = $2 WHERE id = $1`, c.ID, id)
	return id, err
}

// send makes a case at a detection and gives it to a unit.
func (s *Detections) send(ctx context.Context, tx pgx.Tx, c *survey.Candidate, title string, unitID int64, note string) (int64, error) {
	actor := auth.ActorFrom(ctx)
	var at orb.Point
	if err := tx.QueryRow(ctx, `SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(geom) AS p FROM detection WHERE id = $1) x`, c.ID).Scan(&at[0], &at[1]); err != nil {
		return 0, err
	}
	in := &incident.Incident{Title: title, Category: c.Category, Severity: 2, Source: "drone", Point: at, State: incident.Filed, Description: note}
	id, err := s.incidents.insert(ctx, tx, actor, in, "")
	if err != nil {
		return 0, err
	}
	made, err := incidentByID(ctx, tx, id, "FOR UPDATE")
	if err != nil {
		return 0, err
	}
	_, err = s.tasks.send(ctx, tx, actor, made, unitID, order{note: note})
	return id, err
}

// Fly implements survey.Reviews.
func (s *Detections) Fly(ctx context.Context, id, unitID int64, note string) (out *survey.File, err error) {
	actor := auth.ActorFrom(ctx)
	if err := task.ValidateNote("note", note); err != nil {
		return nil, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		c, err := s.locked(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := forbid(actor, auth.ActionReview); err != nil {
			return err
		}
		if !actor.Scope.InArea(c.AreaPath) {
			return outsideAreas(c.AreaPath)
		}
		if c.State != survey.Rectified && c.State != survey.Confirmed {
			return &layers.Error{Code: layers.CodeConflict, Reason: "no_flight_wanted", Msg: fmt.Sprintf("%s is %s: nothing has to be seen again", c.Number, c.State)}
		}
		if err := checkCrew(ctx, tx, unitID); err != nil {
			return err
		}
		in, err := s.send(ctx, tx, c, "复飞核验 "+c.Number, unitID, note)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO flight_order (name, area_path, detection_id, task_id, by_name, geom) SELECT d.number, coalesce(d.area_path, ''), d.id, t.id, $3, d.geom
			FROM detection d, task t WHERE d.id = $1 AND t.incident_id = $2`, id, in, actor.User.Name); err != nil {
			return err
		}
		if err := advanceDetection(ctx, tx, id, "fly", c.State, c.State, note, map[string]any{"incident_id": in, "unit_id": unitID}, time.Time{}); err != nil {
			return err
		}
		if err := appendAudit(ctx, tx, "detection.fly", subject("detection", id), map[string]any{"incident_id": in, "unit_id": unitID}); err != nil {
			return err
		}
		out, err = s.file(ctx, tx, id)
		return err
	})
	return out, err
}

// followDetection makes the move of a detection that follows from a task of its case: whoever arrives is on site.
func followDetection(ctx context.Context, tx pgx.Tx, incidentID int64, to task.State, made time.Time) error {
	if to != task.OnScene {
		return nil
	}
	var id int64
	err := tx.QueryRow(ctx, `SELECT id FROM detection WHERE incident_id = $1 AND state = 'issued' FOR UPDATE`, incidentID).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return advanceDetection(ctx, tx, id, survey.MoveArrive, survey.Issued, survey.OnSite, "", map[string]any{"incident_id": incidentID}, made)
}

// change does something to the shape of a detection that nobody has issued yet.
func (s *Detections) change(ctx context.Context, tx pgx.Tx, id, revision int64) (*survey.Candidate, error) {
	actor := auth.ActorFrom(ctx)
	c, err := s.locked(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if err := forbid(actor, auth.ActionReview); err != nil {
		return nil, err
	}
	switch {
	case !actor.Scope.InArea(c.AreaPath):
		return nil, outsideAreas(c.AreaPath)
	case revision != 0 && c.Revision != revision:
		return nil, staleRevision(ctx, tx, "detection_log", id)
	case c.State != survey.Detected:
		return nil, &layers.Error{Code: layers.CodeConflict, Reason: "already_issued", Msg: fmt.Sprintf("%s is %s: its outline stays", c.Number, c.State)}
	}
	return c, nil
}

// reshape gives a detection an outline, and logs the hash of the old one.
func (s *Detections) reshape(ctx context.Context, tx pgx.Tx, c *survey.Candidate, outline orb.MultiPolygon, why survey.Move, details map[string]any) error {
	details["outline_before"] = survey.Outline(c.Outline)
	tag, err := tx.Exec(ctx, `UPDATE detection d SET geom = n.geom, area_m2 = ST_Area(n.geom::geography), area_path = area_path_at(n.geom)
		FROM (SELECT ST_Multi(ST_GeomFromWKB($2, 4326)) AS geom) n WHERE d.id = $1 AND ST_IsValid(n.geom) AND area_path_at(n.geom) IS NOT NULL`, c.ID, wkb.MustMarshal(outline))
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return layers.Invalid("outline", "self_intersection", "the outline crosses itself, or lies outside of every area")
	}
	if err := examineDetection(ctx, tx, c.ID); err != nil {
		return err
	}
	if err := advanceDetection(ctx, tx, c.ID, why, c.State, c.State, "", details, time.Time{}); err != nil {
		return err
	}
	after, err := s.candidate(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	if !auth.ActorFrom(ctx).Scope.InArea(after.AreaPath) {
		return outsideAreas(after.AreaPath)
	}
	return appendAudit(ctx, tx, "detection."+string(why), subject("detection", c.ID), nil)
}

// Redraw implements survey.Reviews.
func (s *Detections) Redraw(ctx context.Context, id int64, outline orb.MultiPolygon, revision int64) (out *survey.File, err error) {
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		c, err := s.change(ctx, tx, id, revision)
		if err != nil {
			return err
		}
		if err := s.reshape(ctx, tx, c, outline, "redraw", map[string]any{}); err != nil {
			return err
		}
		out, err = s.file(ctx, tx, id)
		return err
	})
	return out, err
}

// Merge implements survey.Reviews.
func (s *Detections) Merge(ctx context.Context, id int64, others []int64, revision int64) (out *survey.File, err error) {
	if len(others) == 0 || len(others) > survey.MaxParts || slices.Contains(others, id) {
		return nil, layers.Invalid("others", "out_of_range", "1 to %d other detections are merged", survey.MaxParts)
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		all := append([]int64{id}, others...)
		slices.Sort(all) // locks in one order
		found := map[int64]*survey.Candidate{}
		for _, n := range slices.Compact(all) {
			var seen int64
			if n == id {
				seen = revision
			}
			if found[n], err = s.change(ctx, tx, n, seen); err != nil {
				return err
			}
		}
		var shape []byte
		if err := tx.QueryRow(ctx, `SELECT ST_AsBinary(ST_Multi(ST_UnaryUnion(ST_Collect(geom)))) FROM detection WHERE id = ANY ($1)`, all).Scan(&shape); err != nil {
			return err
		}
		g, err := wkb.Unmarshal(shape)
		if err != nil {
			return err
		}
		mp, _ := g.(orb.MultiPolygon)
		numbers := []string{}
		for n, c := range found {
			if n == id {
				continue
			}
			numbers = append(numbers, c.Number)
			if _, err := tx.Exec(ctx, `UPDATE detection SET merged_into = $2 WHERE id = $1`, n, id); err != nil {
				return err
			}
			if err := advanceDetection(ctx, tx, n, survey.MoveDismiss, c.State, survey.Dismissed, "merged: "+found[id].Number, map[string]any{"merged_into": found[id].Number}, time.Time{}); err != nil {
				return err
			}
		}
		slices.Sort(numbers)
		if err := s.reshape(ctx, tx, found[id], mp, "merge", map[string]any{"others": numbers}); err != nil {
			return err
		}
		out, err = s.file(ctx, tx, id)
		return err
	})
	return out, err
}

// Split implements survey.Reviews.
func (s *Detections) Split(ctx context.Context, id int64, parts []orb.MultiPolygon, revision int64) (out []*survey.File, err error) {
	if len(parts) < 2 || len(parts) > survey.MaxParts {
		return nil, layers.Invalid("parts", "out_of_range", "a detection is split into 2 to %d", survey.MaxParts)
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		c, err := s.change(ctx, tx, id, revision)
		if err != nil {
			return err
		}
		out = nil
		ids := []int64{id}
		for _, p := range parts[1:] {
			var n int64
			if err := tx.QueryRow(ctx, `WITH n AS (SELECT nextval(pg_get_serial_sequence('detection', 'id')) AS id)
				INSERT INTO detection (id, number, kind, category, score, detector, detector_version, height_m, height95_m, capture_before_id, capture_after_id, detected_at, area_path, geom)
				OVERRIDING SYSTEM VALUE SELECT n.id, d.number || '-' || n.id, d.kind, d.category, d.score, d.detector, d.detector_version, d.height_m, d.height95_m, d.capture_before_id, d.capture_after_id,
					d.detected_at, d.area_path, d.geom FROM detection d, n WHERE d.id = $1 RETURNING id`, id).Scan(&n); err != nil {
				return err
			}
			if err := logDetection(ctx, tx, n, "", survey.MoveDetect, "", survey.Detected, "", map[string]any{"split_from": c.Number}, time.Time{}); err != nil {
				return err
			}
			part, err := s.locked(ctx, tx, n)
			if err != nil {
				return err
			}
			if err := s.reshape(ctx, tx, part, p, "redraw", map[string]any{"split_from": c.Number}); err != nil {
				return err
			}
			ids = append(ids, n)
		}
		if err := s.reshape(ctx, tx, c, parts[0], "split", map[string]any{"into": ids}); err != nil {
			return err
		}
		for _, n := range ids {
			f, err := s.file(ctx, tx, n)
			if err != nil {
				return err
			}
			out = append(out, f)
		}
		return nil
	})
	return out, err
}

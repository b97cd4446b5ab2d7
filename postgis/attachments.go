package postgis

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/attachment"
	"wanglou/layers/auth"
)

// Attachments implements attachment.Service and attachment.Keeper. It is safe for concurrent use.
type Attachments struct{ db *DB }

// NewAttachments returns the attachments of db.
func NewAttachments(db *DB) *Attachments { return &Attachments{db} }

// A picture that came with a report is one of the case that the report is of now.
const selectAttachment = `SELECT a.id, a.client_id::text, coalesce(i.id, 0), coalesce(a.task_id, 0), coalesce(a.report_id, 0), a.role, a.type, a.size, a.sha256,
	ST_X(a.geom), ST_Y(a.geom), a.source_time, a.begun_at, a.done_at, coalesce(u.name, ''), coalesce(u.id, 0), coalesce(i.area_path, r.area_path, ''),
	coalesce(a.shared_sha256, ''), coalesce(a.thumb_sha256, '')
	FROM attachment a LEFT JOIN app_user u ON u.id = a.user_id LEFT JOIN report r ON r.id = a.report_id LEFT JOIN incident i ON i.id = coalesce(a.incident_id, r.incident_id) `

func scanAttachment(row pgx.CollectableRow) (*attachment.Attachment, error) {
	var (
		a        attachment.Attachment
		lon, lat *float64
	)
	err := row.Scan(&a.ID, &a.ClientID, &a.IncidentID, &a.TaskID, &a.ReportID, &a.Role, &a.Type, &a.Size, &a.SHA256,
		&lon, &lat, &a.SourceTime, &a.BegunAt, &a.DoneAt, &a.Sender, &a.SenderID, &a.AreaPath, &a.Files.Shared, &a.Files.Thumb)
	a.SourceTime, a.BegunAt, a.DoneAt = a.SourceTime.UTC(), a.BegunAt.UTC(), utc(a.DoneAt)
	if lon != nil && lat != nil {
		a.Point = &orb.Point{*lon, *lat}
	}
	return &a, err
}

// one returns the attachment that meets a condition, CodeNotFound without one.
func (s *Attachments) one(ctx context.Context, q querier, id int64, where string, args ...any) (*attachment.Attachment, error) {
	found, err := collect(ctx, q, scanAttachment, selectAttachment+where, args...)
	if err == nil && len(found) == 0 {
		return nil, notFound("attachment", id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// Begin implements attachment.Service.
func (s *Attachments) Begin(ctx context.Context, a *attachment.Attachment) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionAttach); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		// What one person announces is counted one after the other; a repeat waits for the first.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('attachments'), $1::int)`, int32(actor.User.ID)); err != nil {
			return err
		}
		was, err := s.one(ctx, tx, 0, `WHERE a.user_id = $1 AND a.client_id = $2`, actor.User.ID, a.ClientID)
		switch {
		case err == nil && !was.Same(a):
			return &layers.Error{Code: layers.CodeConflict, Field: "client_id", Reason: "client_id_taken", Msg: "another file was announced under this id"}
		case err == nil:
			*a = *was
			return nil
		case layers.ErrorCode(err) != layers.CodeNotFound:
			return err
		}
		if err := s.checkOwner(ctx, tx, actor, a); err != nil {
			return err
		}
		var lon, lat *float64
		if a.Point != nil {
			lon, lat = &a.Point[0], &a.Point[1]
		}
		if err := tx.QueryRow(ctx, `INSERT INTO attachment (client_id, user_id, incident_id, task_id, role, type, size, sha256, source_time, geom)
			VALUES ($1, $2, $3, nullif($4::bigint, 0), $5, $6, $7, $8, $9, ST_SetSRID(ST_MakePoint($10, $11), 4326)) RETURNING id`,
			a.ClientID, actor.User.ID, a.IncidentID, a.TaskID, a.Role, a.Type, a.Size, a.SHA256, a.SourceTime, lon, lat).Scan(&a.ID); err != nil {
			return err
		}
		if was, err = s.one(ctx, tx, a.ID, `WHERE a.id = $1`, a.ID); err != nil {
			return err
		}
		*a = *was
		return appendAudit(ctx, tx, "attachment.begin", subject("attachment", a.ID), map[string]any{"incident_id": a.IncidentID, "size": a.Size, "sha256": a.SHA256})
	})
}

// ownTask is a task that its unit may still add evidence to: a phone may have been without network for days.
const ownTask = `(t.ended_at IS NULL OR t.ended_at > now() - interval '7 days')`

// checkOwner fills in the case of a task, and refuses what the actor may not add to, and what is too much.
func (s *Attachments) checkOwner(ctx context.Context, tx pgx.Tx, actor *auth.Actor, a *attachment.Attachment) error {
	if a.TaskID != 0 {
		t, err := taskByID(ctx, tx, a.TaskID)
		if err != nil {
			return err
		}
		if a.IncidentID != 0 && a.IncidentID != t.IncidentID {
			return layers.Invalid("task_id", "other_case", "the task is of another case")
		}
		a.IncidentID = t.IncidentID
		var own bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM task t WHERE t.id = $1 AND t.unit_id = $2 AND `+ownTask+`)`, t.ID, ownUnit(actor)).Scan(&own); err != nil {
			return err
		}
		if own {
			return s.checkCounts(ctx, tx, actor, a)
		}
		if err := checkTaskSeen(ctx, tx, actor, t); err != nil {
			return err
		}
	}
	in, err := incidentByID(ctx, tx, a.IncidentID, "")
	if err != nil {
		return err
	}
	if err := checkSeen(ctx, tx, actor, in); err != nil {
		return err
	}
	// Beside the unit whose task it is, those who have to do with cases there.
	if !actor.Scope.May(auth.ActionDispatch) {
		return &layers.Error{Code: layers.CodeForbidden, Reason: "not_your_task", Msg: "who works for a unit adds to its own tasks"}
	}
	if !actor.Scope.InArea(in.AreaPath) {
		return outsideAreas(in.AreaPath)
	}
	return s.checkCounts(ctx, tx, actor, a)
}

func (s *Attachments) checkCounts(ctx context.Context, tx pgx.Tx, actor *auth.Actor, a *attachment.Attachment) error {
	var ofCase, underWay int
	err := tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM attachment WHERE incident_id = $1), (SELECT count(*) FROM attachment WHERE user_id = $2 AND done_at IS NULL)`,
		a.IncidentID, actor.User.ID).Scan(&ofCase, &underWay)
	switch {
	case err != nil:
		return err
	case ofCase >= attachment.MaxOfCase:
		return &layers.Error{Code: layers.CodeConflict, Reason: "too_many_attachments", Msg: fmt.Sprintf("the case has %d attachments", ofCase)}
	case underWay >= attachment.MaxUnderWay:
		return &layers.Error{Code: layers.CodeConflict, Reason: "too_many_under_way", Msg: fmt.Sprintf("%d attachments were begun and not finished", underWay)}
	}
	return nil
}

// Attachment implements attachment.Service.
func (s *Attachments) Attachment(ctx context.Context, id int64) (*attachment.Attachment, error) {
	a, err := s.one(ctx, s.db.Pool, id, `WHERE a.id = $1 AND a.done_at IS NOT NULL`, id)
	if err != nil {
		return nil, err
	}
	actor := auth.ActorFrom(ctx)
	if a.IncidentID == 0 { // of a report that has no case yet
		if !actor.Scope.May(auth.ActionCreateIncident) || !actor.Scope.InArea(a.AreaPath) {
			return nil, notFound("attachment", id)
		}
		return a, nil
	}
	in, err := incidentByID(ctx, s.db.Pool, a.IncidentID, "")
	if err == nil {
		err = Wrap(checkSeen(ctx, s.db.Pool, actor, in))
	}
	if layers.ErrorCode(err) == layers.CodeNotFound {
		return nil, notFound("attachment", id) // that there is a case is not told either
	}
	return a, err
}

// UnderWay implements attachment.Service.
func (s *Attachments) UnderWay(ctx context.Context, id int64) (*attachment.Attachment, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionAttach); err != nil {
		return nil, err
	}
	return s.one(ctx, s.db.Pool, id, `WHERE a.id = $1 AND a.user_id = $2`, id, actor.User.ID)
}

// Finish implements attachment.Service. The case is touched, so that whoever looks at it asks again; its revision stays, since nothing was decided.
func (s *Attachments) Finish(ctx context.Context, id int64, f attachment.Files) (*attachment.Attachment, error) {
	actor := auth.ActorFrom(ctx)
	var out *attachment.Attachment
	err := s.db.transact(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE attachment SET done_at = clock_timestamp(), shared_sha256 = $3, thumb_sha256 = nullif($4, '')
			WHERE id = $1 AND user_id = $2 AND done_at IS NULL`, id, actor.User.ID, f.Shared, f.Thumb)
		if err != nil {
			return err
		}
		if out, err = s.one(ctx, tx, id, `WHERE a.id = $1 AND a.user_id = $2`, id, actor.User.ID); err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE incident SET updated_at = clock_timestamp() WHERE id = $1`, out.IncidentID); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "attachment.finish", subject("attachment", id), map[string]any{"incident_id": out.IncidentID, "sha256": out.SHA256})
	})
	return out, err
}

// OfIncident implements attachment.Service. What was taken of a case that was merged into it shows with it, where the actor sees that case too.
func (s *Attachments) OfIncident(ctx context.Context, incidentID int64) ([]*attachment.Attachment, error) {
	in, err := incidentByID(ctx, s.db.Pool, incidentID, "")
	if err != nil {
		return nil, err
	}
	actor := auth.ActorFrom(ctx)
	if err := checkSeen(ctx, s.db.Pool, actor, in); err != nil {
		return nil, Wrap(err)
	}
	return collect(ctx, s.db.Pool, scanAttachment, `WITH one AS (SELECT i.id FROM incident i WHERE i.id = $1 OR i.merged_into = $1 AND `+inAreas("i.area_path", "$2")+`)
		`+selectAttachment+`WHERE a.id IN (SELECT x.id FROM attachment x JOIN one ON one.id = x.incident_id
			UNION ALL SELECT x.id FROM attachment x JOIN report y ON y.id = x.report_id JOIN one ON one.id = y.incident_id)
		AND a.done_at IS NOT NULL ORDER BY a.source_time, a.id`, incidentID, actor.Scope.Areas)
}

// Original implements attachment.Service.
func (s *Attachments) Original(ctx context.Context, a *attachment.Attachment) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionReadOriginal); err != nil {
		return err
	}
	if !actor.Scope.InArea(a.AreaPath) { // seen as the place of an own task
		return outsideAreas(a.AreaPath)
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		return appendAudit(ctx, tx, "attachment.original", subject("attachment", a.ID), map[string]any{"incident_id": a.IncidentID, "sha256": a.SHA256})
	})
}

// Expire implements attachment.Keeper; keys of requests that nobody repeats any more go too.
func (s *Attachments) Expire(ctx context.Context) (int64, error) {
	if _, err := s.db.Pool.Exec(ctx, `DELETE FROM request_key WHERE created_at < now() - make_interval(secs => $1)`, keepKeys.Seconds()); err != nil {
		return 0, Wrap(err)
	}
	tag, err := s.db.Pool.Exec(ctx, `DELETE FROM attachment WHERE done_at IS NULL AND begun_at < now() - make_interval(secs => $1)`, attachment.KeepUnderWay.Seconds())
	return tag.RowsAffected(), Wrap(err)
}

// Unknown implements attachment.Keeper.
func (s *Attachments) Unknown(ctx context.Context, sums []string) ([]string, error) {
	return collect(ctx, s.db.Pool, pgx.RowTo[string], `SELECT s FROM unnest($1::text[]) s WHERE NOT EXISTS (SELECT FROM attachment WHERE sha256 = s)
		AND NOT EXISTS (SELECT FROM attachment WHERE shared_sha256 = s) AND NOT EXISTS (SELECT FROM attachment WHERE thumb_sha256 = s)`, sums)
}

// Unfinished implements attachment.Keeper.
func (s *Attachments) Unfinished(ctx context.Context, ids []int64) ([]int64, error) {
	return collect(ctx, s.db.Pool, pgx.RowTo[int64], `SELECT id FROM attachment WHERE id = ANY ($1) AND done_at IS NULL`, ids)
}

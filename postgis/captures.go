package postgis

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/survey"
)

// Enqueue adds a job in a transaction: jobs.Queue does, which this package cannot know.
type Enqueue func(ctx context.Context, tx pgx.Tx, kind, subject, area string, args any) (int64, error)

// JobIngest is the kind of the jobs that make captures.
const JobIngest = "capture.ingest"

// Captures implements survey.Captures and survey.Ingester. It is safe for concurrent use.
type Captures struct {
	db      *DB
	enqueue Enqueue
}

// NewCaptures returns the captures of db.
func NewCaptures(db *DB, enqueue Enqueue) *Captures { return &Captures{db, enqueue} }

const uploadColumns = `u.id::text, u.filename, u.size, u.received, coalesce(u.sha256, ''), u.begun_at, u.done_at, u.touched_at, u.sha_state, u.team, u.user_id, coalesce(u.ingest_id, 0)`

func scanUpload(row pgx.CollectableRow) (*survey.Upload, error) {
	var u survey.Upload
	err := row.Scan(&u.ID, &u.Filename, &u.Size, &u.Received, &u.SHA256, &u.BegunAt, &u.DoneAt, &u.ExpiresAt, &u.State, &u.Team, &u.UserID, &u.IngestID)
	u.BegunAt, u.DoneAt, u.ExpiresAt = u.BegunAt.UTC(), utc(u.DoneAt), u.ExpiresAt.UTC().Add(survey.KeepUpload)
	return &u, err
}

// teamOf is whose quota an actor uses.
func teamOf(a *auth.Actor) string {
	if a.User.UnitID != 0 {
		return "unit/" + strconv.FormatInt(a.User.UnitID, 10)
	}
	return "user/" + strconv.FormatInt(a.User.ID, 10)
}

// BeginUpload implements survey.Uploads.
func (s *Captures) BeginUpload(ctx context.Context, u *survey.Upload) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionUploadCapture); err != nil {
		return err
	}
	u.Team, u.UserID = teamOf(actor), actor.User.ID
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('quota ' || $1))`, u.Team); err != nil { // a team's uploads are counted one after the other
			return err
		}
		var underWay int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM upload WHERE user_id = $1 AND ingest_id IS NULL`, u.UserID).Scan(&underWay); err != nil {
			return err
		}
		if underWay >= survey.MaxUploads {
			return &layers.Error{Code: layers.CodeConflict, Reason: "too_many_under_way", Msg: "too many files were begun and not handed in"}
		}
		most, used, err := quota(ctx, tx, u.Team)
		if err != nil {
			return err
		}
		if used+u.Size > most {
			return &layers.Error{Code: layers.CodeStorageFull, Reason: "quota", Params: map[string]string{"used": strconv.FormatInt(used, 10), "most": strconv.FormatInt(most, 10)},
				Msg: "the team's share of the disk is used up"}
		}
		if err := tx.QueryRow(ctx, `INSERT INTO upload (user_id, team, filename, size) VALUES ($1, $2, $3, $4) RETURNING id::text, begun_at`,
			u.UserID, u.Team, u.Filename, u.Size).Scan(&u.ID, &u.BegunAt); err != nil {
			return err
		}
		u.BegunAt = u.BegunAt.UTC()
		u.ExpiresAt = u.BegunAt.Add(survey.KeepUpload)
		return appendAudit(ctx, tx, "upload.create", "upload/"+u.ID, map[string]any{"filename": u.Filename, "size": u.Size})
	})
}

// quota returns how much a team may have, and has.
func quota(ctx context.Context, q querier, team string) (most, used int64, err error) {
	err = q.QueryRow(ctx, `SELECT coalesce((SELECT bytes FROM upload_quota WHERE team = $1), (SELECT bytes FROM upload_quota WHERE team = '*'), 0),
		(SELECT coalesce(sum(size), 0) FROM upload WHERE team = $1 AND (ingest_id IS NULL OR ingest_id NOT IN (SELECT id FROM ingest WHERE state = 'ready')))::bigint
			+ (SELECT coalesce(sum(size), 0) FROM capture_file WHERE team = $1)::bigint`, team).Scan(&most, &used)
	return most, used, err
}

// Quota implements survey.Uploads.
func (s *Captures) Quota(ctx context.Context) (most, used int64, err error) {
	most, used, err = quota(ctx, s.db.Pool, teamOf(auth.ActorFrom(ctx)))
	return most, used, Wrap(err)
}

// Upload implements survey.Uploads.
func (s *Captures) Upload(ctx context.Context, id string) (*survey.Upload, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionUploadCapture); err != nil {
		return nil, err
	}
	found, err := collect(ctx, s.db.Pool, scanUpload, `SELECT `+uploadColumns+` FROM upload u WHERE u.id::text = $1 AND u.user_id = $2`, id, actor.User.ID)
	if err == nil && len(found) == 0 {
		return nil, layers.Errorf(layers.CodeNotFound, "there is no such upload")
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// Uploads implements survey.Uploads.
func (s *Captures) Uploads(ctx context.Context) ([]*survey.Upload, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionUploadCapture); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, scanUpload, `SELECT `+uploadColumns+` FROM upload u WHERE u.user_id = $1 AND u.ingest_id IS NULL ORDER BY u.begun_at DESC`, actor.User.ID)
}

// AdvanceUpload implements survey.Uploads.
func (s *Captures) AdvanceUpload(ctx context.Context, id string, received int64, state []byte) error {
	_, err := s.db.Pool.Exec(ctx, `UPDATE upload SET received = $3, sha_state = $4, touched_at = clock_timestamp() WHERE id = $1 AND user_id = $2 AND done_at IS NULL`,
		id, auth.ActorFrom(ctx).User.ID, received, state)
	return Wrap(err)
}

// FinishUpload implements survey.Uploads.
func (s *Captures) FinishUpload(ctx context.Context, id, sha string) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE upload SET received = size, sha256 = $3, sha_state = NULL, done_at = clock_timestamp(), touched_at = clock_timestamp()
			WHERE id = $1 AND user_id = $2 AND done_at IS NULL`, id, auth.ActorFrom(ctx).User.ID, sha)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return appendAudit(ctx, tx, "upload.finish", "upload/"+id, map[string]any{"sha256": sha})
	})
}

// DropUpload implements survey.Uploads.
func (s *Captures) DropUpload(ctx context.Context, id string) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM upload WHERE id::text = $1 AND user_id = $2 AND (ingest_id IS NULL OR ingest_id IN (SELECT id FROM ingest WHERE state = 'refused'))`, id, auth.ActorFrom(ctx).User.ID)
		if err == nil && tag.RowsAffected() == 0 {
			return layers.Errorf(layers.CodeNotFound, "there is no such upload")
		}
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, "upload.delete", "upload/"+id, nil)
	})
}

// ExpireUploads implements survey.Uploads. What was refused goes as well.
func (s *Captures) ExpireUploads(ctx context.Context) (int64, error) {
	tag, err := s.db.Pool.Exec(ctx, `DELETE FROM upload WHERE touched_at < now() - make_interval(secs => $1) AND (ingest_id IS NULL OR ingest_id IN (SELECT id FROM ingest WHERE state IN ('refused', 'asking')))`,
		survey.KeepUpload.Seconds())
	return tag.RowsAffected(), Wrap(err)
}

// KnownUploads implements survey.Uploads.
func (s *Captures) KnownUploads(ctx context.Context, ids []string) ([]string, error) {
	return collect(ctx, s.db.Pool, pgx.RowTo[string], `SELECT id::text FROM upload WHERE id::text = ANY ($1)`, ids)
}

const selectIngest = `SELECT i.id, i.name, i.state, i.refusal, i.questions, i.answers, coalesce(i.job_id, 0), coalesce(i.capture_id, 0), u.name, u.id, i.created_at, i.updated_at,
	coalesce(CASE WHEN j.state = 'running' THEN 'running' WHEN j.state = 'completed' THEN 'done' WHEN j.state = 'discarded' OR j.state = 'cancelled' AND j.metadata ? 'failure' THEN 'failed'
		WHEN j.state = 'cancelled' THEN 'cancelled' WHEN j.id IS NOT NULL THEN 'waiting' END, ''),
	coalesce(j.metadata->>'step', ''), coalesce((j.metadata->>'progress')::float8, 0), j.metadata->'failure'
	FROM ingest i JOIN app_user u ON u.id = i.user_id LEFT JOIN river.river_job j ON j.id = i.job_id `

func scanIngest(row pgx.CollectableRow) (*survey.Ingest, error) {
	in := survey.Ingest{Questions: []survey.Question{}, Files: []*survey.Upload{}}
	var failure *survey.Refusal
	err := row.Scan(&in.ID, &in.Name, &in.State, &in.Refusal, &in.Questions, &in.Answers, &in.JobID, &in.CaptureID, &in.User, &in.UserID, &in.CreatedAt, &in.UpdatedAt,
		&in.JobState, &in.Step, &in.Progress, &failure)
	in.CreatedAt, in.UpdatedAt = in.CreatedAt.UTC(), in.UpdatedAt.UTC()
	if in.JobState == "failed" && in.Refusal == nil {
		in.Refusal = failure
	}
	return &in, err
}

func (s *Captures) ingests(ctx context.Context, q querier, where string, args ...any) ([]*survey.Ingest, error) {
	found, err := collect(ctx, q, scanIngest, selectIngest+where, args...)
	if err != nil {
		return nil, err
	}
	for _, in := range found {
		if in.Files, err = collect(ctx, q, scanUpload, `SELECT `+uploadColumns+` FROM upload u WHERE u.ingest_id = $1 ORDER BY u.filename, u.id`, in.ID); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Ingests implements survey.Captures.
func (s *Captures) Ingests(ctx context.Context) ([]*survey.Ingest, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionUploadCapture); err != nil {
		return nil, err
	}
	return s.ingests(ctx, s.db.Pool, `WHERE i.user_id = $1 OR $2 ORDER BY i.id DESC LIMIT 100`, actor.User.ID, seesIngests(actor))
}

// seesIngests: what was not made yet lies in no area; who sees everywhere and manages jobs sees all.
func seesIngests(a *auth.Actor) bool { return a.Scope.May(auth.ActionManageJobs) && a.Scope.InArea("") }

// Ingest implements survey.Captures.
func (s *Captures) Ingest(ctx context.Context, id int64) (*survey.Ingest, error) {
	return s.ingest(ctx, s.db.Pool, id)
}

func (s *Captures) ingest(ctx context.Context, q querier, id int64) (*survey.Ingest, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionUploadCapture); err != nil {
		return nil, err
	}
	found, err := s.ingests(ctx, q, `WHERE i.id = $1 AND (i.user_id = $2 OR $3)`, id, actor.User.ID, seesIngests(actor))
	if err == nil && len(found) == 0 {
		return nil, notFound("ingest", id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// BeginIngest implements survey.Captures.
func (s *Captures) BeginIngest(ctx context.Context, name string, uploads []string, a survey.Answers) (out *survey.Ingest, err error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionUploadCapture); err != nil {
		return nil, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		found, err := collect(ctx, tx, scanUpload, `SELECT `+uploadColumns+` FROM upload u WHERE u.id::text = ANY ($1) AND u.user_id = $2 FOR UPDATE`, uploads, actor.User.ID)
		if err != nil {
			return err
		}
		if len(found) != len(uploads) {
			return layers.Invalid("uploads", "unknown_reference", "there is no such upload")
		}
		for _, u := range found {
			switch {
			case u.DoneAt == nil:
				return &layers.Error{Code: layers.CodeConflict, Field: "uploads", Reason: "upload_not_done", Params: map[string]string{"file": u.Filename}, Msg: u.Filename + " is not all there yet"}
			case u.IngestID != 0:
				return &layers.Error{Code: layers.CodeConflict, Field: "uploads", Reason: "upload_taken", Params: map[string]string{"file": u.Filename}, Msg: u.Filename + " was handed in before"}
			}
		}
		var id int64
		if err := tx.QueryRow(ctx, `INSERT INTO ingest (user_id, name, answers) VALUES ($1, $2, $3) RETURNING id`, actor.User.ID, name, a).Scan(&id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE upload SET ingest_id = $1 WHERE id::text = ANY ($2)`, id, uploads); err != nil {
			return err
		}
		if err := s.work(ctx, tx, id); err != nil {
			return err
		}
		if out, err = s.ingest(ctx, tx, id); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "ingest.create", subject("ingest", id), map[string]any{"name": name, "files": len(uploads)})
	})
	return out, err
}

// work enqueues the job of an ingest.
func (s *Captures) work(ctx context.Context, tx pgx.Tx, id int64) error {
	job, err := s.enqueue(ctx, tx, JobIngest, subject("ingest", id), auth.ActorFrom(ctx).Scope.Area(), map[string]int64{"ingest": id})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE ingest SET job_id = $2, state = 'checking', refusal = NULL, questions = '[]', updated_at = clock_timestamp() WHERE id = $1`, id, job)
	return err
}

// AnswerIngest implements survey.Captures.
func (s *Captures) AnswerIngest(ctx context.Context, id int64, a survey.Answers) (out *survey.Ingest, err error) {
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM ingest WHERE id = $1 FOR UPDATE`, id); err != nil {
			return err
		}
		in, err := s.ingest(ctx, tx, id)
		if err != nil {
			return err
		}
		if in.State == survey.Ready || in.State != survey.Asking && in.State != survey.Refused && in.JobState != "failed" && in.JobState != "cancelled" {
			return &layers.Error{Code: layers.CodeConflict, Reason: "not_asked", Msg: "nothing is asked of this one now"}
		}
		if len(in.Files) == 0 {
			return &layers.Error{Code: layers.CodeConflict, Reason: "upload_expired", Msg: "its files were not kept any longer"}
		}
		a.EPSG, a.CapturedAt, a.Outside = cmp.Or(a.EPSG, in.Answers.EPSG), cmp.Or(a.CapturedAt, in.Answers.CapturedAt), a.Outside || in.Answers.Outside
		if _, err := tx.Exec(ctx, `UPDATE ingest SET answers = $2 WHERE id = $1`, id, a); err != nil {
			return err
		}
		if err := s.work(ctx, tx, id); err != nil {
			return err
		}
		if out, err = s.ingest(ctx, tx, id); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "ingest.answer", subject("ingest", id), map[string]any{"epsg": a.EPSG, "outside": a.Outside})
	})
	return out, err
}

// IngestToMake implements survey.Ingester.
func (s *Captures) IngestToMake(ctx context.Context, id int64) (*survey.Ingest, error) {
	return s.ingest(ctx, s.db.Pool, id)
}

// SameOriginal implements survey.Ingester.
func (s *Captures) SameOriginal(ctx context.Context, sha string) (id int64, err error) {
	return sameOriginal(ctx, s.db.Pool, sha)
}

func sameFile(id int64) error {
	return &layers.Error{Code: layers.CodeConflict, Reason: "capture_same_file", Params: map[string]string{"capture": strconv.FormatInt(id, 10)}, Msg: "a capture was made of this very file"}
}

func sameOriginal(ctx context.Context, q querier, sha string) (id int64, err error) {
	err = q.QueryRow(ctx, `SELECT coalesce(min(capture_id), 0) FROM capture_file f WHERE sha256 = $1 AND kind IN ('original', 'original_zip')
		AND NOT EXISTS (SELECT FROM capture_withdrawal w WHERE w.capture_id = f.capture_id)`, sha).Scan(&id)
	return id, Wrap(err)
}

func (s *Captures) setIngest(ctx context.Context, id int64, state survey.IngestState, refusal *survey.Refusal, q []survey.Question) error {
	if q == nil {
		q = []survey.Question{}
	}
	_, err := s.db.Pool.Exec(ctx, `UPDATE ingest SET state = $2, refusal = $3, questions = $4, updated_at = clock_timestamp() WHERE id = $1 AND state <> 'ready'`, id, state, refusal, q)
	return Wrap(err)
}

// RefuseIngest implements survey.Ingester.
func (s *Captures) RefuseIngest(ctx context.Context, id int64, r survey.Refusal) error {
	return s.setIngest(ctx, id, survey.Refused, &r, nil)
}

// AskIngest implements survey.Ingester.
func (s *Captures) AskIngest(ctx context.Context, id int64, q []survey.Question) error {
	return s.setIngest(ctx, id, survey.Asking, nil, q)
}

// MakeIngest implements survey.Ingester.
func (s *Captures) MakeIngest(ctx context.Context, id int64) error {
	return s.setIngest(ctx, id, survey.Making, nil, nil)
}

// Publish implements survey.Ingester.
func (s *Captures) Publish(ctx context.Context, id int64, c *survey.Capture, files []survey.CaptureFile, outside bool) (captureID int64, err error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionUploadCapture); err != nil {
		return 0, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		var state survey.IngestState
		if err := tx.QueryRow(ctx, `SELECT state FROM ingest WHERE id = $1 FOR UPDATE`, id).Scan(&state); err != nil {
			return err
		}
		if state == survey.Ready {
			return &layers.Error{Code: layers.CodeConflict, Reason: "already_exists", Msg: "the capture was made before"}
		}
		for _, f := range files {
			if f.Kind != "original" && f.Kind != "original_zip" {
				continue
			}
			// Another machine may make the same file meanwhile: the first one counts.
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('original ' || $1))`, f.SHA256); err != nil {
				return err
			}
			if same, err := sameOriginal(ctx, tx, f.SHA256); err != nil || same != 0 {
				return cmp.Or(err, sameFile(same))
			}
		}
		var path string
		// What reaches over the border of an area belongs to the next larger one; over the county's, to the county.
		if err := tx.QueryRow(ctx, `WITH g AS (SELECT ST_Multi(ST_CollectionExtract(ST_MakeValid(ST_GeomFromEWKB($6)), 3)) AS geom)
			INSERT INTO capture (name, captured_at, gsd_m, sha256, source, geom, area_path)
			SELECT $1, $2, $3, $4, $5, g.geom, coalesce(area_path_at(g.geom), (SELECT path FROM area a WHERE ST_Intersects(a.geom, g.geom) ORDER BY length(path), path LIMIT 1)) FROM g
			RETURNING id, coalesce(area_path, '')`,
			c.Name, c.CapturedAt, c.GSD, c.SHA256, c.Source, ewkb.Value(c.Footprint, 4326)).Scan(&captureID, &path); err != nil {
			return err
		}
		if !actor.Scope.InArea(path) && !(outside && path == "") {
			return outsideAreas(path)
		}
		for _, f := range files {
			if f.Info == nil {
				f.Info = map[string]any{}
			}
			if _, err := tx.Exec(ctx, `INSERT INTO capture_file (capture_id, kind, path, size, sha256, info, team) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
				captureID, f.Kind, f.Path, f.Size, f.SHA256, f.Info, teamOf(actor)); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE ingest SET state = 'ready', capture_id = $2, updated_at = clock_timestamp() WHERE id = $1`, id, captureID); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "capture.create", subject("capture", captureID), map[string]any{"name": c.Name, "sha256": c.SHA256, "ingest": id})
	})
	return captureID, err
}

const selectStored = `SELECT c.id, c.name, c.captured_at, c.gsd_m, coalesce(c.sha256, ''), coalesce(c.area_path, ''), c.source, ST_AsEWKB(c.geom),
	(SELECT jsonb_agg(jsonb_build_object('kind', f.kind, 'path', f.path, 'size', f.size, 'sha256', f.sha256, 'store', f.store, 'info', f.info) ORDER BY f.kind) FROM capture_file f WHERE f.capture_id = c.id),
	w.at, w.by_name, w.reason FROM capture c LEFT JOIN capture_withdrawal w ON w.capture_id = c.id WHERE EXISTS (SELECT FROM capture_file f WHERE f.capture_id = c.id) `

func scanCapture(row pgx.CollectableRow) (*survey.Stored, error) {
	var (
		c      survey.Stored
		gsd    *float32
		geom   []byte
		files  []byte
		at     *time.Time
		by     *string
		reason *string
	)
	if err := row.Scan(&c.ID, &c.Name, &c.CapturedAt, &gsd, &c.SHA256, &c.AreaPath, &c.Source, &geom, &files, &at, &by, &reason); err != nil {
		return nil, err
	}
	c.CapturedAt = c.CapturedAt.UTC()
	if gsd != nil {
		v := float64(*gsd)
		c.GSD = &v
	}
	if at != nil {
		c.Withdrawn = &survey.Withdrawal{At: at.UTC(), By: *by, Reason: *reason}
	}
	var list []struct {
		Kind, Path, SHA256, Store string
		Size                      int64
		Info                      map[string]any
	}
	if err := json.Unmarshal(files, &list); err != nil {
		return nil, err
	}
	for _, f := range list {
		c.Files = append(c.Files, survey.CaptureFile{Kind: f.Kind, Path: f.Path, Size: f.Size, SHA256: f.SHA256, Store: f.Store, Info: f.Info})
	}
	g, _, err := ewkb.Unmarshal(geom)
	if err != nil {
		return nil, err
	}
	mp, ok := g.(orb.MultiPolygon)
	if !ok {
		return nil, errors.New("a footprint is no multipolygon")
	}
	c.Footprint = mp
	return &c, nil
}

// Stored implements survey.Captures.
func (s *Captures) Stored(ctx context.Context, id int64) (*survey.Stored, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	found, err := collect(ctx, s.db.Pool, scanCapture, selectStored+`AND c.id = $1 AND `+seenCapture("$2"), id, actor.Scope.Areas)
	if err == nil && len(found) == 0 {
		return nil, notFound("capture", id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// seenCapture is Scope.InArea of a capture.
func seenCapture(parameter string) string { return inAreas("coalesce(c.area_path, '')", parameter) }

// StoredCaptures implements survey.Captures.
func (s *Captures) StoredCaptures(ctx context.Context) ([]*survey.Stored, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, scanCapture, selectStored+`AND w.at IS NULL AND `+seenCapture("$1")+` ORDER BY c.captured_at DESC, c.id DESC LIMIT 2000`, actor.Scope.Areas)
}

// AllStored implements survey.Captures.
func (s *Captures) AllStored(ctx context.Context) ([]*survey.Stored, error) {
	return collect(ctx, s.db.Pool, scanCapture, selectStored+`AND w.at IS NULL ORDER BY c.captured_at DESC, c.id DESC`)
}

// Withdraw implements survey.Captures.
func (s *Captures) Withdraw(ctx context.Context, id int64, reason string) (*survey.Stored, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionUploadCapture); err != nil {
		return nil, err
	}
	c, err := s.Stored(ctx, id)
	if err != nil {
		return nil, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `INSERT INTO capture_withdrawal (capture_id, by_name, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, id, actor.User.Name, reason)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE capture SET withdrawn = true WHERE id = $1`, id); err != nil { // it leaves the map
			return err
		}
		return appendAudit(ctx, tx, "capture.withdraw", subject("capture", id), map[string]any{"name": c.Name, "reason": reason})
	})
	if err != nil {
		return nil, err
	}
	return s.Stored(ctx, id)
}

// Offset implements survey.Captures.
func (s *Captures) Offset(ctx context.Context, base, other int64) (*survey.Offset, error) {
	found, err := collect(ctx, s.db.Pool, pgx.RowToStructByPos[survey.Offset], `SELECT east_m::float8, north_m::float8, quality::float8 FROM capture_offset WHERE base_id = $1 AND other_id = $2`, base, other)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// SetOffset implements survey.Captures.
func (s *Captures) SetOffset(ctx context.Context, base, other int64, o survey.Offset) error {
	_, err := s.db.Pool.Exec(ctx, `INSERT INTO capture_offset (base_id, other_id, east_m, north_m, quality) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (base_id, other_id) DO UPDATE SET east_m = excluded.east_m, north_m = excluded.north_m, quality = excluded.quality`, base, other, o.East, o.North, o.Quality)
	return Wrap(err)
}

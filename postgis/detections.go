package postgis

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/survey"
)

// Detections implements survey.Reviews. It is safe for concurrent use.
type Detections struct {
	db        *DB
	incidents *Incidents
	tasks     *Tasks
}

// NewDetections returns the detections of db.
func NewDetections(db *DB) *Detections { return &Detections{db, NewIncidents(db), NewTasks(db)} }

// flown is the SQL for what a Flown says of capture c, as JSON; null where there is none.
const flown = `CASE WHEN %[1]s.id IS NULL THEN NULL ELSE json_build_object('id', %[1]s.id, 'name', %[1]s.name, 'captured_at', %[1]s.captured_at, 'sha256', coalesce(%[1]s.sha256, ''), 'area_path', coalesce(%[1]s.area_path, ''),
	'withdrawn', EXISTS (SELECT FROM capture_withdrawal w WHERE w.capture_id = %[1]s.id)) END`

var selectCandidate = `SELECT d.id, d.number, d.state, d.kind, d.category, d.score, d.detector, d.detector_version, coalesce(d.area_m2, ST_Area(d.geom::geography)), d.lawful_share, d.height_m, d.height95_m,
	d.grounds, ` + fmt.Sprintf(flown, "b") + `, ` + fmt.Sprintf(flown, "a") + `, d.detected_at, coalesce(d.area_path, ''), coalesce(d.incident_id, 0), coalesce(d.merged_into, 0), d.revision,
	(SELECT count(*) FROM detection_sighting s WHERE s.detection_id = d.id), coalesce(v.move, ''), coalesce(v.user_name, ''), ST_AsBinary(d.geom)
	FROM detection d LEFT JOIN capture b ON b.id = d.capture_before_id LEFT JOIN capture a ON a.id = d.capture_after_id
	LEFT JOIN LATERAL (SELECT v.move, v.user_name FROM detection_verdict v WHERE v.detection_id = d.id AND NOT v.counted
		AND v.at > coalesce((SELECT max(l.receive_time) FROM detection_log l WHERE l.detection_id = d.id AND l.from_state <> l.to_state), '-infinity') ORDER BY v.id DESC LIMIT 1) v ON TRUE `

func scanCandidate(row pgx.CollectableRow) (*survey.Candidate, error) {
	var (
		c             survey.Candidate
		grounds       []byte
		before, after []byte
		shape         []byte
	)
	if err := row.Scan(&c.ID, &c.Number, &c.State, &c.Kind, &c.Category, &c.Score, &c.Detector, &c.DetectorVersion, &c.Area, &c.LawfulShare, &c.Height, &c.Height95, &grounds, &before, &after,
		&c.DetectedAt, &c.AreaPath, &c.IncidentID, &c.MergedInto, &c.Revision, &c.Sightings, &c.Waiting, &c.WaitingFor, &shape); err != nil {
		return nil, err
	}
	c.DetectedAt = c.DetectedAt.UTC()
	for _, f := range []struct {
		raw  []byte
		into any
	}{{grounds, &c.Grounds}, {before, &c.Before}, {after, &c.After}} {
		if f.raw != nil {
			if err := json.Unmarshal(f.raw, f.into); err != nil {
				return nil, err
			}
		}
	}
	g, err := wkb.Unmarshal(shape)
	if err != nil {
		return nil, err
	}
	mp, _ := g.(orb.MultiPolygon)
	c.Outline = survey.Outline(mp)
	weight := 1.0
	for _, g := range c.Grounds {
		weight = max(weight, g.Weight)
	}
	c.Rank = survey.Rank(c.Kind, c.Height, c.Area, weight)
	return &c, nil
}

// tell takes away what of the flights is not the actor's to know: the names of those over more than its areas. What they show of its own place is.
func tell(actor *auth.Actor, flights ...*survey.Flown) {
	for _, f := range flights {
		if f == nil {
			continue
		}
		if !actor.Scope.InArea(f.AreaPath) {
			f.Name = ""
		}
		f.AreaPath = ""
	}
}

// candidate returns one that the actor may see: in its areas, or where its unit has a task.
func (s *Detections) candidate(ctx context.Context, q querier, id int64) (*survey.Candidate, error) {
	actor := auth.ActorFrom(ctx)
	found, err := collect(ctx, q, scanCandidate, selectCandidate+`WHERE d.id = $1`, id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, notFound("detection", id)
	}
	c := found[0]
	tell(actor, c.Before, c.After)
	if actor.Scope.May(auth.ActionRead) && actor.Scope.InArea(c.AreaPath) {
		return c, nil
	}
	own, err := s.ownTask(ctx, q, c)
	if err == nil && !own {
		err = notFound("detection", id)
	}
	return c, err
}

// locked is candidate, and it does not change until the transaction ends.
func (s *Detections) locked(ctx context.Context, tx pgx.Tx, id int64) (*survey.Candidate, error) {
	if _, err := tx.Exec(ctx, `SELECT FROM detection WHERE id = $1 FOR UPDATE`, id); err != nil {
		return nil, err
	}
	return s.candidate(ctx, tx, id)
}

// ownTask reports whether the actor's unit was sent there.
func (s *Detections) ownTask(ctx context.Context, q querier, c *survey.Candidate) (own bool, err error) {
	unit := ownUnit(auth.ActorFrom(ctx))
	if unit == 0 || c.IncidentID == 0 {
		return false, nil
	}
	err = q.QueryRow(ctx, `SELECT `+hasTaskAt("$1", "$2"), c.IncidentID, unit).Scan(&own)
	return own, Wrap(err)
}

// Queue implements survey.Reviews.
func (s *Detections) Queue(ctx context.Context, state survey.State) ([]*survey.Candidate, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	where := `d.state NOT IN ('dismissed', 'cleared')`
	if state != "" {
		if !slices.Contains(survey.States, state) {
			return nil, layers.Invalid("state", "unknown_value", "%q is not a state of a detection", state)
		}
		where = `d.state = @state`
	}
	found, err := collect(ctx, s.db.Pool, scanCandidate, selectCandidate+`WHERE `+where+` AND `+inAreas("d.area_path", "@areas")+` ORDER BY d.detected_at DESC LIMIT 5000`,
		pgx.NamedArgs{"state": state, "areas": actor.Scope.Areas})
	if err != nil {
		return nil, err
	}
	for _, c := range found {
		tell(actor, c.Before, c.After)
	}
	slices.SortStableFunc(found, func(a, b *survey.Candidate) int { return cmp.Compare(b.Rank, a.Rank) })
	return found[:min(len(found), survey.MaxQueue)], nil
}

// Detection implements survey.Reviews.
func (s *Detections) Detection(ctx context.Context, id int64) (*survey.File, error) {
	return s.file(ctx, s.db.Pool, id)
}

func (s *Detections) file(ctx context.Context, q querier, id int64) (*survey.File, error) {
	c, err := s.candidate(ctx, q, id)
	if err != nil {
		return nil, err
	}
	f := &survey.File{Candidate: *c, Moves: []survey.Move{}}
	for _, m := range c.State.Moves() {
		err := s.mayMove(ctx, q, c, m)
		switch {
		case err == nil:
			f.Moves = append(f.Moves, m)
		case layers.ErrorCode(err) != layers.CodeForbidden:
			return nil, err
		}
	}
	if f.Log, err = collect(ctx, q, func(row pgx.CollectableRow) (l survey.Link, err error) {
		err = row.Scan(&l.N, &l.At, &l.Actor, &l.Move, &l.From, &l.To, &l.Reason, &l.Details, &l.Content, &l.Hash)
		l.At = l.At.UTC()
		return l, err
	}, `SELECT row_number() OVER (ORDER BY id), receive_time, actor_name, move, from_state, to_state, reason, details, content, hash FROM detection_log WHERE detection_id = $1 ORDER BY id`, id); err != nil {
		return nil, err
	}
	if f.Verdicts, err = collect(ctx, q, func(row pgx.CollectableRow) (v survey.Verdict, err error) {
		err = row.Scan(&v.By, &v.Move, &v.Code, &v.Note, &v.Counted, &v.At)
		v.At = v.At.UTC()
		return v, err
	}, `SELECT user_name, move, code, note, counted, at FROM detection_verdict WHERE detection_id = $1 ORDER BY id`, id); err != nil {
		return nil, err
	}
	if f.Photos, err = collect(ctx, q, func(row pgx.CollectableRow) (p survey.Photo, err error) {
		err = row.Scan(&p.ID, &p.Role, &p.SHA256, &p.By, &p.At, &p.Distance)
		p.At = p.At.UTC()
		return p, err
	}, `SELECT a.id, a.role, a.sha256, u.name, a.source_time, ST_Distance(a.geom::geography, d.geom::geography) FROM detection d JOIN attachment a ON a.incident_id = d.incident_id
		JOIN app_user u ON u.id = a.user_id WHERE d.id = $1 AND a.done_at IS NOT NULL ORDER BY a.source_time, a.id`, id); err != nil {
		return nil, err
	}
	f.Proposals, err = collect(ctx, q, func(row pgx.CollectableRow) (p survey.Proposal, err error) {
		var capture []byte
		if err = row.Scan(&capture, &p.Says, &p.Height, &p.At); err == nil {
			err = json.Unmarshal(capture, &p.Capture)
			tell(auth.ActorFrom(ctx), &p.Capture)
		}
		p.At = p.At.UTC()
		return p, err
	}, `SELECT `+fmt.Sprintf(flown, "c")+`, p.says, p.height_m, p.at FROM detection_proposal p JOIN capture c ON c.id = p.capture_id WHERE p.detection_id = $1 ORDER BY p.at`, id)
	return f, err
}

// Precisions implements survey.Reviews.
func (s *Detections) Precisions(ctx context.Context) ([]*survey.Precision, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, pgx.RowToAddrOfStructByPos[survey.Precision], `SELECT detector, detector_version, kind, count(*) FILTER (WHERE state IN ('confirmed', 'rectified', 'cleared')),
			count(*) FILTER (WHERE state = 'dismissed' AND merged_into IS NULL), count(*) FILTER (WHERE state IN ('detected', 'issued', 'on_site'))
		FROM detection d WHERE `+inAreas("d.area_path", "$1")+` GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, actor.Scope.Areas)
}

// Training implements survey.Reviews. CodeForbidden for who does not review.
func (s *Detections) Training(ctx context.Context) ([]*survey.Labelled, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionReview); err != nil {
		return nil, err
	}
	found, err := collect(ctx, s.db.Pool, scanCandidate, selectCandidate+`WHERE d.state IN ('confirmed', 'rectified', 'cleared', 'dismissed') AND d.merged_into IS NULL AND `+inAreas("d.area_path", "$1")+` ORDER BY d.id LIMIT 50000`, actor.Scope.Areas)
	if err != nil {
		return nil, err
	}
	codes := map[int64]string{}
	rows, err := s.db.Pool.Query(ctx, `SELECT DISTINCT ON (detection_id) detection_id, code FROM detection_verdict WHERE move = 'dismiss' AND counted ORDER BY detection_id, id DESC`)
	if err != nil {
		return nil, Wrap(err)
	}
	var id int64
	var code string
	if _, err := pgx.ForEachRow(rows, []any{&id, &code}, func() error { codes[id] = code; return nil }); err != nil {
		return nil, Wrap(err)
	}
	out := make([]*survey.Labelled, len(found))
	for i, c := range found {
		tell(actor, c.Before, c.After)
		out[i] = &survey.Labelled{Candidate: *c, Label: "illegal"}
		if c.State == survey.Dismissed {
			out[i].Label, out[i].Code = "dismissed", codes[c.ID]
		}
	}
	return out, nil
}

// logDetection appends a row to a detection's log; the database chains it. name is a detector's, "" for the actor's own.
func logDetection(ctx context.Context, tx pgx.Tx, id int64, name string, m survey.Move, from, to survey.State, reason string, details map[string]any, made time.Time) error {
	actor := auth.ActorFrom(ctx)
	_, err := tx.Exec(ctx, `INSERT INTO detection_log (detection_id, source_time, receive_time, actor_id, actor_name, move, from_state, to_state, reason, details)
		VALUES ($1, coalesce($9, clock_timestamp()), clock_timestamp(), nullif($2::bigint, 0), $3, $4, $5, $6, $7, $8)`,
		id, actor.User.ID, cmp.Or(name, actor.User.Name), m, from, to, reason, object(details), timeOrNull(made))
	return err
}

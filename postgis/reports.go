package postgis

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/paulmach/orb/planar"

	"wanglou/layers"
	"wanglou/layers/alarm"
	"wanglou/layers/attachment"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/report"
)

// Reports implements report.Service. It is safe for concurrent use.
type Reports struct {
	db        *DB
	incidents *Incidents
	now       func() time.Time
}

// NewReports returns the reports of db.
func NewReports(db *DB) *Reports {
	return &Reports{db: db, incidents: NewIncidents(db), now: time.Now}
}

var _ report.Service = (*Reports)(nil)

// Create implements report.Service. Besides the fields' own rules it returns CodeInvalid for a point outside every area and for a case that is over,
// CodeForbidden for a point outside the actor's areas. Two reports of one thing that come at the same moment are taken one after the other.
func (s *Reports) Create(ctx context.Context, r *report.Report, asked report.Asked) (*report.Outcome, error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionReport); err != nil {
		return nil, err
	}
	return s.keep(ctx, r, asked, nil)
}

// keep is Create for whoever may: with the pictures that came with the report.
func (s *Reports) keep(ctx context.Context, r *report.Report, asked report.Asked, pictures []attachment.Picture) (*report.Outcome, error) {
	actor := auth.ActorFrom(ctx)
	n := *r
	if n.Point == nil && n.Outline != nil {
		middle, _ := planar.CentroidArea(n.Outline)
		n.Point = &middle
	}
	n.State, n.Title, n.ReporterPhone = report.Received, strings.TrimSpace(r.Title), report.FoldPhone(r.ReporterPhone)
	if err := s.checkNew(actor, &n, asked); err != nil {
		return nil, err
	}
	out, err := s.create(ctx, actor, &n, asked, pictures)
	if e := (*layers.Error)(nil); errors.As(err, &e) && e.Reason == "already_exists" {
		out, err = s.create(ctx, actor, &n, asked, pictures) // the same message came twice at once: now the other one is there
	}
	return out, err
}

func (s *Reports) create(ctx context.Context, actor *auth.Actor, r *report.Report, asked report.Asked, pictures []attachment.Picture) (out *report.Outcome, err error) {
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		n := *r
		had, err := s.repeated(ctx, tx, actor, &n, asked.ClientKey)
		if err != nil || had != nil {
			out = had
			return err
		}
		if n.Category != "" {
			if err := checkCategory(ctx, tx, defaultStandard, n.Category, ""); err != nil {
				return err
			}
		}
		if n.Point == nil {
			if n.AreaPath, err = areaOf(ctx, tx, actor); err != nil { // somebody there will know where it is
				return err
			}
		} else {
			if n.AreaPath, err = placeOf(ctx, tx, actor, *n.Point); err != nil {
				return err
			}
			if err := lockPlace(ctx, tx, *n.Point); err != nil {
				return err
			}
		}
		if out, err = s.take(ctx, tx, actor, &n, asked); err != nil {
			return err
		}
		return addPictures(ctx, tx, out.Report, pictures)
	})
	return out, err
}

func (s *Reports) checkNew(actor *auth.Actor, n *report.Report, asked report.Asked) error {
	if asked.File || asked.IncidentID != 0 {
		if err := forbid(actor, auth.ActionCreateIncident); err != nil {
			return err
		}
	}
	if err := n.Validate(); err != nil {
		return err
	}
	switch {
	case actor.User.ID != 0 && (n.Source == "geofence" || n.Source == "citizen" || n.Source == alarm.ReportSource || strings.HasPrefix(n.Source, "cap:")): // the program's own
		return layers.Invalid("source", "system_value", "the source %q is the program's own", n.Source)
	case asked.Severity < 0 || asked.Severity > 3:
		return layers.Invalid("severity", "out_of_range", "severity is 1, 2 or 3, not %d", asked.Severity)
	case utf8.RuneCountInString(asked.ClientKey) > maxClientKey:
		return layers.Invalid("client_key", "too_long", "the key of the request has over %d characters", maxClientKey)
	case n.SourceTime != nil && n.SourceTime.After(s.now().Add(time.Hour)):
		return layers.Invalid("source_time", "in_future", "the time lies ahead")
	case asked.File && asked.IncidentID == 0 && n.Category == "":
		return layers.Invalid("category", "required", "a case is filed under a category")
	case asked.File && asked.IncidentID == 0 && n.Point == nil:
		return layers.Invalid("point", "required", "a case is filed at a point")
	case asked.Condition != "" && (!asked.File || asked.IncidentID != 0):
		return layers.Invalid("condition", "unknown_field", "only a case that is filed has a filing condition")
	}
	return nil
}

// areaOf returns the smallest area that holds all of the actor's; of who sees everywhere the county, where there is one.
func areaOf(ctx context.Context, tx pgx.Tx, actor *auth.Actor) (path string, err error) {
	if path = actor.Scope.Area(); path != "" {
		return path, nil
	}
	err = tx.QueryRow(ctx, `SELECT CASE WHEN count(*) = 1 THEN min(path) ELSE '' END FROM area WHERE strpos(path, '.') = 0`).Scan(&path)
	return path, err
}

// repeated returns what an earlier request with the same key, or an earlier message of the same source, made. Of a report that the actor may not read it
// says nothing: that there is one is told by the table's own conflict.
func (s *Reports) repeated(ctx context.Context, tx pgx.Tx, actor *auth.Actor, n *report.Report, key string) (*report.Outcome, error) {
	found, err := collect(ctx, tx, scanReport, selectReport+`
		WHERE (@key <> '' AND @actor <> 0 AND r.created_by = nullif(@actor::bigint, 0) AND r.client_key = @key)
			OR (@id <> '' AND r.source = @source AND r.source_id = @id
				AND (r.created_by = nullif(@actor::bigint, 0) OR @reads AND `+inAreas("r.area_path", "@areas")+`))`,
		pgx.NamedArgs{"key": key, "actor": actor.User.ID, "source": n.Source, "id": n.SourceID, "areas": actor.Scope.Areas,
			"reads": actor.Scope.May(auth.ActionCreateIncident) || actor.User.ID == 0})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return s.received(ctx, tx, found[0], &report.Outcome{Again: true})
}

func (s *Reports) received(ctx context.Context, q querier, r *report.Report, out *report.Outcome) (*report.Outcome, error) {
	out.Report = r
	if r.IncidentID == 0 {
		return out, nil
	}
	var err error
	out.Incident, err = incidentByID(ctx, q, r.IncidentID, "")
	return out, err
}

// take finds the report's case and keeps it.
func (s *Reports) take(ctx context.Context, tx pgx.Tx, actor *auth.Actor, n *report.Report, asked report.Asked) (*report.Outcome, error) {
	out := &report.Outcome{}
	switch {
	case asked.IncidentID != 0:
		in, err := openIncident(ctx, tx, actor, asked.IncidentID)
		if err != nil {
			return nil, err
		}
		n.IncidentID = in.ID
	case n.Point == nil && n.Outline == nil:
	case !asked.File: // whoever files a case has looked for others
		found, err := s.near(ctx, tx, actor, subjectOf(n, s.now()), n.Outline, 0)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 && found[0].Automatic {
			n.IncidentID, n.Likeness = found[0].IncidentID, &found[0]
		}
	}
	if n.IncidentID == 0 && n.Point != nil {
		id, err := s.open(ctx, tx, actor, n, asked)
		if err != nil {
			return nil, err
		}
		n.IncidentID, out.Opened = id, true
	}
	if n.IncidentID != 0 {
		n.State = report.Attached
	}
	if err := insertReport(ctx, tx, n, asked.ClientKey); err != nil {
		return nil, err
	}
	details := map[string]any{"channel": n.Channel, "incident_id": n.IncidentID, "opened": out.Opened}
	if n.Likeness != nil {
		details["score"] = math.Round(100*n.Likeness.Score) / 100
	}
	if err := appendAudit(ctx, tx, "report.create", subject("report", n.ID), details); err != nil {
		return nil, err
	}
	kept, err := reportByID(ctx, tx, n.ID, "")
	if err != nil {
		return nil, err
	}
	return s.received(ctx, tx, kept, out)
}

// open makes the report's own case.
func (s *Reports) open(ctx context.Context, tx pgx.Tx, actor *auth.Actor, n *report.Report, asked report.Asked) (int64, error) {
	in := &incident.Incident{
		Title: cut(n.Title, 120), Description: cut(n.Description, 4000), Category: n.Category, Severity: asked.Severity, Source: string(n.Channel), Address: cut(n.Address, 200),
		Condition: asked.Condition, Point: *n.Point, State: incident.Reported,
	}
	if in.Severity == 0 {
		in.Severity = 3
	}
	if asked.File {
		in.State = incident.Filed
	}
	return s.incidents.insert(ctx, tx, actor, in, "")
}

func cut(text string, characters int) string {
	if runes := []rune(text); len(runes) > characters {
		return string(runes[:characters-1]) + "…"
	}
	return text
}

// openIncident locks a case to which a report can be attached: one that the actor may work on, and that is not over. For a merged one stands the other.
func openIncident(ctx context.Context, tx pgx.Tx, actor *auth.Actor, id int64) (*incident.Incident, error) {
	for {
		in, err := lockIncident(ctx, tx, actor, id)
		switch {
		case err != nil:
			return nil, err
		case in.MergedInto != 0:
			id = in.MergedInto
			continue
		case !actor.Scope.InArea(in.AreaPath):
			return nil, outsideAreas(in.AreaPath)
		case in.State.Final():
			return nil, layers.Invalid("incident_id", "closed", "the case is over")
		}
		return in, nil
	}
}

// lockPlace makes reports of one neighbourhood come one after the other, so that the second finds the first. Cells are larger than [report.Reach]; two
// that lie on both sides of a bound and come at once are merged by a person.
func lockPlace(ctx context.Context, tx pgx.Tx, at orb.Point) error {
	const cell = 0.01 // degrees, about a kilometre
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('report near ' || $1))`, fmt.Sprintf("%.0f %.0f", math.Floor(at[0]/cell), math.Floor(at[1]/cell)))
	return err
}

const selectReport = `SELECT r.id, r.channel, coalesce(r.incident_id, 0), r.category, r.title, r.description, r.state, r.address, r.reporter_name, r.reporter_phone,
	r.source, r.source_id, r.source_time, r.receive_time, coalesce(r.area_path, ''), ST_X(r.geom), ST_Y(r.geom), coalesce(r.tracking, ''), r.likeness, r.answer, r.answered_at,
	r.satisfied, array(SELECT a.id FROM attachment a WHERE a.report_id = r.id AND a.done_at IS NOT NULL ORDER BY a.id) FROM report r `

func scanReport(row pgx.CollectableRow) (*report.Report, error) {
	var r report.Report
	var lon, lat *float64
	err := row.Scan(&r.ID, &r.Channel, &r.IncidentID, &r.Category, &r.Title, &r.Description, &r.State, &r.Address, &r.ReporterName, &r.ReporterPhone,
		&r.Source, &r.SourceID, &r.SourceTime, &r.ReceiveTime, &r.AreaPath, &lon, &lat, &r.Tracking, &r.Likeness, &r.Answer, &r.AnsweredAt, &r.Satisfied, &r.Pictures)
	if lon != nil && lat != nil {
		r.Point = &orb.Point{*lon, *lat}
	}
	r.ReceiveTime, r.SourceTime, r.AnsweredAt = r.ReceiveTime.UTC(), utc(r.SourceTime), utc(r.AnsweredAt)
	return &r, err
}

func reportByID(ctx context.Context, q querier, id int64, lock string) (*report.Report, error) {
	found, err := collect(ctx, q, scanReport, selectReport+`WHERE r.id = $1 `+lock, id)
	if err == nil && len(found) == 0 {
		return nil, notFound("report", id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// insertReport keeps a report and sets its ID and tracking code.
func insertReport(ctx context.Context, tx pgx.Tx, n *report.Report, clientKey string) error {
	if n.Channel == report.Hotline || n.Channel == report.Citizen {
		n.Tracking = newTracking()
	}
	outline, err := outlineOf(n.Outline)
	if err != nil {
		return err
	}
	var likeness any
	if n.Likeness != nil {
		b, err := json.Marshal(n.Likeness)
		if err != nil {
			return err
		}
		likeness = b
	}
	lon, lat := math.NaN(), math.NaN()
	if n.Point != nil {
		lon, lat = n.Point[0], n.Point[1]
	}
	var raw any
	if len(n.Raw) > 0 {
		raw = n.Raw
	}
	return tx.QueryRow(ctx, `
		INSERT INTO report (channel, incident_id, category, title, description, state, address, reporter_name, reporter_phone, source, source_id, source_time, receive_time,
			area_path, raw, geom, outline, created_by, client_key, tracking, likeness)
		VALUES (@channel, nullif(@incident::bigint, 0), @category, @title, @description, @state, @address, @name, @phone, @source, @source_id, @source_time, clock_timestamp(),
			nullif(@area, ''), @raw, CASE WHEN @lon::float8 <> 'NaN' THEN ST_SetSRID(ST_MakePoint(@lon, @lat), 4326) END, ST_GeomFromWKB(@outline, 4326), nullif(@actor::bigint, 0), nullif(@key, ''),
			nullif(@tracking, ''), @likeness)
		RETURNING id`, pgx.NamedArgs{
		"channel": n.Channel, "incident": n.IncidentID, "category": n.Category, "title": n.Title, "description": n.Description, "state": n.State, "address": n.Address,
		"name": strings.TrimSpace(n.ReporterName), "phone": n.ReporterPhone, "source": n.Source, "source_id": n.SourceID, "source_time": n.SourceTime, "area": n.AreaPath,
		"raw": raw, "lon": lon, "lat": lat, "outline": outline, "actor": auth.ActorFrom(ctx).User.ID, "key": clientKey, "tracking": n.Tracking, "likeness": likeness,
	}).Scan(&n.ID)
}

// outlineOf returns what ST_GeomFromWKB takes, nil for none.
func outlineOf(outline orb.MultiPolygon) ([]byte, error) {
	if outline == nil {
		return nil, nil
	}
	return wkb.Marshal(outline)
}

// newTracking returns a code of 12 characters that are not mistaken for each other when read aloud: 60 bits.
func newTracking() string { return rand.Text()[:12] }

// foldTracking returns a tracking code as it is kept: as people write it down, it has gaps and small letters.
func foldTracking(code string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(code))
}

func noTracked() error {
	return layers.Errorf(layers.CodeNotFound, "there is no report under this code")
}

// Track implements report.Service.
func (s *Reports) Track(ctx context.Context, code string) (*report.Tracked, error) {
	code = foldTracking(code)
	var t report.Tracked
	err := s.db.Pool.QueryRow(ctx, `SELECT coalesce(i.number, ''), coalesce(i.state, ''), r.title, r.receive_time, r.answer, r.answered_at
		FROM report r LEFT JOIN incident i ON i.id = r.incident_id WHERE r.tracking = $1 AND $1 <> ''`, code).
		Scan(&t.Number, &t.State, &t.Title, &t.Received, &t.Answer, &t.AnsweredAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noTracked()
	}
	t.Received, t.AnsweredAt = t.Received.UTC(), utc(t.AnsweredAt)
	return &t, Wrap(err)
}

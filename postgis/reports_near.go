package postgis

import (
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/report"
)

// mostNear is how many reports, and how many cases, are compared with a new one: the nearest.
const mostNear = 500

// selectNear finds what may tell of the same thing: open cases and their reports within reach, by place and time at once. Each part reads its own index.
// @outline is NULL where only a point is known, @lon NaN where only an outline.
var selectNear = `
WITH subject AS (
	SELECT CASE WHEN @lon::float8 <> 'NaN' THEN ST_SetSRID(ST_MakePoint(@lon, @lat), 4326) END AS at,
		CASE WHEN @lon::float8 <> 'NaN' THEN ST_MakeEnvelope(@lon - @dx, @lat - @dy, @lon + @dx, @lat + @dy, 4326) END AS box,
		ST_GeomFromWKB(@outline, 4326) AS outline
), reports AS (
	SELECT r.incident_id, r.id, r.geom, r.category, r.title || ' ' || left(r.description, 500) AS words, coalesce(r.source_time, r.receive_time) AS at, 0::float8 AS overlap
	FROM report r JOIN incident i ON i.id = r.incident_id
	WHERE r.geom && (SELECT box FROM subject) AND r.receive_time BETWEEN @from AND @to AND i.closed_at IS NULL AND i.id <> @but
	ORDER BY r.geom <-> (SELECT at FROM subject) LIMIT @most
), cases AS (
	SELECT i.id AS incident_id, 0::bigint, i.geom, i.category, i.title || ' ' || left(i.description, 500), i.created_at, 0::float8
	FROM incident i WHERE i.closed_at IS NULL AND i.id <> @but AND i.geom && (SELECT box FROM subject) AND i.created_at BETWEEN @from AND @to
	ORDER BY i.geom <-> (SELECT at FROM subject) LIMIT @most
), outlines AS (
	SELECT r.incident_id, r.id, r.geom, r.category, r.title || ' ' || left(r.description, 500), coalesce(r.source_time, r.receive_time),
		coalesce(ST_Area(ST_Intersection(r.outline, s.outline)) / nullif(least(ST_Area(r.outline), ST_Area(s.outline)), 0), 0)
	FROM subject s JOIN report r ON r.outline && s.outline AND ST_Intersects(r.outline, s.outline) JOIN incident i ON i.id = r.incident_id
	WHERE r.receive_time BETWEEN @from AND @to AND i.closed_at IS NULL AND i.id <> @but LIMIT @most
)
SELECT n.incident_id, n.id, ST_X(n.geom), ST_Y(n.geom), n.category, n.words, n.at, n.overlap
FROM (SELECT * FROM reports UNION ALL SELECT * FROM cases UNION ALL SELECT * FROM outlines) n JOIN incident i ON i.id = n.incident_id
WHERE ` + inAreas("i.area_path", "@areas")

// near returns the open cases of the actor's areas that a subject may tell of, but for one.
func (s *Reports) near(ctx context.Context, q querier, actor *auth.Actor, subject report.Subject, outline orb.MultiPolygon, but int64) ([]report.Candidate, error) {
	shape, err := outlineOf(outline)
	if err != nil {
		return nil, err
	}
	lon, lat, dx, dy := math.NaN(), math.NaN(), 0.0, 0.0
	if subject.Point != nil {
		lon, lat = subject.Point[0], subject.Point[1]
		dy = report.Reach / 110_574
		dx = report.Reach / (111_320 * math.Cos(lat*math.Pi/180))
	}
	known, err := collect(ctx, q, scanKnown, selectNear, pgx.NamedArgs{
		"lon": lon, "lat": lat, "dx": dx, "dy": dy, "outline": shape, "but": but, "most": mostNear, "areas": actor.Scope.Areas,
		// The index knows when a report came; who was without network tells of something earlier.
		"from": subject.At.Add(-report.Window), "to": subject.At.Add(report.Window),
	})
	if err != nil {
		return nil, err
	}
	return report.Rank(subject, known, mostNear), nil
}

func scanKnown(row pgx.CollectableRow) (k report.Known, err error) {
	var lon, lat *float64
	err = row.Scan(&k.IncidentID, &k.ReportID, &lon, &lat, &k.Category, &k.Text, &k.At, &k.Overlap)
	if lon != nil && lat != nil {
		k.Point = &orb.Point{*lon, *lat}
	}
	return k, err
}

// subjectOf returns what a report tells of.
func subjectOf(r *report.Report, now time.Time) report.Subject {
	at := now
	if !r.ReceiveTime.IsZero() {
		at = r.ReceiveTime
	}
	if r.SourceTime != nil {
		at = *r.SourceTime
	}
	return report.Subject{Point: r.Point, Category: r.Category, Text: r.Title + " " + cut(r.Description, 500), At: at}
}

// Candidates implements report.Service.
func (s *Reports) Candidates(ctx context.Context, subject report.Subject, outline orb.MultiPolygon, limit int) ([]report.Proposal, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionCreateIncident); err != nil {
		return nil, err
	}
	if subject.At.IsZero() {
		subject.At = s.now()
	}
	if subject.Point == nil && outline == nil {
		return nil, layers.Invalid("point", "required", "a point is required")
	}
	if subject.Point != nil {
		if err := layers.ValidatePoint("point", *subject.Point); err != nil {
			return nil, err
		}
	}
	return s.propose(ctx, actor, subject, outline, 0, limit)
}

// CandidatesOf implements report.Service.
func (s *Reports) CandidatesOf(ctx context.Context, incidentID int64, limit int) ([]report.Proposal, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionCreateIncident); err != nil {
		return nil, err
	}
	in, err := s.incidents.Incident(ctx, incidentID)
	if err != nil {
		return nil, err
	}
	subject := report.Subject{Point: &in.Point, Category: in.Category, Text: in.Title + " " + cut(in.Description, 500), At: in.CreatedAt}
	return s.propose(ctx, actor, subject, nil, in.ID, limit)
}

func (s *Reports) propose(ctx context.Context, actor *auth.Actor, subject report.Subject, outline orb.MultiPolygon, but int64, limit int) ([]report.Proposal, error) {
	found, err := s.near(ctx, s.db.Pool, actor, subject, outline, but)
	if err != nil {
		return nil, err
	}
	found = found[:min(len(found), max(limit, 0))]
	ids := make([]int64, len(found))
	for i := range found {
		ids[i] = found[i].IncidentID
	}
	cases, err := collect(ctx, s.db.Pool, scanIncident, selectIncident+`WHERE i.id = ANY ($1) ORDER BY array_position($1, i.id)`, ids)
	if err != nil {
		return nil, err
	}
	out := make([]report.Proposal, 0, len(cases))
	for i, in := range cases {
		if i < len(found) && in.ID == found[i].IncidentID { // nothing strikes a case off
			out = append(out, report.Proposal{Candidate: found[i], Incident: in})
		}
	}
	return out, nil
}

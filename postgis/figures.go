package postgis

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/auth"
	"wanglou/layers/incident"
)

// Categories implements incident.Figures.
func (s *Incidents) Categories(ctx context.Context) ([]incident.Category, error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionRead); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, pgx.RowToStructByPos[incident.Category], `SELECT `+categoryColumns+` FROM category ORDER BY standard, kind, code`)
}

// Statistics implements incident.Figures. Hours and days are the county's: they begin by its time zone. The last hour is the
// running one; what is usual in an hour is the mean over the same hour of the seven days before.
func (s *Incidents) Statistics(ctx context.Context) (*incident.Statistics, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	zone, err := TimeZone(ctx, s.db.Pool)
	if err != nil {
		return nil, err
	}
	args := pgx.NamedArgs{"now": s.now(), "zone": zone, "areas": actor.Scope.Areas}
	var st incident.Statistics
	if st.Hours, err = s.hours(ctx, args); err != nil {
		return nil, err
	}
	err = s.db.Pool.QueryRow(ctx, `
		WITH today AS (SELECT date_trunc('day', @now::timestamptz, @zone) AS start, @now::timestamptz AS now)
		SELECT
			(SELECT count(*) FROM incident i, today WHERE i.created_at BETWEEN today.start AND today.now AND `+inAreas("i.area_path", "@areas")+`),
			(SELECT count(*) FROM incident i, today WHERE i.closed_at BETWEEN today.start AND today.now AND i.state = 'closed'
				AND `+inAreas("i.area_path", "@areas")+`),
			(SELECT count(*) FROM detection d, today WHERE d.detected_at BETWEEN today.start AND today.now AND `+inAreas("d.area_path", "@areas")+`)`,
		args).Scan(&st.CreatedToday, &st.ClosedToday, &st.DetectionsToday)
	if err != nil {
		return nil, Wrap(err)
	}
	f := &st.ClosingMonth
	err = s.db.Pool.QueryRow(ctx, `
		WITH month AS (SELECT date_trunc('month', @now::timestamptz, @zone) AS start),
		closed AS (SELECT c.counted FROM case_closing c, month WHERE c.closed_at BETWEEN month.start AND @now AND `+inAreas("c.area_path", "@areas")+`)
		SELECT count(*), count(*) FILTER (WHERE counted <> 'overdue'), count(*) FILTER (WHERE counted = 'error'),
			count(*) + (SELECT count(*) FROM incident i WHERE i.closed_at IS NULL AND i.due_at < @now AND i.state NOT IN ('reported', 'verifying', 'accepted') AND `+inAreas("i.area_path", "@areas")+`)
		FROM closed`, args).Scan(&f.Closed, &f.OnTime, &f.Error, &f.Due)
	return &st, Wrap(err)
}

// Timeline implements incident.Figures. Cost: the cases of the span, by the index on created_at.
func (s *Incidents) Timeline(ctx context.Context, from, until time.Time, stretches int) ([]incident.Stretch, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	type counted struct{ at, count, urgent int }
	rows, err := collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (c counted, err error) {
		return c, row.Scan(&c.at, &c.count, &c.urgent)
	}, `SELECT width_bucket(extract(epoch FROM i.created_at), extract(epoch FROM @from::timestamptz), extract(epoch FROM @until::timestamptz), @stretches::int) - 1,
			count(*), count(*) FILTER (WHERE i.severity = 1)
		FROM incident i WHERE i.created_at >= @from AND i.created_at < @until AND `+inAreas("i.area_path", "@areas")+` GROUP BY 1`,
		pgx.NamedArgs{"from": from, "until": until, "stretches": stretches, "areas": actor.Scope.Areas})
	out := make([]incident.Stretch, stretches)
	for _, c := range rows {
		out[c.at] = incident.Stretch{Count: c.count, Urgent: c.urgent}
	}
	return out, err
}

func (s *Incidents) hours(ctx context.Context, args pgx.NamedArgs) ([]incident.Hour, error) {
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (incident.Hour, error) {
		var h incident.Hour
		err := row.Scan(&h.Start, &h.Count, &h.Usual)
		h.Start = h.Start.In(time.UTC)
		return h, err
	}, `
		WITH this_hour AS (SELECT date_trunc('hour', @now::timestamptz, @zone) AS start),
		created AS (
			SELECT date_trunc('hour', i.created_at, @zone) AS start, count(*) AS n FROM incident i, this_hour h
			WHERE i.created_at >= h.start - interval '191 hours' AND i.created_at <= @now::timestamptz
				AND `+inAreas("i.area_path", "@areas")+`
			GROUP BY 1)
		SELECT s.start, coalesce(c.n, 0),
			(SELECT coalesce(sum(b.n), 0) / 7.0 FROM generate_series(1, 7) day JOIN created b ON b.start = s.start - day * interval '24 hours')::float8
		FROM this_hour h, generate_series(h.start - interval '23 hours', h.start, interval '1 hour') s(start)
		LEFT JOIN created c ON c.start = s.start
		ORDER BY s.start`, args)
}

// Review implements incident.Figures.
func (s *Incidents) Review(ctx context.Context, from, until time.Time) ([]incident.Reviewed, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	cases, err := collect(ctx, s.db.Pool, scanIncident, selectIncident+`
		WHERE i.created_at < @until AND (i.closed_at IS NULL OR i.closed_at >= @from) AND `+inAreas("i.area_path", "@areas")+`
		ORDER BY i.created_at, i.id LIMIT @limit`,
		pgx.NamedArgs{"from": from, "until": until, "areas": actor.Scope.Areas, "limit": incident.MaxReviewed})
	if err != nil {
		return nil, err
	}
	out, place, ids := make([]incident.Reviewed, len(cases)), make(map[int64]int, len(cases)), make([]int64, len(cases))
	for i, c := range cases {
		out[i], place[c.ID], ids[i] = incident.Reviewed{Incident: c, Log: []incident.LogEntry{}}, i, c.ID
	}
	log, err := collect(ctx, s.db.Pool, scanLog, selectLog+`WHERE incident_id = ANY($1) AND receive_time < $2 ORDER BY id`, ids, until)
	for _, e := range log {
		r := &out[place[e.IncidentID]]
		r.Log, r.State = append(r.Log, e), e.To
	}
	return out, err
}

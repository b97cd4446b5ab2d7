package postgis_test

import (
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/incident"
)

// Every number of an area opens as many cases as it says, and nobody counts what is not his.
func TestByArea(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Date(2026, 5, 10, 4, 0, 0, 0, time.UTC)
	w.incidents.SetClock(now)
	day := 24 * time.Hour
	add := func(area, state string, created time.Duration, due, closed *time.Duration, closing any) {
		var dueAt, closedAt any
		if due != nil {
			dueAt = now.Add(*due)
		}
		if closed != nil {
			closedAt = now.Add(*closed)
		}
		w.exec(t, `INSERT INTO incident (title, category, severity, state, area_path, created_at, due_at, closed_at, closing, geom)
			VALUES ('x', '09012', 3, $1, $2::text, $3, $4, $5, $6, (SELECT ST_PointOnSurface(geom) FROM area WHERE path = $2::text))`,
			state, area, now.Add(created), dueAt, closedAt, closing)
	}
	at := func(d time.Duration) *time.Duration { return &d }
	add(west, "filed", -day, at(time.Hour), nil, nil)
	add(west, "handling", -40*day, at(-time.Hour), nil, nil)
	add(west, "reported", -day, at(-time.Hour), nil, nil) // nobody has filed it: not overdue
	add(west, "closed", -2*day, nil, at(-day), "normal")
	add(west, "closed", -2*day, nil, at(-day), "overdue")
	add(west, "closed", -40*day, nil, at(-30*day), "normal") // before the window
	add(west, "voided", -day, nil, at(-time.Hour), nil)      // over, but not closed
	add(east, "filed", -day, nil, nil, nil)

	week := incident.AreaQuery{By: incident.ByTown, From: now.Add(-7 * day), Until: now}
	for _, by := range incident.Groupings {
		week.By = by
		for _, login := range []string{"viewer", "west"} {
			ctx := w.as(t, login)
			items, err := w.incidents.ByArea(ctx, week)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range items {
				if f.Km2 <= 0 || f.Point[0] == 0 {
					t.Errorf("%s has %g km² around %v", f.Code, f.Km2, f.Point)
				}
				for m, want := range map[incident.Measure]int{incident.MeasureOpen: f.Open, incident.MeasureOverdue: f.Overdue, incident.MeasureCreated: f.Created,
					incident.MeasureClosed: f.Closed, incident.MeasureOnTime: f.OnTime, incident.MeasureDue: f.Due} {
					cases, err := w.incidents.Behind(ctx, week, f.ID, m)
					if err != nil || len(cases) != want {
						t.Errorf("%s: %s of %s is %d, and opens %d: %v", login, m, f.Code, want, len(cases), err)
					}
				}
			}
			if by == incident.ByTown {
				var sum incident.Counts
				for _, f := range items {
					sum.Open, sum.Overdue, sum.Created, sum.Closed, sum.OnTime, sum.Due = sum.Open+f.Open, sum.Overdue+f.Overdue, sum.Created+f.Created, sum.Closed+f.Closed, sum.OnTime+f.OnTime, sum.Due+f.Due
				}
				want := incident.Counts{Open: 3, Overdue: 1, Created: 5, Closed: 2, OnTime: 1, Due: 3}
				if login == "viewer" {
					want.Open, want.Created = 4, 6
				}
				if sum != want {
					t.Errorf("%s sees %+v, want %+v", login, sum, want)
				}
			}
		}
	}
	_, err := w.incidents.Behind(w.as(t, "west"), week, 1<<40, incident.MeasureOpen)
	wantError(t, err, layers.CodeNotFound, "")
	_, err = w.incidents.ByArea(w.as(t, "viewer"), incident.AreaQuery{By: "street; DROP TABLE area"})
	wantError(t, err, layers.CodeInvalid, "unknown_value")
	_, err = w.incidents.Behind(w.as(t, "viewer"), week, 1, "true OR true")
	wantError(t, err, layers.CodeInvalid, "unknown_value")
}

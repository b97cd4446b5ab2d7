package postgis_test

import (
	"slices"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/incident"
)

func TestCategories(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list, err := w.incidents.Categories(w.as(t, "viewer"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range list {
		got = append(got, c.Standard+" "+c.Code+" "+c.Name)
	}
	wantStrings(t, got, []string{"cjt214-2007 0101 私搭乱建", "gbt47678.5-2026 06010 暴露垃圾", "gbt47678.5-2026 09012 占用消防通道"})
	_, err = w.incidents.Categories(t.Context())
	wantError(t, err, layers.CodeForbidden, "role")
}

func TestStatistics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Half past nine in the evening of 30 April in London is half past five in the morning of 1 May in Tonglu.
	now := time.Date(2026, 4, 30, 21, 30, 0, 0, time.UTC)
	w.incidents.SetClock(now)
	created := func(area string, ago time.Duration, n int) {
		w.exec(t, `INSERT INTO incident (title, category, severity, state, area_path, created_at, geom)
			SELECT 'x', '09012', 3, 'filed', $1, $2, 'SRID=4326;POINT(119.65 29.75)' FROM generate_series(1, $3)`, area, now.Add(-ago), n)
	}
	created(west, 10*time.Minute, 2)             // this hour
	created(west, 40*time.Minute, 1)             // the hour before, today
	created(west, 5*time.Hour+20*time.Minute, 1) // 00:10, today
	created(west, 6*time.Hour, 4)                // yesterday
	created(west, 24*time.Hour, 3)               // this hour of yesterday: 7 more of it are usual
	created(west, 7*24*time.Hour, 11)            // and of a week ago
	created(west, 8*24*time.Hour, 100)           // too long ago
	created(west, -time.Hour, 100)               // not yet
	created(east, 10*time.Minute, 5)
	w.exec(t, `UPDATE incident SET state = 'closed', closed_at = $1 WHERE id IN (SELECT id FROM incident WHERE area_path = $2 LIMIT 3)`, now.Add(-time.Hour), west)
	w.exec(t, `UPDATE incident SET state = 'voided', closed_at = $1 WHERE id IN (SELECT id FROM incident WHERE area_path = $2 AND closed_at IS NULL LIMIT 2)`, now.Add(-time.Hour), west)
	w.exec(t, `UPDATE incident SET state = 'closed', closed_at = $1 WHERE id = (SELECT max(id) FROM incident WHERE area_path = $2)`, now.Add(-6*time.Hour), west)
	w.exec(t, `INSERT INTO detection (number, detector, detected_at, area_path, geom)
		SELECT 'd' || n, 'x', $1::timestamptz - n * interval '4 hours', $2, 'SRID=4326;MULTIPOLYGON(((119.6 29.7, 119.61 29.7, 119.61 29.71, 119.6 29.7)))'
		FROM generate_series(0, 2) n`, now, west)

	st, err := w.incidents.Statistics(w.as(t, "west"))
	if err != nil {
		t.Fatal(err)
	}
	if st.CreatedToday != 4 || st.ClosedToday != 3 || st.DetectionsToday != 2 {
		t.Errorf("today: %d created, %d closed, %d detections; want 4, 3, 2", st.CreatedToday, st.ClosedToday, st.DetectionsToday)
	}
	if len(st.Hours) != 24 {
		t.Fatalf("%d hours", len(st.Hours))
	}
	for i, h := range st.Hours {
		if want := time.Date(2026, 4, 30, 21-23+i, 0, 0, 0, time.UTC); !h.Start.Equal(want) {
			t.Errorf("hour %d begins at %v, want %v", i, h.Start, want)
		}
		if want := map[int]int{23: 2, 22: 1, 18: 1, 17: 4}[i]; h.Count != want {
			t.Errorf("hour %d counts %d, want %d", i, h.Count, want)
		}
	}
	if usual := st.Hours[23].Usual; usual != 2 { // (3 + 11) / 7
		t.Errorf("usual in this hour: %g, want 2", usual)
	}
	all, err := w.incidents.Statistics(w.as(t, "duty"))
	if err != nil || all.CreatedToday != 9 || all.Hours[23].Count != 7 {
		t.Errorf("the county: %+v, %v", all, err)
	}
	w.exec(t, `INSERT INTO setting (key, value) VALUES ('county', '{"timezone": "Europe/London"}')`)
	if st, err = w.incidents.Statistics(w.as(t, "west")); err != nil || st.CreatedToday != 8 {
		t.Errorf("by London's day: %+v, %v", st, err)
	}
	_, err = w.incidents.Statistics(t.Context())
	wantError(t, err, layers.CodeForbidden, "role")
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		area     string
		after    time.Duration
		severity int
	}{{west, 0, 1}, {west, 59 * time.Minute, 3}, {west, time.Hour, 2}, {east, time.Hour, 1}, {west, 3 * time.Hour, 1}, {west, -time.Second, 1}} {
		w.exec(t, `INSERT INTO incident (title, category, severity, state, area_path, created_at, geom)
			VALUES ('x', '09012', $3, 'filed', $1, $2, 'SRID=4326;POINT(119.65 29.75)')`, c.area, from.Add(c.after), c.severity)
	}
	for login, want := range map[string][]incident.Stretch{
		"viewer": {{Count: 2, Urgent: 1}, {Count: 2, Urgent: 1}, {}},
		"west":   {{Count: 2, Urgent: 1}, {Count: 1}, {}},
	} {
		got, err := w.incidents.Timeline(w.as(t, login), from, from.Add(3*time.Hour), 3)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s sees %v, %v; want %v", login, got, err, want)
		}
	}
}

// A review has the cases that were open in its span, with what was known at its end.
func TestReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.create(t, inWest)
	w.exec(t, `UPDATE incident SET created_at = now() - interval '3 hours', closed_at = now() - interval '2 hours', state = 'closed' WHERE id = $1`, before.ID)
	open := w.create(t, inWest)
	other := w.create(t, inEast)
	w.dispatch(t, open.ID, 1)
	now := time.Now()
	review := func(login string, from, until time.Time) []incident.Reviewed {
		t.Helper()
		found, err := w.incidents.Review(w.as(t, login), from, until)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	all := review("duty", now.Add(-time.Hour), now.Add(time.Hour))
	if len(all) != 2 || all[0].Incident.ID != open.ID || all[0].State != incident.Dispatched || len(all[0].Log) < 2 || all[1].Incident.ID != other.ID {
		t.Errorf("%+v", all)
	}
	if west := review("west", now.Add(-time.Hour), now.Add(time.Hour)); len(west) != 1 || west[0].Incident.ID != open.ID {
		t.Errorf("the western town's review: %+v", west)
	}
	if early := review("duty", now.Add(-150*time.Minute), now.Add(-time.Hour)); len(early) != 1 || early[0].Incident.ID != before.ID || len(early[0].Log) != 0 {
		t.Errorf("of the hour before: %+v", early)
	}
}

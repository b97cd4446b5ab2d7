package postgis_test

import (
	"strings"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/unit"
	"wanglou/postgis"
)

var _ unit.Service = (*postgis.Units)(nil)

// placed puts the units of the world on the map, their clocks at now.
func (w *world) placed(t testing.TB, now time.Time) {
	t.Helper()
	w.exec(t, `INSERT INTO position (id, area_path, source_time, receive_time, geom)
		SELECT v.id, u.area_path, $1::timestamptz + v.ahead, $1::timestamptz, ST_SetSRID(ST_MakePoint(v.lon, 29.75), 4326)
		FROM (VALUES (1, 119.66, interval '-1 minute'), (2, 119.651, interval '-30 minutes'), (3, 119.71, interval '2 hours')) v (id, lon, ahead)
		JOIN unit u USING (id)`, now)
}

func TestUnits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Date(2026, 5, 1, 9, 30, 0, 0, time.UTC)
	w.placed(t, now)
	w.dispatch(t, w.create(t, inWest).ID, 1)
	list, err := w.units.Units(w.as(t, "west"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range list {
		got = append(got, u.Code)
	}
	wantStrings(t, got, []string{"w1", "w2", "w3"})
	u := list[0]
	if u.Name != "西一队" || u.Kind != "team" || u.Department != "综合执法局" || u.AreaPath != west || u.Status != unit.Dispatched || u.OpenTasks != 1 ||
		strings.Join(u.Skills, ",") != "06,09" || u.Point == nil || *u.Point != [2]float64{119.66, 29.75} || !u.FixedAt.Equal(now.Add(-time.Minute)) {
		t.Errorf("%+v", u)
	}
	if u := list[2]; u.Point != nil || !u.FixedAt.IsZero() || u.Skills == nil || u.Department != "" || u.Status != unit.OffDuty {
		t.Errorf("a unit that shares no position: %+v", u)
	}
	all, err := w.units.Units(w.as(t, "duty"))
	if err != nil || len(all) != 4 {
		t.Fatal(all, err)
	}
	if ahead := all[0]; ahead.Code != "e1" || !ahead.FixedAt.Equal(now) {
		t.Errorf("a clock that runs ahead makes a fix of %v, it came at %v", ahead.FixedAt, now)
	}
	_, err = w.units.Units(t.Context())
	wantError(t, err, layers.CodeForbidden, "role")
}

func TestRecommendFromTheDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Date(2026, 5, 1, 9, 30, 0, 0, time.UTC)
	w.placed(t, now)
	w.units.SetClock(now)
	in := w.create(t, inWest)
	got, err := w.units.Recommend(w.as(t, "duty"), in.ID)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range got.Items {
		line := r.Unit.Code
		for _, reason := range r.Reasons {
			line += " " + reason.Code
		}
		lines = append(lines, line)
	}
	wantStrings(t, lines, []string{
		"w1 nearest same_area skill available", "e1 available", "w2 stale_position", "w3 off_duty no_position",
	})
	if got.Wanted != 3 || got.Shortfall != 1 || got.Items[0].Distance < 900 || got.Items[0].Distance > 1000 {
		t.Errorf("%+v", got)
	}
	// A town's officer is told of the town's units only.
	if got, err = w.units.Recommend(w.as(t, "west"), in.ID); err != nil || len(got.Items) != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}

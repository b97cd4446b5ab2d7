package postgis_test

import (
	"sync"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/duty"
	"wanglou/postgis"
)

var _ duty.Roster = (*postgis.Roster)(nil)

func (w *world) id(t testing.TB, login string) int64 {
	t.Helper()
	return w.actors[login].User.ID
}

func (w *world) shift(t testing.TB, area string, role auth.Role, from time.Time, long time.Duration, logins ...string) *duty.Shift {
	t.Helper()
	s := &duty.Shift{AreaPath: area, Role: role, StartsAt: from, EndsAt: from.Add(long)}
	for _, login := range logins {
		s.People = append(s.People, duty.Person{ID: w.id(t, login)})
	}
	return s
}

func TestRoster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	roster := postgis.NewRoster(w.db)
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) // 20:00 in the county
	make := func(login string, s *duty.Shift) *duty.Shift {
		t.Helper()
		if err := roster.Create(w.as(t, login), s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	night := make("duty", w.shift(t, county, auth.RoleDuty, at, 12*time.Hour, "duty"))
	if night.ID == 0 || night.People[0].Name != "值班长" || !night.EndsAt.Equal(at.Add(12*time.Hour)) {
		t.Errorf("stored %+v", night)
	}
	make("admin", w.shift(t, county, auth.RoleDispatcher, at.Add(-8*time.Hour), 8*time.Hour, "anna", "bert"))
	ofWest := make("west", w.shift(t, west, auth.RoleDuty, at.Add(2*time.Hour), 2*time.Hour, "west"))

	for _, c := range []struct {
		login, area string
		at          time.Duration
		duty        int
		vacant      bool // of the dispatcher
		mine        int
	}{
		{"duty", "", 0, 1, true, 1},
		{"duty", "", -time.Minute, 0, false, 0},
		{"west", "", 3 * time.Hour, 2, true, 1}, // the county's is on duty for the town, too
		{"east", "", 3 * time.Hour, 1, true, 0},
		{"viewer", west, 3 * time.Hour, 2, true, 0},
		{"admin", "", 13 * time.Hour, 0, true, 0},
	} {
		now, err := roster.Now(w.as(t, c.login), c.area, "", at.Add(c.at))
		if err != nil || len(now.Posts) != 2 || len(now.Posts[0].Shifts) != c.duty || now.Posts[1].Vacant != c.vacant || len(now.Mine) != c.mine {
			t.Errorf("%s %s after %v: %+v, %v", c.login, c.area, c.at, now, err)
		}
	}
	now, err := roster.Now(w.as(t, "viewer"), west, auth.RoleUnit, at)
	if err != nil || len(now.Posts) != 1 || now.Posts[0].Vacant { // nobody plans units: that is no gap
		t.Errorf("%+v, %v", now, err)
	}
	if now, err = roster.Now(w.as(t, "duty"), "", "", at.Add(-time.Hour)); err != nil || now.MineNext == nil || now.MineNext.ID != night.ID {
		t.Errorf("%+v, %v", now, err)
	}
	_, err = roster.Now(w.as(t, "east"), west, "", at)
	wantRefusal(t, "a neighbour's", err, layers.CodeForbidden, "", "outside_areas")

	if found, err := roster.Shifts(w.as(t, "duty"), "", at.Add(-time.Hour), at.Add(time.Hour)); err != nil || len(found) != 2 {
		t.Errorf("%d shifts, %v", len(found), err)
	}
	if found, err := roster.Shifts(w.as(t, "west"), "", at, at.Add(24*time.Hour)); err != nil || len(found) != 1 {
		t.Errorf("west plans %d shifts, %v", len(found), err)
	}
	if people, err := roster.People(w.as(t, "west"), west); err != nil || len(people) != 6 { // admin, duty, anna, bert, west, and both units' people less those of the east
		t.Logf("%+v", people)
		if err != nil || len(people) != 7 && len(people) != 6 {
			t.Errorf("%d people, %v", len(people), err)
		}
	}

	_, err = roster.Shifts(w.as(t, "anna"), "", at, at.Add(time.Hour))
	wantRefusal(t, "a dispatcher plans", err, layers.CodeForbidden, "", "role")
	for name, c := range map[string]struct {
		login         string
		s             *duty.Shift
		code          layers.Code
		field, reason string
	}{
		"another town":     {"west", w.shift(t, east, auth.RoleDuty, at, time.Hour, "duty"), layers.CodeForbidden, "area_path", "outside_areas"},
		"no such area":     {"admin", w.shift(t, "330122.9", auth.RoleDuty, at, time.Hour, "duty"), layers.CodeInvalid, "area_path", "unknown_area"},
		"of another town":  {"duty", w.shift(t, county, auth.RoleDuty, at, time.Hour, "west"), layers.CodeInvalid, "people", "cannot_serve"},
		"in another role":  {"duty", w.shift(t, county, auth.RoleDispatcher, at, time.Hour, "duty"), layers.CodeInvalid, "people", "cannot_serve"},
		"on duty already":  {"duty", w.shift(t, county, auth.RoleDuty, at.Add(11*time.Hour), 2*time.Hour, "duty"), layers.CodeConflict, "people", "shift_clash"},
		"by somebody else": {"viewer", w.shift(t, county, auth.RoleDuty, at, time.Hour, "duty"), layers.CodeForbidden, "", "role"},
	} {
		wantRefusal(t, name, roster.Create(w.as(t, c.login), c.s), c.code, c.field, c.reason)
	}

	stale := *night
	night.EndsAt = night.EndsAt.Add(time.Hour)
	if err := roster.Update(w.as(t, "duty"), night); err != nil || night.Revision != 2 {
		t.Errorf("%+v, %v", night, err)
	}
	wantRefusal(t, "stale", roster.Update(w.as(t, "duty"), &stale), layers.CodeConflict, "revision", "stale_revision")
	if err := roster.Delete(w.as(t, "east"), ofWest.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("a neighbour's: %v", err)
	}
	if err := roster.Delete(w.as(t, "west"), ofWest.ID); err != nil {
		t.Error(err)
	}
	if n := queryOne[int](t, w, `SELECT count(*) FROM audit_log WHERE action LIKE 'shift.%'`); n != 5 {
		t.Errorf("%d audit rows", n)
	}
}

func TestAWeekIsCopied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	roster := postgis.NewRoster(w.db)
	monday := time.Date(2026, 5, 31, 16, 0, 0, 0, time.UTC)
	for d := range 7 {
		for _, from := range []time.Duration{8 * time.Hour, 20 * time.Hour} {
			if err := roster.Create(w.as(t, "duty"), w.shift(t, county, auth.RoleDuty, monday.AddDate(0, 0, d).Add(from), 12*time.Hour, "duty")); err != nil {
				t.Fatal(err)
			}
		}
	}
	week := 7 * 24 * time.Hour
	for _, want := range []int{14, 0} { // the second time all are there
		made, err := roster.Copy(w.as(t, "duty"), county, monday, monday.Add(week), week)
		if err != nil || len(made) != want {
			t.Errorf("%d made, %v; want %d", len(made), err, want)
		}
	}
	now, err := roster.Now(w.as(t, "duty"), "", auth.RoleDuty, monday.Add(week+3*time.Hour))
	if err != nil || len(now.Posts[0].Shifts) != 1 || now.Posts[0].Until == nil || !now.Posts[0].Until.Equal(monday.Add(2*week+8*time.Hour)) {
		t.Errorf("%+v, %v", now, err)
	}
	_, err = roster.Copy(w.as(t, "west"), county, monday, monday.Add(week), week)
	wantRefusal(t, "the county's, by a town", err, layers.CodeForbidden, "area_path", "outside_areas")
}

// Two who plan the same person at once: one of them is told.
func TestTwoPlanAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	errs := make([]error, 4)
	var all sync.WaitGroup
	for i := range errs {
		s := w.shift(t, county, auth.RoleDuty, time.Now(), 8*time.Hour, "duty")
		all.Go(func() { errs[i] = postgis.NewRoster(w.db).Create(w.as(t, "duty"), s) })
	}
	all.Wait()
	good := 0
	for _, err := range errs {
		if err == nil {
			good++
		} else if layers.ErrorCode(err) != layers.CodeConflict {
			t.Error(err)
		}
	}
	if n := queryOne[int](t, w, `SELECT count(*) FROM shift`); good != 1 || n != 1 {
		t.Errorf("%d went well, %d stored", good, n)
	}
}

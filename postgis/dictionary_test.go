package postgis_test

import (
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/incident"
	"wanglou/layers/report"
	"wanglou/postgis"
)

func (w *world) category(t *testing.T, code string) incident.Category {
	t.Helper()
	list, err := w.incidents.Categories(w.as(t, "viewer"))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(c incident.Category) bool { return c.Code == code && c.Standard == incident.Standard2026 })
	if i < 0 {
		t.Fatalf("no category %s", code)
	}
	return list[i]
}

// A retired category stays on the cases that have it, and new ones cannot be given it.
func TestCategoriesAreRetired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewDictionary(w.db)
	admin, duty := w.as(t, "admin"), w.as(t, "duty")
	old := w.create(t, inWest) // 09012
	c := w.category(t, old.Category)
	wantError(t, s.UpdateCategory(duty, &c), layers.CodeForbidden, "role")

	changed := c
	changed.Name, changed.NameEN, changed.Severity, changed.Retired = "  堵塞消防通道 ", "Fire lane", incident.Grave, true
	if err := s.UpdateCategory(admin, &changed); err != nil {
		t.Fatal(err)
	}
	if got := w.category(t, old.Category); got != changed || got.Name != "堵塞消防通道" || got.Revision != c.Revision+1 || got.Class != c.Class {
		t.Errorf("%+v, want %+v", got, changed)
	}
	wantRefusal(t, "who saw the first", s.UpdateCategory(admin, &c), layers.CodeConflict, "revision", "stale_revision")
	if n := queryAll[int](t, w, `SELECT count(*)::int FROM audit_log WHERE action = 'category.update' AND details->>'was_name' = $1 AND details->>'name' = $2`, c.Name, changed.Name); n[0] != 1 {
		t.Errorf("%d audit rows", n[0])
	}

	_, err := w.incidents.Create(duty, &incident.Incident{Title: "新的", Category: old.Category, Severity: 2, Point: inWest}, "")
	wantRefusal(t, "a new case", err, layers.CodeInvalid, "category", "retired_category")
	title := "改了题目"
	if _, err := w.incidents.Correct(duty, old.ID, incident.Correction{Title: &title}, old.Revision); err != nil {
		t.Errorf("the old case cannot be corrected: %v", err)
	}

	gone := changed
	gone.ID = 1 << 40
	wantError(t, s.UpdateCategory(admin, &gone), layers.CodeNotFound, "")
	changed.Retired = false
	if err := s.UpdateCategory(admin, &changed); err != nil {
		t.Fatal(err)
	}
	if _, err := w.incidents.Create(duty, &incident.Incident{Title: "新的", Category: old.Category, Severity: 2, Point: inWest}, ""); err != nil {
		t.Errorf("it is back: %v", err)
	}
}

func TestCategoriesAreAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewDictionary(w.db)
	admin := w.as(t, "admin")
	class := w.category(t, "09012").Class
	own := incident.Category{Kind: "item", Code: "09901", Name: "共享单车乱停放", Severity: 3}
	if err := s.CreateCategory(admin, &own); err != nil {
		t.Fatal(err)
	}
	if got := w.category(t, "09901"); got != own || got.Class != class || got.Standard != incident.Standard2026 || got.ID == 0 {
		t.Errorf("%+v", got)
	}
	if _, err := w.incidents.Create(w.as(t, "duty"), &incident.Incident{Title: "新的", Category: "09901", Severity: 2, Point: inWest}, ""); err != nil {
		t.Errorf("a case of it: %v", err)
	}
	for _, c := range []struct {
		name          string
		c             incident.Category
		code          layers.Code
		field, reason string
	}{
		{"again", incident.Category{Kind: "item", Code: "09901", Name: "又一个"}, layers.CodeConflict, "code", "already_exists"},
		{"another class", incident.Category{Kind: "item", Code: "09902", Class: "别的", Name: "又一个"}, layers.CodeInvalid, "class", "class_of_code"},
		{"a new class without a name", incident.Category{Kind: "item", Code: "77001", Name: "又一个"}, layers.CodeInvalid, "class", "required"},
	} {
		wantRefusal(t, c.name, s.CreateCategory(admin, &c.c), c.code, c.field, c.reason)
	}
	wantError(t, s.CreateCategory(w.as(t, "duty"), &own), layers.CodeForbidden, "role")
}

func TestAlarmKindsAreChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, reports := postgis.NewDictionary(w.db), postgis.NewReports(w.db)
	admin := w.as(t, "admin")
	k := report.AlarmKind{Code: "drain_cover", Title: "井盖缺失", Category: "09012", Severity: 2}
	if err := s.CreateAlarmKind(admin, &k); err != nil {
		t.Fatal(err)
	}
	again, strange := k, k
	wantRefusal(t, "again", s.CreateAlarmKind(admin, &again), layers.CodeConflict, "code", "already_exists")
	strange.Code, strange.Category = "other", "99999"
	wantRefusal(t, "strange", s.CreateAlarmKind(admin, &strange), layers.CodeInvalid, "category", "unknown_category")
	wantError(t, s.UpdateAlarmKind(w.as(t, "duty"), &k), layers.CodeForbidden, "role")

	alarm := func(id string, at orb.Point) (*report.Outcome, error) {
		return reports.Alarm(admin, &report.Alarm{Channel: report.Sensor, Source: "drains", SourceID: id, Kind: "drain_cover", Point: &at, Time: time.Now().Add(-time.Minute)}, nil)
	}
	out, err := alarm("1", inWest)
	if err != nil || out.Incident == nil || out.Incident.Category != "09012" || out.Incident.Title != "井盖缺失" {
		t.Fatalf("%+v, %v", out, err)
	}
	// The category is retired: alarms still come in, and a person chooses.
	c := w.category(t, "09012")
	c.Retired = true
	if err := s.UpdateCategory(admin, &c); err != nil {
		t.Fatal(err)
	}
	if out, err = alarm("2", inEast); err != nil || out.Report.Category != "" {
		t.Fatalf("%+v, %v", out, err)
	}
	// The kind is: they do not.
	seen := k
	k.Retired, k.Title = true, "井盖缺损"
	if err := s.UpdateAlarmKind(admin, &k); err != nil || k.Revision != seen.Revision+1 {
		t.Fatalf("revision %d, %v", k.Revision, err)
	}
	wantRefusal(t, "who saw the first", s.UpdateAlarmKind(admin, &seen), layers.CodeConflict, "revision", "stale_revision")
	_, err = alarm("3", inEast)
	wantRefusal(t, "a retired kind", err, layers.CodeInvalid, "kind", "retired_kind")
	kinds, err := reports.AlarmKinds(admin)
	if err != nil || !slices.Contains(kinds, k) {
		t.Errorf("%+v, %v", kinds, err)
	}
}

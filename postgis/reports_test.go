package postgis_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/report"
	"wanglou/layers/task"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

var _ report.Service = (*postgis.Reports)(nil)

func newReport(at orb.Point) *report.Report {
	return &report.Report{Channel: report.Hotline, Title: "消防通道停了两辆货车", Description: "堵住了出口", Category: "09012", Point: &at,
		ReporterName: "王女士", ReporterPhone: "138-0000 0001", Address: "迎春南路 1 号"}
}

func near(at orb.Point, metres float64) orb.Point { return orb.Point{at[0] + metres/96_700, at[1]} }

func reportsOf(t *testing.T, w *world, login string, f report.Filter) []*report.Report {
	t.Helper()
	found, err := postgis.NewReports(w.db).Reports(w.as(t, login), f)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestReportOpensACase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reports := postgis.NewReports(w.db)
	got, err := reports.Create(w.as(t, "west"), newReport(inWest), report.Asked{ClientKey: "k1"})
	if err != nil {
		t.Fatal(err)
	}
	r, in := got.Report, got.Incident
	if !got.Opened || got.Again || r.State != report.Attached || r.IncidentID != in.ID || r.ReporterPhone != "13800000001" || len(r.Tracking) != 12 || r.AreaPath != west || r.Likeness != nil {
		t.Errorf("%+v %+v", got, r)
	}
	if in.State != incident.Reported || in.Severity != 3 || in.Source != "hotline" || in.Category != "09012" || in.Title != r.Title || in.Revision != 1 {
		t.Errorf("case %+v", in)
	}
	again, err := reports.Create(w.as(t, "west"), newReport(inWest), report.Asked{ClientKey: "k1"})
	if err != nil || !again.Again || again.Report.ID != r.ID {
		t.Errorf("a repeat: %+v, %v", again, err)
	}
	tracked, err := reports.Track(t.Context(), r.Tracking[:4]+" "+r.Tracking[4:8]+"-"+r.Tracking[8:])
	if err != nil || tracked.Number != in.Number || tracked.State != incident.Reported || tracked.Title != r.Title {
		t.Errorf("%+v, %v", tracked, err)
	}
	_, err = reports.Track(t.Context(), "")
	wantError(t, err, layers.CodeNotFound, "")
	postgistest.CheckInvariants(t, w.db)
}

func TestReportFiled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reports := postgis.NewReports(w.db)
	got, err := reports.Create(w.as(t, "west"), newReport(inWest), report.Asked{File: true, Severity: 1})
	if err != nil || got.Incident.State != incident.Filed || got.Incident.Severity != 1 || got.Incident.DueAt == nil {
		t.Fatalf("%+v, %v", got, err)
	}
	// Without a category nothing is filed, but reported it is.
	r := newReport(near(inWest, -5000))
	r.Category = ""
	_, err = reports.Create(w.as(t, "west"), r, report.Asked{File: true})
	wantError(t, err, layers.CodeInvalid, "required")
	got, err = reports.Create(w.as(t, "west"), r, report.Asked{})
	if err != nil {
		t.Fatal(err)
	}
	in := w.moveAs(t, "west", got.Incident, incident.MoveAccept)
	_, err = w.incidents.Move(w.as(t, "west"), in.ID, incident.MoveFile, "", in.Revision)
	if e := wantError(t, err, layers.CodeInvalid, "required"); e.Field != "category" {
		t.Errorf("field %q", e.Field)
	}
	in, err = w.incidents.Correct(w.as(t, "west"), in.ID, incident.Correction{Category: new("09012"), Severity: new(incident.Severity(2))}, in.Revision)
	if err != nil || in.Category != "09012" || in.Severity != 2 || in.State != incident.Accepted {
		t.Fatalf("%+v, %v", in, err)
	}
	_, err = w.incidents.Correct(w.as(t, "west"), in.ID, incident.Correction{Category: new("06010")}, in.Revision-1)
	wantError(t, err, layers.CodeConflict, "stale_revision")
	if w.moveAs(t, "west", in, incident.MoveFile).DueAt == nil {
		t.Error("no deadline")
	}
	postgistest.CheckInvariants(t, w.db)
}

func (w *world) moveAs(t *testing.T, login string, in *incident.Incident, m incident.Move) *incident.Incident {
	t.Helper()
	out, err := w.incidents.Move(w.as(t, login), in.ID, m, "因为", in.Revision)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestReportRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reports := postgis.NewReports(w.db)
	cases := []struct {
		name, login   string
		change        func(*report.Report, *report.Asked)
		code          layers.Code
		field, reason string
	}{
		{"viewer", "viewer", func(*report.Report, *report.Asked) {}, layers.CodeForbidden, "", "role"},
		{"a unit files nothing", "unit-w1", func(_ *report.Report, a *report.Asked) { a.File = true }, layers.CodeForbidden, "", "role"},
		{"next town", "west", func(r *report.Report, _ *report.Asked) { r.Point = &inEast }, layers.CodeForbidden, "", "outside_areas"},
		{"abroad", "duty", func(r *report.Report, _ *report.Asked) { r.Point = &abroad }, layers.CodeInvalid, "point", "outside_county"},
		{"category", "duty", func(r *report.Report, _ *report.Asked) { r.Category = "99999" }, layers.CodeInvalid, "category", "unknown_category"},
		{"tomorrow", "duty", func(r *report.Report, _ *report.Asked) { r.SourceTime = new(time.Now().Add(25 * time.Hour)) }, layers.CodeInvalid, "source_time", "in_future"},
		{"severity", "duty", func(_ *report.Report, a *report.Asked) { a.Severity = 4 }, layers.CodeInvalid, "severity", "out_of_range"},
		{"the program's source", "duty", func(r *report.Report, _ *report.Asked) { r.Source, r.SourceID = "cap:x", "1" }, layers.CodeInvalid, "source", "system_value"},
		{"no such case", "duty", func(_ *report.Report, a *report.Asked) { a.IncidentID = 99 }, layers.CodeNotFound, "", ""},
	}
	for _, c := range cases {
		r, asked := newReport(inWest), report.Asked{}
		c.change(r, &asked)
		_, err := reports.Create(w.as(t, c.login), r, asked)
		if e := wantError(t, err, c.code, c.reason); e.Field != c.field {
			t.Errorf("%s: field %q, want %q", c.name, e.Field, c.field)
		}
	}
	if n := queryOne[int](t, w, `SELECT count(*) FROM report`) + queryOne[int](t, w, `SELECT count(*) FROM incident`); n != 0 {
		t.Errorf("%d rows of refused reports", n)
	}
}

// What somebody else told is not read by sending its number again.
func TestRepeatShowsOnlyWhatMayBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reports := postgis.NewReports(w.db)
	send := func(login string, at orb.Point) (*report.Outcome, error) {
		r := newReport(at)
		r.Source, r.SourceID = "12345", "a-1"
		return reports.Create(w.as(t, login), r, report.Asked{})
	}
	first, err := send("west", inWest)
	if err != nil {
		t.Fatal(err)
	}
	for _, login := range []string{"west", "duty"} {
		if again, err := send(login, inWest); err != nil || !again.Again || again.Report.ID != first.Report.ID {
			t.Errorf("%s: %+v, %v", login, again, err)
		}
	}
	_, err = send("unit-w1", inWest)
	wantError(t, err, layers.CodeConflict, "already_exists")
	_, err = send("east", inEast)
	wantError(t, err, layers.CodeConflict, "already_exists")
	if n := queryOne[int](t, w, `SELECT count(*) FROM incident`); n != 1 {
		t.Errorf("%d cases, want one: nothing of a refused report stays", n)
	}
}

// One storm, many callers: who tells of the same thing in like words finds the case that is there, however many come at once.
func TestStormOfReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reports := postgis.NewReports(w.db)
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			r := newReport(near(inWest, float64(i%15)))
			r.ReporterPhone = fmt.Sprint(13800000000 + i)
			if _, err := reports.Create(w.as(t, "west"), r, report.Asked{}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := queryOne[string](t, w, `SELECT count(*) || ' ' || count(DISTINCT incident_id) || ' ' || count(likeness) FROM report WHERE state = 'attached'`); got != "40 1 39" {
		t.Errorf("reports, cases, attached by themselves: %s, want 40 1 39", got)
	}
	first := reportsOf(t, w, "west", report.Filter{Limit: 1})[0]
	if first.Likeness == nil || !first.Likeness.Automatic || len(first.Likeness.Reasons) < 3 {
		t.Errorf("%+v does not say why", first.Likeness)
	}
	// Somebody sees that one is another thing: it gets its own case, the others stay.
	parted, err := reports.Part(w.as(t, "west"), first.ID, nil)
	if err != nil || !parted.Opened || parted.Incident.ID == first.IncidentID || parted.Incident.State != incident.Reported {
		t.Fatalf("%+v, %v", parted, err)
	}
	_, err = reports.Part(w.as(t, "west"), first.ID, nil)
	wantError(t, err, layers.CodeInvalid, "only_report")
	if n := len(reportsOf(t, w, "west", report.Filter{Incident: first.IncidentID})); n != 39 {
		t.Errorf("%d reports stay, want 39", n)
	}
	postgistest.CheckInvariants(t, w.db)
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reports := postgis.NewReports(w.db)
	same := w.create(t, near(inWest, 30)) // filed at a desk, without any report
	far := w.create(t, near(inWest, 900))
	over := w.create(t, inWest)
	w.moveAs(t, "duty", over, incident.MoveVoid)
	subject := report.Subject{Point: &inWest, Category: "09012", Text: same.Title}
	for login, want := range map[string]int{"duty": 1, "west": 1, "east": 0} {
		got, err := reports.Candidates(w.as(t, login), subject, nil, 5)
		if err != nil || len(got) != want {
			t.Fatalf("%s: %+v, %v", login, got, err)
		}
		if want == 1 && (got[0].Incident.ID != same.ID || got[0].Incident.ID == far.ID || len(got[0].Reasons) == 0) {
			t.Errorf("%+v", got[0])
		}
	}
	_, err := reports.Candidates(w.as(t, "viewer"), subject, nil, 5)
	wantError(t, err, layers.CodeForbidden, "role")
	got, err := reports.CandidatesOf(w.as(t, "west"), same.ID, 5)
	if err != nil || len(got) != 0 {
		t.Errorf("a case is alike itself: %+v, %v", got, err)
	}
}

// Outlines that cover each other tell of the same thing, wherever their points are.
func TestCandidatesByOutline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reports := postgis.NewReports(w.db)
	square := func(west float64) orb.MultiPolygon {
		return orb.MultiPolygon{{{{west, 29.75}, {west + 0.002, 29.75}, {west + 0.002, 29.752}, {west, 29.752}, {west, 29.75}}}}
	}
	r := newReport(inWest)
	r.Channel, r.Outline = report.Drone, square(119.64)
	first, err := reports.Create(w.as(t, "west"), r, report.Asked{})
	if err != nil {
		t.Fatal(err)
	}
	for shift, want := range map[float64]int{0.0005: 1, 0.003: 0} {
		got, err := reports.Candidates(w.as(t, "west"), report.Subject{Category: "09012"}, square(119.64+shift), 5)
		if err != nil || len(got) != want || want == 1 && (got[0].IncidentID != first.Incident.ID || got[0].Reasons[0].Params["percent"] != 75) {
			t.Errorf("shifted by %v: %+v, %v", shift, got, err)
		}
	}
}

func TestMergeAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reports := postgis.NewReports(w.db)
	open := func(at orb.Point, phone string) *report.Outcome {
		r := newReport(at)
		r.ReporterPhone = phone
		got, err := reports.Create(w.as(t, "west"), r, report.Asked{})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	a, b := open(inWest, "1"), open(near(inWest, 400), "2")
	extra := newReport(near(inWest, 400))
	extra.ReporterPhone = "3"
	if got, err := reports.Create(w.as(t, "west"), extra, report.Asked{IncidentID: b.Incident.ID}); err != nil || got.Opened {
		t.Fatalf("%+v, %v", got, err)
	}
	state := func() string {
		return queryOne[string](t, w, `SELECT string_agg(id || ':' || coalesce(incident_id::text, '-') || state, ' ' ORDER BY id) || ' ' ||
			(SELECT string_agg(id || state || coalesce(merged_into::text, ''), ' ' ORDER BY id) FROM incident) FROM report`)
	}
	in := w.moveAs(t, "west", b.Incident, incident.MoveAccept)
	before := state()
	_, err := reports.Merge(w.as(t, "west"), in.ID, a.Incident.ID, "", in.Revision, a.Incident.Revision+1)
	wantError(t, err, layers.CodeConflict, "stale_revision")
	_, err = reports.Merge(w.as(t, "west"), in.ID, in.ID, "", in.Revision, in.Revision)
	wantError(t, err, layers.CodeInvalid, "itself")
	_, err = reports.Merge(w.as(t, "east"), in.ID, a.Incident.ID, "", in.Revision, a.Incident.Revision)
	wantError(t, err, layers.CodeNotFound, "")
	kept, err := reports.Merge(w.as(t, "west"), in.ID, a.Incident.ID, "同一件事", in.Revision, a.Incident.Revision)
	if err != nil || kept.ID != a.Incident.ID || kept.Revision != a.Incident.Revision+1 {
		t.Fatalf("%+v, %v", kept, err)
	}
	if n := len(reportsOf(t, w, "west", report.Filter{Incident: kept.ID})); n != 3 {
		t.Errorf("%d reports, want all three with their reporters", n)
	}
	postgistest.CheckInvariants(t, w.db)
	// Who attaches to the merged one means the other.
	late := newReport(inWest)
	late.ReporterPhone = "4"
	if got, err := reports.Create(w.as(t, "west"), late, report.Asked{IncidentID: in.ID}); err != nil || got.Incident.ID != kept.ID {
		t.Fatalf("%+v, %v", got, err)
	}
	w.exec(t, `DELETE FROM report WHERE reporter_phone = '4'`)
	in, err = w.incidents.Incident(w.as(t, "west"), in.ID)
	if err != nil || in.State != incident.Merged || in.MergedInto != kept.ID {
		t.Fatalf("%+v, %v", in, err)
	}
	back, err := reports.Unmerge(w.as(t, "west"), in.ID, "两件事", in.Revision)
	if err != nil || back.State != incident.Accepted || back.MergedInto != 0 {
		t.Fatalf("%+v, %v", back, err)
	}
	if after := state(); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	_, err = reports.Unmerge(w.as(t, "west"), in.ID, "", back.Revision)
	wantError(t, err, layers.CodeInvalid, "impossible_move")
	postgistest.CheckInvariants(t, w.db)
}

// Whose case is over is told: those who ask by themselves at once, who left a number by a call.
func TestReportersAreAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reports := postgis.NewReports(w.db)
	called, err := reports.Create(w.as(t, "west"), newReport(inWest), report.Asked{File: true})
	if err != nil {
		t.Fatal(err)
	}
	citizen := newReport(inWest)
	citizen.Channel = report.Citizen
	asked, err := reports.Create(w.as(t, "west"), citizen, report.Asked{IncidentID: called.Incident.ID})
	if err != nil {
		t.Fatal(err)
	}
	_, err = reports.Answer(w.as(t, "west"), called.Report.ID, "已清理", nil)
	wantError(t, err, layers.CodeInvalid, "impossible_move")
	w.moveAs(t, "west", called.Incident, incident.MoveSelfHandle)
	tracked, err := reports.Track(t.Context(), asked.Report.Tracking)
	if err != nil || tracked.Answer != "因为" || tracked.AnsweredAt == nil || tracked.State != incident.Closed {
		t.Errorf("%+v, %v", tracked, err)
	}
	open := reportsOf(t, w, "west", report.Filter{ToCall: true})
	if len(open) != 1 || open[0].ID != called.Report.ID || open[0].ReporterPhone != "13800000001" {
		t.Fatalf("%+v", open)
	}
	r, err := reports.Answer(w.as(t, "west"), open[0].ID, "已清理", new(true))
	if err != nil || r.State != report.Answered || r.Satisfied == nil || !*r.Satisfied || r.AnsweredAt == nil {
		t.Errorf("%+v, %v", r, err)
	}
	if len(reportsOf(t, w, "west", report.Filter{ToCall: true})) != 0 || len(reportsOf(t, w, "west", report.Filter{Phone: "138 0000 0001"})) != 2 {
		t.Error("the lists of calls to make, or of the caller's reports, are wrong")
	}
	postgistest.CheckInvariants(t, w.db)
}

// A report without a place waits for a person.
func TestReportWithoutPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reports := postgis.NewReports(w.db)
	r := newReport(inWest)
	r.Point = nil
	got, err := reports.Create(w.as(t, "duty"), r, report.Asked{})
	if err != nil || got.Incident != nil || got.Report.State != report.Received {
		t.Fatalf("%+v, %v", got, err)
	}
	citizen := newReport(inWest)
	citizen.Channel, citizen.Point = report.Citizen, nil
	if _, err := reports.Create(auth.WithActor(t.Context(), auth.Citizen("", "")), citizen, report.Asked{}); err != nil {
		t.Fatal(err)
	}
	if n := len(reportsOf(t, w, "duty", report.Filter{State: report.Received})); n != 2 {
		t.Errorf("the county's duty officer sees %d of 2", n)
	}
	_, err = reports.Part(w.as(t, "duty"), got.Report.ID, nil)
	wantError(t, err, layers.CodeInvalid, "required")
	if _, err := reports.Part(w.as(t, "duty"), got.Report.ID, &inWest); err != nil {
		t.Error(err)
	}
	other, err := reports.Create(w.as(t, "duty"), r, report.Asked{})
	if err != nil {
		t.Fatal(err)
	}
	if done, err := reports.Dismiss(w.as(t, "duty"), other.Report.ID, "打错了"); err != nil || done.State != report.Dismissed || done.Answer != "打错了" {
		t.Errorf("%+v, %v", done, err)
	}
	postgistest.CheckInvariants(t, w.db)
}

// Where nobody writes why a case is closed, its reporters read what the unit says it did.
func TestReportersReadWhatTheUnitDid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reports := postgis.NewReports(w.db)
	citizen := newReport(inWest)
	citizen.Channel = report.Citizen
	asked, err := reports.Create(w.as(t, "west"), citizen, report.Asked{File: true})
	if err != nil {
		t.Fatal(err)
	}
	w.work(t, w.dispatch(t, asked.Incident.ID, 1), task.MoveAcknowledge, task.MoveArrive, task.MoveDone)
	in := w.incident(t, asked.Incident.ID)
	if _, err := w.incidents.Move(w.as(t, "west"), in.ID, incident.MovePass, "", in.Revision); err != nil {
		t.Fatal(err)
	}
	if tracked, err := reports.Track(t.Context(), asked.Report.Tracking); err != nil || tracked.Answer != "理由" || tracked.State != incident.Closed {
		t.Errorf("%+v, %v", tracked, err)
	}
}

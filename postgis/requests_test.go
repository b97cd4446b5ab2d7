package postgis_test

import (
	"testing"
	"time"

	"wanglou/layers"
	limits "wanglou/layers/clock"
	"wanglou/layers/incident"
	"wanglou/layers/report"
	"wanglou/layers/request"
	"wanglou/layers/task"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

var (
	_ request.Service = (*postgis.Requests)(nil)
	_ incident.Flow   = (*postgis.Incidents)(nil)
)

func hours(n float64) *limits.Limit { return &limits.Limit{Kind: limits.UrgentHour, Amount: n} }

func (w *world) ask(t testing.TB, login string, id int64, a request.Ask) *request.Request {
	t.Helper()
	r, err := postgis.NewRequests(w.db).Ask(w.as(t, login), id, &a)
	if err != nil {
		t.Fatalf("%s asks: %v", login, err)
	}
	return r
}

func (w *world) decide(t testing.TB, login string, r *request.Request, d request.Decision) *request.Request {
	t.Helper()
	d.Revision = r.Revision
	out, err := postgis.NewRequests(w.db).Move(w.as(t, login), r.IncidentID, r.ID, &d)
	if err != nil {
		t.Fatalf("%s: %s: %v", login, d.Move, err)
	}
	return out
}

// More time is asked for, granted in part, and moves the deadline; it is as often as the rules allow.
func TestExtension(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := postgis.NewRequests(w.db)
	w.exec(t, `UPDATE flow_rule SET max_extensions = 1; DELETE FROM time_limit WHERE stage = 'handling'; INSERT INTO time_limit (stage, kind, amount) VALUES ('handling', 'urgent_hour', 2)`)
	in := w.create(t, inWest)
	ask := request.Ask{Kind: request.Extension, Reason: "等待配件", Limit: hours(4)}
	_, err := service.Ask(w.as(t, "duty"), in.ID, &ask)
	wantError(t, err, layers.CodeInvalid, "impossible_move") // nobody was sent
	k := w.dispatch(t, in.ID, 1)
	for login, code := range map[string]layers.Code{"viewer": layers.CodeForbidden, "boss": layers.CodeForbidden, "unit-w2": layers.CodeForbidden, "unit-e1": layers.CodeNotFound, "east": layers.CodeNotFound} {
		if _, err := service.Ask(w.as(t, login), in.ID, &ask); layers.ErrorCode(err) != code {
			t.Errorf("%s asks: %v, want %s", login, err, code)
		}
	}
	r := w.ask(t, "unit-w1", in.ID, ask)
	if r.State != request.Asked || r.UnitID != 1 || r.UnitName != "西一队" || r.Limit.Amount != 4 || r.Number != in.Number {
		t.Errorf("asked %+v", r)
	}
	if now := w.incident(t, in.ID); now.Asks != 1 || !now.DueAt.Equal(*in.DueAt) {
		t.Errorf("asked: %+v", now)
	}
	_, err = service.Ask(w.as(t, "anna"), in.ID, &ask)
	wantError(t, err, layers.CodeConflict, "already_asked")
	for login, code := range map[string]layers.Code{"anna": layers.CodeForbidden, "unit-w1": layers.CodeForbidden, "boss": layers.CodeForbidden, "east": layers.CodeNotFound} {
		if _, err := service.Move(w.as(t, login), in.ID, r.ID, &request.Decision{Move: request.MoveGrant, Revision: r.Revision}); layers.ErrorCode(err) != code {
			t.Errorf("%s grants: %v, want %s", login, err, code)
		}
	}
	_, err = service.Move(w.as(t, "duty"), in.ID, r.ID, &request.Decision{Move: request.MoveGrant, Revision: 7})
	wantError(t, err, layers.CodeConflict, "stale_revision")
	_, err = service.Move(w.as(t, "duty"), in.ID, r.ID, &request.Decision{Move: request.MoveGrant, Limit: hours(5), Revision: r.Revision})
	wantError(t, err, layers.CodeInvalid, "more_than_asked")
	r = w.decide(t, "west", r, request.Decision{Move: request.MoveGrant, Limit: hours(3)})
	if r.State != request.Granted || r.Granted.Amount != 3 || r.EndedAt == nil {
		t.Errorf("granted %+v", r)
	}
	now := w.incident(t, in.ID)
	if now.Asks != 0 || !now.DueAt.Equal(in.DueAt.Add(3*time.Hour)) || !now.AmberAt.Equal(in.AmberAt.Add(3*time.Hour*8/10)) {
		t.Errorf("due %v, was %v", now.DueAt, in.DueAt)
	}
	if n, err := w.incidents.RecomputeDeadlines(t.Context()); err != nil || n != 0 {
		t.Errorf("the log says otherwise: %d, %v", n, err)
	}
	_, err = service.Ask(w.as(t, "unit-w1"), in.ID, &ask)
	wantError(t, err, layers.CodeConflict, "too_many_extensions")
	if got := w.moves(t, in.ID); got[len(got)-1] != "extension.grant" || got[len(got)-2] != "extension.ask" {
		t.Errorf("log %v", got)
	}
	if n := queryOne[int](t, w, `SELECT count(*) FROM audit_log WHERE action LIKE 'flow.%'`); n != 2 {
		t.Errorf("%d audit rows", n)
	}
	if st, err := w.incidents.Statistics(w.as(t, "duty")); err != nil || st.ClosingMonth.Due != 0 {
		t.Errorf("%+v, %v", st, err)
	}
	if n := queryOne[int](t, w, `SELECT count(*) FROM case_request_log`); n != 2 {
		t.Errorf("%d rows", n)
	}
	if _, err := w.db.Pool.Exec(t.Context(), `UPDATE case_request_log SET reason = ''`); err == nil || !contains(err, "append-only") {
		t.Errorf("the log is rewritten: %v", err)
	}
	w.work(t, k, task.MoveReturn)
	w.exec(t, `UPDATE task SET ended_at = now() - interval '9 days'`)
	if got, err := service.OfIncident(w.as(t, "unit-w1"), in.ID); err != nil || len(got) != 1 { // a past task is enough
		t.Errorf("%+v, %v", got, err)
	}
}

func TestSuspensionStopsTheClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inWest)
	k := w.work(t, w.dispatch(t, in.ID, 1), task.MoveAcknowledge)
	r := w.ask(t, "unit-w1", in.ID, request.Ask{Kind: request.Suspension, Reason: "等待许可"})
	r = w.decide(t, "duty", r, request.Decision{Move: request.MoveRefuse, Reason: "先围挡"})
	if r.State != request.Refused || r.Answer != "先围挡" || w.incident(t, in.ID).State != incident.Handling {
		t.Errorf("refused %+v", r)
	}
	r = w.ask(t, "unit-w1", in.ID, request.Ask{Kind: request.Suspension, Reason: "等待许可"})
	w.decide(t, "duty", r, request.Decision{Move: request.MoveGrant})
	if now := w.incident(t, in.ID); now.State != incident.Suspended || now.DueAt != nil || now.Asks != 0 {
		t.Errorf("suspended: %+v", now)
	}
	withdrawn := func() error {
		_, err := postgis.NewRequests(w.db).Ask(w.as(t, "unit-w1"), in.ID, &request.Ask{Kind: request.Suspension, Reason: "再次"})
		return err
	}
	wantError(t, withdrawn(), layers.CodeInvalid, "impossible_move")
	w.work(t, k, task.MoveArrive, task.MoveDone)
}

// What nobody has to decide any more waits for nobody.
func TestRequestsEndWithTheirCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inWest)
	k := w.dispatch(t, in.ID, 1)
	w.ask(t, "unit-w1", in.ID, request.Ask{Kind: request.Extension, Reason: "等待配件", Limit: hours(4)})
	w.ask(t, "boss", in.ID, request.Ask{Kind: request.Supervision, Reason: "今日办结"})
	w.work(t, k, task.MoveAcknowledge, task.MoveArrive, task.MoveDone)
	if _, err := w.incidents.Move(w.as(t, "duty"), in.ID, incident.MovePass, "", w.incident(t, in.ID).Revision); err != nil {
		t.Fatal(err)
	}
	open, err := postgis.NewRequests(w.db).Requests(w.as(t, "duty"), request.Filter{Open: true})
	if now := w.incident(t, in.ID); err != nil || len(open) != 1 || open[0].Kind != request.Supervision || now.Asks != 0 || now.Supervised != 1 {
		t.Fatalf("%+v, %v; %+v", open, err, now)
	}
	w.decide(t, "boss", open[0], request.Decision{Move: request.MoveClose, Reason: "已办结"})
	postgistest.CheckInvariants(t, w.db)
}

// A supervision is answered, sent back, answered again and closed; while it is not answered its level rises.
func TestSupervision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := postgis.NewRequests(w.db)
	in := w.create(t, inWest)
	w.dispatch(t, in.ID, 1)
	ask := request.Ask{Kind: request.Supervision, Reason: "今日办结", UnitID: 1, Limit: hours(2)}
	for login, code := range map[string]layers.Code{"duty": layers.CodeForbidden, "unit-w1": layers.CodeForbidden, "east": layers.CodeNotFound} {
		if _, err := service.Ask(w.as(t, login), in.ID, &ask); layers.ErrorCode(err) != code {
			t.Errorf("%s supervises: %v, want %s", login, err, code)
		}
	}
	r := w.ask(t, "boss", in.ID, ask)
	if r.Level != 1 || r.DueAt == nil || w.incident(t, in.ID).Supervised != 1 {
		t.Errorf("%+v", r)
	}
	if n, err := service.Overdue(t.Context(), r.DueAt.Add(-time.Second)); n != 0 || err != nil {
		t.Errorf("escalated before its time: %d, %v", n, err)
	}
	late := r.DueAt.Add(time.Second)
	for range 2 { // once a deadline
		if _, err := service.Overdue(t.Context(), late); err != nil {
			t.Fatal(err)
		}
	}
	all, err := service.Requests(w.as(t, "viewer"), request.Filter{Kind: request.Supervision, Open: true})
	if err != nil || len(all) != 1 || all[0].Level != 2 || all[0].Overdue != 1 || !all[0].DueAt.Equal(late.Add(2*time.Hour).Truncate(time.Microsecond)) || w.incident(t, in.ID).Supervised != 2 {
		t.Fatalf("%+v, %v", all[0], err)
	}
	r = all[0]
	_, err = service.Move(w.as(t, "boss"), in.ID, r.ID, &request.Decision{Move: request.MoveAnswer, Reason: "x", Revision: r.Revision})
	wantError(t, err, layers.CodeForbidden, "role")
	r = w.decide(t, "unit-w1", r, request.Decision{Move: request.MoveAnswer, Reason: "已到场"})
	r = w.decide(t, "boss", r, request.Decision{Move: request.MoveSendBack, Reason: "何时办结"})
	r = w.decide(t, "anna", r, request.Decision{Move: request.MoveAnswer, Reason: "17 时前"})
	if r.Answer != "17 时前" {
		t.Errorf("%+v", r)
	}
	r = w.decide(t, "boss", r, request.Decision{Move: request.MoveClose})
	if now := w.incident(t, in.ID); r.State != request.Closed || now.Supervised != 0 || now.State != incident.Dispatched {
		t.Errorf("%+v %+v", r, now)
	}
	for login, want := range map[string]int{"viewer": 1, "west": 1, "unit-w1": 1, "east": 0, "unit-e1": 0} {
		if got, err := service.Requests(w.as(t, login), request.Filter{}); err != nil || len(got) != want {
			t.Errorf("%s lists %d, %v", login, len(got), err)
		}
	}
}

func TestUrge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := postgis.NewRequests(w.db)
	in := w.create(t, inWest)
	wantError(t, service.Urge(w.as(t, "duty"), in.ID, "请加快"), layers.CodeConflict, "nobody_sent")
	w.dispatch(t, in.ID, 1)
	wantError(t, service.Urge(w.as(t, "viewer"), in.ID, "请加快"), layers.CodeForbidden, "role")
	wantError(t, service.Urge(w.as(t, "unit-w1"), in.ID, "请加快"), layers.CodeForbidden, "role")
	wantError(t, service.Urge(w.as(t, "duty"), in.ID, " "), layers.CodeInvalid, "required")
	if err := service.Urge(w.as(t, "boss"), in.ID, "请加快"); err != nil {
		t.Fatal(err)
	}
	wantError(t, service.Urge(w.as(t, "duty"), in.ID, "请加快"), layers.CodeConflict, "urged_lately")
	got, err := postgis.NewMessages(w.db).Messages(w.as(t, "unit-w1"), in.ID, 0)
	if now := w.incident(t, in.ID); err != nil || len(got) != 1 || got[0].Text != "【催办】请加快" || now.Urges != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// A case closed late is a deduction; an appeal that is upheld changes what is counted, and nothing that was written.
func TestAppeal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := postgis.NewRequests(w.db)
	counted := func() string { return queryOne[string](t, w, `SELECT closing || ' ' || counted FROM case_closing`) }
	in := w.create(t, inWest)
	k := w.work(t, w.dispatch(t, in.ID, 1), task.MoveAcknowledge, task.MoveArrive)
	w.exec(t, `DELETE FROM time_limit; INSERT INTO time_limit (stage, kind, amount) VALUES ('handling', 'urgent_hour', 0.05)`)
	w.exec(t, `ALTER TABLE incident_log DISABLE TRIGGER append_only; UPDATE incident_log SET source_time = source_time - interval '1 hour'; ALTER TABLE incident_log ENABLE TRIGGER append_only`)
	w.work(t, k, task.MoveDone)
	now := w.incident(t, in.ID)
	closed, err := w.incidents.Move(w.as(t, "duty"), in.ID, incident.MovePass, "", now.Revision)
	if err != nil || closed.Closing != incident.ClosedOverdue || counted() != "overdue overdue" {
		t.Fatalf("%+v, %v", closed, err)
	}
	ask := request.Ask{Kind: request.Appeal, Reason: "派遣时已超时"}
	if _, err := service.Ask(w.as(t, "unit-w2"), in.ID, &ask); layers.ErrorCode(err) != layers.CodeForbidden {
		t.Errorf("another unit appeals: %v", err)
	}
	_, err = service.Ask(w.as(t, "unit-w1"), in.ID, &request.Ask{Kind: request.Appeal, Reason: "x", Attachments: []int64{99}})
	wantError(t, err, layers.CodeInvalid, "unknown_value")
	r := w.ask(t, "unit-w1", in.ID, ask)
	if got := w.incident(t, in.ID); got.ClosedAt == nil || !got.ClosedAt.Equal(*closed.ClosedAt) || got.Asks != 1 {
		t.Errorf("an appeal opens the case: %+v", got)
	}
	if st, err := w.incidents.Statistics(w.as(t, "duty")); err != nil || st.ClosingMonth != (incident.ClosingFigures{Due: 1, Closed: 1}) {
		t.Errorf("%+v, %v", st, err)
	}
	log := queryOne[string](t, w, `SELECT string_agg(l::text, ' ' ORDER BY id) FROM incident_log l WHERE move = 'pass'`)
	w.decide(t, "duty", r, request.Decision{Move: request.MoveGrant, Reason: "情况属实"})
	if st, err := w.incidents.Statistics(w.as(t, "duty")); err != nil || st.ClosingMonth != (incident.ClosingFigures{Due: 1, Closed: 1, OnTime: 1}) {
		t.Errorf("the figures count what they counted: %+v, %v", st, err)
	}
	if got := counted(); got != "overdue normal" {
		t.Errorf("counted %s", got)
	}
	if log != queryOne[string](t, w, `SELECT string_agg(l::text, ' ' ORDER BY id) FROM incident_log l WHERE move = 'pass'`) || w.incident(t, in.ID).Closing != incident.ClosedOverdue {
		t.Error("an appeal rewrites the log")
	}
	_, err = service.Ask(w.as(t, "unit-w1"), in.ID, &ask)
	wantError(t, err, layers.CodeConflict, "already_decided")
	w.exec(t, `UPDATE case_request SET state = 'withdrawn'; UPDATE incident SET closed_at = now() - interval '6 days'`)
	_, err = service.Ask(w.as(t, "unit-w1"), in.ID, &ask)
	wantError(t, err, layers.CodeConflict, "appeal_late")
	w.exec(t, `UPDATE incident SET closing = 'normal', closed_at = now()`)
	_, err = service.Ask(w.as(t, "unit-w1"), in.ID, &ask)
	wantError(t, err, layers.CodeConflict, "no_deduction")
}

// Whoever holds a case acts on it, and those above; those below see it; a neighbour sees nothing.
func TestHops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inWest)
	hop := func(login string, h incident.Hop, reason string) (*incident.Incident, error) {
		return w.incidents.Hop(w.as(t, login), in.ID, h, reason, w.incident(t, in.ID).Revision)
	}
	_, err := hop("west", incident.HopUp, "")
	wantError(t, err, layers.CodeInvalid, "required")
	_, err = hop("west", incident.HopTake, "")
	wantError(t, err, layers.CodeConflict, "not_handed")
	_, err = hop("west", incident.HopDown, "无村级")
	wantError(t, err, layers.CodeInvalid, "no_level")
	_, err = hop("anna", incident.HopUp, "x")
	wantError(t, err, layers.CodeForbidden, "role")
	up, err := hop("west", incident.HopUp, "力量不足")
	if err != nil || up.Holder() != county || up.DueAt == nil {
		t.Fatalf("%+v, %v", up, err)
	}
	if !up.DueAt.Before(*in.DueAt) {
		t.Errorf("the hop's clock is not shown: %v, %v", up.DueAt, in.DueAt)
	}
	_, err = w.incidents.Move(w.as(t, "west"), in.ID, incident.MoveVoid, "x", up.Revision)
	wantError(t, err, layers.CodeForbidden, "outside_areas")
	if _, err := w.incidents.Incident(w.as(t, "west"), in.ID); err != nil {
		t.Errorf("the town does not see it any more: %v", err)
	}
	if _, err := w.incidents.Incident(w.as(t, "east"), in.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("a neighbour sees it: %v", err)
	}
	if taken, err := hop("duty", incident.HopTake, ""); err != nil || taken.Holder() != county || !taken.DueAt.Equal(*in.DueAt) {
		t.Errorf("%+v, %v", taken, err)
	}
	if down, err := hop("duty", incident.HopDown, "属地处置"); err != nil || down.Holder() != west || down.HolderPath != "" {
		t.Errorf("%+v, %v", down, err)
	}
	if _, err := hop("west", incident.HopTake, ""); err != nil {
		t.Error(err)
	}
	if n, err := w.incidents.RecomputeDeadlines(t.Context()); err != nil || n != 0 {
		t.Errorf("the log says otherwise: %d, %v", n, err)
	}
}

// The filing condition picks the limit, before category, area and severity.
func TestFilingCondition(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(t, `DELETE FROM time_limit; INSERT INTO time_limit (stage, standard, category, severity, area_path, condition, kind, amount) VALUES
		('handling', '', '', 2, '', '', 'urgent_hour', 9), ('handling', '', '', 0, '330122', '', 'urgent_hour', 8), ('handling', '', '', 0, '330122.330122001', '', 'urgent_hour', 7),
		('handling', 'gbt47678.5-2026', '09012', 0, '', '', 'urgent_hour', 6), ('handling', 'gbt47678.5-2026', '09012', 0, '', 'blocked', 'urgent_hour', 1)`)
	due := func(at *incident.Incident) float64 { return at.DueAt.Sub(at.CreatedAt).Hours() }
	near := func(got, want float64) bool { return got > want-0.01 && got < want+0.01 }
	if in := w.create(t, inWest); !near(due(in), 6) {
		t.Errorf("by category: %v", due(in))
	}
	n := newIncident(inWest)
	n.Condition = "blocked"
	in, err := w.incidents.Create(w.as(t, "duty"), n, "")
	if err != nil || in.Condition != "blocked" || !near(due(in), 1) {
		t.Fatalf("by condition: %+v, %v", in, err)
	}
	if c, err := w.incidents.ConditionOf(w.as(t, "duty"), in); err != nil || c == nil || c.Closing == "" {
		t.Errorf("%+v, %v", c, err)
	}
	n.Condition = "large" // another category's
	_, err = w.incidents.Create(w.as(t, "duty"), n, "")
	wantError(t, err, layers.CodeInvalid, "unknown_value")
	n.Condition, n.Category = "", "06010"
	if in, err = w.incidents.Create(w.as(t, "duty"), n, ""); err != nil || !near(due(in), 7) {
		t.Errorf("by area: %+v, %v", in, err)
	}
	if all, err := w.incidents.ConditionsFor(w.as(t, "duty"), in); err != nil || len(all) != 2 {
		t.Errorf("%+v, %v", all, err)
	}
	// So is a call that is filed at once, and nothing else of it is.
	calls, called := postgis.NewReports(w.db), newReport(inWest)
	called.Category = "09012"
	if got, err := calls.Create(w.as(t, "west"), called, report.Asked{File: true, Severity: 2, Condition: "blocked"}); err != nil || got.Incident.Condition != "blocked" || !near(due(got.Incident), 1) {
		t.Errorf("by a call's condition: %+v, %v", got, err)
	}
	_, err = calls.Create(w.as(t, "west"), called, report.Asked{Condition: "blocked"})
	wantError(t, err, layers.CodeInvalid, "unknown_field")
	// A report is filed under one.
	n.State, n.Category = incident.Reported, "09012"
	in, err = w.incidents.Create(w.as(t, "duty"), n, "")
	if err != nil {
		t.Fatal(err)
	}
	in, err = w.incidents.Move(w.as(t, "duty"), in.ID, incident.MoveAccept, "", in.Revision)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.incidents.Move(w.as(t, "duty"), in.ID, incident.MoveFile, "", in.Revision, incident.With{Closing: incident.ClosedError})
	wantError(t, err, layers.CodeInvalid, "unknown_field")
	if in, err = w.incidents.Move(w.as(t, "duty"), in.ID, incident.MoveFile, "", in.Revision, incident.With{Condition: "blocked"}); err != nil || in.Condition != "blocked" {
		t.Errorf("%+v, %v", in, err)
	}
}

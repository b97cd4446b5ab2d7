package postgis_test

import (
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/incident"
	"wanglou/layers/plan"
	"wanglou/layers/task"
	"wanglou/postgis"
)

var _ plan.Service = (*postgis.Plans)(nil)

func fireLane() *plan.Content {
	return &plan.Content{Title: "消防通道占用处置", TitleEN: "Blocked fire lane", Standard: "gbt47678.5-2026", Category: "09", Severity: 2, Steps: []plan.Step{
		{Who: "dispatcher", What: "通知消防", Minutes: 5, Required: true}, {Who: "team", What: "拍照取证"},
	}}
}

// published stores a plan and publishes it.
func (w *world) published(t testing.TB, c *plan.Content) *plan.Stored {
	t.Helper()
	s := postgis.NewPlans(w.db)
	p, err := s.Save(w.as(t, "admin"), &plan.Stored{Kind: plan.Plan, Draft: c})
	if err == nil {
		p, err = s.Publish(w.as(t, "admin"), p.ID, p.Revision)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlansAreDraftedAndPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewPlans(w.db)
	_, err := s.Save(w.as(t, "duty"), &plan.Stored{Kind: plan.Plan, Draft: fireLane()})
	wantError(t, err, layers.CodeForbidden, "role")
	_, err = s.Save(w.as(t, "admin"), &plan.Stored{Kind: plan.Plan})
	wantError(t, err, layers.CodeInvalid, "required")
	p, err := s.Save(w.as(t, "admin"), &plan.Stored{Kind: plan.Plan, Draft: fireLane()})
	if err != nil || p.Version != 0 || p.Draft == nil || p.Published != nil || p.SavedBy != "管理" {
		t.Fatalf("%+v, %v", p, err)
	}
	if all, err := s.Plans(w.as(t, "duty")); err != nil || len(all) != 0 {
		t.Errorf("a draft is shown: %+v, %v", all, err)
	}
	p, err = s.Publish(w.as(t, "admin"), p.ID, p.Revision)
	if err != nil || p.Version != 1 || p.Draft != nil || p.Published.Title != "消防通道占用处置" || len(p.Published.Steps) != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	_, err = s.Publish(w.as(t, "admin"), p.ID, p.Revision)
	wantError(t, err, layers.CodeConflict, "no_draft")
	_, err = s.Publish(w.as(t, "admin"), p.ID, p.Revision-1)
	wantError(t, err, layers.CodeConflict, "stale_revision")
	p.Draft = fireLane()
	p.Draft.Title = "新版"
	p, err = s.Save(w.as(t, "admin"), p)
	if err != nil || p.Version != 1 || p.Published.Title != "消防通道占用处置" || p.Draft.Title != "新版" {
		t.Fatalf("%+v, %v", p, err)
	}
	if all, err := s.Plans(w.as(t, "duty")); err != nil || len(all) != 1 || all[0].Draft != nil {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := w.db.Pool.Exec(t.Context(), `UPDATE plan_version SET content = '{}' WHERE published_at IS NOT NULL`); err == nil || !contains(err, "kept as it was written") {
		t.Errorf("a published version is rewritten: %v", err)
	}
	if p, err = s.Retire(w.as(t, "admin"), p.ID, p.Revision, true); err != nil || !p.Retired {
		t.Errorf("%+v, %v", p, err)
	}
	if w.create(t, inWest); queryOne[int](t, w, `SELECT count(*) FROM case_plan`) != 0 {
		t.Error("a retired plan fires")
	}
	p.Kind = plan.Template
	p.Draft = &plan.Content{Title: "x", Standard: "gbt47678.5-2026", Category: "09012", Severity: 2}
	_, err = s.Save(w.as(t, "admin"), p)
	wantError(t, err, layers.CodeInvalid, "unknown_value")
}

// A plan fires when a case of its kind is filed, or becomes serious enough; it keeps its version; its steps are ticked.
func TestAPlanFires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewPlans(w.db)
	p := w.published(t, fireLane())
	in := w.create(t, inWest)
	fired, err := s.Fired(w.as(t, "viewer"), in.ID)
	if err != nil || len(fired) != 1 || fired[0].Version != 1 || len(fired[0].Steps) != 2 || fired[0].Steps[0].DueAt == nil || fired[0].Steps[1].DueAt != nil {
		t.Fatalf("%+v, %v", fired, err)
	}
	if got := w.moves(t, in.ID); got[len(got)-1] != "plan.fire" {
		t.Errorf("log %v", got)
	}
	if _, err := s.Fired(w.as(t, "east"), in.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("a neighbour reads it: %v", err)
	}
	other, err := w.incidents.Create(w.as(t, "duty"), &incident.Incident{Title: "垃圾", Category: "06010", Severity: 1, Point: inWest}, "")
	if err != nil || len(must(s.Fired(w.as(t, "duty"), other.ID))) != 0 {
		t.Errorf("it fires for another category: %v", err)
	}
	mild := newIncident(inWest)
	mild.Severity = 3
	mild, err = w.incidents.Create(w.as(t, "duty"), mild, "")
	if err != nil || len(must(s.Fired(w.as(t, "duty"), mild.ID))) != 0 {
		t.Errorf("it fires for what is not serious: %v", err)
	}
	if _, err := w.incidents.Correct(w.as(t, "duty"), mild.ID, incident.Correction{Severity: new(incident.Severity(1))}, mild.Revision); err != nil || len(must(s.Fired(w.as(t, "duty"), mild.ID))) != 1 {
		t.Errorf("it does not fire for what became serious: %v", err)
	}

	// A new version is for new cases.
	p.Draft = fireLane()
	p.Draft.Steps = p.Draft.Steps[:1]
	if p, err = s.Save(w.as(t, "admin"), p); err == nil {
		_, err = s.Publish(w.as(t, "admin"), p.ID, p.Revision)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := must(s.Fired(w.as(t, "duty"), in.ID)); got[0].Version != 1 || len(got[0].Steps) != 2 {
		t.Errorf("the case has another version: %+v", got[0])
	}
	if got := must(s.Fired(w.as(t, "duty"), w.create(t, inWest).ID)); got[0].Version != 2 || len(got[0].Steps) != 1 {
		t.Errorf("a new case has the old version: %+v", got[0])
	}

	// Whoever works on the case ticks; it is closed with a reason while something required is open.
	step := fired[0].Steps[0].ID
	wantError(t, s.Tick(w.as(t, "viewer"), in.ID, step, true, ""), layers.CodeForbidden, "role")
	wantError(t, s.Tick(w.as(t, "unit-w1"), in.ID, step, true, ""), layers.CodeForbidden, "role") // not sent yet
	if err := s.Tick(w.as(t, "duty"), in.ID, step+1000, true, ""); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("no such step: %v", err)
	}
	k := w.work(t, w.dispatch(t, in.ID, 1), task.MoveAcknowledge, task.MoveArrive)
	before := w.incident(t, in.ID)
	if err := s.Tick(w.as(t, "unit-w1"), in.ID, step, true, "已电话"); err != nil {
		t.Fatal(err)
	}
	wantError(t, s.Tick(w.as(t, "duty"), in.ID, step, true, ""), layers.CodeConflict, "already_ticked")
	got := must(s.Fired(w.as(t, "duty"), in.ID))[0].Steps[0]
	if now := w.incident(t, in.ID); got.DoneAt == nil || got.DoneBy != "西一队员" || got.Note != "已电话" || now.Revision != before.Revision || !now.UpdatedAt.After(before.UpdatedAt) {
		t.Errorf("%+v", got)
	}
	if err := s.Tick(w.as(t, "duty"), in.ID, step, false, ""); err != nil {
		t.Fatal(err)
	}
	w.work(t, k, task.MoveDone)
	now := w.incident(t, in.ID)
	_, err = w.incidents.Move(w.as(t, "duty"), in.ID, incident.MovePass, "", now.Revision)
	wantError(t, err, layers.CodeInvalid, "steps_open")
	if _, err := w.incidents.Move(w.as(t, "duty"), in.ID, incident.MovePass, "消防已自行到场", now.Revision); err != nil {
		t.Error(err)
	}
	wantError(t, s.Tick(w.as(t, "duty"), in.ID, step, true, ""), layers.CodeInvalid, "closed")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A joint order has one deadline; the case waits for all of its parts, or its lead says why not.
func TestJointOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inWest)
	due := time.Now().Add(20 * time.Minute).Truncate(time.Microsecond)
	j := &task.Joint{Lead: 1, Co: []int64{2, 4}, Note: "联合处置", DueAt: &due}
	_, err := w.tasks.DispatchJoint(w.as(t, "anna"), in.ID, j, in.Revision)
	wantError(t, err, layers.CodeConflict, "unit_not_available") // and nobody is sent
	if n := queryOne[int](t, w, `SELECT count(*) FROM task`); n != 0 {
		t.Fatalf("%d of the units were sent", n)
	}
	j.Co = []int64{2}
	_, err = w.tasks.DispatchJoint(w.as(t, "viewer"), in.ID, j, in.Revision)
	wantError(t, err, layers.CodeForbidden, "role")
	_, err = w.tasks.DispatchJoint(w.as(t, "anna"), in.ID, &task.Joint{Lead: 1, Co: []int64{2}}, in.Revision)
	wantError(t, err, layers.CodeInvalid, "required")
	sent, err := w.tasks.DispatchJoint(w.as(t, "anna"), in.ID, j, in.Revision)
	if err != nil || len(sent) != 2 || sent[0].Part != task.Lead || sent[1].Part != task.Co || !sent[1].DueAt.Equal(due) {
		t.Fatalf("%+v, %v", sent, err)
	}
	if now := w.incident(t, in.ID); now.DueAt == nil || !now.DueAt.Equal(due) { // earlier than the case's own
		t.Errorf("due %v, want %v", now.DueAt, due)
	}
	lead := w.work(t, sent[0], task.MoveAcknowledge, task.MoveArrive)
	co := w.work(t, sent[1], task.MoveAcknowledge, task.MoveArrive)
	_, err = w.tasks.Move(w.as(t, "unit-w2"), co.ID, task.MoveConclude, "x", co.Revision)
	wantError(t, err, layers.CodeInvalid, "not_lead")
	w.checkInvariants(t)
	w.work(t, lead, task.MoveConclude)
	now := w.incident(t, in.ID)
	if k, err := w.tasks.Task(w.as(t, "duty"), co.ID); err != nil || k.State != task.CalledOff || now.State != incident.Checking || w.unitStatus(t, 2) != "available" {
		t.Errorf("%+v, %v; the case is %s", k, err, now.State)
	}
	w.checkInvariants(t)
	if n, err := w.incidents.RecomputeDeadlines(t.Context()); err != nil || n != 0 {
		t.Errorf("the log says otherwise: %d, %v", n, err)
	}

	// All done by themselves.
	in = w.create(t, inWest)
	if sent, err = w.tasks.DispatchJoint(w.as(t, "anna"), in.ID, j, in.Revision); err != nil {
		t.Fatal(err)
	}
	w.work(t, sent[0], task.MoveAcknowledge, task.MoveArrive, task.MoveDone)
	if got := w.incident(t, in.ID); got.State != incident.Handling {
		t.Errorf("the case does not wait: %s", got.State)
	}
	w.work(t, sent[1], task.MoveAcknowledge, task.MoveArrive, task.MoveDone)
	if got := w.incident(t, in.ID); got.State != incident.Checking {
		t.Errorf("the case is %s", got.State)
	}
}

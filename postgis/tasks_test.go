package postgis_test

import (
	"testing"

	"wanglou/layers"
	"wanglou/layers/incident"
	"wanglou/layers/task"
	"wanglou/postgis"
)

var _ task.Service = (*postgis.Tasks)(nil)

// TestDispatchStory is the main job: a case is created, a unit is sent, goes, works and feeds back, the case is closed.
func TestDispatchStory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inWest)
	k, err := w.tasks.Dispatch(w.as(t, "anna"), in.ID, 1, " 带上锁车器 ", in.Revision)
	if err != nil {
		t.Fatal(err)
	}
	want := task.Task{
		ID: k.ID, IncidentID: in.ID, UnitID: 1, UnitName: "西一队", State: task.Dispatched, AreaPath: west, Note: "带上锁车器",
		DispatchedAt: k.DispatchedAt, Revision: 1,
	}
	if *k != want || k.DispatchedAt.IsZero() {
		t.Errorf("sent %+v; want %+v", *k, want)
	}

	for _, step := range []struct {
		move     task.Move
		state    task.State
		incident incident.State
		unit     string
	}{
		{"", task.Dispatched, incident.Dispatched, "dispatched"},
		{task.MoveAcknowledge, task.Acknowledged, incident.Handling, "acknowledged"},
		{task.MoveRespond, task.Responding, incident.Handling, "responding"},
		{task.MoveArrive, task.OnScene, incident.Handling, "on_scene"},
		{task.MoveDone, task.Done, incident.Checking, "available"},
	} {
		if step.move != "" {
			k = w.work(t, k, step.move)
		}
		got := w.incident(t, in.ID)
		if k.State != step.state || got.State != step.incident || w.unitStatus(t, 1) != step.unit {
			t.Errorf("after %q: task %s, incident %s, unit %s; want %+v", step.move, k.State, got.State, w.unitStatus(t, 1), step)
		}
	}
	if k.AcknowledgedAt == nil || k.RespondingAt == nil || k.OnSceneAt == nil || k.EndedAt == nil || k.Result != "理由" || k.Revision != 5 {
		t.Errorf("the finished task: %+v", k)
	}
	if _, err := w.incidents.Move(w.as(t, "duty"), in.ID, incident.MovePass, "", w.incident(t, in.ID).Revision); err != nil {
		t.Fatal(err)
	}
	wantStrings(t, w.moves(t, in.ID), []string{
		"create", "dispatch", "task.acknowledge", "start", "task.respond", "task.arrive", "task.done", "feed_back", "pass",
	})
	log, err := w.incidents.Log(w.as(t, "duty"), in.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range log[1:8] {
		if e.Details["unit_name"] != "西一队" || e.Details["unit_id"] != 1.0 || e.Details["task_id"] != float64(k.ID) {
			t.Errorf("%s does not say who: %v", e.Move, e.Details)
		}
	}
	if log[1].ActorName != "派遣甲" || log[2].ActorName != "西一队员" || log[1].Reason != "带上锁车器" {
		t.Errorf("log %+v", log[1:3])
	}
	wantStrings(t, queryAll[string](t, w, `SELECT move || ' ' || from_state || '>' || to_state FROM task_log WHERE task_id = $1 ORDER BY id`, k.ID), []string{
		"dispatch >dispatched", "acknowledge dispatched>acknowledged", "respond acknowledged>responding", "arrive responding>on_scene", "done on_scene>done",
	})
	wantStrings(t, queryAll[string](t, w, `SELECT to_status FROM unit_log WHERE unit_id = 1 ORDER BY id`),
		[]string{"dispatched", "acknowledged", "responding", "on_scene", "available"})
	wantStrings(t, queryAll[string](t, w, `SELECT action || ' ' || subject || ' ' || login FROM audit_log ORDER BY id`), []string{
		"incident.create incident/1 duty", "task.dispatch task/1 anna", "task.move task/1 unit-w1", "task.move task/1 unit-w1",
		"task.move task/1 unit-w1", "task.move task/1 unit-w1", "incident.move incident/1 duty",
	})
}

// TestIncidentFollows ends tasks in different ways and looks where the case goes.
func TestIncidentFollows(t *testing.T) {
	t.Parallel()
	toScene := []task.Move{task.MoveAcknowledge, task.MoveArrive}
	finish := append(toScene, task.MoveDone)
	cases := []struct {
		name string
		play func(t *testing.T, w *world, id int64)
		want incident.State
	}{
		{"sent twice, one acknowledges", func(t *testing.T, w *world, id int64) {
			a, b := w.dispatch(t, id, 1), w.dispatch(t, id, 2)
			w.work(t, a, task.MoveAcknowledge)
			w.work(t, b, task.MoveAcknowledge)
		}, incident.Handling},
		{"another is sent while one works", func(t *testing.T, w *world, id int64) {
			w.work(t, w.dispatch(t, id, 1), toScene...)
			w.dispatch(t, id, 2)
		}, incident.Handling},
		{"one of two is done", func(t *testing.T, w *world, id int64) {
			a := w.dispatch(t, id, 1)
			w.dispatch(t, id, 2)
			w.work(t, a, finish...)
		}, incident.Handling},
		{"both are done", func(t *testing.T, w *world, id int64) {
			a, b := w.dispatch(t, id, 1), w.dispatch(t, id, 2)
			w.work(t, a, finish...)
			w.work(t, b, finish...)
		}, incident.Checking},
		{"one is done, the other called off", func(t *testing.T, w *world, id int64) {
			a, b := w.dispatch(t, id, 1), w.dispatch(t, id, 2)
			w.work(t, a, finish...)
			w.callOff(t, b)
		}, incident.Checking},
		{"returned at once", func(t *testing.T, w *world, id int64) {
			w.work(t, w.dispatch(t, id, 1), task.MoveReturn)
		}, incident.Filed},
		{"returned on the way", func(t *testing.T, w *world, id int64) {
			w.work(t, w.dispatch(t, id, 1), task.MoveAcknowledge, task.MoveRespond, task.MoveReturn)
		}, incident.Filed},
		{"called off", func(t *testing.T, w *world, id int64) {
			w.callOff(t, w.dispatch(t, id, 1))
		}, incident.Filed},
		{"one of two returned", func(t *testing.T, w *world, id int64) {
			a := w.dispatch(t, id, 1)
			w.dispatch(t, id, 2)
			w.work(t, a, task.MoveReturn)
		}, incident.Dispatched},
		{"done while it is suspended", func(t *testing.T, w *world, id int64) {
			k := w.work(t, w.dispatch(t, id, 1), toScene...)
			w.move(t, id, incident.MoveSuspend)
			w.work(t, k, task.MoveDone)
		}, incident.Checking},
		{"called off while it is suspended", func(t *testing.T, w *world, id int64) {
			k := w.work(t, w.dispatch(t, id, 1), toScene...)
			w.move(t, id, incident.MoveSuspend)
			w.callOff(t, k)
		}, incident.Filed},
		{"arrived while it is suspended", func(t *testing.T, w *world, id int64) {
			k := w.work(t, w.dispatch(t, id, 1), task.MoveAcknowledge)
			w.move(t, id, incident.MoveSuspend)
			w.work(t, k, task.MoveArrive)
		}, incident.Suspended},
		{"reworked, sent again and returned", func(t *testing.T, w *world, id int64) {
			w.work(t, w.dispatch(t, id, 1), finish...)
			w.move(t, id, incident.MoveRework)
			w.work(t, w.dispatch(t, id, 1), task.MoveReturn)
		}, incident.Filed},
		{"reworked and done", func(t *testing.T, w *world, id int64) {
			w.work(t, w.dispatch(t, id, 1), finish...)
			w.move(t, id, incident.MoveRework)
			w.work(t, w.dispatch(t, id, 1), finish...)
		}, incident.Checking},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			in := w.create(t, inWest)
			c.play(t, w, in.ID)
			if got := w.incident(t, in.ID); got.State != c.want {
				t.Errorf("the incident is %s, want %s; log %q", got.State, c.want, w.moves(t, in.ID))
			}
			w.checkInvariants(t)
		})
	}
}

func (w *world) callOff(t testing.TB, k *task.Task) {
	t.Helper()
	if _, err := w.tasks.Move(w.as(t, "anna"), k.ID, task.MoveCallOff, "不必去了", k.Revision); err != nil {
		t.Fatal(err)
	}
}

func (w *world) move(t testing.TB, id int64, m incident.Move) {
	t.Helper()
	if _, err := w.incidents.Move(w.as(t, "duty"), id, m, "理由", w.incident(t, id).Revision); err != nil {
		t.Fatal(err)
	}
}

func TestDispatchRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inWest)
	other := w.create(t, inWest)
	closed := w.create(t, inWest)
	w.move(t, closed.ID, incident.MoveVoid)
	closed = w.incident(t, closed.ID)
	w.dispatch(t, in.ID, 2)
	in = w.incident(t, in.ID)
	w.exec(t, `INSERT INTO unit (code, name, kind, area_path, status) VALUES ('c1', '县一队', 'team', '330122', 'available')`)
	cases := []struct {
		name, login    string
		incident, unit int64
		revision       int64
		code           layers.Code
		reason         string
	}{
		{"viewer", "viewer", in.ID, 1, in.Revision, layers.CodeForbidden, "role"},
		{"unit", "unit-w1", in.ID, 1, in.Revision, layers.CodeForbidden, "role"},
		{"stale", "anna", in.ID, 1, in.Revision - 1, layers.CodeConflict, "stale_revision"},
		{"no such unit", "anna", in.ID, 99, in.Revision, layers.CodeNotFound, ""},
		{"unit of the next town", "west", in.ID, 3, in.Revision, layers.CodeNotFound, ""},
		{"unit of the county", "west", in.ID, 5, in.Revision, layers.CodeNotFound, ""},
		{"off duty", "anna", in.ID, 4, in.Revision, layers.CodeConflict, "unit_not_available"},
		{"there already", "anna", in.ID, 2, in.Revision, layers.CodeConflict, "already_dispatched"},
		{"busy elsewhere", "anna", other.ID, 2, other.Revision, layers.CodeConflict, "unit_not_available"},
		{"over", "anna", closed.ID, 1, closed.Revision, layers.CodeInvalid, "impossible_move"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := w.tasks.Dispatch(w.as(t, c.login), c.incident, c.unit, "", c.revision)
			e := wantError(t, err, c.code, c.reason)
			if c.reason == "unit_not_available" && (e.Params["status"] == "" || e.Params["unit"] == "") {
				t.Errorf("params %v", e.Params)
			}
		})
	}
}

func TestTaskMoveRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inWest)
	k := w.dispatch(t, in.ID, 1)
	cases := []struct {
		name, login string
		move        task.Move
		reason      string
		revision    int64
		code        layers.Code
		why         string
	}{
		{"another unit of the town", "unit-w2", task.MoveAcknowledge, "", 1, layers.CodeForbidden, "other_unit"},
		{"the dispatcher for the unit", "anna", task.MoveAcknowledge, "", 1, layers.CodeForbidden, "role"},
		{"the unit for the dispatcher", "unit-w1", task.MoveCallOff, "x", 1, layers.CodeForbidden, "role"},
		{"viewer", "viewer", task.MoveCallOff, "x", 1, layers.CodeForbidden, "role"},
		{"stale", "unit-w1", task.MoveAcknowledge, "", 0, layers.CodeConflict, "stale_revision"},
		{"too early", "unit-w1", task.MoveDone, "x", 1, layers.CodeInvalid, "impossible_move"},
		{"no reason", "unit-w1", task.MoveReturn, "", 1, layers.CodeInvalid, "required"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := w.tasks.Move(w.as(t, c.login), k.ID, c.move, c.reason, c.revision)
			e := wantError(t, err, c.code, c.why)
			if c.why == "stale_revision" && e.Params["by"] != "派遣甲" {
				t.Errorf("params %v", e.Params)
			}
		})
	}
}

// TestOwnTaskOutsideOwnAreas sends a unit over its town's border.
func TestOwnTaskOutsideOwnAreas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inEast)
	ctx := w.as(t, "unit-w1")
	if _, err := w.incidents.Incident(ctx, in.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Fatalf("before it is sent: %v", err)
	}
	k := w.dispatch(t, in.ID, 1)
	second := w.dispatch(t, in.ID, 3)
	if got, err := w.incidents.Incident(ctx, in.ID); err != nil || got.ID != in.ID {
		t.Errorf("the own task's incident: %+v, %v", got, err)
	}
	if list, err := w.incidents.Incidents(ctx, incident.Filter{}); err != nil || len(list) != 1 {
		t.Errorf("list: %+v, %v", list, err)
	}
	if log, err := w.incidents.Log(ctx, in.ID); err != nil || len(log) != 3 {
		t.Errorf("log: %+v, %v", log, err)
	}
	if tasks, err := w.tasks.OfIncident(ctx, in.ID); err != nil || len(tasks) != 2 {
		t.Errorf("tasks: %+v, %v", tasks, err)
	}
	if _, err := w.tasks.Task(ctx, second.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("another unit's task in another town: %v", err)
	}
	_, err := w.incidents.Move(ctx, in.ID, incident.MoveVoid, "x", 3)
	wantError(t, err, layers.CodeForbidden, "role")

	k = w.work(t, k, task.MoveAcknowledge, task.MoveArrive, task.MoveDone)
	if _, err := w.tasks.Task(ctx, k.ID); err != nil {
		t.Errorf("just ended: %v", err)
	}
	w.exec(t, `UPDATE task SET ended_at = now() - interval '25 hours' WHERE id = $1`, k.ID)
	if _, err := w.tasks.Task(ctx, k.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("a day later, the task: %v", err)
	}
	if _, err := w.incidents.Incident(ctx, in.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("a day later, the incident: %v", err)
	}
}

func TestMine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := w.as(t, "unit-w1")
	if list, err := w.tasks.Mine(ctx); err != nil || list == nil || len(list) != 0 {
		t.Errorf("at first: %+v, %v", list, err)
	}
	var ended []int64
	for range 3 {
		k := w.dispatch(t, w.create(t, inWest).ID, 1)
		w.work(t, k, task.MoveReturn)
		ended = append(ended, k.ID)
	}
	w.exec(t, `UPDATE task SET ended_at = now() - interval '25 hours' WHERE id = $1`, ended[0])
	open := w.dispatch(t, w.create(t, inWest).ID, 1)
	w.dispatch(t, w.create(t, inWest).ID, 2)
	list, err := w.tasks.Mine(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for _, k := range list {
		ids = append(ids, k.ID)
	}
	if len(ids) != 3 || ids[0] != open.ID || ids[1] != ended[2] || ids[2] != ended[1] {
		t.Errorf("mine %v; want the open one %d, then the last ended ones of %v", ids, open.ID, ended)
	}
	_, err = w.tasks.Mine(w.as(t, "anna"))
	wantError(t, err, layers.CodeForbidden, "role")
}

package server_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/incident"
	"wanglou/layers/task"
	"wanglou/server/servertest"
)

// fields is a JSON body to be changed.
type fields map[string]any

// with returns a copy with one field set, or without it when value is nil.
func (f fields) with(name string, value any) fields {
	out := maps.Clone(f)
	if out[name] = value; value == nil {
		delete(out, name)
	}
	return out
}

// serviceErrors are what services answer with, and what a client then gets.
var serviceErrors = map[string]struct {
	err                 error
	status              int
	code, field, reason string
	retry               string
}{
	"conflict":  {&layers.Error{Code: layers.CodeConflict, Reason: "stale_revision", Msg: "somebody was faster"}, 409, "conflict", "", "stale_revision", ""},
	"not found": {layers.Errorf(layers.CodeNotFound, "there is no such case"), 404, "not_found", "", "", ""},
	"forbidden": {&layers.Error{Code: layers.CodeForbidden, Reason: "not_your_area", Msg: "another area"}, 403, "forbidden", "", "not_your_area", ""},
	"invalid":   {layers.Invalid("category", "unknown_value", "no such category"), 400, "invalid", "category", "unknown_value", ""},
	"away": {&layers.Error{Code: layers.CodeUnavailable, Reason: "database_away", Msg: "away", Err: errDown}, 503, "unavailable", "",
		"database_away", "2"},
	"full":     {layers.Errorf(layers.CodeStorageFull, "the disk is full"), 507, "storage_full", "", "", ""},
	"not ours": {errDown, 500, "internal", "", "", ""},
}

// wantServiceErrors makes a request once for each error of the services.
func wantServiceErrors(t *testing.T, w *world, do func() *servertest.Response) {
	t.Helper()
	for name, e := range serviceErrors {
		w.cases.fail(e.err)
		res := do().WantError(e.status, e.code, e.field, e.reason)
		if res.Header.Get("Retry-After") != e.retry {
			t.Errorf("%s: Retry-After %q, want %q", name, res.Header.Get("Retry-After"), e.retry)
		}
		if strings.Contains(string(res.Body), "hunter2") || strings.Contains(string(res.Body), "10.1.2.3") {
			t.Errorf("%s: the cause is shown: %s", name, res.Body)
		}
	}
	w.cases.fail(nil)
}

func TestCreateIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as("town")
	good := fields{"title": " 占用消防通道 ", "description": "两辆车", "category": "09012", "severity": 2, "address": "迎春路 5 号", "point": []float64{119.68, 29.79}}
	var got struct {
		ID        int64
		Number    string
		Point     []float64
		CreatedAt time.Time `json:"created_at"`
	}
	c.Do("POST", "/api/incidents", good, "Idempotency-Key", "k-1").Want(201).Into(&got)
	if got.ID != 7 || got.Number != "20260501-00007" || !slices.Equal(got.Point, []float64{119.68, 29.79}) || got.CreatedAt.Location() != time.UTC {
		t.Errorf("%+v", got)
	}
	want := incident.Incident{Title: "占用消防通道", Description: "两辆车", Category: "09012", Severity: 2, Address: "迎春路 5 号", Point: orb.Point{119.68, 29.79}}
	if got := w.cases.args(); len(got) != 2 || got[0] != want || got[1] != "k-1" {
		t.Errorf("the service got %+v", got)
	}
	for name, b := range map[string]struct {
		body          any
		field, reason string
	}{
		"no point":     {good.with("point", nil), "point", "required"},
		"half a point": {good.with("point", []float64{1}), "point", "wrong_type"},
		"heights":      {good.with("point", []float64{119, 29, 5}), "point", "wrong_type"},
		"text point":   {good.with("point", "119,29"), "point", "wrong_type"},
		"severity":     {good.with("severity", "high"), "severity", "wrong_type"},
		"half":         {good.with("severity", 1.5), "severity", "wrong_type"},
		"unknown":      {good.with("state", "closed"), "state", "unknown_field"},
		"list":         {[]any{good}, "", "wrong_type"},
		"empty":        {"", "", "malformed_json"},
	} {
		if res := c.Do("POST", "/api/incidents", b.body); res.WantError(400, "invalid", b.field, b.reason) == nil {
			t.Error(name)
		}
	}
	c.Do("POST", "/api/incidents", good, "Idempotency-Key", strings.Repeat("k", 101)).WantError(400, "invalid", "Idempotency-Key", "too_long")
	wantServiceErrors(t, w, func() *servertest.Response { return c.Do("POST", "/api/incidents", good) })
}

func TestListIncidents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as("viewer")
	c.Get("/api/incidents?open=true&area=c.t1&limit=20").Want(200)
	if got := w.cases.args(); len(got) != 1 || got[0] != (incident.Filter{Open: true, AreaPath: "c.t1", Limit: 20}) {
		t.Errorf("the service got %+v", got)
	}
	c.Get("/api/incidents").Want(200)
	if got := w.cases.args(); got[0] != (incident.Filter{Limit: 500}) {
		t.Errorf("the service got %+v", got)
	}
	for query, want := range map[string][2]string{
		"open=yes": {"open", "wrong_type"}, "limit=501": {"limit", "out_of_range"}, "limit=0": {"limit", "out_of_range"}, "state=closed": {"state", "unknown_field"},
	} {
		c.Get("/api/incidents?"+query).WantError(400, "invalid", want[0], want[1])
	}
	wantServiceErrors(t, w, func() *servertest.Response { return c.Get("/api/incidents") })
}

// detail is GET /api/incidents/{id}.
type detail struct {
	Incident struct{ State string }
	Moves    []struct {
		Move        string
		NeedsReason bool `json:"needs_reason"`
	}
	MayDispatch bool `json:"may_dispatch"`
	Tasks       []struct {
		State string
		Unit  string `json:"unit_name"`
	}
	Log []struct {
		Move    string
		Details map[string]any
	}
}

func TestIncidentDetail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	moves := incident.Filed.Moves()
	for login, want := range map[string]struct {
		moves    int
		dispatch bool
	}{"duty": {len(moves), true}, "town": {len(moves), true}, "viewer": {0, false}, "unit": {0, false}} {
		var got detail
		w.as(login).Get("/api/incidents/7").Want(200).Into(&got)
		if len(got.Moves) != want.moves || got.MayDispatch != want.dispatch || len(got.Tasks) != 1 || got.Tasks[0].Unit != "一队" || got.Log[0].Details["unit"] != "一队" {
			t.Errorf("%s: %+v", login, got)
		}
		for _, m := range got.Moves {
			if m.NeedsReason != incident.Filed.NeedsReason(incident.Move(m.Move)) {
				t.Errorf("%+v", m)
			}
		}
	}
	// A case of another town is seen by who sees everything, and moved by nobody of this one.
	w.cases.change(func(in *incident.Incident) { in.AreaPath, in.State = "c.t2", incident.Closed })
	var got detail
	w.as("town").Get("/api/incidents/7").Want(200).Into(&got)
	if len(got.Moves) != 0 || got.MayDispatch {
		t.Errorf("%+v", got)
	}
	c := w.as("duty")
	for _, id := range []string{"8", "0", "x", "-7", "7.0"} {
		c.Get("/api/incidents/"+id).WantError(404, "not_found", "", "")
		c.Do("POST", "/api/incidents/"+id+"x/moves", fields{}).WantError(404, "not_found", "", "")
	}
	wantServiceErrors(t, w, func() *servertest.Response { return c.Get("/api/incidents/7") })
}

func TestMoveIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as("duty")
	good := fields{"move": "close", "reason": " 已处理 ", "revision": 3}
	c.Do("POST", "/api/incidents/7/moves", good).Want(200)
	if got := w.cases.args(); !slices.Equal(got, []any{int64(7), incident.Move("close"), "已处理", int64(3)}) {
		t.Errorf("the service got %+v", got)
	}
	wantBadMoves(t, c, "/api/incidents/7/moves", good)
	wantServiceErrors(t, w, func() *servertest.Response { return c.Do("POST", "/api/incidents/7/moves", good) })
}

// wantBadMoves tries what a move of a case and one of a task have in common.
func wantBadMoves(t *testing.T, c *servertest.Client, path string, good fields) {
	t.Helper()
	c.Do("POST", path, good.with("move", nil)).WantError(400, "invalid", "move", "required")
	c.Do("POST", path, good.with("revision", nil)).WantError(400, "invalid", "revision", "required")
	c.Do("POST", path, good.with("revision", "3")).WantError(400, "invalid", "revision", "wrong_type")
	c.Do("POST", path, good.with("state", "closed")).WantError(400, "invalid", "state", "unknown_field")
	c.Do("POST", path, good.with("reason", strings.Repeat("长", 2001))).WantError(400, "invalid", "reason", "too_long")
	c.Do("POST", path, good.with("reason", strings.Repeat("长", 2000))).Want(200)
}

func TestDispatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as("town")
	good := fields{"unit_id": 5, "note": " 小心 ", "revision": 3}
	c.Do("POST", "/api/incidents/7/tasks", good).Want(201)
	if got := w.cases.args(); !slices.Equal(got, []any{int64(7), int64(5), "小心", int64(3)}) {
		t.Errorf("the service got %+v", got)
	}
	c.Do("POST", "/api/incidents/7/tasks", good.with("unit_id", nil)).WantError(400, "invalid", "unit_id", "required")
	c.Do("POST", "/api/incidents/7/tasks", good.with("unit_id", -1)).WantError(400, "invalid", "unit_id", "required")
	c.Do("POST", "/api/incidents/7/tasks", good.with("revision", nil)).WantError(400, "invalid", "revision", "required")
	c.Do("POST", "/api/incidents/7/tasks", good.with("note", strings.Repeat("长", 2001))).WantError(400, "invalid", "note", "too_long")
	wantServiceErrors(t, w, func() *servertest.Response { return c.Do("POST", "/api/incidents/7/tasks", good) })
	wantServiceErrors(t, w, func() *servertest.Response { return c.Get("/api/incidents/7/recommendations") })
}

// fieldTask is a task as its unit sees it.
type fieldTask struct {
	Task  struct{ ID int64 }
	Moves []struct {
		Move        string
		NeedsReason bool `json:"needs_reason"`
	}
}

func TestTasks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for login, want := range map[string][]string{
		"unit": {"arrive", "respond", "return"}, "town": {"call_off"}, "duty": {"call_off"}, "admin": {"call_off"}, "viewer": {},
	} {
		var got fieldTask
		w.as(login).Get("/api/tasks/9").Want(200).Into(&got)
		moves := []string{}
		for _, m := range got.Moves {
			moves = append(moves, m.Move)
			if m.NeedsReason != task.Acknowledged.NeedsReason(task.Move(m.Move)) {
				t.Errorf("%+v", m)
			}
		}
		if slices.Sort(moves); !slices.Equal(moves, want) {
			t.Errorf("%s may %q, want %q", login, moves, want)
		}
	}
	c := w.as("unit")
	var mine struct{ Items []fieldTask }
	c.Get("/api/tasks").Want(200).Into(&mine)
	if len(mine.Items) != 1 || mine.Items[0].Task.ID != 9 || len(mine.Items[0].Moves) != 3 {
		t.Errorf("%+v", mine)
	}
	good := fields{"move": "respond", "reason": "", "revision": 2}
	c.Do("POST", "/api/tasks/9/moves", good).Want(200)
	if got := w.cases.args(); !slices.Equal(got, []any{int64(9), task.MoveRespond, "", int64(2)}) {
		t.Errorf("the service got %+v", got)
	}
	wantBadMoves(t, c, "/api/tasks/9/moves", good)
	c.Get("/api/tasks/x").WantError(404, "not_found", "", "")
	wantServiceErrors(t, w, func() *servertest.Response { return c.Do("POST", "/api/tasks/9/moves", good) })
	wantServiceErrors(t, w, func() *servertest.Response { return c.Get("/api/tasks/9") })
	wantServiceErrors(t, w, func() *servertest.Response { return c.Get("/api/tasks") })
}

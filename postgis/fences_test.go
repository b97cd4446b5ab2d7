package postgis_test

import (
	"context"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/fence"
	"wanglou/postgis"
)

var _ fence.Store = (*postgis.Fences)(nil)

func newRule(area string) *fence.Rule {
	return &fence.Rule{Name: "禁入", AreaPath: area, MovingLayer: "position", FenceLayer: "permit", Triggers: []fence.Trigger{fence.Enter, fence.Dwell}, DwellS: 60, MarginM: 20, Report: true, Enabled: true}
}

func TestGeofenceRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store := postgis.NewFences(w.db)
	r := newRule(west)
	if err := store.Create(w.as(t, "west"), r); err != nil || r.ID == 0 || r.Revision != 1 || r.Begun {
		t.Fatalf("%+v, %v", r, err)
	}
	wantRefusal(t, "another town's", store.Create(w.as(t, "west"), newRule(east)), layers.CodeForbidden, "area_path", "outside_areas")
	wantRefusal(t, "everywhere, by a town's", store.Create(w.as(t, "west"), newRule("")), layers.CodeForbidden, "area_path", "outside_areas")
	wantRefusal(t, "by a dispatcher", store.Create(w.as(t, "anna"), newRule(west)), layers.CodeForbidden, "", "role")
	for login, want := range map[string]int{"west": 1, "east": 0, "duty": 1, "admin": 1} {
		if rules, err := store.Rules(w.as(t, login)); err != nil || len(rules) != want {
			t.Errorf("%s sees %d rules, %v; want %d", login, len(rules), err, want)
		}
	}

	next := *r
	next.Name, next.Enabled = "禁入二", false
	if layers.ErrorCode(store.Update(w.as(t, "east"), &next)) != layers.CodeNotFound {
		t.Error("a neighbour changes the rule")
	}
	if err := store.Update(w.as(t, "west"), &next); err != nil || next.Revision != 2 || next.Name != "禁入二" {
		t.Fatalf("%+v, %v", next, err)
	}
	wantRefusal(t, "who saw the first", store.Update(w.as(t, "west"), r), layers.CodeConflict, "revision", "stale_revision")
	next.AreaPath = east
	wantRefusal(t, "away to another town", store.Update(w.as(t, "west"), &next), layers.CodeForbidden, "area_path", "outside_areas")
	if enabled, err := store.Enabled(t.Context()); err != nil || len(enabled) != 0 {
		t.Errorf("%d rules to watch, %v; want none", len(enabled), err)
	}
	if layers.ErrorCode(store.Delete(w.as(t, "east"), r.ID)) != layers.CodeNotFound {
		t.Error("a neighbour deletes the rule")
	}
	if err := store.Delete(w.as(t, "west"), r.ID); err != nil {
		t.Error(err)
	}
	w.exec(t, `INSERT INTO geofence_rule (name, moving_layer, fence_layer, triggers) SELECT 'r', 'position', 'permit', '{enter}' FROM generate_series(1, $1::int)`, fence.MaxRules)
	wantRefusal(t, "one too many", store.Create(w.as(t, "west"), newRule(west)), layers.CodeConflict, "", "too_many_rules")
	if n := queryOne[int64](t, w, `SELECT count(*) FROM audit_log WHERE action LIKE 'geofence.%'`); n != 3 {
		t.Errorf("%d audit rows for made, changed and deleted", n)
	}
}

func TestGeofenceOutcomes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store := postgis.NewFences(w.db)
	ctx := context.Background()
	r := newRule("")
	if err := store.Create(w.as(t, "admin"), r); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)
	out := &fence.Outcome{
		Events: []fence.Event{
			{RuleID: r.ID, Trigger: fence.Enter, MovingID: 1, FenceID: 7, FenceName: "3号地块", AreaPath: west, At: orb.Point{119.6, 29.7}, Time: at},
			{RuleID: r.ID, Trigger: fence.Enter, MovingID: 99, MovingName: "无人机", FenceID: 8, AreaPath: "", At: orb.Point{119.6, 29.7}, Time: at},
		},
		Put: []fence.Stay{{RuleID: r.ID, MovingID: 1, FenceID: 7, Since: at}, {RuleID: r.ID, MovingID: 99, FenceID: 8, Since: at}},
	}
	for range 2 { // seen twice, told once
		if err := store.Apply(ctx, r, out); err != nil {
			t.Fatal(err)
		}
	}
	titles := queryOne[[]string](t, w, `SELECT array_agg(title || '@' || coalesce(area_path, '') ORDER BY title) FROM report WHERE source = 'geofence' AND channel = 'system'`)
	if len(titles) != 2 || titles[0] != "无人机进入permit 8@" || titles[1] != "西一队进入3号地块@"+west {
		t.Errorf("reports %q", titles)
	}
	if n := queryOne[int64](t, w, `SELECT count(*) FROM geofence_event`); n != 2 {
		t.Errorf("%d events, want 2", n)
	}
	stays, err := store.Stays(ctx, r.ID)
	if err != nil || len(stays) != 2 {
		t.Fatalf("%v, %v", stays, err)
	}
	back := at.Add(time.Minute)
	if err := store.Apply(ctx, r, &fence.Outcome{ // out and in again in one round
		Ended: []fence.Stay{out.Put[0], out.Put[1]}, Put: []fence.Stay{{RuleID: r.ID, MovingID: 1, FenceID: 7, Since: back, Dwelt: true}},
	}); err != nil {
		t.Fatal(err)
	}
	if stays, err = store.Stays(ctx, r.ID); err != nil || len(stays) != 1 || !stays[0].Since.Equal(back) || !stays[0].Dwelt {
		t.Errorf("%v, %v", stays, err)
	}
	if enabled, err := store.Enabled(ctx); err != nil || len(enabled) != 1 || !enabled[0].Begun {
		t.Errorf("%v, %v: it has begun", enabled, err)
	}

	if err := store.Failed(ctx, r.ID, "unknown_layer"); err != nil {
		t.Error(err)
	}
	stale := *r
	if err := store.Update(w.as(t, "admin"), r); err != nil || r.LastError != "" || r.Begun {
		t.Errorf("%+v, %v: it begins anew", r, err)
	}
	if layers.ErrorCode(store.Apply(ctx, &stale, out)) != layers.CodeConflict {
		t.Error("what came of the old rule is stored for the new one")
	}
	if stays, err = store.Stays(ctx, r.ID); err != nil || len(stays) != 0 {
		t.Errorf("%v, %v: nobody is inside of what begins anew", stays, err)
	}
	w.exec(t, `UPDATE geofence_event SET receive_time = now() - interval '25 hours' WHERE moving_id = 99`)
	if err := store.Prune(ctx); err != nil {
		t.Error(err)
	}
	if n := queryOne[int64](t, w, `SELECT count(*) FROM geofence_event`); n != 1 {
		t.Errorf("%d events are left, want 1", n)
	}
	if n := queryOne[int64](t, w, `SELECT count(*) FROM report`); n != 2 {
		t.Errorf("%d reports are left, want 2", n)
	}
}

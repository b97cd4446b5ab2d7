package postgis_test

import (
	"testing"
	"time"

	"wanglou/layers"
	signs "wanglou/layers/alarm"
	"wanglou/layers/auth"
	"wanglou/layers/report"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

// newSources is a world with two cameras, one on each side, and a recorder that tells of the western one.
func newSources(t *testing.T) (w *world, s *postgis.Events, western, eastern int64, source *signs.Source) {
	t.Helper()
	w = newWorld(t)
	s = postgis.NewEvents(w.db, newKeys(t), postgistest.Log(t))
	western = queryOne[int64](t, w, `INSERT INTO camera (name, area_path, geom) VALUES ('东门外', $1, ST_Point($2, $3, 4326)) RETURNING id`, west, inWest[0], inWest[1])
	eastern = queryOne[int64](t, w, `INSERT INTO camera (name, area_path, geom) VALUES ('河边', $1, ST_Point($2, $3, 4326)) RETURNING id`, east, inEast[0], inEast[1])
	secret := "p@ss"
	source, err := s.Create(w.as(t, "admin"), &signs.Entry{Name: "城西录像机", Protocol: signs.ISAPI, Address: "http://10.8.0.9", User: "admin", Password: &secret, Enabled: true, Places: []signs.Place{{Channel: "1", CameraID: western}}})
	if err != nil {
		t.Fatal(err)
	}
	return w, s, western, eastern, source
}

// Signs of one camera and kind are one alarm, whoever tells them, until it is quiet; what is stored becomes a report once.
func TestEventsBecomeReports(t *testing.T) {
	t.Parallel()
	w, s, western, _, source := newSources(t)
	ctx := auth.WithActor(t.Context(), auth.Operator("events"))
	other, err := s.Create(ctx, &signs.Entry{Name: "东门外", Protocol: signs.ISAPI, Address: "http://10.8.0.10", Enabled: true, Places: []signs.Place{{CameraID: western}}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Truncate(time.Second)
	line := &signs.Signal{Event: "linedetection", Channel: "1", Active: true, Text: "region 3", Time: now}
	take := func(source int64, sig *signs.Signal, more int, at time.Time) signs.Taken {
		t.Helper()
		taken, err := s.Take(ctx, source, sig, more, at)
		if err != nil {
			t.Fatal(err)
		}
		return taken
	}
	first := take(source.ID, line, 0, now)
	if !first.New || first.Alarm == 0 {
		t.Fatalf("%+v", first)
	}
	field := &signs.Signal{Event: "fielddetection", Channel: "9", Active: true} // of the same kind, told by the camera itself
	over := &signs.Signal{Event: "linedetection", Channel: "1"}
	for _, again := range []signs.Taken{take(source.ID, line, 41, now.Add(2*time.Second)), take(other.ID, field, 0, now.Add(3*time.Second)), take(source.ID, over, 0, now.Add(4*time.Second)), take(source.ID, line, 0, now.Add(4*time.Minute))} {
		if again.New || again.Alarm != first.Alarm {
			t.Errorf("%+v", again)
		}
	}
	if n := queryOne[int64](t, w, `SELECT signs FROM event_alarm WHERE id = $1`, first.Alarm); n != 46 {
		t.Errorf("%d signs", n)
	}
	if got := take(source.ID, &signs.Signal{Event: "VMD", Channel: "1", Active: true}, 0, now); !got.Passed {
		t.Errorf("%+v", got)
	}
	if got := take(source.ID, &signs.Signal{Event: "somethingNew", Channel: "1", Active: true}, 0, now); !got.Passed {
		t.Errorf("%+v", got)
	}
	if got := take(source.ID, &signs.Signal{Event: "IO", Channel: "1"}, 0, now); got != (signs.Taken{}) {
		t.Errorf("the end of nothing: %+v", got)
	}
	unknown := take(source.ID, &signs.Signal{Event: "IO", Channel: "7", Active: true}, 0, now)
	if _, err := s.Take(ctx, 999, line, 0, now); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Error(err)
	}

	if due, err := s.Due(ctx, now, 2*time.Second, 10); err != nil || len(due) != 0 {
		t.Errorf("no picture was waited for: %+v %v", due, err)
	}
	if err := s.Picture(ctx, first.Alarm, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := s.Picture(ctx, first.Alarm, []byte("another")); err != nil {
		t.Fatal(err)
	}
	due, err := s.Due(ctx, now, 2*time.Second, 10)
	if err != nil || len(due) != 1 || string(due[0].Picture) != "one" || due[0].CameraID != western || due[0].Kind != "intrusion" || due[0].Point == nil || due[0].Masked || !due[0].At.Equal(now) {
		t.Fatalf("%+v %v", due, err)
	}
	tell := func(a *signs.Alarm) *report.Outcome {
		t.Helper()
		out, err := postgis.NewReports(w.db).Alarm(ctx, &report.Alarm{Channel: report.Camera, Source: signs.ReportSource, SourceID: "event-" + a.Event, Kind: a.Kind, Address: a.Camera, Point: a.Point, Unplaced: a.Point == nil, Time: a.At}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	out := tell(&due[0])
	if again := tell(&due[0]); !again.Again || again.Report.ID != out.Report.ID || !out.Opened || out.Incident.Severity != 2 || out.Report.Address != "东门外" {
		t.Errorf("%+v %+v", out, again) // as after a crash between the report and the note of it
	}
	later := now.Add(time.Minute)
	if err := s.Failed(ctx, unknown.Alarm, "unavailable", &later); err != nil {
		t.Fatal(err)
	}
	if err := s.Told(ctx, first.Alarm, out.Report.ID); err != nil {
		t.Fatal(err)
	}
	if due, err = s.Due(ctx, now.Add(30*time.Second), 0, 10); err != nil || len(due) != 0 {
		t.Errorf("%+v %v", due, err)
	}
	due, err = s.Due(ctx, later, 0, 10)
	if err != nil || len(due) != 1 || due[0].ID != unknown.Alarm || due[0].Point != nil || due[0].Tries != 1 {
		t.Fatalf("%+v %v", due, err)
	}
	if out := tell(&due[0]); out.Opened || out.Report.State != report.Received { // it waits in the inbox
		t.Errorf("%+v", out.Report)
	}
	if err := s.Failed(ctx, unknown.Alarm, "retired_kind", nil); err != nil {
		t.Fatal(err)
	}
	found, err := s.Sources(ctx)
	if err != nil || found[0].State.Failed != "retired_kind" || found[0].State.Waiting != 0 {
		t.Errorf("%+v %v", found, err)
	}
	// After a quiet time it is another alarm.
	if got := take(source.ID, line, 0, now.Add(4*time.Minute+signs.Held+time.Second)); !got.New {
		t.Errorf("%+v", got)
	}
	if err := s.Forget(ctx, now.Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n := queryOne[int](t, w, `SELECT count(*)::int FROM event_alarm`); n != 1 {
		t.Errorf("%d alarms", n)
	}
	// No other system may call itself so, and take the place of an alarm that comes.
	_, err = postgis.NewReports(w.db).Alarm(w.as(t, "admin"), &report.Alarm{Channel: report.Camera, Source: signs.ReportSource, SourceID: "event-1", Kind: "smoke", Unplaced: true, Time: now}, nil)
	wantError(t, err, layers.CodeInvalid, "system_value")
	w.checkInvariants(t)
}

func TestEventSources(t *testing.T) {
	t.Parallel()
	w, s, western, eastern, source := newSources(t)
	admin := w.as(t, "admin")
	if !source.Password || source.User != "admin" || source.State.Name != signs.Waiting || source.Quiet != 300 || source.Places[0].Camera != "东门外" {
		t.Errorf("%+v", source)
	}
	target, err := s.Target(admin, source.ID)
	if err != nil || target.Login.Password != "p@ss" || target.Login.User != "admin" {
		t.Fatalf("%+v %v", target, err)
	}
	if n := queryOne[int](t, w, `SELECT count(*)::int FROM audit_log WHERE action = 'event_source.create' AND details::text NOT LIKE '%p@ss%'`); n != 1 {
		t.Errorf("%d entries of the audit", n)
	}
	entry := func() *signs.Entry {
		return &signs.Entry{Name: "新名", Protocol: signs.Dahua, Address: "http://10.8.0.9", User: "admin", Enabled: true, Revision: source.Revision, Places: []signs.Place{{Channel: "1", CameraID: western}}}
	}
	// With another address whoever sends the password elsewhere has to know it.
	elsewhere := entry()
	elsewhere.Address = "http://10.8.0.66"
	_, err = s.Replace(admin, source.ID, elsewhere)
	wantError(t, err, layers.CodeInvalid, "required")
	stale := entry()
	stale.Revision = 7
	_, err = s.Replace(admin, source.ID, stale)
	wantError(t, err, layers.CodeConflict, "stale_revision")
	nowhere := entry()
	nowhere.Places = []signs.Place{{CameraID: 9999}}
	_, err = s.Replace(admin, source.ID, nowhere)
	wantError(t, err, layers.CodeInvalid, "unknown_value")
	changed, err := s.Replace(admin, source.ID, entry())
	if err != nil || changed.Revision != source.Revision+1 || changed.Protocol != signs.Dahua || !changed.Password {
		t.Fatalf("%+v %v", changed, err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	for range 2 {
		if err := s.Seen(t.Context(), map[int64]signs.State{source.ID: {Name: signs.Down, Why: signs.WhyPassword, Since: &now, Alarms: 1, Dropped: 2}, 999: {}}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := s.Sources(admin)
	if err != nil || len(found) != 1 || found[0].State.Name != signs.Down || found[0].State.Alarms != 2 || found[0].State.Dropped != 4 || !found[0].State.Since.Equal(now) {
		t.Fatalf("%+v %v", found, err)
	}

	// An administrator of the west has the western recorder; with an eastern camera it is no longer his, and one of nobody's cameras never was.
	town := w.as(t, "west")
	auth.ActorFrom(town).Scope = (&auth.User{ID: auth.ActorFrom(town).User.ID, Roles: []auth.Role{auth.RoleAdmin}, Areas: []string{west}}).Scope()
	if found, err := s.Sources(town); err != nil || len(found) != 1 {
		t.Errorf("%+v %v", found, err)
	}
	_, err = s.Create(town, &signs.Entry{Name: "x", Protocol: signs.ONVIF, Address: "http://10.8.0.1", Places: []signs.Place{{CameraID: eastern}}})
	wantError(t, err, layers.CodeInvalid, "unknown_value")
	_, err = s.Create(town, &signs.Entry{Name: "x", Protocol: signs.ONVIF, Address: "http://10.8.0.1"})
	wantError(t, err, layers.CodeInvalid, "required")
	both := entry()
	both.Revision, both.Places = changed.Revision, append(both.Places, signs.Place{Channel: "2", CameraID: eastern})
	if _, err := s.Replace(admin, source.ID, both); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Sources(town); err != nil || len(found) != 0 {
		t.Errorf("%+v %v", found, err)
	}
	for _, err := range []error{s.Delete(town, source.ID), func() error { _, err := s.Target(town, source.ID); return err }()} {
		if layers.ErrorCode(err) != layers.CodeNotFound {
			t.Error(err)
		}
	}
	if _, err := s.Sources(w.as(t, "duty")); layers.ErrorCode(err) != layers.CodeForbidden {
		t.Error(err)
	}

	// What becomes of an event is data; what identifies people never is.
	if err := s.SetKind(admin, signs.Kind{Protocol: signs.ISAPI, Event: "VMD", Kind: "intrusion"}); err != nil {
		t.Error(err)
	}
	wantError(t, s.SetKind(admin, signs.Kind{Protocol: signs.ISAPI, Event: "facedetection", Kind: "intrusion"}), layers.CodeInvalid, "not_allowed")
	wantError(t, s.SetKind(admin, signs.Kind{Protocol: signs.ISAPI, Event: "VMD", Kind: "x"}), layers.CodeInvalid, "unknown_value")
	if err := s.SetKind(admin, signs.Kind{Protocol: signs.ISAPI, Event: "nothing"}); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Error(err)
	}
	kinds, err := s.Kinds(admin)
	if err != nil || len(kinds) < 40 {
		t.Error(kinds, err)
	}
	for _, k := range kinds {
		if signs.Identifies(k.Event) {
			t.Errorf("%s stands in the table", k.Event)
		}
	}
	if err := s.Delete(admin, source.ID); err != nil {
		t.Error(err)
	}
}

package postgis_test

import (
	"strings"
	"testing"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/postgis"
)

// newDevices is a world with two cameras in the west and one in the east.
func newDevices(t *testing.T) (w *world, s *postgis.Parents) {
	t.Helper()
	w = newWorld(t)
	for _, c := range []struct {
		code, name, area string
		at               [2]float64
	}{{"34020000001310000001", "东门", west, inWest}, {"", "东门外", west, inWest}, {"34020000001310000003", "河边", east, inEast}} {
		w.exec(t, `INSERT INTO camera (device_id, name, area_path, geom) VALUES (nullif($1, ''), $2, $3, ST_Point($4, $5, 4326))`, c.code, c.name, c.area, c.at[0], c.at[1])
	}
	return w, postgis.NewParents(w.db)
}

func TestParents(t *testing.T) {
	t.Parallel()
	w, s := newDevices(t)
	admin := w.as(t, "admin")
	power, err := s.Create(admin, &camera.ParentEntry{Kind: camera.Power, Name: " 城西配电 "})
	if err != nil || power.Name != "城西配电" {
		t.Fatal(power, err)
	}
	nvr, err := s.Create(admin, &camera.ParentEntry{Kind: camera.Recorder, Name: "录像机", ParentID: power.ID})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Hang(admin, nvr.ID, []int64{1, 2, 2}); err != nil {
		t.Fatal(err)
	}
	tree, err := s.Tree(admin)
	if err != nil || len(tree) != 2 || tree[0].Below != 2 || tree[0].Cameras+tree[1].Cameras != 2 {
		t.Fatalf("%+v %v", tree, err)
	}
	_, err = s.Replace(admin, power.ID, &camera.ParentEntry{Kind: camera.Power, Name: "x", ParentID: nvr.ID, Revision: 1})
	wantError(t, err, layers.CodeInvalid, "ring")
	_, err = s.Replace(admin, power.ID, &camera.ParentEntry{Kind: camera.Power, Name: "x", Revision: 9})
	wantError(t, err, layers.CodeConflict, "stale_revision")
	_, err = s.Create(admin, &camera.ParentEntry{Kind: camera.Power, Name: "x", ParentID: 999})
	wantError(t, err, layers.CodeInvalid, "unknown_value")
	wantError(t, s.Hang(admin, nvr.ID, []int64{3, 999}), layers.CodeInvalid, "unknown_value")
	if hung, err := s.Hanging(admin, 0, ""); err != nil || len(hung) != 1 || hung[0].Name != "河边" {
		t.Errorf("half of it was kept: %+v %v", hung, err)
	}
	if hung, err := s.Hanging(admin, nvr.ID, "门外"); err != nil || len(hung) != 1 || hung[0].ID != 2 {
		t.Errorf("%+v %v", hung, err)
	}

	// Who manages the west moves his own cameras, also onto what others' hang on, and changes no device of others'.
	town := w.as(t, "west")
	auth.ActorFrom(town).Scope = (&auth.User{ID: auth.ActorFrom(town).User.ID, Roles: []auth.Role{auth.RoleAdmin}, Areas: []string{west}}).Scope()
	if err := s.Hang(admin, nvr.ID, []int64{3}); err != nil {
		t.Fatal(err)
	}
	_, err = s.Replace(town, nvr.ID, &camera.ParentEntry{Kind: camera.Recorder, Name: "x", Revision: 1})
	wantError(t, err, layers.CodeForbidden, "outside_areas")
	wantError(t, s.Hang(town, nvr.ID, []int64{3}), layers.CodeInvalid, "unknown_value")
	if err := s.Hang(town, 0, []int64{1, 2}); err != nil {
		t.Error(err)
	}
	if tree, err := s.Tree(town); err != nil || len(tree) != 0 {
		t.Errorf("%+v %v", tree, err)
	}
	if _, err := s.Tree(w.as(t, "duty")); layers.ErrorCode(err) != layers.CodeForbidden {
		t.Error(err)
	}

	// What hung on a device that goes hangs on what that hung on.
	if err := s.Delete(admin, nvr.ID); err != nil {
		t.Fatal(err)
	}
	if got := queryOne[int64](t, w, `SELECT parent_id FROM camera WHERE id = 3`); got != power.ID {
		t.Errorf("camera 3 hangs on %d", got)
	}
	if got := queryOne[int](t, w, `SELECT count(*)::int FROM audit_log WHERE action LIKE 'device.%'`); got != 6 {
		t.Errorf("%d entries of the audit", got)
	}
}

func TestParentsImport(t *testing.T) {
	t.Parallel()
	w, s := newDevices(t)
	admin := w.as(t, "admin")
	w.exec(t, `INSERT INTO device_parent (kind, name, source, source_id) VALUES ('recorder', '34020000001180000001', 'gb28181', '34020000001180000001')`)
	const file = "kind,id,name,parent\nrecorder,34020000001180000001,城西录像机,S1\nswitch,S1,交换机,P1\npower,P1,配电,\ncamera,34020000001310000001,,34020000001180000001\ncamera,,东门外,S1\n"
	bring := func(text string, dry bool) *camera.FileImport {
		t.Helper()
		rows, err := camera.ReadParents(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		out, err := s.Import(admin, rows, dry)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, dry := range []bool{true, false} {
		if out := bring(file, dry); out.Added != 2 || out.Changed != 1 || out.Moved != 2 || len(out.Errors) != 0 {
			t.Errorf("%+v", out)
		}
	}
	if out := bring(file, false); out.Same != 5 || out.Added+out.Changed+out.Moved != 0 {
		t.Errorf("the same again: %+v", out)
	}
	if got := queryOne[string](t, w, `SELECT string_agg(c.name || '<' || p.name || '<' || coalesce(q.name, ''), ' ' ORDER BY c.id) FROM camera c JOIN device_parent p ON p.id = c.parent_id LEFT JOIN device_parent q ON q.id = p.parent_id`); got != "东门<城西录像机<交换机 东门外<交换机<配电" {
		t.Error(got)
	}
	w.exec(t, `UPDATE camera SET name = '东门' WHERE id = 2`)
	out := bring("kind,id,name,parent\nswitch,S2,x,S9\ncamera,34020000001310000009,,S1\ncamera,,东门,S1\npower,P1,配电,34020000001180000001\n", false)
	got := []string{}
	for _, e := range out.Errors {
		got = append(got, e.Field+":"+e.Reason)
	}
	if strings.Join(got, " ") != "parent:unknown_value parent:ring id:unknown_value name:several" || out.Added != 0 {
		t.Errorf("%+v", out)
	}
	if n := queryOne[int](t, w, `SELECT count(*)::int FROM device_parent`); n != 3 {
		t.Errorf("half of it was kept: %d devices", n)
	}
}

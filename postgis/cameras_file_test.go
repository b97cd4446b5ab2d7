package postgis_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/postgis"
)

func bringCameras(t *testing.T, ctx context.Context, s *postgis.Cameras, text string, dry bool) *camera.FileImport {
	t.Helper()
	f, err := camera.ReadFile(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Import(ctx, f, dry)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func wantErrors(t *testing.T, out *camera.FileImport, want string) {
	t.Helper()
	got := []string{}
	for _, e := range out.Errors {
		got = append(got, fmt.Sprintf("%d:%s:%s", e.Row, e.Field, e.Reason))
	}
	if strings.Join(got, " ") != want || out.Added+out.Changed+out.Moved+out.Same != 0 {
		t.Errorf("%v, want %s: %+v", got, want, out)
	}
}

func TestCamerasFile(t *testing.T) {
	t.Parallel()
	w, _ := newDevices(t)
	s, admin := postgis.NewCameras(w.db), w.as(t, "admin")
	w.exec(t, `INSERT INTO device_parent (kind, name, source, source_id) VALUES ('recorder', '录像机', 'import', 'R1'), ('power', '配电', 'registry', '')`)
	w.exec(t, `UPDATE camera SET parent_id = 2, stream_url = 'rtsp://10.8.0.9/old', tilt_deg = -3.3 WHERE id = 3`)

	// One that is known by its device id, one by its name, one that is new.
	file := fmt.Sprintf("device_id,name,department,lon,lat,azimuth_deg,stream_url,parent,presets\n"+
		"34020000001310000001,东大门,城管,%[1]g,%[2]g,90,rtsp://u:secret@10.8.0.9/1,R1,1|大门|90|-5|40\n,东门外,,%[1]g,%[2]g,,,,\n,新,,%[3]g,%[4]g,,,R1,2|街|270\n", inWest[0], inWest[1], inEast[0], inEast[1])
	for _, dry := range []bool{true, false} {
		if out := bringCameras(t, admin, s, file, dry); out.Rows != 3 || out.Added != 1 || out.Changed != 1 || out.Moved != 1 || out.Same != 1 || len(out.Errors) != 0 {
			t.Errorf("%+v", out)
		}
		want := map[bool]int{true: 3, false: 4}[dry]
		if n := queryOne[int](t, w, `SELECT count(*)::int FROM camera`); n != want {
			t.Fatalf("%d cameras, want %d", n, want)
		}
	}
	if got := queryOne[string](t, w, `SELECT concat_ws(' ', c.name, c.area_path, c.azimuth_deg, c.stream_url, p.source_id, c.status, c.source) FROM camera c JOIN device_parent p ON p.id = c.parent_id WHERE c.id = 1`); got != "东大门 "+west+" 90 rtsp://u:secret@10.8.0.9/1 R1 unknown " {
		t.Error(got)
	}
	if got := queryOne[string](t, w, `SELECT string_agg(concat_ws('/', (SELECT c.name FROM camera c WHERE c.id = camera_id), number, name, azimuth_deg, tilt_deg, fov_deg), ' ' ORDER BY camera_id) FROM camera_preset`); got != "东大门/1/大门/90/-5/40 新/2/街/270" {
		t.Error(got)
	}
	if out := bringCameras(t, admin, s, file, false); out.Same != 3 {
		t.Errorf("the same again: %+v", out)
	}

	// What is exported changes nothing, and holds no address.
	rows, err := s.Export(admin)
	if err != nil || len(rows) != 4 {
		t.Fatal(rows, err)
	}
	var text bytes.Buffer
	if err := camera.WriteFile(&text, rows); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String(), "rtsp") || strings.Contains(text.String(), "secret") {
		t.Errorf("an address left the server: %s", text.String())
	}
	if out := bringCameras(t, admin, s, text.String(), false); out.Same != 4 || len(out.Errors) != 0 {
		t.Errorf("%+v\n%s", out, text.String())
	}
	if got := queryOne[string](t, w, `SELECT stream_url || parent_id || tilt_deg FROM camera WHERE id = 3`); got != "rtsp://10.8.0.9/old2-3.3" {
		t.Error(got)
	}
	// What it held comes back.
	w.exec(t, `UPDATE camera SET name = 'x', geom = ST_Point($1, $2, 4326), parent_id = NULL, tilt_deg = NULL WHERE id = 3`, inWest[0], inWest[1])
	w.exec(t, `DELETE FROM camera_preset`)
	if out := bringCameras(t, admin, s, text.String(), false); out.Changed != 3 || out.Moved != 1 || out.Same != 1 {
		t.Errorf("%+v", out)
	}
	if again, err := s.Export(admin); err != nil || fmt.Sprint(len(again)) != "4" || again[2].Name != "河边" || again[2].AreaPath != east || again[2].Parent != "#2" || len(again[0].Presets) != 1 {
		t.Errorf("%+v %v", again, err)
	}
	if got := queryOne[string](t, w, `SELECT string_agg(action || ' ' || (details->>'rows'), ', ' ORDER BY id) FROM audit_log WHERE action LIKE 'camera.%port'`); got != "camera.import 3, camera.import 3, camera.export 4, camera.import 4, camera.import 4, camera.export 4" {
		t.Error(got)
	}
}

func TestCamerasFileRefuses(t *testing.T) {
	t.Parallel()
	w, _ := newDevices(t)
	s, admin := postgis.NewCameras(w.db), w.as(t, "admin")
	w.exec(t, `INSERT INTO camera (name, area_path, geom) VALUES ('东门外', $1, ST_Point($2, $3, 4326))`, west, inWest[0]+0.001, inWest[1])
	out := bringCameras(t, admin, s, "id,device_id,name,lon,lat,parent\n9,,a,,,\n,,,1,1,\n", false)
	wantErrors(t, out, "2:name:required")
	out = bringCameras(t, admin, s, fmt.Sprintf("id,device_id,name,lon,lat,parent\n9,,a,,,\n,,new,,,\n,,far,1,1,\n2,34020000001310000001,b,,,\n,,东门外,,,\n,34020000001310000003,c,,,R9\n1,,东门,,,\n,,东门,%g,%g,\n", inWest[0], inWest[1]), false)
	wantErrors(t, out, "1:id:unknown_value 2:lon:required 3:lon:outside_county 4:device_id:already_exists 5:name:several 6:parent:unknown_value 8:name:twice")

	// Who keeps the west sees and changes his own alone, and moves none of them out of it.
	town := w.as(t, "west")
	auth.ActorFrom(town).Scope = (&auth.User{ID: auth.ActorFrom(town).User.ID, Roles: []auth.Role{auth.RoleAdmin}, Areas: []string{west}}).Scope()
	out = bringCameras(t, town, s, fmt.Sprintf("id,device_id,name,lon,lat\n3,,a,,\n,34020000001310000003,b,,\n1,34020000001310000001,c,%g,%g\n", inEast[0], inEast[1]), false)
	wantErrors(t, out, "1:id:unknown_value 2:device_id:already_exists 3:lon:outside_areas")
	if rows, err := s.Export(town); err != nil || len(rows) != 3 {
		t.Error(rows, err)
	}
	f, err := camera.ReadFile(strings.NewReader("id,name\n1,x\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Import(w.as(t, "duty"), f, true); layers.ErrorCode(err) != layers.CodeForbidden {
		t.Error(err)
	}
	if _, err := s.Export(w.as(t, "duty")); layers.ErrorCode(err) != layers.CodeForbidden {
		t.Error(err)
	}
	if n := queryOne[int](t, w, `SELECT count(*)::int FROM audit_log WHERE action = 'camera.import'`); n != 0 {
		t.Errorf("%d entries of the audit", n)
	}
}

// A catalogue names those that are known, enters what has a place, and leaves out the rest.
func TestCamerasCatalog(t *testing.T) {
	t.Parallel()
	w, _ := newDevices(t)
	s, admin := postgis.NewCameras(w.db), w.as(t, "admin")
	const device = "34020000001180000001"
	w.exec(t, `INSERT INTO device_parent (kind, name, source, source_id) VALUES ('recorder', '录像机', 'gb28181', $1)`, device)
	f := camera.CatalogFile(device, []camera.DeviceChannel{
		{ID: "34020000001310000001", Name: "东大门", Camera: true}, {ID: "34020000001310000007", Name: "新", Camera: true, Point: &inEast},
		{ID: "34020000001310000008", Name: "无位置", Camera: true}, {ID: "34020000002160000001", Name: "组"}})
	out, err := s.Import(admin, f, false)
	if err != nil || out.Added != 1 || out.Changed != 1 || out.Moved != 1 || out.Left != 2 || len(out.Errors) != 0 {
		t.Fatalf("%+v %v", out, err)
	}
	if got := queryOne[string](t, w, `SELECT string_agg(c.name || '<' || p.source_id || ' ' || c.area_path, ', ' ORDER BY c.id) FROM camera c JOIN device_parent p ON p.id = c.parent_id`); got != "东大门<"+device+" "+west+", 新<"+device+" "+east {
		t.Error(got)
	}
}

package postgis_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

// fixture is one row of each table that published tables refer to, and one of each published table.
const fixture = `
INSERT INTO department (code, name) VALUES ('cg', '城管');
INSERT INTO area (code, path, level, name, geom) VALUES ('330122', '330122', 'county', '桐庐县', ST_Multi(ST_MakeEnvelope(119, 29, 120, 30, 4326)));
INSERT INTO unit_grid (code, area_path, name, geom) VALUES ('330122001007001', '330122', '一号', ST_MakeEnvelope(119.6, 29.7, 119.61, 29.71, 4326));
INSERT INTO camera (name, geom) VALUES ('东门', ST_Point(119.6, 29.7, 4326));
INSERT INTO unit (code, name, kind, skills) VALUES ('t1', '一队', 'team', '{06,09}');
INSERT INTO position (id, source_time, geom) SELECT id, now(), ST_Point(119.6, 29.7, 4326) FROM unit;
INSERT INTO incident (title, category, severity, state, geom) VALUES ('占用消防通道', '09012', 1, 'filed', ST_Point(119.6, 29.7, 4326));
INSERT INTO task (incident_id, unit_id, state) SELECT i.id, u.id, 'dispatched' FROM incident i, unit u;
INSERT INTO report (channel, title, geom) VALUES ('hotline', '占道', ST_Point(119.6, 29.7, 4326));
INSERT INTO capture (name, captured_at, geom) VALUES ('一月', now(), ST_Multi(ST_MakeEnvelope(119.6, 29.7, 119.7, 29.8, 4326)));
INSERT INTO permit (number, valid_from, geom) VALUES ('P1', '2026-01-31', ST_Multi(ST_MakeEnvelope(119.6, 29.7, 119.61, 29.71, 4326)));
INSERT INTO geofence_event (rule_id, rule, trigger, moving_layer, moving_id, moving, fence_layer, fence_id, fence, source_time, geom)
	VALUES (1, '禁入', 'enter', 'position', 1, '一队', 'permit', 1, 'P1', now(), ST_Point(119.6, 29.7, 4326));
INSERT INTO detection (number, detector, geom) VALUES ('D1', 'dsm', ST_Multi(ST_MakeEnvelope(119.6, 29.7, 119.61, 29.71, 4326)));
INSERT INTO marking (kind, standing, author, editor, geom) VALUES ('cordon', 'planned', '值班长', '值班长', ST_SetSRID(ST_MakeLine(ST_Point(119.6, 29.7), ST_Point(119.61, 29.7)), 4326));`

func TestEveryPublishedTableCanBeWritten(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	r := follow(t, db)
	published := publishedTables(t, db)
	run(t, db, fixture)
	for _, table := range published {
		r.until(t, table+" to hold its row", func() bool { return r.Len(table) == 1 })
	}
	// Every table takes an update of every published column and a deletion; the replica sees both.
	for _, table := range []string{"task", "position", "report", "detection", "permit", "capture", "camera", "unit_grid", "geofence_event", "marking", "incident", "unit", "area"} {
		for _, c := range r.Layer(table).Columns {
			run(t, db, fmt.Sprintf(`UPDATE %s SET %s = %[2]s`, table, c.Name))
		}
		run(t, db, fmt.Sprintf(`DELETE FROM %s`, table))
		r.until(t, table+" to be empty", func() bool { return r.Len(table) == 0 })
		published = slices.DeleteFunc(published, func(p string) bool { return p == table })
	}
	if len(published) > 0 {
		t.Errorf("not tried: %v", published)
	}
}

func TestWhatIsOverLeavesTheMapAndMayComeBack(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	run(t, db, fixture)
	r := follow(t, db)
	for table, states := range map[string][2]string{"incident": {"closed", "handling"}, "task": {"done", "on_scene"}, "detection": {"dismissed", "detected"}} {
		before := r.Position()
		run(t, db, `UPDATE `+table+` SET state = $1`, states[0])
		r.until(t, table+" to leave", func() bool { return r.Len(table) == 0 })
		if d, ok := r.Since(table, before); !ok || len(d.Gone) != 1 {
			t.Errorf("%s: diff %+v, %v; want one gone", table, d, ok)
		}
		run(t, db, `UPDATE `+table+` SET state = $1`, states[1])
		r.until(t, table+" to come back", func() bool { return r.Len(table) == 1 })
	}
}

// A large polygon is stored out of line, and an update that brings its row back into the publication does not send it.
func TestALargePolygonComesBackWhole(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	r := follow(t, db)
	run(t, db, `ALTER TABLE detection ALTER geom SET STORAGE EXTERNAL`)
	run(t, db, `INSERT INTO detection (number, detector, geom) VALUES ('D1', 'dsm', ST_Multi(ST_Buffer(ST_Point(119.6, 29.7, 4326), 0.1, 500)))`)
	r.until(t, "the detection", func() bool { return r.Len("detection") == 1 })
	_, fs, _ := r.Read("detection")
	want := fs[0].Geometry
	run(t, db, `UPDATE detection SET state = 'dismissed'`)
	r.until(t, "the detection to leave", func() bool { return r.Len("detection") == 0 })
	run(t, db, `UPDATE detection SET state = 'issued'`)
	r.until(t, "the detection to come back", func() bool { return r.Len("detection") == 1 })
	if _, fs, _ = r.Read("detection"); fs[0].Geometry == nil || fs[0].Bound != want.Bound() {
		t.Errorf("it came back with geometry %v", fs[0].Geometry)
	}
}

func TestUnpublishedColumnsNeverArrive(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	const secret = "rtsp://user:secret@10.0.0.1/ and 13800000000"
	insert := func(n string) {
		run(t, db, `INSERT INTO camera (name, stream_url, source_id, geom) VALUES ('c', $1, $1 || $2::text, ST_Point(119.6, 29.7, 4326))`, secret, n)
		run(t, db, `INSERT INTO unit (code, name, kind, phone) VALUES ($2::text, 'u', 'team', $1)`, secret, n)
		run(t, db, `INSERT INTO report (channel, title, reporter_name, reporter_phone, raw) VALUES ('hotline', 'r', $1, $1, to_jsonb($1::text))`, secret)
		run(t, db, `INSERT INTO permit (number, holder, geom) VALUES ($2::text, $1, ST_Multi(ST_MakeEnvelope(119.6, 29.7, 119.61, 29.71, 4326)))`, secret, n)
	}
	insert("1")
	r := follow(t, db)
	insert("2")
	for _, table := range []string{"camera", "unit", "report", "permit"} {
		r.until(t, table+" to hold both rows", func() bool { return r.Len(table) == 2 })
		l, fs, _ := r.Read(table)
		for _, f := range fs {
			if strings.Contains(fmt.Sprint(f.Values...), "secret") {
				t.Errorf("%s shows a secret: %v %v", table, l.Columns, f.Values)
			}
		}
		for _, hidden := range []string{"stream_url", "phone", "reporter_name", "reporter_phone", "raw", "holder", "source_id"} {
			if l.Index(hidden) >= 0 {
				t.Errorf("%s publishes %s", table, hidden)
			}
		}
	}
}

func TestLogsWriteThemselvesAndCannotBeRewritten(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	run(t, db, fixture)
	run(t, db, `UPDATE camera SET status = 'offline'`)
	run(t, db, `UPDATE camera SET name = 'renamed'`)
	run(t, db, `UPDATE unit SET status = 'available'`)
	run(t, db, `UPDATE position SET geom = ST_Point(119.7, 29.8, 4326)`)
	var cameras, units, track int
	err := db.Pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM camera_log WHERE from_status = 'unknown' AND to_status = 'offline'),
		(SELECT count(*) FROM unit_log WHERE to_status = 'available'), (SELECT count(*) FROM track)`).Scan(&cameras, &units, &track)
	if err != nil {
		t.Fatal(err)
	}
	if cameras != 1 || units != 1 || track != 2 {
		t.Errorf("camera_log %d, unit_log %d, track %d; want 1, 1, 2", cameras, units, track)
	}
	for _, log := range []string{"incident_log", "task_log", "detection_log", "camera_log", "unit_log", "audit_log"} {
		for _, sql := range []string{`UPDATE ` + log + ` SET id = DEFAULT`, `DELETE FROM ` + log, `TRUNCATE ` + log} {
			if _, err := db.Pool.Exec(t.Context(), sql); err == nil || !contains(err, "append-only") {
				t.Errorf("%s: %v, want a refusal", sql, err)
			}
		}
	}
}

func TestTheCatalogueSaysWhatLayersAre(t *testing.T) {
	t.Parallel()
	r := follow(t, postgistest.New(t))
	for _, want := range []layers.Layer{
		{Name: "camera", Title: layers.Text{ZH: "摄像机", EN: "Cameras"}, Geometry: layers.GeometryPoint, Delivery: layers.DeliverTiles, MaxZoom: 16},
		{Name: "incident", Title: layers.Text{ZH: "事件", EN: "Incidents"}, Geometry: layers.GeometryPoint, Delivery: layers.DeliverFeatures, MaxZoom: 16},
		{Name: "position", Title: layers.Text{ZH: "位置", EN: "Positions"}, Geometry: layers.GeometryPoint, Delivery: layers.DeliverMoving, MaxZoom: 16},
		{Name: "unit_grid", Title: layers.Text{ZH: "单元网格", EN: "Unit grids"}, Geometry: layers.GeometryPolygon, Delivery: layers.DeliverTiles, MinZoom: 11, MaxZoom: 15},
		{Name: "task", Title: layers.Text{ZH: "任务", EN: "Tasks"}, Geometry: layers.GeometryNone, Delivery: layers.DeliverFeatures, MaxZoom: 16},
	} {
		got := r.Layer(want.Name)
		if got.Title != want.Title || got.Geometry != want.Geometry || got.Delivery != want.Delivery || got.MinZoom != want.MinZoom || got.MaxZoom != want.MaxZoom {
			t.Errorf("layer = %+v, want %+v", got, want)
		}
	}
	var columns []string
	for _, c := range r.Layer("camera").Columns {
		columns = append(columns, c.Name+" "+string(c.Type))
	}
	const want = "device_id text, name text, department text, area_path text, status text, status_since time, height_m float, azimuth_deg float, fov_deg float, range_m float"
	if got := strings.Join(columns, ", "); got != want {
		t.Errorf("camera has columns %s, want %s", got, want)
	}
}

func publishedTables(t *testing.T, db *postgis.DB) (names []string) {
	t.Helper()
	err := db.Pool.QueryRow(t.Context(), `SELECT array_agg(tablename::text) FROM pg_publication_tables WHERE pubname = $1`, postgis.Publication).Scan(&names)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

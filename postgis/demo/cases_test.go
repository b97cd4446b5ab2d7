package demo_test

import (
	"testing"
	"time"

	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/survey"
	"wanglou/layers/task"
	"wanglou/postgis"
	"wanglou/postgis/demo"
)

// expect runs queries that each answer one number.
func expect(t *testing.T, db *postgis.DB, checks []check) {
	t.Helper()
	for _, c := range checks {
		if n := number(t, db, c.sql); n < c.min || n > c.max {
			t.Errorf("%s: %v, want %v to %v", c.what, n, c.min, c.max)
		}
	}
}

type check struct {
	what, sql string
	min, max  float64
}

func testCases(t *testing.T, db *postgis.DB) {
	expect(t, db, []check{
		{"open", `SELECT count(*) FROM incident WHERE closed_at IS NULL`, 22, 22},
		{"over", `SELECT count(*) FROM incident WHERE closed_at IS NOT NULL`, 600, 600},
		{"open of severity 1", `SELECT count(*) FROM incident WHERE closed_at IS NULL AND severity = 1`, 2, 2},
		{"open states", `SELECT count(DISTINCT state) FROM incident WHERE closed_at IS NULL`, 5, 5},
		{"state is not the log's last", `SELECT count(*) FROM incident i WHERE state <> (SELECT to_state FROM incident_log l WHERE l.incident_id = i.id ORDER BY l.id DESC LIMIT 1)`, 0, 0},
		{"revision is not the log's length", `SELECT count(*) FROM incident i WHERE revision <> (SELECT count(*) FROM incident_log l WHERE l.incident_id = i.id)`, 0, 0},
		{"times differ from the log's", `SELECT count(*) FROM incident i WHERE (created_at, updated_at) IS DISTINCT FROM
			(SELECT (min(source_time), max(source_time)) FROM incident_log l WHERE l.incident_id = i.id) AND NOT EXISTS (SELECT FROM case_request r WHERE r.incident_id = i.id)`, 0, 0},
		{"closed late, of a hundred closed", `SELECT 100 * avg((closing = 'overdue')::int) FROM incident WHERE state = 'closed'`, 2, 25},
		{"open and overdue", `SELECT count(*) FROM incident WHERE closed_at IS NULL AND due_at < now() AND state = 'filed'`, 3, 6},
		{"that were suspended", `SELECT count(DISTINCT incident_id) FROM incident_log WHERE move = 'suspend'`, 5, 60},
		{"that were done again", `SELECT count(DISTINCT incident_id) FROM incident_log WHERE move = 'rework'`, 15, 90},
		{"open ones that are done again", `SELECT count(*) FROM incident i WHERE closed_at IS NULL AND EXISTS (SELECT FROM incident_log l WHERE l.incident_id = i.id AND move = 'rework')`, 1, 1},
		{"unit grids without a duty grid", `SELECT count(*) FROM unit_grid WHERE duty_grid_id IS NULL`, 0, 0},
		{"duty grids that lie in two villages", `SELECT count(*) FROM duty_grid d WHERE EXISTS (SELECT FROM unit_grid u WHERE u.duty_grid_id = d.id AND u.area_path <> d.area_path)`, 0, 0},
		{"cases in another unit grid", `SELECT count(*) FROM incident WHERE unit_grid_id IS DISTINCT FROM unit_grid_at(geom)`, 0, 0},
		{"inhabitants of the towns", `SELECT sum(count) FROM inhabitants JOIN area ON id = area_id WHERE level = 'town'`, 449_900, 450_100},
		{"in the future", `SELECT count(*) FROM incident_log WHERE source_time > now()`, 0, 0},
		{"without an area", `SELECT count(*) FROM incident WHERE area_path IS NULL`, 0, 0},
		{"unknown categories", `SELECT count(*) FROM incident i WHERE NOT EXISTS (SELECT FROM category c WHERE c.kind = 'item' AND c.code = i.category AND c.standard = i.standard)`, 0, 0},
		{"hours of the day that had cases", `SELECT count(DISTINCT extract(hour FROM created_at)) FROM incident`, 20, 24},
		{"numbers of another day", `SELECT count(*) FROM incident WHERE left(number, 8) <> to_char(created_at AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD')`, 0, 0},
		{"task state is not the log's last", `SELECT count(*) FROM task t WHERE state <> (SELECT to_state FROM task_log l WHERE l.task_id = t.id ORDER BY l.id DESC LIMIT 1)`, 0, 0},
		{"open tasks", `SELECT count(*) FROM task WHERE ended_at IS NULL`, 10, 16},
		{"handled without a unit", `SELECT count(*) FROM incident i WHERE state IN ('dispatched', 'handling', 'suspended') AND NOT EXISTS (SELECT FROM task t WHERE t.incident_id = i.id AND t.ended_at IS NULL)`, 0, 0},
		{"units whose status is not their task's", `SELECT count(*) FROM unit u LEFT JOIN task t ON t.unit_id = u.id AND t.ended_at IS NULL
			WHERE u.status <> coalesce(t.state, 'available') AND u.status <> 'off_duty'`, 0, 0},
		{"units whose status is not their log's", `SELECT count(*) FROM unit u WHERE status <> (SELECT to_status FROM unit_log l WHERE l.unit_id = u.id ORDER BY l.id DESC LIMIT 1)`, 0, 0},
		{"units", `SELECT count(*) FROM unit`, 26, 26},
		{"fresh positions", `SELECT count(*) FROM position WHERE source_time > now() - interval '5 minutes'`, 20, 26},
		{"reports", `SELECT count(*) FROM report`, 400, 700},
		{"attached to no case", `SELECT count(*) FROM report WHERE state IN ('attached', 'answered') AND incident_id IS NULL`, 0, 0},
		{"open detections", `SELECT count(*) FROM detection WHERE state NOT IN ('dismissed', 'cleared')`, 17, 17},
		{"detections on buildings", `SELECT count(*) FROM detection d JOIN basemap_building b ON ST_Intersects(d.geom, b.geom)`, 0, 0},
		{"detections outside of the captures", `SELECT count(*) FROM detection d JOIN capture c ON c.id IN (d.capture_before_id, d.capture_after_id) AND NOT ST_Covers(c.geom, d.geom)`, 0, 0},
		{"detection state is not the log's last", `SELECT count(*) FROM detection d WHERE state <> (SELECT to_state FROM detection_log l WHERE l.detection_id = d.id ORDER BY l.id DESC LIMIT 1)`, 0, 0},
	})
}

// Every row of every log is a step of its machine.
func testLogs(t *testing.T, db *postgis.DB) {
	rows, err := db.Pool.Query(t.Context(), `
		SELECT 'case', move, from_state, to_state, reason FROM incident_log WHERE move NOT LIKE '%.%' UNION ALL
		SELECT 'task', move, from_state, to_state, reason FROM task_log WHERE move <> 'dispatch' UNION ALL
		SELECT 'detection', move, from_state, to_state, reason FROM detection_log`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var machine, move, from, to, reason, got string
		if err := rows.Scan(&machine, &move, &from, &to, &reason); err != nil {
			t.Fatal(err)
		}
		switch machine {
		case "case":
			s, e := incident.State(from).Take(incident.Move(move), reason)
			got, err = string(s), e
		case "task":
			s, e := task.State(from).Take(task.Move(move), reason)
			got, err = string(s), e
		case "detection":
			s, e := survey.State(from).Take(survey.Move(move), reason)
			got, err = string(s), e
		}
		if err != nil || got != to {
			t.Fatalf("%s: %s from %q leads to %q (%v), the log says %q", machine, move, from, got, err, to)
		}
	}
	if n < 4000 || rows.Err() != nil {
		t.Errorf("%d rows, %v", n, rows.Err())
	}
}

func testAccounts(t *testing.T, db *postgis.DB) {
	users := postgis.NewUsers(db)
	for _, want := range demo.Users {
		u, err := users.Authenticate(t.Context(), want.Login, demo.Password)
		if err != nil {
			t.Errorf("%s: %v", want.Login, err)
			continue
		}
		if s := u.Scope(); string(s.Roles[0]) != want.Role || s.Areas[0] != want.Area {
			t.Errorf("%s: %+v", want.Login, s)
		}
		if (u.UnitID != 0) != (want.Login == "unit7" || want.Login == "drone") {
			t.Errorf("%s works for unit %d", want.Login, u.UnitID)
		}
	}
	// What the demo is for: a duty officer is told whom to send.
	u, err := users.Authenticate(t.Context(), "duty", demo.Password)
	if err != nil {
		t.Fatal(err)
	}
	ctx := auth.WithActor(t.Context(), &auth.Actor{User: u, Scope: u.Scope()})
	var id int64
	if err := db.Pool.QueryRow(ctx, `SELECT id FROM incident WHERE title = '疑似新增违法建筑'`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	got, err := postgis.NewUnits(db).Recommend(ctx, id)
	if err != nil || got.Shortfall != 0 || len(got.Items) != 26 || !got.Items[0].Picked {
		t.Errorf("%d items, shortfall %d, %v", len(got.Items), got.Shortfall, err)
	}
}

func TestTouch(t *testing.T) {
	t.Parallel()
	db := seeded(t)
	if _, err := db.Pool.Exec(t.Context(), `UPDATE position SET source_time = source_time - interval '3 hours', receive_time = receive_time - interval '3 hours'`); err != nil {
		t.Fatal(err)
	}
	const fresh = `SELECT count(*) FROM position WHERE source_time > now() - interval '5 minutes'`
	if n := number(t, db, fresh); n != 0 {
		t.Fatalf("%v fresh positions three hours after the seed", n)
	}
	if err := demo.Touch(t.Context(), db, time.Now()); err != nil {
		t.Fatal(err)
	}
	if n := number(t, db, fresh); n < 20 {
		t.Errorf("%v fresh positions", n)
	}
}

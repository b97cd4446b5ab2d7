package simulate

import (
	"context"
	"syscall"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/demo"
	"wanglou/postgis/postgistest"
)

// seed writes the demo county.
func seed(t *testing.T, db *postgis.DB) {
	t.Helper()
	if !demo.Available() {
		t.Skip("the county's names and outline were not cut out of npm packages: make build")
	}
	if _, err := demo.Seed(t.Context(), db, demo.Options{}); err != nil {
		t.Fatal(err)
	}
}

// number returns the one number that a query answers.
func number(t *testing.T, db *postgis.DB, sql string, args ...any) (n int) {
	t.Helper()
	if err := db.Pool.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func newSimulation(db *postgis.DB, t *testing.T, o Options) *simulation {
	t.Helper()
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	s := &simulation{db: db, o: o, log: postgistest.Log(t), incidents: postgis.NewIncidents(db), tasks: postgis.NewTasks(db), units: postgis.NewUnits(db), lock: lock{pool: db.Pool}}
	t.Cleanup(s.lock.release)
	if err := s.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// An afternoon in the county, second by second as fast as the database goes: everything happens, nothing is flooded, every rule of logs and audit holds.
func TestAnAfternoon(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	seed(t, db)
	postgistest.CheckInvariants(t, db)
	t.Run("equal seeds decide alike", func(t *testing.T) { testEqualSeeds(t, db) })
	logged := number(t, db, `SELECT max(id) FROM incident_log`)
	tasksLogged := number(t, db, `SELECT max(id) FROM task_log`)
	s := newSimulation(db, t, Options{Rate: 30, Speed: 10, MaxOpen: 30})
	now, begin := s.began, time.Now()
	places := map[int64][2]float64{}
	for steps := 0; s.done.Closed < 25 || s.done.Detections < 3 || s.done.Cameras < 100; steps++ {
		if time.Since(begin) > 90*time.Second {
			t.Fatalf("after %d steps only %+v", steps, s.done)
		}
		before := places
		places = map[int64][2]float64{}
		for id, v := range s.fleet {
			if v.known {
				places[id] = v.at
			}
			if was, ok := before[id]; ok && v.known && metres(was, v.at) > 25*urgent*5*s.o.Speed {
				t.Fatalf("unit %d went %.0f m in a second, %d times as fast as it can", id, metres(was, v.at), int(s.o.Speed))
			}
		}
		now = now.Add(tick)
		if err := s.step(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		if steps%50 == 0 {
			if n := number(t, db, `SELECT count(*) FROM incident WHERE closed_at IS NULL`); n > s.o.MaxOpen {
				t.Fatalf("%d cases are open, %d is the most", n, s.o.MaxOpen)
			}
			postgistest.CheckInvariants(t, db)
		}
	}
	postgistest.CheckInvariants(t, db)
	moves := number(t, db, `SELECT count(*) FROM incident_log WHERE id > $1 AND move <> 'dispatch' AND move NOT LIKE '%.%' AND NOT coalesce(details ? 'task_id', false)`, logged)
	if n := number(t, db, `SELECT count(*) FROM audit_log WHERE action LIKE 'incident.%'`); n != moves {
		t.Errorf("%d audit rows for %d moves of cases", n, moves)
	}
	moves = number(t, db, `SELECT count(*) FROM task_log WHERE id > $1`, tasksLogged)
	if n := number(t, db, `SELECT count(*) FROM audit_log WHERE action LIKE 'task.%'`); n != moves {
		t.Errorf("%d audit rows for %d moves of tasks", n, moves)
	}
	for _, c := range []struct {
		what, sql string
		min, max  int
	}{
		{"channels", `SELECT count(DISTINCT channel) FROM report WHERE source = 'simulate'`, 4, 8},
		{"reports that became cases", `SELECT count(*) FROM report WHERE source = 'simulate' AND incident_id IS NOT NULL`, 5, 10_000},
		{"reports of closed cases that nobody answered", `SELECT count(*) FROM report r JOIN incident i ON i.id = r.incident_id
			WHERE i.closed_at > now() - interval '1 hour' AND r.state = 'attached'`, 0, 0},
		{"reports without an area", `SELECT count(*) FROM report WHERE source = 'simulate' AND area_path IS NULL`, 0, 0},
		{"cameras down", `SELECT count(*) FROM camera WHERE status IN ('offline', 'fault')`, 60, 260},
		{"cameras that went down together", `SELECT max(n) FROM (SELECT count(*) AS n FROM camera_log WHERE to_status = 'offline' GROUP BY receive_time) g`, 4, maxOutage},
		{"cameras that came back together", `SELECT max(n) FROM (SELECT count(*) AS n FROM camera_log WHERE to_status = 'online' GROUP BY receive_time) g`, 2, 10_000},
		{"cameras whose status is not the log's last", `SELECT count(*) FROM camera c WHERE status <> (SELECT to_status FROM camera_log l WHERE l.camera_id = c.id ORDER BY id DESC LIMIT 1)`, 0, 0},
		{"detections whose state is not the log's last", `SELECT count(*) FROM detection d WHERE (state, revision) IS DISTINCT FROM
			(SELECT ((array_agg(to_state ORDER BY id DESC))[1], count(*)) FROM detection_log l WHERE l.detection_id = d.id)`, 0, 0},
		{"detections on buildings", `SELECT count(*) FROM detection d JOIN basemap_building b ON ST_Intersects(d.geom, b.geom)`, 0, 0},
		{"open detections", `SELECT count(*) FROM detection WHERE state NOT IN ('dismissed', 'cleared')`, 1, maxDetections},
	} {
		if n := number(t, db, c.sql); n < c.min || n > c.max {
			t.Errorf("%s: %d, want %d to %d", c.what, n, c.min, c.max)
		}
	}
	const simulated = ` t.id > (SELECT max(task_id) FROM task_log WHERE id <= $1) `
	if n := number(t, db, `SELECT count(*) FROM task t WHERE`+simulated+`AND unit_id IN (SELECT unit_id FROM app_user)`, tasksLogged); n != 0 {
		t.Errorf("units that people play were sent %d times", n)
	}
	// A crew that has arrived is where its case is.
	if n := number(t, db, `SELECT count(*) FROM task t JOIN incident i ON i.id = t.incident_id JOIN position p ON p.id = t.unit_id
		WHERE`+simulated+`AND t.state = 'on_scene' AND t.on_scene_at < now() - interval '1 second' AND ST_Distance(p.geom::geography, i.geom::geography) > 30`, tasksLogged); n != 0 {
		t.Errorf("%d crews are on the scene of a case that is elsewhere", n)
	}
	t.Logf("%+v", s.done)
}

func testEqualSeeds(t *testing.T, db *postgis.DB) {
	var messages [2][]message
	for i := range messages {
		s := newSimulation(db, t, Options{Seed: 7})
		for range 50 {
			messages[i] = append(messages[i], s.newMessage())
		}
		s.lock.release()
	}
	for i := range messages[0] {
		if messages[0][i] != messages[1][i] {
			t.Fatalf("report %d: %+v and %+v", i, messages[0][i], messages[1][i])
		}
	}
}

func TestSurvivesAKilledDatabase(t *testing.T) {
	t.Parallel()
	cluster := postgistest.Cluster(t)
	db, err := postgis.Open(t.Context(), cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	seed(t, db)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := Run(ctx, db, Options{Rate: 100, Speed: 10}, postgistest.Log(t))
		ended <- err
	}()
	// It asks again after an error too: any connection of the pool may be one that the kill broke.
	waitForMore := func(what string, than int) (dispatches int) {
		t.Helper()
		deadline := time.NewTimer(60 * time.Second)
		defer deadline.Stop()
		for {
			if err := db.Pool.QueryRow(ctx, `SELECT count(*) FROM audit_log WHERE action = 'task.dispatch'`).Scan(&dispatches); err == nil && dispatches > than {
				return dispatches
			}
			select {
			case err := <-ended:
				t.Fatalf("waiting for %s the simulation ended: %v", what, err)
			case <-deadline.C:
				t.Fatalf("%s did not happen", what)
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
	waitForMore("a dispatch", 0)
	postgistest.Signal(t, cluster.PID(), syscall.SIGKILL)
	n := waitForMore("PostgreSQL's return", 0)
	waitForMore("another dispatch", n)
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stopped: %v", err)
	}
	postgistest.CheckInvariants(t, db)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	for name, o := range map[string]Options{"rate": {Rate: -1}, "speed": {Speed: 1e6}, "for": {For: -time.Second}, "open": {MaxOpen: 501}} {
		if _, err := Run(t.Context(), db, o, postgistest.Log(t)); layers.ErrorCode(err) != layers.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Run(t.Context(), db, Options{}, postgistest.Log(t)); layers.ErrorCode(err) != layers.CodeConflict || IsBusy(err) {
		t.Errorf("an empty database: %v", err)
	}
	// Told to, it simulates anywhere; where nothing is, nothing happens. It ends by itself, and it is alone.
	first := newSimulation(db, t, Options{Anywhere: true, Rate: 100})
	if _, err := Run(t.Context(), db, Options{Anywhere: true}, postgistest.Log(t)); !IsBusy(err) {
		t.Errorf("beside another one: %v", err)
	}
	for i := range 40 {
		if err := first.step(t.Context(), first.began.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	first.lock.release()
	if _, err := Run(t.Context(), db, Options{Anywhere: true, For: 50 * time.Millisecond}, postgistest.Log(t)); err != nil {
		t.Errorf("for 50 ms: %v", err)
	}
}

package postgis_test

import (
	"fmt"
	"sync"
	"testing"

	"wanglou/layers"
	"wanglou/layers/incident"
	"wanglou/layers/task"
)

// atOnce runs f n times at the same time and returns how often it succeeded; the other times it must have been a conflict
// for the reason.
func atOnce(t *testing.T, n int, reason string, f func(i int) error) (won int) {
	t.Helper()
	var (
		wg    sync.WaitGroup
		start = make(chan struct{})
		errs  = make([]error, n)
	)
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		wantError(t, err, layers.CodeConflict, reason)
	}
	return won
}

func TestTwoDispatchersOneUnit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 10 {
		a, b := w.create(t, inWest), w.create(t, inWest)
		won := atOnce(t, 2, "unit_not_available", func(i int) error {
			in, login := a, "anna"
			if i == 1 {
				in, login = b, "bert"
			}
			_, err := w.tasks.Dispatch(w.as(t, login), in.ID, 1, "", in.Revision)
			return err
		})
		if won != 1 {
			t.Fatalf("%d of two dispatchers got the unit", won)
		}
		w.checkInvariants(t)
		id := queryOne[int64](t, w, `SELECT id FROM task WHERE ended_at IS NULL`)
		k, err := w.tasks.Task(w.as(t, "anna"), id)
		if err != nil {
			t.Fatal(err)
		}
		w.work(t, k, task.MoveReturn)
	}
}

func TestTwentyMovesOneRevision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inWest)
	won := atOnce(t, 20, "stale_revision", func(i int) error {
		m := incident.MoveVoid
		if i%2 == 1 {
			m = incident.MoveSelfHandle
		}
		_, err := w.incidents.Move(w.as(t, "duty"), in.ID, m, fmt.Sprint(i), in.Revision)
		return err
	})
	if won != 1 || len(w.moves(t, in.ID)) != 2 {
		t.Errorf("%d of twenty moves were made, log %q", won, w.moves(t, in.ID))
	}
	w.checkInvariants(t)
}

func TestManyDispatchersOneCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(t, `INSERT INTO unit (code, name, kind, area_path, status)
		SELECT 'x' || i, '队 ' || i, 'team', '330122.330122001', 'available' FROM generate_series(1, 8) i`)
	in := w.create(t, inWest)
	won := atOnce(t, 8, "stale_revision", func(i int) error {
		_, err := w.tasks.Dispatch(w.as(t, "anna"), in.ID, int64(5+i), "", in.Revision)
		return err
	})
	if won != 1 {
		t.Errorf("%d units were sent by people who saw the case without one", won)
	}
	w.checkInvariants(t)
}

// TestUnitAndOfficeAtOnce lets a unit arrive while it is called off: either may come first, never both.
func TestUnitAndOfficeAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 5 {
		k := w.work(t, w.dispatch(t, w.create(t, inWest).ID, 1), task.MoveAcknowledge)
		won := atOnce(t, 2, "stale_revision", func(i int) error {
			login, m := "unit-w1", task.MoveArrive
			if i == 1 {
				login, m = "anna", task.MoveCallOff
			}
			_, err := w.tasks.Move(w.as(t, login), k.ID, m, "理由", k.Revision)
			return err
		})
		if won != 1 {
			t.Fatalf("%d of two moves were made", won)
		}
		w.checkInvariants(t)
		if k, err := w.tasks.Task(w.as(t, "anna"), k.ID); err != nil {
			t.Fatal(err)
		} else if !k.State.Final() {
			w.callOff(t, k)
		}
	}
}

// TestTwoUnitsAtOnce lets two units of one case acknowledge, then finish, at the same moment: the case follows once.
func TestTwoUnitsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 10 {
		in := w.create(t, inWest)
		tasks := []*task.Task{w.dispatch(t, in.ID, 1), w.dispatch(t, in.ID, 2)}
		for _, m := range []task.Move{task.MoveAcknowledge, task.MoveArrive, task.MoveDone} {
			won := atOnce(t, 2, "", func(i int) (err error) {
				tasks[i], err = w.tasks.Move(w.as(t, unitOf[tasks[i].UnitID]), tasks[i].ID, m, "理由", tasks[i].Revision)
				return err
			})
			if won != 2 {
				t.Fatalf("%s was made %d times by two units", m, won)
			}
			w.checkInvariants(t)
		}
		wantStrings(t, w.moves(t, in.ID)[3:], []string{
			"task.acknowledge", "start", "task.acknowledge", "task.arrive", "task.arrive", "task.done", "task.done", "feed_back",
		})
	}
}

// TestCrossedLocks moves tasks of two cases whose units are sent to both in turn: nobody waits in a circle.
func TestCrossedLocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.create(t, inWest), w.create(t, inWest)
	var wg sync.WaitGroup
	for i, unitID := range []int64{1, 2} {
		wg.Go(func() {
			for round := range 10 {
				if err := w.sendAndReturn(t, []int64{a.ID, b.ID}[(i+round)%2], unitID); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	w.checkInvariants(t)
}

// sendAndReturn sends a unit to a case, however often somebody else moves the case in between, and lets it return.
func (w *world) sendAndReturn(t *testing.T, id, unitID int64) error {
	for {
		in, err := w.incidents.Incident(w.as(t, "anna"), id)
		if err != nil {
			return err
		}
		k, err := w.tasks.Dispatch(w.as(t, "anna"), id, unitID, "", in.Revision)
		if layers.ErrorCode(err) == layers.CodeConflict {
			continue
		}
		if err == nil {
			_, err = w.tasks.Move(w.as(t, unitOf[unitID]), k.ID, task.MoveReturn, "理由", k.Revision)
		}
		return err
	}
}

// TestNothingHalfWritten fails the last statement of each change, by an error and by the death of the connection.
func TestNothingHalfWritten(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]string{
		"an error":          `RAISE EXCEPTION 'the disk is on fire'`,
		"a dead connection": `PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			in := w.create(t, inWest)
			k := w.dispatch(t, in.ID, 1)
			other := w.create(t, inWest)
			before := w.everything(t)
			w.exec(t, `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN `+fault+`; END $$`)
			w.exec(t, `CREATE TRIGGER fail BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION fail()`)

			for what, try := range map[string]func() error{
				"create": func() error { _, err := w.incidents.Create(w.as(t, "duty"), newIncident(inWest), "k"); return err },
				"move": func() error {
					_, err := w.incidents.Move(w.as(t, "duty"), other.ID, incident.MoveVoid, "x", 1)
					return err
				},
				"dispatch": func() error { _, err := w.tasks.Dispatch(w.as(t, "anna"), other.ID, 2, "", 1); return err },
				"task":     func() error { _, err := w.tasks.Move(w.as(t, "unit-w1"), k.ID, task.MoveReturn, "x", 1); return err },
				"user": func() error {
					u := *w.actors["viewer"].User
					u.Name = "x"
					return w.users.Save(w.as(t, "admin"), &u, "")
				},
			} {
				if err := try(); err == nil {
					t.Errorf("%s succeeded", what)
				}
			}
			w.exec(t, `DROP FUNCTION fail CASCADE`)
			wantStrings(t, w.everything(t), before)
			w.checkInvariants(t)
			w.work(t, k, task.MoveAcknowledge) // and nothing is locked any more
		})
	}
}

// everything returns every row that the services write, as text.
func (w *world) everything(t testing.TB) []string {
	t.Helper()
	return queryAll[string](t, w, `
		SELECT 'incident ' || i::text FROM incident i UNION ALL SELECT 'incident_log ' || l::text FROM incident_log l
		UNION ALL SELECT 'task ' || t::text FROM task t UNION ALL SELECT 'task_log ' || l::text FROM task_log l
		UNION ALL SELECT 'unit ' || u::text FROM unit u UNION ALL SELECT 'unit_log ' || l::text FROM unit_log l
		UNION ALL SELECT 'user ' || u::text FROM app_user u UNION ALL SELECT 'audit ' || l::text FROM audit_log l ORDER BY 1`)
}

func TestLogsCannotBeRewritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.dispatch(t, w.create(t, inWest).ID, 1)
	w.work(t, k, task.MoveReturn)
	w.exec(t, `INSERT INTO camera (name, geom) VALUES ('x', 'SRID=4326;POINT(119.6 29.7)'); UPDATE camera SET status = 'online'`)
	w.exec(t, `INSERT INTO detection (number, detector, geom) VALUES ('d', 'x', 'SRID=4326;MULTIPOLYGON(((119.6 29.7, 119.61 29.7, 119.61 29.71, 119.6 29.7)))')`)
	w.exec(t, `INSERT INTO detection_log (detection_id, actor_name, move, to_state) VALUES (1, 'x', 'detect', 'detected')`)
	for _, log := range []string{"incident_log", "task_log", "unit_log", "camera_log", "detection_log", "audit_log"} {
		t.Run(log, func(t *testing.T) {
			t.Parallel()
			n := queryOne[int](t, w, `SELECT count(*)::int FROM `+log)
			if n == 0 {
				t.Fatal("the log is empty")
			}
			for _, sql := range []string{`UPDATE ` + log + ` SET id = id`, `DELETE FROM ` + log, `TRUNCATE ` + log} {
				if _, err := w.db.Pool.Exec(t.Context(), sql); err == nil {
					t.Errorf("%s was done", sql)
				}
			}
			if left := queryOne[int](t, w, `SELECT count(*)::int FROM `+log); left != n {
				t.Errorf("%d rows of %d are left", left, n)
			}
		})
	}
}

package postgis_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/task"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

// The county of the tests: two towns side by side, a village in the western one, a strip of the county that is no town's.
const (
	county  = "330122"
	west    = county + ".330122001"
	village = west + ".330122001007"
	east    = county + ".330122002"
)

var (
	inVillage = orb.Point{119.55, 29.65}
	inWest    = orb.Point{119.65, 29.75}
	inEast    = orb.Point{119.75, 29.75}
	abroad    = orb.Point{121.47, 31.23}
)

const countySQL = `
INSERT INTO area (code, path, level, name, name_en, geom)
SELECT code, path, level, name, name_en, ST_Multi(ST_MakeEnvelope(w, s, e, n, 4326)) FROM (VALUES
	('330122', '330122', 'county', '桐庐县', 'Tonglu', 119.5, 29.6, 119.9, 30.0),
	('330122001', '330122.330122001', 'town', '西镇', 'West', 119.5, 29.6, 119.7, 29.9),
	('330122002', '330122.330122002', 'town', '东镇', 'East', 119.7, 29.6, 119.9, 29.9),
	('330122001007', '330122.330122001.330122001007', 'village', '七村', 'Seven', 119.5, 29.6, 119.6, 29.7)
) v (code, path, level, name, name_en, w, s, e, n);
INSERT INTO category (standard, kind, code, class, name) VALUES
	('gbt47678.5-2026', 'item', '09012', '街面秩序', '占用消防通道'), ('gbt47678.5-2026', 'item', '06010', '市容环境', '暴露垃圾'),
	('cjt214-2007', 'item', '0101', '市容环境', '私搭乱建');
INSERT INTO department (code, name) VALUES ('zf', '综合执法局');
INSERT INTO unit (code, name, kind, department_id, skills, area_path, status) VALUES
	('w1', '西一队', 'team', 1, '{06,09}', '330122.330122001', 'available'),
	('w2', '西二队', 'team', 1, '{}', '330122.330122001', 'available'),
	('e1', '东一队', 'team', 1, '{}', '330122.330122002', 'available'),
	('w3', '西三队', 'grid_worker', NULL, '{}', '330122.330122001', 'off_duty');
INSERT INTO app_user (login, name, password_hash, roles, areas, unit_id) VALUES
	('admin', '管理', '-', '{admin}', '{*}', NULL),
	('duty', '值班长', '-', '{duty_officer}', '{330122}', NULL),
	('anna', '派遣甲', '-', '{dispatcher}', '{330122}', NULL),
	('bert', '派遣乙', '-', '{dispatcher}', '{330122}', NULL),
	('west', '西镇值班', '-', '{duty_officer}', '{330122.330122001}', NULL),
	('east', '东镇值班', '-', '{duty_officer}', '{330122.330122002}', NULL),
	('viewer', '查看', '-', '{viewer}', '{330122}', NULL),
	('boss', '督办甲', '-', '{supervisor}', '{330122}', NULL),
	('unit-w1', '西一队员', '-', '{unit}', '{330122.330122001}', 1),
	('unit-w2', '西二队员', '-', '{unit}', '{330122.330122001}', 2),
	('unit-e1', '东一队员', '-', '{unit}', '{330122.330122002}', 3);`

// world is one database with the county in it, and its services.
type world struct {
	db        *postgis.DB
	incidents *postgis.Incidents
	tasks     *postgis.Tasks
	units     *postgis.Units
	users     *postgis.Users
	areas     *postgis.Areas
	actors    map[string]*auth.Actor
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := postgistest.New(t)
	w := &world{
		db: db, incidents: postgis.NewIncidents(db), tasks: postgis.NewTasks(db), units: postgis.NewUnits(db),
		users: postgis.LightUsers(db), areas: postgis.NewAreas(db), actors: map[string]*auth.Actor{},
	}
	w.exec(t, countySQL)
	users, err := w.users.Users(auth.WithActor(t.Context(), auth.Operator("test")))
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		w.actors[u.Login] = &auth.Actor{User: u, Scope: u.Scope(), RequestID: "req-" + u.Login, Remote: "192.0.2.1"}
	}
	return w
}

// as returns a context in which the user of the login acts.
func (w *world) as(t testing.TB, login string) context.Context {
	t.Helper()
	a, ok := w.actors[login]
	if !ok {
		t.Fatalf("there is no user %q", login)
	}
	return auth.WithActor(t.Context(), a)
}

func (w *world) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if _, err := w.db.Pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// create stores a case at a point, by the duty officer.
func (w *world) create(t testing.TB, at orb.Point) *incident.Incident {
	t.Helper()
	in, err := w.incidents.Create(w.as(t, "duty"), newIncident(at), "")
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func newIncident(at orb.Point) *incident.Incident {
	return &incident.Incident{Title: "消防通道被占用", Category: "09012", Severity: 2, Point: at}
}

// dispatch sends a unit to a case as it is now.
func (w *world) dispatch(t testing.TB, incidentID, unitID int64) *task.Task {
	t.Helper()
	in := w.incident(t, incidentID)
	k, err := w.tasks.Dispatch(w.as(t, "anna"), incidentID, unitID, "", in.Revision)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// unitOf is the login of the user who works for a unit.
var unitOf = map[int64]string{1: "unit-w1", 2: "unit-w2", 3: "unit-e1"}

// work makes steps of a task by its own unit, each with a reason.
func (w *world) work(t testing.TB, k *task.Task, moves ...task.Move) *task.Task {
	t.Helper()
	for _, m := range moves {
		var err error
		if k, err = w.tasks.Move(w.as(t, unitOf[k.UnitID]), k.ID, m, "理由", k.Revision); err != nil {
			t.Fatalf("%s: %v", m, err)
		}
	}
	return k
}

// incident returns a case as somebody sees it who sees everything.
func (w *world) incident(t testing.TB, id int64) *incident.Incident {
	t.Helper()
	in, err := w.incidents.Incident(w.as(t, "admin"), id)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func (w *world) unitStatus(t testing.TB, id int64) string {
	t.Helper()
	return queryOne[string](t, w, `SELECT status FROM unit WHERE id = $1`, id)
}

// moves returns the moves of a case's log, oldest first.
func (w *world) moves(t testing.TB, id int64) []string {
	t.Helper()
	return queryAll[string](t, w, `SELECT move FROM incident_log WHERE incident_id = $1 ORDER BY id`, id)
}

func queryAll[T any](t testing.TB, w *world, sql string, args ...any) []T {
	t.Helper()
	rows, err := w.db.Pool.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func queryOne[T any](t testing.TB, w *world, sql string, args ...any) T {
	t.Helper()
	all := queryAll[T](t, w, sql, args...)
	if len(all) != 1 {
		t.Fatalf("%d rows", len(all))
	}
	return all[0]
}

// wantError fails unless err is of the code and, where one is given, for the reason.
func wantError(t testing.TB, err error, code layers.Code, reason string) *layers.Error {
	t.Helper()
	var e *layers.Error
	if !errors.As(err, &e) || e.Code != code || (reason != "" && e.Reason != reason) {
		t.Fatalf("%v; want %s %s", err, code, reason)
	}
	return e
}

func wantStrings(t testing.TB, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
}

package postgis_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/survey"
	"wanglou/layers/task"
	"wanglou/postgis"
)

// flyer adds a drone crew with an account, and what flights are filed under.
func flyer(t *testing.T, w *world) (unitID int64) {
	t.Helper()
	w.exec(t, `INSERT INTO category (standard, kind, code, class, name) VALUES ('gbt47678.5-2026', 'item', '08016', '施工管理', '无证建设') ON CONFLICT DO NOTHING`)
	return queryOne[int64](t, w, `INSERT INTO unit (code, name, kind, area_path, status) VALUES ('d1', '无人机一组', 'drone_crew', '330122', 'available') RETURNING id`)
}

func capture(t *testing.T, w *world, when string, o orb.Bound) int64 {
	t.Helper()
	return queryOne[int64](t, w, `INSERT INTO capture (name, captured_at, sha256, area_path, geom) VALUES ('x', now() + $1::interval, repeat('c', 64), '330122', ST_Multi(ST_MakeEnvelope($2, $3, $4, $5, 4326))) RETURNING id`,
		when, o.Min[0], o.Min[1], o.Max[0], o.Max[1])
}

func TestFlightsByLevel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewDetections(w.db)
	duty := w.as(t, "duty")
	// The western town: 119.5–119.7, 29.6–29.9. Its southern half was flown a week ago, all of it a year ago.
	capture(t, w, "-7 days", orb.Bound{Min: orb.Point{119.5, 29.6}, Max: orb.Point{119.7, 29.75}})
	capture(t, w, "-365 days", orb.Bound{Min: orb.Point{119.5, 29.6}, Max: orb.Point{119.7, 29.9}})
	withdrawn := capture(t, w, "-3 days", orb.Bound{Min: orb.Point{119.5, 29.6}, Max: orb.Point{119.9, 29.9}})
	w.exec(t, `INSERT INTO capture_withdrawal (capture_id, by_name, reason) VALUES ($1, 'x', 'x')`, withdrawn)
	found, err := s.Flights(duty, "town", 30)
	if err != nil || len(found) != 2 {
		t.Fatalf("%+v %v", found, err)
	}
	for _, f := range found {
		switch {
		case f.AreaPath == west && f.Why == "stale" && math.Abs(f.Share-0.5) < 0.01 && f.LastFlown != nil:
		case f.AreaPath == east && f.Why == "never" && f.Share > 0.999 && f.LastFlown == nil:
		default:
			t.Errorf("%+v", f)
		}
	}
	if found, err = s.Flights(duty, "village", 30); err != nil || len(found) != 0 {
		t.Errorf("the village was flown: %+v %v", found, err)
	}
	if found, err = s.Flights(w.as(t, "west"), "town", 400); err != nil || len(found) != 0 {
		t.Errorf("a year is long: %+v %v", found, err)
	}
	w.exec(t, `INSERT INTO unit_grid (code, area_path, name, geom) VALUES ('330122001007001', $1, '一格', ST_MakeEnvelope(119.55, 29.85, 119.56, 29.86, 4326))`, village)
	if found, err = s.Flights(duty, "grid", 30); err != nil || len(found) != 1 || found[0].Name != "一格" {
		t.Errorf("%+v %v", found, err)
	}
	for level, days := range map[string]int{"county": 30, "town": 0} {
		if _, err := s.Flights(duty, level, days); layers.ErrorCode(err) != layers.CodeInvalid {
			t.Error(level, err)
		}
	}
}

// A crew is sent to what was not flown; the capture of it ends the order and the task, one of half of it does not.
func TestFlownIsDoneByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewDetections(w.db)
	duty := w.as(t, "duty")
	crew := flyer(t, w)
	operator := auth.WithActor(t.Context(), auth.Operator("flights"))
	town := queryOne[int64](t, w, `SELECT id FROM area WHERE path = $1`, east)
	ask := survey.FlightAsk{Level: "town", ID: town, Days: 30, UnitID: crew, Note: "晴天"}
	_, err := s.FlyArea(w.as(t, "viewer"), ask)
	wantError(t, err, layers.CodeForbidden, "role")
	_, err = s.FlyArea(w.as(t, "west"), ask)
	wantError(t, err, layers.CodeNotFound, "")
	no := ask
	no.UnitID = 1
	_, err = s.FlyArea(duty, no)
	wantError(t, err, layers.CodeInvalid, "no_drone_crew")
	o, err := s.FlyArea(duty, ask)
	if err != nil || o.Unit != "无人机一组" || o.State != string(task.Dispatched) || o.DoneAt != nil {
		t.Fatalf("%+v %v", o, err)
	}
	_, err = s.FlyArea(duty, ask)
	wantError(t, err, layers.CodeConflict, "flight_ordered")
	found, err := s.Flights(duty, "town", 30)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if (f.Order != nil && f.Order.Unit == "无人机一组") != (f.ID == town) {
			t.Errorf("%+v %+v", f, f.Order)
		}
	}
	settle := func(want int) {
		t.Helper()
		if n, err := s.SettleFlights(operator); err != nil || n != want {
			t.Fatalf("%d settled, want %d: %v", n, want, err)
		}
	}
	settle(0)
	capture(t, w, "-1 day", orb.Bound{Min: orb.Point{119.7, 29.6}, Max: orb.Point{119.9, 29.9}}) // flown before it was asked for
	settle(0)
	capture(t, w, "1 minute", orb.Bound{Min: orb.Point{119.7, 29.6}, Max: orb.Point{119.8, 29.9}})
	settle(0)
	last := capture(t, w, "2 minutes", orb.Bound{Min: orb.Point{119.79, 29.6}, Max: orb.Point{119.9, 29.89}})
	settle(1)
	settle(0)
	orders, err := s.FlightOrders(duty)
	if err != nil || len(orders) != 1 || orders[0].DoneAt == nil || orders[0].CaptureID != last || orders[0].State != string(task.Done) {
		t.Fatalf("%+v %v", orders[0], err)
	}
	if got := queryOne[string](t, w, `SELECT i.state || ' ' || u.status FROM incident i, unit u WHERE u.id = $1`, crew); got != "checking available" {
		t.Errorf("the case and the crew are %s", got)
	}
	_, err = s.FlyArea(duty, ask)
	wantError(t, err, layers.CodeConflict, "no_flight_wanted")
}

// A flight to a detection is an order, too; one that was called off is none.
func TestFlightsToDetections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewDetections(w.db)
	duty := w.as(t, "duty")
	crew := flyer(t, w)
	at := flights(t, w)
	if _, err := s.Intake(w.as(t, "admin"), 2, found(survey.New, rectangle(at, 0, 0, 10, 8)), ""); err != nil {
		t.Fatal(err)
	}
	w.exec(t, `UPDATE detection SET state = 'rectified'; INSERT INTO detection_log (detection_id, source_time, actor_name, move, to_state, from_state) VALUES (1, now(), 'x', 'rectify', 'rectified', 'confirmed')`)
	if _, err := s.Fly(duty, 1, crew, ""); err != nil {
		t.Fatal(err)
	}
	reflight := func() *survey.Flight {
		t.Helper()
		all, err := s.Flights(duty, "town", 30)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			if f.Why == "reflight" {
				return f
			}
		}
		return nil
	}
	f := reflight()
	if f == nil || f.Order == nil || f.Order.State != string(task.Dispatched) {
		t.Fatalf("%+v", f)
	}
	if _, err := w.tasks.Move(duty, queryOne[int64](t, w, `SELECT task_id FROM flight_order`), task.MoveCallOff, "下雨", 1); err != nil {
		t.Fatal(err)
	}
	if f = reflight(); f == nil || f.Order != nil {
		t.Errorf("it was called off: %+v", f)
	}
	if _, err := s.Fly(duty, 1, crew, ""); err != nil {
		t.Fatal(err)
	}
	raw, _ := json.Marshal(survey.Outline(rectangle(at, -50, -50, 100, 100)))
	w.exec(t, `INSERT INTO capture (name, captured_at, area_path, geom) VALUES ('复飞', now() + interval '1 minute', '330122', ST_SetSRID(ST_GeomFromGeoJSON($1), 4326))`, string(raw))
	if n, err := s.SettleFlights(auth.WithActor(t.Context(), auth.Operator("flights"))); err != nil || n != 1 {
		t.Errorf("%d %v", n, err)
	}
	if f = reflight(); f != nil {
		t.Errorf("it was flown: %+v", f)
	}
	// The flight has a picture and no surface model: that is told, once, and measures nothing.
	w.exec(t, `INSERT INTO capture_file (capture_id, kind, path, size, sha256) SELECT max(id), 'ortho', 'x', 1, repeat('e', 64) FROM capture`)
	for i, want := range []int{1, 0} {
		if n, err := s.ProposeUnmeasured(auth.WithActor(t.Context(), auth.Operator("flights"))); err != nil || n != want {
			t.Errorf("time %d: %d %v", i, n, err)
		}
	}
	d, err := s.Detection(duty, 1)
	if err != nil || len(d.Proposals) != 1 || d.Proposals[0].Says != survey.CannotTell || d.Proposals[0].Height != nil || d.State != survey.Rectified {
		t.Errorf("%+v %v", d.Proposals, err)
	}
}

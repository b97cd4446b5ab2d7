package postgis_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/layers/survey/chain"
	"wanglou/layers/task"
	"wanglou/postgis"
)

var _ survey.Reviews = (*postgis.Detections)(nil)

// flights stores two captures over a place and returns it.
func flights(t *testing.T, w *world) orb.Point {
	t.Helper()
	at := pointIn(t, w, "330122.330122001")
	w.exec(t, `INSERT INTO capture (name, captured_at, sha256, area_path, geom) SELECT n, d::timestamptz, repeat(h, 64), '330122.330122001', ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint($1, $2), 4326)::geography, 500)::geometry)
		FROM (VALUES ('四月', '2026-04-01', 'a'), ('五月', '2026-05-01', 'b')) v (n, d, h)`, at[0], at[1])
	return at
}

// pointIn returns a place in an area.
func pointIn(t *testing.T, w *world, path string) orb.Point {
	t.Helper()
	return orb.Point{queryOne[float64](t, w, `SELECT ST_X(ST_PointOnSurface(geom)) FROM area WHERE path = $1`, path), queryOne[float64](t, w, `SELECT ST_Y(ST_PointOnSurface(geom)) FROM area WHERE path = $1`, path)}
}

// box is a rectangle of metres beside a place.
func rectangle(at orb.Point, east, north, wide, deep float64) orb.MultiPolygon {
	dx, dy := 1/(111320*math.Cos(at[1]*math.Pi/180)), 1/110900.0
	x0, y0, x1, y1 := at[0]+east*dx, at[1]+north*dy, at[0]+(east+wide)*dx, at[1]+(north+deep)*dy
	return orb.MultiPolygon{{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}}
}

func found(kind survey.Kind, outlines ...orb.MultiPolygon) *survey.Intake {
	in := &survey.Intake{Model: "segformer", Version: "1.2", Before: 1}
	for _, o := range outlines {
		in.Findings = append(in.Findings, survey.Finding{Class: "building", Kind: kind, Score: new(0.8), Height: new(3.2), Outline: o})
	}
	return in
}

func TestDetectionIntake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewDetections(w.db)
	at := flights(t, w)
	admin := w.as(t, "admin")
	take := func(ctx context.Context, in *survey.Intake, key string) *survey.Taken {
		t.Helper()
		got, err := s.Intake(ctx, 2, in, key)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	far := orb.Point{at[0] + 0.02, at[1]}
	got := take(admin, found(survey.New, rectangle(at, 0, 0, 10, 8), rectangle(at, 40, 0, 10, 8), rectangle(far, 0, 0, 10, 8)), "k1")
	if got.New != 2 || got.Outside != 1 {
		t.Fatalf("%+v", got)
	}
	if again := take(admin, found(survey.New, rectangle(at, 0, 0, 10, 8), rectangle(at, 40, 0, 10, 8), rectangle(far, 0, 0, 10, 8)), "k1"); fmt.Sprint(again) != fmt.Sprint(got) {
		t.Errorf("a repeat: %+v", again)
	}
	if got := take(admin, found(survey.New, rectangle(at, 2, 1, 10, 8)), ""); got.Attached != 1 || got.Results[0].DetectionID != 1 {
		t.Errorf("the same thing a little off: %+v", got)
	}
	f, err := s.Detection(admin, 1)
	if err != nil || f.Sightings != 2 || len(f.Log) != 2 || f.Log[1].Move != "seen_again" || math.Abs(f.Area-80) > 2 || f.After.SHA256 != strings.Repeat("b", 64) {
		t.Errorf("%+v %v", f, err)
	}
	_, err = s.Intake(w.as(t, "duty"), 2, found(survey.New), "")
	wantError(t, err, layers.CodeForbidden, "role")
	_, err = s.Intake(admin, 99, found(survey.New), "")
	wantError(t, err, layers.CodeNotFound, "")
	w.exec(t, `INSERT INTO capture_withdrawal (capture_id, by_name, reason) VALUES (2, 'x', 'x')`)
	_, err = s.Intake(admin, 2, found(survey.New), "")
	wantError(t, err, layers.CodeConflict, "capture_withdrawn")
	if f, err := s.Detection(admin, 1); err != nil || !f.After.Withdrawn {
		t.Errorf("a candidate on a withdrawn capture does not say so: %+v %v", f.After, err)
	}
}

// One to three pixels of half a metre beside where it stands accuse no lawful building, whichever way; an extension and another storey are told.
func TestLawfulBuildingsAreNotAccused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewDetections(w.db)
	at := flights(t, w)
	admin := w.as(t, "admin")
	for i := range 8 {
		o := rectangle(at, float64(i%4)*60, float64(i/4)*60, 9+float64(i), 8)
		raw, _ := json.Marshal(survey.Outline(o))
		w.exec(t, `INSERT INTO lawful_building (geom) VALUES (ST_SetSRID(ST_GeomFromGeoJSON($1), 4326))`, string(raw))
	}
	seen := func(shift float64, dir int) (out []orb.MultiPolygon) {
		e, n := shift*math.Cos(float64(dir)*math.Pi/4), shift*math.Sin(float64(dir)*math.Pi/4)
		for i := range 8 {
			out = append(out, rectangle(at, float64(i%4)*60+e, float64(i/4)*60+n, 9+float64(i), 8))
		}
		return out
	}
	for _, pixels := range []float64{0, 1, 2, 3} {
		for dir := range 8 {
			got, err := s.Intake(admin, 2, found(survey.New, seen(pixels*0.5, dir)...), "")
			if err != nil {
				t.Fatal(err)
			}
			if got.Lawful != 8 {
				t.Fatalf("%g pixels to %d: %+v", pixels, dir, got)
			}
		}
	}
	got, err := s.Intake(admin, 2, found(survey.New, rectangle(at, 1, 0, 15, 8)), "")
	if err != nil || got.New != 1 {
		t.Fatalf("an extension by 7 m: %+v %v", got, err)
	}
	f, err := s.Detection(admin, got.Results[0].DetectionID)
	if err != nil || math.Abs(f.Area-52) > 8 || f.LawfulShare == nil || math.Abs(*f.LawfulShare-0.55) > 0.1 {
		t.Errorf("%.1f m², lawful %v, %v", f.Area, f.LawfulShare, err)
	}
	if got, err = s.Intake(admin, 2, found(survey.Raised, rectangle(at, 60, 0, 10, 8)), ""); err != nil || got.New != 1 {
		t.Errorf("a storey on a lawful building: %+v %v", got, err)
	}
}

func TestZonesAndRank(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewDetections(w.db)
	at := flights(t, w)
	raw, _ := json.Marshal(survey.Outline(rectangle(at, 95, -5, 30, 30)))
	w.exec(t, `INSERT INTO zone (kind, name, reason, weight, geom) VALUES ('farmland', '永久基本农田 3 号', '不得建房', 4, ST_SetSRID(ST_GeomFromGeoJSON($1), 4326))`, string(raw))
	if _, err := s.Intake(w.as(t, "admin"), 2, found(survey.New, rectangle(at, 0, 0, 10, 16), rectangle(at, 100, 0, 10, 8)), ""); err != nil {
		t.Fatal(err)
	}
	q, err := s.Queue(w.as(t, "duty"), "")
	if err != nil || len(q) != 2 || q[0].ID != 2 || len(q[0].Grounds) != 1 || q[0].Grounds[0].Kind != "farmland" || q[0].Grounds[0].Text != "不得建房" {
		t.Errorf("%+v %v", q, err)
	}
	if q, err := s.Queue(w.as(t, "east"), ""); err != nil || len(q) != 0 {
		t.Errorf("a neighbour sees %+v %v", q, err)
	}
	if _, err := s.Detection(w.as(t, "east"), 1); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("a neighbour reads: %v", err)
	}
}

// The whole life, with a unit on site, its photo, and the chain at the end.
func TestLifeOfADetection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewDetections(w.db)
	at := flights(t, w)
	w.exec(t, `INSERT INTO category (standard, kind, code, class, name) VALUES ('gbt47678.5-2026', 'item', '08016', '规划', '无证建设') ON CONFLICT DO NOTHING`)
	if _, err := s.Intake(w.as(t, "admin"), 2, found(survey.New, rectangle(at, 0, 0, 10, 8)), ""); err != nil {
		t.Fatal(err)
	}
	move := func(login string, a survey.Ask) *survey.File {
		t.Helper()
		f, err := s.Detection(w.as(t, "admin"), 1)
		if err != nil {
			t.Fatal(err)
		}
		a.Revision = f.Revision
		if f, err = s.Move(w.as(t, login), 1, a); err != nil {
			t.Fatalf("%s by %s: %v", a.Move, login, err)
		}
		return f
	}
	_, err := s.Move(w.as(t, "viewer"), 1, survey.Ask{Move: survey.MoveIssue, Revision: 1})
	wantError(t, err, layers.CodeForbidden, "")
	_, err = s.Move(w.as(t, "duty"), 1, survey.Ask{Move: survey.MoveIssue, Revision: 7})
	wantError(t, err, layers.CodeConflict, "stale_revision")
	f := move("duty", survey.Ask{Move: survey.MoveIssue, UnitID: 1, Note: "尽快到场"})
	if f.State != survey.Issued || f.IncidentID == 0 {
		t.Fatalf("%+v", f)
	}
	k := queryOne[int64](t, w, `SELECT id FROM task WHERE incident_id = $1`, f.IncidentID)
	of, err := w.tasks.Task(w.as(t, "admin"), k)
	if err != nil {
		t.Fatal(err)
	}
	w.work(t, of, task.MoveAcknowledge, task.MoveRespond, task.MoveArrive)
	w.exec(t, `INSERT INTO attachment (client_id, user_id, incident_id, task_id, role, type, size, sha256, shared_sha256, source_time, done_at, geom)
		SELECT gen_random_uuid(), u.id, $1, $2, 'near', 'image/jpeg', 5, repeat('c', 64), repeat('d', 64), now(), now(), ST_Project(ST_SetSRID(ST_MakePoint($3, $4), 4326)::geography, 30, radians(180))::geometry FROM app_user u WHERE login = 'unit-w1'`, f.IncidentID, k, at[0], at[1])
	if f, err = s.Detection(w.as(t, "unit-w1"), 1); err != nil || f.State != survey.OnSite || len(f.Photos) != 1 || math.Abs(*f.Photos[0].Distance-30) > 0.5 {
		t.Fatalf("%+v %v", f, err)
	}
	move("unit-w1", survey.Ask{Move: survey.MoveConfirm})
	move("unit-w1", survey.Ask{Move: survey.MoveRectify, Note: "已拆除"})
	flights, err := s.Flights(w.as(t, "duty"), "town", 30)
	if err != nil || len(flights) < 2 {
		t.Errorf("%+v %v", flights, err)
	}
	wants := 0
	for _, fl := range flights {
		if fl.Why == "reflight" {
			wants++
		}
	}
	if wants != 1 {
		t.Errorf("%d detections want a flight", wants)
	}
	_, err = s.Fly(w.as(t, "duty"), 1, 2, "")
	wantError(t, err, layers.CodeInvalid, "no_drone_crew")
	w.exec(t, `UPDATE unit SET kind = 'drone_crew' WHERE id = 2`)
	if flown, err := s.Fly(w.as(t, "duty"), 1, 2, "复飞"); err != nil || flown.State != survey.Rectified || flown.IncidentID != f.IncidentID {
		t.Fatalf("%+v %v", flown, err)
	}
	if n := queryOne[int64](t, w, `SELECT count(*) FROM task t JOIN incident i ON i.id = t.incident_id WHERE t.unit_id = 2 AND i.title LIKE '复飞核验 %'`); n != 1 {
		t.Errorf("%d tasks to fly", n)
	}
	if _, err := s.Move(w.as(t, "unit-w1"), 1, survey.Ask{Move: survey.MoveClear, Revision: 6}); layers.ErrorCode(err) != layers.CodeForbidden {
		t.Errorf("who was sent clears: %v", err)
	}
	f = move("duty", survey.Ask{Move: survey.MoveClear, Capture: 2})
	if last, err := chain.Verify(f.Number, f.Before.SHA256, f.After.SHA256, f.Log); err != nil || last == "" || len(f.Log) != 7 {
		t.Errorf("%d links, %v", len(f.Log), err)
	}
	p, err := s.Precisions(w.as(t, "duty"))
	if err != nil || len(p) != 1 || p[0].Confirmed != 1 {
		t.Errorf("%+v %v", p, err)
	}
	training, err := s.Training(w.as(t, "duty"))
	if err != nil || len(training) != 1 || training[0].Label != "illegal" {
		t.Errorf("%+v %v", training, err)
	}
	// Nobody rewrites the log, and who does by force is found out.
	if _, err := w.db.Pool.Exec(t.Context(), `UPDATE detection_log SET reason = 'x'`); err == nil {
		t.Error("the log was rewritten")
	}
	w.exec(t, `ALTER TABLE detection_log DISABLE TRIGGER append_only; UPDATE detection_log SET reason = '未拆' WHERE move = 'rectify'`)
	if f, err = s.Detection(w.as(t, "admin"), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := chain.Verify(f.Number, f.Before.SHA256, f.After.SHA256, f.Log); err == nil || !strings.HasPrefix(err.Error(), "link 5:") {
		t.Errorf("a changed reason: %v", err)
	}
}

func TestTwoPersons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewDetections(w.db)
	at := flights(t, w)
	if _, err := s.Intake(w.as(t, "admin"), 2, found(survey.New, rectangle(at, 0, 0, 10, 8)), ""); err != nil {
		t.Fatal(err)
	}
	w.exec(t, `INSERT INTO detection_rule (area_path, move, persons) VALUES ('330122', 'dismiss', 2)`)
	ask := survey.Ask{Move: survey.MoveDismiss, Code: "shadow", Revision: 1}
	f, err := s.Move(w.as(t, "duty"), 1, ask)
	if err != nil || f.State != survey.Detected || f.Waiting != "dismiss" || f.Revision != 2 {
		t.Fatalf("%+v %v", f, err)
	}
	ask.Revision = 2
	_, err = s.Move(w.as(t, "duty"), 1, ask)
	wantError(t, err, layers.CodeConflict, "second_person")
	if f, err = s.Move(w.as(t, "west"), 1, ask); err != nil || f.State != survey.Dismissed || f.Waiting != "" {
		t.Errorf("%+v %v", f, err)
	}
	if got, err := s.Intake(w.as(t, "admin"), 2, found(survey.New, rectangle(at, 1, 0, 10, 8)), ""); err != nil || got.Attached != 1 {
		t.Errorf("what people dismissed is asked again: %+v %v", got, err)
	}
}

func TestRedrawMergeSplit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewDetections(w.db)
	at := flights(t, w)
	if _, err := s.Intake(w.as(t, "admin"), 2, found(survey.New, rectangle(at, 0, 0, 10, 8), rectangle(at, 12, 0, 10, 8), rectangle(at, 60, 0, 20, 10)), ""); err != nil {
		t.Fatal(err)
	}
	duty := w.as(t, "duty")
	f, err := s.Merge(duty, 1, []int64{2}, 1)
	if err != nil || math.Abs(f.Area-160) > 4 || f.State != survey.Detected {
		t.Fatalf("%+v %v", f, err)
	}
	if g, err := s.Detection(duty, 2); err != nil || g.State != survey.Dismissed || g.MergedInto != 1 {
		t.Errorf("%+v %v", g, err)
	}
	if f, err = s.Redraw(duty, 1, rectangle(at, 0, 0, 22, 9), f.Revision); err != nil || math.Abs(f.Area-198) > 5 {
		t.Errorf("%+v %v", f, err)
	}
	cross := orb.MultiPolygon{{{{at[0], at[1]}, {at[0] + 1e-4, at[1] + 1e-4}, {at[0] + 1e-4, at[1]}, {at[0], at[1] + 1e-4}, {at[0], at[1]}}}}
	_, err = s.Redraw(duty, 1, cross, f.Revision)
	wantError(t, err, layers.CodeInvalid, "self_intersection")
	parts, err := s.Split(duty, 3, []orb.MultiPolygon{rectangle(at, 60, 0, 9, 10), rectangle(at, 70, 0, 10, 10)}, 1)
	if err != nil || len(parts) != 2 || math.Abs(parts[0].Area-90) > 3 || math.Abs(parts[1].Area-100) > 3 {
		t.Fatalf("%+v %v", parts, err)
	}
	for _, p := range append(parts, f) {
		if _, err := chain.Verify(p.Number, p.Before.SHA256, p.After.SHA256, p.Log); err != nil {
			t.Errorf("%s: %v", p.Number, err)
		}
	}
	if _, err := s.Merge(w.as(t, "east"), 1, []int64{3}, 0); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("a neighbour merges: %v", err)
	}
}

func TestComparisons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewDetections(w.db)
	at := flights(t, w)
	w.exec(t, `INSERT INTO capture (name, captured_at, sha256, area_path, geom) SELECT '六月', now() + interval '1 day', repeat('e', 64), area_path, geom FROM capture WHERE id = 2`)
	admin := w.as(t, "admin")
	n := int64(0)
	enqueue := func(context.Context, pgx.Tx, string, string, string, any) (int64, error) { n++; return n, nil }
	_, err := s.Compare(admin, 1, 2, enqueue)
	wantError(t, err, layers.CodeConflict, "no_dsm")
	w.exec(t, `INSERT INTO capture_file (capture_id, kind, path, size, sha256) SELECT id, 'dsm', id || '/dsm.tif', 1, repeat('f', 64) FROM capture`)
	if due, err := s.ComparisonsDue(admin); err != nil || fmt.Sprint(due) != "[{1 2} {2 3}]" {
		t.Fatalf("%v %v", due, err)
	}
	_, err = s.Compare(admin, 2, 1, enqueue)
	wantError(t, err, layers.CodeInvalid, "not_earlier")
	_, err = s.Compare(w.as(t, "duty"), 1, 2, enqueue)
	wantError(t, err, layers.CodeForbidden, "role")
	for _, p := range [][2]int64{{1, 2}, {2, 3}} {
		if _, err := s.Compare(admin, p[0], p[1], enqueue); err != nil {
			t.Fatal(err)
		}
	}
	c := &survey.Compared{Intake: *found(survey.New, rectangle(at, 0, 0, 10, 8)), Pixel: 0.5}
	if got, err := s.Compared(admin, 1, 2, c); err != nil || got.New != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	if got, err := s.Compared(admin, 1, 2, c); err != nil || got.New != 0 {
		t.Errorf("a second time: %+v %v", got, err)
	}
	if wanted, err := s.Wanted(admin, 2, 3); err != nil || len(wanted) != 0 {
		t.Errorf("at the desk: %+v %v", wanted, err)
	}
	if _, err := s.Move(w.as(t, "duty"), 1, survey.Ask{Move: survey.MoveIssue, Revision: 1}); err != nil {
		t.Fatal(err)
	}
	wanted, err := s.Wanted(admin, 2, 3)
	if err != nil || len(wanted) != 1 || math.Abs(*wanted[0].Height-3.2) > 1e-6 {
		t.Fatalf("%+v %v", wanted, err)
	}
	w.exec(t, `INSERT INTO capture_withdrawal (capture_id, by_name, reason) VALUES (1, 'x', 'x')`)
	if _, err := s.Compared(admin, 2, 3, &survey.Compared{Intake: *found(survey.New), Proposals: []survey.Proposing{{DetectionID: 1, Says: survey.Gone, Height: -3.1}}}); err != nil {
		t.Fatal(err)
	}
	f, err := s.Detection(admin, 1)
	if err != nil || len(f.Proposals) != 1 || f.Proposals[0].Says != survey.Gone || f.State != survey.Issued || !f.Before.Withdrawn {
		t.Errorf("%+v %v", f, err)
	}
	if _, err := chain.Verify(f.Number, f.Before.SHA256, f.After.SHA256, f.Log); err != nil {
		t.Error(err)
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewDetections(w.db)
	at := flights(t, w)
	w.exec(t, `INSERT INTO capture_file (capture_id, kind, path, size, sha256) VALUES (2, 'ortho', '2/ortho.tif', 1, repeat('c', 64))`)
	var asked []string
	enqueue := func(_ context.Context, _ pgx.Tx, kind, subject, _ string, args any) (int64, error) {
		asked = append(asked, fmt.Sprint(kind, " ", subject, " ", args))
		return 7, nil
	}
	detect := func(who string, capture, before int64) error {
		_, err := s.Detect(w.as(t, who), postgis.DetectionArgs{Folder: "roofs", Capture: capture, Before: before}, enqueue)
		return err
	}
	if err := detect("admin", 2, 0); err != nil || len(asked) != 1 || asked[0] != "detection.model detection/roofs-0-2 {roofs 2 0}" {
		t.Fatalf("%v %v", err, asked)
	}
	wantError(t, detect("viewer", 2, 0), layers.CodeForbidden, "")
	wantError(t, detect("admin", 2, 2), layers.CodeInvalid, "same_capture")
	wantError(t, detect("admin", 2, 99), layers.CodeNotFound, "")
	wantError(t, detect("admin", 2, 1), layers.CodeConflict, "no_picture")
	w.exec(t, `INSERT INTO capture_file (capture_id, kind, path, size, sha256) VALUES (1, 'ortho', '1/ortho.tif', 1, repeat('d', 64))`)
	wantError(t, detect("admin", 1, 2), layers.CodeInvalid, "not_earlier")
	if err := detect("admin", 2, 1); err != nil {
		t.Error(err)
	}
	// What came of it names the model for good: a job that is run again after its end changes nothing.
	in := found(survey.New, rectangle(at, 0, 0, 10, 8))
	in.Model, in.Licence, in.SHA256 = "roofs", "CC-BY-4.0", strings.Repeat("e", 64)
	for range 2 {
		if _, err := s.Intake(w.as(t, "admin"), 2, in, "job/7"); err != nil {
			t.Fatal(err)
		}
	}
	if n := queryOne[int](t, w, `SELECT count(*) FROM detection_sighting WHERE detector = 'roofs'`); n != 1 {
		t.Errorf("%d sightings", n)
	}
	for _, q := range []string{`SELECT details->>'licence' FROM detection_log WHERE move = 'detect'`, `SELECT details->>'licence' FROM audit_log WHERE action = 'detection.intake'`} {
		if got := queryOne[string](t, w, q); got != "CC-BY-4.0" {
			t.Errorf("%s: %q", q, got)
		}
	}
}

package postgis_test

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/incident"
	"wanglou/layers/task"
	"wanglou/postgis"
)

var (
	_ incident.Service = (*postgis.Incidents)(nil)
	_ incident.Figures = (*postgis.Incidents)(nil)
)

func TestCreateIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in, err := w.incidents.Create(w.as(t, "west"), &incident.Incident{
		Title: "  消防通道被占用 ", Description: "两辆货车", Category: "09012", Severity: 1, Address: "迎春南路 1 号", Point: inVillage,
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	day := queryOne[string](t, w, `SELECT to_char(now() AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD')`)
	want := incident.Incident{
		ID: 1, Number: day + "-00001", Title: "消防通道被占用", Description: "两辆货车", Category: "09012", Standard: "gbt47678.5-2026", Severity: 1,
		State: incident.Filed, Source: "console", Address: "迎春南路 1 号", AreaPath: village, Point: inVillage, Revision: 1,
		CreatedAt: in.CreatedAt, UpdatedAt: in.UpdatedAt, AmberAt: in.AmberAt, DueAt: in.DueAt,
	}
	if *in != want || in.CreatedAt.IsZero() || in.UpdatedAt.IsZero() {
		t.Errorf("stored %+v; want %+v", *in, want)
	}
	log, err := w.incidents.Log(w.as(t, "west"), in.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(log) != 1 || log[0].Move != "create" || log[0].From != "" || log[0].To != incident.Filed || log[0].ActorName != "西镇值班" || log[0].Details != nil {
		t.Errorf("log %+v", log)
	}
	entries, err := w.users.AuditLog(w.as(t, "admin"), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Action != "incident.create" || entries[0].Subject != "incident/1" || entries[0].Login != "west" ||
		entries[0].RequestID != "req-west" || entries[0].Remote != "192.0.2.1" || entries[0].Details["area_path"] != village {
		t.Errorf("audit %+v", entries)
	}
}

func TestNumbersGrowPastFiveDigits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(t, `SELECT setval('incident_number', 99999)`)
	for _, want := range []string{"-100000", "-100001"} {
		if in := w.create(t, inWest); !strings.HasSuffix(in.Number, want) {
			t.Errorf("number %s, want …%s", in.Number, want)
		}
	}
}

func TestCreateIncidentRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := []struct {
		name, login   string
		change        func(*incident.Incident)
		code          layers.Code
		field, reason string
	}{
		{"viewer", "viewer", func(*incident.Incident) {}, layers.CodeForbidden, "", "role"},
		{"unit", "unit-w1", func(*incident.Incident) {}, layers.CodeForbidden, "", "role"},
		{"no title", "duty", func(in *incident.Incident) { in.Title = "" }, layers.CodeInvalid, "title", "required"},
		{"not a number", "duty", func(in *incident.Incident) { in.Point[0] = math.NaN() }, layers.CodeInvalid, "point", "not_finite"},
		{"category", "duty", func(in *incident.Incident) { in.Category = "99999" }, layers.CodeInvalid, "category", "unknown_category"},
		{"other standard", "duty", func(in *incident.Incident) { in.Standard = "cjt214-2007" }, layers.CodeInvalid, "category", "unknown_category"},
		{"abroad", "duty", func(in *incident.Incident) { in.Point = abroad }, layers.CodeInvalid, "point", "outside_county"},
		{"abroad, everywhere", "admin", func(in *incident.Incident) { in.Point = abroad }, layers.CodeInvalid, "point", "outside_county"},
		{"next town", "west", func(in *incident.Incident) { in.Point = inEast }, layers.CodeForbidden, "", "outside_areas"},
		{"the county's strip", "west", func(in *incident.Incident) { in.Point = orb.Point{119.55, 29.95} }, layers.CodeForbidden, "", "outside_areas"},
	}
	t.Run("each", func(t *testing.T) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				in := newIncident(inWest)
				c.change(in)
				_, err := w.incidents.Create(w.as(t, c.login), in, "")
				if e := wantError(t, err, c.code, c.reason); e.Field != c.field {
					t.Errorf("field %q, want %q", e.Field, c.field)
				}
			})
		}
		t.Run("nobody", func(t *testing.T) {
			t.Parallel()
			_, err := w.incidents.Create(t.Context(), newIncident(inWest), "")
			wantError(t, err, layers.CodeForbidden, "role")
		})
		t.Run("long key", func(t *testing.T) {
			t.Parallel()
			_, err := w.incidents.Create(w.as(t, "duty"), newIncident(inWest), strings.Repeat("k", 101))
			wantError(t, err, layers.CodeInvalid, "too_long")
		})
	})
	if n := queryOne[int](t, w, `SELECT (SELECT count(*) FROM incident) + (SELECT count(*) FROM incident_log) + (SELECT count(*) FROM audit_log)`); n != 0 {
		t.Errorf("%d rows were written by refused requests", n)
	}
}

func TestCreateTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.incidents.Create(w.as(t, "duty"), newIncident(inWest), "key")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.incidents.Create(w.as(t, "duty"), newIncident(inEast), "key"); err != nil || !reflect.DeepEqual(again, first) {
		t.Errorf("repeat: %+v, %v; want %+v", again, err, first)
	}
	for name, in := range map[string]func() (*incident.Incident, error){
		"another's key": func() (*incident.Incident, error) {
			return w.incidents.Create(w.as(t, "anna"), newIncident(inWest), "key")
		},
		"another key": func() (*incident.Incident, error) {
			return w.incidents.Create(w.as(t, "duty"), newIncident(inWest), "key2")
		},
		"no key": func() (*incident.Incident, error) {
			return w.incidents.Create(w.as(t, "duty"), newIncident(inWest), "")
		},
	} {
		if got, err := in(); err != nil || got.ID == first.ID {
			t.Errorf("%s: %+v, %v; want a new case", name, got, err)
		}
	}
}

func TestCreateAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var wg sync.WaitGroup
	ids := make([]int64, 10)
	for i := range ids {
		wg.Go(func() {
			in, err := w.incidents.Create(w.as(t, "duty"), newIncident(inWest), "the same")
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = in.ID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("ten requests with one key made %v", ids)
		}
	}
	wantStrings(t, w.moves(t, ids[0]), []string{"create"})
}

func TestMoveIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := w.as(t, "duty")
	in := w.create(t, inWest)

	_, err := w.incidents.Move(ctx, in.ID, incident.MoveSelfHandle, " ", 1)
	wantError(t, err, layers.CodeInvalid, "required")
	_, err = w.incidents.Move(ctx, in.ID, incident.MovePass, "", 1)
	if e := wantError(t, err, layers.CodeInvalid, "impossible_move"); e.Params["state"] != "filed" {
		t.Errorf("params %v", e.Params)
	}
	_, err = w.incidents.Move(ctx, in.ID, incident.MoveDispatch, "", 1)
	wantError(t, err, layers.CodeInvalid, "impossible_move")
	_, err = w.incidents.Move(w.as(t, "viewer"), in.ID, incident.MoveVoid, "重复", 1)
	wantError(t, err, layers.CodeForbidden, "role")
	_, err = w.incidents.Move(w.as(t, "anna"), in.ID, incident.MoveVoid, "重复", 1)
	wantError(t, err, layers.CodeForbidden, "role")
	_, err = w.incidents.Move(ctx, in.ID+1, incident.MoveVoid, "重复", 1)
	wantError(t, err, layers.CodeNotFound, "")

	closed, err := w.incidents.Move(w.as(t, "west"), in.ID, incident.MoveSelfHandle, " 当场劝离 ", 1)
	if err != nil {
		t.Fatal(err)
	}
	if closed.State != incident.Closed || closed.Revision != 2 || closed.ClosedAt == nil || !closed.UpdatedAt.After(in.UpdatedAt) {
		t.Errorf("closed: %+v", closed)
	}
	_, err = w.incidents.Move(ctx, in.ID, incident.MoveVoid, "重复", 1)
	if e := wantError(t, err, layers.CodeConflict, "stale_revision"); e.Params["by"] != "西镇值班" || e.Params["at"] == "" {
		t.Errorf("params %v", e.Params)
	}
	log, err := w.incidents.Log(ctx, in.ID)
	if err != nil {
		t.Fatal(err)
	}
	if last := log[len(log)-1]; len(log) != 2 || last.From != incident.Filed || last.To != incident.Closed || last.Reason != "当场劝离" || last.ActorName != "西镇值班" {
		t.Errorf("log %+v", log)
	}
}

// TestCaseWithoutLog moves a case that somebody wrote with psql.
func TestCaseWithoutLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := queryOne[int64](t, w, `INSERT INTO incident (title, category, severity, state, area_path, geom)
		VALUES ('x', '09012', 3, 'filed', '330122', 'SRID=4326;POINT(119.65 29.75)') RETURNING id`)
	_, err := w.incidents.Move(w.as(t, "duty"), id, incident.MoveVoid, "重复", 7)
	wantError(t, err, layers.CodeConflict, "stale_revision")
	if in, err := w.incidents.Move(w.as(t, "duty"), id, incident.MoveVoid, "重复", 1); err != nil || in.State != incident.Voided {
		t.Errorf("%+v, %v", in, err)
	}
}

// TestIntake walks the stages before filing, which intake channels begin.
func TestIntake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inWest)
	w.exec(t, `UPDATE incident SET state = 'reported' WHERE id = $1`, in.ID)
	for i, m := range []incident.Move{incident.MoveVerify, incident.MoveExists, incident.MoveFile} {
		if _, err := w.incidents.Move(w.as(t, "duty"), in.ID, m, "", int64(i+1)); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.incident(t, in.ID); got.State != incident.Filed || got.Revision != 4 || got.ClosedAt != nil {
		t.Errorf("%+v", got)
	}
}

func TestListIncidents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := map[string]int64{}
	for _, c := range []struct {
		name     string
		severity incident.Severity
		at       orb.Point
	}{{"third", 3, inWest}, {"second", 2, inVillage}, {"first", 1, inEast}, {"over", 1, inWest}, {"second later", 2, inWest}} {
		in := newIncident(c.at)
		in.Title, in.Severity = c.name, c.severity
		got, err := w.incidents.Create(w.as(t, "duty"), in, "")
		if err != nil {
			t.Fatal(err)
		}
		ids[c.name] = got.ID
	}
	if _, err := w.incidents.Move(w.as(t, "duty"), ids["over"], incident.MoveVoid, "重复", 1); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		login string
		f     incident.Filter
		want  string
	}{
		{"duty", incident.Filter{}, "first,second,second later,third,over"},
		{"duty", incident.Filter{Open: true}, "first,second,second later,third"},
		{"duty", incident.Filter{Limit: 2}, "first,second"},
		{"duty", incident.Filter{AreaPath: village}, "second"},
		{"duty", incident.Filter{AreaPath: "330122.33012200"}, ""},
		{"west", incident.Filter{}, "second,second later,third,over"},
		{"west", incident.Filter{AreaPath: county}, "second,second later,third,over"},
		{"west", incident.Filter{AreaPath: east}, ""},
		{"east", incident.Filter{Open: true}, "first"},
		{"unit-e1", incident.Filter{}, "first"},
	} {
		t.Run(fmt.Sprint(c.login, c.f), func(t *testing.T) {
			t.Parallel()
			list, err := w.incidents.Incidents(w.as(t, c.login), c.f)
			if err != nil || list == nil {
				t.Fatal(list, err)
			}
			var titles []string
			for _, in := range list {
				titles = append(titles, in.Title)
			}
			if got := strings.Join(titles, ","); got != c.want {
				t.Errorf("%s; want %s", got, c.want)
			}
		})
	}
	t.Run("nobody", func(t *testing.T) {
		t.Parallel()
		_, err := w.incidents.Incidents(t.Context(), incident.Filter{})
		wantError(t, err, layers.CodeForbidden, "role")
	})
}

// TestNeighbour tries every way to a case of the next town.
func TestNeighbour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inEast)
	k := w.dispatch(t, in.ID, 3)
	in = w.incident(t, in.ID)
	ctx := w.as(t, "west")
	for name, try := range map[string]func() error{
		"read":      func() error { _, err := w.incidents.Incident(ctx, in.ID); return err },
		"log":       func() error { _, err := w.incidents.Log(ctx, in.ID); return err },
		"move":      func() error { _, err := w.incidents.Move(ctx, in.ID, incident.MoveVoid, "x", in.Revision); return err },
		"dispatch":  func() error { _, err := w.tasks.Dispatch(ctx, in.ID, 1, "", in.Revision); return err },
		"tasks":     func() error { _, err := w.tasks.OfIncident(ctx, in.ID); return err },
		"task":      func() error { _, err := w.tasks.Task(ctx, k.ID); return err },
		"call off":  func() error { _, err := w.tasks.Move(ctx, k.ID, task.MoveCallOff, "x", k.Revision); return err },
		"recommend": func() error { _, err := w.units.Recommend(ctx, in.ID); return err },
		"other unit": func() error {
			_, err := w.tasks.Move(w.as(t, "unit-w1"), k.ID, task.MoveAcknowledge, "", k.Revision)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := try()
			if e := wantError(t, err, layers.CodeNotFound, ""); strings.Contains(e.Error(), "东") || len(e.Params) > 0 {
				t.Errorf("the refusal tells something: %v %v", e, e.Params)
			}
		})
	}
}

// The deadline of a case follows from its log: it stands while the case is suspended, goes on by as much, and ends with the case. One that names
// the category goes before one that names the severity.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := w.as(t, "west")
	create := func(category string) *incident.Incident {
		t.Helper()
		in, err := w.incidents.Create(ctx, &incident.Incident{Title: "井盖破损", Category: category, Severity: 1, Point: inVillage}, "")
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	hours := func(in *incident.Incident) (amber, due float64) {
		t.Helper()
		if in.AmberAt == nil || in.DueAt == nil {
			t.Fatalf("no deadline: %+v", in)
		}
		return in.AmberAt.Sub(in.CreatedAt).Hours(), in.DueAt.Sub(in.CreatedAt).Hours()
	}
	near := func(got, want float64) bool { return math.Abs(got-want) < 0.01 }
	in := create("09012")
	if amber, due := hours(in); !near(amber, 1.6) || !near(due, 2) {
		t.Errorf("amber after %v h, due after %v h", amber, due)
	}
	w.exec(t, `INSERT INTO time_limit (stage, standard, category, kind, amount) VALUES ('handling', 'gbt47678.5-2026', '09012', 'natural_day', 1.5)`)
	if amber, due := hours(create("09012")); !near(amber, 28.8) || !near(due, 36) {
		t.Errorf("by category: amber after %v h, due after %v h", amber, due)
	}

	// A case that was suspended for two hours, five hours ago.
	w.exec(t, `ALTER TABLE incident_log DISABLE TRIGGER USER;
		UPDATE incident_log SET source_time = source_time - interval '10 hours' WHERE incident_id = 1;
		INSERT INTO incident_log (incident_id, actor_name, move, from_state, to_state, source_time) VALUES
			(1, 'x', 'dispatch', 'filed', 'dispatched', now() - interval '9 hours'), (1, 'x', 'start', 'dispatched', 'handling', now() - interval '8 hours'),
			(1, 'x', 'suspend', 'handling', 'suspended', now() - interval '7 hours'), (1, 'x', 'resume', 'suspended', 'handling', now() - interval '5 hours');
		UPDATE incident SET state = 'handling', revision = 5 WHERE id = 1`)
	recompute := func() *incident.Incident {
		t.Helper()
		if _, err := w.incidents.RecomputeDeadlines(t.Context()); err != nil {
			t.Fatal(err)
		}
		out, err := w.incidents.Incident(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if _, due := hours(recompute()); !near(due, 36-10+2) {
		t.Errorf("after a pause of two hours due after %v h, want %v", due, 36-10+2)
	}
	suspended, err := w.incidents.Move(ctx, 1, incident.MoveSuspend, "等配件", 5)
	if err != nil {
		t.Fatal(err)
	}
	if suspended.DueAt != nil || suspended.AmberAt != nil {
		t.Errorf("a suspended case is due at %v", suspended.DueAt)
	}
	again, err := w.incidents.Move(ctx, 1, incident.MoveResume, "", 6)
	if err != nil {
		t.Fatal(err)
	}
	if _, due := hours(again); !near(due, 28) {
		t.Errorf("resumed, due after %v h", due)
	}
	if n, err := w.incidents.RecomputeDeadlines(t.Context()); err != nil || n != 0 {
		t.Errorf("computed anew, %d changed: %v", n, err)
	}
	if same := recompute(); !same.DueAt.Equal(*again.DueAt) || same.Revision != again.Revision {
		t.Errorf("computed anew: %v, was %v", same.DueAt, again.DueAt)
	}
}

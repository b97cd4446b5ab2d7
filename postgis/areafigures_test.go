package postgis_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/incident"
)

// Every number of an area opens as many cases as it says, and nobody counts what is not his.
func TestByArea(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Date(2026, 5, 10, 4, 0, 0, 0, time.UTC)
	w.incidents.SetClock(now)
	day := 24 * time.Hour
	add := func(area, state string, created time.Duration, due, closed *time.Duration, closing any) {
		var dueAt, closedAt any
		if due != nil {
			dueAt = now.Add(*due)
		}
		if closed != nil {
			closedAt = now.Add(*closed)
		}
		w.exec(t, `INSERT INTO incident (title, category, severity, state, area_path, created_at, due_at, closed_at, closing, geom)
			VALUES ('x', '09012', 3, $1, $2::text, $3, $4, $5, $6, (SELECT ST_PointOnSurface(geom) FROM area WHERE path = $2::text))`,
			state, area, now.Add(created), dueAt, closedAt, closing)
	}
	at := func(d time.Duration) *time.Duration { return &d }
	add(west, "filed", -day, at(time.Hour), nil, nil)
	add(west, "handling", -40*day, at(-time.Hour), nil, nil)
	add(west, "reported", -day, at(-time.Hour), nil, nil) // nobody has filed it: not overdue
	add(west, "closed", -2*day, nil, at(-day), "normal")
	add(west, "closed", -2*day, nil, at(-day), "overdue")
	add(west, "closed", -40*day, nil, at(-30*day), "normal") // before the window
	add(west, "voided", -day, nil, at(-time.Hour), nil)      // over, but not closed
	add(east, "filed", -day, nil, nil, nil)

	week := incident.AreaQuery{By: incident.ByTown, From: now.Add(-7 * day), Until: now}
	for _, by := range incident.Groupings {
		week.By = by
		for _, login := range []string{"viewer", "west"} {
			ctx := w.as(t, login)
			items, err := w.incidents.ByArea(ctx, week)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range items {
				if f.Km2 <= 0 || f.Point[0] == 0 {
					t.Errorf("%s has %g km² around %v", f.Code, f.Km2, f.Point)
				}
				for m, want := range map[incident.Measure]int{incident.MeasureOpen: f.Open, incident.MeasureOverdue: f.Overdue, incident.MeasureCreated: f.Created,
					incident.MeasureClosed: f.Closed, incident.MeasureOnTime: f.OnTime, incident.MeasureDue: f.Due} {
					cases, err := w.incidents.Behind(ctx, week, f.ID, m)
					if err != nil || len(cases) != want {
						t.Errorf("%s: %s of %s is %d, and opens %d: %v", login, m, f.Code, want, len(cases), err)
					}
				}
			}
			if by == incident.ByTown {
				var sum incident.Counts
				for _, f := range items {
					sum.Open, sum.Overdue, sum.Created, sum.Closed, sum.OnTime, sum.Due = sum.Open+f.Open, sum.Overdue+f.Overdue, sum.Created+f.Created, sum.Closed+f.Closed, sum.OnTime+f.OnTime, sum.Due+f.Due
				}
				want := incident.Counts{Open: 3, Overdue: 1, Created: 5, Closed: 2, OnTime: 1, Due: 3}
				if login == "viewer" {
					want.Open, want.Created = 4, 6
				}
				if sum != want {
					t.Errorf("%s sees %+v, want %+v", login, sum, want)
				}
			}
		}
	}
	_, err := w.incidents.Behind(w.as(t, "west"), week, 1<<40, incident.MeasureOpen)
	wantError(t, err, layers.CodeNotFound, "")
	_, err = w.incidents.ByArea(w.as(t, "viewer"), incident.AreaQuery{By: "street; DROP TABLE area"})
	wantError(t, err, layers.CodeInvalid, "unknown_value")
	_, err = w.incidents.Behind(w.as(t, "viewer"), week, 1, "true OR true")
	wantError(t, err, layers.CodeInvalid, "unknown_value")
}

// figuresWorld has two duty grids in the west, cases of different times, kinds and channels, and units that were sent to them.
func figuresWorld(t *testing.T) (*world, incident.AreaQuery, map[string]int64) {
	t.Helper()
	w := newWorld(t)
	now := time.Date(2026, 5, 10, 4, 0, 0, 0, time.UTC) // a Sunday noon in China
	w.incidents.SetClock(now)
	w.exec(t, `DELETE FROM unit_grid;
		WITH e AS (SELECT ST_XMin(geom) AS x, ST_YMin(geom) AS y, (ST_XMax(geom) - ST_XMin(geom)) / 4 AS dx, ST_YMax(geom) - ST_YMin(geom) AS dy FROM area WHERE path = '`+west+`')
		INSERT INTO unit_grid (code, area_path, name, geom)
		SELECT '33012200100700' || k, '`+west+`', '格' || k, ST_MakeEnvelope(x + (k - 1) * dx, y, x + k * dx, y + dy, 4326) FROM e, generate_series(1, 4) k;
		INSERT INTO duty_grid (code, name, area_path) VALUES ('A', '甲', '`+west+`'), ('B', '乙', '`+west+`');
		UPDATE unit_grid SET duty_grid_id = (SELECT id FROM duty_grid WHERE code = CASE WHEN right(unit_grid.code, 1) IN ('1', '2') THEN 'A' ELSE 'B' END)`)
	for i, c := range []struct {
		grid, category, source, at string
	}{
		{"1", "06010", "hotline", "2026-05-08 09:30+08"}, {"2", "06042", "hotline", "2026-05-08 23:59+08"}, {"3", "09012", "citizen", "2026-05-09 00:01+08"},
		{"4", "09009", "citizen", "2026-05-09 09:10+08"}, {"4", "06010", "citizen", "2026-05-10 09:59+08"},
	} {
		w.exec(t, `INSERT INTO incident (number, title, category, severity, state, source, area_path, created_at, geom)
			SELECT 'N' || $1::int, 'x', $2, 2, 'filed', $3, '`+west+`', $4::timestamptz, ST_PointOnSurface(geom) FROM unit_grid WHERE right(code, 1) = $5`, i+1, c.category, c.source, c.at, c.grid)
	}
	ids := map[string]int64{}
	for name, sql := range map[string]string{"west": `SELECT id FROM area WHERE path = '` + west + `'`, "A": `SELECT id FROM duty_grid WHERE code = 'A'`, "B": `SELECT id FROM duty_grid WHERE code = 'B'`} {
		var id int64
		if err := w.db.Pool.QueryRow(t.Context(), sql).Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids[name] = id
	}
	return w, incident.AreaQuery{By: incident.ByDutyGrid, From: now.Add(-7 * 24 * time.Hour), Until: now}, ids
}

func TestDutyGridsFollowTheirUnitGrids(t *testing.T) {
	t.Parallel()
	w, q, ids := figuresWorld(t)
	count := func() map[int64]int {
		items, err := w.incidents.ByArea(w.as(t, "viewer"), q)
		if err != nil {
			t.Fatal(err)
		}
		out := map[int64]int{}
		for _, f := range items {
			out[f.ID] = f.Created
		}
		return out
	}
	if got := count(); got[ids["A"]] != 2 || got[ids["B"]] != 3 || len(got) != 2 {
		t.Errorf("%v", got)
	}
	w.exec(t, `UPDATE unit_grid SET duty_grid_id = (SELECT id FROM duty_grid WHERE code = 'A') WHERE right(code, 1) = '3'`)
	if got := count(); got[ids["A"]] != 3 || got[ids["B"]] != 2 {
		t.Errorf("after a unit grid went to another: %v", got)
	}
	var gap float64
	if err := w.db.Pool.QueryRow(t.Context(), `SELECT ST_Area(ST_SymDifference(d.geom, (SELECT ST_Union(u.geom) FROM unit_grid u WHERE u.duty_grid_id = d.id))) FROM duty_grid d WHERE code = 'A'`).Scan(&gap); err != nil || gap > 1e-12 {
		t.Errorf("the duty grid is not its unit grids: %g, %v", gap, err)
	}
	w.exec(t, `DELETE FROM unit_grid WHERE right(code, 1) = '4'`)
	if got := count(); len(got) != 1 || got[ids["A"]] != 3 {
		t.Errorf("a duty grid without unit grids is still counted by: %v", got)
	}
	w.exec(t, `UPDATE incident SET geom = (SELECT ST_PointOnSurface(geom) FROM unit_grid WHERE right(code, 1) = '1') WHERE number = 'N5'`)
	if got := count(); got[ids["A"]] != 4 {
		t.Errorf("a case that was moved counts where it was: %v", got)
	}
}

// What is brushed of a split narrows the others, and not itself; every part counts as many cases as it opens.
func TestSplit(t *testing.T) {
	t.Parallel()
	w, q, ids := figuresWorld(t)
	ctx := w.as(t, "viewer")
	created := func(q incident.AreaQuery, area int64) map[string]int {
		parts, err := w.incidents.Split(ctx, q, area)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]int{}
		for _, p := range parts {
			if p.Created > 0 {
				out[string(p.Split)+" "+p.Key] = p.Created
			}
		}
		return out
	}
	if got, want := created(q, 0), map[string]int{"hour 9": 3, "hour 23": 1, "hour 0": 1, "weekday 5": 2, "weekday 6": 2, "weekday 7": 1, "month 2026-05": 5,
		"class 06": 3, "class 09": 2, "channel hotline": 2, "channel citizen": 3, "severity 2": 5}; !maps.Equal(got, want) {
		t.Errorf("all: %v", got)
	}
	q.Parts = incident.Parts{incident.SplitHour: {"9"}, incident.SplitClass: {"06"}}
	if got, want := created(q, 0), map[string]int{"hour 9": 2, "hour 23": 1, "weekday 5": 1, "weekday 7": 1, "month 2026-05": 2,
		"class 06": 2, "class 09": 1, "channel hotline": 1, "channel citizen": 1, "severity 2": 2}; !maps.Equal(got, want) {
		t.Errorf("brushed: %v", got)
	}
	if got := created(q, ids["A"]); got["hour 9"] != 1 || got["class 09"] != 0 {
		t.Errorf("in one duty grid: %v", got)
	}
	cases, err := w.incidents.Behind(ctx, q, 0, incident.MeasureCreated)
	if err != nil || len(cases) != 2 {
		t.Errorf("%d cases, %v", len(cases), err)
	}
	small, err := w.incidents.Multiples(ctx, q, incident.SplitWeekday)
	if err != nil || len(small) != 2 || small[0].Key != "5" || small[0].ID != ids["A"] || small[1].Key != "7" || small[1].ID != ids["B"] {
		t.Errorf("%+v, %v", small, err)
	}
	heat, err := w.incidents.Heat(ctx, q, 0, incident.MeasureCreated)
	if err != nil || len(heat.Items) != 2 || heat.Items[0].Count != 1 {
		t.Errorf("%+v, %v", heat, err)
	}
	for _, parts := range []incident.Parts{{incident.SplitHour: {"24"}}, {incident.SplitHour: {"07"}}, {incident.SplitMonth: {"2026-13"}}, {incident.SplitChannel: {"x'; DROP TABLE area"}}, {"day": {"1"}}} {
		q.Parts = parts
		_, err := w.incidents.Split(ctx, q, 0)
		wantError(t, err, layers.CodeInvalid, "unknown_value")
	}
}

func TestFlows(t *testing.T) {
	t.Parallel()
	w, q, ids := figuresWorld(t)
	ctx := w.as(t, "viewer")
	w.exec(t, `INSERT INTO unit (code, name, kind, area_path) VALUES ('f1', '一', 'team', '330122'), ('f2', '二', 'team', '330122');
		INSERT INTO unit_station (unit_id, geom) SELECT u.id, ST_PointOnSurface(g.geom) FROM unit u, unit_grid g WHERE u.code = 'f1' AND right(g.code, 1) = '1';
		INSERT INTO task (incident_id, unit_id, state, dispatched_at) SELECT i.id, u.id, 'dispatched', i.created_at + interval '5 minutes'
		FROM incident i JOIN unit u ON u.code = CASE WHEN i.number = 'N4' THEN 'f2' ELSE 'f1' END WHERE i.number IN ('N1', 'N3', 'N4', 'N5')`)
	flows, err := w.incidents.Flows(ctx, q)
	want := []incident.AreaFlow{{From: ids["A"], To: ids["B"], Tasks: 2, Cases: 2}, {From: 0, To: ids["B"], Tasks: 1, Cases: 1}, {From: ids["A"], To: ids["A"], Tasks: 1, Cases: 1}}
	if err != nil || !slices.Equal(flows, want) {
		t.Errorf("%+v, want %+v: %v", flows, want, err)
	}
	for _, f := range flows {
		cases, err := w.incidents.BehindFlow(ctx, q, f.From, f.To)
		if err != nil || len(cases) != f.Cases {
			t.Errorf("%+v opens %d cases: %v", f, len(cases), err)
		}
	}
	q.By = incident.ByTown
	if flows, err := w.incidents.Flows(ctx, q); err != nil || len(flows) != 2 || flows[0].Tasks != 3 {
		t.Errorf("between towns: %+v, %v", flows, err)
	}
	if flows, err := w.incidents.Flows(w.as(t, "east"), q); err != nil || len(flows) != 0 {
		t.Errorf("of another town: %+v, %v", flows, err)
	}
}

func TestFindOver(t *testing.T) {
	t.Parallel()
	w, _, _ := figuresWorld(t)
	w.exec(t, `UPDATE incident SET state = 'closed', closed_at = created_at + interval '1 hour', title = '路灯不亮', address = '迎春南路' WHERE number IN ('N1', 'N2')`)
	for _, c := range []struct {
		login string
		words []string
		want  int
	}{{"viewer", []string{"路灯"}, 2}, {"viewer", []string{"路灯", "迎春"}, 2}, {"viewer", []string{"N1"}, 1}, {"viewer", []string{"%"}, 0}, {"viewer", []string{"N3"}, 0}, {"west", []string{"路灯"}, 2}, {"east", []string{"路灯"}, 0}, {"east", []string{"N1"}, 0}} {
		found, err := w.incidents.FindOver(w.as(t, c.login), c.words, 8)
		if err != nil || len(found) != c.want {
			t.Errorf("%s finds %d for %v, want %d: %v", c.login, len(found), c.words, c.want, err)
		}
	}
}

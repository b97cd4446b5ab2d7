package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers/incident"
	"wanglou/layers/task"
	"wanglou/postgis/copyin"
	"wanglou/postgis/dictionary"
)

// writeCases stores cases, tasks and their logs. Units and accounts have to stand.
func (c *county) writeCases(ctx context.Context, tx pgx.Tx, stories []*story) error {
	actors, err := accounts(ctx, tx)
	if err != nil {
		return err
	}
	var cases, caseLog, tasks, taskLog [][]any
	for i, s := range stories {
		id := i + 1
		cases = append(cases, []any{id, number(s, id), s.title, s.text, dictionary.Standard2026, s.category, s.severity, string(s.state), s.source, s.address,
			actors[duty.login], s.created(), s.changed(), timeOrNull(s.closed()), len(s.log), orb.Geometry(toWorld(s.at))})
		for _, e := range s.log {
			caseLog = append(caseLog, []any{id, e.at, e.at, actors[e.who.login], e.who.name, e.move, e.from, e.to, e.reason, s.details(e.task)})
		}
		for _, j := range s.jobs {
			tasks = append(tasks, []any{j.id, id, j.unit + 1, string(j.state), j.note, j.result, j.reached(task.Dispatched), j.reached(task.Acknowledged),
				j.reached(task.Responding), j.reached(task.OnScene), j.ended(), len(j.log)})
			for _, e := range j.log {
				taskLog = append(taskLog, []any{j.id, e.at, e.at, actors[e.who.login], e.who.name, e.move, e.from, e.to, e.reason})
			}
		}
	}
	for _, t := range []struct {
		table   string
		columns []string
		rows    [][]any
	}{
		{"incident", []string{"id", "number", "title", "description", "standard", "category", "severity", "state", "source", "address",
			"created_by", "created_at", "updated_at", "closed_at", "revision", "geom"}, cases},
		{"incident_log", []string{"incident_id", "source_time", "receive_time", "actor_id", "actor_name", "move", "from_state", "to_state", "reason", "details"}, caseLog},
		{"task", []string{"id", "incident_id", "unit_id", "state", "note", "result", "dispatched_at", "acknowledged_at", "responding_at", "on_scene_at", "ended_at", "revision"}, tasks},
		{"task_log", []string{"task_id", "source_time", "receive_time", "actor_id", "actor_name", "move", "from_state", "to_state", "reason"}, taskLog},
	} {
		if _, err := copyin.Rows(ctx, tx, t.table, t.columns, copyin.All(len(t.rows), func(i int) []any { return t.rows[i] })); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, fmt.Sprintf(`
		UPDATE incident SET area_path = area_path_at(geom);
		UPDATE incident SET alarm_at = created_at + interval '20 seconds', alarm_by = '陈立' WHERE severity = 1;
		UPDATE task t SET area_path = i.area_path FROM incident i WHERE i.id = t.incident_id;
		SELECT setval(pg_get_serial_sequence('incident', 'id'), %d), setval('incident_number', %d), setval(pg_get_serial_sequence('task', 'id'), %d);
		-- A camera that is down was up before.
		INSERT INTO camera_log (camera_id, receive_time, from_status, to_status)
		SELECT id, status_since, 'online', status FROM camera WHERE source = '%s' AND status <> 'online' ORDER BY status_since, id`,
		len(stories), len(stories), max(1, len(tasks)), Source))
	return err
}

// accounts returns the ids of the demo accounts by login; nil for nobody.
func accounts(ctx context.Context, tx pgx.Tx) (map[string]any, error) {
	rows, err := tx.Query(ctx, `SELECT login, id FROM app_user`)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	var login string
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&login, &id}, func() error { out[login] = id; return nil })
	return out, err
}

// number is a case's number as the database would give it: the county's day and a running number.
func number(s *story, id int) string {
	return fmt.Sprintf("%s-%05d", s.created().In(zone).Format("20060102"), id)
}

func timeOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// details says in a case's log which task a row is about.
func (s *story) details(j *job) any {
	if j == nil {
		return nil
	}
	b, err := json.Marshal(map[string]any{"task_id": j.id, "unit_id": j.unit + 1, "unit_name": s.crews[j.unit].name})
	if err != nil {
		return nil // a map of numbers and strings always has a JSON form
	}
	return json.RawMessage(b)
}

func (j *job) reached(s task.State) any { return timeOrNull(j.times[s]) }

func (j *job) ended() any {
	if !j.state.Final() {
		return nil
	}
	return j.times[j.state]
}

// writeReports stores what people and machines told: the reports behind the cases, and some that nobody has looked at yet.
func (c *county) writeReports(ctx context.Context, tx pgx.Tx, stories []*story, now time.Time) error {
	r := dice(c.seed, "reports")
	var rows [][]any
	add := func(channel string, caseID any, category, title, text, state, address string, at time.Time, p orb.Point) {
		name := ""
		if channel == "hotline" || channel == "citizen" {
			name = pick(r, surnames) + pick(r, []string{"先生", "女士"})
		}
		rows = append(rows, []any{channel, caseID, category, title, text, state, address, name, Source, fmt.Sprint(len(rows) + 1), at, at.Add(minutes(r, 0.3)), orb.Geometry(toWorld(p))})
	}
	for i, s := range stories {
		channel := s.source
		if channel == "console" {
			continue
		}
		state, times := "attached", 1
		switch {
		case s.state.Final():
			state = "answered"
		case s.severity == 1 || s.state == incident.Filed:
			times = 1 + r.IntN(3)
		}
		for k := range times {
			p := orb.Point{s.at[0] + spread(r, 0, 18)*float64(k), s.at[1] + spread(r, 0, 18)*float64(k)}
			add(channel, i+1, s.category, s.title, s.text, state, s.address, s.created().Add(-minutes(r, 2)), p)
			channel = "hotline"
		}
	}
	for range 28 {
		m := AnyMatter(r)
		p := c.streetIn(r, pick(r, towns).code)
		title := c.villageAt(p) + pick(r, m.Titles)
		add(pick(r, []string{"hotline", "hotline", "citizen", "grid_worker", "camera"}), nil, m.Category, title, "", "received", c.addressOf(p, ""), now.Add(-minutes(r, 70)), p)
	}
	columns := []string{"channel", "incident_id", "category", "title", "description", "state", "address", "reporter_name", "source", "source_id", "source_time", "receive_time", "geom"}
	if _, err := copyin.Rows(ctx, tx, "report", columns, copyin.All(len(rows), func(i int) []any { return rows[i] })); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE report SET area_path = area_path_at(geom) WHERE source = $1`, Source)
	return err
}

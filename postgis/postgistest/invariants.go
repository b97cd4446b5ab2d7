package postgistest

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"wanglou/postgis"
)

// invariants are queries that find nothing while logs and derived state agree.
var invariants = map[string]string{
	"an incident's state is the last row of its log, its revision their number": `
		SELECT i.id FROM incident i CROSS JOIN LATERAL (
			SELECT count(*) AS n, (array_agg(to_state ORDER BY id DESC))[1] AS state FROM incident_log WHERE incident_id = i.id) l
		WHERE l.n <> i.revision OR l.state <> i.state`,
	"a row of an incident's log begins where the one before ended": `
		SELECT id FROM (SELECT id, from_state, lag(to_state, 1, '') OVER (PARTITION BY incident_id ORDER BY id) AS before,
			receive_time, lag(receive_time, 1, '-infinity') OVER (PARTITION BY incident_id ORDER BY id) AS earlier FROM incident_log) l
		WHERE from_state <> before OR receive_time < earlier`,
	"an incident is closed exactly when its state is final": `
		SELECT id FROM incident WHERE (closed_at IS NOT NULL) <> (state IN ('closed', 'rejected', 'unfiled', 'voided', 'merged'))`,
	"an incident is merged exactly when it names the other": `
		SELECT id FROM incident WHERE (merged_into IS NOT NULL) <> (state = 'merged')`,
	"a report of a merged incident is the other's": `
		SELECT r.id FROM report r JOIN incident i ON i.id = r.incident_id WHERE i.state = 'merged'`,
	"a task's state is the last row of its log, its revision their number": `
		SELECT t.id FROM task t CROSS JOIN LATERAL (
			SELECT count(*) AS n, (array_agg(to_state ORDER BY id DESC))[1] AS state FROM task_log WHERE task_id = t.id) l
		WHERE l.n <> t.revision OR l.state <> t.state`,
	"a row of a task's log begins where the one before ended": `
		SELECT id FROM (SELECT id, from_state, lag(to_state, 1, '') OVER (PARTITION BY task_id ORDER BY id) AS before FROM task_log) l
		WHERE from_state <> before`,
	"a task has ended exactly when its state is final": `
		SELECT id FROM task WHERE (ended_at IS NOT NULL) <> (state IN ('done', 'returned', 'called_off'))`,
	"a unit's status is the state of its open task": `
		SELECT u.id FROM unit u LEFT JOIN task t ON t.unit_id = u.id AND t.ended_at IS NULL
		WHERE CASE WHEN t.id IS NULL THEN u.status NOT IN ('available', 'off_duty') ELSE u.status <> t.state END`,
	"a unit has at most one open task": `SELECT unit_id FROM task WHERE ended_at IS NULL GROUP BY unit_id HAVING count(*) > 1`,
	"an incident with open tasks is dispatched, handled or suspended": `
		SELECT i.id FROM incident i WHERE EXISTS (SELECT FROM task WHERE incident_id = i.id AND ended_at IS NULL)
			AND i.state NOT IN ('dispatched', 'handling', 'suspended')`,
	"a dispatched incident has an open task": `
		SELECT i.id FROM incident i WHERE state = 'dispatched' AND NOT EXISTS (SELECT FROM task WHERE incident_id = i.id AND ended_at IS NULL)`,
	"every step of a task stands in its incident's log": `
		SELECT l.id FROM task_log l JOIN task t ON t.id = l.task_id WHERE NOT EXISTS (
			SELECT FROM incident_log i WHERE i.incident_id = t.incident_id AND (i.details->>'task_id')::bigint = t.id
				AND i.move IN (l.move, 'task.' || l.move))`,
}

// CheckInvariants fails the test where logs and derived state disagree.
func CheckInvariants(t testing.TB, db *postgis.DB) {
	t.Helper()
	for what, sql := range invariants {
		rows, err := db.Pool.Query(t.Context(), sql)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		bad, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(bad) > 0 {
			t.Fatalf("not true: %s: %v %v", what, bad, err)
		}
	}
}

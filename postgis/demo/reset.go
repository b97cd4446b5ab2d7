package demo

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/postgis"
)

// Reset empties a demo database: areas of the county, basemap, cases, units, surveys, demo cameras, reports and accounts. Imported
// cameras and reports that hang on no case, accounts that somebody has added, and the audit log stay. CodeConflict for a database that
// is not a demo: real logs are never deleted.
func Reset(ctx context.Context, db *postgis.DB) error {
	return postgis.Wrap(pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error {
		state, err := inspect(ctx, tx)
		if err != nil {
			return err
		}
		if state == Other {
			return &layers.Error{Code: layers.CodeConflict, Reason: "database_in_use", Msg: "the database holds real data, not the demo county: nothing is emptied"}
		}
		logins := make([]string, len(Users))
		for i, u := range Users {
			logins[i] = u.Login
		}
		if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
			return err
		}
		for _, statement := range strings.Split(resetSQL, ";\n") {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `DELETE FROM app_user WHERE login = ANY ($1)`, logins); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO audit_log (login, action, subject) VALUES ('command line', 'demo.reset', 'county/' || $1)`, CountyCode)
		return err
	}))
}

// The logs of a demo go with what they tell of; their guard is lifted for this transaction alone.
const resetSQL = `
ALTER TABLE incident_log DISABLE TRIGGER append_only;
ALTER TABLE task_log DISABLE TRIGGER append_only;
ALTER TABLE detection_log DISABLE TRIGGER append_only;
ALTER TABLE camera_log DISABLE TRIGGER append_only;
ALTER TABLE unit_log DISABLE TRIGGER append_only;
DELETE FROM attachment;
ALTER TABLE incident_message DISABLE TRIGGER append_only;
ALTER TABLE promise_kept DISABLE TRIGGER append_only;
ALTER TABLE task_escalation DISABLE TRIGGER append_only;
ALTER TABLE handover DISABLE TRIGGER append_only;
ALTER TABLE case_request_log DISABLE TRIGGER append_only;
ALTER TABLE plan_version DISABLE TRIGGER keep_plan_version;
DELETE FROM case_step;
DELETE FROM case_plan;
DELETE FROM plan_version;
DELETE FROM plan;
ALTER TABLE plan_version ENABLE TRIGGER keep_plan_version;
DELETE FROM case_request_log;
DELETE FROM case_request;
ALTER TABLE case_request_log ENABLE TRIGGER append_only;
DELETE FROM handover;
DELETE FROM shift;
DELETE FROM promise_kept;
DELETE FROM incident_message;
DELETE FROM task_escalation;
DELETE FROM task_log;
DELETE FROM task;
DELETE FROM report WHERE source IN ('` + Source + `', '` + Simulated + `') OR incident_id IS NOT NULL;
DELETE FROM incident_log;
DELETE FROM incident;
DELETE FROM detection_log;
DELETE FROM detection;
DELETE FROM permit;
DELETE FROM knowledge WHERE source = '` + illustrative + `';
DELETE FROM capture;
DELETE FROM track;
DELETE FROM position;
UPDATE app_user SET unit_id = NULL WHERE unit_id IS NOT NULL;
DELETE FROM unit_log;
DELETE FROM unit;
DELETE FROM department;
DELETE FROM camera_log l USING camera c WHERE c.id = l.camera_id AND c.source = '` + Source + `';
DELETE FROM camera WHERE source = '` + Source + `';
DELETE FROM unit_grid WHERE starts_with(area_path, '` + CountyCode + `.');
DELETE FROM duty_grid WHERE starts_with(area_path, '` + CountyCode + `.');
DELETE FROM area WHERE path = '` + CountyCode + `' OR starts_with(path, '` + CountyCode + `.');
TRUNCATE basemap_water, basemap_landuse, basemap_road, basemap_building, basemap_place RESTART IDENTITY;
DELETE FROM setting WHERE key = 'county' AND value -> 'demo' = 'true';
ALTER TABLE incident_log ENABLE TRIGGER append_only;
ALTER TABLE task_log ENABLE TRIGGER append_only;
ALTER TABLE detection_log ENABLE TRIGGER append_only;
ALTER TABLE camera_log ENABLE TRIGGER append_only;
ALTER TABLE unit_log ENABLE TRIGGER append_only;
ALTER TABLE incident_message ENABLE TRIGGER append_only;
ALTER TABLE promise_kept ENABLE TRIGGER append_only;
ALTER TABLE task_escalation ENABLE TRIGGER append_only;
ALTER TABLE handover ENABLE TRIGGER append_only;
-- Ids begin where they began, as far as nothing else has taken them.
SELECT setval(pg_get_serial_sequence('area', 'id'), coalesce(max(id), 0) + 1, false) FROM area;
SELECT setval(pg_get_serial_sequence('unit_grid', 'id'), coalesce(max(id), 0) + 1, false) FROM unit_grid;
SELECT setval(pg_get_serial_sequence('duty_grid', 'id'), coalesce(max(id), 0) + 1, false) FROM duty_grid;
SELECT setval(pg_get_serial_sequence('camera', 'id'), coalesce(max(id), 0) + 1, false) FROM camera;
SELECT setval(pg_get_serial_sequence('report', 'id'), coalesce(max(id), 0) + 1, false) FROM report;
SELECT setval(pg_get_serial_sequence('incident', 'id'), 1, false);
SELECT setval(pg_get_serial_sequence('task', 'id'), 1, false);
SELECT setval(pg_get_serial_sequence('unit', 'id'), 1, false);
SELECT setval(pg_get_serial_sequence('department', 'id'), 1, false);
SELECT setval(pg_get_serial_sequence('detection', 'id'), 1, false);
SELECT setval(pg_get_serial_sequence('permit', 'id'), 1, false);
SELECT setval(pg_get_serial_sequence('capture', 'id'), 1, false)`

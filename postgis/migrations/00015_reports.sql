-- Reports are not cases: many may tell of one thing. A report keeps what was said and by whom, and which case it belongs to; cases of the same
-- thing are merged 并案 and, where that was wrong, parted again.

-- +goose Up
CREATE EXTENSION IF NOT EXISTS btree_gist;

ALTER TABLE incident DROP CONSTRAINT incident_state_check;
ALTER TABLE incident
  ADD COLUMN merged_into bigint REFERENCES incident,
  ADD CONSTRAINT incident_state_check CHECK (state IN ('reported', 'verifying', 'accepted', 'filed', 'dispatched', 'handling', 'suspended',
    'checking', 'closed', 'rejected', 'unfiled', 'voided', 'merged')),
  ADD CONSTRAINT incident_merged CHECK ((merged_into IS NOT NULL) = (state = 'merged'));
CREATE INDEX incident_merged_into ON incident (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX incident_near ON incident USING gist (geom) WHERE closed_at IS NULL;
ALTER PUBLICATION wanglou DROP TABLE incident;
ALTER PUBLICATION wanglou ADD TABLE incident (id, number, title, category, severity, state, source, address, area_path, created_at, updated_at, revision, amber_at, due_at, geom)
  WHERE (state <> 'closed' AND state <> 'rejected' AND state <> 'unfiled' AND state <> 'voided' AND state <> 'merged');

ALTER TABLE report
  ADD COLUMN created_by  bigint REFERENCES app_user,
  ADD COLUMN client_key  text, -- a repeat of the same request finds the first one's report
  ADD COLUMN tracking    text UNIQUE, -- by which its reporter asks for the answer; not published
  ADD COLUMN likeness    jsonb, -- why the program attached it by itself; NULL where a person did, or it opened the case
  ADD COLUMN answer      text NOT NULL DEFAULT '',
  ADD COLUMN answered_at timestamptz,
  ADD COLUMN answered_by bigint REFERENCES app_user,
  ADD COLUMN satisfied   boolean, -- as the reporter said when called back 回访
  ADD COLUMN outline     geometry(MultiPolygon, 4326), -- of what is told of where it is not a point; not published
  ADD CONSTRAINT report_client_key UNIQUE (created_by, client_key);
DROP INDEX report_geom;
CREATE INDEX report_near ON report USING gist (geom, receive_time);
CREATE INDEX report_outline ON report USING gist (outline) WHERE outline IS NOT NULL;
CREATE INDEX report_caller ON report (reporter_phone, receive_time DESC) WHERE reporter_phone <> '';

-- From the report until it is filed 立案, or not.
ALTER TABLE time_limit DROP CONSTRAINT time_limit_stage_check, ADD CONSTRAINT time_limit_stage_check CHECK (stage IN ('accepting', 'verifying', 'handling', 'checking'));
INSERT INTO time_limit (stage, kind, amount) VALUES ('accepting', 'urgent_hour', 0.5);

-- +goose Down
DELETE FROM time_limit WHERE stage = 'accepting';
ALTER TABLE time_limit DROP CONSTRAINT time_limit_stage_check, ADD CONSTRAINT time_limit_stage_check CHECK (stage IN ('verifying', 'handling', 'checking'));
DROP INDEX report_caller;
DROP INDEX report_outline;
DROP INDEX report_near;
CREATE INDEX report_geom ON report USING gist (geom);
ALTER TABLE report DROP COLUMN created_by, DROP COLUMN client_key, DROP COLUMN tracking, DROP COLUMN likeness, DROP COLUMN answer,
  DROP COLUMN answered_at, DROP COLUMN answered_by, DROP COLUMN satisfied, DROP COLUMN outline;
ALTER PUBLICATION wanglou DROP TABLE incident;
ALTER PUBLICATION wanglou ADD TABLE incident (id, number, title, category, severity, state, source, address, area_path, created_at, updated_at, revision, amber_at, due_at, geom)
  WHERE (state <> 'closed' AND state <> 'rejected' AND state <> 'unfiled' AND state <> 'voided');
DROP INDEX incident_near;
ALTER TABLE incident DROP CONSTRAINT incident_merged, DROP COLUMN merged_into, DROP CONSTRAINT incident_state_check;
UPDATE incident SET state = 'voided' WHERE state = 'merged';
ALTER TABLE incident ADD CONSTRAINT incident_state_check CHECK (state IN ('reported', 'verifying', 'accepted', 'filed', 'dispatched', 'handling', 'suspended',
  'checking', 'closed', 'rejected', 'unfiled', 'voided'));

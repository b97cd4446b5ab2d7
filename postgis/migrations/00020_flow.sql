-- What is asked and decided beside a case's moves, who holds it, what it was filed under, and what a plan wants done.

-- +goose Up

-- ---------------------------------------------------------------- the supervisor
ALTER TABLE app_user DROP CONSTRAINT app_user_roles_check,
  ADD CONSTRAINT app_user_roles_check CHECK (roles <@ ARRAY['viewer', 'duty_officer', 'dispatcher', 'unit', 'drone_team', 'supervisor', 'admin']);

-- ---------------------------------------------------------------- requests: extension 延时, suspension 挂账, appeal 申诉, supervision 督办
CREATE TABLE case_request (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  incident_id    bigint NOT NULL REFERENCES incident,
  kind           text NOT NULL CHECK (kind IN ('extension', 'suspension', 'appeal', 'supervision')),
  state          text NOT NULL CHECK (state IN ('asked', 'answered', 'granted', 'refused', 'withdrawn', 'closed')),
  unit_id        bigint REFERENCES unit, -- who asks, or who is to answer; NULL: the desk, or all who work on the case
  author_id      bigint,
  author_name    text NOT NULL,
  asked_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  reason         text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 2000), -- of a supervision: what is demanded
  limit_kind     text CHECK (limit_kind IN ('urgent_hour', 'work_hour', 'work_day', 'natural_day')), -- asked for; of a supervision: until the answer
  limit_amount   numeric(8, 2) CHECK (limit_amount BETWEEN 0.05 AND 8784),
  granted_kind   text CHECK (granted_kind IN ('urgent_hour', 'work_hour', 'work_day', 'natural_day')),
  granted_amount numeric(8, 2) CHECK (granted_amount BETWEEN 0.05 AND 8784),
  level          smallint NOT NULL DEFAULT 0 CHECK (level BETWEEN 0 AND 3), -- of a supervision; rises when it is overdue
  due_at         timestamptz, -- of a supervision that waits for its answer
  overdue        smallint NOT NULL DEFAULT 0, -- how often its deadline has passed
  answer         text NOT NULL DEFAULT '' CHECK (char_length(answer) <= 2000), -- what was said last by those who answer or decide
  ended_at       timestamptz,
  attachments    bigint[] NOT NULL DEFAULT '{}',
  revision       bigint NOT NULL DEFAULT 1,
  CHECK ((limit_kind IS NULL) = (limit_amount IS NULL) AND (granted_kind IS NULL) = (granted_amount IS NULL)),
  CHECK ((kind = 'supervision') = (level > 0)),
  CHECK ((ended_at IS NULL) = (state IN ('asked', 'answered')))
);
CREATE INDEX case_request_incident ON case_request (incident_id, id);
CREATE INDEX case_request_open ON case_request (kind, due_at) WHERE ended_at IS NULL;
-- One open request of a kind in a case; a supervision is of each supervisor's own.
CREATE UNIQUE INDEX case_request_one ON case_request (incident_id, kind) WHERE ended_at IS NULL AND kind <> 'supervision';

CREATE TABLE case_request_log (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  request_id bigint NOT NULL REFERENCES case_request,
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor_id   bigint,
  actor_name text NOT NULL,
  move       text NOT NULL,
  from_state text NOT NULL DEFAULT '',
  to_state   text NOT NULL,
  reason     text NOT NULL DEFAULT '',
  details    jsonb
);
CREATE INDEX case_request_log_request ON case_request_log (request_id, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON case_request_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- ---------------------------------------------------------------- rules of the flow
CREATE TABLE flow_rule (
  one             boolean PRIMARY KEY DEFAULT true CHECK (one),
  max_extensions  int NOT NULL CHECK (max_extensions BETWEEN 0 AND 20),   -- granted in a case
  appeal_days     int NOT NULL CHECK (appeal_days BETWEEN 1 AND 366),     -- natural days from the closing on
  urge_minutes    int NOT NULL CHECK (urge_minutes BETWEEN 1 AND 10080),  -- between two urges of a case
  supervise_hours int NOT NULL CHECK (supervise_hours BETWEEN 1 AND 8784) -- until a supervision is answered, where it names no time
);
INSERT INTO flow_rule (max_extensions, appeal_days, urge_minutes, supervise_hours) VALUES (2, 5, 30, 24);

-- ---------------------------------------------------------------- filing conditions 立案条件
CREATE TABLE filing_condition (
  standard text NOT NULL DEFAULT '', -- '' with category '': every one
  category text NOT NULL DEFAULT '',
  code     text NOT NULL CHECK (code ~ '^[a-z0-9_.-]{1,32}$'),
  name     text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 120),
  name_en  text NOT NULL DEFAULT '' CHECK (char_length(name_en) <= 120),
  closing  text NOT NULL DEFAULT '' CHECK (char_length(closing) <= 500), -- 结案条件: what has to be so at checking
  closing_en text NOT NULL DEFAULT '' CHECK (char_length(closing_en) <= 500),
  PRIMARY KEY (standard, category, code),
  CHECK ((standard = '') = (category = ''))
);
COMMENT ON TABLE filing_condition IS 'modelled on the tables of limits that cities publish; what stands here is to begin with';
INSERT INTO filing_condition (standard, category, code, name, name_en, closing, closing_en) VALUES
  ('gbt47678.5-2026', '06010', 'small', '少量暴露垃圾，面积小于 1 平方米', 'Little exposed waste, under 1 m²', '垃圾清除，地面无残留', 'The waste is removed, nothing is left on the ground'),
  ('gbt47678.5-2026', '06010', 'large', '大量暴露垃圾，面积 1 平方米以上', 'Much exposed waste, 1 m² or more', '垃圾清运完毕，周边恢复整洁', 'The waste is carted away and the surroundings are clean'),
  ('gbt47678.5-2026', '06013', 'danger', '破损危及通行安全', 'Damage that endangers traffic', '路面修复，恢复通行，警示设施撤除', 'The surface is repaired and open, warning signs are removed'),
  ('gbt47678.5-2026', '06013', 'ordinary', '一般破损，不影响通行', 'Ordinary damage, passable', '路面修复平整', 'The surface is repaired and even'),
  ('gbt47678.5-2026', '09012', 'blocked', '消防通道完全堵塞', 'Fire lane wholly blocked', '障碍物清除，通道净宽不小于 4 米', 'Obstacles are gone, the lane is clear for at least 4 m'),
  ('gbt47678.5-2026', '09012', 'partly', '消防通道部分占用', 'Fire lane partly occupied', '占用物移除，通道畅通', 'What stood in the lane is gone');

ALTER TABLE time_limit DROP CONSTRAINT time_limit_stage_check, ADD CONSTRAINT time_limit_stage_check CHECK (stage IN ('accepting', 'verifying', 'handling', 'checking', 'hop'));
ALTER TABLE time_limit
  ADD COLUMN area_path text NOT NULL DEFAULT '' CHECK (area_path ~ '^([A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*)?$'), -- '': everywhere
  ADD COLUMN condition text NOT NULL DEFAULT '', -- '': every one
  DROP CONSTRAINT time_limit_pkey,
  ADD PRIMARY KEY (stage, standard, category, severity, area_path, condition),
  ADD CHECK (condition = '' OR category <> '');
COMMENT ON TABLE time_limit IS 'of the rows that fit a case the one that names its filing condition counts, then its category, then the smallest area, then its severity';
INSERT INTO time_limit (stage, severity, kind, amount) VALUES ('hop', 0, 'work_hour', 2), ('hop', 1, 'urgent_hour', 0.5);
INSERT INTO time_limit (stage, standard, category, condition, kind, amount) VALUES
  ('handling', 'gbt47678.5-2026', '06010', 'small', 'work_hour', 2),
  ('handling', 'gbt47678.5-2026', '06010', 'large', 'work_hour', 4),
  ('handling', 'gbt47678.5-2026', '06013', 'danger', 'urgent_hour', 12),
  ('handling', 'gbt47678.5-2026', '09012', 'blocked', 'urgent_hour', 1);

-- ---------------------------------------------------------------- the case
ALTER TABLE incident
  ADD COLUMN holder_path area_path, -- the level that has it; NULL: that of its place
  ADD COLUMN condition   text NOT NULL DEFAULT '', -- code of its filing condition
  ADD COLUMN closing     text CHECK (closing IN ('normal', 'overdue', 'error', 'special')), -- 结案 kind
  ADD COLUMN urges       int NOT NULL DEFAULT 0,       -- 催办, how often
  ADD COLUMN asks        smallint NOT NULL DEFAULT 0,  -- requests that wait for the shift leader
  ADD COLUMN supervised  smallint NOT NULL DEFAULT 0;  -- highest level of an open supervision
COMMENT ON COLUMN incident.closing IS 'as the log says; what the figures count is in the view case_closing';

-- A part of a joint order: 主办 and 协办 with one deadline.
ALTER TABLE task
  ADD COLUMN part   text NOT NULL DEFAULT '' CHECK (part IN ('', 'lead', 'co')),
  ADD COLUMN due_at timestamptz;

-- What the assessment counts of a case that is over: an appeal that was upheld takes the deduction away, and the log stays.
CREATE VIEW case_closing AS
SELECT i.id AS incident_id, i.area_path, i.category, i.severity, i.closed_at, coalesce(i.closing, 'normal') AS closing,
  CASE WHEN EXISTS (SELECT FROM case_request r WHERE r.incident_id = i.id AND r.kind = 'appeal' AND r.state = 'granted') THEN 'normal' ELSE coalesce(i.closing, 'normal') END AS counted
FROM incident i WHERE i.state = 'closed';

-- Whatever else is published of it stays.
-- +goose StatementBegin
DO $$
DECLARE
  columns text[];
  rows    text;
BEGIN
  SELECT attnames, rowfilter INTO columns, rows FROM pg_publication_tables WHERE pubname = 'wanglou' AND tablename = 'incident';
  columns := columns || '{holder_path,urges,asks,supervised}'::text[];
  ALTER PUBLICATION wanglou DROP TABLE incident;
  EXECUTE format('ALTER PUBLICATION wanglou ADD TABLE incident (%s) WHERE (%s)', (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) c), rows);
END $$;
-- +goose StatementEnd

-- ---------------------------------------------------------------- plans 预案 and templates of cases
CREATE TABLE plan (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind       text NOT NULL CHECK (kind IN ('plan', 'template')),
  retired    boolean NOT NULL DEFAULT false,
  revision   bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE plan_version (
  plan_id      bigint NOT NULL REFERENCES plan,
  version      int NOT NULL CHECK (version > 0),
  content      jsonb NOT NULL,
  saved_by     text NOT NULL,
  saved_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  published_at timestamptz, -- NULL: the draft
  PRIMARY KEY (plan_id, version)
);
CREATE UNIQUE INDEX plan_version_draft ON plan_version (plan_id) WHERE published_at IS NULL;

-- A published version is kept as it was: cases name it.
-- +goose StatementBegin
CREATE FUNCTION keep_plan_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.published_at IS NOT NULL THEN
    RAISE EXCEPTION 'a published plan is kept as it was written' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER keep_plan_version BEFORE UPDATE OR DELETE ON plan_version FOR EACH ROW EXECUTE FUNCTION keep_plan_version();

CREATE TABLE case_plan (
  incident_id bigint NOT NULL REFERENCES incident,
  plan_id     bigint NOT NULL,
  version     int NOT NULL,
  fired_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (incident_id, plan_id),
  FOREIGN KEY (plan_id, version) REFERENCES plan_version
);
CREATE TABLE case_step (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  incident_id bigint NOT NULL,
  plan_id     bigint NOT NULL,
  place       int NOT NULL,  -- in the plan's list
  who         text NOT NULL, -- a role, or a kind of unit
  what        text NOT NULL,
  what_en     text NOT NULL DEFAULT '',
  required    boolean NOT NULL,
  due_at      timestamptz,
  done_at     timestamptz,
  done_by     text NOT NULL DEFAULT '',
  note        text NOT NULL DEFAULT '' CHECK (char_length(note) <= 500),
  UNIQUE (incident_id, plan_id, place),
  FOREIGN KEY (incident_id, plan_id) REFERENCES case_plan
);

-- +goose Down
DROP TABLE case_step, case_plan, plan_version, plan;
DROP FUNCTION keep_plan_version;
DROP VIEW case_closing;
-- +goose StatementBegin
DO $$
DECLARE
  columns text[];
  rows    text;
BEGIN
  SELECT array_agg(c), min(rowfilter) INTO columns, rows FROM pg_publication_tables, unnest(attnames) c
    WHERE pubname = 'wanglou' AND tablename = 'incident' AND c <> ALL ('{holder_path,urges,asks,supervised}');
  ALTER PUBLICATION wanglou DROP TABLE incident;
  EXECUTE format('ALTER PUBLICATION wanglou ADD TABLE incident (%s) WHERE (%s)', (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) c), rows);
END $$;
-- +goose StatementEnd
ALTER TABLE task DROP COLUMN part, DROP COLUMN due_at;
ALTER TABLE incident DROP COLUMN holder_path, DROP COLUMN condition, DROP COLUMN closing, DROP COLUMN urges, DROP COLUMN asks, DROP COLUMN supervised;
DELETE FROM time_limit WHERE stage = 'hop' OR area_path <> '' OR condition <> '';
ALTER TABLE time_limit DROP COLUMN area_path, DROP COLUMN condition, ADD PRIMARY KEY (stage, standard, category, severity);
ALTER TABLE time_limit DROP CONSTRAINT time_limit_stage_check, ADD CONSTRAINT time_limit_stage_check CHECK (stage IN ('accepting', 'verifying', 'handling', 'checking'));
DROP TABLE filing_condition, flow_rule, case_request_log, case_request;
UPDATE app_user SET roles = array_remove(roles, 'supervisor');
ALTER TABLE app_user DROP CONSTRAINT app_user_roles_check,
  ADD CONSTRAINT app_user_roles_check CHECK (roles <@ ARRAY['viewer', 'duty_officer', 'dispatcher', 'unit', 'drone_team', 'admin']);

-- Who is on duty, what they say to each other in a case, what happens when nobody answers, and what one shift hands to the next.

-- +goose Up

-- ---------------------------------------------------------------- messages in a case
CREATE TABLE incident_message (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  incident_id  bigint NOT NULL REFERENCES incident,
  author_id    bigint,
  author_name  text NOT NULL,
  unit_id      bigint REFERENCES unit, -- for which the author works; NULL is the desk
  audience     text NOT NULL DEFAULT 'case' CHECK (audience = 'case'), -- everybody in the case
  text         text NOT NULL CHECK (char_length(text) BETWEEN 1 AND 2000),
  promise      boolean NOT NULL DEFAULT false,
  due_at       timestamptz, -- of a promise
  source_time  timestamptz NOT NULL, -- when it was written; a phone without a network sends later
  receive_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  client_key   text CHECK (char_length(client_key) <= 100), -- a repeat of the same request finds the first one's message
  UNIQUE (author_id, client_key),
  CHECK (promise = (due_at IS NOT NULL))
);
CREATE INDEX incident_message_incident ON incident_message (incident_id, id);
CREATE INDEX incident_message_promise ON incident_message (due_at) WHERE promise;

CREATE TABLE promise_kept (
  message_id bigint PRIMARY KEY REFERENCES incident_message,
  kept_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  kept_by    text NOT NULL
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_message FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON promise_kept     FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- Not the revision: a message must not refuse the move of somebody who has not read it yet.
ALTER TABLE incident ADD COLUMN messages int NOT NULL DEFAULT 0;
COMMENT ON COLUMN incident.messages IS 'how often its messages have changed: open pages ask again';

-- ---------------------------------------------------------------- tasks that nobody acknowledges
CREATE TABLE acknowledge_limit (
  severity     smallint PRIMARY KEY CHECK (severity BETWEEN 1 AND 3),
  dispatcher_s int NOT NULL CHECK (dispatcher_s BETWEEN 10 AND 86400), -- from the dispatch on
  leader_s     int NOT NULL CHECK (leader_s BETWEEN 10 AND 86400),     -- from the dispatch on, too
  CHECK (leader_s >= dispatcher_s)
);
INSERT INTO acknowledge_limit (severity, dispatcher_s, leader_s) VALUES (1, 120, 240), (2, 300, 600), (3, 600, 1200);

CREATE TABLE task_escalation (
  task_id bigint NOT NULL REFERENCES task,
  level   smallint NOT NULL CHECK (level IN (1, 2)), -- 1: the dispatcher, 2: the shift leader
  at      timestamptz NOT NULL,
  PRIMARY KEY (task_id, level)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON task_escalation FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

ALTER TABLE task ADD COLUMN escalation smallint NOT NULL DEFAULT 0 CHECK (escalation BETWEEN 0 AND 2);
COMMENT ON COLUMN task.escalation IS 'who is told now that nobody has acknowledged: 0 nobody, 1 the dispatcher, 2 the shift leader';
CREATE INDEX task_unanswered ON task (dispatched_at) WHERE state = 'dispatched';

-- Whatever else is published of them stays.
-- +goose StatementBegin
DO $$
DECLARE
  layer   text;
  name    text;
  columns text[];
  rows    text;
BEGIN
  FOR layer, name IN VALUES ('incident', 'messages'), ('task', 'escalation') LOOP
    SELECT attnames, rowfilter INTO columns, rows FROM pg_publication_tables WHERE pubname = 'wanglou' AND tablename = layer;
    columns := columns || name;
    EXECUTE format('ALTER PUBLICATION wanglou DROP TABLE %I', layer);
    EXECUTE format('ALTER PUBLICATION wanglou ADD TABLE %I (%s) %s', layer, (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) c), 'WHERE (' || rows || ')');
  END LOOP;
END $$;
-- +goose StatementEnd

-- ---------------------------------------------------------------- the roster
CREATE TABLE shift (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  revision   bigint NOT NULL DEFAULT 1,
  area_path  area_path NOT NULL, -- it is on duty for all below, too
  role       text NOT NULL CHECK (role IN ('duty_officer', 'dispatcher', 'unit', 'drone_team')),
  starts_at  timestamptz NOT NULL,
  ends_at    timestamptz NOT NULL, -- not of the shift any more
  note       text NOT NULL DEFAULT '' CHECK (char_length(note) <= 200),
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (ends_at - starts_at BETWEEN interval '15 minutes' AND interval '72 hours')
);
CREATE INDEX shift_span ON shift USING gist (tstzrange(starts_at, ends_at));
CREATE TABLE shift_person (
  shift_id bigint NOT NULL REFERENCES shift ON DELETE CASCADE,
  user_id  bigint NOT NULL REFERENCES app_user ON DELETE CASCADE,
  PRIMARY KEY (shift_id, user_id)
);
CREATE INDEX shift_person_user ON shift_person (user_id);

-- ---------------------------------------------------------------- handovers
CREATE TABLE handover (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  area_path  area_path NOT NULL,
  made_by    bigint NOT NULL,
  made_name  text NOT NULL,
  made_at    timestamptz NOT NULL,
  content    text NOT NULL, -- JSON, kept byte for byte: the hash is of these bytes
  hash       text NOT NULL CHECK (hash = encode(sha256(convert_to(content, 'UTF8')), 'hex')),
  taken_by   bigint,
  taken_name text,
  taken_at   timestamptz,
  CHECK ((taken_by IS NULL) = (taken_at IS NULL) AND (taken_by IS NULL) = (taken_name IS NULL)),
  CHECK (taken_by <> made_by)
);
CREATE INDEX handover_made ON handover (made_at);

-- A handover may be signed, once. Nothing else of it ever changes.
-- +goose StatementBegin
CREATE FUNCTION keep_handover() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.taken_at IS NOT NULL OR NEW.taken_at IS NULL
    OR (NEW.id, NEW.area_path, NEW.made_by, NEW.made_name, NEW.made_at, NEW.content, NEW.hash)
      IS DISTINCT FROM (OLD.id, OLD.area_path, OLD.made_by, OLD.made_name, OLD.made_at, OLD.content, OLD.hash) THEN
    RAISE EXCEPTION 'a handover is kept as it was written' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER keep_handover BEFORE UPDATE ON handover FOR EACH ROW EXECUTE FUNCTION keep_handover();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON handover FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- +goose Down
DROP TABLE handover, shift_person, shift, task_escalation, acknowledge_limit, promise_kept, incident_message;
DROP FUNCTION keep_handover;
-- +goose StatementBegin
DO $$
DECLARE
  layer   text;
  name    text;
  columns text[];
  rows    text;
BEGIN
  FOR layer, name IN VALUES ('incident', 'messages'), ('task', 'escalation') LOOP
    SELECT attnames, rowfilter INTO columns, rows FROM pg_publication_tables WHERE pubname = 'wanglou' AND tablename = layer;
    columns := array_remove(columns, name);
    EXECUTE format('ALTER PUBLICATION wanglou DROP TABLE %I', layer);
    EXECUTE format('ALTER PUBLICATION wanglou ADD TABLE %I (%s) %s', layer, (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) c), 'WHERE (' || rows || ')');
  END LOOP;
END $$;
-- +goose StatementEnd
DROP INDEX task_unanswered;
ALTER TABLE task DROP COLUMN escalation;
ALTER TABLE incident DROP COLUMN messages;

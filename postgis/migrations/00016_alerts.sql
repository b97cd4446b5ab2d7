-- +goose Up

-- Warnings that came in as CAP messages. Not published: raw is as it was received. What is in force stands in state and holds_until; what has expired is
-- told from the clock when somebody asks.
CREATE TABLE alert (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sender       text NOT NULL,
  identifier   text NOT NULL,
  version      text NOT NULL,
  status       text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'System', 'Test', 'Draft')),
  msg_type     text NOT NULL CHECK (msg_type IN ('Alert', 'Update', 'Cancel', 'Ack', 'Error')),
  scope        text NOT NULL CHECK (scope IN ('Public', 'Restricted', 'Private')),
  sent         timestamptz NOT NULL,
  receive_time timestamptz NOT NULL DEFAULT now(),
  expires      timestamptz,          -- as said; NULL where it does not say
  holds_until  timestamptz NOT NULL, -- expires, or what is taken for it
  severity     text NOT NULL CHECK (severity IN ('Extreme', 'Severe', 'Moderate', 'Minor', 'Unknown')),
  rank         smallint NOT NULL CHECK (rank BETWEEN 1 AND 3), -- as an incident's severity
  infos        jsonb NOT NULL,       -- what is said in each language, without shapes
  state        text NOT NULL CHECK (state IN ('active', 'updated', 'cancelled', 'kept')), -- kept: never in force
  ended_by     bigint REFERENCES alert,
  report_id    bigint REFERENCES report ON DELETE SET NULL,
  received_by  bigint REFERENCES app_user ON DELETE SET NULL,
  by_areas     text[] NOT NULL,      -- of who handed it in: it ends no alert outside of them
  area_path    area_path,            -- the smallest area that holds what of it lies in the county
  touches      text[] NOT NULL,      -- every area of which it covers a part: who may see one of them may see it
  geom         geometry(MultiPolygon, 4326),
  raw          bytea NOT NULL,
  UNIQUE (sender, identifier),
  CHECK (state = 'kept' OR (status = 'Actual' AND msg_type IN ('Alert', 'Update'))),
  CHECK ((ended_by IS NOT NULL) = (state IN ('updated', 'cancelled')))
);
CREATE INDEX alert_active ON alert (holds_until) WHERE state = 'active';
CREATE INDEX alert_sent ON alert (sent);

-- To which messages one refers, whether they have come or not: an Update may come before its Alert.
CREATE TABLE alert_reference (
  alert_id   bigint NOT NULL REFERENCES alert ON DELETE CASCADE,
  sender     text NOT NULL,
  identifier text NOT NULL,
  sent       timestamptz NOT NULL,
  PRIMARY KEY (alert_id, sender, identifier)
);
CREATE INDEX alert_reference_to ON alert_reference (sender, identifier);

-- An intake token hands reports in and sees nothing.
ALTER TABLE access_token DROP CONSTRAINT access_token_access_check;
ALTER TABLE access_token ADD CONSTRAINT access_token_access_check CHECK (access IN ('read', 'write', 'kiosk', 'intake'));

-- +goose Down
DELETE FROM access_token WHERE access = 'intake';
ALTER TABLE access_token DROP CONSTRAINT access_token_access_check;
ALTER TABLE access_token ADD CONSTRAINT access_token_access_check CHECK (access IN ('read', 'write', 'kiosk'));
DROP TABLE alert_reference, alert;

-- What drones bring home: uploads, what becomes of them, and the jobs that do it. None of it is published; the capture itself is, when it is done.

-- +goose Up

-- ---------------------------------------------------------------- jobs: the tables of River (main line, version 8), in a schema of their own
CREATE SCHEMA river;
CREATE TYPE river.river_job_state AS ENUM ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled');
CREATE TABLE river.river_migration (
  line       text NOT NULL CHECK (char_length(line) BETWEEN 1 AND 127),
  version    bigint NOT NULL CHECK (version >= 1),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (line, version)
);
INSERT INTO river.river_migration (line, version) SELECT 'main', generate_series(1, 8);
CREATE TABLE river.river_job (
  id            bigserial PRIMARY KEY,
  state         river.river_job_state NOT NULL DEFAULT 'available',
  attempt       smallint NOT NULL DEFAULT 0,
  max_attempts  smallint NOT NULL DEFAULT 25 CHECK (max_attempts > 0),
  attempted_at  timestamptz,
  created_at    timestamptz NOT NULL DEFAULT now(),
  finalized_at  timestamptz,
  scheduled_at  timestamptz NOT NULL DEFAULT now(),
  priority      smallint NOT NULL DEFAULT 1 CHECK (priority BETWEEN 1 AND 4),
  args          jsonb NOT NULL,
  attempted_by  text[],
  errors        jsonb[],
  kind          text NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 127),
  metadata      jsonb NOT NULL DEFAULT '{}',
  queue         text NOT NULL DEFAULT 'default' CHECK (char_length(queue) BETWEEN 1 AND 127),
  tags          varchar(255)[] NOT NULL DEFAULT '{}',
  unique_key    bytea,
  unique_states bit(8),
  CHECK ((finalized_at IS NOT NULL) = (state IN ('cancelled', 'completed', 'discarded')))
);
-- Which states of a job forbid a second one, as bits from the right: available, cancelled, completed, discarded, pending, retryable, running, scheduled.
CREATE FUNCTION river.river_job_state_in_bitmask(bitmask bit(8), state river.river_job_state) RETURNS boolean LANGUAGE sql IMMUTABLE AS
  $$ SELECT get_bit(bitmask, 8 - array_position(ARRAY['available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled']::river.river_job_state[], state)) = 1 $$;
CREATE INDEX river_job_kind ON river.river_job (kind);
CREATE INDEX river_job_state_and_finalized_at_index ON river.river_job (state, finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX river_job_prioritized_fetching_index ON river.river_job (state, queue, priority, scheduled_at, id);
CREATE UNIQUE INDEX river_job_unique_idx ON river.river_job (unique_key)
  WHERE unique_key IS NOT NULL AND unique_states IS NOT NULL AND river.river_job_state_in_bitmask(unique_states, state);
CREATE UNLOGGED TABLE river.river_leader (
  elected_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  leader_id  text NOT NULL CHECK (char_length(leader_id) BETWEEN 1 AND 127),
  name       text PRIMARY KEY DEFAULT 'default' CHECK (name = 'default')
);
CREATE TABLE river.river_queue (
  name       text PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  metadata   jsonb NOT NULL DEFAULT '{}',
  paused_at  timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE river.river_notification (
  id         bigserial PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  payload    text NOT NULL,
  topic      text NOT NULL CHECK (char_length(topic) BETWEEN 1 AND 127)
);
CREATE INDEX river_notification_created_at_idx ON river.river_notification (created_at);
CREATE INDEX river_notification_topic_id_idx ON river.river_notification (topic, id);

-- ---------------------------------------------------------------- what becomes of uploads
CREATE TABLE ingest (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id    bigint NOT NULL REFERENCES app_user,
  name       text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  state      text NOT NULL DEFAULT 'checking' CHECK (state IN ('checking', 'asking', 'refused', 'making', 'ready')),
  refusal    jsonb, -- why: code, reason, params, field, file
  questions  jsonb NOT NULL DEFAULT '[]',
  answers    jsonb NOT NULL DEFAULT '{}', -- epsg, captured_at, outside
  job_id     bigint,
  capture_id bigint REFERENCES capture ON DELETE SET NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((state = 'refused') = (refusal IS NOT NULL))
);
CREATE INDEX ingest_user ON ingest (user_id, id);

CREATE TABLE upload (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id    bigint NOT NULL REFERENCES app_user,
  team       text NOT NULL, -- whose quota: 'unit/7', or 'user/12' for who works for none
  ingest_id  bigint REFERENCES ingest ON DELETE SET NULL,
  filename   text NOT NULL CHECK (char_length(filename) BETWEEN 1 AND 255),
  size       bigint NOT NULL CHECK (size > 0),
  received   bigint NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND size), -- bytes that are on the disk for sure
  sha_state  bytea, -- SHA-256 of those, to go on from
  sha256     text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  begun_at   timestamptz NOT NULL DEFAULT now(),
  touched_at timestamptz NOT NULL DEFAULT now(), -- what nobody touches for long is forgotten
  done_at    timestamptz,
  CHECK ((done_at IS NOT NULL) = (sha256 IS NOT NULL)),
  CHECK (done_at IS NULL OR received = size)
);
CREATE INDEX upload_team ON upload (team);
CREATE INDEX upload_user ON upload (user_id, begun_at);
CREATE INDEX upload_touched ON upload (touched_at) WHERE ingest_id IS NULL;

-- How much a team may have: uploads and the captures made of them. The row '*' holds for teams without their own.
CREATE TABLE upload_quota (
  team  text PRIMARY KEY,
  bytes bigint NOT NULL CHECK (bytes >= 0)
);
INSERT INTO upload_quota (team, bytes) VALUES ('*', 500::bigint << 30);

-- ---------------------------------------------------------------- the files of a capture
CREATE TABLE capture_file (
  capture_id bigint NOT NULL REFERENCES capture ON DELETE CASCADE,
  kind       text NOT NULL CHECK (kind IN ('ortho', 'dsm', 'dtm', 'original', 'original_dsm', 'original_dtm', 'original_zip', 'track')),
  path       text NOT NULL, -- below the folder of captures
  size       bigint NOT NULL,
  sha256     text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  info       jsonb NOT NULL DEFAULT '{}', -- size in pixels, EPSG, GSD, statistics, …
  team       text NOT NULL DEFAULT '',
  PRIMARY KEY (capture_id, kind)
);
CREATE INDEX capture_file_sha256 ON capture_file (sha256);
CREATE INDEX capture_file_team ON capture_file (team);

CREATE TABLE capture_withdrawal (
  capture_id bigint PRIMARY KEY REFERENCES capture ON DELETE CASCADE,
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  by_name    text NOT NULL,
  reason     text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 500)
);

-- How far one capture lies beside another, measured: what is drawn of the second has to be moved by this to lie on the first.
CREATE TABLE capture_offset (
  base_id  bigint NOT NULL REFERENCES capture ON DELETE CASCADE,
  other_id bigint NOT NULL REFERENCES capture ON DELETE CASCADE,
  east_m   real NOT NULL,
  north_m  real NOT NULL,
  quality  real NOT NULL, -- height of the peak over the rest, 0 to 1
  PRIMARY KEY (base_id, other_id)
);

-- +goose Down
DROP TABLE capture_offset, capture_withdrawal, capture_file, upload_quota, upload, ingest;
DROP SCHEMA river CASCADE;

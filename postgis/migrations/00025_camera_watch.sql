-- How cameras are watched: what they hang on, how they are asked, what was seen of them, their outages, their maintenance. Nothing of it is published: of all this
-- the map shows the status alone.

-- +goose Up
CREATE TABLE device_parent (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind      text NOT NULL CHECK (kind IN ('recorder', 'switch', 'power')), -- 录像机, 交换机, 供电区
  name      text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  parent_id bigint REFERENCES device_parent CHECK (parent_id <> id),
  source    text NOT NULL DEFAULT '',
  source_id text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX device_parent_source ON device_parent (source, source_id) WHERE source_id <> '';
COMMENT ON TABLE device_parent IS 'What many cameras have in common: when it fails, that is one outage';

ALTER TABLE camera
  ADD COLUMN tilt_deg          real CHECK (tilt_deg BETWEEN -90 AND 90), -- from the horizon, downward negative
  ADD COLUMN stream_sub        text NOT NULL DEFAULT '' CHECK (char_length(stream_sub) <= 2000), -- small pictures; stream_url is the main one
  ADD COLUMN codec             text NOT NULL DEFAULT '' CHECK (char_length(codec) <= 40), -- of the main stream, as last seen: "H264", "H265"
  ADD COLUMN coordinate_system text NOT NULL DEFAULT 'wgs84' CHECK (coordinate_system IN ('wgs84', 'cgcs2000', 'gcj02', 'bd09')), -- in which its owner gave the place; geom is EPSG:4326 always
  ADD COLUMN parent_id         bigint REFERENCES device_parent ON DELETE SET NULL,
  ADD COLUMN probe             text NOT NULL DEFAULT 'auto' CHECK (probe IN ('auto', 'rtsp', 'http', 'none')), -- how it is asked; auto: as its address says
  ADD COLUMN created_at        timestamptz; -- NULL: before anybody took note
ALTER TABLE camera ALTER COLUMN created_at SET DEFAULT now();
CREATE INDEX camera_parent ON camera (parent_id) WHERE parent_id IS NOT NULL;
COMMENT ON COLUMN camera.stream_url IS 'A password in it is taken out, and kept in camera_secret, before the camera is first asked';

-- User and password of a camera, sealed with a key that is not in the database.
CREATE TABLE camera_secret (
  camera_id bigint PRIMARY KEY REFERENCES camera ON DELETE CASCADE,
  key_id    text NOT NULL,
  sealed    bytea NOT NULL,
  sealed_at timestamptz NOT NULL DEFAULT now()
);

-- What was last seen of a camera. Written with every look, so not in the table that is published.
CREATE TABLE camera_watch (
  camera_id bigint PRIMARY KEY REFERENCES camera ON DELETE CASCADE,
  sight     text NOT NULL DEFAULT '',
  detail    text NOT NULL DEFAULT '',
  origin    text NOT NULL DEFAULT '',
  at        timestamptz,
  ok_at     timestamptz, -- the last good look
  frame_at  timestamptz, -- the last picture
  took_ms   int,
  falls     timestamptz[] NOT NULL DEFAULT '{}' -- confirmed, of the last hours
) WITH (fillfactor = 60);

CREATE TABLE camera_maintenance (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  camera_id  bigint REFERENCES camera ON DELETE CASCADE,
  parent_id  bigint REFERENCES device_parent ON DELETE CASCADE, -- all that hangs on it
  department text,
  starts_at  timestamptz NOT NULL,
  ends_at    timestamptz NOT NULL,
  note       text NOT NULL DEFAULT '' CHECK (char_length(note) <= 200),
  CHECK (num_nonnulls(camera_id, parent_id, department) = 1),
  CHECK (ends_at > starts_at AND ends_at - starts_at <= interval '31 days')
);
CREATE INDEX camera_maintenance_span ON camera_maintenance USING gist (tstzrange(starts_at, ends_at));

CREATE TABLE camera_outage (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  parent_id bigint REFERENCES device_parent ON DELETE CASCADE, -- NULL: the camera by itself
  since     timestamptz NOT NULL,
  told_at   timestamptz,
  ended_at  timestamptz,
  peak      int NOT NULL CHECK (peak > 0) -- cameras at most
);
CREATE INDEX camera_outage_open ON camera_outage (since) WHERE ended_at IS NULL;
CREATE TABLE camera_outage_member (
  outage_id bigint NOT NULL REFERENCES camera_outage ON DELETE CASCADE,
  camera_id bigint NOT NULL REFERENCES camera ON DELETE CASCADE,
  since     timestamptz NOT NULL,
  until     timestamptz,
  PRIMARY KEY (outage_id, camera_id, since)
);
CREATE INDEX camera_outage_member_camera ON camera_outage_member (camera_id);
CREATE INDEX camera_outage_member_open ON camera_outage_member (outage_id) WHERE until IS NULL;

CREATE INDEX camera_log_time ON camera_log (receive_time, camera_id);

-- What hangs on what, for the window of maintenance of a switch: every camera with all that it hangs on.
CREATE VIEW camera_ancestor AS
  WITH RECURSIVE up (camera_id, parent_id, depth) AS (
    SELECT id, parent_id, 1 FROM camera WHERE parent_id IS NOT NULL
    UNION
    SELECT u.camera_id, p.parent_id, u.depth + 1 FROM up u JOIN device_parent p ON p.id = u.parent_id WHERE p.parent_id IS NOT NULL AND u.depth < 4
  )
  SELECT DISTINCT camera_id, parent_id FROM up;

-- +goose Down
DROP VIEW camera_ancestor;
DROP INDEX camera_log_time;
DROP TABLE camera_outage_member, camera_outage, camera_maintenance, camera_watch, camera_secret;
ALTER TABLE camera DROP COLUMN tilt_deg, DROP COLUMN stream_sub, DROP COLUMN codec, DROP COLUMN coordinate_system, DROP COLUMN parent_id, DROP COLUMN probe, DROP COLUMN created_at;
DROP TABLE device_parent;

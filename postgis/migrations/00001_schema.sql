-- The schema of the map: areas, things that are watched, cases and who works on them.
-- Geometry is EPSG:4326, longitude first. Times are timestamptz. Ids are bigint. Area paths are the codes from the county
-- down, joined by dots. Tables that change state have an append-only log beside them; the state is its last row.

-- +goose Up
CREATE EXTENSION IF NOT EXISTS postgis;

CREATE DOMAIN area_path AS text CHECK (VALUE ~ '^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$');

CREATE TABLE setting (
  key   text PRIMARY KEY,
  value jsonb NOT NULL
);
COMMENT ON TABLE setting IS 'Facts about this installation: county, demo, attribution';

-- ---------------------------------------------------------------- areas
CREATE TABLE area (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code      text NOT NULL UNIQUE,
  parent_id bigint REFERENCES area,
  path      area_path NOT NULL UNIQUE,
  level     text NOT NULL CHECK (level IN ('county', 'town', 'village')),
  name      text NOT NULL,
  name_en   text NOT NULL DEFAULT '',
  geom      geometry(MultiPolygon, 4326) NOT NULL CHECK (ST_IsValid(geom))
);
CREATE INDEX area_geom ON area USING gist (geom);
CREATE INDEX area_path_prefix ON area (path text_pattern_ops);
COMMENT ON TABLE area IS '辖区 | Areas';

CREATE TABLE unit_grid (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code      text NOT NULL UNIQUE CHECK (code ~ '^[0-9]{14,15}$'),
  area_path area_path NOT NULL, -- of the village
  name      text NOT NULL,
  geom      geometry(Polygon, 4326) NOT NULL CHECK (ST_IsValid(geom))
);
CREATE INDEX unit_grid_geom ON unit_grid USING gist (geom);
COMMENT ON TABLE unit_grid IS '单元网格 | Unit grids';

-- +goose StatementBegin
CREATE FUNCTION area_path_at(g geometry) RETURNS area_path LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT a.path FROM area a WHERE ST_Intersects(a.geom, ST_PointOnSurface(g)) ORDER BY length(a.path) DESC, a.path LIMIT 1);
-- +goose StatementEnd
COMMENT ON FUNCTION area_path_at IS 'Path of the smallest area that holds the geometry; NULL outside every area';

-- ---------------------------------------------------------------- who
CREATE TABLE department (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code    text NOT NULL UNIQUE,
  name    text NOT NULL,
  name_en text NOT NULL DEFAULT ''
);

CREATE TABLE unit (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code          text NOT NULL UNIQUE,
  name          text NOT NULL,
  name_en       text NOT NULL DEFAULT '',
  kind          text NOT NULL CHECK (kind IN ('team', 'grid_worker', 'drone_crew', 'department')),
  department_id bigint REFERENCES department,
  skills        text[] NOT NULL DEFAULT '{}', -- large classes of the dictionary; empty: any
  area_path     area_path,
  status        text NOT NULL DEFAULT 'off_duty'
                CHECK (status IN ('off_duty', 'available', 'dispatched', 'acknowledged', 'responding', 'on_scene')),
  status_since  timestamptz NOT NULL DEFAULT now(),
  phone         text NOT NULL DEFAULT '' -- not published
);
COMMENT ON TABLE unit IS '处置单位 | Units';

CREATE TABLE unit_log (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  unit_id      bigint NOT NULL REFERENCES unit,
  receive_time timestamptz NOT NULL DEFAULT now(),
  from_status  text,
  to_status    text NOT NULL
);
CREATE INDEX unit_log_unit ON unit_log (unit_id, id);

CREATE TABLE app_user (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  login         text NOT NULL UNIQUE CHECK (login ~ '^[a-z0-9._-]{2,64}$'),
  name          text NOT NULL,
  password_hash text NOT NULL, -- argon2id
  roles         text[] NOT NULL CHECK (roles <@ ARRAY['viewer', 'duty_officer', 'dispatcher', 'unit', 'drone_team', 'admin']),
  areas         text[] NOT NULL, -- area paths, or '*'
  unit_id       bigint REFERENCES unit,
  disabled      boolean NOT NULL DEFAULT false,
  created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE session (
  token  text PRIMARY KEY, -- SHA-256 of the cookie
  data   bytea NOT NULL,
  expiry timestamptz NOT NULL
);
CREATE INDEX session_expiry ON session (expiry);

CREATE TABLE audit_log (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  time       timestamptz NOT NULL DEFAULT now(),
  user_id    bigint,
  login      text NOT NULL DEFAULT '',
  action     text NOT NULL,
  subject    text NOT NULL DEFAULT '',
  request_id text NOT NULL DEFAULT '',
  remote     text NOT NULL DEFAULT '',
  details    jsonb
);

-- ---------------------------------------------------------------- cameras
CREATE TABLE camera (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device_id     text UNIQUE CHECK (device_id ~ '^[0-9]{20}$'), -- GB/T 28181
  name          text NOT NULL,
  department    text NOT NULL DEFAULT '', -- department.code
  area_path     area_path,
  status        text NOT NULL DEFAULT 'unknown' CHECK (status IN ('online', 'offline', 'unknown', 'fault')),
  status_since  timestamptz NOT NULL DEFAULT now(),
  height_m      real,
  azimuth_deg   real CHECK (azimuth_deg >= 0 AND azimuth_deg < 360), -- clockwise from north
  fov_deg       real CHECK (fov_deg > 0 AND fov_deg <= 360),
  range_m       real CHECK (range_m > 0),
  stream_url    text NOT NULL DEFAULT '', -- not published
  source        text NOT NULL DEFAULT '', -- who gave the row: "demo", an import's name
  source_id     text NOT NULL DEFAULT '',
  geom          geometry(Point, 4326) NOT NULL
);
CREATE INDEX camera_geom ON camera USING gist (geom);
CREATE UNIQUE INDEX camera_source ON camera (source, source_id) WHERE source_id <> '';
COMMENT ON TABLE camera IS '摄像机 | Cameras';

CREATE TABLE camera_log (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  camera_id    bigint NOT NULL,
  receive_time timestamptz NOT NULL DEFAULT now(),
  from_status  text,
  to_status    text NOT NULL
);
CREATE INDEX camera_log_camera ON camera_log (camera_id, id);

-- ---------------------------------------------------------------- the dictionary
CREATE TABLE category (
  standard text NOT NULL,
  kind     text NOT NULL CHECK (kind IN ('component', 'item')), -- 部件, 事项
  code     text NOT NULL,
  class    text NOT NULL, -- name of the large class
  name     text NOT NULL,
  name_en  text NOT NULL DEFAULT '',
  PRIMARY KEY (standard, kind, code)
);

-- ---------------------------------------------------------------- reports and cases
CREATE SEQUENCE incident_number;

CREATE TABLE incident (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number      text NOT NULL UNIQUE DEFAULT to_char(now(), 'YYYYMMDD') || '-' || to_char(nextval('incident_number'), 'FM9999999900000'),
  title       text NOT NULL CHECK (length(title) BETWEEN 1 AND 120),
  description text NOT NULL DEFAULT '',
  standard    text NOT NULL DEFAULT 'gbt47678.5-2026',
  category    text NOT NULL,
  severity    smallint NOT NULL CHECK (severity BETWEEN 1 AND 3),
  state       text NOT NULL CHECK (state IN ('reported', 'verifying', 'accepted', 'filed', 'dispatched', 'handling', 'suspended',
                'checking', 'closed', 'rejected', 'unfiled', 'voided')),
  source      text NOT NULL DEFAULT 'console',
  address     text NOT NULL DEFAULT '',
  area_path   area_path,
  created_by  bigint REFERENCES app_user,
  client_key  text, -- a repeat of the same request finds the first one's case
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  closed_at   timestamptz,
  revision    bigint NOT NULL DEFAULT 1,
  geom        geometry(Point, 4326) NOT NULL,
  UNIQUE (created_by, client_key)
);
CREATE INDEX incident_open ON incident (severity, created_at) WHERE closed_at IS NULL;
CREATE INDEX incident_area ON incident (area_path text_pattern_ops);
CREATE INDEX incident_created ON incident (created_at);
CREATE INDEX incident_closed ON incident (closed_at);
CREATE UNIQUE INDEX incident_identity ON incident (id, state);
COMMENT ON TABLE incident IS '事件 | Incidents';

CREATE TABLE incident_log (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  incident_id  bigint NOT NULL REFERENCES incident,
  source_time  timestamptz NOT NULL DEFAULT now(),
  receive_time timestamptz NOT NULL DEFAULT now(),
  actor_id     bigint,
  actor_name   text NOT NULL,
  move         text NOT NULL,
  from_state   text NOT NULL DEFAULT '',
  to_state     text NOT NULL,
  reason       text NOT NULL DEFAULT '',
  details      jsonb
);
CREATE INDEX incident_log_incident ON incident_log (incident_id, id);

CREATE TABLE report (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel        text NOT NULL CHECK (channel IN ('hotline', 'citizen', 'grid_worker', 'camera', 'drone', 'sensor', 'system', 'import')),
  incident_id    bigint REFERENCES incident,
  category       text NOT NULL DEFAULT '',
  title          text NOT NULL,
  description    text NOT NULL DEFAULT '',
  state          text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'attached', 'answered', 'dismissed')),
  address        text NOT NULL DEFAULT '',
  reporter_name  text NOT NULL DEFAULT '', -- not published
  reporter_phone text NOT NULL DEFAULT '', -- not published
  source         text NOT NULL DEFAULT '',
  source_id      text NOT NULL DEFAULT '',
  source_time    timestamptz, -- NULL where the source has none
  receive_time   timestamptz NOT NULL DEFAULT now(),
  area_path      area_path,
  raw            jsonb, -- as received; not published
  geom           geometry(Point, 4326)
);
CREATE INDEX report_geom ON report USING gist (geom);
CREATE INDEX report_incident ON report (incident_id);
CREATE UNIQUE INDEX report_source ON report (source, source_id) WHERE source_id <> '';
COMMENT ON TABLE report IS '上报 | Reports';

-- ---------------------------------------------------------------- tasks and positions
CREATE TABLE task (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  incident_id     bigint NOT NULL REFERENCES incident,
  unit_id         bigint NOT NULL REFERENCES unit,
  state           text NOT NULL CHECK (state IN ('dispatched', 'acknowledged', 'responding', 'on_scene', 'done', 'returned', 'called_off')),
  area_path       area_path, -- of the incident
  note            text NOT NULL DEFAULT '',
  result          text NOT NULL DEFAULT '',
  dispatched_at   timestamptz NOT NULL DEFAULT now(),
  acknowledged_at timestamptz,
  responding_at   timestamptz,
  on_scene_at     timestamptz,
  ended_at        timestamptz,
  revision        bigint NOT NULL DEFAULT 1
);
CREATE INDEX task_incident ON task (incident_id);
CREATE UNIQUE INDEX task_one_open ON task (unit_id, incident_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX task_identity ON task (id, state);
COMMENT ON TABLE task IS '任务 | Tasks';

CREATE TABLE task_log (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  task_id      bigint NOT NULL REFERENCES task,
  source_time  timestamptz NOT NULL DEFAULT now(),
  receive_time timestamptz NOT NULL DEFAULT now(),
  actor_id     bigint,
  actor_name   text NOT NULL,
  move         text NOT NULL,
  from_state   text NOT NULL DEFAULT '',
  to_state     text NOT NULL,
  reason       text NOT NULL DEFAULT ''
);
CREATE INDEX task_log_task ON task_log (task_id, id);

CREATE TABLE position (
  id           bigint PRIMARY KEY REFERENCES unit, -- one latest place a unit
  area_path    area_path, -- of the unit: who may see it
  kind         text NOT NULL DEFAULT 'team',
  heading_deg  real,
  speed_mps    real,
  source_time  timestamptz NOT NULL,
  receive_time timestamptz NOT NULL DEFAULT now(),
  geom         geometry(Point, 4326) NOT NULL
);
COMMENT ON TABLE position IS '位置 | Positions';

CREATE TABLE track (
  unit_id      bigint NOT NULL,
  source_time  timestamptz NOT NULL,
  receive_time timestamptz NOT NULL DEFAULT now(),
  geom         geometry(Point, 4326) NOT NULL
);
CREATE INDEX track_unit ON track (unit_id, source_time);

-- ---------------------------------------------------------------- drone survey
CREATE TABLE capture (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name        text NOT NULL,
  captured_at timestamptz NOT NULL,
  gsd_m       real CHECK (gsd_m > 0), -- ground sample distance
  sha256      text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  area_path   area_path,
  source      text NOT NULL DEFAULT '',
  geom        geometry(MultiPolygon, 4326) NOT NULL -- footprint
);
COMMENT ON TABLE capture IS '航拍成果 | Captures';

CREATE TABLE permit (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number     text NOT NULL UNIQUE,
  holder     text NOT NULL DEFAULT '', -- not published
  height_m   real,
  valid_from date,
  valid_to   date,
  area_path  area_path,
  geom       geometry(MultiPolygon, 4326) NOT NULL CHECK (ST_IsValid(geom))
);
COMMENT ON TABLE permit IS '审批图斑 | Permits';

CREATE TABLE detection (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number            text NOT NULL UNIQUE,
  state             text NOT NULL DEFAULT 'detected' CHECK (state IN ('detected', 'issued', 'on_site', 'confirmed', 'dismissed', 'rectified', 'cleared')),
  category          text NOT NULL DEFAULT '08016',
  score             real CHECK (score BETWEEN 0 AND 1),
  detector          text NOT NULL,
  detector_version  text NOT NULL DEFAULT '',
  area_m2           real, -- geodesic
  height_m          real,
  capture_before_id bigint REFERENCES capture,
  capture_after_id  bigint REFERENCES capture,
  detected_at       timestamptz NOT NULL DEFAULT now(),
  area_path         area_path,
  revision          bigint NOT NULL DEFAULT 1,
  geom              geometry(MultiPolygon, 4326) NOT NULL CHECK (ST_IsValid(geom))
);
CREATE INDEX detection_geom ON detection USING gist (geom);
CREATE UNIQUE INDEX detection_identity ON detection (id, state);
COMMENT ON TABLE detection IS '疑似违建图斑 | Detections';

CREATE TABLE detection_log (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  detection_id bigint NOT NULL REFERENCES detection,
  source_time  timestamptz NOT NULL DEFAULT now(),
  receive_time timestamptz NOT NULL DEFAULT now(),
  actor_id     bigint,
  actor_name   text NOT NULL,
  move         text NOT NULL,
  from_state   text NOT NULL DEFAULT '',
  to_state     text NOT NULL,
  reason       text NOT NULL DEFAULT ''
);
CREATE INDEX detection_log_detection ON detection_log (detection_id, id);

-- ---------------------------------------------------------------- basemap (used where no basemap file is installed)
CREATE TABLE basemap_water    (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, name text, geom geometry(Geometry, 4326) NOT NULL);
CREATE TABLE basemap_landuse  (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, name text, geom geometry(Geometry, 4326) NOT NULL);
CREATE TABLE basemap_road     (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, name text, rank smallint NOT NULL, geom geometry(LineString, 4326) NOT NULL);
CREATE TABLE basemap_building (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, height_m real NOT NULL, min_height_m real NOT NULL DEFAULT 0, geom geometry(Polygon, 4326) NOT NULL);
CREATE TABLE basemap_place    (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, name text NOT NULL, name_en text NOT NULL DEFAULT '', rank smallint NOT NULL, geom geometry(Point, 4326) NOT NULL);
CREATE INDEX basemap_water_geom ON basemap_water USING gist (geom);
CREATE INDEX basemap_landuse_geom ON basemap_landuse USING gist (geom);
CREATE INDEX basemap_road_geom ON basemap_road USING gist (geom);
CREATE INDEX basemap_building_geom ON basemap_building USING gist (geom);
CREATE INDEX basemap_place_geom ON basemap_place USING gist (geom);

-- ---------------------------------------------------------------- logs write themselves, and cannot be rewritten
-- +goose StatementBegin
CREATE FUNCTION touch_status_since() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.status_since := now();
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER camera_status_since BEFORE UPDATE OF status ON camera FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION touch_status_since();
CREATE TRIGGER unit_status_since BEFORE UPDATE OF status ON unit FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION touch_status_since();

-- +goose StatementBegin
CREATE FUNCTION log_camera_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO camera_log (camera_id, from_status, to_status)
  SELECT n.id, o.status, n.status FROM new_rows n JOIN old_rows o USING (id) WHERE n.status <> o.status;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER camera_status_log AFTER UPDATE ON camera REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION log_camera_status();

-- +goose StatementBegin
CREATE FUNCTION log_unit_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unit_log (unit_id, from_status, to_status)
  SELECT n.id, o.status, n.status FROM new_rows n JOIN old_rows o USING (id) WHERE n.status <> o.status;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER unit_status_log AFTER UPDATE ON unit REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION log_unit_status();

-- +goose StatementBegin
CREATE FUNCTION log_position() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO track (unit_id, source_time, receive_time, geom) SELECT id, source_time, receive_time, geom FROM new_rows;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER position_track_insert AFTER INSERT ON position REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION log_position();
CREATE TRIGGER position_track_update AFTER UPDATE ON position REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION log_position();

-- +goose StatementBegin
CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_log  FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON task_log      FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON detection_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON camera_log    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON unit_log      FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log     FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- ---------------------------------------------------------------- the catalogue
-- A table in this publication is on every wall: live and tiled. Columns not listed cannot leak. The COMMENT is the title.
-- A WHERE needs its columns in the replica identity.
ALTER TABLE incident  REPLICA IDENTITY USING INDEX incident_identity;
ALTER TABLE task      REPLICA IDENTITY USING INDEX task_identity;
ALTER TABLE detection REPLICA IDENTITY USING INDEX detection_identity;

CREATE PUBLICATION wanglou FOR TABLE
  area (id, code, path, level, name, name_en, geom),
  unit_grid (id, code, area_path, name, geom),
  camera (id, device_id, name, department, area_path, status, status_since, height_m, azimuth_deg, fov_deg, range_m, geom),
  unit (id, code, name, name_en, kind, skills, area_path, status, status_since),
  position (id, area_path, kind, heading_deg, speed_mps, source_time, geom),
  incident (id, number, title, category, severity, state, source, address, area_path, created_at, updated_at, revision, geom)
    WHERE (state <> 'closed' AND state <> 'rejected' AND state <> 'unfiled' AND state <> 'voided'),
  task (id, incident_id, unit_id, state, area_path, dispatched_at, acknowledged_at, responding_at, on_scene_at, revision)
    WHERE (state <> 'done' AND state <> 'returned' AND state <> 'called_off'),
  report (id, channel, incident_id, category, title, state, address, source, source_time, receive_time, area_path, geom),
  detection (id, number, state, category, score, detector, area_m2, height_m, detected_at, area_path, geom)
    WHERE (state <> 'dismissed' AND state <> 'cleared'),
  permit (id, number, height_m, valid_from, valid_to, area_path, geom),
  capture (id, name, captured_at, gsd_m, area_path, geom);

-- How a published table is delivered, where the defaults (tiles, z0–z16) do not fit.
CREATE TABLE layer_option (
  layer    text PRIMARY KEY,
  delivery text NOT NULL CHECK (delivery IN ('tiles', 'features', 'moving')),
  min_zoom smallint NOT NULL DEFAULT 0 CHECK (min_zoom BETWEEN 0 AND 22),
  max_zoom smallint NOT NULL DEFAULT 16 CHECK (max_zoom BETWEEN min_zoom AND 22)
);
INSERT INTO layer_option (layer, delivery, min_zoom, max_zoom) VALUES
  ('area', 'tiles', 0, 14), ('unit_grid', 'tiles', 11, 15), ('camera', 'tiles', 0, 16), ('report', 'tiles', 0, 16),
  ('permit', 'tiles', 12, 16), ('capture', 'tiles', 8, 16), ('unit', 'features', 0, 16), ('task', 'features', 0, 16),
  ('incident', 'features', 0, 16), ('detection', 'features', 0, 16), ('position', 'moving', 0, 16);

-- +goose Down
DROP PUBLICATION wanglou;
DROP TABLE layer_option, basemap_place, basemap_building, basemap_road, basemap_landuse, basemap_water, detection_log, detection, permit,
  capture, track, position, task_log, task, report, incident_log, incident, category, camera_log, camera, audit_log, session, app_user,
  unit_log, unit, department, unit_grid, area, setting CASCADE;
DROP SEQUENCE incident_number;
DROP FUNCTION area_path_at, touch_status_since, log_camera_status, log_unit_status, log_position, refuse_rewrite;
DROP DOMAIN area_path;

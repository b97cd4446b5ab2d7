-- Devices that register by themselves (GB/T 28181), what hangs on them, and their passwords. Nothing of it is published: the map shows the cameras alone.

-- +goose Up
CREATE TABLE gb_device (
  id            text PRIMARY KEY CHECK (id ~ '^[0-9]{20}$'),
  address       text NOT NULL CHECK (char_length(address) <= 80), -- host and port
  transport     text NOT NULL CHECK (transport IN ('udp', 'tcp')),
  agent         text NOT NULL DEFAULT '' CHECK (char_length(agent) <= 100),
  registered_at timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  heard_at      timestamptz NOT NULL, -- the last sign of it
  gone          boolean NOT NULL DEFAULT false -- it has taken its leave
) WITH (fillfactor = 60);
COMMENT ON TABLE gb_device IS 'heard_at is written a minute after the other: not in any table that is published';

CREATE TABLE gb_channel (
  id           text PRIMARY KEY CHECK (id ~ '^[0-9]{20}$'), -- of camera.device_id, where it is in the registry
  device_id    text NOT NULL REFERENCES gb_device ON DELETE CASCADE,
  name         text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  parent_id    text NOT NULL DEFAULT '',
  manufacturer text NOT NULL DEFAULT '' CHECK (char_length(manufacturer) <= 200),
  camera       boolean NOT NULL, -- it has a picture; else it is a group
  off          boolean NOT NULL,
  geom         geometry(Point, 4326), -- NULL: the device says none
  seen_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX gb_channel_device ON gb_channel (device_id);

-- Passwords by which devices register, sealed with a key that is not in the database; the others have the one of the server.
CREATE TABLE gb_secret (
  device_id text PRIMARY KEY CHECK (device_id ~ '^[0-9]{20}$'),
  key_id    text NOT NULL,
  sealed    bytea NOT NULL,
  sealed_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO alarm_kind (code, title, title_en, category, severity) VALUES
  ('camera_alarm', '摄像机报警', 'Alarm of a camera',  '', 3),
  ('device_alarm', '设备报警',   'Alarm of a device',  '', 3),
  ('device_fault', '设备故障',   'Fault of a device',  '', 3);

-- +goose Down
DELETE FROM alarm_kind WHERE code IN ('camera_alarm', 'device_alarm', 'device_fault');
DROP TABLE gb_secret, gb_channel, gb_device;

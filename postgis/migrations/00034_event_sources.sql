-- Event streams of cameras and recorders (Hikvision ISAPI, Dahua, ONVIF), and what they told. Nothing of it is published: the map shows the reports alone.

-- +goose Up
CREATE TABLE event_source (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  revision  bigint NOT NULL DEFAULT 1,
  name      text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
  protocol  text NOT NULL CHECK (protocol IN ('isapi', 'dahua', 'onvif')),
  address   text NOT NULL CHECK (char_length(address) <= 300 AND address !~ '@'), -- http(s)://host[:port], never with a login
  user_name text NOT NULL DEFAULT '' CHECK (char_length(user_name) <= 100),
  key_id    text NOT NULL DEFAULT '', -- of the key that sealed; it is not in the database
  sealed    bytea, -- user and password; NULL: none is kept
  enabled   boolean NOT NULL DEFAULT true,
  quiet_s   int NOT NULL DEFAULT 300 CHECK (quiet_s BETWEEN 10 AND 86400) -- signs within so long of the last one are of the same alarm
);
COMMENT ON TABLE event_source IS 'Cameras and recorders whose event streams are held; only addresses within --camera-network are dialled';

-- Which camera a channel of a recorder is; '' is every channel that is not named.
CREATE TABLE event_place (
  source_id bigint NOT NULL REFERENCES event_source ON DELETE CASCADE,
  channel   text NOT NULL CHECK (char_length(channel) <= 64),
  camera_id bigint NOT NULL REFERENCES camera ON DELETE CASCADE,
  PRIMARY KEY (source_id, channel)
);
CREATE INDEX event_place_camera ON event_place (camera_id);

-- How a source is, written every few seconds.
CREATE TABLE event_source_state (
  source_id  bigint PRIMARY KEY REFERENCES event_source ON DELETE CASCADE,
  name       text NOT NULL DEFAULT 'waiting',
  why        text NOT NULL DEFAULT '',
  since      timestamptz,
  heard_at   timestamptz,
  event_at   timestamptz,
  last_event text NOT NULL DEFAULT '',
  alarms     bigint NOT NULL DEFAULT 0,
  signs      bigint NOT NULL DEFAULT 0,
  passed     bigint NOT NULL DEFAULT 0, -- events that nobody wants
  dropped    bigint NOT NULL DEFAULT 0  -- those that identify people: nothing else is known of them
) WITH (fillfactor = 60);

-- What becomes of an event. Names that no device of ours has told yet stand here too; others are added when one tells them, with no kind, for people to choose.
CREATE TABLE event_kind (
  protocol text NOT NULL,
  event    text NOT NULL CHECK (char_length(event) BETWEEN 1 AND 120),
  kind     text REFERENCES alarm_kind (code) ON UPDATE CASCADE, -- NULL: it is passed over
  seen_at  timestamptz, -- when a device last told it, by the hour
  PRIMARY KEY (protocol, event)
);

-- An alarm from its first sign to its last one. It is stored before the device's next word is read, and becomes a report afterwards.
CREATE TABLE event_alarm (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_id bigint NOT NULL REFERENCES event_source ON DELETE CASCADE,
  camera_id bigint REFERENCES camera ON DELETE SET NULL,
  channel   text NOT NULL,
  event     text NOT NULL,
  kind      text NOT NULL,
  text      text NOT NULL DEFAULT '' CHECK (char_length(text) <= 200),
  at        timestamptz NOT NULL, -- of the first sign, by the device's clock where that can be believed
  first_at  timestamptz NOT NULL, -- the same by ours
  last_at   timestamptz NOT NULL,
  ended     boolean NOT NULL DEFAULT false,
  signs     bigint NOT NULL DEFAULT 1,
  picture   bytea, -- of the stream; kept as evidence with the report, and here no longer
  tries     int NOT NULL DEFAULT 0,
  due_at    timestamptz NOT NULL, -- when it is to become a report, at the earliest
  failed    text NOT NULL DEFAULT '', -- why it is none, or was not at the last attempt
  given_up  boolean NOT NULL DEFAULT false,
  report_id bigint -- of the report; kept when that is gone
);
CREATE INDEX event_alarm_camera ON event_alarm (camera_id, kind, id DESC) WHERE camera_id IS NOT NULL;
CREATE INDEX event_alarm_channel ON event_alarm (source_id, channel, kind, id DESC);
CREATE INDEX event_alarm_due ON event_alarm (due_at) WHERE report_id IS NULL AND NOT given_up;

INSERT INTO alarm_kind (code, title, title_en, category, severity) VALUES
  ('intrusion',        '区域入侵',       'Somebody where nobody may be', '', 2),
  ('camera_blocked',   '镜头被遮挡',     'Camera blocked or turned',     '', 3),
  ('abandoned_object', '遗留物品',       'Object left behind',           '', 3),
  ('crowd',            '人群聚集',       'Crowd',                        '', 2)
ON CONFLICT (code) DO NOTHING;

INSERT INTO event_kind (protocol, event, kind) VALUES
  ('isapi', 'fielddetection', 'intrusion'), ('isapi', 'linedetection', 'intrusion'), ('isapi', 'regionEntrance', 'intrusion'), ('isapi', 'regionExiting', NULL), ('isapi', 'VMD', NULL),
  ('isapi', 'shelteralarm', 'camera_blocked'), ('isapi', 'tamperdetection', 'camera_blocked'), ('isapi', 'scenechangedetection', 'camera_blocked'), ('isapi', 'videoloss', 'device_fault'),
  ('isapi', 'fireDetection', 'smoke'), ('isapi', 'firedetection', 'smoke'), ('isapi', 'smokeDetection', 'smoke'), ('isapi', 'fireSmokeDetection', 'smoke'), ('isapi', 'smokeAndFireDetection', 'smoke'),
  ('isapi', 'unattendedBaggage', 'abandoned_object'), ('isapi', 'parking', 'illegal_parking'), ('isapi', 'illegalParking', 'illegal_parking'), ('isapi', 'group', 'crowd'), ('isapi', 'peopleGathering', 'crowd'),
  ('isapi', 'waterLevelDetection', 'water_level'), ('isapi', 'IO', 'device_alarm'), ('isapi', 'io', 'device_alarm'), ('isapi', 'diskfull', 'device_fault'), ('isapi', 'diskerror', 'device_fault'),
  ('isapi', 'nicbroken', 'device_fault'), ('isapi', 'ipconflict', 'device_fault'), ('isapi', 'badvideo', 'device_fault'), ('isapi', 'illaccess', NULL), ('isapi', 'audioexception', NULL),
  ('dahua', 'CrossRegionDetection', 'intrusion'), ('dahua', 'CrossLineDetection', 'intrusion'), ('dahua', 'VideoMotion', NULL), ('dahua', 'SmartMotionHuman', NULL), ('dahua', 'SmartMotionVehicle', NULL),
  ('dahua', 'VideoBlind', 'camera_blocked'), ('dahua', 'VideoAbnormalDetection', 'camera_blocked'), ('dahua', 'SceneChange', 'camera_blocked'), ('dahua', 'VideoLoss', 'device_fault'),
  ('dahua', 'SmokeDetection', 'smoke'), ('dahua', 'FireDetection', 'smoke'), ('dahua', 'FireWarning', 'smoke'), ('dahua', 'HeatImagingTemper', NULL), ('dahua', 'LeftDetection', 'abandoned_object'),
  ('dahua', 'ParkingDetection', 'illegal_parking'), ('dahua', 'TrafficParking', 'illegal_parking'), ('dahua', 'CrowdDetection', 'crowd'), ('dahua', 'RioterDetection', 'crowd'), ('dahua', 'WaterLevelDetection', 'water_level'),
  ('dahua', 'AlarmLocal', 'device_alarm'), ('dahua', 'StorageFailure', 'device_fault'), ('dahua', 'StorageNotExist', 'device_fault'), ('dahua', 'StorageLowSpace', 'device_fault'), ('dahua', 'NewFile', NULL),
  ('onvif', 'RuleEngine/FieldDetector/ObjectsInside', 'intrusion'), ('onvif', 'RuleEngine/LineDetector/Crossed', 'intrusion'), ('onvif', 'RuleEngine/CellMotionDetector/Motion', NULL), ('onvif', 'VideoSource/MotionAlarm', NULL),
  ('onvif', 'RuleEngine/TamperDetector/Tamper', 'camera_blocked'), ('onvif', 'VideoSource/GlobalSceneChange/ImagingService', 'camera_blocked'), ('onvif', 'VideoSource/GlobalSceneChange/AnalyticsService', 'camera_blocked'),
  ('onvif', 'VideoSource/ImageTooDark/ImagingService', NULL), ('onvif', 'VideoSource/SignalLoss', 'device_fault'), ('onvif', 'Device/Trigger/DigitalInput', 'device_alarm'), ('onvif', 'Device/HardwareFailure/StorageFailure', 'device_fault');

-- What cameras hang on is edited by people now.
ALTER TABLE device_parent ADD COLUMN revision bigint NOT NULL DEFAULT 1;

-- +goose Down
ALTER TABLE device_parent DROP COLUMN revision;
DROP TABLE event_alarm, event_kind, event_source_state, event_place, event_source;
DELETE FROM alarm_kind WHERE code IN ('intrusion', 'camera_blocked', 'abandoned_object', 'crowd');

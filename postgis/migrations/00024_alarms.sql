-- Pictures that come with a report, of somebody without an account too; and what becomes of the alarms that devices raise. Neither is published.

-- +goose Up
ALTER TABLE attachment ALTER COLUMN user_id DROP NOT NULL; -- NULL: a citizen's
ALTER TABLE attachment ADD CHECK (user_id IS NOT NULL OR report_id IS NOT NULL);
CREATE UNIQUE INDEX attachment_of_report ON attachment (report_id, sha256) WHERE report_id IS NOT NULL;

CREATE TABLE alarm_kind (
  code     text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{1,39}$'),
  title    text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 60),
  title_en text NOT NULL DEFAULT '' CHECK (char_length(title_en) <= 120),
  category text NOT NULL DEFAULT '', -- of the dictionary; '' where a person chooses
  severity smallint NOT NULL DEFAULT 3 CHECK (severity BETWEEN 1 AND 3)
);
INSERT INTO alarm_kind (code, title, title_en, category, severity) VALUES
  ('illegal_parking',  '机动车违停',     'Vehicle parked where it may not',  '09009', 3),
  ('fire_lane',        '消防通道被占用', 'Fire lane blocked',                '09012', 2),
  ('not_yielding',     '车辆未礼让行人', 'Vehicle did not yield to walkers', '',      3),
  ('street_stall',     '占道经营',       'Stall on the roadway',             '09006', 3),
  ('garbage',          '暴露垃圾',       'Garbage lying about',              '06010', 3),
  ('bin_overflow',     '垃圾满溢',       'Garbage bin overflows',            '06042', 3),
  ('open_burning',     '露天焚烧',       'Open burning',                     '06020', 2),
  ('road_damage',      '道路破损',       'Damaged road',                     '06013', 3),
  ('road_ice',         '道路积雪结冰',   'Snow or ice on the road',          '10001', 2),
  ('building_work',    '疑似违法建设',   'Building work, perhaps illegal',   '08016', 3),
  ('waterlogging',     '道路积水',       'Water on the road',                '',      2),
  ('smoke',            '烟火报警',       'Smoke or fire',                    '',      1),
  ('water_level',      '水位超警戒',     'Water above the warning level',    '',      1);

-- +goose Down
DROP TABLE alarm_kind;
DROP INDEX attachment_of_report;
DELETE FROM attachment WHERE user_id IS NULL;
ALTER TABLE attachment ALTER COLUMN user_id SET NOT NULL;

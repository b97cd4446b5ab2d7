-- How long a case may take, and by which calendar it is counted. Both are data of the place; what stands here is to begin with.

-- +goose Up
CREATE TABLE calendar (
  one     boolean PRIMARY KEY DEFAULT true CHECK (one), -- the installation has one, in its own time zone
  windows int4multirange NOT NULL CHECK (windows <> '{}' AND windows <@ '{[0,1440)}'), -- minutes of a working day
  week    smallint[] NOT NULL CHECK (cardinality(week) > 0 AND week <@ '{0,1,2,3,4,5,6}') -- days that are worked as a rule, 0 is Sunday
);
INSERT INTO calendar (windows, week) VALUES ('{[510,720),[810,1050)}', '{1,2,3,4,5}');

CREATE TABLE calendar_day (
  day   date PRIMARY KEY,
  works boolean NOT NULL, -- false: a holiday; true: a make-up workday 调休
  name  text NOT NULL DEFAULT ''
);
INSERT INTO calendar_day (day, works, name) VALUES
  ('2026-01-01', false, '元旦'),
  ('2026-01-02', false, '元旦'),
  ('2026-01-03', false, '元旦'),
  ('2026-01-04', true, '元旦调休'),
  ('2026-02-14', true, '春节调休'),
  ('2026-02-15', false, '春节'),
  ('2026-02-16', false, '春节'),
  ('2026-02-17', false, '春节'),
  ('2026-02-18', false, '春节'),
  ('2026-02-19', false, '春节'),
  ('2026-02-20', false, '春节'),
  ('2026-02-21', false, '春节'),
  ('2026-02-22', false, '春节'),
  ('2026-02-23', false, '春节'),
  ('2026-02-28', true, '春节调休'),
  ('2026-04-04', false, '清明节'),
  ('2026-04-05', false, '清明节'),
  ('2026-04-06', false, '清明节'),
  ('2026-05-01', false, '劳动节'),
  ('2026-05-02', false, '劳动节'),
  ('2026-05-03', false, '劳动节'),
  ('2026-05-04', false, '劳动节'),
  ('2026-05-05', false, '劳动节'),
  ('2026-05-09', true, '劳动节调休'),
  ('2026-06-19', false, '端午节'),
  ('2026-06-20', false, '端午节'),
  ('2026-06-21', false, '端午节'),
  ('2026-09-20', true, '国庆节调休'),
  ('2026-09-25', false, '中秋节'),
  ('2026-09-26', false, '中秋节'),
  ('2026-09-27', false, '中秋节'),
  ('2026-10-01', false, '国庆节'),
  ('2026-10-02', false, '国庆节'),
  ('2026-10-03', false, '国庆节'),
  ('2026-10-04', false, '国庆节'),
  ('2026-10-05', false, '国庆节'),
  ('2026-10-06', false, '国庆节'),
  ('2026-10-07', false, '国庆节'),
  ('2026-10-10', true, '国庆节调休');

CREATE TABLE time_limit (
  stage    text NOT NULL CHECK (stage IN ('verifying', 'handling', 'checking')),
  standard text NOT NULL DEFAULT '',  -- '' with category '': every one
  category text NOT NULL DEFAULT '',
  severity smallint NOT NULL DEFAULT 0 CHECK (severity BETWEEN 0 AND 3), -- 0: every one
  kind     text NOT NULL CHECK (kind IN ('urgent_hour', 'work_hour', 'work_day', 'natural_day')),
  amount   numeric(8, 2) NOT NULL CHECK (amount BETWEEN 0.05 AND 8784),
  PRIMARY KEY (stage, standard, category, severity),
  CHECK ((standard = '') = (category = ''))
);
COMMENT ON TABLE time_limit IS 'of the rows that fit a case the one that names its category counts, then the one that names its severity';
INSERT INTO time_limit (stage, standard, category, severity, kind, amount) VALUES
  ('verifying', '', '', 0, 'urgent_hour', 0.5),
  ('checking', '', '', 0, 'urgent_hour', 0.5),
  ('handling', '', '', 0, 'work_day', 3),
  ('handling', '', '', 1, 'urgent_hour', 2),
  ('handling', '', '', 2, 'work_hour', 8);

ALTER TABLE incident
  ADD COLUMN amber_at timestamptz, -- when 80 % of the running limit have passed
  ADD COLUMN due_at   timestamptz; -- when all have; NULL while no clock runs
COMMENT ON COLUMN incident.due_at IS 'a function of the log, the limits and the calendar';
ALTER PUBLICATION wanglou DROP TABLE incident;
ALTER PUBLICATION wanglou ADD TABLE incident (id, number, title, category, severity, state, source, address, area_path, created_at, updated_at, revision, amber_at, due_at, geom)
  WHERE (state <> 'closed' AND state <> 'rejected' AND state <> 'unfiled' AND state <> 'voided');

-- +goose Down
ALTER PUBLICATION wanglou DROP TABLE incident;
ALTER PUBLICATION wanglou ADD TABLE incident (id, number, title, category, severity, state, source, address, area_path, created_at, updated_at, revision, geom)
  WHERE (state <> 'closed' AND state <> 'rejected' AND state <> 'unfiled' AND state <> 'voided');
ALTER TABLE incident DROP COLUMN amber_at, DROP COLUMN due_at;
DROP TABLE time_limit, calendar_day, calendar;

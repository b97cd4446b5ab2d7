-- +goose Up

-- Geofences: which moving things are watched at which polygons, who is inside, and what has happened. Only what has happened is published: the live map,
-- webhooks and the time machine have it without more.
CREATE TABLE geofence_rule (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  revision      bigint NOT NULL DEFAULT 1,       -- it begins anew with each
  begun         boolean NOT NULL DEFAULT false,  -- who is inside when it begins did not enter
  name          text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
  area_path     area_path,                       -- NULL is everywhere
  moving_layer  text NOT NULL,
  moving_filter text NOT NULL DEFAULT '',
  fence_layer   text NOT NULL,
  fence_filter  text NOT NULL DEFAULT '',
  triggers      text[] NOT NULL CHECK (cardinality(triggers) > 0 AND triggers <@ ARRAY['enter', 'leave', 'dwell']),
  dwell_s       int NOT NULL DEFAULT 0 CHECK (dwell_s BETWEEN 0 AND 86400 AND (dwell_s > 0) = ('dwell' = ANY (triggers))),
  margin_m      double precision NOT NULL DEFAULT 0 CHECK (margin_m BETWEEN 0 AND 1000),
  report        boolean NOT NULL DEFAULT false,
  enabled       boolean NOT NULL DEFAULT true,
  last_error    text NOT NULL DEFAULT '',        -- why it cannot be watched
  created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE geofence_stay (
  rule_id   bigint NOT NULL REFERENCES geofence_rule ON DELETE CASCADE,
  moving_id bigint NOT NULL,
  fence_id  bigint NOT NULL,
  since     timestamptz NOT NULL,
  dwelt     boolean NOT NULL DEFAULT false,
  PRIMARY KEY (rule_id, moving_id, fence_id)
);

-- An event outlives its rule and its fence, so it carries their names.
CREATE TABLE geofence_event (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  rule_id      bigint NOT NULL,
  rule         text NOT NULL,
  trigger      text NOT NULL CHECK (trigger IN ('enter', 'leave', 'dwell')),
  moving_layer text NOT NULL,
  moving_id    bigint NOT NULL,
  moving       text NOT NULL,
  fence_layer  text NOT NULL,
  fence_id     bigint NOT NULL,
  fence        text NOT NULL,
  area_path    area_path, -- who may see both may see it
  source_time  timestamptz NOT NULL,
  since        timestamptz, -- of a leave and a dwell: the entry
  receive_time timestamptz NOT NULL DEFAULT now(),
  geom         geometry(Point, 4326) NOT NULL,
  UNIQUE (rule_id, moving_id, fence_id, trigger, source_time) -- told once, whoever sees it twice
);
CREATE INDEX geofence_event_time ON geofence_event (receive_time);
COMMENT ON TABLE geofence_event IS '围栏事件 | Geofence events';

ALTER PUBLICATION wanglou ADD TABLE geofence_event
  (id, rule_id, rule, trigger, moving_layer, moving_id, moving, fence_layer, fence_id, fence, area_path, source_time, since, receive_time, geom);
INSERT INTO layer_option (layer, delivery, min_zoom, max_zoom) VALUES ('geofence_event', 'features', 0, 16);

-- +goose Down
DELETE FROM layer_option WHERE layer = 'geofence_event';
ALTER PUBLICATION wanglou DROP TABLE geofence_event;
DROP TABLE geofence_event, geofence_stay, geofence_rule;

-- What a drone crew was sent to fly: an area that no flight covers, or a detection that has to be seen again. A later capture over it ends the order by itself.

-- +goose Up
CREATE TABLE flight_order (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name         text NOT NULL,
  area_path    text NOT NULL DEFAULT '',
  detection_id bigint REFERENCES detection,
  task_id      bigint NOT NULL REFERENCES task ON DELETE CASCADE,
  by_name      text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  done_at      timestamptz, -- when a capture over it was there
  capture_id   bigint REFERENCES capture ON DELETE SET NULL,
  geom         geometry(MultiPolygon, 4326) NOT NULL -- what has to be covered
);
CREATE INDEX flight_order_open ON flight_order (id) WHERE done_at IS NULL;
CREATE INDEX flight_order_task ON flight_order (task_id);

-- +goose Down
DROP TABLE flight_order;

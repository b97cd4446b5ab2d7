-- +goose Up

-- Patrols: cameras that the video wall shows one after the other. Not published: nobody but the video wall shows them.
CREATE TABLE camera_patrol (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  revision   bigint NOT NULL DEFAULT 1,
  name       text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 80),
  user_id    bigint NOT NULL REFERENCES app_user ON DELETE CASCADE,
  area_path  area_path, -- which holds the areas of its maker: who may see all of that may see it
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX camera_patrol_user ON camera_patrol (user_id);

CREATE TABLE camera_patrol_item (
  patrol_id bigint NOT NULL REFERENCES camera_patrol ON DELETE CASCADE,
  position  smallint NOT NULL CHECK (position >= 0),
  camera_id bigint NOT NULL REFERENCES camera ON DELETE CASCADE,
  dwell_s   smallint NOT NULL CHECK (dwell_s BETWEEN 5 AND 600), -- a shorter one shows less than it costs the camera
  PRIMARY KEY (patrol_id, position)
);
CREATE INDEX camera_patrol_item_camera ON camera_patrol_item (camera_id);

-- +goose Down
DROP TABLE camera_patrol_item;
DROP TABLE camera_patrol;

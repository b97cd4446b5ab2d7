-- Where a camera that turns looks when it is told to: its presets, by the number that the device knows them by. And groups: cameras that the video wall shows together.

-- +goose Up
CREATE TABLE camera_preset (
  camera_id   bigint NOT NULL REFERENCES camera ON DELETE CASCADE,
  number      smallint NOT NULL CHECK (number BETWEEN 1 AND 255), -- as GB/T 28181 counts them
  name        text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
  azimuth_deg real NOT NULL CHECK (azimuth_deg >= 0 AND azimuth_deg < 360),
  tilt_deg    real CHECK (tilt_deg BETWEEN -90 AND 90), -- below the horizon is negative
  fov_deg     real CHECK (fov_deg > 0 AND fov_deg <= 360),
  PRIMARY KEY (camera_id, number)
);

ALTER TABLE camera_patrol ADD layout smallint CHECK (layout IN (1, 4, 9, 16)); -- of a group: it is shown as a whole, in so many tiles; NULL of a patrol

-- Who demands answers has to see what is answered: supervisors watch, as whoever reads the map does.
UPDATE app_role SET actions = array(SELECT DISTINCT unnest(actions || '{camera.watch}'::text[]) ORDER BY 1) WHERE name = 'supervisor';

-- +goose Down
UPDATE app_role SET actions = array_remove(actions, 'camera.watch') WHERE name = 'supervisor';
ALTER TABLE camera_patrol DROP COLUMN layout;
DROP TABLE camera_preset;

-- +goose Up

-- Walls of screens: one document each. Not published: screens and operators ask for theirs.
CREATE TABLE wall (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  revision   bigint NOT NULL DEFAULT 1,
  name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  area_path  area_path,
  layout     jsonb NOT NULL CHECK (jsonb_typeof(layout) = 'object'),
  playlist   jsonb NOT NULL CHECK (jsonb_typeof(playlist) = 'array'),
  rules      jsonb NOT NULL CHECK (jsonb_typeof(rules) = 'array'),
  state      jsonb NOT NULL CHECK (jsonb_typeof(state) = 'object'),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- What each screen last told of itself. It may be lost: they tell again.
CREATE UNLOGGED TABLE wall_screen (
  wall_id      bigint NOT NULL,
  "row"        smallint NOT NULL,
  "column"     smallint NOT NULL,
  seen_at      timestamptz NOT NULL DEFAULT now(),
  frame_age_ms integer NOT NULL,
  width        integer NOT NULL,
  height       integer NOT NULL,
  version      text NOT NULL,
  PRIMARY KEY (wall_id, "row", "column")
);

-- +goose Down
DROP TABLE wall_screen;
DROP TABLE wall;

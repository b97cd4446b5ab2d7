-- +goose Up

-- Bookmarks: moments of the past that somebody wants to find again. Not published: a replay of yesterday has to show those that were made today.
CREATE TABLE bookmark (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz NOT NULL,
  title      text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 80),
  user_id    bigint NOT NULL REFERENCES app_user ON DELETE CASCADE,
  area_path  area_path, -- which holds the areas of its maker: who may see all of that may see it
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX bookmark_at ON bookmark (at);
CREATE INDEX bookmark_user ON bookmark (user_id);

-- +goose Down
DROP TABLE bookmark;

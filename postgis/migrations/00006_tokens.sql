-- +goose Up

-- Personal access tokens: how GIS programs ask for their users. The secret itself is nowhere.
CREATE TABLE access_token (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id    bigint NOT NULL REFERENCES app_user ON DELETE CASCADE,
  name       text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
  hash       bytea NOT NULL UNIQUE, -- SHA-256 of the secret, which is random enough not to need more
  access     text NOT NULL CHECK (access IN ('read', 'write')),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
  last_used  timestamptz
);
CREATE INDEX ON access_token (user_id);

-- +goose Down
DROP TABLE access_token;

-- +goose Up

-- Webhooks: to whom changes of a layer are told, how far each has heard, and what nobody would take. None of it is published.
CREATE TABLE webhook (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id     bigint NOT NULL REFERENCES app_user ON DELETE CASCADE, -- whose rights it has
  name        text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
  url         text NOT NULL CHECK (char_length(url) <= 500),
  layer       text NOT NULL,
  query       jsonb NOT NULL DEFAULT '{}', -- geometry, columns, filter
  secret      text NOT NULL,               -- signs what is sent; told once, when it is made
  paused      boolean NOT NULL DEFAULT false,
  position    text NOT NULL DEFAULT '',    -- token of the live protocol: up to here it was delivered
  delivered_at timestamptz,
  failing     int NOT NULL DEFAULT 0,      -- tries in vain since something was delivered
  last_error  text NOT NULL DEFAULT '',
  created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE webhook_dead (
  webhook_id bigint NOT NULL REFERENCES webhook ON DELETE CASCADE,
  event_id   text NOT NULL,
  body       bytea NOT NULL,
  attempts   int NOT NULL,
  error      text NOT NULL,
  given_up_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (webhook_id, event_id)
);
CREATE INDEX ON webhook_dead (webhook_id, given_up_at);

-- +goose Down
DROP TABLE webhook_dead;
DROP TABLE webhook;

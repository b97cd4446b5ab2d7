-- Photos and videos of a case, and requests that may come twice. Neither is published: who may see an attachment is asked of its case, each time.

-- +goose Up
CREATE TABLE attachment (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  client_id     uuid NOT NULL, -- made by the sender: a repeat finds the first one
  user_id       bigint NOT NULL REFERENCES app_user,
  incident_id   bigint REFERENCES incident,
  task_id       bigint REFERENCES task,
  report_id     bigint REFERENCES report,
  role          text NOT NULL CHECK (role IN ('before', 'after', 'near', 'far', 'other')),
  type          text NOT NULL CHECK (type IN ('image/jpeg', 'image/png', 'image/webp', 'video/mp4')),
  size          bigint NOT NULL CHECK (size > 0),
  sha256        text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'), -- of the original: the evidence
  shared_sha256 text CHECK (shared_sha256 ~ '^[0-9a-f]{64}$'),   -- without EXIF, XMP and the like
  thumb_sha256  text CHECK (thumb_sha256 ~ '^[0-9a-f]{64}$'),    -- a small JPEG; NULL where none could be made
  source_time   timestamptz NOT NULL,
  begun_at      timestamptz NOT NULL DEFAULT now(),
  done_at       timestamptz, -- when all bytes were there
  geom          geometry(Point, 4326), -- where it was taken, NULL where nobody said
  UNIQUE (user_id, client_id),
  CHECK (num_nonnulls(incident_id, task_id, report_id) > 0),
  CHECK (done_at IS NULL OR shared_sha256 IS NOT NULL)
);
CREATE INDEX attachment_incident ON attachment (incident_id);
CREATE INDEX attachment_task ON attachment (task_id);
CREATE INDEX attachment_report ON attachment (report_id);
CREATE INDEX attachment_under_way ON attachment (begun_at) WHERE done_at IS NULL;
CREATE INDEX attachment_sha256 ON attachment (sha256);
CREATE INDEX attachment_shared ON attachment (shared_sha256);
CREATE INDEX attachment_thumb ON attachment (thumb_sha256);

CREATE TABLE request_key (
  user_id    bigint NOT NULL REFERENCES app_user ON DELETE CASCADE,
  key        text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 100),
  asked      jsonb NOT NULL, -- another question under the same key is refused
  answer     jsonb NOT NULL, -- what the first request was told
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, key)
);
CREATE INDEX request_key_created ON request_key (created_at);

-- +goose Down
DROP TABLE request_key, attachment;

-- Where originals are kept, and captures that were withdrawn leave the map.

-- +goose Up
ALTER TABLE capture_file ADD COLUMN store text NOT NULL DEFAULT 'folder' CHECK (store IN ('folder', 'bucket'));
-- What was sent, and waits in the folder to be brought into the bucket, where there is one.
CREATE INDEX capture_file_waiting ON capture_file (capture_id) WHERE store = 'folder' AND kind NOT IN ('ortho', 'dsm', 'dtm');

-- Why originals wait; no row: nothing is wrong.
CREATE TABLE original_trouble (
  one    boolean PRIMARY KEY DEFAULT true CHECK (one),
  reason text NOT NULL,
  since  timestamptz NOT NULL DEFAULT clock_timestamp(),
  at     timestamptz NOT NULL DEFAULT clock_timestamp() -- of the last attempt
);

ALTER TABLE capture ADD COLUMN withdrawn boolean NOT NULL DEFAULT false; -- capture_withdrawal says by whom and why
UPDATE capture c SET withdrawn = true WHERE EXISTS (SELECT FROM capture_withdrawal w WHERE w.capture_id = c.id);
CREATE UNIQUE INDEX capture_identity ON capture (id, withdrawn);
ALTER TABLE capture REPLICA IDENTITY USING INDEX capture_identity;
ALTER PUBLICATION wanglou DROP TABLE capture;
ALTER PUBLICATION wanglou ADD TABLE capture (id, name, captured_at, gsd_m, withdrawn, area_path, geom) WHERE (NOT withdrawn);

-- +goose Down
ALTER PUBLICATION wanglou DROP TABLE capture;
ALTER PUBLICATION wanglou ADD TABLE capture (id, name, captured_at, gsd_m, area_path, geom);
ALTER TABLE capture REPLICA IDENTITY DEFAULT;
DROP INDEX capture_identity;
ALTER TABLE capture DROP COLUMN withdrawn;
DROP TABLE original_trouble;
DROP INDEX capture_file_waiting;
ALTER TABLE capture_file DROP COLUMN store;

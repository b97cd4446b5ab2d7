-- Zones, permits and lawful buildings are kept from the console: files of other systems come again, people change rows, and open detections are told at once.

-- +goose Up
ALTER TABLE zone
  ADD COLUMN source    text NOT NULL DEFAULT '',
  ADD COLUMN source_id text NOT NULL DEFAULT '',
  ADD COLUMN revision  bigint NOT NULL DEFAULT 1;
ALTER TABLE permit ADD COLUMN revision bigint NOT NULL DEFAULT 1;
ALTER TABLE lawful_building ADD COLUMN revision bigint NOT NULL DEFAULT 1;
CREATE INDEX zone_source ON zone (source, source_id);
CREATE INDEX lawful_building_source ON lawful_building (source, source_id);

-- +goose StatementBegin
CREATE FUNCTION detection_reexamine(near geometry DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
  WITH fresh AS MATERIALIZED (
    SELECT d.id, detection_grounds(d) AS grounds FROM detection d WHERE d.state NOT IN ('dismissed', 'cleared') AND (near IS NULL OR ST_Intersects(d.geom, near))),
  told AS (UPDATE detection d SET grounds = f.grounds FROM fresh f WHERE f.id = d.id AND d.grounds IS DISTINCT FROM f.grounds RETURNING d.id)
  SELECT count(*) FROM told
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION detection_reexamine IS 'Holds open detections, all or those near a place, against permits, lawful buildings and zones anew; returns of how many the grounds are other ones now';

-- +goose Down
DROP FUNCTION detection_reexamine;
DROP INDEX zone_source, lawful_building_source;
ALTER TABLE lawful_building DROP COLUMN revision;
ALTER TABLE permit DROP COLUMN revision;
ALTER TABLE zone DROP COLUMN revision, DROP COLUMN source_id, DROP COLUMN source;

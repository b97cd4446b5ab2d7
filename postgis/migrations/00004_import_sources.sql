-- Every table that takes imports keeps the source of its rows: the same file imported again changes what differs and doubles nothing.

-- +goose Up
ALTER TABLE capture          ADD COLUMN source_id text NOT NULL DEFAULT '';
ALTER TABLE basemap_water    ADD COLUMN source text NOT NULL DEFAULT '', ADD COLUMN source_id text NOT NULL DEFAULT '';
ALTER TABLE basemap_landuse  ADD COLUMN source text NOT NULL DEFAULT '', ADD COLUMN source_id text NOT NULL DEFAULT '';
ALTER TABLE basemap_road     ADD COLUMN source text NOT NULL DEFAULT '', ADD COLUMN source_id text NOT NULL DEFAULT '';
ALTER TABLE basemap_building ADD COLUMN source text NOT NULL DEFAULT '', ADD COLUMN source_id text NOT NULL DEFAULT '';
ALTER TABLE basemap_place    ADD COLUMN source text NOT NULL DEFAULT '', ADD COLUMN source_id text NOT NULL DEFAULT '';
CREATE UNIQUE INDEX capture_source          ON capture          (source, source_id) WHERE source_id <> '';
CREATE UNIQUE INDEX basemap_water_source    ON basemap_water    (source, source_id) WHERE source_id <> '';
CREATE UNIQUE INDEX basemap_landuse_source  ON basemap_landuse  (source, source_id) WHERE source_id <> '';
CREATE UNIQUE INDEX basemap_road_source     ON basemap_road     (source, source_id) WHERE source_id <> '';
CREATE UNIQUE INDEX basemap_building_source ON basemap_building (source, source_id) WHERE source_id <> '';
CREATE UNIQUE INDEX basemap_place_source    ON basemap_place    (source, source_id) WHERE source_id <> '';

-- +goose Down
ALTER TABLE capture          DROP COLUMN source_id;
ALTER TABLE basemap_water    DROP COLUMN source, DROP COLUMN source_id;
ALTER TABLE basemap_landuse  DROP COLUMN source, DROP COLUMN source_id;
ALTER TABLE basemap_road     DROP COLUMN source, DROP COLUMN source_id;
ALTER TABLE basemap_building DROP COLUMN source, DROP COLUMN source_id;
ALTER TABLE basemap_place    DROP COLUMN source, DROP COLUMN source_id;

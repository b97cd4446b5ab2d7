-- Names of roads and waters in English, as those of places have them.

-- +goose Up
ALTER TABLE basemap_water ADD COLUMN name_en text NOT NULL DEFAULT '';
ALTER TABLE basemap_road  ADD COLUMN name_en text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE basemap_road  DROP COLUMN name_en;
ALTER TABLE basemap_water DROP COLUMN name_en;

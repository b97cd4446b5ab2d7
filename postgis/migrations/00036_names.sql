-- +goose Up

-- How often places were changed: who keeps their names in memory asks for this number alone. Not published.
CREATE TABLE basemap_place_version (one boolean PRIMARY KEY DEFAULT true CHECK (one), version bigint NOT NULL);
INSERT INTO basemap_place_version (version) VALUES (1);
-- +goose StatementBegin
CREATE FUNCTION touch_basemap_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE basemap_place_version SET version = version + 1;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER basemap_place_touched AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON basemap_place FOR EACH STATEMENT EXECUTE FUNCTION touch_basemap_place();

-- +goose Down
DROP TRIGGER basemap_place_touched ON basemap_place;
DROP FUNCTION touch_basemap_place;
DROP TABLE basemap_place_version;

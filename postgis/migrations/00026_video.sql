-- +goose Up

-- How often buildings were changed: who keeps a picture of all of them in memory asks for this number alone. Not published.
CREATE TABLE basemap_building_version (one boolean PRIMARY KEY DEFAULT true CHECK (one), version bigint NOT NULL);
INSERT INTO basemap_building_version (version) VALUES (1);
-- +goose StatementBegin
CREATE FUNCTION touch_basemap_building() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE basemap_building_version SET version = version + 1;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER basemap_building_touched AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON basemap_building FOR EACH STATEMENT EXECUTE FUNCTION touch_basemap_building();

-- Parts of a camera's picture that nobody may look at: windows, gardens. Polygons in parts of the width and height, 0 to 1, from the upper left. Not published:
-- they come with the picture.
CREATE TABLE camera_mask (
  camera_id  bigint PRIMARY KEY REFERENCES camera ON DELETE CASCADE,
  polygons   jsonb NOT NULL CHECK (jsonb_typeof(polygons) = 'array'),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- +goose Down
DROP TABLE camera_mask;
DROP TRIGGER basemap_building_touched ON basemap_building;
DROP FUNCTION touch_basemap_building;
DROP TABLE basemap_building_version;

-- +goose Up
-- How tiles of a published table stay small where much lies in them, and by which column its rows are filtered by time. NULL is the default.
ALTER TABLE layer_option
  ADD COLUMN max_features integer CHECK (max_features > 0),
  ADD COLUMN max_bytes    integer CHECK (max_bytes > 0),
  ADD COLUMN rank_column  text,
  ADD COLUMN count_below  smallint CHECK (count_below BETWEEN 0 AND 19),
  ADD COLUMN labels       boolean,
  ADD COLUMN time_column  text;
COMMENT ON COLUMN layer_option.max_features IS 'features of one tile below zoom 14; more are thinned out by cells';
COMMENT ON COLUMN layer_option.max_bytes IS 'bytes of one tile below zoom 14, uncompressed';
COMMENT ON COLUMN layer_option.rank_column IS 'number, time or bool: of features on one spot the highest stays; default the lowest id';
COMMENT ON COLUMN layer_option.count_below IS 'zooms below show the number of points in a cell, as layer <name>_count';
COMMENT ON COLUMN layer_option.labels IS 'polygons have a point for their name, as layer <name>_label';
COMMENT ON COLUMN layer_option.time_column IS 'column that datetime= filters by; default the first timestamp';
UPDATE layer_option SET labels = true WHERE layer IN ('area', 'unit_grid', 'permit');
-- Two screen pixels a camera are enough where a hundred thousand stand in one tile.
UPDATE layer_option SET max_features = 8000 WHERE layer = 'camera';

-- +goose Down
ALTER TABLE layer_option DROP COLUMN max_features, DROP COLUMN max_bytes, DROP COLUMN rank_column, DROP COLUMN count_below, DROP COLUMN labels, DROP COLUMN time_column;

-- What the statistics count by: duty grids, the unit grid of each case, where units stand, and how many people live in an area.

-- +goose Up
CREATE TABLE duty_grid (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code      text NOT NULL UNIQUE CHECK (code ~ '^[A-Za-z0-9_-]{1,32}$'),
  name      text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  area_path area_path NOT NULL, -- of the smallest area that holds it
  unit_id   bigint REFERENCES unit ON DELETE SET NULL, -- its grid worker
  geom      geometry(MultiPolygon, 4326), -- of its unit grids together: a trigger keeps it; NULL without any
  km2       double precision GENERATED ALWAYS AS (ST_Area(geom::geography) / 1e6) STORED,
  inside_lon double precision GENERATED ALWAYS AS (ST_X(ST_PointOnSurface(geom))) STORED,
  inside_lat double precision GENERATED ALWAYS AS (ST_Y(ST_PointOnSurface(geom))) STORED
);
COMMENT ON TABLE duty_grid IS '责任网格 | Duty grids: the unit grids that one grid worker is given';

-- Areas are counted often and change seldom.
ALTER TABLE area
  ADD COLUMN km2 double precision GENERATED ALWAYS AS (ST_Area(geom::geography) / 1e6) STORED,
  ADD COLUMN inside_lon double precision GENERATED ALWAYS AS (ST_X(ST_PointOnSurface(geom))) STORED,
  ADD COLUMN inside_lat double precision GENERATED ALWAYS AS (ST_Y(ST_PointOnSurface(geom))) STORED;
ALTER TABLE unit_grid
  ADD COLUMN duty_grid_id bigint REFERENCES duty_grid ON DELETE SET NULL,
  ADD COLUMN km2 double precision GENERATED ALWAYS AS (ST_Area(geom::geography) / 1e6) STORED,
  ADD COLUMN inside_lon double precision GENERATED ALWAYS AS (ST_X(ST_PointOnSurface(geom))) STORED,
  ADD COLUMN inside_lat double precision GENERATED ALWAYS AS (ST_Y(ST_PointOnSurface(geom))) STORED;
CREATE INDEX unit_grid_duty ON unit_grid (duty_grid_id);

CREATE TABLE inhabitants (
  area_id bigint PRIMARY KEY REFERENCES area ON DELETE CASCADE,
  count   integer NOT NULL CHECK (count > 0),
  as_of   date NOT NULL,
  source  text NOT NULL DEFAULT ''
);
COMMENT ON TABLE inhabitants IS 'Who lives in an area, where somebody counted: the denominator of rates per 10,000';

CREATE TABLE unit_station (
  unit_id bigint PRIMARY KEY REFERENCES unit ON DELETE CASCADE,
  geom    geometry(Point, 4326) NOT NULL
);
COMMENT ON TABLE unit_station IS 'Where a unit sets out from: a fire station, an office';

-- Cells are closed: a point on a border lies in two and counts in one.
-- +goose StatementBegin
CREATE FUNCTION unit_grid_at(g geometry) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT u.id FROM unit_grid u WHERE ST_Intersects(u.geom, g) ORDER BY u.id LIMIT 1);
-- +goose StatementEnd
COMMENT ON FUNCTION unit_grid_at IS 'The unit grid that holds the point; NULL outside every one';

-- The unit grid of a case is kept with it, as its area is: to look it up for a hundred thousand cases takes seconds.
ALTER TABLE incident ADD COLUMN unit_grid_id bigint;
UPDATE incident SET unit_grid_id = unit_grid_at(geom);
CREATE INDEX incident_geom ON incident USING gist (geom); -- grids that are drawn anew find their cases
-- +goose StatementBegin
CREATE FUNCTION place_incident() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.unit_grid_id := unit_grid_at(NEW.geom);
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER incident_placed BEFORE INSERT OR UPDATE OF geom ON incident FOR EACH ROW EXECUTE FUNCTION place_incident();

-- +goose StatementBegin
CREATE FUNCTION follow_unit_grids() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed geometry[];
  duties  bigint[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT array_agg(geom), array_agg(DISTINCT duty_grid_id) FILTER (WHERE duty_grid_id IS NOT NULL) INTO changed, duties FROM new_rows;
  ELSIF TG_OP = 'DELETE' THEN
    SELECT array_agg(geom), array_agg(DISTINCT duty_grid_id) FILTER (WHERE duty_grid_id IS NOT NULL) INTO changed, duties FROM old_rows;
  ELSE
    SELECT array_agg(g), array_agg(DISTINCT d) FILTER (WHERE d IS NOT NULL) INTO changed, duties FROM (
      SELECT CASE WHEN place = 1 THEN o.geom ELSE n.geom END AS g, CASE WHEN place = 1 THEN o.duty_grid_id ELSE n.duty_grid_id END AS d
      FROM old_rows o JOIN new_rows n USING (id), generate_series(1, 2) place
      WHERE (o.geom, o.duty_grid_id) IS DISTINCT FROM (n.geom, n.duty_grid_id)) c;
  END IF;
  UPDATE incident i SET unit_grid_id = unit_grid_at(i.geom)
    WHERE i.id IN (SELECT c.id FROM unnest(changed) g JOIN incident c ON ST_Intersects(c.geom, g)) AND i.unit_grid_id IS DISTINCT FROM unit_grid_at(i.geom);
  UPDATE duty_grid d SET geom = (SELECT ST_Multi(ST_Union(u.geom)) FROM unit_grid u WHERE u.duty_grid_id = d.id) WHERE d.id = ANY (duties);
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER unit_grid_insert AFTER INSERT ON unit_grid REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION follow_unit_grids();
CREATE TRIGGER unit_grid_update AFTER UPDATE ON unit_grid REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION follow_unit_grids();
CREATE TRIGGER unit_grid_delete AFTER DELETE ON unit_grid REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION follow_unit_grids();

CREATE INDEX task_dispatched ON task (dispatched_at);

-- +goose Down
DROP INDEX task_dispatched;
DROP TRIGGER unit_grid_insert ON unit_grid;
DROP TRIGGER unit_grid_update ON unit_grid;
DROP TRIGGER unit_grid_delete ON unit_grid;
DROP TRIGGER incident_placed ON incident;
DROP INDEX incident_geom;
ALTER TABLE incident DROP COLUMN unit_grid_id;
DROP FUNCTION follow_unit_grids, place_incident, unit_grid_at;
DROP TABLE unit_station, inhabitants;
ALTER TABLE unit_grid DROP COLUMN duty_grid_id, DROP COLUMN km2, DROP COLUMN inside_lon, DROP COLUMN inside_lat;
ALTER TABLE area DROP COLUMN km2, DROP COLUMN inside_lon, DROP COLUMN inside_lat;
DROP TABLE duty_grid;

-- What the server needs to draw tables that it did not make: see docs/adr on offers.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION offer_plain(g geometry) RETURNS geometry LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE
  WHEN GeometryType(g) IN ('TIN', 'POLYHEDRALSURFACE', 'TRIANGLE')
    THEN (SELECT ST_Collect(ST_MakePolygon(ST_ExteriorRing(ST_Force2D(d.geom)))) FROM ST_Dump(g) d)
  WHEN GeometryType(g) IN ('CIRCULARSTRING', 'COMPOUNDCURVE', 'CURVEPOLYGON', 'MULTICURVE', 'MULTISURFACE') OR ST_HasArc(g)
    THEN ST_CurveToLine(ST_Force2D(g))
  ELSE ST_Force2D(g) END;
-- +goose StatementEnd
COMMENT ON FUNCTION offer_plain IS 'The geometry in two dimensions, of points, lines and polygons alone: arcs become lines, surfaces become polygons';

-- +goose StatementBegin
CREATE FUNCTION offer_transform(g geometry, srid integer) RETURNS geometry LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  RETURN ST_Transform(g, srid);
EXCEPTION WHEN OTHERS THEN
  RETURN NULL;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION offer_transform IS 'ST_Transform, or NULL where that fails: one bad row must not take a whole tile away';

-- +goose StatementBegin
CREATE FUNCTION offer_box(west float8, south float8, east float8, north float8, srid integer) RETURNS geometry LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  world CONSTANT geometry := ST_MakeEnvelope(-1e12, -1e12, 1e12, 1e12, srid);
  box geometry;
BEGIN
  -- A projected system knows its own part of the world: far from it results are wrong without an error.
  IF east - west > 12 OR north - south > 12 THEN
    RETURN world;
  END IF;
  box := ST_Envelope(ST_Transform(ST_Segmentize(ST_MakeEnvelope(west, south, east, north, 4326), greatest(east - west, north - south) / 8), srid));
  RETURN CASE WHEN ST_XMin(box) > -1e12 AND ST_XMax(box) < 1e12 AND ST_YMin(box) > -1e12 AND ST_YMax(box) < 1e12 THEN box ELSE world END;
EXCEPTION WHEN OTHERS THEN
  RETURN world;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION offer_box IS 'A box of EPSG:4326 in another reference system: at least what lies in it, everything where that cannot be said';

-- +goose Down
DROP FUNCTION offer_plain, offer_transform, offer_box;

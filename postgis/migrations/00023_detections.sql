-- From a candidate to a cleared illegal building: what it is held against, what people say of it, and the chain of its log. None of it is published.

-- +goose Up
ALTER TABLE detection
  ADD COLUMN kind text NOT NULL DEFAULT 'new' CHECK (kind IN ('new', 'raised', 'removed', 'look')),
  ADD COLUMN height95_m real,
  ADD COLUMN lawful_share real CHECK (lawful_share BETWEEN 0 AND 1), -- of what was seen: permits and lawful buildings explain it, and the outline leaves it out
  ADD COLUMN grounds jsonb NOT NULL DEFAULT '[]', -- permits, lawful buildings and zones that it touches, with the share of its area
  ADD COLUMN incident_id bigint REFERENCES incident, -- the case by which it is dispatched
  ADD COLUMN merged_into bigint REFERENCES detection;
CREATE INDEX detection_open ON detection (state) WHERE state NOT IN ('dismissed', 'cleared');
CREATE INDEX detection_incident ON detection (incident_id);

CREATE TABLE lawful_building (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source    text NOT NULL DEFAULT '',
  source_id text NOT NULL DEFAULT '',
  height_m  real CHECK (height_m > 0),
  area_path area_path,
  geom      geometry(MultiPolygon, 4326) NOT NULL CHECK (ST_IsValid(geom))
);
CREATE INDEX lawful_building_geom ON lawful_building USING gist (geom);
COMMENT ON TABLE lawful_building IS '合法建筑 | Lawful buildings';
CREATE INDEX permit_geom ON permit USING gist (geom);

CREATE TABLE zone (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind      text NOT NULL CHECK (kind IN ('farmland', 'river_bank', 'red_line', 'other')),
  name      text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 120),
  reason    text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 500), -- what is told of a candidate in it
  weight    real NOT NULL DEFAULT 2 CHECK (weight >= 1 AND weight <= 10), -- how much earlier it is reviewed
  area_path area_path,
  geom      geometry(MultiPolygon, 4326) NOT NULL CHECK (ST_IsValid(geom))
);
CREATE INDEX zone_geom ON zone USING gist (geom);
COMMENT ON TABLE zone IS '管控分区 | Zones in which nothing may be built';

-- The same thing seen again: a candidate that overlaps an open one attaches to it.
CREATE TABLE detection_sighting (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  detection_id      bigint NOT NULL REFERENCES detection,
  capture_before_id bigint REFERENCES capture,
  capture_after_id  bigint REFERENCES capture,
  detector          text NOT NULL,
  detector_version  text NOT NULL DEFAULT '',
  class             text NOT NULL DEFAULT '',
  score             real CHECK (score BETWEEN 0 AND 1),
  height_m          real,
  area_m2           real,
  seen_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
  geom              geometry(MultiPolygon, 4326) NOT NULL
);
CREATE INDEX detection_sighting_detection ON detection_sighting (detection_id);

-- What people say. Where a move needs two, the first one's word stands here until somebody else says the same.
CREATE TABLE detection_verdict (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  detection_id bigint NOT NULL REFERENCES detection,
  user_id      bigint NOT NULL REFERENCES app_user,
  user_name    text NOT NULL,
  move         text NOT NULL CHECK (move IN ('issue', 'dismiss', 'confirm', 'rectify', 'still_stands', 'clear')),
  code         text NOT NULL DEFAULT '', -- why it is dismissed: shadow, crop, temporary, permitted, lawful, not_a_building, other
  note         text NOT NULL DEFAULT '' CHECK (char_length(note) <= 500),
  counted      boolean NOT NULL DEFAULT false, -- the move was made by it
  at           timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX detection_verdict_detection ON detection_verdict (detection_id, id);

-- Moves that need two persons, by area: the longest prefix counts. No row: one is enough.
CREATE TABLE detection_rule (
  area_path text NOT NULL, -- '' is everywhere
  move      text NOT NULL CHECK (move IN ('issue', 'dismiss', 'confirm', 'rectify', 'still_stands', 'clear')),
  persons   smallint NOT NULL CHECK (persons BETWEEN 1 AND 2),
  PRIMARY KEY (area_path, move)
);

-- What a later flight says by itself of a detection that should be gone. People decide.
CREATE TABLE detection_proposal (
  detection_id bigint NOT NULL REFERENCES detection,
  capture_id   bigint NOT NULL REFERENCES capture,
  says         text NOT NULL CHECK (says IN ('gone', 'still_stands', 'cannot_tell')),
  height_m     real, -- median of what stands there over what stood before it was built
  at           timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (detection_id, capture_id)
);

-- Which captures were compared, and what came of it.
CREATE TABLE capture_comparison (
  before_id bigint NOT NULL REFERENCES capture ON DELETE CASCADE,
  after_id  bigint NOT NULL REFERENCES capture ON DELETE CASCADE,
  job_id    bigint NOT NULL,
  begun_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  done_at   timestamptz,
  result    jsonb, -- shift, noise, pixel, counts
  PRIMARY KEY (before_id, after_id),
  CHECK (before_id <> after_id)
);

-- ---------------------------------------------------------------- the chain
ALTER TABLE detection_log
  ADD COLUMN details jsonb,
  ADD COLUMN content text, -- what the hash is of, as JSON
  ADD COLUMN hash text;    -- SHA-256 of the hash before, a line feed, and content

-- detection_content writes out what a row of the log says, with the captures' own hashes and what the detection looked like then.
-- +goose StatementBegin
CREATE FUNCTION detection_content(l detection_log, n bigint) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT json_build_object(
    'number', d.number, 'n', n, 'source_time', to_char(l.source_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'receive_time', to_char(l.receive_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'actor', l.actor_name, 'actor_id', l.actor_id, 'move', l.move, 'from', l.from_state, 'to', l.to_state, 'reason', l.reason, 'details', l.details::text,
    'detector', d.detector, 'detector_version', d.detector_version, 'height_m', d.height_m, 'outline_sha256', encode(sha256(convert_to(ST_AsText(d.geom, 9), 'UTF8')), 'hex'),
    'capture_before_sha256', b.sha256, 'capture_after_sha256', a.sha256)::text
  FROM detection d LEFT JOIN capture b ON b.id = d.capture_before_id LEFT JOIN capture a ON a.id = d.capture_after_id
  WHERE d.id = l.detection_id
$$;
CREATE FUNCTION chain_detection_log() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before text;
  rows   bigint;
BEGIN
  PERFORM FROM detection WHERE id = NEW.detection_id FOR UPDATE; -- one link at a time
  SELECT count(*) INTO rows FROM detection_log WHERE detection_id = NEW.detection_id;
  SELECT hash INTO before FROM detection_log WHERE detection_id = NEW.detection_id ORDER BY id DESC LIMIT 1;
  NEW.content := detection_content(NEW, rows + 1);
  NEW.hash := encode(sha256(convert_to(coalesce(before, '') || E'\n' || NEW.content, 'UTF8')), 'hex');
  RETURN NEW;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION chain_detection_log IS 'Each row of the log is hashed with the one before it, whoever writes it';

-- What was logged before is chained as it stands.
ALTER TABLE detection_log DISABLE TRIGGER append_only;
-- +goose StatementBegin
DO $$
DECLARE
  l      detection_log;
  of_id  bigint := 0;
  before text;
  n      bigint;
BEGIN
  FOR l IN SELECT * FROM detection_log ORDER BY detection_id, id LOOP
    IF l.detection_id <> of_id THEN
      of_id := l.detection_id; before := ''; n := 0;
    END IF;
    n := n + 1;
    l.content := detection_content(l, n);
    before := encode(sha256(convert_to(before || E'\n' || l.content, 'UTF8')), 'hex');
    UPDATE detection_log SET content = l.content, hash = before WHERE id = l.id;
  END LOOP;
END $$;
-- +goose StatementEnd
ALTER TABLE detection_log ENABLE TRIGGER append_only;
ALTER TABLE detection_log ALTER COLUMN content SET NOT NULL, ALTER COLUMN hash SET NOT NULL;
CREATE TRIGGER chain BEFORE INSERT ON detection_log FOR EACH ROW EXECUTE FUNCTION chain_detection_log();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON detection_verdict FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- detection_metres projects a geometry to metres around a place: CGCS2000's 3-degree zone where there is one, else UTM.
-- +goose StatementBegin
CREATE FUNCTION detection_srid(lon double precision, lat double precision) RETURNS int LANGUAGE sql IMMUTABLE
RETURN CASE WHEN lon BETWEEN 73.5 AND 136.5 AND lat BETWEEN 3 AND 54 THEN 4534 + round(lon / 3)::int - 25
  ELSE (CASE WHEN lat >= 0 THEN 32600 ELSE 32700 END) + least(60, floor((lon + 180) / 6)::int + 1) END;
-- +goose StatementEnd
COMMENT ON FUNCTION detection_srid IS 'A projected system in metres for a place: for buffers and widths, not for areas';

-- detection_rest is what of an outline lawful ones do not explain: they are grown by half a metre, taken away, and what is narrower than 2 m is opened away. A misregistration
-- of 1 to 3 pixels leaves slivers, and slivers accuse nobody.
-- +goose StatementBegin
CREATE FUNCTION detection_rest(outline geometry, lawful geometry) RETURNS geometry LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN ST_IsEmpty(r) THEN ST_GeomFromText('MULTIPOLYGON EMPTY', 4326)
    ELSE ST_Multi(ST_CollectionExtract(ST_MakeValid(ST_Transform(r, 4326)), 3)) END
  FROM (SELECT detection_srid(ST_X(ST_PointOnSurface(outline)), ST_Y(ST_PointOnSurface(outline))) AS srid) s,
  LATERAL (SELECT ST_Transform(outline, s.srid) AS o, ST_Transform(coalesce(lawful, ST_GeomFromText('POLYGON EMPTY', 4326)), s.srid) AS l) m,
  LATERAL (SELECT ST_Intersection(ST_Buffer(ST_Buffer(ST_Difference(o, ST_Buffer(l, 0.5, 'join=mitre')), -1, 'join=mitre'), 1, 'join=mitre'), o) AS r) x
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION detection_grounds(d detection) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT jsonb_agg(g ORDER BY g ->> 'what', (g ->> 'id')::bigint) FROM (
    SELECT jsonb_build_object('what', 'permit', 'id', p.id, 'name', p.number, 'share', round((ST_Area(ST_Intersection(p.geom, d.geom)) / ST_Area(d.geom))::numeric, 3),
      'valid', (p.valid_from IS NULL OR p.valid_from <= d.detected_at::date) AND (p.valid_to IS NULL OR p.valid_to >= d.detected_at::date)) AS g
    FROM permit p WHERE ST_Intersects(p.geom, d.geom)
    UNION ALL SELECT jsonb_build_object('what', 'lawful', 'id', l.id, 'share', round((ST_Area(ST_Intersection(l.geom, d.geom)) / ST_Area(d.geom))::numeric, 3)) FROM lawful_building l WHERE ST_Intersects(l.geom, d.geom)
    UNION ALL SELECT jsonb_build_object('what', 'zone', 'id', z.id, 'kind', z.kind, 'name', z.name, 'reason', z.reason, 'weight', z.weight,
      'share', round((ST_Area(ST_Intersection(z.geom, d.geom)) / ST_Area(d.geom))::numeric, 3)) FROM zone z WHERE ST_Intersects(z.geom, d.geom)) x), '[]')
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION detection_grounds IS 'Permits, lawful buildings and zones that a detection touches, with the share of its area';

-- +goose Down
DROP TRIGGER chain ON detection_log;
DROP FUNCTION detection_grounds, detection_rest, detection_srid, chain_detection_log, detection_content;
ALTER TABLE detection_log DROP COLUMN details, DROP COLUMN content, DROP COLUMN hash;
DROP TABLE capture_comparison, detection_proposal, detection_rule, detection_verdict, detection_sighting, zone, lawful_building;
DROP INDEX permit_geom;
ALTER TABLE detection DROP COLUMN kind, DROP COLUMN height95_m, DROP COLUMN lawful_share, DROP COLUMN grounds, DROP COLUMN incident_id, DROP COLUMN merged_into;

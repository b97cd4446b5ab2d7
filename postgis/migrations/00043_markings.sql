-- Markings 标绘: what people draw over the map for a case, or for an area by itself. Those that are shown are published; one that was removed, or whose case is over, is kept
-- for the past and for who takes an act back.

-- +goose Up
CREATE TABLE marking (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  revision     bigint NOT NULL DEFAULT 1,
  incident_id  bigint REFERENCES incident, -- NULL: of an area's own plan
  kind         text NOT NULL CHECK (kind ~ '^[a-z_]{2,40}$'),
  standing     text NOT NULL CHECK (standing IN ('planned', 'actual')),
  label        text NOT NULL DEFAULT '' CHECK (char_length(label) <= 40),
  note         text NOT NULL DEFAULT '' CHECK (char_length(note) <= 500),
  rotation_deg double precision NOT NULL DEFAULT 0 CHECK (rotation_deg BETWEEN 0 AND 360),
  size         double precision NOT NULL DEFAULT 1 CHECK (size BETWEEN 0.5 AND 3),
  radius_m     double precision NOT NULL DEFAULT 0 CHECK (radius_m BETWEEN 0 AND 20000),
  locked       boolean NOT NULL DEFAULT false,
  area_path    area_path, -- of the case, or where it begins
  author_id    bigint REFERENCES app_user,
  author       text NOT NULL,
  editor       text NOT NULL, -- who changed it last
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  act_id       bigint, -- of the act that made it what it is; NULL: the one that drew it was taken back
  removed_at   timestamptz,
  shown        boolean NOT NULL DEFAULT true, -- by a trigger: neither removed nor of a case that is over
  geom         geometry(Geometry, 4326) NOT NULL
);
CREATE UNIQUE INDEX marking_identity ON marking (id, shown);
CREATE INDEX marking_incident ON marking (incident_id);
COMMENT ON TABLE marking IS '标绘 | Markings';
ALTER TABLE marking REPLICA IDENTITY USING INDEX marking_identity;

-- +goose StatementBegin
CREATE FUNCTION marking_shown() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.shown := NEW.removed_at IS NULL AND NOT EXISTS (SELECT FROM incident WHERE id = NEW.incident_id AND state IN ('closed', 'rejected', 'unfiled', 'voided'));
  RETURN NEW;
END $$;
CREATE FUNCTION incident_markings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE marking SET area_path = NEW.area_path WHERE incident_id = NEW.id;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER shown BEFORE INSERT OR UPDATE ON marking FOR EACH ROW EXECUTE FUNCTION marking_shown();
CREATE TRIGGER markings AFTER UPDATE OF state, area_path ON incident FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.area_path IS DISTINCT FROM NEW.area_path) EXECUTE FUNCTION incident_markings();

-- What somebody did, with the marking before and after it. The acts of one person in one plan are the stack that undo and redo go through.
CREATE TABLE marking_act (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  marking_id  bigint NOT NULL REFERENCES marking ON DELETE CASCADE,
  incident_id bigint,
  actor_id    bigint REFERENCES app_user,
  actor_name  text NOT NULL,
  deed        text NOT NULL CHECK (deed IN ('draw', 'change', 'remove')),
  at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  parent_id   bigint, -- the act that had made the marking what it was before
  before      jsonb,  -- the content; NULL: it was not there
  after       jsonb,
  undone_at   timestamptz,
  spent       boolean NOT NULL DEFAULT false -- neither taken back nor done again any more
);
CREATE INDEX marking_act_stack ON marking_act (actor_id, incident_id, id) WHERE NOT spent;
CREATE INDEX marking_act_marking ON marking_act (marking_id, id);

ALTER PUBLICATION wanglou ADD TABLE marking
  (id, revision, incident_id, kind, standing, label, note, rotation_deg, size, radius_m, locked, area_path, author_id, author, editor, created_at, updated_at, shown, geom)
  WHERE (shown);
INSERT INTO layer_option (layer, delivery, min_zoom, max_zoom) VALUES ('marking', 'features', 0, 16);

UPDATE app_role SET actions = ARRAY(SELECT a FROM unnest(actions || '{marking.draw, marking.manage}'::text[]) a GROUP BY a ORDER BY a) WHERE builtin AND name IN ('duty_officer', 'admin');
UPDATE app_role SET actions = ARRAY(SELECT a FROM unnest(actions || '{marking.draw}'::text[]) a GROUP BY a ORDER BY a) WHERE builtin AND name = 'dispatcher';

-- +goose Down
UPDATE app_role SET actions = array_remove(array_remove(actions, 'marking.draw'), 'marking.manage') WHERE actions && '{marking.draw, marking.manage}'
  AND cardinality(array_remove(array_remove(actions, 'marking.draw'), 'marking.manage')) > 0;
DELETE FROM layer_option WHERE layer = 'marking';
ALTER PUBLICATION wanglou DROP TABLE marking;
DROP TRIGGER markings ON incident;
DROP TABLE marking_act, marking;
DROP FUNCTION incident_markings, marking_shown;

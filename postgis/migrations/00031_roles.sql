-- What each role allows is the county's to say. Not published; every node reads it with an account, and is told of changes.

-- +goose Up
CREATE TABLE app_role (
  name     text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{1,39}$'),
  revision bigint NOT NULL DEFAULT 1,
  title    text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 40),
  title_en text NOT NULL DEFAULT '' CHECK (char_length(title_en) <= 40),
  builtin  boolean NOT NULL DEFAULT false, -- delivered with the program, which a county may change and not remove
  position int NOT NULL DEFAULT 1000, -- on screens
  actions  text[] NOT NULL CHECK (cardinality(actions) > 0 AND array_position(actions, NULL) IS NULL)
);
INSERT INTO app_role (name, title, title_en, builtin, position, actions) VALUES
  ('viewer', '查看', 'Viewer', true, 1, '{camera.watch, read, replay, token.manage}'),
  ('duty_officer', '值班长', 'Duty officer', true, 2, '{attachment.add, attachment.original, camera.watch, detection.review, geofence.manage, handover, incident.create, incident.message, incident.move, read, replay, report.create, roster.manage, task.dispatch, token.manage, wall.show}'),
  ('dispatcher', '派遣员', 'Dispatcher', true, 3, '{attachment.add, attachment.original, camera.watch, handover, incident.create, incident.message, read, replay, report.create, task.dispatch, token.manage}'),
  ('unit', '处置单位', 'Unit', true, 4, '{attachment.add, incident.message, read, report.create, task.work, token.manage}'),
  ('drone_team', '无人机队', 'Drone team', true, 5, '{capture.upload, detection.intake, read, report.create, token.manage}'),
  ('supervisor', '督办员', 'Supervisor', true, 6, '{case.supervise, read, replay, token.manage}'),
  ('admin', '管理员', 'Administrator', true, 7, '{attachment.add, attachment.original, audit.read, camera.manage, camera.watch, capture.upload, case.supervise, detection.intake, detection.review, geofence.manage, handover, incident.create, incident.message, incident.move, job.manage, knowledge.manage, read, replay, report.create, report.intake, role.manage, roster.manage, rules.manage, task.dispatch, token.manage, user.manage, wall.show, webhook.manage}');

-- An array cannot refer to rows: these two are the foreign key of app_user.roles.
-- +goose StatementBegin
CREATE FUNCTION app_user_roles_known() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM app_role WHERE name = ANY (NEW.roles) FOR KEY SHARE;
  IF EXISTS (SELECT FROM unnest(NEW.roles) r WHERE NOT EXISTS (SELECT FROM app_role WHERE name = r)) THEN
    RAISE check_violation USING MESSAGE = 'there is no such role', TABLE = 'app_user', CONSTRAINT = 'app_user_roles_check';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION app_role_unused() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM app_user WHERE OLD.name = ANY (roles)) THEN
    RAISE foreign_key_violation USING MESSAGE = 'somebody has this role', TABLE = 'app_role', CONSTRAINT = 'app_user_roles_check';
  END IF;
  RETURN OLD;
END $$;
CREATE FUNCTION tell_role_rights() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('wanglou_rights', 'all');
  RETURN NULL;
END $$;
-- +goose StatementEnd
ALTER TABLE app_user DROP CONSTRAINT app_user_roles_check;
CREATE TRIGGER roles_known BEFORE INSERT OR UPDATE OF roles ON app_user FOR EACH ROW EXECUTE FUNCTION app_user_roles_known();
CREATE TRIGGER role_unused BEFORE DELETE ON app_role FOR EACH ROW EXECUTE FUNCTION app_role_unused();
CREATE TRIGGER tell_rights AFTER UPDATE ON app_role FOR EACH STATEMENT EXECUTE FUNCTION tell_role_rights();

-- +goose Down
DROP TRIGGER roles_known ON app_user;
DROP TABLE app_role;
DROP FUNCTION tell_role_rights;
DROP FUNCTION app_role_unused;
DROP FUNCTION app_user_roles_known;
UPDATE app_user SET roles = ARRAY(SELECT r FROM unnest(roles) r WHERE r IN ('viewer', 'duty_officer', 'dispatcher', 'unit', 'drone_team', 'supervisor', 'admin'));
ALTER TABLE app_user ADD CONSTRAINT app_user_roles_check CHECK (roles <@ ARRAY['viewer', 'duty_officer', 'dispatcher', 'unit', 'drone_team', 'supervisor', 'admin']);

-- +goose Up

-- Every node hears at once of what somebody may do no more, or may do now: it keeps accounts, sessions and tokens in memory for some seconds, and has open
-- connections. The payload is 'user <id>' or 'session <hashed token>'.
-- +goose StatementBegin
CREATE FUNCTION tell_rights() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  CASE TG_TABLE_NAME
    WHEN 'app_user' THEN PERFORM pg_notify('wanglou_rights', 'user ' || OLD.id);
    WHEN 'access_token' THEN PERFORM pg_notify('wanglou_rights', 'user ' || OLD.user_id);
    ELSE PERFORM pg_notify('wanglou_rights', 'session ' || OLD.token);
  END CASE;
  RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER tell_rights AFTER UPDATE OF roles, areas, unit_id, disabled, password_hash OR DELETE ON app_user FOR EACH ROW EXECUTE FUNCTION tell_rights();
CREATE TRIGGER tell_rights AFTER UPDATE OF access, expires_at OR DELETE ON access_token FOR EACH ROW EXECUTE FUNCTION tell_rights();
CREATE TRIGGER tell_rights AFTER DELETE ON session FOR EACH ROW WHEN (OLD.expiry > now()) EXECUTE FUNCTION tell_rights();

-- +goose Down
DROP TRIGGER tell_rights ON session;
DROP TRIGGER tell_rights ON access_token;
DROP TRIGGER tell_rights ON app_user;
DROP FUNCTION tell_rights();

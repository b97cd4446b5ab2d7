-- How people are reached: the alarm of the gravest cases, notifications of phones and browsers.

-- +goose Up

-- ---------------------------------------------------------------- the alarm of a case of severity 1
ALTER TABLE incident ADD COLUMN alarm_at timestamptz, ADD COLUMN alarm_by text;
ALTER TABLE incident ADD CHECK ((alarm_at IS NULL) = (alarm_by IS NULL));
COMMENT ON COLUMN incident.alarm_at IS 'when somebody acknowledged its alarm: no console sounds it any more';
COMMENT ON COLUMN incident.alarm_by IS 'who did';
UPDATE incident SET alarm_at = created_at, alarm_by = 'wanglou' WHERE severity = 1; -- nobody is woken by what was there before

-- Whatever else is published of it stays.
-- +goose StatementBegin
DO $$
DECLARE
  columns text[];
  rows    text;
BEGIN
  SELECT attnames, rowfilter INTO columns, rows FROM pg_publication_tables WHERE pubname = 'wanglou' AND tablename = 'incident';
  columns := columns || ARRAY['alarm_at', 'alarm_by']::name[];
  ALTER PUBLICATION wanglou DROP TABLE incident;
  EXECUTE format('ALTER PUBLICATION wanglou ADD TABLE incident (%s) WHERE (%s)', (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) c), rows);
END $$;
-- +goose StatementEnd

-- ---------------------------------------------------------------- notifications of phones and browsers (Web Push). None of it is published.
CREATE TABLE push_key ( -- one for all nodes: browsers subscribe to it
  one     boolean PRIMARY KEY DEFAULT true CHECK (one),
  public  text NOT NULL,
  private text NOT NULL, -- leaves the database for the nodes' memory alone
  made_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE push_subscription (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id      bigint NOT NULL REFERENCES app_user ON DELETE CASCADE,
  endpoint     text NOT NULL UNIQUE CHECK (char_length(endpoint) <= 1000), -- whoever knows it can send there
  p256dh       text NOT NULL,
  auth         text NOT NULL,
  device       text NOT NULL DEFAULT '' CHECK (char_length(device) <= 80),
  created_at   timestamptz NOT NULL DEFAULT now(),
  delivered_at timestamptz
);
CREATE INDEX ON push_subscription (user_id);

CREATE TABLE push_event ( -- what somebody is to be told
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind        text NOT NULL CHECK (kind IN ('task', 'call_off', 'urge', 'message', 'escalation')),
  incident_id bigint NOT NULL REFERENCES incident ON DELETE CASCADE,
  unit_id     bigint, -- of the task
  author_id   bigint, -- who is not told of what they did themselves
  level       smallint NOT NULL DEFAULT 0, -- of an escalation
  at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  spread      boolean NOT NULL DEFAULT false -- to the subscriptions of those whom it is for
);
CREATE INDEX push_event_new ON push_event (id) WHERE NOT spread;
CREATE INDEX push_event_at ON push_event (at);

CREATE TABLE push_delivery (
  event_id        bigint NOT NULL REFERENCES push_event ON DELETE CASCADE,
  subscription_id bigint NOT NULL REFERENCES push_subscription ON DELETE CASCADE,
  attempts        int NOT NULL DEFAULT 0,
  next_at         timestamptz, -- NULL: it is over
  PRIMARY KEY (event_id, subscription_id)
);
CREATE INDEX push_delivery_due ON push_delivery (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX push_delivery_subscription ON push_delivery (subscription_id);

-- Whoever changes a case tells by this, in the same transaction. Where nobody has subscribed, nothing is kept.
-- +goose StatementBegin
CREATE FUNCTION push_tell(kind text, incident_id bigint, unit_id bigint, author_id bigint, level int) RETURNS void LANGUAGE sql AS $$
  INSERT INTO push_event (kind, incident_id, unit_id, author_id, level) SELECT $1, $2, $3, $4, $5 WHERE EXISTS (SELECT FROM push_subscription)
$$;
CREATE FUNCTION push_of_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM push_tell(CASE WHEN TG_OP = 'INSERT' THEN 'task' ELSE 'call_off' END, NEW.incident_id, NEW.unit_id, NULL, 0);
  RETURN NULL;
END $$;
CREATE FUNCTION push_of_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- An urge is a message, too: it is told once, as what it is.
  PERFORM push_tell('message', NEW.incident_id, NULL, NEW.author_id, 0)
  WHERE NOT EXISTS (SELECT FROM push_event e WHERE e.incident_id = NEW.incident_id AND e.kind = 'urge' AND e.at >= now());
  RETURN NULL;
END $$;
CREATE FUNCTION push_of_escalation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM push_tell('escalation', t.incident_id, t.unit_id, NULL, NEW.level) FROM task t WHERE t.id = NEW.task_id;
  RETURN NULL;
END $$;
CREATE FUNCTION push_of_urge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM push_tell('urge', NEW.id, NULL, NULL, 0);
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER push_urged AFTER UPDATE OF urges ON incident FOR EACH ROW WHEN (NEW.urges > OLD.urges) EXECUTE FUNCTION push_of_urge();
CREATE TRIGGER push_new AFTER INSERT ON task FOR EACH ROW WHEN (NEW.state = 'dispatched') EXECUTE FUNCTION push_of_task();
CREATE TRIGGER push_called_off AFTER UPDATE OF state ON task FOR EACH ROW WHEN (NEW.state = 'called_off' AND OLD.state <> 'called_off') EXECUTE FUNCTION push_of_task();
CREATE TRIGGER push AFTER INSERT ON incident_message FOR EACH ROW EXECUTE FUNCTION push_of_message();
CREATE TRIGGER push AFTER INSERT ON task_escalation FOR EACH ROW EXECUTE FUNCTION push_of_escalation();

-- ---------------------------------------------------------------- group robots are webhooks that people read
ALTER TABLE webhook
  ADD COLUMN kind     text NOT NULL DEFAULT 'event' CHECK (kind IN ('event', 'wecom', 'dingtalk', 'feishu')),
  ADD COLUMN template text NOT NULL DEFAULT '', -- of one row; '': the product's own
  ADD COLUMN link     text NOT NULL DEFAULT ''; -- address of the console, in its messages
COMMENT ON COLUMN webhook.secret IS 'signs what is sent; of a robot the one that its platform gave, if any';

CREATE TABLE webhook_told ( -- of what a robot was told: nothing is said twice
  webhook_id bigint NOT NULL REFERENCES webhook ON DELETE CASCADE,
  feature_id bigint NOT NULL,
  mark       text NOT NULL, -- its state and severity
  PRIMARY KEY (webhook_id, feature_id)
);

-- ---------------------------------------------------------------- the roads of the basemap are a network, which each node makes anew when they change
CREATE TABLE basemap_road_version (
  one     boolean PRIMARY KEY DEFAULT true CHECK (one),
  version bigint NOT NULL DEFAULT 1
);
-- +goose StatementBegin
CREATE FUNCTION touch_roads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO basemap_road_version AS v DEFAULT VALUES ON CONFLICT (one) DO UPDATE SET version = v.version + 1;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER touch_roads AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON basemap_road FOR EACH STATEMENT EXECUTE FUNCTION touch_roads();
INSERT INTO basemap_road_version DEFAULT VALUES;

-- +goose Down
DROP TRIGGER touch_roads ON basemap_road;
DROP FUNCTION touch_roads;
DROP TABLE basemap_road_version;
DROP TABLE webhook_told;
DELETE FROM webhook WHERE kind <> 'event';
ALTER TABLE webhook DROP COLUMN kind, DROP COLUMN template, DROP COLUMN link;
DROP TRIGGER push ON task_escalation;
DROP TRIGGER push ON incident_message;
DROP TRIGGER push_called_off ON task;
DROP TRIGGER push_new ON task;
DROP TRIGGER push_urged ON incident;
DROP FUNCTION push_of_urge, push_of_escalation, push_of_message, push_of_task, push_tell;
DROP TABLE push_delivery, push_event, push_subscription, push_key;
-- +goose StatementBegin
DO $$
DECLARE
  columns text[];
  rows    text;
BEGIN
  SELECT attnames, rowfilter INTO columns, rows FROM pg_publication_tables WHERE pubname = 'wanglou' AND tablename = 'incident';
  columns := array_remove(array_remove(columns, 'alarm_at'), 'alarm_by');
  ALTER PUBLICATION wanglou DROP TABLE incident;
  EXECUTE format('ALTER PUBLICATION wanglou ADD TABLE incident (%s) WHERE (%s)', (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) c), rows);
END $$;
-- +goose StatementEnd
ALTER TABLE incident DROP COLUMN alarm_at, DROP COLUMN alarm_by;

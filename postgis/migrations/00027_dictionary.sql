-- The dictionary and the kinds of alarms are the county's to change: rows get a revision, can be retired, and say with which severity a case begins. Neither is
-- published. What somebody has reworded is left alone when the program brings a newer edition of the standard.

-- +goose Up
ALTER TABLE category
  ADD COLUMN id       bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  ADD COLUMN revision bigint NOT NULL DEFAULT 1,
  ADD COLUMN severity smallint NOT NULL DEFAULT 0 CHECK (severity BETWEEN 0 AND 3), -- that a case begins with; 0: whoever creates it says
  ADD COLUMN retired  boolean NOT NULL DEFAULT false, -- old cases keep it, new ones are not offered it
  ADD COLUMN edited   boolean NOT NULL DEFAULT false; -- the names, or all of it, are the county's

ALTER TABLE alarm_kind
  ADD COLUMN id       bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  ADD COLUMN revision bigint NOT NULL DEFAULT 1,
  ADD COLUMN retired  boolean NOT NULL DEFAULT false; -- such alarms are refused

-- Whoever changes a row, by whatever way, makes a new revision of it.
-- +goose StatementBegin
CREATE FUNCTION dictionary_revise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.revision := OLD.revision + 1;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER revise BEFORE UPDATE ON category FOR EACH ROW EXECUTE FUNCTION dictionary_revise();
CREATE TRIGGER revise BEFORE UPDATE ON alarm_kind FOR EACH ROW EXECUTE FUNCTION dictionary_revise();

-- +goose Down
DROP TRIGGER revise ON alarm_kind;
DROP TRIGGER revise ON category;
DROP FUNCTION dictionary_revise;
ALTER TABLE alarm_kind DROP COLUMN retired, DROP COLUMN revision, DROP COLUMN id;
ALTER TABLE category DROP COLUMN edited, DROP COLUMN retired, DROP COLUMN severity, DROP COLUMN revision, DROP COLUMN id;

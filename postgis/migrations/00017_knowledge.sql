-- The knowledge base beside whoever takes calls. It is not published: nothing of it stands on the map.

-- +goose Up

-- The form in which texts are compared: layers/knowledge has the same in Go, and a test holds the two against each other. Both functions are of standard SQL:
-- what they call is found whatever the search_path is, in a restore too.
CREATE FUNCTION knowledge_fold(t text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
  lower(CASE WHEN t ~ '[\uff0e\uff10-\uff5a]' THEN translate(t, '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ．',
    '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.') ELSE t END COLLATE "C");

-- What an entry is found by: of Han characters each two that stand together, and the last of a run for itself; words of letters and digits.
-- +goose StatementBegin
CREATE FUNCTION knowledge_terms(title text, keywords text[], body text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
  SELECT array_to_tsvector(coalesce(
    (SELECT array_agg(a || coalesce(nullif(b, ' '), '')) FROM unnest(han, han[2:]) AS u (a, b) WHERE a <> ' ')
      || (SELECT array_agg(left(m[1], 40)) FROM regexp_matches(folded, '([a-z0-9]+(?:\.[0-9][a-z0-9]*)*)', 'g') AS r (m)), '{}'))
  FROM (SELECT folded, string_to_array(regexp_replace(folded, '[^\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]+', ' ', 'g'), NULL) AS han
    FROM (SELECT knowledge_fold(concat_ws(' ', title, array_to_string(keywords, ' '), body)) AS folded OFFSET 0) f OFFSET 0) h);
-- +goose StatementEnd

CREATE TABLE knowledge (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  revision     bigint NOT NULL DEFAULT 1,
  title        text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 120),
  title_en     text NOT NULL DEFAULT '' CHECK (char_length(title_en) <= 200),
  body         text NOT NULL CHECK (char_length(body) BETWEEN 1 AND 20000),
  categories   text[] NOT NULL DEFAULT '{}' CHECK (cardinality(categories) <= 10),
  keywords     text[] NOT NULL DEFAULT '{}' CHECK (cardinality(keywords) <= 20),
  department   text NOT NULL DEFAULT '' CHECK (char_length(department) <= 80),
  valid_from   date,
  valid_until  date CHECK (valid_until >= valid_from),
  source       text NOT NULL DEFAULT '' CHECK (char_length(source) <= 120),
  source_id    text NOT NULL DEFAULT '',
  updated_at   timestamptz NOT NULL DEFAULT now(),
  title_folded text NOT NULL GENERATED ALWAYS AS (knowledge_fold(title)) STORED
);
CREATE UNIQUE INDEX knowledge_source ON knowledge (source, source_id) WHERE source_id <> '';
CREATE INDEX knowledge_updated ON knowledge (updated_at, id);

-- Two indexes: most questions are answered by titles and keywords alone. What is written is found at once: no list of pending rows that each search would
-- have to read. Statistics would call the function for each of thirty thousand rows, and the plan is known without them.
CREATE INDEX knowledge_head_terms ON knowledge USING gin (knowledge_terms(title, keywords, NULL)) WITH (fastupdate = off);
CREATE INDEX knowledge_terms ON knowledge USING gin (knowledge_terms(title, keywords, body)) WITH (fastupdate = off);
ALTER INDEX knowledge_head_terms ALTER COLUMN 1 SET STATISTICS 0;
ALTER INDEX knowledge_terms ALTER COLUMN 1 SET STATISTICS 0;

-- Whoever changes an entry, by whatever way, makes a new revision of it.
-- +goose StatementBegin
CREATE FUNCTION knowledge_revise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.revision := OLD.revision + 1;
  NEW.updated_at := now();
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER revise BEFORE UPDATE ON knowledge FOR EACH ROW EXECUTE FUNCTION knowledge_revise();

-- +goose Down
DROP TABLE knowledge;
DROP FUNCTION knowledge_revise, knowledge_terms, knowledge_fold;

-- The past of every published table: what at=T and replay are read from.
-- A state that ends is written to history.<layer> once, with the span in which it held; the state that holds now stays in its own table, and
-- history.<layer>__since says since when. Both are written by statement triggers in the transaction that changes the row, whoever makes it.

-- +goose Up
CREATE SCHEMA history;
COMMENT ON SCHEMA history IS 'Past states of the published tables, one table a layer, by month of their end';

CREATE TABLE history.layer (
  layer   text PRIMARY KEY CHECK (length(layer) <= 48),
  rel     regclass NOT NULL UNIQUE,
  key     text NOT NULL,
  columns text[] NOT NULL,
  begins  timestamptz NOT NULL, -- before it nothing is known
  keep    interval CHECK (keep > interval '0') -- how long ended states are kept; NULL: for ever
);

-- +goose StatementBegin
CREATE FUNCTION history.moment() RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
  held text := current_setting('wanglou.moment', true);
  at   timestamptz;
BEGIN
  IF held <> '' THEN
    at := held::timestamptz;
    IF at BETWEEN transaction_timestamp() AND clock_timestamp() THEN
      RETURN at;
    END IF;
  END IF;
  at := clock_timestamp();
  PERFORM set_config('wanglou.moment', at::text, true);
  RETURN at;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION history.moment IS 'One moment for all that a transaction changes: its first change. The past shows transactions whole, as the map does';

-- history.record_body returns the trigger function of a layer, written out for its columns: nothing is looked up at each change.
-- +goose StatementBegin
CREATE FUNCTION history.record_body(layer text, rel regclass, key text, columns text[]) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
  names   text;
  olds    text;
  nows    text;
  changed text;
BEGIN
  SELECT string_agg(quote_ident(c), ', ' ORDER BY n), string_agg('o.' || quote_ident(c), ', ' ORDER BY n), string_agg('t.' || quote_ident(c), ', ' ORDER BY n),
    coalesce(string_agg(CASE WHEN a.atttypid = 'json'::regtype THEN format('o.%1$I::text IS DISTINCT FROM n.%1$I::text', c)
      ELSE format('o.%1$I IS DISTINCT FROM n.%1$I', c) END, ' OR ' ORDER BY n) FILTER (WHERE c <> key), 'false')
  INTO names, olds, nows, changed
  FROM unnest(columns) WITH ORDINALITY AS u (c, n) JOIN pg_attribute a ON a.attrelid = rel AND a.attname = c;
  RETURN format($f$
DECLARE
  at timestamptz := history.moment();
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO %2$s AS s (id, since) SELECT n.%3$I, at FROM new_rows n
    ON CONFLICT (id) DO UPDATE SET since = greatest(s.since, excluded.since);
  ELSIF TG_OP = 'UPDATE' THEN
    -- A change that began before the last one, and came after it, leaves no span in between: the later state holds from then on.
    INSERT INTO %1$s (%4$s, _valid, _gone)
    SELECT %5$s, tstzrange(s.since, greatest(at, s.since + CASE WHEN n.%3$I IS NULL THEN interval '1 microsecond' ELSE interval '0' END)), n.%3$I IS NULL
    FROM old_rows o JOIN %2$s s ON s.id = o.%3$I LEFT JOIN new_rows n ON n.%3$I = o.%3$I
    WHERE n.%3$I IS NULL OR s.since < at AND (%7$s);
    DELETE FROM %2$s s USING old_rows o WHERE s.id = o.%3$I AND NOT EXISTS (SELECT FROM new_rows n WHERE n.%3$I = o.%3$I);
    INSERT INTO %2$s AS s (id, since) SELECT n.%3$I, at FROM new_rows n LEFT JOIN old_rows o ON o.%3$I = n.%3$I WHERE o.%3$I IS NULL OR %7$s
    ON CONFLICT (id) DO UPDATE SET since = greatest(s.since, excluded.since);
  ELSIF TG_OP = 'DELETE' THEN
    WITH ended AS (DELETE FROM %2$s s USING old_rows o WHERE s.id = o.%3$I RETURNING s.id, s.since)
    INSERT INTO %1$s (%4$s, _valid, _gone)
    SELECT %5$s, tstzrange(e.since, greatest(at, e.since + interval '1 microsecond')), true FROM old_rows o JOIN ended e ON e.id = o.%3$I;
  ELSE
    WITH ended AS (DELETE FROM %2$s s RETURNING s.id, s.since)
    INSERT INTO %1$s (%4$s, _valid, _gone)
    SELECT %6$s, tstzrange(e.since, greatest(at, e.since + interval '1 microsecond')), true FROM %8$s t JOIN ended e ON e.id = t.%3$I;
  END IF;
  RETURN NULL;
END $f$,
    format('history.%I', layer), format('history.%I', layer || '__since'), key, names, olds, nows, changed, rel);
END $$;
-- +goose StatementEnd

-- history.follow begins to keep the past of a table, or takes up a change of its columns. The caller must own the table.
-- +goose StatementBegin
CREATE FUNCTION history.follow(p_layer text, p_rel regclass, p_key text, p_columns text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  past  text := format('history.%I', p_layer);
  since text := format('history.%I', p_layer || '__since');
  fn    text := format('history.%I', p_layer || '__record');
  defs  text;
  c     record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('history.follow'));
  IF EXISTS (SELECT FROM history.layer l WHERE l.layer = p_layer AND l.rel = p_rel AND l.key = p_key AND l.columns = p_columns)
    AND EXISTS (SELECT FROM pg_trigger WHERE tgrelid = p_rel AND tgname = 'history_update') THEN
    RETURN;
  END IF;
  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', p_rel);
  IF to_regclass(past) IS NULL THEN
    SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum) INTO defs
    FROM pg_attribute a WHERE a.attrelid = p_rel AND a.attname = ANY (p_columns);
    EXECUTE format('CREATE TABLE %s (%s, _valid tstzrange NOT NULL, _gone boolean NOT NULL) PARTITION BY RANGE (upper(_valid))', past, defs);
    EXECUTE format('CREATE TABLE history.%I PARTITION OF %s DEFAULT', p_layer || '__default', past);
    EXECUTE format('CREATE INDEX ON %s USING gist (_valid)', past);
    EXECUTE format('CREATE INDEX ON %s (lower(_valid))', past);
    EXECUTE format('CREATE INDEX ON %s (upper(_valid)) WHERE _gone', past);
    EXECUTE format('CREATE INDEX ON %s (%I, upper(_valid))', past, p_key);
    EXECUTE format('CREATE TABLE %s (id bigint PRIMARY KEY, since timestamptz NOT NULL) WITH (fillfactor = 70)', since);
    EXECUTE format('CREATE INDEX ON %s (since)', since);
  END IF;
  FOR c IN SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type, h.attname IS NULL AS missing, format_type(h.atttypid, h.atttypmod) AS held
    FROM pg_attribute a LEFT JOIN pg_attribute h ON h.attrelid = to_regclass(past) AND h.attname = a.attname AND NOT h.attisdropped
    WHERE a.attrelid = p_rel AND a.attname = ANY (p_columns) LOOP
    IF c.missing THEN
      EXECUTE format('ALTER TABLE %s ADD COLUMN %I %s', past, c.attname, c.type);
    ELSIF c.type <> c.held THEN
      EXECUTE format('ALTER TABLE %1$s ALTER COLUMN %2$I TYPE %3$s USING %2$I::text::%3$s', past, c.attname, c.type);
    END IF;
  END LOOP;
  -- While nobody watched, rows came and went: those there are count from now on, those that are gone ended at an unknown moment.
  EXECUTE format('DELETE FROM %s s WHERE NOT EXISTS (SELECT FROM %s t WHERE t.%I = s.id)', since, p_rel, p_key);
  EXECUTE format('INSERT INTO %s (id, since) SELECT t.%I, clock_timestamp() FROM %s t ON CONFLICT DO NOTHING', since, p_key, p_rel);
  EXECUTE format('CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, %I, pg_temp AS %L', fn,
    (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'postgis'),
    history.record_body(p_layer, p_rel, p_key, p_columns));
  PERFORM history.drop_triggers(p_rel);
  EXECUTE format('CREATE TRIGGER history_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION %s()', p_rel, fn);
  EXECUTE format('CREATE TRIGGER history_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION %s()', p_rel, fn);
  EXECUTE format('CREATE TRIGGER history_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION %s()', p_rel, fn);
  EXECUTE format('CREATE TRIGGER history_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION %s()', p_rel, fn);
  INSERT INTO history.layer AS l (layer, rel, key, columns, begins) VALUES (p_layer, p_rel, p_key, p_columns, clock_timestamp())
  ON CONFLICT (layer) DO UPDATE SET rel = excluded.rel, key = excluded.key, columns = excluded.columns,
    begins = CASE WHEN l.rel = excluded.rel THEN l.begins ELSE excluded.begins END;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION history.drop_triggers(p_rel regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['history_insert', 'history_update', 'history_delete', 'history_truncate'] LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', name, p_rel);
  END LOOP;
END $$;
-- +goose StatementEnd

-- history.make_month makes the partition of one month, unless states of that month lie in the default partition already.
-- +goose StatementBegin
CREATE FUNCTION history.make_month(p_layer text, p_month timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  first timestamptz := date_trunc('month', p_month, 'UTC');
  next  timestamptz := (first AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
  name  text := p_layer || '__' || to_char(first AT TIME ZONE 'UTC', 'YYYYMM');
  used  boolean;
BEGIN
  IF to_regclass(format('history.%I', name)) IS NOT NULL THEN
    RETURN true;
  END IF;
  EXECUTE format('SELECT EXISTS (SELECT FROM history.%I WHERE upper(_valid) >= $1 AND upper(_valid) < $2)', p_layer || '__default') INTO used USING first, next;
  IF used THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE history.%I PARTITION OF history.%I FOR VALUES FROM (%L) TO (%L)', name, p_layer, first, next);
  RETURN true;
END $$;
-- +goose StatementEnd

-- history.prune drops what a layer keeps no longer, by whole months. From the default partition it deletes.
-- +goose StatementBegin
CREATE FUNCTION history.prune(p_layer text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  horizon timestamptz;
  part    record;
  dropped timestamptz;
  deleted bigint;
BEGIN
  SELECT clock_timestamp() - l.keep INTO horizon FROM history.layer l WHERE l.layer = p_layer AND l.keep IS NOT NULL;
  IF horizon IS NULL THEN
    RETURN;
  END IF;
  FOR part IN SELECT c.oid::regclass AS rel, (to_date(substring(c.relname FROM '__(\d{6})$'), 'YYYYMM')::timestamp + interval '1 month') AT TIME ZONE 'UTC' AS until
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass(format('history.%I', p_layer)) AND c.relname ~ '__\d{6}$' LOOP
    IF part.until <= horizon THEN
      EXECUTE format('DROP TABLE %s', part.rel);
      dropped := greatest(dropped, part.until);
    END IF;
  END LOOP;
  EXECUTE format('DELETE FROM history.%I WHERE upper(_valid) <= $1', p_layer || '__default') USING horizon;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  IF deleted > 0 THEN
    dropped := greatest(dropped, horizon);
  END IF;
  UPDATE history.layer l SET begins = greatest(l.begins, dropped) WHERE l.layer = p_layer AND dropped IS NOT NULL;
END $$;
-- +goose StatementEnd

-- +goose Down
SELECT history.drop_triggers(rel) FROM history.layer;
DROP SCHEMA history CASCADE;

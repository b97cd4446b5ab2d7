-- +goose Up

-- Tracks are thinned with age: of what moves, older states that follow each other within a step become one, that of the first of them.
ALTER TABLE layer_option
  ADD COLUMN thin_after interval CHECK (thin_after > interval '0'),
  ADD COLUMN thin_step interval CHECK (thin_step > interval '0'),
  ADD CHECK ((thin_after IS NULL) = (thin_step IS NULL));
COMMENT ON COLUMN layer_option.thin_after IS 'age from which the past of the layer is thinned; NULL: never';
COMMENT ON COLUMN layer_option.thin_step IS 'of states that begin in one such stretch of time the first alone is kept';
UPDATE layer_option SET thin_after = '7 days', thin_step = '30 seconds' WHERE layer = 'position';

ALTER TABLE history.layer ADD COLUMN thinned timestamptz; -- up to here, by layer_option.thin_step

-- history.thin merges states that follow each other without a gap and begin in the same step, and returns how many are gone. What is not thinned yet alone is
-- read: O(states since the last time).
-- +goose StatementBegin
CREATE FUNCTION history.thin(p_layer text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  key     text;
  since   timestamptz;
  horizon timestamptz;
  step    interval;
  gone    bigint;
BEGIN
  SELECT l.key, coalesce(l.thinned, '-infinity'), date_bin(o.thin_step, clock_timestamp() - o.thin_after, 'epoch'), o.thin_step INTO key, since, horizon, step
    FROM history.layer l JOIN layer_option o USING (layer) WHERE l.layer = p_layer AND o.thin_after IS NOT NULL FOR UPDATE OF l;
  IF horizon IS NULL OR horizon <= since THEN
    RETURN 0;
  END IF;
  EXECUTE format($f$
    WITH state AS (
      SELECT tableoid AS part, ctid AS spot, %1$I AS id, _valid, _gone,
        NOT coalesce(lag(upper(_valid)) OVER w = lower(_valid) AND NOT lag(_gone) OVER w
          AND date_bin($3, lag(lower(_valid)) OVER w, 'epoch') = date_bin($3, lower(_valid), 'epoch'), false) AS opens
      FROM history.%2$I WHERE upper(_valid) >= $1 AND upper(_valid) < $2 WINDOW w AS (PARTITION BY %1$I ORDER BY lower(_valid))),
    run AS (SELECT *, count(*) FILTER (WHERE opens) OVER (PARTITION BY id ORDER BY lower(_valid)) AS n FROM state),
    merged AS (SELECT id, n, min(lower(_valid)) AS starts, max(upper(_valid)) AS ends, bool_or(_gone) AS gone FROM run GROUP BY id, n HAVING count(*) > 1),
    grown AS (
      UPDATE history.%2$I h SET _valid = tstzrange(m.starts, m.ends), _gone = m.gone FROM run r JOIN merged m USING (id, n)
      WHERE h.tableoid = r.part AND h.ctid = r.spot AND r.opens),
    dropped AS (
      DELETE FROM history.%2$I h USING run r JOIN merged m USING (id, n) WHERE h.tableoid = r.part AND h.ctid = r.spot AND NOT r.opens RETURNING 1)
    SELECT count(*) FROM dropped $f$, key, p_layer) INTO gone USING since, horizon, step;
  UPDATE history.layer l SET thinned = horizon WHERE l.layer = p_layer;
  RETURN gone;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION history.thin;
ALTER TABLE history.layer DROP COLUMN thinned;
ALTER TABLE layer_option DROP COLUMN thin_after, DROP COLUMN thin_step;

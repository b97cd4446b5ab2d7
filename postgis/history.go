package postgis

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
)

// History keeps and reads the past of the published tables. Statement triggers write it in the transaction that changes a row (see
// migrations/00003_history.sql), so it has no gaps, whoever writes and whether or not a server runs. It is safe for concurrent use.
//
// What it shows is what was published: columns that are not in the publication now are never read, and its row filter counts for the past too.
// The moment of a change is its transaction's first change, by the database's clock; a transaction is shown whole.
type History struct {
	db          *DB
	publication string
	log         *slog.Logger
}

var _ layers.Recorder = (*History)(nil)

// NewHistory returns the history of a publication of db.
func NewHistory(db *DB, publication string, log *slog.Logger) *History {
	return &History{db: db, publication: publication, log: log}
}

const monthsAhead = 2 // partitions are made so far in advance

// Follow begins to keep the past of every published table, takes up changes of their columns, makes the partitions of the coming months and drops
// those that are older than their layer's keep. A table whose past cannot be kept (the role does not own it) is logged and left out.
func (h *History) Follow(ctx context.Context) error {
	c, err := readCatalog(ctx, h.db.Pool, h.publication)
	if err != nil {
		return Wrap(err)
	}
	followed := make([]string, 0, len(c.tables))
	for _, t := range c.tables {
		if err := h.follow(ctx, t); err != nil {
			if Wrap(err) != err { // the database is away, or the disk full: not this table's fault
				return Wrap(err)
			}
			h.log.Warn("the past of a layer is not kept", "layer", t.layer.Name, "error", err)
			continue
		}
		followed = append(followed, t.layer.Name)
	}
	return Wrap(h.leave(ctx, followed))
}

func (h *History) follow(ctx context.Context, t *table) error {
	columns := []string{t.id}
	for _, c := range t.columns {
		columns = append(columns, c.name)
	}
	if t.geometry != "" {
		columns = append(columns, t.geometry)
	}
	return pgx.BeginFunc(ctx, h.db.Pool, func(tx pgx.Tx) error {
		// The first time it writes a row of its own for each row there is.
		if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT history.follow($1, $2, $3, $4)`, t.layer.Name, t.oid, t.id, columns); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `SELECT history.make_month($1, now() + n * interval '1 month') FROM generate_series(0, $2::int) n`, t.layer.Name, monthsAhead)
		return err
	})
}

// leave ends the record of tables that are not published any more. What was kept stays.
func (h *History) leave(ctx context.Context, followed []string) error {
	_, err := h.db.Pool.Exec(ctx, `SELECT history.drop_triggers(l.rel) FROM history.layer l
WHERE l.layer <> ALL ($1) AND EXISTS (SELECT FROM pg_trigger WHERE tgrelid = l.rel AND tgname = 'history_update')`, followed)
	return err
}

// Run calls Follow now and then until ctx ends: tables are added to the publication at any time, and months begin.
func (h *History) Run(ctx context.Context) error {
	const pause = 10 * time.Second
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		if err := h.Follow(ctx); err != nil && ctx.Err() == nil {
			h.log.Warn("the past is not looked after; tried again", "error", err, "in", pause)
		}
		if err := h.Prune(ctx); err != nil && ctx.Err() == nil {
			h.log.Warn("old states are not removed; tried again", "error", err, "in", pause)
		}
		if err := h.Thin(ctx); err != nil && ctx.Err() == nil {
			h.log.Warn("old tracks are not thinned; tried again", "error", err, "in", pause)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Prune drops the months that ended longer ago than their layer keeps (history.layer.keep), and moves the layer's beginning forward:
// what is asked of before it is refused, not answered with half of it.
func (h *History) Prune(ctx context.Context) error {
	_, err := h.db.Pool.Exec(ctx, `SELECT history.prune(l.layer) FROM history.layer l WHERE l.keep IS NOT NULL`)
	return Wrap(err)
}

// Thin merges old states of what moves, by layer_option.thin_after and thin_step: a track of a place a second becomes one of a place each 30 s. What is
// thinned, and up to when, stands in history.layer.thinned and in [History.Thinned].
func (h *History) Thin(ctx context.Context) error {
	return pgx.BeginFunc(ctx, h.db.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0`); err != nil {
			return Wrap(err)
		}
		_, err := tx.Exec(ctx, `SELECT history.thin(l.layer) FROM history.layer l JOIN layer_option o USING (layer) WHERE o.thin_after IS NOT NULL`)
		return Wrap(err)
	})
}

// Thinned implements [layers.Recorder].
func (h *History) Thinned(ctx context.Context) ([]layers.Thinned, error) {
	return collect(ctx, h.db.Pool, func(row pgx.CollectableRow) (t layers.Thinned, err error) {
		var step time.Duration
		err = row.Scan(&t.Layer, &t.Before, &step)
		t.Before, t.StepS = t.Before.UTC(), step.Seconds()
		return t, err
	}, `SELECT l.layer, l.thinned, o.thin_step FROM history.layer l JOIN layer_option o USING (layer) WHERE l.thinned IS NOT NULL AND o.thin_step IS NOT NULL ORDER BY 1`)
}

// Span implements [layers.Recorder], by the database's clock.
func (h *History) Span(ctx context.Context) (from, until time.Time, err error) {
	var begins *time.Time
	err = h.db.Pool.QueryRow(ctx, `SELECT max(l.begins) FROM history.layer l JOIN pg_trigger t ON t.tgrelid = l.rel AND t.tgname = 'history_update'`).Scan(&begins)
	switch {
	case err != nil:
		return from, until, Wrap(err)
	case begins == nil:
		return from, until, &layers.Error{Code: layers.CodeUnavailable, Reason: "no_history", Msg: "the past is not kept in this database"}
	}
	until, err = h.known(ctx)
	return begins.UTC(), until, err
}

// known returns the moment up to which every change is committed: before the first one of a transaction that still writes. It has to be asked
// before the picture is taken. Where the role may not see others' transactions, those are believed to be younger than 5 s.
func (h *History) known(ctx context.Context) (until time.Time, err error) {
	err = h.db.Pool.QueryRow(ctx, `SELECT least(clock_timestamp() - CASE WHEN bool_or(backend_type IS NULL) THEN interval '5 s' ELSE interval '0' END,
  min(xact_start) FILTER (WHERE backend_xid IS NOT NULL))
FROM pg_stat_activity WHERE datname = current_database()`).Scan(&until)
	return until.UTC(), Wrap(err)
}

// At implements [layers.Recorder].
func (h *History) At(ctx context.Context, at time.Time) (layers.Snapshot, error) {
	known, err := h.known(ctx)
	if err != nil {
		return layers.Snapshot{}, err
	}
	at = earlier(at, known)
	s := layers.Snapshot{Position: layers.Position{Version: layers.MomentVersion(at)}, Features: map[string][]*layers.Feature{}}
	err = h.read(ctx, func(conn *pgx.Conn, kept []*keptTable) error {
		for _, k := range kept {
			s.Layers = append(s.Layers, k.layer)
			if at.Before(k.begins) {
				return beforeHistory(k.begins)
			}
			var features []*layers.Feature
			r := &copyReader{table: k.table, warn: h.warn, take: func(f *layers.Feature, _ [][]byte) { features = append(features, f) }}
			if err := r.read(ctx, conn, k.atSQL(at)); err != nil {
				return err
			}
			s.Features[k.layer.Name] = features
		}
		return nil
	})
	return s, err
}

// Changes implements [layers.Recorder].
func (h *History) Changes(ctx context.Context, after, until time.Time) (layers.Commit, error) {
	known, err := h.known(ctx)
	if err != nil {
		return layers.Commit{}, err
	}
	until = earlier(until, known)
	c := layers.Commit{Version: layers.MomentVersion(until), Time: until}
	if !after.Before(until) {
		return c, nil
	}
	err = h.read(ctx, func(conn *pgx.Conn, kept []*keptTable) error {
		for _, k := range kept {
			r := &copyReader{table: k.table, extra: 1, warn: h.warn, take: func(f *layers.Feature, extra [][]byte) {
				ch := layers.Change{Layer: k.layer.Name, Kind: layers.Upsert, Feature: f}
				if len(extra[0]) == 1 && extra[0][0] == 0 {
					ch.Kind, ch.Feature = layers.Delete, &layers.Feature{ID: f.ID}
				}
				c.Changes = append(c.Changes, ch)
			}}
			if err := r.read(ctx, conn, k.changesSQL(after, until)); err != nil {
				return err
			}
		}
		return nil
	})
	return c, err
}

// earlier returns the earlier moment, as exact as the database's are.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		a = b
	}
	return a.UTC().Truncate(time.Microsecond)
}

func (h *History) warn(t *table, id int64, err error) {
	h.log.Debug("a past row is shown without a value", "layer", t.layer.Name, "id", id, "error", err)
}

func beforeHistory(begins time.Time) error {
	e := layers.Invalid("at", "before_history", "nothing is known of before %s", begins.UTC().Format(time.RFC3339))
	e.Params = map[string]string{"begins": begins.UTC().Format(time.RFC3339)}
	return e
}

// keptTable is a published table whose past is kept.
type keptTable struct {
	*table
	past, since string // quoted names
	begins      time.Time
}

// read runs f on one picture of the database, with the tables whose past is kept.
func (h *History) read(ctx context.Context, f func(*pgx.Conn, []*keptTable) error) error {
	err := pgx.BeginTxFunc(ctx, h.db.Pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		c, err := readCatalog(ctx, tx, h.publication)
		if err != nil {
			return err
		}
		kept, err := keptTables(ctx, tx, c)
		if err != nil {
			return err
		}
		return f(tx.Conn(), kept)
	})
	return Wrap(err)
}

func keptTables(ctx context.Context, tx pgx.Tx, c *catalog) ([]*keptTable, error) {
	rows, err := tx.Query(ctx, `SELECT l.layer, l.rel::oid, l.begins, l.columns FROM history.layer l`)
	if err != nil {
		return nil, err
	}
	var (
		name    string
		oid     uint32
		begins  time.Time
		columns []string
		byOID   = map[uint32]*keptTable{}
	)
	_, err = pgx.ForEachRow(rows, []any{&name, &oid, &begins, &columns}, func() error {
		t := c.byOID[oid]
		if t == nil {
			return nil
		}
		held := map[string]bool{}
		for _, c := range columns {
			held[c] = true
		}
		for _, c := range t.columns {
			if !held[c.name] {
				return nil // published a moment ago: taken up by the next Follow
			}
		}
		byOID[oid] = &keptTable{table: t, past: pgx.Identifier{"history", name}.Sanitize(), since: pgx.Identifier{"history", name + "__since"}.Sanitize(), begins: begins}
		return nil
	})
	if err != nil {
		return nil, err
	}
	kept := make([]*keptTable, 0, len(c.tables))
	for _, t := range c.tables {
		if k := byOID[t.oid]; k != nil {
			kept = append(kept, k)
		}
	}
	return kept, nil
}

// where is the publication's row filter as a condition.
func (k *keptTable) where() string {
	if k.filter == "" {
		return "true"
	}
	return "coalesce((" + k.filter + "), false)"
}

func timeLiteral(t time.Time) string { return literal(t.Format(time.RFC3339Nano)) + "::timestamptz" }

// atSQL reads the rows as they were at a moment: ended states whose span holds it, and states that hold since before it.
// Cost: the states that ended after the moment and began before it, by the index of spans; what came and went in between is not touched.
func (k *keptTable) atSQL(at time.Time) string {
	columns, t := k.columnList(), timeLiteral(at)
	return fmt.Sprintf(`COPY (SELECT %[1]s FROM %[2]s WHERE _valid @> %[3]s AND upper(_valid) > %[3]s AND %[4]s
UNION ALL SELECT %[1]s FROM (SELECT t.* FROM %[5]s t WHERE t.%[6]s IN (SELECT s.id FROM %[7]s s WHERE s.since <= %[3]s)) t WHERE %[4]s) TO STDOUT (FORMAT binary)`,
		columns, k.past, t, k.where(), k.from, pgx.Identifier{k.id}.Sanitize(), k.since)
}

// changesSQL reads the last state in (after, until] of every row that changed in it, and whether it is shown (false: it is gone, or out
// of the row filter). Cost: the changes of the span, by index.
func (k *keptTable) changesSQL(after, until time.Time) string {
	columns, id := k.columnList(), pgx.Identifier{k.id}.Sanitize()
	return fmt.Sprintf(`COPY (SELECT DISTINCT ON (%[6]s) %[1]s, _shown FROM (
SELECT %[1]s, lower(_valid) AS _moment, %[4]s AS _shown FROM %[2]s WHERE lower(_valid) > %[3]s AND lower(_valid) <= %[8]s
UNION ALL SELECT %[1]s, upper(_valid), false FROM %[2]s WHERE _gone AND upper(_valid) > %[3]s AND upper(_valid) <= %[8]s
UNION ALL SELECT %[1]s, _moment, %[4]s FROM (SELECT t.*, s.since AS _moment FROM %[7]s s JOIN %[5]s t ON t.%[6]s = s.id WHERE s.since > %[3]s AND s.since <= %[8]s) t
) c ORDER BY %[6]s, _moment DESC, _shown DESC) TO STDOUT (FORMAT binary)`,
		columns, k.past, timeLiteral(after), k.where(), k.from, id, k.since, timeLiteral(until))
}

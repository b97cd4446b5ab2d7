package postgis

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
)

// querier is a connection, a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

const tablesSQL = `
SELECT c.oid, n.nspname::text, c.relname::text, pg_table_is_visible(c.oid), c.relkind::text, c.relreplident::text,
  coalesce(obj_description(c.oid, 'pg_class'), ''), coalesce(p.rowfilter, ''), p.attnames::text[],
  array(SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts-1])
        WHERE i.indrelid = c.oid AND i.indisprimary),
  array(SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts-1])
        WHERE i.indrelid = c.oid AND i.indisreplident)
FROM pg_publication_tables p JOIN pg_namespace n ON n.nspname = p.schemaname JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename
WHERE p.pubname = $1 ORDER BY n.nspname, c.relname`

// Domains are followed down to what the values are made of; the innermost type modifier counts where the column has none.
const attributesSQL = `
SELECT a.attrelid, a.attname::text, a.atttypid, a.attgenerated <> '', b.oid, b.typname::text, b.typtype = 'e',
  CASE WHEN a.atttypmod >= 0 THEN a.atttypmod ELSE b.typmod END
FROM pg_attribute a CROSS JOIN LATERAL (
  WITH RECURSIVE b (oid, typname, typtype, base, typmod, depth) AS (
    SELECT t.oid, t.typname, t.typtype, t.typbasetype, t.typtypmod, 0 FROM pg_type t WHERE t.oid = a.atttypid
    UNION ALL
    SELECT t.oid, t.typname, t.typtype, t.typbasetype, greatest(b.typmod, t.typtypmod), b.depth + 1
    FROM b JOIN pg_type t ON t.oid = b.base WHERE b.base <> 0)
  SELECT * FROM b ORDER BY depth DESC LIMIT 1) b
WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum`

// readCatalog reads what the publication says. It returns CodeUnavailable for a publication that does not exist or leaves out a
// kind of change, and errors of the connection as they are.
func readCatalog(ctx context.Context, q querier, publication string) (*catalog, error) {
	quoted := pgx.Identifier{publication}.Sanitize()
	var whole bool
	err := q.QueryRow(ctx, `SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate FROM pg_publication WHERE pubname = $1`, publication).Scan(&whole)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, &layers.Error{Code: layers.CodeUnavailable, Reason: "publication_missing",
			Msg: fmt.Sprintf("the database has no publication %s: migrate it, or CREATE PUBLICATION %s FOR TABLE …", publication, quoted)}
	}
	if err != nil {
		return nil, err
	}
	if !whole {
		return nil, &layers.Error{Code: layers.CodeUnavailable, Reason: "publication_partial", Msg: fmt.Sprintf(
			"the publication %s leaves out a kind of change: ALTER PUBLICATION %s SET (publish = 'insert, update, delete, truncate')", publication, quoted)}
	}
	tables, err := readTables(ctx, q, publication)
	if err != nil {
		return nil, err
	}
	if err := readAttributes(ctx, q, tables); err != nil {
		return nil, err
	}
	if err := readOptions(ctx, q, tables); err != nil {
		return nil, err
	}
	return newCatalog(tables), nil
}

func readTables(ctx context.Context, q querier, publication string) ([]*published, error) {
	rows, err := q.Query(ctx, tablesSQL, publication)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*published, error) {
		p := &published{option: option{delivery: string(layers.DeliverTiles), maxZoom: 16}}
		return p, row.Scan(&p.oid, &p.schema, &p.name, &p.visible, &p.kind, &p.identity, &p.comment, &p.filter, &p.columns, &p.primary, &p.index)
	})
}

func readAttributes(ctx context.Context, q querier, tables []*published) error {
	byOID := map[uint32]*published{}
	oids := make([]uint32, len(tables))
	for i, p := range tables {
		byOID[p.oid], oids[i] = p, p.oid
	}
	rows, err := q.Query(ctx, attributesSQL, oids)
	if err != nil {
		return err
	}
	var (
		oid uint32
		a   attribute
	)
	_, err = pgx.ForEachRow(rows, []any{&oid, &a.name, &a.declared, &a.generated, &a.kind.oid, &a.kind.name, &a.kind.isEnum, &a.kind.typmod}, func() error {
		byOID[oid].attributes = append(byOID[oid].attributes, a)
		return nil
	})
	return err
}

// readOptions reads layer_option, which a foreign database need not have.
func readOptions(ctx context.Context, q querier, tables []*published) error {
	var exists bool
	if err := q.QueryRow(ctx, `SELECT to_regclass('layer_option') IS NOT NULL`).Scan(&exists); err != nil || !exists {
		return err
	}
	rows, err := q.Query(ctx, `SELECT layer, delivery, min_zoom, max_zoom, coalesce(max_features, 0), coalesce(max_bytes, 0), coalesce(rank_column, ''),
		coalesce(count_below, 0), coalesce(labels, false), coalesce(time_column, '') FROM layer_option`)
	if err != nil {
		return err
	}
	var (
		name string
		o    option
	)
	_, err = pgx.ForEachRow(rows, []any{&name, &o.delivery, &o.minZoom, &o.maxZoom, &o.tiling.Features, &o.tiling.Bytes, &o.tiling.Rank, &o.tiling.CountBelow, &o.tiling.Labels, &o.time}, func() error {
		for _, p := range tables {
			if p.visible && p.name == name || p.schema+"."+p.name == name {
				p.option = o
			}
		}
		return nil
	})
	return err
}

package postgis

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
)

// fingerprintSQL changes with everything that readOffers reads, and costs a few index scans: a row that was changed has another xmin.
// Statistics are written in place and change nothing.
const fingerprintSQL = `
WITH n AS (SELECT oid, xmin FROM pg_namespace WHERE nspname = ANY ($1)), c AS (SELECT oid, xmin FROM pg_class WHERE relnamespace IN (SELECT oid FROM n)),
  p AS (SELECT oid, xmin FROM pg_proc WHERE pronamespace IN (SELECT oid FROM n))
SELECT md5(coalesce(string_agg(v, ',' ORDER BY v), '')) FROM (
  SELECT 'n' || oid || ':' || xmin FROM n
  UNION ALL SELECT 'c' || oid || ':' || xmin FROM c
  UNION ALL SELECT 'p' || oid || ':' || xmin FROM p
  UNION ALL SELECT 'a' || attrelid || '.' || attnum || ':' || xmin FROM pg_attribute WHERE attrelid IN (SELECT oid FROM c) AND attnum > 0
  UNION ALL SELECT 'i' || indexrelid || ':' || xmin FROM pg_index WHERE indrelid IN (SELECT oid FROM c)
  UNION ALL SELECT 'r' || oid || ':' || xmin FROM pg_rewrite WHERE ev_class IN (SELECT oid FROM c)
  UNION ALL SELECT 'd' || objoid || '.' || objsubid || ':' || xmin FROM pg_description WHERE objoid IN (SELECT oid FROM c UNION ALL SELECT oid FROM p)
  UNION ALL SELECT 'b' || prpubid || '.' || prrelid || ':' || xmin FROM pg_publication_rel
  UNION ALL SELECT 'u' || oid || ':' || xmin FROM pg_publication
  UNION ALL SELECT 'm' || roleid || '.' || member || ':' || xmin FROM pg_auth_members
) f (v)`

// relationsSQL finds what has rows and a geometry, may be read at least in part, is published to nobody and belongs to no extension. A
// unique index over one column that is never NULL tells rows apart as well as a primary key.
const relationsSQL = `
SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text, coalesce(obj_description(c.oid, 'pg_class'), ''), c.reltuples::float8,
  array(SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = c.oid AND i.indnkeyatts = 1 AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND (a.attnotnull OR c.relkind = 'm')
        ORDER BY i.indisprimary DESC, a.attnum),
  array(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND NOT has_column_privilege(c.oid, a.attnum, 'SELECT'))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  AND NOT EXISTS (SELECT FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid WHERE p.pubname = $2 AND r.prrelid = c.oid)
  AND NOT EXISTS (SELECT FROM pg_publication_tables p WHERE p.pubname = $2 AND p.schemaname = n.nspname AND p.tablename = c.relname)
ORDER BY n.nspname, c.relname`

const functionsSQL = `
SELECT p.oid, n.nspname::text, p.proname::text, coalesce(obj_description(p.oid, 'pg_proc'), ''), p.proretset, t.typname::text,
  p.pronargs - p.pronargdefaults, p.prorows::float8,
  array(SELECT a.typname::text FROM unnest(p.proargtypes) WITH ORDINALITY u (oid, i) JOIN pg_type a ON a.oid = u.oid ORDER BY u.i),
  coalesce((SELECT o.typname::text FROM unnest(p.proallargtypes, p.proargmodes) WITH ORDINALITY u (oid, mode, i) JOIN pg_type o ON o.oid = u.oid
            WHERE u.mode IN ('t', 'o') ORDER BY u.i LIMIT 1), '')
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_type t ON t.oid = p.prorettype
WHERE n.nspname = ANY ($1) AND p.prokind = 'f' AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY n.nspname, p.proname, p.oid`

// offered is a relation or function as the database describes it.
type offered struct {
	published           // oid, schema, name, kind, comment, attributes; kind is f… for functions, see below
	rows       float64  // estimate; -1 unknown
	unique     []string // columns that tell rows apart, the primary key first
	unreadable []string // columns that the role may not SELECT
	function   bool     // else a relation of relkind kind
	takesQuery bool     // a function whose last argument is json
	queryType  string   // json or jsonb
	tile       bool     // a function of z, x, y that returns bytes
	tileInRows bool     // … as the first column of a row
	mustHave   int      // arguments without a default
}

// readOffered reads what the schemas hold that could be offered.
func readOffered(ctx context.Context, q querier, schemas []string) ([]*offered, error) {
	rows, err := q.Query(ctx, relationsSQL, schemas, Publication)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*offered, error) {
		f := &offered{}
		return f, row.Scan(&f.oid, &f.schema, &f.name, &f.kind, &f.comment, &f.rows, &f.unique, &f.unreadable)
	})
	if err != nil {
		return nil, err
	}
	relations := make([]*published, len(found))
	for i, f := range found {
		relations[i] = &f.published
	}
	if err := readAttributes(ctx, q, relations); err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(f *offered) bool {
		return !slices.ContainsFunc(f.attributes, func(a attribute) bool { return a.kind.isGeometry() })
	})
	functions, err := readFunctions(ctx, q, schemas)
	if err != nil {
		return nil, err
	}
	return append(found, functions...), nil
}

// readFunctions reads those that make tiles or return rows with a geometry.
func readFunctions(ctx context.Context, q querier, schemas []string) ([]*offered, error) {
	rows, err := q.Query(ctx, functionsSQL, schemas)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*offered, error) {
		f := &offered{function: true}
		var set bool
		var result, first string
		var args []string
		if err := row.Scan(&f.oid, &f.schema, &f.name, &f.comment, &set, &result, &f.mustHave, &f.rows, &args, &first); err != nil {
			return nil, err
		}
		whole := func(i int) bool { return len(args) > i && slices.Contains([]string{"int2", "int4", "int8"}, args[i]) }
		isJSON := func(i int) bool { return len(args) == i+1 && (args[i] == "json" || args[i] == "jsonb") }
		bytes := result == "bytea" || result == "record" && first == "bytea"
		switch {
		case bytes && whole(0) && whole(1) && whole(2) && (len(args) == 3 || isJSON(3)):
			f.tile, f.tileInRows, f.takesQuery = true, result == "record" || set, len(args) == 4
			if f.takesQuery {
				f.queryType = args[3]
			}
		case !set:
			return nil, nil
		case isJSON(0):
			f.takesQuery, f.queryType = true, args[0]
		}
		return f, nil
	})
	if err != nil {
		return nil, err
	}
	out := all[:0]
	for _, f := range all {
		if f == nil {
			continue
		}
		if !f.tile {
			ok, err := describeFunction(ctx, q, f)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// describeFunction finds the columns of a function's rows, and whether one is a geometry. A function that cannot be called has none.
func describeFunction(ctx context.Context, q querier, f *offered) (bool, error) {
	if f.mustHave > 1 || f.mustHave == 1 && !f.takesQuery {
		return false, nil
	}
	// The statement is run for no rows: PostgreSQL then says of which types they would be.
	rows, err := q.Query(ctx, `SELECT * FROM `+f.call("NULL")+` AS s LIMIT 0`, pgx.QueryExecModeDescribeExec)
	if err != nil {
		return false, onlyServer(err)
	}
	fields := slices.Clone(rows.FieldDescriptions())
	rows.Close()
	if err := rows.Err(); err != nil {
		return false, onlyServer(err)
	}
	oids := make([]uint32, len(fields))
	for i, d := range fields {
		oids[i] = d.DataTypeOID
	}
	kinds := map[uint32]baseType{}
	types, err := q.Query(ctx, `SELECT oid, typname::text, typtype = 'e' FROM pg_type WHERE oid = ANY ($1)`, oids)
	if err != nil {
		return false, err
	}
	var t baseType
	if _, err := pgx.ForEachRow(types, []any{&t.oid, &t.name, &t.isEnum}, func() error { kinds[t.oid] = t; return nil }); err != nil {
		return false, err
	}
	geometry := false
	for _, d := range fields {
		kind := kinds[d.DataTypeOID]
		kind.typmod = d.TypeModifier
		geometry = geometry || kind.isGeometry()
		f.attributes = append(f.attributes, attribute{name: d.Name, declared: d.DataTypeOID, kind: kind})
	}
	return geometry, nil
}

// onlyServer drops what the database said, and keeps what is wrong with the way to it.
func onlyServer(err error) error {
	if isServerError(err) {
		return nil
	}
	return err
}

// call is the function as it stands in FROM; query is the SQL of its json argument.
func (f *offered) call(query string) string {
	name := pgx.Identifier{f.schema, f.name}.Sanitize()
	if f.takesQuery {
		return name + "(" + query + "::" + f.queryType + ")"
	}
	return name + "()"
}

func isServerError(err error) bool {
	return serverError(err) != nil
}

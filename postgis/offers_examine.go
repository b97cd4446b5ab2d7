package postgis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers/offer"
)

// examineTime bounds each question that examine asks of one source.
const examineTime = 2 * time.Second

// examine finds out what the catalogue does not say of a source: its reference system, an estimate of its rows and extent, whether it can be
// read at all. It reads a row at most. A source that was examined before under the same revision is not asked again.
func (o *Offers) examine(ctx context.Context, s, before *source) error {
	if s.reason != "" || s.Kind == offer.KindTileFunction {
		return nil
	}
	if before != nil && before.reason == "" && before.found.oid == s.found.oid && s.geom.srid == 0 {
		s.geom.srid = before.geom.srid // what was found by looking holds until somebody says otherwise
	}
	if s.geom.srid == 0 {
		if err := o.findSRID(ctx, s); err != nil {
			return err
		}
	}
	if s.reason != "" {
		return nil
	}
	var proj string
	err := o.db.Pool.QueryRow(ctx, `SELECT coalesce((SELECT proj4text FROM spatial_ref_sys WHERE srid = $1), '')`, s.geom.srid).Scan(&proj)
	if err != nil {
		return err
	}
	if proj == "" {
		s.refuse("srid_unknown", "its SRID %d is not in spatial_ref_sys", s.geom.srid)
		return nil
	}
	s.SRID, s.geom.geographic = s.geom.srid, isLongLat(proj)
	if err := o.estimate(ctx, s); err != nil {
		return err
	}
	return o.bound(ctx, s)
}

func isLongLat(proj string) bool {
	return len(proj) >= 13 && proj[:13] == "+proj=longlat"
}

// findSRID looks at one row.
func (o *Offers) findSRID(ctx context.Context, s *source) error {
	var srid int
	err := o.briefly(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT coalesce((SELECT ST_SRID(`+s.geom.sql+`::geometry) FROM `+s.rows("NULL")+` s WHERE `+s.geom.sql+` IS NOT NULL LIMIT 1), -1)`).Scan(&srid)
	})
	switch pg := serverError(err); {
	case pg != nil:
		s.refuse("unreadable", "the database cannot read it: %s", pg.Message)
	case err != nil:
		return err
	case srid == 0:
		s.refuse("srid_missing", "its geometries do not say their reference system: UPDATE … SET geom = ST_SetSRID(geom, …), or say srid=… in its COMMENT")
	case srid < 0:
		s.refuse("srid_missing", "it has no rows and its column no SRID: say srid=… in its COMMENT")
	default:
		s.geom.srid = srid
	}
	return nil
}

// estimate takes the number of rows from the planner, which for views plans them; a view that cannot be planned is told so.
func (o *Offers) estimate(ctx context.Context, s *source) error {
	if s.Estimate >= 0 && s.Kind != offer.KindFunction {
		return nil
	}
	var plan []byte
	err := o.briefly(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `EXPLAIN (FORMAT JSON) SELECT `+s.geom.sql+` FROM `+s.rows("NULL")+` s`).Scan(&plan)
	})
	if pg := serverError(err); pg != nil {
		o.remember(s.Name, err)
		return nil
	}
	if err != nil {
		return err
	}
	var out []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
		}
	}
	if err := json.Unmarshal(plan, &out); err == nil && len(out) == 1 {
		s.Estimate = int64(out[0].Plan.Rows)
	}
	return o.try(ctx, s)
}

// try reads one row, so that a broken view is known before somebody wants to see it. One that takes long is not broken.
func (o *Offers) try(ctx context.Context, s *source) error {
	list := s.geom.sql
	for _, c := range s.columns {
		list += ", " + c.tile
	}
	err := o.briefly(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `SELECT `+list+` FROM `+s.rows("NULL")+` s LIMIT 1`)
		return err
	})
	pg := serverError(err)
	if pg == nil || pg.Code == pgQueryCanceled {
		if isServerError(err) {
			return nil
		}
		return err
	}
	o.remember(s.Name, err)
	return nil
}

// extentSQL unites the estimated extents of columns. $1 are relations, $2 columns of them.
const extentSQL = `
SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM (
  SELECT ST_Extent(offer_transform(ST_Segmentize(ST_SetSRID(e.box::geometry, $3), greatest(ST_XMax(e.box) - ST_XMin(e.box), ST_YMax(e.box) - ST_YMin(e.box), 1e-6) / 8), 4326)) b
  FROM unnest($1::text[], $2::text[], $4::text[]) c (schema, relation, name) CROSS JOIN LATERAL (SELECT ST_EstimatedExtent(c.schema, c.relation, c.name) box) e
  WHERE e.box IS NOT NULL) x WHERE b IS NOT NULL`

// bound asks the planner's statistics for the extent: of a table's column, or of the columns that a view shows.
func (o *Offers) bound(ctx context.Context, s *source) error {
	schemas, names, columns := []string{s.found.schema}, []string{s.found.name}, []string{s.geom.name}
	switch s.Kind {
	case offer.KindFunction:
		return nil
	case offer.KindView:
		rows, err := o.db.Pool.Query(ctx, `SELECT n.nspname::text, c.relname::text, a.attname::text FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
			JOIN pg_class c ON c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid JOIN pg_type t ON t.oid = a.atttypid
			WHERE r.ev_class = $1 AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND c.relkind IN ('r', 'p', 'm') AND t.typname = 'geometry'
			AND postgis_typmod_srid(a.atttypmod) = $2`, s.found.oid, s.geom.srid)
		if err != nil {
			return err
		}
		schemas, names, columns = nil, nil, nil
		var schema, name, column string
		if _, err := pgx.ForEachRow(rows, []any{&schema, &name, &column}, func() error {
			schemas, names, columns = append(schemas, schema), append(names, name), append(columns, column)
			return nil
		}); err != nil {
			return onlyServer(err)
		}
	}
	var b orb.Bound
	err := o.briefly(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, extentSQL, schemas, names, s.geom.srid, columns).Scan(&b.Min[0], &b.Min[1], &b.Max[0], &b.Max[1])
	})
	switch {
	case err == nil:
		s.Bound = b
	case isServerError(err) || errors.Is(err, pgx.ErrNoRows): // no statistics yet, or no right to see them
	default:
		return err
	}
	return nil
}

// briefly runs f in a transaction that PostgreSQL ends soon.
func (o *Offers) briefly(ctx context.Context, f func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, o.db.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, fmt.Sprintf(`SET LOCAL statement_timeout = %d`, examineTime.Milliseconds())); err != nil {
			return err
		}
		return f(tx)
	})
}

// rows is what stands behind FROM; query is the SQL of the argument of a function that takes one.
func (s *source) rows(query string) string {
	if s.found.function {
		return s.found.call(query)
	}
	return s.from
}

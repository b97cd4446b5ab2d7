package postgis_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"

	"wanglou/layers"
	"wanglou/layers/layerstest"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

func TestFollowerIsASource(t *testing.T) {
	t.Parallel()
	layerstest.Exercise(t, func(t *testing.T) layerstest.Harness {
		db := postgistest.New(t)
		for _, sql := range []string{
			`CREATE TABLE plot (id bigint PRIMARY KEY, name text, status text, area_path text, geom geometry(Polygon, 4326))`,
			`ALTER TABLE plot ALTER geom SET STORAGE EXTERNAL`,
			`ALTER PUBLICATION wanglou ADD TABLE plot`,
		} {
			run(t, db, sql)
		}
		return plots{db}
	})
}

// plots is the suite's table in a database of the test's own.
type plots struct{ db *postgis.DB }

func (p plots) NewSource(t *testing.T) layers.Source {
	return postgis.NewFollower(p.db, postgis.Publication, postgistest.Log(t))
}

func (p plots) Cut(t *testing.T) {
	run(t, p.db, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'wanglou follower'`)
}

func (p plots) Commit(t *testing.T, ops ...layerstest.Op) {
	t.Helper()
	if err := p.transact(t.Context(), true, ops); err != nil {
		t.Fatal(err)
	}
}

func (p plots) Rollback(t *testing.T, ops ...layerstest.Op) {
	t.Helper()
	if err := p.transact(t.Context(), false, ops); err != nil {
		t.Fatal(err)
	}
}

func (p plots) transact(ctx context.Context, commit bool, ops []layerstest.Op) error {
	tx, err := p.db.Pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	var batch pgx.Batch
	for _, op := range ops {
		r := op.Row
		switch op.Kind {
		case layerstest.OpInsert:
			batch.Queue(`INSERT INTO plot VALUES ($1, $2, $3, nullif($4, ''), ST_GeomFromText($5, 4326))`, r.ID, r.Name, r.Status, r.Area, text(r.Geometry))
		case layerstest.OpUpdate:
			batch.Queue(`UPDATE plot SET name = $2, status = $3, area_path = nullif($4, ''), geom = ST_GeomFromText($5, 4326) WHERE id = $1`,
				r.ID, r.Name, r.Status, r.Area, text(r.Geometry))
		case layerstest.OpSetStatus:
			batch.Queue(`UPDATE plot SET status = $2 WHERE id = $1`, r.ID, r.Status)
		case layerstest.OpDelete:
			batch.Queue(`DELETE FROM plot WHERE id = $1`, r.ID)
		case layerstest.OpTruncate:
			batch.Queue(`TRUNCATE plot`)
		}
	}
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return err
	}
	if !commit {
		return nil
	}
	return tx.Commit(ctx)
}

func text(p orb.Polygon) *string {
	if p == nil {
		return nil
	}
	s := wkt.MarshalString(p)
	return &s
}

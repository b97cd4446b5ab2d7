package postgis

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wanglou/layers/camera/sight"
)

// Buildings implements sight.Source over the basemap's buildings. It is safe for concurrent use.
type Buildings struct{ db *DB }

// NewBuildings returns the buildings of db.
func NewBuildings(db *DB) *Buildings { return &Buildings{db} }

// Version implements sight.Source.
func (s *Buildings) Version(ctx context.Context) (version int64, err error) {
	return version, Wrap(s.db.Pool.QueryRow(ctx, `SELECT version FROM basemap_building_version`).Scan(&version))
}

// Scene implements sight.Source. Version and buildings are those of one moment.
func (s *Buildings) Scene(ctx context.Context) (*sight.Scene, error) {
	var (
		version   int64
		buildings []sight.Building
	)
	err := pgx.BeginTxFunc(ctx, s.db.Pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT version FROM basemap_building_version`).Scan(&version); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT min_height_m, height_m, ST_AsBinary(geom) FROM basemap_building WHERE height_m > min_height_m ORDER BY id`)
		if err != nil {
			return err
		}
		buildings, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (b sight.Building, err error) {
			var shape []byte
			if err := row.Scan(&b.Base, &b.Top, &shape); err != nil {
				return b, err
			}
			g, err := wkb.Unmarshal(shape)
			if err != nil {
				return b, err
			}
			b.Footprint, _ = g.(orb.Polygon) // the column has no other kind
			return b, nil
		})
		return err
	})
	if err != nil {
		return nil, Wrap(err)
	}
	return sight.NewScene(buildings, version), nil
}

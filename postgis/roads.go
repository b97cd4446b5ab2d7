package postgis

import (
	"context"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wanglou/layers/road"
	"wanglou/postgis/copyin"
)

// roadLimits bound how far units are looked for by road. Who is farther away is measured straight, and is too far all the same.
var roadLimits = road.Limits{Metres: 60_000, Seconds: 2 * 3600}

// roadPoll is how soon a change of the basemap's roads is seen.
const roadPoll = 15 * time.Second

// Roads keeps the network of the basemap's roads in memory, and makes it anew when they change: off the way of every request. It is safe for concurrent use.
type Roads struct {
	db    *DB
	log   *slog.Logger
	graph atomic.Pointer[road.Graph]
}

// NewRoads returns the roads of db, none so far: see [Roads.Run].
func NewRoads(db *DB, log *slog.Logger) *Roads { return &Roads{db: db, log: log} }

// Ways is how far units are by road: it implements unit.Ways.
func (r *Roads) Ways(at orb.Point, units []orb.Point) []road.Way {
	if r == nil {
		return nil
	}
	return r.graph.Load().From(at, units, roadLimits)
}

// Run follows the basemap until ctx ends. While the database is away the last network holds.
func (r *Roads) Run(ctx context.Context) error {
	loaded := int64(-1)
	ticker := time.NewTicker(roadPoll)
	defer ticker.Stop()
	for {
		if version, err := r.Load(ctx, loaded); err == nil {
			loaded = version
		} else if ctx.Err() == nil {
			r.log.Debug("the roads are read later", "err", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Load makes the network, unless it is that of the version that is loaded already; it returns the basemap's version.
func (r *Roads) Load(ctx context.Context, loaded int64) (version int64, err error) {
	err = pgx.BeginTxFunc(ctx, r.db.Pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM basemap_road_version`).Scan(&version); err != nil || version == loaded {
			return err
		}
		began := time.Now()
		rows, err := tx.Query(ctx, `SELECT kind, ST_AsBinary(geom) FROM basemap_road ORDER BY id`)
		if err != nil {
			return err
		}
		b := road.NewBuilder()
		var (
			kind string
			geom []byte
		)
		if _, err = pgx.ForEachRow(rows, []any{&kind, &geom}, func() error {
			shape, err := wkb.Unmarshal(geom)
			if err != nil {
				return err
			}
			if line, ok := shape.(orb.LineString); ok {
				b.Add(kind, line)
			}
			return nil
		}); err != nil {
			return err
		}
		g := b.Graph()
		r.graph.Store(g)
		r.log.Debug("roads are loaded", "places", g.Places(), "took", time.Since(began).Round(time.Millisecond))
		return nil
	})
	return version, Wrap(err)
}

// BasemapRoad is one road of a basemap: kind and rank as docs/basemap.md has them.
type BasemapRoad struct {
	Kind         string
	Name, NameEN string // "" where it has none
	Rank         int
	Line         orb.LineString // EPSG:4326
}

// ReplaceRoads puts other roads in place of the basemap's, all or nothing, and returns how many.
func ReplaceRoads(ctx context.Context, db *DB, roads iter.Seq2[BasemapRoad, error]) (n int64, err error) {
	err = db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM basemap_road`); err != nil {
			return err
		}
		n, err = copyin.Rows(ctx, tx, "basemap_road", []string{"kind", "name", "name_en", "rank", "geom"}, func(yield func([]any, error) bool) {
			for r, err := range roads {
				var name any
				if r.Name != "" {
					name = r.Name
				}
				if !yield([]any{r.Kind, name, r.NameEN, r.Rank, r.Line}, err) {
					return
				}
			}
		})
		return err
	})
	return n, err
}

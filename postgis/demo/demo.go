// Package demo generates the county that a fresh installation shows: Tonglu 桐庐县 with its real outline and the real names and codes of its
// towns and villages; everything else is invented and said to be so (示意). Equal seeds give equal counties.
//
// Everything is drawn on a plane of metres (frame.go) and written in one transaction:
//
//	outline.go      the real outline and names, out of the embedded data
//	geography.go    what is drawn by hand: town seats, rivers, motorways
//	water.go        streams that find their way, valley floors
//	settlement.go   towns' and villages' territories and seats
//	lattice.go      streets; roads.go: the roads between settlements
//	buildings.go    what stands on the blocks
//	areas.go …      the rows
package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/dictionary"
)

const (
	countyName = "桐庐县"
	// DefaultSeed is the county of screenshots and documents.
	DefaultSeed = 1
	// Source marks the rows of the demo where a table names its sources.
	Source = "demo"
	// Simulated marks the reports that the simulation of the demo sends.
	Simulated = "simulate"
)

// Options say what to generate. The zero value is the usual demo county, now.
type Options struct {
	Seed  uint64    // 0: DefaultSeed
	Scale int       // times 2,000 cameras; 0: 1
	Now   time.Time // the county's present; zero: time.Now
}

// Summary says what was written.
type Summary struct {
	Towns, Villages, Grids, Buildings, Cameras int
}

// State says what a database holds.
type State string

const (
	Empty  State = "empty"  // no areas at all
	Seeded State = "seeded" // the demo county
	Other  State = "other"  // somebody's own data
)

// Inspect says what the database holds.
func Inspect(ctx context.Context, db *postgis.DB) (State, error) {
	state, err := inspect(ctx, db.Pool)
	return state, postgis.Wrap(err)
}

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func inspect(ctx context.Context, q querier) (State, error) {
	var demo, used bool
	err := q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM setting WHERE key = 'county' AND value -> 'demo' = 'true'),
		EXISTS (SELECT FROM area) OR EXISTS (SELECT FROM incident) OR EXISTS (SELECT FROM camera)`).Scan(&demo, &used)
	switch {
	case err != nil:
		return "", err
	case demo:
		return Seeded, nil
	case used:
		return Other, nil
	}
	return Empty, nil
}

// Seed writes the demo county into an empty database. CodeConflict when the database holds one already, or holds anything else;
// CodeUnavailable when the binary was built without the county's data.
func Seed(ctx context.Context, db *postgis.DB, o Options) (*Summary, error) {
	if o.Seed == 0 {
		o.Seed = DefaultSeed
	}
	if o.Scale == 0 {
		o.Scale = 1
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.Scale < 1 || o.Scale > 500 {
		return nil, layers.Invalid("scale", "out_of_range", "scale is 1 to 500, not %d", o.Scale)
	}
	c, err := newCounty(o.Seed)
	if err != nil {
		return nil, err
	}
	err = pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error {
		// One long transaction by intention; nobody else seeds at the same time.
		if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
			SELECT pg_advisory_xact_lock(hashtext('wanglou seed'))`); err != nil {
			return err
		}
		state, err := inspect(ctx, tx)
		if err != nil {
			return err
		}
		switch state {
		case Seeded:
			return &layers.Error{Code: layers.CodeConflict, Reason: "already_seeded", Msg: "the demo county is there already; --reset empties it first"}
		case Other:
			return &layers.Error{Code: layers.CodeConflict, Reason: "database_in_use", Msg: "the database holds other data: the demo county goes into an empty one"}
		}
		return c.write(ctx, tx, o)
	})
	if err != nil {
		return nil, postgis.Wrap(err)
	}
	if _, err := postgis.NewIncidents(db).RecomputeDeadlines(ctx); err != nil {
		return nil, err
	}
	if err := seedRequests(ctx, db); err != nil {
		return nil, err
	}
	return &Summary{Towns: len(towns), Villages: len(c.villages), Grids: len(c.cells), Buildings: len(c.buildings), Cameras: camerasAtScaleOne * o.Scale},
		postgis.Wrap(analyze(ctx, db))
}

func (c *county) write(ctx context.Context, tx pgx.Tx, o Options) error {
	crews := c.crews(o.Now)
	stories, err := c.stories(crews, o.Now)
	if err != nil {
		return err
	}
	steps := []func() error{
		func() error { return dictionary.LoadTx(ctx, tx) },
		func() error { return c.writeAreas(ctx, tx) },
		func() error { return c.writeBasemap(ctx, tx) },
		func() error { return c.writeDepartments(ctx, tx) },
		func() error { return c.writeCameras(ctx, tx, camerasAtScaleOne*o.Scale, o.Now) },
		func() error { return c.writeUnits(ctx, tx, crews, o.Now) },
		func() error { return writeDutyGrids(ctx, tx) },
		func() error { return c.writeUsers(ctx, tx) },
		func() error { return c.writeShifts(ctx, tx, o.Now) },
		func() error { return c.writeCases(ctx, tx, stories) },
		func() error { return c.writeReports(ctx, tx, stories, o.Now) },
		func() error { return c.writeSurveys(ctx, tx, o.Now) },
		func() error { return c.writeKnowledge(ctx, tx) },
		func() error { return c.writePlans(ctx, tx, o.Now) },
		func() error { return c.writeSetting(ctx, tx) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// analyze gives the planner its statistics at once: autovacuum would come a minute too late for the first visitors.
func analyze(ctx context.Context, db *postgis.DB) error {
	_, err := db.Pool.Exec(ctx, `ANALYZE`)
	return err
}

// writeSetting frames the county: name, the view in which a console opens, the mark that it is illustrative.
func (c *county) writeSetting(ctx context.Context, tx pgx.Tx) error {
	value, err := json.Marshal(map[string]any{
		"name": countyName, "name_en": "Tonglu County", "demo": true, "timezone": "Asia/Shanghai",
		"attribution": "示意数据，非真实测绘成果 · Illustrative data",
		"view":        map[string]any{"center": []float64{119.6945, 29.8005}, "zoom": 13.35, "pitch": 54, "bearing": -16},
	})
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO setting (key, value) VALUES ('county', $1)`, value); err != nil {
		return fmt.Errorf("setting: %w", err)
	}
	return nil
}

// Touch makes the positions of the demo's units current: units whose position is old are not proposed, and nobody drives in a demo that
// was left alone.
func Touch(ctx context.Context, db *postgis.DB, now time.Time) error {
	_, err := db.Pool.Exec(ctx, `UPDATE position SET source_time = $1, receive_time = $1
		WHERE EXISTS (SELECT FROM setting WHERE key = 'county' AND value -> 'demo' = 'true')`, now)
	return postgis.Wrap(err)
}

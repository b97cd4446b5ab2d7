package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"wanglou/postgis"
	"wanglou/postgis/simulate"
)

// SimulateCmd makes the demo county live until it is stopped.
type SimulateCmd struct {
	Rate     float64       `default:"1" help:"How many times as much happens as on an ordinary day: cameras that fail, reports, work."`
	Speed    float64       `default:"1" help:"How many times as fast units drive, for a time-lapse."`
	Seed     uint64        `default:"1" help:"Equal seeds decide alike, as far as time and people let them."`
	For      time.Duration `placeholder:"SPAN" help:"How long, e.g. 30m. Empty: until it is stopped."`
	MaxOpen  int           `name:"max-open" default:"32" help:"Cases that may be open at a time; beyond it reports wait."`
	Anywhere bool          `help:"Also in a database that is not the demo county. It writes invented cases among real ones."`
}

// Run simulates, and says what was done when it ends.
func (c *SimulateCmd) Run(ctx context.Context, app *App) error {
	db, closeDB, err := app.Open(ctx)
	if err != nil {
		return err
	}
	defer closeDB()
	fmt.Fprintln(app.Stdout, "the county lives (示意: nothing of it is true) until this is stopped")
	done, err := simulate.Run(ctx, db, simulate.Options{Rate: c.Rate, Speed: c.Speed, Seed: c.Seed, For: c.For, MaxOpen: c.MaxOpen, Anywhere: c.Anywhere}, app.Logger)
	if done != nil {
		fmt.Fprintf(app.Stdout, "%d reports, %d cases, %d of them or of earlier ones closed, %d tasks done, %d changes of cameras, %d detections, %d positions\n",
			done.Reports, done.Cases, done.Closed, done.Tasks, done.Cameras, done.Detections, done.Fixes)
	}
	return err
}

// keepSimulating simulates beside a server for as long as ctx lasts. The server serves on whatever happens to the simulation; where another node
// simulates already, this one takes over when that one ends.
func keepSimulating(ctx context.Context, db *postgis.DB, log *slog.Logger) error {
	for told := false; ; {
		_, err := simulate.Run(ctx, db, simulate.Options{}, log)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !told || !simulate.IsBusy(err) {
			log.Warn("the simulation stands still and is tried again every minute", "err", err)
		}
		told = true
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Minute):
		}
	}
}

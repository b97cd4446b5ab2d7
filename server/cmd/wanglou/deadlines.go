package main

import (
	"context"
	"fmt"

	"wanglou/postgis"
)

// DeadlinesCmd computes deadlines anew.
type DeadlinesCmd struct{}

// Run is for whoever has changed limits or the calendar: see docs/clocks.md.
func (DeadlinesCmd) Run(ctx context.Context, app *App) error {
	db, closeDB, err := app.Open(ctx)
	if err != nil {
		return err
	}
	defer closeDB()
	changed, err := postgis.NewIncidents(db).RecomputeDeadlines(ctx)
	fmt.Fprintf(app.Stdout, "%d deadlines changed\n", changed)
	return err
}

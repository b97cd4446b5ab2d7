package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"wanglou/postgis/demo"
)

// SeedCmd writes the demo county into an empty database.
type SeedCmd struct {
	Scale   int    `default:"1" help:"Times 2,000 cameras; 50 makes 100,000. Everything else stays as it is."`
	Seed    uint64 `default:"1" help:"Another number makes another county around the same river and names."`
	Reset   bool   `help:"Empty the demo county first. Refused where the database holds a real one."`
	IfEmpty bool   `help:"Do nothing, and succeed, where the database holds something already."`
}

// Run seeds, and prints the demo accounts.
func (c *SeedCmd) Run(ctx context.Context, app *App) error {
	db, closeDB, err := app.Open(ctx)
	if err != nil {
		return err
	}
	defer closeDB()
	if c.IfEmpty && !c.Reset {
		state, err := demo.Inspect(ctx, db)
		if err != nil {
			return err
		}
		switch state {
		case demo.Seeded:
			fmt.Fprintln(app.Stdout, "the demo county (示意) is there already")
			return demo.Touch(ctx, db, time.Now())
		case demo.Other:
			fmt.Fprintln(app.Stdout, "the database holds data of its own: nothing is seeded")
			return nil
		}
	}
	if c.Reset {
		if err := demo.Reset(ctx, db); err != nil {
			return err
		}
		fmt.Fprintln(app.Stdout, "the demo county is emptied")
	}
	start := time.Now()
	s, err := demo.Seed(ctx, db, demo.Options{Seed: c.Seed, Scale: c.Scale})
	if err != nil {
		return err
	}
	fmt.Fprintf(app.Stdout, "demo county Tonglu 桐庐 (示意: generated, not surveyed) in %.1f s: %d towns, %d villages, %d unit grids, %d buildings, %d cameras\n",
		time.Since(start).Seconds(), s.Towns, s.Villages, s.Grids, s.Buildings, s.Cameras)
	return c.printUsers(app)
}

func (c *SeedCmd) printUsers(app *App) error {
	fmt.Fprintf(app.Stdout, "\nDemo log-ins, password %q for all. The password is public: keep this database away from strangers;\na real installation makes its own with `wanglou user add`.\n", demo.Password)
	w := tabwriter.NewWriter(app.Stdout, 2, 0, 2, ' ', 0)
	for _, u := range demo.Users {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", u.Login, u.Role, u.Area)
	}
	return w.Flush()
}

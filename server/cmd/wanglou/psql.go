package main

import (
	"context"
	"errors"
	"os/exec"

	"wanglou/layers"
	"wanglou/postgis"
)

// PsqlCmd opens psql on the installation's database, wherever that is.
type PsqlCmd struct {
	Args []string `arg:"" optional:"" passthrough:"" help:"Arguments of psql, e.g. -c \"update camera set status='offline' where id=17\"."`
}

// Run hands the terminal to psql and returns when it ends.
func (c *PsqlCmd) Run(ctx context.Context, app *App) error {
	url := app.DatabaseURL
	if url == "" {
		cluster, err := postgis.StartCluster(ctx, app.Cluster(), app.Logger)
		if err != nil {
			return err
		}
		defer cluster.Close()
		url = cluster.URL()
	}
	args := c.Args
	if len(args) > 0 && args[0] == "--" { // kong hands it on where no flag stands before it; psql would end its flags there
		args = args[1:]
	}
	cmd := exec.CommandContext(ctx, "psql", append([]string{"--dbname", url}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = app.Stdin, app.Stdout, app.Stderr
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "psql_missing", Msg: "psql is not installed (Debian: postgresql-client-15)", Err: err}
	}
	return err
}

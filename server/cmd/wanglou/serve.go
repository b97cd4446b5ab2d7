package main

import "context"

// ServeCmd runs the server.
type ServeCmd struct {
	Addr string `env:"WANGLOU_ADDR" default:"127.0.0.1:8080" help:"Address to listen on."`
}

// Run serves until ctx ends.
func (c *ServeCmd) Run(ctx context.Context, app *App) error {
	_, closeDB, err := app.Open(ctx)
	if err != nil {
		return err
	}
	defer closeDB()
	<-ctx.Done()
	return nil
}

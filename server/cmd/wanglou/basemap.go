package main

import (
	"context"
	"fmt"
	"path/filepath"

	"wanglou/deploy/basemap"
)

// BasemapCmd groups what is done about the map under everything.
type BasemapCmd struct {
	Build BasemapBuildCmd `cmd:"" help:"Make the basemap out of an OpenStreetMap extract (needs tilemaker)."`
}

// BasemapBuildCmd makes the basemap archive.
type BasemapBuildCmd struct {
	File string `arg:"" type:"path" help:"OpenStreetMap extract, *.osm.pbf."`
	Out  string `type:"path" placeholder:"FILE" help:"Archive to make or replace. Empty: tiles/basemap.mbtiles under the data folder, which a running server takes up by itself."`
}

// Run builds the archive, shows how far it is, and puts it into place when it is whole.
func (c *BasemapBuildCmd) Run(ctx context.Context, app *App) error {
	out := c.Out
	if out == "" {
		out = filepath.Join(app.Data, "tiles", "basemap.mbtiles")
	}
	bar := progressBar{w: app.Stderr}
	result, err := basemap.Build(ctx, basemap.Options{Input: c.File, Output: out, Progress: func(p basemap.Progress) { bar.show(p.Step, p.Done, p.Total) }})
	bar.clear()
	if err != nil {
		return err
	}
	if result.NoCoast != nil {
		fmt.Fprintln(app.Stderr, "the sea is left out:", result.NoCoast)
	}
	fmt.Fprintf(app.Stdout, "%s: %d tiles, %.1f MB\n", out, result.Tiles, float64(result.Bytes)/1e6)
	return nil
}

package main

import (
	"context"
	"fmt"
	"path/filepath"

	"wanglou/deploy/basemap"
	"wanglou/postgis"
)

// BasemapCmd groups what is done about the map under everything.
type BasemapCmd struct {
	Build BasemapBuildCmd `cmd:"" help:"Make the basemap out of an OpenStreetMap extract (needs tilemaker)."`
	Roads BasemapRoadsCmd `cmd:"" help:"Load the roads of an OpenStreetMap extract: units are then recommended by road distance (needs GDAL)."`
}

// BasemapRoadsCmd puts an extract's roads in place of those in the database.
type BasemapRoadsCmd struct {
	File string `arg:"" type:"path" help:"OpenStreetMap extract, *.osm.pbf."`
}

// Run loads them; running servers take them up by themselves.
func (c *BasemapRoadsCmd) Run(ctx context.Context, app *App) error {
	db, closeDB, err := app.Open(ctx)
	if err != nil {
		return err
	}
	defer closeDB()
	n, err := postgis.ReplaceRoads(ctx, db, basemap.Roads(ctx, c.File))
	if err != nil {
		return err
	}
	fmt.Fprintf(app.Stdout, "%d roads\n", n)
	return nil
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

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"wanglou/deploy/terrain"
	"wanglou/postgis/demo"
)

// TerrainCmd groups what is done about the shape of the ground.
type TerrainCmd struct {
	Build TerrainBuildCmd `cmd:"" help:"Make the terrain out of digital elevation models (needs GDAL)."`
	Demo  TerrainDemoCmd  `cmd:"" help:"Make invented terrain for the demo county (needs GDAL)."`
}

// TerrainBuildCmd makes the terrain archive.
type TerrainBuildCmd struct {
	Files       []string `arg:"" type:"path" help:"Elevation models: GeoTIFF, SRTM .hgt or .hgt.zip, whatever GDAL reads. Where they overlap the later one counts."`
	Out         string   `type:"path" placeholder:"FILE" help:"Archive to make or replace, .mbtiles or .pmtiles. Empty: tiles/terrain.pmtiles under the data folder, which a running server takes up by itself."`
	WebP        bool     `name:"webp" help:"Lossless WebP instead of PNG: smaller, slower to make."`
	MaxZoom     int      `placeholder:"ZOOM" help:"Deepest zoom. Default: the first whose pixels are finer than the models'."`
	NoData      *float64 `name:"nodata" placeholder:"HEIGHT" help:"The height that means unknown, where the files do not say so themselves."`
	Attribution string   `placeholder:"TEXT" help:"Whose data these are; the map shows it."`
	MaxScratch  int64    `name:"max-scratch-gb" placeholder:"GB" help:"Room for the scratch file. Default: what the disk has free."`
}

// Run builds the archive, shows how far it is, and puts it into place when it is whole.
func (c *TerrainBuildCmd) Run(ctx context.Context, app *App) error {
	out := c.Out
	if out == "" {
		out = filepath.Join(app.Data, "tiles", "terrain.pmtiles")
	}
	bar := progressBar{w: app.Stderr}
	result, err := terrain.Build(ctx, terrain.Options{
		Inputs: c.Files, Output: out, WebP: c.WebP, MaxZoom: c.MaxZoom, NoData: c.NoData, Attribution: c.Attribution, MaxScratch: c.MaxScratch * 1e9,
		Progress: func(p terrain.Progress) { bar.show(p.Step, p.Done, p.Total) },
	})
	bar.clear()
	if err != nil {
		return err
	}
	fmt.Fprintf(app.Stdout, "%s: %d tiles to zoom %d, %.1f MB, %.1f %% of the pixels filled\n", out, result.Tiles, result.MaxZoom, float64(result.Bytes)/1e6, 100*result.Filled)
	return nil
}

// TerrainDemoCmd makes the terrain of the demo county.
type TerrainDemoCmd struct {
	Out string `type:"path" placeholder:"FILE" help:"Archive to make or replace. Empty: tiles/terrain.pmtiles under the data folder, which a running server takes up by itself."`
}

// Run writes the county's heights as an elevation model, and builds the terrain out of it.
func (c *TerrainDemoCmd) Run(ctx context.Context, app *App) error {
	dir, err := os.MkdirTemp("", "wanglou-heights-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	model := filepath.Join(dir, "heights.asc")
	f, err := os.Create(model)
	if err != nil {
		return err
	}
	if err := errors.Join(demo.WriteModel(f), f.Close(), os.WriteFile(filepath.Join(dir, "heights.prj"), []byte(demo.ModelSRS), 0o600)); err != nil {
		return err
	}
	build := TerrainBuildCmd{Files: []string{model}, Out: c.Out, Attribution: "示意地形 illustrative heights"}
	return build.Run(ctx, app)
}

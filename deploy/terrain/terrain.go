// Package terrain makes an archive of heights out of digital elevation models: GDAL brings them onto the grid of the tiles, voids are filled
// here, and each tile is a picture whose colours are heights (terrarium: metres = red × 256 + green + blue / 256 − 32768).
package terrain

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/tiles"
	"wanglou/tiles/pmtiles"
)

const (
	// tileSize is the side of a tile in pixels. MapLibre makes one mesh a tile: larger tiles are fewer requests for the same ground.
	tileSize = 512
	// autoZoom is the deepest zoom that is chosen without being asked for: 2.4 m a pixel at the equator.
	autoZoom = 15
	// tileBytes is what a tile takes in the scratch file.
	tileBytes = tileSize * tileSize * 4
	// step is the smallest difference of heights that is kept, in metres: finer ones are noise of the models, and cost half of the archive.
	step = 1.0 / 16
)

// Options says what to build.
type Options struct {
	Inputs      []string // elevation models of one band, in any form and coordinate system that GDAL reads; where they overlap the later one counts
	Output      string   // the .pmtiles or .mbtiles file to make or to replace
	WebP        bool     // lossless WebP instead of PNG: about a third smaller, a few times slower to make
	MaxZoom     int      // deepest zoom; 0: the first whose pixels are finer than those of the finest model
	NoData      *float64 // the height that means "unknown" where the files do not say so
	Attribution string
	MaxScratch  int64 // bytes of scratch file beside the output; 0: what the disk has free
	Progress    func(Progress)
}

// Progress is how far a build has come.
type Progress struct {
	Step        string // "reading" the models, "filling" the voids, "writing" the tiles
	Done, Total int    // blocks or tiles
}

// Result is what a build has made.
type Result struct {
	Tiles   int
	Bytes   int64
	MaxZoom int
	Bound   orb.Bound
	Filled  float64 // share of the deepest zoom's pixels that no model knew, 0–1; what lies beside the models counts
}

// Build makes the archive and puts it into place when it is whole: a server that follows the folder goes on with the old one until then. Memory
// is bounded (a block of 4 × 4 tiles and a few tiles more, whatever the size of the models); the scratch file takes 1 MiB a tile and is made in
// the output's folder. Errors: CodeNotFound when an input is not there, CodeInvalid when it is no elevation model, CodeUnavailable when GDAL
// is not installed, CodeStorageFull, CodeTooLarge.
func Build(ctx context.Context, o Options) (Result, error) {
	form := filepath.Ext(o.Output)
	if form != ".mbtiles" && form != ".pmtiles" {
		return Result{}, layers.Invalid("out", "extension", "%s: the archive's name has to end in .mbtiles or .pmtiles", o.Output)
	}
	if o.MaxZoom < 0 || o.MaxZoom > 18 {
		return Result{}, layers.Invalid("max-zoom", "out_of_range", "the deepest zoom is between 1 and 18")
	}
	gdal, err := findGDAL()
	if err != nil {
		return Result{}, err
	}
	models, err := gdal.inspect(ctx, o.Inputs)
	if err != nil {
		return Result{}, err
	}
	if err := os.MkdirAll(filepath.Dir(o.Output), 0o755); err != nil {
		return Result{}, err
	}
	// In the same folder, so that putting it into place is one rename.
	dir, err := os.MkdirTemp(filepath.Dir(o.Output), ".terrain-")
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &build{Options: o, gdal: gdal, models: models, dir: dir, zoom: o.MaxZoom}
	if b.zoom == 0 {
		b.zoom = zoomOf(models)
	}
	made := filepath.Join(dir, "terrain"+form)
	result, err := b.run(ctx, made)
	if err != nil {
		if ctx.Err() != nil {
			return Result{}, ctx.Err()
		}
		if errors.Is(err, syscall.ENOSPC) {
			err = &layers.Error{Code: layers.CodeStorageFull, Msg: "the disk is full", Err: err}
		}
		return Result{}, err
	}
	return result, os.Rename(made, o.Output)
}

type build struct {
	Options
	gdal   gdal
	models []model
	dir    string
	zoom   int
	tiles  *pyramid
	void   int64 // pixels of the deepest zoom that no model knew
}

func (b *build) run(ctx context.Context, made string) (Result, error) {
	wanted, err := b.plan()
	if err != nil {
		return Result{}, err
	}
	if b.tiles, err = newPyramid(filepath.Join(b.dir, "heights")); err != nil {
		return Result{}, err
	}
	defer b.tiles.close()
	if err := b.read(ctx, wanted); err != nil {
		return Result{}, err
	}
	if err := b.fill(ctx, wanted); err != nil {
		return Result{}, err
	}
	r := Result{MaxZoom: b.zoom, Bound: boundOf(b.models)}
	r.Filled = float64(b.void) / float64(int64(len(wanted))*tileSize*tileSize)
	if r.Tiles, r.Bytes, err = b.write(ctx, made, r.Bound); err != nil {
		return Result{}, err
	}
	return r, nil
}

// plan returns the tiles of the deepest zoom that touch a model, and refuses what the disk cannot hold.
func (b *build) plan() ([]tiles.Coord, error) {
	free := b.MaxScratch
	if free == 0 {
		var fs syscall.Statfs_t
		if err := syscall.Statfs(b.dir, &fs); err != nil {
			return nil, err
		}
		free = int64(fs.Bavail) * fs.Bsize
	}
	most := free * 3 / 5 / tileBytes // of the rest take upper zooms a third, and the archive a tenth
	wanted := map[tiles.Coord]bool{}
	for _, m := range b.models {
		low, high := tileRange(m.bound, b.zoom)
		if int64(high[0]-low[0]+1)*int64(high[1]-low[1]+1)+int64(len(wanted)) > most {
			return nil, &layers.Error{Code: layers.CodeStorageFull, Reason: "scratch_too_small", Msg: fmt.Sprintf(
				"%s and the models before it make more than %d tiles at zoom %d, for which there is no room (%.1f GB); choose a smaller --max-zoom or another disk",
				m.path, most, b.zoom, float64(free)/1e9)}
		}
		for y := low[1]; y <= high[1]; y++ {
			for x := low[0]; x <= high[0]; x++ {
				wanted[tiles.Coord{Z: uint8(b.zoom), X: x, Y: y}] = true
			}
		}
	}
	return sorted(wanted), nil
}

// sorted returns coordinates in the order of the archive.
func sorted(set map[tiles.Coord]bool) []tiles.Coord {
	out := make([]tiles.Coord, 0, len(set))
	for c := range set {
		out = append(out, c)
	}
	id := func(c tiles.Coord) uint64 {
		n, _ := pmtiles.TileID(c.Z, c.X, c.Y)
		return n
	}
	slices.SortFunc(out, func(a, b tiles.Coord) int {
		if x, y := id(a), id(b); x < y {
			return -1
		} else if x > y {
			return 1
		}
		return 0
	})
	return out
}

func (b *build) tell(step string, done, total int) {
	if b.Progress != nil {
		b.Progress(Progress{Step: step, Done: done, Total: total})
	}
}

const (
	earth  = 6378137.0
	world  = 2 * math.Pi * earth // of Web Mercator, metres
	maxLat = 85.0511
)

// zoomOf returns the first zoom whose pixels are finer than those of the finest model.
func zoomOf(models []model) int {
	finest := models[0]
	for _, m := range models {
		if m.pixel < finest.pixel {
			finest = m
		}
	}
	lat := math.Min(math.Abs(finest.bound.Center()[1]), maxLat) * math.Pi / 180
	for z := range autoZoom {
		if world/tileSize/math.Exp2(float64(z))*math.Cos(lat) <= finest.pixel {
			return z
		}
	}
	return autoZoom
}

// tileRange returns the first and the last tile that a bound (EPSG:4326) touches.
func tileRange(b orb.Bound, zoom int) (low, high [2]uint32) {
	n := math.Exp2(float64(zoom))
	x := func(lon float64) uint32 { return uint32(min(max((lon+180)/360*n, 0), n-1)) }
	y := func(lat float64) uint32 {
		s := math.Sin(min(max(lat, -maxLat), maxLat) * math.Pi / 180)
		return uint32(min(max((0.5-math.Log((1+s)/(1-s))/4/math.Pi)*n, 0), n-1))
	}
	return [2]uint32{x(b.Min[0]), y(b.Max[1])}, [2]uint32{x(b.Max[0]), y(b.Min[1])}
}

func boundOf(models []model) orb.Bound {
	b := models[0].bound
	for _, m := range models[1:] {
		b = b.Union(m.bound)
	}
	b.Min[1], b.Max[1] = max(b.Min[1], -maxLat), min(b.Max[1], maxLat)
	return b
}

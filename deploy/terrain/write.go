package terrain

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"
	_ "modernc.org/sqlite" // the driver

	"wanglou/tiles"
	"wanglou/tiles/pmtiles"
)

// write makes the archive of all tiles. Pictures are made on all processors, a batch at a time, and written in order.
func (b *build) write(ctx context.Context, path string, bound orb.Bound) (n int, size int64, err error) {
	archive, err := b.createArchive(ctx, path, bound)
	if err != nil {
		return 0, 0, err
	}
	all := map[tiles.Coord]bool{}
	for c := range b.tiles.slots {
		all[c] = true
	}
	order := sorted(all)
	encode := encodePNG
	if b.WebP {
		encode = b.encodeWebP
	}
	batch := 2 * runtime.GOMAXPROCS(0)
	for start := 0; start < len(order); start += batch {
		part := order[start:min(start+batch, len(order))]
		bodies := make([][]byte, len(part))
		var g errgroup.Group
		g.SetLimit(runtime.GOMAXPROCS(0))
		for i, c := range part {
			h, err := b.tiles.get(c)
			if err != nil {
				return 0, 0, errors.Join(err, archive.abort())
			}
			g.Go(func() (err error) {
				bodies[i], err = encode(ctx, picture(h))
				return err
			})
		}
		err := errors.Join(g.Wait(), ctx.Err())
		for i, c := range part {
			if err == nil {
				err = archive.put(ctx, c, bodies[i])
				size += int64(len(bodies[i]))
			}
		}
		if err != nil {
			return 0, 0, errors.Join(err, archive.abort())
		}
		b.tell("writing", start+len(part), len(order))
	}
	return len(order), size, archive.finish(ctx)
}

// picture codes heights as colours. Heights are rounded to step, and never so that they leave what the colours can say.
func picture(h heights) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, tileSize, tileSize))
	for i, v := range h {
		code := uint32((math.Round(float64(v)/step)*step + 32768) * 256)
		p := img.Pix[4*i : 4*i+4 : 4*i+4]
		p[0], p[1], p[2], p[3] = byte(code>>16), byte(code>>8), byte(code), 255
	}
	return img
}

func encodePNG(_ context.Context, img *image.NRGBA) ([]byte, error) {
	var buf bytes.Buffer
	err := png.Encode(&buf, img)
	return buf.Bytes(), err
}

// encodeWebP makes a lossless WebP by gdal_translate, about 100 ms a tile: Go has no encoder that bears every picture.
func (b *build) encodeWebP(ctx context.Context, img *image.NRGBA) (body []byte, err error) {
	from, err := os.CreateTemp(b.dir, "*.png")
	if err != nil {
		return nil, err
	}
	to := from.Name() + ".webp"
	defer func() { err = errors.Join(err, os.Remove(from.Name())) }()
	fast := png.Encoder{CompressionLevel: png.NoCompression}
	if err := errors.Join(fast.Encode(from, img), from.Close()); err != nil {
		return nil, err
	}
	if _, err := run(exec.CommandContext(ctx, b.gdal.translate, "-q", "-of", "WEBP", "-co", "LOSSLESS=YES", from.Name(), to)); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.Remove(to)) }()
	return os.ReadFile(to)
}

// archive is where tiles are written to, in the order of their ids.
type archive interface {
	put(ctx context.Context, c tiles.Coord, body []byte) error
	finish(ctx context.Context) error
	abort() error
}

func (b *build) createArchive(ctx context.Context, path string, bound orb.Bound) (archive, error) {
	format, kind := "png", pmtiles.TypePNG
	if b.WebP {
		format, kind = "webp", pmtiles.TypeWebP
	}
	meta := map[string]string{"name": "terrain", "type": "baselayer", "version": "1", "format": format, "encoding": "terrarium", "attribution": b.Attribution}
	if filepath.Ext(path) == ".mbtiles" {
		meta["minzoom"], meta["maxzoom"] = "0", strconv.Itoa(b.zoom)
		meta["bounds"] = fmt.Sprintf("%.6f,%.6f,%.6f,%.6f", bound.Min[0], bound.Min[1], bound.Max[0], bound.Max[1])
		return createMBTiles(ctx, path, meta)
	}
	w, err := pmtiles.Create(path)
	if err != nil {
		return nil, err
	}
	h := pmtiles.Header{TileType: kind, TileCompression: pmtiles.CompressionNone, MinLon: bound.Min[0], MinLat: bound.Min[1], MaxLon: bound.Max[0], MaxLat: bound.Max[1]}
	text, err := json.Marshal(meta)
	return &pmtilesArchive{w, h, text}, err
}

type pmtilesArchive struct {
	w    *pmtiles.Writer
	h    pmtiles.Header
	meta []byte
}

func (a *pmtilesArchive) put(_ context.Context, c tiles.Coord, body []byte) error {
	return a.w.Put(c.Z, c.X, c.Y, body)
}
func (a *pmtilesArchive) finish(context.Context) error { return a.w.Close(a.h, a.meta) }
func (a *pmtilesArchive) abort() error                 { return a.w.Abort() }

type mbtilesArchive struct {
	db  *sql.DB
	tx  *sql.Tx
	row *sql.Stmt
}

func createMBTiles(ctx context.Context, path string, meta map[string]string) (archive, error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	a := &mbtilesArchive{db: db}
	// Nobody but us has the file, and it is thrown away when something goes wrong: no journal, no syncing but at the end.
	for _, statement := range []string{
		`PRAGMA journal_mode = OFF`, `PRAGMA synchronous = OFF`, `PRAGMA application_id = 0x4d504258`,
		`CREATE TABLE metadata (name text, value text)`,
		`CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob)`,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	if a.tx, err = db.BeginTx(context.WithoutCancel(ctx), nil); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	for name, value := range meta {
		if _, err := a.tx.ExecContext(ctx, `INSERT INTO metadata VALUES (?, ?)`, name, value); err != nil {
			return nil, errors.Join(err, a.abort())
		}
	}
	if a.row, err = a.tx.PrepareContext(ctx, `INSERT INTO tiles VALUES (?, ?, ?, ?)`); err != nil {
		return nil, errors.Join(err, a.abort())
	}
	return a, nil
}

func (a *mbtilesArchive) put(ctx context.Context, c tiles.Coord, body []byte) error {
	_, err := a.row.ExecContext(ctx, c.Z, c.X, 1<<c.Z-1-c.Y, body)
	return err
}

func (a *mbtilesArchive) finish(ctx context.Context) error {
	if _, err := a.tx.ExecContext(ctx, `CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row)`); err != nil {
		return errors.Join(err, a.abort())
	}
	return errors.Join(a.tx.Commit(), a.db.Close())
}

func (a *mbtilesArchive) abort() error { return errors.Join(a.tx.Rollback(), a.db.Close()) }

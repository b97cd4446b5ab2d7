// Package mbtiles reads MBTiles archives: SQLite files with one row a tile, as tilemaker, QGIS and GDAL write them.
//
// Files are opened read-only and taken for immutable: no lock is taken and nothing is written beside them. A file that is to
// change is replaced, not written to.
package mbtiles

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite", in Go alone
)

// Archive is an open archive. It is safe for concurrent use. The zero value is not usable.
type Archive struct {
	db   *sql.DB
	tile *sql.Stmt
	meta map[string]string
	zoom [2]int
}

// connections is how many tiles are read at a time: reading is memory copying, more than the processors have gains nothing.
const connections = 8

// Open opens the archive at path and reads its metadata.
func Open(ctx context.Context, path string) (*Archive, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Path: abs, RawQuery: "mode=ro&immutable=1"}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("mbtiles: %w", err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	a := &Archive{db: db}
	if err := a.read(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("mbtiles: %w", err)
	}
	return a, nil
}

// read takes in what does not change: the metadata and the zooms.
func (a *Archive) read(ctx context.Context) error {
	rows, err := a.db.QueryContext(ctx, `SELECT name, coalesce(value, '') FROM metadata`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	a.meta = make(map[string]string)
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		a.meta[name] = value
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if a.tile, err = a.db.PrepareContext(ctx, `SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?`); err != nil {
		return err
	}
	return a.readZooms(ctx)
}

// readZooms takes the zooms from the metadata, or from the tiles where the writer did not say.
func (a *Archive) readZooms(ctx context.Context) error {
	low, errLow := strconv.Atoi(a.meta["minzoom"])
	high, errHigh := strconv.Atoi(a.meta["maxzoom"])
	if errLow != nil || errHigh != nil {
		var l, h sql.NullInt64
		if err := a.db.QueryRowContext(ctx, `SELECT min(zoom_level), max(zoom_level) FROM tiles`).Scan(&l, &h); err != nil {
			return err
		}
		low, high = int(l.Int64), int(h.Int64)
	}
	if low < 0 || low > high || high > 30 {
		return fmt.Errorf("zooms %d to %d are impossible", low, high)
	}
	a.zoom = [2]int{low, high}
	return nil
}

// Close closes the file, after the reads that are under way.
func (a *Archive) Close() error { return a.db.Close() }

// Metadata returns the value of a row of the metadata table, "" when there is none.
func (a *Archive) Metadata(name string) string { return a.meta[name] }

// Zooms returns the lowest and the highest zoom.
func (a *Archive) Zooms() (low, high int) { return a.zoom[0], a.zoom[1] }

// Bound returns west, south, east, north in degrees (EPSG:4326); ok is false when the metadata has none that can be read.
func (a *Archive) Bound() (b [4]float64, ok bool) {
	parts := strings.Split(a.meta["bounds"], ",")
	if len(parts) != 4 {
		return b, false
	}
	for i, p := range parts {
		v, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil {
			return b, false
		}
		b[i] = v
	}
	return b, true
}

// Tile returns the bytes of the tile z/x/y (y down, unlike in the file) as they are in the file; nil when the archive does
// not have it.
func (a *Archive) Tile(ctx context.Context, z uint8, x, y uint32) ([]byte, error) {
	if z > 30 || y >= 1<<z {
		return nil, nil
	}
	var b []byte
	err := a.tile.QueryRowContext(ctx, z, x, 1<<z-1-y).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("mbtiles: tile %d/%d/%d: %w", z, x, y, err)
	}
	return b, nil
}

// Package mbtilestest makes small MBTiles archives for tests.
package mbtilestest

import (
	"database/sql"
	"testing"

	_ "modernc.org/sqlite" // the driver
)

// Tile is one tile of an archive, y down.
type Tile struct {
	Z    uint8
	X, Y uint32
	Body []byte
}

// Write makes the archive at path.
func Write(t testing.TB, path string, metadata map[string]string, tiles ...Tile) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := db.Exec(query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`CREATE TABLE metadata (name text, value text)`)
	exec(`CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob)`)
	exec(`CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row)`)
	for name, value := range metadata {
		exec(`INSERT INTO metadata VALUES (?, ?)`, name, value)
	}
	for _, tile := range tiles {
		exec(`INSERT INTO tiles VALUES (?, ?, ?, ?)`, tile.Z, tile.X, 1<<tile.Z-1-tile.Y, tile.Body)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

package mbtiles_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wanglou/tiles/mbtiles"
	"wanglou/tiles/mbtiles/mbtilestest"
)

func write(t *testing.T, metadata map[string]string, tiles ...mbtilestest.Tile) string {
	t.Helper()
	// Characters that mean something in a URL must not confuse the driver.
	path := filepath.Join(t.TempDir(), "a b?mode=rwc#%41.mbtiles")
	mbtilestest.Write(t, filepath.Join(filepath.Dir(path), "plain.mbtiles"), metadata, tiles...)
	if err := os.Rename(filepath.Join(filepath.Dir(path), "plain.mbtiles"), path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestArchive(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	path := write(t, map[string]string{"name": "county", "minzoom": "0", "maxzoom": "14", "bounds": "119.1, 29.5,119.9,30.1"},
		mbtilestest.Tile{Z: 2, X: 3, Y: 1, Body: []byte("north-east")}, mbtilestest.Tile{Z: 2, X: 3, Y: 2, Body: []byte("south-east")})
	a, err := mbtiles.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })

	for _, c := range []struct {
		z    uint8
		x, y uint32
		want string
	}{{2, 3, 1, "north-east"}, {2, 3, 2, "south-east"}, {2, 0, 0, ""}, {1, 0, 0, ""}, {2, 3, 4, ""}, {31, 0, 0, ""}} {
		got, err := a.Tile(ctx, c.z, c.x, c.y)
		if err != nil || string(got) != c.want {
			t.Errorf("tile %d/%d/%d = %q, %v; want %q", c.z, c.x, c.y, got, err, c.want)
		}
	}
	if got := a.Metadata("name"); got != "county" {
		t.Errorf("name = %q", got)
	}
	if low, high := a.Zooms(); low != 0 || high != 14 {
		t.Errorf("zooms = %d–%d", low, high)
	}
	if b, ok := a.Bound(); !ok || b != [4]float64{119.1, 29.5, 119.9, 30.1} {
		t.Errorf("bound = %v, %v", b, ok)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("reading left files beside the archive: %v, %v", entries, err)
	}
}

func TestZoomsOfTheTilesWhereTheWriterDidNotSay(t *testing.T) {
	t.Parallel()
	path := write(t, nil, mbtilestest.Tile{Z: 3, Body: []byte("a")}, mbtilestest.Tile{Z: 5, Body: []byte("b")})
	a, err := mbtiles.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	if low, high := a.Zooms(); low != 3 || high != 5 {
		t.Errorf("zooms = %d–%d", low, high)
	}
	if b, ok := a.Bound(); ok {
		t.Errorf("bound = %v", b)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text.mbtiles")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(dir, "cut.mbtiles")
	whole, err := os.ReadFile(write(t, map[string]string{"name": "x"}))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, want string }{
		{"missing", filepath.Join(dir, "none.mbtiles"), "unable to open"},
		{"not SQLite", text, "not a database"},
		{"cut off", cut, "malformed"},
		{"impossible zooms", write(t, map[string]string{"minzoom": "9", "maxzoom": "3"}), "zooms 9 to 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := mbtiles.Open(t.Context(), c.path)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v, want one with %q", err, c.want)
			}
		})
	}
}

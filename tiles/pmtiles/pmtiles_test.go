package pmtiles_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wanglou/tiles/pmtiles"
	"wanglou/tiles/pmtiles/pmtilestest"
)

func open(t *testing.T, b []byte) *pmtiles.Archive {
	t.Helper()
	a, err := pmtiles.New(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// tile returns the bytes of a tile, nil when the archive does not have it.
func tile(t *testing.T, a *pmtiles.Archive, z uint8, x, y uint32) []byte {
	t.Helper()
	loc, ok, err := a.Find(z, x, y)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return nil
	}
	b, err := a.Read(loc)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTileID(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		z    uint8
		x, y uint32
		want uint64
	}{
		{0, 0, 0, 0}, {1, 0, 0, 1}, {1, 0, 1, 2}, {1, 1, 1, 3}, {1, 1, 0, 4}, {2, 0, 0, 5}, {2, 1, 0, 6}, {12, 3423, 1763, 19078479},
	} {
		if got, ok := pmtiles.TileID(c.z, c.x, c.y); !ok || got != c.want {
			t.Errorf("TileID(%d, %d, %d) = %d, %v; want %d", c.z, c.x, c.y, got, ok, c.want)
		}
	}
	for _, c := range [][3]uint32{{0, 1, 0}, {3, 8, 0}, {3, 0, 8}, {32, 0, 0}} {
		if _, ok := pmtiles.TileID(uint8(c[0]), c[1], c[2]); ok {
			t.Errorf("TileID(%v) is on the grid", c)
		}
	}
}

func TestTileIDsOfAZoomAreANumberingOfNeighbours(t *testing.T) {
	t.Parallel()
	const z = 6
	places := make(map[uint64][2]int)
	for x := range 1 << z {
		for y := range 1 << z {
			id, _ := pmtiles.TileID(z, uint32(x), uint32(y))
			places[id] = [2]int{x, y}
		}
	}
	first, _ := pmtiles.TileID(z, 0, 0)
	if len(places) != 1<<(2*z) {
		t.Fatalf("%d different ids", len(places))
	}
	for id := first + 1; id < first+1<<(2*z); id++ {
		a, b := places[id-1], places[id]
		if step := abs(a[0]-b[0]) + abs(a[1]-b[1]); step != 1 {
			t.Fatalf("from %v to %v is not one step", a, b)
		}
	}
}

func abs(v int) int { return max(v, -v) }

func TestArchive(t *testing.T) {
	t.Parallel()
	var tiles []pmtilestest.Tile
	for z := range uint8(6) {
		for x := range uint32(1) << z {
			for y := range uint32(1) << z {
				body := fmt.Appendf(nil, "%d/%d/%d", z, x, y)
				if z == 5 {
					body = []byte("sea") // equal neighbours: runs
				}
				tiles = append(tiles, pmtilestest.Tile{Z: z, X: x, Y: y, Body: body})
			}
		}
	}
	for _, c := range []struct {
		name string
		o    pmtilestest.Options
	}{
		{"one directory", pmtilestest.Options{}},
		{"plain", pmtilestest.Options{Plain: true}},
		{"leaf directories", pmtilestest.Options{PerLeaf: 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.o.Type, c.o.Compression = pmtiles.TypePNG, pmtiles.CompressionNone
			c.o.Metadata = `{"name":"test"}`
			c.o.Bound = [4]float64{-10.5, -20, 30, 40.25}
			a := open(t, pmtilestest.Write(t, c.o, tiles...))
			for _, want := range tiles {
				if got := tile(t, a, want.Z, want.X, want.Y); !bytes.Equal(got, want.Body) {
					t.Fatalf("%d/%d/%d = %q, want %q", want.Z, want.X, want.Y, got, want.Body)
				}
			}
			if got := tile(t, a, 6, 0, 0); got != nil {
				t.Errorf("a tile below the archive's zooms = %q", got)
			}
			h := a.Header()
			if h.TileType != pmtiles.TypePNG || h.MinZoom != 0 || h.MaxZoom != 5 || h.Tiles != uint64(len(tiles)) {
				t.Errorf("header = %+v", h)
			}
			if h.MinLon != -10.5 || h.MinLat != -20 || h.MaxLon != 30 || h.MaxLat != 40.25 {
				t.Errorf("bound = %v %v %v %v", h.MinLon, h.MinLat, h.MaxLon, h.MaxLat)
			}
			if got := string(a.Metadata()); got != c.o.Metadata {
				t.Errorf("metadata = %s", got)
			}
		})
	}
}

func TestMissingTiles(t *testing.T) {
	t.Parallel()
	a := open(t, pmtilestest.Write(t, pmtilestest.Options{}, pmtilestest.Tile{Z: 2, X: 1, Y: 1, Body: []byte("a")}, pmtilestest.Tile{Z: 2, X: 3, Y: 3, Body: []byte("b")}))
	for _, c := range [][3]uint32{{2, 0, 0}, {2, 2, 2}, {2, 3, 0}, {1, 0, 0}, {3, 0, 0}, {2, 4, 0}} {
		if got := tile(t, a, uint8(c[0]), c[1], c[2]); got != nil {
			t.Errorf("%v = %q", c, got)
		}
	}
	if a.Metadata() != nil {
		t.Errorf("metadata = %s", a.Metadata())
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	good := pmtilestest.Write(t, pmtilestest.Options{Plain: true, Metadata: `{"name":"good"}`}, pmtilestest.Tile{Body: []byte("tile")})
	put64 := func(at int, v uint64) func([]byte) []byte {
		return func(b []byte) []byte { binary.LittleEndian.PutUint64(b[at:], v); return b }
	}
	put := func(at int, v byte) func([]byte) []byte {
		return func(b []byte) []byte { b[at] = v; return b }
	}
	for _, c := range []struct {
		name  string
		spoil func([]byte) []byte
		want  string
	}{
		{"empty", func([]byte) []byte { return nil }, "too few"},
		{"something else", func(b []byte) []byte { return append([]byte("SQLite format 3\x00"), b...) }, "not a PMTiles file"},
		{"version 2", put(7, 2), "version 2"},
		{"cut off", func(b []byte) []byte { return b[:len(b)-1] }, "cut off"},
		{"root outside", put64(8, 1<<40), "root directory"},
		{"lengths that overflow", put64(64, 1<<64-1), "tile data"},
		{"no root", put64(16, 0), "no root directory"},
		{"brotli directories", put(97, 3), "brotli"},
		{"zooms backwards", put(100, 9), "zooms 9 to 0"},
		{"zoom too deep", put(101, 40), "zooms 0 to 40"},
		{"gzip that is none", put(97, 2), "root directory"},
		{"too many entries", put(127, 0x7f), "127 entries in 4 bytes"},
		{"entry without offset", put(131, 0), "no offset"},
		{"entry without length", put(130, 0), "length of 0"},
		{"metadata that is not JSON", put(132, 'x'), "not JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := c.spoil(bytes.Clone(good))
			_, err := pmtiles.New(bytes.NewReader(b), int64(len(b)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestTileOutsideTheFile(t *testing.T) {
	t.Parallel()
	b := pmtilestest.Write(t, pmtilestest.Options{Plain: true}, pmtilestest.Tile{Body: []byte("tile")})
	b[130] = 0x7f // the only entry's length
	if _, _, err := open(t, b).Find(0, 0, 0); err == nil || !strings.Contains(err.Error(), "outside the file") {
		t.Errorf("error = %v", err)
	}
}

func TestLeafThatPointsAtItself(t *testing.T) {
	t.Parallel()
	b := pmtilestest.Write(t, pmtilestest.Options{Plain: true, PerLeaf: 1}, pmtilestest.Tile{Body: []byte("tile")})
	leaf := binary.LittleEndian.Uint64(b[40:])
	copy(b[leaf:], []byte{1, 0, 0, 5, 1}) // one entry: id 0, run 0 (a leaf), 5 bytes, at 0
	if _, _, err := open(t, b).Find(0, 0, 0); err == nil || !strings.Contains(err.Error(), "nested") {
		t.Errorf("error = %v", err)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.pmtiles")
	if err := os.WriteFile(path, pmtilestest.Write(t, pmtilestest.Options{}, pmtilestest.Tile{Body: []byte("tile")}), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := pmtiles.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := tile(t, a, 0, 0, 0); string(got) != "tile" {
		t.Errorf("tile = %q", got)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if _, err := pmtiles.Open(filepath.Join(t.TempDir(), "none.pmtiles")); !os.IsNotExist(err) {
		t.Errorf("error = %v", err)
	}
}

// FuzzNew feeds files of any content: they are refused or read, and nothing panics or takes memory without end.
func FuzzNew(f *testing.F) {
	many := make([]pmtilestest.Tile, 0, 64)
	for i := range uint32(64) {
		many = append(many, pmtilestest.Tile{Z: 3, X: i % 8, Y: i / 8, Body: fmt.Appendf(nil, "%d", i)})
	}
	f.Add(pmtilestest.Write(f, pmtilestest.Options{Plain: true, Metadata: `{}`}, many[:2]...))
	f.Add(pmtilestest.Write(f, pmtilestest.Options{Plain: true, PerLeaf: 5}, many...))
	f.Add(pmtilestest.Write(f, pmtilestest.Options{PerLeaf: 16}, many...))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := pmtiles.New(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		h := a.Header()
		for z := h.MinZoom; z <= h.MaxZoom; z++ {
			for _, p := range [][2]uint32{{0, 0}, {1, 1}, {1<<z - 1, 0}} {
				loc, ok, err := a.Find(z, p[0], p[1])
				if err != nil || !ok {
					continue
				}
				if loc.Offset > uint64(len(b)) || uint64(loc.Length) > uint64(len(b)) {
					t.Fatalf("tile %d/%v at %+v of %d bytes", z, p, loc, len(b))
				}
				if _, err := a.Read(loc); err != nil {
					t.Fatalf("tile %d/%v: %v", z, p, err)
				}
			}
		}
	})
}

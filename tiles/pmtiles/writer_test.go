package pmtiles_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wanglou/tiles/pmtiles"
)

type placed struct {
	id   uint64
	z    uint8
	x, y uint32
}

// inOrder returns the tiles of the zooms in the order of their ids.
func inOrder(low, high uint8, keep func(placed) bool) []placed {
	var out []placed
	for z := low; z <= high; z++ {
		for y := range uint32(1) << z {
			for x := range uint32(1) << z {
				id, _ := pmtiles.TileID(z, x, y)
				if p := (placed{id, z, x, y}); keep(p) {
					out = append(out, p)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b placed) int { return int(a.id) - int(b.id) })
	return out
}

// What is written is read again: with and without leaf directories, with gaps, with tiles that are equal.
func TestWriter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		different := rapid.IntRange(1, 300).Draw(t, "different bodies")
		seed := rapid.Uint64().Draw(t, "seed")
		share := rapid.Float64Range(0.01, 1).Draw(t, "share")
		r := rand.New(rand.NewPCG(seed, 1))
		all := inOrder(1, 7, func(placed) bool { return r.Float64() < share })
		body := func(p placed) string { return fmt.Sprint("body ", p.id*2654435761%uint64(different)) }
		path := filepath.Join(dir, "a.pmtiles")
		w, err := pmtiles.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			if err := w.Put(p.z, p.x, p.y, []byte(body(p))); err != nil {
				t.Fatal(err)
			}
		}
		h := pmtiles.Header{TileType: pmtiles.TypePNG, TileCompression: pmtiles.CompressionNone, MinLon: 7, MinLat: 43, MaxLon: 8, MaxLat: 44}
		if err := w.Close(h, []byte(`{"name":"x"}`)); err != nil {
			if len(all) == 0 {
				return
			}
			t.Fatal(err)
		}
		a, err := pmtiles.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Close() }()
		got := a.Header()
		if got.Tiles != uint64(len(all)) || got.MinZoom != all[0].z || got.MaxZoom != all[len(all)-1].z || got.TileType != h.TileType || got.MinLon != 7 || got.MaxLat != 44 {
			t.Fatalf("header = %+v of %d tiles", got, len(all))
		}
		if string(a.Metadata()) != `{"name":"x"}` {
			t.Fatalf("metadata = %s", a.Metadata())
		}
		there := map[uint64]bool{}
		for _, p := range all {
			there[p.id] = true
		}
		for _, p := range inOrder(1, 7, func(placed) bool { return true }) {
			loc, ok, err := a.Find(p.z, p.x, p.y)
			if err != nil || ok != there[p.id] {
				t.Fatalf("%+v: %v, %v", p, ok, err)
			}
			if !ok {
				continue
			}
			if b, err := a.Read(loc); err != nil || string(b) != body(p) {
				t.Fatalf("%+v = %q, %v", p, b, err)
			}
		}
	})
}

// Many tiles that differ do not fit one directory: there are leaves, and the root keeps to its room.
func TestWriterMakesLeaves(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.pmtiles")
	w, err := pmtiles.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	all := inOrder(9, 9, func(placed) bool { return r.IntN(3) > 0 })
	for _, p := range all {
		if err := w.Put(p.z, p.x, p.y, []byte(strings.Repeat(fmt.Sprint(p.id), 1+r.IntN(3)))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(pmtiles.Header{TileType: pmtiles.TypeMVT}, nil); err != nil {
		t.Fatal(err)
	}
	a, err := pmtiles.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	for _, p := range all {
		loc, ok, err := a.Find(p.z, p.x, p.y)
		if err != nil || !ok {
			t.Fatalf("%+v: %v, %v", p, ok, err)
		}
		if b, err := a.Read(loc); err != nil || !strings.HasPrefix(string(b), fmt.Sprint(p.id)) {
			t.Fatalf("%+v = %q, %v", p, b, err)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	w, err := pmtiles.Create(filepath.Join(t.TempDir(), "a.pmtiles"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Put(1, 0, 0, []byte("x")); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"twice": w.Put(1, 0, 0, []byte("x")), "earlier": w.Put(0, 0, 0, []byte("x")), "off the grid": w.Put(1, 2, 0, []byte("x")), "nothing": w.Put(1, 1, 1, nil),
	} {
		if err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := w.Abort(); err != nil {
		t.Error(err)
	}
}

package main

import (
	"log/slog"
	"math"
	"path/filepath"
	"testing"

	"wanglou/tiles/tileset"
)

// The landscape of the bench is a tileset that the server offers, and lies where it is flown over.
func TestLandscape(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	all, err := writeLandscape(filepath.Join(dir, tiles3DName), 119.685, 29.797)
	if err != nil {
		t.Fatal(err)
	}
	if all < 4*tiles3DMost {
		t.Errorf("%d bytes are no more than may be held", all)
	}
	list := tileset.Open(dir, slog.New(slog.DiscardHandler)).Tilesets(t.Context())
	if len(list) != 1 || list[0].Bound == nil {
		t.Fatalf("%+v", list)
	}
	b := list[0].Bound
	if c := b.Center(); math.Abs(c[0]-119.685) > 1e-3 || math.Abs(c[1]-29.797) > 1e-3 || b.Max[0]-b.Min[0] > 0.1 {
		t.Errorf("it lies at %v", b)
	}
}

package layers

import (
	"testing"

	"github.com/paulmach/orb"
)

func TestPyramidNamesOnlyTilesNear(t *testing.T) {
	t.Parallel()
	p := newPyramid(1)
	p.mark(here.Bound(), 5)
	if v := p.version(0, 0, 0); v != 5 {
		t.Errorf("version of the world = %d, want 5", v)
	}
	for _, z := range []uint8{4, 10, 16} {
		in := TilesOver(here.Bound(), z)
		if v := p.version(z, in.MinX, in.MinY); v != 5 {
			t.Errorf("version of the tile at level %d = %d, want 5", z, v)
		}
		if v := p.version(z, in.MaxX+2, in.MinY); v != 1 {
			t.Errorf("version of a tile two further at level %d = %d, want 1", z, v)
		}
	}
	in := TilesOver(here.Bound(), 20)
	if v := p.version(20, in.MinX, in.MinY); v != 5 {
		t.Errorf("version of the tile at level 20 = %d, want 5", v)
	}
	if len(p.tiles) > 40 {
		t.Errorf("a point left %d entries", len(p.tiles))
	}
}

func TestPyramidCoversLargeFeatures(t *testing.T) {
	t.Parallel()
	p := newPyramid(1)
	county := orb.Bound{Min: orb.Point{119.1, 29.5}, Max: orb.Point{120.0, 30.1}}
	p.mark(county, 5)
	in := TilesOver(county, 16)
	for _, x := range []uint32{in.MinX, (in.MinX + in.MaxX) / 2, in.MaxX} {
		if v := p.version(16, x, (in.MinY+in.MaxY)/2); v != 5 {
			t.Errorf("version inside a large feature = %d, want 5", v)
		}
	}
	if len(p.tiles) > 60 {
		t.Errorf("a large feature left %d entries", len(p.tiles))
	}
}

func TestPyramidForgetsWithinItsMemory(t *testing.T) {
	t.Parallel()
	p := newPyramid(1)
	v := Version(1)
	for lon := 100.0; lon < 140; lon += 0.11 {
		for lat := 10.0; lat < 60; lat += 0.41 {
			v++
			p.mark(orb.Point{lon, lat}.Bound(), v)
			if len(p.tiles) > maxMarkedTiles {
				t.Fatalf("%d entries, at most %d allowed", len(p.tiles), maxMarkedTiles)
			}
		}
	}
	if p.base == 1 || p.base >= v {
		t.Errorf("base = %d after %d changes, want in between", p.base, v)
	}
	if got := p.version(0, 0, 0); got != v {
		t.Errorf("version of the world = %d, want %d", got, v)
	}
}

func TestTilesOverTheEdges(t *testing.T) {
	t.Parallel()
	world := TilesOver(orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}, 3)
	if world != (TileRange{0, 0, 7, 7}) || world.Count() != 64 {
		t.Errorf("the world at level 3 = %+v, %d tiles", world, world.Count())
	}
	if far := TilesOver(orb.Point{400, -100}.Bound(), 3); far != (TileRange{7, 7, 7, 7}) {
		t.Errorf("beyond the world = %+v, want its last tile", far)
	}
}

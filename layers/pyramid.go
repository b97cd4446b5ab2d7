package layers

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// TileBuffer is how far a vector tile reaches over its edges, as a share of its width: 64 of 4096 units.
const TileBuffer = 64.0 / 4096

const (
	maxMarkedLevel   = 16      // tiles below share the version of their ancestor at this level
	maxMarkedTiles   = 1 << 17 // entries a layer, about 6 MB; then the older half is forgotten
	maxMarkedChanges = 20_000  // of one commit; beyond, all tiles count as changed

	// A little more than TileBuffer, so that rounding in whoever draws cannot reach what was not marked.
	markBuffer = TileBuffer * 1.25
)

// pyramid knows for every tile of the world a version that is not before the last change the tile shows: often exactly
// that change, sometimes (after forgetting, or over a large feature) a later one.
//
// A change marks the few tiles that it covers at the deepest level where they are few (at), and the tiles that it meets
// at every level above (below). A tile's version is the newest of: base, its own marks, and at of its ancestors.
type pyramid struct {
	base  Version // of every tile without newer marks
	tiles map[uint64]marks
}

type marks struct{ at, below Version }

func newPyramid(base Version) pyramid { return pyramid{base: base, tiles: map[uint64]marks{}} }

// reset gives every tile the version v.
func (p *pyramid) reset(v Version) {
	p.base = v
	clear(p.tiles)
}

// mark notes a change at version v, which is not before any version marked earlier.
func (p *pyramid) mark(b orb.Bound, v Version) {
	if p.base >= v {
		return
	}
	box := project(b)
	z := uint8(maxMarkedLevel)
	at := box.tiles(z)
	for ; z > 0 && (at.MaxX-at.MinX > 1 || at.MaxY-at.MinY > 1); z-- {
		at = box.tiles(z - 1)
	}
	p.set(z, at, marks{at: v})
	for ; z > 0; z-- {
		// Not the ancestors of at: the buffer of a coarser tile is wider, its neighbour may show the change too.
		p.set(z-1, box.tiles(z-1), marks{below: v})
	}
	if len(p.tiles) > maxMarkedTiles {
		p.forget()
	}
}

func (p *pyramid) set(z uint8, r TileRange, v marks) {
	for y := r.MinY; y <= r.MaxY; y++ {
		for x := r.MinX; x <= r.MaxX; x++ {
			key := tileKey(z, x, y)
			m := p.tiles[key]
			p.tiles[key] = marks{at: max(m.at, v.at), below: max(m.below, v.below)}
		}
	}
}

// forget drops the older half of the marks by raising base to the newest of them. Tiles without marks then look changed
// once more than they were, never less.
func (p *pyramid) forget() {
	versions := make([]Version, 0, len(p.tiles))
	for _, m := range p.tiles {
		versions = append(versions, max(m.at, m.below))
	}
	slices.Sort(versions)
	p.base = versions[len(versions)/2]
	for key, m := range p.tiles {
		if max(m.at, m.below) <= p.base {
			delete(p.tiles, key)
		}
	}
}

func (p *pyramid) version(z uint8, x, y uint32) Version {
	if z > maxMarkedLevel {
		x, y, z = x>>(z-maxMarkedLevel), y>>(z-maxMarkedLevel), maxMarkedLevel
	}
	m := p.tiles[tileKey(z, x, y)]
	v := max(p.base, m.at, m.below)
	for ; z > 0; z-- {
		x, y = x>>1, y>>1
		v = max(v, p.tiles[tileKey(z-1, x, y)].at)
	}
	return v
}

// tileKey packs a tile of level ≤ 24 into one word.
func tileKey(z uint8, x, y uint32) uint64 { return uint64(z)<<48 | uint64(x)<<24 | uint64(y) }

// TileRange is a rectangle of tiles of one level, both ends included.
type TileRange struct{ MinX, MinY, MaxX, MaxY uint32 }

// Count returns how many tiles the range holds.
func (r TileRange) Count() uint64 {
	return (uint64(r.MaxX-r.MinX) + 1) * (uint64(r.MaxY-r.MinY) + 1)
}

// TilesOver returns the tiles of level z (≤ 24) that show something of a feature with bound b, the tiles' buffer included.
func TilesOver(b orb.Bound, z uint8) TileRange { return project(b).tiles(z) }

// mercatorBox is a bound on the unit square of Web Mercator, y down.
type mercatorBox struct{ minX, minY, maxX, maxY float64 }

func project(b orb.Bound) mercatorBox {
	x0, y0 := mercator(b.Min)
	x1, y1 := mercator(b.Max)
	return mercatorBox{minX: x0, minY: y1, maxX: x1, maxY: y0}
}

// mercator places a point on the unit square; latitudes beyond the square's stand on its edge.
func mercator(p orb.Point) (x, y float64) {
	x = (p[0] + 180) / 360
	sin := math.Sin(min(max(p[1], -90), 90) * math.Pi / 180)
	y = 0.5 - math.Log((1+sin)/(1-sin))/(4*math.Pi)
	return min(max(x, 0), 1), min(max(y, 0), 1)
}

func (b mercatorBox) tiles(z uint8) TileRange {
	n := float64(uint32(1) << z)
	clamp := func(v float64) uint32 { return uint32(min(max(math.Floor(v), 0), n-1)) }
	return TileRange{
		MinX: clamp(b.minX*n - markBuffer), MinY: clamp(b.minY*n - markBuffer),
		MaxX: clamp(b.maxX*n + markBuffer), MaxY: clamp(b.maxY*n + markBuffer),
	}
}

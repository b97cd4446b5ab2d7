package live

import (
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

const (
	maxTileNames = 256 // of one frame; beyond, all tiles of the layer are named
	maxTilesDeep = 4   // tiles that one feature names at its deepest level
	deepestLevel = 24
)

type tileName struct {
	z    uint8
	x, y uint32
}

// tileNames lists the tiles that show the bounds, so that a client who reloads the named ones, those above them and those
// inside them has reloaded all that changed. A small feature is named at level deepest; a large one where it covers few
// tiles. all is true when there are too many to name.
func tileNames(bounds []orb.Bound, deepest int) (names []string, all bool) {
	deepest = min(max(deepest, 0), deepestLevel)
	named := map[tileName]bool{}
	for _, b := range bounds {
		z := uint8(deepest)
		for z > 0 && layers.TilesOver(b, z).Count() > maxTilesDeep {
			z--
		}
		below := map[tileName]bool{} // parents of what is named one level deeper
		for {
			parents := map[tileName]bool{}
			r := layers.TilesOver(b, z)
			for x := r.MinX; x <= r.MaxX; x++ {
				for y := r.MinY; y <= r.MaxY; y++ {
					t := tileName{z, x, y}
					if !below[t] { // else a deeper name stands for it; a neighbour within the wider buffer has none
						named[t] = true
					}
					if z > 0 {
						parents[tileName{z - 1, x / 2, y / 2}] = true
					}
				}
			}
			if len(named) > maxTileNames {
				return nil, true
			}
			if z == 0 {
				break
			}
			below = parents
			z--
		}
	}
	tiles := make([]tileName, 0, len(named))
	for t := range named {
		tiles = append(tiles, t)
	}
	slices.SortFunc(tiles, func(a, b tileName) int {
		if a.z != b.z {
			return int(b.z) - int(a.z)
		}
		if a.x != b.x {
			return int(a.x) - int(b.x)
		}
		return int(a.y) - int(b.y)
	})
	for _, t := range tiles {
		names = append(names, strconv.Itoa(int(t.z))+"/"+strconv.Itoa(int(t.x))+"/"+strconv.Itoa(int(t.y)))
	}
	return names, false
}

package terrain

import (
	"context"

	"wanglou/tiles"
)

// blockTiles is the side of what gdalwarp makes at a time: 2048 × 2048 pixels, 16 MB.
const blockTiles = 4

// read brings the models onto the tiles of the deepest zoom.
func (b *build) read(ctx context.Context, wanted []tiles.Coord) error {
	blocks := map[tiles.Coord]bool{}
	for _, c := range wanted {
		blocks[tiles.Coord{Z: c.Z, X: c.X / blockTiles * blockTiles, Y: c.Y / blockTiles * blockTiles}] = true
	}
	isWanted := make(map[tiles.Coord]bool, len(wanted))
	for _, c := range wanted {
		isWanted[c] = true
	}
	n := min(blockTiles, 1<<b.zoom)
	for i, corner := range sorted(blocks) {
		if err := ctx.Err(); err != nil {
			return err
		}
		pixels, err := b.gdal.block(ctx, b.models, b.NoData, corner, n*tileSize, n*tileSize, b.dir)
		if err != nil {
			return err
		}
		for dy := range n {
			for dx := range n {
				c := tiles.Coord{Z: corner.Z, X: corner.X + uint32(dx), Y: corner.Y + uint32(dy)}
				if !isWanted[c] {
					continue
				}
				if err := b.tiles.put(c, b.cut(pixels, n*tileSize, dx, dy)); err != nil {
					return err
				}
			}
		}
		b.tell("reading", i+1, len(blocks))
	}
	return nil
}

// cut returns one tile of a block, and counts what is unknown in it.
func (b *build) cut(pixels []float32, width, dx, dy int) heights {
	h := make(heights, tileSize*tileSize)
	for y := range tileSize {
		row := h[y*tileSize : (y+1)*tileSize]
		if pixels == nil {
			for x := range row {
				row[x] = nan
			}
		} else {
			copy(row, pixels[(dy*tileSize+y)*width+dx*tileSize:])
		}
		for _, v := range row {
			if v != v {
				b.void++
			}
		}
	}
	return h
}

// fill makes the zooms above, each the average of the one below, and then goes down again: what a zoom does not know it takes from the one above
// it, as finely as somebody knew it. A small void is filled from its rim, and beside the models the ground falls gently to sea level. O(tiles).
func (b *build) fill(ctx context.Context, wanted []tiles.Coord) error {
	levels := make([][]tiles.Coord, b.zoom+1)
	levels[b.zoom] = wanted
	total := 0
	for z := b.zoom; z > 0; z-- {
		above := map[tiles.Coord]bool{}
		for _, c := range levels[z] {
			above[tiles.Coord{Z: c.Z - 1, X: c.X / 2, Y: c.Y / 2}] = true
		}
		levels[z-1] = sorted(above)
		total += len(levels[z]) + len(levels[z-1])
	}
	done := 0
	for z := b.zoom - 1; z >= 0; z-- {
		for _, c := range levels[z] {
			if err := b.average(ctx, c); err != nil {
				return err
			}
			done++
			b.tell("filling", done, total)
		}
	}
	for z := range b.zoom + 1 {
		for _, c := range levels[z] {
			if err := b.complete(ctx, c); err != nil {
				return err
			}
			if z > 0 {
				done++
				b.tell("filling", done, total)
			}
		}
	}
	return nil
}

// average makes a tile of the four below it.
func (b *build) average(ctx context.Context, c tiles.Coord) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h := make(heights, tileSize*tileSize)
	for i := range h {
		h[i] = nan
	}
	for i := range uint32(4) {
		child := tiles.Coord{Z: c.Z + 1, X: 2*c.X + i&1, Y: 2*c.Y + i>>1}
		below, err := b.tiles.get(child)
		if err != nil {
			return err
		}
		if below != nil {
			shrink(below, child, h)
		}
	}
	return b.tiles.put(c, h)
}

// complete fills what a tile does not know. At zoom 0 that is sea level.
func (b *build) complete(ctx context.Context, c tiles.Coord) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	known, err := b.tiles.get(c)
	if err != nil {
		return err
	}
	if !hasVoid(known) {
		return nil
	}
	h := append(heights(nil), known...)
	if c.Z == 0 {
		for i, v := range h {
			if v != v {
				h[i] = 0
			}
		}
		return b.tiles.put(c, h)
	}
	patch, err := b.tiles.patch(c)
	if err != nil {
		return err
	}
	fillFrom(h, patch)
	return b.tiles.put(c, h)
}

func hasVoid(h heights) bool {
	for _, v := range h {
		if v != v {
			return true
		}
	}
	return false
}

package pmtiles

// TileID numbers the tiles of the world: zoom by zoom, within one along a Hilbert curve, so that neighbours on the map are
// mostly neighbours in the file. ok is false for a tile that is not on the grid.
func TileID(z uint8, x, y uint32) (id uint64, ok bool) {
	if z > maxZoom || uint64(x) >= 1<<z || uint64(y) >= 1<<z {
		return 0, false
	}
	id = (uint64(1)<<(2*z) - 1) / 3 // tiles of all the zooms above
	for s := uint32(1) << z >> 1; s > 0; s >>= 1 {
		var rx, ry uint32
		if x&s != 0 {
			rx = 1
		}
		if y&s != 0 {
			ry = 1
		}
		id += uint64(s) * uint64(s) * uint64((3*rx)^ry)
		// Turn the quadrant so that the curve enters and leaves it where it must.
		if ry == 0 {
			if rx == 1 {
				x, y = s-1-(x&(s-1)), s-1-(y&(s-1))
			}
			x, y = y, x
		}
	}
	return id, true
}

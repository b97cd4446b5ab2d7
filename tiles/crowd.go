package tiles

import (
	"math"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/tiles/mvt"
)

// How crowded tiles stay within their budget. Things that are drawn on one spot, points and polygons smaller than it, are
// thinned: of all in a cell of the tile's grid the one of the highest rank stays, with its own id. Cells begin at a pixel and
// double until the tile is within its budget. They lie on a grid of the whole zoom, so that what stays on an edge is the same
// on both sides of it for equal cells, and every cell with something in it keeps something: a map thins out evenly.
const (
	smallestCell = mvt.Pixel
	largestCell  = 32 * mvt.Pixel
	countCell    = 32 * mvt.Pixel // of layers "<name>_count"
)

// spot is where a feature stands when it is no larger than a cell.
type spot struct {
	x, y int32   // in tile units
	size float32 // of a polygon: the larger of width and height in the same units; 0 for points
	area float32 // of a polygon's bound
	on   bool
}

// crowd thins the features of one tile. Its buffers are kept between tiles.
type crowd struct {
	spots []spot  // of each feature
	best  []int32 // by cell: index of the feature that stays, or -1
	sums  []cellSum
}

type cellSum struct {
	n    int32
	x, y int64
	area float32
}

// place finds the spots of the features. It costs a projection for each.
func (k *crowd) place(features []numbered, c Coord) {
	g := mvt.NewGrid(c.Z, c.X, c.Y)
	if cap(k.spots) < len(features) {
		k.spots = make([]spot, len(features))
	}
	k.spots = k.spots[:len(features)]
	for i, n := range features {
		s := spot{}
		switch shape := n.feature.Geometry.(type) {
		case orb.Point:
			s.x, s.y, s.on = g.Place(shape)
		case orb.Polygon, orb.MultiPolygon:
			if w, h := g.Size(n.feature.Bound); w < largestCell && h < largestCell {
				s.x, s.y, s.on = g.Place(n.feature.Bound.Center())
				s.size, s.area = float32(max(w, h)), float32(w*h)
			}
		}
		k.spots[i] = s
	}
}

// cellsAcross is how many cells the tile has across with its buffer.
func cellsAcross(size int32) int32 { return (mvt.Extent + 2*mvt.Buffer + size) / size }

// cell returns the number of a spot's cell; the grid begins a whole number of cells outside of the tile.
func cell(s spot, size, across int32) int32 {
	shift := (mvt.Buffer + size - 1) / size * size
	return (s.y+shift)/size*(across+1) + (s.x+shift)/size
}

// thin keeps of the features on one spot the one that ranks highest; size 0 keeps all. It returns the indices of those that
// stay and marks the others in nothing: k.sums tells the area of polygons that were merged in a cell.
func (k *crowd) thin(features []numbered, p *plan, size int32) (kept int, dropped Dropped) {
	across := cellsAcross(size)
	n := int(across+1) * int(across+1)
	k.best, k.sums = resized(k.best, n), resized(k.sums, n)
	for i := range k.best {
		k.best[i] = -1
	}
	clear(k.sums)
	for i, s := range k.spots {
		if !k.crowded(s, size) {
			kept++
			continue
		}
		at := cell(s, size, across)
		k.sums[at].area += s.area
		other := k.best[at]
		if other < 0 {
			k.best[at] = int32(i)
			kept++
			continue
		}
		if s.size > 0 {
			dropped.Polygons++
		} else {
			dropped.Points++
		}
		if p.rank >= 0 && rankOf(features[i].feature.Values[p.rank]) > rankOf(features[other].feature.Values[p.rank]) {
			k.best[at] = int32(i)
		}
	}
	return kept, dropped
}

// crowded reports whether a spot is thinned out at a size of cells.
func (k *crowd) crowded(s spot, size int32) bool { return s.on && s.size < float32(size) }

// stays reports whether feature i is drawn after thin, and how wide as a square: 0 is as it is.
func (k *crowd) stays(i int, size int32) (square int32, ok bool) {
	if size == 0 {
		return 0, true
	}
	s := k.spots[i]
	if !k.crowded(s, size) {
		return 0, true
	}
	at := cell(s, size, cellsAcross(size))
	if k.best[at] != int32(i) {
		return 0, false
	}
	if s.size > 0 {
		side := int32(math.Sqrt(float64(k.sums[at].area)))
		return min(max(side, 1), size), true
	}
	return 0, true
}

// count gathers the points of the tile by cells; buffers are left out, since a cell that is seen in part cannot be counted.
func (k *crowd) count() {
	const across = mvt.Extent / countCell
	k.sums = resized(k.sums, across*across)
	clear(k.sums)
	for i := range k.spots {
		s := &k.spots[i]
		if !s.on || s.size > 0 {
			continue
		}
		if s.on = s.x >= 0 && s.y >= 0 && s.x < mvt.Extent && s.y < mvt.Extent; !s.on {
			s.area = -1 // neither counted nor drawn
			continue
		}
		sum := &k.sums[s.y/countCell*across+s.x/countCell]
		sum.n++
		sum.x += int64(s.x)
		sum.y += int64(s.y)
	}
}

// counted returns how many points stand in the cell of feature i; 0 when it is not counted, -1 when it is in the buffer.
func (k *crowd) counted(i int) int32 {
	const across = mvt.Extent / countCell
	s := k.spots[i]
	switch {
	case s.area < 0:
		return -1
	case !s.on || s.size > 0:
		return 0
	}
	return k.sums[s.y/countCell*across+s.x/countCell].n
}

// cellID is the id of a cell: of its zoom and place in the world, so that it is the same as long as the cell is.
func cellID(c Coord, cell int) int64 {
	const across = mvt.Extent / countCell
	x, y := int64(c.X)*across+int64(cell%across), int64(c.Y)*across+int64(cell/across)
	return int64(c.Z)<<46 | y<<23 | x // zoom 19 has 2^23 cells across
}

// rankOf orders values of a rank column; what is no number is lowest.
func rankOf(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		if !math.IsNaN(v) {
			return v
		}
	case bool:
		if v {
			return 1
		}
		return 0
	case time.Time:
		return float64(v.UnixMicro())
	}
	return math.Inf(-1)
}

// VectorLimits are the budget of one tile, where its layer declares none of its own.
type VectorLimits struct {
	Features  int   // that the scope sees in the tile
	Bytes     int   // of the tile, uncompressed
	MergeZoom uint8 // from this zoom on, and at the layer's deepest, nothing is left out
}

// DefaultVectorLimits are those of [NewVector].
var DefaultVectorLimits = VectorLimits{Features: 20_000, Bytes: 500_000, MergeZoom: 14}

// of returns the budget of a layer.
func (d VectorLimits) of(l *layers.Layer) VectorLimits {
	if l.Tiling.Features > 0 {
		d.Features = l.Tiling.Features
	}
	if l.Tiling.Bytes > 0 {
		d.Bytes = l.Tiling.Bytes
	}
	return d
}

func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

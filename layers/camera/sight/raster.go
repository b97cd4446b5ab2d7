package sight

import (
	"math"
	"math/bits"
	"slices"

	"github.com/paulmach/orb"
)

// Raster is a lattice of square cells over an area, each seen or not: what cameras have in view together, without the geometry of unions. A cell counts by its middle.
// Memory is a bit a cell.
type Raster struct {
	west, south float64 // EPSG:4326
	dx, dy      float64 // degrees a cell
	w, h        int
	words       int // of a row
	cells       []uint64
}

// MaxCells bounds a raster; [NewRaster] makes cells larger instead.
const MaxCells = 1 << 26

// NewRaster returns an empty raster with cells of so many metres, larger ones where there would be too many.
func NewRaster(b orb.Bound, metres float64) *Raster {
	perX, perY := scaleAt(b.Center()[1])
	width, height := max(1, (b.Max[0]-b.Min[0])*perX), max(1, (b.Max[1]-b.Min[1])*perY)
	metres = max(metres, math.Sqrt(width*height/MaxCells))
	r := &Raster{west: b.Min[0], south: b.Min[1], dx: metres / perX, dy: metres / perY, w: int(math.Ceil(width / metres)), h: int(math.Ceil(height / metres))}
	r.words = (r.w + 63) / 64
	r.cells = make([]uint64, r.words*r.h)
	return r
}

// Fill marks the cells whose middle lies in the polygon. It costs the polygon's rows times its corners.
func (r *Raster) Fill(p orb.Polygon) {
	r.spans(p, func(row []uint64, from, until int) {
		for i := from / 64; i <= (until-1)/64; i++ {
			row[i] |= mask(i, from, until)
		}
	})
}

// At reports whether the cell at a place is marked; a place outside has none.
func (r *Raster) At(p orb.Point) bool {
	x, y := int(math.Floor((p[0]-r.west)/r.dx)), int(math.Floor((p[1]-r.south)/r.dy))
	return x >= 0 && x < r.w && y >= 0 && y < r.h && r.cells[y*r.words+x/64]>>uint(x%64)&1 == 1 // #nosec G115 -- below 64
}

// Count returns how many cells have their middle in the polygon, and how many of those are marked.
func (r *Raster) Count(p orb.Polygon) (cells, marked int) {
	r.spans(p, func(row []uint64, from, until int) {
		cells += until - from
		for i := from / 64; i <= (until-1)/64; i++ {
			marked += bits.OnesCount64(row[i] & mask(i, from, until))
		}
	})
	return cells, marked
}

// mask is what of word i lies in [from, until).
func mask(i, from, until int) uint64 {
	m := ^uint64(0)
	if from > i*64 {
		m <<= uint(from - i*64) // #nosec G115 -- below 64
	}
	if until < (i+1)*64 {
		m &= ^uint64(0) >> uint((i+1)*64-until) // #nosec G115 -- below 64
	}
	return m
}

// spans visits the runs of cells of each row that lie in the polygon, by the even-odd rule: holes are holes, whichever way they turn.
func (r *Raster) spans(p orb.Polygon, visit func(row []uint64, from, until int)) {
	b := p.Bound()
	first, last := max(0, int(math.Floor((b.Min[1]-r.south)/r.dy-0.5))), min(r.h-1, int(math.Ceil((b.Max[1]-r.south)/r.dy)))
	crossings := make([]float64, 0, 16)
	for y := first; y <= last; y++ {
		lat := r.south + (float64(y)+0.5)*r.dy
		crossings = crossings[:0]
		for _, ring := range p {
			for i := range ring {
				a, c := ring[i], ring[(i+1)%len(ring)]
				if (a[1] > lat) != (c[1] > lat) {
					crossings = append(crossings, a[0]+(lat-a[1])/(c[1]-a[1])*(c[0]-a[0]))
				}
			}
		}
		slices.Sort(crossings)
		row := r.cells[y*r.words : (y+1)*r.words]
		for i := 0; i+1 < len(crossings); i += 2 {
			from, until := r.column(crossings[i]), r.column(crossings[i+1])
			if from < until {
				visit(row, from, until)
			}
		}
	}
}

// column is the first cell whose middle is not west of lon.
func (r *Raster) column(lon float64) int {
	return min(r.w, max(0, int(math.Ceil((lon-r.west)/r.dx-0.5))))
}

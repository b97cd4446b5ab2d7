package layers

import (
	"container/heap"
	"math"

	"github.com/paulmach/orb"
)

// LabelPoint returns where the name of a polygon stands best: the place inside that is farthest from the outline and its holes (the
// pole of inaccessibility), to a hundredth of the polygon's size. A degree of longitude counts as much as it is there on
// the ground. p is EPSG:4326; one without area gives the middle of its bound. It costs some hundred distances to the
// whole outline: who asks often remembers the answer.
func LabelPoint(p orb.Polygon) orb.Point {
	b := p.Bound()
	center := b.Center()
	s := &search{polygon: p, scale: math.Cos(center[1] * math.Pi / 180)}
	width, height := (b.Max[0]-b.Min[0])*s.scale, b.Max[1]-b.Min[1]
	cell := math.Min(width, height)
	if !(cell > 0) || math.IsInf(cell, 0) {
		return center
	}
	cell = math.Max(cell, math.Max(width, height)/64) // long and thin: not thousands of cells to begin with
	precision := math.Max(width, height) / 100
	var q cells
	half := cell / 2
	for x := 0.0; x < width; x += cell {
		for y := 0.0; y < height; y += cell {
			q = append(q, s.cell(orb.Point{b.Min[0] + (x+half)/s.scale, b.Min[1] + y + half}, half))
		}
	}
	heap.Init(&q)
	best := s.cell(center, 0)
	for range maxLabelCells {
		if len(q) == 0 {
			break
		}
		c := heap.Pop(&q).(labelCell)
		if c.distance > best.distance {
			best = c
		}
		if c.most-best.distance <= precision {
			continue
		}
		half := c.half / 2
		for _, d := range [...][2]float64{{-1, -1}, {1, -1}, {-1, 1}, {1, 1}} {
			heap.Push(&q, s.cell(orb.Point{c.center[0] + d[0]*half/s.scale, c.center[1] + d[1]*half}, half))
		}
	}
	return best.center
}

// maxLabelCells bounds the search in shapes made to be hard.
const maxLabelCells = 2000

// labelCell is a square that may hold the place.
type labelCell struct {
	center   orb.Point
	half     float64 // of its width, in degrees of latitude
	distance float64 // of the center from the outline; negative outside
	most     float64 // that any place in the cell could have
}

// cells is a heap, the most promising first.
type cells []labelCell

func (q cells) Len() int           { return len(q) }
func (q cells) Less(i, j int) bool { return q[i].most > q[j].most }
func (q cells) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *cells) Push(c any)        { *q = append(*q, c.(labelCell)) }
func (q *cells) Pop() any {
	old := *q
	c := old[len(old)-1]
	*q = old[:len(old)-1]
	return c
}

type search struct {
	polygon orb.Polygon
	scale   float64 // of longitudes
}

func (s *search) cell(center orb.Point, half float64) labelCell {
	d := s.distance(center)
	return labelCell{center: center, half: half, distance: d, most: d + half*math.Sqrt2}
}

// distance returns how far p is from the outline, negative outside, in degrees of latitude.
func (s *search) distance(p orb.Point) float64 {
	inside, nearest := false, math.Inf(1)
	for _, ring := range s.polygon {
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0]-a[0])*(p[1]-a[1])/(b[1]-a[1])+a[0] {
				inside = !inside
			}
			nearest = math.Min(nearest, s.squared(p, a, b))
		}
	}
	if !inside {
		return -math.Sqrt(nearest)
	}
	return math.Sqrt(nearest)
}

// squared is the square of the distance between p and the way from a to b.
func (s *search) squared(p, a, b orb.Point) float64 {
	x, y := (a[0]-p[0])*s.scale, a[1]-p[1]
	dx, dy := (b[0]-a[0])*s.scale, b[1]-a[1]
	if length := dx*dx + dy*dy; length > 0 {
		t := min(max(-(x*dx+y*dy)/length, 0), 1)
		x, y = x+t*dx, y+t*dy
	}
	return x*x + y*y
}

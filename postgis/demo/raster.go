package demo

import (
	"container/heap"
	"math"

	"github.com/paulmach/orb"
)

// raster is a grid of square cells over the plane; a cell is named by its index.
type raster struct {
	min  orb.Point
	cell float64 // metres
	w, h int
}

func newRaster(b orb.Bound, cell float64) raster {
	return raster{min: b.Min, cell: cell, w: int((b.Max[0]-b.Min[0])/cell) + 1, h: int((b.Max[1]-b.Min[1])/cell) + 1}
}

func (r raster) size() int { return r.w * r.h }

// at returns the cell that holds p, or -1.
func (r raster) at(p orb.Point) int {
	x, y := int(math.Floor((p[0]-r.min[0])/r.cell)), int(math.Floor((p[1]-r.min[1])/r.cell))
	if x < 0 || y < 0 || x >= r.w || y >= r.h {
		return -1
	}
	return y*r.w + x
}

func (r raster) center(i int) orb.Point {
	return orb.Point{r.min[0] + (float64(i%r.w)+0.5)*r.cell, r.min[1] + (float64(i/r.w)+0.5)*r.cell}
}

// scattered is a fixed place in the cell beside its centre: paths over such places wander as real ones do.
func (r raster) scattered(i int) orb.Point {
	n := noise{seed: 77}
	dx, dy := n.corner(int64(i), 1)-0.5, n.corner(int64(i), 2)-0.5
	return add(r.center(i), orb.Point{dx * 0.7 * r.cell, dy * 0.7 * r.cell})
}

// flood is the result of raster.flood: the cost of each cell's cheapest way to a source, its next cell on that way, and the
// source; -1 where there is none.
type flood struct {
	cost  []float64
	next  []int32
	owner []int32
}

// flood spreads from the sources, which start at the given costs; price returns what the step between two neighbours costs a metre,
// +Inf for no way.
func (r raster) flood(sources map[int]float64, price func(from, to int) float64) flood {
	return r.floodUntil(sources, -1, price)
}

// floodUntil is flood that may stop when it has come to one cell.
func (r raster) floodUntil(sources map[int]float64, until int, price func(from, to int) float64) flood {
	f := flood{cost: make([]float64, r.size()), next: make([]int32, r.size()), owner: make([]int32, r.size())}
	for i := range f.cost {
		f.cost[i], f.next[i], f.owner[i] = math.Inf(1), -1, -1
	}
	q := &queue{}
	for i := range r.size() { // in order, so that equal costs fall the same way every time
		if c, ok := sources[i]; ok {
			f.cost[i], f.owner[i] = c, int32(i)
			heap.Push(q, entry{c, int32(i)})
		}
	}
	for q.Len() > 0 {
		e := heap.Pop(q).(entry)
		at := int(e.cell)
		if at == until {
			break
		}
		if e.cost > f.cost[at] {
			continue
		}
		x, y := at%r.w, at/r.w
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				if dx == 0 && dy == 0 || x+dx < 0 || y+dy < 0 || x+dx >= r.w || y+dy >= r.h {
					continue
				}
				to := (y+dy)*r.w + x + dx
				c := e.cost + price(at, to)*r.cell*math.Hypot(float64(dx), float64(dy))
				if c < f.cost[to] {
					f.cost[to], f.next[to], f.owner[to] = c, e.cell, f.owner[at]
					heap.Push(q, entry{c, int32(to)})
				}
			}
		}
	}
	return f
}

// path is a piece of a tree of ways between two forks, with the number of ends that use it.
type path struct {
	cells []int32
	uses  int
}

// tree joins the ways of all ends into pieces from fork to fork, each towards the source.
func (f flood) tree(ends []int) []path {
	uses := map[int32]int{}
	into := map[int32]int{} // pieces that flow into a cell
	var order []int32
	for _, e := range ends {
		if math.IsInf(f.cost[e], 1) {
			continue
		}
		for c := int32(e); c >= 0; c = f.next[c] {
			if uses[c] == 0 {
				order = append(order, c)
				if n := f.next[c]; n >= 0 {
					into[n]++
				}
			}
			uses[c]++
		}
	}
	isEnd := map[int32]bool{}
	for _, e := range ends {
		isEnd[int32(e)] = true
	}
	var out []path
	for _, c := range order {
		if (into[c] == 1 && !isEnd[c]) || f.next[c] < 0 {
			continue // in the middle of a piece, or at the source
		}
		p := path{cells: []int32{c}, uses: uses[c]}
		for n := f.next[c]; n >= 0; n = f.next[n] {
			p.cells = append(p.cells, n)
			if into[n] != 1 || isEnd[n] {
				break
			}
		}
		out = append(out, p)
	}
	return out
}

type entry struct {
	cost float64
	cell int32
}

type queue []entry

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].cost < q[j].cost || q[i].cost == q[j].cost && q[i].cell < q[j].cell
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(entry)) }
func (q *queue) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

package demo

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/simplify"
)

// road is one drawn road. Roads that meet share the exact point, so that a graph can be made of them.
type road struct {
	kind, name string
	line       orb.LineString
}

// planner finds the ways between settlements over the land's cells.
type planner struct {
	*land
	lattices []*lattice
	ways     *ways
	wet      []bool              // bridges stand here
	edges    map[[2]int32]street // cell to neighbouring cell, the smaller first
	order    [][2]int32
	onRoad   []bool
	settled  []int32 // lattice of a cell whose roads are streets, or -1
	routes   []route // the roads between towns, for their ways through settlements
	hill     float64 // how much the price of a metre rises for each metre beyond the valley's floor
}

type route struct {
	street
	cells []int32
}

func (l *land) newPlanner(lattices []*lattice, w *ways) *planner {
	p := &planner{land: l, lattices: lattices, ways: w, wet: make([]bool, l.grid.size()), onRoad: make([]bool, l.grid.size()),
		settled: make([]int32, l.grid.size()), edges: map[[2]int32]street{}, hill: 1.0 / 220}
	for i := range p.wet {
		p.settled[i] = -1
		if !l.in[i] {
			continue
		}
		p.wet[i] = l.broad.clearance(l.grid.center(i), 1) < 0
		if _, s, _ := w.nodes.nearest(l.grid.scattered(i), 130); s != nil && !p.wet[i] {
			if _, d := lattices[s.line].nearest(l.grid.scattered(i)); d < lattices[s.line].ground.block*0.9 {
				p.settled[i] = int32(s.line)
			}
		}
	}
	return p
}

// price is what a metre of new road costs between two cells: hills are dear, bridges very dear, existing roads cheap.
func (p *planner) price(_, to int) float64 {
	if !p.in[to] {
		return math.Inf(1)
	}
	c := 1 + min(14, max(0, p.low[to])*p.hill)
	if p.wet[to] {
		c += 20
	}
	if p.onRoad[to] {
		c *= 0.4
	}
	return c
}

// build plans all roads outside of settlements: between towns, out of the county, to the motorway, to the villages, and tracks into the hills.
func (p *planner) build(vs []village) {
	at := map[string]int{}
	for _, t := range towns {
		at[t.code] = p.grid.at(t.seat)
	}
	for _, n := range roadNumbers {
		p.join(at[n.from], at[n.to], street{n.kind, n.name})
	}
	for _, g := range gates {
		p.join(p.grid.at(g.at), at[g.town], street{g.kind, g.name})
	}
	for _, i := range interchanges {
		p.branch([]int{p.grid.at(i)}, func(int) street { return street{"secondary", "高速连接线"} })
	}
	var seats []int
	for _, v := range vs {
		if !v.community {
			seats = append(seats, p.grid.at(v.seat))
		}
	}
	p.branch(seats, func(uses int) street {
		if uses >= 4 {
			return street{"secondary", ""}
		}
		return street{"tertiary", ""}
	})
	p.branch(p.summits(), func(int) street { return street{"path", ""} })
}

// join plans the way from one cell to another.
func (p *planner) join(from, to int, s street) {
	f := p.grid.floodUntil(map[int]float64{to: 0}, from, p.price)
	if math.IsInf(f.cost[from], 1) {
		return
	}
	r := route{street: s}
	for c := int32(from); c >= 0; c = f.next[c] {
		r.cells = append(r.cells, c)
	}
	p.closeGaps(r.cells)
	p.lay(r.cells, s)
	p.routes = append(p.routes, r)
}

// closeGaps keeps a road that leaves a settlement for a few hundred metres on its streets.
func (p *planner) closeGaps(cells []int32) {
	const gap = 5 // cells
	last := -1    // the last settled cell
	for i, c := range cells {
		if p.settled[c] < 0 {
			continue
		}
		if last >= 0 && i-last <= gap && p.settled[cells[last]] == p.settled[c] {
			wet := false
			for _, m := range cells[last+1 : i] {
				wet = wet || p.wet[m]
			}
			for _, m := range cells[last+1 : i] {
				if !wet {
					p.settled[m] = p.settled[c]
				}
			}
		}
		last = i
	}
}

// branch joins each end to the roads that stand.
func (p *planner) branch(ends []int, kind func(uses int) street) {
	sources := map[int]float64{}
	for i, on := range p.onRoad {
		if on {
			sources[i] = 0
		}
	}
	for _, piece := range p.grid.flood(sources, p.price).tree(ends) {
		p.lay(piece.cells, kind(piece.uses))
	}
}

func (p *planner) lay(cells []int32, s street) {
	for i, c := range cells {
		p.onRoad[c] = true
		if i == 0 {
			continue
		}
		e := [2]int32{min(c, cells[i-1]), max(c, cells[i-1])}
		if old, ok := p.edges[e]; !ok || roadRank[s.kind] < roadRank[old.kind] {
			if !ok {
				p.order = append(p.order, e)
			}
			p.edges[e] = s
		}
	}
}

// summits are places in the mountains to which a track leads.
func (p *planner) summits() []int {
	r := dice(p.seed, "tracks")
	var out []int
	var taken []orb.Point
	for range 1500 {
		i := r.IntN(p.grid.size())
		c := p.grid.center(i)
		if p.in[i] && p.low[i] > 900 && p.low[i] < 3200 && !tooNear(taken, c, 3200) {
			out, taken = append(out, i), append(taken, c)
		}
	}
	return out
}

// place is a node of the road network: a cell of the land, or a crossing of a settlement's streets.
type place struct {
	cell    int32 // -1: a crossing
	lattice int
	node    [2]int
}

func (p *planner) point(n place) orb.Point {
	if n.cell >= 0 {
		return p.grid.scattered(int(n.cell))
	}
	return p.lattices[n.lattice].node[n.node[0]][n.node[1]]
}

// crossing returns the crossing at which a road from toward meets the streets of a settled cell.
func (p *planner) crossing(cell int32, toward orb.Point) (place, bool) {
	t := p.settled[cell]
	if t < 0 {
		return place{}, false
	}
	n, _ := p.lattices[t].nearest(toward)
	return place{cell: -1, lattice: int(t), node: n}, true
}

// roads returns the roads outside of settlements as smooth lines from fork to fork, and raises the streets within
// settlements on which they go on.
func (p *planner) roads() []road {
	for _, r := range p.routes {
		p.through(r)
	}
	links := map[place][]place{}
	kind := map[[2]place]street{}
	var nodes []place
	link := func(a, b place, s street) {
		for _, n := range [2]place{a, b} {
			if links[n] == nil {
				nodes = append(nodes, n)
			}
		}
		links[a], links[b] = append(links[a], b), append(links[b], a)
		kind[[2]place{a, b}], kind[[2]place{b, a}] = s, s
	}
	for _, e := range p.order {
		a, b := place{cell: e[0]}, place{cell: e[1]}
		sa, inA := p.crossing(e[0], p.grid.scattered(int(e[1])))
		sb, inB := p.crossing(e[1], p.grid.scattered(int(e[0])))
		if inA {
			a = sa
		}
		if inB {
			b = sb
		}
		if a == b || inA && inB && a.lattice == b.lattice || kind[[2]place{a, b}] != (street{}) {
			continue
		}
		link(a, b, p.edges[e])
	}
	fork := func(n place) bool {
		l := links[n]
		return n.cell < 0 || len(l) != 2 || kind[[2]place{l[0], n}] != kind[[2]place{n, l[1]}]
	}
	var out []road
	seen := map[[2]place]bool{}
	for _, start := range nodes {
		if !fork(start) {
			continue
		}
		for _, next := range links[start] {
			if seen[[2]place{start, next}] {
				continue
			}
			ls := orb.LineString{p.point(start)}
			s := kind[[2]place{start, next}]
			for from, n := start, next; ; {
				seen[[2]place{from, n}], seen[[2]place{n, from}] = true, true
				ls = append(ls, p.point(n))
				if fork(n) {
					break
				}
				to := links[n][0]
				if to == from {
					to = links[n][1]
				}
				from, n = n, to
			}
			if roadRank[s.kind] <= roadRank["secondary"] {
				ls = simplify.DouglasPeucker(55).LineString(ls)
			}
			out = append(out, road{s.kind, s.name, smooth(ls, 2)})
		}
	}
	return out
}

// through raises the streets of the settlements that a road between towns passes.
func (p *planner) through(r route) {
	var enter place
	within := false
	for i, c := range r.cells {
		before := p.grid.scattered(int(r.cells[max(0, i-1)]))
		n, ok := p.crossing(c, before)
		if ok && !within {
			enter = n
		}
		if within && (!ok || i == len(r.cells)-1 || n.lattice != enter.lattice) {
			if leave, ok := p.crossing(r.cells[i-1], p.grid.scattered(int(c))); ok && leave.lattice == enter.lattice {
				p.lattices[enter.lattice].promote(enter.node, leave.node, r.street)
			}
			enter = n
		}
		within = ok
	}
}

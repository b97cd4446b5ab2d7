package demo

import (
	"math"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// lattice is the street grid of one settlement: two families of lines, bent a little, whose crossings are the nodes. Nodes in water, on the railway or
// outside of the settlement do not exist.
type lattice struct {
	ground  ellipse
	village int // index, or -1 for a town's
	town    int
	u, v    []float64       // positions of the lines along the ellipse's axes
	node    [][]orb.Point   // [u][v]
	ok      [][]bool        // [u][v]
	street  map[edge]street // between neighbouring nodes
}

// edge names the street between two neighbouring nodes by its first node and its direction.
type edge struct {
	i, j   int
	across bool // to (i, j+1), else to (i+1, j)
}

type street struct {
	kind, name string
}

// roadRank orders the kinds of road, 1 the most important.
var roadRank = map[string]int{"motorway": 1, "trunk": 2, "rail": 3, "primary": 3, "secondary": 4, "tertiary": 5, "residential": 6, "service": 7, "path": 8}

// ways are the lines that streets keep clear of.
type ways struct {
	through nearby // railway and motorways
	nodes   nearby // places that earlier settlements have taken
}

// newLattice lays the streets of one settlement. id is under which w knows its nodes.
func (l *land) newLattice(r *rand.Rand, id int, g ellipse, town, village int, w *ways) *lattice {
	t := &lattice{ground: g, village: village, town: town, street: map[edge]street{}}
	t.u, t.v = positions(r, g.a*1.1, g.block), positions(r, g.b*1.1, g.block*0.85)
	bend := [2]noise{{seed: l.seed + 11, scale: 1100}, {seed: l.seed + 12, scale: 1100}}
	edgeNoise := noise{seed: l.seed + 13, scale: 700}
	keep, apart := 45.0, g.block*0.75
	if village >= 0 {
		keep = 22
	}
	for i := range t.u {
		t.node, t.ok = append(t.node, make([]orb.Point, len(t.v))), append(t.ok, make([]bool, len(t.v)))
		for j := range t.v {
			p := g.place(t.u[i], t.v[j])
			p = add(p, orb.Point{(bend[0].at(p, 2) - 0.5) * g.block * 1.6, (bend[1].at(p, 2) - 0.5) * g.block * 1.6})
			t.node[i][j] = p
			reach := 1 + (edgeNoise.at(p, 2)-0.5)*0.5
			t.ok[i][j] = g.holds(p, reach) && inside(l.outline, p) && l.broad.clearance(p, keep) >= keep && l.banks.clearance(p, 8) >= 8 &&
				w.through.clearance(p, 70) >= 70 && w.nodes.clearance(p, apart) >= apart
		}
	}
	t.layStreets(l, r, w)
	t.dropLoose()
	for i := range t.node {
		for j := range t.node[i] {
			if t.ok[i][j] {
				w.nodes.add(id, orb.LineString{t.node[i][j], t.node[i][j]}, always(0))
			}
		}
	}
	return t
}

// positions are unevenly spaced from -half to half.
func positions(r *rand.Rand, half, step float64) []float64 {
	var out []float64
	for x := -half; x <= half; x += spread(r, step, step*0.22) {
		out = append(out, x)
	}
	return out
}

// layStreets decides the kind of every street by its line, and leaves some of the small ones out.
func (t *lattice) layStreets(l *land, r *rand.Rand, w *ways) {
	kindOf := func(n, of int) string {
		if t.village >= 0 {
			return "residential"
		}
		switch d := n - of/2; {
		case d == 0:
			return "primary"
		case d%4 == 0:
			return "secondary"
		case d%2 == 0:
			return "tertiary"
		}
		return "residential"
	}
	put := func(e edge, kind, name string) {
		a, b := t.ends(e)
		if !t.has(a) || !t.has(b) {
			return
		}
		p, q := t.node[a[0]][a[1]], t.node[b[0]][b[1]]
		important := roadRank[kind] <= roadRank["secondary"]
		if w.through.cut(p, q) && !important || l.banks.cut(p, q) && !important && r.Float64() < 0.3 {
			return
		}
		if kind == "residential" && inAny(estates, p) {
			kind = "service"
		}
		if kind == "residential" && r.Float64() < 0.07 {
			return
		}
		t.street[e] = street{kind, name}
	}
	names := streetNames{r: r, town: t.town}
	for i := range t.u {
		kind := kindOf(i, len(t.u))
		name := names.next(kind)
		for j := range len(t.v) - 1 {
			put(edge{i, j, true}, kind, name)
		}
	}
	for j := range t.v {
		kind := kindOf(j, len(t.v))
		name := names.next(kind)
		for i := range len(t.u) - 1 {
			put(edge{i, j, false}, kind, name)
		}
	}
}

func (t *lattice) ends(e edge) (a, b [2]int) {
	if e.across {
		return [2]int{e.i, e.j}, [2]int{e.i, e.j + 1}
	}
	return [2]int{e.i, e.j}, [2]int{e.i + 1, e.j}
}

func (t *lattice) has(n [2]int) bool {
	return n[0] >= 0 && n[1] >= 0 && n[0] < len(t.u) && n[1] < len(t.v) && t.ok[n[0]][n[1]]
}

// around lists the streets at a node and where they lead.
func (t *lattice) around(n [2]int, visit func(e edge, to [2]int)) {
	for _, s := range [4]struct {
		e  edge
		to [2]int
	}{
		{edge{n[0], n[1], true}, [2]int{n[0], n[1] + 1}}, {edge{n[0], n[1] - 1, true}, [2]int{n[0], n[1] - 1}},
		{edge{n[0], n[1], false}, [2]int{n[0] + 1, n[1]}}, {edge{n[0] - 1, n[1], false}, [2]int{n[0] - 1, n[1]}},
	} {
		if _, ok := t.street[s.e]; ok {
			visit(s.e, s.to)
		}
	}
}

// dropLoose removes all nodes that no street joins to the largest connected part.
func (t *lattice) dropLoose() {
	part := map[[2]int]int{}
	best, bestSize, parts := 0, 0, 0
	for i := range t.node {
		for j := range t.node[i] {
			start := [2]int{i, j}
			if !t.ok[i][j] || part[start] != 0 {
				continue
			}
			parts++
			todo, size := [][2]int{start}, 0
			part[start] = parts
			for len(todo) > 0 {
				n := todo[len(todo)-1]
				todo, size = todo[:len(todo)-1], size+1
				t.around(n, func(_ edge, to [2]int) {
					if part[to] == 0 {
						part[to] = parts
						todo = append(todo, to)
					}
				})
			}
			if size > bestSize {
				best, bestSize = parts, size
			}
		}
	}
	for n, p := range part {
		if p != best {
			t.ok[n[0]][n[1]] = false
		}
	}
	for e := range t.street {
		if a, _ := t.ends(e); part[a] != best {
			delete(t.street, e)
		}
	}
}

// nearest returns the node closest to p.
func (t *lattice) nearest(p orb.Point) (n [2]int, metres float64) {
	metres = math.Inf(1)
	for i := range t.node {
		for j := range t.node[i] {
			if d := distance(t.node[i][j], p); t.ok[i][j] && d < metres {
				n, metres = [2]int{i, j}, d
			}
		}
	}
	return n, metres
}

// promote makes the shortest way between two nodes at least as important as a road that goes on outside.
func (t *lattice) promote(from, to [2]int, s street) {
	came := map[[2]int][2]int{from: from}
	via := map[[2]int]edge{}
	todo := [][2]int{from}
	for len(todo) > 0 && todo[0] != to {
		n := todo[0]
		todo = todo[1:]
		t.around(n, func(e edge, next [2]int) {
			if _, seen := came[next]; !seen {
				came[next], via[next] = n, e
				todo = append(todo, next)
			}
		})
	}
	if _, ok := came[to]; !ok {
		return
	}
	for n := to; n != from; n = came[n] {
		if roadRank[t.street[via[n]].kind] > roadRank[s.kind] {
			t.street[via[n]] = s
		}
	}
}

// lines returns the streets as long lines: along each line of the grid, as far as kind and name stay the same.
func (t *lattice) lines(emit func(s street, ls orb.LineString)) {
	run := func(n int, at func(k int) edge) {
		var ls orb.LineString
		var now street
		flush := func() {
			if len(ls) > 1 {
				emit(now, ls)
			}
			ls = nil
		}
		for k := range n {
			e := at(k)
			s, ok := t.street[e]
			if !ok || s != now {
				flush()
			}
			if !ok {
				continue
			}
			a, b := t.ends(e)
			if ls == nil {
				ls, now = orb.LineString{t.node[a[0]][a[1]]}, s
			}
			ls = append(ls, t.node[b[0]][b[1]])
		}
		flush()
	}
	for i := range t.u {
		run(len(t.v)-1, func(k int) edge { return edge{i, k, true} })
	}
	for j := range t.v {
		run(len(t.u)-1, func(k int) edge { return edge{k, j, false} })
	}
}

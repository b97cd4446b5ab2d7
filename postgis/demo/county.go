package demo

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// county is everything that is generated before the database comes in. Equal seeds give equal counties.
type county struct {
	*land
	townNames []official // as towns
	villages  []village
	ter       territory
	roads     []road
	lattices  []*lattice
	blocks    []block
	buildings []building
	cells     []gridSeed
	crossings [][]orb.Point // by town; see streetIn
}

// gridSeed is the point around which a unit grid lies, and its village.
type gridSeed struct {
	at      orb.Point
	village int
}

// newCounty generates the county from the embedded names and outline.
func newCounty(seed uint64) (*county, error) {
	outline, err := readOutline()
	if err != nil {
		return nil, err
	}
	townNames, err := readOfficial("towns.csv")
	if err != nil {
		return nil, err
	}
	villageNames, err := readOfficial("villages.csv")
	if err != nil {
		return nil, err
	}
	c := &county{land: newLand(seed, outline)}
	if c.townNames, err = byTown(townNames); err != nil {
		return nil, err
	}
	if c.villages, c.ter, err = c.settle(villageNames); err != nil {
		return nil, err
	}
	c.lay()
	c.cells = c.gridSeeds()
	return c, nil
}

// byTown puts the official names into the order of towns.
func byTown(names []official) ([]official, error) {
	out := make([]official, len(towns))
	for _, n := range names {
		i := townOf(n.code)
		if i < 0 {
			return nil, fmt.Errorf("towns.csv: %s %s has no place on the map", n.code, n.name)
		}
		out[i] = n
	}
	for i, n := range out {
		if n.code == "" {
			return nil, fmt.Errorf("towns.csv: no town %s", towns[i].code)
		}
	}
	return out, nil
}

// lay makes streets, roads and buildings.
func (c *county) lay() {
	w := &ways{}
	for _, m := range motorways {
		ls := clip(smooth(m.line, 3), c.outline)
		w.through.add(0, ls, always(14))
		c.roads = append(c.roads, road{"motorway", m.name, ls})
	}
	rail := clip(smooth(railway, 3), c.outline)
	w.through.add(1, rail, always(8))
	c.roads = append(c.roads, road{"rail", railwayName, rail})

	settle := func(r *rand.Rand, g ellipse, town, village int) {
		c.lattices = append(c.lattices, c.newLattice(r, len(c.lattices), g, town, village, w))
	}
	for i, t := range towns {
		for _, g := range t.built {
			settle(dice(c.seed, "streets "+t.code), g, i, -1)
		}
	}
	for i, v := range c.villages {
		if !v.community {
			settle(dice(c.seed, "streets "+v.code), v.built, v.town, i)
		}
	}
	p := c.newPlanner(c.lattices, w)
	p.build(c.villages)
	outside := p.roads()
	outside = append(outside, p.bridges()...)
	c.roads = append(c.roads, outside...)

	b := &builder{r: dice(c.seed, "buildings"), land: c.land, ways: w}
	for i, r := range outside {
		if r.kind != "path" {
			b.roads.add(i, r.line, always(5))
		}
	}
	for i, t := range c.lattices {
		t.lines(func(s street, ls orb.LineString) { c.roads = append(c.roads, road{s.kind, s.name, ls}) })
		b.fill(i, t)
	}
	b.farms(outside)
	c.blocks, c.buildings = b.blocks, b.buildings
}

// gridSeeds scatters the points of unit grids, close together in towns, far apart in the mountains. Pairs on both sides of a
// river's middle make the middle a border.
func (c *county) gridSeeds() []gridSeed {
	r := dice(c.seed, "unit grids")
	var near nearby // seeds so far
	var out []gridSeed
	put := func(p orb.Point, apart float64) {
		cell := c.grid.at(p)
		if cell < 0 || c.ter.village[cell] < 0 || !inside(c.outline, p) || near.clearance(p, apart) < apart {
			return
		}
		near.add(0, orb.LineString{p, p}, always(0))
		out = append(out, gridSeed{p, int(c.ter.village[cell])})
	}
	for _, v := range c.villages { // every village has at least one
		put(v.seat, 1)
	}
	for _, rv := range rivers {
		if rv.kind != "river" {
			continue
		}
		ls := smooth(rv.line, 2)
		for at, total := 150.0, length(ls); at < total; at += 330 {
			p, dir := along(ls, at)
			side := scale(left(dir), 190)
			a, b := add(p, side), sub(p, side)
			if near.clearance(a, 230) >= 230 && near.clearance(b, 230) >= 230 {
				put(a, 150)
				put(b, 150)
			}
		}
	}
	bound := c.outline.Bound()
	for range 60000 {
		p := orb.Point{bound.Min[0] + r.Float64()*(bound.Max[0]-bound.Min[0]), bound.Min[1] + r.Float64()*(bound.Max[1]-bound.Min[1])}
		put(p, c.gridSpacing(p))
	}
	return out
}

// gridSpacing is how far apart the seeds of unit grids are at p, metres.
func (c *county) gridSpacing(p orb.Point) float64 {
	for _, t := range towns {
		for _, g := range t.built {
			if g.holds(p, 1.05) {
				return 300 - 60*g.core
			}
		}
	}
	return min(1150, max(480, 620+c.lowAt(p)*0.35))
}

// bridges of the county town over the Fuchun, as parts along its line and names.
var bridges = []struct {
	near orb.Point
	name string
}{{seat(119.6868, 29.8162), "富春江大桥"}, {seat(119.7030, 29.8275), "桐庐二桥"}}

// bridges joins the streets on both banks.
func (p *planner) bridges() []road {
	fuchun := smooth(rivers[0].line, 2)
	var out []road
	for _, b := range bridges {
		at, _ := nearestOn(fuchun, b.near)
		middle, dir := along(fuchun, at)
		var ends [2]place
		found := true
		for k, sign := range [2]float64{1, -1} {
			bank := add(middle, scale(left(dir), sign*420))
			best := math.Inf(1)
			for i, t := range p.lattices {
				if n, d := t.nearest(bank); d < best {
					best, ends[k] = d, place{cell: -1, lattice: i, node: n}
				}
			}
			found = found && best < 700
		}
		if found && ends[0] != ends[1] {
			out = append(out, road{"primary", b.name, orb.LineString{p.point(ends[0]), p.point(ends[1])}})
		}
	}
	return out
}

// nearestOn returns how far along a line its place nearest to p is, and the distance.
func nearestOn(ls orb.LineString, p orb.Point) (at, metres float64) {
	metres = math.Inf(1)
	var gone float64
	for i := range len(ls) - 1 {
		l := distance(ls[i], ls[i+1])
		if d, t := toSegment(p, ls[i], ls[i+1]); d < metres {
			metres, at = d, gone+t*l
		}
		gone += l
	}
	return at, metres
}

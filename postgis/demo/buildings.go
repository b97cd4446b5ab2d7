package demo

import (
	"math"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// building stands on the plane; heights in metres.
type building struct {
	footprint orb.Polygon
	height    float64
}

// block is the ground between four crossings, and what it is used for.
type block struct {
	kind   string // residential, industrial, park
	group  int    // the settlement: blocks of one kind in one group are drawn as one
	corner [4]orb.Point
}

// at returns the place at x, y metres from the first corner along the block's sides.
func (b block) at(x, y float64) orb.Point {
	w, d := b.size()
	s, t := x/w, y/d
	return between(between(b.corner[0], b.corner[1], s), between(b.corner[3], b.corner[2], s), t)
}

func (b block) size() (w, d float64) {
	return (distance(b.corner[0], b.corner[1]) + distance(b.corner[3], b.corner[2])) / 2, (distance(b.corner[0], b.corner[3]) + distance(b.corner[1], b.corner[2])) / 2
}

// rect is a footprint of w by d metres whose first corner is at x, y.
func (b block) rect(x, y, w, d float64) orb.Polygon {
	ring := orb.Ring{b.at(x, y), b.at(x+w, y), b.at(x+w, y+d), b.at(x, y+d)}
	ring = append(ring, ring[0])
	if ring.Orientation() == orb.CW {
		ring.Reverse()
	}
	return orb.Polygon{ring}
}

// builder fills blocks. Every building keeps clear of water, railway, motorway and the roads outside of settlements.
type builder struct {
	r         *rand.Rand
	land      *land
	ways      *ways
	roads     nearby
	blocks    []block
	buildings []building
}

func (b *builder) put(footprint orb.Polygon, height float64) {
	for i, p := range footprint[0][:len(footprint[0])-1] {
		if b.land.banks.cut(p, footprint[0][i+1]) || b.land.banks.clearance(p, 12) < 12 || b.ways.through.clearance(p, 28) < 28 || b.roads.clearance(p, 7) < 7 || math.IsInf(b.land.lowAt(p), 1) {
			return
		}
	}
	b.buildings = append(b.buildings, building{footprint, height})
}

// fill builds on the blocks of one settlement.
func (b *builder) fill(group int, t *lattice) {
	for i := range len(t.u) - 1 {
		for j := range len(t.v) - 1 {
			if !t.ok[i][j] || !t.ok[i+1][j] || !t.ok[i+1][j+1] || !t.ok[i][j+1] {
				continue
			}
			bl := block{kind: "residential", group: group, corner: [4]orb.Point{t.node[i][j], t.node[i+1][j], t.node[i+1][j+1], t.node[i][j+1]}}
			middle := between(bl.corner[0], bl.corner[2], 0.5)
			if b.land.broad.clearance(middle, 30) < 30 {
				continue
			}
			u, v := t.ground.local(middle)
			out := (u*u)/(t.ground.a*t.ground.a) + (v*v)/(t.ground.b*t.ground.b) // 0 in the middle, 1 at the edge
			switch {
			case t.village >= 0:
				b.houses(bl, 0.75)
			case inAny(parks, middle):
				bl.kind = "park"
			case inAny(estates, middle):
				bl.kind = "industrial"
				b.halls(bl)
			default:
				b.town(bl, t.ground.core*(1-out), out)
			}
			b.blocks = append(b.blocks, bl)
		}
	}
}

// town builds one block of a town; centre runs from 0 (houses) to 1 (towers).
func (b *builder) town(bl block, centre, out float64) {
	switch d := b.r.Float64(); {
	case d < 0.04+0.16*out*out: // a yard, a car park, ground not yet built on
	case d < 0.08+0.16*out*out:
		b.school(bl)
	case b.r.Float64() < centre*0.75:
		b.towers(bl, centre)
	case b.r.Float64() < 0.35+centre:
		b.slabs(bl, centre)
	default:
		b.houses(bl, 0.85)
	}
}

// towers are high buildings on a podium.
func (b *builder) towers(bl block, centre float64) {
	w, d := bl.size()
	if b.r.Float64() < 0.6 {
		b.put(bl.rect(16, 16, w-32, min(28, d-32)), spread(b.r, 14, 4))
	}
	for x := 18.0; x+30 < w-14; x += spread(b.r, 52, 8) {
		if b.r.Float64() < 0.85 {
			side := spread(b.r, 26, 5)
			b.put(bl.rect(x, d-18-side, side, side*0.85), 36+centre*75*b.r.Float64())
		}
	}
}

// slabs are rows of flats that face south.
func (b *builder) slabs(bl block, centre float64) {
	w, d := bl.size()
	storeys := 5 + b.r.IntN(3)
	if b.r.Float64() < 0.25+centre {
		storeys = 11 + b.r.IntN(8)
	}
	gap := 24 + float64(storeys)*1.1
	for y := 15.0; y+13 < d-12; y += gap {
		long := spread(b.r, 46, 10)
		for x := 15.0; x+long < w-12; x += long + 13 {
			if b.r.Float64() < 0.92 {
				b.put(bl.rect(x, y, long, 12.5), float64(storeys)*3+1)
			}
		}
	}
}

// houses are rows of family houses of two to four storeys.
func (b *builder) houses(bl block, density float64) {
	w, d := bl.size()
	for y := 9.0; y+11 < d-6; y += spread(b.r, 30, 4) {
		for x := 9.0; x+10 < w-6; x += spread(b.r, 24, 5) {
			if b.r.Float64() < density*0.56 {
				b.put(bl.rect(x, y, spread(b.r, 11, 2), spread(b.r, 10, 1.5)), 6.5+3.1*float64(b.r.IntN(3)))
			}
		}
	}
}

// halls are factories.
func (b *builder) halls(bl block) {
	w, d := bl.size()
	if b.r.Float64() < 0.12 {
		return
	}
	cut := spread(b.r, 0.55, 0.15)
	b.put(bl.rect(16, 16, (w-32)*cut-8, d-34), spread(b.r, 11, 2.5))
	if b.r.Float64() < 0.8 {
		b.put(bl.rect(16+(w-32)*cut+8, 16, (w-32)*(1-cut)-8, (d-34)*spread(b.r, 0.6, 0.3)), spread(b.r, 12, 4))
	}
	if b.r.Float64() < 0.3 {
		b.put(bl.rect(w-30, d-28, 15, 13), spread(b.r, 18, 5))
	}
}

// school has long wings around a yard.
func (b *builder) school(bl block) {
	w, d := bl.size()
	b.put(bl.rect(16, 16, (w-32)*0.7, 14), 16)
	b.put(bl.rect(16, 46, (w-32)*0.6, 13), 14)
	b.put(bl.rect(w-34, d-44, 18, 26), 10)
}

// farms are houses along the small roads of the valleys.
func (b *builder) farms(roads []road) {
	for _, rd := range roads {
		if rd.kind != "tertiary" && rd.kind != "secondary" {
			continue
		}
		for at, total := 60.0, length(rd.line); at < total; at += spread(b.r, 230, 170) {
			p, dir := along(rd.line, at)
			if b.land.lowAt(p) > 50 {
				continue
			}
			side := scale(left(dir), spread(b.r, 26, 9))
			if b.r.IntN(2) == 0 {
				side = scale(side, -1)
			}
			c := add(p, side)
			w, d := scale(dir, spread(b.r, 6, 1)), scale(left(dir), spread(b.r, 5, 1))
			ring := orb.Ring{sub(sub(c, w), d), sub(add(c, w), d), add(add(c, w), d), add(sub(c, w), d)}
			b.put(orb.Polygon{append(ring, ring[0])}, 6.5+3.1*float64(b.r.IntN(3)))
		}
	}
}

package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/paulmach/orb"
)

// village is a village or community with its seat and territory.
type village struct {
	code, name, nameEN string
	town               int // index into towns
	community          bool
	seat               orb.Point
	built              ellipse
}

// territory says which town and village each cell of the land belongs to: indices, or -1 outside. Each is connected.
type territory struct {
	town, village []int32
}

// settle places the villages: communities in the built-up ground of their town, villages on the floors of its valleys,
// close together near the town.
func (l *land) settle(names []official) ([]village, territory, error) {
	ter := territory{town: l.townTerritory()}
	cells := make([][]int, len(towns))
	for i, t := range ter.town {
		if t >= 0 {
			cells[t] = append(cells[t], i)
		}
	}
	r := dice(l.seed, "villages")
	var out []village
	var seats []orb.Point
	for _, n := range names {
		t := townOf(n.code)
		if t < 0 {
			return nil, ter, fmt.Errorf("villages.csv: %s %s lies in none of the towns", n.code, n.name)
		}
		v := village{code: n.code, town: t, community: strings.HasSuffix(n.name, "社区")}
		v.name = shortName(n.name)
		v.nameEN = english(v.name)
		v.seat = l.villageSeat(r, v, ter.town, cells[t], seats)
		seats = append(seats, v.seat)
		a := spread(r, 190, 70)
		v.built = ellipse{middle: v.seat, a: a, b: a * spread(r, 0.6, 0.12), turn: l.valleyTurn(v.seat), block: spread(r, 72, 10)}
		out = append(out, v)
	}
	ter.village = l.villageTerritory(out, ter.town)
	return out, ter, nil
}

// shortName drops the committee from a village's official name: 旧县村村委会 is 旧县村.
func shortName(name string) string {
	for _, committee := range []string{"村委会", "居委会"} {
		for strings.HasSuffix(name, committee) {
			name = strings.TrimSuffix(name, committee)
		}
	}
	if !strings.HasSuffix(name, "村") && !strings.HasSuffix(name, "社区") {
		name += "村"
	}
	return name
}

func townOf(code string) int {
	for i := range towns {
		if strings.HasPrefix(code, towns[i].code) {
			return i
		}
	}
	return -1
}

// overRiver makes a step across the middle of a river dear, so that territories end there.
func (l *land) overRiver(metres float64) func(from, to int) float64 {
	const band = 110
	near := make([]bool, l.grid.size())
	for i := range near {
		near[i] = l.in[i] && l.middles.clearance(l.grid.center(i), band) < band
	}
	return func(_, to int) float64 {
		switch {
		case !l.in[to]:
			return math.Inf(1)
		case near[to]:
			return 1 + metres/band/2
		}
		return 1
	}
}

func (l *land) townTerritory() []int32 {
	sources := map[int]float64{}
	town := map[int32]int32{}
	for i, t := range towns {
		c := l.grid.at(t.seat)
		sources[c] = -t.reach
		town[int32(c)] = int32(i)
	}
	return owners(l.grid.flood(sources, l.overRiver(1500)), town)
}

func (l *land) villageTerritory(vs []village, townAt []int32) []int32 {
	sources := map[int]float64{}
	index := map[int32]int32{}
	for i, v := range vs {
		c := l.grid.at(v.seat)
		sources[c] = 0
		index[int32(c)] = int32(i)
	}
	river := l.overRiver(4000)
	return owners(l.grid.flood(sources, func(from, to int) float64 {
		if townAt[from] != townAt[to] {
			return math.Inf(1)
		}
		return river(from, to)
	}), index)
}

func owners(f flood, index map[int32]int32) []int32 {
	out := make([]int32, len(f.owner))
	for i, o := range f.owner {
		out[i] = -1
		if o >= 0 {
			out[i] = index[o]
		}
	}
	return out
}

func (l *land) villageSeat(r *rand.Rand, v village, townAt []int32, cells []int, taken []orb.Point) orb.Point {
	t := towns[v.town]
	grounds := t.built
	if len(grounds) == 0 { // Chengnan shares Tongjun's
		grounds = towns[0].built
	}
	best, bestScore := t.seat, math.Inf(-1)
	for range 400 {
		i := pick(r, cells)
		p := add(l.grid.center(i), orb.Point{spread(r, 0, 60), spread(r, 0, 60)})
		if inAny(grounds, p) != v.community || townAt[i] != int32(v.town) || l.banks.clearance(p, 200) < 130 {
			continue
		}
		gap := 2600.0
		for _, s := range taken {
			gap = min(gap, distance(s, p))
		}
		score := gap - 0.10*distance(p, t.seat)
		if !v.community {
			score -= max(0, l.lowAt(p)+150) * 2.5
		}
		if gap < 280 {
			score -= 4000
		}
		if score > bestScore {
			best, bestScore = p, score
		}
	}
	return best
}

// valleyTurn is the direction of the nearest water, degrees counter-clockwise from east: villages lie along it.
func (l *land) valleyTurn(p orb.Point) float64 {
	if _, s, _ := l.banks.nearest(p, 1500); s != nil {
		d := sub(s.b, s.a)
		return math.Atan2(d[1], d[0]) * 180 / math.Pi
	}
	return 0
}

// holds reports whether p lies within the ellipse made larger by a factor.
func (e ellipse) holds(p orb.Point, factor float64) bool {
	u, v := e.local(p)
	return (u*u)/(e.a*e.a)+(v*v)/(e.b*e.b) <= factor*factor
}

// local returns p in the ellipse's own axes, metres.
func (e ellipse) local(p orb.Point) (u, v float64) {
	d := rotate(sub(p, e.middle), -e.turn*math.Pi/180)
	return d[0], d[1]
}

func (e ellipse) place(u, v float64) orb.Point {
	return add(e.middle, rotate(orb.Point{u, v}, e.turn*math.Pi/180))
}

func inAny(es []ellipse, p orb.Point) bool {
	for _, e := range es {
		if e.holds(p, 1) {
			return true
		}
	}
	return false
}

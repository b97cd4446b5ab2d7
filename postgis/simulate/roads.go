package simulate

import (
	"container/heap"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wanglou/postgis"
)

// roads is the network of the basemap's roads on a plane of metres: every corner of a road is a place, roads that share a corner
// meet there. It is not changed after it was made.
type roads struct {
	origin  orb.Point
	scale   orb.Point // metres a degree
	places  []place
	driven  []int          // indexes of the places of the largest connected part
	streets map[string]int // places of the network by area
}

type place struct {
	at    orb.Point // metres
	path  string    // area of the road
	links []link
}

// link is the way to a neighbouring place.
type link struct {
	to     int
	metres float64
	speed  float64 // m/s that people drive there
}

// roadSpeeds are km/h by kind. Motorways have no junctions in the demo, and nobody drives on rails.
var roadSpeeds = map[string]float64{"trunk": 62, "primary": 46, "secondary": 42, "tertiary": 36, "residential": 26, "service": 18, "path": 9}

// loadRoads reads the network. A database without roads has an empty one: its units go straight.
func loadRoads(ctx context.Context, db *postgis.DB) (*roads, error) {
	rows, err := db.Pool.Query(ctx, `SELECT kind, coalesce(area_path_at(geom), ''), ST_AsBinary(geom) FROM basemap_road ORDER BY id`)
	if err != nil {
		return nil, postgis.Wrap(err)
	}
	g := &roads{}
	index := map[orb.Point]int{}
	var kind, path string
	var geom []byte
	_, err = pgx.ForEachRow(rows, []any{&kind, &path, &geom}, func() error {
		speed, ok := roadSpeeds[kind]
		if !ok {
			return nil
		}
		shape, err := wkb.Unmarshal(geom)
		if err != nil {
			return err
		}
		line, ok := shape.(orb.LineString)
		if !ok || len(line) == 0 {
			return nil
		}
		g.add(index, line, path, speed/3.6)
		return nil
	})
	if err != nil {
		return nil, postgis.Wrap(err)
	}
	g.driven, g.streets = g.largestPart(), map[string]int{}
	for _, i := range g.driven {
		g.streets[g.places[i].path]++
	}
	return g, nil
}

func (g *roads) add(index map[orb.Point]int, line orb.LineString, path string, speed float64) {
	if len(g.places) == 0 {
		g.center(line[0])
	}
	last := -1
	for _, p := range line {
		i, ok := index[p]
		if !ok {
			i = len(g.places)
			index[p] = i
			g.places = append(g.places, place{at: g.plane(p), path: path})
		}
		if last >= 0 && last != i {
			d := metres(g.places[last].at, g.places[i].at)
			g.places[last].links = append(g.places[last].links, link{i, d, speed})
			g.places[i].links = append(g.places[i].links, link{last, d, speed})
		}
		last = i
	}
}

// center lays the plane around a place of the county; over its 50 km it is true to some metres a kilometre.
func (g *roads) center(p orb.Point) {
	g.origin = p
	g.scale = orb.Point{111_320 * math.Cos(p[1]*math.Pi/180), 110_850}
}

func (g *roads) plane(p orb.Point) orb.Point {
	return orb.Point{(p[0] - g.origin[0]) * g.scale[0], (p[1] - g.origin[1]) * g.scale[1]}
}

func (g *roads) world(p orb.Point) orb.Point {
	return orb.Point{g.origin[0] + p[0]/g.scale[0], g.origin[1] + p[1]/g.scale[1]}
}

func metres(a, b orb.Point) float64 { return math.Hypot(a[0]-b[0], a[1]-b[1]) }

// largestPart returns the places that can be reached from each other.
func (g *roads) largestPart() []int {
	seen := make([]bool, len(g.places))
	var best []int
	for i := range g.places {
		if seen[i] {
			continue
		}
		seen[i] = true
		part := []int{i}
		for k := 0; k < len(part); k++ {
			for _, l := range g.places[part[k]].links {
				if !seen[l.to] {
					seen[l.to] = true
					part = append(part, l.to)
				}
			}
		}
		if len(part) > len(best) {
			best = part
		}
	}
	slices.Sort(best)
	return best
}

// nearest returns the place of the network nearest to p. O(places).
func (g *roads) nearest(p orb.Point) int {
	best, at := math.Inf(1), -1
	for _, i := range g.driven {
		if d := metres(p, g.places[i].at); d < best {
			best, at = d, i
		}
	}
	return at
}

// somewhere returns a place of the network in an area, "" for any, if possible within so many metres of near.
func (g *roads) somewhere(r *rand.Rand, area string, near orb.Point, within float64) (orb.Point, bool) {
	var found orb.Point
	var ok bool
	for range min(400, 400*len(g.driven)) {
		p := &g.places[g.driven[r.IntN(len(g.driven))]]
		if area != "" && !strings.HasPrefix(p.path+".", area+".") {
			continue
		}
		if found, ok = p.at, true; metres(found, near) <= within {
			break
		}
	}
	return found, ok
}

// lively returns a place of the network where people are: of three, the one in the village with the most streets.
func (g *roads) lively(r *rand.Rand) orb.Point {
	var best *place
	for range 3 {
		if p := &g.places[g.driven[r.IntN(len(g.driven))]]; best == nil || g.streets[p.path] > g.streets[best.path] {
			best = p
		}
	}
	return best.at
}

// route returns the quickest way from a to b, both on the plane: to the network, along it, and from it. It ends at b.
// O(places · log places).
func (g *roads) route(a, b orb.Point) []leg {
	const walk = 3.0 // m/s off the road
	direct := []leg{{b, walk * 2}}
	if len(g.driven) == 0 {
		return []leg{{b, 30 / 3.6}}
	}
	from, to := g.nearest(a), g.nearest(b)
	if from == to {
		return direct
	}
	came := make([]int32, len(g.places)) // index of the place before, plus one
	speed := make([]float32, len(g.places))
	cost := make([]float64, len(g.places))
	for i := range cost {
		cost[i] = math.Inf(1)
	}
	cost[from] = 0
	const fastest = 62 / 3.6
	open := &frontier{{from, 0}}
	for open.Len() > 0 {
		n := heap.Pop(open).(reached)
		if n.place == to {
			break
		}
		for _, l := range g.places[n.place].links {
			if c := cost[n.place] + l.metres/l.speed; c < cost[l.to] {
				cost[l.to], came[l.to], speed[l.to] = c, int32(n.place+1), float32(l.speed)
				heap.Push(open, reached{l.to, c + metres(g.places[l.to].at, g.places[to].at)/fastest})
			}
		}
	}
	out := []leg{{b, walk}}
	for i := to; i != from; i = int(came[i]) - 1 {
		out = append(out, leg{g.places[i].at, float64(speed[i])})
	}
	out = append(out, leg{g.places[from].at, walk * 2})
	slices.Reverse(out)
	return out
}

// leg is a straight piece of a way: where it ends, and how fast people drive there.
type leg struct {
	to    orb.Point
	speed float64 // m/s
}

// frontier is the priority queue of route.
type frontier []reached

type reached struct {
	place int
	cost  float64 // seconds to here, and at least from here
}

func (f frontier) Len() int           { return len(f) }
func (f frontier) Less(i, j int) bool { return f[i].cost < f[j].cost }
func (f frontier) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *frontier) Push(x any)        { *f = append(*f, x.(reached)) }
func (f *frontier) Pop() any {
	old := *f
	x := old[len(old)-1]
	*f = old[:len(old)-1]
	return x
}

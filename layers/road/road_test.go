package road

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"pgregory.net/rapid"
)

var kinds = []string{"motorway", "trunk", "primary", "secondary", "tertiary", "residential", "service", "path", "rail"}

// network draws a random one of some crossings within a few kilometres.
func network(t *rapid.T) *Graph {
	at := func(label string) orb.Point {
		return orb.Point{119.6 + float64(rapid.IntRange(0, 12).Draw(t, label+"x"))*0.004, 29.7 + float64(rapid.IntRange(0, 12).Draw(t, label+"y"))*0.004}
	}
	b := NewBuilder()
	for range rapid.IntRange(1, 40).Draw(t, "roads") {
		line := orb.LineString{at("a")}
		for range rapid.IntRange(1, 4).Draw(t, "corners") {
			line = append(line, at("b"))
		}
		b.Add(rapid.SampledFrom(kinds).Draw(t, "kind"), line)
	}
	return b.Graph()
}

func somewhere(t *rapid.T, label string) orb.Point {
	return orb.Point{rapid.Float64Range(119.595, 119.655).Draw(t, label+"x"), rapid.Float64Range(29.695, 29.755).Draw(t, label+"y")}
}

var far = Limits{Metres: 1e6, Seconds: 1e6}

// reference relaxes every edge until nothing changes: Bellman and Ford.
func reference(g *Graph, from access) []float64 {
	cost := make([]float64, g.Places())
	for i := range cost {
		cost[i] = math.Inf(1)
	}
	for _, e := range g.ends(from) {
		cost[e.to] = min(cost[e.to], e.seconds)
	}
	for changed := true; changed; {
		changed = false
		for i := range cost {
			for _, e := range g.edges[g.first[i]:g.first[i+1]] {
				if c := cost[i] + e.seconds; c < cost[e.to]-1e-9 {
					cost[e.to], changed = c, true
				}
			}
		}
	}
	return cost
}

func TestWaysAreTheReferences(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := network(t)
		at := somewhere(t, "at")
		var to []orb.Point
		for range rapid.IntRange(1, 6).Draw(t, "n") {
			to = append(to, somewhere(t, "to"))
		}
		ways := g.From(at, to, far)
		start, onRoad := access{}, false
		if g.Places() > 0 {
			start, onRoad = g.nearest(at)
		}
		var cost []float64
		if onRoad {
			cost = reference(g, start)
		}
		for i, p := range to {
			want := math.Inf(1)
			if onRoad {
				if a, ok := g.nearest(p); ok {
					for _, e := range g.ends(a) {
						want = min(want, cost[e.to]+e.seconds)
					}
					if a.segment == start.segment {
						want = min(want, (start.metres+a.metres)/offRoad+geo.DistanceHaversine(start.at, a.at)/max(a.speed, 1))
					}
				}
			}
			w := ways[i]
			if w.By == math.IsInf(want, 1) || w.By && math.Abs(w.Seconds-want) > 1e-6 {
				t.Fatalf("%v to %v: %+v, the reference has %f s", at, p, w, want)
			}
			if !w.By {
				continue
			}
			if straight := geo.DistanceHaversine(at, p); w.Metres < straight-1e-6*straight-0.01 {
				t.Fatalf("%v to %v: %f m by road, %f straight", at, p, w.Metres, straight)
			}
			back := g.From(p, []orb.Point{at}, far)[0]
			if !back.By || math.Abs(back.Seconds-w.Seconds) > 1e-6 {
				t.Fatalf("%v to %v: %+v, back %+v", at, p, w, back)
			}
		}
	})
}

// What lies beyond a limit is not found, and what lies within is the same as without one.
func TestLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := network(t)
		at, to := somewhere(t, "at"), []orb.Point{somewhere(t, "a"), somewhere(t, "b")}
		limits := Limits{Metres: rapid.Float64Range(100, 9000).Draw(t, "metres"), Seconds: rapid.Float64Range(10, 900).Draw(t, "seconds")}
		free, bound := g.From(at, to, far), g.From(at, to, limits)
		for i := range to {
			within := free[i].By && free[i].Metres <= limits.Metres && free[i].Seconds <= limits.Seconds
			if within && bound[i] != free[i] {
				t.Fatalf("%+v within %+v is %+v", free[i], limits, bound[i])
			}
			if bound[i].By && (bound[i].Metres > limits.Metres || bound[i].Seconds > limits.Seconds) {
				t.Fatalf("%+v is beyond %+v", bound[i], limits)
			}
		}
	})
}

func TestAWayAroundARiver(t *testing.T) {
	t.Parallel()
	b := NewBuilder()
	// Two streets along a river, with a bridge 4 km to the east.
	south, north := orb.Point{119.6, 29.7}, orb.Point{119.6, 29.705}
	southEast, northEast := orb.Point{119.6414, 29.7}, orb.Point{119.6414, 29.705}
	b.Add("tertiary", orb.LineString{south, southEast})
	b.Add("tertiary", orb.LineString{north, northEast})
	b.Add("primary", orb.LineString{southEast, northEast})
	b.Add("rail", orb.LineString{south, north})                                    // nobody drives there
	b.Add("tertiary", orb.LineString{{119.7, 29.8}, {119.71, 29.8}})               // an island
	b.Add("tertiary", orb.LineString{{math.NaN(), 29.7}, {math.Inf(1), 29.7}, {}}) // broken
	g := b.Graph()
	if g.Places() != 4 {
		t.Fatalf("%d places", g.Places())
	}
	ways := g.From(orb.Point{119.6, 29.6999}, []orb.Point{{119.6, 29.7051}, {119.705, 29.8}, {119.62, 29.7}}, far)
	if w := ways[0]; !w.By || w.Metres < 8500 || w.Metres > 8700 || w.Seconds < 800 || w.Seconds > 900 {
		t.Errorf("across the river: %+v", w)
	}
	if ways[1].By {
		t.Errorf("to an island: %+v", ways[1])
	}
	if w := ways[2]; !w.By || math.Abs(w.Metres-1945) > 20 { // along one street, without a corner
		t.Errorf("along the street: %+v", w)
	}
	if w := (*Graph)(nil).From(south, []orb.Point{north}, far); w[0].By {
		t.Errorf("without roads: %+v", w)
	}
}

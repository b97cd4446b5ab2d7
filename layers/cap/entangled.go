package cap

import (
	"slices"

	"github.com/paulmach/orb"
)

// maxNear is how many pairs of edges of different shapes may lie near each other. Who joins the shapes works on each of them, and once it has begun the
// library that does cannot be stopped: 60 000 take a second or two. A patchwork of areas that share their lines has about four a corner.
const maxNear = 60_000

// entangled reports whether the edges of different shapes lie near each other, box on box, more than maxNear times.
func entangled(shapes orb.MultiPolygon) bool {
	type edge struct {
		box   orb.Bound
		shape int
	}
	var edges []edge
	for i, p := range shapes {
		for _, ring := range p {
			for k := 1; k < len(ring); k++ {
				edges = append(edges, edge{orb.MultiPoint{ring[k-1], ring[k]}.Bound(), i})
			}
		}
	}
	slices.SortFunc(edges, func(a, b edge) int {
		switch {
		case a.box.Min[0] < b.box.Min[0]:
			return -1
		case a.box.Min[0] > b.box.Min[0]:
			return 1
		}
		return 0
	})
	near := 0
	var open []edge // those that reach as far east as the sweep has come
	for _, e := range edges {
		kept := open[:0]
		for _, o := range open {
			if o.box.Max[0] < e.box.Min[0] {
				continue
			}
			kept = append(kept, o)
			if o.shape != e.shape && o.box.Min[1] <= e.box.Max[1] && e.box.Min[1] <= o.box.Max[1] {
				if near++; near > maxNear {
					return true
				}
			}
		}
		open = append(kept, e)
	}
	return false
}

package tiles

import (
	"sync"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// anchors remembers where the names of a layer's polygons stand: computed from the whole geometry, once for each. It is safe for
// concurrent use.
type anchors struct {
	mu   sync.RWMutex
	byID map[int64]anchored
}

type anchored struct {
	geometry *orb.Point // the first corner, shared by all versions of a feature that did not move
	at       orb.Point
}

// maxAnchors bounds what is remembered of one layer; then it begins anew.
const maxAnchors = 200_000

// of returns the label point of a feature; ok is false for what is no polygon.
func (a *anchors) of(f *layers.Feature) (at orb.Point, ok bool) {
	p := largest(f.Geometry)
	if len(p) == 0 || len(p[0]) < 4 {
		return orb.Point{}, false
	}
	first := &p[0][0]
	a.mu.RLock()
	known, ok := a.byID[f.ID]
	a.mu.RUnlock()
	if ok && known.geometry == first {
		return known.at, true
	}
	at = layers.LabelPoint(p)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byID == nil || len(a.byID) >= maxAnchors {
		a.byID = map[int64]anchored{}
	}
	a.byID[f.ID] = anchored{first, at}
	return at, true
}

// largest returns the polygon of g with the largest bound, nil when there is none.
func largest(g orb.Geometry) orb.Polygon {
	switch g := g.(type) {
	case orb.Polygon:
		return g
	case orb.MultiPolygon:
		var best orb.Polygon
		most := -1.0
		for _, p := range g {
			b := p.Bound()
			if size := (b.Max[0] - b.Min[0]) * (b.Max[1] - b.Min[1]); size > most {
				best, most = p, size
			}
		}
		return best
	}
	return nil
}

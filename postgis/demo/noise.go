package demo

import (
	"math"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// dice returns a source of random numbers for one purpose, so that a change in one part of the county leaves the others as they were.
func dice(seed uint64, purpose string) *rand.Rand {
	h := uint64(14695981039346656037) // FNV-1a
	for _, b := range []byte(purpose) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return rand.New(rand.NewPCG(seed, h))
}

// pick returns one of the items.
func pick[T any](r *rand.Rand, items []T) T { return items[r.IntN(len(items))] }

// spread returns a number within ±half of mid, evenly.
func spread(r *rand.Rand, mid, half float64) float64 { return mid + (2*r.Float64()-1)*half }

// noise is smooth value noise over the plane. The zero value is one such field.
type noise struct {
	seed  uint64
	scale float64 // metres between independent values
}

func (n noise) corner(x, y int64) float64 {
	h := n.seed ^ uint64(x)*0x9E3779B97F4A7C15 ^ uint64(y)*0xC2B2AE3D27D4EB4F
	h ^= h >> 33
	h *= 0xFF51AFD7ED558CCD
	h ^= h >> 33
	h *= 0xC4CEB9FE1A85EC53
	h ^= h >> 33
	return float64(h>>11) / (1 << 53)
}

// at returns the value at p, 0 to 1: octaves layers, each half as wide and half as strong as the one before.
func (n noise) at(p orb.Point, octaves int) float64 {
	var sum, weight float64
	s, w := n.scale, 1.0
	for o := range octaves {
		x, y := p[0]/s+float64(o)*17.3, p[1]/s-float64(o)*11.9
		x0, y0 := math.Floor(x), math.Floor(y)
		fx, fy := ease(x-x0), ease(y-y0)
		i, j := int64(x0), int64(y0)
		top := n.corner(i, j)*(1-fx) + n.corner(i+1, j)*fx
		bottom := n.corner(i, j+1)*(1-fx) + n.corner(i+1, j+1)*fx
		sum += w * (top*(1-fy) + bottom*fy)
		weight += w
		s, w = s/2, w/2
	}
	return sum / weight
}

func ease(t float64) float64 { return t * t * (3 - 2*t) }

// Package made makes pairs of surface models of places that do not exist, and says what changed between them: ground with slopes and terraces, buildings with flat and
// ridged roofs, trees, crops, shadows, and the faults of real pairs (shift, tilt, dish, noise, blur). It is for tests and measurements. One seed, one scene.
package made

import (
	"math"
	"math/rand/v2"

	"github.com/paulmach/orb"

	"wanglou/layers/survey"
	"wanglou/layers/survey/raster"
)

// Options say how hard a scene is.
type Options struct {
	Seed   uint64
	Side   int     // pixels
	Pixel  float64 // metres
	ShiftX float64 // pixels that the later model lies to the east
	ShiftY float64 // pixels that it lies to the south
	Noise  float64 // metres, standard deviation of each model's fine noise
	Blur   bool    // walls lean over two pixels, as in models from photographs
	Tilt   float64 // metres that the later model is higher at one corner than at the opposite one
	Dish   float64 // metres that its corners are higher than its middle

	// How many of each change there are, and of what is none.
	Buildings, Storeys, Sheds, Removed        int
	GrownTrees, HarvestedFields, ShadowFields int
}

// Usual is a scene with all of it, 400 m wide.
func Usual(seed uint64) Options {
	r := rand.New(rand.NewPCG(seed, 77))
	return Options{Seed: seed, Side: 800, Pixel: 0.5, ShiftX: 6*r.Float64() - 3, ShiftY: 6*r.Float64() - 3, Noise: 0.04 + 0.08*r.Float64(), Blur: true, Tilt: 1.2 * r.Float64(), Dish: 0.6 * r.Float64(),
		Buildings: 6, Storeys: 5, Sheds: 5, Removed: 2, GrownTrees: 14, HarvestedFields: 2, ShadowFields: 4}
}

// Thing is one true change.
type Thing struct {
	Kind    survey.Kind
	Shed    bool
	Outline orb.Polygon // EPSG:4549
	Height  float64     // metres of change
}

// Scene is a pair and the truth about it.
type Scene struct {
	Options
	Earlier, Later *raster.Grid    // EPSG:4549
	Green          [2]*raster.Grid // an index of plants in the earlier and in the later picture, 0 to 1
	Truth          []Thing
	Standing       []orb.Polygon // what stands in both, lawful
	Stamped        []int32       // per pixel of the earlier model: 1 + the index in Truth, 0 for what did not change
}

// block is a building with its own axes.
type block struct {
	x, y, long, wide float64 // middle and half sides, metres from the north-west corner
	turn             float64
	before, after    float64 // metres over the ground at its middle, 0 where it does not stand
	ridge            float64 // metres that the ridge is over the eaves
	base             float64
}

func (b *block) local(x, y float64) (u, v float64) {
	c, s := math.Cos(b.turn), math.Sin(b.turn)
	return (x-b.x)*c + (y-b.y)*s, -(x-b.x)*s + (y-b.y)*c
}

func (b *block) roof(height, v float64) float64 {
	return b.base + height + b.ridge*(1-math.Abs(v)/b.wide)
}

type tree struct{ x, y, before, after, height, grown float64 } // radii, metres

type field struct {
	block
	crop   float64
	shadow bool
}

// Make makes a scene.
func Make(o Options) *Scene {
	m := &maker{Options: o, r: rand.New(rand.NewPCG(o.Seed, 3))}
	for i := range m.hills {
		long := 60 + 240*m.r.Float64() // slopes of up to one in eight, all told
		m.hills[i] = [4]float64{long * 0.006 * m.r.Float64(), long, m.r.Float64() * 2 * math.Pi, m.r.Float64() * 2 * math.Pi}
	}
	m.slope = [2]float64{(m.r.Float64() - 0.5) / 12, (m.r.Float64() - 0.5) / 12}
	side := float64(o.Side) * o.Pixel
	truth := m.place(side)
	s := &Scene{Options: o, Earlier: m.render(false), Later: m.render(true), Green: [2]*raster.Grid{m.greenness(false), m.greenness(true)}, Stamped: make([]int32, o.Side*o.Side)}
	t := s.Earlier.Geo
	for i := range m.blocks {
		b := &m.blocks[i]
		ring := b.ring(t, o.Pixel)
		if truth[i] == "" {
			s.Standing = append(s.Standing, orb.Polygon{ring})
			continue
		}
		thing := Thing{Kind: truth[i], Shed: b.long*b.wide*4 < 40, Outline: orb.Polygon{ring}, Height: math.Abs(b.after - b.before)}
		if thing.Kind == survey.Raised {
			s.Standing = append(s.Standing, thing.Outline)
		}
		s.Truth = append(s.Truth, thing)
		raster.Fill(o.Side, o.Side, t, thing.Outline, func(x, y int) { s.Stamped[y*o.Side+x] = int32(len(s.Truth)) })
	}
	return s
}

// ring returns the outline in the reference system, counter-clockwise.
func (b *block) ring(t raster.Transform, pixel float64) orb.Ring {
	c, s := math.Cos(b.turn), math.Sin(b.turn)
	var ring orb.Ring
	for _, k := range [][2]float64{{-1, -1}, {-1, 1}, {1, 1}, {1, -1}, {-1, -1}} {
		u, v := k[0]*b.long, k[1]*b.wide
		ring = append(ring, t.Apply((b.x+u*c-v*s)/pixel, (b.y+u*s+v*c)/pixel))
	}
	if ring.Orientation() != orb.CCW {
		ring.Reverse()
	}
	return ring
}

type maker struct {
	Options
	r      *rand.Rand
	hills  [5][4]float64
	slope  [2]float64
	blocks []block
	trees  []tree
	fields []field
}

// ground is the height of the bare earth, metres; terraces of 1.1 m in the southern third.
func (m *maker) ground(x, y float64) float64 {
	z := 60 + m.slope[0]*x + m.slope[1]*y
	for _, h := range m.hills {
		z += h[0] * math.Sin(2*math.Pi*(x*math.Cos(h[2])+y*math.Sin(h[2]))/h[1]+h[3])
	}
	if edge := 0.68 * float64(m.Side) * m.Pixel; y > edge {
		z -= 1.1 * math.Floor((y-edge)/25+1)
	}
	return z
}

// place puts things where they do not touch, and returns what becomes of each block, "" for nothing.
func (m *maker) place(side float64) (truth []survey.Kind) {
	var taken [][3]float64
	free := func(reach float64) (x, y float64, ok bool) {
		for range 4000 {
			x, y = 12+reach+m.r.Float64()*(side-24-2*reach), 12+reach+m.r.Float64()*(side-24-2*reach)
			ok = true
			for _, t := range taken {
				ok = ok && math.Hypot(x-t[0], y-t[1]) > reach+t[2]+2
			}
			if ok {
				taken = append(taken, [3]float64{x, y, reach})
				return x, y, true
			}
		}
		return 0, 0, false
	}
	add := func(n int, kind survey.Kind, shed bool) {
		for range n {
			b := block{long: 5 + 7*m.r.Float64(), wide: 4 + 4*m.r.Float64(), turn: m.r.Float64() * math.Pi}
			floors := 3.1 * float64(1+m.r.IntN(5))
			if m.r.IntN(2) == 0 {
				b.ridge = 0.5 + 1.5*m.r.Float64()
			}
			if shed {
				b.long, b.wide, b.ridge, floors = 2+1.2*m.r.Float64(), 1.9+0.7*m.r.Float64(), 0, 2.4+0.6*m.r.Float64()
			}
			x, y, ok := free(math.Hypot(b.long, b.wide))
			if !ok {
				continue
			}
			b.x, b.y, b.base = x, y, m.ground(x, y)
			b.before, b.after = floors, floors
			switch kind {
			case survey.New:
				b.before = 0
			case survey.Removed:
				b.after = 0
			case survey.Raised:
				b.after = floors + 2.8 + 0.6*m.r.Float64()
			}
			m.blocks, truth = append(m.blocks, b), append(truth, kind)
		}
	}
	for i := range m.HarvestedFields + m.ShadowFields {
		if x, y, ok := free(22); ok {
			m.fields = append(m.fields, field{block: block{x: x, y: y, long: 16, wide: 10, turn: m.r.Float64() * math.Pi}, crop: 2.1 + 0.6*m.r.Float64(), shadow: i >= m.HarvestedFields})
		}
	}
	add(m.Buildings, survey.New, false)
	add(m.Storeys, survey.Raised, false)
	add(m.Sheds, survey.New, true)
	add(m.Removed, survey.Removed, false)
	add(24, "", false)
	for i := range m.GrownTrees + 25 {
		radius := 1.5 + 2.5*m.r.Float64()
		x, y, ok := free(radius + 1)
		if !ok {
			break
		}
		t := tree{x: x, y: y, before: radius, after: radius, height: 4 + 6*m.r.Float64()}
		if i < m.GrownTrees {
			t.before, t.grown = radius*0.6, 1+2.5*m.r.Float64()
		}
		m.trees = append(m.trees, t)
	}
	return truth
}

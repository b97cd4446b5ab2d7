// Package score measures a detector against labels: how many pixels and how many objects it finds, misses and makes up.
package score

import (
	"slices"

	"github.com/paulmach/orb"

	"wanglou/layers/survey/raster"
)

// Count is a tally of one kind, pixels or objects.
type Count struct{ Hit, False, Missed int }

// Add adds another scene's.
func (c *Count) Add(o Count) {
	c.Hit, c.False, c.Missed = c.Hit+o.Hit, c.False+o.False, c.Missed+o.Missed
}

// Precision is the share of what was told that is so; 1 where nothing was told.
func (c Count) Precision() float64 { return share(c.Hit, c.Hit+c.False) }

// Recall is the share of what is so that was told; 1 where there was nothing to tell.
func (c Count) Recall() float64 { return share(c.Hit, c.Hit+c.Missed) }

// F1 is the harmonic mean of precision and recall.
func (c Count) F1() float64 { return share(2*c.Hit, 2*c.Hit+c.False+c.Missed) }

func share(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

// Scene is what one scene gives.
type Scene struct {
	Name    string
	Pixels  Count
	Objects Count
	Area    float64 // km²
}

// FalsePerKM2 is how many made-up objects somebody looks at for each square kilometre; 0 where the area is not known.
func (s *Scene) FalsePerKM2() float64 {
	if s.Area == 0 {
		return 0
	}
	return float64(s.Objects.False) / s.Area
}

// Label is the truth of a scene: the number of the object on each pixel, 0 for none.
type Label struct {
	W, H    int
	Geo     raster.Transform
	Objects []int32
	Pixel   float64 // metres; 0 where not known
}

// Mask makes a label of pixels that are so or not: those that touch by sides or corners are one object, and what is smaller than least pixels is none.
func Mask(w, h int, set func(x, y int) bool, t raster.Transform, pixel float64, least int) *Label {
	l := &Label{W: w, H: h, Geo: t, Pixel: pixel, Objects: make([]int32, w*h)}
	for y := range h {
		for x := range w {
			if set(x, y) {
				l.Objects[y*w+x] = -1
			}
		}
	}
	n := int32(0)
	var reached []int
	for start := range l.Objects {
		if l.Objects[start] != -1 {
			continue
		}
		n++
		reached = append(reached[:0], start)
		l.Objects[start] = n
		for k := 0; k < len(reached); k++ {
			x, y := reached[k]%w, reached[k]/w
			for v := max(0, y-1); v <= min(h-1, y+1); v++ {
				for u := max(0, x-1); u <= min(w-1, x+1); u++ {
					if i := v*w + u; l.Objects[i] == -1 {
						l.Objects[i] = n
						reached = append(reached, i)
					}
				}
			}
		}
		if len(reached) < least {
			for _, i := range reached {
				l.Objects[i] = 0
			}
			n--
		}
	}
	return l
}

// IoU is how much two objects have to share of what both cover to be the same.
const IoU = 0.5

// Score compares polygons, the surest first, with a label. A true object is hit by the first that shares IoU with it; further ones over it are false. What lies outside of
// the label's grid does not count.
func (l *Label) Score(name string, found []orb.Polygon) Scene {
	s := Scene{Name: name, Area: float64(l.W*l.H) * l.Pixel * l.Pixel / 1e6}
	sizes := map[int32]int{}
	for _, o := range l.Objects {
		if o > 0 {
			sizes[o]++
		}
	}
	covered, hit := make([]bool, len(l.Objects)), map[int32]bool{}
	for _, p := range found {
		shared, size := map[int32]int{}, 0
		raster.Fill(l.W, l.H, l.Geo, p, func(x, y int) {
			i := y*l.W + x
			covered[i] = true
			size++
			if o := l.Objects[i]; o > 0 {
				shared[o]++
			}
		})
		if size == 0 {
			continue
		}
		var same int32
		for o, n := range shared {
			if float64(n) >= IoU*float64(sizes[o]+size-n) && !hit[o] {
				same = o
			}
		}
		if same == 0 {
			s.Objects.False++
			continue
		}
		hit[same] = true
		s.Objects.Hit++
	}
	s.Objects.Missed = len(sizes) - len(hit)
	for i, c := range covered {
		switch so := l.Objects[i] > 0; {
		case c && so:
			s.Pixels.Hit++
		case c:
			s.Pixels.False++
		case so:
			s.Pixels.Missed++
		}
	}
	return s
}

// Sum adds scenes up.
func Sum(scenes []Scene) Scene {
	out := Scene{Name: "all"}
	for _, s := range scenes {
		out.Pixels.Add(s.Pixels)
		out.Objects.Add(s.Objects)
		out.Area += s.Area
	}
	return out
}

// Missed lists the numbers of the label's objects that none of the polygons shares IoU with, in order.
func (l *Label) Missed(found []orb.Polygon) []int32 {
	var out []int32
	for _, o := range l.numbers() {
		one := &Label{W: l.W, H: l.H, Geo: l.Geo, Objects: make([]int32, len(l.Objects))}
		for i, v := range l.Objects {
			if v == o {
				one.Objects[i] = 1
			}
		}
		if one.Score("", found).Objects.Hit == 0 {
			out = append(out, o)
		}
	}
	return out
}

func (l *Label) numbers() []int32 {
	seen := map[int32]bool{}
	var out []int32
	for _, o := range l.Objects {
		if o > 0 && !seen[o] {
			seen[o] = true
			out = append(out, o)
		}
	}
	slices.Sort(out)
	return out
}

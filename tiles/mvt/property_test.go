package mvt

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	orbmvt "github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"
)

func TestProjectionNearTheTileIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		z := uint8(rapid.IntRange(polynomialZoom, 22).Draw(t, "z"))
		n := uint32(1) << z
		y := rapid.Uint32Range(0, n-1).Draw(t, "y")
		p := newProjection(z, 0, y)
		rows := rapid.Float64Range(-1.5, 2.5).Draw(t, "row") // of tiles
		lat := math.Atan(math.Sinh(math.Pi*(1-2*(float64(y)+rows)/float64(n)))) * 180 / math.Pi
		if got, want := p.point(orb.Point{0, lat}).y, rows*Extent; math.Abs(got-want) > 0.05 {
			t.Fatalf("latitude %v lies at %v, want %v", lat, got, want)
		}
	})
}

func TestBoundIsWhatTheTileShows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		z    uint8
		x, y uint32
	}{{0, 0, 0}, {8, 213, 106}, {14, 13636, 6790}} {
		b := Bound(c.z, c.x, c.y)
		p := newProjection(c.z, c.x, c.y)
		lo, hi := p.point(orb.Point{b.Min[0], b.Max[1]}), p.point(orb.Point{b.Max[0], b.Min[1]})
		if math.Abs(lo.x+65) > 0.1 || math.Abs(hi.x-4161) > 0.1 || lo.y > -64.5 || hi.y < 4160.5 {
			t.Errorf("%v: bound %v lies at %v, %v", c, b, lo, hi)
		}
	}
}

// star draws a ring that does not cross itself: its corners go once round a centre they all see. A corner beyond the world is
// drawn in along its ray, since moving it sideways could put it behind the next.
func star(t *rapid.T) orb.Ring {
	cx, cy := rapid.Float64Range(-2000, 6000).Draw(t, "cx"), rapid.Float64Range(0, Extent).Draw(t, "cy")
	n := rapid.IntRange(3, 40).Draw(t, "corners")
	size := rapid.SampledFrom([]float64{3, 50, 1000, 6000}).Draw(t, "size")
	turn := rapid.SampledFrom([]float64{1, -1}).Draw(t, "turn")
	var r orb.Ring
	for i := range n {
		sin, cos := math.Sincos(turn * 2 * math.Pi * float64(i) / float64(n))
		d := size * rapid.Float64Range(0.2, 1).Draw(t, "radius")
		d = min(d, reach(cx, cos, -3000, 7000), reach(cy, sin, 0, Extent))
		r = append(r, at(cx+d*cos, cy+d*sin))
	}
	return append(r, r[0])
}

// reach is how far one can go from a place between low and high, at so much of a unit each step.
func reach(from, pace, low, high float64) float64 {
	switch {
	case pace > 0:
		return (high - from) / pace
	case pace < 0:
		return (low - from) / pace
	}
	return math.Inf(1)
}

// What is drawn of a polygon covers what it covers of the tile, turns the right way and stays in the window.
func TestPolygonsCoverTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := star(t)
		tolerance := rapid.SampledFrom([]float64{0, 2}).Draw(t, "tolerance")
		g := onlyGeometry(t, Options{Tolerance: tolerance}, orb.Polygon{in})
		got := 0.0
		if g != nil {
			r := g.(orb.Polygon)[0]
			if a := planar.Area(orb.Polygon{r}); a == 0 || r.Orientation() != orb.CCW { // orb's y goes up
				t.Fatalf("ring of area %v turns the wrong way: %v", a, r)
			}
			checkWindow(t, r.Bound())
			got = planar.Area(orb.Polygon{r})
		}
		want := coveredArea(in)
		slack := 2 + (1+2*tolerance)*(planar.Length(unproject(in))+2*float64(len(in)))
		if math.Abs(got-want) > slack {
			t.Fatalf("%v covers %v in the tile, drawn %v", unproject(in), want, got)
		}
	})
}

// Lines keep their length, and each place of one is near the other.
func TestLinesRunTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := orb.LineString(star(t))
		tolerance := rapid.SampledFrom([]float64{0, 2}).Draw(t, "tolerance")
		g := onlyGeometry(t, Options{Tolerance: tolerance}, in)
		var drawn orb.MultiLineString
		switch g := g.(type) {
		case orb.LineString:
			drawn = orb.MultiLineString{g}
		case orb.MultiLineString:
			drawn = g
		}
		truth := unproject(orb.Ring(in))
		for _, l := range drawn {
			checkWindow(t, l.Bound())
			for _, p := range l {
				if d := distance(orb.LineString(truth), p); d > 1.5 {
					t.Fatalf("corner %v is drawn %v off the line %v", p, d, truth)
				}
			}
		}
		for i := 1; i < len(truth); i++ {
			for step := range 10 {
				f := float64(step) / 10
				p := orb.Point{truth[i-1][0] + f*(truth[i][0]-truth[i-1][0]), truth[i-1][1] + f*(truth[i][1]-truth[i-1][1])}
				if p[0] < 0 || p[1] < 0 || p[0] > Extent || p[1] > Extent {
					continue
				}
				near := math.Inf(1)
				for _, l := range drawn {
					near = min(near, distance(l, p))
				}
				if near > 1.5+tolerance && planar.Length(orb.LineString(truth)) > 8 {
					t.Fatalf("place %v of the line is %v away from what is drawn", p, near)
				}
			}
		}
	})
}

// An encoder that made other tiles before makes the same bytes as a new one.
func TestEncodersForget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var used Encoder
		for range rapid.IntRange(1, 4).Draw(t, "tiles") {
			n := rapid.IntRange(0, 400).Draw(t, "features")
			shape := star(t)
			draw := func(e *Encoder) []byte {
				e.Reset(0, 0, 0, Options{Tolerance: float64(n % 2)})
				e.Layer("l", []string{"name", "kind"})
				for i := range n {
					add(e, int64(i), orb.Polygon{shape}, []any{fmt.Sprint(i), fmt.Sprint(i % 5)})
					add(e, int64(i), at(float64(i), 7), []any{nil, "point"})
				}
				return e.AppendTile(nil)
			}
			if !bytes.Equal(draw(&used), draw(new(Encoder))) {
				t.Fatal("a used encoder makes other bytes than a new one")
			}
		}
	})
}

func onlyGeometry(t *rapid.T, o Options, g orb.Geometry) orb.Geometry {
	var e Encoder
	e.Reset(0, 0, 0, o)
	e.Layer("l", nil)
	if !add(&e, 1, g, nil) {
		return nil
	}
	ls, err := orbmvt.Unmarshal(e.AppendTile(nil))
	if err != nil {
		t.Fatal(err)
	}
	return ls[0].Features[0].Geometry
}

func checkWindow(t *rapid.T, b orb.Bound) {
	if b.Min[0] < low || b.Min[1] < low || b.Max[0] > high || b.Max[1] > high {
		t.Fatalf("drawn beyond the window: %v", b)
	}
}

// unproject places a ring of the world's tile in tile units.
func unproject(r orb.Ring) orb.Ring {
	p := newProjection(0, 0, 0)
	out := make(orb.Ring, len(r))
	for i, g := range r {
		q := p.point(g)
		out[i] = orb.Point{q.x, q.y}
	}
	return out
}

// coveredArea integrates a star-shaped ring over the window by strips, independently of how it is clipped.
func coveredArea(r orb.Ring) float64 {
	u := unproject(r)
	sum := 0.0
	const strips = 2112 // two units wide
	for s := range strips {
		y := low + (float64(s)+0.5)*2
		var cuts []float64
		for i := 1; i < len(u); i++ {
			a, b := u[i-1], u[i]
			if (a[1] > y) != (b[1] > y) {
				cuts = append(cuts, a[0]+(y-a[1])/(b[1]-a[1])*(b[0]-a[0]))
			}
		}
		slices.Sort(cuts)
		for i := 0; i+1 < len(cuts); i += 2 {
			sum += 2 * max(0, min(cuts[i+1], high)-max(cuts[i], low))
		}
	}
	return sum
}

func distance(l orb.LineString, p orb.Point) float64 {
	d := math.Inf(1)
	for i := 1; i < len(l); i++ {
		d = min(d, planar.DistanceFromSegment(l[i-1], l[i], p))
	}
	return d
}

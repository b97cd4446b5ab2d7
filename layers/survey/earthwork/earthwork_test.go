package earthwork_test

import (
	"context"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"wanglou/layers/survey/earthwork"
	"wanglou/layers/survey/raster"
)

// model is a grid of 120 × 90 pixels of half a metre with a height at each place.
func model(height func(x, y float64) float64) *raster.Grid {
	g := raster.New(120, 90, raster.Transform{1000, 0.5, 0, 2000, 0, -0.5})
	for y := range g.H {
		for x := range g.W {
			p := g.Geo.Apply(float64(x)+0.5, float64(y)+0.5)
			g.Data[y*g.W+x] = float32(height(p[0]-1000, 2000-p[1]))
		}
	}
	return g
}

func flat(h float64) func(x, y float64) float64 { return func(float64, float64) float64 { return h } }

// box is an outline in metres from the north-west corner.
func box(x0, y0, x1, y1 float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{1000 + x0, 2000 - y0}, {1000 + x1, 2000 - y0}, {1000 + x1, 2000 - y1}, {1000 + x0, 2000 - y1}, {1000 + x0, 2000 - y0}}}}
}

func quarter(int) float64 { return 0.25 }

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s: %g, want %g ± %g", what, got, want, within)
	}
}

// Bodies of known volume: a box, a pit, a pyramid, a slope that was turned.
func TestKnownVolumes(t *testing.T) {
	t.Parallel()
	in := func(x, y, x0, y0, x1, y1 float64) bool { return x > x0 && x < x1 && y > y0 && y < y1 }
	for name, c := range map[string]struct {
		before, after func(x, y float64) float64
		outline       orb.MultiPolygon
		cut, fill     float64
		within        float64
	}{
		"a box of 10 × 8 × 3 m": {flat(50), func(x, y float64) float64 {
			if in(x, y, 20, 15, 30, 23) {
				return 53
			}
			return 50
		}, box(10, 10, 40, 35), 0, 240, 1e-3},
		"a pit and a heap of it": {flat(50), func(x, y float64) float64 {
			switch {
			case in(x, y, 10, 10, 20, 20):
				return 48
			case in(x, y, 30, 10, 40, 20):
				return 51.5
			}
			return 50
		}, box(5, 5, 45, 25), 200, 150, 1e-3},
		"a pyramid of 12 m and 6 m height": {flat(0), func(x, y float64) float64 { return max(0, 6-max(math.Abs(x-30), math.Abs(y-20))) }, box(15, 5, 45, 35), 0, 288, 2},
		"a slope that was turned":          {func(x, _ float64) float64 { return x / 10 }, func(x, _ float64) float64 { return 4 - x/10 }, box(10, 10, 30, 20), 100, 100, 0.5},
		"half a pixel at each border":      {flat(0), flat(2), box(10.25, 10.25, 20.75, 15.75), 0, 2 * 10.5 * 5.5, 1e-3},
	} {
		v, err := earthwork.Between(t.Context(), model(c.before), model(c.after), c.outline, quarter)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name+": cut", v.Cut, c.cut, c.within)
		near(t, name+": fill", v.Fill, c.fill, c.within)
		near(t, name+": known", v.Known, 1, 1e-9)
	}
}

func TestWhatIsNotKnownIsTold(t *testing.T) {
	t.Parallel()
	a, b := model(flat(10)), model(flat(11))
	for y := range b.H {
		for x := range 60 {
			b.Data[y*b.W+x] = raster.NoData // the western half
		}
	}
	v, err := earthwork.Between(t.Context(), a, b, box(20, 10, 40, 20), quarter)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "area", v.Area, 200, 1e-6)
	near(t, "known", v.Known, 0.5, 1e-9)
	near(t, "fill", v.Fill, 100, 1e-3)
	if !v.Level {
		t.Error("the ground around is known")
	}
	near(t, "around", v.Around, 1, 1e-6)
	near(t, "spread", v.Spread, 0, 1e-6)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := earthwork.Between(ctx, a, b, box(0, 0, 1, 1), quarter); err == nil {
		t.Error("it goes on after its context has ended")
	}
	if _, err := earthwork.Between(t.Context(), a, raster.New(3, 3, a.Geo), box(0, 0, 1, 1), quarter); err == nil {
		t.Error("two grids")
	}
}

// A polygon with a hole has the area of the one less the other, wherever it lies between the pixels, and a lift by h has area × h.
func TestAreasAreExact(t *testing.T) {
	t.Parallel()
	a := model(flat(0))
	rapid.Check(t, func(t *rapid.T) {
		x, y := rapid.Float64Range(2, 20).Draw(t, "x"), rapid.Float64Range(2, 15).Draw(t, "y")
		w, d := rapid.Float64Range(6, 30).Draw(t, "w"), rapid.Float64Range(6, 25).Draw(t, "d")
		h := rapid.Float64Range(-5, 5).Draw(t, "h")
		o := box(x, y, x+w, y+d)
		o[0] = append(o[0], box(x+1, y+1, x+w-1, y+d-1)[0][0])
		v, err := earthwork.Between(context.Background(), a, model(flat(h)), o, quarter)
		if err != nil {
			t.Fatal(err)
		}
		want := w*d - (w-2)*(d-2)
		// From north to south an edge is found to a sixteenth of a pixel.
		if math.Abs(v.Area-want) > 4*(w+1)*0.5/16 || math.Abs(v.Fill-v.Cut-v.Area*float64(float32(h))) > 1e-3 {
			t.Fatalf("%+v of %g m² lifted by %g m", v, want, h)
		}
	})
}

func TestAlong(t *testing.T) {
	t.Parallel()
	g := model(func(x, y float64) float64 { return 100 + x/2 - y/5 })
	var at []orb.Point
	for i := range 41 {
		at = append(at, orb.Point{1000 + 5 + float64(i), 2000 - 40 + float64(i)/2})
	}
	got, err := earthwork.Along(g, append(at, orb.Point{900, 2000}, orb.Point{1000.1, 1999.9}))
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range at {
		near(t, "height", got[i], 100+(p[0]-1000)/2-(2000-p[1])/5, 1e-3)
	}
	if !math.IsNaN(got[41]) || !math.IsNaN(got[42]) {
		t.Errorf("outside, and on the border: %v", got[41:])
	}
}

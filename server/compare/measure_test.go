package compare

import (
	"math"
	"os/exec"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/crs"
	"wanglou/layers/survey/raster"
)

// ground is a model of 200 × 160 pixels of half a metre in EPSG:4549.
func ground(height func(x, y float64) float32) *raster.Grid {
	g := raster.New(200, 160, raster.Transform{470000, 0.5, 0, 3297000, 0, -0.5})
	for y := range g.H {
		for x := range g.W {
			g.Data[y*g.W+x] = height(float64(x)/2+0.25, float64(y)/2+0.25)
		}
	}
	return g
}

// world leads from metres east and south of the model's corner to degrees.
func world(t *testing.T, at ...orb.Point) (out []orb.Point) {
	t.Helper()
	ref, ok := crs.Find("EPSG:4549")
	if !ok {
		t.Fatal("EPSG:4549 is not known")
	}
	for _, p := range at {
		out = append(out, ref.ToWGS84(orb.Point{3297000 - p[1], 470000 + p[0]}))
	}
	return out
}

// Through files, GDAL and degrees: a heap of 20 × 10 × 3 m and a pit of 10 × 10 × 2 m, on ground that lies 0.2 m higher in the later model.
func TestEarthworkOfKnownVolume(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("gdalwarp"); err != nil {
		t.Skip("GDAL is not installed")
	}
	slope := func(x, y float64) float32 { return float32(30 + x/20) }
	before := Side{Heights: write(t, ground(slope)), Pixel: 0.5}
	after := Side{Heights: write(t, ground(func(x, y float64) float32 {
		h := slope(x, y) + 0.2
		switch {
		case x > 30 && x < 50 && y > 30 && y < 40:
			return h + 3
		case x > 60 && x < 70 && y > 30 && y < 40:
			return h - 2
		case x > 90:
			return noHeight
		}
		return h
	})), Pixel: 0.5}
	outline := orb.MultiPolygon{{orb.Ring(world(t, orb.Point{25, 25}, orb.Point{75, 25}, orb.Point{75, 45}, orb.Point{25, 45}, orb.Point{25, 25}))}}
	got, err := Earthwork(t.Context(), before, after, outline)
	if err != nil {
		t.Fatal(err)
	}
	// The projection is 0.99999 here: 30 km from the central meridian, so that a metre of the map is a metre.
	if math.Abs(got.Area-1000) > 1 || math.Abs(got.Fill-(600+0.2*900)) > 4 || math.Abs(got.Cut-180) > 4 || got.Known < 0.999 || got.Around == nil || math.Abs(*got.Around-0.2) > 0.01 {
		t.Errorf("%+v, around %v", got, got.Around)
	}
	if got.Level == nil || math.Abs(*got.Level-400) > 6 {
		t.Errorf("on one level it is %v, want 400", *got.Level)
	}
	// Half of it without heights.
	half := orb.MultiPolygon{{orb.Ring(world(t, orb.Point{86, 50}, orb.Point{94, 50}, orb.Point{94, 60}, orb.Point{86, 60}, orb.Point{86, 50}))}}
	if got, err = Earthwork(t.Context(), before, after, half); err != nil || math.Abs(got.Known-0.5) > 0.05 || math.Abs(got.Area-80) > 0.5 {
		t.Errorf("%+v %v", got, err)
	}
	away := orb.MultiPolygon{{orb.Ring(world(t, orb.Point{500, 50}, orb.Point{510, 50}, orb.Point{510, 60}, orb.Point{500, 60}, orb.Point{500, 50}))}}
	if _, err := Earthwork(t.Context(), before, after, away); layers.ErrorCode(err) != layers.CodeInvalid {
		t.Errorf("nothing is known there: %v", err)
	}

	line := orb.LineString(world(t, orb.Point{10, 35}, orb.Point{80, 35}))
	p, err := Profile(t.Context(), []Side{before, after}, line)
	if err != nil || len(p.Series) != 2 || math.Abs(p.Length-70) > 0.1 || len(p.At) < 100 {
		t.Fatalf("%+v %v", p, err)
	}
	for i, at := range p.At {
		x := 10 + at
		a, b := p.Series[0].Heights[i], p.Series[1].Heights[i]
		if a == nil || b == nil || math.Abs(*a-float64(slope(x, 35))) > 0.05 {
			t.Fatalf("at %g m: %v %v", at, a, b)
		}
		if x > 32 && x < 48 && math.Abs(*b-*a-3.2) > 0.02 || x > 62 && x < 68 && math.Abs(*b-*a+1.8) > 0.02 {
			t.Errorf("at %g m the heap is %g m", at, *b-*a)
		}
	}
	if p, err = Profile(t.Context(), []Side{after}, orb.LineString(world(t, orb.Point{85, 35}, orb.Point{99, 35}))); err != nil || p.Series[0].Heights[0] == nil || p.Series[0].Heights[len(p.At)-1] != nil {
		t.Errorf("%+v %v", p, err)
	}
}

// A pixel of a projection has another area on the ground: at the edge of a zone of three degrees 1.0003 times as much on the map.
func TestCellsAreMeasuredOnTheEllipsoid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lon, want float64 }{{120, 1}, {121.4, 1 / math.Pow(1+math.Pow(135_400, 2)/2/math.Pow(6_378_000, 2), 2)}} {
		b := orb.Bound{Min: orb.Point{c.lon, 29.8}, Max: orb.Point{c.lon + 0.0005, 29.8005}}
		g, err := windowOf(b, 0.5, 5)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.cell(g.w/2, g.h/2) / (g.pixel * g.pixel); math.Abs(got-c.want) > 2e-6 {
			t.Errorf("at %g° east a pixel is %.7f of itself, want %.7f", c.lon, got, c.want)
		}
	}
	if g, err := windowOf(orb.Bound{Min: orb.Point{120, 29}, Max: orb.Point{120.05, 29.05}}, 0.05, 5); err != nil || float64(g.w)*float64(g.h) > 1.01*mostMeasured || g.pixel < 0.5 {
		t.Errorf("a large window: %+v %v", g, err)
	}
	if _, err := windowOf(orb.Bound{Min: orb.Point{10, 50}, Max: orb.Point{10.001, 50.001}}, 0.5, 5); layers.ErrorCode(err) != layers.CodeInvalid {
		t.Error(err)
	}
}

// Two flights of one place that lie beside each other: without anything built nothing is cut or filled at the walls, and what was built has its volume. Flat ground does not tell, and that is said.
func TestEarthworkOfShiftedModels(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("gdalwarp"); err != nil {
		t.Skip("GDAL is not installed")
	}
	// Terraces, and houses of 8 × 8 × 6 m in a grid, with roofs that slope: a wall between two pixels would lie where pixels are.
	town := func(x, y float64) float64 {
		h := 30 + 1.5*math.Sin(x/7)*math.Cos(y/9)
		u, v := 4-math.Abs(math.Mod(x+40, 20)-4), 4-math.Abs(math.Mod(y+40, 20)-4)
		return h + 6*max(0, min(1, min(u, v)/2))
	}
	const east, south = 1.3, -0.8
	before := Side{Heights: write(t, ground(func(x, y float64) float32 { return float32(town(x, y)) })), Pixel: 0.5}
	heap := func(x, y float64) float64 { // of 10 × 10 × 3 m
		if x > 44 && x < 54 && y > 30 && y < 40 {
			return 3
		}
		return 0
	}
	after := func(added func(x, y float64) float64) Side {
		return Side{Heights: write(t, ground(func(x, y float64) float32 { return float32(town(x-east, y-south) + added(x-east, y-south)) })), Pixel: 0.5}
	}
	outline := orb.MultiPolygon{{orb.Ring(world(t, orb.Point{35, 22}, orb.Point{65, 22}, orb.Point{65, 52}, orb.Point{35, 52}, orb.Point{35, 22}))}}
	got, err := Earthwork(t.Context(), before, after(heap), outline)
	if err != nil {
		t.Fatal(err)
	}
	if got.East == nil {
		t.Fatal("nothing was measured")
	}
	if !got.Moved || math.Abs(*got.East-east) > 0.1 || math.Abs(*got.North+south) > 0.1 {
		t.Errorf("moved: %v, %v east, %v north", got.Moved, *got.East, *got.North)
	}
	if math.Abs(got.Net-300) > 15 || got.Cut > 30 {
		t.Errorf("%.0f m³ filled, %.0f cut; 300 were brought", got.Fill, got.Cut)
	}
	if got, err = Earthwork(t.Context(), before, Side{Heights: write(t, ground(func(x, y float64) float32 { return float32(town(x, y) + heap(x, y)) })), Pixel: 0.5}, outline); err != nil || got.Moved || got.East == nil || math.Hypot(*got.East, *got.North) > 0.05 {
		t.Errorf("%+v %v", got, err)
	}
	flat := func(x, y float64) float32 { return float32(30 + heap(x, y)) }
	if got, err = Earthwork(t.Context(), Side{Heights: write(t, ground(func(float64, float64) float32 { return 30 })), Pixel: 0.5}, Side{Heights: write(t, ground(flat)), Pixel: 0.5}, outline); err != nil || got.Moved || got.East != nil || math.Abs(got.Net-300) > 5 {
		t.Errorf("%+v %v", got, err)
	}
}

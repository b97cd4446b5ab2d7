package sight

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"wanglou/layers/camera"
)

var origin = orb.Point{119.68, 29.79}

// at is a place east and north of the origin, metres.
func at(x, y float64) orb.Point {
	px, py := scaleAt(origin[1])
	return orb.Point{origin[0] + x/px, origin[1] + y/py}
}

// block is a building of w by d metres whose corner is at x, y, turned by an angle.
func block(x, y, w, d, turn, base, top float64) Building {
	c, s := math.Cos(turn), math.Sin(turn)
	corner := func(u, v float64) orb.Point { return at(x+u*c-v*s, y+u*s+v*c) }
	return Building{Footprint: orb.Polygon{{corner(0, 0), corner(w, 0), corner(w, d), corner(0, d), corner(0, 0)}}, Base: base, Top: top}
}

func town(r *rand.Rand, n int, span float64) []Building {
	out := make([]Building, n)
	for i := range out {
		base := 0.0
		if r.IntN(10) == 0 {
			base = 5
		}
		out[i] = block((r.Float64()-0.5)*span, (r.Float64()-0.5)*span, 5+r.Float64()*40, 5+r.Float64()*25, r.Float64()*math.Pi, base, base+3+r.Float64()*40)
	}
	return out
}

func TestLook(t *testing.T) {
	t.Parallel()
	house := block(-10, 40, 20, 10, 0, 0, 12)
	bridge := block(-50, 40, 100, 10, 0, 6, 8)
	cam := func(change func(*Camera)) *Camera {
		c := &Camera{ID: 1, Point: at(0, 0), Status: camera.Online, Height: new(6.0), Azimuth: new(0.0), FOV: new(60.0), Range: new(150.0), Playable: true}
		change(c)
		return c
	}
	same := func(*Camera) {}
	cases := []struct {
		name      string
		buildings []Building
		camera    *Camera
		to        orb.Point
		height    float64
		reason    Reason
	}{
		{"open", nil, cam(same), at(0, 100), 1.5, ""},
		{"too far", nil, cam(same), at(0, 151), 1.5, TooFar},
		{"beside", nil, cam(same), at(100, 0), 1.5, Outside},
		{"at the edge", nil, cam(same), at(100*math.Sin(29.9*math.Pi/180), 100*math.Cos(29.9*math.Pi/180)), 1.5, ""},
		{"over the edge", nil, cam(same), at(100*math.Sin(30.1*math.Pi/180), 100*math.Cos(30.1*math.Pi/180)), 1.5, Outside},
		{"dome", nil, cam(func(c *Camera) { c.FOV = new(360.0) }), at(0, -100), 1.5, ""},
		{"looks across north", nil, cam(func(c *Camera) { c.Azimuth = new(350.0) }), at(10, 100), 1.5, ""},
		{"aim unknown", nil, cam(func(c *Camera) { c.Azimuth = nil }), at(0, -100), 1.5, ""},
		{"behind the house", []Building{house}, cam(same), at(0, 100), 1.5, Hidden},
		{"before the house", []Building{house}, cam(same), at(0, 39), 1.5, ""},
		{"in the house", []Building{house}, cam(same), at(0, 45), 1.5, ""},
		{"over the house", []Building{house}, cam(func(c *Camera) { c.Height = new(60.0) }), at(0, 100), 1.5, ""},
		{"just behind, from above", []Building{house}, cam(func(c *Camera) { c.Height = new(60.0) }), at(0, 51), 1.5, Hidden},
		{"high up behind", []Building{house}, cam(same), at(0, 100), 40, ""},
		{"under the bridge", []Building{bridge}, cam(func(c *Camera) { c.Height = new(5.0) }), at(0, 100), 1.5, ""},
		{"on the house", []Building{house}, cam(func(c *Camera) { c.Point = at(0, 45) }), at(0, 100), 1.5, ""},
		{"past the house", []Building{house}, cam(same), at(40, 100), 1.5, ""},
		{"below the mast", nil, cam(same), at(0, 0), 1.5, ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v := NewScene(tc.buildings, 1).Look(tc.camera, tc.to, tc.height)
			if v.Reason != tc.reason || v.Sees != (tc.reason == "") {
				t.Errorf("%+v; want %q", v, tc.reason)
			}
		})
	}
	v := NewScene([]Building{house}, 1).Look(cam(same), at(0, 100), 1.5)
	if math.Abs(v.HiddenAt-40) > 0.1 || math.Abs(v.Aim.Tilt-math.Atan2(-4.5, 100)*180/math.Pi) > 0.01 {
		t.Errorf("%+v", v)
	}
}

// marched walks along the line in small steps and asks each building whether it is inside: slow and plain.
func marched(buildings []Building, a orb.Point, ha float64, b orb.Point, hb float64) bool {
	const steps = 4000
	for i := range buildings {
		if o := &buildings[i]; o.holds(a) || o.holds(b) {
			continue
		}
		for n := 1; n < steps; n++ {
			t := float64(n) / steps
			h := ha + (hb-ha)*t
			if h > buildings[i].Base && h < buildings[i].Top && buildings[i].holds(orb.Point{a[0] + (b[0]-a[0])*t, a[1] + (b[1]-a[1])*t}) {
				return true
			}
		}
	}
	return false
}

// Every line of sight through random towns is as a plain walk finds it, and what the index leaves out does not matter.
func TestBlockedIsWhatAWalkFinds(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	differ, blockedCount, n := 0, 0, 1500
	for range n {
		buildings := town(r, 25, 300)
		s := NewScene(buildings, 1)
		a, b := at((r.Float64()-0.5)*400, (r.Float64()-0.5)*400), at((r.Float64()-0.5)*400, (r.Float64()-0.5)*400)
		ha, hb := 2+r.Float64()*30, r.Float64()*10
		at, blocked := s.Blocked(a, ha, b, hb)
		whole, all := math.Inf(1), false
		for i := range buildings {
			if t, yes := buildings[i].blocks(a, ha, b, hb, nil); yes {
				whole, all = min(whole, t), true
			}
		}
		if blocked != all || blocked && at != whole {
			t.Fatalf("with the index %v at %g, without %v at %g", blocked, at, all, whole)
		}
		if blocked {
			blockedCount++
		}
		if blocked != marched(buildings, a, ha, b, hb) {
			differ++ // a corner of less than a step
		}
	}
	if differ > n/100 || blockedCount < n/5 || blockedCount > n*4/5 {
		t.Errorf("%d of %d differ from the walk, %d blocked", differ, n, blockedCount)
	}
}

func TestProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		buildings := town(r, 20, 250)
		s := NewScene(buildings, 1)
		a, b := at((r.Float64()-0.5)*300, (r.Float64()-0.5)*300), at((r.Float64()-0.5)*300, (r.Float64()-0.5)*300)
		ha, hb := 2+r.Float64()*30, r.Float64()*10
		part, blocked := s.Blocked(a, ha, b, hb)
		if _, back := s.Blocked(b, hb, a, ha); back != blocked {
			t.Fatalf("there %v, back %v", blocked, back)
		}
		if blocked {
			// What is nearer than the first wall on the same line is seen.
			near := part * 0.999
			if _, still := s.Blocked(a, ha, orb.Point{a[0] + (b[0]-a[0])*near, a[1] + (b[1]-a[1])*near}, ha+(hb-ha)*near); still {
				t.Fatal("hidden before the first wall")
			}
		}
		// A building more never uncovers anything.
		if _, more := NewScene(append(buildings, town(r, 1, 250)...), 1).Blocked(a, ha, b, hb); blocked && !more {
			t.Fatal("a building more uncovered it")
		}
	})
}

// A sector holds what is seen and nothing that is hidden, and never more than the wedge.
func TestSector(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	inside := 0
	for range 60 {
		buildings := town(r, 25, 300)
		s := NewScene(buildings, 1)
		c := &Camera{Point: at((r.Float64()-0.5)*200, (r.Float64()-0.5)*200), Height: new(4 + r.Float64()*8), Azimuth: new(r.Float64() * 360), FOV: new(30 + r.Float64()*330), Range: new(60 + r.Float64()*120)}
		sector := s.Sector(c)
		shape := Building{Footprint: sector}
		for range 300 {
			p := at((r.Float64()-0.5)*500, (r.Float64()-0.5)*500)
			v := s.Look(c, p, EyeHeight)
			if !shape.holds(p) {
				continue
			}
			inside++
			if !v.Sees && v.Distance < *c.Range*0.999 && math.Abs(v.OffAxis-*c.FOV/2) > 0.1 {
				t.Fatalf("in the sector, but %s: %+v", v.Reason, v)
			}
			if v.Distance > *c.Range*1.002 {
				t.Fatalf("%g m away, range %g", v.Distance, *c.Range)
			}
		}
	}
	if inside < 500 {
		t.Errorf("only %d places were in a sector", inside)
	}
	open := NewScene(nil, 1).Sector(&Camera{Point: origin, Azimuth: new(90.0), FOV: new(90.0), Range: new(100.0)})
	if n := len(open[0]); n < 40 || n > 60 || open[0].Orientation() != orb.CCW {
		t.Errorf("%d points, %v", n, open[0].Orientation())
	}
	if NewScene(nil, 1).Sector(&Camera{Point: origin}) != nil {
		t.Error("a camera that looks nobody knows where has a sector")
	}
}

func TestRank(t *testing.T) {
	t.Parallel()
	cam := func(id int64, status camera.Status, playable bool) *Camera {
		return &Camera{ID: id, Status: status, Playable: playable}
	}
	views := []View{
		{Camera: cam(1, camera.Online, true), Distance: 5, Reason: TooFar},
		{Camera: cam(2, camera.Online, true), Distance: 9, Reason: Outside},
		{Camera: cam(3, camera.Offline, true), Distance: 1, Sees: true},
		{Camera: cam(4, camera.Online, true), Distance: 80, Sees: true},
		{Camera: cam(5, camera.Online, true), Distance: 30, Sees: true},
		{Camera: cam(6, camera.Online, false), Distance: 2, Sees: true},
	}
	Rank(views)
	for i, want := range []int64{5, 4, 3, 6, 2, 1} {
		if views[i].Camera.ID != want {
			t.Errorf("place %d: %d, want %d", i, views[i].Camera.ID, want)
		}
	}
}

// Of 5,000 cameras and 80,000 buildings.
func BenchmarkSeeing(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	s := NewScene(town(r, 80_000, 20_000), 1)
	cameras := make([]Camera, 5000)
	for i := range cameras {
		cameras[i] = Camera{ID: int64(i), Point: at((r.Float64()-0.5)*20_000, (r.Float64()-0.5)*20_000), Height: new(6.0), Azimuth: new(r.Float64() * 360), FOV: new(60.0), Range: new(1000.0)}
	}
	for b.Loop() {
		p := at((r.Float64()-0.5)*20_000, (r.Float64()-0.5)*20_000)
		for i := range cameras {
			_ = s.Look(&cameras[i], p, EyeHeight)
		}
	}
}

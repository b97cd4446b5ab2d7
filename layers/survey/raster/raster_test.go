package raster

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// Ground of a slope is the slope, whatever stands on it that is narrow.
func TestGround(t *testing.T) {
	t.Parallel()
	g := New(200, 160, Transform{0, 1, 0, 0, 0, -1})
	for y := range g.H {
		for x := range g.W {
			g.Data[y*g.W+x] = float32(0.1*float64(x) + 0.05*float64(y))
			if x > 90 && x < 110 && y > 60 && y < 100 {
				g.Data[y*g.W+x] += 9
			}
		}
	}
	low := Ground(g, 2, 15)
	for y := 40; y < 120; y++ {
		for x := 40; x < 160; x++ {
			if d := float64(low.At(x, y)) - (0.1*float64(x) + 0.05*float64(y)); d < -0.5 || d > 2 { // under a thing it is as much too high as the slope rises over its width
				t.Fatalf("ground at %d, %d is off by %.2f m", x, y, d)
			}
		}
	}
}

func TestSlideIsTheLeastWithinReach(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, h, reach := rapid.IntRange(1, 12).Draw(t, "w"), rapid.IntRange(1, 12).Draw(t, "h"), rapid.IntRange(0, 5).Draw(t, "reach")
		data := rapid.SliceOfN(rapid.Float32Range(-9, 9), w*h, w*h).Draw(t, "data")
		got := append([]float32(nil), data...)
		slide(got, w, h, reach, func(a, b float32) bool { return a <= b })
		for y := range h {
			for x := range w {
				want := float32(math.Inf(1))
				for v := max(0, y-reach); v <= min(h-1, y+reach); v++ {
					for u := max(0, x-reach); u <= min(w-1, x+reach); u++ {
						want = min(want, data[v*w+u])
					}
				}
				if got[y*w+x] != want {
					t.Fatalf("%d, %d: %g, want %g", x, y, got[y*w+x], want)
				}
			}
		}
	})
}

func TestFill(t *testing.T) {
	t.Parallel()
	geo := Transform{100, 2, 0, 50, 0, -2}
	ring := orb.Ring{{104, 46}, {104, 40}, {112, 40}, {112, 46}, {104, 46}}
	hole := orb.Ring{{106, 44}, {106, 42}, {108, 42}, {108, 44}, {106, 44}}
	n := 0
	Fill(10, 10, geo, orb.Polygon{ring, hole}, func(x, y int) {
		n++
		if x < 2 || x > 5 || y < 2 || y > 4 || x == 3 && y == 3 {
			t.Errorf("%d, %d is outside", x, y)
		}
	})
	if n != 11 {
		t.Errorf("%d pixels", n)
	}
}

func TestRaw(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	for i := range 12 {
		v := float32(i)
		if i == 5 {
			v = -9999
		}
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	r := &Raw{R: bytes.NewReader(b.Bytes()), W: 4, H: 3, Geo: Transform{0, 1, 0, 9, 0, -1}, None: -9999}
	g, err := r.Rows(1, 2)
	if err != nil || g.At(0, 0) != 4 || g.At(3, 1) != 11 || !math.IsNaN(float64(g.At(1, 0))) || g.Geo[3] != 8 {
		t.Errorf("%+v %v", g, err)
	}
	if _, err := r.Rows(2, 2); err == nil {
		t.Error("rows past the end")
	}
	r.R = bytes.NewReader(b.Bytes()[:40])
	if _, err := r.Rows(0, 3); err == nil {
		t.Error("a file that was cut off")
	}
}

package look

import (
	"image"
	"image/color"
	"math/rand/v2"
	"testing"
)

// field returns a noisy picture, with a bright square where there is one.
func field(seed uint64, shift, brighter int, square *image.Rectangle) *image.NRGBA {
	ground, r := rand.New(rand.NewPCG(1, 1)), rand.New(rand.NewPCG(seed, 2))
	m := image.NewNRGBA(image.Rect(0, 0, 256, 256))
	var tone [64][64]int
	for y := range tone {
		for x := range tone[y] {
			tone[y][x] = 70 + ground.IntN(30)
		}
	}
	for y := range 256 {
		for x := range 256 {
			v := tone[y/16%64][(x+shift)/16%64] + r.IntN(8) + brighter
			if square != nil && image.Pt(x, y).In(*square) {
				v = 230
			}
			m.SetNRGBA(x, y, color.NRGBA{uint8(v), uint8(v), uint8(v), 255})
		}
	}
	return m
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	at := image.Rect(100, 60, 140, 90)
	found, err := Places(field(1, 0, 0, nil), field(2, 1, 30, &at), Options{})
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	b := found[0].Outline.Bound()
	if b.Min[0] < 92 || b.Max[0] > 148 || b.Min[1] < 52 || b.Max[1] > 98 {
		t.Errorf("the first place is %v", b)
	}
	same, err := Places(field(1, 0, 0, nil), field(2, 1, 30, nil), Options{})
	if err != nil || len(same) != 0 {
		t.Errorf("another brightness and one pixel of shift: %v %v", same, err)
	}
	if _, err := Places(field(1, 0, 0, nil), image.NewNRGBA(image.Rect(0, 0, 255, 256)), Options{}); err == nil {
		t.Error("pictures of two sizes")
	}
}

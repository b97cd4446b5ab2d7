package server

import (
	"bytes"
	"image/png"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers/camera/sight"
)

// A tile tells seen ground from ground that broken cameras saw and from blind ground, by colour and by form, within the areas alone.
func TestCoverageTile(t *testing.T) {
	t.Parallel()
	box := func(west, south, east, north float64) orb.Polygon {
		return orb.Bound{Min: orb.Point{west, south}, Max: orb.Point{east, north}}.ToPolygon()
	}
	bound := orb.Bound{Min: orb.Point{119.67, 29.78}, Max: orb.Point{119.71, 29.8}}
	k := &keptBlind{ground: &ground{now: sight.NewRaster(bound, coverageCell), all: sight.NewRaster(bound, coverageCell)}, inside: sight.NewRaster(bound, coverageCell)}
	k.inside.Fill(box(119.67, 29.78, 119.7, 29.8))
	k.ground.now.Fill(box(119.675, 29.785, 119.68, 29.79))
	k.ground.all.Fill(box(119.675, 29.785, 119.69, 29.79))
	const z, x, y = 13, 6819, 3385
	for theme, palette := range blindPalettes {
		b, err := k.tile(z, x, y, palette)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(b))
		if err != nil || img.Bounds().Dx() != blindTile || img.Bounds().Dy() != blindTile {
			t.Fatalf("%v %v", err, img.Bounds())
		}
		drawn, colours := map[uint8]int{}, map[uint8]map[string]bool{}
		all := map[uint8]int{}
		for py := range blindTile {
			for px := range blindTile {
				class := k.classAt(tilePlace(z, x, y, px, py))
				all[class]++
				c := img.At(px, py)
				if _, _, _, a := c.RGBA(); a == 0 {
					continue
				}
				drawn[class]++
				if colours[class] == nil {
					colours[class] = map[string]bool{}
				}
				r, g, b, _ := c.RGBA()
				colours[class][string([]byte{byte(r >> 8), byte(g >> 8), byte(b >> 8)})] = true
			}
		}
		share := func(class uint8) float64 { return float64(drawn[class]) / float64(all[class]) }
		if all[blindSeen] < 500 || all[blindBroken] < 500 || all[blindUnseen] < 5000 || all[blindOutside] < 500 {
			t.Fatalf("%s: %v", theme, all)
		}
		if share(blindOutside) != 0 || share(blindSeen) != 1 || share(blindBroken) < 0.2 || share(blindBroken) > 0.3 || share(blindUnseen) < 0.1 || share(blindUnseen) > 0.15 {
			t.Errorf("%s: drawn %v of %v", theme, drawn, all)
		}
		for _, class := range []uint8{blindSeen, blindBroken, blindUnseen} {
			if len(colours[class]) != 1 {
				t.Errorf("%s: class %d has %d colours", theme, class, len(colours[class]))
			}
		}
	}
	if b, err := k.tile(z, x+1, y, blindPalettes["dark"]); b != nil || err != nil {
		t.Errorf("beside the areas: %d bytes, %v", len(b), err)
	}
	if b, err := (&keptBlind{}).tile(z, x, y, blindPalettes["dark"]); b != nil || err != nil {
		t.Errorf("of no areas: %d bytes, %v", len(b), err)
	}
}

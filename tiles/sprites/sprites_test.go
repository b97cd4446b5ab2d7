package sprites

import (
	"bytes"
	"encoding/json"
	"image/png"
	"testing"
)

var colours = Colours{Sev: [3]string{"#ff5b4d", "#ff9d3b", "#e6cf58"}, OnSev: "#14100c", Unit: "#6bb7ff", OnUnit: "#071420", Camera: "#7b898e", Ink: "#0a0e0f"}

func TestDraw(t *testing.T) {
	t.Parallel()
	for _, ratio := range []int{1, 2} {
		s, err := Draw(colours, ratio)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(s.Picture))
		if err != nil {
			t.Fatal(err)
		}
		var index map[string]place
		if err := json.Unmarshal(s.Index, &index); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"severity-1", "severity-2", "severity-3", "detection", "unit", "camera"} {
			p, ok := index[name]
			if !ok || p.Width != box*ratio || p.PixelRatio != ratio || p.X+p.Width > img.Bounds().Dx() || p.Y+p.Height > img.Bounds().Dy() {
				t.Errorf("%s = %+v of %v", name, p, img.Bounds())
			}
			inside := 0
			for y := p.Y; y < p.Y+p.Height; y++ {
				for x := p.X; x < p.X+p.Width; x++ {
					if _, _, _, a := img.At(x, y).RGBA(); a > 0 {
						inside++
					}
				}
			}
			if area := p.Width * p.Height; inside < area/12 || inside > area*9/10 {
				t.Errorf("%s covers %d of %d pixels", name, inside, area)
			}
			if _, _, _, a := img.At(p.X, p.Y).RGBA(); a != 0 {
				t.Errorf("%s has a corner", name)
			}
		}
		again, err := Draw(colours, ratio)
		if err != nil || again.Tag != s.Tag || !bytes.Equal(again.Picture, s.Picture) {
			t.Errorf("drawn twice it differs: %v", err)
		}
	}
	if _, err := Draw(Colours{}, 1); err == nil {
		t.Error("no colours are colours")
	}
}

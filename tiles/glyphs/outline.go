package glyphs

import (
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Em is the side of the square in which an [Fonts.Outline] is drawn.
const Em = 1000

// Outline returns the outline of a letter, y down from the line it stands on, and how far the next one is, both in units of which an em has [Em]; ok is false where no
// font has it.
func (f *Fonts) Outline(w Weight, r rune) (segments sfnt.Segments, advance float64, ok bool) {
	var b sfnt.Buffer
	face, i := f.find(w, r, &b)
	if face == nil {
		return nil, 0, false
	}
	a, err := face.GlyphAdvance(&b, i, fixed.I(Em), font.HintingNone)
	if err != nil {
		return nil, 0, false
	}
	s, err := face.LoadGlyph(&b, i, fixed.I(Em), nil)
	if err != nil {
		return nil, 0, false
	}
	return append(sfnt.Segments(nil), s...), float64(a) / 64, true
}

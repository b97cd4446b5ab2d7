package dossier

import (
	"fmt"
	"strings"

	"github.com/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"wanglou/tiles/glyphs"
)

// Letters gives outlines: tiles/glyphs.Fonts.
type Letters interface {
	Outline(w glyphs.Weight, r rune) (sfnt.Segments, float64, bool)
}

// pen writes with outlines: whatever fonts the server has draw Chinese, and the file needs none. What is said can be read by programs from the attached JSON.
type pen struct {
	*fpdf.Fpdf
	letters Letters
	drawn   map[string]string
	wide    map[string]float64
}

// letter returns the path of a letter in units of which an em has 1000, y up, and its width.
func (p *pen) letter(w glyphs.Weight, r rune) (string, float64) {
	key := string(w) + string(r)
	if path, ok := p.drawn[key]; ok {
		return path, p.wide[key]
	}
	segments, advance, ok := p.letters.Outline(w, r)
	if !ok {
		advance = glyphs.Em / 2
	}
	var b strings.Builder
	at := func(q fixed.Point26_6) (float64, float64) { return float64(q.X) / 64, -float64(q.Y) / 64 }
	var cx, cy float64
	open := false
	for _, s := range segments {
		x, y := at(s.Args[0])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if open {
				b.WriteString("h ")
			}
			open = true
			fmt.Fprintf(&b, "%.0f %.0f m ", x, y)
			cx, cy = x, y
		case sfnt.SegmentOpLineTo:
			fmt.Fprintf(&b, "%.0f %.0f l ", x, y)
			cx, cy = x, y
		case sfnt.SegmentOpQuadTo:
			ex, ey := at(s.Args[1])
			fmt.Fprintf(&b, "%.0f %.0f %.0f %.0f %.0f %.0f c ", cx+(x-cx)*2/3, cy+(y-cy)*2/3, ex+(x-ex)*2/3, ey+(y-ey)*2/3, ex, ey)
			cx, cy = ex, ey
		case sfnt.SegmentOpCubeTo:
			x2, y2 := at(s.Args[1])
			ex, ey := at(s.Args[2])
			fmt.Fprintf(&b, "%.0f %.0f %.0f %.0f %.0f %.0f c ", x, y, x2, y2, ex, ey)
			cx, cy = ex, ey
		}
	}
	if open {
		b.WriteString("h f\n")
	}
	p.drawn[key], p.wide[key] = b.String(), advance
	return p.drawn[key], advance
}

// width is how wide a text of a size in points is, in millimetres.
func (p *pen) width(w glyphs.Weight, size float64, text string) (mm float64) {
	for _, r := range text {
		_, a := p.letter(w, r)
		mm += a / glyphs.Em * size * 25.4 / 72
	}
	return mm
}

// text writes on a line, x and y in millimetres from the upper left corner.
func (p *pen) text(x, y float64, w glyphs.Weight, size float64, text string) {
	_, high := p.GetPageSize()
	px, py := x*72/25.4, (high-y)*72/25.4
	for _, r := range text {
		path, a := p.letter(w, r)
		if path != "" {
			p.RawWriteStr(fmt.Sprintf("q %.5f 0 0 %.5f %.3f %.3f cm\n%sQ\n", size/glyphs.Em, size/glyphs.Em, px, py, path))
		}
		px += a / glyphs.Em * size
	}
}

// wrap breaks a text into lines of at most mm.
func (p *pen) wrap(w glyphs.Weight, size, mm float64, text string) (lines []string) {
	for _, para := range strings.Split(text, "\n") {
		line, wide := "", 0.0
		for _, r := range para {
			a := p.width(w, size, string(r))
			if wide+a > mm && line != "" {
				lines, line, wide = append(lines, line), "", 0
			}
			line, wide = line+string(r), wide+a
		}
		lines = append(lines, line)
	}
	return lines
}

package mvt

// simplifier thins lines (Douglas and Peucker): what remains lies nowhere further from the line than a tolerance.
type simplifier struct {
	stack []span
}

// span is a stretch of a line whose ends are kept.
type span struct{ from, to int }

// line thins l in place and returns what remains: both ends, and the corners that matter.
func (s *simplifier) line(l []point, tolerance float64) []point {
	if tolerance <= 0 || len(l) < 3 {
		return l
	}
	limit := tolerance * tolerance
	kept := 1
	// The left half of a span is worked on first: corners come out in order and may be written over what was read.
	s.stack = append(s.stack[:0], span{0, len(l) - 1})
	for len(s.stack) > 0 {
		top := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		if at, d := farthest(l, top); d > limit {
			s.stack = append(s.stack, span{at, top.to}, span{top.from, at})
			continue
		}
		l[kept] = l[top.to]
		kept++
	}
	return l[:kept]
}

// farthest returns the corner of a span that lies farthest from its chord, and the square of that distance.
func farthest(l []point, s span) (at int, squared float64) {
	a, b := l[s.from], l[s.to]
	dx, dy := b.x-a.x, b.y-a.y
	length := dx*dx + dy*dy
	for i := s.from + 1; i < s.to; i++ {
		px, py := l[i].x-a.x, l[i].y-a.y
		if length > 0 {
			t := min(max((px*dx+py*dy)/length, 0), 1)
			px, py = px-t*dx, py-t*dy
		}
		if d := px*px + py*py; d > squared {
			at, squared = i, d
		}
	}
	return at, squared
}

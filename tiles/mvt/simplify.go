package mvt

// simplifier thins lines (Douglas and Peucker): what remains lies nowhere further from the line than a tolerance.
type simplifier struct {
	stack []span
	kept  []point
}

// span is a stretch of a line whose ends are kept.
type span struct{ from, to int }

// line returns what remains of l: both ends, and the corners that matter. The result is good until the next call.
func (s *simplifier) line(l []point, tolerance float64) []point {
	if tolerance <= 0 || len(l) < 3 {
		return l
	}
	limit := tolerance * tolerance
	s.kept = append(s.kept[:0], l[0])
	s.stack = append(s.stack[:0], span{0, len(l) - 1})
	for len(s.stack) > 0 {
		top := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		if at, d := farthest(l, top); d > limit {
			s.stack = append(s.stack, span{at, top.to}, span{top.from, at}) // the earlier half on top
			continue
		}
		s.kept = append(s.kept, l[top.to])
	}
	return s.kept
}

// ring is line for closed rings. One so small or thin that less than a triangle would remain is returned as it is: a
// town of small houses is still a town.
func (s *simplifier) ring(r []point, tolerance float64) []point {
	if thin := s.line(r, tolerance); len(thin) >= 4 {
		return thin
	}
	return r
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

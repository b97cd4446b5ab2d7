package raster

import "math"

// Moved is a source that is read beside where it lies: at a pixel it has what the source has so many pixels further to the right and down. It is a Source.
type Moved struct {
	Source
	Right, Down float64
}

// Rows implements Source.
func (m *Moved) Rows(y, n int) (*Grid, error) {
	w, h := m.Size()
	out := New(w, n, m.Transform().down(y))
	from, until := max(0, int(math.Floor(float64(y)+m.Down))), min(h, int(math.Ceil(float64(y+n-1)+m.Down))+1)
	if until <= from {
		return out, nil
	}
	g, err := m.Source.Rows(from, until-from)
	if err != nil {
		return nil, err
	}
	for i := range n {
		for x := range w {
			out.Data[i*w+x] = g.Bilinear(float64(x)+m.Right, float64(y+i-from)+m.Down)
		}
	}
	return out, nil
}

package model

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/survey/dsm"
	"wanglou/layers/survey/raster"
)

const (
	mostArea   = 50_000 // square metres of one thing: what is larger is no building
	mostSpans  = 10_000_000
	MostThings = 20_000
	opening    = 2.0 // metres: of what an earlier picture shows too, slivers narrower than this are left by a shift of the pictures
)

// Thing is marked pixels of one class that touch by their sides.
type Thing struct {
	Class   int
	Score   float64 // mean share
	Area    float64 // square metres, on the grid
	Outline orb.Polygon
}

// Scores is what [Manifest.Scan] wrote of a grid.
type Scores struct {
	R    io.ReaderAt
	W, H int
}

func (s *Scores) row(y int, into []byte) error {
	if n, err := s.R.ReadAt(into, int64(y)*int64(2*s.W)); n < len(into) {
		return fmt.Errorf("row %d of the scores: %w", y, errors.Join(err, io.ErrUnexpectedEOF))
	}
	return nil
}

// span is pixels of one class side by side.
type span struct {
	dsm.Span
	class byte
	sum   int // of their shares
}

// Gather returns the things of which the model is at least as sure as its threshold, of its least area and more, the surest first. before, where it is not nil, is what the model
// says of an earlier picture: what stood there is taken away, and what is left is opened by two metres. CodeTooLarge with "model_too_many".
func (m *Manifest) Gather(after, before *Scores, pixel float64, t raster.Transform) ([]Thing, error) {
	things, err := m.spans(after)
	if err != nil {
		return nil, err
	}
	least, most := m.MinArea/(pixel*pixel)*0.7, mostArea/(pixel*pixel)
	var out []Thing
	for _, spans := range things {
		parts := [][]span{spans}
		if before != nil {
			if parts, err = m.without(spans, before, pixel); err != nil {
				return nil, err
			}
		}
		for _, p := range parts {
			n, sum := 0, 0
			plain := make([]dsm.Span, len(p))
			for i, s := range p {
				n, sum, plain[i] = n+s.Until-s.From, sum+s.sum, s.Span
			}
			if float64(n) < least || float64(n) > most {
				continue
			}
			o, area := dsm.Outline(plain, pixel, t)
			if area < m.MinArea {
				continue
			}
			if out = append(out, Thing{Class: int(p[0].class), Score: float64(sum) / float64(n) / 255, Area: area, Outline: o}); len(out) > MostThings {
				return nil, tooMany()
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Thing) int { return cmp.Compare(b.Score, a.Score) })
	return out, nil
}

func tooMany() error {
	return &layers.Error{Code: layers.CodeTooLarge, Reason: "model_too_many", Msg: fmt.Sprintf("the model marks over %d places: its threshold is too low for this picture", MostThings)}
}

// spans joins marked pixels to things, row by row.
func (m *Manifest) spans(s *Scores) ([][]span, error) {
	limit := m.limit()
	var all []span
	var parent []int32
	root := func(i int32) int32 {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	row := make([]byte, 2*s.W)
	above := 0 // first span of the row above
	for y := range s.H {
		if err := s.row(y, row); err != nil {
			return nil, err
		}
		first, at := len(all), above
		for x := 0; x < s.W; {
			class := row[s.W+x]
			if row[x] < limit || class == unseen {
				x++
				continue
			}
			p := span{Span: dsm.Span{Y: y, From: x}, class: class}
			for ; x < s.W && row[x] >= limit && row[s.W+x] == class; x++ {
				p.sum += int(row[x])
			}
			p.Until = x
			i := int32(len(all))
			all, parent = append(all, p), append(parent, i)
			for at < first && all[at].Until <= p.From {
				at++
			}
			for k := at; k < first && all[k].From < p.Until; k++ {
				if all[k].class == class {
					parent[root(int32(k))] = root(i)
				}
			}
		}
		if above = first; len(all) > mostSpans {
			return nil, tooMany()
		}
	}
	var out [][]span
	index := make(map[int32]int)
	for i, p := range all {
		r := root(int32(i))
		k, ok := index[r]
		if !ok {
			k = len(out)
			index[r], out = k, append(out, nil)
		}
		out[k] = append(out[k], p)
	}
	return out, nil
}

// limit is the least share that counts.
func (m *Manifest) limit() byte { return byte(math.Ceil(m.Threshold * 255)) }

// without takes away what an earlier picture shows of the same class, and where it shows nothing at all, and opens what is left.
func (m *Manifest) without(spans []span, before *Scores, pixel float64) (out [][]span, err error) {
	x0, x1, y0, y1 := math.MaxInt, 0, spans[0].Y, 0
	n := 0
	for _, s := range spans {
		x0, x1, y0, y1, n = min(x0, s.From), max(x1, s.Until), min(y0, s.Y), max(y1, s.Y+1), n+s.Until-s.From
	}
	if float64(n) > mostArea/(pixel*pixel) {
		return nil, nil
	}
	w, h := x1-x0, y1-y0
	mark, share := make([]int8, w*h), make([]int, w*h)
	row, limit := make([]byte, 2*before.W), m.limit()
	last, taken := -1, false
	for _, s := range spans {
		if s.Y != last {
			if err := before.row(s.Y, row); err != nil {
				return nil, err
			}
			last = s.Y
		}
		mean := s.sum / (s.Until - s.From)
		for x := s.From; x < s.Until; x++ {
			if c := row[before.W+x]; row[x] >= limit && c == s.class || c == unseen {
				taken = true
				continue
			}
			mark[(s.Y-y0)*w+x-x0], share[(s.Y-y0)*w+x-x0] = 1, mean
		}
	}
	if !taken {
		return [][]span{spans}, nil
	}
	dsm.Open(mark, w, h, int(math.Round(opening/2/pixel)))
	marked := make([]bool, len(mark))
	for i, v := range mark {
		marked[i] = v == 1
	}
	for _, group := range raster.Groups(marked, w, h) {
		slices.Sort(group)
		var part []span
		for _, i := range group {
			x, y := i%w+x0, i/w+y0
			if k := len(part) - 1; k >= 0 && part[k].Y == y && part[k].Until == x {
				part[k].Until++
				part[k].sum += share[i]
				continue
			}
			part = append(part, span{Span: dsm.Span{Y: y, From: x, Until: x + 1}, class: spans[0].class, sum: share[i]})
		}
		out = append(out, part)
	}
	return out, nil
}

package model

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"wanglou/layers"
)

// Picture is red, green, blue and, where Alpha is true, what is shown (0: nothing), one whole band after the other. Without, black is nothing.
type Picture struct {
	R     io.ReaderAt
	W, H  int
	Alpha bool
}

// Tensor is what one input is handed: F or U, by the manifest's type.
type Tensor struct {
	F []float32
	U []uint8
}

// Tensors returns the inputs of a model, which every window fills anew.
func (m *Manifest) Tensors() []Tensor {
	out := make([]Tensor, len(m.Input.Names))
	n := m.Channels() * m.Tile * m.Tile
	for i := range out {
		if m.Input.Type == Uint8 {
			out[i].U = make([]uint8, n)
		} else {
			out[i].F = make([]float32, n)
		}
	}
	return out
}

// Run is the model: inputs to its answer and the answer's shape. The answer may be overwritten by the next run.
type Run func(inputs []Tensor) (answer []float32, shape []int64, err error)

// unseen is the class of pixels that no told class is likely at.
const unseen = 255

// Scan runs a model over every window of a picture, or of an earlier and a later one on the same grid, lays the overlapping answers together, each the more the farther from its
// window's edge, and writes for each row first the share of the likeliest told class, 0 to 255, and then its index, a byte a pixel each. Where a picture shows nothing the share
// is 0. Errors are CodeInvalid with "model_shape", "model_nan", "model_range", or what run returned.
func (m *Manifest) Scan(ctx context.Context, pictures []*Picture, inputs []Tensor, run Run, out io.Writer, tell func(done, of int)) error {
	s := &scan{m: m, pictures: pictures, w: pictures[0].W, h: pictures[0].H, inputs: inputs}
	if want := map[Task]int{Segmentation: 1, Change: 2}[m.Task]; len(pictures) != want {
		return fmt.Errorf("%d pictures for a %s", len(pictures), m.Task)
	}
	for i, c := range m.Classes {
		if c.Kind != "" {
			s.told = append(s.told, i)
		}
	}
	s.ramp = make([]float32, m.Tile)
	for i := range s.ramp {
		s.ramp[i] = float32(min(1, float64(min(i+1, m.Tile-i))/float64(m.Overlap+1)))
	}
	for k := range m.Input.Bands {
		s.values = append(s.values, m.Input.values(k))
	}
	for range pictures {
		s.bands = append(s.bands, make([]byte, 4*m.Tile*m.Tile))
	}
	s.sums = make([]float32, m.Tile*s.w*len(s.told))
	s.weights = make([]float32, m.Tile*s.w)
	s.shown = make([]bool, m.Tile*s.w)
	ys, xs := starts(s.h, m.Tile, m.Overlap), starts(s.w, m.Tile, m.Overlap)
	done := 0
	for j, y := range ys {
		for _, x := range xs {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := s.window(x, y, run); err != nil {
				return err
			}
			done++
			tell(done, len(xs)*len(ys))
		}
		until := s.h
		if j+1 < len(ys) {
			until = ys[j+1]
		}
		if err := s.flush(y, until, out); err != nil {
			return err
		}
	}
	return nil
}

// starts returns where windows begin along n pixels: the last one ends at the edge.
func starts(n, tile, overlap int) (out []int) {
	for at := 0; ; at += tile - overlap {
		if at+tile >= n {
			return append(out, max(0, n-tile))
		}
		out = append(out, at)
	}
}

type scan struct {
	m        *Manifest
	pictures []*Picture
	w, h     int
	told     []int // indexes of classes
	inputs   []Tensor
	ramp     []float32
	values   [][256]float32 // of each band: what a byte becomes
	bands    [][]byte       // of each picture: four bands of a window
	sums     []float32      // of the rows of a window from its first on: told classes of a pixel beside each other
	weights  []float32
	shown    []bool
}

// window runs the model at one place; nothing is asked of it where there is nothing to see.
func (s *scan) window(x, y int, run Run) error {
	t := s.m.Tile
	w, h := min(t, s.w-x), min(t, s.h-y)
	seen := false
	for i, p := range s.pictures {
		if err := p.read(s.bands[i], x, y, w, h, t); err != nil {
			return err
		}
	}
	for v := range h {
		shown, first := s.shown[v*s.w+x:v*s.w+x+w], s.bands[0][3*t*t+v*t:]
		last := s.bands[len(s.bands)-1][3*t*t+v*t:] // the same, or the other one's
		for u := range shown {
			if first[u] != 0 && last[u] != 0 {
				shown[u], seen = true, true
			}
		}
	}
	if !seen {
		return nil
	}
	s.fill()
	answer, shape, err := run(s.inputs)
	if err != nil {
		return err
	}
	return s.add(answer, shape, x, w, h)
}

// read fills four bands of t × t bytes with a window; what lies outside is nothing.
func (p *Picture) read(into []byte, x, y, w, h, t int) error {
	clear(into)
	bands := 3
	if p.Alpha {
		bands = 4
	}
	for band := range bands {
		for v := range h {
			row := into[band*t*t+v*t : band*t*t+v*t+w]
			at := int64(band)*int64(p.W)*int64(p.H) + int64(y+v)*int64(p.W) + int64(x)
			if n, err := p.R.ReadAt(row, at); n < len(row) {
				return fmt.Errorf("read row %d: %w", y+v, errors.Join(err, io.ErrUnexpectedEOF))
			}
		}
	}
	if !p.Alpha {
		for i := range t * t {
			if into[i]|into[t*t+i]|into[2*t*t+i] != 0 {
				into[3*t*t+i] = 255
			}
		}
	}
	return nil
}

// values returns what bytes of a band become.
func (in *Input) values(k int) (out [256]float32) {
	for v := range out {
		f := float64(v) * in.Scale
		if in.Mean != nil {
			f -= in.Mean[k]
		}
		if in.Std != nil {
			f /= in.Std[k]
		}
		out[v] = float32(f)
	}
	return out
}

// fill turns the bands of a window into what the model is handed.
func (s *scan) fill() {
	in, t := &s.m.Input, s.m.Tile
	channels := s.m.Channels()
	for p := range s.pictures {
		tensor, first := &s.inputs[0], 0
		switch {
		case len(s.inputs) == 2:
			tensor = &s.inputs[p]
		case p == 1:
			first = len(in.Bands)
		}
		for k, band := range in.Bands {
			from := s.bands[p][slices.Index(Bands, band)*t*t:][:t*t]
			at, step := (first+k)*t*t, 1
			if in.Layout == NHWC {
				at, step = first+k, channels
			}
			if tensor.U != nil {
				for i, v := range from {
					tensor.U[at+i*step] = v
				}
				continue
			}
			values := &s.values[k]
			if step == 1 {
				into := tensor.F[at : at+t*t]
				for i, v := range from {
					into[i] = values[v]
				}
				continue
			}
			for i, v := range from {
				tensor.F[at+i*step] = values[v]
			}
		}
	}
}

// strides returns how an answer of this shape is read: class c of pixel i is at c·class + i·pixel. CodeInvalid with "model_shape".
func (m *Manifest) strides(shape []int64) (class, pixel int, err error) {
	t, c := int64(m.Tile), int64(len(m.Classes))
	plane := int(t * t)
	is := func(want ...int64) bool { return slices.Equal(shape, want) }
	switch {
	case is(1, c, t, t) && (m.Input.Layout == NCHW || c == 1):
		return plane, 1, nil
	case is(1, t, t, c) && (m.Input.Layout == NHWC || c == 1):
		return 1, int(c), nil
	case c == 1 && (is(1, t, t) || is(t, t)):
		return plane, 1, nil
	}
	return 0, 0, &layers.Error{Code: layers.CodeInvalid, Field: "output", Reason: "model_shape", Params: map[string]string{"said": fmt.Sprint(shape)},
		Msg: fmt.Sprintf("the model answers in the shape %v, which is not %d classes of %d × %d pixels", shape, c, t, t)}
}

// add lays a window's answer onto the sums.
func (s *scan) add(answer []float32, shape []int64, x, w, h int) error {
	class, pixel, err := s.m.strides(shape)
	if err != nil {
		return err
	}
	t, n := s.m.Tile, len(s.m.Classes)
	if len(answer) < n*t*t {
		return fmt.Errorf("an answer of %d numbers", len(answer))
	}
	if n == 1 && s.m.Output.Activation == None {
		return s.addShares(answer, x, w, h)
	}
	shares := make([]float64, n)
	for v := range h {
		for u := range w {
			i := v*t + u
			for c := range n {
				f := float64(answer[c*class+i*pixel])
				if math.IsNaN(f) || math.IsInf(f, 0) {
					return notANumber()
				}
				shares[c] = f
			}
			if err := s.m.activate(shares); err != nil {
				return err
			}
			weight := s.ramp[u] * s.ramp[v]
			at := v*s.w + x + u
			s.weights[at] += weight
			for k, c := range s.told {
				s.sums[at*len(s.told)+k] += weight * float32(shares[c])
			}
		}
	}
	return nil
}

// addShares is add of an answer that is one class's shares already: most of them are.
func (s *scan) addShares(answer []float32, x, w, h int) error {
	t := s.m.Tile
	for v := range h {
		at, row := v*s.w+x, answer[v*t:v*t+w]
		sums, weights, down := s.sums[at:at+w], s.weights[at:at+w], s.ramp[v]
		for u, f := range row {
			if !(f >= -0.001 && f <= 1.001) { // or no number
				if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
					return notANumber()
				}
				return s.m.activate([]float64{float64(f)})
			}
			weight := down * s.ramp[u]
			sums[u] += weight * f
			weights[u] += weight
		}
	}
	return nil
}

func notANumber() error {
	return layers.Invalid("output", "model_nan", "the model answers with what is no number")
}

// activate turns a pixel's answers into shares of 0 to 1.
func (m *Manifest) activate(v []float64) error {
	switch m.Output.Activation {
	case Sigmoid:
		for i := range v {
			v[i] = 1 / (1 + math.Exp(-v[i]))
		}
	case Softmax:
		top, sum := slices.Max(v), 0.0
		for i := range v {
			v[i] = math.Exp(v[i] - top)
			sum += v[i]
		}
		for i := range v {
			v[i] /= sum
		}
	default:
		for _, f := range v {
			if f < -0.001 || f > 1.001 {
				return &layers.Error{Code: layers.CodeInvalid, Field: "output.activation", Reason: "model_range", Params: map[string]string{"said": fmt.Sprintf("%.4g", f)},
					Msg: fmt.Sprintf("the model answers with %.4g, which is no share of 0 to 1: it wants an activation", f)}
			}
		}
	}
	return nil
}

// flush writes the rows that no further window touches, and makes room for the next ones.
func (s *scan) flush(from, until int, out io.Writer) error {
	n, k := until-from, len(s.told)
	row := make([]byte, 2*s.w)
	for v := range n {
		for x := range s.w {
			at := v*s.w + x
			row[x], row[s.w+x] = 0, unseen
			if !s.shown[at] || s.weights[at] == 0 {
				continue
			}
			best := 0
			sums := s.sums[at*k : at*k+k]
			for c := range sums {
				if sums[c] > sums[best] {
					best = c
				}
			}
			row[x], row[s.w+x] = byte(255*min(1, max(0, sums[best]/s.weights[at]))+0.5), byte(s.told[best])
		}
		if _, err := out.Write(row); err != nil {
			return err
		}
	}
	rest := s.m.Tile - n
	if rest < 0 {
		return fmt.Errorf("%d rows at once", n)
	}
	copy(s.sums, s.sums[n*s.w*k:])
	clear(s.sums[rest*s.w*k:])
	copy(s.weights, s.weights[n*s.w:])
	clear(s.weights[rest*s.w:])
	copy(s.shown, s.shown[n*s.w:])
	clear(s.shown[rest*s.w:])
	return nil
}

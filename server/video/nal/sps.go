package nal

import "strings"

// IsH265 tells whether a codec's name is one of H.265.
func IsH265(codec string) bool {
	return strings.HasPrefix(codec, "hvc1") || strings.HasPrefix(codec, "hev1")
}

// Geometry is what a sequence parameter set says of its pictures.
type Geometry struct {
	Width, Height int
	Chroma        int // chroma_format_idc: 1 is 4:2:0
	Luma, Colour  int // bits
}

// maxSide is more pixels than any level allows.
const maxSide = 16 << 10

// ReadGeometry reads a sequence parameter set with its header; false of any other unit, and of one that makes no sense.
func ReadGeometry(h265 bool, unit []byte) (Geometry, bool) {
	header := 1
	if h265 {
		header = 2
	}
	if len(unit) <= header || h265 && unit[0]>>1&0x3f != 33 || !h265 && unit[0]&31 != 7 {
		return Geometry{}, false
	}
	r := bits{b: withoutGuards(unit[header:], maxParams)}
	var g Geometry
	if h265 {
		g = r.sps265()
	} else {
		g = r.sps264()
	}
	return g, !r.over && g.Width > 0 && g.Height > 0 && g.Width <= maxSide && g.Height <= maxSide && g.Chroma <= 3 && g.Luma <= 16 && g.Colour <= 16
}

func (r *bits) sps264() Geometry {
	g := Geometry{Chroma: 1, Luma: 8, Colour: 8}
	profile := r.u(8)
	r.skip(16) // constraints and level
	r.ue()     // its number
	separate := false
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		if g.Chroma = r.ue(); g.Chroma == 3 {
			separate = r.u(1) == 1
		}
		g.Luma, g.Colour = 8+r.ue(), 8+r.ue()
		r.skip(1)
		if r.u(1) == 1 {
			r.scaling(g.Chroma)
		}
	}
	r.ue() // log2_max_frame_num
	switch r.ue() {
	case 0:
		r.ue()
	case 1:
		r.skip(1)
		r.ue()
		r.ue()
		for n := r.ue(); n > 0 && !r.over; n-- {
			r.ue()
		}
	}
	r.ue() // reference pictures
	r.skip(1)
	w, h := 16*(r.ue()+1), 16*(r.ue()+1)
	unitX, unitY := 1, 1
	if frames := r.u(1); frames == 0 {
		h *= 2
		unitY = 2
		r.skip(1)
	}
	if !separate && (g.Chroma == 1 || g.Chroma == 2) {
		unitX = 2
	}
	if !separate && g.Chroma == 1 {
		unitY *= 2
	}
	r.skip(1)
	if r.u(1) == 1 {
		w -= unitX * (r.ue() + r.ue())
		h -= unitY * (r.ue() + r.ue())
	}
	g.Width, g.Height = w, h
	return g
}

// scaling passes over scaling lists.
func (r *bits) scaling(chroma int) {
	lists := 8
	if chroma == 3 {
		lists = 12
	}
	for i := range lists {
		if r.u(1) == 0 {
			continue
		}
		size := 16
		if i >= 6 {
			size = 64
		}
		for last, next := 8, 8; size > 0 && !r.over; size-- {
			if next != 0 {
				delta := r.ue() // signed: odd ones are positive
				if delta = (delta + 1) / 2 * (delta%2*2 - 1); next != 0 {
					next = (last + delta + 256) % 256
				}
			}
			if next != 0 {
				last = next
			}
		}
	}
}

func (r *bits) sps265() Geometry {
	var g Geometry
	r.skip(4)
	layers := r.u(3)
	r.skip(1 + 96) // profile, tier and level
	var profile, level [8]bool
	for i := range layers {
		profile[i], level[i] = r.u(1) == 1, r.u(1) == 1
	}
	if layers > 0 {
		r.skip(2 * (8 - layers))
	}
	for i := range layers {
		if profile[i] {
			r.skip(88)
		}
		if level[i] {
			r.skip(8)
		}
	}
	r.ue()
	if g.Chroma = r.ue(); g.Chroma == 3 {
		r.skip(1)
	}
	g.Width, g.Height = r.ue(), r.ue()
	if r.u(1) == 1 {
		unitX, unitY := 1, 1
		if g.Chroma == 1 || g.Chroma == 2 {
			unitX = 2
		}
		if g.Chroma == 1 {
			unitY = 2
		}
		g.Width -= unitX * (r.ue() + r.ue())
		g.Height -= unitY * (r.ue() + r.ue())
	}
	g.Luma, g.Colour = 8+r.ue(), 8+r.ue()
	return g
}

// withoutGuards leaves out the bytes that keep start codes from arising, up to so many bytes.
func withoutGuards(b []byte, most int) []byte {
	raw := make([]byte, 0, min(len(b), most))
	zeros := 0
	for _, c := range b {
		if len(raw) == most {
			break
		}
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		raw = append(raw, c)
	}
	return raw
}

// bits reads numbers as parameter sets write them. Beyond the end there are zeros, and over is set.
type bits struct {
	b    []byte
	at   int
	over bool
}

func (r *bits) skip(n int) { r.at += n }

func (r *bits) u(n int) (v int) {
	for range n {
		v <<= 1
		if r.at/8 >= len(r.b) {
			r.over = true
			continue
		}
		v |= int(r.b[r.at/8]>>(7-r.at%8)) & 1
		r.at++
	}
	return v
}

// ue is an Exp-Golomb number; of one that is longer than any in use nothing is believed.
func (r *bits) ue() int {
	zeros := 0
	for r.u(1) == 0 {
		if zeros++; zeros > 20 || r.over {
			r.over = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.u(zeros)
}

// Level265 returns profile, tier, compatibility, constraints and level of a sequence parameter set of H.265, as they stand in it.
func Level265(unit []byte) (out [12]byte) {
	raw := withoutGuards(unit[min(2, len(unit)):], 13)
	if len(raw) == 13 {
		copy(out[:], raw[1:])
	}
	return out
}

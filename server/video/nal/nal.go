// Package nal puts pictures of H.264 and H.265 together from NAL units, however those came: parameter sets are kept, and what is broken is left out up to the next
// key picture, so that a decoder never sees half a picture.
package nal

// Unit is one picture: its NAL units with start codes between (Annex B). A key picture begins with its parameter sets and needs nothing before it.
type Unit struct {
	Data  []byte
	Key   bool
	Time  uint32 // of the camera's clock, 90 kHz
	Codec string // of a key picture: as WebCodecs names it, with profile and level; "" where unknown
}

// Limits of one picture, in bytes.
const (
	MaxUnit   = 4 << 20
	maxParams = 4 << 10 // of a parameter set that is kept
	maxSets   = 16
	// MaxData is the most that a key picture has with its parameter sets before it.
	MaxData = MaxUnit + maxSets*(maxParams+4)
)

// Builder makes pictures of NAL units. It begins by waiting for a key picture.
type Builder struct {
	H265   bool
	Params [][]byte // as the description told, until the stream does
	Time   uint32   // of the picture under way

	data    []byte
	key     bool
	own     [][]byte // parameter sets of the picture under way
	slices  bool     // the picture under way has a part of the picture itself
	broken  bool     // something of the picture under way is missing
	playing bool     // a key picture has come, and nothing was lost since
	ready   []*Unit
}

// Take returns the next picture that is whole, nil where there is none.
func (b *Builder) Take() *Unit {
	if len(b.ready) == 0 {
		return nil
	}
	first := b.ready[0]
	b.ready = b.ready[1:]
	return first
}

// Break says that something of the picture under way is missing.
func (b *Builder) Break() { b.broken = true }

// Add begins or adds a NAL unit, which has at least one byte.
func (b *Builder) Add(n []byte) {
	if len(b.data)+len(n)+4 > MaxUnit {
		b.broken = true
		return
	}
	if b.keyKind(n[0]) {
		b.key = true
	}
	b.slices = b.slices || b.sliceKind(n[0])
	if b.paramKind(n[0]) && len(n) <= maxParams && len(n) > 3 && len(b.own) < maxSets {
		b.own = append(b.own, append([]byte(nil), n...))
		return // stands at the front of a key picture
	}
	b.data = append(append(b.data, 0, 0, 0, 1), n...)
}

// More goes on with the NAL unit that was added last.
func (b *Builder) More(p []byte) {
	if len(b.data)+len(p) > MaxUnit {
		b.broken = true
		return
	}
	b.data = append(b.data, p...)
}

// sliceKind reports whether the header of a NAL unit is that of a part of a picture.
func (b *Builder) sliceKind(n byte) bool {
	if b.H265 {
		return n>>1&0x3f < 32
	}
	return n&31 >= 1 && n&31 <= 5
}

// Turn begins anew in the other codec, which a parameter set has told of: nothing is shown until its first key picture.
func (b *Builder) Turn(h265 bool) {
	b.Finish()
	b.H265, b.Params, b.playing = h265, nil, false
}

// CodecOf tells the codec of a parameter set that begins a key picture, whatever the stream was said to be: what stands for one codec's is never sent in the other. ok is false for all other NAL units.
func CodecOf(n []byte) (h265, ok bool) {
	switch {
	case len(n) < 2:
		return false, false
	case n[0] == 0x40 && n[1] == 1: // a video parameter set of the lowest layer
		return true, true
	}
	return false, n[0]&0x9f == 7 && n[0]&0x60 != 0
}

func (b *Builder) keyKind(n byte) bool {
	if b.H265 {
		return n>>1&0x3f >= 16 && n>>1&0x3f <= 21
	}
	return n&31 == 5
}

func (b *Builder) paramKind(n byte) bool {
	if b.H265 {
		return n>>1&0x3f >= 32 && n>>1&0x3f <= 34
	}
	return n&31 == 7 || n&31 == 8
}

// Finish ends the picture under way.
func (b *Builder) Finish() {
	data, key, slices, broken := b.data, b.key, b.slices, b.broken
	if len(b.own) > 0 {
		b.Params = b.own
	}
	b.data, b.key, b.slices, b.broken, b.own = nil, false, false, false, nil
	if !slices { // parameter sets, remarks
		b.playing = b.playing && !broken
		return
	}
	switch {
	case broken:
		b.playing = false
		return
	case key && len(b.Params) > 0:
		b.playing = true
	case !b.playing:
		return
	}
	out := &Unit{Data: data, Key: key, Time: b.Time}
	if key {
		var whole []byte
		for _, p := range b.Params {
			whole = append(append(whole, 0, 0, 0, 1), p...)
			if out.Codec == "" {
				out.Codec = codecName(b.H265, p)
			}
		}
		out.Data = append(whole, data...)
	}
	b.ready = append(b.ready, out)
}

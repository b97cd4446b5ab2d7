package rtsp

import (
	"encoding/binary"

	"wanglou/server/video/nal"
	"wanglou/server/video/rtp"
)

// unpacker puts pictures together from RTP packets. What is lost or garbled is left out until the next key picture.
type unpacker struct {
	build    nal.Builder
	begun    bool
	seq      uint16
	fragment bool
}

func (u *unpacker) take() *nal.Unit { return u.build.Take() }

// packet takes one RTP packet.
func (u *unpacker) packet(b []byte) {
	p, ok := rtp.Parse(b)
	if !ok {
		return
	}
	if !u.begun {
		u.begun, u.build.Time = true, p.Time
	} else if p.Seq != u.seq+1 {
		u.build.Break()
	}
	u.seq = p.Seq
	if p.Time != u.build.Time { // the marker of the one before was lost, or the camera sets none
		u.finish()
		u.build.Time = p.Time
	}
	u.payload(p.Payload)
	if p.Marker {
		u.finish()
	}
}

func (u *unpacker) finish() {
	u.build.Finish()
	u.fragment = false
}

// turn follows a camera that goes on in the other codec without a word: its parameter sets tell it.
func (u *unpacker) turn(b []byte) {
	first := b
	switch {
	case b[0]&31 == 24 && len(b) > 3: // several of H.264 together
		first = b[3:]
	case len(b) > 4 && b[0] == 48<<1 && b[1] == 1: // several of H.265
		first = b[4:]
	}
	if h265, ok := nal.CodecOf(first); ok && h265 != u.build.H265 {
		u.build.Turn(h265)
		u.fragment = false
	}
}

func (u *unpacker) payload(b []byte) {
	u.turn(b)
	if u.build.H265 {
		switch {
		case len(b) < 3:
			return
		case b[0]&1 != 0 || b[1]&0xf8 != 0: // of a layer that cameras do not have: it is H.264 by now
			u.build.Break()
			return
		}
		switch kind := b[0] >> 1 & 0x3f; kind {
		case 48: // several together
			u.several(b[2:])
		case 49: // a part of one
			h := b[2]
			u.part([]byte{b[0]&0x81 | h&0x3f<<1, b[1]}, h&0x80 != 0, h&0x40 != 0, b[3:])
		default:
			u.build.Add(b)
		}
		return
	}
	switch kind := b[0] & 31; {
	case kind == 24:
		u.several(b[1:])
	case kind == 28:
		if len(b) > 2 {
			u.part([]byte{b[0]&0xe0 | b[1]&31}, b[1]&0x80 != 0, b[1]&0x40 != 0, b[2:])
		}
	case kind == 1 || kind > 4 && kind < 24:
		u.build.Add(b)
	default: // also parts of a slice, which cameras do not send: it is H.265 by now
		u.build.Break()
	}
}

func (u *unpacker) several(b []byte) {
	for len(b) > 2 {
		n := int(binary.BigEndian.Uint16(b))
		if n == 0 || n > len(b)-2 {
			u.build.Break()
			return
		}
		u.build.Add(b[2 : 2+n])
		b = b[2+n:]
	}
}

func (u *unpacker) part(header []byte, first, last bool, b []byte) {
	switch {
	case first:
		u.fragment = true
		u.build.Add(header)
	case !u.fragment:
		u.build.Break()
		return
	}
	u.build.More(b)
	if last {
		u.fragment = false
	}
}

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

func (u *unpacker) payload(b []byte) {
	if u.build.H265 {
		if len(b) < 3 {
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
	case kind > 0 && kind < 24:
		u.build.Add(b)
	default:
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

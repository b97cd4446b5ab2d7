// Package rtp reads the header of RTP packets (RFC 3550).
package rtp

import "encoding/binary"

// Packet is one packet; Payload is a part of what was read.
type Packet struct {
	Marker  bool
	Seq     uint16
	Time    uint32 // of the sender's clock
	SSRC    uint32
	Payload []byte
}

// Parse reads a packet; false where it is none, or has no payload.
func Parse(p []byte) (Packet, bool) {
	if len(p) < 12 || p[0]>>6 != 2 {
		return Packet{}, false
	}
	out := Packet{Marker: p[1]&0x80 != 0, Seq: binary.BigEndian.Uint16(p[2:]), Time: binary.BigEndian.Uint32(p[4:]), SSRC: binary.BigEndian.Uint32(p[8:])}
	at := 12 + 4*int(p[0]&15)
	if p[0]&0x10 != 0 { // extension
		if len(p) < at+4 {
			return Packet{}, false
		}
		at += 4 + 4*int(binary.BigEndian.Uint16(p[at+2:]))
	}
	end := len(p)
	if p[0]&0x20 != 0 { // padding
		end -= int(p[len(p)-1])
	}
	if at >= end {
		return Packet{}, false
	}
	out.Payload = p[at:end]
	return out, true
}

// Append writes a packet of payload type 96, the first dynamic one.
func Append(b []byte, p Packet) []byte {
	kind := byte(96)
	if p.Marker {
		kind |= 0x80
	}
	b = append(b, 0x80, kind)
	b = binary.BigEndian.AppendUint16(b, p.Seq)
	b = binary.BigEndian.AppendUint32(b, p.Time)
	b = binary.BigEndian.AppendUint32(b, p.SSRC)
	return append(b, p.Payload...)
}

package nal

import (
	"encoding/binary"
	"fmt"
)

// codecName returns the codec as RFC 6381 writes it, from a sequence parameter set; "" of any other.
func codecName(h265 bool, b []byte) string {
	if !h265 {
		if b[0]&31 != 7 {
			return ""
		}
		return fmt.Sprintf("avc1.%02X%02X%02X", b[1], b[2], b[3])
	}
	if b[0]>>1&0x3f != 33 {
		return ""
	}
	raw := withoutGuards(b[min(2, len(b)):], 13)
	if len(raw) < 13 {
		return ""
	}
	space, tier, profile := raw[1]>>6, raw[1]>>5&1, raw[1]&31
	flags := uint32(0)
	for i, f := 0, binary.BigEndian.Uint32(raw[2:]); i < 32; i++ {
		flags = flags<<1 | f>>i&1
	}
	out := "hev1."
	if space > 0 {
		out += string('A' + space - 1)
	}
	out += fmt.Sprintf("%d.%X.%c%d", profile, flags, "LH"[tier], raw[12])
	constraints := raw[6:12]
	for len(constraints) > 0 && constraints[len(constraints)-1] == 0 {
		constraints = constraints[:len(constraints)-1]
	}
	for _, c := range constraints {
		out += fmt.Sprintf(".%X", c)
	}
	return out
}

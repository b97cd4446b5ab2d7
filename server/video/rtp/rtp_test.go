package rtp

import (
	"bytes"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add(Append(nil, Packet{Marker: true, Seq: 1, Time: 2, SSRC: 3, Payload: []byte("x")}))
	f.Add([]byte{0xbf, 0xe0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := Parse(b)
		if !ok {
			return
		}
		if len(p.Payload) == 0 || len(p.Payload) > len(b)-12 {
			t.Fatalf("a payload of %d bytes in %d", len(p.Payload), len(b))
		}
		again, ok := Parse(Append(nil, p))
		if !ok || again.Seq != p.Seq || again.Time != p.Time || again.SSRC != p.SSRC || again.Marker != p.Marker || !bytes.Equal(again.Payload, p.Payload) {
			t.Errorf("%+v became %+v", p, again)
		}
	})
}

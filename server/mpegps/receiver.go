package mpegps

import (
	"wanglou/server/video/nal"
	"wanglou/server/video/rtp"
)

const (
	window = 32    // packets that may be overtaken by one
	far    = 1000  // further apart they are of a sender that began anew
	most   = 9_000 // bytes of a packet that is kept
)

// Receiver makes pictures of RTP packets that carry a program stream.
type Receiver struct {
	Ordered bool  // the transport keeps the order: what is missing does not come any more
	Lost    int64 // packets that did not come
	Late    int64 // that came twice, or too late

	d     demuxer
	begun bool
	next  uint16
	held  [window][]byte // packets that came before their turn, by number
	count int
}

// Take returns the next picture, nil where none is whole.
func (r *Receiver) Take() *nal.Unit { return r.d.build.Take() }

// Err is why there will never be a picture: ErrCodec.
func (r *Receiver) Err() error { return r.d.err }

// Packet takes a packet as it came.
func (r *Receiver) Packet(b []byte) {
	p, ok := rtp.Parse(b)
	if !ok {
		return
	}
	if !r.begun {
		r.begun, r.next = true, p.Seq
	}
	switch ahead := int(int16(p.Seq - r.next)); { //nolint:gosec // numbers go round
	case ahead <= -far || ahead >= far:
		r.restart(p.Seq)
	case ahead < 0:
		r.Late++
		return
	case ahead > 0 && r.Ordered:
		r.miss(ahead)
	case ahead > 0:
		for ; ahead >= window; ahead-- {
			r.advance()
		}
		r.release()
		if ahead = int(int16(p.Seq - r.next)); ahead > 0 { //nolint:gosec // as above
			r.hold(p.Seq, b)
			return
		}
		if ahead < 0 {
			r.Late++
			return
		}
	}
	r.pass(p)
	r.release()
}

// pass hands the packet on whose turn it is.
func (r *Receiver) pass(p rtp.Packet) {
	r.next = p.Seq + 1
	r.d.feed(p.Payload, p.Time, p.Marker)
}

// hold keeps a packet until those before it have come.
func (r *Receiver) hold(seq uint16, b []byte) {
	switch slot := &r.held[seq%window]; {
	case *slot != nil || len(b) > most:
		r.Late++
	default:
		*slot = append([]byte(nil), b...)
		r.count++
	}
}

// release hands on what was kept and has its turn now.
func (r *Receiver) release() {
	for r.count > 0 && r.held[r.next%window] != nil {
		r.advance()
	}
}

// advance goes on to the next number, with its packet or without.
func (r *Receiver) advance() {
	slot := &r.held[r.next%window]
	b := *slot
	if b == nil {
		r.miss(1)
		return
	}
	*slot = nil
	r.count--
	p, _ := rtp.Parse(b)
	r.pass(p)
}

func (r *Receiver) miss(n int) {
	r.Lost += int64(n)
	r.next += uint16(n) // #nosec G115 -- under far
	r.d.gap()
}

// restart goes on at another number: the device began anew.
func (r *Receiver) restart(seq uint16) {
	r.held, r.count, r.next = [window][]byte{}, 0, seq
	r.d.gap()
}

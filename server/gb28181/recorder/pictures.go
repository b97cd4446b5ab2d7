package recorder

import (
	"encoding/binary"
	"io"
	"slices"
	"sync"
	"time"

	"wanglou/server/video/nal"
)

// Pictures are what the cameras of a recorder see, all the same. Who begins to look gets what was since the last key picture, as devices make one then.
type Pictures struct {
	mu      sync.Mutex
	since   []picture
	viewers map[chan picture]bool
	started time.Time
}

type picture struct {
	nals [][]byte
	key  bool
	time uint32 // 90 kHz
}

// Feed reads an encoder's output until it ends: H.264 with access unit delimiters.
func (p *Pictures) Feed(r io.Reader) error { return nal.Read(r, false, p.Add) }

// Add shows one picture (Annex B).
func (p *Pictures) Add(b []byte) {
	one := picture{nals: nal.Split(slices.Clone(b))}
	for _, n := range one.nals {
		one.key = one.key || n[0]&31 == 5
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.started.IsZero() {
		p.started = time.Now()
	}
	one.time = uint32(time.Since(p.started).Milliseconds() * 90) // #nosec G115 -- the clock goes round
	if one.key {
		p.since = nil
	}
	if len(p.since) < 500 {
		p.since = append(p.since, one)
	}
	for v := range p.viewers {
		select {
		case v <- one:
		default: // too slow: it loses a picture, as over a bad line
		}
	}
}

func (p *Pictures) watch() chan picture {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := make(chan picture, 1000)
	for _, one := range p.since {
		v <- one
	}
	if p.viewers == nil {
		p.viewers = map[chan picture]bool{}
	}
	p.viewers[v] = true
	return v
}

func (p *Pictures) leave(v chan picture) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.viewers, v)
}

// pack is a picture as a program stream (ISO/IEC 13818-1).
func (one picture) pack() []byte {
	clock := uint64(one.time)
	// The system clock, in the six bytes of a pack: 01, 3 bits, marker, 15 bits, marker, 15 bits, marker, extension and marker.
	scr := uint64(1)<<46 | clock>>30<<43 | 1<<42 | clock>>15&0x7fff<<27 | 1<<26 | clock&0x7fff<<11 | 1<<10 | 1
	b := []byte{0, 0, 1, 0xba}
	b = append(b, binary.BigEndian.AppendUint64(nil, scr)[2:]...)
	b = append(b, 0, 0x9c, 0x43, 0xf8)
	if one.key {
		b = append(b, 0, 0, 1, 0xbb, 0, 9, 0x80, 0x4e, 0x21, 0x04, 0xe1, 0x7f, 0xe0, 0xe0, 0x80)
		b = append(b, 0, 0, 1, 0xbc, 0, 14, 0xe1, 0xff, 0, 0, 0, 4, 0x1b, 0xe0, 0, 0, 0, 0, 0, 0)
	}
	var all []byte
	for _, n := range one.nals {
		all = append(append(all, 0, 0, 0, 1), n...)
	}
	for i := 0; len(all) > 0; i++ {
		n := min(len(all), 60_000)
		b = append(b, 0, 0, 1, 0xe0)
		if i == 0 {
			b = binary.BigEndian.AppendUint16(b, uint16(8+n))                                                                           // #nosec G115 -- under 65 536
			b = append(b, 0x8c, 0x80, 5, byte(0x21|clock>>30<<1), byte(clock>>22), byte(clock>>14|1), byte(clock>>7), byte(clock<<1|1)) // #nosec G115 -- parts of it
		} else {
			b = binary.BigEndian.AppendUint16(b, uint16(3+n)) // #nosec G115 -- as above
			b = append(b, 0x88, 0, 0)
		}
		b = append(b, all[:n]...)
		all = all[n:]
	}
	return b
}

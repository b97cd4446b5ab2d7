// Package mpegps takes the pictures out of an MPEG program stream (ISO/IEC 13818-1) that comes over RTP, as devices of GB/T 28181 send it. Memory is bounded,
// whatever comes: a header, one NAL unit, one picture and the packets that overtook each other. What is lost or garbled is left out up to the next key picture.
package mpegps

import (
	"bytes"
	"encoding/binary"
	"errors"

	"wanglou/server/video/nal"
)

// ErrCodec is said of a stream whose map names another codec than H.264 and H.265.
var ErrCodec = errors.New("the codec of the stream is not one of H.264 and H.265")

// Codes of the system layer. No NAL unit begins with one of them: their first bit is 0 in both codecs.
const (
	codeEnd    = 0xb9 // and above is the system layer's
	codePack   = 0xba
	codeSystem = 0xbb
	codeMap    = 0xbc
	codeVideo  = 0xe0 // to 0xef
)

const (
	typeH264 = 0x1b
	typeH265 = 0x24
)

// demuxer is fed the bytes of the stream in their order.
type demuxer struct {
	build nal.Builder
	err   error // of a stream that will never have a picture

	buf    []byte // of the system layer, not looked at yet
	synced bool   // buf begins with a code
	video  byte   // id of the video stream; the first that comes
	within int    // bytes of the video packet that are still to come; -1: until the next code
	skip   int    // bytes of something else that are still to come

	unit   []byte // NAL unit under way
	inside bool   // unit has begun with a start code
	looked int    // bytes of unit in which no start code begins
	placed bool   // unit's picture is under way

	stamp  uint32 // of what is fed now
	began  uint32 // when unit began
	slices bool   // the picture under way has any
	told   bool   // a parameter set has said which codec it is
	cut    bool   // the last picture was ended by a mark of the transport
	open   bool   // so was a packet whose length is not said
	// A device marks packets within pictures: its pictures end where the next ones begin.
	unmarked bool
}

// gap says that something is missing before what is fed next.
func (d *demuxer) gap() {
	d.buf, d.synced, d.within, d.skip = d.buf[:0], false, 0, 0
	d.unit, d.inside, d.looked = d.unit[:0], false, 0
	d.build.Break()
	d.build.Finish()
	d.slices, d.cut, d.open = false, false, false
}

// feed takes bytes; last says that the transport marks the end of a picture after them.
func (d *demuxer) feed(b []byte, stamp uint32, last bool) {
	d.stamp = stamp
	d.buf = append(d.buf, b...)
	for at := 0; ; {
		n := d.step(d.buf[at:])
		at += n
		if n == 0 {
			d.buf = append(d.buf[:0], d.buf[at:]...)
			break
		}
		if at > len(d.buf) { // a gap emptied it
			at = len(d.buf)
		}
	}
	if last && !d.unmarked {
		d.mark()
	}
}

// mark ends the picture where its last packet is whole.
func (d *demuxer) mark() {
	switch {
	case d.within < 0:
		d.elementary(d.buf)
		d.buf, d.within, d.open = d.buf[:0], 0, true
	case d.within > 0 || d.skip > 0 || len(d.buf) > 0:
		return
	}
	d.endUnit()
	if d.slices {
		d.finish()
		d.cut = true
	}
}

// step takes one thing off the front of b and returns its length, 0 where more has to come.
func (d *demuxer) step(b []byte) int {
	switch {
	case d.skip > 0:
		n := min(d.skip, len(b))
		d.skip -= n
		return n
	case d.within > 0:
		n := min(d.within, len(b))
		d.within -= n
		d.elementary(b[:n])
		return n
	case d.within < 0:
		return d.unbounded(b)
	case !d.synced:
		return d.search(b)
	case len(b) < 4:
		return 0
	case b[0] != 0 || b[1] != 0 || b[2] != 1 || b[3] < codeEnd:
		d.unmarked = d.unmarked || d.open
		d.lost()
		return d.search(b)
	}
	d.open = false
	switch code := b[3]; {
	case code == codeEnd:
		return 4
	case code == codePack:
		return d.pack(b)
	case len(b) < 6:
		return 0
	case code >= codeVideo && code < codeVideo+16:
		return d.packet(b)
	case code == codeMap:
		n := 6 + int(binary.BigEndian.Uint16(b[4:]))
		if n > 1<<10 {
			d.lost()
			return 4
		}
		if len(b) < n {
			return 0
		}
		d.readMap(b[6:n])
		return n
	default: // sound, private data, padding, the system header
		d.skip = int(binary.BigEndian.Uint16(b[4:]))
		return 6
	}
}

// lost is a gap that is found out by what comes after it.
func (d *demuxer) lost() {
	buf := d.buf
	d.gap()
	d.buf = buf
}

// search passes over everything up to the next pack.
func (d *demuxer) search(b []byte) int {
	i := bytes.Index(b, []byte{0, 0, 1, codePack})
	if d.synced = i >= 0; !d.synced {
		return max(0, len(b)-3)
	}
	if i == 0 {
		return d.pack(b)
	}
	return i
}

func (d *demuxer) pack(b []byte) int {
	if len(b) < 14 {
		return 0
	}
	n := 14 + int(b[13]&7)
	if b[4]>>6 != 1 { // MPEG-1 is not sent
		d.lost()
		return 4
	}
	if len(b) < n {
		return 0
	}
	return n
}

// packet begins a packet of video.
func (d *demuxer) packet(b []byte) int {
	if len(b) < 9 {
		return 0
	}
	length := int(binary.BigEndian.Uint16(b[4:]))
	if d.video == 0 {
		d.video = b[3]
	}
	if b[3] != d.video && length > 0 {
		d.skip = length
		return 6
	}
	head := 9 + int(b[8])
	if b[3] != d.video || b[6]>>6 != 2 || length > 0 && 6+length < head {
		d.lost()
		return 4
	}
	if len(b) < head {
		return 0
	}
	if d.within = 6 + length - head; length == 0 {
		d.within = -1
	}
	return head
}

// unbounded passes a packet of video on whose length is not said: up to the next code of the system layer.
func (d *demuxer) unbounded(b []byte) int {
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte{0, 0, 1})
		switch {
		case i < 0:
			n := max(0, len(b)-3)
			d.elementary(b[:n])
			return n
		case at+i+3 >= len(b):
			d.elementary(b[:at+i])
			return at + i
		case b[at+i+3] >= codeEnd:
			d.elementary(b[:at+i])
			d.within = 0
			if at+i == 0 {
				return d.step(b)
			}
			return at + i
		}
		at += i + 3
	}
}

// readMap reads which codec the video stream has. What parameter sets have said counts more: maps are known that lie.
func (d *demuxer) readMap(b []byte) {
	if len(b) < 6 {
		return
	}
	at := 4 + int(binary.BigEndian.Uint16(b[2:]))
	if len(b) < at+2 {
		return
	}
	end := min(len(b), at+2+int(binary.BigEndian.Uint16(b[at:])))
	for at += 2; at+4 <= end; at += 4 + int(binary.BigEndian.Uint16(b[at+2:])) {
		kind, id := b[at], b[at+1]
		if id < codeVideo || id >= codeVideo+16 || d.video != 0 && id != d.video || d.told {
			continue
		}
		switch kind {
		case typeH264, typeH265:
			d.build.H265, d.err = kind == typeH265, nil
		default:
			d.err = ErrCodec
		}
		return
	}
}

// elementary takes bytes of the video stream and cuts them into NAL units.
func (d *demuxer) elementary(p []byte) {
	if len(d.unit)+len(p) > nal.MaxUnit {
		d.unit, d.inside, d.looked = d.unit[:0], false, 0
		d.build.Break()
		if len(p) > nal.MaxUnit {
			return
		}
	}
	d.unit = append(d.unit, p...)
	from := 0 // where the NAL unit under way begins
	for {
		i := bytes.Index(d.unit[d.looked:], []byte{0, 0, 1})
		if i < 0 {
			break
		}
		i += d.looked
		if d.inside {
			d.take(bytes.TrimRight(d.unit[from:i], "\x00"))
		}
		from = i + 3
		d.inside, d.looked, d.began, d.placed = true, from, d.stamp, false
	}
	d.looked = max(from, len(d.unit)-2)
	if !d.inside {
		from = d.looked
	}
	if from > 0 {
		d.unit = append(d.unit[:0], d.unit[from:]...)
		d.looked -= from
	}
	if d.inside && len(d.unit) >= shortest { // the picture before has ended, whatever comes
		d.place(d.unit)
	}
}

// endUnit takes the NAL unit under way, which is whole.
func (d *demuxer) endUnit() {
	if d.inside {
		d.take(bytes.TrimRight(d.unit, "\x00"))
	}
	d.unit, d.inside, d.looked = d.unit[:0], false, 0
}

func (d *demuxer) finish() {
	d.build.Finish()
	d.slices = false
}

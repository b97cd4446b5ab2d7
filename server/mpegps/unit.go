package mpegps

import "wanglou/server/video/nal"

// shortest is how many bytes of a NAL unit tell what it is. Delimiters of H.264 are shorter, and nobody needs them.
const shortest = 3

// take adds a NAL unit that is whole.
func (d *demuxer) take(n []byte) {
	if len(n) >= shortest {
		d.place(n)
		d.build.Add(n)
	}
}

// place finds the picture that a NAL unit belongs to. The system layer does not say where pictures begin: its packets may hold parts of two.
func (d *demuxer) place(n []byte) {
	if d.placed {
		return
	}
	d.placed = true
	d.codecOf(n)
	slice, first, before := kindOf(d.build.H265, n)
	switch {
	case d.slices && (before || slice && first):
		d.finish()
	case slice && !first && !d.slices:
		if d.cut && d.began == d.build.Time { // the mark before was none
			d.unmarked = true
		}
		d.build.Break()
	}
	if !d.slices {
		d.build.Time = d.began
	}
	if slice {
		d.slices, d.cut = true, false
	}
}

// codecOf learns the codec from a parameter set that begins a key picture.
func (d *demuxer) codecOf(n []byte) {
	h265, ok := nal.CodecOf(n)
	if !ok {
		return
	}
	if d.build.H265 != h265 {
		d.build.Turn(h265)
		d.slices = false
	}
	d.told, d.err = true, nil
}

// kindOf tells of a NAL unit whether it is a part of the picture itself and the first one, or stands before a picture.
func kindOf(h265 bool, n []byte) (slice, first, before bool) {
	if h265 {
		switch kind := n[0] >> 1 & 0x3f; {
		case kind < 32:
			return true, n[2]&0x80 != 0, false
		default:
			return false, false, kind <= 35 || kind == 39
		}
	}
	switch kind := n[0] & 31; {
	case kind >= 1 && kind <= 5:
		return true, n[1]&0x80 != 0, false
	default:
		return false, false, kind >= 6 && kind <= 9
	}
}

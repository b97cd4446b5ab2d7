package attachment

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"wanglou/layers"
)

// Strip returns a picture without what it tells beside itself: EXIF, XMP, IPTC, comments, previews, and whatever follows its end. What is drawn stays to the byte; of
// EXIF a JPEG keeps which way is up. CodeInvalid with reason "broken_file" for a picture whose parts cannot be told apart: nothing of it may be shared then.
func Strip(t Type, src []byte) ([]byte, error) {
	switch t {
	case JPEG:
		return stripJPEG(src)
	case PNG:
		return stripPNG(src)
	case WebP:
		return stripWebP(src)
	}
	return nil, layers.Invalid("type", "unknown_file_type", "%q is no picture", t)
}

func broken(what string) error {
	return layers.Invalid("", "broken_file", "the file is damaged: %s", what)
}

const (
	markSOI, markEOI, markSOS = 0xd8, 0xd9, 0xda
	markAPP0                  = 0xe0
)

// stripJPEG copies what is needed for drawing, segment by segment.
func stripJPEG(src []byte) ([]byte, error) {
	if !bytes.HasPrefix(src, []byte{0xff, markSOI}) {
		return nil, broken("no start of image")
	}
	out := make([]byte, 2, len(src))
	copy(out, src)
	if up := orientation(src); up > 1 {
		out = append(out, uprightSegment(up)...)
	}
	scans, at := 0, 2
	for {
		for at+1 < len(src) && src[at] == 0xff && src[at+1] == 0xff { // fill
			at++
		}
		if at+1 >= len(src) || src[at] != 0xff {
			return nil, broken("a marker is missing")
		}
		mark := src[at+1]
		switch {
		case mark == markEOI:
			if scans == 0 {
				return nil, broken("no picture in it")
			}
			return append(out, 0xff, markEOI), nil // what follows is other pictures, or a film with its place
		case mark == 0x01 || mark >= 0xd0 && mark <= 0xd7: // stand alone
			out = append(out, src[at:at+2]...)
			at += 2
			continue
		case mark == 0x00 || mark == markSOI:
			return nil, broken("a marker is where none can be")
		}
		if at+4 > len(src) {
			return nil, broken("it ends early")
		}
		end := at + 2 + int(binary.BigEndian.Uint16(src[at+2:]))
		if end < at+4 || end > len(src) {
			return nil, broken("a segment is longer than the file")
		}
		if drawn(mark, src[at+4:end]) {
			out = append(out, src[at:end]...)
		}
		at = end
		if mark == markSOS {
			scans++
			end = scanEnd(src, at)
			out = append(out, src[at:end]...)
			at = end
		}
	}
}

// drawn reports whether a decoder needs the segment. Of the application's own: JFIF without its preview, colour profiles, and Adobe's colour transform.
func drawn(mark byte, body []byte) bool {
	switch {
	case mark == markAPP0:
		return bytes.HasPrefix(body, []byte("JFIF\x00")) && len(body) == 14
	case mark == markAPP0+2:
		return bytes.HasPrefix(body, []byte("ICC_PROFILE\x00"))
	case mark == markAPP0+14:
		return bytes.HasPrefix(body, []byte("Adobe")) && len(body) == 12
	}
	return mark < markAPP0
}

// scanEnd returns where the coded picture that begins at at is over: at the next marker that is neither a stuffed byte nor a restart.
func scanEnd(src []byte, at int) int {
	for ; at+1 < len(src); at++ {
		if next := src[at+1]; src[at] == 0xff && next != 0x00 && next != 0xff && (next < 0xd0 || next > 0xd7) {
			return at
		}
	}
	return len(src)
}

// uprightSegment is EXIF with one entry: which way is up, 2 to 8.
func uprightSegment(up uint16) []byte {
	tiff := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")
	binary.BigEndian.PutUint16(tiff[18:], up)
	body := append([]byte("Exif\x00\x00"), tiff...)
	return append([]byte{0xff, markAPP0 + 1, 0, byte(len(body) + 2)}, body...)
}

// Orientation says which way of a picture is up, 1 to 8 as EXIF counts; 1 where it does not say.
func Orientation(t Type, src []byte) uint16 {
	if t != JPEG {
		return 1
	}
	return orientation(src)
}

// orientation reads which way is up from a JPEG's EXIF, 1 where it does not say.
func orientation(src []byte) uint16 {
	for at := 2; at+4 <= len(src) && src[at] == 0xff && src[at+1] != markSOS; {
		end := at + 2 + int(binary.BigEndian.Uint16(src[at+2:]))
		if end < at+4 || end > len(src) {
			break
		}
		if body, ok := bytes.CutPrefix(src[at+4:end], []byte("Exif\x00\x00")); ok && src[at+1] == markAPP0+1 {
			return tiffOrientation(body)
		}
		at = end
	}
	return 1
}

// tiffOrientation looks through the first directory of a TIFF file.
func tiffOrientation(b []byte) uint16 {
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(b, []byte("II")) {
		order = binary.LittleEndian
	}
	if len(b) < 8 {
		return 1
	}
	first := uint64(order.Uint32(b[4:]))
	if first+2 > uint64(len(b)) {
		return 1
	}
	dir := b[first+2:]
	for n := order.Uint16(b[first:]); n > 0 && len(dir) >= 12; n-- {
		if order.Uint16(dir) == 0x0112 {
			if v := order.Uint16(dir[8:]); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
		dir = dir[12:]
	}
	return 1
}

// drawnPNG are the chunks that a decoder needs or that say how colours are meant.
var drawnPNG = map[string]bool{
	"IHDR": true, "PLTE": true, "IDAT": true, "IEND": true, "tRNS": true, "gAMA": true, "cHRM": true, "sRGB": true, "iCCP": true, "cICP": true,
	"sBIT": true, "bKGD": true, "pHYs": true, "acTL": true, "fcTL": true, "fdAT": true,
}

func stripPNG(src []byte) ([]byte, error) {
	const head = "\x89PNG\r\n\x1a\n"
	if !bytes.HasPrefix(src, []byte(head)) {
		return nil, broken("no signature")
	}
	out := append(make([]byte, 0, len(src)), head...)
	for rest := src[len(head):]; ; {
		if len(rest) < 12 {
			return nil, broken("it ends early")
		}
		n := uint64(binary.BigEndian.Uint32(rest)) + 12
		if n > uint64(len(rest)) {
			return nil, broken("a chunk is longer than the file")
		}
		chunk, name := rest[:n], string(rest[4:8])
		if crc32.ChecksumIEEE(chunk[4:n-4]) != binary.BigEndian.Uint32(chunk[n-4:]) {
			return nil, broken("a chunk's sum is wrong")
		}
		if drawnPNG[name] {
			out = append(out, chunk...)
		}
		if name == "IEND" {
			return out, nil
		}
		rest = rest[n:]
	}
}

// drawnWebP are the chunks of a WebP file that a decoder needs, and of one frame.
var drawnWebP = map[string]bool{"VP8 ": true, "VP8L": true, "VP8X": true, "ALPH": true, "ANIM": true, "ANMF": true, "ICCP": true}

func stripWebP(src []byte) ([]byte, error) {
	if len(src) < 12 || string(src[:4]) != "RIFF" || string(src[8:12]) != "WEBP" {
		return nil, broken("no signature")
	}
	size := uint64(binary.LittleEndian.Uint32(src[4:])) + 8
	if size < 12 || size > uint64(len(src)) {
		return nil, broken("it ends early")
	}
	out, err := stripRIFF(append(make([]byte, 0, len(src)), src[:12]...), src[12:size])
	if err != nil {
		return nil, err
	}
	if len(out) == 12 {
		return nil, broken("no picture in it")
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out, nil
}

// stripRIFF appends the chunks that are needed for drawing to out.
func stripRIFF(out, rest []byte) ([]byte, error) {
	for len(rest) > 0 {
		if len(rest) < 8 {
			return nil, broken("it ends early")
		}
		n := uint64(binary.LittleEndian.Uint32(rest[4:]))
		padded := 8 + n + n%2
		if padded > uint64(len(rest)) {
			return nil, broken("a chunk is longer than the file")
		}
		chunk, name := rest[:padded], string(rest[:4])
		rest = rest[padded:]
		if !drawnWebP[name] {
			continue
		}
		at := len(out)
		out = append(out, chunk...)
		switch {
		case name == "VP8X" && n >= 1:
			out[at+8] &^= 0x08 | 0x04 // there is neither EXIF nor XMP
		case name == "ANMF" && n >= 16: // a frame has chunks of its own
			inner, err := stripRIFF(out[:at+8+16], chunk[8+16:8+n])
			if err != nil {
				return nil, err
			}
			binary.LittleEndian.PutUint32(inner[at+4:], uint32(len(inner)-at-8))
			out = inner
		}
	}
	return out, nil
}

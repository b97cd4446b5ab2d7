package attachment

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"golang.org/x/image/webp"

	"wanglou/layers"
)

const secret = "GPS 29.7936N 119.6853E"

func picture() image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 24, 16))
	for i := range 24 * 16 {
		img.Set(i%24, i/24, color.RGBA{uint8(i), uint8(i * 3), 90, 255})
	}
	return img
}

func segment(mark byte, body string) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, mark}, uint16(len(body)+2)), body...)
}

type endian interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// exif is a TIFF file with an orientation and something that must not be told.
func exif(order endian, up uint16) string {
	b := []byte("MM")
	if order.Uint16([]byte{1, 0}) == 1 {
		b = []byte("II")
	}
	b = order.AppendUint16(b, 42)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 1)
	for _, v := range []uint16{0x0112, 3} {
		b = order.AppendUint16(b, v)
	}
	b = order.AppendUint32(b, 1)
	b = order.AppendUint16(b, up)
	b = order.AppendUint16(b, 0)
	b = order.AppendUint32(b, 0)
	return "Exif\x00\x00" + string(b) + secret
}

func jpegWith(t testing.TB, segments ...[]byte) []byte {
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, picture(), nil); err != nil {
		t.Fatal(err)
	}
	src := buf.Bytes()
	out := append([]byte{}, src[:2]...)
	for _, s := range segments {
		out = append(out, s...)
	}
	return append(append(out, src[2:]...), "trailing "+secret...)
}

func chunk(name, body string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, name...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

func pngWith(t testing.TB, chunks ...[]byte) []byte {
	var buf bytes.Buffer
	if err := png.Encode(&buf, picture()); err != nil {
		t.Fatal(err)
	}
	src := buf.Bytes()
	head := 8 + 25 // IHDR
	out := append([]byte{}, src[:head]...)
	for _, c := range chunks {
		out = append(out, c...)
	}
	return append(append(out, src[head:]...), secret...)
}

// oneByOne is a lossy WebP of one pixel.
const oneByOne = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"

func riff(name, body string) []byte {
	b := append(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body))), body...)
	return append(b, make([]byte, len(body)%2)...)
}

func webpWith(t testing.TB) []byte {
	src, err := base64.StdEncoding.DecodeString(oneByOne)
	if err != nil {
		t.Fatal(err)
	}
	body := "WEBP" + string(riff("VP8X", "\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00")) + string(src[12:]) + string(riff("EXIF", secret)) + string(riff("XMP ", "<x>"+secret)) + string(riff("PRIV", secret))
	return append(riff("RIFF", body), secret...)
}

func samples(t testing.TB) map[Type][]byte {
	return map[Type][]byte{
		JPEG: jpegWith(t, segment(0xe1, exif(binary.LittleEndian, 6)), segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00"+secret), segment(0xed, "Photoshop 3.0\x00"+secret), segment(0xfe, secret), segment(0xe2, "MPF\x00"+secret), segment(0xe2, "ICC_PROFILE\x00\x01\x01colours")),
		PNG:  pngWith(t, chunk("eXIf", secret), chunk("tEXt", "Comment\x00"+secret), chunk("iTXt", "XML:com.adobe.xmp\x00"+secret), chunk("tIME", "1234567"), chunk("prVt", secret)),
		WebP: webpWith(t),
	}
}

func decode(t testing.TB, kind Type, src []byte) image.Image {
	t.Helper()
	var img image.Image
	var err error
	switch kind {
	case JPEG:
		img, err = jpeg.Decode(bytes.NewReader(src))
	case PNG:
		img, err = png.Decode(bytes.NewReader(src))
	case WebP:
		img, err = webp.Decode(bytes.NewReader(src))
	}
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return img
}

func TestSharedPicturesTellNothingBesideThemselves(t *testing.T) {
	t.Parallel()
	for kind, src := range samples(t) {
		got, err := Strip(kind, src)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if bytes.Contains(got, []byte("GPS")) || bytes.Contains(got, []byte("adobe")) {
			t.Errorf("%s tells a secret: %q", kind, got)
		}
		was, is := decode(t, kind, src), decode(t, kind, got)
		for y := range was.Bounds().Dy() {
			for x := range was.Bounds().Dx() {
				if was.At(x, y) != is.At(x, y) {
					t.Fatalf("%s is drawn differently at %d, %d", kind, x, y)
				}
			}
		}
		if again, err := Strip(kind, got); err != nil || !bytes.Equal(again, got) {
			t.Errorf("%s: stripped again it is another file: %v", kind, err)
		}
		for n := range len(src) { // cut anywhere, it is refused, or shares nothing
			if half, err := Strip(kind, src[:n]); err == nil && bytes.Contains(half, []byte("GPS")) || err != nil && layers.ErrorCode(err) != layers.CodeInvalid {
				t.Fatalf("%s cut at %d: %v", kind, n, err)
			}
		}
	}
	got, _ := Strip(JPEG, samples(t)[JPEG])
	if !bytes.Contains(got, []byte("ICC_PROFILE")) {
		t.Error("the colour profile is gone")
	}
	if clean, _ := Strip(WebP, webpWith(t)); clean[20] != 0 {
		t.Errorf("the file says there is EXIF: %x", clean[20])
	}
}

func TestUpStaysUp(t *testing.T) {
	t.Parallel()
	for _, order := range []endian{binary.LittleEndian, binary.BigEndian} {
		for up := uint16(0); up < 10; up++ {
			got, err := Strip(JPEG, jpegWith(t, segment(0xe1, exif(order, up))))
			want := up
			if up < 1 || up > 8 {
				want = 1
			}
			if err != nil || Orientation(JPEG, got) != want {
				t.Errorf("%v %d: %d, %v", order, up, Orientation(JPEG, got), err)
			}
			if strings.Contains(string(got), "Exif") != (want > 1) {
				t.Errorf("%d: EXIF without need", up)
			}
		}
	}
}

func box(name, body string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+8))) + name + body
}

// film is an MP4 in shape; nothing can be played.
func film() []byte {
	return []byte(box("ftyp", "isom\x00\x00\x02\x00isommp41") + box("moov", box("mvhd", "times")+box("trak", box("tkhd", "track")+box("udta", secret))+box("udta", box("\xa9xyz", secret))+box("meta", secret)) +
		box("uuid", secret) + "\x00\x00\x00\x01uuid\x00\x00\x00\x00\x00\x00\x00\x26" + secret + box("mdat", "the film"))
}

func TestSharedVideosTellNothingBesideThemselves(t *testing.T) {
	t.Parallel()
	src := film()
	blanks, err := Blanks(bytes.NewReader(src), int64(len(src)))
	if err != nil || len(blanks) != 5 {
		t.Fatalf("%v, %v", blanks, err)
	}
	got, err := io.ReadAll(Blanked(bytes.NewReader(src), int64(len(src)), blanks))
	if err != nil || len(got) != len(src) || bytes.Contains(got, []byte("GPS")) {
		t.Errorf("%q, %v", got, err)
	}
	if at := bytes.Index(src, []byte("mdat")); !bytes.Equal(got[at-4:], src[at-4:]) || bytes.Count(got, []byte("free")) != 5 {
		t.Errorf("the film has moved: %q", got)
	}
	if blanks, err := Blanks(bytes.NewReader(got), int64(len(got))); err != nil || len(blanks) != 0 {
		t.Errorf("again: %v, %v", blanks, err)
	}
	var e *layers.Error
	for n := range len(src) {
		if _, err := Blanks(bytes.NewReader(src[:n]), int64(n)); !errors.As(err, &e) || e.Reason != "broken_file" {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
}

// Whatever comes in, what is shared can be shared again and is then the same.
func FuzzStrip(f *testing.F) {
	for _, src := range samples(f) {
		f.Add(src)
	}
	f.Add([]byte("\xff\xd8\xff\xd9"))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, src []byte) {
		kind, err := Sniff(src)
		if err != nil || !kind.Photo() {
			return
		}
		got, err := Strip(kind, src)
		if err != nil {
			if layers.ErrorCode(err) != layers.CodeInvalid {
				t.Fatal(err)
			}
			return
		}
		if len(got) > len(src)+len(uprightSegment(6)) {
			t.Fatalf("%d bytes became %d", len(src), len(got))
		}
		again, err := Strip(kind, got)
		if err != nil || !bytes.Equal(again, got) {
			t.Fatalf("again: %v", err)
		}
	})
}

func FuzzBlanks(f *testing.F) {
	f.Add(film())
	f.Add([]byte(box("moov", box("udta", "x")) + "\x00\x00\x00\x00mdat"))
	f.Fuzz(func(t *testing.T, src []byte) {
		size := int64(len(src))
		blanks, err := Blanks(bytes.NewReader(src), size)
		if err != nil {
			if layers.ErrorCode(err) != layers.CodeInvalid {
				t.Fatal(err)
			}
			return
		}
		got, err := io.ReadAll(Blanked(bytes.NewReader(src), size, blanks))
		if err != nil || int64(len(got)) != size {
			t.Fatalf("%d bytes became %d: %v", size, len(got), err)
		}
		if again, err := Blanks(bytes.NewReader(got), size); err != nil || len(again) > 0 {
			t.Fatalf("again: %v, %v", again, err)
		}
	})
}

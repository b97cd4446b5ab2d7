package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"strings"
	"sync"
	"testing"

	"wanglou/layers"
	"wanglou/layers/attachment"
)

func folder(t *testing.T) *Folder {
	t.Helper()
	f, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func announced(src []byte, kind attachment.Type, id int64) *attachment.Attachment {
	sum := sha256.Sum256(src)
	return &attachment.Attachment{ID: id, Type: kind, Size: int64(len(src)), SHA256: hex.EncodeToString(sum[:])}
}

// Two phones' worth of requests at once: the bytes are those of one, in order.
func TestOneWritesAtATime(t *testing.T) {
	t.Parallel()
	f := folder(t)
	src := append([]byte("\xff\xd8\xff\xe0"), bytes.Repeat([]byte("0123456789abcdef"), 4096)...)
	a := announced(src, attachment.JPEG, 1)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for {
				have, err := f.Received(a)
				if err != nil || have == a.Size {
					return
				}
				_, err = f.Append(a, have, bytes.NewReader(src[have:min(have+5000, a.Size)]))
				if e := (*layers.Error)(nil); err != nil && (!errors.As(err, &e) || e.Reason != "wrong_offset" && e.Reason != "upload_busy") {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if got, err := os.ReadFile(f.part(1)); err != nil || !bytes.Equal(got, src) {
		t.Errorf("%d bytes of %d, %v", len(got), len(src), err)
	}
}

func TestSmallPicturesStandUpright(t *testing.T) {
	t.Parallel()
	img := image.NewRGBA(image.Rect(0, 0, 40, 20)) // the left half is red
	for y := range 20 {
		for x := range 40 {
			c := color.RGBA{255, 0, 0, 255}
			if x >= 20 {
				c = color.RGBA{0, 0, 255, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	for up, red := range map[byte]image.Point{1: {5, 10}, 2: {35, 10}, 3: {35, 10}, 4: {5, 10}, 5: {10, 5}, 6: {10, 5}, 7: {10, 35}, 8: {10, 35}} {
		exif := "\xff\xd8\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(rune(up)) + "\x00\x00\x00\x00\x00\x00"
		small, err := thumbnail(attachment.JPEG, append([]byte(exif), buf.Bytes()[2:]...))
		if err != nil {
			t.Fatal(err)
		}
		got, err := jpeg.Decode(bytes.NewReader(small))
		if err != nil {
			t.Fatal(err)
		}
		if r, _, b, _ := got.At(red.X, red.Y).RGBA(); r < 0xc000 || b > 0x4000 {
			t.Errorf("%d: %v of %v is not red", up, red, got.Bounds())
		}
	}
}

// A picture of very many points in few bytes is kept, and not drawn.
func TestAPictureTooLargeToDraw(t *testing.T) {
	t.Parallel()
	f := folder(t)
	var buf bytes.Buffer
	if err := png.Encode(&buf, image.NewPaletted(image.Rect(0, 0, 8000, 6000), color.Palette{color.Black})); err != nil {
		t.Fatal(err)
	}
	src := buf.Bytes()
	a := announced(src, attachment.PNG, 1)
	if _, err := f.Append(a, 0, bytes.NewReader(src)); err != nil {
		t.Fatal(err)
	}
	files, err := f.Finish(t.Context(), a)
	if err != nil || files.Thumb != "" || files.Shared != a.SHA256 { // there was nothing to take away
		t.Errorf("%+v, %v", files, err)
	}
	f.Forget(a)
	if kept, err := f.Open(files.Shared); err != nil {
		t.Error(err)
	} else if err := kept.Close(); err != nil {
		t.Error(err)
	}
	for _, sum := range []string{"", "../../etc/passwd", strings.Repeat("0", 64)} {
		if _, err := f.Open(sum); layers.ErrorCode(err) != layers.CodeNotFound {
			t.Errorf("%q: %v", sum, err)
		}
	}
}

package still

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"os/exec"
	"testing"
	"time"

	"wanglou/layers/camera"
)

// keyPicture is one white picture as a camera sends it: H.264 or H.265 with start codes.
func keyPicture(t *testing.T, encoder, format string) []byte {
	t.Helper()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skipf("ffmpeg is not here: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", "color=white:size=1280x720",
		"-frames:v", "1", "-pix_fmt", "yuv420p", "-c:v", encoder, "-f", format, "pipe:1").Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStill(t *testing.T) {
	t.Parallel()
	for encoder, k := range map[string]Key{"libx264": {Codec: "avc1.42001f"}, "libx265": {Codec: "hvc1.1.6.L93.B0"}} {
		t.Run(encoder, func(t *testing.T) {
			t.Parallel()
			k.Data, k.Came = keyPicture(t, encoder, map[string]string{"libx264": "h264", "libx265": "hevc"}[encoder]), time.Now()
			m := New(time.Now)
			p, err := m.Of(t.Context(), "rtsp://10.0.0.1/1", func(context.Context) (*Key, error) { return &k, nil })
			if err != nil || !p.Came.Equal(k.Came) {
				t.Fatal(p, err)
			}
			b, err := p.JPEG(camera.Masks{{{0, 0}, {0.5, 0}, {0.5, 1}, {0, 1}}}, "")
			if err != nil {
				t.Fatal(err)
			}
			img, err := jpeg.Decode(bytes.NewReader(b))
			if err != nil || img.Bounds().Dx() != width || img.Bounds().Dy() != 360 {
				t.Fatal(img.Bounds(), err)
			}
			for x, black := range map[int]bool{100: true, 250: true, 400: false, 600: false} {
				if r, _, _, _ := img.At(x, 180).RGBA(); (r < 0x2000) != black || (r > 0xe000) == black {
					t.Errorf("at %d: %x", x, r)
				}
			}
			marked, err := p.JPEG(nil, "duty 2026-05-01 08:00:00Z")
			if err != nil || bytes.Equal(marked, b) {
				t.Errorf("no mark, %v", err)
			}
		})
	}
}

// A still is made once while it is fresh, stands in for a camera that does not answer, and is nobody's once it is too old or the address is another.
func TestKept(t *testing.T) {
	t.Parallel()
	now := time.Now()
	m := New(func() time.Time { return now })
	data, made, gone := keyPicture(t, "libx264", "h264"), 0, errors.New("gone")
	alive := func(context.Context) (*Key, error) { made++; return &Key{Data: data, Codec: "avc1", Came: now}, nil }
	dead := func(context.Context) (*Key, error) { return nil, gone }
	for range 3 {
		if _, err := m.Of(t.Context(), "a", alive); err != nil || made != 1 {
			t.Fatal(made, err)
		}
	}
	if _, err := m.Of(t.Context(), "b", dead); !errors.Is(err, gone) {
		t.Errorf("another address: %v", err)
	}
	now = now.Add(Fresh + time.Second)
	if p, err := m.Of(t.Context(), "a", dead); err != nil || now.Sub(p.Came) < Fresh {
		t.Errorf("an old one: %v", err)
	}
	now = now.Add(Oldest)
	if _, err := m.Of(t.Context(), "a", dead); !errors.Is(err, gone) {
		t.Errorf("one that is too old: %v", err)
	}
}

func TestGarbageIsNoPicture(t *testing.T) {
	t.Parallel()
	m := New(time.Now)
	for name, data := range map[string][]byte{"nothing": nil, "garbage": bytes.Repeat([]byte("garbage "), 1000), "too much": make([]byte, maxKey+1)} {
		if _, err := m.Of(t.Context(), name, func(context.Context) (*Key, error) { return &Key{Data: data, Codec: "avc1"}, nil }); !errors.Is(err, ErrPicture) && !errors.Is(err, ErrDecoder) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package transcode

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers/camera"
	"wanglou/server/video"
	"wanglou/server/video/nal"
)

const w, h = 320, 180

// reel is a camera that plays some pictures and then waits until it is closed.
type reel struct {
	frames []*video.Frame
	closed chan struct{}
	once   sync.Once
}

func (r *reel) Next() (*video.Frame, error) {
	if len(r.frames) == 0 {
		<-r.closed
		return nil, io.EOF
	}
	f := r.frames[0]
	r.frames = r.frames[1:]
	return f, nil
}

func (r *reel) Close() error {
	r.once.Do(func() { close(r.closed) })
	return nil
}

// encode returns pictures of a source of ffmpeg's as a camera plays them, 40 ms apart.
func encode(t *testing.T, source, codec string) *reel {
	t.Helper()
	args := map[string][]string{
		"h264": {"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10", "-x264-params", "aud=1:repeat-headers=1", "-f", "h264"},
		"hevc": {"-c:v", "libx265", "-preset", "ultrafast", "-tune", "zerolatency", "-x265-params", "log-level=none:keyint=10:aud=1:repeat-headers=1", "-f", "hevc"},
	}[codec]
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append(append([]string{"-hide_banner", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p"}, args...), "pipe:1")...)
	film, err := cmd.Output()
	if err != nil {
		t.Skip("no ffmpeg:", err)
	}
	r := &reel{closed: make(chan struct{})}
	began := time.UnixMilli(1_700_000_000_000)
	build := nal.Builder{H265: codec == "hevc"}
	finish := func() {
		build.Time = uint32(len(r.frames)) * 3600
		build.Finish()
		for u := build.Take(); u != nil; u = build.Take() {
			r.frames = append(r.frames, &video.Frame{Data: u.Data, Key: u.Key, Codec: u.Codec, Time: u.Time, Came: began.Add(time.Duration(len(r.frames)) * 40 * time.Millisecond)})
		}
	}
	for _, n := range nal.Split(film) {
		if codec == "h264" && n[0]&31 == 9 || codec == "hevc" && n[0]>>1&63 == 35 {
			finish()
			continue
		}
		build.Add(n)
	}
	finish()
	return r
}

// decode returns the brightness of the pictures.
func decode(t *testing.T, frames []*video.Frame, w, h int) [][]byte {
	t.Helper()
	var film bytes.Buffer
	for _, f := range frames {
		film.Write(f.Data)
	}
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-f", "h264", "-i", "pipe:0", "-vsync", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", "pipe:1")
	cmd.Stdin = &film
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var pictures [][]byte
	for ; len(out) >= w*h; out = out[w*h:] {
		pictures = append(pictures, out[:w*h])
	}
	return pictures
}

func take(t *testing.T, s *Source, n int) (out []*video.Frame) {
	t.Helper()
	for range n {
		f, err := s.Next()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

// What is masked is black in every picture that comes out, whatever codec came, and nothing else is; each picture keeps its moment.
func TestMasksAreBurnt(t *testing.T) {
	t.Parallel()
	masks := camera.Masks{{{0.25, 0.25}, {0.5, 0.25}, {0.5, 0.75}, {0.25, 0.75}}, {{0.7, 0.1}, {0.95, 0.1}, {0.95, 0.6}}}
	for _, codec := range []string{"h264", "hevc"} {
		t.Run(codec, func(t *testing.T) {
			t.Parallel()
			from := encode(t, "color=white:size=320x180:rate=25:duration=1.2,noise=alls=40:allf=t", codec)
			sent := from.frames
			s, err := Open(t.Context(), from, masks)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close() //nolint:errcheck // it always works
			got := take(t, s, 25)
			for i, f := range got {
				if f.Time != sent[i].Time || !f.Came.Equal(sent[i].Came) || f.Key != sent[i].Key || f.Key && !strings.HasPrefix(f.Codec, "avc1.42") {
					t.Errorf("picture %d: %d %v %v %s, sent %d %v %v", i, f.Time, f.Came, f.Key, f.Codec, sent[i].Time, sent[i].Came, sent[i].Key)
				}
			}
			pictures := decode(t, got, w, h)
			if len(pictures) < 24 {
				t.Fatalf("%d pictures", len(pictures))
			}
			for n, picture := range pictures {
				for y := range h {
					for x := range w {
						p := orb.Point{(float64(x) + 0.5) / w, (float64(y) + 0.5) / h}
						// Along an edge the encoder lets the brightness of one side shine into the other, some pixels far.
						rectangle := p[0] > 0.26 && p[0] < 0.49 && p[1] > 0.27 && p[1] < 0.73
						triangle := p[0] < 0.94 && p[1] > 0.12 && p[1]-0.1 < (p[0]-0.72)*2
						far := p[0] < 0.22 || p[0] > 0.53 && p[0] < 0.66 || p[1] > 0.8
						if v := picture[y*w+x]; (rectangle || triangle) && v > 24 || far && v < 90 {
							t.Fatalf("picture %d at %d, %d: %d", n, x, y, v)
						}
					}
				}
			}
		})
	}
}

// A camera that changes the size of its picture is masked all the same.
func TestMasksStayAtAnotherSize(t *testing.T) {
	t.Parallel()
	from := encode(t, "color=white:size=320x180:rate=25:duration=0.8", "h264")
	began := from.frames[len(from.frames)-1].Came
	for i, f := range encode(t, "color=white:size=640x360:rate=25:duration=0.8", "h264").frames {
		f.Came = began.Add(time.Duration(i+1) * 40 * time.Millisecond)
		from.frames = append(from.frames, f)
	}
	s, err := Open(t.Context(), from, camera.Masks{{{0, 0}, {0.5, 0}, {0.5, 1}, {0, 1}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // it always works
	pictures := decode(t, take(t, s, 38), w, h)
	for n, picture := range pictures {
		if left, right := picture[90*w+100], picture[90*w+250]; left > 24 || right < 200 {
			t.Errorf("picture %d: %d %d", n, left, right)
		}
	}
	if len(pictures) < 37 {
		t.Errorf("%d pictures", len(pictures))
	}
}

// What is no picture ends it and leaves nothing behind; so does the end of the camera, with its own reason.
func TestEnds(t *testing.T) {
	t.Parallel()
	garbage := &video.Frame{Data: []byte("\x00\x00\x00\x01\x67\x42\x00\x1f\x00\x00\x00\x01\x65garbage"), Key: true, Codec: "avc1.42001F", Came: time.Now()}
	s, err := Open(t.Context(), &ending{frames: []*video.Frame{garbage, garbage}, err: errors.New("over")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(); err == nil {
		t.Error("garbage is a picture")
	}
	if err := s.Close(); err != nil || s.cmd.ProcessState == nil {
		t.Errorf("%v %v", err, s.cmd.ProcessState)
	}
	over := errors.New("over")
	if _, err := Open(t.Context(), &ending{err: over}, nil); !errors.Is(err, over) {
		t.Errorf("%v", err)
	}
	film := encode(t, "color=white:size=320x180:rate=25:duration=0.4", "h264")
	s, err = Open(t.Context(), &ending{frames: film.frames, err: over}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = s.Next()
	}
	if !errors.Is(err, over) {
		t.Errorf("%v", err)
	}
	_ = s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	s, err = Open(ctx, encode(t, "color=white:size=320x180:rate=25:duration=0.4", "h264"), nil)
	if err != nil {
		t.Fatal(err)
	}
	take(t, s, 5)
	cancel()
	for err == nil {
		_, err = s.Next()
	}
	if err := s.Close(); err != nil || s.cmd.ProcessState == nil {
		t.Errorf("%v %v", err, s.cmd.ProcessState)
	}
}

// ending is a camera that ends.
type ending struct {
	frames []*video.Frame
	err    error
}

func (e *ending) Next() (*video.Frame, error) {
	if len(e.frames) == 0 {
		return nil, e.err
	}
	f := e.frames[0]
	e.frames = e.frames[1:]
	return f, nil
}

func (e *ending) Close() error { return nil }

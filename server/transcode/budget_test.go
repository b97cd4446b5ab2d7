package transcode

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"wanglou/server/video"
	"wanglou/server/video/nal"
)

// film are pictures of a codec as a camera sends them.
func film(t testing.TB, encoder, seconds string) (out []*video.Frame) {
	t.Helper()
	format, h265 := "h264", encoder == "x265"
	if h265 {
		format = "hevc"
	}
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=25", "-t", seconds, "-pix_fmt", "yuv420p",
		"-c:v", "lib"+encoder, "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25", "-"+encoder+"-params", "aud=1:repeat-headers=1:log-level=error", "-f", format, "pipe:1")
	b, err := cmd.Output()
	if err != nil {
		t.Skip("no ffmpeg:", err)
	}
	build := nal.Builder{H265: h265}
	if err := nal.Read(bytes.NewReader(b), h265, func(p []byte) {
		for _, n := range nal.Split(p) {
			build.Add(n)
		}
		build.Time += 3600
		build.Finish()
	}); err != nil {
		t.Fatal(err)
	}
	for u := build.Take(); u != nil; u = build.Take() {
		out = append(out, &video.Frame{Data: u.Data, Key: u.Key, Codec: u.Codec, Time: u.Time, Came: time.UnixMilli(int64(len(out)) * 40)})
	}
	return out
}

// watched are the pictures that a viewer of a camera gets.
type watched struct {
	ctx    context.Context
	cancel context.CancelFunc
	viewer *video.Viewer
}

func (w *watched) Next() (*video.Frame, error) {
	f, broken, err := w.viewer.Next(w.ctx)
	if err == nil {
		err = broken
	}
	return f, err
}

func (w *watched) Close() error { w.cancel(); w.viewer.Close(); return nil }

// tape plays pictures, as fast as they are taken, and then nothing, or an end.
type tape struct {
	ctx    context.Context
	frames []*video.Frame
	ends   bool
}

func (s *tape) Next() (*video.Frame, error) {
	if len(s.frames) == 0 {
		if s.ends {
			return nil, io.EOF
		}
		<-s.ctx.Done()
		return nil, s.ctx.Err()
	}
	f := s.frames[0]
	s.frames = s.frames[1:]
	select { // at ten times the pace, so that no queue is too short
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	case <-time.After(4 * time.Millisecond):
		return f, nil
	}
}

func (s *tape) Close() error { return nil }

func watch(t testing.TB, h *video.Hub, camera int64, frames []*video.Frame, ends bool) video.Source {
	t.Helper()
	v, err := h.Watch(video.Pull{Camera: camera}, func(ctx context.Context) (video.Source, error) { return &tape{ctx, frames, ends}, nil })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	return &watched{ctx, cancel, v}
}

// H.265 becomes H.264, picture by picture, each with its time; a decoder finds nothing wrong. H.264 comes as it is and costs no budget.
func TestH264(t *testing.T) {
	t.Parallel()
	for encoder, used := range map[string]int{"x265": 1, "x264": 0} {
		t.Run(encoder, func(t *testing.T) {
			t.Parallel()
			h, b := video.New(video.Options{}), NewBudget(1)
			defer h.Close()
			frames := film(t, encoder, "3")
			s, err := b.H264(t.Context(), watch(t, h, 1, frames, false))
			if err != nil {
				t.Fatal(err)
			}
			if n, of := b.Used(); n != used || of != 1 {
				t.Errorf("%d of %d used", n, of)
			}
			var all bytes.Buffer
			for i := range len(frames) - 2 { // the last stays in the encoder until another comes
				f, err := s.Next()
				if err != nil {
					t.Fatalf("picture %d: %v", i, err)
				}
				if f.Time != frames[i].Time || !f.Came.Equal(frames[i].Came) || f.Key != frames[i].Key || f.Key && !strings.HasPrefix(f.Codec, "avc1.") {
					t.Fatalf("picture %d: key %v, %s, %d at %v", i, f.Key, f.Codec, f.Time, f.Came)
				}
				all.Write(f.Data)
			}
			check := exec.CommandContext(t.Context(), "ffmpeg", "-v", "warning", "-f", "h264", "-i", "pipe:0", "-f", "null", "-")
			check.Stdin = &all
			if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v: %s", err, out)
			}
			_ = s.Close()
			if n, _ := b.Used(); n != 0 {
				t.Error("the budget is not given back")
			}
		})
	}
}

// What does not go says why, and gives its part of the budget back.
func TestRefused(t *testing.T) {
	t.Parallel()
	h := video.New(video.Options{})
	defer h.Close()
	h265 := film(t, "x265", "1")
	none := NewBudget(0)
	if _, err := none.H264(t.Context(), watch(t, h, 1, h265, false)); !errors.Is(err, ErrBudget) {
		t.Errorf("no budget: %v", err)
	}
	b := NewBudget(1)
	first, err := b.H264(t.Context(), watch(t, h, 2, h265, false))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.H264(t.Context(), watch(t, h, 3, h265, false)); !errors.Is(err, ErrBudget) {
		t.Errorf("one too many: %v", err)
	}
	_ = first.Close()
	ends := func(camera int64, frames []*video.Frame) error {
		s, err := b.H264(t.Context(), watch(t, h, camera, frames, true))
		if err != nil {
			return err
		}
		defer s.Close() //nolint:errcheck // it has none
		for {
			if _, err := s.Next(); err != nil {
				return err
			}
		}
	}
	if err := ends(4, h265); !errors.Is(err, io.EOF) {
		t.Errorf("a camera that breaks off: %v", err)
	}
	if err := ends(5, append(h265[:20:20], film(t, "x264", "1")...)); !errors.Is(err, ErrChanged) {
		t.Errorf("a camera that changes its codec: %v", err)
	}
	if err := ends(6, append(film(t, "x264", "1"), h265...)); !errors.Is(err, ErrChanged) {
		t.Errorf("the other way round: %v", err)
	}
	if n, _ := b.Used(); n != 0 {
		t.Errorf("%d are used by nobody", n)
	}
}

// Garbage that calls itself H.265 ends, and no program and no goroutine stays.
func TestGarbage(t *testing.T) { //nolint:paralleltest // it counts goroutines
	h, b := video.New(video.Options{Grace: time.Millisecond}), NewBudget(1)
	good := film(t, "x265", "1")
	before := runtime.NumGoroutine()
	for n := range 5 {
		bad := []*video.Frame{good[0]}
		for i := range 60 {
			f := *good[1+i%20]
			f.Data = bytes.Repeat([]byte{byte(i), 0x55, 0xff, 0, 0, 1, 2, byte(n)}, 500)
			bad = append(bad, &f)
		}
		s, err := b.H264(t.Context(), watch(t, h, int64(1+n), bad, true))
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = s.Next()
		}
		_ = s.Close()
	}
	h.Close()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
	if n, _ := b.Used(); n != 0 {
		t.Errorf("%d are used by nobody", n)
	}
}

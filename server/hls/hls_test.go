package hls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"wanglou/server/video"
	"wanglou/server/video/nal"
)

// tape is a camera that plays what it is given.
type tape struct {
	ctx    context.Context
	frames chan *video.Frame
}

func (s tape) Next() (*video.Frame, error) {
	select {
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	case f, ok := <-s.frames:
		if !ok {
			return nil, io.EOF
		}
		return f, nil
	}
}

func (s tape) Close() error { return nil }

var began = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

// sets are those of a picture of 1280 by 720.
const sets = "\x00\x00\x00\x01\x67\x42\xc0\x1f\xd9\x00\x50\x05\xbb\x01\x6a\x02\x02\x02\x80\x00\x00\x03\x00\x80\x00\x00\x19\x07\x8c\x19\x20\x00\x00\x00\x01\x68\xcb\x83\xcb\x20"

// picture is the nth at 25 a second, with a key picture every second.
func picture(n int) *video.Frame {
	f := &video.Frame{Data: []byte("\x00\x00\x00\x01\x41" + strings.Repeat("x", 100)), Time: uint32(n * 3600), Came: began.Add(time.Duration(n) * 40 * time.Millisecond)}
	if n%25 == 0 {
		f.Key, f.Codec, f.Data = true, "avc1.42C01F", []byte(sets+"\x00\x00\x00\x01\x65\x88"+strings.Repeat("k", 1000))
	}
	return f
}

// seat sits before a camera that plays frames.
func seat(t testing.TB, shelf *Shelf, hub *video.Hub, frames chan *video.Frame) *Seat {
	t.Helper()
	pull := video.Pull{Camera: 1}
	s, err := shelf.Sit(pull, func() (*video.Viewer, error) {
		return hub.Watch(pull, func(ctx context.Context) (video.Source, error) { return tape{ctx, frames}, nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestPieces(t *testing.T) {
	t.Parallel()
	hub, shelf, frames := video.New(video.Options{}), New(), make(chan *video.Frame)
	defer hub.Close()
	s := seat(t, shelf, hub, frames)
	go func() {
		for n := range 62 {
			frames <- picture(n)
		}
	}()
	var list []byte
	for segment := range 3 { // each as soon as it is there
		var err error
		if list, err = s.List(t.Context(), segment, 0); err != nil {
			t.Fatal(err)
		}
	}
	want := `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.90000
#EXT-X-PART-INF:PART-TARGET=0.30000
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI="head-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-05-01T08:00:00.000Z
#EXT-X-PART:DURATION=0.28000,URI="0.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.28000,URI="0.1.m4s"
#EXT-X-PART:DURATION=0.28000,URI="0.2.m4s"
#EXT-X-PART:DURATION=0.16000,URI="0.3.m4s"
#EXTINF:1.00000,
0.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-05-01T08:00:01.000Z
#EXT-X-PART:DURATION=0.28000,URI="1.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.28000,URI="1.1.m4s"
#EXT-X-PART:DURATION=0.28000,URI="1.2.m4s"
#EXT-X-PART:DURATION=0.16000,URI="1.3.m4s"
#EXTINF:1.00000,
1.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-05-01T08:00:02.000Z
#EXT-X-PART:DURATION=0.28000,URI="2.0.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="2.1.m4s"
`
	if string(list) != want {
		t.Errorf("%s", list)
	}
	whole, pictures, err := s.Piece(t.Context(), "1.m4s")
	if err != nil || pictures != 25 || len(whole) != 4 {
		t.Fatal(len(whole), pictures, err)
	}
	one, pictures, err := s.Piece(t.Context(), "1.3.m4s")
	if err != nil || pictures != 4 || !bytes.Equal(one[0], whole[3]) || string(one[0][4:8]) != "moof" {
		t.Error(pictures, err)
	}
	if head, _, err := s.Piece(t.Context(), "head-0.mp4"); err != nil || string(head[0][4:8]) != "ftyp" {
		t.Error(err)
	}
	for _, name := range []string{"7.m4s", "0.9.m4s", "head-1.mp4", "x", "", "../1.m4s", "1.m4s/", "99999999999999999999.m4s"} {
		if _, _, err := s.Piece(t.Context(), name); !errors.Is(err, ErrNone) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := s.List(t.Context(), 9, 0); !errors.Is(err, ErrNone) {
		t.Errorf("a list far ahead: %v", err)
	}
}

// A camera that breaks off, and comes back with another picture: who fetches is told, and of the gap and the new head.
func TestBreaksOff(t *testing.T) {
	t.Parallel()
	hub, shelf, frames := video.New(video.Options{Retry: time.Millisecond}), New(), make(chan *video.Frame)
	defer hub.Close()
	s := seat(t, shelf, hub, frames)
	for n := range 30 {
		frames <- picture(n)
	}
	frames <- &video.Frame{Key: true, Codec: "avc1.42C01F", Data: []byte("\x00\x00\x00\x01\x65"), Time: 30 * 3600, Came: began} // without its sets: nothing can be made of it
	if _, err := s.List(t.Context(), 3, 0); err == nil {
		t.Error("a list of a picture without sets")
	}
	for n := 50; n < 90; n++ {
		f := picture(n)
		if f.Key {
			f.Data = bytes.Replace(f.Data, []byte("\x68\xcb\x83\xcb"), []byte("\x68\xcb\x83\xcc"), 1)
		}
		frames <- f
	}
	list, err := s.List(t.Context(), 2, 0)
	if err != nil || !regexp.MustCompile(`(?s)1\.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="head-1.mp4"\n.*2\.m4s`).Match(list) {
		t.Errorf("%v %s", err, list)
	}
}

// However long a camera plays, and whether it makes key pictures or not, what is kept is bounded; when nobody sits there any more, nothing is.
func TestBounded(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]bool{"with key pictures": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFilm()
			for n := range 25 * 600 {
				p := picture(n)
				if n > 0 && !keys {
					p = picture(1)
					p.Time = uint32(n * 3600)
				}
				p.Data = append(p.Data, make([]byte, 40_000)...)
				p.Data[len(p.Data)-1] = 1
				if err := f.add(p); err != nil {
					t.Fatal(err)
				}
				if f.kept > mostKept+2<<20 || len(f.segments) > keptSegments+1 || len(f.heads) != 1 {
					t.Fatalf("%d bytes, %d segments, %d heads", f.kept, len(f.segments), len(f.heads))
				}
			}
			if f.target > 10 || len(f.list()) > 16<<10 {
				t.Errorf("target %d, a list of %d bytes", f.target, len(f.list()))
			}
		})
	}
}

func TestSeats(t *testing.T) { //nolint:paralleltest // it counts goroutines
	hub, shelf := video.New(video.Options{Grace: time.Millisecond}), New()
	defer hub.Close()
	before := runtime.NumGoroutine()
	for range 200 {
		frames := make(chan *video.Frame)
		a, b := seat(t, shelf, hub, frames), seat(t, shelf, hub, frames)
		if pulls, viewers := hub.Counts(); pulls != 1 || viewers != 1 {
			t.Fatalf("%d pulls and %d viewers for two seats", pulls, viewers)
		}
		frames <- picture(0)
		a.Close()
		a.Close()
		if n, _ := shelf.Counts(); n != 1 {
			t.Fatal("the pieces of who still sits are gone")
		}
		b.Close()
		if n, bytes := shelf.Counts(); n+bytes != 0 {
			t.Fatal("pieces of nobody")
		}
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			if pulls, viewers := hub.Counts(); pulls+viewers == 0 && runtime.NumGoroutine() <= before {
				break
			} else if time.Now().After(end) {
				t.Fatalf("%d pulls, %d viewers, %d goroutines of %d", pulls, viewers, runtime.NumGoroutine(), before)
			}
		}
	}
}

// ffmpeg plays what is served: all pictures, in their time.
func TestPlaysBack(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=25", "-frames:v", "101", "-pix_fmt", "yuv420p",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25", "-x264-params", "aud=1:repeat-headers=1:scenecut=0", "-f", "h264", "pipe:1")
	film, err := cmd.Output()
	if err != nil {
		t.Skip("no ffmpeg:", err)
	}
	f, n := newFilm(), 0
	if err := nal.Read(bytes.NewReader(film), false, func(p []byte) {
		one := picture(n)
		one.Data, one.Codec = bytes.Clone(p), "avc1.42C00D"
		if err := f.add(one); err != nil {
			t.Error(err)
		}
		n++
	}); err != nil {
		t.Fatal(err)
	}
	f.cut()
	whole := bytes.Clone(f.heads[0].data)
	for _, s := range f.segments {
		for _, p := range s.parts {
			whole = append(whole, p.data...)
		}
	}
	probe := exec.CommandContext(t.Context(), "ffprobe", "-v", "warning", "-count_frames", "-show_entries", "stream=nb_read_frames,duration", "-of", "csv=p=0", "pipe:0")
	probe.Stdin = bytes.NewReader(whole)
	out, err := probe.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), fmt.Sprint("N/A,", n)) && !strings.HasSuffix(strings.TrimSpace(string(out)), fmt.Sprint(",", n)) {
		t.Errorf("%d pictures: %s %v", n, out, err)
	}
}

func FuzzPiece(f *testing.F) {
	f.Add("1.2.m4s", 1, 1)
	f.Add("head-0.mp4", -1, -1)
	f.Fuzz(func(t *testing.T, name string, segment, part int) {
		film := newFilm()
		for n := range 60 {
			if err := film.add(picture(n)); err != nil {
				t.Fatal(err)
			}
		}
		s := &Seat{shelf: New(), row: &row{film: film, changed: make(chan struct{})}}
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // nothing is waited for
		if data, _, err := s.Piece(ctx, name); err == nil && len(data) == 0 {
			t.Errorf("%q is nothing", name)
		}
		_, _ = s.List(ctx, segment, part)
	})
}

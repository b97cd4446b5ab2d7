package rtsp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wanglou/server/video/nal"
	"wanglou/server/video/rtp"
)

// serveCamera plays what is fed to the server until the test ends, and returns its address.
func serveCamera(t testing.TB, s *Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(t.Context(), l) }()
	return l.Addr().String()
}

// encode plays a test pattern by ffmpeg into s until the test ends, or for some seconds.
func encode(t testing.TB, s *Server, size string, seconds string) {
	t.Helper()
	args := []string{"-hide_banner", "-loglevel", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc=size=" + size + ":rate=25", "-c:v", "libx264", "-preset", "ultrafast",
		"-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "10", "-x264-params", "aud=1:repeat-headers=1"}
	if seconds != "" {
		args = append(args, "-t", seconds)
	}
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append(args, "-f", "h264", "pipe:1")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip("no ffmpeg:", err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Feed(out); _ = cmd.Wait() }()
	if seconds != "" {
		<-done
	}
}

var dial = (&net.Dialer{}).DialContext

func TestPlay(t *testing.T) {
	t.Parallel()
	s := &Server{User: url.UserPassword("admin", "p:w")}
	address := serveCamera(t, s)
	encode(t, s, "640x360", "")
	for _, wrong := range []string{"rtsp://" + address + "/1", "rtsp://admin:x@" + address + "/1"} {
		if _, err := Open(t.Context(), Options{URL: wrong, Dial: dial}); !errors.Is(err, ErrPassword) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	p, err := Open(t.Context(), Options{URL: "rtsp://admin:p%3Aw@" + address + "/1", Dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var all bytes.Buffer
	keys := 0
	for n := range 40 {
		u, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 && !u.Key {
			t.Error("the first picture is not a key picture")
		}
		if u.Key {
			keys++
			if !strings.HasPrefix(u.Codec, "avc1.") {
				t.Errorf("codec %q", u.Codec)
			}
		}
		all.Write(u.Data)
	}
	if keys < 3 {
		t.Errorf("%d key pictures", keys)
	}
	// What came is whole: a decoder finds nothing wrong.
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "warning", "-f", "h264", "-i", "pipe:0", "-f", "null", "-")
	cmd.Stdin = &all
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

// The camera turns to another resolution: the next key picture says so, and nothing between is shown.
func TestAnotherResolution(t *testing.T) {
	t.Parallel()
	s := &Server{}
	address := serveCamera(t, s)
	p, err := Open(t.Context(), Options{URL: "rtsp://" + address, Dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	go func() { encode(t, s, "320x180", "1"); encode(t, s, "1280x720", "1") }()
	sets := map[string]bool{}
	for len(sets) < 2 {
		u, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		if u.Key {
			sets[string(u.Data[:20])] = true
		}
	}
}

// tinyFilm are ten pictures of which the first is a key picture; no decoder would show them.
var tinyFilm = []byte("\x00\x00\x00\x01\x09\xf0\x00\x00\x01\x67\x4d\x40\x1f\x00\x00\x01\x68\xee\x3c\x80\x00\x00\x01\x65\x88\x84\x01" +
	strings.Repeat("\x00\x00\x00\x01\x09\xf0\x00\x00\x01\x41\x9a\x02\x03", 9))

// tinyFilm265 is the same in H.265.
var tinyFilm265 = []byte("\x00\x00\x00\x01\x46\x01\x50\x00\x00\x01\x40\x01\x0c\x01\x00\x00\x01\x42\x01\x01\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\x03\x00\x5d\x00\x00\x01\x44\x01\xc1\x72\x00\x00\x01\x26\x01\xaf\x01" +
	strings.Repeat("\x00\x00\x00\x01\x46\x01\x50\x00\x00\x01\x02\x01\xd0\x02", 9))

// dialled opens the picture of the camera of a test.
func dialled(ctx context.Context, t *testing.T, s *Server) *Stream {
	t.Helper()
	p, err := Open(ctx, Options{URL: "rtsp://camera/1", Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go s.client(ctx, theirs)
		return ours, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// played is how the camera of a test goes on, after Open.
func played(t *testing.T, s *Server, film func(ctx context.Context)) *Stream {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := dialled(ctx, t, s)
	done := make(chan struct{})
	go func() { defer close(done); film(ctx) }()
	t.Cleanup(func() { cancel(); _ = p.Close(); <-done })
	return p
}

// forAWhile plays a film for some seconds.
func forAWhile(ctx context.Context, s *Server, film []byte, long time.Duration) {
	ctx, stop := context.WithTimeout(ctx, long)
	defer stop()
	_ = s.Loop(ctx, film, 25, nil)
}

// A camera goes on in the other codec in the midst of its session, and back: each time the next picture is a key picture with the new codec's name, and none is of the other.
func TestAnotherCodec(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{}
		p := played(t, s, func(ctx context.Context) {
			for _, film := range [][]byte{tinyFilm, tinyFilm265, tinyFilm} {
				forAWhile(ctx, s, film, 2*time.Second)
				s.Turn()
			}
		})
		var told []string
		for range 140 {
			u, err := p.Next()
			if err != nil {
				t.Fatal(err)
			}
			if u.Key {
				if name, _, _ := strings.Cut(u.Codec, "."); len(told) == 0 || told[len(told)-1] != name {
					told = append(told, name)
				}
			}
			if h265 := len(told)%2 == 0; bytes.HasPrefix(u.Data, []byte("\x00\x00\x00\x01\x02\x01")) && !h265 || bytes.HasPrefix(u.Data, []byte("\x00\x00\x00\x01\x41")) && h265 {
				t.Fatalf("%x after %v", u.Data, told)
			}
		}
		if strings.Join(told, " ") != "avc1 hev1 avc1" {
			t.Error(told)
		}
	})
}

// Who sends packets of which nothing can be made any more does not play: that is said, after half a minute, and no picture is made up meanwhile.
func TestGarbageInMidStream(t *testing.T) {
	t.Parallel()
	for name, packet := range map[string]string{"noise": "\x1f\xff\xff\xff", "H.265 without its sets": "\x02\x01\xd0\x02", "no RTP": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &Server{}
				p := played(t, s, func(ctx context.Context) {
					forAWhile(ctx, s, tinyFilm, 2*time.Second)
					for n := 0; ctx.Err() == nil; n++ {
						s.send([]byte(packet), uint32(n)*3600)
						select {
						case <-ctx.Done():
						case <-time.After(40 * time.Millisecond):
						}
					}
				})
				began, pictures := time.Now(), 0
				for {
					_, err := p.Next()
					if errors.Is(err, ErrNoVideo) {
						break
					} else if err != nil {
						t.Fatal(err)
					}
					pictures++
				}
				if took := time.Since(began); pictures > 51 || took < drought || took > drought+5*time.Second {
					t.Errorf("%d pictures in %v", pictures, took)
				}
			})
		})
	}
}

// A picture plays for as long as it is wanted: the line is kept alive, and the time of the first questions is over.
func TestPlaysOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{}
		ctx, cancel := context.WithCancel(t.Context())
		p := dialled(ctx, t, s)
		var numbers []int
		go func() { _ = s.Loop(ctx, tinyFilm, 25, func(n int, _ []byte) { numbers = append(numbers, n) }) }()
		var last *nal.Unit
		for n := range 25 * 90 {
			u, err := p.Next()
			if err != nil {
				t.Fatalf("after %d pictures: %v", n, err)
			}
			if u.Key != (n%10 == 0) || last != nil && u.Time-last.Time != 3600 {
				t.Fatalf("picture %d: key %v at %d after %v", n, u.Key, u.Time, last)
			}
			last = u
		}
		cancel()
		_ = p.Close()
		synctest.Wait()
		if len(numbers) < 2250 || numbers[0] != 0 || numbers[19] != 9 {
			t.Errorf("%d pictures went out", len(numbers))
		}
	})
}

// Garbage, silence and redirection end in an error, soon.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		say  string
		want error
	}{
		"garbage":     {strings.Repeat("\xff\x00x", 400) + "\n", ErrProtocol},
		"http":        {"HTTP/1.1 200 OK\r\n\r\n", ErrProtocol},
		"endless":     {strings.Repeat("x", 100<<10), ErrProtocol},
		"redirection": {"RTSP/1.0 302 Moved\r\nLocation: rtsp://127.0.0.1:22/\r\n\r\n", ErrProtocol},
		"no video":    {"RTSP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nv=0\r\n", ErrNoVideo},
		"jpeg":        {"RTSP/1.0 200 OK\r\nContent-Length: 40\r\n\r\nm=video 0 RTP/AVP 26\r\na=rtpmap:26 JPEG/90", ErrCodec},
		"huge body":   {"RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n", ErrProtocol},
		"closed":      {"", io.EOF},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn, err := l.Accept()
			if err == nil {
				_, _ = conn.Read(make([]byte, 4096))
				_, _ = conn.Write([]byte(tc.say))
				_ = conn.Close()
			}
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if _, err := Open(ctx, Options{URL: "rtsp://u:secret@" + l.Addr().String(), Dial: dial}); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
		_ = l.Close()
	}
}

// send sends one packet as it is.
func (s *Server) send(payload []byte, stamp uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	packet := rtp.Append(nil, rtp.Packet{Marker: true, Seq: s.seq, Time: stamp, Payload: payload})
	s.seq++
	if len(payload) == 0 {
		packet = []byte("garbage, and no packet at all")
	}
	out := append([]byte{'$', 0, 0, byte(len(packet))}, packet...)
	for c := range s.clients {
		select {
		case c <- out:
		default:
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte{0x80, 0xe0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0x67, 0x42, 0xc0, 0x1e}, false)
	f.Add([]byte{0x80, 0xe0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0x7c, 0x85, 1, 2, 3}, false)
	f.Add([]byte{0x80, 0xe0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0x42, 1, 1, 1, 0x60, 0, 0, 3, 0, 0, 3, 0, 0, 3, 0, 0, 3, 0, 93}, true)
	f.Fuzz(func(t *testing.T, b []byte, h265 bool) {
		u := unpacker{build: nal.Builder{H265: h265, Params: [][]byte{{0x67, 0x42, 0xc0, 0x1e}}}}
		for len(b) > 0 {
			n := min(len(b), 12+int(b[0]&63))
			u.packet(b[:n])
			b = b[n:]
			for r := u.take(); r != nil; r = u.take() {
				if len(r.Data) == 0 || len(r.Data) > nal.MaxData {
					t.Fatalf("a picture of %d bytes", len(r.Data))
				}
			}
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"a\", nonce=\"b\"\r\nContent-Length: 3\r\n\r\nabc"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _, body, err := readMessage(bufio.NewReader(bytes.NewReader(b)))
		if err != nil {
			return
		}
		_, _ = parseSDP(string(body))
	})
}

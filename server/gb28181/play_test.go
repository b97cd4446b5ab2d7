package gb28181

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"wanglou/layers/realdata"
	"wanglou/server/gb28181/recorder"
	"wanglou/server/video/rtp"
)

var (
	keyPicture = append([]byte("\x00\x00\x00\x01\x09\x10\x00\x00\x00\x01\x67\x42\xc0\x1e\xd9\x00\x00\x00\x01\x68\xce\x3c\x80\x00\x00\x00\x01\x65\x88"), bytes.Repeat([]byte{0x17}, 70_000)...)
	another    = append([]byte("\x00\x00\x00\x01\x09\x30\x00\x00\x00\x01\x41\x9a"), bytes.Repeat([]byte{0x19}, 3000)...)
)

// shown are pictures that go on until the test ends.
func shown(t testing.TB) *recorder.Pictures {
	t.Helper()
	p := &recorder.Pictures{}
	p.Add(keyPicture)
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-t.Context().Done():
				return
			case <-tick.C:
				p.Add(another)
			}
		}
	}()
	return p
}

// registered is a recorder with pictures that is known to the server.
func registered(t testing.TB, address, network string) *recorder.Recorder {
	t.Helper()
	r := dial(t, network, address, nvr, "geheim")
	r.Pictures = shown(t)
	wants(t, "registers", 200)(r.Register(t.Context(), 3600))
	return r
}

// until waits for what has to become true soon.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

func TestPlay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signal string
		media  bool
		ssrc   uint32
	}{"udp": {"udp", false, 0}, "tcp": {"tcp", true, 0}, "another ssrc": {"udp", false, 703001718}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, address := start(t, loopback, func(o *Options) { o.MediaTCP = c.media })
			r := registered(t, address, c.signal)
			r.SSRC.Store(c.ssrc)
			p, err := s.Play(t.Context(), nvr, one)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 20 {
				u, err := p.Next()
				if err != nil {
					t.Fatal(err)
				}
				if want := [][]byte{keyPicture, another}[min(i, 1)]; u.Key != (i == 0) || len(u.Data) != len(want)-6 || // without the delimiter
					!bytes.Equal(u.Data[len(u.Data)-100:], want[len(want)-100:]) {
					t.Fatalf("picture %d: key %v, %d bytes", i, u.Key, len(u.Data))
				}
			}
			if st := s.Stats(); st.Plays != 1 || st.Strange != 0 || st.Lost != 0 || r.Playing() != 1 {
				t.Errorf("%+v, %d", st, r.Playing())
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			if st := s.Stats(); st.Plays != 0 || r.Playing() != 0 {
				t.Errorf("after BYE: %+v, %d", st, r.Playing())
			}
			if _, err := p.Next(); err == nil {
				t.Error("a picture after its end")
			}
		})
	}
}

// Each way that a device does not play has its reason.
func TestNoPlay(t *testing.T) {
	t.Parallel()
	s, _, address := start(t, loopback, func(o *Options) { o.Silence = 300 * time.Millisecond })
	if _, err := s.Play(t.Context(), nvr, one); !errors.Is(err, ErrAway) {
		t.Errorf("one that never came: %v", err)
	}
	r := registered(t, address, "udp")
	for status, want := range map[int32]error{486: ErrBusy, 404: ErrDenied, 503: ErrBusy} {
		r.Refuse.Store(status)
		if _, err := s.Play(t.Context(), nvr, one); !errors.Is(err, want) {
			t.Errorf("%d: %v", status, err)
		}
	}
	r.Refuse.Store(0)
	r.Deaf.Store(true)
	soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Play(soon, nvr, one); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no answer: %v", err)
	}
	r.Deaf.Store(false)
	r.Mute.Store(true)
	for _, want := range []error{ErrNoMedia, ErrSSRC} {
		p, err := s.Play(t.Context(), nvr, one)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Next(); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		_ = p.Close()
		r.Mute.Store(false)
		r.Sends.Store(9)
	}
	if s.Stats().Strange == 0 {
		t.Error("packets of another number are not counted")
	}
	r.Sends.Store(0)

	play := func() *Play {
		p, err := s.Play(t.Context(), nvr, one)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Next(); err != nil {
			t.Fatal(err)
		}
		return p
	}
	ends := func(p *Play) (err error) {
		for err == nil {
			_, err = p.Next()
		}
		return err
	}
	p := play()
	r.Mute.Store(true) // it dies
	var silent net.Error
	if err := ends(p); !errors.As(err, &silent) || !silent.Timeout() {
		t.Errorf("after it fell silent: %v", err)
	}
	_ = p.Close()
	r.Mute.Store(false)
	p = play()
	if err := r.HangUp(t.Context()); err != nil {
		t.Error(err)
	}
	if err := ends(p); !errors.Is(err, ErrEnded) {
		t.Errorf("after its BYE: %v", err)
	}
	p = play()
	wants(t, "takes leave", 200)(r.Register(t.Context(), 0))
	if err := ends(p); !errors.Is(err, ErrAway) {
		t.Errorf("after its leave: %v", err)
	}
	if n := s.Stats().Plays; n != 0 {
		t.Errorf("%d still play", n)
	}
}

// Nobody else ends a picture, or shows one instead.
func TestForgedPicture(t *testing.T) {
	t.Parallel()
	s, _, address := start(t, loopback)
	r := registered(t, address, "udp")
	p, err := s.Play(t.Context(), nvr, one)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	elsewhere, err := net.DialUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(p.m.port())})
	if err != nil {
		t.Skip("no second address on loopback:", err)
	}
	defer elsewhere.Close()
	if _, err := elsewhere.Write(rtp.Append(nil, rtp.Packet{Seq: 1, SSRC: p.m.ssrc, Payload: []byte("forged")})); err != nil {
		t.Fatal(err)
	}
	server, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	bye, err := net.DialUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)}, server)
	if err != nil {
		t.Fatal(err)
	}
	defer bye.Close()
	fmt.Fprintf(bye, "BYE sip:%s@3402000000 SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bKx\r\nFrom: <sip:%s@3402000000>;tag=rec\r\nTo: <sip:%s@3402000000>;tag=x\r\nCall-ID: %s\r\nCSeq: 2 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
		platform, bye.LocalAddr(), one, platform, callID(p.call.invite))
	_ = bye.SetReadDeadline(time.Now().Add(5 * time.Second))
	answer := make([]byte, 4096)
	if n, err := bye.Read(answer); err != nil || !bytes.HasPrefix(answer[:n], []byte("SIP/2.0 481 ")) {
		t.Errorf("%s, %v", answer[:n], err)
	}
	until(t, "a forged packet is not counted", func() bool {
		_, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		return s.Stats().Strange == 1
	})
	if r.Playing() != 1 {
		t.Error("it plays no more")
	}
}

// A range of ports is kept to, and when it is used up that is said.
func TestMediaPorts(t *testing.T) {
	t.Parallel()
	s, _, address := start(t, loopback, func(o *Options) {
		o.MediaPorts, o.MediaAddress = Ports{31091, 31095}, netip.MustParseAddr("127.0.0.1")
	})
	registered(t, address, "udp")
	for i := range 3 {
		p, err := s.Play(t.Context(), nvr, one)
		if i == 2 {
			if !errors.Is(err, ErrNoPort) {
				t.Error(err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if n := p.m.port(); n != 31092 && n != 31094 {
			t.Errorf("port %d", n)
		}
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	host := netip.MustParseAddr("10.8.0.5")
	for name, c := range map[string]struct {
		sdp  string
		want answer
	}{
		"usual":             {"v=0\r\nc=IN IP4 10.8.0.5\r\nm=video 15060 RTP/AVP 96\r\na=rtpmap:96 PS/90000\r\ny=0703001718\r\n", answer{host: host, ssrc: 703001718}},
		"no number":         {"c=IN IP4 10.8.0.5\nm=video 15060 RTP/AVP 96\n", answer{host: host}},
		"number is no one":  {"c=IN IP4 10.8.0.5\nm=video 15060 RTP/AVP 96\ny=abc\n", answer{host: host}},
		"too big a number":  {"c=IN IP4 10.8.0.5\nm=video 15060 RTP/AVP 96\ny=9999999999\n", answer{host: host}},
		"other of the same": {"c=IN IP4 10.8.0.9\nm=audio 1 RTP/AVP 8\na=rtpmap:8 PCMA/8000\nm=video 15060 RTP/AVP 96 97\nc=IN IP4 10.8.0.5\na=rtpmap:97 H264/90000\na=rtpmap:96 ps/90000\n", answer{host: host}},
		"nowhere":           {"c=IN IP4 0.0.0.0\nm=video 15060 RTP/AVP 96\n", answer{}},
		"port 0":            {"c=IN IP4 10.8.0.5\nm=video 0 RTP/AVP 96\n", answer{host: host, refused: true}},
		"no PS":             {"c=IN IP4 10.8.0.5\nm=video 9 RTP/AVP 98\na=rtpmap:98 H264/90000\n", answer{host: host, refused: true}},
		"nothing":           {"", answer{refused: true}},
		"endless":           {strings.Repeat("a=x\n", 4000), answer{refused: true}},
	} {
		if got := parseAnswer([]byte(c.sdp)); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// What real devices answered, where it lies beside the repository.
func TestRealAnswers(t *testing.T) {
	t.Parallel()
	for pattern, ssrc := range map[string]uint32{"devices/gb28181/*/hik_ncg_invite_200*.sip": 703001718, "devices/gb28181/*/Gb200OkResponse.sip": 200007585} {
		for _, f := range realdata.Glob(t, pattern) {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			_, body, _ := bytes.Cut(wireForm(b), []byte("\r\n\r\n"))
			if a := parseAnswer(body); a.ssrc != ssrc || a.refused || !a.host.IsValid() {
				t.Errorf("%s: %+v", f, a)
			}
		}
	}
}

func TestOffer(t *testing.T) {
	t.Parallel()
	s, err := New(Options{ID: platform})
	if err != nil {
		t.Fatal(err)
	}
	got := string(offer(platform, netip.MustParseAddrPort("10.8.0.1:30002"), true, s.newSSRC()))
	want := regexp.MustCompile(`^v=0\r\no=34020000002000000001 0 0 IN IP4 10\.8\.0\.1\r\ns=Play\r\nc=IN IP4 10\.8\.0\.1\r\nt=0 0\r\nm=video 30002 TCP/RTP/AVP 96\r\na=recvonly\r\na=rtpmap:96 PS/90000\r\na=setup:passive\r\na=connection:new\r\ny=020000[0-9]{4}\r\nf=v/////a///\r\n$`)
	if !want.MatchString(got) {
		t.Error(got)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("v=0\r\nc=IN IP4 10.8.0.5\r\nm=video 15060 RTP/AVP 96\r\na=rtpmap:96 PS/90000\r\ny=0703001718\r\n"))
	f.Fuzz(func(_ *testing.T, b []byte) { parseAnswer(b) })
}

package gb28181

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"wanglou/layers"
	"wanglou/layers/attachment"
	"wanglou/layers/camera"
	"wanglou/layers/realdata"
	"wanglou/layers/report"
	"wanglou/server/digest"
	"wanglou/server/gb28181/manscdp"
	"wanglou/server/gb28181/recorder"
	"wanglou/server/reach"
)

const (
	platform = "34020000002000000001"
	nvr      = "34020000001180000001"
	one      = "34020000001310000001"
	two      = "34020000001310000002"
	three    = "34020000001310000003"
)

// store is a camera.Signals and an Alarms in memory.
type store struct {
	camera.Signals
	mu       sync.Mutex
	devices  map[string]camera.Device
	catalogs chan []camera.DeviceChannel
	alarms   []*report.Alarm
	fail     error
}

func (s *store) Devices(context.Context) ([]camera.Device, error) { return nil, nil }
func (s *store) Channels(context.Context) (map[string][]string, error) {
	return map[string][]string{}, nil
}
func (s *store) Passwords(context.Context) (map[string]camera.Login, error) {
	return map[string]camera.Login{two: {User: two, Password: "own"}, three: {}}, nil
}
func (s *store) Heard(_ context.Context, devices []camera.Device) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range devices {
		s.devices[d.ID] = d
	}
	return nil
}
func (s *store) Catalog(_ context.Context, _ string, channels []camera.DeviceChannel, whole bool) (ids []string, err error) {
	for _, c := range channels {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	if whole {
		s.catalogs <- channels
	}
	return ids, nil
}
func (s *store) Alarm(_ context.Context, a *report.Alarm, _ []attachment.Picture) (*report.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail == nil {
		s.alarms = append(s.alarms, a)
	}
	return nil, s.fail
}

// start runs a server on loopback until the test ends.
func start(t testing.TB, networks reach.Ranges, with ...func(*Options)) (*Server, *store, string) {
	t.Helper()
	st := &store{devices: map[string]camera.Device{}, catalogs: make(chan []camera.DeviceChannel, 100)}
	o := Options{ID: platform, Password: "geheim", Networks: networks, Store: st, Alarms: st, Flush: 20 * time.Millisecond, Page: 2 * time.Second}
	for _, f := range with {
		f(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	packets, l, err := Listen(t.Context(), "127.0.0.1:0")
	for range 20 { // a port that is free for TCP may be a device's of another test for UDP
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
		packets, l, err = Listen(t.Context(), "127.0.0.1:0")
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, packets, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return s, st, l.Addr().String()
}

var loopback = reach.Ranges{netip.MustParsePrefix("127.0.0.0/8")}

func dial(t testing.TB, network, address, id, password string) *recorder.Recorder {
	t.Helper()
	r := &recorder.Recorder{ID: id, Password: password, Server: platform}
	if err := r.Dial(t.Context(), network, address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func wants(t testing.TB, what string, want int) func(int, error) {
	t.Helper()
	return func(got int, err error) {
		t.Helper()
		if err != nil || got != want {
			t.Fatalf("%s: %d, %v, want %d", what, got, err, want)
		}
	}
}

func TestRecorder(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			_, st, address := start(t, loopback)
			ctx := t.Context()
			r := dial(t, network, address, nvr, "geheim")
			r.Answers = make(chan string, 1)
			for i, id := range []string{one, two, three, "3402000000"} {
				r.Channels = append(r.Channels, fmt.Sprintf("<Item><DeviceID>%s</DeviceID><Name>人民路%d号</Name><Status>ON</Status><Longitude>119.68</Longitude><Latitude>29.79</Latitude></Item>", id, i))
			}
			wants(t, "before it registers", 403)(r.Keepalive(ctx))
			wants(t, "registers", 200)(r.Register(ctx, 3600))
			got := <-st.catalogs
			slices.SortFunc(got, func(a, b camera.DeviceChannel) int { return strings.Compare(a.ID, b.ID) })
			if len(got) != 3 || got[0].Name != "人民路0号" || !got[0].Camera || got[0].Point == nil {
				t.Errorf("%+v", got)
			}
			wants(t, "lives", 200)(r.Keepalive(ctx))

			st.mu.Lock()
			st.fail = layers.Errorf(layers.CodeUnavailable, "the database is away")
			st.mu.Unlock()
			alarm := recorder.AlarmOf(one, time.Now().Format("2006-01-02T15:04:05"), "烟火")
			told := func() (int, error) { // the channels are known a moment after they are stored
				for {
					if code, err := r.Tell(ctx, alarm); code != 403 || err != nil {
						return code, err
					}
				}
			}
			wants(t, "an alarm that is not stored", 503)(told())
			st.mu.Lock()
			st.fail = nil
			st.mu.Unlock()
			wants(t, "an alarm", 200)(r.Tell(ctx, alarm))
			st.mu.Lock()
			kept := *st.alarms[0]
			st.mu.Unlock()
			if a := &kept; a.Device != one || a.Description != "烟火" || a.Kind != "camera_alarm" || a.Validate() != nil {
				t.Errorf("%+v", a)
			}
			if answer := <-r.Answers; !strings.Contains(answer, "<Result>OK</Result>") {
				t.Error(answer)
			}
			wants(t, "an alarm of another's camera", 403)(r.Tell(ctx, recorder.AlarmOf("34020000001310000009", "", "")))
			wants(t, "garbage", 400)(r.Tell(ctx, "<Notify>"))
			wants(t, "takes leave", 200)(r.Register(ctx, 0))
			wants(t, "after it", 403)(r.Keepalive(ctx))
		})
	}
}

func TestForged(t *testing.T) {
	t.Parallel()
	s, _, address := start(t, loopback)
	ctx := t.Context()
	wants(t, "a wrong password", 403)(dial(t, "udp", address, nvr, "falsch").Register(ctx, 60))
	wants(t, "a device with its own password, by that of all", 403)(dial(t, "udp", address, two, "geheim").Register(ctx, 60))
	wants(t, "its own", 200)(dial(t, "udp", address, two, "own").Register(ctx, 60))
	wants(t, "one that cannot be opened lets nobody in", 403)(dial(t, "udp", address, three, "").Register(ctx, 60))

	r := dial(t, "udp", address, nvr, "geheim")
	challenge, err := r.Do(ctx, "REGISTER", nil)
	if err != nil || challenge.Code() != 401 {
		t.Fatal(challenge, err)
	}
	line := "Authorization: " + r.Authorize(challenge)
	for i, want := range []int{200, 401} { // recorded and sent again
		if m, err := r.Do(ctx, "REGISTER", nil, line); err != nil || m.Code() != want {
			t.Errorf("%d: %+v, %v", i, m, err)
		}
	}
	other := dial(t, "udp", address, one, "geheim")
	if m, err := other.Do(ctx, "REGISTER", nil, line); err != nil || m.Code() != 401 {
		t.Errorf("another device's answer: %+v, %v", m, err)
	}
	elsewhere := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2), Port: 5060}
	if s.known(nvr, hostOf(elsewhere.String()), time.Now()) {
		t.Error("known at another address")
	}
	guesser := dial(t, "udp", address, one, "falsch")
	code := 0
	for range maxFailures + 1 {
		if code, err = guesser.Register(ctx, 60); err != nil {
			t.Fatal(err)
		}
	}
	if code != 503 {
		t.Errorf("who guesses goes on guessing: %d", code)
	}
}

func TestNonces(t *testing.T) {
	t.Parallel()
	n, now := newNonces(), time.Now()
	x := n.make(nvr, "10.0.0.1", now)
	for name, c := range map[string]struct {
		nonce, device, host string
		at                  time.Time
		want                bool
	}{
		"fresh":             {x, nvr, "10.0.0.1", now.Add(time.Second), true},
		"old":               {x, nvr, "10.0.0.1", now.Add(nonceFor + time.Second), false},
		"another device's":  {x, one, "10.0.0.1", now.Add(time.Second), false},
		"another address's": {x, nvr, "10.0.0.2", now.Add(time.Second), false},
		"made up":           {strings.Repeat("ab", 32), nvr, "10.0.0.1", now, false},
		"none":              {"", nvr, "10.0.0.1", now, false},
	} {
		if n.fresh(c.nonce, c.device, c.host, c.at) != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
	}
	if !n.use(x, now) || n.use(x, now) {
		t.Error("it is taken once")
	}
	n.forget(now.Add(time.Hour))
	if len(n.used)+len(n.strikes) != 0 {
		t.Error("it is kept for ever")
	}
}

// Who stands elsewhere is not answered at all.
func TestNobodyIsHeardFromElsewhere(t *testing.T) {
	t.Parallel()
	s, _, address := start(t, reach.Ranges{netip.MustParsePrefix("10.0.0.0/8")})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if code, err := dial(t, "udp", address, nvr, "geheim").Register(ctx, 60); err == nil {
		t.Errorf("answered %d", code)
	}
	if st := s.Stats(); st.Refused == 0 || st.Devices != 0 {
		t.Errorf("%+v", st)
	}
}

// After a power cut all register at once, and all are in.
func TestAllRegisterAtOnce(t *testing.T) {
	t.Parallel()
	s, _, address := start(t, loopback)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	n := 5000
	if testing.Short() {
		n = 500
	}
	limit := make(chan struct{}, 1000) // files that this process may open
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			r := &recorder.Recorder{ID: fmt.Sprintf("3402000000118%07d", i), Password: "geheim", Server: platform}
			if err := r.Dial(ctx, "udp", address); err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = r.Close() }()
			for try := range 5 { // a packet may be lost: devices ask again
				once, cancel := context.WithTimeout(ctx, 5*time.Second)
				code, err := r.Register(once, 3600)
				cancel()
				if code == 200 {
					return
				}
				if err == nil || try == 4 {
					t.Errorf("%d, %v", code, err)
					return
				}
			}
		})
	}
	all.Wait()
	if st := s.Stats(); st.Devices != int64(n) || st.Refused != 0 {
		t.Errorf("%+v", st)
	}
}

var length = regexp.MustCompile(`(?i)Content-Length: *\d+`)

// wireForm gives the line ends and the length that a text lost on its way into a file.
func wireForm(b []byte) []byte {
	b = bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	head, body, _ := bytes.Cut(b, []byte("\r\n\r\n"))
	head = length.ReplaceAll(head, fmt.Appendf(nil, "Content-Length: %d", len(body)))
	return slices.Concat(head, []byte("\r\n\r\n"), body)
}

// What real devices sent, where it lies beside the repository: every request is answered.
func TestRealMessages(t *testing.T) {
	t.Parallel()
	files := realdata.Glob(t, "devices/gb28181/*/*.sip")
	_, _, address := start(t, loopback)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b = wireForm(b)
		m, err := sip.ParseMessage(b)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(f), err)
			continue
		}
		want := map[string]string{"REGISTER": "401", "MESSAGE": "403"}[strings.Fields(string(b))[0]]
		if _, is := m.(*sip.Request); !is || want == "" {
			continue
		}
		c, err := net.Dial("udp", address)
		if err != nil {
			t.Fatal(err)
		}
		// The answer comes where the request came from, whatever the device wrote into its Via.
		b = regexp.MustCompile(`Via: SIP/2.0/(UDP|TCP) [^;\r]+`).ReplaceAll(b, []byte("Via: SIP/2.0/UDP "+c.LocalAddr().String()))
		_, _ = c.Write(b)
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		answer := make([]byte, 4096)
		n, err := c.Read(answer)
		if err != nil || !strings.HasPrefix(string(answer[:n]), "SIP/2.0 "+want) {
			t.Errorf("%s: %q, %v", filepath.Base(f), answer[:n], err)
		}
		_ = c.Close()
	}
}

// Whatever comes as a packet: what is read of a request keeps within its bounds, and nothing of it proves a password that was not given.
func FuzzRequest(f *testing.F) {
	f.Add([]byte("REGISTER sip:34020000002000000001@3402000000 SIP/2.0\r\nVia: SIP/2.0/UDP 10.8.0.9:5060;branch=z9hG4bK1\r\nFrom: <sip:34020000001180000001@3402000000>;tag=1\r\nTo: <sip:34020000001180000001@3402000000>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n" +
		"Contact: <sip:34020000001180000001@10.8.0.9:5060>;expires=60\r\nAuthorization: Digest username=\"34020000001180000001\", realm=\"3402000000\", nonce=\"a\", uri=\"sip:x\", response=\"00\"\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n"))
	f.Add([]byte("MESSAGE sip:x SIP/2.0\r\nFrom: <sip:1@2>\r\nExpires: -1\r\n\r\n<?xml version=\"1.0\"?><Notify><CmdType>Keepalive</CmdType></Notify>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := sip.ParseMessage(b)
		if err != nil {
			return
		}
		req, is := m.(*sip.Request)
		if !is {
			return
		}
		if d := expiresOf(req); d != 0 && (d < time.Minute || d > maxExpires) {
			t.Errorf("registered for %v", d)
		}
		_ = hostOf(req.Source())
		if h := req.GetHeader("Authorization"); h != nil {
			if c := digest.Parse(h.Value()); c.Valid("REGISTER", "a password that is in no seed") {
				t.Errorf("%q proves a password", h.Value())
			}
		}
		if m, err := manscdp.Parse(req.Body(), time.UTC); err == nil && !manscdp.ID(m.DeviceID) {
			t.Errorf("a message about %q", m.DeviceID)
		}
	})
}

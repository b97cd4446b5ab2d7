package probe

import (
	"bufio"
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wanglou/layers/camera"
	"wanglou/server/digest"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

const (
	sdp      = "v=0\r\nm=audio 0 RTP/AVP 8\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n"
	password = "geheim"
)

func ok(body string) string {
	return fmt.Sprintf("RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func md5hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// asks answers requests one after the other, by their method and password.
func asks(answer func(method, authorization string) string) func(net.Conn) {
	return func(c net.Conn) {
		r := bufio.NewReader(c)
		for {
			first, authorization := "", ""
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				line = strings.TrimSpace(line)
				if line == "" {
					break
				}
				if first == "" {
					first = line
				}
				if v, found := strings.CutPrefix(line, "Authorization: "); found {
					authorization = v
				}
			}
			if _, err := io.WriteString(c, answer(strings.Fields(first)[0], authorization)); err != nil {
				return
			}
		}
	}
}

func plain(status string) func(net.Conn) {
	return asks(func(method, _ string) string {
		if method == "OPTIONS" {
			return ok("")
		}
		return "RTSP/1.0 " + status + "\r\nLocation: rtsp://192.0.2.7/1\r\n\r\n"
	})
}

func digestFake(t *testing.T, challenges, algorithm string) func(net.Conn) {
	return asks(func(method, authorization string) string {
		c := digest.Parse(authorization)
		uri := c.Params["uri"]
		want := ""
		if c.Scheme == "digest" {
			fields := map[string]string{"realm": "cam", "nonce": "n1", "algorithm": algorithm}
			if strings.Contains(challenges, "qop") {
				fields["qop"] = "auth"
			}
			d := digest.Parse(digest.Challenge{Params: fields}.Digest(method, uri, camera.Login{User: "admin", Password: password}, c.Params["cnonce"]))
			want = d.Params["response"]
		}
		if want == "" || c.Params["response"] != want {
			return "RTSP/1.0 401 Unauthorized\r\n" + challenges + "\r\n"
		}
		if strings.Contains(authorization, password) {
			t.Error("the password is on the line")
		}
		if method == "OPTIONS" {
			return ok("")
		}
		return ok(sdp)
	})
}

// fake serves until the test ends; it returns its address.
func fake(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	conns := []net.Conn{}
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			all.Go(func() { serve(c); _ = c.Close() })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return l.Addr().String()
}

func TestRTSP(t *testing.T) {
	t.Parallel()
	good := asks(func(method, _ string) string {
		if method == "OPTIONS" {
			return "RTSP/1.0 501 Not Implemented\r\n\r\n"
		}
		return ok(sdp)
	})
	login := camera.Login{User: "admin", Password: password}
	for name, c := range map[string]struct {
		serve  func(net.Conn)
		login  camera.Login
		sight  camera.Sight
		detail string
	}{
		"ok":              {good, camera.Login{}, camera.SeenOK, ""},
		"digest, old":     {digestFake(t, "WWW-Authenticate: Digest realm=\"cam\", nonce=\"n1\"\r\n", ""), login, camera.SeenOK, ""},
		"digest, qop":     {digestFake(t, "WWW-Authenticate: Digest realm=\"cam\", nonce=\"n1\", qop=\"auth\", algorithm=MD5\r\nWWW-Authenticate: Basic realm=\"cam\"\r\n", "MD5"), login, camera.SeenOK, ""},
		"digest, SHA-256": {digestFake(t, "WWW-Authenticate: Digest realm=\"cam\", nonce=\"n1\", qop=\"auth\", algorithm=MD5\r\nWWW-Authenticate: Digest realm=\"cam\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256\r\n", "SHA-256"), login, camera.SeenOK, ""},
		"wrong password":  {digestFake(t, "WWW-Authenticate: Digest realm=\"cam\", nonce=\"n1\"\r\n", ""), camera.Login{User: "admin", Password: "x"}, camera.WrongPassword, "refused"},
		"no password":     {digestFake(t, "WWW-Authenticate: Digest realm=\"cam\", nonce=\"n1\"\r\n", ""), camera.Login{}, camera.WrongPassword, "no_password"},
		"basic alone":     {asks(func(string, string) string { return "RTSP/1.0 401 U\r\nWWW-Authenticate: Basic realm=\"cam\"\r\n\r\n" }), login, camera.WrongPassword, "no_safe_login"},
		"hangs":           {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, login, camera.NoAnswer, "timeout"},
		"slow drip":       {drip, login, camera.NoAnswer, "timeout"},
		"closes":          {func(net.Conn) {}, login, camera.NoAnswer, "closed"},
		"garbage": {func(c net.Conn) {
			_, _ = io.WriteString(c, "$\x00\x01\x02 SSH-2.0-dropbear\r\n\r\n")
			_, _ = io.Copy(io.Discard, c)
		}, login, camera.Garbage, "not_rtsp"},
		"endless line":   {func(c net.Conn) { _, _ = c.Write(bytes.Repeat([]byte("R"), 1<<20)) }, login, camera.Garbage, "not_rtsp"},
		"endless header": {func(c net.Conn) { _, _ = io.WriteString(c, "RTSP/1.0 200 OK\r\n"+strings.Repeat("a: b\r\n", 1000)) }, login, camera.Garbage, "not_rtsp"},
		"a body of gigabyte": {func(c net.Conn) {
			_, _ = io.WriteString(c, "RTSP/1.0 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
			_, _ = io.Copy(io.Discard, c)
		}, login, camera.Garbage, "not_rtsp"},
		"redirect":  {plain("302 Moved"), login, camera.NoStream, "redirect"},
		"not found": {plain("404 Not Found"), login, camera.NoStream, "status_404"},
		"no video":  {asks(func(string, string) string { return ok("v=0\r\nm=audio 0 RTP/AVP 8\r\n") }), login, camera.NoStream, "no_video_track"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := New(Options{Networks: loopback, Timeout: 400 * time.Millisecond})
			if c.sight != camera.NoAnswer {
				p.o.Timeout = 10 * time.Second
			}
			o := p.Look(t.Context(), &camera.Target{ID: 1, Address: "rtsp://" + fake(t, c.serve) + "/h264/ch1", Login: c.login})
			if o.Sight != c.sight || o.Detail != c.detail || o.Sight == camera.SeenOK && o.Codec != "H265" {
				t.Errorf("%q %q %q, want %q %q", o.Sight, o.Detail, o.Codec, c.sight, c.detail)
			}
		})
	}
}

// drip sends a byte now and then, for ever.
func drip(c net.Conn) {
	for _, b := range []byte(strings.Repeat("RTSP/1.0 200 OK\r\nX: y", 1000)) {
		if _, err := c.Write([]byte{b}); err != nil {
			return
		}
		time.Sleep(50 * time.Millisecond) // a camera's, not the test's: it ends when the other side goes
	}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	jpeg := append([]byte{0xff, 0xd8, 0xff, 0xe0}, make([]byte, 1<<20)...)
	login := camera.Login{User: "admin", Password: password}
	with := func(status int, kind string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Location", "http://192.0.2.7/")
			w.WriteHeader(status)
			_, _ = w.Write(body)
		}
	}
	for name, c := range map[string]struct {
		serve  http.HandlerFunc
		sight  camera.Sight
		detail string
	}{
		"ok":            {with(200, "image/jpeg", jpeg), camera.SeenOK, ""},
		"a page":        {with(200, "text/html", []byte("<html>log in</html>")), camera.NoStream, "not_a_picture"},
		"not a picture": {with(200, "image/jpeg", []byte("nothing")), camera.Garbage, "not_a_picture"},
		"redirect":      {with(302, "", nil), camera.NoStream, "redirect"},
		"error":         {with(500, "", nil), camera.NoStream, "status_500"},
		"digest": {func(w http.ResponseWriter, r *http.Request) {
			c := digest.Parse(r.Header.Get("Authorization"))
			want := md5hex(md5hex("admin:cam:"+password) + ":n1:00000001:" + c.Params["cnonce"] + ":auth:" + md5hex("GET:/snap?ch=1"))
			if c.Params["response"] != want {
				w.Header().Set("WWW-Authenticate", `Digest realm="cam", nonce="n1", qop="auth"`)
				w.WriteHeader(401)
				return
			}
			with(200, "image/jpeg", jpeg)(w, r)
		}, camera.SeenOK, ""},
		"refused": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Digest realm="cam", nonce="n1"`)
			w.WriteHeader(401)
		}, camera.WrongPassword, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(c.serve)
			defer s.Close()
			o := New(Options{Networks: loopback, Timeout: 10 * time.Second}).Look(t.Context(), &camera.Target{Probe: camera.ProbeHTTP, Address: s.URL + "/snap?ch=1", Login: login})
			if o.Sight != c.sight || o.Detail != c.detail {
				t.Errorf("%q %q, want %q %q", o.Sight, o.Detail, c.sight, c.detail)
			}
		})
	}
}

// Nothing inside is reached that was not named: not this machine, not by name, not by a port where no camera is.
func TestNobodyIsDialledWhoWasNotNamed(t *testing.T) {
	t.Parallel()
	var dialled atomic.Int64
	address := fake(t, func(c net.Conn) { dialled.Add(1); _, _ = io.WriteString(c, ok(sdp)) })
	_, port, _ := net.SplitHostPort(address)
	office := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, networks := range [][]netip.Prefix{nil, office} {
		p := New(Options{Networks: networks})
		for _, url := range []string{"rtsp://" + address + "/", "rtsp://localhost:" + port + "/", "rtsp://[::1]:" + port + "/", "rtsp://[::ffff:127.0.0.1]:" + port + "/", "rtsp://0.0.0.0:" + port + "/", "http://" + address + "/", "http://localhost:" + port + "/"} {
			kind := camera.ProbeRTSP
			if strings.HasPrefix(url, "http") {
				kind = camera.ProbeHTTP
			}
			if o := p.Look(t.Context(), &camera.Target{Probe: kind, Address: url}); o.Sight != "" || o.Detail != "not_allowed" {
				t.Errorf("%s: %q %q", url, o.Sight, o.Detail)
			}
		}
	}
	all := New(Options{Networks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}})
	for at, want := range map[string]bool{"10.0.0.1:554": true, "10.0.0.1:22": false, "10.0.0.1:8554": true, "169.254.169.254:80": false, "0.0.0.0:554": false, "224.0.0.1:554": false, "[fe80::1]:554": false, "[fd00::1]:80": true} {
		if allows(all.o.Networks, netip.MustParseAddrPort(at)) != want {
			t.Errorf("%s: %v", at, !want)
		}
	}
	if dialled.Load() > 0 {
		t.Errorf("%d connections", dialled.Load())
	}
}

// A recorder is asked a few things at once, however many cameras hang on it, and keeps nobody else waiting.
func TestARecorderIsNotOverrun(t *testing.T) {
	t.Parallel()
	q := newQueue(3)
	for i := range 10 {
		q.push(&camera.Target{ID: int64(i), ParentID: 1})
	}
	q.push(&camera.Target{ID: 10, Address: "rtsp://h/"})
	q.close()
	var taken []int64
	take := func() string {
		c, host := q.take()
		taken = append(taken, c.ID)
		return host
	}
	for range 4 {
		take()
	}
	for range 7 {
		q.done("recorder 1")
		take()
	}
	if !slices.Equal(taken, []int64{0, 1, 2, 10, 3, 4, 5, 6, 7, 8, 9}) {
		t.Errorf("taken %v", taken)
	}
	if c, _ := q.take(); c != nil {
		t.Errorf("%v is left", c)
	}
}

func TestSweepSeesEachOnce(t *testing.T) {
	t.Parallel()
	address := fake(t, asks(func(string, string) string { return ok(sdp) }))
	var targets []camera.Target
	for i := range 200 {
		targets = append(targets, camera.Target{ID: int64(i + 1), ParentID: int64(1 + i%2), Address: "rtsp://" + address + "/"})
	}
	seen := map[int64]int{}
	New(Options{Networks: loopback, Timeout: 30 * time.Second}).Sweep(t.Context(), targets, func(o camera.Observation) {
		if seen[o.CameraID]++; o.Sight != camera.SeenOK {
			t.Errorf("%+v", o)
		}
	})
	if len(seen) != 200 {
		t.Errorf("%d seen", len(seen))
	}
}

// store is a camera.Watches in memory.
type store struct {
	camera.Watches
	mu      sync.Mutex
	targets []camera.Target
	turned  chan camera.Seen
	fail    int
}

func (s *store) Targets(context.Context) ([]camera.Target, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]camera.Target{}, s.targets...), nil
}
func (s *store) Lead(ctx context.Context, f func(context.Context) error) error { return f(ctx) }
func (s *store) Regroup(context.Context, time.Time, *camera.Grouping) error    { return nil }
func (s *store) Record(_ context.Context, seen []camera.Seen) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail++; s.fail == 1 {
		return io.ErrUnexpectedEOF // the database is away for a moment
	}
	for _, n := range seen {
		if n.Turned {
			s.turned <- n
		}
	}
	return nil
}

func TestRun(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	address := fake(t, asks(func(string, string) string {
		if broken.Load() {
			return "HTTP/1.0 500 no\r\n\r\n"
		}
		return ok(sdp)
	}))
	s := &store{targets: []camera.Target{{ID: 7, Address: "rtsp://" + address + "/"}}, turned: make(chan camera.Seen, 100)}
	p := New(Options{Store: s, Networks: loopback, Every: 20 * time.Millisecond, Confirm: time.Millisecond, Workers: 4})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	if n := <-s.turned; n.Watch.Status != camera.Online || n.Codec != "H265" {
		t.Errorf("%+v", n)
	}
	broken.Store(true)
	if n := <-s.turned; n.Watch.Status != camera.Fault || n.Watch.Detail != "not_rtsp" {
		t.Errorf("%+v", n)
	}
	stop()
	if err := <-ended; err != context.Canceled {
		t.Error(err)
	}
	if st := p.Stats(); st.Turned != 2 || st.Targets != 1 || st.Lost != 1 || st.Looks[camera.SeenOK] == 0 {
		t.Errorf("%+v", st)
	}
}

func FuzzResponse(f *testing.F) {
	for _, seed := range []string{ok(sdp), "RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"a\\\"b\", nonce=x,qop=\"auth\"\r\n\r\n", "RTSP/2.0 200\n\n", "$\x00\x00\x04abcd", "RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := readResponse(bufio.NewReaderSize(bytes.NewReader(data), maxLine))
		if err != nil {
			return
		}
		if r.status < 100 || r.status > 999 || len(r.body) > maxBody || len(r.fields) > maxFields {
			t.Fatalf("%d, %d bytes, %d fields", r.status, len(r.body), len(r.fields))
		}
		if codec, found := video(r.body); codec != "" && !found || len(codec) > 40 {
			t.Fatalf("codec %q", codec)
		}
		if value, _ := digest.Answer(r.fields["www-authenticate"], "DESCRIBE", "rtsp://h/", camera.Login{User: "u\r\nX: y", Password: "p"}, true); strings.ContainsAny(value, "\r\n") {
			t.Fatalf("a line of its own: %q", value)
		}
	})
}

// A camera that nobody asks is as its device tells, and down when that is silent.
func TestDevicesAreListenedTo(t *testing.T) {
	t.Parallel()
	p, now := New(Options{}), time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	w := &watched{target: camera.Target{ID: 7, Probe: camera.ProbeNone}}
	all := map[int64]*watched{7: w}
	for i, step := range []struct {
		after time.Duration
		told  camera.Told
		want  camera.Status
	}{
		{0, camera.Told{}, ""},
		{time.Minute, camera.Told{At: now.Add(time.Minute)}, camera.Online},
		{90 * time.Second, camera.Told{At: now.Add(time.Minute)}, camera.Online}, // the same sign
		{241 * time.Second, camera.Told{At: now.Add(time.Minute)}, camera.Offline},
		{5 * time.Minute, camera.Told{At: now.Add(5 * time.Minute)}, camera.Offline}, // not at once
		{6 * time.Minute, camera.Told{At: now.Add(6 * time.Minute)}, camera.Online},
		{7 * time.Minute, camera.Told{At: now.Add(7 * time.Minute), Off: true}, camera.Online}, // once is not sure
		{8 * time.Minute, camera.Told{At: now.Add(8 * time.Minute), Off: true}, camera.Offline},
	} {
		seen := map[int64]camera.Seen{}
		w.target.Told = step.told
		p.listen(all, now.Add(step.after), seen)
		if w.target.Watch.Status != step.want {
			t.Errorf("step %d: %q, want %q", i, w.target.Watch.Status, step.want)
		}
	}
}

// Whatever a snapshot camera answers with: only what begins as a picture does, and says that it is one, is seen as one.
func FuzzPicture(f *testing.F) {
	f.Add(200, "image/jpeg", []byte("\xff\xd8\xff\xe0"))
	f.Add(200, "text/html", []byte("<html>"))
	f.Add(302, "", []byte{})
	f.Fuzz(func(t *testing.T, status int, kind string, head []byte) {
		got := picture(&http.Response{StatusCode: status, Header: http.Header{"Content-Type": {kind}}}, head)
		is := status == 200 && len(head) > 2 && (string(head[:3]) == "\xff\xd8\xff" || string(head[:3]) == "\x89PN")
		if got.sight == camera.SeenOK && !is || got.sight == camera.SeenOK && got.codec != "JPEG" || got.sight != camera.SeenOK && got.detail == "" {
			t.Errorf("%d %q %x: %+v", status, kind, head, got)
		}
	})
}

package server_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"wanglou/layers"
	"wanglou/server"
	"wanglou/tiles"
)

// lines is a log that tests read.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func logged(l *lines) func(*server.Options) {
	return func(o *server.Options) {
		o.Logger = slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
}

// panicking is a tile set whose tiles break.
type panicking struct{ tileset }

func (*panicking) Source(name string) (tiles.Source, error) {
	if name == "abort" {
		panic(http.ErrAbortHandler)
	}
	panic("boom in " + name)
}

func TestPanics(t *testing.T) {
	t.Parallel()
	var log lines
	w := newWorld(t, logged(&log), func(o *server.Options) { o.Tiles = &panicking{} })
	c := w.as("duty")
	res := c.Get("/tiles/camera/0/0/0").WantError(500, "internal", "", "")
	if strings.Contains(string(res.Body), "boom") || strings.Contains(string(res.Body), ".go:") {
		t.Errorf("the panic is shown: %s", res.Body)
	}
	if id := res.Header.Get("X-Request-Id"); !strings.Contains(log.String(), "boom in camera") || !strings.Contains(log.String(), id) {
		t.Errorf("the log does not tell of the panic of %s: %s", id, log.String())
	}
	c.Get("/api/session").Want(200)
	if text := string(w.nobody().Get("/metrics").Body); !strings.Contains(text, "wanglou_panics_total 1") || !strings.Contains(text, "wanglou_http_requests_under_way 1\n") {
		t.Error("the panic was not counted, or is still under way")
	}
}

// What went wrong stands in the log under the request's id, never in an answer; what is secret stands in neither.
func TestLogs(t *testing.T) {
	t.Parallel()
	var log lines
	w := newWorld(t, logged(&log))
	c := w.as("duty")
	w.nobody().Login("duty", "my-secret-password").Want(401)
	w.cases.fail(&layers.Error{Code: layers.CodeUnavailable, Msg: "away", Err: errDown})
	res := c.Get("/api/search?q=zhangsan").WantError(503, "unavailable", "", "")
	text := log.String()
	for _, want := range []string{res.Header.Get("X-Request-Id"), "connection refused", "path=/api/search", "status=503", "remote=127.0.0.1", "user_id=2"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log has no %q", want)
		}
	}
	_, token, _ := strings.Cut(c.Cookies().Get("Cookie"), "=")
	for _, bad := range []string{"zhangsan", "my-secret-password", token} {
		if strings.Contains(text, bad) {
			t.Errorf("the log has %q", bad)
		}
	}
}

func TestLimitsOfRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	c := w.as("duty")
	big := []byte(`{"title":"` + strings.Repeat("x", 1<<20) + `"}`)
	c.Do("POST", "/api/incidents", big).WantError(413, "too_large", "", "")
	c.Get("/", "X-Filler", strings.Repeat("x", 80<<10)).Want(431)
	c.Do("POST", "/api/session", "{}", "Content-Type", "text/html").WantError(400, "invalid", "", "content_type")
	c.Do("DELETE", "/api/incidents/7", "{}").WantError(405, "invalid", "", "method_not_allowed")
	c.Do("DELETE", "/api/users/1", nil).WantError(405, "invalid", "", "method_not_allowed")
	c.Do("OPTIONS", "/api/incidents", nil, "Origin", "https://evil.example", "Access-Control-Request-Method", "POST")
	// A body that ends before its time is no half case.
	host := strings.TrimPrefix(w.url, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /api/incidents HTTP/1.1\r\nHost: "+host+"\r\nCookie: "+c.Cookies().Get("Cookie")+
		"\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"title\":\"x\""); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400") || len(w.cases.args()) > 0 {
		t.Errorf("%v: %s; the service got %v", err, answer, w.cases.args())
	}
}

// HEAD is GET without the body, on every address.
func TestHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as("duty")
	for _, path := range []string{"/", "/healthz", "/readyz", "/metrics", "/api/session", "/api/catalog", "/api/openapi.yaml", "/tiles/camera.json", "/nothing.js"} {
		get, head := c.Get(path), c.Do("HEAD", path, nil)
		if head.Status != get.Status || len(head.Body) > 0 || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") {
			t.Errorf("%s: HEAD %d %q, GET %d %q", path, head.Status, head.Header.Get("Content-Type"), get.Status, get.Header.Get("Content-Type"))
		}
	}
}

// Long lists are packed, short answers and packed files are not.
func TestCompression(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 100 {
		w.put(cameraAt(int64(i+1), "迎春南路路口", "c.t1", 119.68, 29.79))
	}
	c := w.as("duty")
	for path, want := range map[string]string{"/api/layers/camera/features?bbox=119,29,120,30": "gzip", "/api/session": "", "/api/openapi.yaml": "gzip"} {
		if got := c.Get(path, "Accept-Encoding", "gzip").Want(200).Header.Get("Content-Encoding"); got != want {
			t.Errorf("%s comes as %q, want %q", path, got, want)
		}
	}
}

// A server that stops sends the walls away with a code that makes them come back, ends what is under way, and takes nothing new.
func TestShutdown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.start()
	c := w.as("duty")
	live := w.mustDial(c)
	if err := live.Subscribe(t.Context(), "camera", false); err != nil {
		t.Fatal(err)
	}
	inside, leave := make(chan struct{}), make(chan struct{})
	w.tiles.hook(func() { close(inside); <-leave })
	w.tiles.set(tiles.Tile{Body: []byte("late"), ETag: `"1"`}, nil)
	answered := make(chan string, 1)
	go func() { answered <- string(c.Get("/tiles/camera/0/0/0").Body) }()
	<-inside
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	w.wantClose(live, websocket.StatusGoingAway)
	close(leave)
	if got := <-answered; got != "late" {
		t.Errorf("the request under way got %q", got)
	}
	<-stopped
	if conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://")); err == nil {
		conn.Close()
		t.Error("a stopped server takes connections")
	}
}

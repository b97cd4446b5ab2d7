package server_test

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"wanglou/layers/auth"
	"wanglou/server"
	"wanglou/tiles"
)

// The short way for tiles and the routes answer alike, whoever asks for whatever: status, headers and bytes.
func TestTileLaneAnswersAsTheRoutesDo(t *testing.T) {
	t.Parallel()
	var options server.Options
	w := newWorld(t, func(o *server.Options) {
		o.Tiles = tiles.NewSet(o.Replica, 1<<20)
		options = *o
	})
	// A log that wants every request keeps the lane closed.
	options.Logger = slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))
	routed := httptest.NewServer(server.New(options).Handler())
	t.Cleanup(routed.Close)
	w.put(cameraAt(1, "one", "c.t1", 119.68, 29.79), cameraAt(2, "two", "c.t2", 119.7, 29.81))
	tileAt := func(lon, lat float64, z maptile.Zoom) string {
		t := maptile.At(orb.Point{lon, lat}, z)
		return fmt.Sprintf("/tiles/camera/%d/%d/%d", t.Z, t.X, t.Y)
	}

	cookies := map[string]http.Header{"nobody": {}, "a stranger": {"Cookie": {"wanglou_session=made-up"}}}
	for _, login := range []string{"duty", "town", "norole"} {
		cookies[login] = w.as(login).Cookies()
	}
	ask := func(base, method, path string, cookies http.Header, headers map[string]string) (*http.Response, []byte) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = cookies.Clone()
		for k, v := range headers {
			req.Header.Set(k, v)
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		resp.Header.Del("Date")
		resp.Header.Del("X-Request-Id") // the lane has none
		return resp, body
	}
	same := func(who, method, path string, headers map[string]string) *http.Response {
		t.Helper()
		a, bodyA := ask(w.url, method, path, cookies[who], headers)
		b, bodyB := ask(routed.URL, method, path, cookies[who], headers)
		if a.StatusCode != b.StatusCode || !maps.EqualFunc(a.Header, b.Header, slices.Equal) || a.StatusCode < 400 && string(bodyA) != string(bodyB) {
			t.Errorf("%s: %s %s %v\nlane  %d %v, %d bytes\nroute %d %v, %d bytes", who, method, path, headers, a.StatusCode, a.Header, len(bodyA), b.StatusCode, b.Header, len(bodyB))
		}
		return a
	}
	found := 0
	for who := range cookies {
		for range 2 { // the first request makes the server remember
			for _, path := range []string{tileAt(119.68, 29.79, 10), tileAt(119.68, 29.79, 14), tileAt(119.68, 29.79, 16), tileAt(119.7, 29.81, 14), "/tiles/camera/10/0/0", "/tiles/camera/10/1024/0", "/tiles/camera/25/0/0",
				"/tiles/camera/x/0/0", "/tiles/camera/1/0", "/tiles/camera/1/0/0/0", "/tiles/camera/-1/0/0", "/tiles/nothing/1/0/0", "/tiles/camera,area/1/1/0", "/tiles/camera/1/1/0?x=1", "/tiles/%63amera/1/1/0", "/tiles/camera/1/1/"} {
				for _, accept := range []string{"", "gzip", "br, zstd", "gzip;q=0"} {
					for _, method := range []string{http.MethodGet, http.MethodHead} {
						resp := same(who, method, path, map[string]string{"Accept-Encoding": accept})
						if tag := resp.Header.Get("ETag"); tag != "" {
							found++
							same(who, method, path, map[string]string{"Accept-Encoding": accept, "If-None-Match": tag})
							same(who, method, path, map[string]string{"Accept-Encoding": accept, "If-None-Match": "W/" + tag})
						}
					}
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d answers had a tile", found)
	}
	// Who logs out is out at once, by the lane too.
	duty, at := w.as("duty"), tileAt(119.68, 29.79, 10)
	session := duty.Cookies()
	for range 2 {
		if resp, _ := ask(w.url, http.MethodGet, at, session, nil); resp.StatusCode != http.StatusOK {
			t.Fatalf("signed in: %d", resp.StatusCode)
		}
	}
	duty.Do(http.MethodDelete, "/api/session", nil).Want(http.StatusNoContent)
	if resp, _ := ask(w.url, http.MethodGet, at, session, nil); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("after the log-out: %d", resp.StatusCode)
	}
	// An account that was disabled elsewhere is out after some seconds.
	session = w.as("town").Cookies()
	if resp, _ := ask(w.url, http.MethodGet, at, session, nil); resp.StatusCode != http.StatusOK {
		t.Fatalf("signed in: %d", resp.StatusCode)
	}
	w.users.change(3, func(u *auth.User) { u.Disabled = true })
	w.clock.Add(6 * time.Second)
	if resp, _ := ask(w.url, http.MethodGet, at, session, nil); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("disabled: %d", resp.StatusCode)
	}
}

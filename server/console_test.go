package server_test

import (
	"strings"
	"testing"

	"wanglou/server"
)

const html = "text/html,application/xhtml+xml,*/*;q=0.8"

func TestConsole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.nobody()
	for _, path := range []string{"/", "/index.html", "/incidents", "/incidents/7", "/wall", "/field/tasks", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd"} {
		res := c.Get(path, "Accept", html).Want(200)
		if !strings.Contains(string(res.Body), "望楼") || res.Header.Get("Content-Type") != "text/html; charset=utf-8" || res.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %q %v", path, res.Body, res.Header)
		}
	}
	res := c.Get("/assets/app-1a2b.js").Want(200)
	if res.Header.Get("Content-Type") != "text/javascript; charset=utf-8" || res.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
		t.Errorf("%v", res.Header)
	}
	etag := res.Header.Get("ETag")
	if etag == "" || len(c.Get("/assets/app-1a2b.js", "If-None-Match", etag).Want(304).Body) > 0 {
		t.Errorf("validator %q", etag)
	}
	if head := c.Do("HEAD", "/assets/app-1a2b.js", nil).Want(200); len(head.Body) > 0 {
		t.Errorf("HEAD has a body")
	}
	if part := c.Get("/assets/app-1a2b.js", "Range", "bytes=0-5").Want(206); string(part.Body) != "export" {
		t.Errorf("a range: %q", part.Body)
	}
	if res := c.Get("/manifest.webmanifest").Want(200); res.Header.Get("Content-Type") != "application/manifest+json" {
		t.Errorf("%v", res.Header)
	}
	for _, path := range []string{
		"/assets", "/assets/", "/assets/old-3c4d.js", "/assets/page", "/.hidden", "/x/.hidden", "/.git/config", "/app.php", "/favicon.png", "/api", "/api/", "/api/nothing",
		"/api/users/../nothing", "/debug/pprof/", "/assets/..%5c..%5cx.js",
	} {
		c.Get(path, "Accept", html).WantError(404, "not_found", "", "")
	}
	c.Get("/incidents/7").WantError(404, "not_found", "", "") // a program, not a person
	c.Do("POST", "/incidents/7", "{}").WantError(405, "invalid", "", "method_not_allowed")
	newWorld(t, func(o *server.Options) { o.Console = nil }).nobody().Get("/", "Accept", html).WantError(404, "not_found", "", "")
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/", "/assets/app-1a2b.js", "/nothing.js", "/api/session", "/api/nothing", "/tiles/camera/x/0/0", "/healthz", "/metrics"} {
		h := w.nobody().Get(path).Header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s %q", path, name, h.Get(name))
			}
		}
		csp := strings.Replace(h.Get("Content-Security-Policy"), "media-src 'self' blob:", "media-src 'self'", 1) // HLS is put together in the page
		for _, bad := range []string{"unsafe", "http:", "https:", "blob:", " *"} {
			if strings.Contains(csp, bad) {
				t.Errorf("%s: the content policy allows %s", path, bad)
			}
		}
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || h.Get("Access-Control-Allow-Origin") != "" || h.Get("Server") != "" {
			t.Errorf("%s: %v", path, h)
		}
		if strings.HasPrefix(path, "/api/") && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %q", path, h.Get("Cache-Control"))
		}
		if id := h.Get("X-Request-Id"); len(id) != 16 {
			t.Errorf("%s: request id %q", path, id)
		}
	}
	if id := w.nobody().Get("/healthz", "X-Request-Id", "<script>").Header.Get("X-Request-Id"); strings.Contains(id, "script") {
		t.Errorf("a stranger names requests: %q", id)
	}
}

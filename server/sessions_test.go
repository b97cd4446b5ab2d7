package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"wanglou/layers/auth"
	"wanglou/server"
	"wanglou/server/live"
)

// sessionOf is what GET /api/session answers.
type sessionOf struct {
	User    auth.User
	Actions []string
	Version string
}

func TestLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.nobody()
	c.Get("/api/session").WantError(401, "unauthorized", "", "")
	res := c.Login("  Town ", "town-password").Want(200) // folded as logins are kept
	var s sessionOf
	res.Into(&s)
	if s.User.Login != "town" || s.Version != "1.2.3" || !slices.Equal(s.Actions, []string{"attachment.add", "attachment.original", "camera.watch", "detection.review", "geofence.manage", "handover", "incident.create", "incident.message", "incident.move", "marking.draw", "marking.manage", "read", "replay", "report.create", "roster.manage", "task.dispatch", "token.manage", "wall.show"}) {
		t.Errorf("%+v", s)
	}
	cookie := res.Header.Get("Set-Cookie")
	for _, want := range []string{"wanglou_session=", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie %q has no %s", cookie, want)
		}
	}
	if strings.Contains(cookie, "Secure") || res.Header.Get("Strict-Transport-Security") != "" {
		t.Error("plain http was told to be https")
	}
	var again sessionOf
	c.Get("/api/session").Want(200).Into(&again)
	if again.User.Login != "town" {
		t.Errorf("%+v", again)
	}
	old := c.Cookies()
	c.Do("DELETE", "/api/session", nil).Want(204)
	c.Get("/api/session").WantError(401, "unauthorized", "", "")
	w.nobody().Get("/api/session", "Cookie", old.Get("Cookie")).WantError(401, "unauthorized", "", "")
	if want := []string{"town session.create session", "town session.delete session"}; !slices.Equal(w.users.log(), want) {
		t.Errorf("audit %q, want %q", w.users.log(), want)
	}
}

func TestLoginBehindHTTPS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) { o.HTTPS = true })
	res := w.nobody().Login("duty", "duty-password").Want(200)
	if !strings.Contains(res.Header.Get("Set-Cookie"), "Secure") || res.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%v", res.Header)
	}
}

func TestRefusedLogins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	type in map[string]any
	for name, c := range map[string]struct {
		body                any
		status              int
		code, field, reason string
	}{
		"wrong password":    {in{"login": "duty", "password": "duty"}, 401, "unauthorized", "", "wrong_password"},
		"no such login":     {in{"login": "nobody", "password": "nobody-password"}, 401, "unauthorized", "", "wrong_password"},
		"disabled":          {in{"login": "gone", "password": "gone-password"}, 401, "unauthorized", "", "wrong_password"},
		"no login":          {in{"login": " ", "password": "x"}, 400, "invalid", "login", "required"},
		"no password":       {in{"login": "duty"}, 400, "invalid", "password", "required"},
		"long login":        {in{"login": strings.Repeat("x", 65), "password": "x"}, 400, "invalid", "login", "too_long"},
		"long password":     {in{"login": "duty", "password": strings.Repeat("x", 201)}, 400, "invalid", "password", "too_long"},
		"unknown field":     {in{"login": "duty", "password": "x", "admin": true}, 400, "invalid", "admin", "unknown_field"},
		"password a number": {in{"login": "duty", "password": 12}, 400, "invalid", "password", "wrong_type"},
		"no JSON":           {"login=duty", 400, "invalid", "", "malformed_json"},
	} {
		res := w.nobody().Do("POST", "/api/session", c.body).WantError(c.status, c.code, c.field, c.reason)
		if res.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: a cookie was set", name)
		}
	}
	refused := slices.DeleteFunc(w.users.log(), func(s string) bool { return !strings.Contains(s, "session.refuse") })
	if len(refused) != 3 {
		t.Errorf("%d refused log-ins in the audit log, want 3: %q", len(refused), w.users.log())
	}
}

// Who has a copy of the table cannot become anybody.
func TestTokensAreNotInTheTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as("duty")
	_, token, _ := strings.Cut(c.Cookies().Get("Cookie"), "=")
	all, err := w.sessions.All()
	if err != nil || len(all) != 1 {
		t.Fatalf("%d sessions, %v", len(all), err)
	}
	for key, data := range all {
		sum := sha256.Sum256([]byte(token))
		if strings.Contains(key, token) || strings.Contains(string(data), token) || key != base64.RawURLEncoding.EncodeToString(sum[:]) {
			t.Errorf("token %s is kept as %s", token, key)
		}
		w.nobody().Get("/api/session", "Cookie", "wanglou_session="+key).Want(401)
	}
}

// A log-in never goes on under a token that somebody may have planted.
func TestLoginTakesANewToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as("duty")
	first := c.Cookies().Get("Cookie")
	c.Login("town", "town-password").Want(200)
	if c.Cookies().Get("Cookie") == first {
		t.Error("the token stayed the same")
	}
	w.nobody().Get("/api/session", "Cookie", first).Want(401)
	planted := w.nobody().Do("POST", "/api/session", map[string]string{"login": "duty", "password": "duty-password"}, "Cookie", "wanglou_session=planted").Want(200)
	if strings.Contains(planted.Header.Get("Set-Cookie"), "planted") {
		t.Error("a planted token was taken")
	}
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step  time.Duration // between two requests
		steps int           // after which the session still stands
		end   time.Duration // and then no longer
	}{
		"used all along": {6 * time.Hour, 27, 6 * time.Hour},              // 7 days
		"left alone":     {0, 1, 12*time.Hour + time.Minute},              //
		"just not alone": {12*time.Hour - time.Minute, 2, 12 * time.Hour}, //
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			user := w.as("duty")
			for range c.steps {
				w.clock.Add(c.step)
				user.Get("/api/session").Want(200)
			}
			w.clock.Add(c.end)
			user.Get("/api/session").WantError(401, "unauthorized", "", "")
		})
	}
}

// Requests of a moment cost neither a read nor a write of the table each.
func TestSessionsAreCheap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as("duty")
	reads, writes := w.sessions.counts()
	for range 50 {
		c.Get("/api/session").Want(200)
		w.clock.Add(100 * time.Millisecond)
	}
	if r, x := w.sessions.counts(); r-reads > 2 || x != writes {
		t.Errorf("50 requests: %d reads, %d writes", r-reads, x-writes)
	}
}

func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.as("duty")
	in.Get("/api/session").Want(200)
	w.sessions.setDown(true)
	w.users.setDown(true)
	w.clock.Add(time.Minute)
	reads, _ := w.sessions.counts()
	for range 20 {
		in.Get("/api/session").Want(200)
	}
	if r, _ := w.sessions.counts(); r > reads+1 {
		t.Errorf("a table that is away was asked %d times by 20 requests", r-reads)
	}
	res := w.nobody().Login("duty", "duty-password").WantError(503, "unavailable", "", "")
	if strings.Contains(string(res.Body), "hunter2") {
		t.Errorf("the cause is shown: %s", res.Body)
	}
	// A browser that nobody remembers is not told to log in: it may be somebody.
	w.nobody().Get("/api/session", "Cookie", "wanglou_session=whoever").WantError(503, "unavailable", "", "")
	w.nobody().Get("/healthz", "Cookie", "wanglou_session=whoever").Want(200)
	w.clock.Add(11 * time.Minute)
	in.Get("/api/session").WantError(503, "unavailable", "", "")
	w.sessions.setDown(false)
	w.users.setDown(false)
	in.Get("/api/session").Want(200)
}

// Another node's log-out is heard of within seconds, and is not undone by moving the idle clock.
func TestLogoutElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	here := w.as("duty")
	all, err := w.sessions.All()
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Add(5*time.Minute - 2*time.Second)
	here.Get("/api/session").Want(200) // remembered
	for token := range all {
		if err := w.sessions.Delete(token); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Add(3 * time.Second) // the clock of the table is due, the memory is still fresh
	here.Get("/api/session").Want(401)
	if left, err := w.sessions.All(); err != nil || len(left) != 0 {
		t.Errorf("%d sessions are back, %v", len(left), err)
	}
}

func TestChangedAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	town, viewer := w.as("town"), w.as("viewer")
	w.users.change(3, func(u *auth.User) { u.Roles = []auth.Role{auth.RoleViewer} })
	w.users.change(4, func(u *auth.User) { u.Disabled = true })
	w.clock.Add(5 * time.Second)
	var s sessionOf
	town.Get("/api/session").Want(200).Into(&s)
	if !slices.Equal(s.Actions, []string{"camera.watch", "read", "replay", "token.manage"}) {
		t.Errorf("may still %q", s.Actions)
	}
	viewer.Get("/api/session").WantError(401, "unauthorized", "", "")
	w.users.change(4, func(u *auth.User) { u.Disabled = false })
	w.clock.Add(5 * time.Second)
	viewer.Get("/api/session").Want(401) // a session that has ended stays ended
}

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as("duty")
	body := map[string]any{"title": "x", "category": "09012", "severity": 2, "point": []float64{119.68, 29.79}}
	for name, h := range map[string][]string{
		"another site":              {"Sec-Fetch-Site", "cross-site"},
		"another host of the site":  {"Sec-Fetch-Site", "same-site"},
		"an old browser's":          {"Origin", "https://evil.example"},
		"a sandbox":                 {"Origin", "null"},
		"a host that looks like us": {"Origin", "http://127.0.0.1.evil.example"},
		"log-in from another site":  {"Sec-Fetch-Site", "cross-site"},
	} {
		path := "/api/incidents"
		if strings.HasPrefix(name, "log-in") {
			path = "/api/session"
		}
		c.Do("POST", path, body, h...).WantError(403, "forbidden", "", "cross_origin")
		c.Do("DELETE", "/api/session", nil, h...).WantError(403, "forbidden", "", "cross_origin")
	}
	c.Do("POST", "/api/incidents", body, "Sec-Fetch-Site", "same-origin").Want(201)
	c.Do("POST", "/api/incidents", body, "Origin", w.url).Want(201)
	c.Do("POST", "/api/incidents", body).Want(201) // no browser
	c.Get("/api/session", "Sec-Fetch-Site", "cross-site").Want(200)
	// A form of another site cannot be JSON.
	c.Do("POST", "/api/session", "login=duty", "Content-Type", "text/plain").WantError(400, "invalid", "", "content_type")
}

func TestLoginsAreLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	login := func(from, login, password string) (int, http.Header) {
		res := w.nobody().Do("POST", "/api/session", map[string]string{"login": login, "password": password}, "X-Forwarded-For", from)
		if res.Status == 429 {
			var e struct {
				RetryAfter int `json:"retry_after_s"`
			}
			res.WantError(429, "rate_limited", "", "login").Into(&e)
			if e.RetryAfter < 1 || fmt.Sprint(e.RetryAfter) != res.Header.Get("Retry-After") {
				t.Errorf("wait %d s, header %q", e.RetryAfter, res.Header.Get("Retry-After"))
			}
		}
		return res.Status, res.Header
	}
	// One account from many addresses.
	for i := range 10 {
		if status, _ := login(fmt.Sprintf("198.51.100.%d", i), "duty", "wrong"); status != 401 {
			t.Fatalf("try %d: %d", i, status)
		}
	}
	if status, _ := login("198.51.100.99", "duty", "duty-password"); status != 429 {
		t.Errorf("the account's eleventh try: %d", status)
	}
	if status, _ := login("198.51.100.99", "town", "town-password"); status != 200 {
		t.Errorf("another account: %d", status)
	}
	w.clock.Add(30 * time.Second)
	if status, _ := login("198.51.100.99", "duty", "duty-password"); status != 200 {
		t.Errorf("after the wait: %d", status)
	}
	// Many accounts from one address.
	limited := 0
	for i := range 40 {
		if status, _ := login("203.0.113.7", fmt.Sprintf("guess%d", i), "wrong"); status == 429 {
			limited++
		}
	}
	if limited != 10 {
		t.Errorf("%d of 40 tries of one address were refused, want 10", limited)
	}
	if status, _ := login("203.0.113.8", "town", "town-password"); status != 200 {
		t.Errorf("another address: %d", status)
	}
	// An office logs in from behind one address.
	for range 50 {
		if status, _ := login("203.0.113.9", "town", "town-password"); status != 200 {
			t.Fatalf("a good log-in: %d", status)
		}
	}
}

func TestLiveSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	if _, err := w.dial(w.nobody()); websocket.CloseStatus(err) != live.CloseNoSession {
		t.Errorf("nobody: %v", err)
	}
	out := w.as("duty")
	c := w.mustDial(out)
	out.Do("DELETE", "/api/session", nil).Want(204)
	w.wantClose(c, live.CloseNoSession)

	changed := w.mustDial(w.as("town"))
	admin := w.as("admin")
	admin.Do("PUT", "/api/users/3", map[string]any{"login": "town", "name": "town", "roles": []string{"viewer"}, "areas": []string{"c.t2"}}).Want(200)
	w.wantClose(changed, live.CloseRights)

	shut := w.as("viewer")
	c = w.mustDial(shut)
	admin.Do("PUT", "/api/users/4", map[string]any{"login": "viewer", "name": "viewer", "roles": []string{"viewer"}, "areas": []string{"c.t1"}, "disabled": true}).Want(200)
	w.wantClose(c, live.CloseRights) // it comes back at once, and finds
	if _, err := w.dial(shut); websocket.CloseStatus(err) != live.CloseNoSession {
		t.Errorf("a disabled account: %v", err)
	}
	for _, origin := range []string{"https://evil.example", "null"} {
		h := admin.Cookies()
		h.Set("Origin", origin)
		if conn, res, err := websocket.Dial(t.Context(), strings.Replace(w.url, "http", "ws", 1)+"/live", &websocket.DialOptions{HTTPHeader: h}); err == nil {
			conn.CloseNow()
			t.Errorf("a page of %s got the live stream", origin)
		} else if res == nil || res.StatusCode != http.StatusForbidden {
			t.Errorf("a page of %s: %v", origin, err)
		}
	}
}

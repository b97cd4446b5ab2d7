package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"wanglou/server/live/livetest"
	"wanglou/server/servertest"
)

// receiver is another system: it checks signatures, answers as it is told to, and keeps the copy of the layer that the events make.
type receiver struct {
	t      *testing.T
	server *httptest.Server

	mu     sync.Mutex
	secret string
	answer func(try int) int // status of the n-th try, from 0
	tries  int
	copy   livetest.Layer
	seen   map[string]bool
	hidden string // what must not come
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t, answer: func(int) int { return http.StatusNoContent }, seen: map[string]bool{}, copy: livetest.Layer{Rows: map[int64]livetest.Row{}}}
	r.server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.server.Close)
	return r
}

func (r *receiver) serve(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	if req.URL.Path == "/other" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	status := r.answer(r.tries)
	r.tries++
	if status == http.StatusFound {
		http.Redirect(w, req, "http://127.0.0.1:1/elsewhere", status)
		return
	}
	if status >= 300 {
		w.WriteHeader(status)
		return
	}
	if r.hidden != "" && strings.Contains(string(body), r.hidden) {
		r.t.Errorf("told of %s", r.hidden)
	}
	// As docs/webhooks.md says a receiver checks.
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", req.Header.Get("webhook-id"), req.Header.Get("webhook-timestamp"), body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); req.Header.Get("webhook-signature") != want {
		r.t.Errorf("signature %q, want %q", req.Header.Get("webhook-signature"), want)
	}
	var e struct {
		SpecVersion, ID, Source, Type string
		Data                          livetest.Frame
	}
	if err := json.Unmarshal(body, &e); err != nil || e.SpecVersion != "1.0" || e.ID != req.Header.Get("webhook-id") || e.Source != "/layers/camera" || !strings.HasPrefix(e.Type, "wanglou.layer.") {
		r.t.Errorf("%v: %.200s", err, body)
	}
	if !r.seen[e.ID] {
		r.seen[e.ID] = true
		if err := r.copy.Apply(e.Data); err != nil {
			r.t.Errorf("%v: %.300s", err, body)
		}
	}
	w.WriteHeader(status)
}

func (r *receiver) with(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *receiver) name(id int64) (name string) {
	r.with(func() { name = r.copy.Rows[id].Values["name"] })
	return name
}

type madeHook struct {
	ID     int64
	Secret string
}

// withHooks lets webhooks tell servers on this machine, and try again soon.
func withHooks(c *ServeCmd) {
	c.Webhooks = WebhookFlags{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, First: 5 * time.Millisecond, Pace: time.Millisecond, Most: 20 * time.Millisecond, Poll: 50 * time.Millisecond}
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	host := strings.TrimPrefix(r.server.URL, "http://")
	n := serve(t, county(t), withHooks, func(c *ServeCmd) { c.Webhooks.Hosts = []string{host} })
	admin := n.as("admin")
	admin.Do(http.MethodPost, "/api/webhooks", map[string]any{"name": "x", "url": "http://elsewhere.example/", "layer": "camera"}).WantError(http.StatusBadRequest, "invalid", "url", "host_not_allowed")
	admin.Do(http.MethodPost, "/api/webhooks", map[string]any{"name": "x", "url": r.server.URL, "layer": "nothing"}).WantError(http.StatusBadRequest, "invalid", "layer", "unknown_layer")
	admin.Do(http.MethodPost, "/api/webhooks", map[string]any{"name": "x", "url": r.server.URL, "layer": "camera", "filter": "nothing = 1"}).WantError(http.StatusBadRequest, "invalid", "filter")
	admin.Do(http.MethodPost, "/api/webhooks", map[string]any{"name": " ", "url": r.server.URL, "layer": "camera"}).WantError(http.StatusBadRequest, "invalid", "name", "required")
	n.as("duty").Get("/api/webhooks").WantError(http.StatusForbidden, "forbidden", "")

	var made madeHook
	r.with(func() { // nobody can answer before the secret is known
		admin.Do(http.MethodPost, "/api/webhooks", map[string]any{"name": "数据总线", "url": r.server.URL + "/in", "layer": "camera", "columns": []string{"name", "status"}, "filter": "id <= 50"}).Want(http.StatusCreated).Into(&made)
		r.secret = made.Secret
	})
	rows := func(want int) func() bool {
		return func() (ok bool) { r.with(func() { ok = len(r.copy.Rows) == want }); return ok }
	}
	eventually(t, "the snapshot", rows(50))
	n.exec(`UPDATE camera SET name = 'told' WHERE id IN (3, 300)`)
	eventually(t, "a change", func() bool { return r.name(3) == `"told"` })

	// A receiver that fails for a while gets everything in the end, as one difference.
	r.with(func() {
		at := r.tries
		r.answer = func(try int) int {
			if try < at+4 {
				return http.StatusServiceUnavailable
			}
			return http.StatusOK
		}
	})
	n.exec(`UPDATE camera SET name = 'after a while' WHERE id = 4`)
	n.exec(`DELETE FROM camera WHERE id = 5`)
	eventually(t, "what was missed", func() bool { return r.name(4) == `"after a while"` && rows(49)() })
	listed := func() (h struct {
		Failing, Dead int
		Paused        bool
		LastError     string `json:"last_error"`
		DeliveredAt   string `json:"delivered_at"`
	}) {
		var all struct{ Items []json.RawMessage }
		admin.Get("/api/webhooks").Want(http.StatusOK).Into(&all)
		if len(all.Items) != 1 || strings.Contains(string(all.Items[0]), made.Secret) {
			t.Fatalf("%s", all.Items)
		}
		if err := json.Unmarshal(all.Items[0], &h); err != nil {
			t.Fatal(err)
		}
		return h
	}
	eventually(t, "the delivery to be noted", func() bool { h := listed(); return h.Failing == 0 && h.DeliveredAt != "" })

	// What is never taken is given up, kept, and sent again when somebody says so. A redirect is no way to elsewhere.
	r.with(func() { r.answer = func(int) int { return http.StatusFound } })
	n.exec(`UPDATE camera SET name = 'refused' WHERE id = 6`)
	eventually(t, "the event to be given up", func() bool { return listed().Dead == 1 })
	r.with(func() { r.answer = func(int) int { return http.StatusOK } })
	n.exec(`UPDATE camera SET name = 'later' WHERE id = 7`)
	eventually(t, "the next change", func() bool { return r.name(7) == `"later"` })
	var dead struct {
		Items []struct {
			EventID  string `json:"event_id"`
			Attempts int
			Error    string
		}
	}
	path := fmt.Sprintf("/api/webhooks/%d/dead", made.ID)
	admin.Get(path).Want(http.StatusOK).Into(&dead)
	if len(dead.Items) != 1 || dead.Items[0].Attempts != 15 || !strings.Contains(dead.Items[0].Error, "302") {
		t.Fatalf("given up: %+v", dead.Items)
	}
	admin.Do(http.MethodPost, path+"/"+dead.Items[0].EventID, nil).Want(http.StatusNoContent)
	if r.name(6) != `"refused"` || listed().Dead != 0 {
		t.Errorf("sent again: %s, %d are left", r.name(6), listed().Dead)
	}
	admin.Do(http.MethodPost, path+"/nothing", nil).WantError(http.StatusNotFound, "not_found", "")

	// Whoever wants no more is not asked any more, until somebody lets it go on.
	r.with(func() { r.answer = func(int) int { return http.StatusGone } })
	n.exec(`UPDATE camera SET name = 'gone' WHERE id = 8`)
	eventually(t, "the webhook to stop", func() bool { return listed().Paused })
	r.with(func() { r.answer = func(int) int { return http.StatusOK } })
	admin.Do(http.MethodPut, fmt.Sprintf("/api/webhooks/%d", made.ID), map[string]any{"paused": false}).Want(http.StatusNoContent)
	eventually(t, "it to go on", func() bool { return r.name(8) == `"gone"` })
	admin.Do(http.MethodDelete, fmt.Sprintf("/api/webhooks/%d", made.ID), nil).Want(http.StatusNoContent)
	if got := number(t, n.DB, `SELECT count(*) FROM audit_log WHERE action LIKE 'webhook.%'`); got != 4 {
		t.Errorf("%d audit rows for made, buried, let go on and deleted", got)
	}
}

// Two nodes deliver as one: each event comes once while both live, and the other goes on when the one that delivers is gone.
func TestWebhooksOfTwoNodes(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	host := strings.TrimPrefix(r.server.URL, "http://")
	url := county(t)
	change := func(c *ServeCmd) { c.Webhooks.Hosts = []string{host} }
	a := serve(t, url, withHooks, change)
	b := serve(t, url, withHooks, change)
	var made madeHook
	r.with(func() {
		a.as("admin").Do(http.MethodPost, "/api/webhooks", map[string]any{"name": "总线", "url": r.server.URL, "layer": "camera", "columns": []string{"name"}, "filter": "id <= 10"}).Want(http.StatusCreated).Into(&made)
		r.secret = made.Secret
	})
	eventually(t, "the snapshot", func() (ok bool) { r.with(func() { ok = len(r.copy.Rows) == 10 }); return ok })
	var before int
	r.with(func() { before = r.tries })
	for i := range 5 {
		b.exec(`UPDATE camera SET name = $1 WHERE id = 1`, fmt.Sprint("turn ", i))
		eventually(t, "a change", func() bool { return r.name(1) == fmt.Sprintf(`"turn %d"`, i) })
	}
	r.with(func() {
		if r.tries != before+5 {
			t.Errorf("%d events for 5 changes", r.tries-before)
		}
	})
	a.stop()
	b.exec(`UPDATE camera SET name = 'by the other' WHERE id = 2`)
	eventually(t, "the other node to deliver", func() bool { return r.name(2) == `"by the other"` })
}

// Whoever may see less is told less, at once, of what waits to be sent too; and an administrator of a town has nothing to say of the county's webhooks.
func TestWebhooksFollowTheirOwnersRights(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	host := strings.TrimPrefix(r.server.URL, "http://")
	n := serve(t, county(t), withHooks, func(c *ServeCmd) { c.Webhooks.Hosts, c.Webhooks.Most = []string{host}, time.Second })
	admin := n.as("admin")
	const town = "330122.330122004"
	var boss struct{ ID int64 }
	account := map[string]any{"login": "boss", "name": "主管", "roles": []string{"admin"}, "areas": []string{"330122"}, "password": "a long enough password", "disabled": false}
	admin.Do(http.MethodPost, "/api/users", account).Want(http.StatusCreated).Into(&boss)
	county := servertest.As(t, n.url, "boss", "a long enough password")
	var made, own madeHook
	r.with(func() {
		county.Do(http.MethodPost, "/api/webhooks", map[string]any{"name": "总线", "url": r.server.URL, "layer": "camera", "columns": []string{"name"}}).Want(http.StatusCreated).Into(&made)
		r.secret = made.Secret
	})
	eventually(t, "the county's cameras", func() (ok bool) { r.with(func() { ok = len(r.copy.Rows) == 2000 }); return ok })
	r.with(func() { r.answer = func(int) int { return http.StatusServiceUnavailable } })
	n.exec(`UPDATE camera SET name = 'elsewhere' WHERE id = (SELECT min(id) FROM camera WHERE area_path NOT LIKE $1)`, town+"%")
	tried := 0
	r.with(func() { tried = r.tries })
	eventually(t, "a try in vain", func() (ok bool) { r.with(func() { ok = r.tries > tried+1 }); return ok })
	account["areas"] = []string{town}
	delete(account, "password")
	admin.Do(http.MethodPut, fmt.Sprintf("/api/users/%d", boss.ID), account).Want(http.StatusOK)
	r.with(func() { r.hidden, r.answer = "elsewhere", func(int) int { return http.StatusOK } })
	eventually(t, "the town's cameras alone", func() (ok bool) { r.with(func() { ok = len(r.copy.Rows) > 0 && len(r.copy.Rows) < 2000 }); return ok })

	admin.Do(http.MethodPost, "/api/webhooks", map[string]any{"name": "县", "url": r.server.URL + "/other", "layer": "area"}).Want(http.StatusCreated).Into(&own)
	var seen struct{ Items []madeHook }
	county.Get("/api/webhooks").Want(http.StatusOK).Into(&seen)
	if len(seen.Items) != 1 || seen.Items[0].ID != made.ID {
		t.Errorf("a town's administrator sees %+v", seen.Items)
	}
	path := fmt.Sprintf("/api/webhooks/%d", own.ID)
	county.Do(http.MethodDelete, path, nil).WantError(http.StatusNotFound, "not_found", "")
	county.Do(http.MethodPut, path, map[string]any{"paused": true}).WantError(http.StatusNotFound, "not_found", "")
	county.Get(path+"/dead").WantError(http.StatusNotFound, "not_found", "")
	admin.Do(http.MethodDelete, path, nil).Want(http.StatusNoContent)
}

// A group robot is told what is news, in a few sentences: not what was there before, nothing twice, and a refusal with status 200 is one.
func TestRobots(t *testing.T) {
	t.Parallel()
	var (
		mu     sync.Mutex
		texts  []string
		answer = `{"errcode":0}`
		bad    []string
	)
	robot := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		var in struct {
			MsgType string `json:"msgtype"`
			Text    struct{ Content string }
		}
		if err := json.NewDecoder(req.Body).Decode(&in); err != nil || in.MsgType != "text" || req.URL.Query().Get("key") != "hidden-key" || req.Header.Get("webhook-signature") != "" {
			bad = append(bad, fmt.Sprint(err, req.URL, in))
		}
		if strings.Contains(answer, ":0") {
			texts = append(texts, in.Text.Content)
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(robot.Close)
	said := func(part string) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(texts) > 0 && strings.Contains(texts[len(texts)-1], part)
		}
	}
	host := strings.TrimPrefix(robot.URL, "http://")
	n := serve(t, county(t), withHooks, func(c *ServeCmd) { c.Webhooks.Hosts = []string{host} })
	admin := n.as("admin")
	body := map[string]any{"kind": "wecom", "name": "值班群", "url": robot.URL + "/send?key=hidden-key", "layer": "incident", "filter": "severity <= 2", "link": "https://map.example"}
	admin.Do(http.MethodPost, "/api/webhooks", map[string]any{"kind": "slack", "name": "x", "url": robot.URL, "layer": "incident"}).WantError(http.StatusBadRequest, "invalid", "kind", "not_a_value")
	made := admin.Do(http.MethodPost, "/api/webhooks", body).Want(http.StatusCreated)
	listed := admin.Get("/api/webhooks").Want(http.StatusOK)
	if strings.Contains(string(made.Body)+string(listed.Body), "hidden-key") || !strings.Contains(string(listed.Body), `"kind":"wecom"`) {
		t.Errorf("%s %s", made.Body, listed.Body)
	}
	eventually(t, "what was there to be noted", func() bool {
		return number(t, n.DB, `SELECT count(*) FROM webhook_told`) == number(t, n.DB, `SELECT count(*) FROM incident WHERE severity <= 2 AND state NOT IN ('closed', 'rejected', 'unfiled', 'voided', 'merged')`)
	})
	n.exec(`INSERT INTO incident (title, category, severity, state, geom, area_path) SELECT '沿街商铺起火', '09012', 1, 'filed', ST_PointOnSurface(geom), path FROM area WHERE level = 'village' LIMIT 1`)
	eventually(t, "a new case", said("【紧急】沿街商铺起火\n地点："))
	if !said("https://map.example/?sel=incident/")() {
		t.Errorf("%q", texts)
	}
	n.exec(`UPDATE incident SET description = 'more' WHERE title = '沿街商铺起火'`)
	n.exec(`UPDATE incident SET state = 'handling' WHERE title = '沿街商铺起火'`)
	eventually(t, "its state", said("状态：处置中"))
	mu.Lock()
	if len(texts) != 2 {
		t.Errorf("said %q", texts)
	}
	answer = `{"errcode":93000,"errmsg":"invalid webhook url"}`
	mu.Unlock()
	n.exec(`UPDATE incident SET state = 'checking' WHERE title = '沿街商铺起火'`)
	eventually(t, "the refusal to be noted", func() bool {
		return strings.Contains(string(admin.Get("/api/webhooks").Body), `"last_error":"refused:93000"`)
	})
	if got := number(t, n.DB, `SELECT count(*) FROM audit_log WHERE details::text LIKE '%hidden-key%'`); got != 0 {
		t.Errorf("%d audit rows tell the key", got)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(bad) > 0 {
		t.Errorf("%q", bad)
	}
}

package main

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"wanglou/server/live"
	"wanglou/server/live/livetest"
	"wanglou/server/servertest"
)

// What changes of somebody's rights at one node, or by psql, holds at once on connections that are open at another.
func TestRightsChangeEverywhereAtOnce(t *testing.T) {
	t.Parallel()
	url := county(t)
	a, b := serve(t, url), serve(t, url)
	admin := a.as("admin")
	var users struct {
		Items []struct {
			ID    int64
			Login string
		}
	}
	admin.Get("/api/users").Want(http.StatusOK).Into(&users)
	id := map[string]int64{}
	for _, u := range users.Items {
		id[u.Login] = u.ID
	}
	// Asked for again every 30 s anyhow: what ends well before that was told.
	ends := func(what string, c *livetest.Client, code websocket.StatusCode, began time.Time) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for {
			if _, err := c.Next(ctx); err != nil {
				if got := websocket.CloseStatus(err); got != code {
					t.Errorf("%s: closed with %v (%v), want %d", what, got, err, code)
				}
				t.Logf("%s: after %v", what, time.Since(began).Round(time.Millisecond))
				return
			}
		}
	}
	open := func(c *servertest.Client) *livetest.Client {
		t.Helper()
		other := servertest.NewClient(t, b.url)
		other.HTTP.Jar = c.HTTP.Jar
		l := follow(t, other, nil, "camera")
		until(t, l, "the cameras", func() bool { return l.Layers["camera"].Loaded })
		return l
	}

	narrowed := open(a.as("viewer"))
	began := time.Now()
	admin.Do(http.MethodPut, "/api/users/"+strconv.FormatInt(id["viewer"], 10), map[string]any{"login": "viewer", "name": "查看", "roles": []string{"viewer"}, "areas": []string{"330122.330122004"}, "disabled": false}).Want(http.StatusOK)
	ends("other areas", narrowed, live.CloseRights, began)

	duty := a.as("duty")
	left := open(duty)
	began = time.Now()
	duty.Do(http.MethodDelete, "/api/session", nil).Want(http.StatusNoContent)
	ends("a log-out at the other node", left, live.CloseNoSession, began)

	barred := open(a.as("dispatch"))
	began = time.Now()
	a.exec(`UPDATE app_user SET disabled = true WHERE login = 'dispatch'`)
	ends("barred by psql", barred, live.CloseNoSession, began)

	// A program that listens by a token hears no more once it is revoked.
	var made struct {
		ID     int64
		Secret string
	}
	owner := a.as("duty.tongjun")
	owner.Do(http.MethodPost, "/api/tokens", map[string]any{"name": "feed", "access": "read"}).Want(http.StatusCreated).Into(&made)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/api/events/camera?columns=name", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+made.Secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", resp, err)
	}
	defer resp.Body.Close()
	ended := make(chan string, 1)
	go func() {
		var all strings.Builder
		buf := make([]byte, 4096)
		for {
			n, err := resp.Body.Read(buf)
			all.Write(buf[:n])
			if err != nil {
				ended <- all.String()
				return
			}
		}
	}()
	began = time.Now()
	owner.Do(http.MethodDelete, "/api/tokens/"+strconv.FormatInt(made.ID, 10), nil).Want(http.StatusNoContent)
	select {
	case all := <-ended:
		if !strings.Contains(all, "event: close") || !strings.Contains(all, "4401") {
			t.Errorf("the feed ended with %.300s", all[max(0, len(all)-300):])
		}
		t.Logf("a revoked token: after %v", time.Since(began).Round(time.Millisecond))
	case <-time.After(10 * time.Second):
		t.Error("the feed of a revoked token goes on")
	}
}

package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"wanglou/server"
	"wanglou/server/live/livetest"
	"wanglou/server/servertest"
)

// events is a stream of Server-Sent Events, with the copy that it keeps.
type events struct {
	t      *testing.T
	cancel context.CancelFunc
	lines  *bufio.Scanner
	head   http.Header
	copy   livetest.Layer
	id     string // the last one received
}

// event is one event.
type event struct{ kind, id, data string }

func listen(t *testing.T, c *servertest.Client, path string, header ...string) *events {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d", path, resp.StatusCode)
	}
	e := &events{t: t, cancel: cancel, lines: bufio.NewScanner(resp.Body), head: resp.Header, copy: livetest.Layer{Rows: map[int64]livetest.Row{}}}
	e.lines.Buffer(nil, 1<<20)
	t.Cleanup(func() { cancel(); _ = resp.Body.Close() })
	return e
}

// next reads one event and takes it into the copy; ok is false when the stream has ended.
func (e *events) next() (ev event, ok bool) {
	e.t.Helper()
	for e.lines.Scan() {
		name, value, _ := strings.Cut(e.lines.Text(), ": ")
		switch name {
		case "event":
			ev.kind = value
		case "id":
			ev.id, e.id = value, value
		case "data":
			ev.data = value
		case "":
			if ev.kind == "snapshot" || ev.kind == "diff" {
				var f livetest.Frame
				if err := json.Unmarshal([]byte(ev.data), &f); err != nil {
					e.t.Fatal(err)
				}
				if err := e.copy.Apply(f); err != nil {
					e.t.Fatalf("%v: %s", err, ev.data)
				}
			}
			return ev, true
		}
	}
	return ev, false
}

func (e *events) until(what string, holds func() bool) {
	e.t.Helper()
	for !holds() {
		if _, ok := e.next(); !ok {
			e.t.Fatalf("the stream ended before %s", what)
		}
	}
}

// The feed of a layer reaches a program that reads events: a snapshot, what comes and goes, and after a break what it missed.
func TestEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) { o.Tokens = &tokens{users: o.Users} })
	w.start()
	w.put(cameraAt(1, "one", "c.t1", 119.6, 29.8), cameraAt(2, "two", "c.t2", 119.7, 29.8), cameraAt(3, "three", "c.t1", 119.8, 29.8))
	secret := token(t, w.as("town"))
	program := servertest.NewClient(t, w.url)
	e := listen(t, program, "/api/events/camera?geometry=true&columns=name", "Authorization", "Bearer "+secret)
	if got := e.head.Get("Content-Type"); got != "text/event-stream" || e.head.Get("Content-Encoding") != "" {
		t.Errorf("%v", e.head)
	}
	if first, _ := e.next(); first.kind != "hello" || !strings.Contains(first.data, `"heartbeat_s"`) || first.id != "" {
		t.Errorf("first %+v", first)
	}
	e.until("the snapshot", func() bool { return len(e.copy.Rows) == 2 })
	w.put(cameraAt(1, "eins", "c.t1", 119.6, 29.8), cameraAt(3, "three", "c.t2", 119.8, 29.8)) // 3 leaves the town
	e.until("the change", func() bool { return len(e.copy.Rows) == 1 && e.copy.Rows[1].Values["name"] == `"eins"` })
	if e.id == "" {
		t.Error("no event has an id")
	}
	e.cancel()
	w.put(cameraAt(4, "four", "c.t1", 119.6, 29.8))
	again := listen(t, program, "/api/events/camera?geometry=true&columns=name", "Authorization", "Bearer "+secret, "Last-Event-ID", e.id)
	again.copy = e.copy
	for {
		ev, ok := again.next()
		if !ok || ev.kind == "snapshot" {
			t.Fatalf("%+v, %t: a diff was enough", ev, ok)
		}
		if ev.kind == "diff" {
			break
		}
	}
	if len(again.copy.Rows) != 2 || again.copy.Rows[4].Values["name"] != `"four"` {
		t.Errorf("after the break: %v", again.copy.Rows)
	}
	filtered := listen(t, program, "/api/events/camera?bbox=119.5,29,119.65,30&filter="+url.QueryEscape("name = 'four'"), "Authorization", "Bearer "+secret)
	filtered.until("the snapshot", func() bool { return filtered.copy.Loaded })
	if len(filtered.copy.Rows) != 1 {
		t.Errorf("filtered: %v", filtered.copy.Rows)
	}
}

func TestEventsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.start()
	w.put(cameraAt(1, "one", "c.t1", 119.6, 29.8))
	duty, town := w.as("duty"), w.as("town")
	closed := func(e *events) event {
		t.Helper()
		var last event
		for ev, ok := e.next(); ok; ev, ok = e.next() {
			last = ev
		}
		return last
	}
	out := listen(t, town, "/api/events/camera")
	out.until("the snapshot", func() bool { return out.copy.Loaded })
	town.Do(http.MethodDelete, "/api/session", nil).Want(http.StatusNoContent)
	if last := closed(out); last.kind != "close" || !strings.Contains(last.data, "4401") {
		t.Errorf("after the log-out: %+v", last)
	}
	over := listen(t, duty, "/api/events/camera")
	over.until("the snapshot", func() bool { return over.copy.Loaded })
	stop()
	if last := closed(over); last.kind != "close" || !strings.Contains(last.data, "1001") {
		t.Errorf("after the stop: %+v", last)
	}
}

func TestEventsRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(cameraAt(1, "one", "c.t1", 119.6, 29.8))
	duty := w.as("duty")
	for query, want := range map[string]struct{ field, reason string }{
		"bbox=1,2,3": {"bbox", "wrong_type"}, "bbox=1,2,300,4": {"bbox", "outside_world"}, "columns=nothing": {"columns", "unknown_column"}, "zoom=x": {"zoom", "wrong_type"}, "zoom=99": {"zoom", "out_of_range"},
		"geometry=1": {"geometry", "wrong_type"}, "nothing=1": {"nothing", "unknown_field"}, "filter=" + url.QueryEscape("nothing = 1"): {"filter", "unknown_property"}, "filter=" + url.QueryEscape("name ="): {"filter", "filter_syntax"},
	} {
		duty.Get("/api/events/camera?"+query).WantError(http.StatusBadRequest, "invalid", want.field, want.reason)
	}
	duty.Get("/api/events/nothing").WantError(http.StatusNotFound, "not_found", "", "unknown_layer")
	w.nobody().Get("/api/events/camera").WantError(http.StatusUnauthorized, "unauthorized", "")
	w.as("norole").Get("/api/events/camera").WantError(http.StatusForbidden, "forbidden", "")
}

// token makes a reading token of an account.
func token(t *testing.T, c *servertest.Client) string {
	t.Helper()
	var made struct{ Secret string }
	c.Do(http.MethodPost, "/api/tokens", map[string]any{"name": "GIS", "access": "read"}).Want(http.StatusCreated).Into(&made)
	return made.Secret
}

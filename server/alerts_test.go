package server_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"wanglou/layers/cap"
	"wanglou/server"
)

// mailbox is a cap.Store that remembers identifiers.
type mailbox struct{ came map[string]bool }

func (m *mailbox) Take(_ context.Context, a *cap.Alert, _ []byte) (*cap.Outcome, error) {
	repeated := m.came[a.Identifier]
	m.came[a.Identifier] = true
	return &cap.Outcome{Repeated: repeated, Alert: m.message(a), Ended: []cap.Ended{}, Missing: a.References}, nil
}

func (*mailbox) message(a *cap.Alert) *cap.Message {
	return &cap.Message{ID: 1, Sender: a.Sender, Identifier: a.Identifier, Status: a.Status, Type: a.Type, Scope: a.Scope, Sent: a.Sent, ReceiveTime: a.Sent, Expires: a.Expires(),
		HoldsUntil: a.HoldsUntil(), Severity: a.Severity(), Rank: a.Severity().Rank(), State: cap.Active, ReportID: 3, Box: &[4]float64{119.5, 29.6, 119.6, 29.7}, Infos: a.Infos}
}

func (m *mailbox) Alerts(_ context.Context, f cap.Filter) ([]*cap.Message, error) {
	if !f.All {
		return nil, nil
	}
	return []*cap.Message{m.message(&cap.Alert{Identifier: "old", Status: cap.Test, Type: cap.Cancel, Scope: "Public", Sent: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), Infos: []cap.Info{}})}, nil
}

const rain = `<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>r1</identifier><sender>qx.example</sender><sent>2026-05-01T08:00:00+08:00</sent><status>Actual</status><msgType>Update</msgType>
	<scope>Public</scope><references>qx.example,r0,2026-05-01T07:00:00+08:00</references><info><language>zh-CN</language><category>Met</category><event>暴雨</event><urgency>Expected</urgency>
	<severity>Severe</severity><certainty>Likely</certainty><expires>2026-05-01T15:00:00+08:00</expires><area><areaDesc>西镇</areaDesc><geocode><valueName>x</valueName><value>1</value></geocode></area></info></alert>`

func TestIntakeOfCAP(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) {
		o.Tokens, o.Alerts = &tokens{users: o.Users}, &mailbox{came: map[string]bool{}}
	})
	secret := func(login, access string) string {
		var made struct{ Secret string }
		w.as(login).Do(http.MethodPost, "/api/tokens", map[string]any{"name": access, "access": access}).Want(201).Into(&made)
		return "Bearer " + made.Secret
	}
	intake, c := secret("admin", "intake"), w.nobody()
	post := func(who, kind string, body any) int {
		return c.Do(http.MethodPost, "/api/intake/cap", body, "Content-Type", kind, "Authorization", who).Status
	}
	var out cap.Outcome
	c.Do(http.MethodPost, "/api/intake/cap", rain, "Content-Type", "application/cap+xml", "Authorization", intake).Want(201).Into(&out)
	if out.Repeated || out.Alert.Identifier != "r1" || len(out.Missing) != 1 {
		t.Errorf("%+v", out)
	}
	for _, kind := range []string{"application/xml", "text/xml; charset=utf-8"} {
		if got := post(intake, kind, rain); got != 200 {
			t.Errorf("the same as %s: %d", kind, got)
		}
	}
	for _, bad := range []struct {
		body                any
		kind                string
		status              int
		code, field, reason string
	}{
		{rain, "application/json", 400, "invalid", "", "content_type"},
		{strings.Replace(rain, "Actual", "actual", 1), "text/xml", 400, "invalid", "status", "unknown_value"},
		{`<!DOCTYPE a [<!ENTITY a "b">]>` + rain, "text/xml", 400, "invalid", "", "doctype"},
		{"{}", "text/xml", 400, "invalid", "", "malformed_xml"},
		{bytes.Repeat([]byte(" "), cap.MaxBody+1), "text/xml", 413, "too_large", "", ""},
	} {
		c.Do(http.MethodPost, "/api/intake/cap", bad.body, "Content-Type", bad.kind, "Authorization", intake).WantError(bad.status, bad.code, bad.field, bad.reason)
	}
	if got := c.Do(http.MethodGet, "/api/alerts", nil, "Authorization", intake).Status; got != 403 {
		t.Errorf("an intake token reads: %d", got)
	}
	for who, want := range map[string]int{secret("admin", "read"): 403, secret("admin", "write"): 200, secret("duty", "intake"): 403, secret("duty", "write"): 403, "": 401, "Bearer wl_wrong": 401} {
		if got := post(who, "text/xml", rain); got != want {
			t.Errorf("%s: %d, want %d", who, got, want)
		}
	}
	var limited int
	for range 200 {
		if got := post(intake, "text/xml", rain); got == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited < 90 || limited > 120 {
		t.Errorf("%d of 200 at once were refused", limited)
	}
	w.clock.Add(2 * time.Second)
	if got := post(intake, "text/xml", rain); got != 200 {
		t.Errorf("later: %d", got)
	}
}

func TestListAlerts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) { o.Alerts = &mailbox{came: map[string]bool{}} })
	c := w.as("viewer")
	for path, want := range map[string]int{"/api/alerts": 0, "/api/alerts?all=true": 1} {
		var out struct{ Items []cap.Message }
		if c.Get(path).Want(200).Into(&out); len(out.Items) != want {
			t.Errorf("%s: %d", path, len(out.Items))
		}
	}
	c.Get("/api/alerts?all=yes").WantError(400, "invalid", "all")
}

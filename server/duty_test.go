package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/duty"
	"wanglou/layers/message"
	"wanglou/server"
)

// talks keeps what was sent.
type talks struct {
	message.Service
	sent []message.Message
}

func (k *talks) Send(_ context.Context, m *message.Message) error {
	k.sent = append(k.sent, *m)
	m.ID = int64(len(k.sent))
	return nil
}

func (k *talks) Messages(_ context.Context, id, before int64) ([]*message.Message, error) {
	return []*message.Message{{ID: before + 1, IncidentID: id}}, nil
}

func TestMessages(t *testing.T) {
	t.Parallel()
	kept := &talks{}
	w := newWorld(t, func(o *server.Options) { o.Messages = kept })
	c := w.as("duty")
	var m message.Message
	c.Do("POST", "/api/incidents/7/messages", map[string]any{"text": " 到场 ", "client_key": "k"}).Want(201).Into(&m)
	if m.ID != 1 || m.Text != "到场" || kept.sent[0].IncidentID != 7 || kept.sent[0].ClientKey != "k" || kept.sent[0].SourceTime.IsZero() {
		t.Errorf("%+v of %+v", m, kept.sent)
	}
	for _, one := range []struct {
		body          map[string]any
		field, reason string
	}{
		{map[string]any{"text": ""}, "text", "required"},
		{map[string]any{"text": strings.Repeat("x", 2001)}, "text", "too_long"},
		{map[string]any{"text": "x", "promise": true}, "due_at", "required"},
		{map[string]any{"text": "x", "to": "all"}, "to", "unknown_field"},
		{map[string]any{"text": "x", "due_at": "tomorrow"}, "", "malformed"},
	} {
		res := c.Do("POST", "/api/incidents/7/messages", one.body)
		if res.Status != 400 || one.reason != "malformed" && !strings.Contains(string(res.Body), `"reason":"`+one.reason+`"`) || !strings.Contains(string(res.Body), one.field) {
			t.Errorf("%v: %d %s", one.body, res.Status, res.Body)
		}
	}
	c.Get("/api/incidents/7/messages?before=x").WantError(400, "invalid", "before", "wrong_type")
	c.Get("/api/incidents/7/messages?before=12").Want(200)
	limited := 0
	for range 40 { // a person is slower
		if c.Do("POST", "/api/incidents/7/messages", map[string]any{"text": "x"}).Status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited < 10 {
		t.Errorf("%d of 40 at once were refused", limited)
	}
	w.as("town").Do("POST", "/api/incidents/7/messages", map[string]any{"text": "x"}).Want(201) // another's tries are their own
}

type handovers = duty.Handovers // has a method of that name

// signatures is one handover of the user 1.
type signatures struct {
	handovers
	by []string
}

func (k *signatures) Handover(_ context.Context, id int64) (*duty.Handover, error) {
	if id != 1 {
		return nil, layers.Errorf(layers.CodeNotFound, "there is no handover %d", id)
	}
	return &duty.Handover{ID: 1}, nil
}

func (k *signatures) Sign(_ context.Context, id int64, signer *auth.User) (*duty.Handover, error) {
	k.by = append(k.by, signer.Login)
	return &duty.Handover{ID: id, TakenName: signer.Name}, nil
}

// A signature is a log-in of its own: by the password, with the log-in's limits, and without touching the session of the screen.
func TestASignatureIsVerified(t *testing.T) {
	t.Parallel()
	kept := &signatures{}
	w := newWorld(t, func(o *server.Options) { o.Handovers = kept })
	c := w.as("duty")
	sign := func(login, password string) map[string]any {
		return map[string]any{"login": login, "password": password}
	}
	c.Do("POST", "/api/handovers/1/signature", sign("town", "wrong")).WantError(400, "invalid", "password", "wrong_password")
	c.Do("POST", "/api/handovers/1/signature", sign("", "x")).WantError(400, "invalid", "login", "required")
	c.Do("POST", "/api/handovers/9/signature", sign("town", "town-password")).Want(404)
	c.Do("POST", "/api/handovers/1/signature", sign(" Town ", "town-password")).Want(200)
	if len(kept.by) != 1 || kept.by[0] != "town" {
		t.Errorf("signed by %v", kept.by)
	}
	var s sessionOf
	c.Get("/api/session").Want(200).Into(&s)
	if s.User.Login != "duty" {
		t.Errorf("the screen is %s's now", s.User.Login)
	}
	found := false
	for _, line := range w.users.log() {
		found = found || strings.Contains(line, "session.refuse") && strings.Contains(line, "handover")
	}
	if !found {
		t.Errorf("the wrong password is not in the audit log: %q", w.users.log())
	}
	limited := 0
	for i := range 15 {
		if c.Do("POST", "/api/handovers/1/signature", sign("admin", fmt.Sprint("guess", i))).Status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited != 5 {
		t.Errorf("%d of 15 guesses were refused", limited)
	}
	w.nobody().Do("POST", "/api/session", sign("admin", "admin-password")).Want(429) // the same tries
}

// roster is one that answers with what it was asked.
type roster struct {
	duty.Roster
	shift *duty.Shift
	at    time.Time
}

func (k *roster) Now(_ context.Context, area string, role auth.Role, at time.Time) (*duty.Now, error) {
	k.at = at
	return &duty.Now{At: at, AreaPath: area, Posts: []duty.Post{duty.PostAt(role, nil, at)}, Mine: []*duty.Shift{}}, nil
}

func (k *roster) Create(_ context.Context, s *duty.Shift) error {
	k.shift = s
	return nil
}

func (k *roster) Shifts(context.Context, string, time.Time, time.Time) ([]*duty.Shift, error) {
	return nil, nil
}

func TestRosterRoutes(t *testing.T) {
	t.Parallel()
	kept := &roster{}
	w := newWorld(t, func(o *server.Options) { o.Roster = kept })
	c := w.as("duty")
	c.Get("/api/duty?area=c.t1&role=dispatcher&at=2026-05-01T23:00:00Z").Want(200)
	if kept.at.Hour() != 23 {
		t.Errorf("asked of %v", kept.at)
	}
	c.Get("/api/duty?role=viewer").WantError(400, "invalid", "role", "unknown_value")
	c.Get("/api/duty?area=c..t1").WantError(400, "invalid", "area", "bad_area_path")
	c.Get("/api/duty?at=now").WantError(400, "invalid", "at", "wrong_type")
	c.Get("/api/shifts?from=2026-05-01T00:00:00Z&until=2026-05-08T00:00:00Z").Want(200)
	c.Get("/api/shifts?from=2026-05-01T00:00:00Z").WantError(400, "invalid", "until", "required")
	c.Get("/api/shifts?from=2026-05-01T00:00:00Z&until=2026-09-08T00:00:00Z").WantError(400, "invalid", "until", "out_of_range")
	body := map[string]any{"area_path": "c.t1", "role": "dispatcher", "starts_at": "2026-05-01T20:00:00+08:00", "ends_at": "2026-05-02T08:00:00+08:00", "people": []int{3, 2, 3}}
	c.Do("POST", "/api/shifts", body).Want(201)
	if len(kept.shift.People) != 2 || kept.shift.People[0].ID != 2 {
		t.Errorf("%+v", kept.shift)
	}
	body["ends_at"] = "2026-05-09T08:00:00+08:00"
	c.Do("POST", "/api/shifts", body).WantError(400, "invalid", "ends_at", "shift_length")
	c.Do("POST", "/api/shifts/copies", map[string]any{"area_path": "c", "from": "2026-05-01T00:00:00Z", "until": "2026-05-08T00:00:00Z", "days": 0}).WantError(400, "invalid", "days", "out_of_range")
}

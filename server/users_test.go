package server_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"wanglou/layers/auth"
)

func TestUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as("admin")
	var all struct{ Items []auth.User }
	res := admin.Get("/api/users").Want(200)
	res.Into(&all)
	if len(all.Items) != 7 || all.Items[0].Login != "admin" || strings.Contains(string(res.Body), "password") {
		t.Errorf("%s", res.Body)
	}
	good := fields{"login": "wang", "name": "王", "roles": []string{"viewer"}, "areas": []string{"c.t1"}, "password": "a-good-password"}
	var made auth.User
	res = admin.Do("POST", "/api/users", good).Want(201)
	res.Into(&made)
	if made.ID != 8 || made.Login != "wang" || strings.Contains(string(res.Body), "a-good-password") {
		t.Errorf("%s", res.Body)
	}
	w.nobody().Login("wang", "a-good-password").Want(200)
	for name, b := range map[string]struct {
		body          fields
		field, reason string
	}{
		"no login":     {good.with("login", nil), "login", "bad_login"},
		"bad login":    {good.with("login", "王"), "login", "bad_login"},
		"no name":      {good.with("name", " "), "name", "required"},
		"no roles":     {good.with("roles", nil), "roles", "required"},
		"empty roles":  {good.with("roles", []string{}), "roles", "required"},
		"unknown role": {good.with("roles", []string{"king"}), "roles", "unknown_value"},
		"no areas":     {good.with("areas", nil), "areas", "required"},
		"bad area":     {good.with("areas", []string{"c..t1"}), "areas", "bad_area_path"},
		"no unit":      {good.with("roles", []string{"unit"}), "unit_id", "required"},
		"own id":       {good.with("id", 3), "id", "unknown_field"},
		"hash":         {good.with("password_hash", "x"), "password_hash", "unknown_field"},
		"one role":     {good.with("roles", "viewer"), "roles", "wrong_type"},
	} {
		for _, do := range [][2]string{{"POST", "/api/users"}, {"PUT", "/api/users/8"}} {
			if admin.Do(do[0], do[1], b.body).WantError(400, "invalid", b.field, b.reason) == nil {
				t.Error(name)
			}
		}
	}
	admin.Do("PUT", "/api/users/99", good).WantError(404, "not_found", "", "")
	admin.Do("PUT", "/api/users/x", good).WantError(404, "not_found", "", "")
}

// What an administrator changes of an account holds from its next request on.
func TestUserChangesHoldAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin, town, other := w.as("admin"), w.as("town"), w.as("duty")
	same := fields{"login": "town", "name": "town", "roles": []string{"duty_officer"}, "areas": []string{"c.t1"}}
	town.Get("/api/session").Want(200)
	admin.Do("PUT", "/api/users/3", same.with("areas", []string{"c.t2"})).Want(200)
	var s sessionOf
	town.Get("/api/session").Want(200).Into(&s)
	if !slices.Equal(s.User.Areas, []string{"c.t2"}) {
		t.Errorf("%+v", s.User)
	}
	admin.Do("PUT", "/api/users/3", same.with("password", "another-password")).Want(200)
	town.Get("/api/session").WantError(401, "unauthorized", "", "") // whoever had the old one is out
	town.Login("town", "another-password").Want(200)
	admin.Do("PUT", "/api/users/3", same.with("disabled", true)).Want(200)
	town.Get("/api/session").WantError(401, "unauthorized", "", "")
	other.Get("/api/session").Want(200)
	// Who changes the own password stays in.
	admin.Do("PUT", "/api/users/1", fields{"login": "admin", "name": "a", "roles": []string{"admin"}, "areas": []string{"*"}, "password": "another-password"}).Want(200)
	admin.Get("/api/session").Want(200)
	w.sessions.setDown(true)
	admin.Do("PUT", "/api/users/2", fields{"login": "duty", "name": "d", "roles": []string{"viewer"}, "areas": []string{"*"}, "disabled": true}).WantError(503, "unavailable", "", "")
}

func TestAudit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as("admin")
	w.nobody().Login("duty", "wrong").Want(401)
	w.as("viewer").Get("/api/users").WantError(403, "forbidden", "", "")
	type entry struct {
		ID                     int64
		Time                   time.Time
		UserID                 int64 `json:"user_id"`
		Login, Action, Subject string
		Remote                 string
		RequestID              string `json:"request_id"`
	}
	var got struct{ Items []entry }
	res := admin.Get("/api/audit?limit=3").Want(200)
	res.Into(&got)
	if len(got.Items) != 3 || got.Items[0].Action != "request.refuse" || got.Items[0].Subject != "GET /api/users" || got.Items[0].UserID != 4 ||
		got.Items[0].Remote != "127.0.0.1" || got.Items[0].RequestID == "" || got.Items[2].Action != "session.refuse" || got.Items[2].UserID != 0 {
		t.Errorf("%+v", got)
	}
	if strings.Contains(string(res.Body), "wrong") {
		t.Errorf("the audit log has a password: %s", res.Body)
	}
	var before struct{ Items []entry }
	admin.Get("/api/audit?before=" + itoa(int(got.Items[2].ID))).Want(200).Into(&before)
	if len(before.Items) != 1 || before.Items[0].Action != "session.create" {
		t.Errorf("%+v", before)
	}
	for query, want := range map[string][2]string{
		"limit=0": {"limit", "out_of_range"}, "limit=501": {"limit", "out_of_range"}, "before=-1": {"before", "out_of_range"}, "before=x": {"before", "wrong_type"}, "login=x": {"login", "unknown_field"},
	} {
		admin.Get("/api/audit?"+query).WantError(400, "invalid", want[0], want[1])
	}
}

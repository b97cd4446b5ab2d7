package postgis_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	users, tokens := postgis.LightUsers(db), postgis.NewTokens(db)
	root := &auth.User{Login: "operator", Roles: []auth.Role{auth.RoleAdmin}, Areas: []string{"*"}}
	as := func(u *auth.User) context.Context {
		return auth.WithActor(t.Context(), &auth.Actor{User: u, Scope: u.Scope()})
	}
	account := func(login string, role auth.Role) *auth.User {
		u := &auth.User{Login: login, Name: login, Roles: []auth.Role{role}, Areas: []string{"*"}}
		if err := users.Save(as(root), u, "a long enough password"); err != nil {
			t.Fatal(err)
		}
		return u
	}
	one, other, admin := account("one", auth.RoleViewer), account("other", auth.RoleDuty), account("boss", auth.RoleAdmin)

	made := &auth.Token{Name: " QGIS ", Access: auth.AccessRead}
	secret, err := tokens.Create(as(one), made)
	if err != nil {
		t.Fatal(err)
	}
	if made.ID == 0 || made.Name != "QGIS" || made.Login != "one" || len(secret) < 20 {
		t.Errorf("%+v, secret of %d letters", made, len(secret))
	}
	found, err := tokens.Resolve(t.Context(), secret)
	if err != nil || found.UserID != one.ID || found.Access != auth.AccessRead {
		t.Fatalf("%+v, %v", found, err)
	}
	var kept int
	if err := db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM access_token t WHERE t::text LIKE '%' || $1 || '%'`, secret).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("the secret stands in the table: %d, %v", kept, err)
	}
	count := func(u *auth.User) int {
		list, err := tokens.Tokens(as(u))
		if err != nil {
			t.Fatal(err)
		}
		for _, tk := range list {
			if tk.LastUsed == nil {
				t.Errorf("the use of %d was not noted", tk.ID)
			}
		}
		return len(list)
	}
	if count(one) != 1 || count(other) != 0 || count(admin) != 1 {
		t.Error("tokens are listed to others than their user and the managers of users")
	}
	for name, bad := range map[string]*auth.Token{"name": {Access: auth.AccessRead}, "access": {Name: "x", Access: "all"}, "expires_at": {Name: "x", Access: auth.AccessRead, ExpiresAt: time.Now().AddDate(3, 0, 0)}} {
		if _, err := tokens.Create(as(one), bad); layers.ErrorCode(err) != layers.CodeInvalid {
			t.Errorf("wrong %s: %v", name, err)
		}
	}
	limited := auth.WithActor(t.Context(), &auth.Actor{User: one, Scope: one.Scope().Limit(auth.AccessWrite)})
	if _, err := tokens.Create(limited, &auth.Token{Name: "x", Access: auth.AccessRead}); layers.ErrorCode(err) != layers.CodeForbidden {
		t.Errorf("a token makes a token: %v", err)
	}
	if err := tokens.Revoke(as(other), made.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("another user revokes it: %v", err)
	}
	one.Disabled = true
	if err := users.Save(as(root), one, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Resolve(t.Context(), secret); layers.ErrorCode(err) != layers.CodeUnauthorized {
		t.Errorf("the token of a disabled account: %v", err)
	}
	one.Disabled = false
	if err := users.Save(as(root), one, ""); err != nil {
		t.Fatal(err)
	}
	if err := tokens.Revoke(as(admin), made.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Resolve(t.Context(), secret); layers.ErrorCode(err) != layers.CodeUnauthorized {
		t.Errorf("a revoked token: %v", err)
	}
	if _, err := tokens.Resolve(t.Context(), "wl_nothing"); layers.ErrorCode(err) != layers.CodeUnauthorized {
		t.Errorf("a made-up token: %v", err)
	}
}

// A kiosk token has a scene on this server, and is found by its number for as long as it holds.
func TestKioskTokens(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	users, tokens := postgis.LightUsers(db), postgis.NewTokens(db)
	root := &auth.User{Login: "operator", Roles: []auth.Role{auth.RoleAdmin}, Areas: []string{"*"}}
	wall := &auth.User{Login: "wall", Name: "大屏", Roles: []auth.Role{auth.RoleViewer}, Areas: []string{"*"}}
	as := func(u *auth.User) context.Context {
		return auth.WithActor(t.Context(), &auth.Actor{User: u, Scope: u.Scope()})
	}
	if err := users.Save(as(root), wall, "a long enough password"); err != nil {
		t.Fatal(err)
	}
	for scene, reason := range map[string]string{"": "required", "//elsewhere.example/": "not_a_value", "https://elsewhere.example/": "not_a_value", "/a b": "not_a_value", `/\elsewhere`: "not_a_value", "/#x": "not_a_value", "/" + strings.Repeat("x", 300): "not_a_value"} {
		_, err := tokens.Create(as(wall), &auth.Token{Name: "大厅", Access: auth.AccessKiosk, Scene: scene})
		wantRefusal(t, scene, err, layers.CodeInvalid, "scene", reason)
	}
	_, err := tokens.Create(as(wall), &auth.Token{Name: "QGIS", Access: auth.AccessRead, Scene: "/"})
	wantRefusal(t, "a scene of another token", err, layers.CodeInvalid, "scene", "not_supported")
	made := &auth.Token{Name: "大厅", Access: auth.AccessKiosk, Scene: "/?display=wall"}
	if _, err := tokens.Create(as(wall), made); err != nil {
		t.Fatal(err)
	}
	found, err := tokens.Token(t.Context(), made.ID)
	if err != nil || found.Scene != made.Scene || found.Access != auth.AccessKiosk || found.UserID != wall.ID {
		t.Errorf("%+v, %v", found, err)
	}
	if list, err := tokens.Tokens(as(root)); err != nil || len(list) != 1 || list[0].LastUsed == nil {
		t.Errorf("the wall was not noted as seen: %+v, %v", list, err)
	}
	if err := tokens.Revoke(as(wall), made.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Token(t.Context(), made.ID); layers.ErrorCode(err) != layers.CodeUnauthorized {
		t.Errorf("after it was revoked: %v", err)
	}
}

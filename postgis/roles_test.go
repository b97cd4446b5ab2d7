package postgis_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/duty"
	"wanglou/postgis"
)

var _ auth.RoleStore = (*postgis.Roles)(nil)

// fresh returns a context in which the account acts with the rights that it has now.
func (w *world) fresh(t testing.TB, login string) context.Context {
	t.Helper()
	u, err := w.users.User(t.Context(), w.actors[login].User.ID)
	if err != nil {
		t.Fatal(err)
	}
	return auth.WithActor(t.Context(), &auth.Actor{User: u, Scope: u.Scope(), RequestID: "req", Remote: "192.0.2.1"})
}

// role returns one as the administrator sees it.
func (w *world) role(t testing.TB, name auth.Role) *auth.RoleInfo {
	t.Helper()
	all, err := postgis.NewRoles(w.db).Roles(auth.WithActor(t.Context(), auth.Operator("test")))
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(all, func(r *auth.RoleInfo) bool { return r.Name == name })
	if at < 0 {
		t.Fatalf("there is no role %q", name)
	}
	return all[at]
}

// What migrations wrote is what the program says it delivers: a new action without a migration that grants it is found here.
func TestRolesAsDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all, err := postgis.NewRoles(w.db).Roles(w.as(t, "admin"))
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range auth.Roles {
		if len(all) != len(auth.Roles) || all[i].Name != r || !slices.Equal(all[i].Actions, auth.Delivered[r]) || !slices.Equal(all[i].Delivered, all[i].Actions) || all[i].Title == "" || all[i].TitleEN == "" {
			t.Errorf("%s: %+v", r, all[i])
		}
	}
	if n := w.role(t, auth.RoleAdmin).Users; n != 1 {
		t.Errorf("%d administrators", n)
	}
}

func TestRoleOfTheCounty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	roles, ctx := postgis.NewRoles(w.db), w.as(t, "admin")
	r := &auth.RoleInfo{Name: "watch_keeper", Title: "值守员", Actions: []auth.Action{auth.ActionWatch, auth.ActionRead, auth.ActionRead}}
	if err := roles.Create(ctx, r); err != nil {
		t.Fatal(err)
	}
	wantError(t, roles.Create(ctx, &auth.RoleInfo{Name: "watch_keeper", Title: "又一个", Actions: r.Actions}), layers.CodeConflict, "already_exists")
	u := w.account(t, auth.User{Login: "keeper", Roles: []auth.Role{"watch_keeper"}, Areas: []string{west}})
	may := func(want ...auth.Action) {
		t.Helper()
		got, err := w.users.Authenticate(t.Context(), "keeper", password)
		if err != nil || !slices.Equal(got.Scope().Actions, want) || got.Titles["watch_keeper"].ZH != r.Title {
			t.Errorf("%v, %+v; want %v", err, got, want)
		}
		again, err := w.users.User(t.Context(), u.ID)
		if err != nil || !slices.Equal(again.Scope().Actions, want) {
			t.Errorf("%v, %+v; want %v", err, again, want)
		}
	}
	may(auth.ActionWatch, auth.ActionRead)
	stale := *r
	r.Title, r.Actions = "值班助理", []auth.Action{auth.ActionRead, auth.ActionMoveIncident}
	if err := roles.Update(ctx, r); err != nil || r.Revision != 2 || r.Users != 1 {
		t.Fatalf("%v, %+v", err, r)
	}
	may(auth.ActionMoveIncident, auth.ActionRead)
	wantError(t, roles.Update(ctx, &stale), layers.CodeConflict, "stale_revision")
	wantError(t, roles.Remove(ctx, "watch_keeper", 2), layers.CodeConflict, "role_in_use")

	// Whoever may do the work of a post can be on duty.
	able, err := postgis.NewRoster(w.db).People(ctx, west)
	if err != nil {
		t.Fatal(err)
	}
	if at := slices.IndexFunc(able, func(p duty.Person) bool { return p.ID == u.ID }); at < 0 || !slices.Equal(able[at].Roles, []auth.Role{auth.RoleDuty}) {
		t.Errorf("who can be on duty: %+v", able)
	}
	r.Actions = append(r.Actions, auth.ActionWorkTask)
	wantError(t, roles.Update(ctx, r), layers.CodeInvalid, "needs_unit")

	u.Roles = []auth.Role{auth.RoleViewer}
	if err := w.users.Save(ctx, u, ""); err != nil {
		t.Fatal(err)
	}
	if err := roles.Remove(ctx, "watch_keeper", 2); err != nil {
		t.Fatal(err)
	}
	wantError(t, roles.Remove(ctx, "watch_keeper", 2), layers.CodeNotFound, "")
	wantStrings(t, queryAll[string](t, w, `SELECT action || ' ' || subject || ' ' || coalesce(details->>'given', '') || ' ' || coalesce(details->>'taken', '') FROM audit_log WHERE action LIKE 'role%' ORDER BY id`), []string{
		"role.create role/watch_keeper  ", `role.update role/watch_keeper ["incident.move"] ["camera.watch"]`, "role.remove role/watch_keeper  ",
	})
}

func TestRoleRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(t, `UPDATE app_user SET roles = '{admin}' WHERE login = 'west'`) // of one town alone
	w.exec(t, `INSERT INTO app_role (name, title, actions) VALUES ('clerk', '账号员', '{read,user.manage}')`)
	w.exec(t, `UPDATE app_user SET roles = '{clerk}' WHERE login = 'east'`)
	roles := postgis.NewRoles(w.db)
	admin := w.role(t, auth.RoleAdmin)
	change := func(f func(*auth.RoleInfo)) *auth.RoleInfo {
		r := *admin
		r.Actions = slices.Clone(admin.Actions)
		f(&r)
		return &r
	}
	drop := func(a auth.Action) *auth.RoleInfo {
		return change(func(r *auth.RoleInfo) {
			r.Actions = slices.DeleteFunc(r.Actions, func(b auth.Action) bool { return a == b })
		})
	}
	before := w.everything(t)
	for _, c := range []struct {
		name, login string
		do          func(context.Context) error
		code        layers.Code
		reason      string
	}{
		{"duty officer", "duty", func(ctx context.Context) error { return roles.Update(ctx, drop(auth.ActionReplay)) }, layers.CodeForbidden, "role"},
		{"who manages accounts alone", "east", func(ctx context.Context) error { return roles.Update(ctx, drop(auth.ActionReplay)) }, layers.CodeForbidden, "role"},
		{"a town's administrator", "west", func(ctx context.Context) error { return roles.Update(ctx, drop(auth.ActionReplay)) }, layers.CodeForbidden, "outside_areas"},
		{"taking the management of roles from oneself", "admin", func(ctx context.Context) error { return roles.Update(ctx, drop(auth.ActionManageRoles)) }, layers.CodeInvalid, "own_account"},
		{"taking the management of users from oneself", "admin", func(ctx context.Context) error { return roles.Update(ctx, drop(auth.ActionManageUsers)) }, layers.CodeInvalid, "own_account"},
		{"an action that there is not", "admin", func(ctx context.Context) error {
			return roles.Update(ctx, change(func(r *auth.RoleInfo) { r.Actions = append(r.Actions, "map.erase") }))
		}, layers.CodeInvalid, "unknown_value"},
		{"nothing", "admin", func(ctx context.Context) error {
			return roles.Update(ctx, change(func(r *auth.RoleInfo) { r.Actions = nil }))
		}, layers.CodeInvalid, "required"},
		{"no title", "admin", func(ctx context.Context) error {
			return roles.Update(ctx, change(func(r *auth.RoleInfo) { r.Title = " " }))
		}, layers.CodeInvalid, "required"},
		{"a name with a space", "admin", func(ctx context.Context) error {
			return roles.Create(ctx, change(func(r *auth.RoleInfo) { r.Name = "a b" }))
		}, layers.CodeInvalid, "bad_role_name"},
		{"a role of the program", "admin", func(ctx context.Context) error { return roles.Remove(ctx, auth.RoleAdmin, admin.Revision) }, layers.CodeConflict, "builtin_role"},
		{"no such role", "admin", func(ctx context.Context) error { return roles.Remove(ctx, "nobody", 1) }, layers.CodeNotFound, ""},
		{"an account with a role that there is not", "admin", func(ctx context.Context) error {
			return w.users.Save(ctx, &auth.User{Login: "x1", Name: "x", Roles: []auth.Role{"nobody"}, Areas: []string{west}}, password)
		}, layers.CodeInvalid, "unknown_value"},
		{"giving more than one has", "east", func(ctx context.Context) error {
			return w.users.Save(ctx, &auth.User{Login: "x2", Name: "x", Roles: []auth.Role{auth.RoleDuty}, Areas: []string{east}}, password)
		}, layers.CodeForbidden, "more_than_own"},
		{"one's own areas", "admin", func(ctx context.Context) error {
			u := *w.actors["admin"].User
			u.Areas = []string{west}
			return w.users.Save(ctx, &u, "")
		}, layers.CodeInvalid, "own_account"},
	} {
		t.Run(c.name, func(t *testing.T) { wantError(t, c.do(w.fresh(t, c.login)), c.code, c.reason) })
	}
	if _, err := roles.Roles(w.as(t, "duty")); layers.ErrorCode(err) != layers.CodeForbidden {
		t.Errorf("a duty officer lists roles: %v", err)
	}
	wantStrings(t, w.everything(t), before)
	if err := w.users.Save(w.fresh(t, "east"), &auth.User{Login: "x3", Name: "x", Roles: []auth.Role{"clerk"}, Areas: []string{east}}, password); err != nil {
		t.Errorf("who manages accounts makes one like their own: %v", err)
	}
}

// Two administrators who take each other's rights at the same moment: one of them is too late.
func TestSomebodyAlwaysManages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(t, `INSERT INTO app_role (name, title, actions) SELECT 'deputy', '副管理员', actions FROM app_role WHERE name = 'admin'`)
	w.exec(t, `UPDATE app_user SET roles = '{deputy}', areas = '{*}' WHERE login = 'duty'`)
	roles := postgis.NewRoles(w.db)
	var both sync.WaitGroup
	failed := make([]error, 2)
	for i, c := range []struct {
		login string
		role  auth.Role
	}{{"admin", "deputy"}, {"duty", auth.RoleAdmin}} {
		ctx, r := w.fresh(t, c.login), w.role(t, c.role)
		r.Actions = []auth.Action{auth.ActionRead}
		both.Go(func() { failed[i] = roles.Update(ctx, r) })
	}
	both.Wait()
	if (failed[0] == nil) == (failed[1] == nil) {
		t.Errorf("%v, %v; want one of them refused", failed[0], failed[1])
	}
	left := 0
	for _, login := range []string{"admin", "duty"} {
		if auth.ActorFrom(w.fresh(t, login)).Scope.May(auth.ActionManageRoles) {
			left++
		}
	}
	if left != 1 {
		t.Errorf("%d manage roles", left)
	}
}

package postgis_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"pgregory.net/rapid"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/postgis"
)

var _ auth.Service = (*postgis.Users)(nil)

const password = "correct horse 望楼"

// account saves a new user with the password of the tests.
func (w *world) account(t testing.TB, u auth.User) *auth.User {
	t.Helper()
	if u.Name == "" {
		u.Name = u.Login
	}
	if err := w.users.Save(w.as(t, "admin"), &u, password); err != nil {
		t.Fatal(err)
	}
	return &u
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.account(t, auth.User{Login: " Zhou.Min ", Name: "周敏", Roles: []auth.Role{auth.RoleDuty}, Areas: []string{west}})
	if u.ID == 0 || u.Login != "zhou.min" {
		t.Errorf("saved as %+v", u)
	}
	for _, login := range []string{"zhou.min", "ZHOU.MIN", "  Zhou.Min"} {
		got, err := w.users.Authenticate(t.Context(), login, password)
		if err != nil || got.ID != u.ID || got.Name != "周敏" || !slices.Equal(got.Areas, []string{west}) {
			t.Errorf("%q: %+v, %v", login, got, err)
		}
	}
	gone := w.account(t, auth.User{Login: "gone", Roles: []auth.Role{auth.RoleViewer}, Areas: []string{west}, Disabled: true})
	for name, try := range map[string][2]string{
		"wrong password":   {"zhou.min", password + "!"},
		"no password":      {"zhou.min", ""},
		"another's case":   {"zhou.min", strings.ToUpper(password)},
		"unknown login":    {"zhou", password},
		"no login":         {"", password},
		"a zero byte":      {"zhou.min\x00", password},
		"disabled":         {gone.Login, password},
		"the hash of none": {"nobody", postgis.Nobody},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.users.Authenticate(t.Context(), try[0], try[1])
			if e := wantError(t, err, layers.CodeUnauthorized, "wrong_password"); e.Msg != "login and password do not fit" {
				t.Errorf("the refusal tells more: %v", e)
			}
		})
	}
}

// TestUnknownLoginsCostTheSame holds that the hash that unknown logins are compared with costs what a real one costs: the time
// itself would be a flaky thing to measure.
func TestUnknownLoginsCostTheSame(t *testing.T) {
	t.Parallel()
	p, salt, key, err := argon2id.DecodeHash(postgis.Nobody)
	if err != nil {
		t.Fatal(err)
	}
	memory, iterations, lanes := postgis.HashParams()
	if p.Memory != memory || p.Iterations != iterations || p.Parallelism != lanes || len(salt) != 16 || len(key) != 32 {
		t.Errorf("nobody's hash has %+v, new ones have m=%d t=%d p=%d", p, memory, iterations, lanes)
	}
	w := newWorld(t)
	w.users = postgis.NewUsers(w.db)
	w.account(t, auth.User{Login: "somebody", Roles: []auth.Role{auth.RoleViewer}, Areas: []string{west}})
	stored := queryOne[string](t, w, `SELECT password_hash FROM app_user WHERE login = 'somebody'`)
	if want := fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$", memory, iterations, lanes); !strings.HasPrefix(stored, want) {
		t.Errorf("stored %s, want %s…", stored, want)
	}
}

func TestSaveUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.account(t, auth.User{Login: "li", Roles: []auth.Role{auth.RoleViewer}, Areas: []string{county}})
	u.Name, u.Roles, u.UnitID = "李", []auth.Role{auth.RoleUnit}, 2
	if err := w.users.Save(w.as(t, "admin"), u, ""); err != nil {
		t.Fatal(err)
	}
	got, err := w.users.Authenticate(t.Context(), "li", password) // the old password is kept
	if err != nil || got.Name != "李" || got.UnitID != 2 || !slices.Equal(got.Roles, []auth.Role{auth.RoleUnit}) {
		t.Errorf("%+v, %v", got, err)
	}
	if err := w.users.Save(w.as(t, "admin"), u, "another one 1"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.users.Authenticate(t.Context(), "li", password); layers.ErrorCode(err) != layers.CodeUnauthorized {
		t.Errorf("the old password: %v", err)
	}
	if _, err := w.users.Authenticate(t.Context(), "li", "another one 1"); err != nil {
		t.Errorf("the new password: %v", err)
	}
	wantStrings(t, queryAll[string](t, w, `SELECT action || ' ' || (details->>'new_password') FROM audit_log ORDER BY id`),
		[]string{"user.create true", "user.update false", "user.update true"})
	if all := strings.Join(w.everything(t), "\n"); strings.Contains(all, "another one 1") || strings.Contains(all, password) {
		t.Error("a password stands in the database")
	}
}

func TestSaveUserRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(t, `UPDATE app_user SET roles = '{admin}' WHERE login = 'west'`)
	chief, err := w.users.User(t.Context(), w.actors["west"].User.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.actors["chief"] = &auth.Actor{User: chief, Scope: chief.Scope()}
	good := auth.User{Login: "new", Name: "新", Roles: []auth.Role{auth.RoleViewer}, Areas: []string{west}}
	cases := []struct {
		name, login string
		change      func(*auth.User)
		password    string
		code        layers.Code
		reason      string
	}{
		{"duty officer", "duty", func(*auth.User) {}, password, layers.CodeForbidden, "role"},
		{"bad login", "admin", func(u *auth.User) { u.Login = "a b" }, password, layers.CodeInvalid, "bad_login"},
		{"no password", "admin", func(*auth.User) {}, "", layers.CodeInvalid, "too_short"},
		{"short password", "admin", func(*auth.User) {}, "123456789", layers.CodeInvalid, "too_short"},
		{"login taken", "admin", func(u *auth.User) { u.Login = "DUTY" }, password, layers.CodeConflict, "login_taken"},
		{"no such unit", "admin", func(u *auth.User) { u.UnitID = 99 }, password, layers.CodeInvalid, "unknown_reference"},
		{"no such user", "admin", func(u *auth.User) { u.ID = 9999 }, "", layers.CodeNotFound, ""},
		{"wider areas", "chief", func(u *auth.User) { u.Areas = []string{west, county} }, password, layers.CodeForbidden, "outside_areas"},
		{"everywhere", "chief", func(u *auth.User) { u.Areas = []string{auth.Everywhere} }, password, layers.CodeForbidden, "outside_areas"},
		{"taking over one above", "chief", func(u *auth.User) { u.ID = w.actors["admin"].User.ID }, password, layers.CodeNotFound, ""},
		{"disabling oneself", "admin", func(u *auth.User) {
			*u = *w.actors["admin"].User
			u.Disabled = true
		}, "", layers.CodeInvalid, "own_account"},
		{"dropping one's own role", "admin", func(u *auth.User) {
			*u = *w.actors["admin"].User
			u.Roles = []auth.Role{auth.RoleViewer}
		}, "", layers.CodeInvalid, "own_account"},
	}
	before := w.everything(t)
	t.Run("each", func(t *testing.T) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				u := good
				c.change(&u)
				id := u.ID
				wantError(t, w.users.Save(w.as(t, c.login), &u, c.password), c.code, c.reason)
				if u.ID != id {
					t.Errorf("a refused user has ID %d", u.ID)
				}
			})
		}
		t.Run("nobody", func(t *testing.T) {
			t.Parallel()
			wantError(t, w.users.Save(t.Context(), new(good), password), layers.CodeForbidden, "role")
		})
	})
	wantStrings(t, w.everything(t), before)
	if err := w.users.Save(w.as(t, "chief"), new(good), password); err != nil {
		t.Errorf("a town's admin makes a user of the town: %v", err)
	}
}

func TestUsersAndAuditAreOfOwnAreas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(t, `UPDATE app_user SET roles = '{admin}' WHERE login = 'west'`)
	w.actors["west"].Scope = (&auth.User{Roles: []auth.Role{auth.RoleAdmin}, Areas: []string{west}}).Scope()
	if _, err := w.incidents.Create(w.as(t, "east"), newIncident(inEast), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.incidents.Create(w.as(t, "west"), newIncident(inWest), ""); err != nil {
		t.Fatal(err)
	}
	if err := w.users.Audit(t.Context(), auth.AuditEntry{Login: "mallory", Action: "session.refuse", Subject: "session", Remote: "203.0.113.9"}); err != nil {
		t.Fatal(err)
	}
	logins := func(login string) (users, audit []string) {
		list, err := w.users.Users(w.as(t, login))
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range list {
			users = append(users, u.Login)
		}
		entries, err := w.users.AuditLog(w.as(t, login), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			audit = append(audit, e.Login)
		}
		return users, audit
	}
	users, audit := logins("west")
	wantStrings(t, users, []string{"unit-w1", "unit-w2", "west"})
	wantStrings(t, audit, []string{"west"})
	users, audit = logins("admin")
	wantStrings(t, users, []string{"admin", "anna", "bert", "boss", "duty", "east", "unit-e1", "unit-w1", "unit-w2", "viewer", "west"})
	wantStrings(t, audit, []string{"mallory", "west", "east"})
	_, err := w.users.Users(w.as(t, "duty"))
	wantError(t, err, layers.CodeForbidden, "role")
	_, err = w.users.AuditLog(w.as(t, "duty"), 0, 1)
	wantError(t, err, layers.CodeForbidden, "role")
}

func TestAuditLogPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	began := time.Now().Add(-time.Minute)
	for i := range 5 {
		if err := w.users.Audit(t.Context(), auth.AuditEntry{UserID: 1, Login: "admin", Action: "x", Details: map[string]any{"i": i}}); err != nil {
			t.Fatal(err)
		}
	}
	var seen []float64
	for before := int64(0); ; {
		page, err := w.users.AuditLog(w.as(t, "admin"), before, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			seen = append(seen, e.Details["i"].(float64))
			if e.Time.Before(began) || e.Time.Location() != time.UTC {
				t.Errorf("time %v", e.Time)
			}
		}
		before = page[len(page)-1].ID
	}
	if !slices.Equal(seen, []float64{4, 3, 2, 1, 0}) {
		t.Errorf("pages hold %v", seen)
	}
}

// TestAreasInSQL compares the rule of rights as SQL has it with the one of layers/auth.
func TestAreasInSQL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"330122", "33012", "a_", "_", "ab"}), 1, 3), func(l []string) string { return strings.Join(l, ".") })
	w.exec(t, `INSERT INTO unit (code, name, kind, area_path) VALUES ('probe', 'x', 'team', '330122')`)
	rapid.Check(t, func(rt *rapid.T) {
		areas := rapid.SliceOfN(rapid.OneOf(path, rapid.Just(auth.Everywhere)), 0, 3).Draw(rt, "areas")
		at := rapid.OneOf(path, rapid.Just("")).Draw(rt, "path")
		if _, err := w.db.Pool.Exec(t.Context(), `UPDATE unit SET area_path = nullif($1, '') WHERE code = 'probe'`, at); err != nil {
			rt.Fatal(err)
		}
		scope := (&auth.User{Roles: []auth.Role{auth.RoleViewer}, Areas: areas}).Scope()
		list, err := w.units.Units(auth.WithActor(t.Context(), &auth.Actor{User: &auth.User{}, Scope: scope}))
		if err != nil {
			rt.Fatal(err)
		}
		var seen bool
		for _, u := range list {
			seen = seen || u.Code == "probe"
		}
		if seen != scope.InArea(at) {
			rt.Fatalf("SQL says %v, InArea %v", seen, scope.InArea(at))
		}
	})
}

package auth

import (
	"errors"
	"strings"
	"testing"

	"wanglou/layers"
)

func wantField(t *testing.T, err error, field, reason string) {
	t.Helper()
	if field == "" {
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	var e *layers.Error
	if !errors.As(err, &e) || e.Code != layers.CodeInvalid || e.Field != field || e.Reason != reason {
		t.Fatalf("%v; want %s %s", err, field, reason)
	}
}

func TestValidateUser(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name          string
		change        func(*User)
		field, reason string
	}{
		{"good", func(*User) {}, "", ""},
		{"folded", func(u *User) { u.Login = " Zhou.Min " }, "", ""},
		{"everywhere", func(u *User) { u.Areas = []string{Everywhere} }, "", ""},
		{"unit", func(u *User) { u.Roles, u.UnitID = []Role{RoleUnit}, 4 }, "", ""},
		{"short login", func(u *User) { u.Login = "z" }, "login", "bad_login"},
		{"space", func(u *User) { u.Login = "zhou min" }, "login", "bad_login"},
		{"not a–z", func(u *User) { u.Login = "周敏" }, "login", "bad_login"},
		{"no name", func(u *User) { u.Name = "" }, "name", "required"},
		{"long name", func(u *User) { u.Name = strings.Repeat("周", 101) }, "name", "too_long"},
		{"no role", func(u *User) { u.Roles = nil }, "roles", "required"},
		{"role", func(u *User) { u.Roles = []Role{"root"} }, "roles", "unknown_value"},
		{"no area", func(u *User) { u.Areas = nil }, "areas", "required"},
		{"comma", func(u *User) { u.Areas = []string{"330122,330123"} }, "areas", "bad_area_path"},
		{"empty label", func(u *User) { u.Areas = []string{"330122."} }, "areas", "bad_area_path"},
		{"no unit", func(u *User) { u.Roles = []Role{RoleUnit} }, "unit_id", "required"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u := &User{Login: "zhou.min", Name: "周敏", Roles: []Role{RoleDuty}, Areas: []string{"330122.330122001"}}
			c.change(u)
			wantField(t, u.Validate(Delivered), c.field, c.reason)
		})
	}
}

func TestValidatePassword(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, password, reason string }{
		{"ten", "0123456789", ""},
		{"ten characters, thirty bytes", "望楼望楼望楼望楼望楼", ""},
		{"longest", strings.Repeat("x", MaxPassword), ""},
		{"nine", "012345678", "too_short"},
		{"none", "", "too_short"},
		{"too long", strings.Repeat("x", MaxPassword+1), "too_long"},
		{"the login", "Duty.Officer", "same_as_login"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			field := "password"
			if c.reason == "" {
				field = ""
			}
			wantField(t, ValidatePassword("duty.officer", c.password), field, c.reason)
		})
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	town := &Scope{Areas: []string{"330122.330122001"}}
	if !town.Covers([]string{"330122.330122001", "330122.330122001.330122001007"}) {
		t.Error("a town covers its villages")
	}
	for _, wider := range []string{"330122", "330122.330122002", Everywhere} {
		if town.Covers([]string{"330122.330122001", wider}) {
			t.Errorf("a town gives away %s", wider)
		}
	}
}

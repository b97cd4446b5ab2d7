package auth

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"wanglou/layers"
)

// Lengths of a password, in characters. The upper one keeps a log-in from being made into work for the server.
const (
	MinPassword = 10
	MaxPassword = 200
)

var loginForm = regexp.MustCompile(`^[a-z0-9._-]{2,64}$`)

// FoldLogin returns the form in which logins are kept and compared: without outer spaces, in lower case.
func FoldLogin(login string) string { return strings.ToLower(strings.TrimSpace(login)) }

// ValidLogin reports whether there can be an account of the folded login.
func ValidLogin(login string) bool { return loginForm.MatchString(login) }

// Validate reports the first wrong field of an account that somebody wants to save: CodeInvalid. known are the roles that there are.
func (u *User) Validate(known Grants) error {
	if !ValidLogin(FoldLogin(u.Login)) {
		return layers.Invalid("login", "bad_login", "a login has 2 to 64 letters a–z, digits, dots, lines and underlines")
	}
	switch n := utf8.RuneCountInString(strings.TrimSpace(u.Name)); {
	case n == 0:
		return layers.Invalid("name", "required", "a name is required")
	case n > 100:
		return layers.Invalid("name", "too_long", "the name has %d characters, at most 100 are kept", n)
	}
	if len(u.Roles) == 0 {
		return layers.Invalid("roles", "required", "at least one role is required")
	}
	for _, r := range u.Roles {
		if _, ok := known[r]; !ok {
			return layers.Invalid("roles", "unknown_value", "%q is not a role", r)
		}
	}
	if len(u.Areas) == 0 {
		return layers.Invalid("areas", "required", "at least one area, or %q, is required", Everywhere)
	}
	for _, a := range u.Areas {
		if a != Everywhere && !layers.IsAreaPath(a) {
			return layers.Invalid("areas", "bad_area_path", "%q is not the path of an area", a)
		}
	}
	if slices.Contains(known.Of(u.Roles), ActionWorkTask) && u.UnitID == 0 {
		return layers.Invalid("unit_id", "required", "who works for a unit names it")
	}
	return nil
}

// ValidatePassword reports CodeInvalid for a password that is too easy or too long to be taken.
func ValidatePassword(login, password string) error {
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return layers.Invalid("password", "too_short", "a password has at least %d characters", MinPassword)
	case n > MaxPassword:
		return layers.Invalid("password", "too_long", "a password has at most %d characters", MaxPassword)
	case FoldLogin(password) == FoldLogin(login):
		return layers.Invalid("password", "same_as_login", "the password is the login")
	}
	return nil
}

// Covers reports whether every one of the areas lies in the scope's: nobody gives away more than they have.
func (s *Scope) Covers(areas []string) bool {
	return !slices.ContainsFunc(areas, func(a string) bool { return !s.InArea(a) })
}

// Citizen is the actor of whoever tells of something on the citizens' page: without an account, and without any other right.
func Citizen(requestID, remote string) *Actor {
	return &Actor{
		User:      &User{Login: "citizen", Name: "市民"},
		Scope:     &Scope{Actions: []Action{ActionReport}, Areas: []string{Everywhere}},
		RequestID: requestID, Remote: remote,
	}
}

// Operator is the actor of whoever runs the program's commands on the server: all rights everywhere, no account of its
// own. The name stands in the logs. Whatever became of the roles, it may do what an administrator may as delivered: that is the way back in.
func Operator(name string) *Actor {
	u := &User{Login: name, Name: name, Roles: []Role{RoleAdmin}, Areas: []string{Everywhere}}
	return &Actor{User: &User{Login: name, Name: name}, Scope: u.Scope()}
}

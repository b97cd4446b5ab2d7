// Package auth decides who may see and do what. [Scope] is the one rule of rights: tiles, the stream, queries, the API,
// export and video all ask it, and nothing else decides.
package auth

import (
	"context"
	"slices"
	"strings"
	"time"

	"wanglou/layers"
)

// Scope is what one session may do, decided once at log-in. The zero value may do nothing. It is not changed after
// it was made and is safe for concurrent use.
type Scope struct {
	UserID int64
	UnitID int64    // the unit a RoleUnit user works for; 0 otherwise
	Roles  []Role   // sorted
	Areas  []string // sorted area paths; each means itself and everything below. "*" is everywhere

	Actions []Action // sorted: what the roles allow, less what this way in does not, see [Scope.Limit]
	Scene   string   // that a kiosk token opened, "" for people
}

// Everywhere is the area path of users who see all areas, and features without one.
const Everywhere = "*"

// May reports whether the scope's roles allow the action somewhere. Whether the thing lies in the scope's areas is a second question: Sees.
func (s *Scope) May(a Action) bool {
	_, found := slices.BinarySearch(s.Actions, a)
	return found
}

// InArea reports whether path is one of the scope's areas or below one. Features with no area are seen only by scopes that see everywhere.
func (s *Scope) InArea(path string) bool {
	for _, a := range s.Areas {
		if a == Everywhere {
			return true
		}
		if path != "" && strings.HasPrefix(path, a) && (len(path) == len(a) || path[len(a)] == '.') {
			return true
		}
	}
	return false
}

// Area returns the smallest area that holds all of the scope's, "" for who sees everywhere and where there is none.
func (s *Scope) Area() string {
	if len(s.Areas) == 0 {
		return ""
	}
	area := s.Areas[0]
	for _, a := range s.Areas {
		if a == Everywhere {
			return ""
		}
		area = layers.CommonArea(area, a)
	}
	return area
}

// Sees reports whether the scope may read f of layer l. It is the predicate of every reading route.
func (s *Scope) Sees(l *layers.Layer, f *layers.Feature) bool {
	if !s.May(ActionRead) {
		return false
	}
	return !l.Scoped() || s.InArea(l.Area(f))
}

// SeesAll reports whether Sees is true for every row of l: who reads many of them need not ask for each.
func (s *Scope) SeesAll(l *layers.Layer) bool {
	return s.May(ActionRead) && (!l.Scoped() || slices.Contains(s.Areas, Everywhere))
}

// Class names the set of rows the scope may read: scopes of one class share tiles. It is part of cache keys and ETags.
// Scopes that may read nothing share "-", which no area path can be.
func (s *Scope) Class() string {
	if !s.May(ActionRead) {
		return "-"
	}
	return strings.Join(s.Areas, ",")
}

// User is one person's account.
type User struct {
	ID       int64    `json:"id"`
	Login    string   `json:"login"`
	Name     string   `json:"name"`
	Roles    []Role   `json:"roles"`
	Areas    []string `json:"areas"`
	UnitID   int64    `json:"unit_id,omitempty"`
	Disabled bool     `json:"disabled"`

	// Granted is what the roles of the account allow now, as the store read it with the account; nil: as they are delivered.
	Granted Grants               `json:"-"`
	Titles  map[Role]layers.Text `json:"-"` // of those roles; nil: not read
}

// Scope returns the rights of u.
func (u *User) Scope() *Scope {
	if u.Disabled {
		return &Scope{UserID: u.ID}
	}
	granted := u.Granted
	if granted == nil {
		granted = Delivered
	}
	s := &Scope{UserID: u.ID, UnitID: u.UnitID, Roles: slices.Clone(u.Roles), Areas: slices.Clone(u.Areas), Actions: granted.Of(u.Roles)}
	slices.Sort(s.Roles)
	slices.Sort(s.Areas)
	return s
}

// AuditEntry is one row of the append-only audit log: who did what to which thing.
type AuditEntry struct {
	ID        int64          `json:"id"`
	Time      time.Time      `json:"time"`
	UserID    int64          `json:"user_id,omitempty"`
	Login     string         `json:"login"`
	Action    string         `json:"action"`  // "session.create", "incident.create", "task.dispatch", …
	Subject   string         `json:"subject"` // "incident/17"
	RequestID string         `json:"request_id"`
	Remote    string         `json:"remote"`
	Details   map[string]any `json:"details,omitempty"` // never secrets
}

// Service keeps users and the audit log. Save, Users and AuditLog ask the actor of ctx (the command line gives [Operator]) and
// answer CodeForbidden without the right; an admin of some areas manages, and reads of, only users whose areas all lie in
// them. Implemented by postgis.Users.
type Service interface {
	// Authenticate returns the user of a login and password; CodeUnauthorized when they do not fit or the user is disabled,
	// in the same time whether the login exists or not.
	Authenticate(ctx context.Context, login, password string) (*User, error)
	// User returns one user; CodeNotFound.
	User(ctx context.Context, id int64) (*User, error)
	// Users lists the accounts, by login.
	Users(ctx context.Context) ([]*User, error)
	// Save creates (ID 0, which it sets) or changes a user; an empty password keeps the old one. CodeInvalid, CodeConflict
	// (login taken), CodeNotFound.
	Save(ctx context.Context, u *User, password string) error
	// Audit appends one entry outside of any other transaction (log-in, log-out, refused requests). Changes of domain
	// data append theirs in their own transaction.
	Audit(ctx context.Context, e AuditEntry) error
	// AuditLog lists the newest entries before id (0: newest), at most limit.
	AuditLog(ctx context.Context, before int64, limit int) ([]AuditEntry, error)
}

// Actor is who does something, for logs: put into the context by the server once per request.
type Actor struct {
	User      *User
	Scope     *Scope
	RequestID string
	Remote    string
}

type actorKey struct{}

// WithActor returns a context that carries a.
func WithActor(ctx context.Context, a *Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom returns the actor of ctx, or one without any rights.
func ActorFrom(ctx context.Context) *Actor {
	if a, ok := ctx.Value(actorKey{}).(*Actor); ok {
		return a
	}
	return &Actor{User: &User{}, Scope: &Scope{}}
}

// RightsChange says whose rights may be others now: a user's, because the account or a token of it was changed, or a session's, because it is over. The
// zero value is anybody's.
type RightsChange struct {
	UserID  int64
	Session string // name of the session in its table
}

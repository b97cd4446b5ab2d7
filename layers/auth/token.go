package auth

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers"
)

// Access is how much of its user's rights a token has.
type Access string

const (
	AccessRead   Access = "read"   // map, lists, details
	AccessIntake Access = "intake" // hands reports in, as another system's, and sees nothing
	AccessWrite  Access = "write"  // besides, what the user may do with incidents, tasks and layers; never users, audit or tokens
	AccessKiosk  Access = "kiosk"  // opens one scene on a wall, to be looked at; good for nothing but a session of its own
)

// TokenPrefix begins every personal access token, so that one can be recognised wherever it turns up.
const TokenPrefix = "wl_"

// Limits of tokens.
const (
	MaxTokens       = 50 // of one user
	MaxTokenName    = 60 // characters
	MaxScene        = 300
	MaxTokenAge     = 2 * 365 * 24 * time.Hour
	DefaultTokenAge = 365 * 24 * time.Hour
)

// Token is a personal access token: how a GIS program, which cannot log in, asks for its user. Its secret is shown once and kept as a hash.
type Token struct {
	ID        int64      `json:"id"`
	UserID    int64      `json:"user_id"`
	Login     string     `json:"login"`
	Name      string     `json:"name"` // what it is for: "QGIS at my desk"
	Access    Access     `json:"access"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	LastUsed  *time.Time `json:"last_used,omitempty"` // to about a minute
	Scene     string     `json:"scene,omitempty"`     // of a kiosk token: the address on this server that it opens, "/?display=wall&lang=zh"
}

// Validate reports the first wrong field of a token that somebody wants to make at the time now.
func (t *Token) Validate(now time.Time) error {
	switch n := utf8.RuneCountInString(strings.TrimSpace(t.Name)); {
	case n == 0:
		return layers.Invalid("name", "required", "a token needs a name that tells what it is for")
	case n > MaxTokenName:
		return layers.Invalid("name", "too_long", "the name has %d characters, at most %d are kept", n, MaxTokenName)
	case !slices.Contains([]Access{AccessRead, AccessIntake, AccessWrite, AccessKiosk}, t.Access):
		return layers.Invalid("access", "unknown_value", "access is read, intake, write or kiosk")
	case t.Access == AccessKiosk && t.Scene == "":
		return layers.Invalid("scene", "required", "a kiosk token opens a scene")
	case t.Access != AccessKiosk && t.Scene != "":
		return layers.Invalid("scene", "not_supported", "only a kiosk token opens a scene")
	case t.Scene != "" && !isScene(t.Scene):
		return layers.Invalid("scene", "not_a_value", "a scene is an address on this server, like /?display=wall")
	case !t.ExpiresAt.After(now), t.ExpiresAt.After(now.Add(MaxTokenAge)):
		return layers.Invalid("expires_at", "out_of_range", "a token holds until some day within two years")
	}
	return nil
}

// isScene reports whether s is a path of this server, with a query perhaps: nothing that leads elsewhere.
func isScene(s string) bool {
	return len(s) <= MaxScene && s[0] == '/' && !strings.HasPrefix(s, "//") && !strings.ContainsAny(s, "\\#") && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) < 0
}

// Limit returns what of s a token of that access may do.
func (s *Scope) Limit(a Access) *Scope {
	out := *s
	out.Actions = slices.DeleteFunc(slices.Clone(s.Actions), func(action Action) bool {
		switch a {
		case AccessWrite:
			return slices.Contains([]Action{ActionManageUsers, ActionManageRoles, ActionManageHooks, ActionReadAudit, ActionManageTokens}, action)
		case AccessIntake:
			return action != ActionIntake
		case AccessKiosk: // walls show cameras, where their user may see them
			return action != ActionRead && action != ActionWatch
		}
		return action != ActionRead
	})
	return &out
}

// Tokens keeps personal access tokens. Everybody makes, lists and revokes their own; who manages users sees and revokes those of their users, too.
// Implemented by postgis.Tokens.
type Tokens interface {
	// Create stores a token of the actor of ctx and returns its secret, which nobody can read again. It sets ID, UserID, Login and
	// CreatedAt. CodeInvalid; CodeForbidden for who came by a token; CodeConflict with reason "too_many_tokens".
	Create(ctx context.Context, t *Token) (secret string, err error)
	// Tokens lists those that the actor may revoke, the newest first; not those that are over.
	Tokens(ctx context.Context) ([]*Token, error)
	// Revoke ends one. CodeNotFound.
	Revoke(ctx context.Context, id int64) error
	// Resolve returns the token of a secret and notes its use; CodeUnauthorized when there is none, or when it is over.
	Resolve(ctx context.Context, secret string) (*Token, error)
	// Token is Resolve for who knows which token it is, from the session that it opened.
	Token(ctx context.Context, id int64) (*Token, error)
}

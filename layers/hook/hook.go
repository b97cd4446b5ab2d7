// Package hook is webhooks: who of other systems is told of the changes of a layer, and what was not taken. server/hooks delivers.
package hook

import (
	"context"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers"
)

// Limits of webhooks.
const (
	MaxHooks = 50 // in an installation
	MaxDead  = 1000
	maxName  = 60
	maxURL   = 500
)

// Why something was not delivered: what Hook.LastError and Dead.Error hold, for clients to translate. The status of an answer follows WhyStatus.
const (
	WhyStatus      = "status:"
	WhyTimeout     = "timeout"
	WhyUnreachable = "unreachable"
	WhyAddress     = "address"  // not one that may be told
	WhyGone        = "gone"     // the receiver answers 410: it wants no more
	WhyRights      = "rights"   // the owner may not read the map
	WhyRefused     = "refused:" // by a robot; its own code follows
	WhyLayer       = "layer"    // it, a column or a property of the filter is not there any more
)

// Hook is one webhook.
type Hook struct {
	ID          int64      `json:"id"`
	UserID      int64      `json:"user_id"` // whose rights it has
	Login       string     `json:"login"`
	Kind        Kind       `json:"kind"`
	Name        string     `json:"name"`
	URL         string     `json:"url"`
	Layer       string     `json:"layer"`
	Geometry    bool       `json:"geometry"`
	Columns     []string   `json:"columns"` // empty: all
	Filter      string     `json:"filter,omitempty"`
	Template    string     `json:"template,omitempty"` // of a robot; empty: [DefaultTemplate]
	Link        string     `json:"link,omitempty"`     // of a robot: where people open the console
	Paused      bool       `json:"paused"`
	CreatedAt   time.Time  `json:"created_at"`
	DeliveredAt *time.Time `json:"delivered_at,omitempty"`
	Failing     int        `json:"failing"` // tries in vain since something was delivered
	LastError   string     `json:"last_error,omitempty"`
	Dead        int        `json:"dead"` // events that were given up

	Secret   string `json:"-"`
	Position string `json:"-"`
}

// Validate reports the first wrong field: CodeInvalid. allows says whether a host may be told.
func (h *Hook) Validate(allows func(host string) bool) error {
	switch n := utf8.RuneCountInString(strings.TrimSpace(h.Name)); {
	case n == 0:
		return layers.Invalid("name", "required", "a webhook needs a name that tells whom it tells")
	case n > maxName:
		return layers.Invalid("name", "too_long", "the name has %d characters, at most %d are kept", n, maxName)
	}
	u, err := url.Parse(h.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" || len(h.URL) > maxURL:
		return layers.Invalid("url", "not_a_value", "an address is http or https, with a host and without a user")
	case !allows(u.Host):
		e := layers.Invalid("url", "host_not_allowed", "%s is not one of the hosts that may be told (--webhook-hosts)", u.Host)
		e.Params = map[string]string{"host": u.Host}
		return e
	case h.Layer == "":
		return layers.Invalid("layer", "required", "a webhook tells of one layer")
	}
	return h.validateBot()
}

// Dead is an event that nobody took.
type Dead struct {
	EventID   string    `json:"event_id"`
	Attempts  int       `json:"attempts"`
	Error     string    `json:"error"`
	GivenUpAt time.Time `json:"given_up_at"`
	Bytes     int       `json:"bytes"`

	Body []byte `json:"-"`
}

// Store keeps webhooks. Its methods for people ask for auth.ActionManageHooks and write audit rows; those of the worker do neither. Implemented by postgis.Hooks; package server/hooks is the worker.
type Store interface {
	// Create stores h, of the actor of ctx, with a new secret. CodeInvalid, CodeForbidden, CodeConflict with reason "too_many_hooks".
	Create(ctx context.Context, h *Hook) error
	// Hooks lists all.
	Hooks(ctx context.Context) ([]*Hook, error)
	// Pause stops or goes on. CodeNotFound.
	Pause(ctx context.Context, id int64, paused bool) error
	// Delete forgets a webhook and what it did not take. CodeNotFound.
	Delete(ctx context.Context, id int64) error
	// DeadOf lists what was given up, the oldest first. CodeNotFound.
	DeadOf(ctx context.Context, id int64) ([]Dead, error)
	// DeadEvent returns one with its body and the webhook. CodeNotFound.
	DeadEvent(ctx context.Context, id int64, eventID string) (*Hook, *Dead, error)
	// Bury forgets one that was given up. CodeNotFound.
	Bury(ctx context.Context, id int64, eventID string) error

	// All is Hooks for the worker, with secrets and positions.
	All(ctx context.Context) ([]*Hook, error)
	// Delivered notes how far a webhook has heard; an empty position stays what it was.
	Delivered(ctx context.Context, id int64, position string) error
	// Failed notes a try in vain, and what came of it.
	Failed(ctx context.Context, id int64, reason string) error
	// GiveUp stores an event that was not taken, and goes on behind it.
	GiveUp(ctx context.Context, id int64, d *Dead, position string) error
	// Told returns the marks of the rows that a robot was told of, by id.
	Told(ctx context.Context, id int64) (map[int64]string, error)
	// Tell notes marks that it was told now, and forgets those of rows that are not there any more.
	Tell(ctx context.Context, id int64, marks map[int64]string, removed []int64) error
	// Stop pauses a webhook that told us to stop.
	Stop(ctx context.Context, id int64, reason string) error
	// Lead runs f while this process is the one that delivers, again and again until ctx ends; f's context ends when it is not any more.
	Lead(ctx context.Context, f func(context.Context) error) error
}

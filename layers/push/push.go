// Package push is notifications of phones and browsers that look at something else now: Web Push (RFC 8030, 8291, 8292). What is told is the least that
// makes somebody open the page: of which case, and why. server/push delivers.
package push

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers"
	"wanglou/layers/incident"
)

// Kind is why somebody is notified.
type Kind string

const (
	KindTask       Kind = "task"       // a new task of their unit
	KindCallOff    Kind = "call_off"   // it is taken back
	KindUrge       Kind = "urge"       // 催办
	KindMessage    Kind = "message"    // somebody wrote in a case of theirs
	KindEscalation Kind = "escalation" // a unit does not acknowledge
)

// Limits of notifications.
const (
	MaxSubscriptions = 10               // of one user; one more takes the place of the oldest
	MaxOf            = 30               // notifications of one user within Span; those beyond are not sent
	Span             = 10 * time.Minute //
	Fresh            = time.Hour        // an older event is news to nobody
	MaxAttempts      = 6
	maxEndpoint      = 1000
	maxDevice        = 80
)

// Subscription is one browser that somebody wants to be notified in.
type Subscription struct {
	ID        int64     `json:"id"`
	UserID    int64     `json:"-"`
	Endpoint  string    `json:"-"` // whoever knows it can send there: it is never shown, nor logged
	P256DH    string    `json:"-"` // the browser's public key: an uncompressed point of P-256, base64url
	Auth      string    `json:"-"` // 16 bytes, base64url
	Device    string    `json:"device"`
	CreatedAt time.Time `json:"created_at"`
}

// Validate tidies what a browser hands in and reports the first wrong field: CodeInvalid. allows says whether a push service may be asked.
func (s *Subscription) Validate(allows func(host string) bool) error {
	u, err := url.Parse(s.Endpoint)
	switch {
	case s.Endpoint == "":
		return layers.Invalid("endpoint", "required", "a subscription has the address of its push service")
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" || len(s.Endpoint) > maxEndpoint:
		return layers.Invalid("endpoint", "not_a_value", "the address of a push service is https, with a host and without a user")
	case !allows(u.Host):
		e := layers.Invalid("endpoint", "host_not_allowed", "%s is not one of the push services that may be asked (--push-hosts)", u.Host)
		e.Params = map[string]string{"host": u.Host}
		return e
	}
	key, err := decode(s.P256DH)
	if err == nil {
		_, err = ecdh.P256().NewPublicKey(key)
	}
	if err != nil {
		return layers.Invalid("p256dh", "not_a_value", "the key is an uncompressed point of P-256 in base64url")
	}
	if secret, err := decode(s.Auth); err != nil || len(secret) != 16 {
		return layers.Invalid("auth", "not_a_value", "the secret is 16 bytes in base64url")
	}
	s.Device = strings.TrimSpace(s.Device)
	if n := utf8.RuneCountInString(s.Device); n > maxDevice {
		return layers.Invalid("device", "too_long", "the name has %d characters, at most %d are kept", n, maxDevice)
	}
	return nil
}

// decode reads base64url, padded or not.
func decode(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}

// Note is all that leaves for a push service, encrypted: nothing of who reported, of what was written, or of where.
type Note struct {
	Kind     Kind              `json:"kind"`
	Incident int64             `json:"incident"` // to open its page
	Number   string            `json:"number"`
	Title    string            `json:"title"`
	Severity incident.Severity `json:"severity"`
}

// Due is one note that one browser is to be told now.
type Due struct {
	EventID      int64
	Subscription Subscription
	Note         Note
	At           time.Time // of what has happened
	Attempts     int       // so far
}

// Keys are those of this installation (VAPID), base64url. Private is never logged, shown or sent.
type Keys struct{ Public, Private string }

// Service keeps the subscriptions of people, each their own, with audit rows. Implemented by postgis.Push.
type Service interface {
	// Subscribe stores one of the actor's that was validated; the same browser again is the same one, whoever used it before. It sets ID and CreatedAt.
	Subscribe(ctx context.Context, s *Subscription) error
	// Subscriptions lists the actor's.
	Subscriptions(ctx context.Context) ([]*Subscription, error)
	// Unsubscribe forgets one of the actor's. CodeNotFound.
	Unsubscribe(ctx context.Context, id int64) error
	// Keys returns the installation's, which are made when they are asked for first.
	Keys(ctx context.Context) (Keys, error)
}

// Queue is what the worker asks for. Implemented by postgis.Push.
type Queue interface {
	// Keys is that of Service.
	Keys(ctx context.Context) (Keys, error)
	// Spread gives each new event to the subscriptions of those whom it is for, and forgets what is over.
	Spread(ctx context.Context, now time.Time) error
	// Due lists what is to be sent now, at most limit, the oldest first.
	Due(ctx context.Context, now time.Time, limit int) ([]Due, error)
	// Done ends a delivery; it was taken, or nobody will take it.
	Done(ctx context.Context, d *Due, taken bool) error
	// Later has it tried again.
	Later(ctx context.Context, d *Due, at time.Time) error
	// Gone forgets a browser that wants no more.
	Gone(ctx context.Context, subscription int64) error
	// Lead runs f while this process is the one that delivers, again and again until ctx ends.
	Lead(ctx context.Context, f func(context.Context) error) error
}

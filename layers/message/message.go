// Package message is what people say to each other in a case: desk and units, 会话. A message is never changed; a promise 承诺 is one with a time by which it
// has to be kept, and may be said to be kept once.
package message

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers"
)

// Limits of messages.
const (
	MaxText = 2000 // characters
	MaxKey  = 100  // characters
	Max     = 5000 // in a case
	Page    = 200  // told at once
)

// promiseWithin is how far ahead a promise may lie.
const promiseWithin = 366 * 24 * time.Hour

// Message is one message to everybody in a case.
type Message struct {
	ID          int64      `json:"id"`
	IncidentID  int64      `json:"incident_id"`
	AuthorID    int64      `json:"author_id,omitempty"`
	AuthorName  string     `json:"author_name"`
	UnitID      int64      `json:"unit_id,omitempty"` // for which the author works; 0 is the desk
	Text        string     `json:"text"`
	Promise     bool       `json:"promise"`
	DueAt       *time.Time `json:"due_at,omitempty"` // of a promise
	KeptAt      *time.Time `json:"kept_at,omitempty"`
	KeptBy      string     `json:"kept_by,omitempty"`
	SourceTime  time.Time  `json:"source_time"`  // when it was written
	ReceiveTime time.Time  `json:"receive_time"` // when the server took it
	Mine        bool       `json:"mine"`
	ClientKey   string     `json:"-"`
}

// Validate tidies a message that somebody wants to send and reports the first wrong field: CodeInvalid. Clocks of phones are wrong at times, so a time of writing in
// the future becomes now.
func (m *Message) Validate(now time.Time) error {
	m.Text = strings.TrimSpace(m.Text)
	switch n := utf8.RuneCountInString(m.Text); {
	case n == 0:
		return layers.Invalid("text", "required", "a message needs a text")
	case n > MaxText:
		return layers.Invalid("text", "too_long", "the text has %d characters, at most %d are kept", n, MaxText)
	case utf8.RuneCountInString(m.ClientKey) > MaxKey:
		return layers.Invalid("client_key", "too_long", "the key of the request has over %d characters", MaxKey)
	case m.Promise && m.DueAt == nil:
		return layers.Invalid("due_at", "required", "a promise needs the time by which it is kept")
	case !m.Promise && m.DueAt != nil:
		return layers.Invalid("due_at", "not_a_promise", "only a promise has a time by which it is kept")
	case m.Promise && m.DueAt.Before(now.Add(-time.Minute)):
		return layers.Invalid("due_at", "in_past", "the time by which the promise is kept has passed")
	case m.Promise && m.DueAt.After(now.Add(promiseWithin)):
		return layers.Invalid("due_at", "out_of_range", "the time by which the promise is kept lies more than a year ahead")
	}
	if m.SourceTime.IsZero() || m.SourceTime.After(now) {
		m.SourceTime = now
	}
	return nil
}

// Open reports whether m is a promise that nobody has kept yet.
func (m *Message) Open() bool { return m.Promise && m.KeptAt == nil }

// Service keeps messages. Who sends units in the case's area reads and writes, and so do the users of a unit that has, or had, a task in the case; to everybody else
// the case is CodeNotFound, or CodeForbidden where they may see it. Implemented by postgis.Messages.
type Service interface {
	// Messages lists the newest [Page] of a case before a message (0: all), oldest first.
	Messages(ctx context.Context, incidentID, before int64) ([]*Message, error)
	// Send stores a message of the actor's that was validated, and makes it what is stored; a repeat with the same key finds the first one's. CodeConflict with reason
	// "too_many_messages".
	Send(ctx context.Context, m *Message) error
	// Keep says that a promise is kept. CodeConflict with reason "already_kept", CodeInvalid where it is none.
	Keep(ctx context.Context, incidentID, id int64) (*Message, error)
}

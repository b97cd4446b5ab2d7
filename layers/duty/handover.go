package duty

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/clock"
	"wanglou/layers/incident"
)

// Limits of handovers.
const (
	MaxNotes = 4000 // characters
	MaxCases = 2000 // told in one; the rest is a number
	MaxList  = 100
)

// Unit is a unit at work on a case.
type Unit struct {
	Name  string `json:"name"`
	State string `json:"state"` // of its task
}

// Case is an open case as it stood.
type Case struct {
	ID       int64             `json:"id"`
	Number   string            `json:"number"`
	Title    string            `json:"title"`
	Severity incident.Severity `json:"severity"`
	State    incident.State    `json:"state"`
	AreaPath string            `json:"area_path"`
	Lamp     clock.Lamp        `json:"lamp,omitempty"` // "" while no clock runs
	AmberAt  *time.Time        `json:"-"`
	DueAt    *time.Time        `json:"due_at,omitempty"`
	Units    []Unit            `json:"units"`
}

// LampOf tells how a case stands by the moments at which its lamp changes.
func LampOf(amberAt, dueAt *time.Time, now time.Time) clock.Lamp {
	switch {
	case dueAt == nil:
		return ""
	case now.After(*dueAt):
		return clock.Red
	case amberAt != nil && !now.Before(*amberAt):
		return clock.Amber
	}
	return clock.Green
}

// Timer is a limit that ends while the next shift answers for it.
type Timer struct {
	IncidentID int64     `json:"incident_id"`
	Number     string    `json:"number"`
	Title      string    `json:"title"`
	At         time.Time `json:"at"`
}

// Promise is one that nobody has kept yet.
type Promise struct {
	IncidentID int64     `json:"incident_id"`
	Number     string    `json:"number"`
	MessageID  int64     `json:"message_id"`
	Text       string    `json:"text"`
	By         string    `json:"by"`
	DueAt      time.Time `json:"due_at"`
}

// Content is what is handed over. It is stored as JSON, and its hash is of those bytes.
type Content struct {
	Format   int       `json:"format"` // 1
	AreaPath string    `json:"area_path"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	Until    time.Time `json:"until"` // as far as timers are looked for: the end of the next shift, or 8 hours
	Cases    []Case    `json:"cases"`
	More     int       `json:"more,omitempty"` // open cases besides
	Timers   []Timer   `json:"timers"`
	Promises []Promise `json:"promises"`
	Notes    string    `json:"notes"`
}

// Fill sets the lamps and timers of the cases, and brings everything into its order: the most severe case first, then the longest there; what is due first.
func (c *Content) Fill() {
	c.Format = 1
	c.Timers = []Timer{}
	for i := range c.Cases {
		one := &c.Cases[i]
		one.Lamp = LampOf(one.AmberAt, one.DueAt, c.At)
		if one.Units == nil {
			one.Units = []Unit{}
		}
		if one.DueAt != nil && one.DueAt.After(c.At) && !one.DueAt.After(c.Until) {
			c.Timers = append(c.Timers, Timer{one.ID, one.Number, one.Title, *one.DueAt})
		}
	}
	slices.SortStableFunc(c.Cases, func(a, b Case) int { return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.ID, b.ID)) })
	slices.SortStableFunc(c.Timers, func(a, b Timer) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.IncidentID, b.IncidentID)) })
	slices.SortStableFunc(c.Promises, func(a, b Promise) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.MessageID, b.MessageID))
	})
	if c.Cases == nil {
		c.Cases = []Case{}
	}
	if c.Promises == nil {
		c.Promises = []Promise{}
	}
}

// ValidateNotes tidies the notes of a handover: CodeInvalid.
func ValidateNotes(notes string) (string, error) {
	notes = strings.TrimSpace(notes)
	if n := utf8.RuneCountInString(notes); n > MaxNotes {
		return "", layers.Invalid("notes", "too_long", "the notes have %d characters, at most %d are kept", n, MaxNotes)
	}
	return notes, nil
}

// Handover is one record. Nothing of it changes but that it is signed, once.
type Handover struct {
	ID         int64           `json:"id"`
	AreaPath   string          `json:"area_path"`
	MadeBy     int64           `json:"made_by"`
	MadeName   string          `json:"made_name"`
	MadeAt     time.Time       `json:"made_at"`
	TakenBy    int64           `json:"taken_by,omitempty"`
	TakenName  string          `json:"taken_name,omitempty"`
	TakenAt    *time.Time      `json:"taken_at,omitempty"`
	Superseded bool            `json:"superseded"`        // a later one of the area stands in its place: it cannot be signed any more
	Hash       string          `json:"hash"`              // SHA-256 of the content, hexadecimal
	Intact     bool            `json:"intact"`            // the content still has that hash
	Content    json.RawMessage `json:"content,omitempty"` // of one alone, not of a list: Content
}

// MayTake reports whether somebody may sign a handover: another person, with the right in its area. CodeInvalid, CodeForbidden, CodeConflict.
func (h *Handover) MayTake(u *auth.User) error {
	scope := u.Scope()
	switch {
	case h.TakenAt != nil:
		return &layers.Error{Code: layers.CodeConflict, Reason: "already_signed", Params: map[string]string{"by": h.TakenName}, Msg: h.TakenName + " has signed it"}
	case h.Superseded:
		return &layers.Error{Code: layers.CodeConflict, Reason: "superseded", Msg: "there is a later handover of this area"}
	case u.ID == h.MadeBy:
		return layers.Invalid("login", "same_person", "nobody takes over from themselves")
	case !scope.May(auth.ActionHandover) || !scope.InArea(h.AreaPath):
		return &layers.Error{Code: layers.CodeForbidden, Field: "login", Reason: "cannot_take_over", Params: map[string]string{"name": u.Name}, Msg: u.Name + " may not take over this area"}
	}
	return nil
}

// Handovers keeps records. Each method asks for auth.ActionHandover in the area. Implemented by postgis.Handovers.
type Handovers interface {
	// Draft is what a handover of an area ("": the one that holds all of the actor's) would say now, without notes.
	Draft(ctx context.Context, area string, now time.Time) (*Content, error)
	// Make stores one by the actor. CodeForbidden.
	Make(ctx context.Context, area, notes string, now time.Time) (*Handover, error)
	// Handovers lists the newest, without what they say.
	Handovers(ctx context.Context) ([]*Handover, error)
	// Handover returns one. CodeNotFound.
	Handover(ctx context.Context, id int64) (*Handover, error)
	// Sign stores that a user, whose password was verified, takes over. CodeNotFound, and what [Handover.MayTake] says.
	Sign(ctx context.Context, id int64, signer *auth.User) (*Handover, error)
}

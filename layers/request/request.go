package request

import (
	"context"
	"slices"
	"strings"
	"time"

	"wanglou/layers"
	"wanglou/layers/clock"
)

// Request is one of them, with what one has to know of its case.
type Request struct {
	ID          int64        `json:"id"`
	Kind        Kind         `json:"kind"`
	State       State        `json:"state"`
	IncidentID  int64        `json:"incident_id"`
	Number      string       `json:"number"` // of the case
	Title       string       `json:"title"`  // of the case
	Severity    int          `json:"severity"`
	AreaPath    string       `json:"area_path"` // of the case
	UnitID      int64        `json:"unit_id,omitempty"`
	UnitName    string       `json:"unit_name,omitempty"`
	AuthorID    int64        `json:"author_id,omitempty"`
	AuthorName  string       `json:"author_name"`
	AskedAt     time.Time    `json:"asked_at"`
	Reason      string       `json:"reason"`
	Limit       *clock.Limit `json:"limit,omitempty"`   // asked for
	Granted     *clock.Limit `json:"granted,omitempty"` // of an extension
	Level       int          `json:"level,omitempty"`   // of a supervision: 1 to MaxLevel
	DueAt       *time.Time   `json:"due_at,omitempty"`  // by when a supervision has to be answered
	Overdue     int          `json:"overdue,omitempty"` // how often that has passed
	Answer      string       `json:"answer,omitempty"`
	EndedAt     *time.Time   `json:"ended_at,omitempty"`
	Attachments []int64      `json:"attachments,omitempty"`
	Revision    int64        `json:"revision"`
}

// Limits of requests.
const (
	MaxLevel       = 3 // of a supervision
	MaxAttachments = 10
	MaxList        = 500
	MaxOfCase      = 200
)

// Ask is what somebody wants to ask.
type Ask struct {
	Kind        Kind         `json:"kind"`
	Reason      string       `json:"reason"`
	Limit       *clock.Limit `json:"limit"`       // of an extension: how much more; of a supervision: until the answer, nil for the rule's
	Level       int          `json:"level"`       // of a supervision, 0 is 1
	UnitID      int64        `json:"unit_id"`     // of a supervision: who has to answer, 0 is all who work on the case
	Attachments []int64      `json:"attachments"` // of an appeal, of the same case
}

// Validate tidies a, and reports the first wrong field: CodeInvalid.
func (a *Ask) Validate() error {
	a.Reason = strings.TrimSpace(a.Reason)
	if !slices.Contains(Kinds, a.Kind) {
		return layers.Invalid("kind", "unknown_value", "%q is not a kind of request", a.Kind)
	}
	if _, err := Take(a.Kind, "", MoveAsk, a.Reason); err != nil {
		return err
	}
	timed := a.Kind == Extension || a.Kind == Supervision
	switch {
	case a.Kind == Extension && a.Limit == nil:
		return layers.Invalid("limit", "required", "an extension says how much more time is asked for")
	case !timed && a.Limit != nil:
		return layers.Invalid("limit", "unknown_field", "%s has no time", a.Kind)
	case a.Kind != Supervision && (a.Level != 0 || a.UnitID != 0):
		return layers.Invalid("level", "unknown_field", "only a supervision has a level and a unit")
	case a.Kind != Appeal && len(a.Attachments) > 0:
		return layers.Invalid("attachments", "unknown_field", "only an appeal has attachments of its own")
	case len(a.Attachments) > MaxAttachments:
		return layers.Invalid("attachments", "too_long", "at most %d attachments are kept", MaxAttachments)
	}
	if a.Kind == Supervision {
		if a.Level == 0 {
			a.Level = 1
		}
		if a.Level < 1 || a.Level > MaxLevel {
			return layers.Invalid("level", "out_of_range", "a supervision's level is 1 to %d", MaxLevel)
		}
	}
	if a.Limit != nil {
		return inLimit(a.Limit.Validate())
	}
	return nil
}

// Decision is a move of a request.
type Decision struct {
	Move     Move         `json:"move"`
	Reason   string       `json:"reason"`
	Limit    *clock.Limit `json:"limit"` // granted; nil for the whole
	Revision int64        `json:"revision"`
}

// Grants returns how much time a granted extension gives: the whole, or less. CodeInvalid.
func (r *Request) Grants(d *Decision) (*clock.Limit, error) {
	switch {
	case r.Kind != Extension || d.Move != MoveGrant:
		if d.Limit != nil {
			return nil, layers.Invalid("limit", "unknown_field", "only a granted extension has a time")
		}
		return nil, nil
	case d.Limit == nil:
		return r.Limit, nil
	case d.Limit.Kind != r.Limit.Kind:
		return nil, layers.Invalid("limit.kind", "other_kind", "it was asked for in %s", r.Limit.Kind)
	case d.Limit.Amount > r.Limit.Amount:
		return nil, layers.Invalid("limit.amount", "more_than_asked", "%g was asked for", r.Limit.Amount)
	}
	return d.Limit, inLimit(d.Limit.Validate())
}

func inLimit(err error) error {
	if e, ok := err.(*layers.Error); ok {
		e.Field = "limit." + e.Field
	}
	return err
}

// Later is what becomes of a supervision whose deadline has passed: its level rises, and it has as long again.
func Later(level int, limit clock.Limit, calendar *clock.Calendar, now time.Time) (next int, due time.Time) {
	c := clock.Clock{Calendar: calendar, Limit: limit, Start: now}
	due, _ = c.Due() // no pause leaves it open
	return min(level+1, MaxLevel), due
}

// Filter selects requests; zero fields do not restrict.
type Filter struct {
	Kind     Kind
	Open     bool
	AreaPath string
}

// Service keeps requests. Rights and audit are as in incident.Service. Implemented by postgis.Requests.
type Service interface {
	// Ask makes one. CodeForbidden; CodeInvalid; CodeConflict with reason "already_asked", "too_many_extensions", "appeal_late", "no_deduction".
	Ask(ctx context.Context, incidentID int64, a *Ask) (*Request, error)
	// Move makes one step, and what follows from it for the case. CodeConflict when Revision is no longer the newest.
	Move(ctx context.Context, incidentID, id int64, d *Decision) (*Request, error)
	// OfIncident lists the requests of a case, oldest first, for those who may see the case, and for a unit that was sent to it.
	OfIncident(ctx context.Context, incidentID int64) ([]*Request, error)
	// Requests lists those of the actor's areas, or of its unit's cases: open ones first, by deadline, then the newest.
	Requests(ctx context.Context, f Filter) ([]*Request, error)
	// Urge 催办 tells the units that work on a case to hurry, and counts it. CodeConflict with reason "urged_lately", "nobody_sent".
	Urge(ctx context.Context, incidentID int64, text string) error
	// Overdue escalates the supervisions whose deadline has passed at now, each once a deadline, and returns how many.
	Overdue(ctx context.Context, now time.Time) (int, error)
}

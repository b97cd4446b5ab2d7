// Package incident is the case: one thing in the world that somebody has to look after, however many reports tell of it.
// The state machine is the table in states.go; a state is always the last row of the append-only log.
package incident

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Severity orders incidents: 1 danger to life, 2 serious, 3 ordinary.
type Severity int

// Incident is one case. Point is EPSG:4326, longitude first.
type Incident struct {
	ID          int64      `json:"id"`
	Number      string     `json:"number"` // yyyymmdd-nnnn, unique, given by the database
	Title       string     `json:"title"`
	Description string     `json:"description,omitempty"`
	Category    string     `json:"category"` // code of the dictionary, e.g. "09012"
	Standard    string     `json:"standard"` // the dictionary's key, e.g. "gbt47678.5-2026"
	Severity    Severity   `json:"severity"`
	State       State      `json:"state"`
	Source      string     `json:"source"` // channel of the first report, or "console"
	Address     string     `json:"address,omitempty"`
	AreaPath    string     `json:"area_path"`             // of the smallest area that holds Point, given by the database
	HolderPath  string     `json:"holder_path,omitempty"` // the level that has it, "" for that of its place, see [Incident.Holder]
	Condition   string     `json:"condition,omitempty"`   // code of the filing condition 立案条件
	Closing     Closing    `json:"closing,omitempty"`     // of a closed case
	Urges       int        `json:"urges,omitempty"`       // 催办, how often
	Asks        int        `json:"asks,omitempty"`        // requests that wait for the shift leader
	Supervised  int        `json:"supervised,omitempty"`  // 督办: the highest level that is open
	Point       orb.Point  `json:"-"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	ClosedAt    *time.Time `json:"closed_at,omitempty"`
	AmberAt     *time.Time `json:"amber_at,omitempty"` // when 80 % of the running limit have passed
	DueAt       *time.Time `json:"due_at,omitempty"`   // when all have; nil while no clock runs
	MergedInto  int64      `json:"merged_into,omitempty"`
	Revision    int64      `json:"revision"` // number of log rows; a move names the one it saw
}

// Validate reports the first wrong field of an incident that somebody wants to create.
func (in *Incident) Validate() error {
	switch n := utf8.RuneCountInString(strings.TrimSpace(in.Title)); {
	case n == 0:
		return layers.Invalid("title", "required", "a title is required")
	case n > 120:
		return layers.Invalid("title", "too_long", "the title has %d characters, at most 120 are kept", n)
	}
	if n := utf8.RuneCountInString(in.Description); n > 4000 {
		return layers.Invalid("description", "too_long", "the description has %d characters, at most 4000 are kept", n)
	}
	if n := utf8.RuneCountInString(in.Address); n > 200 {
		return layers.Invalid("address", "too_long", "the address has %d characters, at most 200 are kept", n)
	}
	if in.Severity < 1 || in.Severity > 3 {
		return layers.Invalid("severity", "out_of_range", "severity is 1, 2 or 3, not %d", in.Severity)
	}
	if in.Category == "" {
		return layers.Invalid("category", "required", "a category is required")
	}
	return layers.ValidatePoint("point", in.Point)
}

// Closing is the kind of a closing 结案.
type Closing string

const (
	ClosedNormal  Closing = "normal"
	ClosedOverdue Closing = "overdue" // 超时: after its deadline; the log says so, nobody chooses it
	ClosedError   Closing = "error"   // 差错
	ClosedSpecial Closing = "special" // 特殊
)

// Deduction reports whether a unit may appeal 申诉 against the closing.
func (c Closing) Deduction() bool { return c == ClosedOverdue || c == ClosedError }

// With is what some moves fix besides: filing 立案 the condition, closing its kind.
type With struct {
	Condition string
	Closing   Closing // "" for what the log says
}

// Validate reports the first field that the move does not take, or a wrong one: CodeInvalid.
func (w With) Validate(m Move) error {
	switch {
	case w.Condition != "" && m != MoveFile:
		return layers.Invalid("condition", "unknown_field", "%q has no filing condition", m)
	case w.Closing != "" && m != MovePass && m != MoveSelfHandle:
		return layers.Invalid("closing", "unknown_field", "%q does not close a case", m)
	}
	switch w.Closing {
	case "", ClosedNormal, ClosedError, ClosedSpecial:
		return nil
	}
	return layers.Invalid("closing", "unknown_value", "%q is not a kind of closing that is chosen", w.Closing)
}

// LogEntry is one row of the append-only log of a case: every move, dispatch, acknowledgement and remark.
type LogEntry struct {
	ID          int64          `json:"id"`
	IncidentID  int64          `json:"incident_id"`
	SourceTime  time.Time      `json:"source_time"`  // when it happened, by the one who tells it
	ReceiveTime time.Time      `json:"receive_time"` // when the server took it
	ActorID     int64          `json:"actor_id,omitempty"`
	ActorName   string         `json:"actor_name"`
	Move        string         `json:"move"` // a Move, or "task.<move>" for what a unit did
	From        State          `json:"from"`
	To          State          `json:"to"`
	Reason      string         `json:"reason,omitempty"`
	Details     map[string]any `json:"details,omitempty"`
}

// Filter selects incidents; zero fields do not restrict.
type Filter struct {
	Open     bool // not in a final state
	AreaPath string
	Limit    int // at most 500, which is also the default
}

// Service is the write side of cases. Every method reads the actor from ctx, checks its rights and areas, and appends to
// the audit log in the same transaction. What the actor may not see is CodeNotFound. Implemented by postgis.Incidents.
type Service interface {
	// Create stores a new case in state filed (duty officers fix category and severity as they create) and returns it.
	// clientKey makes a repeat of the same request return the first one's case. CodeInvalid, CodeForbidden.
	Create(ctx context.Context, in *Incident, clientKey string) (*Incident, error)
	// Move makes one move of the state machine. revision is the one the caller saw: CodeConflict when it is no longer the newest.
	Move(ctx context.Context, id int64, m Move, reason string, revision int64, with ...With) (*Incident, error)
	// Correct changes what is said of an open case 更正. revision as for Move.
	Correct(ctx context.Context, id int64, c Correction, revision int64) (*Incident, error)
	// Incident returns one case.
	Incident(ctx context.Context, id int64) (*Incident, error)
	// Incidents lists cases, the most urgent first.
	Incidents(ctx context.Context, f Filter) ([]*Incident, error)
	// Log returns the whole log of a case, oldest first.
	Log(ctx context.Context, id int64) ([]LogEntry, error)
}

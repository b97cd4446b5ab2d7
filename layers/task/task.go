// Package task is the work given to one unit for one incident: 派遣. Its timeline is that of computer-aided dispatch:
// dispatched → acknowledged → responding → on_scene → done.
package task

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers"
)

// State is where a task stands.
type State string

const (
	Dispatched   State = "dispatched"   // sent, not yet seen by the unit
	Acknowledged State = "acknowledged" // the unit has taken it
	Responding   State = "responding"   // on the way
	OnScene      State = "on_scene"
	Done         State = "done"       // 反馈: fed back and clear
	Returned     State = "returned"   // 回退: wrong unit, with a reason
	CalledOff    State = "called_off" // by the dispatcher, with a reason
)

// States lists all states; the last three are final.
var States = []State{Dispatched, Acknowledged, Responding, OnScene, Done, Returned, CalledOff}

// Final reports whether the unit is clear of a task in s.
func (s State) Final() bool { return s == Done || s == Returned || s == CalledOff }

// Move is what a unit or a dispatcher does with a task.
type Move string

const (
	MoveAcknowledge Move = "acknowledge"
	MoveRespond     Move = "respond"
	MoveArrive      Move = "arrive"
	MoveDone        Move = "done"
	MoveReturn      Move = "return"
	MoveCallOff     Move = "call_off"
	MoveConclude    Move = "conclude" // 主办: done, and the co-units that are not are called off
)

// Step is one arrow of the timeline.
type Step struct {
	From   State
	Move   Move
	To     State
	Reason bool // a reason is required; for done: what was done
	Office bool // by the dispatcher; the others by the unit itself
	Lead   bool // by the lead unit of a joint order, while others have not finished
}

// A unit under way may skip acknowledgement steps it had no time for, never go back.
var steps = []Step{
	{From: Dispatched, Move: MoveAcknowledge, To: Acknowledged},
	{From: Acknowledged, Move: MoveRespond, To: Responding},
	{From: Acknowledged, Move: MoveArrive, To: OnScene},
	{From: Responding, Move: MoveArrive, To: OnScene},
	{From: OnScene, Move: MoveDone, To: Done, Reason: true},
	{From: OnScene, Move: MoveConclude, To: Done, Reason: true, Lead: true},
	{From: Dispatched, Move: MoveReturn, To: Returned, Reason: true},
	{From: Acknowledged, Move: MoveReturn, To: Returned, Reason: true},
	{From: Responding, Move: MoveReturn, To: Returned, Reason: true},
	{From: OnScene, Move: MoveReturn, To: Returned, Reason: true},
	{From: Dispatched, Move: MoveCallOff, To: CalledOff, Reason: true, Office: true},
	{From: Acknowledged, Move: MoveCallOff, To: CalledOff, Reason: true, Office: true},
	{From: Responding, Move: MoveCallOff, To: CalledOff, Reason: true, Office: true},
	{From: OnScene, Move: MoveCallOff, To: CalledOff, Reason: true, Office: true},
}

// Steps returns the whole timeline.
func Steps() []Step { return slices.Clone(steps) }

func find(s State, m Move) *Step {
	for i := range steps {
		if steps[i].From == s && steps[i].Move == m {
			return &steps[i]
		}
	}
	return nil
}

// Next returns the state a move leads to from s, and whether it exists.
func (s State) Next(m Move) (to State, ok bool) {
	if st := find(s, m); st != nil {
		return st.To, true
	}
	return s, false
}

// MaxNote is the length of a note or a result, in characters.
const MaxNote = 2000

// Take returns the state that m leads to from s. CodeInvalid: s has no such move, or the reason is missing or too long.
func (s State) Take(m Move, reason string) (State, error) {
	st := find(s, m)
	if st == nil {
		e := layers.Invalid("move", "impossible_move", "%q does not lead anywhere from %q", m, s)
		e.Params = map[string]string{"move": string(m), "state": string(s)}
		return s, e
	}
	if st.Reason && strings.TrimSpace(reason) == "" {
		return s, layers.Invalid("reason", "required", "%q needs a reason", m)
	}
	return st.To, ValidateNote("reason", reason)
}

// ValidateNote reports CodeInvalid for a text that is too long to be kept.
func ValidateNote(field, text string) error {
	if n := utf8.RuneCountInString(text); n > MaxNote {
		return layers.Invalid(field, "too_long", "the text has %d characters, at most %d are kept", n, MaxNote)
	}
	return nil
}

// NeedsReason reports whether the move from s must say why (for done: what was done).
func (s State) NeedsReason(m Move) bool { st := find(s, m); return st != nil && st.Reason }

// ByOffice reports whether the move belongs to the dispatcher rather than to the unit.
func (m Move) ByOffice() bool { return m == MoveCallOff }

// Moves lists what the unit itself may do with a task in s, besides what a joint order's lead may.
func (s State) Moves() []Move {
	var out []Move
	for _, st := range steps {
		if st.From == s && !st.Office && !st.Lead {
			out = append(out, st.Move)
		}
	}
	return out
}

// Part is what a unit is in a joint order.
type Part string

const (
	Lead Part = "lead" // 主办
	Co   Part = "co"   // 协办
)

// MaxJoint is how many units a joint order has at most.
const MaxJoint = 12

// Joint is one order to several units with one deadline.
type Joint struct {
	Lead  int64      `json:"lead"`
	Co    []int64    `json:"co"`
	Note  string     `json:"note"`
	DueAt *time.Time `json:"due_at"`
}

// Validate reports the first wrong field: CodeInvalid.
func (j *Joint) Validate(now time.Time) error {
	switch {
	case j.Lead < 1:
		return layers.Invalid("lead", "required", "a lead unit is required")
	case len(j.Co) == 0:
		return layers.Invalid("co", "required", "a joint order has units that help")
	case len(j.Co) >= MaxJoint:
		return layers.Invalid("co", "too_long", "a joint order has at most %d units", MaxJoint)
	case j.DueAt == nil:
		return layers.Invalid("due_at", "required", "a joint order has one deadline")
	case !j.DueAt.After(now):
		return layers.Invalid("due_at", "in_past", "the deadline has passed")
	case j.DueAt.After(now.Add(366 * 24 * time.Hour)):
		return layers.Invalid("due_at", "too_late", "the deadline is over a year away")
	}
	seen := map[int64]bool{j.Lead: true}
	for _, id := range j.Co {
		if id < 1 || seen[id] {
			return layers.Invalid("co", "already_exists", "a unit is named twice")
		}
		seen[id] = true
	}
	return ValidateNote("note", j.Note)
}

// Task is one order to one unit.
type Task struct {
	ID             int64      `json:"id"`
	IncidentID     int64      `json:"incident_id"`
	UnitID         int64      `json:"unit_id"`
	UnitName       string     `json:"unit_name"`
	State          State      `json:"state"`
	AreaPath       string     `json:"area_path"` // of the incident
	Note           string     `json:"note,omitempty"`
	Part           Part       `json:"part,omitempty"`   // in a joint order
	DueAt          *time.Time `json:"due_at,omitempty"` // of a joint order, one for all parts
	DispatchedAt   time.Time  `json:"dispatched_at"`
	AcknowledgedAt *time.Time `json:"acknowledged_at,omitempty"`
	RespondingAt   *time.Time `json:"responding_at,omitempty"`
	OnSceneAt      *time.Time `json:"on_scene_at,omitempty"`
	EndedAt        *time.Time `json:"ended_at,omitempty"`
	Result         string     `json:"result,omitempty"` // what the unit fed back, or why it returned the task
	Revision       int64      `json:"revision"`
	Escalation     Level      `json:"escalation,omitempty"` // who is told now that nobody has acknowledged
}

// Origin is what a request tells of itself: a step that was made without network arrives late, and perhaps twice.
type Origin struct {
	Key  string    // made by the sender, "" for none: a repeat is told what the first one was told
	Time time.Time // when the step was made, by the sender's clock; zero for now
}

// maxLate is how long after it was made a step is still taken.
const maxLate = 30 * 24 * time.Hour

// Validate reports the first wrong field: CodeInvalid. A sender's clock may run ahead; a step was made no later than it arrived.
func (o *Origin) Validate(now time.Time) error {
	switch {
	case utf8.RuneCountInString(o.Key) > 100:
		return layers.Invalid("Idempotency-Key", "too_long", "the key has at most 100 characters")
	case !o.Time.IsZero() && o.Time.Before(now.Add(-maxLate)):
		return layers.Invalid("source_time", "too_late", "the step was made over 30 days ago")
	case o.Time.After(now):
		o.Time = time.Time{}
	}
	return nil
}

// Service is dispatch. Rights and audit are as in incident.Service. Implemented by postgis.Tasks.
type Service interface {
	// Dispatch sends a unit to an incident in state filed, dispatched or handling; the incident moves along. revision is
	// the incident's. CodeConflict when the unit is not available any more or somebody else moved the case first.
	Dispatch(ctx context.Context, incidentID, unitID int64, note string, revision int64) (*Task, error)
	// DispatchJoint sends several units with one deadline, or none of them. Errors are as of Dispatch, and CodeInvalid of the order itself.
	DispatchJoint(ctx context.Context, incidentID int64, j *Joint, revision int64) ([]*Task, error)
	// Move makes one step: by the unit's own user, or call_off by a dispatcher. The incident follows: acknowledge ⇒ handling,
	// the last open task done ⇒ checking, returned or called off with none left ⇒ filed. An origin that was validated says when the step was made, for the logs, and
	// makes a repeat harmless; CodeConflict with reason "key_taken" where its key belongs to another step.
	Move(ctx context.Context, id int64, m Move, reason string, revision int64, origin ...Origin) (*Task, error)
	// Task returns one task.
	Task(ctx context.Context, id int64) (*Task, error)
	// OfIncident lists the tasks of a case, oldest first.
	OfIncident(ctx context.Context, incidentID int64) ([]*Task, error)
	// Mine lists the tasks of the actor's unit: open ones first, then those ended in the last day.
	Mine(ctx context.Context) ([]*Task, error)
}

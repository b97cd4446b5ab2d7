// Package request is what somebody asks of somebody else beside a case's own moves, and gets an answer to: more time 延时, that the clock stands 挂账, that a
// deduction is taken away 申诉, and a supervisor's demand 督办. All of them are one machine; which arrows a kind has is data.
package request

import (
	"slices"
	"strings"
	"unicode/utf8"

	"wanglou/layers"
	"wanglou/layers/incident"
)

// Kind is what is asked for.
type Kind string

const (
	Extension   Kind = "extension"   // 延时: more time to handle a case
	Suspension  Kind = "suspension"  // 挂账: the clock of handling stands
	Appeal      Kind = "appeal"      // 申诉: of how a case was closed
	Supervision Kind = "supervision" // 督办: a supervisor demands an answer
)

// Kinds lists all of them.
var Kinds = []Kind{Extension, Suspension, Appeal, Supervision}

// AskedIn reports whether a request of the kind may be made for a case that stands there.
func (k Kind) AskedIn(s incident.State) bool {
	switch k {
	case Extension:
		return s == incident.Dispatched || s == incident.Handling
	case Suspension:
		return s == incident.Handling
	case Appeal:
		return s == incident.Closed
	case Supervision:
		return !s.Final()
	}
	return false
}

// State is where a request stands.
type State string

const (
	Asked     State = "asked"
	Answered  State = "answered" // a supervision, by those who work on the case
	Granted   State = "granted"
	Refused   State = "refused"
	Withdrawn State = "withdrawn"
	Closed    State = "closed" // a supervision, by a supervisor
)

// States lists all of them; the last four are final.
var States = []State{Asked, Answered, Granted, Refused, Withdrawn, Closed}

// Final reports whether nothing more becomes of a request in s.
func (s State) Final() bool { return s != Asked && s != Answered }

// Move is what is done with a request.
type Move string

const (
	MoveAsk      Move = "ask"
	MoveGrant    Move = "grant"
	MoveRefuse   Move = "refuse"
	MoveWithdraw Move = "withdraw"
	MoveAnswer   Move = "answer"
	MoveSendBack Move = "send_back" // the answer is not enough
	MoveClose    Move = "close"
)

// Moves lists all of them.
var Moves = []Move{MoveAsk, MoveGrant, MoveRefuse, MoveWithdraw, MoveAnswer, MoveSendBack, MoveClose}

// Side is who makes a move.
type Side string

const (
	ByUnit       Side = "unit"       // that was sent, or who sends for it
	ByLeader     Side = "leader"     // 值班长 of who holds the case
	BySupervisor Side = "supervisor" // 督办
)

// Step is one arrow of the machine.
type Step struct {
	Kinds  []Kind
	From   State // "" before the request exists
	Move   Move
	To     State
	Reason bool // has to say why
	By     Side
}

var (
	decided    = []Kind{Extension, Suspension, Appeal}
	supervised = []Kind{Supervision}
)

var steps = []Step{
	{Kinds: decided, Move: MoveAsk, To: Asked, Reason: true, By: ByUnit},
	{Kinds: decided, From: Asked, Move: MoveGrant, To: Granted, By: ByLeader},
	{Kinds: decided, From: Asked, Move: MoveRefuse, To: Refused, Reason: true, By: ByLeader},
	{Kinds: decided, From: Asked, Move: MoveWithdraw, To: Withdrawn, By: ByUnit},
	{Kinds: supervised, Move: MoveAsk, To: Asked, Reason: true, By: BySupervisor},
	{Kinds: supervised, From: Asked, Move: MoveAnswer, To: Answered, Reason: true, By: ByUnit},
	{Kinds: supervised, From: Answered, Move: MoveSendBack, To: Asked, Reason: true, By: BySupervisor},
	{Kinds: supervised, From: Asked, Move: MoveClose, To: Closed, Reason: true, By: BySupervisor},
	{Kinds: supervised, From: Answered, Move: MoveClose, To: Closed, By: BySupervisor},
}

// Steps returns the whole machine.
func Steps() []Step { return slices.Clone(steps) }

// Find returns the arrow of a kind that a move is from s, nil for none.
func Find(k Kind, s State, m Move) *Step {
	for i := range steps {
		if st := &steps[i]; st.From == s && st.Move == m && slices.Contains(st.Kinds, k) {
			return st
		}
	}
	return nil
}

// Open lists the arrows that lead on from s.
func Open(k Kind, s State) (out []Step) {
	for _, st := range steps {
		if s != "" && st.From == s && slices.Contains(st.Kinds, k) {
			out = append(out, st)
		}
	}
	return out
}

// MaxReason is the length of a reason, a demand or an answer, in characters.
const MaxReason = 2000

// Take returns the arrow of a move. CodeInvalid: there is none from s, or the reason is missing or too long.
func Take(k Kind, s State, m Move, reason string) (*Step, error) {
	st := Find(k, s, m)
	if st == nil {
		e := layers.Invalid("move", "impossible_move", "%q does not lead anywhere from %q", m, s)
		e.Params = map[string]string{"move": string(m), "state": string(s)}
		return nil, e
	}
	if st.Reason && strings.TrimSpace(reason) == "" {
		return nil, layers.Invalid("reason", "required", "%q needs a reason", m)
	}
	if n := utf8.RuneCountInString(reason); n > MaxReason {
		return nil, layers.Invalid("reason", "too_long", "the reason has %d characters, at most %d are kept", n, MaxReason)
	}
	return st, nil
}

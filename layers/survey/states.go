package survey

import (
	"slices"
	"strings"

	"wanglou/layers"
)

// State is where a detection stands.
type State string

const (
	Detected  State = "detected"  // 疑似
	Issued    State = "issued"    // 下发
	OnSite    State = "on_site"   // 核查
	Confirmed State = "confirmed" // 认定
	Dismissed State = "dismissed" // 排除
	Rectified State = "rectified" // 整改/拆除
	Cleared   State = "cleared"   // 销号, after a new flight
)

// States lists all states in the order of a detection's life.
var States = []State{Detected, Issued, OnSite, Confirmed, Dismissed, Rectified, Cleared}

// Final reports whether nothing more happens to a detection in s.
func (s State) Final() bool { return s == Dismissed || s == Cleared }

// Move is a named step from one state to another.
type Move string

const (
	MoveDetect      Move = "detect"       // by a comparison of captures, or an outside detector
	MoveIssue       Move = "issue"        // 下发 to whoever goes there
	MoveArrive      Move = "arrive"       // 现场核查
	MoveConfirm     Move = "confirm"      // 认定
	MoveDismiss     Move = "dismiss"      // 排除, at the desk or on site
	MoveRectify     Move = "rectify"      // 整改/拆除
	MoveStillStands Move = "still_stands" // 复飞核验: the new flight still shows it
	MoveClear       Move = "clear"        // 复飞核验: the new flight shows that it is gone
)

// Step is one arrow of the machine.
type Step struct {
	From   State // "" before the detection exists
	Move   Move
	To     State
	Reason bool // a reason is required
}

// steps is the whole machine. docs/states.md draws it; the test walks every pair.
var steps = []Step{
	{From: "", Move: MoveDetect, To: Detected},
	{From: Detected, Move: MoveIssue, To: Issued},
	{From: Detected, Move: MoveDismiss, To: Dismissed, Reason: true},
	{From: Issued, Move: MoveArrive, To: OnSite},
	{From: OnSite, Move: MoveConfirm, To: Confirmed},
	{From: OnSite, Move: MoveDismiss, To: Dismissed, Reason: true},
	{From: Confirmed, Move: MoveRectify, To: Rectified},
	{From: Rectified, Move: MoveStillStands, To: Confirmed, Reason: true},
	{From: Rectified, Move: MoveClear, To: Cleared},
}

// Steps returns the whole machine, in the order of a detection's life.
func Steps() []Step { return slices.Clone(steps) }

// Take returns the state that m leads to from s. CodeInvalid: s has no such move, or its reason is missing.
func (s State) Take(m Move, reason string) (State, error) {
	i := slices.IndexFunc(steps, func(st Step) bool { return st.From == s && st.Move == m })
	if i < 0 {
		e := layers.Invalid("move", "impossible_move", "%q does not lead anywhere from %q", m, s)
		e.Params = map[string]string{"move": string(m), "state": string(s)}
		return s, e
	}
	if steps[i].Reason && strings.TrimSpace(reason) == "" {
		return s, layers.Invalid("reason", "required", "%q needs a reason", m)
	}
	return steps[i].To, nil
}

// Moves lists what may be done with a detection in s.
func (s State) Moves() []Move {
	var out []Move
	for _, st := range steps {
		if st.From == s && s != "" {
			out = append(out, st.Move)
		}
	}
	return out
}

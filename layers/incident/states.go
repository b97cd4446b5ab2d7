package incident

import (
	"slices"
	"strings"
	"unicode/utf8"

	"wanglou/layers"
)

// State is where a case stands. Names follow the field's stages (信息收集 → 案件建立 → 任务派遣 → 任务处理 → 处理反馈 → 核查结案).
type State string

const (
	Reported   State = "reported"   // 上报
	Verifying  State = "verifying"  // 待核实
	Accepted   State = "accepted"   // 受理
	Filed      State = "filed"      // 立案
	Dispatched State = "dispatched" // 派遣
	Handling   State = "handling"   // 处置
	Suspended  State = "suspended"  // 挂账
	Checking   State = "checking"   // 待核查
	Closed     State = "closed"     // 结案
	Rejected   State = "rejected"   // 不予受理
	Unfiled    State = "unfiled"    // 不予立案
	Voided     State = "voided"     // 作废
	Merged     State = "merged"     // 并案: its reports are another case's
)

// Before is where MoveUnmerge leads to: the state that the case had before it was merged, as its log says.
const Before State = "before"

// States lists all states in the order of a case's life; the last five are final.
var States = []State{Reported, Verifying, Accepted, Filed, Dispatched, Handling, Suspended, Checking, Closed, Rejected, Unfiled, Voided, Merged}

// Final reports whether a case in s is over.
func (s State) Final() bool {
	return s == Closed || s == Rejected || s == Unfiled || s == Voided || s == Merged
}

// Move is a named step from one state to another.
type Move string

const (
	MoveCreate     Move = "create"      // a new case, filed at once by a duty officer
	MoveReport     Move = "report"      // 上报: a new case, reported by a channel
	MoveVerify     Move = "verify"      // 核实
	MoveExists     Move = "exists"      // 核实属实
	MoveNotExists  Move = "not_exists"  // 核实不属实
	MoveAccept     Move = "accept"      // 受理
	MoveReject     Move = "reject"      // 不予受理
	MoveFile       Move = "file"        // 立案
	MoveUnfile     Move = "unfile"      // 不予立案
	MoveVoid       Move = "void"        // 作废
	MoveDispatch   Move = "dispatch"    // 派遣
	MoveReturn     Move = "return"      // 回退
	MoveStart      Move = "start"       // 处置 (the unit acknowledged)
	MoveSuspend    Move = "suspend"     // 挂账
	MoveResume     Move = "resume"      // 解挂
	MoveFeedBack   Move = "feed_back"   // 反馈
	MovePass       Move = "pass"        // 核查通过并结案
	MoveRework     Move = "rework"      // 返工
	MoveSelfHandle Move = "self_handle" // 自行处置
	MoveMerge      Move = "merge"       // 并案: the same thing as another case
	MoveUnmerge    Move = "unmerge"     // 撤销并案
)

// Step is one arrow of the machine.
type Step struct {
	From   State // "" before the case exists
	Move   Move
	To     State
	Reason bool // a reason is required
	System bool // made by the program as the effect of a task's move or of a merge, never asked for by itself
}

// steps is the whole machine. docs/states.md draws it; the test walks every pair.
var steps = []Step{
	{From: "", Move: MoveCreate, To: Filed},
	{From: "", Move: MoveReport, To: Reported},
	{From: Reported, Move: MoveVerify, To: Verifying},
	{From: Reported, Move: MoveAccept, To: Accepted},
	{From: Reported, Move: MoveReject, To: Rejected, Reason: true},
	{From: Verifying, Move: MoveExists, To: Accepted},
	{From: Verifying, Move: MoveNotExists, To: Rejected, Reason: true},
	{From: Accepted, Move: MoveFile, To: Filed},
	{From: Accepted, Move: MoveUnfile, To: Unfiled, Reason: true},
	{From: Accepted, Move: MoveVoid, To: Voided, Reason: true},
	{From: Filed, Move: MoveVoid, To: Voided, Reason: true},
	{From: Filed, Move: MoveSelfHandle, To: Closed, Reason: true},
	{From: Filed, Move: MoveDispatch, To: Dispatched, System: true},
	{From: Dispatched, Move: MoveDispatch, To: Dispatched, System: true},
	{From: Handling, Move: MoveDispatch, To: Handling, System: true},
	{From: Dispatched, Move: MoveReturn, To: Filed, Reason: true, System: true},
	{From: Handling, Move: MoveReturn, To: Filed, Reason: true, System: true},
	{From: Dispatched, Move: MoveStart, To: Handling, System: true},
	{From: Handling, Move: MoveSuspend, To: Suspended, Reason: true},
	{From: Suspended, Move: MoveResume, To: Handling},
	{From: Handling, Move: MoveFeedBack, To: Checking, System: true},
	{From: Suspended, Move: MoveFeedBack, To: Checking, System: true}, // units may finish what waits on paper
	{From: Suspended, Move: MoveReturn, To: Filed, Reason: true, System: true},
	{From: Checking, Move: MovePass, To: Closed},
	{From: Checking, Move: MoveRework, To: Handling, Reason: true},
	// A case that somebody was sent to is not merged: the others are merged into it.
	{From: Reported, Move: MoveMerge, To: Merged, System: true},
	{From: Verifying, Move: MoveMerge, To: Merged, System: true},
	{From: Accepted, Move: MoveMerge, To: Merged, System: true},
	{From: Filed, Move: MoveMerge, To: Merged, System: true},
	{From: Merged, Move: MoveUnmerge, To: Before, System: true},
}

// Next returns the state a move leads to from s, and whether it exists.
func (s State) Next(m Move) (to State, ok bool) {
	st := find(s, m)
	if st == nil {
		return s, false
	}
	return st.To, true
}

// MaxReason is the length of a reason, a note or a result, in characters.
const MaxReason = 2000

// Take returns the state that m leads to from s. CodeInvalid: s has no such move, or the reason is missing or too long.
// Whether a person may ask for it is ByPeople's answer.
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
	if n := utf8.RuneCountInString(reason); n > MaxReason {
		return s, layers.Invalid("reason", "too_long", "the reason has %d characters, at most %d are kept", n, MaxReason)
	}
	return st.To, nil
}

// NeedsReason reports whether the move from s must say why.
func (s State) NeedsReason(m Move) bool { st := find(s, m); return st != nil && st.Reason }

// Moves lists what a person may do with a case in s, in the machine's order.
func (s State) Moves() []Move {
	var out []Move
	for _, st := range steps {
		if st.From == s && !st.System && s != "" {
			out = append(out, st.Move)
		}
	}
	return out
}

// Toward returns the move by which a person brings a case from s to another state; ok is false when there is none. No two lead to the same.
func (s State) Toward(to State) (m Move, ok bool) {
	for _, m := range s.Moves() {
		if next, _ := s.Next(m); next == to {
			return m, true
		}
	}
	return "", false
}

// ByPeople reports whether the move from s may be asked for by a person; the others follow from a task's moves.
func (s State) ByPeople(m Move) bool { st := find(s, m); return st != nil && !st.System && s != "" }

// Steps returns the whole machine, in the order of a case's life.
func Steps() []Step { return slices.Clone(steps) }

func find(s State, m Move) *Step {
	for i := range steps {
		if steps[i].From == s && steps[i].Move == m {
			return &steps[i]
		}
	}
	return nil
}

package incident

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wanglou/layers"
)

// arrows is the machine written a second time, by hand, from the field's stages: the code has to agree with it.
// "*" marks a required reason, "!" a move that only a task's progress makes.
const arrows = `
 create:filed report:reported
reported verify:verifying accept:accepted reject*:rejected merge!:merged
verifying exists:accepted not_exists*:rejected merge!:merged
accepted file:filed unfile*:unfiled void*:voided merge!:merged
filed void*:voided self_handle*:closed dispatch!:dispatched merge!:merged
dispatched dispatch!:dispatched return*!:filed start!:handling
handling dispatch!:handling return*!:filed suspend*:suspended feed_back!:checking
suspended resume:handling feed_back!:checking return*!:filed
checking pass:closed rework*:handling
closed
rejected
unfiled
voided
merged unmerge!:before
`

var everyMove = []Move{
	MoveCreate, MoveVerify, MoveExists, MoveNotExists, MoveAccept, MoveReject, MoveFile, MoveUnfile, MoveVoid, MoveDispatch,
	MoveReturn, MoveStart, MoveSuspend, MoveResume, MoveFeedBack, MovePass, MoveRework, MoveSelfHandle, MoveReport, MoveMerge, MoveUnmerge,
}

type arrow struct {
	to             State
	reason, system bool
}

func parseArrows(t *testing.T) map[State]map[Move]arrow {
	t.Helper()
	out := map[State]map[Move]arrow{}
	for line := range strings.Lines(arrows) {
		from, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		moves := map[Move]arrow{}
		for _, f := range strings.Fields(rest) {
			m, to, ok := strings.Cut(f, ":")
			if !ok {
				t.Fatalf("%q is not move:state", f)
			}
			a := arrow{to: State(to), reason: strings.Contains(m, "*"), system: strings.Contains(m, "!")}
			moves[Move(strings.TrimRight(m, "*!"))] = a
		}
		if len(moves) > 0 || from != "" {
			out[State(from)] = moves
		}
	}
	return out
}

func TestEveryPair(t *testing.T) {
	t.Parallel()
	want := parseArrows(t)
	for _, s := range append([]State{""}, States...) {
		if _, ok := want[s]; !ok {
			t.Errorf("state %q is not in the table", s)
		}
		for _, m := range everyMove {
			t.Run(fmt.Sprintf("%s/%s", s, m), func(t *testing.T) {
				t.Parallel()
				a, exists := want[s][m]
				to, ok := s.Next(m)
				if ok != exists || (ok && to != a.to) || (!ok && to != s) {
					t.Fatalf("Next = %q, %v; want %q, %v", to, ok, a.to, exists)
				}
				if got := s.NeedsReason(m); got != a.reason {
					t.Errorf("NeedsReason = %v", got)
				}
				if got, people := s.ByPeople(m), exists && !a.system && s != ""; got != people {
					t.Errorf("ByPeople = %v, want %v", got, people)
				}
				if got, people := slices.Contains(s.Moves(), m), exists && !a.system && s != ""; got != people {
					t.Errorf("Moves has it: %v, want %v", got, people)
				}
				checkTake(t, s, m, a, exists)
			})
		}
	}
}

func checkTake(t *testing.T, s State, m Move, a arrow, exists bool) {
	t.Helper()
	to, err := s.Take(m, "because")
	switch {
	case exists && (err != nil || to != a.to):
		t.Errorf("Take = %q, %v; want %q", to, err, a.to)
	case !exists && (layers.ErrorCode(err) != layers.CodeInvalid || to != s):
		t.Errorf("Take = %q, %v; want invalid", to, err)
	}
	if _, err := s.Take(m, " "); exists && (err != nil) != a.reason {
		t.Errorf("Take without a reason: %v, reason needed: %v", err, a.reason)
	}
	if _, err := s.Take(m, strings.Repeat("长", MaxReason+1)); err == nil {
		t.Error("Take accepts a reason that is too long")
	}
}

func TestFinalStatesHaveNoWayOut(t *testing.T) {
	t.Parallel()
	for _, s := range States {
		out := 0
		for _, st := range Steps() {
			if st.From == s {
				out++
			}
		}
		if s.Final() != (out == 0 || s == Merged) { // what was merged by mistake comes back
			t.Errorf("%s: final %v, %d ways out", s, s.Final(), out)
		}
	}
}

func TestEveryStateIsReached(t *testing.T) {
	t.Parallel()
	reached := map[State]bool{}
	for range States {
		for _, st := range Steps() {
			if st.From == "" || reached[st.From] {
				reached[st.To] = true
			}
		}
	}
	for _, s := range States {
		if !reached[s] {
			t.Errorf("%s is never reached", s)
		}
	}
}

// For every pair of states there is one move of a person's that leads from one to the other, or none.
func TestToward(t *testing.T) {
	t.Parallel()
	for _, from := range States {
		for _, to := range States {
			var moves []Move
			for _, m := range everyMove {
				if next, ok := from.Next(m); ok && next == to && from.ByPeople(m) {
					moves = append(moves, m)
				}
			}
			got, ok := from.Toward(to)
			if len(moves) > 1 || ok != (len(moves) == 1) || ok && got != moves[0] {
				t.Errorf("%s to %s: %q %t, the machine has %q", from, to, got, ok, moves)
			}
		}
	}
}

package task

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wanglou/layers"
)

// arrows is the timeline written a second time, by hand. "*" marks a required reason, "!" the dispatcher's own move.
const arrows = `
dispatched acknowledge:acknowledged return*:returned call_off*!:called_off
acknowledged respond:responding arrive:on_scene return*:returned call_off*!:called_off
responding arrive:on_scene return*:returned call_off*!:called_off
on_scene done*:done return*:returned call_off*!:called_off
done
returned
called_off
`

var everyMove = []Move{MoveAcknowledge, MoveRespond, MoveArrive, MoveDone, MoveReturn, MoveCallOff}

type arrow struct {
	to             State
	reason, office bool
}

func parseArrows(t *testing.T) map[State]map[Move]arrow {
	t.Helper()
	out := map[State]map[Move]arrow{}
	for line := range strings.Lines(strings.TrimSpace(arrows)) {
		fields := strings.Fields(line)
		out[State(fields[0])] = map[Move]arrow{}
		for _, f := range fields[1:] {
			m, to, ok := strings.Cut(f, ":")
			if !ok {
				t.Fatalf("%q is not move:state", f)
			}
			out[State(fields[0])][Move(strings.TrimRight(m, "*!"))] = arrow{
				to: State(to), reason: strings.Contains(m, "*"), office: strings.Contains(m, "!"),
			}
		}
	}
	return out
}

func TestEveryPair(t *testing.T) {
	t.Parallel()
	want := parseArrows(t)
	for _, s := range States {
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
				if exists && m.ByOffice() != a.office {
					t.Errorf("ByOffice = %v", m.ByOffice())
				}
				if got := slices.Contains(s.Moves(), m); got != (exists && !a.office) {
					t.Errorf("Moves has it: %v", got)
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
	if _, err := s.Take(m, "\n"); exists && (err != nil) != a.reason {
		t.Errorf("Take without a reason: %v, reason needed: %v", err, a.reason)
	}
	if _, err := s.Take(m, strings.Repeat("长", MaxNote+1)); err == nil {
		t.Error("Take accepts a reason that is too long")
	}
}

// TestNeverBack holds that a unit's progress has one direction.
func TestNeverBack(t *testing.T) {
	t.Parallel()
	for _, st := range Steps() {
		if slices.Index(States, st.To) <= slices.Index(States, st.From) {
			t.Errorf("%s goes back from %s to %s", st.Move, st.From, st.To)
		}
		if st.From.Final() {
			t.Errorf("%s leaves the final state %s", st.Move, st.From)
		}
	}
}

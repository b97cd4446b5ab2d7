package survey

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wanglou/layers"
)

// arrows is the life written a second time, by hand. "*" marks a required reason.
const arrows = `
 detect:detected
detected issue:issued dismiss*:dismissed
issued arrive:on_site
on_site confirm:confirmed dismiss*:dismissed
confirmed rectify:rectified
dismissed
rectified still_stands*:confirmed clear:cleared
cleared
`

var everyMove = []Move{MoveDetect, MoveIssue, MoveArrive, MoveConfirm, MoveDismiss, MoveRectify, MoveStillStands, MoveClear}

type arrow struct {
	to     State
	reason bool
}

func parseArrows(t *testing.T) map[State]map[Move]arrow {
	t.Helper()
	out := map[State]map[Move]arrow{}
	for line := range strings.Lines(arrows[1:]) {
		from, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		out[State(from)] = map[Move]arrow{}
		for _, f := range strings.Fields(rest) {
			m, to, ok := strings.Cut(f, ":")
			if !ok {
				t.Fatalf("%q is not move:state", f)
			}
			out[State(from)][Move(strings.TrimSuffix(m, "*"))] = arrow{to: State(to), reason: strings.HasSuffix(m, "*")}
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
				to, err := s.Take(m, "because")
				switch {
				case exists && (err != nil || to != a.to):
					t.Errorf("Take = %q, %v; want %q", to, err, a.to)
				case !exists && (layers.ErrorCode(err) != layers.CodeInvalid || to != s):
					t.Errorf("Take = %q, %v; want invalid", to, err)
				}
				if _, err := s.Take(m, ""); exists && (err != nil) != a.reason {
					t.Errorf("Take without a reason: %v, reason needed: %v", err, a.reason)
				}
				if got := slices.Contains(s.Moves(), m); got != (exists && s != "") {
					t.Errorf("Moves has it: %v", got)
				}
			})
		}
	}
}

func TestFinalStatesHaveNoWayOut(t *testing.T) {
	t.Parallel()
	for _, s := range States {
		if s.Final() != (len(s.Moves()) == 0) {
			t.Errorf("%s: final %v, moves %v", s, s.Final(), s.Moves())
		}
	}
}

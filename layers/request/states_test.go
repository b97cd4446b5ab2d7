package request

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wanglou/layers"
	"wanglou/layers/incident"
)

// arrows is the machine written a second time, by hand. "*" marks a required reason; the side stands behind "@".
var arrows = map[Kind]string{
	Extension:   decidedArrows,
	Suspension:  decidedArrows,
	Appeal:      decidedArrows,
	Supervision: ` ask*:asked@supervisor|asked answer*:answered@unit close*:closed@supervisor|answered send_back*:asked@supervisor close:closed@supervisor`,
}

const decidedArrows = ` ask*:asked@unit|asked grant:granted@leader refuse*:refused@leader withdraw:withdrawn@unit`

type arrow struct {
	to     State
	by     Side
	reason bool
}

func parse(k Kind) map[State]map[Move]arrow {
	out := map[State]map[Move]arrow{}
	for _, line := range strings.Split(arrows[k], "|") {
		from, rest, _ := strings.Cut(line, " ")
		out[State(from)] = map[Move]arrow{}
		for _, f := range strings.Fields(rest) {
			m, to, _ := strings.Cut(f, ":")
			to, by, _ := strings.Cut(to, "@")
			out[State(from)][Move(strings.TrimSuffix(m, "*"))] = arrow{State(to), Side(by), strings.HasSuffix(m, "*")}
		}
	}
	return out
}

func TestEveryPair(t *testing.T) {
	t.Parallel()
	for _, k := range Kinds {
		want := parse(k)
		for _, s := range append([]State{""}, States...) {
			for _, m := range Moves {
				t.Run(fmt.Sprintf("%s/%s/%s", k, s, m), func(t *testing.T) {
					t.Parallel()
					a, exists := want[s][m]
					st, err := Take(k, s, m, "because")
					if exists != (err == nil) || exists && (st.To != a.to || st.By != a.by || st.Reason != a.reason) {
						t.Fatalf("Take = %+v, %v; want %+v, %v", st, err, a, exists)
					}
					if !exists {
						if layers.ErrorCode(err) != layers.CodeInvalid {
							t.Errorf("%v", err)
						}
						return
					}
					if _, err := Take(k, s, m, " \n"); (err != nil) != a.reason {
						t.Errorf("without a reason: %v", err)
					}
					if _, err := Take(k, s, m, strings.Repeat("长", MaxReason+1)); err == nil {
						t.Error("takes a reason that is too long")
					}
				})
			}
			if got := len(Open(k, s)); s != "" && got != len(want[s]) {
				t.Errorf("%s %s: %d ways on, want %d", k, s, got, len(want[s]))
			}
		}
	}
}

func TestFinalStatesHaveNoWayOut(t *testing.T) {
	t.Parallel()
	reached := map[State]bool{}
	for _, st := range Steps() {
		if st.From.Final() && st.From != "" {
			t.Errorf("%s leads on", st.From)
		}
		reached[st.To] = true
	}
	for _, s := range States {
		if !reached[s] {
			t.Errorf("%s is never reached", s)
		}
	}
}

func TestAskedIn(t *testing.T) {
	t.Parallel()
	want := map[Kind][]incident.State{
		Extension: {incident.Dispatched, incident.Handling}, Suspension: {incident.Handling}, Appeal: {incident.Closed},
		Supervision: {incident.Reported, incident.Verifying, incident.Accepted, incident.Filed, incident.Dispatched, incident.Handling, incident.Suspended, incident.Checking},
	}
	for _, k := range append([]Kind{"moon"}, Kinds...) {
		for _, s := range incident.States {
			if got := k.AskedIn(s); got != slices.Contains(want[k], s) {
				t.Errorf("%s in %s: %v", k, s, got)
			}
		}
	}
}

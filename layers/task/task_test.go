package task

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wanglou/layers"
)

// arrows is the timeline written a second time, by hand. "*" marks a required reason, "!" the dispatcher's own move, "+" one of a joint order's lead.
const arrows = `
dispatched acknowledge:acknowledged return*:returned call_off*!:called_off
acknowledged respond:responding arrive:on_scene return*:returned call_off*!:called_off
responding arrive:on_scene return*:returned call_off*!:called_off
on_scene done*:done conclude*+:done return*:returned call_off*!:called_off
done
returned
called_off
`

var everyMove = []Move{MoveAcknowledge, MoveRespond, MoveArrive, MoveDone, MoveReturn, MoveCallOff, MoveConclude}

type arrow struct {
	to                   State
	reason, office, lead bool
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
			out[State(fields[0])][Move(strings.TrimRight(m, "*!+"))] = arrow{
				to: State(to), reason: strings.Contains(m, "*"), office: strings.Contains(m, "!"), lead: strings.Contains(m, "+"),
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
				if got := slices.Contains(s.Moves(), m); got != (exists && !a.office && !a.lead) {
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

func TestJoint(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 18, 8, 0, 0, 0, time.UTC)
	due := now.Add(time.Hour)
	for name, test := range map[string]struct {
		change        func(*Joint)
		field, reason string
	}{
		"good":           {func(*Joint) {}, "", ""},
		"no lead":        {func(j *Joint) { j.Lead = 0 }, "lead", "required"},
		"alone":          {func(j *Joint) { j.Co = nil }, "co", "required"},
		"a crowd":        {func(j *Joint) { j.Co = make([]int64, MaxJoint) }, "co", "too_long"},
		"twice":          {func(j *Joint) { j.Co = []int64{2, 2} }, "co", "already_exists"},
		"helps itself":   {func(j *Joint) { j.Co = []int64{1} }, "co", "already_exists"},
		"no deadline":    {func(j *Joint) { j.DueAt = nil }, "due_at", "required"},
		"yesterday":      {func(j *Joint) { j.DueAt = &now }, "due_at", "in_past"},
		"some day":       {func(j *Joint) { j.DueAt = new(now.Add(9000 * time.Hour)) }, "due_at", "too_late"},
		"a note for all": {func(j *Joint) { j.Note = strings.Repeat("长", MaxNote+1) }, "note", "too_long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &Joint{Lead: 1, Co: []int64{2, 3}, DueAt: &due}
			test.change(j)
			err := j.Validate(now)
			if e, ok := err.(*layers.Error); test.reason == "" && err != nil || test.reason != "" && (!ok || e.Field != test.field || e.Reason != test.reason) {
				t.Errorf("%v", err)
			}
		})
	}
}

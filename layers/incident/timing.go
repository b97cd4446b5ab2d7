package incident

import (
	"strings"
	"time"

	"wanglou/layers/clock"
)

// Stage is what of a case has a limit of time.
type Stage string

const (
	StageAccepting Stage = "accepting" // from the report 上报 until it is filed 立案 or not
	StageVerifying Stage = "verifying" // 核实
	StageHandling  Stage = "handling"  // from filing 立案 until it is fed back 反馈 for good
	StageChecking  Stage = "checking"  // 核查
	StageHop       Stage = "hop"       // 上报/交办: from the hop until the new holder takes it
)

// Stages lists all of them in the order of a case's life.
var Stages = []Stage{StageAccepting, StageVerifying, StageHandling, StageChecking, StageHop}

// Timing is the running clock of a case, without its limit.
type Timing struct {
	Stage  Stage
	Start  time.Time
	Pauses []clock.Pause
	More   []clock.Limit // granted extensions 延时, oldest first
	Until  time.Time     // a joint order's deadline, which has no limit; zero else
}

// MoveExtend is the move of the log row that grants a case more time: its details are a clock.Limit.
const MoveExtend = "extension.grant"

// TimingsOf reads from a case's log, oldest row first, which clocks run: of its stage, of a hop that was not taken, of a joint order whose parts are not all done.
// The case is due when the first of them is.
func TimingsOf(log []LogEntry) []Timing {
	var out []Timing
	stage, runs := TimingOf(log)
	if runs {
		out = append(out, stage)
	}
	if hop, open := hopOf(log); open {
		out = append(out, hop)
	}
	if runs && stage.Stage == StageHandling && (len(log) == 0 || !log[len(log)-1].To.waits()) {
		if joint, open := jointOf(log); open {
			out = append(out, joint)
		}
	}
	return out
}

// MovesClock reports whether a log row may change a clock: one that moves the case, extends it, hands it on, or is of a task.
func MovesClock(move string, from, to State) bool {
	return from != to || move == MoveExtend || move == string(MoveDispatch) || move == MoveCorrect || strings.HasPrefix(move, "hop.") || strings.HasPrefix(move, "task.")
}

// hopOf returns the clock of the last hop, unless whoever has the case now has taken it, or has done something with it.
func hopOf(log []LogEntry) (t Timing, open bool) {
	for i := range log {
		e := &log[i]
		switch {
		case e.Move == string(HopUp) || e.Move == string(HopDown):
			t, open = Timing{Stage: StageHop, Start: e.SourceTime}, true
		case e.Move == string(HopTake) || e.Move == string(MoveDispatch) || e.From.ByPeople(Move(e.Move)) || e.To.Final():
			open = false
		}
	}
	return t, open
}

// jointOf returns the earliest deadline of the parts of joint orders that are not over.
func jointOf(log []LogEntry) (t Timing, open bool) {
	parts := map[float64]Timing{}
	for i := range log {
		e := &log[i]
		id, _ := e.Details["task_id"].(float64)
		switch e.Move {
		case string(MoveDispatch):
			until, _ := e.Details["due_at"].(string)
			if at, err := time.Parse(time.RFC3339Nano, until); err == nil {
				parts[id] = Timing{Stage: StageHandling, Start: e.SourceTime, Until: at}
			}
		case "task.done", "task.return", "task.call_off", "task.conclude":
			delete(parts, id)
		}
	}
	for _, p := range parts {
		if !open || p.Until.Before(t.Until) {
			t, open = p, true
		}
	}
	return t, open
}

// limitOf reads the limit that a log row grants.
func limitOf(details map[string]any) (l clock.Limit, ok bool) {
	kind, _ := details["limit_kind"].(string)
	l.Kind = clock.Kind(kind)
	l.Amount, _ = details["limit_amount"].(float64)
	return l, l.Validate() == nil
}

// TimingOf reads from a case's log, oldest row first, which clock runs; false for none. The clock of handling goes on through returns 回退,
// dispatching again 改派 and rework 返工, and stands while the case is suspended 挂账 or being checked; the clock of accepting stands while it is verified.
func TimingOf(log []LogEntry) (Timing, bool) {
	var accepting, handling, stage Timing
	state := State("")
	for i := range log {
		e := &log[i]
		if e.Move == MoveExtend {
			if more, ok := limitOf(e.Details); ok {
				handling.More = append(handling.More, more)
			}
		}
		if e.To == state {
			continue
		}
		if state == Verifying && len(accepting.Pauses) > 0 {
			accepting.Pauses[len(accepting.Pauses)-1].To = e.SourceTime
		}
		if state.waits() {
			handling.Pauses[len(handling.Pauses)-1].To = e.SourceTime
		}
		switch e.To {
		case Reported:
			if state == "" {
				accepting = Timing{Stage: StageAccepting, Start: e.SourceTime}
			}
		case Verifying:
			if !accepting.Start.IsZero() {
				accepting.Pauses = append(accepting.Pauses, clock.Pause{From: e.SourceTime})
			}
			stage = Timing{Stage: StageVerifying, Start: e.SourceTime}
		case Checking:
			stage = Timing{Stage: StageChecking, Start: e.SourceTime}
		case Filed:
			if state == "" || state == Accepted {
				handling = Timing{Stage: StageHandling, Start: e.SourceTime}
			}
		}
		if e.To.waits() {
			handling.Pauses = append(handling.Pauses, clock.Pause{From: e.SourceTime})
		}
		state = e.To
	}
	switch state {
	case Reported, Accepted:
		return accepting, !accepting.Start.IsZero()
	case Verifying, Checking:
		return stage, true
	case Filed, Dispatched, Handling, Suspended:
		return handling, !handling.Start.IsZero()
	}
	return Timing{}, false
}

// waits reports whether the clock of handling stands in s.
func (s State) waits() bool { return s == Suspended || s == Checking }

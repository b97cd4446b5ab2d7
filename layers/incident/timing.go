package incident

import (
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
)

// Stages lists all of them in the order of a case's life.
var Stages = []Stage{StageAccepting, StageVerifying, StageHandling, StageChecking}

// Timing is the running clock of a case, without its limit.
type Timing struct {
	Stage  Stage
	Start  time.Time
	Pauses []clock.Pause
}

// TimingOf reads from a case's log, oldest row first, which clock runs; false for none. The clock of handling goes on through returns 回退,
// dispatching again 改派 and rework 返工, and stands while the case is suspended 挂账 or being checked; the clock of accepting stands while it is verified.
func TimingOf(log []LogEntry) (Timing, bool) {
	var accepting, handling, stage Timing
	state := State("")
	for i := range log {
		e := &log[i]
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

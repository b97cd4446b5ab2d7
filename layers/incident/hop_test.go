package incident

import (
	"testing"
	"time"

	"wanglou/layers"
)

func TestHopTo(t *testing.T) {
	t.Parallel()
	const county, town, village = "330122", "330122.330122001", "330122.330122001.330122001007"
	for name, test := range map[string]struct {
		holder string
		hop    Hop
		want   string // "" where there is no such level
	}{
		"village up":   {"", HopUp, town},
		"town up":      {town, HopUp, county},
		"county up":    {county, HopUp, ""},
		"county down":  {county, HopDown, town},
		"town down":    {town, HopDown, village},
		"village down": {village, HopDown, ""},
		"taken":        {town, HopTake, town},
		"sideways":     {town, "hop.side", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := &Incident{AreaPath: village, HolderPath: test.holder}
			got, err := in.HopTo(test.hop)
			if got != test.want || (err != nil) != (test.want == "") || err != nil && layers.ErrorCode(err) != layers.CodeInvalid {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	if CheckHop(HopUp, " ") == nil || CheckHop(HopTake, "") != nil || CheckHop(HopDown, "力量不足") != nil {
		t.Error("a hop says why, who takes it need not")
	}
}

func TestClocksBesideTheStage(t *testing.T) {
	t.Parallel()
	at := func(hour int) time.Time { return time.Date(2026, 3, 18, hour, 0, 0, 0, time.UTC) }
	row := func(move string, from, to State, details map[string]any) LogEntry {
		return LogEntry{Move: move, From: from, To: to, Details: details}
	}
	filed := row("create", "", Filed, nil)
	sent := func(id float64, hour int) LogEntry {
		return row("dispatch", Filed, Dispatched, map[string]any{"task_id": id, "due_at": at(hour).Format(time.RFC3339)})
	}
	done := func(id float64) LogEntry {
		return row("task.done", Handling, Handling, map[string]any{"task_id": id})
	}
	up, take := row("hop.up", Filed, Filed, nil), row("hop.take", Filed, Filed, nil)
	for name, test := range map[string]struct {
		log   []LogEntry
		hop   int // when it began, -1 for none
		until int // 0 for none
	}{
		"none":                     {[]LogEntry{filed}, -1, 0},
		"handed up":                {[]LogEntry{filed, up}, 1, 0},
		"handed up, and on":        {[]LogEntry{filed, up, up}, 2, 0},
		"taken":                    {[]LogEntry{filed, up, take}, -1, 0},
		"taken by doing":           {[]LogEntry{filed, up, sent(1, 20)}, -1, 20},
		"joint":                    {[]LogEntry{filed, sent(1, 20), sent(2, 19)}, -1, 19},
		"one part is done":         {[]LogEntry{filed, sent(1, 20), sent(2, 19), done(2)}, -1, 20},
		"all are done":             {[]LogEntry{filed, sent(1, 20), sent(2, 20), done(1), done(2)}, -1, 0},
		"a unit's step takes none": {[]LogEntry{filed, up, row("task.arrive", Filed, Filed, nil)}, 1, 0},
		"suspended stands":         {[]LogEntry{filed, sent(1, 20), row("start", Dispatched, Handling, nil), row("suspend", Handling, Suspended, nil)}, -1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := append([]LogEntry{}, test.log...)
			for i := range log {
				log[i].SourceTime = at(i)
			}
			hop, until := -1, 0
			for _, c := range TimingsOf(log) {
				if c.Stage == StageHop {
					hop = c.Start.Hour()
				}
				if !c.Until.IsZero() {
					until = c.Until.Hour()
				}
			}
			if hop != test.hop || until != test.until || Handed(log) != (test.hop >= 0) {
				t.Errorf("hop %d, until %d; want %d, %d", hop, until, test.hop, test.until)
			}
		})
	}
}

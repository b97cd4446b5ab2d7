package incident_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wanglou/layers/clock"
	"wanglou/layers/incident"
)

func TestTimingOf(t *testing.T) {
	t.Parallel()
	at := func(hour int) time.Time { return time.Date(2026, 3, 18, hour, 0, 0, 0, time.UTC) }
	for name, test := range map[string]struct {
		states []incident.State // one an hour
		want   incident.Timing
		none   bool
	}{
		"reported":  {states: []incident.State{incident.Reported}, want: incident.Timing{Stage: incident.StageAccepting, Start: at(0)}},
		"verifying": {states: []incident.State{incident.Reported, incident.Verifying}, want: incident.Timing{Stage: incident.StageVerifying, Start: at(1)}},
		"accepted": {states: []incident.State{incident.Reported, incident.Verifying, incident.Accepted},
			want: incident.Timing{Stage: incident.StageAccepting, Start: at(0), Pauses: []clock.Pause{{From: at(1), To: at(2)}}}},
		"merged and parted":      {states: []incident.State{incident.Reported, incident.Merged, incident.Reported}, want: incident.Timing{Stage: incident.StageAccepting, Start: at(0)}},
		"merged":                 {states: []incident.State{incident.Filed, incident.Merged}, none: true},
		"filed at once":          {states: []incident.State{incident.Filed}, want: incident.Timing{Stage: incident.StageHandling, Start: at(0)}},
		"filed after acceptance": {states: []incident.State{incident.Reported, incident.Accepted, incident.Filed}, want: incident.Timing{Stage: incident.StageHandling, Start: at(2)}},
		"a unit's step":          {states: []incident.State{incident.Filed, incident.Dispatched, incident.Dispatched}, want: incident.Timing{Stage: incident.StageHandling, Start: at(0)}},
		"returned, sent again": {states: []incident.State{incident.Filed, incident.Dispatched, incident.Filed, incident.Dispatched},
			want: incident.Timing{Stage: incident.StageHandling, Start: at(0)}},
		"suspended": {states: []incident.State{incident.Filed, incident.Dispatched, incident.Handling, incident.Suspended},
			want: incident.Timing{Stage: incident.StageHandling, Start: at(0), Pauses: []clock.Pause{{From: at(3)}}}},
		"resumed": {states: []incident.State{incident.Filed, incident.Dispatched, incident.Handling, incident.Suspended, incident.Handling},
			want: incident.Timing{Stage: incident.StageHandling, Start: at(0), Pauses: []clock.Pause{{From: at(3), To: at(4)}}}},
		"checking": {states: []incident.State{incident.Filed, incident.Dispatched, incident.Handling, incident.Checking}, want: incident.Timing{Stage: incident.StageChecking, Start: at(3)}},
		"fed back while suspended, then rework": {states: []incident.State{incident.Filed, incident.Dispatched, incident.Handling, incident.Suspended, incident.Checking, incident.Handling},
			want: incident.Timing{Stage: incident.StageHandling, Start: at(0), Pauses: []clock.Pause{{From: at(3), To: at(4)}, {From: at(4), To: at(5)}}}},
		"closed": {states: []incident.State{incident.Filed, incident.Dispatched, incident.Handling, incident.Checking, incident.Closed}, none: true},
		"voided": {states: []incident.State{incident.Filed, incident.Voided}, none: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log []incident.LogEntry
			from := incident.State("")
			for i, to := range test.states {
				log = append(log, incident.LogEntry{From: from, To: to, SourceTime: at(i)})
				from = to
			}
			got, ok := incident.TimingOf(log)
			if ok == test.none || ok && !reflect.DeepEqual(got, test.want) {
				t.Errorf("%+v, %v; want %+v", got, ok, test.want)
			}
		})
	}
}

// A granted extension moves the deadline by what was granted, whenever it was granted, and whatever else happened: the log alone says so.
func TestExtensionsAreReadFromTheLog(t *testing.T) {
	t.Parallel()
	calendar := &clock.Calendar{Zone: time.UTC, Windows: []clock.Window{{From: 510, To: 720}, {From: 810, To: 1050}}, Week: [7]bool{1: true, 2: true, 3: true, 4: true, 5: true}}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)
		log := []incident.LogEntry{{Move: "create", To: incident.Filed, SourceTime: at}}
		state, total := incident.Filed, 8.0
		for range rapid.IntRange(0, 8).Draw(t, "rows") {
			at = at.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "minutes")) * time.Minute)
			row := incident.LogEntry{Move: "urge", From: state, To: state, SourceTime: at}
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				amount := float64(rapid.IntRange(1, 9).Draw(t, "amount"))
				row.Move, row.Details = incident.MoveExtend, map[string]any{"limit_kind": "work_hour", "limit_amount": amount}
				total += amount
			case 1: // it is suspended and goes on, or is begun
				row.To = map[incident.State]incident.State{incident.Filed: incident.Dispatched, incident.Dispatched: incident.Handling, incident.Handling: incident.Suspended, incident.Suspended: incident.Handling}[state]
			}
			state = row.To
			log = append(log, row)
		}
		got, runs := incident.TimingOf(log)
		if !runs {
			t.Fatal("no clock runs")
		}
		limit := clock.Limit{Kind: clock.WorkHour, Amount: 8}
		extended := clock.Clock{Calendar: calendar, Limit: limit, Start: got.Start, Pauses: got.Pauses, More: got.More}
		whole := clock.Clock{Calendar: calendar, Limit: clock.Limit{Kind: clock.WorkHour, Amount: total}, Start: got.Start, Pauses: got.Pauses}
		for _, share := range []float64{clock.AmberFrom, 1} {
			a, known := extended.At(share)
			b, also := whole.At(share)
			if known != also || known && !a.Equal(b) {
				t.Fatalf("%v of %v + %v: %v %v, of the sum %v %v", share, limit, got.More, a, known, b, also)
			}
		}
		if due, known := extended.Due(); known {
			if before, known := (&clock.Clock{Calendar: calendar, Limit: limit, Start: got.Start, Pauses: got.Pauses}).Due(); !known || due.Before(before) {
				t.Fatalf("more time made %v out of %v", due, before)
			}
		}
	})
}

// Extensions of another kind are counted from where the limit ends.
func TestExtensionOfAnotherKind(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)
	c := clock.Clock{Calendar: &clock.Calendar{Zone: time.UTC}, Limit: clock.Limit{Kind: clock.UrgentHour, Amount: 2}, Start: start,
		More: []clock.Limit{{Kind: clock.NaturalDay, Amount: 1}}, Pauses: []clock.Pause{{From: start.Add(3 * time.Hour), To: start.Add(4 * time.Hour)}}}
	if due, known := c.Due(); !known || !due.Equal(start.Add(27*time.Hour)) {
		t.Errorf("due %v, %v", due, known)
	}
	c.Pauses = append(c.Pauses, clock.Pause{From: start.Add(time.Hour)})
	if _, known := c.Due(); known {
		t.Error("it is due while it stands")
	}
}

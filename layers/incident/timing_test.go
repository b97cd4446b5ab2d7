package incident_test

import (
	"reflect"
	"testing"
	"time"

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

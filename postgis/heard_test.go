package postgis_test

import (
	"sync"
	"testing"

	"wanglou/layers"
	"wanglou/layers/incident"
	"wanglou/postgis"
)

var _ incident.Alarms = (*postgis.Incidents)(nil)

// The first who hears an alarm is kept; everybody after is told who it was, and nobody's move is refused because of it.
func TestAlarmsAreAcknowledgedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := postgis.NewIncidents(w.db)
	in := w.create(t, inVillage)
	w.exec(t, `UPDATE incident SET severity = 2`)
	_, err := service.AcknowledgeAlarm(w.as(t, "duty"), in.ID)
	wantRefusal(t, "of an ordinary case", err, layers.CodeConflict, "", "no_alarm")
	w.exec(t, `UPDATE incident SET severity = 1`)
	for login, code := range map[string]layers.Code{"viewer": layers.CodeForbidden, "unit-w1": layers.CodeForbidden, "east": layers.CodeNotFound} {
		if _, err := service.AcknowledgeAlarm(w.as(t, login), in.ID); layers.ErrorCode(err) != code {
			t.Errorf("%s: %v, want %s", login, err, code)
		}
	}
	before := w.incident(t, in.ID)
	first, err := service.AcknowledgeAlarm(w.as(t, "duty"), in.ID)
	if err != nil || first.By != "值班长" || first.At.IsZero() || first.IncidentID != in.ID {
		t.Fatalf("%+v, %v", first, err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			again, err := service.AcknowledgeAlarm(w.as(t, "admin"), in.ID)
			if err != nil || *again != *first {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
	all.Wait()
	if n := queryOne[int](t, w, `SELECT count(*) FROM audit_log WHERE action = 'alarm.acknowledge'`); n != 1 {
		t.Errorf("%d audit rows", n)
	}
	if after := w.incident(t, in.ID); after.Revision != before.Revision {
		t.Errorf("revision %d, was %d", after.Revision, before.Revision)
	}
	w.exec(t, `UPDATE incident SET alarm_at = NULL, alarm_by = NULL, state = 'closed', closed_at = now()`)
	_, err = service.AcknowledgeAlarm(w.as(t, "duty"), in.ID)
	wantRefusal(t, "of a closed case", err, layers.CodeConflict, "", "no_alarm")
}

package postgis_test

import (
	"testing"

	"wanglou/layers"
	"wanglou/layers/incident"
	talk "wanglou/layers/message"
	"wanglou/layers/task"
	"wanglou/postgis"
)

var _ incident.Board = (*postgis.Incidents)(nil)

func TestWatched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := postgis.NewIncidents(w.db)
	watched := func(login string) []incident.Watched {
		t.Helper()
		got, err := service.Watched(w.as(t, login))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	in := w.create(t, inVillage)
	w.exec(t, `INSERT INTO department (code, name, name_en) VALUES ('cg', '综合执法局', 'Enforcement'); UPDATE unit SET department_id = (SELECT max(id) FROM department) WHERE id = 1`)
	if got := watched("duty"); len(got) != 0 {
		t.Errorf("of a new case: %+v", got)
	}
	k := w.dispatch(t, in.ID, 1)
	w.work(t, k, task.MoveReturn)
	w.dispatch(t, in.ID, 1)
	w.exec(t, `INSERT INTO incident_log (incident_id, source_time, receive_time, actor_name, move, from_state, to_state) SELECT id, clock_timestamp(), clock_timestamp(), 'x', 'urge', state, state FROM incident; UPDATE incident SET urges = 1`)
	got := watched("duty")
	if len(got) != 1 || got[0].Department != "综合执法局" || got[0].DepartmentEN != "Enforcement" || got[0].Returned != 1 || got[0].Reworked != 0 || got[0].UrgedAt == nil || got[0].Answered {
		t.Fatalf("%+v", got)
	}
	w.send(t, "unit-w1", talk.Message{IncidentID: in.ID, Text: "十分钟后到"})
	if got := watched("admin"); len(got) != 1 || !got[0].Answered {
		t.Errorf("after the unit's answer: %+v", got)
	}
	if got := watched("east"); len(got) != 0 {
		t.Errorf("the next town sees %+v", got)
	}
	for _, login := range []string{"viewer", "unit-w1"} {
		if _, err := service.Watched(w.as(t, login)); layers.ErrorCode(err) != layers.CodeForbidden {
			t.Errorf("%s: %v", login, err)
		}
	}
	w.exec(t, `UPDATE incident SET state = 'closed', closed_at = now()`)
	if got := watched("duty"); len(got) != 0 {
		t.Errorf("of a closed case: %+v", got)
	}
}

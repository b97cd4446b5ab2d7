package postgis_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"wanglou/layers"
	talk "wanglou/layers/message"
	"wanglou/layers/task"
	"wanglou/postgis"
)

var _ talk.Service = (*postgis.Messages)(nil)

func (w *world) send(t testing.TB, login string, m talk.Message) *talk.Message {
	t.Helper()
	if err := m.Validate(time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := postgis.NewMessages(w.db).Send(w.as(t, login), &m); err != nil {
		t.Fatalf("%s: %v", login, err)
	}
	return &m
}

// Desk and unit talk; whoever is not in the case hears nothing.
func TestMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := postgis.NewMessages(w.db)
	in := w.create(t, inVillage)
	k := w.dispatch(t, in.ID, 1)
	before := w.incident(t, in.ID)

	first := w.send(t, "duty", talk.Message{IncidentID: in.ID, Text: " 走南门 "})
	if first.ID == 0 || first.Text != "走南门" || first.AuthorName != "值班长" || first.UnitID != 0 || !first.Mine || first.ReceiveTime.IsZero() {
		t.Errorf("stored %+v", first)
	}
	w.send(t, "unit-w1", talk.Message{IncidentID: in.ID, Text: "收到", SourceTime: time.Now().Add(-time.Hour)})
	w.work(t, k, task.MoveReturn)
	late := w.send(t, "unit-w1", talk.Message{IncidentID: in.ID, Text: "已离开"}) // a past task is enough
	w.exec(t, `UPDATE task SET ended_at = now() - interval '9 days'`)
	for _, login := range []string{"anna", "west", "admin", "unit-w1"} {
		got, err := service.Messages(w.as(t, login), in.ID, 0)
		if err != nil || len(got) != 3 || got[0].Text != "走南门" || got[1].UnitID != 1 || got[1].Mine != (login == "unit-w1") {
			t.Errorf("%s: %+v, %v", login, got, err)
		}
	}
	if got, err := service.Messages(w.as(t, "anna"), in.ID, late.ID); err != nil || len(got) != 2 {
		t.Errorf("before the last: %d, %v", len(got), err)
	}
	for login, code := range map[string]layers.Code{
		"viewer": layers.CodeForbidden, "unit-w2": layers.CodeForbidden, "unit-e1": layers.CodeNotFound, "east": layers.CodeNotFound,
	} {
		if _, err := service.Messages(w.as(t, login), in.ID, 0); layers.ErrorCode(err) != code {
			t.Errorf("%s reads: %v, want %s", login, err, code)
		}
		if err := service.Send(w.as(t, login), &talk.Message{IncidentID: in.ID, Text: "x", SourceTime: time.Now()}); layers.ErrorCode(err) != code {
			t.Errorf("%s writes: %v, want %s", login, err, code)
		}
		if _, err := service.Keep(w.as(t, login), in.ID, first.ID); layers.ErrorCode(err) != code {
			t.Errorf("%s keeps: %v, want %s", login, err, code)
		}
	}
	if _, err := service.Messages(w.as(t, "admin"), 99, 0); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("no such case: %v", err)
	}

	// Open pages learn of each message; nobody's move is refused because of one.
	if n := queryOne[int](t, w, `SELECT messages FROM incident`); n != 3 {
		t.Errorf("the case tells of %d changes", n)
	}
	if n := queryOne[int64](t, w, `SELECT revision FROM incident`); n != before.Revision+2 { // the unit's return alone
		t.Errorf("revision %d, was %d", n, before.Revision)
	}
	if n := queryOne[int](t, w, `SELECT count(*) FROM audit_log WHERE action = 'message.send' AND subject = 'incident/1'`); n != 3 {
		t.Errorf("%d audit rows", n)
	}
	for _, sql := range []string{`UPDATE incident_message SET text = 'x'`, `DELETE FROM incident_message`} {
		if _, err := w.db.Pool.Exec(t.Context(), sql); err == nil || !contains(err, "append-only") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// The same request, sent again by a phone that heard no answer, is one message.
func TestAMessageIsSentOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inVillage)
	w.dispatch(t, in.ID, 1)
	var all sync.WaitGroup
	ids := make([]int64, 6)
	for i := range ids {
		all.Go(func() {
			m := talk.Message{IncidentID: in.ID, Text: "到场", ClientKey: "k", SourceTime: time.Now()}
			if err := postgis.NewMessages(w.db).Send(w.as(t, "unit-w1"), &m); err != nil {
				t.Error(err)
			}
			ids[i] = m.ID
		})
	}
	all.Wait()
	other := w.send(t, "duty", talk.Message{IncidentID: in.ID, Text: "到场", ClientKey: "k"})
	for _, id := range ids {
		if id != ids[0] || id == other.ID || id == 0 {
			t.Errorf("ids %v, another's %d", ids, other.ID)
		}
	}
	if n := queryOne[int](t, w, `SELECT messages FROM incident`); n != 2 {
		t.Errorf("told %d times", n)
	}
}

func TestPromises(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := postgis.NewMessages(w.db)
	in, other := w.create(t, inVillage), w.create(t, inWest)
	due := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	p := w.send(t, "duty", talk.Message{IncidentID: in.ID, Text: "一小时内回电", Promise: true, DueAt: &due})
	if !p.Open() || !p.DueAt.Equal(due) {
		t.Errorf("%+v", p)
	}
	plain := w.send(t, "duty", talk.Message{IncidentID: in.ID, Text: "好"})
	_, err := service.Keep(w.as(t, "duty"), in.ID, plain.ID)
	wantRefusal(t, "no promise", err, layers.CodeInvalid, "message", "not_a_promise")
	if _, err := service.Keep(w.as(t, "duty"), other.ID, p.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("of another case: %v", err)
	}
	if kept, err := service.Keep(w.as(t, "anna"), in.ID, p.ID); err != nil || kept.Open() || kept.KeptBy != "派遣甲" {
		t.Errorf("%+v, %v", kept, err)
	}
	_, err = service.Keep(w.as(t, "anna"), in.ID, p.ID)
	wantRefusal(t, "twice", err, layers.CodeConflict, "", "already_kept")
	if n := queryOne[int](t, w, `SELECT messages FROM incident WHERE id = 1`); n != 3 {
		t.Errorf("told %d times", n)
	}
}

func TestACaseHasSoManyMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inVillage)
	w.exec(t, fmt.Sprintf(`INSERT INTO incident_message (incident_id, author_name, text, source_time) SELECT 1, 'x', 'y', now() FROM generate_series(1, %d)`, talk.Max))
	err := postgis.NewMessages(w.db).Send(w.as(t, "duty"), &talk.Message{IncidentID: in.ID, Text: "x", SourceTime: time.Now()})
	wantRefusal(t, "one more", err, layers.CodeConflict, "", "too_many_messages")
	if got, err := postgis.NewMessages(w.db).Messages(w.as(t, "duty"), in.ID, 0); err != nil || len(got) != talk.Page || got[0].ID >= got[1].ID {
		t.Errorf("%d, %v", len(got), err)
	}
}

package postgis_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"wanglou/layers"
	talk "wanglou/layers/message"
	"wanglou/layers/push"
	"wanglou/layers/task"
	"wanglou/postgis"
)

var (
	_ push.Service = (*postgis.Push)(nil)
	_ push.Queue   = (*postgis.Push)(nil)
)

func (w *world) subscribe(t testing.TB, logins ...string) {
	t.Helper()
	for _, login := range logins {
		if err := postgis.NewPush(w.db).Subscribe(w.as(t, login), &push.Subscription{Endpoint: "https://push.example/" + login, P256DH: "k", Auth: "a", Device: login}); err != nil {
			t.Fatalf("%s: %v", login, err)
		}
	}
}

// told spreads and takes what is due: "kind login", sorted.
func (w *world) told(t testing.TB) []string {
	t.Helper()
	q, now := postgis.NewPush(w.db), time.Now().Add(time.Second)
	if err := q.Spread(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	due, err := q.Due(t.Context(), now, 100)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for i := range due {
		out = append(out, fmt.Sprint(due[i].Note.Kind, " ", due[i].Subscription.Endpoint[len("https://push.example/"):]))
		if err := q.Done(t.Context(), &due[i], true); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(out)
	return out
}

func TestWhoIsNotified(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inVillage)
	if k := w.dispatch(t, in.ID, 1); k != nil {
		w.work(t, k, task.MoveReturn)
	}
	if n := queryOne[int](t, w, `SELECT count(*) FROM push_event`); n != 0 {
		t.Errorf("%d events are kept for nobody", n)
	}
	w.subscribe(t, "unit-w1", "unit-w2", "unit-e1", "duty", "anna", "east", "admin")
	want := func(what string, all ...string) {
		t.Helper()
		if got := w.told(t); !slices.Equal(got, all) {
			t.Errorf("%s: %q, want %q", what, got, all)
		}
	}
	k := w.dispatch(t, in.ID, 1)
	want("a task", "task unit-w1")
	w.send(t, "duty", talk.Message{IncidentID: in.ID, Text: "走南门"})
	want("a message of the desk", "message unit-w1")
	w.send(t, "unit-w1", talk.Message{IncidentID: in.ID, Text: "收到"})
	want("the answer", "message duty")
	w.exec(t, `UPDATE incident SET urges = urges + 1;
		INSERT INTO incident_message (incident_id, author_name, text, source_time) SELECT id, '值班长', '【催办】尽快到场', now() FROM incident`)
	want("an urge", "urge unit-w1")
	if err := postgis.NewEscalations(w.db).Escalate(t.Context(), k.ID, task.LevelLeader, time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := w.told(t); slices.Contains(got, "escalation east") || slices.Contains(got, "escalation unit-w1") || !slices.Contains(got, "escalation duty") || !slices.Contains(got, "escalation admin") {
		t.Errorf("an escalation: %q", got)
	}
	if _, err := postgis.NewTasks(w.db).Move(w.as(t, "duty"), k.ID, task.MoveCallOff, "已处理", k.Revision); err != nil {
		t.Fatal(err)
	}
	want("called off", "call_off unit-w1")
	w.exec(t, `UPDATE app_user SET disabled = true WHERE login = 'unit-w1'`)
	w.dispatch(t, in.ID, 1)
	want("a barred account")
}

func TestSubscriptionsAreOnesOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewPush(w.db)
	w.subscribe(t, "duty", "unit-w1", "duty")
	mine, err := s.Subscriptions(w.as(t, "duty"))
	if err != nil || len(mine) != 1 || mine[0].Device != "duty" || mine[0].Endpoint != "" {
		t.Fatalf("%+v, %v", mine, err)
	}
	if err := s.Unsubscribe(w.as(t, "unit-w1"), mine[0].ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("another's: %v", err)
	}
	if err := s.Subscribe(w.as(t, "viewer"), &push.Subscription{Endpoint: "https://push.example/v"}); layers.ErrorCode(err) != layers.CodeForbidden {
		t.Errorf("a viewer: %v", err)
	}
	// The same browser with another person is that person's.
	if err := s.Subscribe(w.as(t, "anna"), &push.Subscription{Endpoint: "https://push.example/duty"}); err != nil {
		t.Fatal(err)
	}
	if mine, err := s.Subscriptions(w.as(t, "duty")); err != nil || len(mine) != 0 {
		t.Errorf("%+v, %v", mine, err)
	}
	for i := range push.MaxSubscriptions + 3 {
		if err := s.Subscribe(w.as(t, "admin"), &push.Subscription{Endpoint: fmt.Sprint("https://push.example/admin/", i)}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.Subscriptions(w.as(t, "admin"))
	if err != nil || len(all) != push.MaxSubscriptions {
		t.Errorf("%d, %v", len(all), err)
	}
	if err := s.Gone(t.Context(), all[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Unsubscribe(w.as(t, "admin"), all[1].ID); err != nil {
		t.Fatal(err)
	}
	if n := queryOne[int](t, w, `SELECT count(*) FROM push_subscription WHERE endpoint LIKE '%admin%'`); n != push.MaxSubscriptions-2 {
		t.Errorf("%d are left", n)
	}
	if n := queryOne[int](t, w, `SELECT count(*) FROM audit_log WHERE action IN ('push.gone', 'push.unsubscribe')`); n != 2 {
		t.Errorf("%d audit rows", n)
	}
	if n := queryOne[int](t, w, `SELECT count(*) FROM audit_log WHERE details::text LIKE '%push.example%'`); n != 0 {
		t.Errorf("%d audit rows tell an endpoint", n)
	}
	first, err := s.Keys(t.Context())
	if again, err2 := s.Keys(t.Context()); err != nil || err2 != nil || again != first || len(first.Private) != 43 || len(first.Public) != 87 {
		t.Errorf("%+v, %+v, %v, %v", first.Public, again.Public, err, err2)
	}
}

// A storm of messages does not empty a battery.
func TestNotificationsAreLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inVillage)
	w.dispatch(t, in.ID, 1)
	w.subscribe(t, "unit-w1")
	sent := 0
	for range push.MaxOf + 5 {
		w.send(t, "duty", talk.Message{IncidentID: in.ID, Text: "x"})
		sent += len(w.told(t))
	}
	if sent != push.MaxOf {
		t.Errorf("%d were sent", sent)
	}
	w.exec(t, `UPDATE push_event SET at = at - interval '2 hours'`)
	if w.told(t); queryOne[int](t, w, `SELECT (SELECT count(*) FROM push_event) + (SELECT count(*) FROM push_delivery)`) != 0 {
		t.Error("what is over is kept")
	}
}

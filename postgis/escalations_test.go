package postgis_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"wanglou/layers/task"
	"wanglou/postgis"
)

var _ task.Escalations = (*postgis.Escalations)(nil)

// look does what a round of the worker does, at a moment.
func look(t *testing.T, w *world, now time.Time) {
	t.Helper()
	s := postgis.NewEscalations(w.db)
	waiting, err := s.Unanswered(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range waiting {
		for _, level := range waiting[i].Due(now) {
			if err := s.Escalate(t.Context(), waiting[i].TaskID, level, now); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (w *world) escalation(t *testing.T, id int64) int {
	t.Helper()
	return queryOne[int](t, w, `SELECT escalation FROM task WHERE id = $1`, id)
}

func TestATaskThatNobodyAcknowledges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := follow(t, w.db)
	in := w.create(t, inVillage) // severity 2: five minutes, ten
	k := w.dispatch(t, in.ID, 1)
	sent := k.DispatchedAt
	look(t, w, sent.Add(5*time.Minute-time.Second))
	if got := w.escalation(t, k.ID); got != 0 {
		t.Errorf("level %d before its time", got)
	}
	for range 2 { // a second look, by whichever node, tells nobody twice
		look(t, w, sent.Add(5*time.Minute))
	}
	r.until(t, "the map to know", func() bool {
		l, fs, _ := r.Read("task")
		return len(fs) == 1 && fs[0].Values[l.Index("escalation")] == int64(1)
	})
	look(t, w, sent.Add(11*time.Minute))
	if got := w.escalation(t, k.ID); got != 2 {
		t.Errorf("level %d, want the shift leader's", got)
	}
	if n := queryOne[int](t, w, `SELECT count(*) FROM task_escalation`); n != 2 {
		t.Errorf("%d rows", n)
	}
	if n := queryOne[int](t, w, `SELECT count(*) FROM audit_log WHERE action = 'task.escalate'`); n != 2 {
		t.Errorf("%d audit rows", n)
	}
	// The revision that the unit saw is still the newest: its acknowledgement counts, and ends the notice.
	k = w.work(t, k, task.MoveAcknowledge)
	if k.Escalation != 0 || w.escalation(t, k.ID) != 0 {
		t.Errorf("acknowledged, and still level %d", k.Escalation)
	}
	look(t, w, sent.Add(time.Hour))
	if err := postgis.NewEscalations(w.db).Escalate(t.Context(), k.ID, task.LevelLeader, sent.Add(time.Hour)); err != nil || w.escalation(t, k.ID) != 0 {
		t.Errorf("after the acknowledgement: %v, level %d", err, w.escalation(t, k.ID))
	}
	if _, err := w.db.Pool.Exec(t.Context(), `DELETE FROM task_escalation`); err == nil || !contains(err, "append-only") {
		t.Errorf("deleted: %v", err)
	}
}

// Two units that were sent at once wait each for itself; one that is sent after the notice answers it, and has a clock of its own.
func TestAnotherUnitAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inVillage)
	first, second := w.dispatch(t, in.ID, 1), w.dispatch(t, in.ID, 2)
	w.exec(t, `UPDATE task SET dispatched_at = dispatched_at - interval '6 minutes'`)
	look(t, w, time.Now())
	if w.escalation(t, first.ID) != 1 || w.escalation(t, second.ID) != 1 {
		t.Errorf("levels %d, %d", w.escalation(t, first.ID), w.escalation(t, second.ID))
	}
	third := w.dispatch(t, in.ID, 3)
	look(t, w, time.Now().Add(5*time.Minute-2*time.Second)) // over ten minutes after the first two
	for _, k := range []*task.Task{first, second, third} {
		if got := w.escalation(t, k.ID); got != 0 {
			t.Errorf("task %d has level %d", k.ID, got)
		}
	}
	look(t, w, time.Now().Add(5*time.Minute+2*time.Second))
	if w.escalation(t, third.ID) != 1 || w.escalation(t, first.ID) != 0 {
		t.Errorf("levels %d, %d", w.escalation(t, third.ID), w.escalation(t, first.ID))
	}
}

// Two nodes that lead for a moment tell once.
func TestTwoNodesEscalateAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.dispatch(t, w.create(t, inVillage).ID, 1)
	at := time.Now()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := postgis.NewEscalations(w.db).Escalate(t.Context(), k.ID, task.LevelDispatcher, at); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := queryOne[int](t, w, `SELECT count(*) FROM audit_log WHERE action = 'task.escalate'`); n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestOneNodeEscalates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	leads := make(chan int, 2)
	var all sync.WaitGroup
	for i := range 2 {
		all.Go(func() {
			err := postgis.NewEscalations(w.db).Lead(ctx, func(ctx context.Context) error {
				leads <- i
				<-ctx.Done()
				return ctx.Err()
			})
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	<-leads
	cancel()
	all.Wait()
	if len(leads) > 0 {
		t.Error("both lead")
	}
}

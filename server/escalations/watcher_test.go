package escalations

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"wanglou/layers/task"
)

// store has tasks in memory; that of broken cannot be stored.
type store struct {
	tasks  []task.Unanswered
	broken int64
	told   []string
	away   error
	looks  chan struct{}
}

func (s *store) Unanswered(context.Context) ([]task.Unanswered, error) {
	if s.looks != nil {
		s.looks <- struct{}{}
	}
	return slices.Clone(s.tasks), s.away
}

func (s *store) Escalate(_ context.Context, id int64, level task.Level, _ time.Time) error {
	if id == s.broken {
		return errors.New("broken")
	}
	s.told = append(s.told, fmt.Sprintf("%d:%d", id, level))
	for i := range s.tasks {
		if s.tasks[i].TaskID == id {
			s.tasks[i].Told = level
		}
	}
	return nil
}

func (s *store) Lead(ctx context.Context, f func(context.Context) error) error { return f(ctx) }

func TestLook(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)
	now := at
	limit := task.AcknowledgeLimit{Dispatcher: time.Minute, Leader: 3 * time.Minute}
	s := &store{broken: 2, tasks: []task.Unanswered{{TaskID: 2, DispatchedAt: at, Limit: limit}, {TaskID: 1, DispatchedAt: at, Limit: limit}, {TaskID: 3, DispatchedAt: at.Add(time.Minute), Limit: limit}}}
	w := New(Options{Store: s, Now: func() time.Time { return now }})
	for _, c := range []struct {
		after time.Duration
		want  []string
		fails bool
	}{
		{59 * time.Second, nil, false},
		{time.Minute, []string{"1:1"}, true},
		{time.Minute, []string{"1:1"}, true}, // once
		{3 * time.Minute, []string{"1:1", "1:2", "3:1"}, true},
		{time.Hour, []string{"1:1", "1:2", "3:1", "3:2"}, true},
	} {
		now = at.Add(c.after)
		if err := w.Look(t.Context()); (err != nil) != c.fails || !slices.Equal(s.told, c.want) {
			t.Errorf("after %v: told %v, %v; want %v", c.after, s.told, err, c.want)
		}
	}
}

// A database that is away for a while ends nothing.
func TestRoundsGoOn(t *testing.T) {
	t.Parallel()
	s := &store{away: errors.New("away"), looks: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- New(Options{Store: s, Round: time.Millisecond}).Run(ctx) }()
	for range 3 {
		<-s.looks
	}
	cancel()
	for {
		select {
		case <-s.looks:
			continue
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			return
		}
	}
}

// late counts how often overdue supervisions were looked for.
type late struct {
	looks int
	err   error
}

func (l *late) Overdue(context.Context, time.Time) (int, error) { l.looks++; return 0, l.err }

// Supervisions are looked after in the same rounds; what goes wrong with them keeps no task from being told of.
func TestSupervisions(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)
	s := &store{tasks: []task.Unanswered{{TaskID: 1, DispatchedAt: at, Limit: task.AcknowledgeLimit{Dispatcher: time.Minute, Leader: time.Hour}}}}
	l := &late{err: errors.New("broken")}
	w := New(Options{Store: s, Requests: l, Now: func() time.Time { return at.Add(time.Minute) }})
	if err := w.Look(t.Context()); err == nil || l.looks != 1 || !slices.Equal(s.told, []string{"1:1"}) {
		t.Errorf("%v, %d looks, told %v", err, l.looks, s.told)
	}
}

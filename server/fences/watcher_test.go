package fences

import (
	"context"
	"errors"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/fence"
)

// store has one rule, of a layer that is not there, and is away when it is told so for the first time.
type store struct {
	fence.Store
	tries chan string
	polls chan struct{}
	away  bool
}

func (s *store) Enabled(context.Context) ([]*fence.Rule, error) {
	select {
	case s.polls <- struct{}{}:
	default:
	}
	return []*fence.Rule{{ID: 1, Revision: 1, MovingLayer: "position", FenceLayer: "permit", Triggers: []fence.Trigger{fence.Enter}}}, nil
}

func (s *store) Stays(context.Context, int64) ([]fence.Stay, error) { return nil, nil }

func (s *store) Prune(context.Context) error { return nil }

func (s *store) Failed(_ context.Context, _ int64, reason string) error {
	s.tries <- reason
	if s.away {
		s.away = false
		return errors.New("the database is away")
	}
	return nil
}

func (s *store) Lead(ctx context.Context, f func(context.Context) error) error { return f(ctx) }

// Why a rule cannot be watched is told until it is stored, and once.
func TestAFailureIsToldUntilItIsStored(t *testing.T) {
	t.Parallel()
	s := &store{tries: make(chan string, 100), polls: make(chan struct{}), away: true}
	w := New(Options{Store: s, Replica: layers.NewReplica(layers.ReplicaOptions{}), Round: time.Millisecond, Poll: time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	for range 2 {
		if reason := <-s.tries; reason != "unknown_layer" {
			t.Errorf("told %q", reason)
		}
	}
	for range 3 { // rounds go on
		<-s.polls
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if len(s.tries) > 0 {
		t.Errorf("told %d times more", len(s.tries))
	}
}

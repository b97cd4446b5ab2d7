package postgis

import (
	"context"
	"sync/atomic"
	"time"

	"wanglou/layers"
	"wanglou/layers/offer"
)

// gate admits as many requests as there are connections, lets a bounded number wait for a bounded time, and sends the others away at
// once: who waits behind a queue that grows for ever gets an answer that nobody wants any more.
type gate struct {
	slots   chan struct{}
	queue   int64
	wait    time.Duration
	waiting atomic.Int64
	shed    atomic.Int64
}

func newGate(slots, queue int, wait time.Duration) *gate {
	return &gate{slots: make(chan struct{}, slots), queue: int64(queue), wait: wait}
}

// enter returns the func that gives the place back; CodeUnavailable with reason "busy", or ctx's error.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-g.slots }
	select {
	case g.slots <- struct{}{}:
		return leave, nil
	default:
	}
	if g.waiting.Add(1) > g.queue {
		g.waiting.Add(-1)
		return nil, g.busy()
	}
	defer g.waiting.Add(-1)
	timer := time.NewTimer(g.wait)
	defer timer.Stop()
	select {
	case g.slots <- struct{}{}:
		return leave, nil
	case <-timer.C:
		return nil, g.busy()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (g *gate) busy() error {
	g.shed.Add(1)
	return &layers.Error{Code: layers.CodeUnavailable, Reason: "busy", Params: map[string]string{"retry_after_s": "2"}, Msg: "too many requests wait for the database"}
}

// Load implements offer.Service.
func (o *Offers) Load() offer.Load {
	g := o.gate
	return offer.Load{Running: len(g.slots), Waiting: int(g.waiting.Load()), Shed: g.shed.Load()}
}

package hooks

import (
	"context"
	"sync"
	"time"

	"wanglou/layers/hook"
)

// Run delivers for as long as ctx lasts, on the one node of many that leads. Webhooks that are made, paused or deleted are taken up within Poll.
func (d *Deliveries) Run(ctx context.Context) error {
	defer d.client.CloseIdleConnections()
	return d.o.Store.Lead(ctx, d.lead)
}

// worker is a webhook's goroutine.
type worker struct {
	cancel context.CancelFunc
	done   chan struct{}
}

func (w *worker) ended() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// lead keeps a worker for each webhook that is not paused.
func (d *Deliveries) lead(ctx context.Context) error {
	workers := map[int64]*worker{}
	var running sync.WaitGroup
	defer running.Wait()
	ticker := time.NewTicker(d.o.Poll)
	defer ticker.Stop()
	for {
		all, err := d.o.Store.All(ctx)
		if err == nil {
			wanted := map[int64]*hook.Hook{}
			for _, h := range all {
				if !h.Paused {
					wanted[h.ID] = h
				}
			}
			for id, w := range workers {
				if wanted[id] == nil || w.ended() {
					w.cancel()
					<-w.done
					delete(workers, id)
				}
			}
			for id, h := range wanted {
				if workers[id] == nil {
					wctx, cancel := context.WithCancel(ctx)
					w := &worker{cancel, make(chan struct{})}
					workers[id] = w
					running.Go(func() {
						defer close(w.done)
						d.follow(wctx, h)
					})
				}
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			for _, w := range workers {
				w.cancel()
			}
			return ctx.Err()
		}
	}
}

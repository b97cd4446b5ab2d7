// Package escalations looks after tasks that their units do not acknowledge 签收, on the one node of many that leads: first the dispatcher is told, then the
// shift leader. What is told is stored with the task, and reaches consoles and webhooks as its column escalation does.
package escalations

import (
	"context"
	"log/slog"
	"time"

	"wanglou/layers/task"
)

// Requests is what the watcher needs of request.Service.
type Requests interface {
	Overdue(ctx context.Context, now time.Time) (int, error)
}

// Options of a watcher. Store is required.
type Options struct {
	Store    task.Escalations
	Requests Requests         // whose overdue supervisions 督办 are escalated in the same rounds; default none
	Logger   *slog.Logger     // default none
	Now      func() time.Time // default time.Now
	Round    time.Duration    // between two looks; default 2 s
}

// Watcher escalates.
type Watcher struct{ o Options }

// New returns a watcher.
func New(o Options) *Watcher {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Round <= 0 {
		o.Round = 2 * time.Second
	}
	return &Watcher{o}
}

// Run watches for as long as ctx lasts, while this node leads.
func (w *Watcher) Run(ctx context.Context) error { return w.o.Store.Lead(ctx, w.lead) }

func (w *Watcher) lead(ctx context.Context) error {
	ticker := time.NewTicker(w.o.Round)
	defer ticker.Stop()
	for {
		if err := w.Look(ctx); err != nil {
			w.o.Logger.Warn("tasks without acknowledgement cannot be looked after: they are in the next round", "err", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Look tells whom it is time to tell now. What one task does wrong keeps no other from being told of; the first error is returned.
func (w *Watcher) Look(ctx context.Context) error {
	now := w.o.Now()
	var failed error
	if w.o.Requests != nil {
		_, failed = w.o.Requests.Overdue(ctx, now)
	}
	waiting, err := w.o.Store.Unanswered(ctx)
	if err != nil {
		return err
	}
	for i := range waiting {
		for _, level := range waiting[i].Due(now) {
			if err := w.o.Store.Escalate(ctx, waiting[i].TaskID, level, now); err != nil {
				if failed == nil {
					failed = err
				}
				break
			}
		}
	}
	return failed
}

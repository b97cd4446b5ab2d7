// Package fences watches the geofences 电子围栏 on the one node of many that leads. What happens is stored, and reaches maps, webhooks and the time machine as
// the layer geofence_event does.
package fences

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"wanglou/layers"
	"wanglou/layers/fence"
)

// Options of a watcher. Store and Replica are required.
type Options struct {
	Store   fence.Store
	Replica *layers.Replica
	Logger  *slog.Logger     // default none
	Now     func() time.Time // default time.Now
	Round   time.Duration    // between two looks at what has moved; default 500 ms
	Poll    time.Duration    // how soon a new rule begins; default 2 s
}

// prunes is how often old events are taken from the map.
const prunes = 10 * time.Minute

// Watcher watches all rules that are enabled.
type Watcher struct {
	o       Options
	watches map[int64]*watch
}

// watch is a rule at work. rounds is nil after a round that could not be stored: memory is ahead of the store then, and begins from it again.
type watch struct {
	rule   *fence.Rule
	rounds *fence.Watch
	failed string
}

// New returns a watcher.
func New(o Options) *Watcher {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Round <= 0 {
		o.Round = 500 * time.Millisecond
	}
	if o.Poll <= 0 {
		o.Poll = 2 * time.Second
	}
	return &Watcher{o: o}
}

// Run watches for as long as ctx lasts, while this node leads.
func (w *Watcher) Run(ctx context.Context) error { return w.o.Store.Lead(ctx, w.lead) }

func (w *Watcher) lead(ctx context.Context) error {
	w.watches = map[int64]*watch{} // somebody else may have led meanwhile
	ticker := time.NewTicker(w.o.Round)
	defer ticker.Stop()
	var polled, pruned time.Time
	for {
		if now := time.Now(); now.Sub(polled) >= w.o.Poll {
			polled = now
			w.log(w.reload(ctx), "rules of geofences cannot be read")
			if now.Sub(pruned) >= prunes {
				pruned = now
				w.log(w.o.Store.Prune(ctx), "old events of geofences cannot be taken away")
			}
		}
		for _, one := range w.watches {
			w.log(w.round(ctx, one), "what happened at geofences cannot be stored: it is found again")
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *Watcher) log(err error, what string) {
	if err != nil {
		w.o.Logger.Warn(what, "err", err)
	}
}

// reload takes up rules that were made, changed, stopped or deleted.
func (w *Watcher) reload(ctx context.Context) error {
	rules, err := w.o.Store.Enabled(ctx)
	if err != nil {
		return err
	}
	next := make(map[int64]*watch, len(rules))
	for _, r := range rules {
		one := w.watches[r.ID]
		if one == nil || one.rule.Revision != r.Revision || one.rounds == nil {
			stays, err := w.o.Store.Stays(ctx, r.ID)
			if err != nil {
				return err
			}
			one = &watch{rule: r, rounds: fence.NewWatch(r, w.o.Replica, stays), failed: r.LastError}
		}
		next[r.ID] = one
	}
	w.watches = next
	return nil
}

func (w *Watcher) round(ctx context.Context, one *watch) error {
	if one.rounds == nil {
		return nil
	}
	begins := !one.rule.Begun
	out, err := one.rounds.Round(w.o.Now())
	if err != nil {
		reason := reasonOf(err)
		if reason == one.failed {
			return nil
		}
		if err := w.o.Store.Failed(ctx, one.rule.ID, reason); err != nil {
			return err // told in the next round
		}
		one.failed = reason
		return nil
	}
	if out.Empty() && !begins && one.failed == "" {
		return nil
	}
	if err := w.o.Store.Apply(ctx, one.rule, &out); err != nil {
		one.rounds = nil
		if layers.ErrorCode(err) == layers.CodeConflict { // the next reload brings the rule as it is now
			return nil
		}
		return err
	}
	one.failed = ""
	return nil
}

// reasonOf is why a rule cannot be watched, as a code.
func reasonOf(err error) string {
	var e *layers.Error
	switch {
	case errors.As(err, &e) && e.Reason != "":
		return e.Reason
	case layers.ErrorCode(err) == layers.CodeNotFound:
		return "unknown_layer"
	}
	return "filter_syntax"
}

// Package events holds the event streams of cameras and recorders (Hikvision ISAPI, Dahua, ONVIF), on the one node of many that leads, at addresses that an operator has
// allowed and nowhere else. A sign is stored before the next one is read; what is stored becomes a report, with a picture, whatever happens to this process. See docs/alarms.md.
package events

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"wanglou/layers/alarm"
	"wanglou/layers/attachment"
	"wanglou/layers/auth"
	"wanglou/layers/report"
	"wanglou/server/events/dahua"
	"wanglou/server/evidence"
	"wanglou/server/reach"
)

// Alarms takes what devices raise: report.Service.
type Alarms interface {
	Alarm(ctx context.Context, a *report.Alarm, pictures []attachment.Picture) (*report.Outcome, error)
}

// Options of a runner. Zero values take the defaults.
type Options struct {
	Store    alarm.Store
	Alarms   Alarms
	Evidence *evidence.Folder                                          // nil: alarms have no pictures
	Still    func(ctx context.Context, cameraID int64) ([]byte, error) // a picture of a camera, where its device sends none; nil: there is none
	Networks reach.Ranges                                              // that may be dialled; default none: nobody is
	Basic    bool                                                      // passwords may be sent in the clear where a device knows nothing better
	Zone     *time.Location                                            // of times without one; default time.Local
	Logger   *slog.Logger
	Now      func() time.Time
	Reload   time.Duration // between two readings of the sources; default 5 s
	Patience time.Duration // that an alarm waits for the picture of its stream; default 2 s
	Retry    time.Duration // before the first new attempt at a source, doubled up to maxRetry; default 2 s
	Silence  time.Duration // in place of each protocol's own
}

// Limits of a runner.
const (
	connecting = 64 // at once: all at the same moment after a power cut would be thousands
	openTime   = 15 * time.Second
	maxRetry   = 2 * time.Minute
	lockedOut  = 5 * time.Minute // after a wrong password: devices bar who tries often
	repeatTime = 5 * time.Second // in which signs like the last one are only counted
	steady     = time.Minute     // after which an open stream counts as one that worked
	seenEvery  = 2 * time.Second
	keepTold   = 30 * 24 * time.Hour
)

// Runner is safe for concurrent use.
type Runner struct {
	o     Options
	slots chan struct{}
	wake  chan struct{} // an alarm was stored

	mu     sync.Mutex
	states map[int64]*state
}

// state is how a source is, with what is not stored of it yet.
type state struct {
	alarm.State
	dirty bool
}

// New returns a runner.
func New(o Options) *Runner {
	for _, d := range []struct {
		value     *time.Duration
		otherwise time.Duration
	}{{&o.Reload, 5 * time.Second}, {&o.Patience, 2 * time.Second}, {&o.Retry, 2 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.otherwise
		}
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Runner{o: o, slots: make(chan struct{}, connecting), wake: make(chan struct{}, 1), states: map[int64]*state{}}
}

// Run holds streams for as long as ctx lasts, while this node leads.
func (r *Runner) Run(ctx context.Context) error {
	return r.o.Store.Lead(auth.WithActor(ctx, auth.Operator("events")), r.lead)
}

// held is a source whose stream is held.
type held struct {
	target alarm.Target
	stop   context.CancelFunc
}

func (r *Runner) lead(ctx context.Context) error {
	var streams sync.WaitGroup
	defer streams.Wait()
	streams.Go(func() { r.tell(ctx) })
	all := map[int64]*held{}
	reload, seen, forget := time.NewTicker(r.o.Reload), time.NewTicker(seenEvery), time.NewTicker(time.Hour)
	defer reload.Stop()
	defer seen.Stop()
	defer forget.Stop()
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		r.store(last)
	}()
	for {
		targets, err := r.o.Store.Targets(ctx)
		if err != nil && ctx.Err() == nil {
			r.o.Logger.Warn("the sources of events cannot be read: the last ones go on", "err", err)
		} else if err == nil {
			r.renew(ctx, all, targets, &streams)
		}
	wait:
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-seen.C:
				r.store(ctx)
			case <-forget.C:
				if err := r.o.Store.Forget(ctx, r.o.Now().Add(-keepTold)); err != nil {
					r.o.Logger.Warn("old events cannot be deleted: they are in an hour", "err", err)
				}
			case <-reload.C:
				break wait
			}
		}
	}
}

// renew takes up what has changed: a source that was changed is connected anew, one that is gone is let go of.
func (r *Runner) renew(ctx context.Context, all map[int64]*held, targets []alarm.Target, streams *sync.WaitGroup) {
	wanted := map[int64]bool{}
	for _, t := range targets {
		wanted[t.ID] = true
		if h := all[t.ID]; h != nil {
			if h.target == t {
				continue
			}
			h.stop()
		}
		own, stop := context.WithCancel(ctx)
		all[t.ID] = &held{t, stop}
		streams.Go(func() { r.hold(own, t) })
	}
	for id, h := range all {
		if !wanted[id] {
			h.stop()
			delete(all, id)
			r.mu.Lock()
			delete(r.states, id)
			r.mu.Unlock()
		}
	}
}

// hold keeps the stream of a source open, again and again.
func (r *Runner) hold(ctx context.Context, t alarm.Target) {
	wait := r.o.Retry
	for ctx.Err() == nil {
		began := r.o.Now()
		err := r.once(ctx, &t)
		if ctx.Err() != nil {
			return
		}
		why := whyOf(err)
		r.down(t.ID, why)
		if r.o.Now().Sub(began) > steady {
			wait = r.o.Retry
		}
		pause := wait
		if (why == alarm.WhyPassword || why == alarm.WhyNoPassword || why == alarm.WhyNoSafe) && r.o.Retry >= time.Second {
			pause = lockedOut
		}
		wait = min(2*wait, maxRetry)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause)): // not all at once after a power cut
		}
	}
}

// once opens the stream of a source and hands in what it tells, until it ends.
func (r *Runner) once(ctx context.Context, t *alarm.Target) error {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	// A stream lasts as long as own; opening it must not.
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := time.AfterFunc(openTime, func() { cancel(trouble(alarm.WhyNoAnswer)) })
	s, err := r.open(own, t)
	<-r.slots
	if !late.Stop() && err == nil {
		s.close()
		err = trouble(alarm.WhyNoAnswer)
	}
	if err != nil {
		return cmpCause(own, err)
	}
	defer s.close()
	r.up(t.ID)
	if t.Protocol == alarm.Dahua {
		var snaps sync.WaitGroup
		defer snaps.Wait()
		defer cancel(nil)
		snaps.Go(func() { r.snaps(own, t) })
	}
	return cmpCause(own, r.follow(own, ctx, t, s))
}

// follow hands in what an open stream tells, until it ends. What was read is stored as long as ctx lasts.
func (r *Runner) follow(own, ctx context.Context, t *alarm.Target, s stream) error { //nolint:revive // how long the stream lasts, and how long what it told
	in := &intake{r: r, source: t.ID, last: map[string]*last{}}
	for {
		n, err := s.next(own)
		if err != nil {
			return err
		}
		r.alive(t.ID)
		for i := range n.signals {
			if err := in.take(ctx, &n.signals[i]); err != nil {
				return err
			}
		}
		if n.picture != nil {
			if err := in.picture(ctx, n.picture); err != nil {
				return err
			}
		}
	}
}

// snaps holds the second stream of a Dahua device beside its first: the same events, each with a picture. A device that has none is none the worse; what else is wrong with it the first stream tells.
func (r *Runner) snaps(ctx context.Context, t *alarm.Target) {
	for ctx.Err() == nil {
		quiet := silence[t.Protocol]
		if r.o.Silence > 0 {
			quiet = r.o.Silence
		}
		d := newDevice(r.o.Networks, t.Login, r.o.Basic, quiet)
		s, err := openParts(ctx, d, t.Address+dahua.SnapPath, dahua.ParseSnap)
		if err != nil {
			d.close()
			return // until the device is connected to anew
		}
		err = r.follow(ctx, ctx, t, s)
		s.close()
		if ctx.Err() == nil {
			r.o.Logger.Debug("the pictures of a source have ended", "source", t.ID, "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(r.o.Retry):
		}
	}
}

// cmpCause returns why a context was ended, where that is what broke a stream.
func cmpCause(ctx context.Context, err error) error {
	var why trouble
	if errors.As(context.Cause(ctx), &why) {
		return why
	}
	return err
}

// Try connects to a source once, and says what is wrong: "" where its stream begins.
func (r *Runner) Try(ctx context.Context, t *alarm.Target) string {
	ctx, cancel := context.WithTimeout(ctx, openTime/2)
	defer cancel()
	s, err := r.open(ctx, t)
	if err != nil {
		return whyOf(err)
	}
	s.close()
	return ""
}

package events

import (
	"context"
	"math/rand/v2"
	"time"

	"wanglou/layers"
	"wanglou/layers/alarm"
)

// intake hands in what one stream tells. It is that stream's own.
type intake struct {
	r      *Runner
	source int64
	last   map[string]*last // by channel and event
	alarm  int64            // the last one, for the picture that follows it
}

// last is the last sign of a channel and an event.
type last struct {
	active bool
	passed bool
	stored time.Time
	alarm  int64
	more   int // like it, since
}

// maxLast bounds what a device that invents names makes us remember.
const maxLast = 2000

// take stores a sign. It returns when it is stored, however long the database is away: until then the device is not listened to, and what it tells waits in its own buffer.
func (in *intake) take(ctx context.Context, s *alarm.Signal) error {
	r, now := in.r, in.r.o.Now()
	in.alarm = 0
	if alarm.Identifies(s.Event) {
		r.count(in.source, func(st *alarm.State) { st.Dropped++ })
		return nil
	}
	key := s.Channel + "\x00" + s.Event
	l := in.last[key]
	if l == nil {
		if len(in.last) >= maxLast {
			clear(in.last)
		}
		l = &last{}
		in.last[key] = l
	}
	if like := !l.stored.IsZero() && now.Sub(l.stored) < repeatTime; like && (l.passed || l.active == s.Active) {
		if l.passed {
			r.count(in.source, func(st *alarm.State) { st.Passed++ })
			return nil
		}
		l.more++
		in.alarm = l.alarm
		r.count(in.source, func(st *alarm.State) { st.Signs++ })
		return nil
	}
	taken, err := in.stored(ctx, s, l.more, now)
	if err != nil {
		return err
	}
	*l = last{active: s.Active, passed: taken.Passed, stored: now, alarm: taken.Alarm}
	in.alarm = taken.Alarm
	r.count(in.source, func(st *alarm.State) {
		switch {
		case taken.Passed:
			st.Passed++
		case taken.Alarm != 0:
			st.Signs++
			st.EventAt, st.LastEvent = &now, s.Event
		}
		if taken.New {
			st.Alarms++
		}
	})
	if taken.New {
		r.nudge()
	}
	return nil
}

// stored tries until the sign is stored, or nobody wants it any more.
func (in *intake) stored(ctx context.Context, s *alarm.Signal, more int, now time.Time) (alarm.Taken, error) {
	for wait := 250 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		// What was read is stored also while this process ends.
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		taken, err := in.r.o.Store.Take(own, in.source, s, more, now)
		cancel()
		switch {
		case err == nil:
			return taken, nil
		case layers.ErrorCode(err) == layers.CodeNotFound: // the source was deleted
			return taken, err
		case ctx.Err() != nil:
			in.r.o.Logger.Warn("an event of a device was lost: the database was away when this process ended", "source", in.source, "event", s.Event, "err", err)
			return taken, ctx.Err()
		}
		in.r.o.Logger.Warn("an event of a device cannot be stored: it is tried again", "source", in.source, "err", err)
		select {
		case <-ctx.Done(): // once more
		case <-time.After(wait/2 + rand.N(wait)):
		}
	}
}

// picture keeps the picture that came behind an alarm. One that cannot be kept is no reason to lose the stream.
func (in *intake) picture(ctx context.Context, b []byte) error {
	if in.alarm == 0 || len(b) == 0 {
		return nil
	}
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := in.r.o.Store.Picture(own, in.alarm, b); err != nil {
		in.r.o.Logger.Warn("the picture of an event cannot be stored", "source", in.source, "err", err)
	}
	in.alarm = 0
	in.r.nudge()
	return ctx.Err()
}

func (r *Runner) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// count changes what is known of a source.
func (r *Runner) count(id int64, change func(*alarm.State)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.states[id]
	if s == nil {
		s = &state{}
		r.states[id] = s
	}
	change(&s.State)
	s.dirty = true
}

func (r *Runner) up(id int64) {
	now := r.o.Now()
	r.count(id, func(s *alarm.State) { s.Name, s.Why, s.Since, s.HeardAt = alarm.Up, "", &now, &now })
}

func (r *Runner) alive(id int64) {
	now := r.o.Now()
	r.count(id, func(s *alarm.State) { s.HeardAt = &now })
}

func (r *Runner) down(id int64, why string) {
	now := r.o.Now()
	r.count(id, func(s *alarm.State) {
		if s.Name != alarm.Down || s.Since == nil {
			s.Since = &now
		}
		s.Name, s.Why = alarm.Down, why
	})
}

// store writes what changed of sources since the last time. Counts are added to what is stored; what cannot be stored is in the next batch.
func (r *Runner) store(ctx context.Context) {
	batch := map[int64]alarm.State{}
	r.mu.Lock()
	for id, s := range r.states {
		if s.dirty {
			batch[id] = s.State
			s.dirty, s.Alarms, s.Signs, s.Passed, s.Dropped = false, 0, 0, 0, 0
		}
	}
	r.mu.Unlock()
	if len(batch) == 0 {
		return
	}
	if err := r.o.Store.Seen(ctx, batch); err != nil {
		r.o.Logger.Warn("how sources of events are cannot be stored: it is in the next batch", "sources", len(batch), "err", err)
		for id, b := range batch {
			r.count(id, func(s *alarm.State) {
				s.Alarms, s.Signs, s.Passed, s.Dropped = s.Alarms+b.Alarms, s.Signs+b.Signs, s.Passed+b.Passed, s.Dropped+b.Dropped
			})
		}
	}
}

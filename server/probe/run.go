package probe

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"wanglou/layers/camera"
)

const (
	batchEvery  = time.Second
	groupEvery  = 5 * time.Second
	reloadEvery = 30 * time.Second
)

// Run looks for as long as ctx lasts, while this node leads.
func (p *Prober) Run(ctx context.Context) error { return p.o.Store.Lead(ctx, p.lead) }

// watched is one camera of the node that leads. due and flying are the loop's; the rest is handed to a worker and back.
type watched struct {
	target camera.Target
	due    time.Time
	flying bool
}

// lead is one loop that owns all watches: workers hand it what they saw, and it stores what changed once a second.
func (p *Prober) lead(ctx context.Context) error {
	q := newQueue(p.o.Each)
	found := make(chan camera.Observation, p.o.Workers)
	var workers sync.WaitGroup
	for range p.o.Workers {
		workers.Go(func() {
			for t, host := q.take(); t != nil; t, host = q.take() {
				o := p.Look(ctx, t)
				q.done(host)
				select {
				case found <- o:
				case <-ctx.Done():
				}
			}
		})
	}
	defer func() { q.abandon(); workers.Wait() }()
	ticker := time.NewTicker(batchEvery / 4)
	defer ticker.Stop()
	var (
		all                       map[int64]*watched
		seen                      = map[int64]camera.Seen{}
		reload, regroup, storeDue time.Time
	)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case o := <-found:
			w := all[o.CameraID]
			if w == nil {
				continue // struck off meanwhile
			}
			p.take(w, o, seen)
			continue
		case <-ticker.C:
		}
		now := p.o.Now()
		if now.After(reload) {
			reload = now.Add(reloadEvery)
			p.store(ctx, seen) // what is read below is what was seen last
			targets, err := p.o.Store.Targets(ctx)
			if err != nil {
				p.o.Logger.Warn("the cameras to look at cannot be read: the last ones go on", "err", err)
			} else {
				all = p.renew(all, targets, now, len(seen) == 0)
				p.listen(all, now, seen)
				atomic.StoreInt64(&p.stats.Targets, int64(len(all)))
			}
		}
		for _, w := range all {
			if !w.flying && now.After(w.due) && w.target.Probe != camera.ProbeNone {
				w.flying = true
				t := w.target // the worker's own
				q.push(&t)
			}
		}
		if now.After(storeDue) {
			storeDue = now.Add(batchEvery)
			p.store(ctx, seen)
		}
		if now.After(regroup) {
			regroup = now.Add(groupEvery)
			if err := p.o.Store.Regroup(ctx, now, p.o.Grouping); err != nil && ctx.Err() == nil {
				p.o.Logger.Warn("outages cannot be grouped: they are in the next round", "err", err)
			}
		}
	}
}

// take puts an observation through the status machine, and says when the next look is.
func (p *Prober) take(w *watched, o camera.Observation, seen map[int64]camera.Seen) {
	w.flying = false
	w.due = o.At.Add(p.o.Every - p.o.Every/20 + rand.N(p.o.Every/10+1))
	turned := false
	if o.Sight == "" { // nobody may look: as if nobody had
		turned = w.target.Watch.Quiet(o.At, p.o.Patience)
		w.target.Watch.Detail = o.Detail
	} else {
		turned = w.target.Watch.Observe(o, p.o.Patience)
	}
	if w.target.Watch.Suspect(p.o.Patience) {
		w.due = o.At.Add(p.o.Confirm)
	}
	p.keep(w, o, turned, seen)
}

// listen takes up what devices have told of cameras that nobody asks. One that does not tell any more is down after its patience.
func (p *Prober) listen(all map[int64]*watched, now time.Time, seen map[int64]camera.Seen) {
	for id, w := range all {
		if w.target.Probe != camera.ProbeNone {
			continue
		}
		watch := &w.target.Watch
		if o := w.target.Told.Observation(id); o.At.After(watch.LastAt) && now.Sub(o.At) < p.o.Patience.KeepAlive {
			turned := watch.Observe(o, p.o.Patience)
			p.keep(w, o, turned, seen)
		} else if watch.Quiet(now, p.o.Patience) {
			p.keep(w, camera.Observation{CameraID: id}, true, seen)
		}
	}
}

// keep notes what is to be stored of a camera.
func (p *Prober) keep(w *watched, o camera.Observation, turned bool, seen map[int64]camera.Seen) {
	kept := w.target.Watch
	kept.Falls = slices.Clone(kept.Falls)
	n := camera.Seen{CameraID: o.CameraID, Watch: kept, Turned: turned || seen[o.CameraID].Turned, Took: o.Took}
	n.Codec = seen[o.CameraID].Codec // not stored yet
	if o.Codec != "" && o.Codec != w.target.Codec {
		n.Codec, w.target.Codec = o.Codec, o.Codec
	}
	seen[o.CameraID] = n
	if turned {
		atomic.AddInt64(&p.stats.Turned, 1)
	}
}

// store writes what was seen since the last time. What cannot be stored is in the next batch.
func (p *Prober) store(ctx context.Context, seen map[int64]camera.Seen) {
	if len(seen) == 0 {
		return
	}
	batch := make([]camera.Seen, 0, len(seen))
	for _, n := range seen {
		batch = append(batch, n)
	}
	slices.SortFunc(batch, func(a, b camera.Seen) int { return int(a.CameraID - b.CameraID) }) // rows are locked in one order
	if err := p.o.Store.Record(ctx, batch); err != nil {
		atomic.AddInt64(&p.stats.Lost, 1)
		p.o.Logger.Warn("what was seen of cameras cannot be stored: it is in the next batch", "cameras", len(batch), "err", err)
		return
	}
	clear(seen)
}

// renew takes up what has changed in the registry. A camera that is looked at already keeps what is remembered of it, a new one gets a place of its own in the
// minute, so that no two sweeps begin at once.
func (p *Prober) renew(old map[int64]*watched, targets []camera.Target, now time.Time, stored bool) map[int64]*watched {
	all := make(map[int64]*watched, len(targets))
	for _, t := range targets {
		w := old[t.ID]
		switch {
		case w == nil:
			w = &watched{target: t, due: now.Add(rand.N(p.o.Every))}
		case w.target.Address != t.Address || w.target.Login != t.Login:
			w.due = now
			fallthrough
		default:
			// The status may have been changed by hand: what stands on the wall is what counts.
			kept := w.target.Watch
			if stored && kept.Status != t.Watch.Status {
				kept.Status, kept.Since = t.Watch.Status, t.Watch.Since
			}
			w.target = t
			w.target.Watch = kept
		}
		all[t.ID] = w
	}
	return all
}

// Package probe looks at cameras, on the one node of many that leads, at addresses that an operator has allowed and nowhere else. What it finds goes through the
// status machine of layers/camera; what that turns is stored, and reaches every wall as any other change does.
package probe

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"wanglou/layers/camera"
	"wanglou/server/reach"
)

// Options of a prober. Zero values take the defaults.
type Options struct {
	Store    camera.Watches // required by Run
	Networks reach.Ranges   // that may be dialled; default none: nobody is
	Basic    bool           // passwords may be sent in the clear where a camera knows nothing better
	Workers  int            // looks at once; default 256
	Each     int            // looks at once at one recorder or host; default 4
	Every    time.Duration  // between two looks at a camera; default 1 min
	Confirm  time.Duration  // until the second look at one that failed; default 3 s
	Timeout  time.Duration  // of one look; default 5 s
	Logger   *slog.Logger
	Now      func() time.Time
	Patience *camera.Patience // default camera.Usual
	Grouping *camera.Grouping // default camera.UsualGrouping
}

// Prober looks. It is safe for concurrent use.
type Prober struct {
	o     Options
	stats Stats
	looks [6]atomic.Int64
}

// Stats are what a prober has done since its process began.
type Stats struct {
	Looks    map[camera.Sight]int64 // "" are those that were not allowed
	Turned   int64
	Targets  int64
	UnderWay int64
	Lost     int64 // batches that could not be stored
}

// ErrNotAllowed is the error of an address that no network of the options holds.
var ErrNotAllowed = errors.New("the camera has an address that may not be asked (probe networks)")

// New returns a prober.
func New(o Options) *Prober {
	for _, d := range []struct {
		value     *time.Duration
		otherwise time.Duration
	}{{&o.Every, time.Minute}, {&o.Confirm, 3 * time.Second}, {&o.Timeout, 5 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.otherwise
		}
	}
	if o.Workers <= 0 {
		o.Workers = 256
	}
	if o.Each <= 0 {
		o.Each = 4
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Patience == nil {
		o.Patience = &camera.Usual
	}
	if o.Grouping == nil {
		o.Grouping = &camera.UsualGrouping
	}
	return &Prober{o: o}
}

// Stats returns the counts.
func (p *Prober) Stats() Stats {
	s := Stats{Looks: map[camera.Sight]int64{}, Turned: atomic.LoadInt64(&p.stats.Turned), Targets: atomic.LoadInt64(&p.stats.Targets),
		UnderWay: atomic.LoadInt64(&p.stats.UnderWay), Lost: atomic.LoadInt64(&p.stats.Lost)}
	for i, sight := range append([]camera.Sight{""}, camera.Sights...) {
		s.Looks[sight] = p.looks[i].Load()
	}
	return s
}

func (p *Prober) dialer() *net.Dialer { return Dialer(p.o.Networks) }

// Dialer dials what may be dialled: addresses of the networks, at ports where cameras are; ErrNotAllowed for all others. The address is looked at when the name has been
// resolved: a name that resolves to something else a moment later gains nothing.
func Dialer(networks reach.Ranges) *net.Dialer {
	return &net.Dialer{KeepAlive: -1, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if !allows(networks, at) {
			return ErrNotAllowed
		}
		return nil
	}}
}

// allows reports whether an address may be dialled: it lies in a network, at a port where cameras are.
func allows(networks reach.Ranges, at netip.AddrPort) bool {
	a := at.Addr().Unmap()
	if a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast() || at.Port() < 1024 && at.Port() != 554 && at.Port() != 80 && at.Port() != 443 {
		return false
	}
	return networks.Allows(a)
}

// Look looks at one camera once. The sight is "" where the camera may not be asked.
func (p *Prober) Look(ctx context.Context, t *camera.Target) camera.Observation {
	ctx, cancel := context.WithTimeout(ctx, p.o.Timeout)
	defer cancel()
	atomic.AddInt64(&p.stats.UnderWay, 1)
	defer atomic.AddInt64(&p.stats.UnderWay, -1)
	began := time.Now()
	var l look
	if t.Probe == camera.ProbeHTTP {
		l = p.snapshot(ctx, t)
	} else {
		l = p.rtsp(ctx, t)
	}
	for i, sight := range append([]camera.Sight{""}, camera.Sights...) {
		if sight == l.sight {
			p.looks[i].Add(1)
		}
	}
	return camera.Observation{CameraID: t.ID, At: p.o.Now(), Origin: camera.FromProbe, Sight: l.sight, Detail: l.detail, Codec: l.codec, Took: time.Since(began)}
}

// Sweep looks at each target once, as many at once as the options say, and hands every result to each, one after the other. It returns when all were looked at, or
// ctx has ended.
func (p *Prober) Sweep(ctx context.Context, targets []camera.Target, each func(camera.Observation)) {
	q := newQueue(p.o.Each)
	for i := range targets {
		q.push(&targets[i])
	}
	q.close()
	var (
		workers sync.WaitGroup
		found   = make(chan camera.Observation)
	)
	for range min(p.o.Workers, len(targets)) {
		workers.Go(func() {
			for t, host := q.take(); t != nil && ctx.Err() == nil; t, host = q.take() {
				o := p.Look(ctx, t)
				q.done(host)
				found <- o
			}
		})
	}
	go func() { workers.Wait(); close(found) }()
	for o := range found {
		each(o)
	}
}

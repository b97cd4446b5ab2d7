// Package video carries the pictures of cameras to those who watch: one pull from a camera however many watch it, begun by the first and let go some seconds
// after the last. It holds the pictures since the last key picture, so that whoever joins sees something at once. Who is slow loses whole stretches up to the
// next key picture, never memory of the server, and never holds up the others. How a camera is reached is handed in.
package video

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Frame is one picture: its NAL units with start codes between. It is shared and not changed.
type Frame struct {
	Data  []byte
	Key   bool
	Codec string    // of a key picture, as WebCodecs names it
	Time  uint32    // the camera's clock, 90 kHz
	Came  time.Time // when it had come whole
}

// Source is a camera that plays.
type Source interface {
	// Next returns the next picture; after an error there is none.
	Next() (*Frame, error)
	Close() error
}

// Opener begins to play a camera.
type Opener func(ctx context.Context) (Source, error)

// Why nobody more can watch.
var (
	ErrTooManyStreams = errors.New("too many cameras are being watched")
	ErrTooManyViewers = errors.New("too many are watching")
)

// Options are limits and clocks; zero fields take the defaults.
type Options struct {
	Pulls   int           // cameras at once; default 64
	Viewers int           // default 400
	Grace   time.Duration // that a pull outlives its last viewer; default 5 s
	Retry   time.Duration // first pause after a camera broke off, doubled up to ten times as much; default 1 s
	Now     func() time.Time
}

const (
	maxStretch      = 600      // pictures that are kept since the last key picture
	maxStretchBytes = 12 << 20 // the same, bytes
	maxQueue        = 150      // pictures that wait for one viewer beyond the stretch it began with
	maxQueueBytes   = 12 << 20
)

// Hub is safe for concurrent use.
type Hub struct {
	o       Options
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	pulls   map[Pull]*pull
	viewers int
}

// Pull names what is pulled once, however many watch it.
type Pull struct {
	Camera int64
	Sub    bool // the small picture
	H264   bool // in that codec, whatever the camera sends
	Masked bool // with its masks burnt in
}

// New returns a hub that runs until Close.
func New(o Options) *Hub {
	if o.Pulls == 0 {
		o.Pulls = 64
	}
	if o.Viewers == 0 {
		o.Viewers = 400
	}
	if o.Grace == 0 {
		o.Grace = 5 * time.Second
	}
	if o.Retry == 0 {
		o.Retry = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	h := &Hub{o: o, pulls: map[Pull]*pull{}}
	h.ctx, h.stop = context.WithCancel(context.Background())
	return h
}

// Close ends all pulls and waits for them.
func (h *Hub) Close() {
	h.stop()
	h.running.Wait()
}

// Counts returns how many cameras play and how many watch.
func (h *Hub) Counts() (pulls, viewers int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.pulls), h.viewers
}

// pull is one camera that plays.
type pull struct {
	id      Pull
	cancel  context.CancelFunc
	viewers map[*Viewer]bool
	empty   *time.Timer // runs while nobody watches
	stretch []*Frame    // since the last key picture
	bytes   int
	broken  error // nil while it plays
}

// Viewer is one who watches.
type Viewer struct {
	hub   *Hub
	pull  *pull
	wake  chan struct{}
	queue []*Frame
	bytes int
	state error // last told: nil is playing
	told  bool
	skip  bool  // up to the next key picture
	sits  bool  // takes nothing
	lost  int64 // pictures it was too slow for
}

// Watch lets somebody watch a camera. open is used when nobody does so yet. The viewer is closed by its owner.
func (h *Hub) Watch(id Pull, open Opener) (*Viewer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.viewers >= h.o.Viewers {
		return nil, ErrTooManyViewers
	}
	p := h.pulls[id]
	if p == nil {
		if len(h.pulls) >= h.o.Pulls && !h.evict() {
			return nil, ErrTooManyStreams
		}
		p = &pull{id: id, viewers: map[*Viewer]bool{}}
		var ctx context.Context
		ctx, p.cancel = context.WithCancel(h.ctx)
		h.pulls[id] = p
		h.running.Go(func() { h.play(ctx, p, open) })
	}
	if p.empty != nil {
		p.empty.Stop()
		p.empty = nil
	}
	v := &Viewer{hub: h, pull: p, wake: make(chan struct{}, 1), skip: len(p.stretch) == 0, state: p.broken, told: p.broken == nil}
	v.queue = append(v.queue, p.stretch...)
	v.bytes = p.bytes
	p.viewers[v] = true
	h.viewers++
	v.signal()
	return v, nil
}

// evict ends a pull that nobody watches any more, to make room.
func (h *Hub) evict() bool {
	for _, p := range h.pulls {
		if len(p.viewers) == 0 {
			h.end(p)
			return true
		}
	}
	return false
}

func (h *Hub) end(p *pull) {
	if h.pulls[p.id] == p {
		delete(h.pulls, p.id)
	}
	p.cancel()
}

// play keeps one camera playing for as long as it is wanted.
func (h *Hub) play(ctx context.Context, p *pull, open Opener) {
	pause := h.o.Retry
	for {
		began := h.o.Now()
		err := h.playOnce(ctx, p, open)
		if ctx.Err() != nil {
			return
		}
		h.mu.Lock()
		p.broken, p.stretch, p.bytes = err, nil, 0
		for v := range p.viewers {
			v.state, v.told, v.skip = err, false, true
			v.signal()
		}
		h.mu.Unlock()
		if h.o.Now().Sub(began) > 10*h.o.Retry {
			pause = h.o.Retry
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, 10*h.o.Retry)
	}
}

func (h *Hub) playOnce(ctx context.Context, p *pull, open Opener) error {
	source, err := open(ctx)
	if err != nil {
		return err
	}
	defer source.Close() //nolint:errcheck // it may be broken already
	for {
		f, err := source.Next()
		if err != nil {
			return err
		}
		h.spread(p, f)
	}
}

// spread gives a picture to all who watch.
func (h *Hub) spread(p *pull, f *Frame) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p.broken = nil
	if f.Key {
		clear(p.stretch)
		p.stretch, p.bytes = p.stretch[:0], 0
	}
	if f.Key || len(p.stretch) > 0 {
		p.stretch = append(p.stretch, f)
		p.bytes += len(f.Data)
		if len(p.stretch) > maxStretch || p.bytes > maxStretchBytes { // a camera without key pictures: who joins waits for one
			p.stretch, p.bytes = nil, 0
		}
	}
	for v := range p.viewers {
		v.add(f)
	}
}

// add is called with the hub's lock held.
func (v *Viewer) add(f *Frame) {
	if v.sits {
		return
	}
	v.state, v.told = nil, v.told && v.state == nil
	if f.Key {
		v.skip = false
		if len(v.queue) > maxQueue/2 { // what is old is not worth showing
			v.drop()
		}
	}
	if v.skip {
		v.lost++
		return
	}
	if len(v.queue) >= maxStretch+maxQueue || v.bytes+len(f.Data) > maxQueueBytes+maxStretchBytes {
		v.drop()
		if v.skip = !f.Key; v.skip {
			v.lost++
			return
		}
	}
	v.queue = append(v.queue, f)
	v.bytes += len(f.Data)
	v.signal()
}

func (v *Viewer) drop() {
	v.lost += int64(len(v.queue))
	clear(v.queue)
	v.queue, v.bytes = v.queue[:0], 0
}

func (v *Viewer) signal() {
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// Next waits for the next picture, or for news of the camera: broken is why it does not play now. It returns ctx's error when that ends first.
func (v *Viewer) Next(ctx context.Context) (f *Frame, broken error, err error) {
	for {
		v.hub.mu.Lock()
		if len(v.queue) > 0 {
			f = v.queue[0]
			v.queue[0] = nil
			v.queue = v.queue[1:]
			v.bytes -= len(f.Data)
			v.hub.mu.Unlock()
			return f, nil, nil
		}
		if !v.told && v.state != nil {
			v.told = true
			broken = v.state
			v.hub.mu.Unlock()
			return nil, broken, nil
		}
		v.hub.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-v.hub.ctx.Done():
			return nil, nil, context.Canceled
		case <-v.wake:
		}
	}
}

// Pull names what the viewer watches.
func (v *Viewer) Pull() Pull { return v.pull.id }

// Sit keeps the viewer's place, and the pull, for one who gets the pictures by another way: from now on none wait here.
func (v *Viewer) Sit() {
	v.hub.mu.Lock()
	defer v.hub.mu.Unlock()
	v.sits = true
	clear(v.queue)
	v.queue, v.bytes = nil, 0
}

// Waiting returns how many pictures are there already.
func (v *Viewer) Waiting() int {
	v.hub.mu.Lock()
	defer v.hub.mu.Unlock()
	return len(v.queue)
}

// Lost returns how many pictures were left out because they were not fetched in time.
func (v *Viewer) Lost() int64 {
	v.hub.mu.Lock()
	defer v.hub.mu.Unlock()
	return v.lost
}

// Close ends watching. The last one's pull ends some seconds later.
func (v *Viewer) Close() {
	h, p := v.hub, v.pull
	h.mu.Lock()
	defer h.mu.Unlock()
	if !p.viewers[v] {
		return
	}
	delete(p.viewers, v)
	h.viewers--
	if len(p.viewers) > 0 || h.pulls[p.id] != p {
		return
	}
	p.empty = time.AfterFunc(h.o.Grace, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(p.viewers) == 0 {
			h.end(p)
		}
	})
}

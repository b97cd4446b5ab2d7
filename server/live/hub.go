package live

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"wanglou/layers"
)

// Close codes, see docs/protocol.md.
const (
	CloseBadFrame  websocket.StatusCode = 4400 // the client sent something that is no frame
	CloseNoSession websocket.StatusCode = 4401 // no session any more
	CloseRights    websocket.StatusCode = 4403 // rights were changed
	CloseNoReplay  websocket.StatusCode = 4404 // the replay is over
	CloseTooSlow   websocket.StatusCode = 4408 // the server could not write for a while
)

// Options wire a hub. Zero durations and counts take the defaults.
type Options struct {
	Replica *layers.Replica
	Version string // of the program, for hello
	Logger  *slog.Logger
	Now     func() time.Time

	Tick         time.Duration  // least time between two frames of a layer; default 100 ms
	Heartbeat    time.Duration  // default 5 s
	WriteTimeout time.Duration  // how long one frame may take; default 30 s
	PingEvery    time.Duration  // how often a silent client is asked whether it is there; default 30 s
	Recheck      time.Duration  // how often session and rights are asked for again; default 30 s
	MaxClients   int            // default 5,000
	Replay       *layers.Replay // what moves the replica, when it shows a past: heartbeats say where it stands
	Walls        *Walls         // the replay that walls show; default none
	Compress     bool           // permessage-deflate: less bytes, about ten times the CPU and 300 kB for each client
}

// Hub keeps the clocks of all clients and knows who is there. Make one with [New], run it with [Hub.Run]. It is safe for
// concurrent use.
type Hub struct {
	o       Options
	current atomic.Pointer[round]
	beat    atomic.Pointer[beat]
	stats   counters
	filters filters

	mu      sync.Mutex
	clients map[*client]struct{}
	closed  bool
	running sync.WaitGroup // clients
}

// beat is one heartbeat, the same for everybody.
type beat struct {
	frame []byte
	over  chan struct{} // closed when the next one is there
}

// Stats counts what a hub did since it was made.
type Stats struct {
	Clients   int   // connected now
	Frames    int64 // sent
	Bytes     int64 // sent, before compression
	Snapshots int64 // snapshots begun
	Diffs     int64 // diffs that were not empty
	TooSlow   int64 // clients sent away because they could not keep up
}

type counters struct{ frames, bytes, snapshots, diffs, tooSlow atomic.Int64 }

// New returns a hub that reads o.Replica.
func New(o Options) *Hub {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		value     *time.Duration
		otherwise time.Duration
	}{
		{&o.Tick, 100 * time.Millisecond}, {&o.Heartbeat, 5 * time.Second}, {&o.WriteTimeout, 30 * time.Second},
		{&o.PingEvery, 30 * time.Second}, {&o.Recheck, 30 * time.Second},
	} {
		if *d.value <= 0 {
			*d.value = d.otherwise
		}
	}
	if o.MaxClients <= 0 {
		o.MaxClients = 5000
	}
	h := &Hub{o: o, clients: map[*client]struct{}{}}
	h.current.Store(newRound(o.Replica, &h.filters))
	h.beat.Store(&beat{frame: h.heartbeat(), over: make(chan struct{})})
	return h
}

// Run keeps the clocks until ctx ends, then sends every client away with 1001 and waits until they are gone.
func (h *Hub) Run(ctx context.Context) error {
	var clocks sync.WaitGroup
	clocks.Go(func() { h.tick(ctx) })
	clocks.Go(func() { h.pulse(ctx) })
	clocks.Wait()
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.close(websocket.StatusGoingAway, "the server stops", func(*client) bool { return true })
	h.running.Wait()
	return ctx.Err()
}

// tick begins a new round for each change of the replica: at once after quiet, at most one each Tick.
func (h *Hub) tick(ctx context.Context) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	var seen layers.Position
	for {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
		if _, err := h.o.Replica.WaitPast(ctx, seen); err != nil {
			return
		}
		next := newRound(h.o.Replica, &h.filters)
		seen = next.target // what comes later is for the round after it
		old := h.current.Swap(next)
		close(old.over)
		old.trim()
		pause.Reset(h.o.Tick)
	}
}

// pulse makes a heartbeat regularly and whenever the source's state changes. Quiet rounds are trimmed along.
func (h *Hub) pulse(ctx context.Context) {
	ticker := time.NewTicker(h.o.Heartbeat)
	defer ticker.Stop()
	for {
		changed := h.o.Replica.StatusChanged()
		var moved <-chan struct{} // nil: never
		if h.o.Replay != nil {
			moved = h.o.Replay.Changed()
		}
		_, shown := h.o.Walls.Shown()
		old := h.beat.Swap(&beat{frame: h.heartbeat(), over: make(chan struct{})})
		close(old.over)
		select {
		case <-ticker.C:
			h.current.Load().trim()
		case <-changed:
		case <-shown:
		case <-moved:
		case <-ctx.Done():
			return
		}
	}
}

func (h *Hub) heartbeat() []byte {
	walls, _ := h.o.Walls.Shown()
	return appendHeartbeat(nil, h.o.Now(), h.o.Replica.Position(), h.o.Replica.Status(), h.o.Replay, walls)
}

// CloseUser sends the clients of a user away because their rights were changed.
func (h *Hub) CloseUser(id int64) {
	h.close(CloseRights, "rights were changed", func(c *client) bool { return c.peer.UserID == id })
}

// Recheck has the clients that which says ask at once what they may do now; those whose rights are others, or over, are sent away.
func (h *Hub) Recheck(which func(userID int64, session string) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		if which(c.peer.UserID, c.peer.Session) {
			c.doubt()
		}
	}
}

// CloseSession sends the clients of one session away because it is over.
func (h *Hub) CloseSession(name string) {
	h.close(CloseNoSession, "the session is over", func(c *client) bool { return c.peer.Session == name })
}

func (h *Hub) close(code websocket.StatusCode, reason string, which func(*client) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		if which(c) {
			go c.close(code, reason)
		}
	}
}

// Stats returns the counters.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	n := len(h.clients)
	h.mu.Unlock()
	s := &h.stats
	return Stats{Clients: n, Frames: s.frames.Load(), Bytes: s.bytes.Load(), Snapshots: s.snapshots.Load(), Diffs: s.diffs.Load(), TooSlow: s.tooSlow.Load()}
}

var (
	errStopped = errors.New("the hub is stopped")
	errFull    = errors.New("the hub takes no more clients")
)

// enter counts a client in.
func (h *Hub) enter(c *client) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return errStopped
	case len(h.clients) >= h.o.MaxClients:
		return errFull
	}
	h.clients[c] = struct{}{}
	h.running.Add(1)
	return nil
}

func (h *Hub) leave(c *client) {
	h.mu.Lock()
	delete(h.clients, c)
	h.mu.Unlock()
	h.running.Done()
}

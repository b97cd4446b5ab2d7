package live

import (
	"context"
	"crypto/rand"
	"encoding/json"
	mrand "math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// A client may subscribe to every layer at once, and then change its subscriptions as fast as a map is dragged.
const (
	askRate  = 20 // a second
	askBurst = 2 * maxSubscriptions
)

// maxRequest is how many bytes a client's frame may have.
const maxRequest = 64 << 10

// Peer is who is at the other end.
type Peer struct {
	Session string // name for [Hub.CloseSession]; never the cookie's token
	UserID  int64
	Scope   *auth.Scope
	// Check returns what the session may do now, nil when it is over. An error says nothing about the session.
	Check func(context.Context) (*auth.Scope, error)
}

// client is one connection. Its fields are used by the goroutine of serve alone, except where noted.
type client struct {
	hub      *Hub
	line     line
	peer     Peer
	closing  atomic.Bool   // set by whoever closes first
	requests chan request  // from the reader
	doubted  chan struct{} // rights may have changed
	subs     []*subscription
	beat     *beat       // the last one sent
	late     *time.Timer // runs while a frame is being written; one for all of them, for there are many
}

// subscription is one layer that a client wants.
type subscription struct {
	view   view             // what it shall have
	held   view             // what its copy is of; another than view until the next content
	at     *layers.Position // how far its copy has come; nil: it has none
	answer bool             // the next content is sent even when it is empty
}

// request is a frame of the client.
type request struct {
	Type     string          `json:"type"`
	Layer    string          `json:"layer"`
	Geometry bool            `json:"geometry"`
	Columns  []string        `json:"columns"`
	BBox     []float64       `json:"bbox"`
	Zoom     *float64        `json:"zoom"`
	Filter   json.RawMessage `json:"filter"`
	Format   string          `json:"format"`
	Token    string          `json:"token"`
}

// Serve takes over the request's connection and serves the peer until one side ends it. A peer without a scope is told
// that there is no session: browsers cannot read the status of a refused handshake. Requests from pages of other sites are
// refused. Errors are those of the handshake; the answer was written.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, p Peer) error {
	mode := websocket.CompressionDisabled
	if h.o.Compress {
		mode = websocket.CompressionContextTakeover
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: mode})
	if err != nil {
		return err
	}
	c := &client{hub: h, line: socketLine{conn}, peer: p, requests: make(chan request), doubted: make(chan struct{}, 1)}
	if p.Scope == nil {
		c.close(CloseNoSession, "no session")
		return nil
	}
	switch h.enter(c) {
	case errStopped:
		c.close(websocket.StatusGoingAway, "the server stops")
		return nil
	case errFull:
		c.close(websocket.StatusTryAgainLater, "too many clients")
		return nil
	}
	defer h.leave(c)
	// The request's own context says nothing after the connection was taken over.
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	go func() { defer cancel(); c.read(ctx, conn) }()
	go c.ping(ctx, conn)
	c.serve(ctx)
	c.close(websocket.StatusNormalClosure, "")
	return nil
}

// Refuse takes over the request's connection only to close it with a code: browsers cannot read the status of a refused handshake.
func Refuse(w http.ResponseWriter, r *http.Request, code websocket.StatusCode, reason string) error {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return err
	}
	_ = conn.Close(code, reason) // an error means that it was already broken
	return nil
}

// read passes on the client's frames until the connection ends.
func (c *client) read(ctx context.Context, conn *websocket.Conn) {
	conn.SetReadLimit(maxRequest)
	for {
		typ, b, err := conn.Read(ctx)
		if err != nil {
			return
		}
		var q request
		if typ != websocket.MessageText || json.Unmarshal(b, &q) != nil || (q.Type != "subscribe" && q.Type != "unsubscribe") || q.Layer == "" {
			c.close(CloseBadFrame, "not a frame of the protocol")
			return
		}
		select {
		case c.requests <- q:
		case <-ctx.Done():
			return
		}
	}
}

// ping notices clients that went away without a word.
func (c *client) ping(ctx context.Context, conn *websocket.Conn) {
	ticker := time.NewTicker(c.hub.o.PingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		// The answer waits behind the frame that is being written, which has its own limit.
		pctx, cancel := context.WithTimeout(ctx, 2*c.hub.o.WriteTimeout)
		err := conn.Ping(pctx)
		cancel()
		if err != nil {
			c.closing.Store(true)
			_ = conn.CloseNow() // nobody is there to hear why
			return
		}
	}
}

// serve is the client's life: hello, then in each round what its subscriptions have to be told.
func (c *client) serve(ctx context.Context) {
	h := c.hub
	hello := appendHello(nil, rand.Text(), h.o.Version, h.o.Now(), h.o.Replica.Position(), h.o.Heartbeat)
	c.beat = h.beat.Load()
	if !c.write(ctx, "hello", "", hello) || !c.write(ctx, "heartbeat", "", h.heartbeat()) {
		return
	}
	// Not a case of its own below: each of those costs every client of every round.
	recheck := time.AfterFunc(jitter(h.o.Recheck), c.doubt)
	defer recheck.Stop()
	now := h.current.Load()
	// A map that is dragged asks some times a second. Who asks more often waits, its reader with it: nothing piles up.
	asks := rate.NewLimiter(askRate, askBurst)
	requests, resumed := c.requests, (<-chan time.Time)(nil)
	for {
		select {
		case <-now.over:
			now = h.current.Load()
			if !c.deliverAll(ctx, now) {
				return
			}
		case q := <-requests:
			if !c.handle(ctx, now, q) {
				return
			}
			if wait := asks.Reserve().Delay(); wait > 0 {
				requests, resumed = nil, time.After(wait)
			}
		case <-resumed:
			requests, resumed = c.requests, nil
		case <-c.beat.over:
			if !c.heartbeat(ctx) {
				return
			}
		case <-c.doubted:
			if !c.recheck(ctx) {
				return
			}
			recheck.Reset(jitter(h.o.Recheck))
			recheck.Reset(jitter(h.o.Recheck))
		case <-ctx.Done():
			return
		}
	}
}

// handle does what the client asks. It returns false when the connection is over, like all that follows.
func (c *client) handle(ctx context.Context, now *round, q request) bool {
	var earlier *subscription
	c.subs = slices.DeleteFunc(c.subs, func(s *subscription) bool {
		if s.view.layer == q.Layer {
			earlier = s
		}
		return s.view.layer == q.Layer
	})
	if q.Type == "unsubscribe" {
		return true
	}
	if _, err := c.hub.readable(q.Layer, c.peer.Scope); err != nil {
		return c.refuse(ctx, err, q.Layer)
	}
	if len(c.subs) >= maxSubscriptions {
		return c.refuse(ctx, &layers.Error{Code: layers.CodeTooLarge, Reason: "too_many", Msg: "too many subscriptions"}, q.Layer)
	}
	v, err := q.view(c.peer.Scope.Class())
	if err != nil {
		return c.refuse(ctx, err, q.Layer)
	}
	s := &subscription{answer: true, view: v, held: v}
	s.resume(q.Token, earlier)
	c.subs = append(c.subs, s)
	return c.deliver(ctx, now, s)
}

// resume finds out what the client's copy is. Of a layer that it was told of on this connection it has what it was told,
// whatever token it had seen when it asked; else what its token says.
func (s *subscription) resume(token string, earlier *subscription) {
	switch {
	case token == "": // it wants to start anew
	case earlier != nil && earlier.at != nil:
		if earlier.held.shape() == s.view.shape() {
			s.held, s.at = earlier.held, earlier.at
		}
	default:
		if at, ok := s.view.parse(token); ok {
			s.at = &at
		}
	}
}

// maxSubscriptions bounds what a client may name before anything was loaded and layers are known.
const maxSubscriptions = 256

func (c *client) refuse(ctx context.Context, e *layers.Error, layer string) bool {
	return c.write(ctx, "error", "", appendError(nil, e, layer))
}

func (c *client) deliverAll(ctx context.Context, now *round) bool {
	for i := 0; i < len(c.subs); {
		s := c.subs[i]
		if !c.deliver(ctx, now, s) {
			return false
		}
		if i < len(c.subs) && c.subs[i] == s { // else it was refused, and the next one has moved here
			i++
		}
	}
	return true
}

// deliver brings one subscription's copy to the round's content.
func (c *client) deliver(ctx context.Context, now *round, s *subscription) bool {
	content, err := s.next(now, c.peer.Scope)
	if err != nil {
		c.subs = slices.DeleteFunc(c.subs, func(have *subscription) bool { return have == s })
		return c.refuse(ctx, err, s.view.layer)
	}
	if content == nil { // nothing was loaded yet: the first load begins a round
		return true
	}
	if !content.empty() || s.answer {
		if content.kind == kindSnapshot {
			c.hub.stats.snapshots.Add(1)
		} else {
			c.hub.stats.diffs.Add(1)
		}
		for part := range content.parts() {
			if !c.write(ctx, content.kind, content.kept(part), content.frame(part)) || !c.heartbeat(ctx) {
				return false
			}
		}
	}
	s.held, s.at, s.answer = s.view, &content.to, false
	return true
}

// next returns what brings the copy to the round's content.
func (s *subscription) next(now *round, scope *auth.Scope) (*content, *layers.Error) {
	from := s.at
	if from != nil && s.held != s.view {
		if content, err := now.shift(s.held, s.view, scope, *from); content != nil || err != nil {
			return content, err
		}
		from = nil
	}
	return now.content(s.view, scope, from)
}

// heartbeat sends the newest heartbeat if the client does not have it; also between the parts of a long content, so that
// a slow line is not taken for a dead server.
func (c *client) heartbeat(ctx context.Context) bool {
	newest := c.hub.beat.Load()
	if newest == c.beat {
		return true
	}
	c.beat = newest
	return c.write(ctx, "heartbeat", "", newest.frame)
}

// doubt makes the client ask whether its session still stands; safe from any goroutine.
func (c *client) doubt() {
	select {
	case c.doubted <- struct{}{}:
	default: // it is about to ask
	}
}

// recheck asks whether the session still stands and may what it might.
func (c *client) recheck(ctx context.Context) bool {
	scope, err := c.peer.Check(ctx)
	switch {
	case err != nil: // the database is away; who was in stays in
		return ctx.Err() == nil
	case scope == nil:
		c.close(CloseNoSession, "the session is over")
		return false
	case scope.Class() != c.peer.Scope.Class() || !slices.Equal(scope.Actions, c.peer.Scope.Actions): // a console shows what its user may do
		c.close(CloseRights, "rights were changed")
		return false
	}
	return true
}

// write sends one frame and returns whether the connection still stands. A client that does not take the frame in time
// is sent away; whether it hears the reason depends on its line.
func (c *client) write(ctx context.Context, kind, token string, frame []byte) bool {
	if !c.line.patient() {
		if c.late == nil {
			c.late = time.AfterFunc(c.hub.o.WriteTimeout, func() {
				c.hub.stats.tooSlow.Add(1)
				c.close(CloseTooSlow, "the client is too slow")
			})
		} else {
			c.late.Reset(c.hub.o.WriteTimeout)
		}
		defer c.late.Stop()
	}
	err := c.line.send(ctx, kind, token, frame)
	if err != nil {
		return false
	}
	c.hub.stats.frames.Add(1)
	c.hub.stats.bytes.Add(int64(len(frame)))
	return true
}

// close ends the connection, once; safe from any goroutine.
func (c *client) close(code websocket.StatusCode, reason string) {
	if c.closing.CompareAndSwap(false, true) {
		c.line.end(code, reason)
	}
}

// jitter spreads clients that came at the same moment.
func jitter(d time.Duration) time.Duration { return d - d/4 + mrand.N(d/2+1) }

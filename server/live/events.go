package live

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// Query is one subscription, as the parameters of a request say it.
type Query struct {
	Layer    string
	Geometry bool
	Columns  []string
	BBox     []float64
	Zoom     *float64
	Filter   string // CQL2 as text, or as JSON when it begins with a brace
	Token    string
}

func (q Query) request() request {
	r := request{Type: "subscribe", Layer: q.Layer, Geometry: q.Geometry, Columns: q.Columns, BBox: q.BBox, Zoom: q.Zoom, Token: q.Token}
	switch {
	case q.Filter == "":
	case q.Filter[0] == '{':
		r.Filter = json.RawMessage(q.Filter)
	default:
		r.Filter, _ = json.Marshal(q.Filter) // a string can always be written
	}
	return r
}

// Stream answers a request with the frames of one subscription as Server-Sent Events, until one side ends it. What is wrong with the
// subscription is returned before anything was written: CodeForbidden, CodeNotFound, CodeInvalid, CodeUnavailable.
func (h *Hub) Stream(w http.ResponseWriter, r *http.Request, p Peer, q Query) error {
	want := q.request()
	if err := h.check(want, p.Scope); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	l := &eventLine{w: w, rc: http.NewResponseController(w), limit: h.o.WriteTimeout, cancel: cancel}
	c := &client{hub: h, line: l, peer: p, requests: make(chan request, 1), doubted: make(chan struct{}, 1)}
	switch h.enter(c) {
	case errStopped:
		return layers.Errorf(layers.CodeUnavailable, "the server stops")
	case errFull:
		return layers.Errorf(layers.CodeUnavailable, "the server has as many clients as it takes")
	}
	defer h.leave(c)
	_ = l.rc.SetReadDeadline(time.Time{}) // the request was read; what follows is the client's silence
	head := w.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no") // a proxy must not wait for the end
	w.WriteHeader(http.StatusOK)
	c.requests <- want
	defer l.finish()
	c.serve(ctx)
	c.close(websocket.StatusNormalClosure, "")
	return nil
}

// Follow gives the frames of one subscription to take, one after the other, until ctx ends, the peer may not read any more, or take returns an error, which is
// returned. While take is busy nothing piles up: what changes meanwhile comes as one diff. token is where to go on once the frame is done with, "" where there is no such
// place. Frames are good until take returns.
func (h *Hub) Follow(ctx context.Context, p Peer, q Query, take func(ctx context.Context, kind, token string, frame []byte) error) error {
	want := q.request()
	if err := h.check(want, p.Scope); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c := &client{hub: h, line: &funcLine{take: take, cancel: cancel}, peer: p, requests: make(chan request, 1), doubted: make(chan struct{}, 1)}
	if err := h.enter(c); err != nil {
		return layers.Errorf(layers.CodeUnavailable, "%v", err)
	}
	defer h.leave(c)
	c.requests <- want
	c.serve(ctx)
	return context.Cause(ctx)
}

// Check returns what a subscription would be refused for.
func (h *Hub) Check(q Query, scope *auth.Scope) error { return h.check(q.request(), scope) }

func (h *Hub) check(q request, scope *auth.Scope) error {
	l, err := h.readable(q.Layer, scope)
	if err != nil {
		return err
	}
	v, err := q.view(scope.Class())
	if err != nil {
		return err
	}
	if l == nil {
		return nil // told when the layers are known
	}
	if _, err := v.indices(l); err != nil {
		return err
	}
	if _, err := v.selector(scope, l, &h.filters); err != nil {
		return err
	}
	return nil
}

// readable returns a layer for somebody who may read it, nil while nobody knows what layers there are.
func (h *Hub) readable(layer string, scope *auth.Scope) (*layers.Layer, *layers.Error) {
	if !scope.May(auth.ActionRead) {
		return nil, &layers.Error{Code: layers.CodeForbidden, Reason: "no_rights", Msg: "this account may not read the map"}
	}
	l := h.o.Replica.Layer(layer)
	if l == nil && h.o.Replica.Position().Epoch != "" {
		return nil, &layers.Error{Code: layers.CodeNotFound, Reason: "unknown_layer", Msg: "there is no such layer"}
	}
	return l, nil
}

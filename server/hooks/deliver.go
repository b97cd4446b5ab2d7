package hooks

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/hook"
	"wanglou/server/live"
	"wanglou/tiles/outbound"
)

// Options wire the deliveries. Zero durations and counts take the defaults.
type Options struct {
	Store  hook.Store
	Hub    *live.Hub
	Rules  *outbound.Rules
	Scope  func(ctx context.Context, userID int64) (*auth.Scope, error) // what an owner may do now; nil: no such account, or barred
	Logger *slog.Logger
	Now    func() time.Time

	Timeout  time.Duration // of one try; default 15 s
	First    time.Duration // until the second try; it doubles; default 1 s
	Most     time.Duration // between two tries; default 5 min
	Attempts int           // before an event is given up; default 15, about half an hour
	Poll     time.Duration // how soon a new webhook begins; default 2 s
	Pace     time.Duration // between two messages to a robot; default 3.1 s: they take twenty a minute

	Place func(ctx context.Context, path string) string // names an area, for robots; default its path
}

// Deliveries delivers what webhooks are to be told. It is safe for concurrent use.
type Deliveries struct {
	o      Options
	client *http.Client
}

// New returns deliveries that have not begun: see [Deliveries.Run].
func New(o Options) *Deliveries {
	for _, d := range []struct {
		value     *time.Duration
		otherwise time.Duration
	}{{&o.Timeout, 15 * time.Second}, {&o.First, time.Second}, {&o.Most, 5 * time.Minute}, {&o.Poll, 2 * time.Second}, {&o.Pace, pace}} {
		if *d.value <= 0 {
			*d.value = d.otherwise
		}
	}
	if o.Attempts <= 0 {
		o.Attempts = 15
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Place == nil {
		o.Place = func(_ context.Context, path string) string { return path }
	}
	return &Deliveries{o: o, client: &http.Client{Transport: o.Rules.Transport(o.Timeout), Timeout: o.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // what was allowed is the address, not where it leads
	}}}
}

var errRights = errors.New("the owner's rights are others now")

// errGone is the answer of a receiver that wants no more.
var errGone = errors.New(hook.WhyGone)

// follow is the life of one webhook's worker.
func (d *Deliveries) follow(ctx context.Context, h *hook.Hook) {
	wait := d.o.First
	for ctx.Err() == nil {
		began := d.o.Now()
		err := d.subscribe(ctx, h)
		if d.o.Now().Sub(began) > time.Minute {
			wait = d.o.First
		}
		if errors.Is(err, errGone) {
			err = d.o.Store.Stop(ctx, h.ID, errGone.Error())
			if err == nil {
				return
			}
		}
		if ctx.Err() != nil {
			return
		}
		d.o.Logger.Debug("a webhook begins again", "webhook", h.ID, "err", err)
		if !d.pause(ctx, wait) {
			return
		}
		wait = min(2*wait, 30*time.Second)
	}
}

// subscribe follows the layer from where the webhook was, with what its owner may see now.
func (d *Deliveries) subscribe(ctx context.Context, h *hook.Hook) error {
	scope, err := d.o.Scope(ctx, h.UserID)
	switch {
	case err != nil:
		return err
	case scope == nil || !scope.May(auth.ActionRead):
		return d.o.Store.Failed(ctx, h.ID, hook.WhyRights)
	}
	peer := live.Peer{Session: "webhook/" + strconv.FormatInt(h.ID, 10), UserID: h.UserID, Scope: scope, Check: func(ctx context.Context) (*auth.Scope, error) { return d.o.Scope(ctx, h.UserID) }}
	q := live.Query{Layer: h.Layer, Geometry: h.Geometry, Columns: h.Columns, Filter: h.Filter, Token: h.Position}
	err = d.o.Hub.Follow(ctx, peer, q, func(ctx context.Context, kind, token string, frame []byte) error {
		if kind == "error" {
			d.o.Logger.Debug("a webhook is told of an error", "webhook", h.ID, "error", string(frame))
			return d.o.Store.Failed(ctx, h.ID, hook.WhyLayer)
		}
		if err := d.deliver(ctx, h, scope.Class(), kind, token, frame); err != nil {
			return err
		}
		if token != "" {
			h.Position = token
		}
		return nil
	})
	if code := layers.ErrorCode(err); code == layers.CodeInvalid || code == layers.CodeNotFound {
		d.o.Logger.Debug("a webhook cannot follow its layer", "webhook", h.ID, "err", err)
		return d.o.Store.Failed(ctx, h.ID, hook.WhyLayer) // the layer or a column is not there any more
	}
	return err
}

// deliver sends one frame, which somebody of a class may see, until it is taken, or given up. It returns an error when there is to be another one in its place: the
// owner's rights are others by now, or the database cannot be told.
func (d *Deliveries) deliver(ctx context.Context, h *hook.Hook, class, kind, token string, frame []byte) error {
	if h.Bot() {
		return d.talk(ctx, h, class, kind, token, frame)
	}
	id, body, err := newEvent(h.Layer, kind, frame, d.o.Now())
	if err != nil {
		return err
	}
	return d.send(ctx, h, class, id, body, token)
}

// send posts until it is taken, or given up.
func (d *Deliveries) send(ctx context.Context, h *hook.Hook, class, id string, body []byte, token string) error {
	wait := d.o.First
	for attempt := 1; ; attempt++ {
		after, err := d.post(ctx, h, id, body)
		switch {
		case err == nil:
			return d.o.Store.Delivered(ctx, h.ID, token)
		case errors.Is(err, errGone) || ctx.Err() != nil:
			return err
		case attempt >= d.o.Attempts:
			d.o.Logger.Warn("a webhook does not take an event", "webhook", h.ID, "event", id, "attempts", attempt, "err", err)
			return d.o.Store.GiveUp(ctx, h.ID, &hook.Dead{EventID: id, Attempts: attempt, Error: err.Error(), Body: body}, token)
		}
		if err := d.o.Store.Failed(ctx, h.ID, err.Error()); err != nil {
			return err
		}
		if !d.pause(ctx, max(after, wait-wait/4+rand.N(wait/2+1))) {
			return ctx.Err()
		}
		if scope, err := d.o.Scope(ctx, h.UserID); err == nil && (scope == nil || scope.Class() != class) {
			return errRights
		}
		wait = min(2*wait, d.o.Most)
	}
}

// post tries once. after is how long the receiver asks us to wait.
func (d *Deliveries) post(ctx context.Context, h *hook.Hook, id string, body []byte) (after time.Duration, err error) {
	req, err := d.request(ctx, h, id, body)
	if err != nil {
		return 0, errors.New(hook.WhyAddress)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return 0, reasonOf(err)
	}
	defer func() { _ = resp.Body.Close() }()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // of a machine it is not asked for, but the connection may be used again
	switch {
	case h.Bot() && resp.StatusCode == http.StatusOK:
		return robotAnswer(said)
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		return 0, nil
	case resp.StatusCode == http.StatusGone:
		return 0, errGone
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		after = min(time.Duration(s)*time.Second, time.Hour)
	}
	return after, errors.New(hook.WhyStatus + strconv.Itoa(resp.StatusCode))
}

// request is one try: a signed event, or a message to a robot.
func (d *Deliveries) request(ctx context.Context, h *hook.Hook, id string, body []byte) (*http.Request, error) {
	now, address, mime := d.o.Now(), h.URL, mimeEvent
	signature := sign(h.Secret, id, now, body)
	if h.Bot() {
		var err error
		if address, body, err = robotRequest(h, string(body), now); err != nil {
			return nil, err
		}
		mime = "application/json; charset=utf-8"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", mime)
	req.Header.Set("User-Agent", "Wanglou")
	if !h.Bot() {
		req.Header.Set("webhook-id", id)
		req.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
		req.Header.Set("webhook-signature", signature)
	}
	return req, nil
}

// reasonOf says what was wrong, as one of the hook.Why, without the address, which may hold what is not to be read.
func reasonOf(err error) error {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, outbound.ErrAddress):
		return errors.New(hook.WhyAddress)
	case errors.As(err, &timeout) && timeout.Timeout():
		return errors.New(hook.WhyTimeout)
	}
	return errors.New(hook.WhyUnreachable)
}

// Resend tries once more what was given up; what is taken is forgotten. CodeNotFound; CodeUnavailable when it is not taken now either.
func (d *Deliveries) Resend(ctx context.Context, id int64, eventID string) error {
	h, dead, err := d.o.Store.DeadEvent(ctx, id, eventID)
	if err != nil {
		return err
	}
	if _, err := d.post(ctx, h, dead.EventID, dead.Body); err != nil {
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "not_taken", Msg: "the receiver did not take it: " + err.Error()}
	}
	return d.o.Store.Bury(ctx, id, eventID)
}

func (d *Deliveries) pause(ctx context.Context, wait time.Duration) bool {
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return false
	}
}

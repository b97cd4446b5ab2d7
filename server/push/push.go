// Package push delivers notifications (layers/push) to the push services of browsers, on the one node of many that leads: encrypted for the browser alone
// (RFC 8291), signed with the installation's key (RFC 8292), to hosts that the operator has named and to nobody else. What is told, and to whom, the database decides.
package push

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/SherClockHolmes/webpush-go"

	"wanglou/layers/push"
	"wanglou/tiles/outbound"
)

// Options of a worker. Queue and Rules are required.
type Options struct {
	Queue   push.Queue
	Rules   *outbound.Rules
	Contact string // whom push services write to: an address of mail, or https
	Logger  *slog.Logger
	Now     func() time.Time
	Round   time.Duration     // between two looks; default 1 s
	Carrier http.RoundTripper // for tests; default by Rules
}

// Worker delivers. It is safe for concurrent use.
type Worker struct {
	o      Options
	client *http.Client
}

const (
	timeout  = 15 * time.Second
	together = 50 // in one round
	parallel = 8
	first    = 5 * time.Second // until the second try; it doubles
	most     = 5 * time.Minute
)

// New returns a worker that has not begun: see [Worker.Run].
func New(o Options) *Worker {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Round <= 0 {
		o.Round = time.Second
	}
	if o.Carrier == nil {
		o.Carrier = o.Rules.Transport(timeout)
	}
	return &Worker{o: o, client: &http.Client{Transport: o.Carrier, Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // what was allowed is the address, not where it leads
	}}}
}

// Allows reports whether a push service may be asked.
func (w *Worker) Allows(host string) bool { return w.o.Rules.Allows(host) }

// Reaches reports whether there is any push service that may be asked.
func (w *Worker) Reaches() bool { return len(w.o.Rules.Hosts) > 0 }

// Run delivers for as long as ctx lasts, while this node leads.
func (w *Worker) Run(ctx context.Context) error {
	defer w.client.CloseIdleConnections()
	return w.o.Queue.Lead(ctx, func(ctx context.Context) error {
		ticker := time.NewTicker(w.o.Round)
		defer ticker.Stop()
		for {
			if err := w.Look(ctx); err != nil && ctx.Err() == nil {
				w.o.Logger.Warn("notifications wait for the next round", "err", err)
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
}

// Look sends what is due now. One browser's push service that does not answer keeps no other from being told.
func (w *Worker) Look(ctx context.Context) error {
	now := w.o.Now()
	if err := w.o.Queue.Spread(ctx, now); err != nil {
		return err
	}
	due, err := w.o.Queue.Due(ctx, now, together)
	if err != nil || len(due) == 0 {
		return err
	}
	keys, err := w.o.Queue.Keys(ctx)
	if err != nil {
		return err
	}
	var (
		all    sync.WaitGroup
		places = make(chan struct{}, parallel)
		failed = make([]error, len(due))
	)
	for i := range due {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			failed[i] = w.deliver(ctx, &due[i], keys)
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

// deliver tries once, and notes what came of it.
func (w *Worker) deliver(ctx context.Context, d *push.Due, keys push.Keys) error {
	now := w.o.Now()
	left := push.Fresh - now.Sub(d.At)
	if left <= 0 || d.Subscription.Validate(w.Allows) != nil { // the operator allows its host no more
		return w.o.Queue.Done(ctx, d, false)
	}
	after, status := w.post(ctx, d, keys, left)
	switch {
	case status >= 200 && status < 300:
		return w.o.Queue.Done(ctx, d, true)
	case status == http.StatusNotFound, status == http.StatusGone:
		return w.o.Queue.Gone(ctx, d.Subscription.ID)
	case status != 0 && status != http.StatusTooManyRequests && status < 500, d.Attempts+1 >= push.MaxAttempts: // never taken, or not in time
		w.o.Logger.Warn("a notification is not taken", "subscription", d.Subscription.ID, "status", status, "attempts", d.Attempts+1)
		return w.o.Queue.Done(ctx, d, false)
	}
	return w.o.Queue.Later(ctx, d, now.Add(max(after, min(first<<d.Attempts, most))))
}

// post returns the status of the answer, 0 for none, and how long the service asks us to wait.
func (w *Worker) post(ctx context.Context, d *push.Due, keys push.Keys, left time.Duration) (after time.Duration, status int) {
	text, err := json.Marshal(d.Note)
	if err != nil {
		return 0, 0
	}
	urgency := webpush.UrgencyHigh
	if d.Note.Kind == push.KindMessage {
		urgency = webpush.UrgencyNormal
	}
	resp, err := webpush.SendNotificationWithContext(ctx, text,
		&webpush.Subscription{Endpoint: d.Subscription.Endpoint, Keys: webpush.Keys{P256dh: d.Subscription.P256DH, Auth: d.Subscription.Auth}},
		&webpush.Options{HTTPClient: w.client, Subscriber: w.o.Contact, TTL: int(left.Seconds()), Urgency: urgency, VAPIDPublicKey: keys.Public, VAPIDPrivateKey: keys.Private})
	if err != nil { // it names the address: not for the log
		return 0, 0
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		after = min(time.Duration(s)*time.Second, push.Fresh)
	}
	return after, resp.StatusCode
}

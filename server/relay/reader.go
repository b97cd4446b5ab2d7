package relay

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"wanglou/layers"
)

// Reader is the [layers.Source] over the log that a [Publisher] writes.
type Reader struct{ options Options }

var _ layers.Source = (*Reader)(nil)

// NewReader returns a reader.
func NewReader(o Options) *Reader { return &Reader{o.withDefaults()} }

// Run implements [layers.Source]. It never gives up.
func (r *Reader) Run(ctx context.Context, sink layers.Sink) error {
	f := &follower{options: &r.options, monitor: layers.NewMonitor(sink)}
	return again(ctx, func(ctx context.Context) (bool, error) {
		f.worked = false
		err := r.options.session(ctx, f.run)
		return f.worked, err
	}, func(err error, pause time.Duration) {
		f.monitor.Lost(err)
		r.options.Logger.Warn("the log is not read", "error", err, "next_try", pause)
	})
}

// follower is where a reader stands; it outlives connections.
type follower struct {
	options *Options
	monitor *layers.Monitor
	worked  bool // something was read over this connection

	term    string
	next    uint64 // sequence number that must come; 0: start at a snapshot
	made    time.Time
	begun   []byte           // fragments of a message
	opening *layers.Snapshot // a snapshot that is not whole yet
	byName  map[string]*layers.Layer
	loaded  bool    // of this term
	skip    bool    // a snapshot passes that says nothing new
	pending *status // true once all of the log up to its sequence number is read
}

var (
	errGap  = errors.New("a stretch of the log is gone")
	errNone = errors.New("nothing was published yet")
)

// forget makes the next session start at the last snapshot.
func (f *follower) forget() {
	f.term, f.next, f.begun, f.opening, f.loaded, f.skip, f.pending = "", 0, nil, nil, false, false, nil
}

func (f *follower) run(ctx context.Context, conn *nats.Conn, js jetstream.JetStream) error {
	stream, err := js.Stream(ctx, f.options.Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return errNone
	}
	if err != nil {
		return err
	}
	info := stream.CachedInfo()
	if f.next == 0 || !info.Created.Equal(f.made) || f.next < info.State.FirstSeq || f.next > info.State.LastSeq+1 {
		f.forget()
		f.made = info.Created
		if f.next, err = f.begins(ctx, stream); err != nil {
			return err
		}
	}
	f.pending = nil
	said := make(chan *nats.Msg, 64)
	sub, err := conn.ChanSubscribe(f.options.alive(), said)
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }() // the connection ends with the session
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	log := f.pump(ctx, stream, f.next, cancel)
	tick := time.NewTicker(layers.Silence / 20)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case now := <-tick.C:
			f.monitor.CheckSilence(now)
		case msg := <-said:
			f.hear(msg.Data)
		case msg := <-log:
			if err := f.take(msg); err != nil {
				f.forget()
				return err
			}
			f.worked = true
		}
	}
}

// begins returns where the last whole snapshot begins.
func (f *follower) begins(ctx context.Context, stream jetstream.Stream) (uint64, error) {
	msg, err := stream.GetLastMsgForSubject(ctx, f.options.start())
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, errNone
	}
	if err != nil {
		return 0, err
	}
	begins, err := strconv.ParseUint(string(msg.Data), 10, 64)
	if err != nil || begins == 0 {
		return 0, fmt.Errorf("%s holds no sequence number", f.options.start())
	}
	return begins, nil
}

// pump reads the stream from a sequence number on, ahead of the one who takes.
func (f *follower) pump(ctx context.Context, stream jetstream.Stream, from uint64, fail context.CancelCauseFunc) <-chan jetstream.Msg {
	out := make(chan jetstream.Msg, 64)
	go func() {
		consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from})
		if err != nil {
			fail(err)
			return
		}
		messages, err := consumer.Messages()
		if err != nil {
			fail(err)
			return
		}
		defer context.AfterFunc(ctx, messages.Stop)()
		defer messages.Stop()
		for {
			msg, err := messages.Next()
			if err != nil {
				fail(err)
				return
			}
			select {
			case out <- msg:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// hear takes a status of the publisher.
func (f *follower) hear(b []byte) {
	var s status
	if err := decoder.Unmarshal(b, &s); err != nil || s.Term != f.term || f.term == "" {
		return // somebody else's, or of a term whose snapshot is on its way
	}
	if s.State != layers.SourceLive {
		f.pending = nil
		f.monitor.Lost(errors.New(s.Reason))
		return
	}
	f.pending = &s
	f.believe()
}

// believe takes the last status for true when everything that it speaks of is here.
func (f *follower) believe() {
	if f.pending == nil || !f.loaded || f.opening != nil || f.next <= f.pending.Sequence {
		return
	}
	f.monitor.Live(time.Now().Add(-f.pending.HeardAgo))
	f.pending = nil
}

// take takes one fragment.
func (f *follower) take(msg jetstream.Msg) error {
	meta, err := msg.Metadata()
	if err != nil {
		return err
	}
	if meta.Sequence.Stream != f.next {
		return errGap
	}
	f.next++
	if msg.Subject() != f.options.log() {
		f.believe()
		return nil
	}
	part := msg.Headers().Get(partHeader)
	if part == "" || part == partFirst {
		f.begun = f.begun[:0] // a writer that died may have left half a message
	}
	f.begun = append(f.begun, msg.Data()...)
	if part == partFirst || part == partNext {
		return nil
	}
	var m message
	err = decoder.Unmarshal(f.begun, &m)
	f.begun = f.begun[:0]
	if err != nil {
		return err
	}
	if err := f.message(&m); err != nil {
		return err
	}
	f.believe()
	return nil
}

func (f *follower) message(m *message) error {
	if m.Open != nil {
		f.open(m)
		return nil
	}
	if m.Term != f.term {
		return nil // the end of a term that is over
	}
	switch {
	case m.Rows != nil:
		return f.rows(m.Rows)
	case m.Loaded:
		if f.opening != nil {
			f.monitor.Load(*f.opening)
			f.loaded = true
		}
		f.opening, f.byName, f.skip = nil, nil, false
		return nil
	}
	for i := range m.Commits {
		c, err := m.Commits[i].commit()
		if err != nil {
			return err
		}
		f.monitor.Apply(c)
	}
	return nil
}

// open begins a snapshot.
func (f *follower) open(m *message) {
	if m.Open.Again && m.Term == f.term && f.loaded {
		f.opening, f.skip = nil, true
		return
	}
	f.term, f.loaded, f.skip = m.Term, false, false
	f.opening = &layers.Snapshot{Position: layers.Position{Epoch: m.Open.Epoch, Version: m.Open.Version}, Features: map[string][]*layers.Feature{}}
	f.byName = map[string]*layers.Layer{}
	for _, l := range m.Open.Layers {
		layer := layers.NewLayer(l)
		f.byName[l.Name] = layer
		f.opening.Layers = append(f.opening.Layers, layer)
	}
}

func (f *follower) rows(r *rows) error {
	if f.skip || f.opening == nil {
		return nil
	}
	l := f.byName[r.Layer]
	if l == nil {
		return fmt.Errorf("rows of layer %q, which the snapshot does not have", r.Layer)
	}
	for i := range r.Features {
		if len(r.Features[i].Values) != len(l.Columns) {
			return fmt.Errorf("layer %s: a row of %d columns, not %d", r.Layer, len(r.Features[i].Values), len(l.Columns))
		}
		feature, err := r.Features[i].feature()
		if err != nil {
			return err
		}
		f.opening.Features[r.Layer] = append(f.opening.Features[r.Layer], feature)
	}
	return nil
}

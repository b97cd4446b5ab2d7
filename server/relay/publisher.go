package relay

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"wanglou/layers"
)

// Publisher writes what a source tells into the stream.
type Publisher struct {
	options Options
	source  layers.Source
	// logBytes is how much of commits is written before those who come get a new snapshot.
	logBytes int64
}

// NewPublisher returns a publisher of source, which it runs itself: several times, and now and then two at once.
func NewPublisher(source layers.Source, o Options) *Publisher {
	o = o.withDefaults()
	return &Publisher{options: o, source: source, logBytes: o.MaxBytes / 4}
}

// Run publishes until ctx ends. When NATS is away, or somebody else has begun to write, it starts anew with a snapshot; it returns ctx's error, or the source's when
// that gives up.
func (p *Publisher) Run(ctx context.Context) error {
	var hopeless error
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	err := again(ctx, func(ctx context.Context) (bool, error) {
		w := &writer{publisher: p, term: nuid.Next(), items: make(chan item, 64)}
		err := p.options.session(ctx, w.run)
		if errors.Is(err, errSource) {
			hopeless = err
			stop()
		}
		return w.opened, err
	}, func(err error, pause time.Duration) {
		p.options.Logger.Warn("the log is not published", "error", err, "next_try", pause)
	})
	if hopeless != nil {
		p.options.Logger.Error("the database cannot be followed, so nothing is published", "error", hopeless)
		return hopeless
	}
	return err
}

var errSmall = errors.New("a snapshot does not fit into the stream: give it more bytes")

var errSource = errors.New("the source gave up")

// writer is one term: one connection, one writer of the stream.
type writer struct {
	publisher *Publisher
	term      string
	conn      *nats.Conn
	js        jetstream.JetStream
	stream    jetstream.Stream

	items  chan item
	turns  []context.CancelFunc // of every run of the source, the last is the newest
	turn   int                  // that is written
	opened bool

	version layers.Version // up to where the readers of this term have everything
	last    uint64         // sequence number of the last fragment
	written int64          // bytes since the last snapshot began
	opens   uint64         // where that was
	status  layers.SourceStatus
	said    time.Time
}

// item is what the source says in one of its turns; one field is set.
type item struct {
	turn     int
	snapshot *layers.Snapshot
	commit   *layers.Commit
	status   *layers.SourceStatus
	err      error
}

// turnSink is the sink of one run of the source.
type turnSink struct {
	w    *writer
	turn int
	ctx  context.Context
}

func (s turnSink) put(i item) {
	i.turn = s.turn
	select {
	case s.w.items <- i:
	case <-s.ctx.Done():
	}
}

func (s turnSink) Load(snapshot layers.Snapshot)        { s.put(item{snapshot: &snapshot}) }
func (s turnSink) Apply(c layers.Commit)                { s.put(item{commit: &c}) }
func (s turnSink) SetStatus(status layers.SourceStatus) { s.put(item{status: &status}) }

func (w *writer) run(ctx context.Context, conn *nats.Conn, js jetstream.JetStream) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o := &w.publisher.options
	w.conn, w.js = conn, js
	var err error
	w.stream, err = js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: o.Stream, Subjects: []string{o.log(), o.start()}, Replicas: o.Replicas,
		MaxBytes: o.MaxBytes, Discard: jetstream.DiscardOld, Storage: jetstream.FileStorage, Compression: jetstream.S2Compression,
	})
	if err != nil {
		return err
	}
	info, err := w.stream.Info(ctx)
	if err != nil {
		return err
	}
	w.last = info.State.LastSeq
	w.begin(ctx)
	tick := time.NewTicker(alivePeriod)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if err := w.say(); err != nil {
				return err
			}
			if err := w.renew(ctx); err != nil {
				return err
			}
		case i := <-w.items:
			if err := w.take(ctx, i); err != nil {
				return err
			}
		}
	}
}

// begin runs the source once more.
func (w *writer) begin(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	sink := turnSink{w: w, turn: len(w.turns), ctx: ctx}
	w.turns = append(w.turns, cancel)
	go func() {
		err := w.publisher.source.Run(ctx, sink)
		sink.put(item{err: err})
	}()
}

// beginOnce runs the source once more, unless the last such run has no snapshot yet.
func (w *writer) beginOnce(ctx context.Context) {
	if w.turn == len(w.turns)-1 {
		w.begin(ctx)
	}
}

// renew sees to it that there is a snapshot for those who come: a commit so large that the stream has dropped what was before it leaves none.
func (w *writer) renew(ctx context.Context) error {
	if !w.opened {
		return nil
	}
	whole, err := w.holds(ctx, w.opens)
	if err == nil && !whole {
		w.beginOnce(ctx)
	}
	return err
}

// holds reports whether the stream still has everything from a sequence number on.
func (w *writer) holds(ctx context.Context, from uint64) (bool, error) {
	info, err := w.stream.Info(ctx)
	if err != nil {
		return false, err
	}
	return info.State.FirstSeq <= from, nil
}

// take writes one item, and with it the commits that wait behind it.
func (w *writer) take(ctx context.Context, i item) error {
	if i.turn > w.turn && i.snapshot != nil {
		// The new run has its snapshot, and goes on from there; readers ignore what they have had from the old one. When the old one had not
		// come as far, they need the snapshot too: what is between is in neither's commits.
		w.turns[w.turn]()
		w.turn = i.turn
		return w.load(ctx, i.snapshot, w.version >= i.snapshot.Position.Version)
	}
	if i.turn != w.turn {
		return nil
	}
	switch {
	case i.err != nil:
		return errors.Join(errSource, i.err)
	case i.snapshot != nil:
		return w.load(ctx, i.snapshot, false)
	case i.status != nil:
		changed := w.status.State != i.status.State
		w.status = *i.status
		if changed {
			return w.say()
		}
		return nil
	}
	return w.apply(ctx, i)
}

// batchChanges is about how many changes share a message.
const batchChanges = 1000

func (w *writer) apply(ctx context.Context, i item) error {
	m := message{Term: w.term}
	changes := 0
	var after *item
	for after == nil {
		c, err := encodeCommit(i.commit)
		if err != nil {
			return err
		}
		m.Commits = append(m.Commits, c)
		w.version = max(w.version, c.Version)
		if changes += len(c.Changes); changes >= batchChanges {
			break
		}
		select {
		case next := <-w.items:
			if next.commit == nil || next.turn != w.turn {
				after = &next
				continue
			}
			i = next
			continue
		default:
		}
		break
	}
	if err := w.publish(ctx, &m); err != nil {
		return err
	}
	if w.written > w.publisher.logBytes {
		w.beginOnce(ctx)
	}
	if after != nil {
		return w.take(ctx, *after)
	}
	return nil
}

// rowsBytes is about how large a message with rows of a snapshot becomes.
const rowsBytes = 400 << 10

// load writes a snapshot, and then where it begins.
func (w *writer) load(ctx context.Context, s *layers.Snapshot, again bool) error {
	open := opening{Epoch: s.Position.Epoch, Version: s.Position.Version, Again: again}
	for _, l := range s.Layers {
		open.Layers = append(open.Layers, *l)
	}
	before, begins := w.opens, w.last+1
	if err := w.publish(ctx, &message{Term: w.term, Open: &open}); err != nil {
		return err
	}
	for _, l := range s.Layers {
		part, size := &rows{Layer: l.Name}, 0
		for i, f := range s.Features[l.Name] {
			r, err := encodeRow(f)
			if err != nil {
				return err
			}
			part.Features = append(part.Features, r)
			size += len(r.Geometry) + 64 + 16*len(r.Values)
			if size < rowsBytes && i < len(s.Features[l.Name])-1 {
				continue
			}
			if err := w.publish(ctx, &message{Term: w.term, Rows: part}); err != nil {
				return err
			}
			part, size = &rows{Layer: l.Name}, 0
			if time.Since(w.said) > alivePeriod {
				if err := w.say(); err != nil {
					return err
				}
			}
		}
	}
	if err := w.publish(ctx, &message{Term: w.term, Loaded: true}); err != nil {
		return err
	}
	if err := w.send(ctx, &nats.Msg{Subject: w.publisher.options.start(), Data: strconv.AppendUint(nil, begins, 10)}); err != nil {
		return err
	}
	if whole, err := w.holds(ctx, begins); err != nil || !whole {
		return errors.Join(err, errSmall)
	}
	w.opens, w.written, w.opened = begins, 0, true
	w.version = max(w.version, s.Position.Version)
	if before > 0 { // the last but one stays for those who are reading it
		return w.stream.Purge(ctx, jetstream.WithPurgeSequence(before))
	}
	return nil
}

// publish writes one message, in as many fragments as it takes.
func (w *writer) publish(ctx context.Context, m *message) error {
	b, err := encoder.Marshal(m)
	if err != nil {
		return err
	}
	for first := true; first || len(b) > 0; first = false {
		part := b[:min(len(b), fragment)]
		b = b[len(part):]
		msg := &nats.Msg{Subject: w.publisher.options.log(), Data: part}
		switch {
		case first && len(b) > 0:
			msg.Header = nats.Header{partHeader: {partFirst}}
		case !first && len(b) > 0:
			msg.Header = nats.Header{partHeader: {partNext}}
		case !first:
			msg.Header = nats.Header{partHeader: {partLast}}
		}
		if err := w.send(ctx, msg); err != nil {
			return err
		}
		w.written += int64(len(part))
	}
	return nil
}

// send writes one fragment after the last one, or fails when somebody else has written meanwhile.
func (w *writer) send(ctx context.Context, msg *nats.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, layers.Silence)
	defer cancel()
	ack, err := w.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequence(w.last))
	if err != nil {
		return err
	}
	w.last = ack.Sequence
	return nil
}

// say tells how the source is, and up to where a reader has to have come for this to be true of it.
func (w *writer) say() error {
	if w.status.State == "" {
		return nil
	}
	s := status{Term: w.term, State: w.status.State, Sequence: w.last}
	if !w.status.Heard.IsZero() {
		s.HeardAgo = time.Since(w.status.Heard)
	}
	if w.status.Err != nil {
		s.Reason = w.status.Err.Error()
	}
	b, err := encoder.Marshal(&s)
	if err != nil {
		return err
	}
	w.said = time.Now()
	return w.conn.Publish(w.publisher.options.alive(), b)
}

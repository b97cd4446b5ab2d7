package layers

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// Thinned is a layer whose past was thinned with age: of states before a moment that began in one step, the first stands for all.
type Thinned struct {
	Layer  string    `json:"layer"`
	Before time.Time `json:"before"`
	StepS  float64   `json:"step_s"`
}

// Recorder reads the past of a source. Implementations: postgis.History, layerstest.Recorder.
type Recorder interface {
	// Span returns the stretch of time of which everything is known: up to the first change of a transaction that is not committed yet.
	Span(ctx context.Context) (from, until time.Time, err error)
	// Thinned says of which layers the past is coarser than it happened.
	Thinned(ctx context.Context) ([]Thinned, error)
	// At returns what was published at a moment, or at the end of the span where the moment is later: the version of its position says
	// which ([MomentVersion]); the epoch is empty. CodeInvalid with reason before_history when the moment lies before the span.
	At(ctx context.Context, at time.Time) (Snapshot, error)
	// Changes returns what brings a copy from one moment to a later one, as one commit: each feature that changed in (after, until]
	// once, as it was at until. Its Time is until, or the end of the span where that is earlier.
	Changes(ctx context.Context, after, until time.Time) (Commit, error)
}

// MomentVersion makes a version of a moment of the past. Versions grow as time does: microseconds since 1970.
func MomentVersion(t time.Time) Version { return Version(t.UnixMicro()) }

// moment is the way back.
func (v Version) moment() time.Time { return time.UnixMicro(int64(v)).UTC() }

const (
	// MaxReplaySpeed is the highest speed: an hour in six seconds.
	MaxReplaySpeed = 600

	replayTick       = 200 * time.Millisecond
	maxReplayBackoff = 5 * time.Second
)

// ReplayState is where a replay stands.
type ReplayState struct {
	At      time.Time // the moment that is shown
	Speed   float64   // seconds of the past in a second; kept while paused
	Playing bool
	Ended   bool // it has come to the present, and stands there
}

// Replay is the [Source] of a past that runs forward, at a speed, with pause, step and jump. It feeds a [Replica] of its own, so everything that reads
// a live replica shows the past in the same way. Time does not run while the recorder cannot be read: nothing is skipped.
// It is safe for concurrent use; Run is called once.
type Replay struct {
	recorder Recorder
	epoch    string
	now      func() time.Time

	mu      sync.Mutex
	state   ReplayState
	jumped  bool // At was set by hand and is not loaded yet
	changed chan struct{}
}

var _ Source = (*Replay)(nil)

// NewReplay returns a replay that stands at a moment, paused.
func NewReplay(r Recorder, at time.Time) *Replay {
	return &Replay{recorder: r, epoch: "replay" + strconv.FormatUint(rand.Uint64(), 36) + ".1", now: time.Now,
		state: ReplayState{At: at.UTC(), Speed: 1}, jumped: true, changed: make(chan struct{})}
}

// State returns where the replay stands.
func (r *Replay) State() ReplayState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// Changed returns a channel that is closed at the next command or end.
func (r *Replay) Changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed
}

// Play runs forward at a speed in (0, [MaxReplaySpeed]].
func (r *Replay) Play(speed float64) error {
	if err := checkSpeed(speed); err != nil {
		return err
	}
	r.command(func(s *ReplayState) { s.Speed, s.Playing = speed, true })
	return nil
}

// SetSpeed changes the speed alone: a paused replay stays paused.
func (r *Replay) SetSpeed(speed float64) error {
	if err := checkSpeed(speed); err != nil {
		return err
	}
	r.command(func(s *ReplayState) { s.Speed = speed })
	return nil
}

func checkSpeed(speed float64) error {
	if speed > 0 && speed <= MaxReplaySpeed { // false for NaN
		return nil
	}
	return Invalid("speed", "out_of_range", "a replay runs at more than 0 and at most %d times", MaxReplaySpeed)
}

// Pause stands still.
func (r *Replay) Pause() { r.command(func(s *ReplayState) { s.Playing = false }) }

// Jump goes to a moment, and plays on from there if it played.
func (r *Replay) Jump(at time.Time) {
	r.command(func(s *ReplayState) { s.At, r.jumped = at.UTC(), true })
}

// Step goes forward (or back) by d and stands still there. It goes no further back than earliest, where the history begins.
func (r *Replay) Step(d time.Duration, earliest time.Time) {
	r.command(func(s *ReplayState) {
		s.At, s.Playing, r.jumped = s.At.Add(d), false, true
		if s.At.Before(earliest) {
			s.At = earliest.UTC()
		}
	})
}

func (r *Replay) command(f func(*ReplayState)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.state)
	r.state.Ended = false
	r.tell()
}

// tell wakes who waits. The lock is held.
func (r *Replay) tell() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// Run implements [Source].
func (r *Replay) Run(ctx context.Context, sink Sink) error {
	tick := time.NewTicker(replayTick)
	defer tick.Stop()
	last, backoff, loaded := r.now(), replayTick, false
	for {
		now := r.now()
		err := r.advance(ctx, sink, now.Sub(last))
		last = now
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			loaded, backoff = true, replayTick
			sink.SetStatus(SourceStatus{State: SourceLive, Heard: r.now()})
		case ErrorCode(err) == CodeInvalid && !loaded:
			return err // the moment is not in the past that is known
		default:
			state := SourceLost
			if !loaded {
				state = SourceConnecting
			}
			sink.SetStatus(SourceStatus{State: state, Err: err})
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(backoff):
			}
			// The step that failed is tried again: time stood still meanwhile, and a step of nothing would not ask the recorder.
			backoff, last = min(2*backoff, maxReplayBackoff), r.now().Add(-replayTick)
			continue
		}
		changed := r.Changed()
		if r.fresh() {
			continue // a command came while the recorder was read
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-tick.C:
		}
	}
}

// fresh reports whether a jump waits to be loaded.
func (r *Replay) fresh() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.jumped
}

// advance brings the sink to where the replay should stand after passed.
func (r *Replay) advance(ctx context.Context, sink Sink, passed time.Duration) error {
	r.mu.Lock()
	before, jumped := r.state, r.jumped
	r.jumped = false
	r.mu.Unlock()
	if jumped {
		at, err := r.load(ctx, sink, before.At)
		r.mu.Lock()
		defer r.mu.Unlock()
		switch {
		case err != nil:
			r.jumped = true // still to be loaded, unless another jump comes first
		case !r.jumped:
			r.state.At = at
		}
		return err
	}
	next := before.At.Add(time.Duration(float64(passed) * before.Speed)).Truncate(time.Microsecond) // as exact as a recorder is
	if !before.Playing || !next.After(before.At) {
		return nil
	}
	c, err := r.recorder.Changes(ctx, before.At, next)
	if err != nil {
		return err
	}
	sink.Apply(c)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.jumped {
		return nil // the jump came meanwhile, and is loaded next
	}
	if c.Time.After(before.At) {
		r.state.At = c.Time
	}
	if c.Time.Before(next) {
		r.state.Playing, r.state.Ended = false, true
		r.tell()
	}
	return nil
}

// load replaces the whole picture and returns the moment that it shows.
func (r *Replay) load(ctx context.Context, sink Sink, at time.Time) (time.Time, error) {
	s, err := r.recorder.At(ctx, at)
	if err != nil {
		return at, err
	}
	s.Position.Epoch = r.epoch
	sink.Load(s)
	return s.Position.Version.moment(), nil
}

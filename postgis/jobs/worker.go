package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/job"
	"wanglou/postgis"
)

// Kind is a kind of jobs: see the package's own words.
type Kind struct {
	Name  string
	Heavy bool
	Run   func(ctx context.Context, r *Run) error
}

// Run is one attempt at a job.
type Run struct {
	ID      int64
	Subject string
	Attempt int // 1 in the first
	Logger  *slog.Logger

	args json.RawMessage

	mu       sync.Mutex
	step     string
	progress float64
}

// Decode reads what the job was enqueued with.
func (r *Run) Decode(into any) error { return json.Unmarshal(r.args, into) }

// Tell says what the job does now, by a machine name, and which share of the whole is done. It costs nothing: what was told last is written every other second.
func (r *Run) Tell(step string, progress float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.step, r.progress = step, max(0, min(1, progress))
}

func (r *Run) told() map[string]any {
	r.mu.Lock()
	defer r.mu.Unlock()
	return map[string]any{"step": r.step, "progress": r.progress}
}

const (
	heartbeat   = 2 * time.Second
	stuckAfter  = time.Minute // without a heartbeat its worker is dead
	rescueEvery = 15 * time.Second
)

// Options change how a Worker works.
type Options struct {
	Data   string // folder with the lock of this machine's heavy jobs; "" for none
	Logger *slog.Logger
}

// Worker works on jobs.
type Worker struct {
	db    *postgis.DB
	users *postgis.Users
	kinds map[string]Kind
	opts  Options
}

// NewWorker returns one that knows some kinds. Every worker of an installation has to know the same ones.
func NewWorker(db *postgis.DB, o Options, kinds ...Kind) *Worker {
	w := &Worker{db: db, users: postgis.NewUsers(db), kinds: map[string]Kind{}, opts: o}
	for _, k := range kinds {
		w.kinds[k.Name] = k
	}
	return w
}

// Run works until ctx ends: then what runs is called back, to be begun again by whoever works next. It returns ctx's error.
func (w *Worker) Run(ctx context.Context) error {
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{w: w})
	client, err := river.NewClient(riverpgxv5.New(w.db.Pool), &river.Config{
		Schema: schema, Logger: slog.New(quiet{w.opts.Logger.Handler()}), Workers: workers, JobTimeout: -1, RetryPolicy: retryPolicy{},
		Queues:                      map[string]river.QueueConfig{lightQueue: {MaxWorkers: 2}, heavyQueue: {MaxWorkers: 1}},
		CompletedJobRetentionPeriod: 30 * 24 * time.Hour, CancelledJobRetentionPeriod: 30 * 24 * time.Hour, DiscardedJobRetentionPeriod: 30 * 24 * time.Hour,
	})
	if err != nil {
		return err
	}
	for {
		err := client.Start(context.WithoutCancel(ctx))
		if err == nil {
			break
		}
		w.opts.Logger.WarnContext(ctx, "jobs cannot be worked on yet", "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Second):
		}
	}
	w.rescue(ctx)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := client.StopAndCancel(stop); err != nil {
		w.opts.Logger.Warn("jobs did not stop in time", "error", err)
	}
	return ctx.Err()
}

// rescue frees the jobs of dead workers until ctx ends. River's own rescue knows no heartbeat: it would wait for the longest time that any job may take.
func (w *Worker) rescue(ctx context.Context) {
	tick := time.NewTicker(rescueEvery)
	defer tick.Stop()
	for {
		if _, err := w.db.Pool.Exec(ctx, `UPDATE river.river_job SET scheduled_at = clock_timestamp(), errors = array_append(errors, jsonb_build_object('at', now(), 'attempt', attempt, 'error', 'its worker died', 'trace', '')),
			state = CASE WHEN attempt < max_attempts THEN 'available' ELSE 'discarded' END::river.river_job_state, finalized_at = CASE WHEN attempt < max_attempts THEN NULL ELSE now() END
			WHERE state = 'running' AND kind = 'wanglou' AND attempted_at < clock_timestamp() - make_interval(secs => $1)`, stuckAfter.Seconds()); err != nil && ctx.Err() == nil {
			w.opts.Logger.WarnContext(ctx, "jobs of dead workers cannot be looked for", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// quiet lets River's warnings and errors through.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}

// retryPolicy waits a little longer each time.
type retryPolicy struct{}

func (retryPolicy) NextRetry(j *rivertype.JobRow) time.Time {
	return time.Now().Add(time.Duration(j.Attempt) * 5 * time.Second)
}

type worker struct {
	river.WorkerDefaults[envelope]
	w *Worker
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, j *river.Job[envelope]) error {
	k, ok := w.w.kinds[j.Args.Of]
	if !ok {
		return w.fail(ctx, j.ID, &layers.Error{Code: layers.CodeInvalid, Reason: "unknown_job", Msg: fmt.Sprintf("this program knows no jobs of kind %q", j.Args.Of)})
	}
	log := w.w.opts.Logger.With("job", j.ID, "kind", k.Name, "subject", j.Args.Subject)
	r := &Run{ID: j.ID, Subject: j.Args.Subject, Attempt: j.Attempt, Logger: log, args: j.Args.Args}
	actor, err := w.actor(ctx, j.Args.UserID)
	if err != nil {
		return err
	}
	beating, stop := context.WithCancel(ctx)
	defer stop()
	go w.beat(beating, j.ID, r)
	if k.Heavy {
		release, err := w.w.alone(ctx)
		if err != nil {
			return err
		}
		defer release()
	}
	log.InfoContext(ctx, "job begins", "attempt", j.Attempt)
	began := time.Now()
	err = call(auth.WithActor(ctx, actor), k, r)
	w.write(context.WithoutCancel(ctx), j.ID, r.told())
	if err == nil {
		log.InfoContext(ctx, "job is done", "took", time.Since(began).Round(time.Millisecond))
		return nil
	}
	log.WarnContext(ctx, "job failed", "attempt", j.Attempt, "error", err)
	if ctx.Err() != nil { // called off, or the worker stops
		if errors.Is(context.Cause(ctx), rivertype.ErrJobCancelledRemotely) {
			return err
		}
		return river.JobSnooze(0)
	}
	return w.fail(ctx, j.ID, err)
}

// call runs a job; one that panics has failed.
func call(ctx context.Context, k Kind, r *Run) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return k.Run(ctx, r)
}

// fail notes why an attempt failed. What another attempt cannot change ends the job.
func (w *worker) fail(ctx context.Context, id int64, err error) error {
	f := job.Failure{Code: string(layers.ErrorCode(err)), Msg: "an internal error; the log has the details"}
	var known *layers.Error
	if errors.As(err, &known) {
		f.Reason, f.Params, f.Msg = known.Reason, known.Params, (&layers.Error{Code: known.Code, Field: known.Field, Msg: known.Msg}).Error()
	}
	w.write(context.WithoutCancel(ctx), id, map[string]any{"failure": f})
	switch layers.ErrorCode(err) {
	case layers.CodeUnavailable, layers.CodeStorageFull, layers.CodeInternal:
		return err
	}
	return river.JobCancel(err)
}

// actor is whoever enqueued a job, with the rights of now.
func (w *worker) actor(ctx context.Context, id int64) (*auth.Actor, error) {
	if id == 0 {
		return auth.Operator("jobs"), nil
	}
	u, err := w.w.users.User(ctx, id)
	if err != nil {
		return nil, err
	}
	return &auth.Actor{User: u, Scope: u.Scope(), Remote: "job"}, nil
}

// beat writes what a job told, and that it lives.
func (w *worker) beat(ctx context.Context, id int64, r *Run) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.write(ctx, id, r.told())
		}
	}
}

// write adds to what is known of a running job. attempted_at is what rescue looks at: it moves along, so that a job may take as long as it likes and a dead worker is noticed soon.
func (w *worker) write(ctx context.Context, id int64, m map[string]any) {
	if _, err := w.w.db.Pool.Exec(ctx, `UPDATE river.river_job SET metadata = metadata || $2, attempted_at = clock_timestamp() WHERE id = $1 AND state = 'running'`, id, m); err != nil && ctx.Err() == nil {
		w.w.opts.Logger.WarnContext(ctx, "a job's progress cannot be written", "job", id, "error", err)
	}
}

// alone waits until no other heavy job runs on this machine.
func (w *Worker) alone(ctx context.Context) (release func(), err error) {
	if w.opts.Data == "" {
		return func() {}, nil
	}
	f, err := os.OpenFile(filepath.Join(w.opts.Data, "heavy-job.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(err, f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-time.After(heartbeat):
		}
	}
}

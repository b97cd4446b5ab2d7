package jobs_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/job"
	"wanglou/postgis"
	"wanglou/postgis/jobs"
	"wanglou/postgis/postgistest"
)

type bench struct {
	t     *testing.T
	db    *postgis.DB
	queue *jobs.Queue
	ctx   context.Context
}

func start(t *testing.T, kinds ...jobs.Kind) *bench {
	t.Helper()
	db := postgistest.New(t)
	queue, err := jobs.NewQueue(db, postgistest.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t, db, queue, auth.WithActor(t.Context(), auth.Operator("test"))}
	if len(kinds) > 0 {
		b.work(kinds...)
	}
	return b
}

// work starts a worker that ends with the test.
func (b *bench) work(kinds ...jobs.Kind) {
	ctx, cancel := context.WithCancel(b.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = jobs.NewWorker(b.db, jobs.Options{Data: b.t.TempDir(), Logger: postgistest.Log(b.t)}, kinds...).Run(ctx)
	}()
	b.t.Cleanup(func() { cancel(); <-ended })
}

func (b *bench) enqueue(n jobs.New) (id int64) {
	b.t.Helper()
	err := pgx.BeginFunc(b.ctx, b.db.Pool, func(tx pgx.Tx) (err error) {
		id, err = b.queue.Enqueue(b.ctx, tx, n)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

// until waits for a job to stand where it should.
func (b *bench) until(id int64, want job.State) *job.Job {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 90*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		j, err := b.queue.Job(b.ctx, id)
		if err != nil {
			b.t.Fatal(err)
		}
		if j.State == want {
			return j
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("job %d is %+v, not %s", id, j, want)
		case <-tick.C:
		}
	}
}

func TestAJobIsDone(t *testing.T) {
	t.Parallel()
	var got atomic.Int64
	b := start(t, jobs.Kind{Name: "sum", Run: func(_ context.Context, r *jobs.Run) error {
		var args struct{ A, B int64 }
		if err := r.Decode(&args); err != nil {
			return err
		}
		r.Tell("adding", 0.5)
		got.Store(args.A + args.B)
		return nil
	}})
	id := b.enqueue(jobs.New{Kind: "sum", Subject: "sum/1", Args: map[string]int{"A": 2, "B": 3}})
	if j := b.until(id, job.Done); j.Progress != 1 || j.Step != "adding" || j.Subject != "sum/1" || got.Load() != 5 {
		t.Errorf("%+v, sum %d", j, got.Load())
	}
}

func TestWhatIsNotCommittedIsNoJob(t *testing.T) {
	t.Parallel()
	b := start(t)
	undo := errors.New("undo")
	if err := pgx.BeginFunc(b.ctx, b.db.Pool, func(tx pgx.Tx) error {
		if _, err := b.queue.Enqueue(b.ctx, tx, jobs.New{Kind: "x", Subject: "x/1"}); err != nil {
			return err
		}
		return undo
	}); !errors.Is(err, undo) {
		t.Fatal(err)
	}
	if all, err := b.queue.Jobs(b.ctx); err != nil || len(all) != 0 {
		t.Errorf("%v %v", all, err)
	}
}

func TestTwoJobsOfOneThingAreOne(t *testing.T) {
	t.Parallel()
	b := start(t)
	a, c := b.enqueue(jobs.New{Kind: "x", Subject: "x/1"}), b.enqueue(jobs.New{Kind: "x", Subject: "x/1", Args: 7})
	if other := b.enqueue(jobs.New{Kind: "x", Subject: "x/2"}); a != c || other == a {
		t.Errorf("%d %d %d", a, c, other)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	var tries atomic.Int64
	b := start(t,
		jobs.Kind{Name: "bad", Run: func(context.Context, *jobs.Run) error { return layers.Invalid("file", "no_crs", "no reference system") }},
		jobs.Kind{Name: "panics", Run: func(context.Context, *jobs.Run) error {
			if tries.Add(1) == 1 {
				panic("once")
			}
			return nil
		}})
	j := b.until(b.enqueue(jobs.New{Kind: "bad", Subject: "bad/1"}), job.Failed)
	if j.Attempt != 1 || j.Failure == nil || j.Failure.Reason != "no_crs" {
		t.Errorf("%+v", j)
	}
	if j = b.until(b.enqueue(jobs.New{Kind: "panics", Subject: "panics/1"}), job.Done); j.Attempt != 2 || j.Failure != nil {
		t.Errorf("%+v", j)
	}
	// What failed begins again when somebody wants it.
	if _, err := b.queue.Retry(b.ctx, b.enqueue(jobs.New{Kind: "nobody knows", Subject: "n/1"})); layers.ErrorCode(err) != layers.CodeConflict {
		t.Errorf("a waiting job is tried again: %v", err)
	}
}

func TestAJobIsCalledOffAndBegunAgain(t *testing.T) {
	t.Parallel()
	began := make(chan struct{}, 9)
	var again atomic.Bool
	b := start(t, jobs.Kind{Name: "long", Heavy: true, Run: func(ctx context.Context, _ *jobs.Run) error {
		began <- struct{}{}
		if again.Load() {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}})
	id := b.enqueue(jobs.New{Kind: "long", Subject: "long/1", Heavy: true})
	<-began
	if _, err := b.queue.Cancel(b.ctx, id); err != nil {
		t.Fatal(err)
	}
	b.until(id, job.Cancelled)
	again.Store(true)
	if _, err := b.queue.Retry(b.ctx, id); err != nil {
		t.Fatal(err)
	}
	b.until(id, job.Done)
}

// A worker that was killed leaves a job that runs and never moves again.
func TestAKilledWorkersJobBeginsAgain(t *testing.T) {
	t.Parallel()
	b := start(t)
	id := b.enqueue(jobs.New{Kind: "x", Subject: "x/1"})
	if _, err := b.db.Pool.Exec(b.ctx, `UPDATE river.river_job SET state = 'running', attempt = 1, attempted_by = '{dead}', attempted_at = now() - interval '2 minutes' WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	b.work(jobs.Kind{Name: "x", Run: func(context.Context, *jobs.Run) error { return nil }})
	if j := b.until(id, job.Done); j.Attempt != 2 {
		t.Errorf("%+v", j)
	}
}

func TestJobsOfOthers(t *testing.T) {
	t.Parallel()
	b := start(t)
	id := b.enqueue(jobs.New{Kind: "x", Subject: "x/1", Area: "330122.330122001"})
	as := func(area string, roles ...auth.Role) context.Context {
		u := &auth.User{ID: 99, Roles: roles, Areas: []string{area}}
		return auth.WithActor(t.Context(), &auth.Actor{User: u, Scope: u.Scope()})
	}
	if _, err := b.queue.Job(as("330122.330122002", auth.RoleAdmin), id); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("a neighbour reads: %v", err)
	}
	if _, err := b.queue.Cancel(as("330122", auth.RoleDroneTeam), id); layers.ErrorCode(err) != layers.CodeForbidden {
		t.Errorf("somebody else calls off: %v", err)
	}
	if _, err := b.queue.Cancel(as("330122", auth.RoleAdmin), id); err != nil {
		t.Error(err)
	}
}

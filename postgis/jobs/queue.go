package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/job"
	"wanglou/postgis"
)

// schema is where the tables are: migrations/00022_captures.sql.
const schema = "river"

const (
	lightQueue = "light"
	heavyQueue = "heavy"
)

// New is a job to be enqueued.
type New struct {
	Kind    string
	Subject string
	Area    string // path of the area whose people may read of it; "" for those alone who see everything, and its maker
	Heavy   bool   // as its kind
	Args    any    // JSON
	Repeat  bool   // even beside one of the same kind and subject that has not ended
}

// envelope is what River keeps of a job.
type envelope struct {
	Of      string          `json:"kind" river:"unique"`
	Subject string          `json:"subject" river:"unique"`
	Area    string          `json:"area,omitempty"`
	UserID  int64           `json:"user_id,omitempty"`
	Args    json.RawMessage `json:"args,omitempty"`
}

// Kind implements river.JobArgs: to River all jobs are alike, and only those of kinds that a worker knows are taken apart by it.
func (envelope) Kind() string { return "wanglou" }

// unended are the states in which a second job of the same kind and subject is the first.
var unended = []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}

// attempts is how often a job is tried.
const attempts = 3

// Queue enqueues jobs and tells of them. It implements job.Service and is safe for concurrent use.
type Queue struct {
	db     *postgis.DB
	client *river.Client[pgx.Tx]
}

// NewQueue returns the jobs of db. It works on none: see [Worker].
func NewQueue(db *postgis.DB, log *slog.Logger) (*Queue, error) {
	client, err := river.NewClient(riverpgxv5.New(db.Pool), &river.Config{Schema: schema, Logger: log})
	if err != nil {
		return nil, err
	}
	return &Queue{db, client}, nil
}

// Enqueue adds a job, in the name of the actor of ctx, if tx commits.
func (q *Queue) Enqueue(ctx context.Context, tx pgx.Tx, n New) (id int64, err error) {
	args, err := json.Marshal(n.Args)
	if err != nil {
		return 0, err
	}
	opts := &river.InsertOpts{Queue: lightQueue, MaxAttempts: attempts, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unended}}
	if n.Repeat {
		opts.UniqueOpts = river.UniqueOpts{}
	}
	if n.Heavy {
		opts.Queue = heavyQueue
	}
	res, err := q.client.InsertTx(ctx, tx, envelope{Of: n.Kind, Subject: n.Subject, Area: n.Area, UserID: auth.ActorFrom(ctx).User.ID, Args: args}, opts)
	if err != nil {
		return 0, err
	}
	return res.Job.ID, nil
}

// SelectState is SQL for the state of a job j of river.river_job, as job.State.
const SelectState = `CASE WHEN j.state = 'running' THEN 'running' WHEN j.state = 'completed' THEN 'done' WHEN j.state = 'discarded' OR j.state = 'cancelled' AND j.metadata ? 'failure' THEN 'failed'
	WHEN j.state = 'cancelled' THEN 'cancelled' ELSE 'waiting' END`

const selectJob = `SELECT j.id, j.args->>'kind', j.args->>'subject', ` + SelectState + `, coalesce((j.metadata->>'progress')::float8, 0), coalesce(j.metadata->>'step', ''),
	j.attempt, j.max_attempts, j.metadata->'failure', coalesce((j.args->>'user_id')::bigint, 0), coalesce(j.args->>'area', ''), j.created_at, j.attempted_at, j.finalized_at
	FROM river.river_job j WHERE j.kind = 'wanglou' `

func scanJob(row pgx.CollectableRow) (*job.Job, error) {
	var j job.Job
	err := row.Scan(&j.ID, &j.Kind, &j.Subject, &j.State, &j.Progress, &j.Step, &j.Attempt, &j.Attempts, &j.Failure, &j.UserID, &j.AreaPath, &j.CreatedAt, &j.BeganAt, &j.EndedAt)
	j.CreatedAt = j.CreatedAt.UTC()
	for _, t := range []*time.Time{j.BeganAt, j.EndedAt} {
		if t != nil {
			*t = t.UTC()
		}
	}
	if j.State == job.Done {
		j.Progress, j.Failure = 1, nil
	}
	return &j, err
}

func (q *Queue) find(ctx context.Context, where string, args ...any) ([]*job.Job, error) {
	rows, err := q.db.Pool.Query(ctx, selectJob+where, args...)
	if err != nil {
		return nil, postgis.Wrap(err)
	}
	found, err := pgx.CollectRows(rows, scanJob)
	if err != nil {
		return nil, postgis.Wrap(err)
	}
	actor, seen := auth.ActorFrom(ctx), make([]*job.Job, 0, len(found))
	for _, j := range found {
		if mine(actor, j) || actor.Scope.May(auth.ActionRead) && actor.Scope.InArea(j.AreaPath) {
			seen = append(seen, j)
		}
	}
	return seen, nil
}

func mine(a *auth.Actor, j *job.Job) bool { return a.User.ID != 0 && a.User.ID == j.UserID }

// Jobs implements job.Service.
func (q *Queue) Jobs(ctx context.Context) ([]*job.Job, error) {
	return q.find(ctx, `ORDER BY j.id DESC LIMIT 200`)
}

// Job implements job.Service.
func (q *Queue) Job(ctx context.Context, id int64) (*job.Job, error) {
	found, err := q.find(ctx, `AND j.id = $1`, id)
	if err == nil && len(found) == 0 {
		return nil, layers.Errorf(layers.CodeNotFound, "there is no job %d", id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// Cancel implements job.Service.
func (q *Queue) Cancel(ctx context.Context, id int64) (*job.Job, error) {
	return q.change(ctx, id, "job.cancel", func(tx pgx.Tx, j *job.Job) error {
		if j.State.Ended() {
			return &layers.Error{Code: layers.CodeConflict, Reason: "job_ended", Msg: "the job has ended"}
		}
		_, err := q.client.JobCancelTx(ctx, tx, id)
		return err
	})
}

// Retry implements job.Service.
func (q *Queue) Retry(ctx context.Context, id int64) (*job.Job, error) {
	return q.change(ctx, id, "job.retry", func(tx pgx.Tx, j *job.Job) error {
		if j.State != job.Failed && j.State != job.Cancelled {
			return &layers.Error{Code: layers.CodeConflict, Reason: "job_not_ended", Msg: "only a job that failed or was called off is tried again"}
		}
		if _, err := tx.Exec(ctx, `UPDATE river.river_job SET metadata = metadata - 'failure' - 'progress' - 'step' - 'cancel_attempted_at' WHERE id = $1`, id); err != nil {
			return err
		}
		_, err := q.client.JobRetryTx(ctx, tx, id)
		return err
	})
}

func (q *Queue) change(ctx context.Context, id int64, action string, f func(pgx.Tx, *job.Job) error) (*job.Job, error) {
	j, err := q.Job(ctx, id)
	if err != nil {
		return nil, err
	}
	if actor := auth.ActorFrom(ctx); !mine(actor, j) && !actor.Scope.May(auth.ActionManageJobs) {
		return nil, &layers.Error{Code: layers.CodeForbidden, Reason: "not_your_job", Msg: "somebody else began this job"}
	}
	err = pgx.BeginFunc(ctx, q.db.Pool, func(tx pgx.Tx) error {
		if err := f(tx, j); err != nil {
			return err
		}
		return postgis.AppendAudit(ctx, tx, auth.AuditEntry{Action: action, Subject: j.Subject, Details: map[string]any{"job": id, "kind": j.Kind}})
	})
	if errors.Is(err, rivertype.ErrNotFound) {
		return nil, layers.Errorf(layers.CodeNotFound, "there is no job %d", id)
	}
	if err != nil {
		return nil, postgis.Wrap(err)
	}
	return q.Job(ctx, id)
}

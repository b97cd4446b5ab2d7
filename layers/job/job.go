// Package job is work that takes longer than a request: 后台作业. It is told as it goes, it can be called off and tried again, and a worker that dies leaves nothing half done.
package job

import (
	"context"
	"time"
)

// State is where a job stands.
type State string

const (
	Waiting   State = "waiting" // for a worker, or for its next attempt
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Ended reports whether nothing more happens by itself.
func (s State) Ended() bool { return s == Done || s == Failed || s == Cancelled }

// Failure says why the last attempt came to nothing, in the words of layers.Error.
type Failure struct {
	Code   string            `json:"code"`
	Reason string            `json:"reason,omitempty"`
	Params map[string]string `json:"params,omitempty"`
	Msg    string            `json:"message"`
}

// Job is one piece of work.
type Job struct {
	ID        int64      `json:"id"`
	Kind      string     `json:"kind"`    // "capture.ingest", "detection.run", …
	Subject   string     `json:"subject"` // "ingest/17": what it works on
	State     State      `json:"state"`
	Progress  float64    `json:"progress"` // 0 to 1
	Step      string     `json:"step"`     // machine name of what it does now, "" before it began
	Attempt   int        `json:"attempt"`  // 1 in the first
	Attempts  int        `json:"attempts"` // at most
	Failure   *Failure   `json:"failure,omitempty"`
	UserID    int64      `json:"-"`
	AreaPath  string     `json:"-"`
	CreatedAt time.Time  `json:"created_at"`
	BeganAt   *time.Time `json:"began_at,omitempty"` // of the last attempt
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

// Service tells of jobs. Who began a job may do everything with it; others read those of their areas, and admins call them off. What the actor of ctx may not
// see is CodeNotFound. Implemented by jobs.Queue.
type Service interface {
	// Jobs lists the newest, at most 200.
	Jobs(ctx context.Context) ([]*Job, error)
	// Job returns one.
	Job(ctx context.Context, id int64) (*Job, error)
	// Cancel calls a job off: CodeConflict with "job_ended" for one that has ended. A running one ends as soon as it notices.
	Cancel(ctx context.Context, id int64) (*Job, error)
	// Retry lets a job that failed or was called off begin again, from its start: CodeConflict with "job_not_ended" for others.
	Retry(ctx context.Context, id int64) (*Job, error)
}

package task

import (
	"context"
	"time"
)

// Level is who is told that a unit has not acknowledged a task.
type Level int

const (
	LevelNone       Level = 0
	LevelDispatcher Level = 1
	LevelLeader     Level = 2 // the shift leader, too
)

// AcknowledgeLimit is how long after its dispatch a task may stay unacknowledged before each of them is told. Data by severity: the table acknowledge_limit.
type AcknowledgeLimit struct{ Dispatcher, Leader time.Duration }

// Level returns who has to have been told of a task that has waited so long.
func (l AcknowledgeLimit) Level(waited time.Duration) Level {
	switch {
	case waited >= l.Leader:
		return LevelLeader
	case waited >= l.Dispatcher:
		return LevelDispatcher
	}
	return LevelNone
}

// Unanswered is a task that its unit has not acknowledged.
type Unanswered struct {
	TaskID       int64
	DispatchedAt time.Time
	Limit        AcknowledgeLimit
	Told         Level // so far
}

// Due returns the levels that have to be told at now, the lower first: each is told once, also where several have passed while nobody looked.
func (u *Unanswered) Due(now time.Time) (levels []Level) {
	for level := u.Told + 1; level <= u.Limit.Level(now.Sub(u.DispatchedAt)); level++ {
		levels = append(levels, level)
	}
	return levels
}

// Escalations keeps what was told of tasks that nobody acknowledges. Package server/escalations is the worker. Implemented by postgis.Escalations.
type Escalations interface {
	// Unanswered lists the dispatched tasks that were not acknowledged and are not answered by another unit, which was sent after the dispatcher was told.
	Unanswered(ctx context.Context) ([]Unanswered, error)
	// Escalate stores that a level was told at a moment, unless it was told before, or the task was acknowledged or ended meanwhile.
	Escalate(ctx context.Context, taskID int64, level Level, at time.Time) error
	// Lead runs f while this process is the one that escalates, again and again until ctx ends; f's context ends when it is not any more.
	Lead(ctx context.Context, f func(context.Context) error) error
}

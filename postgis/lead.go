package postgis

import (
	"context"
	"errors"
	"time"
)

const leadPoll = 3 * time.Second

// Lead runs f while this process is the one of many that does the work called name, again and again until ctx ends; f's context ends when it is not any more.
// Who holds the lock of that name leads, for as long as its connection lives.
func (db *DB) Lead(ctx context.Context, name string, f func(context.Context) error) error {
	for {
		_ = db.leadOnce(ctx, name, f) // the database is away, or somebody else leads: asked again
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(leadPoll):
		}
	}
}

var errFollower = errors.New("another node leads")

func (db *DB) leadOnce(ctx context.Context, name string, f func(context.Context) error) error {
	conn, err := db.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	held := conn.Hijack() // the lock goes with it
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = held.Close(closing) // it may be broken already
	}()
	var got bool
	if err := held.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtext('wanglou ' || $1))`, name).Scan(&got); err != nil {
		return err
	}
	if !got {
		return errFollower
	}
	leading, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- f(leading) }()
	ticker := time.NewTicker(leadPoll)
	defer ticker.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-ticker.C:
			if err := held.Ping(ctx); err != nil {
				stop()
				<-ended
				return err
			}
		}
	}
}

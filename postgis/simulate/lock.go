package simulate

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wanglou/layers"
	"wanglou/postgis"
)

// lock keeps a second simulation out of the database for as long as its connection lives.
type lock struct {
	pool    *pgxpool.Pool
	conn    *pgxpool.Conn
	checked time.Time
	held    bool // at some time: from then on a lock that cannot be had is our own, of a connection that the server has not given up yet
}

// hold takes the lock where it is not held, and now and then makes sure that it still is.
func (l *lock) hold(ctx context.Context) error {
	if l.conn != nil {
		if time.Since(l.checked) < 10*time.Second {
			return nil
		}
		l.checked = time.Now()
		if err := l.conn.Ping(ctx); err != nil {
			l.release()
			return postgis.Wrap(err)
		}
		return nil
	}
	conn, err := l.pool.Acquire(ctx)
	if err != nil {
		return postgis.Wrap(err)
	}
	var got bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtext('wanglou simulate'))`).Scan(&got); err != nil {
		conn.Release()
		return postgis.Wrap(err)
	}
	switch {
	case got:
		l.conn, l.checked, l.held = conn, time.Now(), true
		return nil
	case l.held:
		conn.Release()
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "already_simulated", Msg: "the simulation's old connection still holds its lock"}
	}
	conn.Release()
	return errBusy
}

// release gives the lock back, and closes the connection, with which it goes where the server does not answer any more.
func (l *lock) release() {
	if l.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn := l.conn.Hijack() // it may be broken already
	_, _ = conn.Exec(ctx, `SELECT pg_advisory_unlock(hashtext('wanglou simulate'))`)
	_ = conn.Close(ctx)
	l.conn = nil
}

package postgis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"wanglou/layers"
)

// Publication is the catalogue of the map: a table in it is on every wall.
const Publication = "wanglou"

const (
	statusPeriod = time.Second      // how often the server is asked for a sign of life
	deafness     = 15 * time.Second // and after so long the connection is given up
	schemaPeriod = 2 * time.Second  // how often the catalogue is compared
	minBackoff   = 100 * time.Millisecond
	maxBackoff   = 5 * time.Second
)

// Follower is the [layers.Source] over a publication of a PostgreSQL database. It reads a snapshot of the published rows and
// columns, then the write-ahead log from that very point on, through a temporary slot: nothing is kept for a follower
// that is gone. Any number of followers may run on one database, each takes one slot and one sender.
//
// A change of the schema or of the publication leads to a new snapshot, which the replica takes as a difference. A transaction becomes one
// commit, however large; see transaction for what bounds its memory.
type Follower struct {
	db          *DB
	publication string
	log         *slog.Logger
}

var _ layers.Source = (*Follower)(nil)

// NewFollower returns a follower of a publication of db. The role needs the REPLICATION right and SELECT on the tables.
func NewFollower(db *DB, publication string, log *slog.Logger) *Follower {
	return &Follower{db: db, publication: publication, log: log.With("publication", publication)}
}

// Run implements [layers.Source]. It gives up with an *layers.Error when the server cannot be followed at all (no such publication, wal_level
// is not logical, no REPLICATION right, too old), but only until the first snapshot: later the same errors may be somebody's work in progress,
// and are retried like a lost connection.
func (f *Follower) Run(ctx context.Context, sink layers.Sink) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := layers.NewMonitor(sink)
	events, done := make(chan event), make(chan error, 1)
	go func() {
		done <- f.follow(ctx, func(e event) error {
			select {
			case events <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	// All calls of the sink are made here, by one goroutine, so that silence is noticed while another waits for the server.
	tick := time.NewTicker(layers.Silence / 20)
	defer tick.Stop()
	for {
		select {
		case e := <-events:
			e.tell(m)
		case now := <-tick.C:
			m.CheckSilence(now)
		case err := <-done:
			return err
		}
	}
}

// event is what follow tells the goroutine that writes the sink: one of the fields is set.
type event struct {
	snapshot *layers.Snapshot
	commit   *layers.Commit
	heard    time.Time // a sign of life
	lost     error     // the connection
}

// tell hands an event to the sink.
func (e event) tell(m *layers.Monitor) {
	switch {
	case e.snapshot != nil:
		m.Load(*e.snapshot)
	case e.commit != nil:
		m.Apply(*e.commit)
	case e.lost != nil:
		m.Lost(e.lost)
	default:
		m.Heard(e.heard)
	}
}

var errDeaf = fmt.Errorf("nothing was heard from the database for %v", deafness)

// errResync ends a session whose catalogue is no longer the database's.
var errResync = errors.New("the publication or the schema changed")

// follow runs one session after another.
func (f *Follower) follow(ctx context.Context, send func(event) error) error {
	loaded, backoff := false, minBackoff
	for {
		s := &session{follower: f, send: send, relations: map[uint32]*relation{}, warned: map[string]bool{}}
		s.report = s.warn
		err := s.run(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if s.loaded {
			loaded, backoff = true, minBackoff
			if !errors.Is(err, errResync) {
				f.db.Pool.Reset() // who took the stream away took the others too: each would cost somebody a request
			}
		}
		if errors.Is(err, errResync) {
			f.log.Info("following anew", "reason", err)
			continue
		}
		if e := hopeless(err); e != nil && !loaded {
			return e
		}
		if err := send(event{lost: err}); err != nil {
			return err
		}
		pause := backoff/2 + rand.N(backoff)
		f.log.Warn("the database is not followed", "error", err, "next_try", pause)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// hopeless returns the error for people when trying again cannot help before somebody changes the server; nil otherwise.
func hopeless(err error) *layers.Error {
	var known *layers.Error
	if errors.As(err, &known) {
		return known
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return nil
	}
	switch pg.Code {
	case "55000": // object_not_in_prerequisite_state
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "wal_level", Err: err,
			Msg: "the server does not decode its log: ALTER SYSTEM SET wal_level = 'logical', then restart it"}
	case "42501": // insufficient_privilege
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "no_right", Err: err,
			Msg: "the role may not follow the database: ALTER ROLE … REPLICATION, and GRANT SELECT on the published tables"}
	}
	return nil
}

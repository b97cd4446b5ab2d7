package postgis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"wanglou/layers"
)

// session is one connection's life: slot, snapshot, stream.
type session struct {
	follower *Follower
	send     func(event) error

	conn    *pgconn.PgConn // speaks the replication protocol
	catalog *catalog
	loaded  bool

	changed   atomic.Bool // the catalogue is not the database's any more: set by watchSchema
	relations map[uint32]*relation
	seen      pglogrepl.LSN
	tx        *transaction                        // nil between transactions
	warned    map[string]bool                     // see warn
	report    func(t *table, id int64, err error) // warn, as rows call it: made once, not for each row
}

// run returns errResync or why the connection ended.
func (s *session) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var err error
	if s.conn, err = s.connect(ctx); err != nil {
		return err
	}
	defer s.close()
	system, err := pglogrepl.IdentifySystem(ctx, s.conn)
	if err != nil {
		return err
	}
	slot := fmt.Sprintf("wanglou_%016x", rand.Uint64())
	created, err := s.createSlot(ctx, slot)
	if err != nil {
		return err
	}
	from, err := pglogrepl.ParseLSN(created.ConsistentPoint)
	if err != nil {
		return err
	}
	snapshot, err := s.snapshot(ctx, created.SnapshotName)
	if err != nil {
		return err
	}
	snapshot.Position = layers.Position{Epoch: fmt.Sprintf("%s.%d", system.SystemID, system.Timeline), Version: layers.Version(from)}
	if err := s.send(event{snapshot: snapshot}); err != nil {
		return err
	}
	s.loaded = true
	s.tell()
	// Version 1 of the protocol sends transactions whole and only after their commit; numbers come in binary form.
	args := []string{"proto_version '1'", "binary 'true'", "publication_names " + literal(pgx.Identifier{s.follower.publication}.Sanitize())}
	if err := pglogrepl.StartReplication(ctx, s.conn, slot, 0, pglogrepl.StartReplicationOptions{Mode: pglogrepl.LogicalReplication, PluginArgs: args}); err != nil {
		return err
	}
	s.seen = from
	go s.watchSchema(ctx)
	return s.stream(ctx)
}

// connect opens the connection that carries the log. No limit of time may cut it: between slot and stream it is idle in a transaction.
func (s *session) connect(ctx context.Context) (*pgconn.PgConn, error) {
	cfg := s.follower.connConfig()
	cfg.RuntimeParams["replication"] = "database"
	conn, err := pgconn.ConnectConfig(ctx, &cfg.Config)
	if err != nil {
		return nil, err
	}
	if v := conn.ParameterStatus("server_version"); majorOf(v) < minMajor {
		conn.Close(ctx)
		return nil, &layers.Error{Code: layers.CodeUnavailable, Reason: "too_old", Msg: "the server is PostgreSQL " + v + ", 15 or newer is needed"}
	}
	return conn, nil
}

// connConfig returns the pool's address without the pool's limits of time.
func (f *Follower) connConfig() *pgx.ConnConfig {
	cfg := f.db.Pool.Config().ConnConfig.Copy()
	cfg.RuntimeParams["application_name"] = "wanglou follower"
	for _, k := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
		cfg.RuntimeParams[k] = "0"
	}
	return cfg
}

func majorOf(version string) int {
	digits, _, _ := strings.Cut(version, ".")
	digits = strings.TrimRightFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// createSlot waits until every transaction that writes now has ended; while that takes long, it is logged which one it is.
func (s *session) createSlot(ctx context.Context, slot string) (pglogrepl.CreateReplicationSlotResult, error) {
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	go s.nameBlockers(waiting)
	return pglogrepl.CreateReplicationSlot(ctx, s.conn, slot, "pgoutput",
		pglogrepl.CreateReplicationSlotOptions{Temporary: true, SnapshotAction: "EXPORT_SNAPSHOT", Mode: pglogrepl.LogicalReplication})
}

func (s *session) nameBlockers(ctx context.Context) {
	const sql = `SELECT coalesce(string_agg(format('process %s (%s, since %s)', pid, application_name, xact_start), ', '), 'unknown')
FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()`
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(layers.Silence):
		}
		var who string
		if err := s.follower.db.Pool.QueryRow(ctx, sql).Scan(&who); err == nil {
			s.follower.log.Warn("following waits for transactions that write", "who", who)
		}
	}
}

// tell logs what of the publication is not shown.
func (s *session) tell() {
	for _, reason := range s.catalog.skipped {
		s.follower.log.Warn("a published table is no layer", "table", reason)
	}
	for _, note := range s.catalog.notes {
		s.follower.log.Warn("a published column is not shown", "column", note)
	}
}

// warn logs a row that cannot be shown whole, once a table and reason in a session.
func (s *session) warn(t *table, id int64, err error) {
	key := t.layer.Name + err.Error()
	if s.warned[key] {
		return
	}
	s.warned[key] = true
	s.follower.log.Warn("a row is shown without a value; more like it are not logged", "layer", t.layer.Name, "id", id, "error", err)
}

// watchSchema compares the catalogue with the database's, and wakes the stream when they differ. Errors are left to the stream: it
// lives on the same server.
func (s *session) watchSchema(ctx context.Context) {
	tick := time.NewTicker(schemaPeriod)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now, err := s.readNow(ctx); err == nil && now.fingerprint != s.catalog.fingerprint || layers.ErrorCode(err) == layers.CodeUnavailable {
			s.changed.Store(true)
			_ = s.conn.Conn().SetReadDeadline(time.Now())
			return
		}
	}
}

func (s *session) readNow(ctx context.Context) (*catalog, error) {
	ctx, cancel := context.WithTimeout(ctx, layers.Silence)
	defer cancel()
	return readCatalog(ctx, s.follower.db.Pool, s.follower.publication)
}

// stream takes messages until the connection ends or the catalogue changes. The connection is read without a context, which
// would cost more than the decoding; ctx closes it instead.
func (s *session) stream(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { s.conn.Conn().Close() })()
	var next, heard time.Time
	heard = time.Now()
	for {
		if now := time.Now(); !now.Before(next) {
			if now.Sub(heard) > deafness {
				return errDeaf
			}
			if err := s.acknowledge(); err != nil {
				return err
			}
			next = now.Add(statusPeriod)
			if err := s.conn.Conn().SetReadDeadline(next); err != nil {
				return err
			}
		}
		msg, err := s.conn.ReceiveMessage(context.Background())
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if s.changed.Load() {
			return errResync
		}
		var network net.Error
		if errors.As(err, &network) && network.Timeout() {
			continue
		}
		if err != nil {
			return err
		}
		switch msg := msg.(type) {
		case *pgproto3.CopyData:
			alive, err := s.message(ctx, msg.Data)
			if err != nil {
				return err
			}
			if now := time.Now(); alive || now.Sub(heard) > statusPeriod {
				heard = now
				if err := s.send(event{heard: now}); err != nil {
					return err
				}
			}
		case *pgproto3.ErrorResponse:
			return pgconn.ErrorResponseToPgError(msg)
		case *pgproto3.CopyDone:
			return errors.New("the server ended the stream")
		}
	}
}

// message takes one message of the copy stream; alive means that it was sent as a sign of life.
func (s *session) message(ctx context.Context, b []byte) (alive bool, err error) {
	if len(b) == 0 {
		return false, errShortMessage
	}
	switch b[0] {
	case pglogrepl.PrimaryKeepaliveMessageByteID:
		k, err := pglogrepl.ParsePrimaryKeepaliveMessage(b[1:])
		if err != nil {
			return false, err
		}
		// Between transactions everything up to here held nothing for us: the server may forget it.
		if s.tx == nil && k.ServerWALEnd > s.seen {
			s.seen = k.ServerWALEnd
		}
		if k.ReplyRequested {
			err = s.acknowledge()
		}
		return true, err
	case pglogrepl.XLogDataByteID:
		x, err := pglogrepl.ParseXLogData(b[1:])
		if err != nil {
			return false, err
		}
		return false, s.logical(ctx, x.WALData)
	}
	return false, nil
}

// acknowledge says how far we are and asks for a sign of life.
func (s *session) acknowledge() error {
	return pglogrepl.SendStandbyStatusUpdate(context.Background(), s.conn, pglogrepl.StandbyStatusUpdate{WALWritePosition: s.seen, ReplyRequested: true})
}

// close leaves without waiting long for a server that may be gone.
func (s *session) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.conn.Close(ctx)
}

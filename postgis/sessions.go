package postgis

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// SessionStore keeps log-in sessions in the table session: a store for github.com/alexedwards/scs/v2, with and without contexts.
// It stores the tokens that it is given, so the manager hashes them (HashTokenInStore). It is safe for concurrent use. The
// library's own store for pgx has a fixed name of its table and a goroutine that writes to the global log.
type SessionStore struct{ db *DB }

// NewSessionStore returns the sessions of db.
func NewSessionStore(db *DB) *SessionStore { return &SessionStore{db: db} }

// cleanup is how many expired sessions a commit removes besides: more than it adds, so that the table cannot grow by them.
const cleanup = 100

// FindCtx returns the data of a session that has not expired.
func (s *SessionStore) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = s.db.Pool.QueryRow(ctx, `SELECT data FROM session WHERE token = $1 AND expiry > now()`, token).Scan(&data)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, Wrap(err)
}

// CommitCtx stores a session or replaces it, and removes some that have expired.
func (s *SessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	_, err := s.db.Pool.Exec(ctx, `
		WITH expired AS (DELETE FROM session WHERE token IN (
			SELECT token FROM session WHERE expiry <= now() AND token <> $1 ORDER BY expiry LIMIT $4 FOR UPDATE SKIP LOCKED))
		INSERT INTO session (token, data, expiry) VALUES ($1, $2, $3)
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, expiry = excluded.expiry`, token, data, expiry, cleanup)
	return Wrap(err)
}

// DeleteCtx removes a session; one that does not exist is no error.
func (s *SessionStore) DeleteCtx(ctx context.Context, token string) error {
	_, err := s.db.Pool.Exec(ctx, `DELETE FROM session WHERE token = $1`, token)
	return Wrap(err)
}

// AllCtx returns the data of every session that has not expired, by token as stored.
func (s *SessionStore) AllCtx(ctx context.Context) (map[string][]byte, error) {
	type entry struct {
		token string
		data  []byte
	}
	entries, err := collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (e entry, err error) {
		err = row.Scan(&e.token, &e.data)
		return e, err
	}, `SELECT token, data FROM session WHERE expiry > now()`)
	if err != nil {
		return nil, err
	}
	all := make(map[string][]byte, len(entries))
	for _, e := range entries {
		all[e.token] = e.data
	}
	return all, nil
}

// Find is FindCtx for callers without a context.
func (s *SessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx for callers without a context.
func (s *SessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx for callers without a context.
func (s *SessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// All is AllCtx for callers without a context.
func (s *SessionStore) All() (map[string][]byte, error) { return s.AllCtx(context.Background()) }

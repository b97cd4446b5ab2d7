package server

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
)

// How long the memory in front of the session table is believed.
const (
	sessionFresh = 5 * time.Second  // without asking the table again: how late another node hears of a log-out
	sessionStale = 10 * time.Minute // when the table cannot be asked: a dead database does not log the walls out
	sessionTouch = 5 * time.Minute  // the idle clock in the table may lag by so much
	sessionsKept = 20_000           // entries in memory; about 200 bytes each
)

// sessionStore is a scs store with a small memory: tiles alone ask for the session some hundred times a second, and a read and
// a write of the table for each would cost more than the tile. It is safe for concurrent use.
type sessionStore struct {
	table scs.Store
	now   func() time.Time

	mu      sync.Mutex
	entries map[string]sessionEntry // by hashed token
	deletes int64                   // counts forget, so that an answer from before a log-out is not kept after it
}

type sessionEntry struct {
	data    []byte
	asked   time.Time // when the table said so
	touched time.Time // when the table's expiry was last moved
	failed  time.Time // when the table could last not be asked

	user     int64     // of data; 0 where it cannot be read, and where a token has to be asked for besides
	deadline time.Time // of data
}

// believed reports whether the entry holds without asking the table. Before its idle clock is moved there a session is looked up,
// or a log-out at another node would be undone.
func (e *sessionEntry) believed(now time.Time) bool {
	return now.Sub(e.asked) < sessionFresh && now.Sub(e.touched) < sessionTouch || now.Sub(e.failed) < sessionFresh
}

func newSessionStore(table scs.Store, now func() time.Time) *sessionStore {
	return &sessionStore{table: table, now: now, entries: map[string]sessionEntry{}}
}

// FindCtx implements scs.CtxStore.
func (s *sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	now := s.now()
	s.mu.Lock()
	e, held := s.entries[token]
	deletes := s.deletes
	s.mu.Unlock()
	if held && e.believed(now) {
		return e.data, true, nil
	}
	data, found, err := s.tableFind(ctx, token)
	if err != nil {
		if held && now.Sub(e.asked) < sessionStale && ctx.Err() == nil {
			e.failed = now // a table that cannot be asked is asked every few seconds, not by every tile
			s.keep(token, e, deletes)
			return e.data, true, nil
		}
		return nil, false, err
	}
	if !found {
		s.forget(token)
		return nil, false, nil
	}
	e.data, e.asked, e.failed = data, now, time.Time{}
	s.keep(token, e, deletes)
	return data, true, nil
}

// CommitCtx implements scs.CtxStore: the session ends at its deadline, expiry, or when it was idle for long. A commit that
// would only move the idle clock a little stays in memory.
func (s *sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	now := s.now()
	s.mu.Lock()
	e, held := s.entries[token]
	deletes := s.deletes
	s.mu.Unlock()
	if idle := now.Add(sessionIdle); idle.Before(expiry) && !ofKiosk(data) { // a wall that was dark for a weekend goes on
		expiry = idle
	}
	if held && string(e.data) == string(data) && (now.Sub(e.touched) < sessionTouch || now.Sub(e.failed) < sessionFresh) {
		return nil
	}
	var err error
	if t, ok := s.table.(scs.CtxStore); ok {
		err = t.CommitCtx(ctx, token, data, expiry)
	} else {
		err = s.table.Commit(token, data, expiry)
	}
	if err != nil {
		if held && string(e.data) == string(data) { // the clock can be moved by the next request
			return nil
		}
		return err
	}
	s.keep(token, sessionEntry{data: data, asked: now, touched: now}, deletes)
	return nil
}

// DeleteCtx implements scs.CtxStore.
func (s *sessionStore) DeleteCtx(ctx context.Context, token string) error {
	s.forget(token)
	if t, ok := s.table.(scs.CtxStore); ok {
		return t.DeleteCtx(ctx, token)
	}
	return s.table.Delete(token)
}

func (s *sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s *sessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

func (s *sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// all returns the data of every session by hashed token; none when the table cannot list them.
func (s *sessionStore) all(ctx context.Context) (map[string][]byte, error) {
	switch t := s.table.(type) {
	case scs.IterableCtxStore:
		return t.AllCtx(ctx)
	case scs.IterableStore:
		return t.All()
	}
	return nil, nil
}

func (s *sessionStore) tableFind(ctx context.Context, token string) ([]byte, bool, error) {
	if t, ok := s.table.(scs.CtxStore); ok {
		return t.FindCtx(ctx, token)
	}
	return s.table.Find(token)
}

// remembered returns what a session holds that needs neither the table nor its idle clock moved. It is the same answer that
// Find and Commit give, without their work.
func (s *sessionStore) remembered(token string) (user int64, deadline time.Time, ok bool) {
	now := s.now()
	s.mu.Lock()
	e, held := s.entries[token]
	s.mu.Unlock()
	ok = held && e.user != 0 && e.believed(now)
	return e.user, e.deadline, ok
}

// keep remembers an entry, unless something was forgotten since deletes was read.
func (s *sessionStore) keep(token string, e sessionEntry, deletes int64) {
	e.user = 0
	if deadline, values, err := (sessionCodec{}).Decode(e.data); err == nil {
		if values[sessionToken] == nil {
			e.user, _ = values[sessionUser].(int64)
		}
		e.deadline = deadline
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deletes != deletes {
		return
	}
	if _, held := s.entries[token]; !held && len(s.entries) >= sessionsKept {
		for k := range s.entries { // any one: a lost entry costs one read
			delete(s.entries, k)
			break
		}
	}
	s.entries[token] = e
}

// storedToken is the name under which a cookie's token is kept, as scs makes it with HashTokenInStore.
func storedToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (s *sessionStore) forget(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, token)
	s.deletes++
}

func (s *sessionStore) forgetAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.entries)
	s.deletes++
}

// ofKiosk reports whether a kiosk token opened the session.
func ofKiosk(data []byte) bool {
	_, values, err := sessionCodec{}.Decode(data)
	return err == nil && values[sessionToken] != nil
}

// sessionCodec writes session data as JSON, so that equal sessions have equal bytes and an administrator can read the table.
type sessionCodec struct{}

type sessionJSON struct {
	User     int64     `json:"user"`
	Token    int64     `json:"token,omitempty"` // that opened it
	Deadline time.Time `json:"deadline"`
}

func (sessionCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	user, ok := values[sessionUser].(int64)
	if !ok {
		return nil, errors.New("a session without a user is not kept")
	}
	token, _ := values[sessionToken].(int64)
	return json.Marshal(sessionJSON{User: user, Token: token, Deadline: deadline.UTC()})
}

func (sessionCodec) Decode(b []byte) (time.Time, map[string]any, error) {
	var v sessionJSON
	if err := json.Unmarshal(b, &v); err != nil {
		return time.Time{}, nil, err
	}
	values := map[string]any{sessionUser: v.User}
	if v.Token != 0 {
		values[sessionToken] = v.Token
	}
	return v.Deadline, values, nil
}

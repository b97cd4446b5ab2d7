package server

import (
	"context"
	"sync"
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// accountFresh is how long a user is believed without asking again. Changes by another node, or by psql, are told (RightsChanged); this is how late they are heard of
// while nobody listens.
const accountFresh = 5 * time.Second

// accounts is a small memory in front of auth.Service.User, asked once per request. It holds one entry for each user who was
// here lately. It is safe for concurrent use.
type accounts struct {
	service auth.Service
	now     func() time.Time

	mu      sync.Mutex
	entries map[int64]account
	changes int64 // counts forget, so that an answer from before a change is not kept after it
}

type account struct {
	user   *auth.User
	scope  *auth.Scope
	asked  time.Time
	failed time.Time // when the service could last not be asked
}

func newAccounts(service auth.Service, now func() time.Time) *accounts {
	return &accounts{service: service, now: now, entries: map[int64]account{}}
}

// get returns the user and what they may do. When the database is away the last known answer holds: nobody's rights can
// change there either.
func (a *accounts) get(ctx context.Context, id int64) (*auth.User, *auth.Scope, error) {
	now := a.now()
	a.mu.Lock()
	e, held := a.entries[id]
	changes := a.changes
	a.mu.Unlock()
	if held && (now.Sub(e.asked) < accountFresh || now.Sub(e.failed) < accountFresh) {
		return e.user, e.scope, nil
	}
	user, err := a.service.User(ctx, id)
	if err != nil {
		if held && layers.ErrorCode(err) != layers.CodeNotFound && now.Sub(e.asked) < sessionStale && ctx.Err() == nil {
			e.failed = now
			a.keep(id, e, changes)
			return e.user, e.scope, nil
		}
		return nil, nil, err
	}
	fresh := account{user: user, scope: user.Scope(), asked: now}
	a.keep(id, fresh, changes)
	return fresh.user, fresh.scope, nil
}

// keep remembers an entry, unless something was forgotten since changes was read.
func (a *accounts) keep(id int64, e account, changes int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.changes != changes {
		return
	}
	if len(a.entries) >= sessionsKept {
		clear(a.entries)
	}
	a.entries[id] = e
}

// remembered is get for those who do not wait: the user who was asked for lately.
func (a *accounts) remembered(id int64) (account, bool) {
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	e, held := a.entries[id]
	return e, held && now.Sub(e.asked) < accountFresh
}

// forgetAll makes everybody be asked for again.
func (a *accounts) forgetAll() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.entries)
	a.changes++
}

// forget makes the next get ask again.
func (a *accounts) forget(id int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.entries, id)
	a.changes++
}

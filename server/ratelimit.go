package server

import (
	"hash/maphash"
	"sync"
	"time"
)

// limiter bounds how often something may be tried per key. Its memory is constant: keys share a fixed table of token
// buckets, each key two of them, and a key is refused only when both are empty, so that a stranger who empties one
// bucket does not lock out its neighbours. It is safe for concurrent use.
type limiter struct {
	burst float64       // tries at once
	every time.Duration // one more try
	now   func() time.Time

	mu      sync.Mutex
	seeds   [2]maphash.Seed
	buckets [2][limiterSize]bucket
}

const limiterSize = 4096

type bucket struct {
	spent float64 // tokens missing from a full bucket, at time at
	at    time.Time
}

func newLimiter(burst int, every time.Duration, now func() time.Time) *limiter {
	return &limiter{burst: float64(burst), every: every, now: now, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

// take spends one try of the key. When there is none, it returns false and how long to wait for the next.
func (l *limiter) take(key string) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for i := range l.seeds {
		b := l.bucket(i, key)
		b.spent = max(0, b.spent-float64(now.Sub(b.at))/float64(l.every))
		b.at = now
		missing := time.Duration((b.spent + 1 - l.burst) * float64(l.every))
		if i == 0 || missing < wait {
			wait = missing
		}
	}
	if wait > 0 {
		return wait, false
	}
	for i := range l.seeds {
		if b := l.bucket(i, key); b.spent+1 <= l.burst {
			b.spent++
		}
	}
	return 0, true
}

// giveBack returns a try that turned out to be a good one.
func (l *limiter) giveBack(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.seeds {
		b := l.bucket(i, key)
		b.spent = max(0, b.spent-1)
	}
}

func (l *limiter) bucket(i int, key string) *bucket {
	return &l.buckets[i][maphash.String(l.seeds[i], key)%limiterSize]
}

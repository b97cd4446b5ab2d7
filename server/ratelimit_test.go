package server

import (
	"fmt"
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	l := newLimiter(3, 10*time.Second, func() time.Time { return now })
	for i := range 3 {
		if _, ok := l.take("a"); !ok {
			t.Fatalf("try %d was refused", i)
		}
	}
	wait, ok := l.take("a")
	if ok || wait <= 0 || wait > 10*time.Second {
		t.Errorf("the fourth try: %v, %v", wait, ok)
	}
	if _, ok := l.take("b"); !ok {
		t.Error("another key was refused")
	}
	now = now.Add(wait)
	if _, ok := l.take("a"); !ok {
		t.Error("refused after the wait it was told")
	}
	if _, ok := l.take("a"); ok {
		t.Error("one wait gave two tries")
	}
	l.giveBack("a")
	if _, ok := l.take("a"); !ok {
		t.Error("a try that was given back is not there")
	}
	now = now.Add(time.Hour)
	for i := range 3 {
		if _, ok := l.take("a"); !ok {
			t.Fatalf("try %d of a new hour was refused", i)
		}
	}
	if _, ok := l.take("a"); ok {
		t.Error("an hour of quiet saved up more than the burst")
	}
}

// A flood of made-up keys does not lock out a key that never tried, or only with a small chance.
func TestLimiterUnderAFlood(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	l := newLimiter(10, 30*time.Second, func() time.Time { return now })
	for i := range limiterSize / 2 {
		l.take(fmt.Sprint("flood", i))
	}
	refused := 0
	for i := range 1000 {
		if _, ok := l.take(fmt.Sprint("honest", i)); !ok {
			refused++
		}
	}
	if refused > 0 {
		t.Errorf("%d of 1000 honest keys were refused", refused)
	}
}

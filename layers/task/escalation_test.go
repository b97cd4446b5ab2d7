package task

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDueLevels(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 6, 1, 23, 59, 0, 0, time.UTC)
	limit := AcknowledgeLimit{Dispatcher: 2 * time.Minute, Leader: 4 * time.Minute}
	for _, c := range []struct {
		waited time.Duration
		told   Level
		want   []Level
	}{
		{-time.Hour, LevelNone, nil}, // the clocks of two machines differ
		{2*time.Minute - 1, LevelNone, nil},
		{2 * time.Minute, LevelNone, []Level{LevelDispatcher}},
		{3 * time.Minute, LevelDispatcher, nil},
		{4 * time.Minute, LevelDispatcher, []Level{LevelLeader}},
		{4 * time.Minute, LevelNone, []Level{LevelDispatcher, LevelLeader}}, // nobody looked in between
		{time.Hour, LevelLeader, nil},
	} {
		u := Unanswered{DispatchedAt: at, Limit: limit, Told: c.told}
		if got := u.Due(at.Add(c.waited)); !slices.Equal(got, c.want) {
			t.Errorf("after %v, told %d: %v, want %v", c.waited, c.told, got, c.want)
		}
	}
}

// Whenever somebody looks, in the end each level was told once, in order, and never before its time.
func TestEachLevelIsToldOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(10, 3600).Draw(t, "dispatcher")) * time.Second
		u := Unanswered{DispatchedAt: time.Unix(0, 0), Limit: AcknowledgeLimit{d, d + time.Duration(rapid.Int64Range(0, 3600).Draw(t, "more"))*time.Second}}
		looks := rapid.SliceOf(rapid.Int64Range(0, 8000)).Draw(t, "looks")
		slices.Sort(looks)
		var told []Level
		for _, s := range append(looks, 8000) {
			now := time.Unix(s, 0)
			for _, level := range u.Due(now) {
				if level == LevelDispatcher && now.Sub(u.DispatchedAt) < u.Limit.Dispatcher || level == LevelLeader && now.Sub(u.DispatchedAt) < u.Limit.Leader {
					t.Fatalf("level %d was told after %v", level, now.Sub(u.DispatchedAt))
				}
				told, u.Told = append(told, level), level
			}
		}
		if !slices.Equal(told, []Level{LevelDispatcher, LevelLeader}) {
			t.Fatalf("told %v", told)
		}
	})
}

package wall

import (
	"slices"
	"time"
)

// Hours of scenes: a scene with Begins and Ends is in the playlist at that time of day alone, which may go over midnight.

// zone is the county's, in which days begin.
func (w *Wall) zone() *time.Location {
	if w.Zone == nil {
		return time.UTC
	}
	return w.Zone
}

// due reports whether a scene is in the playlist at a moment.
func (w *Wall) due(entry int, now time.Time) bool {
	s := &w.Playlist[entry]
	if s.Begins == "" {
		return true
	}
	begins, err1 := clockMinutes(s.Begins)
	ends, err2 := clockMinutes(s.Ends)
	if err1 != nil || err2 != nil { // a document of other hands
		return true
	}
	local := now.In(w.zone())
	at := local.Hour()*60 + local.Minute()
	if begins <= ends {
		return begins <= at && at < ends
	}
	return begins <= at || at < ends
}

// dueAt lists the entries that are in the playlist at a moment. Where it is the time of none it is that of all: no wall goes dark.
func (w *Wall) dueAt(now time.Time) (entries []int) {
	for i := range w.Playlist {
		if w.due(i, now) {
			entries = append(entries, i)
		}
	}
	if len(entries) == 0 {
		for i := range w.Playlist {
			entries = append(entries, i)
		}
	}
	return entries
}

// turns returns the last moment not after now, and the first one after it, at which the hours of a scene begin or end; zero without hours.
func (w *Wall) turns(now time.Time) (last, next time.Time) {
	day := now.In(w.zone())
	for i := range w.Playlist {
		for _, text := range []string{w.Playlist[i].Begins, w.Playlist[i].Ends} {
			minutes, err := clockMinutes(text)
			if err != nil {
				continue
			}
			for d := -1; d <= 1; d++ {
				at := time.Date(day.Year(), day.Month(), day.Day()+d, minutes/60, minutes%60, 0, 0, day.Location())
				if !at.After(now) && at.After(last) {
					last = at
				}
				if at.After(now) && (next.IsZero() || at.Before(next)) {
					next = at
				}
			}
		}
	}
	return last, next
}

// rotation returns the entries that follow each other at a moment, from the one that began at since.
func (w *Wall) rotation(now time.Time) (entries []int, since time.Time) {
	since = w.State.Since
	first := min(max(w.State.Entry, 0), len(w.Playlist)-1)
	entries = w.dueAt(now)
	if last, _ := w.turns(now); last.After(since) { // another part of the day begins with its first scene
		return entries, last
	}
	if k := slices.Index(entries, first); k >= 0 {
		return append(slices.Clone(entries[k:]), entries[:k]...), since
	}
	// An operator chose it, though it is not its time: it stays once.
	k := 0
	for i, e := range entries {
		if e > first {
			k = i
			break
		}
	}
	rest := append(slices.Clone(entries[k:]), entries[:k]...)
	if now.Sub(since) < w.dwell(first) {
		return append([]int{first}, rest...), since
	}
	return rest, since.Add(w.dwell(first))
}

// step returns the entry that comes so many after another among those whose time it is.
func (w *Wall) step(entry, by int, now time.Time) int {
	n := len(w.Playlist)
	due := w.dueAt(now)
	for i := 1; i <= n; i++ {
		if next := ((entry+by*i)%n + n) % n; slices.Contains(due, next) {
			return next
		}
	}
	return entry
}

package duty

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wanglou/layers"
	"wanglou/layers/auth"
)

var day = time.Date(2026, 5, 1, 0, 0, 0, 0, time.FixedZone("", 8*3600))

func at(hours float64) time.Time { return day.Add(time.Duration(hours * float64(time.Hour))) }

func shift(id int64, from, until float64, people ...int64) *Shift {
	s := &Shift{ID: id, AreaPath: "330122", Role: auth.RoleDuty, StartsAt: at(from), EndsAt: at(until)}
	for _, p := range people {
		s.People = append(s.People, Person{ID: p, Name: "甲"})
	}
	return s
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		change        func(*Shift)
		field, reason string
	}{
		{"good", func(*Shift) {}, "", ""},
		{"a whole weekend", func(s *Shift) { s.EndsAt = s.StartsAt.Add(72 * time.Hour) }, "", ""},
		{"area", func(s *Shift) { s.AreaPath = "*" }, "area_path", "bad_area_path"},
		{"no area", func(s *Shift) { s.AreaPath = "" }, "area_path", "bad_area_path"},
		{"role", func(s *Shift) { s.Role = auth.RoleViewer }, "role", "unknown_value"},
		{"no start", func(s *Shift) { s.StartsAt = time.Time{} }, "starts_at", "required"},
		{"no end", func(s *Shift) { s.EndsAt = time.Time{} }, "ends_at", "required"},
		{"backwards", func(s *Shift) { s.EndsAt = s.StartsAt }, "ends_at", "ends_before_it_starts"},
		{"too short", func(s *Shift) { s.EndsAt = s.StartsAt.Add(MinShift - 1) }, "ends_at", "shift_length"},
		{"too long", func(s *Shift) { s.EndsAt = s.StartsAt.Add(MaxShift + 1) }, "ends_at", "shift_length"},
		{"nobody", func(s *Shift) { s.People = nil }, "people", "required"},
		{"everybody", func(s *Shift) { s.People = make([]Person, MaxPeople+1) }, "people", "too_many"},
		{"note", func(s *Shift) { s.Note = strings.Repeat("注", MaxNote+1) }, "note", "too_long"},
	} {
		s := shift(0, 8, 20, 1)
		c.change(s)
		err := s.Validate()
		var e *layers.Error
		switch {
		case c.reason == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.reason != "" && (!errors.As(err, &e) || e.Field != c.field || e.Reason != c.reason):
			t.Errorf("%s: %v; want %s of %s", c.name, err, c.reason, c.field)
		}
	}
}

func TestAcrossMidnight(t *testing.T) {
	t.Parallel()
	roster := []*Shift{shift(2, 20, 32, 2), shift(1, 8, 20, 1), shift(3, 32, 44, 3)}
	for _, c := range []struct {
		at   float64
		want int64
		next int64
	}{{7.9, 0, 1}, {8, 1, 2}, {19.99, 1, 2}, {20, 2, 3}, {24, 2, 3}, {31.9, 2, 3}, {32, 3, 0}, {44, 0, 0}} {
		var got, next int64
		if on := At(roster, at(c.at)); len(on) > 0 {
			got = on[0].ID
		}
		if n := Next(roster, at(c.at)); n != nil {
			next = n.ID
		}
		if got != c.want || next != c.next {
			t.Errorf("at %v: %d, then %d; want %d, %d", c.at, got, next, c.want, c.next)
		}
	}
	if until, ok := Until(roster, at(10)); !ok || !until.Equal(at(44)) {
		t.Errorf("somebody is there until %v, %v", until, ok)
	}
	if until, ok := Until(roster, at(2)); !ok || !until.Equal(at(8)) {
		t.Errorf("nobody is there until %v, %v", until, ok)
	}
	if _, ok := Until(roster, at(50)); ok {
		t.Error("it is known who comes after the last")
	}
	if end := NextEnd(roster, at(19.5)); !end.Equal(at(32)) {
		t.Errorf("the next shift ends at %v", end)
	}
	if end := NextEnd(roster, at(40)); !end.Equal(at(48)) {
		t.Errorf("without one, %v", end)
	}
}

func TestClash(t *testing.T) {
	t.Parallel()
	roster := []*Shift{shift(1, 8, 20, 1, 2)}
	town := shift(0, 8, 20, 1)
	town.AreaPath = "330122.330122001"
	other := shift(0, 8, 20, 1)
	other.Role = auth.RoleDispatcher
	for name, c := range map[string]struct {
		s    *Shift
		want int64
	}{
		"after it": {shift(0, 20, 32, 1), 0}, "into it": {shift(0, 19, 32, 2), 2}, "others": {shift(0, 19, 32, 3), 0},
		"itself": {shift(1, 9, 21, 1), 0}, "another area": {town, 0}, "another role": {other, 0}, "within": {shift(9, 10, 11, 3, 1), 1},
	} {
		var got int64
		if _, p := Clash(c.s, roster); p != nil {
			got = p.ID
		}
		if got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	s := Shift{AreaPath: "330122"}
	for area, want := range map[string]bool{"330122": true, "330122.330122001": true, "3301222": false, "": false, "33012": false} {
		if s.Covers(area) != want {
			t.Errorf("%q: %v", area, !want)
		}
	}
}

// Gaps are what is not covered, asked minute by minute; At, Next and Until agree with them.
func TestGapsAreWhatNobodyCovers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minute := func(n int) time.Time { return day.Add(time.Duration(n) * time.Minute) }
		var roster []*Shift
		for i := range rapid.IntRange(0, 8).Draw(t, "shifts") {
			from := rapid.IntRange(-50, 300).Draw(t, "from")
			roster = append(roster, &Shift{ID: int64(i + 1), StartsAt: minute(from), EndsAt: minute(from + rapid.IntRange(1, 120).Draw(t, "long"))})
		}
		gaps := Gaps(roster, minute(0), minute(240))
		for i, g := range gaps {
			if !g.From.Before(g.Until) || g.From.Before(minute(0)) || g.Until.After(minute(240)) || i > 0 && !gaps[i-1].Until.Before(g.From) {
				t.Fatalf("gaps %v", gaps)
			}
		}
		for n := range 240 {
			at := minute(n)
			inGap := slices.ContainsFunc(gaps, func(g Span) bool { return !at.Before(g.From) && at.Before(g.Until) })
			on := At(roster, at)
			if inGap != (len(on) == 0) {
				t.Fatalf("minute %d: in a gap %v, %d on duty", n, inGap, len(on))
			}
			if until, ok := Until(roster, at); ok && (!until.After(at) || (len(At(roster, until)) == 0) == (len(on) == 0)) {
				t.Fatalf("minute %d: until %v", n, until)
			}
			next := Next(roster, at)
			for _, s := range roster {
				if s.StartsAt.After(at) && (next == nil || s.StartsAt.Before(next.StartsAt)) {
					t.Fatalf("minute %d: %v begins before %v", n, s, next)
				}
			}
		}
	})
}

// Two shifts overlap exactly when some moment lies in both.
func TestOverlap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) *Shift {
			from := rapid.IntRange(0, 20).Draw(t, name)
			return &Shift{StartsAt: at(float64(from)), EndsAt: at(float64(from + rapid.IntRange(1, 10).Draw(t, name+" long")))}
		}
		a, b := draw("a"), draw("b")
		both := false
		for h := range 31 {
			both = both || a.Holds(at(float64(h))) && b.Holds(at(float64(h)))
		}
		if Overlap(a, b) != both || Overlap(b, a) != both {
			t.Fatalf("%v and %v: %v", a, b, !both)
		}
	})
}

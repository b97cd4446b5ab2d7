package clock_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wanglou/layers"
	"wanglou/layers/clock"
)

var shanghai = time.FixedZone("CST", 8*3600)

// office works from 8:30 to 12 and from 13:30 to 17:30, Monday to Friday, with the days off and on around the National Day of 2026.
func office() *clock.Calendar {
	c := &clock.Calendar{Zone: shanghai, Windows: []clock.Window{{From: 510, To: 720}, {From: 810, To: 1050}}, Days: map[clock.Date]bool{"2026-09-20": true, "2026-10-10": true}}
	for d := time.Monday; d <= time.Friday; d++ {
		c.Week[d] = true
	}
	for _, d := range []clock.Date{"2026-10-01", "2026-10-02", "2026-10-05", "2026-10-06", "2026-10-07"} {
		c.Days[d] = false
	}
	return c
}

func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, shanghai)
	if err != nil {
		panic(err)
	}
	return t
}

func TestDue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind   clock.Kind
		amount float64
		start  string
		pauses []clock.Pause
		due    string
	}{
		"hours of an emergency run through the night": {clock.UrgentHour, 2, "2026-09-04 23:30", nil, "2026-09-05 01:30"},
		"natural days run through the weekend":        {clock.NaturalDay, 3, "2026-09-04 16:00", nil, "2026-09-07 16:00"},
		"work hours leave out the noon":               {clock.WorkHour, 2, "2026-09-03 11:00", nil, "2026-09-03 14:30"},
		"work hours leave out night and weekend":      {clock.WorkHour, 4, "2026-09-04 16:30", nil, "2026-09-07 11:30"},
		"begun on a Saturday":                         {clock.WorkHour, 1, "2026-09-05 10:00", nil, "2026-09-07 09:30"},
		"begun before work":                           {clock.WorkHour, 1, "2026-09-07 06:00", nil, "2026-09-07 09:30"},
		"ends with the window, not with the next":     {clock.WorkHour, 4, "2026-09-07 13:30", nil, "2026-09-07 17:30"},
		"a work day ends at the hour it began":        {clock.WorkDay, 1, "2026-09-03 10:00", nil, "2026-09-04 10:00"},
		"work days leave out the weekend":             {clock.WorkDay, 2, "2026-09-04 10:00", nil, "2026-09-08 10:00"},
		"a Sunday that is worked":                     {clock.WorkDay, 1, "2026-09-18 10:00", nil, "2026-09-20 10:00"},
		"the National Day, and the Saturday after it": {clock.WorkDay, 3, "2026-09-30 10:00", nil, "2026-10-10 10:00"},
		"a pause over noon":                           {clock.WorkHour, 2, "2026-09-03 11:00", []clock.Pause{{at("2026-09-03 11:30"), at("2026-09-03 14:00")}}, "2026-09-03 15:30"},
		"a pause outside of work costs nothing":       {clock.WorkHour, 2, "2026-09-03 11:00", []clock.Pause{{at("2026-09-03 12:10"), at("2026-09-03 13:20")}}, "2026-09-03 14:30"},
		"pauses that overlap count once":              {clock.UrgentHour, 3, "2026-09-03 11:00", []clock.Pause{{at("2026-09-03 12:30"), at("2026-09-03 14:00")}, {at("2026-09-03 12:00"), at("2026-09-03 13:00")}}, "2026-09-03 16:00"},
		"a pause from before the start":               {clock.UrgentHour, 1, "2026-09-03 11:00", []clock.Pause{{at("2026-09-03 09:00"), at("2026-09-03 12:00")}}, "2026-09-03 13:00"},
		"a pause after the end":                       {clock.UrgentHour, 1, "2026-09-03 11:00", []clock.Pause{{at("2026-09-03 13:00"), at("2026-09-03 14:00")}}, "2026-09-03 12:00"},
		"a pause without an end, after the end":       {clock.UrgentHour, 1, "2026-09-03 11:00", []clock.Pause{{From: at("2026-09-03 13:00")}}, "2026-09-03 12:00"},
		"a pause without an end":                      {clock.UrgentHour, 1, "2026-09-03 11:00", []clock.Pause{{From: at("2026-09-03 11:30")}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clock.Clock{Calendar: office(), Limit: clock.Limit{Kind: test.kind, Amount: test.amount}, Start: at(test.start), Pauses: test.pauses}
			due, known := c.Due()
			if known != (test.due != "") || known && !due.Equal(at(test.due)) {
				t.Errorf("due %v, %v; want %q", due, known, test.due)
			}
		})
	}
}

func TestAmberIsFourFifths(t *testing.T) {
	t.Parallel()
	c := clock.Clock{Calendar: office(), Limit: clock.Limit{Kind: clock.UrgentHour, Amount: 10}, Start: at("2026-09-03 00:00")}
	for share, want := range map[float64]string{0: "2026-09-03 00:00", clock.AmberFrom: "2026-09-03 08:00", 1: "2026-09-03 10:00"} {
		if got, known := c.At(share); !known || !got.Equal(at(want)) {
			t.Errorf("%v of it has passed at %v, %v; want %s", share, got, known, want)
		}
	}
}

// anyClock draws a clock with minutes for its smallest unit, in the weeks around a holiday with make-up workdays.
func anyClock(t *rapid.T) clock.Clock {
	minute := rapid.IntRange(0, 40*24*60)
	base := at("2026-09-10 00:00")
	c := clock.Clock{Calendar: office(), Start: base.Add(time.Duration(minute.Draw(t, "start")) * time.Minute),
		Limit: clock.Limit{Kind: rapid.SampledFrom(clock.Kinds).Draw(t, "kind"), Amount: float64(rapid.IntRange(1, 9).Draw(t, "amount"))}}
	for range rapid.IntRange(0, 4).Draw(t, "pauses") {
		from := base.Add(time.Duration(minute.Draw(t, "from")) * time.Minute)
		c.Pauses = append(c.Pauses, clock.Pause{From: from, To: from.Add(time.Duration(rapid.IntRange(1, 5000).Draw(t, "length")) * time.Minute)})
	}
	return c
}

// slow counts minute by minute what has passed of a limit.
func slow(c *clock.Clock, now time.Time) (total time.Duration) {
	for t := c.Start; t.Before(now); t = t.Add(time.Minute) {
		counts := true
		for _, p := range c.Pauses {
			counts = counts && (t.Before(p.From) || !t.Before(p.To))
		}
		if c.Limit.Kind == clock.WorkHour || c.Limit.Kind == clock.WorkDay {
			local := t.In(shanghai)
			minute, inside := local.Hour()*60+local.Minute(), false
			for _, w := range c.Calendar.Windows {
				inside = inside || minute >= w.From && minute < w.To
			}
			counts = counts && inside && c.Calendar.Works(t)
		}
		if counts {
			total += time.Minute
		}
	}
	return total
}

// What is due is when the limit has passed: not a minute later, and a minute before it had not.
func TestDueIsWhereTheLimitHasPassed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := anyClock(t)
		due, known := c.Due()
		if !known {
			t.Fatalf("%+v is not known to be due", c)
		}
		unit := map[clock.Kind]time.Duration{clock.UrgentHour: time.Hour, clock.WorkHour: time.Hour, clock.NaturalDay: 24 * time.Hour, clock.WorkDay: c.Calendar.WorkDay()}[c.Limit.Kind]
		limit := time.Duration(c.Limit.Amount) * unit
		if slow(&c, due) != limit || slow(&c, due.Add(-time.Minute)) >= limit {
			t.Fatalf("%+v due at %v: %v of %v passed, %v a minute before", c, due, slow(&c, due), limit, slow(&c, due.Add(-time.Minute)))
		}
		amber, known := c.At(clock.AmberFrom)
		if share := limit / 5 * 4; !known || slow(&c, amber) != share || slow(&c, amber.Add(-time.Minute)) >= share {
			t.Fatalf("%+v amber at %v, due at %v", c, amber, due)
		}
		// Whatever is paused later does not change what was due before; a longer pause never makes it earlier.
		c.Pauses = append(c.Pauses, clock.Pause{From: due.Add(time.Minute)})
		if again, known := c.Due(); !known || !again.Equal(due) {
			t.Fatalf("a later pause moved %v to %v", due, again)
		}
		c.Pauses[len(c.Pauses)-1] = clock.Pause{From: c.Start, To: c.Start.Add(time.Hour)}
		if moved, known := c.Due(); !known || moved.Before(due) {
			t.Fatalf("a pause moved %v back to %v", due, moved)
		}
	})
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(*clock.Calendar){
		"zone":    func(c *clock.Calendar) { c.Zone = nil },
		"windows": func(c *clock.Calendar) { c.Windows = []clock.Window{{From: 600, To: 720}, {From: 700, To: 800}} },
		"week":    func(c *clock.Calendar) { c.Week = [7]bool{} },
		"days":    func(c *clock.Calendar) { c.Days["2026-13-01"] = true },
	} {
		c := office()
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		spoil(c)
		wantField(t, c.Validate(), field)
	}
	for field, l := range map[string]clock.Limit{"kind": {Kind: "moon", Amount: 1}, "amount": {Kind: clock.WorkDay}} {
		wantField(t, l.Validate(), field)
	}
}

func wantField(t *testing.T, err error, field string) {
	t.Helper()
	var e *layers.Error
	if !errors.As(err, &e) || e.Field != field {
		t.Errorf("error %v, want one of %s", err, field)
	}
}

// Package clock counts the time that a stage of a case may take 时限: by the calendar of those who work on it, without what was suspended 挂账.
// Everything here is a function of its arguments: a deadline can be computed again from the log at any time.
package clock

import (
	"slices"
	"time"

	"wanglou/layers"
)

// Window is a stretch of a working day, in minutes since midnight; To is not in it.
type Window struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Date is a day of a calendar's zone, "2006-01-02".
type Date string

// Calendar says when work is done: the same windows on every working day. A zero Calendar is not usable; see [Calendar.Validate].
type Calendar struct {
	Zone    *time.Location
	Windows []Window      // in their order, without overlap
	Week    [7]bool       // by time.Weekday: worked as a rule
	Days    map[Date]bool // exceptions: false is a holiday, true a make-up workday 调休
}

const dayMinutes = 24 * 60

// horizon is how many days without work are looked through before a calendar is taken for one without any.
const horizon = 400

// Validate reports the first thing that is wrong: CodeInvalid.
func (c *Calendar) Validate() error {
	if c.Zone == nil {
		return layers.Invalid("zone", "required", "a calendar has a time zone")
	}
	if len(c.Windows) == 0 {
		return layers.Invalid("windows", "required", "a working day has at least one window")
	}
	last := 0
	for _, w := range c.Windows {
		if w.From < last || w.To <= w.From || w.To > dayMinutes {
			return layers.Invalid("windows", "out_of_range", "windows follow each other within one day")
		}
		last = w.To
	}
	if !slices.Contains(c.Week[:], true) {
		return layers.Invalid("week", "required", "at least one day of the week is worked")
	}
	for d := range c.Days {
		if _, err := time.Parse(time.DateOnly, string(d)); err != nil {
			return layers.Invalid("days", "wrong_type", "%q is no date", d)
		}
	}
	return nil
}

// Works reports whether the day on which t falls in the calendar's zone is a working day.
func (c *Calendar) Works(t time.Time) bool {
	t = t.In(c.Zone)
	if works, ok := c.Days[Date(t.Format(time.DateOnly))]; ok {
		return works
	}
	return c.Week[t.Weekday()]
}

// WorkDay is the length of a working day.
func (c *Calendar) WorkDay() time.Duration {
	n := 0
	for _, w := range c.Windows {
		n += w.To - w.From
	}
	return time.Duration(n) * time.Minute
}

// span is a stretch of time; the end is not in it.
type span struct{ from, to time.Time }

// work calls visit with every stretch of working time that ends after from, in their order, until it returns false. It ends by itself after
// horizon days without work.
func (c *Calendar) work(from time.Time, visit func(span) bool) {
	y, m, d := from.In(c.Zone).Date()
	idle := 0
	for i := 0; idle < horizon; i++ {
		// Noon is on its day whatever a change to summer time does; so are hours and minutes given to time.Date.
		if noon := time.Date(y, m, d+i, 12, 0, 0, 0, c.Zone); !c.Works(noon) {
			idle++
			continue
		}
		idle = 0
		for _, w := range c.Windows {
			s := span{time.Date(y, m, d+i, 0, w.From, 0, 0, c.Zone), time.Date(y, m, d+i, 0, w.To, 0, 0, c.Zone)}
			if s.to.After(from) && !visit(s) {
				return
			}
		}
	}
}

// worked is the working time between two moments. It costs O(days between them).
func (c *Calendar) worked(from, to time.Time) (total time.Duration) {
	c.work(from, func(s span) bool {
		if !s.from.Before(to) {
			return false
		}
		total += earlier(s.to, to).Sub(later(s.from, from))
		return true
	})
	return total
}

// workedFor returns the earliest moment by which d of working time has passed since from.
func (c *Calendar) workedFor(from time.Time, d time.Duration) time.Time {
	end := from
	if d <= 0 {
		return end
	}
	c.work(from, func(s span) bool {
		begin := later(s.from, from)
		if length := s.to.Sub(begin); length < d {
			d -= length
			return true
		}
		end = begin.Add(d)
		return false
	})
	return end
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

package clock

import (
	"slices"
	"strconv"
	"time"

	"wanglou/layers"
)

// Kind is what a limit counts.
type Kind string

const (
	UrgentHour Kind = "urgent_hour" // 紧急工作时: hours, day and night
	WorkHour   Kind = "work_hour"   // 工作时: hours of the calendar's windows
	WorkDay    Kind = "work_day"    // 工作日: as many times the windows of a day; begun at ten, it ends at ten
	NaturalDay Kind = "natural_day" // 自然日: times 24 hours
)

// Kinds lists all of them.
var Kinds = []Kind{UrgentHour, WorkHour, WorkDay, NaturalDay}

// Limit is how long something may take.
type Limit struct {
	Kind   Kind    `json:"kind"`
	Amount float64 `json:"amount"`
}

// MinAmount and MaxAmount bound a limit: three minutes of hours, a year of hours.
const (
	MinAmount = 0.05
	MaxAmount = 24 * 366
)

// Validate reports the first wrong field: CodeInvalid.
func (l Limit) Validate() error {
	if !slices.Contains(Kinds, l.Kind) {
		return layers.Invalid("kind", "unknown_value", "%q is not a kind of limit", l.Kind)
	}
	if !(l.Amount >= MinAmount && l.Amount <= MaxAmount) {
		e := layers.Invalid("amount", "out_of_range", "a limit is from %g to %d", MinAmount, MaxAmount)
		e.Params = map[string]string{"min": strconv.FormatFloat(MinAmount, 'g', -1, 64), "max": strconv.Itoa(MaxAmount)}
		return e
	}
	return nil
}

// works reports whether the calendar decides what is counted.
func (k Kind) works() bool { return k == WorkHour || k == WorkDay }

// length is the counted time of the whole limit.
func (l Limit) length(c *Calendar) time.Duration {
	unit := time.Hour
	switch l.Kind {
	case WorkDay:
		unit = c.WorkDay()
	case NaturalDay:
		unit = 24 * time.Hour
	}
	return time.Duration(l.Amount * float64(unit))
}

// Pause is a stretch in which a clock stands still; a zero To is one that has not ended.
type Pause struct{ From, To time.Time }

// Clock is one running limit.
type Clock struct {
	Calendar *Calendar
	Limit    Limit
	More     []Limit // granted on top 延时, each counted by its own kind from where the one before ends
	Start    time.Time
	Pauses   []Pause // in any order; they may overlap
}

// Lamp is how a clock stands, as people see it: by two moments, of which the second is Due. What is due when work ends is overdue that evening, not
// first when work goes on.
type Lamp string

const (
	Green Lamp = "green" // under 80 %
	Amber Lamp = "amber" // 80 to 100 %
	Red   Lamp = "red"   // over 100 %
)

// AmberFrom is the share of a limit at which its lamp becomes amber.
const AmberFrom = 0.8

// Due returns the moment at which the limit is reached, and false while a pause that has not ended leaves it open.
func (c *Clock) Due() (time.Time, bool) { return c.At(1) }

// At returns the earliest moment by which a share of the limit has passed, and false while a pause that has not ended leaves it open.
// It costs O(days until then × pauses).
func (c *Clock) At(share float64) (time.Time, bool) {
	left := time.Duration(share * float64(c.whole()))
	one := Clock{Calendar: c.Calendar, Limit: c.Limit, Start: c.Start, Pauses: c.Pauses}
	for _, next := range c.More {
		length := one.Limit.length(c.Calendar)
		if left <= length {
			break
		}
		end, known := one.reach(length)
		if !known {
			return end, false
		}
		left -= length
		one.Limit, one.Start = next, end
	}
	return one.reach(left)
}

// whole is the counted time of all that was given.
func (c *Clock) whole() time.Duration {
	total := c.Limit.length(c.Calendar)
	for _, more := range c.More {
		total += more.length(c.Calendar)
	}
	return total
}

// reach returns the earliest moment by which so much has been counted, by the first limit's kind.
func (c *Clock) reach(left time.Duration) (time.Time, bool) {
	at := c.Start
	for from, to := range c.running() {
		at = from
		if to.IsZero() {
			return c.after(from, left), true
		}
		if n := c.counted(from, to); n < left {
			left -= n
			continue
		}
		return c.after(from, left), true
	}
	return at, false
}

// running yields the stretches outside of all pauses, from the start on; the last one's zero end is for ever.
func (c *Clock) running() func(yield func(from, to time.Time) bool) {
	pauses := slices.Clone(c.Pauses)
	slices.SortFunc(pauses, func(a, b Pause) int { return a.From.Compare(b.From) })
	return func(yield func(from, to time.Time) bool) {
		at := c.Start
		for _, p := range pauses {
			if p.From.After(at) && !yield(at, p.From) {
				return
			}
			if p.To.IsZero() {
				return
			}
			at = later(at, p.To)
		}
		yield(at, time.Time{})
	}
}

func (c *Clock) counted(from, to time.Time) time.Duration {
	if c.Limit.Kind.works() {
		return c.Calendar.worked(from, to)
	}
	return to.Sub(from)
}

func (c *Clock) after(from time.Time, d time.Duration) time.Time {
	if c.Limit.Kind.works() {
		return c.Calendar.workedFor(from, d)
	}
	return from.Add(d)
}

package cql2

import (
	"math"
	"time"
)

// Ends of time: ".." in an interval.
const (
	beginning = math.MinInt64
	ending    = math.MaxInt64
)

const dayMicros = 24 * 60 * 60 * 1_000_000

// instant reads the text of DATE or TIMESTAMP. Times without a zone are refused, as in RFC 3339; what is finer than a microsecond is cut off.
func instant(pos int, s string, day bool) (Instant, error) {
	if day {
		if t, err := time.Parse(time.DateOnly, s); err == nil {
			return Instant{Micros: t.UnixMicro(), Day: true}, nil
		}
		return Instant{}, fail(pos, "filter_time", "%.40q is not a day such as 2026-01-31", s)
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil && t.UTC().Year() >= 0 && t.UTC().Year() <= 9999 {
		return Instant{Micros: t.UnixMicro()}, nil
	}
	return Instant{}, fail(pos, "filter_time", "%.40q is not a time such as 2026-01-31T08:00:00Z", s)
}

// intervalEnd reads one end of an interval: a day, a time, or ".." (nil).
func intervalEnd(pos int, s string) (Expr, error) {
	if s == ".." || s == "" {
		return nil, nil
	}
	if len(s) == len(time.DateOnly) {
		return nilOnError(instant(pos, s, true))
	}
	return nilOnError(instant(pos, s, false))
}

func nilOnError(i Instant, err error) (Expr, error) {
	if err != nil {
		return nil, err
	}
	return i, nil
}

func checkInterval(pos int, i Interval) error {
	if i.Start == nil && i.End == nil {
		return fail(pos, "filter_time", "an interval has at least one end")
	}
	a, ok := i.Start.(Instant)
	b, ok2 := i.End.(Instant)
	if ok && ok2 && a.Micros > b.last() {
		return fail(pos, "filter_time", "an interval begins before it ends")
	}
	return nil
}

// last is the last microsecond of the instant.
func (i Instant) last() int64 {
	if i.Day {
		return i.Micros + dayMicros - 1
	}
	return i.Micros
}

// Time returns the first moment.
func (i Instant) Time() time.Time { return time.UnixMicro(i.Micros).UTC() }

// Last returns the last moment: of a day, its last microsecond.
func (i Instant) Last() time.Time { return time.UnixMicro(i.last()).UTC() }

// String returns the instant as the standard writes it.
func (i Instant) String() string {
	if i.Day {
		return i.Time().Format(time.DateOnly)
	}
	return i.Time().Format("2006-01-02T15:04:05.999999Z07:00")
}

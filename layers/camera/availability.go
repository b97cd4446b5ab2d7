package camera

import (
	"cmp"
	"slices"
	"time"
)

// Span is from From on, until and without Until.
type Span struct{ From, Until time.Time }

// Change is one row of a camera's log.
type Change struct {
	At       time.Time
	From, To Status
}

// Uptime is how long a camera delivered pictures in a span. Its availability 在线率 is Online / Expected; time under maintenance, before the camera was
// entered and when nobody looked is not expected of it. Whoever reads the share reads Unknown beside it: how much of the time nobody knows of.
type Uptime struct{ Online, Expected, Unknown time.Duration }

// Add sums up, for departments.
func (u *Uptime) Add(v Uptime) {
	u.Online, u.Expected, u.Unknown = u.Online+v.Online, u.Expected+v.Expected, u.Unknown+v.Unknown
}

// UptimeIn computes it from the log of one camera, oldest first, and its status now, which is that of the whole span where the log has nothing.
// entered is zero where nobody knows. The database computes the same: postgis.Repairs.
func UptimeIn(span Span, entered time.Time, log []Change, now Status, maintenance []Span) (u Uptime) {
	if entered.After(span.From) {
		span.From = entered
	}
	at, status := span.From, now
	for i, c := range log {
		if i == 0 || c.At.Before(span.From) {
			status = c.From
		}
		if c.At.After(span.From) {
			break
		}
		status = c.To
	}
	add := func(until time.Time) {
		if !until.After(at) {
			return
		}
		d := without(Span{at, until}, maintenance)
		switch status {
		case Online:
			u.Online += d
			u.Expected += d
		case Unknown:
			u.Unknown += d
		default:
			u.Expected += d
		}
		at = until
	}
	for _, c := range log {
		if !c.At.After(span.From) {
			continue
		}
		if !c.At.Before(span.Until) {
			break
		}
		add(c.At)
		status = c.To
	}
	add(span.Until)
	return u
}

// without returns how much of a span none of the others covers.
func without(s Span, others []Span) time.Duration {
	others = slices.Clone(others)
	slices.SortFunc(others, func(a, b Span) int { return a.From.Compare(b.From) })
	left, at := time.Duration(0), s.From
	for _, o := range others {
		from, until := later(o.From, at), o.Until
		if !from.Before(s.Until) {
			break
		}
		if from.After(at) {
			left += from.Sub(at)
		}
		at = later(at, until)
	}
	if s.Until.After(at) {
		left += s.Until.Sub(at)
	}
	return left
}

func later(a, b time.Time) time.Time {
	if cmp.Compare(a.UnixNano(), b.UnixNano()) > 0 {
		return a
	}
	return b
}

package cql2

import (
	"time"

	"wanglou/layers"
)

// span is an instant or an interval, in microseconds since 1970, both ends included.
type span struct{ from, to int64 }

func (c *compiler) time(e Expr) temporal {
	switch e := e.(type) {
	case Instant:
		s := span{e.Micros, e.last()}
		return func(*layers.Feature) (span, bool) { return s, true }
	case Property:
		get := c.value(e)
		return func(f *layers.Feature) (span, bool) {
			t, ok := get(f).(time.Time)
			if !ok {
				return span{}, false
			}
			us := t.UnixMicro()
			return span{us, us}, true
		}
	case Interval:
		return c.interval(e)
	}
	return func(*layers.Feature) (span, bool) { return span{}, false }
}

func (c *compiler) interval(e Interval) temporal {
	open := func(s span) temporal { return func(*layers.Feature) (span, bool) { return s, true } }
	start, end := open(span{beginning, beginning}), open(span{ending, ending})
	if e.Start != nil {
		start = c.time(e.Start)
	}
	if e.End != nil {
		end = c.time(e.End)
	}
	return func(f *layers.Feature) (span, bool) {
		a, ok := start(f)
		if !ok {
			return span{}, false
		}
		b, ok := end(f)
		return span{a.from, b.to}, ok
	}
}

// relations are the temporal predicates of the standard, of closed intervals.
var relations = map[string]func(a, b span) bool{
	"t_after":        func(a, b span) bool { return a.from > b.to },
	"t_before":       func(a, b span) bool { return a.to < b.from },
	"t_contains":     func(a, b span) bool { return a.from < b.from && a.to > b.to },
	"t_disjoint":     func(a, b span) bool { return a.from > b.to || a.to < b.from },
	"t_during":       func(a, b span) bool { return a.from > b.from && a.to < b.to },
	"t_equals":       func(a, b span) bool { return a == b },
	"t_finishedBy":   func(a, b span) bool { return a.from < b.from && a.to == b.to },
	"t_finishes":     func(a, b span) bool { return a.from > b.from && a.to == b.to },
	"t_intersects":   func(a, b span) bool { return a.from <= b.to && a.to >= b.from },
	"t_meets":        func(a, b span) bool { return a.to == b.from },
	"t_metBy":        func(a, b span) bool { return a.from == b.to },
	"t_overlappedBy": func(a, b span) bool { return a.from > b.from && a.from < b.to && a.to > b.to },
	"t_overlaps":     func(a, b span) bool { return a.from < b.from && a.to > b.from && a.to < b.to },
	"t_startedBy":    func(a, b span) bool { return a.from == b.from && a.to > b.to },
	"t_starts":       func(a, b span) bool { return a.from == b.from && a.to < b.to },
}

func (c *compiler) temporalPredicate(o *Op) condition {
	return pair(c.time(o.Args[0]), c.time(o.Args[1]), relations[o.Name])
}

package cql2

import (
	"strings"
	"time"

	"wanglou/layers"
)

// ParseDatetime reads the parameter datetime of the OGC API: an instant (RFC 3339), a day (2026-01-31, UTC), or two of them with a
// slash, of which one or both may be ".." or nothing. Both ends are included; zero is open. Errors are CodeInvalid with
// field "datetime".
func ParseDatetime(s string) (from, to time.Time, err error) {
	if s == "" {
		return from, to, nil
	}
	first, last, two := strings.Cut(s, "/")
	if !two {
		last = first
	}
	read := func(t string, end bool) time.Time {
		if two && (t == "" || t == "..") {
			return time.Time{}
		}
		if day, wrong := time.Parse(time.DateOnly, t); wrong == nil {
			if end {
				day = day.Add(24*time.Hour - time.Microsecond)
			}
			return day
		}
		moment, wrong := time.Parse(time.RFC3339Nano, t)
		if wrong != nil || moment.IsZero() {
			err = layers.Invalid("datetime", "wrong_type", "%.60q is neither a time (2026-01-31T08:00:00Z) nor an interval (…/…)", s)
		}
		return moment
	}
	from, to = read(first, false), read(last, true)
	if err == nil && !from.IsZero() && !to.IsZero() && to.Before(from) {
		err = layers.Invalid("datetime", "before_start", "the interval ends before it begins")
	}
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	return from, to, nil
}

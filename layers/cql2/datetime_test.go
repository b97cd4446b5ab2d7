package cql2

import (
	"testing"
	"time"

	"wanglou/layers"
)

func TestParseDatetime(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][2]string{
		"":                           {"", ""},
		"2026-01-31T08:00:00Z":       {"2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"},
		"2026-01-31":                 {"2026-01-31T00:00:00Z", "2026-01-31T23:59:59.999999Z"},
		"2026-01-31/..":              {"2026-01-31T00:00:00Z", ""},
		"/2026-01-31T08:00:00+08:00": {"", "2026-01-31T00:00:00Z"},
		"../..":                      {"", ""},
		"2026-01-30/2026-01-31":      {"2026-01-30T00:00:00Z", "2026-01-31T23:59:59.999999Z"},
	} {
		from, to, err := ParseDatetime(in)
		write := func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.UTC().Format(time.RFC3339Nano)
		}
		if err != nil || write(from) != want[0] || write(to) != want[1] {
			t.Errorf("%q: %s … %s, %v", in, write(from), write(to), err)
		}
	}
	for in, reason := range map[string]string{"yesterday": "wrong_type", "..": "wrong_type", "2026-01-31/2026-01-30": "before_start", "2026-01-31/x": "wrong_type", "2026-13-01": "wrong_type", "a/b/c": "wrong_type"} {
		_, _, err := ParseDatetime(in)
		if e, ok := err.(*layers.Error); !ok || e.Field != "datetime" || e.Reason != reason {
			t.Errorf("%q: %v", in, err)
		}
	}
}

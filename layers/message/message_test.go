package message

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wanglou/layers"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)
	in := func(d time.Duration) *time.Time { return new(now.Add(d)) }
	for _, c := range []struct {
		name          string
		m             Message
		field, reason string
	}{
		{"plain", Message{Text: " 已到路口 "}, "", ""},
		{"longest", Message{Text: strings.Repeat("堤", MaxText)}, "", ""},
		{"promise", Message{Text: "x", Promise: true, DueAt: in(time.Hour)}, "", ""},
		{"promise, now", Message{Text: "x", Promise: true, DueAt: in(-30 * time.Second)}, "", ""},
		{"empty", Message{Text: " \n"}, "text", "required"},
		{"too long", Message{Text: strings.Repeat("堤", MaxText+1)}, "text", "too_long"},
		{"long key", Message{Text: "x", ClientKey: strings.Repeat("k", MaxKey+1)}, "client_key", "too_long"},
		{"promise without a time", Message{Text: "x", Promise: true}, "due_at", "required"},
		{"time without a promise", Message{Text: "x", DueAt: in(time.Hour)}, "due_at", "not_a_promise"},
		{"too late", Message{Text: "x", Promise: true, DueAt: in(-2 * time.Minute)}, "due_at", "in_past"},
		{"too far", Message{Text: "x", Promise: true, DueAt: in(promiseWithin + time.Second)}, "due_at", "out_of_range"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.m.Validate(now)
			var e *layers.Error
			switch {
			case c.reason == "" && (err != nil || c.m.Text != strings.TrimSpace(c.m.Text) || !c.m.SourceTime.Equal(now)):
				t.Errorf("%+v: %v", c.m, err)
			case c.reason != "" && (!errors.As(err, &e) || e.Code != layers.CodeInvalid || e.Field != c.field || e.Reason != c.reason):
				t.Errorf("%v; want %s of %s", err, c.reason, c.field)
			}
		})
	}
}

func TestTheTimeOfWritingIsNotInTheFuture(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]time.Duration{-3 * time.Hour: -3 * time.Hour, 0: 0, time.Second: 0, 24 * time.Hour: 0} {
		m := Message{Text: "x", SourceTime: now.Add(d)}
		if err := m.Validate(now); err != nil || !m.SourceTime.Equal(now.Add(want)) {
			t.Errorf("%v: %v, %v; want %v", d, m.SourceTime, err, now.Add(want))
		}
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	at := time.Now()
	for _, c := range []struct {
		m    Message
		want bool
	}{{Message{}, false}, {Message{Promise: true}, true}, {Message{Promise: true, KeptAt: &at}, false}} {
		if got := c.m.Open(); got != c.want {
			t.Errorf("%+v: %v", c.m, got)
		}
	}
}

package bookmark

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wanglou/layers"
)

func TestValidate(t *testing.T) {
	now := time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		b             Bookmark
		field, reason string
	}{
		{Bookmark{Title: " 堤坝破口 ", At: now}, "", ""},
		{Bookmark{Title: strings.Repeat("堤", 80), At: now.Add(-time.Hour)}, "", ""},
		{Bookmark{Title: " ", At: now}, "title", "required"},
		{Bookmark{Title: strings.Repeat("堤", 81), At: now}, "title", "too_long"},
		{Bookmark{Title: "x"}, "at", "required"},
		{Bookmark{Title: "x", At: now.Add(2 * time.Minute)}, "at", "in_future"},
	} {
		err := c.b.Validate(now)
		var e *layers.Error
		switch {
		case c.reason == "" && err != nil:
			t.Errorf("%+v: %v", c.b, err)
		case c.reason != "" && (!errors.As(err, &e) || e.Code != layers.CodeInvalid || e.Field != c.field || e.Reason != c.reason):
			t.Errorf("%+v: %v; want %s of %s", c.b, err, c.reason, c.field)
		}
		if c.b.Title != strings.TrimSpace(c.b.Title) {
			t.Errorf("%q is not tidy", c.b.Title)
		}
	}
}

package knowledge

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"wanglou/layers"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	good := func(change func(*Entry)) *Entry {
		e := &Entry{Title: " 占用消防通道 ", Body: "拨打 119。\r\n现场劝离。", Categories: []string{"09012", "", "09012"}, Keywords: []string{" 堵塞 ", "堵塞"}, ValidFrom: "2026-01-01", ValidUntil: "2026-12-31"}
		change(e)
		return e
	}
	many := func(n int) (out []string) {
		for i := range n {
			out = append(out, strings.Repeat("1", i%30+1)+strings.Repeat("2", i/30))
		}
		return out
	}
	for _, c := range []struct {
		name          string
		e             *Entry
		field, reason string
	}{
		{"as it should be", good(func(*Entry) {}), "", ""},
		{"the longest", good(func(e *Entry) { e.Title, e.Body = strings.Repeat("题", 120), strings.Repeat("文", 20_000) }), "", ""},
		{"no title", good(func(e *Entry) { e.Title = "　 " }), "title", "required"},
		{"a long title", good(func(e *Entry) { e.Title = strings.Repeat("题", 121) }), "title", "too_long"},
		{"a long English title", good(func(e *Entry) { e.TitleEN = strings.Repeat("x", 201) }), "title_en", "too_long"},
		{"no body", good(func(e *Entry) { e.Body = "\n" }), "body", "required"},
		{"a long body", good(func(e *Entry) { e.Body = strings.Repeat("文", 20_001) }), "body", "too_long"},
		{"no text", good(func(e *Entry) { e.Body = "a\x00b" }), "body", "not_a_value"},
		{"half a character", good(func(e *Entry) { e.Title = "a\xe5\x8d" }), "title", "not_a_value"},
		{"many keywords", good(func(e *Entry) { e.Keywords = many(21) }), "keywords", "too_long"},
		{"a long keyword", good(func(e *Entry) { e.Keywords = []string{strings.Repeat("词", 41)} }), "keywords", "too_long"},
		{"many codes", good(func(e *Entry) { e.Categories = many(11) }), "categories", "too_long"},
		{"no code", good(func(e *Entry) { e.Categories = []string{"消防"} }), "categories", "unknown_value"},
		{"no date", good(func(e *Entry) { e.ValidFrom = "2026-02-30" }), "valid_from", "not_a_value"},
		{"over before it begins", good(func(e *Entry) { e.ValidUntil = "2025-12-31" }), "valid_until", "before_start"},
		{"a long department", good(func(e *Entry) { e.Department = strings.Repeat("局", 81) }), "department", "too_long"},
		{"a long source", good(func(e *Entry) { e.Source = strings.Repeat("源", 121) }), "source", "too_long"},
	} {
		err := c.e.Validate()
		var e *layers.Error
		switch {
		case c.reason == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.reason != "" && (!errors.As(err, &e) || e.Code != layers.CodeInvalid || e.Field != c.field || e.Reason != c.reason):
			t.Errorf("%s: %v; want %s of %s", c.name, err, c.reason, c.field)
		}
	}
	e := good(func(*Entry) {})
	if err := e.Validate(); err != nil || e.Title != "占用消防通道" || e.Body != "拨打 119。\n现场劝离。" || !slices.Equal(e.Keywords, []string{"堵塞"}) || !slices.Equal(e.Categories, []string{"09012"}) {
		t.Errorf("not tidy: %+v, %v", e, err)
	}
}

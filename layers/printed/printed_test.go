package printed

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
		change        func(*Map)
		field, reason string
	}{
		{func(*Map) {}, "", ""},
		{func(m *Map) { m.Title = "" }, "", ""},
		{func(m *Map) { m.Scale = 0 }, "", ""},
		{func(m *Map) { m.Title = strings.Repeat("图", 61) }, "title", "too_long"},
		{func(m *Map) { m.Kind = "fax" }, "kind", "unknown_value"},
		{func(m *Map) { m.Size = "  " }, "size", "out_of_range"},
		{func(m *Map) { m.Size = strings.Repeat("9", 41) }, "size", "out_of_range"},
		{func(m *Map) { m.Scale = -1 }, "scale", "out_of_range"},
		{func(m *Map) { m.Bbox = [4]float64{120, 29, 119, 30} }, "bbox", "out_of_range"},
		{func(m *Map) { m.Bbox = [4]float64{119, 29, 120, 91} }, "bbox", "out_of_range"},
		{func(m *Map) { m.DataAt = time.Time{} }, "data_at", "required"},
		{func(m *Map) { m.DataAt = now.Add(time.Hour) }, "data_at", "in_future"},
	} {
		m := Map{Title: " 全县态势图 ", Kind: KindPDF, Size: "A3 landscape", Scale: 10_000, Bbox: [4]float64{119, 29, 120, 30}, DataAt: now}
		c.change(&m)
		err := m.Validate(now)
		if c.field == "" {
			if err != nil || strings.TrimSpace(m.Title) != m.Title {
				t.Errorf("%+v: %v", m, err)
			}
			continue
		}
		var e *layers.Error
		if !errors.As(err, &e) || e.Code != layers.CodeInvalid || e.Field != c.field || e.Reason != c.reason {
			t.Errorf("%+v: %v, want %s %s", m, err, c.field, c.reason)
		}
	}
}

package incident

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name          string
		change        func(*Incident)
		field, reason string
	}{
		{"good", func(*Incident) {}, "", ""},
		{"longest title", func(in *Incident) { in.Title = strings.Repeat("望", 120) }, "", ""},
		{"no title", func(in *Incident) { in.Title = " \t" }, "title", "required"},
		{"long title", func(in *Incident) { in.Title = strings.Repeat("望", 121) }, "title", "too_long"},
		{"long description", func(in *Incident) { in.Description = strings.Repeat("楼", 4001) }, "description", "too_long"},
		{"long address", func(in *Incident) { in.Address = strings.Repeat("路", 201) }, "address", "too_long"},
		{"severity 0", func(in *Incident) { in.Severity = 0 }, "severity", "out_of_range"},
		{"severity 4", func(in *Incident) { in.Severity = 4 }, "severity", "out_of_range"},
		{"no category", func(in *Incident) { in.Category = "" }, "category", "required"},
		{"swapped", func(in *Incident) { in.Point = orb.Point{29.79, 119.68} }, "point", "swapped_coordinates"},
		{"outside the world", func(in *Incident) { in.Point = orb.Point{412, 29.79} }, "point", "outside_world"},
		{"not a number", func(in *Incident) { in.Point = orb.Point{math.NaN(), 29.79} }, "point", "not_finite"},
		{"null island", func(in *Incident) { in.Point = orb.Point{} }, "point", "null_island"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := &Incident{Title: "消防通道被占用", Category: "09012", Severity: 2, Point: orb.Point{119.68, 29.79}}
			c.change(in)
			err := in.Validate()
			if c.field == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var e *layers.Error
			if !errors.As(err, &e) || e.Code != layers.CodeInvalid || e.Field != c.field || e.Reason != c.reason {
				t.Fatalf("%v; want %s %s", err, c.field, c.reason)
			}
		})
	}
}

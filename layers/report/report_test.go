package report

import (
	"errors"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name          string
		change        func(*Report)
		field, reason string
	}{
		{"good", func(*Report) {}, "", ""},
		{"no place", func(r *Report) { r.Point = nil }, "", ""},
		{"attached", func(r *Report) { r.State, r.IncidentID = Attached, 7 }, "", ""},
		{"channel", func(r *Report) { r.Channel = "fax" }, "channel", "unknown_value"},
		{"state", func(r *Report) { r.State = "" }, "state", "unknown_value"},
		{"attached to nothing", func(r *Report) { r.State = Attached }, "incident_id", "required"},
		{"no title", func(r *Report) { r.Title = "\n" }, "title", "required"},
		{"long title", func(r *Report) { r.Title = strings.Repeat("长", MaxTitle+1) }, "title", "too_long"},
		{"long description", func(r *Report) { r.Description = strings.Repeat("长", MaxDescription+1) }, "description", "too_long"},
		{"long address", func(r *Report) { r.Address = strings.Repeat("长", MaxAddress+1) }, "address", "too_long"},
		{"raw", func(r *Report) { r.Raw = []byte(`{"a":`) }, "raw", "not_json"},
		{"null island", func(r *Report) { r.Point = &orb.Point{} }, "point", "null_island"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := &Report{
				Channel: Hotline, Title: "垃圾箱满溢", State: Received, Category: "06042", Raw: []byte(`{"caller":"…"}`),
				Point: &orb.Point{119.68, 29.79},
			}
			tc.change(r)
			err := r.Validate()
			if tc.field == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var e *layers.Error
			if !errors.As(err, &e) || e.Code != layers.CodeInvalid || e.Field != tc.field || e.Reason != tc.reason {
				t.Fatalf("%v; want %s %s", err, tc.field, tc.reason)
			}
		})
	}
}

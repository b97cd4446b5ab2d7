package incident

import (
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

func TestCorrection(t *testing.T) {
	t.Parallel()
	in := Incident{Title: "路面塌陷", Category: "", Severity: 3, Point: orb.Point{119.6, 29.8}, State: Reported}
	cases := []struct {
		name    string
		c       Correction
		changed []string
		field   string
		reason  string
	}{
		{"category and severity", Correction{Category: new("06013"), Severity: new(Severity(1))}, []string{"category", "severity"}, "", ""},
		{"spaces are no change", Correction{Title: new(" 路面塌陷 ")}, nil, "", "no_change"},
		{"nothing", Correction{}, nil, "", "no_change"},
		{"no title", Correction{Title: new(" ")}, nil, "title", "required"},
		{"severity", Correction{Category: new("06013"), Severity: new(Severity(4))}, nil, "severity", "out_of_range"},
		{"still no category", Correction{Address: new("滨江路")}, nil, "category", "required"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			out, changed, err := tc.c.Apply(in)
			if tc.reason == "" {
				if err != nil || !slices.Equal(changed, tc.changed) || out.State != Reported || in.Severity != 3 {
					t.Errorf("%+v, %q, %v", out, changed, err)
				}
				return
			}
			if e, ok := err.(*layers.Error); !ok || e.Field != tc.field || e.Reason != tc.reason {
				t.Errorf("%v", err)
			}
		})
	}
}

package request

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/clock"
)

func TestAskValidate(t *testing.T) {
	t.Parallel()
	limit := &clock.Limit{Kind: clock.WorkHour, Amount: 4}
	for name, test := range map[string]struct {
		ask           Ask
		field, reason string
	}{
		"extension":           {Ask{Kind: Extension, Reason: "等配件", Limit: limit}, "", ""},
		"suspension":          {Ask{Kind: Suspension, Reason: "等许可"}, "", ""},
		"appeal":              {Ask{Kind: Appeal, Reason: "派遣晚", Attachments: []int64{1}}, "", ""},
		"supervision":         {Ask{Kind: Supervision, Reason: "今日办结"}, "", ""},
		"supervision of one":  {Ask{Kind: Supervision, Reason: "今日办结", Level: 3, UnitID: 7, Limit: limit}, "", ""},
		"no kind":             {Ask{Kind: "moon", Reason: "x"}, "kind", "unknown_value"},
		"no reason":           {Ask{Kind: Appeal, Reason: " "}, "reason", "required"},
		"long reason":         {Ask{Kind: Appeal, Reason: strings.Repeat("长", MaxReason+1)}, "reason", "too_long"},
		"no time":             {Ask{Kind: Extension, Reason: "x"}, "limit", "required"},
		"no amount":           {Ask{Kind: Extension, Reason: "x", Limit: &clock.Limit{Kind: clock.WorkDay}}, "limit.amount", "out_of_range"},
		"suspended how long":  {Ask{Kind: Suspension, Reason: "x", Limit: limit}, "limit", "unknown_field"},
		"level of an appeal":  {Ask{Kind: Appeal, Reason: "x", Level: 1}, "level", "unknown_field"},
		"level":               {Ask{Kind: Supervision, Reason: "x", Level: 4}, "level", "out_of_range"},
		"no appeal":           {Ask{Kind: Suspension, Reason: "x", Attachments: []int64{1}}, "attachments", "unknown_field"},
		"too many to look at": {Ask{Kind: Appeal, Reason: "x", Attachments: make([]int64, 11)}, "attachments", "too_long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantError(t, test.ask.Validate(), test.field, test.reason)
		})
	}
}

func wantError(t *testing.T, err error, field, reason string) {
	t.Helper()
	var e *layers.Error
	switch {
	case reason == "" && err != nil:
		t.Error(err)
	case reason != "" && (!errors.As(err, &e) || e.Field != field || e.Reason != reason):
		t.Errorf("%v; want %s of %s", err, reason, field)
	}
}

func TestGrants(t *testing.T) {
	t.Parallel()
	asked := &Request{Kind: Extension, Limit: &clock.Limit{Kind: clock.WorkHour, Amount: 4}}
	for name, test := range map[string]struct {
		r             *Request
		d             Decision
		amount        float64
		field, reason string
	}{
		"the whole":   {asked, Decision{Move: MoveGrant}, 4, "", ""},
		"shorter":     {asked, Decision{Move: MoveGrant, Limit: &clock.Limit{Kind: clock.WorkHour, Amount: 1}}, 1, "", ""},
		"longer":      {asked, Decision{Move: MoveGrant, Limit: &clock.Limit{Kind: clock.WorkHour, Amount: 5}}, 0, "limit.amount", "more_than_asked"},
		"other hours": {asked, Decision{Move: MoveGrant, Limit: &clock.Limit{Kind: clock.UrgentHour, Amount: 1}}, 0, "limit.kind", "other_kind"},
		"nothing":     {asked, Decision{Move: MoveGrant, Limit: &clock.Limit{Kind: clock.WorkHour}}, 0, "limit.amount", "out_of_range"},
		"refused":     {asked, Decision{Move: MoveRefuse}, 0, "", ""},
		"refused, so": {asked, Decision{Move: MoveRefuse, Limit: asked.Limit}, 0, "limit", "unknown_field"},
		"suspended":   {&Request{Kind: Suspension}, Decision{Move: MoveGrant, Limit: asked.Limit}, 0, "limit", "unknown_field"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := test.r.Grants(&test.d)
			wantError(t, err, test.field, test.reason)
			if err == nil && (got != nil) != (test.amount > 0) || err == nil && got != nil && got.Amount != test.amount {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestLater(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 18, 8, 0, 0, 0, time.UTC)
	for level, want := range map[int]int{0: 1, 1: 2, 2: 3, 3: 3} {
		next, due := Later(level, clock.Limit{Kind: clock.UrgentHour, Amount: 2}, &clock.Calendar{}, now)
		if next != want || !due.Equal(now.Add(2*time.Hour)) {
			t.Errorf("after %d: %d, %v", level, next, due)
		}
	}
}

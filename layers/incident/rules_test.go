package incident_test

import (
	"testing"

	"wanglou/layers"
	"wanglou/layers/clock"
	"wanglou/layers/incident"
)

func goodRules() *incident.TimeRules {
	limit := func(stage incident.Stage, category string, severity incident.Severity) incident.TimeLimit {
		l := incident.TimeLimit{Stage: stage, Category: category, Severity: severity, Limit: clock.Limit{Kind: clock.WorkHour, Amount: 8}}
		if category != "" {
			l.Standard = "gbt47678.5-2026"
		}
		return l
	}
	return &incident.TimeRules{
		Limits:  []incident.TimeLimit{limit(incident.StageHandling, "", 0), limit(incident.StageHandling, "", 1), limit(incident.StageHandling, "06013", 0)},
		Flow:    incident.FlowRules{MaxExtensions: 2, AppealDays: 5, UrgeMinutes: 30, SuperviseHours: 24},
		Windows: []clock.Window{{From: 510, To: 720}}, Week: []int{1, 2}, Days: []incident.Day{{Day: "2026-10-01", Name: "国庆节"}},
	}
}

func TestTimeRules(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change        func(*incident.TimeRules)
		field, reason string
	}{
		"good":        {func(*incident.TimeRules) {}, "", ""},
		"none":        {func(r *incident.TimeRules) { r.Limits, r.Days = nil, nil }, "", ""},
		"stage":       {func(r *incident.TimeRules) { r.Limits[1].Stage = "closed" }, "limits.1.stage", "unknown_value"},
		"kind":        {func(r *incident.TimeRules) { r.Limits[0].Kind = "hour" }, "limits.0.kind", "unknown_value"},
		"amount":      {func(r *incident.TimeRules) { r.Limits[2].Amount = 0 }, "limits.2.amount", "out_of_range"},
		"severity":    {func(r *incident.TimeRules) { r.Limits[0].Severity = 4 }, "limits.0.severity", "out_of_range"},
		"no standard": {func(r *incident.TimeRules) { r.Limits[2].Standard = "" }, "limits.2.category", "required"},
		"twice":       {func(r *incident.TimeRules) { r.Limits[1].Severity = 0 }, "limits.1.stage", "already_exists"},
		"no windows":  {func(r *incident.TimeRules) { r.Windows = nil }, "windows", "required"},
		"windows":     {func(r *incident.TimeRules) { r.Windows = []clock.Window{{From: 600, To: 500}} }, "windows", "out_of_range"},
		"no week":     {func(r *incident.TimeRules) { r.Week = nil }, "week", "required"},
		"week":        {func(r *incident.TimeRules) { r.Week = []int{7} }, "week", "out_of_range"},
		"no date":     {func(r *incident.TimeRules) { r.Days[0].Day = "2026-13-01" }, "days", "wrong_type"},
		"area":        {func(r *incident.TimeRules) { r.Limits[0].AreaPath = "a..b" }, "limits.0.area_path", "wrong_type"},
		"by area":     {func(r *incident.TimeRules) { r.Limits[1].Severity, r.Limits[1].AreaPath = 0, "330122.330122001" }, "", ""},
		"condition": {func(r *incident.TimeRules) {
			r.Limits[2].Condition, r.Conditions = "large", []incident.Condition{{Standard: "gbt47678.5-2026", Category: "06013", Code: "large", Name: "大"}}
		}, "", ""},
		"no such condition": {func(r *incident.TimeRules) { r.Limits[2].Condition = "large" }, "limits.2.condition", "unknown_value"},
		"condition of none": {func(r *incident.TimeRules) { r.Limits[0].Condition = "large" }, "limits.0.condition", "no_category"},
		"condition's code":  {func(r *incident.TimeRules) { r.Conditions = []incident.Condition{{Code: "A b", Name: "x"}} }, "conditions.0.code", "wrong_type"},
		"condition's name":  {func(r *incident.TimeRules) { r.Conditions = []incident.Condition{{Code: "a", Name: " "}} }, "conditions.0.name", "required"},
		"condition twice": {func(r *incident.TimeRules) {
			r.Conditions = []incident.Condition{{Code: "a", Name: "x"}, {Code: "a", Name: "y"}}
		}, "conditions.1.code", "already_exists"},
		"condition's standard": {func(r *incident.TimeRules) {
			r.Conditions = []incident.Condition{{Category: "06013", Code: "a", Name: "x"}}
		}, "conditions.0.category", "required"},
		"extensions":    {func(r *incident.TimeRules) { r.Flow.MaxExtensions = 21 }, "flow.max_extensions", "out_of_range"},
		"appeal days":   {func(r *incident.TimeRules) { r.Flow.AppealDays = 0 }, "flow.appeal_days", "out_of_range"},
		"the day twice": {func(r *incident.TimeRules) { r.Days = append(r.Days, r.Days[0]) }, "days.1.day", "already_exists"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := goodRules()
			test.change(r)
			err := r.Validate()
			if test.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if e, ok := err.(*layers.Error); !ok || e.Field != test.field || e.Reason != test.reason {
				t.Errorf("%v", err)
			}
		})
	}
}

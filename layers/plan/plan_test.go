package plan

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wanglou/layers"
	"wanglou/layers/incident"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	const standard = "gbt47678.5-2026"
	good := func() *Content {
		return &Content{Title: " 预案 ", Standard: standard, Category: "09", Severity: 2, AreaPath: "330122.330122001", Steps: []Step{{Who: "duty_officer", What: "报告"}, {Who: "team", What: "到场", Minutes: 30}}}
	}
	template := func(c *Content) { c.Steps, c.Category = nil, "09012" }
	for name, test := range map[string]struct {
		kind          Kind
		change        func(*Content)
		field, reason string
	}{
		"good":                 {Plan, func(*Content) {}, "", ""},
		"for every case":       {Plan, func(c *Content) { c.Standard, c.Category, c.Severity, c.AreaPath = "", "", 0, "" }, "", ""},
		"template":             {Template, template, "", ""},
		"kind":                 {"moon", func(*Content) {}, "kind", "unknown_value"},
		"no title":             {Plan, func(c *Content) { c.Title = " " }, "title", "required"},
		"long title":           {Plan, func(c *Content) { c.Title = strings.Repeat("长", 121) }, "title", "too_long"},
		"long English title":   {Plan, func(c *Content) { c.TitleEN = strings.Repeat("l", 121) }, "title_en", "too_long"},
		"long text":            {Plan, func(c *Content) { c.Text = strings.Repeat("长", 8001) }, "text", "too_long"},
		"no standard":          {Plan, func(c *Content) { c.Standard = "" }, "category", "required"},
		"category":             {Plan, func(c *Content) { c.Category = "9%" }, "category", "wrong_type"},
		"severity":             {Plan, func(c *Content) { c.Severity = 4 }, "severity", "out_of_range"},
		"area":                 {Plan, func(c *Content) { c.AreaPath = "a..b" }, "area_path", "wrong_type"},
		"no steps":             {Plan, func(c *Content) { c.Steps = nil }, "steps", "required"},
		"too many steps":       {Plan, func(c *Content) { c.Steps = make([]Step, 61) }, "steps", "too_long"},
		"who":                  {Plan, func(c *Content) { c.Steps[1].Who = "moon" }, "steps.1.who", "unknown_value"},
		"what":                 {Plan, func(c *Content) { c.Steps[0].What = " " }, "steps.0.what", "required"},
		"long what":            {Plan, func(c *Content) { c.Steps[0].What = strings.Repeat("长", 301) }, "steps.0.what", "too_long"},
		"long English what":    {Plan, func(c *Content) { c.Steps[0].WhatEN = strings.Repeat("l", 301) }, "steps.0.what_en", "too_long"},
		"minutes":              {Plan, func(c *Content) { c.Steps[0].Minutes = -1 }, "steps.0.minutes", "out_of_range"},
		"template with steps":  {Template, func(*Content) {}, "steps", "unknown_field"},
		"template of anything": {Template, func(c *Content) { template(c); c.Severity = 0 }, "category", "required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := good()
			test.change(c)
			err := c.Validate(test.kind)
			if e, ok := err.(*layers.Error); test.reason == "" && err != nil || test.reason != "" && (!ok || e.Field != test.field || e.Reason != test.reason) {
				t.Errorf("%v", err)
			}
		})
	}
}

// What fits a case fits a more serious one too; a narrower plan fits no case that the wider does not.
func TestFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := &incident.Incident{Standard: "s", Category: rapid.SampledFrom([]string{"09012", "06010", "0"}).Draw(t, "category"),
			Severity: incident.Severity(rapid.IntRange(1, 3).Draw(t, "severity")), AreaPath: rapid.SampledFrom([]string{"c", "c.t1", "c.t1.v1", "c.t10"}).Draw(t, "area")}
		c := &Content{Standard: "s", Category: rapid.SampledFrom([]string{"09", "09012", "06"}).Draw(t, "prefix"), Severity: incident.Severity(rapid.IntRange(0, 3).Draw(t, "most")),
			AreaPath: rapid.SampledFrom([]string{"", "c", "c.t1"}).Draw(t, "of")}
		if !c.Fits(in) {
			return
		}
		if !strings.HasPrefix(in.Category, c.Category) || c.AreaPath == "c.t1" && in.AreaPath == "c.t10" {
			t.Fatalf("%+v fits %+v", c, in)
		}
		worse, wider := *in, *c
		worse.Severity = 1
		wider.Category, wider.Standard, wider.AreaPath, wider.Severity = "", "", "", 0
		if !c.Fits(&worse) || !wider.Fits(in) {
			t.Fatalf("%+v fits %+v, and not a worse case, or a wider plan does not", c, in)
		}
	})
}

func TestFires(t *testing.T) {
	t.Parallel()
	want := map[incident.State]bool{incident.Filed: true, incident.Dispatched: true, incident.Handling: true, incident.Suspended: true, incident.Checking: true}
	for _, s := range incident.States {
		if Fires(s) != want[s] {
			t.Errorf("%s: %v", s, Fires(s))
		}
	}
}

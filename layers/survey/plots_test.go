package survey_test

import (
	"errors"
	"strings"
	"testing"

	"wanglou/layers"
	"wanglou/layers/survey"
)

// wrong returns field and reason of an error.
func wrong(err error) string {
	var e *layers.Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Field + " " + e.Reason
}

func TestPlotChange(t *testing.T) {
	t.Parallel()
	zone := survey.PlotChange{Name: "基本农田", Kind: "farmland", Reason: "不得建房", Weight: 3}
	for name, c := range map[string]struct {
		layer  survey.PlotLayer
		change func(*survey.PlotChange)
		want   string
	}{
		"a zone":          {survey.Zones, func(*survey.PlotChange) {}, ""},
		"no name":         {survey.Zones, func(c *survey.PlotChange) { c.Name = "  " }, "name required"},
		"another kind":    {survey.Zones, func(c *survey.PlotChange) { c.Kind = "sea" }, "kind unknown_value"},
		"a long reason":   {survey.Zones, func(c *survey.PlotChange) { c.Reason = strings.Repeat("长", 501) }, "reason required"},
		"no weight":       {survey.Zones, func(c *survey.PlotChange) { c.Weight = 0.5 }, "weight out_of_range"},
		"a zone's height": {survey.Zones, func(c *survey.PlotChange) { c.Height = new(3.0) }, "height_m not_allowed"},
		"a permit": {survey.Permits, func(c *survey.PlotChange) {
			*c = survey.PlotChange{ValidFrom: "2026-01-01", ValidTo: "2026-12-31", Height: new(9.0)}
		}, ""},
		"a permit that ends early": {survey.Permits, func(c *survey.PlotChange) { *c = survey.PlotChange{ValidFrom: "2026-01-02", ValidTo: "2026-01-01"} }, "valid_to before_start"},
		"no day":                   {survey.Permits, func(c *survey.PlotChange) { *c = survey.PlotChange{ValidTo: "31.5."} }, "valid_to not_a_time"},
		"a permit's kind":          {survey.Permits, func(*survey.PlotChange) {}, "name not_allowed"},
		"a building":               {survey.LawfulBuildings, func(c *survey.PlotChange) { *c = survey.PlotChange{Height: new(6.5)} }, ""},
		"a building's day":         {survey.LawfulBuildings, func(c *survey.PlotChange) { *c = survey.PlotChange{ValidFrom: "2026-01-01"} }, "valid_from not_allowed"},
		"as high as nothing":       {survey.LawfulBuildings, func(c *survey.PlotChange) { *c = survey.PlotChange{Height: new(-1.0)} }, "height_m out_of_range"},
	} {
		x := zone
		c.change(&x)
		if got := wrong(x.Validate(c.layer)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestPairRules(t *testing.T) {
	t.Parallel()
	rule := survey.PairRule{AreaPath: "330122", Move: survey.MoveDismiss, Persons: 2}
	for want, rules := range map[string][]survey.PairRule{
		"":                              {rule, {AreaPath: "330122", Move: survey.MoveIssue, Persons: 2}, {Move: survey.MoveDismiss, Persons: 1}},
		"rules[1].move already_exists":  {rule, {AreaPath: "330122", Move: survey.MoveDismiss, Persons: 1}},
		"rules[0].move unknown_value":   {{Move: survey.MoveArrive, Persons: 2}},
		"rules[0].persons out_of_range": {{Move: survey.MoveClear, Persons: 3}},
		"rules too_many":                make([]survey.PairRule, survey.MaxPairRules+1),
	} {
		if got := wrong((&survey.PairRules{Rules: rules}).Validate()); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestPlotFile(t *testing.T) {
	t.Parallel()
	good := survey.PlotFile{Layer: survey.Zones, Source: "farm"}
	for want, change := range map[string]func(*survey.PlotFile){
		"":                    func(*survey.PlotFile) {},
		"source required":     func(f *survey.PlotFile) { f.Source = " " },
		" ":                   func(f *survey.PlotFile) { f.Layer = "camera" },
		"kind unknown_value":  func(f *survey.PlotFile) { f.Kind = "sea" },
		"kind not_allowed":    func(f *survey.PlotFile) { f.Layer, f.Kind = survey.Permits, "farmland" },
		"id not_allowed":      func(f *survey.PlotFile) { f.Layer, f.Prune = survey.Permits, true },
		"weight out_of_range": func(f *survey.PlotFile) { f.Weight = 11 },
	} {
		f := good
		change(&f)
		if got := wrong(f.Validate()); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

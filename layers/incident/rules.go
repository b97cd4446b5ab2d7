package incident

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers"
	"wanglou/layers/clock"
)

// TimeLimit is how long a stage may take. Of those that fit a case the one that names its filing condition counts, then its category, then the smallest area, then
// its severity.
type TimeLimit struct {
	Stage     Stage    `json:"stage"`
	Standard  string   `json:"standard,omitempty"`  // with Category: both or none
	Category  string   `json:"category,omitempty"`  // "" for every one
	Condition string   `json:"condition,omitempty"` // code of a filing condition 立案条件 of the category, "" for every one
	AreaPath  string   `json:"area_path,omitempty"` // it and all below, "" for everywhere
	Severity  Severity `json:"severity,omitempty"`  // 0 for every one
	clock.Limit
}

// Condition is a filing condition 立案条件: what a case was filed under, and what has to be so when it is closed.
type Condition struct {
	Standard  string `json:"standard,omitempty"` // with Category: both or none
	Category  string `json:"category,omitempty"` // "" for every one
	Code      string `json:"code"`
	Name      string `json:"name"`
	NameEN    string `json:"name_en,omitempty"`
	Closing   string `json:"closing,omitempty"` // 结案条件
	ClosingEN string `json:"closing_en,omitempty"`
}

// FlowRules bound what may be asked beside a case's moves.
type FlowRules struct {
	MaxExtensions  int `json:"max_extensions"`  // 延时 granted in a case
	AppealDays     int `json:"appeal_days"`     // 申诉: natural days from the closing on
	UrgeMinutes    int `json:"urge_minutes"`    // 催办: between two of a case
	SuperviseHours int `json:"supervise_hours"` // 督办: until the answer, where no time is named
}

// Day is one exception of the calendar.
type Day struct {
	Day   clock.Date `json:"day"`
	Works bool       `json:"works"` // false: a holiday; true: a make-up workday 调休
	Name  string     `json:"name,omitempty"`
}

// TimeRules are what deadlines are computed by. They are data of the installation.
type TimeRules struct {
	Limits     []TimeLimit    `json:"limits"`
	Windows    []clock.Window `json:"windows"` // of a working day
	Week       []int          `json:"week"`    // days that are worked as a rule, 0 is Sunday
	Days       []Day          `json:"days"`
	Conditions []Condition    `json:"conditions"`
	Flow       FlowRules      `json:"flow"`
	Version    string         `json:"version"` // of all of it: a change names the one it saw
}

// Limits of the rules.
const (
	MaxTimeLimits = 2000
	MaxDays       = 1000
	MaxDayName    = 30
	MaxConditions = 2000
)

// Validate reports the first wrong field: CodeInvalid. A limit's field is named with its place, "limits.3.amount". The calendar's zone is the installation's.
func (r *TimeRules) Validate() error {
	if len(r.Limits) > MaxTimeLimits {
		return layers.Invalid("limits", "too_long", "there are %d limits, at most %d are kept", len(r.Limits), MaxTimeLimits)
	}
	if len(r.Days) > MaxDays {
		return layers.Invalid("days", "too_long", "there are %d days, at most %d are kept", len(r.Days), MaxDays)
	}
	type key struct {
		stage              Stage
		standard, category string
		severity           Severity
		area, condition    string
	}
	seen := map[key]bool{}
	for i, l := range r.Limits {
		if err := l.validate(); err != nil {
			return layers.In("limits", i, err)
		}
		k := key{l.Stage, l.Standard, l.Category, l.Severity, l.AreaPath, l.Condition}
		if seen[k] {
			return layers.In("limits", i, layers.Invalid("stage", "already_exists", "there is such a limit already"))
		}
		seen[k] = true
	}
	if err := r.validateConditions(); err != nil {
		return err
	}
	if err := r.Flow.validate(); err != nil {
		return err
	}
	days := map[clock.Date]bool{}
	for i, d := range r.Days {
		if _, twice := days[d.Day]; twice {
			return layers.In("days", i, layers.Invalid("day", "already_exists", "%s stands there twice", d.Day))
		}
		if len([]rune(d.Name)) > MaxDayName {
			return layers.In("days", i, layers.Invalid("name", "too_long", "a name has at most %d characters", MaxDayName))
		}
		days[d.Day] = d.Works
	}
	c := clock.Calendar{Zone: anyZone, Windows: r.Windows, Days: days}
	for _, day := range r.Week {
		if day < 0 || day > 6 {
			return layers.Invalid("week", "out_of_range", "days are 0 to 6")
		}
		c.Week[day] = true
	}
	return c.Validate()
}

func (l *TimeLimit) validate() error {
	switch {
	case !slices.Contains(Stages, l.Stage):
		return layers.Invalid("stage", "unknown_value", "%q is not a stage with a limit", l.Stage)
	case l.Severity < 0 || l.Severity > 3:
		return layers.Invalid("severity", "out_of_range", "severity is 1, 2 or 3, or 0 for every one")
	case (l.Standard == "") != (l.Category == ""):
		return layers.Invalid("category", "required", "a category is named with its standard")
	case l.Condition != "" && l.Category == "":
		return layers.Invalid("condition", "no_category", "a filing condition is one of a category")
	case l.AreaPath != "" && !areaPath.MatchString(l.AreaPath):
		return layers.Invalid("area_path", "wrong_type", "%q is not the path of an area", l.AreaPath)
	}
	return l.Limit.Validate()
}

var (
	areaPath      = regexp.MustCompile(`^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$`)
	conditionCode = regexp.MustCompile(`^[a-z0-9_.-]{1,32}$`)
)

// validateConditions also holds that no limit names a condition that there is not.
func (r *TimeRules) validateConditions() error {
	if len(r.Conditions) > MaxConditions {
		return layers.Invalid("conditions", "too_long", "there are %d conditions, at most %d are kept", len(r.Conditions), MaxConditions)
	}
	type key struct{ standard, category, code string }
	seen := map[key]bool{}
	for i, c := range r.Conditions {
		if err := c.validate(); err != nil {
			return layers.In("conditions", i, err)
		}
		k := key{c.Standard, c.Category, c.Code}
		if seen[k] {
			return layers.In("conditions", i, layers.Invalid("code", "already_exists", "there is such a condition already"))
		}
		seen[k] = true
	}
	for i, l := range r.Limits {
		if l.Condition != "" && !seen[key{l.Standard, l.Category, l.Condition}] && !seen[key{"", "", l.Condition}] {
			return layers.In("limits", i, layers.Invalid("condition", "unknown_value", "the category has no condition %q", l.Condition))
		}
	}
	return nil
}

func (c *Condition) validate() error {
	switch {
	case (c.Standard == "") != (c.Category == ""):
		return layers.Invalid("category", "required", "a category is named with its standard")
	case !conditionCode.MatchString(c.Code):
		return layers.Invalid("code", "wrong_type", "a code has 1 to 32 of a-z, 0-9, _ . -")
	case strings.TrimSpace(c.Name) == "":
		return layers.Invalid("name", "required", "a condition has a name")
	}
	for field, text := range map[string]string{"name": c.Name, "name_en": c.NameEN} {
		if utf8.RuneCountInString(text) > 120 {
			return layers.Invalid(field, "too_long", "a name has at most 120 characters")
		}
	}
	for field, text := range map[string]string{"closing": c.Closing, "closing_en": c.ClosingEN} {
		if utf8.RuneCountInString(text) > 500 {
			return layers.Invalid(field, "too_long", "a closing condition has at most 500 characters")
		}
	}
	return nil
}

func (f *FlowRules) validate() error {
	for _, b := range []struct {
		field     string
		n         int
		low, high int
	}{
		{"flow.max_extensions", f.MaxExtensions, 0, 20},
		{"flow.appeal_days", f.AppealDays, 1, 366},
		{"flow.urge_minutes", f.UrgeMinutes, 1, 10080},
		{"flow.supervise_hours", f.SuperviseHours, 1, 8784},
	} {
		if b.n < b.low || b.n > b.high {
			e := layers.Invalid(b.field, "out_of_range", "it is from %d to %d", b.low, b.high)
			e.Params = map[string]string{"min": strconv.Itoa(b.low), "max": strconv.Itoa(b.high)}
			return e
		}
	}
	return nil
}

// anyZone stands for the installation's: whether a calendar can be counted by does not depend on it.
var anyZone = time.UTC

// RuleService keeps the rules of time. Implemented by postgis.Incidents.
type RuleService interface {
	// TimeRules returns them; for everybody who reads.
	TimeRules(ctx context.Context) (*TimeRules, error)
	// SetTimeRules replaces them and computes the deadlines of all open cases anew; changed counts those. CodeInvalid, CodeForbidden, CodeConflict when Version is no
	// longer theirs.
	SetTimeRules(ctx context.Context, r *TimeRules) (changed int, err error)
}

package incident

import (
	"context"
	"fmt"
	"slices"
	"time"

	"wanglou/layers"
	"wanglou/layers/clock"
)

// TimeLimit is how long a stage may take. Of those that fit a case the one that names its category counts, then the one that names its severity.
type TimeLimit struct {
	Stage    Stage    `json:"stage"`
	Standard string   `json:"standard,omitempty"` // with Category: both or none
	Category string   `json:"category,omitempty"` // "" for every one
	Severity Severity `json:"severity,omitempty"` // 0 for every one
	clock.Limit
}

// Day is one exception of the calendar.
type Day struct {
	Day   clock.Date `json:"day"`
	Works bool       `json:"works"` // false: a holiday; true: a make-up workday 调休
	Name  string     `json:"name,omitempty"`
}

// TimeRules are what deadlines are computed by. They are data of the installation.
type TimeRules struct {
	Limits  []TimeLimit    `json:"limits"`
	Windows []clock.Window `json:"windows"` // of a working day
	Week    []int          `json:"week"`    // days that are worked as a rule, 0 is Sunday
	Days    []Day          `json:"days"`
	Version string         `json:"version"` // of all of it: a change names the one it saw
}

// Limits of the rules.
const (
	MaxTimeLimits = 2000
	MaxDays       = 1000
	MaxDayName    = 30
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
	}
	seen := map[key]bool{}
	for i, l := range r.Limits {
		if err := l.validate(); err != nil {
			return at("limits", i, err)
		}
		k := key{l.Stage, l.Standard, l.Category, l.Severity}
		if seen[k] {
			return at("limits", i, layers.Invalid("stage", "already_exists", "there is such a limit already"))
		}
		seen[k] = true
	}
	days := map[clock.Date]bool{}
	for i, d := range r.Days {
		if _, twice := days[d.Day]; twice {
			return at("days", i, layers.Invalid("day", "already_exists", "%s stands there twice", d.Day))
		}
		if len([]rune(d.Name)) > MaxDayName {
			return at("days", i, layers.Invalid("name", "too_long", "a name has at most %d characters", MaxDayName))
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
	}
	return l.Limit.Validate()
}

// at puts the place of a row before the field of an error.
func at(list string, i int, err error) error {
	if e, ok := err.(*layers.Error); ok {
		e.Field = fmt.Sprintf("%s.%d.%s", list, i, e.Field)
	}
	return err
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

// Package plan is what the desk has thought of before: a plan 预案 is a list of steps that becomes a case's when a case of its kind is filed; a template fills in the
// form of a new case. Both are edited as a draft and published as a version, which then never changes: a case keeps the one it was given.
package plan

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/unit"
)

// Kind is what a published version does.
type Kind string

const (
	Plan     Kind = "plan"     // 预案
	Template Kind = "template" // 模板
)

// Limits of plans.
const (
	Max        = 500 // of both kinds
	MaxTitle   = 120
	MaxText    = 8000
	MaxSteps   = 60
	MaxWhat    = 300
	MaxMinutes = 30 * 24 * 60
	MaxNote    = 500
)

// Content is one version.
type Content struct {
	Title    string            `json:"title"`
	TitleEN  string            `json:"title_en,omitempty"`
	Standard string            `json:"standard,omitempty"` // with Category: both or none
	Category string            `json:"category,omitempty"` // the code, or what it begins with: "09" is a large class; of a template the whole code
	Severity incident.Severity `json:"severity,omitempty"` // of a plan: this and what is more serious, 0 is every one; of a template: the case's
	AreaPath string            `json:"area_path,omitempty"`
	Text     string            `json:"text,omitempty"` // of a template: the description
	Steps    []Step            `json:"steps,omitempty"`
}

// Step is one thing to do.
type Step struct {
	Who      string `json:"who"` // a role, or a kind of unit
	What     string `json:"what"`
	WhatEN   string `json:"what_en,omitempty"`
	Minutes  int    `json:"minutes,omitempty"` // from the firing on; 0 is no limit
	Required bool   `json:"required,omitempty"`
}

// People lists who a step can be for: roles, and kinds of units.
var People = func() (out []string) {
	for _, r := range []auth.Role{auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor} {
		out = append(out, string(r))
	}
	for _, k := range unit.Kinds {
		out = append(out, string(k))
	}
	return out
}()

var (
	categoryPrefix = regexp.MustCompile(`^[0-9]{0,8}$`)
	areaPath       = regexp.MustCompile(`^([A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*)?$`)
)

// Validate reports the first wrong field: CodeInvalid. A step's is named with its place, "steps.3.what".
func (c *Content) Validate(k Kind) error {
	c.Title = strings.TrimSpace(c.Title)
	switch n := utf8.RuneCountInString; {
	case k != Plan && k != Template:
		return layers.Invalid("kind", "unknown_value", "%q is not a kind of plan", k)
	case c.Title == "":
		return layers.Invalid("title", "required", "a title is required")
	case n(c.Title) > MaxTitle:
		return layers.Invalid("title", "too_long", "a title has at most %d characters", MaxTitle)
	case n(c.TitleEN) > MaxTitle:
		return layers.Invalid("title_en", "too_long", "a title has at most %d characters", MaxTitle)
	case n(c.Text) > MaxText:
		return layers.Invalid("text", "too_long", "a text has at most %d characters", MaxText)
	case (c.Standard == "") != (c.Category == ""):
		return layers.Invalid("category", "required", "a category is named with its standard")
	case !categoryPrefix.MatchString(c.Category):
		return layers.Invalid("category", "wrong_type", "%q does not begin a code", c.Category)
	case c.Severity < 0 || c.Severity > 3:
		return layers.Invalid("severity", "out_of_range", "severity is 1, 2 or 3, or 0 for every one")
	case !areaPath.MatchString(c.AreaPath):
		return layers.Invalid("area_path", "wrong_type", "%q is not the path of an area", c.AreaPath)
	case k == Plan && len(c.Steps) == 0:
		return layers.Invalid("steps", "required", "a plan has steps")
	case k == Template && len(c.Steps) > 0:
		return layers.Invalid("steps", "unknown_field", "a template has no steps")
	case k == Template && (c.Category == "" || c.Severity == 0):
		return layers.Invalid("category", "required", "a template names category and severity")
	case len(c.Steps) > MaxSteps:
		return layers.Invalid("steps", "too_long", "at most %d steps are kept", MaxSteps)
	}
	for i := range c.Steps {
		if err := c.Steps[i].validate(); err != nil {
			return layers.In("steps", i, err)
		}
	}
	return nil
}

func (s *Step) validate() error {
	s.What = strings.TrimSpace(s.What)
	switch {
	case !slices.Contains(People, s.Who):
		return layers.Invalid("who", "unknown_value", "%q is no role and no kind of unit", s.Who)
	case s.What == "":
		return layers.Invalid("what", "required", "a step says what is done")
	case utf8.RuneCountInString(s.What) > MaxWhat:
		return layers.Invalid("what", "too_long", "a step has at most %d characters", MaxWhat)
	case utf8.RuneCountInString(s.WhatEN) > MaxWhat:
		return layers.Invalid("what_en", "too_long", "a step has at most %d characters", MaxWhat)
	case s.Minutes < 0 || s.Minutes > MaxMinutes:
		return layers.Invalid("minutes", "out_of_range", "it is from 0 to %d minutes", MaxMinutes)
	}
	return nil
}

// Fits reports whether a plan is for a case: of its category, as serious or more, in its area.
func (c *Content) Fits(in *incident.Incident) bool {
	area := c.AreaPath == "" || in.AreaPath == c.AreaPath || strings.HasPrefix(in.AreaPath, c.AreaPath+".")
	category := c.Category == "" || in.Standard == c.Standard && strings.HasPrefix(in.Category, c.Category)
	return area && category && (c.Severity == 0 || in.Severity <= c.Severity)
}

// Fires reports whether a case in a state is given its plans: once it is filed and as long as it is not over.
func Fires(s incident.State) bool {
	return !s.Final() && !slices.Contains([]incident.State{incident.Reported, incident.Verifying, incident.Accepted}, s)
}

// Stored is a plan with its versions that matter.
type Stored struct {
	ID          int64      `json:"id"`
	Kind        Kind       `json:"kind"`
	Retired     bool       `json:"retired"`
	Revision    int64      `json:"revision"`
	Version     int        `json:"version"` // that is published, 0 for none
	Published   *Content   `json:"published,omitempty"`
	PublishedAt *time.Time `json:"published_at,omitempty"`
	Draft       *Content   `json:"draft,omitempty"`
	SavedBy     string     `json:"saved_by"`
}

// CaseStep is a step of a case.
type CaseStep struct {
	ID       int64      `json:"id"`
	Who      string     `json:"who"`
	What     string     `json:"what"`
	WhatEN   string     `json:"what_en,omitempty"`
	Required bool       `json:"required"`
	DueAt    *time.Time `json:"due_at,omitempty"`
	DoneAt   *time.Time `json:"done_at,omitempty"`
	DoneBy   string     `json:"done_by,omitempty"`
	Note     string     `json:"note,omitempty"`
}

// Fired is a plan that a case was given.
type Fired struct {
	PlanID  int64      `json:"plan_id"`
	Version int        `json:"version"`
	Title   string     `json:"title"`
	TitleEN string     `json:"title_en,omitempty"`
	Text    string     `json:"text,omitempty"`
	FiredAt time.Time  `json:"fired_at"`
	Steps   []CaseStep `json:"steps"`
}

// Service keeps plans and what became of them. Rights and audit are as in incident.Service. Implemented by postgis.Plans.
type Service interface {
	// Plans lists them: all for who manages them, published templates and plans for others who read.
	Plans(ctx context.Context) ([]*Stored, error)
	// Save stores a draft, of a new plan where ID is 0. CodeInvalid, CodeForbidden, CodeNotFound, CodeConflict with reason "stale_revision", "too_many_plans".
	Save(ctx context.Context, p *Stored) (*Stored, error)
	// Publish makes the draft the version that cases are given from now on. CodeConflict with reason "stale_revision", "no_draft".
	Publish(ctx context.Context, id, revision int64) (*Stored, error)
	// Retire takes a plan out of use, or back into it. Cases keep theirs.
	Retire(ctx context.Context, id, revision int64, retired bool) (*Stored, error)
	// Fired lists the plans of a case with their steps, for those who may see it.
	Fired(ctx context.Context, incidentID int64) ([]*Fired, error)
	// Tick says that a step is done, or not after all, by the desk or by a unit that works on the case. CodeConflict with reason "already_ticked".
	Tick(ctx context.Context, incidentID, stepID int64, done bool, note string) error
}

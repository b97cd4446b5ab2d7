// Package duty is who is on duty when 值班, and what one shift hands to the next 交接班. The rules of shifts are pure: a shift is a half-open span of
// moments, so midnight, a change of clocks and a week's end are nothing special, and 20:00 to 08:00 needs no care.
package duty

import (
	"cmp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// Limits of shifts.
const (
	MinShift  = 15 * time.Minute
	MaxShift  = 72 * time.Hour
	MaxPeople = 50
	MaxNote   = 200 // characters
	MaxShifts = 50000
	MaxSpan   = 62 * 24 * time.Hour // of one question
)

// Roles lists the posts that have shifts.
var Roles = []auth.Role{auth.RoleDuty, auth.RoleDispatcher, auth.RoleUnit, auth.RoleDroneTeam}

// work is what whoever holds a post has to be allowed.
var work = map[auth.Role]auth.Action{
	auth.RoleDuty: auth.ActionMoveIncident, auth.RoleDispatcher: auth.ActionDispatch, auth.RoleUnit: auth.ActionWorkTask, auth.RoleDroneTeam: auth.ActionUploadCapture,
}

// Posts returns those that somebody of the roles can hold: the posts of the same names, and where somebody's roles are the county's own, those whose work they allow.
func Posts(roles []auth.Role, granted auth.Grants) []auth.Role {
	out := []auth.Role{}
	for _, post := range Roles {
		for _, r := range roles {
			_, delivered := auth.Delivered[r]
			if r == post || !delivered && slices.Contains(granted[r], work[post]) {
				out = append(out, post)
				break
			}
		}
	}
	return out
}

// Person is somebody who can be on duty.
type Person struct {
	ID    int64       `json:"id"`
	Name  string      `json:"name"`
	Roles []auth.Role `json:"roles,omitempty"`
}

// Shift is one span in which people are on duty for an area, and all below it, in a role. It does not hold its end.
type Shift struct {
	ID       int64     `json:"id"`
	Revision int64     `json:"revision"`
	AreaPath string    `json:"area_path"`
	Role     auth.Role `json:"role"`
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	Note     string    `json:"note,omitempty"`
	People   []Person  `json:"people"` // by name
}

// Validate reports the first wrong field: CodeInvalid. Whether there is such an area, and whether there are such people, the store knows.
func (s *Shift) Validate() error {
	switch {
	case !layers.IsAreaPath(s.AreaPath):
		return layers.Invalid("area_path", "bad_area_path", "%q is not the path of an area", s.AreaPath)
	case !slices.Contains(Roles, s.Role):
		return layers.Invalid("role", "unknown_value", "%q has no shifts", s.Role)
	case s.StartsAt.IsZero():
		return layers.Invalid("starts_at", "required", "a shift needs a beginning")
	case s.EndsAt.IsZero():
		return layers.Invalid("ends_at", "required", "a shift needs an end")
	case !s.EndsAt.After(s.StartsAt):
		return layers.Invalid("ends_at", "ends_before_it_starts", "the shift ends before it starts")
	}
	if long := s.EndsAt.Sub(s.StartsAt); long < MinShift || long > MaxShift {
		e := layers.Invalid("ends_at", "shift_length", "a shift lasts from %v to %v", MinShift, MaxShift)
		e.Params = map[string]string{"minutes": strconv.Itoa(int(MinShift / time.Minute)), "hours": strconv.Itoa(int(MaxShift / time.Hour))}
		return e
	}
	switch {
	case len(s.People) == 0:
		return layers.Invalid("people", "required", "a shift needs somebody")
	case len(s.People) > MaxPeople:
		return layers.Invalid("people", "too_many", "a shift has at most %d people", MaxPeople)
	case utf8.RuneCountInString(s.Note) > MaxNote:
		return layers.Invalid("note", "too_long", "at most %d characters are kept", MaxNote)
	}
	return nil
}

// Holds reports whether the moment lies in the shift.
func (s *Shift) Holds(t time.Time) bool { return !t.Before(s.StartsAt) && t.Before(s.EndsAt) }

// Covers reports whether who is on duty is so for an area.
func (s *Shift) Covers(area string) bool {
	return (&auth.Scope{Areas: []string{s.AreaPath}}).InArea(area)
}

// Overlap reports whether two shifts have a moment in common.
func Overlap(a, b *Shift) bool { return a.StartsAt.Before(b.EndsAt) && b.StartsAt.Before(a.EndsAt) }

// Clash returns the first of the shifts in which somebody of s is on duty for the same area and role already, and who that is. Two shifts of different people may
// overlap: that is how one is handed over.
func Clash(s *Shift, others []*Shift) (*Shift, *Person) {
	for _, o := range others {
		if o.ID == s.ID && s.ID != 0 || o.AreaPath != s.AreaPath || o.Role != s.Role || !Overlap(s, o) {
			continue
		}
		for i := range o.People {
			if slices.ContainsFunc(s.People, func(p Person) bool { return p.ID == o.People[i].ID }) {
				return o, &o.People[i]
			}
		}
	}
	return nil, nil
}

// At returns the shifts that hold a moment, the one that began first before the others.
func At(shifts []*Shift, t time.Time) []*Shift {
	var out []*Shift
	for _, s := range shifts {
		if s.Holds(t) {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, byStart)
	return out
}

func byStart(a, b *Shift) int {
	return cmp.Or(a.StartsAt.Compare(b.StartsAt), a.EndsAt.Compare(b.EndsAt), cmp.Compare(a.ID, b.ID))
}

// Next returns the shift that begins first after a moment, nil for none.
func Next(shifts []*Shift, t time.Time) (next *Shift) {
	for _, s := range shifts {
		if s.StartsAt.After(t) && (next == nil || byStart(s, next) < 0) {
			next = s
		}
	}
	return next
}

// Span is a stretch of time without its end.
type Span struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// Gaps returns the stretches of a span in which nobody is on duty, the earliest first.
func Gaps(shifts []*Shift, from, until time.Time) []Span {
	sorted := slices.Clone(shifts)
	slices.SortFunc(sorted, byStart)
	gaps := []Span{}
	at := from
	for _, s := range sorted {
		if !s.StartsAt.Before(until) {
			break
		}
		if s.StartsAt.After(at) {
			gaps = append(gaps, Span{at, s.StartsAt})
		}
		if s.EndsAt.After(at) {
			at = s.EndsAt
		}
	}
	if at.Before(until) {
		gaps = append(gaps, Span{at, until})
	}
	return gaps
}

// Until returns when nobody is on duty any more, or somebody is again: the next change between the two after t within the shifts that are known. ok is false when
// that is not known.
func Until(shifts []*Shift, t time.Time) (at time.Time, ok bool) {
	if len(At(shifts, t)) == 0 {
		if next := Next(shifts, t); next != nil {
			return next.StartsAt, true
		}
		return time.Time{}, false
	}
	for at = t; ; {
		last := at
		for _, s := range shifts {
			if s.Holds(at) && s.EndsAt.After(last) {
				last = s.EndsAt
			}
		}
		if last.Equal(at) {
			return at, true
		}
		at = last
	}
}

// handoverSpan is how far a handover looks ahead where the roster names no next shift.
const handoverSpan = 8 * time.Hour

// NextEnd returns until when who takes over at t answers for what is due: the end of the next shift, or 8 hours.
func NextEnd(shifts []*Shift, t time.Time) time.Time {
	if next := Next(shifts, t); next != nil && next.StartsAt.Sub(t) < handoverSpan {
		return next.EndsAt
	}
	return t.Add(handoverSpan)
}

package duty

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/clock"
)

func TestLampOf(t *testing.T) {
	t.Parallel()
	amber, due := at(8), at(10)
	for _, c := range []struct {
		amber, due *time.Time
		now        float64
		want       clock.Lamp
	}{{nil, nil, 99, ""}, {&amber, &due, 7.9, clock.Green}, {&amber, &due, 8, clock.Amber}, {&amber, &due, 10, clock.Amber}, {&amber, &due, 10.1, clock.Red}, {nil, &due, 9, clock.Green}} {
		if got := LampOf(c.amber, c.due, at(c.now)); got != c.want {
			t.Errorf("at %v: %q, want %q", c.now, got, c.want)
		}
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	due := func(h float64) *time.Time { return new(at(h)) }
	c := Content{At: at(8), Until: at(16), Cases: []Case{
		{ID: 1, Severity: 3, DueAt: due(16)}, {ID: 2, Severity: 1, DueAt: due(8)}, {ID: 3, Severity: 2, DueAt: due(9), AmberAt: due(7)}, {ID: 4, Severity: 1, DueAt: due(16.1)}, {ID: 5, Severity: 3},
	}, Promises: []Promise{{MessageID: 1, DueAt: at(9)}, {MessageID: 2, DueAt: at(7)}}}
	c.Fill()
	var order, timers []int64
	for _, one := range c.Cases {
		order = append(order, one.ID)
	}
	for _, one := range c.Timers {
		timers = append(timers, one.IncidentID)
	}
	if got := append(order, timers...); !slices.Equal(got, []int64{2, 4, 3, 1, 5, 3, 1}) {
		t.Errorf("cases and timers %v", got)
	}
	if c.Cases[2].Lamp != clock.Amber || c.Cases[4].Lamp != "" || c.Promises[0].MessageID != 2 {
		t.Errorf("%+v", c)
	}
	empty := Content{}
	empty.Fill()
	if empty.Cases == nil || empty.Promises == nil || empty.Timers == nil {
		t.Error("an empty list is told as none")
	}
}

func TestMayTake(t *testing.T) {
	t.Parallel()
	open := Handover{AreaPath: "c.t1", MadeBy: 1}
	signed, old := open, open
	signed.TakenAt, signed.TakenName = new(day), "乙"
	old.Superseded = true
	user := func(id int64, role auth.Role, areas ...string) *auth.User {
		return &auth.User{ID: id, Name: "乙", Roles: []auth.Role{role}, Areas: areas}
	}
	barred := user(2, auth.RoleDuty, "c")
	barred.Disabled = true
	for name, c := range map[string]struct {
		h      Handover
		u      *auth.User
		reason string
	}{
		"county": {open, user(2, auth.RoleDuty, "c"), ""}, "dispatcher": {open, user(2, auth.RoleDispatcher, "c.t1"), ""}, "everywhere": {open, user(2, auth.RoleAdmin, "*"), ""},
		"oneself": {open, user(1, auth.RoleDuty, "c"), "same_person"}, "viewer": {open, user(2, auth.RoleViewer, "c"), "cannot_take_over"},
		"neighbour": {open, user(2, auth.RoleDuty, "c.t2"), "cannot_take_over"}, "barred": {open, barred, "cannot_take_over"},
		"signed": {signed, user(2, auth.RoleDuty, "c"), "already_signed"}, "superseded": {old, user(2, auth.RoleDuty, "c"), "superseded"},
	} {
		err := c.h.MayTake(c.u)
		var e *layers.Error
		if c.reason == "" && err != nil || c.reason != "" && (!errors.As(err, &e) || e.Reason != c.reason) {
			t.Errorf("%s: %v, want %q", name, err, c.reason)
		}
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	if got, err := ValidateNotes(" 注意 \n"); err != nil || got != "注意" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := ValidateNotes(strings.Repeat("注", MaxNotes+1)); layers.ErrorCode(err) != layers.CodeInvalid {
		t.Error(err)
	}
}

func TestPostAt(t *testing.T) {
	t.Parallel()
	roster := []*Shift{shift(1, 8, 20, 1)}
	for _, c := range []struct {
		role   auth.Role
		at     float64
		vacant bool
		on     int
	}{{auth.RoleDuty, 8, false, 1}, {auth.RoleDuty, 20, true, 0}, {auth.RoleDispatcher, 8, false, 0}} { // a role without any shift is not planned
		if p := PostAt(c.role, roster, at(c.at)); p.Vacant != c.vacant || len(p.Shifts) != c.on {
			t.Errorf("%s at %v: %+v", c.role, c.at, p)
		}
	}
}

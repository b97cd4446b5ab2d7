package auth

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"wanglou/layers"
)

func TestEveryRoleAndAction(t *testing.T) {
	t.Parallel()
	// The rule written a second time, by hand.
	want := map[Role]string{
		RoleViewer:     "read replay token.manage camera.watch",
		RoleDuty:       "read report.create incident.create incident.move task.dispatch replay wall.show geofence.manage token.manage incident.message roster.manage handover attachment.add attachment.original detection.review camera.watch marking.draw marking.manage",
		RoleDispatcher: "read report.create incident.create task.dispatch replay token.manage incident.message handover attachment.add attachment.original camera.watch marking.draw",
		RoleUnit:       "read report.create task.work token.manage incident.message attachment.add",
		RoleDroneTeam:  "read report.create token.manage capture.upload detection.intake",
		RoleSupervisor: "read replay token.manage case.supervise camera.watch",
		RoleAdmin:      "read case.supervise report.intake rules.manage camera.manage webhook.manage geofence.manage knowledge.manage wall.show report.create incident.create incident.move task.dispatch audit.read user.manage role.manage replay token.manage incident.message roster.manage handover attachment.add attachment.original capture.upload job.manage detection.review detection.intake camera.watch marking.draw marking.manage",
	}
	if len(want) != len(Roles) {
		t.Fatalf("%d roles in the table, %d in the code", len(want), len(Roles))
	}
	for _, r := range Roles {
		for _, a := range Actions() {
			t.Run(fmt.Sprintf("%s/%s", r, a), func(t *testing.T) {
				t.Parallel()
				s := (&User{Roles: []Role{r}, Areas: []string{Everywhere}}).Scope()
				if got := s.May(a); got != slices.Contains(strings.Fields(want[r]), string(a)) {
					t.Errorf("May = %v", got)
				}
			})
		}
	}
}

func TestRolesAddUp(t *testing.T) {
	t.Parallel()
	s := (&User{Roles: []Role{RoleUnit, RoleDispatcher}}).Scope()
	if !s.May(ActionWorkTask) || !s.May(ActionDispatch) || s.May(ActionManageUsers) {
		t.Errorf("unit and dispatcher: %v", s.Roles)
	}
}

func TestNobodyMayNothing(t *testing.T) {
	t.Parallel()
	disabled := (&User{ID: 3, Roles: Roles, Areas: []string{Everywhere}, Disabled: true}).Scope()
	for _, s := range []*Scope{{}, disabled, ActorFrom(t.Context()).Scope} {
		for _, a := range append(Actions(), "unheard.of") {
			if s.May(a) {
				t.Errorf("%+v may %s", s, a)
			}
		}
		if s.InArea("330122") || s.Class() != "-" {
			t.Errorf("%+v sees 330122, class %q", s, s.Class())
		}
	}
}

func TestInArea(t *testing.T) {
	t.Parallel()
	cases := []struct {
		areas, path string
		want        bool
	}{
		{"330122", "330122", true},
		{"330122", "330122.330122001", true},
		{"330122", "330122.330122001.330122001007", true},
		{"330122", "3301220", false},
		{"330122", "33012", false},
		{"330122.330122001", "330122", false},
		{"330122.33012200", "330122.330122001", false}, // by label, not by letter
		{"330122.330122001", "330122.330122002", false},
		{"330122.330122001 330122.330122002", "330122.330122002.330122002001", true},
		{"330122", "", false},
		{"*", "", true},
		{"*", "330122", true},
		{"", "", false},
		{"330122", "*", false},
	}
	for _, c := range cases {
		t.Run(c.areas+" "+c.path, func(t *testing.T) {
			t.Parallel()
			s := &Scope{Areas: strings.Fields(c.areas)}
			if got := s.InArea(c.path); got != c.want {
				t.Errorf("InArea = %v", got)
			}
		})
	}
}

// paths draws area paths out of few labels, some of which begin with others.
func paths() *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"3", "33", "330", "a", "a_", "_"}), 1, 4), func(l []string) string {
		return strings.Join(l, ".")
	})
}

// TestInAreaIsLabelPrefix compares InArea with the rule spelled out in labels.
func TestInAreaIsLabelPrefix(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		areas := rapid.SliceOfN(paths(), 0, 3).Draw(t, "areas")
		path := paths().Draw(t, "path")
		want := slices.ContainsFunc(areas, func(a string) bool {
			al, pl := strings.Split(a, "."), strings.Split(path, ".")
			return len(al) <= len(pl) && slices.Equal(al, pl[:len(al)])
		})
		s := &Scope{Areas: areas}
		if got := s.InArea(path); got != want {
			t.Fatalf("InArea = %v, want %v", got, want)
		}
		// Whoever sees a place sees everything below it.
		if below := path + "." + paths().Draw(t, "below"); want && !s.InArea(below) {
			t.Fatalf("sees %q, not %q", path, below)
		}
	})
}

// TestOneClassOneSight holds that scopes that share a cache key see the same.
func TestOneClassOneSight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		user := rapid.Custom(func(t *rapid.T) *Scope {
			areas := rapid.SliceOfN(rapid.OneOf(paths(), rapid.Just(Everywhere)), 0, 3).Draw(t, "areas")
			roles := rapid.SliceOfN(rapid.SampledFrom(Roles), 0, 2).Draw(t, "roles")
			return (&User{Roles: roles, Areas: areas}).Scope()
		})
		a, b, path := user.Draw(t, "a"), user.Draw(t, "b"), paths().Draw(t, "path")
		l := layers.NewLayer(layers.Layer{Name: "incident", Columns: []layers.Column{{Name: layers.AreaColumn, Type: layers.ColumnText}}})
		f := &layers.Feature{ID: 1, Values: []any{path}}
		if a.Class() == b.Class() && a.Sees(l, f) != b.Sees(l, f) {
			t.Fatalf("class %q: one sees %q, the other does not", a.Class(), path)
		}
	})
}

func TestClassIgnoresOrder(t *testing.T) {
	t.Parallel()
	a := (&User{ID: 1, Roles: []Role{RoleViewer}, Areas: []string{"330122.2", "330122.1"}}).Scope()
	b := (&User{ID: 2, Roles: []Role{RoleDuty, RoleAdmin}, Areas: []string{"330122.1", "330122.2"}}).Scope()
	if a.Class() != b.Class() {
		t.Errorf("%q and %q", a.Class(), b.Class())
	}
}

func TestSees(t *testing.T) {
	t.Parallel()
	scoped := layers.NewLayer(layers.Layer{Name: "camera", Columns: []layers.Column{{Name: "name"}, {Name: layers.AreaColumn}}})
	open := layers.NewLayer(layers.Layer{Name: "area", Columns: []layers.Column{{Name: "name"}}})
	town := (&User{Roles: []Role{RoleViewer}, Areas: []string{"330122.330122001"}}).Scope()
	county := (&User{Roles: []Role{RoleViewer}, Areas: []string{Everywhere}}).Scope()
	at := func(path any) *layers.Feature {
		return &layers.Feature{ID: 1, Geometry: orb.Point{119.68, 29.79}, Values: []any{"x", path}}
	}
	cases := []struct {
		name  string
		scope *Scope
		layer *layers.Layer
		f     *layers.Feature
		want  bool
	}{
		{"own town", town, scoped, at("330122.330122001.330122001007"), true},
		{"next town", town, scoped, at("330122.330122002"), false},
		{"the county's own", town, scoped, at("330122"), false},
		{"no area", town, scoped, at(nil), false},
		{"no area, everywhere", county, scoped, at(nil), true},
		{"unscoped", town, open, &layers.Feature{Values: []any{"x"}}, true},
		{"unscoped, no rights", &Scope{Areas: []string{Everywhere}}, open, &layers.Feature{Values: []any{"x"}}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.scope.Sees(c.layer, c.f); got != c.want {
				t.Errorf("Sees = %v", got)
			}
		})
	}
}

func TestActor(t *testing.T) {
	t.Parallel()
	a := Operator("wanglou seed")
	if got := ActorFrom(WithActor(t.Context(), a)); got != a {
		t.Errorf("ActorFrom = %+v", got)
	}
	if !a.Scope.May(ActionManageUsers) || !a.Scope.InArea("") || a.Scope.May(ActionWorkTask) {
		t.Errorf("the operator's scope is %+v", a.Scope)
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	all := (&User{Roles: Roles, Areas: []string{"a", "b"}}).Scope()
	for access, want := range map[Access]string{AccessRead: "read", AccessIntake: "report.intake", AccessKiosk: "read camera.watch", AccessWrite: "read report.create report.intake incident.create incident.move task.dispatch task.work"} {
		s := all.Limit(access)
		for _, a := range Actions() {
			if got, wanted := s.May(a), slices.Contains(strings.Fields(want), string(a)); got != wanted && (access != AccessWrite || a == ActionManageUsers || a == ActionReadAudit || a == ActionManageTokens || wanted) {
				t.Errorf("%s token may %s: %v", access, a, got)
			}
		}
		if seen := all.Class(); s.Class() != seen && access != AccessIntake || access == AccessIntake && s.Class() != "-" {
			t.Errorf("a %s token sees %q", access, s.Class())
		}
	}
	if !all.May(ActionManageUsers) {
		t.Error("the user's own scope was changed")
	}
}

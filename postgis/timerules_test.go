package postgis_test

import (
	"testing"

	"wanglou/layers"
	limits "wanglou/layers/clock"
	"wanglou/layers/incident"
	"wanglou/postgis"
)

var _ incident.RuleService = (*postgis.Incidents)(nil)

func TestTimeRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.create(t, inWest)
	r, err := w.incidents.TimeRules(w.as(t, "viewer"))
	if err != nil || len(r.Limits) != 12 || len(r.Week) != 5 || len(r.Windows) != 2 || r.Version == "" {
		t.Fatalf("%+v, %v", r, err)
	}
	_, err = w.incidents.SetTimeRules(w.as(t, "duty"), r)
	wantError(t, err, layers.CodeForbidden, "role")
	r.Limits = []incident.TimeLimit{{Stage: incident.StageHandling, Severity: in.Severity, Limit: limits.Limit{Kind: limits.NaturalDay, Amount: 2}}}
	r.Days = append(r.Days, incident.Day{Day: "2027-01-01", Name: "元旦"})
	if changed, err := w.incidents.SetTimeRules(w.as(t, "admin"), r); err != nil || changed != 1 {
		t.Fatalf("%d, %v", changed, err)
	}
	if now := w.incident(t, in.ID); now.DueAt == nil || now.DueAt.Equal(*in.DueAt) {
		t.Errorf("due %v, was %v", now.DueAt, in.DueAt)
	}
	_, err = w.incidents.SetTimeRules(w.as(t, "admin"), r)
	wantError(t, err, layers.CodeConflict, "stale_revision")
	if again, err := w.incidents.TimeRules(w.as(t, "admin")); err != nil || len(again.Limits) != 1 || len(again.Days) != len(r.Days) {
		t.Errorf("%+v, %v", again, err)
	}
}

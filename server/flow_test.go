package server_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	limits "wanglou/layers/clock"
	"wanglou/layers/incident"
	"wanglou/layers/plan"
	asking "wanglou/layers/request"
	"wanglou/server"
)

type planService = plan.Service

// asked is what is asked in the one case of the tests, and what was done with it.
type asked struct {
	asking.Service
	incident.Flow
	planService
	did []string
}

func (a *asked) note(what ...any) { a.did = append(a.did, strings.TrimSpace(fmt.Sprintln(what...))) }

func (a *asked) OfIncident(context.Context, int64) ([]*asking.Request, error) {
	return []*asking.Request{{ID: 1, Kind: asking.Extension, State: asking.Asked, IncidentID: 7, UnitID: 5, Limit: &limits.Limit{Kind: limits.WorkHour, Amount: 2}}}, nil
}

func (a *asked) Requests(_ context.Context, f asking.Filter) ([]*asking.Request, error) {
	a.note(f.Kind, f.Open, f.AreaPath)
	return a.OfIncident(context.Background(), 7)
}

func (a *asked) Ask(_ context.Context, id int64, ask *asking.Ask) (*asking.Request, error) {
	a.note(id, ask.Kind, ask.Limit.Amount)
	return &asking.Request{ID: 2, Kind: ask.Kind, State: asking.Asked, IncidentID: id}, nil
}

func (a *asked) Move(_ context.Context, incidentID, id int64, d *asking.Decision) (*asking.Request, error) {
	a.note(incidentID, id, d.Move, d.Revision)
	return &asking.Request{ID: id, Kind: asking.Extension, State: asking.Granted, IncidentID: incidentID}, nil
}

func (a *asked) Urge(_ context.Context, id int64, text string) error { a.note(id, text); return nil }

func (a *asked) Hop(_ context.Context, id int64, h incident.Hop, reason string, revision int64) (*incident.Incident, error) {
	a.note(id, h, reason, revision)
	return &incident.Incident{ID: id, AreaPath: "c.t1", HolderPath: "c", Severity: 2}, nil
}

func (a *asked) ConditionsFor(context.Context, *incident.Incident) ([]incident.Condition, error) {
	return []incident.Condition{{Code: "large", Name: "大"}}, nil
}

func (a *asked) ConditionOf(context.Context, *incident.Incident) (*incident.Condition, error) {
	return nil, nil
}

func (a *asked) Fired(context.Context, int64) ([]*plan.Fired, error) {
	return []*plan.Fired{{PlanID: 1, Version: 2, Title: "预案", Steps: []plan.CaseStep{{ID: 3, Who: "team", What: "到场", Required: true}}}}, nil
}

func (a *asked) Tick(_ context.Context, incidentID, step int64, done bool, note string) error {
	a.note(incidentID, step, done, note)
	return nil
}

func withFlow(a *asked) func(*server.Options) {
	return func(o *server.Options) { o.Requests, o.Flow, o.Plans = a, a, a }
}

// The case says to each what they may do.
func TestCaseFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withFlow(&asked{}))
	type flow struct {
		Requests []struct {
			Moves []struct{ Move string }
		}
		Asks    []string
		Hops    []string
		MayTick bool `json:"may_tick"`
		Plans   []struct{ Steps []struct{ What string } }
	}
	for login, want := range map[string]struct {
		moves, asks, hops string
		tick              bool
	}{
		"duty":   {"[grant refuse withdraw]", "[]", "[hop.up]", true},
		"town":   {"[grant refuse withdraw]", "[]", "[hop.up]", true},
		"admin":  {"[grant refuse withdraw]", "[supervision]", "[hop.up]", true},
		"viewer": {"[]", "[]", "[]", false},
		"unit":   {"[withdraw]", "[]", "[]", true},
	} {
		var got flow
		w.as(login).Get("/api/incidents/7/flow").Want(200).Into(&got)
		moves := []string{}
		for _, m := range got.Requests[0].Moves {
			moves = append(moves, m.Move)
		}
		if fmt.Sprint(moves) != want.moves || fmt.Sprint(got.Asks) != want.asks || fmt.Sprint(got.Hops) != want.hops || got.MayTick != want.tick || len(got.Plans[0].Steps) != 1 {
			t.Errorf("%s: %v %+v; want %+v", login, moves, got, want)
		}
	}
	w.cases.change(func(in *incident.Incident) { in.HolderPath = "c" }) // handed up: the town looks on
	var got flow
	w.as("town").Get("/api/incidents/7/flow").Want(200).Into(&got)
	if len(got.Hops) > 0 || len(got.Requests[0].Moves) > 0 || got.MayTick {
		t.Errorf("the town still acts: %+v", got)
	}
	// Closing with a required step open has to say why.
	w.cases.change(func(in *incident.Incident) { in.HolderPath, in.State = "", incident.Checking })
	var detail struct {
		Moves []struct {
			Move        string
			NeedsReason bool `json:"needs_reason"`
		}
	}
	w.as("duty").Get("/api/incidents/7").Want(200).Into(&detail)
	if i := slices.IndexFunc(detail.Moves, func(m struct {
		Move        string
		NeedsReason bool `json:"needs_reason"`
	}) bool {
		return m.Move == "pass"
	}); i < 0 || !detail.Moves[i].NeedsReason {
		t.Errorf("%+v", detail.Moves)
	}
}

func TestFlowRoutes(t *testing.T) {
	t.Parallel()
	a := &asked{}
	w := newWorld(t, withFlow(a))
	c := w.as("duty")
	c.Get("/api/requests?kind=supervision&open=true&area=c.t1").Want(200)
	c.Do("POST", "/api/incidents/7/requests", map[string]any{"kind": "extension", "reason": "x", "limit": map[string]any{"kind": "work_hour", "amount": 2}}).Want(201)
	c.Do("POST", "/api/incidents/7/requests", map[string]any{"kind": "extension", "why": "x"}).WantError(400, "invalid", "why", "unknown_field")
	c.Do("POST", "/api/incidents/7/requests/1/moves", map[string]any{"move": "grant", "revision": 4}).Want(200)
	c.Do("POST", "/api/incidents/7/requests/1/moves", map[string]any{"revision": 4}).WantError(400, "invalid", "move", "required")
	c.Do("POST", "/api/incidents/7/requests/x/moves", map[string]any{"move": "grant"}).WantError(404, "not_found", "")
	c.Do("POST", "/api/incidents/7/urges", map[string]any{"text": "快"}).Want(204)
	c.Do("POST", "/api/incidents/7/hops", map[string]any{"hop": "hop.up", "reason": "x", "revision": 3}).Want(200)
	c.Do("POST", "/api/incidents/7/hops", map[string]any{"hop": "hop.up", "reason": "x"}).WantError(400, "invalid", "revision", "required")
	c.Do("POST", "/api/incidents/7/steps/3", map[string]any{"done": true, "note": "好"}).Want(204)
	c.Do("POST", "/api/incidents/7/joint", map[string]any{"lead": 5, "co": []int{}, "revision": 3}).WantError(400, "invalid", "co", "required")
	c.Do("POST", "/api/incidents/7/joint", map[string]any{"lead": 5, "co": []int{6}, "due_at": w.clock.Now().Add(-time.Hour), "revision": 3}).WantError(400, "invalid", "due_at", "in_past")
	c.Do("POST", "/api/incidents/7/moves", map[string]any{"move": "accept", "revision": 3, "closing": "error"}).WantError(400, "invalid", "closing", "unknown_field")
	c.Do("POST", "/api/tasks/9/moves", map[string]any{"move": "call_off", "reason": "x", "revision": 2, "condition": "x"}).WantError(400, "invalid", "condition", "unknown_field")
	want := []string{"supervision true c.t1", "7 extension 2", "7 1 grant 4", "7 快", "7 hop.up x 3", "7 3 true 好"}
	if !slices.Equal(a.did, want) {
		t.Errorf("did %q", a.did)
	}
	// Whoever asks without end is told to wait.
	for range 70 {
		if r := c.Do("POST", "/api/incidents/7/urges", map[string]any{"text": "快"}); r.Status == 429 {
			return
		}
	}
	t.Error("urges are taken without end")
}

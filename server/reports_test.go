package server_test

import (
	"context"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/report"
	"wanglou/server"
)

// intake is a report.Service that notes what it was asked.
type intake struct {
	report.Service
	mu  sync.Mutex
	got []any
}

func (k *intake) note(got ...any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.got = got
}

func (k *intake) last() []any {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.got
}

func (k *intake) Create(ctx context.Context, r *report.Report, asked report.Asked) (*report.Outcome, error) {
	k.note(*r, asked, auth.ActorFrom(ctx).User.Login)
	out := *r
	out.ID, out.State, out.Tracking, out.IncidentID = 5, report.Attached, "ABCDEFGH2345", 7
	return &report.Outcome{Report: &out, Incident: aCase(7), Opened: true, Again: asked.ClientKey == "again"}, nil
}

func (k *intake) Reports(_ context.Context, f report.Filter) ([]*report.Report, error) {
	k.note(f)
	return []*report.Report{aReport(5)}, nil
}

func (k *intake) Candidates(_ context.Context, s report.Subject, _ orb.MultiPolygon, limit int) ([]report.Proposal, error) {
	k.note(*s.Point, s.Category, s.Text, limit)
	return []report.Proposal{{Candidate: report.Candidate{IncidentID: 7, Score: 0.9, Reasons: []report.Reason{{Code: report.ReasonSameCategory}}}, Incident: aCase(7)}}, nil
}

func (k *intake) Part(_ context.Context, id int64, at *orb.Point) (*report.Outcome, error) {
	k.note("part", id, *at)
	return &report.Outcome{Report: aReport(id)}, nil
}

func (k *intake) Attach(_ context.Context, id, incidentID int64) (*report.Report, error) {
	k.note("attach", id, incidentID)
	return aReport(id), nil
}

func (k *intake) Merge(_ context.Context, id, into int64, reason string, revision, intoRevision int64) (*incident.Incident, error) {
	k.note("merge", id, into, reason, revision, intoRevision)
	return aCase(into), nil
}

func (k *intake) Track(_ context.Context, code string) (*report.Tracked, error) {
	if code != "ABCDEFGH2345" {
		return nil, layers.Errorf(layers.CodeNotFound, "there is no report under this code")
	}
	return &report.Tracked{Number: "20260501-00007", State: incident.Handling, Title: "x"}, nil
}

// aReport and aCase are what it answers.
func aReport(id int64) *report.Report {
	return &report.Report{ID: id, Channel: report.Hotline, Title: "x", State: report.Attached, ReporterPhone: "13800000000"}
}

func aCase(id int64) *incident.Incident {
	return &incident.Incident{ID: id, Severity: 3, State: incident.Reported}
}

func newIntake(t *testing.T) (*world, *intake) {
	t.Helper()
	k := &intake{}
	return newWorld(t, func(o *server.Options) { o.Reports = k }), k
}

var call = fields{"channel": "hotline", "title": "井盖破损", "point": []float64{119.68, 29.79}, "reporter_phone": "138 0000 0000"}

func TestCreateReport(t *testing.T) {
	t.Parallel()
	w, k := newIntake(t)
	duty := w.as("duty")
	duty.Do("POST", "/api/reports", call.with("file", true).with("severity", 1).with("category", "09012")).Want(201)
	r, asked := k.last()[0].(report.Report), k.last()[1].(report.Asked)
	if r.Channel != report.Hotline || *r.Point != (orb.Point{119.68, 29.79}) || asked != (report.Asked{File: true, Severity: 1}) || k.last()[2] != "duty" {
		t.Errorf("%+v, %+v", r, asked)
	}
	duty.Do("POST", "/api/reports", call.with("point", []float64{1})).WantError(400, "invalid", "point", "wrong_type")
	duty.Do("POST", "/api/reports", call.with("surprise", 1)).Want(400)
	w.as("viewer").Do("POST", "/api/reports", call).Want(403)
}

func TestReportLists(t *testing.T) {
	t.Parallel()
	w, k := newIntake(t)
	duty := w.as("duty")
	duty.Get("/api/reports?to_call=true&limit=5").Want(200)
	if f := k.last()[0].(report.Filter); f != (report.Filter{ToCall: true, Limit: 5}) {
		t.Errorf("%+v", f)
	}
	duty.Get("/api/reports?phone=13800000000").Want(400) // a number does not stand in addresses
	duty.Do("POST", "/api/reports/caller", fields{"phone": "138 0000 0000"}).Want(200)
	duty.Do("POST", "/api/reports/caller", fields{"phone": "1"}).WantError(400, "invalid", "phone", "too_short")
	duty.Do("POST", "/api/reports/candidates", fields{"title": "井盖", "point": []float64{119.68, 29.79}}).Want(200)
	w.as("unit").Get("/api/reports").Want(403)
}

func TestMoveReport(t *testing.T) {
	t.Parallel()
	w, k := newIntake(t)
	duty := w.as("duty")
	duty.Do("POST", "/api/reports/5/moves", fields{"move": "part", "point": []float64{119.68, 29.79}}).Want(200)
	duty.Do("POST", "/api/reports/5/moves", fields{"move": "attach", "incident_id": 9}).Want(200)
	if k.last()[2] != int64(9) {
		t.Errorf("%v", k.last())
	}
	duty.Do("POST", "/api/reports/5/moves", fields{"move": "attach"}).WantError(400, "invalid", "incident_id", "required")
	duty.Do("POST", "/api/reports/5/moves", fields{"move": "fly"}).WantError(400, "invalid", "move", "unknown_value")
	duty.Do("POST", "/api/reports/5/moves", fields{}).WantError(400, "invalid", "move", "required")
	merge := fields{"into": 9, "revision": 3, "into_revision": 4}
	duty.Do("POST", "/api/incidents/7/merge", merge).Want(200)
	if got := k.last(); got[2] != int64(9) || got[4] != int64(3) || got[5] != int64(4) {
		t.Errorf("%v", got)
	}
	for _, field := range []string{"into", "revision", "into_revision"} {
		duty.Do("POST", "/api/incidents/7/merge", merge.with(field, nil)).WantError(400, "invalid", field, "required")
	}
	duty.Do("POST", "/api/incidents/7/unmerge", fields{}).WantError(400, "invalid", "revision", "required")
}

// Without an account somebody tells and asks, so often; he never becomes anybody who may more.
func TestCitizens(t *testing.T) {
	t.Parallel()
	w, k := newIntake(t)
	nobody := w.nobody()
	mine := fields{"title": "井盖破损", "address": "滨江路"}
	nobody.Do("POST", "/api/citizen/reports", mine.with("address", nil)).WantError(400, "invalid", "address", "required")
	nobody.Do("POST", "/api/citizen/reports", mine.with("severity", 1)).Want(400)
	for range 5 {
		nobody.Do("POST", "/api/citizen/reports", mine).Want(201)
	}
	r := k.last()[0].(report.Report)
	if r.Channel != report.Citizen || k.last()[1].(report.Asked) != (report.Asked{}) || k.last()[2] != "citizen" {
		t.Errorf("%+v by %v", r, k.last()[2])
	}
	res := nobody.Do("POST", "/api/citizen/reports", mine).Want(429)
	if res.Header.Get("Retry-After") != "120" {
		t.Errorf("Retry-After %q", res.Header.Get("Retry-After"))
	}
	nobody.Do("POST", "/api/citizen/reports/track", fields{"tracking": "ABCDEFGH2345"}).Want(200)
	nobody.Do("POST", "/api/citizen/reports/track", fields{"tracking": "x"}).Want(404)
}

package report

import (
	"context"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers/attachment"
	"wanglou/layers/incident"
)

// Asked is what a channel wants of a new report besides that it be kept.
type Asked struct {
	IncidentID int64             // the open case that it tells of; 0: the program looks for one
	File       bool              // the case that it opens is filed at once 立案, as a duty officer may
	Severity   incident.Severity // of that case; 0: ordinary
	Condition  string            // the filing condition 立案条件 under which it is filed, "" for none
	ClientKey  string            // a repeat of the same actor's request finds the first one's report
}

// Outcome is what became of a new report.
type Outcome struct {
	Report   *Report
	Incident *incident.Incident // nil: no place is known, so a person has to open a case or dismiss it
	Opened   bool               // the case, by this report
	Again    bool               // it was here already
}

// Proposal is a candidate with the case that it names.
type Proposal struct {
	Candidate
	Incident *incident.Incident `json:"incident"`
}

// Tracked is what a reporter is told who asks with the tracking code: nothing about other reporters, nor about persons.
type Tracked struct {
	Number     string         `json:"number"` // of the case, "" while there is none
	State      incident.State `json:"state"`  // of the case, "" while there is none
	Title      string         `json:"title"`  // as reported
	Received   time.Time      `json:"received"`
	Answer     string         `json:"answer,omitempty"`
	AnsweredAt *time.Time     `json:"answered_at,omitempty"`
}

// Filter selects reports; zero fields do not restrict.
type Filter struct {
	State    State
	ToCall   bool   // whose case is over and whose reporter was not told yet 回访
	Phone    string // of the reporter
	Incident int64
	Limit    int // at most 200, which is also the default
}

// Service takes reports in and keeps them apart from cases. Every method reads the actor from ctx, checks rights and areas, and appends to the audit log in
// the same transaction. What the actor may not see is CodeNotFound. Implemented by postgis.Reports.
type Service interface {
	// Create keeps a report and finds its case: the one asked for, one that it is alike enough to (see [Rank]), else a new one in state reported.
	Create(ctx context.Context, r *Report, asked Asked) (*Outcome, error)
	// Candidates returns the open cases that such a report would tell of.
	Candidates(ctx context.Context, s Subject, outline orb.MultiPolygon, limit int) ([]Proposal, error)
	// CandidatesOf returns the open cases that tell of the same thing as a case.
	CandidatesOf(ctx context.Context, incidentID int64, limit int) ([]Proposal, error)
	// Reports lists reports with their reporters, the newest first.
	Reports(ctx context.Context, f Filter) ([]*Report, error)
	// Attach makes a report one of an open case. It leaves the one that it was attached to, which keeps others.
	Attach(ctx context.Context, id, incidentID int64) (*Report, error)
	// Part opens a case of its own for a report: one that was attached by mistake, or that has none yet. at is used where the report has no place.
	Part(ctx context.Context, id int64, at *orb.Point) (*Outcome, error)
	// Dismiss ends a report that has no case; the reason is its answer.
	Dismiss(ctx context.Context, id int64, reason string) (*Report, error)
	// Answer notes that the reporter was told the end 回访, and what he said of it.
	Answer(ctx context.Context, id int64, answer string, satisfied *bool) (*Report, error)
	// Merge makes the reports of case id those of case into 并案, and returns into. Both revisions are those the caller saw.
	Merge(ctx context.Context, id, into int64, reason string, revision, intoRevision int64) (*incident.Incident, error)
	// Unmerge gives case id back its reports and the state it had, and returns it.
	Unmerge(ctx context.Context, id int64, reason string, revision int64) (*incident.Incident, error)
	// Track finds a report by its tracking code; CodeNotFound. It asks for no rights.
	Track(ctx context.Context, code string) (*Tracked, error)
	// Alarm keeps what a device tells, with its pictures, in one step. CodeInvalid for a kind or a device that nobody knows.
	Alarm(ctx context.Context, a *Alarm, pictures []attachment.Picture) (*Outcome, error)
	// AlarmKinds lists what devices may tell of, by their codes.
	AlarmKinds(ctx context.Context) ([]AlarmKind, error)
	// Expects asks whether the report of a tracking code takes one more picture: CodeNotFound, CodeConflict with "too_late" or "too_many_pictures". It asks for no rights.
	Expects(ctx context.Context, code string) error
	// AddPicture gives the report of a tracking code a picture, as [Service.Expects] allows. The same bytes again change nothing.
	AddPicture(ctx context.Context, code string, p attachment.Picture) error
}

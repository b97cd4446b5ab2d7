package incident

import (
	"context"
	"time"
)

// Hour counts the cases of one hour.
type Hour struct {
	Start time.Time `json:"start"`
	Count int       `json:"count"`
	Usual float64   `json:"usual"` // mean of the same hour over the last 7 days
}

// Statistics are the figures that a copy of the open cases cannot give. Days are of the server's time zone.
type Statistics struct {
	Hours           []Hour         `json:"hours"` // the last 24, oldest first
	CreatedToday    int            `json:"created_today"`
	ClosedToday     int            `json:"closed_today"`
	DetectionsToday int            `json:"detections_today"`
	ClosingMonth    ClosingFigures `json:"closing_month"` // of the running month
}

// ClosingFigures count closings as the assessment does: an appeal 申诉 that was upheld takes a deduction away. The closing rate 结案率 is Closed / Due, the on-time
// closing rate 按期结案率 OnTime / Due.
type ClosingFigures struct {
	Due    int `json:"due"` // closed, and overdue and not closed
	Closed int `json:"closed"`
	OnTime int `json:"on_time"`
	Error  int `json:"error"` // closed with an error 差错
}

// Figures reads the dictionary and the numbers. Statistics count only what the actor of ctx may see. Implemented by postgis.Incidents.
type Figures interface {
	Categories(ctx context.Context) ([]Category, error)
	Statistics(ctx context.Context) (*Statistics, error)
	// Timeline counts the cases that began in each of so many equal stretches of [from, until).
	Timeline(ctx context.Context, from, until time.Time, stretches int) ([]Stretch, error)
	// Review returns the cases that were open at some time of [from, until), the earliest first, at most MaxReviewed, each with what was done to it until then.
	Review(ctx context.Context, from, until time.Time) ([]Reviewed, error)
	// ByArea counts cases by the areas, of one kind, that lie in the actor's own, by code.
	ByArea(ctx context.Context, q AreaQuery) ([]AreaFigures, error)
	// Behind returns the cases behind one number of one area, the latest first, at most MaxBehind. CodeNotFound: no such area among the actor's own.
	// Of area 0 they are those of all areas.
	Behind(ctx context.Context, q AreaQuery, area int64, m Measure) ([]*Incident, error)
	// Split counts cases by every split at once, in one area, or for 0 in all. The parts that the query names of a split do not narrow the
	// numbers of that split: what may be chosen beside them is told too.
	Split(ctx context.Context, q AreaQuery, area int64) ([]Part, error)
	// Multiples counts cases by area and by the parts of one split. Areas and parts without a case are left out.
	Multiples(ctx context.Context, q AreaQuery, split Split) ([]Multiple, error)
	// Flows counts what was dispatched in the window between areas, most first, at most MaxFlows.
	Flows(ctx context.Context, q AreaQuery) ([]AreaFlow, error)
	// BehindFlow returns the cases behind one flow, as Behind does.
	BehindFlow(ctx context.Context, q AreaQuery, from, to int64) ([]*Incident, error)
	// Heat returns where the cases of a measure lie, in one area, or for 0 in all.
	Heat(ctx context.Context, q AreaQuery, area int64, m Measure) (*Heat, error)
	// FindOver returns cases of the actor's areas that are over and hold all words in number, title or address, the latest first.
	FindOver(ctx context.Context, words []string, most int) ([]*Incident, error)
	// Outlines returns the shapes of the areas that ByArea counts by.
	Outlines(ctx context.Context, by Grouping) ([]Outline, error)
}

// MaxReviewed bounds a review: more cases are nobody's reading.
const MaxReviewed = 2000

// Reviewed is a case with its log, as an after-action review tells it. Its state is the one at the end of the span.
type Reviewed struct {
	Incident *Incident
	State    State
	Log      []LogEntry
}

// Stretch counts the cases that began in one stretch of a timeline.
type Stretch struct {
	Count  int `json:"count"`
	Urgent int `json:"urgent"` // of them with severity 1
}

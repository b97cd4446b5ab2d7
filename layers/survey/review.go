package survey

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Codes say why a candidate is dismissed: they are what precision is counted by, and labels of training data.
var Codes = []string{"shadow", "crop", "temporary", "permitted", "lawful", "not_a_building", "other"}

const (
	maxNote  = 500
	MaxParts = 20   // of one detection that is split, and detections merged at once
	MaxQueue = 1000 // candidates in an answer
)

// Ground is something that a candidate touches, with the share of its area.
type Ground struct {
	What   string  `json:"what"` // permit, lawful, zone
	ID     int64   `json:"id"`
	Kind   string  `json:"kind,omitempty"`   // of a zone
	Name   string  `json:"name,omitempty"`   // of a zone, or a permit's number
	Text   string  `json:"reason,omitempty"` // why it matters, of a zone
	Share  float64 `json:"share"`
	Valid  bool    `json:"valid,omitempty"`  // a permit holds for the time
	Weight float64 `json:"weight,omitempty"` // of a zone, at least 1
}

// Candidate is a detection as its reviewers see it.
type Candidate struct {
	ID              int64     `json:"id"`
	Number          string    `json:"number"`
	State           State     `json:"state"`
	Kind            Kind      `json:"kind"`
	Category        string    `json:"category"`
	Score           *float64  `json:"score"` // to sort by; no probability
	Detector        string    `json:"detector"`
	DetectorVersion string    `json:"detector_version"`
	Area            float64   `json:"area_m2"`
	LawfulShare     *float64  `json:"lawful_share"` // of what was seen, explained by permits and lawful buildings and taken away; null where nobody has looked
	Height          *float64  `json:"height_m"`
	Height95        *float64  `json:"height95_m"`
	Rank            float64   `json:"rank"` // height × area × zone: how soon it is looked at
	Grounds         []Ground  `json:"grounds"`
	Before          *Flown    `json:"before"`
	After           *Flown    `json:"after"`
	DetectedAt      time.Time `json:"detected_at"`
	AreaPath        string    `json:"area_path"`
	IncidentID      int64     `json:"incident_id,omitempty"`
	MergedInto      int64     `json:"merged_into,omitempty"`
	Revision        int64     `json:"revision"`
	Sightings       int       `json:"sightings"` // how often it was seen again
	Waiting         string    `json:"waiting"`   // the move that one person wants and a second one has to confirm, "" for none
	WaitingFor      string    `json:"waiting_by"`
	Outline         Outline   `json:"outline"`
}

// Flown is one of the captures of a candidate.
type Flown struct {
	ID         int64     `json:"id"`
	Name       string    `json:"name"`
	CapturedAt time.Time `json:"captured_at"`
	SHA256     string    `json:"sha256"`
	Withdrawn  bool      `json:"withdrawn"`           // it turned out to be wrong: what stands on it does, too
	AreaPath   string    `json:"area_path,omitempty"` // not told: whose areas do not hold it is not told its name either
}

// Outline is a geometry that is written as GeoJSON.
type Outline orb.MultiPolygon

// Link is one row of the log, chained to the one before.
type Link struct {
	N       int64           `json:"n"`
	At      time.Time       `json:"at"`
	Actor   string          `json:"actor"`
	Move    string          `json:"move"`
	From    State           `json:"from"`
	To      State           `json:"to"`
	Reason  string          `json:"reason"`
	Details json.RawMessage `json:"details,omitempty"`
	Content string          `json:"content"` // what the hash is of
	Hash    string          `json:"hash"`
}

// Verdict is what one person said.
type Verdict struct {
	By      string    `json:"by"`
	Move    Move      `json:"move"`
	Code    string    `json:"code"`
	Note    string    `json:"note"`
	Counted bool      `json:"counted"`
	At      time.Time `json:"at"`
}

// Photo is evidence of the candidate's case.
type Photo struct {
	ID       int64     `json:"id"`
	Role     string    `json:"role"`
	SHA256   string    `json:"sha256"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	Distance *float64  `json:"distance_m"` // metres from where it was taken to the outline, 0 inside; null where nobody said
}

// Proposal is what a later flight says.
type Proposal struct {
	Capture Flown     `json:"capture"`
	Says    string    `json:"says"` // gone, still_stands, cannot_tell
	Height  *float64  `json:"height_m"`
	At      time.Time `json:"at"`
}

// File is all that is known of a detection.
type File struct {
	Candidate
	Moves     []Move     `json:"moves"` // that the caller may make now
	Log       []Link     `json:"log"`
	Verdicts  []Verdict  `json:"verdicts"`
	Photos    []Photo    `json:"photos"`
	Proposals []Proposal `json:"proposals"`
}

// Ask is a move that somebody wants to make.
type Ask struct {
	Move     Move   `json:"move"`
	Code     string `json:"code"` // one of Codes, for a dismissal
	Note     string `json:"note"`
	UnitID   int64  `json:"unit_id"` // who goes there, for an issue; 0 for nobody yet
	Capture  int64  `json:"capture_id"`
	Revision int64  `json:"revision"`
}

// Validate tidies what was asked and reports the first wrong field: CodeInvalid.
func (a *Ask) Validate() error {
	a.Note = strings.TrimSpace(a.Note)
	switch {
	case a.Move == "":
		return layers.Invalid("move", "required", "a move is required")
	case utf8.RuneCountInString(a.Note) > maxNote:
		return layers.Invalid("note", "too_long", "the note has over %d characters", maxNote)
	case a.Move == MoveDismiss && !slices.Contains(Codes, a.Code):
		return layers.Invalid("code", "unknown_value", "%q is no reason for a dismissal", a.Code)
	case a.Move != MoveDismiss && a.Code != "":
		return layers.Invalid("code", "not_allowed", "only a dismissal has a code")
	case a.Move == MoveDismiss && a.Code == "other" && a.Note == "":
		return layers.Invalid("note", "required", "another reason has to be told")
	case a.UnitID != 0 && a.Move != MoveIssue:
		return layers.Invalid("unit_id", "not_allowed", "somebody is sent when a detection is issued")
	}
	return nil
}

// Reason is what the log says of it.
func (a *Ask) Reason() string {
	switch {
	case a.Code == "":
		return a.Note
	case a.Note == "":
		return a.Code
	}
	return a.Code + ": " + a.Note
}

// Rank is how soon a candidate is looked at: metres × square metres, times the weight of its zones. Where the height is not known it counts as a storey; a place worth a look
// comes after all that was measured.
func Rank(kind Kind, height *float64, area, weight float64) float64 {
	h := 3.0
	if height != nil {
		h = max(*height, 0.1)
	}
	r := h * area * max(weight, 1)
	switch kind {
	case Look:
		return r / 1e4
	case Removed:
		return r / 1e2
	}
	return r
}

// Precision is how often a detector was right, by the verdicts so far.
type Precision struct {
	Detector  string `json:"detector"`
	Version   string `json:"version"`
	Kind      Kind   `json:"kind"`
	Confirmed int    `json:"confirmed"` // on site, or rectified since
	Dismissed int    `json:"dismissed"`
	Open      int    `json:"open"`
}

// Reviews is what people do with detections. Every method asks what the actor of ctx may do; what lies outside of the actor's areas is CodeNotFound. Implemented by postgis.Detections.
type Reviews interface {
	// Queue lists those in a state, or all open ones for "", the highest rank first.
	Queue(ctx context.Context, state State) ([]*Candidate, error)
	// Detection returns all about one.
	Detection(ctx context.Context, id int64) (*File, error)
	// Move makes a move, or, where the area's rule wants two persons, keeps the first one's word. CodeConflict with "stale_revision", "second_person"; CodeForbidden; CodeInvalid.
	Move(ctx context.Context, id int64, a Ask) (*File, error)
	// Redraw gives a detection that nobody has issued another outline.
	Redraw(ctx context.Context, id int64, outline orb.MultiPolygon, revision int64) (*File, error)
	// Merge joins others into one: they are dismissed, and it covers them.
	Merge(ctx context.Context, id int64, others []int64, revision int64) (*File, error)
	// Split makes one detection of each part; the first keeps the number.
	Split(ctx context.Context, id int64, parts []orb.MultiPolygon, revision int64) ([]*File, error)
	// Intake takes what a detector outside found on a capture. A repeat with the same key gets the first one's answer.
	Intake(ctx context.Context, captureID int64, in *Intake, key string) (*Taken, error)
	// Precisions counts the verdicts by detector.
	Precisions(ctx context.Context) ([]*Precision, error)
	// Training lists detections with a final word, labelled.
	Training(ctx context.Context) ([]*Labelled, error)
	// Fly sends a drone crew to see a confirmed or rectified detection again, by a case of its own. CodeConflict with "no_flight_wanted"; CodeInvalid with "no_drone_crew".
	Fly(ctx context.Context, id, unitID int64, note string) (*File, error)
	// Flights lists what should be flown: areas of a level that no capture of the last days covers, and detections that want a new flight.
	Flights(ctx context.Context, level string, days int) ([]*Flight, error)
	// FlyArea sends a drone crew to what of an area no capture of the last days covers, by a case of its own. CodeConflict with "no_flight_wanted", "flight_ordered"; CodeInvalid with "no_drone_crew".
	FlyArea(ctx context.Context, a FlightAsk) (*FlightOrder, error)
	// FlightOrders lists who was sent to fly, the newest first: all that are open, and those that ended in the last 30 days.
	FlightOrders(ctx context.Context) ([]*FlightOrder, error)
}

// Labelled is a detection as training data.
type Labelled struct {
	Candidate
	Label string // illegal, dismissed
	Code  string
}

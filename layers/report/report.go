// Package report is what somebody or something tells us 上报: one message from one channel. Many reports may tell of one incident.
package report

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Channel is the way a report came in.
type Channel string

const (
	Hotline    Channel = "hotline"     // 12345
	Citizen    Channel = "citizen"     // citizens' page
	GridWorker Channel = "grid_worker" // 网格员
	Camera     Channel = "camera"      // a camera's or recorder's alarm
	Drone      Channel = "drone"
	Sensor     Channel = "sensor"
	System     Channel = "system" // another system's message
	Import     Channel = "import" // a file
)

// Channels lists all of them.
var Channels = []Channel{Hotline, Citizen, GridWorker, Camera, Drone, Sensor, System, Import}

// State is what became of a report.
type State string

const (
	Received  State = "received"
	Attached  State = "attached"  // to an incident
	Answered  State = "answered"  // its reporter was told the end
	Dismissed State = "dismissed" // not taken on
)

// States lists all of them in the order of a report's life.
var States = []State{Received, Attached, Answered, Dismissed}

// Report is one message. Raw is kept as it was received; times of the source are nil where it has none.
type Report struct {
	ID            int64
	Channel       Channel
	IncidentID    int64  // 0 until it is attached
	Category      string // code of the dictionary, "" when nobody has chosen one
	Title         string
	Description   string
	State         State
	Address       string
	ReporterName  string // never published
	ReporterPhone string // never published
	Source        string // who gave the row: a system's or an import's name
	SourceID      string // its id there; with Source it makes a repeat recognisable
	SourceTime    *time.Time
	ReceiveTime   time.Time
	AreaPath      string // given by the database
	Raw           json.RawMessage
	Point         *orb.Point       // EPSG:4326, longitude first; nil when only an address is known
	Outline       orb.MultiPolygon // EPSG:4326; nil where the thing told of is a point
	Tracking      string           // by which its reporter asks for the answer; never published
	Likeness      *Candidate       // why the program attached it by itself; nil where it did not
	Answer        string           // what the reporter was told at the end
	AnsweredAt    *time.Time
	Satisfied     *bool   // as the reporter said; nil: not asked, or no answer
	Pictures      []int64 // ids of attachments, the oldest first
}

// PictureTime is how long after a report of a citizen's its pictures are taken.
const PictureTime = 2 * time.Hour

// Limits of the texts, in characters.
const (
	MaxTitle       = 300
	MaxDescription = 20_000
	MaxAddress     = 500
	MaxReporter    = 60
	MaxPhone       = 30
	MaxAnswer      = 2000
	MaxRaw         = 64 << 10 // bytes
)

// Validate reports the first wrong field: CodeInvalid.
func (r *Report) Validate() error {
	if !slices.Contains(Channels, r.Channel) {
		return layers.Invalid("channel", "unknown_value", "%q is not a channel", r.Channel)
	}
	if !slices.Contains(States, r.State) {
		return layers.Invalid("state", "unknown_value", "%q is not a state of a report", r.State)
	}
	if r.State == Attached && r.IncidentID == 0 {
		return layers.Invalid("incident_id", "required", "an attached report names its incident")
	}
	if strings.TrimSpace(r.Title) == "" {
		return layers.Invalid("title", "required", "a title is required")
	}
	for _, f := range []struct {
		name, text string
		limit      int
	}{{"title", r.Title, MaxTitle}, {"description", r.Description, MaxDescription}, {"address", r.Address, MaxAddress}, {"reporter_name", r.ReporterName, MaxReporter}, {"reporter_phone", r.ReporterPhone, MaxPhone}, {"answer", r.Answer, MaxAnswer}} {
		if n := utf8.RuneCountInString(f.text); n > f.limit {
			return layers.Invalid(f.name, "too_long", "the %s has %d characters, at most %d are kept", f.name, n, f.limit)
		}
	}
	if len(r.Raw) > MaxRaw {
		return layers.Invalid("raw", "too_long", "the raw message has %d bytes, at most %d are kept", len(r.Raw), MaxRaw)
	}
	if len(r.Raw) > 0 && !json.Valid(r.Raw) {
		return layers.Invalid("raw", "not_json", "the raw message is not JSON")
	}
	if r.Point == nil {
		return nil
	}
	return layers.ValidatePoint("point", *r.Point)
}

// FoldPhone returns a telephone number as it is compared: without what people write between digits.
func FoldPhone(phone string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' || r == '*' || r == '#' {
			return r
		}
		if strings.ContainsRune(" -()（）—\u00a0\u3000", r) {
			return -1
		}
		return r
	}, phone)
}

package cap

import (
	"context"
	"strings"
	"time"
)

// State is what has become of a message.
type State string

const (
	Active    State = "active"
	Updated   State = "updated"   // another one has taken its place
	Cancelled State = "cancelled" // before its time
	Expired   State = "expired"   // told from the clock, not stored
	Kept      State = "kept"      // was never in force: no Alert or Update, or not Actual
)

// Message is an alert as it is stored.
type Message struct {
	ID          int64       `json:"id"`
	Sender      string      `json:"sender"`
	Identifier  string      `json:"identifier"`
	Status      Status      `json:"status"`
	Type        Type        `json:"msg_type"`
	Scope       string      `json:"scope"`
	Sent        time.Time   `json:"sent"`
	ReceiveTime time.Time   `json:"receive_time"`
	Expires     *time.Time  `json:"expires,omitempty"` // as the message says
	HoldsUntil  time.Time   `json:"holds_until"`       // Expires, or what is taken for it
	Severity    Severity    `json:"severity"`
	Rank        int         `json:"rank"` // as an incident's severity, 1 to 3
	State       State       `json:"state"`
	EndedBy     int64       `json:"ended_by,omitempty"`    // the message that did
	ReportID    int64       `json:"report_id,omitempty"`   // 0 where it made none
	IncidentID  int64       `json:"incident_id,omitempty"` // of the report; 0 too for who may not see the area
	AreaPath    string      `json:"area_path"`             // the smallest area that holds what of it lies in the county, "" without any
	Box         *[4]float64 `json:"box,omitempty"`         // west, south, east, north of its shapes in degrees
	Infos       []Info      `json:"infos"`
}

// Ended is an alert that a message has ended.
type Ended struct {
	ID         int64  `json:"id"`
	Sender     string `json:"sender"`
	Identifier string `json:"identifier"`
	State      State  `json:"state"` // as it is now
}

// Outcome tells what was done with a message.
type Outcome struct {
	Repeated bool        `json:"repeated"` // it had come before: nothing was done
	Alert    *Message    `json:"alert"`
	Ended    []Ended     `json:"ended"`   // of those that it refers to
	Missing  []Reference `json:"missing"` // those that have not come; they are ended when they do
}

// Filter chooses alerts.
type Filter struct {
	All bool // also what is not in force
}

// MaxAlerts is how many a list has at most.
const MaxAlerts = 200

// Store keeps messages. What is in force follows from the set of messages that have come, not from their order. Implemented by postgis.Alerts.
type Store interface {
	// Take stores a message that was parsed from raw and does what it says, whole or not at all. CodeForbidden: the actor's role, or a message over areas
	// that are not the actor's. CodeConflict with reason "other_content": the sender has used the identifier for something else. CodeInvalid: sent in the
	// future.
	Take(ctx context.Context, a *Alert, raw []byte) (*Outcome, error)
	// Alerts lists those that cover a part of the actor's areas: the gravest first, then the latest.
	Alerts(ctx context.Context, f Filter) ([]*Message, error)
}

// AreaCodes returns what of the geocodes may be the code of one of the county's areas: 6, 9 or 12 digits, as they are and without zeros at the end,
// by which longer lists name what is above (330122000000 is the county 330122).
func (a *Alert) AreaCodes() []string {
	out := []string{}
	for _, c := range a.Codes() {
		if strings.Trim(c, "0123456789") != "" || (len(c) != 6 && len(c) != 9 && len(c) != 12) {
			continue
		}
		out = append(out, c)
		for len(c) > 6 && strings.HasSuffix(c, "000") {
			c = c[:len(c)-3]
			out = append(out, c)
		}
	}
	return out
}

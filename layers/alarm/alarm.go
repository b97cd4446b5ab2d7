// Package alarm is what cameras and recorders tell by event streams of their own (Hikvision ISAPI, Dahua, ONVIF): which of it becomes an alarm, and when two
// signs are of the same alarm. It looks at places, never at persons: see Identifies.
package alarm

import (
	"time"
)

// Protocol is how a source tells its events.
type Protocol string

const (
	ISAPI Protocol = "isapi" // Hikvision: alertStream
	Dahua Protocol = "dahua" // Dahua: eventManager
	ONVIF Protocol = "onvif" // WS-BaseNotification, pull point
)

// Protocols lists all of them.
var Protocols = []Protocol{ISAPI, Dahua, ONVIF}

// ReportSource is the source of the reports that become of events; no other system may call itself so.
const ReportSource = "device-event"

// Signal is one sign of a device.
type Signal struct {
	Event   string // the device's own name for it: "linedetection", "CrossLineDetection", "RuleEngine/LineDetector/Crossed"
	Channel string // as people count: "1" is the first; of ONVIF the source's token. "" where it says none
	Active  bool   // false: it is over
	Text    string // what the device says beside: the name of a rule or a region
	Time    time.Time
}

// Held is how long an alarm that never ended is the same one: its end may have been lost.
const Held = time.Hour

// Episode is one alarm of a camera and a kind: from its first sign to its last one.
type Episode struct {
	LastAt time.Time // of the last sign, by this server's clock
	Ended  bool
}

// Holds reports whether a sign at a moment is of the same alarm: within quiet of the last sign, or while it was not over.
func (e *Episode) Holds(at time.Time, quiet time.Duration) bool {
	since := at.Sub(e.LastAt)
	return since <= quiet || !e.Ended && since <= Held
}

// MaxClockError is how far a device's clock may be off before this server's is believed instead: most were never set.
const MaxClockError = 10 * time.Minute

// When returns when a sign was given: what the device says, unless its clock is off.
func (s *Signal) When(now time.Time) time.Time {
	if s.Time.IsZero() || s.Time.Sub(now).Abs() > MaxClockError {
		return now.Truncate(time.Second)
	}
	return s.Time
}

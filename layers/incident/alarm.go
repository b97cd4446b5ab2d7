package incident

import (
	"context"
	"time"
)

// Grave is the severity whose cases sound on every console of their areas until somebody acknowledges them.
const Grave Severity = 1

// Alarm is who heard the alarm of a case, and when: the first one alone.
type Alarm struct {
	IncidentID int64     `json:"incident_id"`
	At         time.Time `json:"at"`
	By         string    `json:"by"`
}

// Alarms keeps who acknowledged the alarms of grave cases. Implemented by postgis.Incidents.
type Alarms interface {
	// AcknowledgeAlarm says that the actor heard the alarm of an open case; after the first one it answers with what the first one said. Who sends units in the
	// case's area may: CodeForbidden, CodeNotFound, CodeConflict with reason "no_alarm" where the case has none.
	AcknowledgeAlarm(ctx context.Context, id int64) (*Alarm, error)
}

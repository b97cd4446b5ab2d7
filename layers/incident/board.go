package incident

import (
	"context"
	"time"
)

// Watched is what a supervisor has to know of an open case, and the live copy of consoles does not hold.
type Watched struct {
	IncidentID   int64      `json:"incident_id"`
	Department   string     `json:"department"` // of the unit that works on it, or did last; "" for none
	DepartmentEN string     `json:"department_en"`
	Returned     int        `json:"returned"`           // 回退: how often units gave their task back
	Reworked     int        `json:"reworked"`           // 返工: how often the check failed
	UrgedAt      *time.Time `json:"urged_at,omitempty"` // 催办: the last one
	Answered     bool       `json:"answered"`           // a unit has done or said something since
}

// MaxWatched bounds a board.
const MaxWatched = 5000

// Board is the supervisors' 督办看板. Implemented by postgis.Incidents.
type Board interface {
	// Watched lists the open cases of the actor's areas of which there is anything to say, by id. CodeForbidden.
	Watched(ctx context.Context) ([]Watched, error)
}

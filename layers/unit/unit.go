// Package unit is who can be sent, and the reasoning about whom to send.
package unit

import (
	"context"
	"time"

	"github.com/paulmach/orb"
)

// Status is what a unit is doing.
type Status string

const (
	OffDuty      Status = "off_duty"
	Available    Status = "available"
	Dispatched   Status = "dispatched"
	Acknowledged Status = "acknowledged"
	Responding   Status = "responding"
	OnScene      Status = "on_scene"
)

// Statuses lists all of them in the order of a task.
var Statuses = []Status{OffDuty, Available, Dispatched, Acknowledged, Responding, OnScene}

// Unit is a department, team, grid worker or drone crew.
type Unit struct {
	ID         int64      `json:"id"`
	Code       string     `json:"code"`
	Name       string     `json:"name"`
	Kind       string     `json:"kind"` // team, grid_worker, drone_crew, department
	Department string     `json:"department"`
	Skills     []string   `json:"skills"` // large classes of the dictionary, e.g. "06"; empty means any
	AreaPath   string     `json:"area_path"`
	Status     Status     `json:"status"`
	Point      *orb.Point `json:"-"` // latest position, EPSG:4326, nil when it shares none
	FixedAt    time.Time  `json:"fixed_at,omitzero"`
	OpenTasks  int        `json:"open_tasks"`
}

// Reason says why a unit is proposed or left out. Params carry what the text needs.
type Reason struct {
	Code   string             `json:"code"` // one of the Reason constants
	Params map[string]float64 `json:"params,omitempty"`
}

// Recommendation is one line of the list beside a case: either a pick or a unit left out, always with reasons.
type Recommendation struct {
	Unit     *Unit    `json:"unit"`
	Picked   bool     `json:"picked"`
	Distance float64  `json:"distance_m"` // geodesic straight line, metres; -1 without a position
	ETA      float64  `json:"eta_s"`      // Distance at the assumed speed, seconds; -1 without a position
	Reasons  []Reason `json:"reasons"`
}

// Service reads units. Rights are as in incident.Service. Implemented by postgis.Units.
type Service interface {
	// Units lists the units the actor may see.
	Units(ctx context.Context) ([]*Unit, error)
	// Recommend ranks units for an incident (see Recommend): picks first, then those left out.
	Recommend(ctx context.Context, incidentID int64) (Recommendations, error)
}

// Recommendations is the answer to "whom can I send".
type Recommendations struct {
	Items     []Recommendation `json:"items"`
	Wanted    int              `json:"wanted"`
	Shortfall int              `json:"shortfall"` // wanted minus picked, at least 0; shown when positive
	Basis     string           `json:"basis"`     // "straight_line": how Distance was measured
}

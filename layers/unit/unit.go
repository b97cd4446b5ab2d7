// Package unit is who can be sent, and the reasoning about whom to send.
package unit

import (
	"context"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Kinds lists what kinds of units there are.
var Kinds = []string{"team", "grid_worker", "drone_crew", "department"}

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
	Distance float64  `json:"distance_m"`       // by road or straight, as Method says, metres; -1 without a position
	ETA      float64  `json:"eta_s"`            // by the speeds of the roads or at the assumed one, seconds; -1 without a position
	Method   string   `json:"method,omitempty"` // MethodRoad, MethodStraight; "" without a position
	Reasons  []Reason `json:"reasons"`
}

// Service reads units. Rights are as in incident.Service. Implemented by postgis.Units.
type Service interface {
	// Units lists the units the actor may see.
	Units(ctx context.Context) ([]*Unit, error)
	// Recommend ranks units for an incident (see Recommend): picks first, then those left out.
	Recommend(ctx context.Context, incidentID int64) (Recommendations, error)
}

// Fix is one place of a unit, as its own device tells it.
type Fix struct {
	Point      orb.Point // EPSG:4326
	SourceTime time.Time
	Heading    *float64 // degrees clockwise from north, nil where the device does not know
	Speed      *float64 // metres a second
}

// Validate reports the first wrong field: CodeInvalid. A device's clock may run ahead; its fix is no newer than its arrival.
func (f *Fix) Validate(now time.Time) error {
	switch {
	case f.SourceTime.IsZero():
		return layers.Invalid("source_time", "required", "when the place was measured is required")
	case f.Heading != nil && !(*f.Heading >= 0 && *f.Heading < 360):
		return layers.Invalid("heading_deg", "out_of_range", "a heading is from 0 to below 360 degrees")
	case f.Speed != nil && !(*f.Speed >= 0 && *f.Speed <= 150):
		return layers.Invalid("speed_mps", "out_of_range", "a speed is from 0 to 150 metres a second")
	}
	if f.SourceTime.After(now) {
		f.SourceTime = now
	}
	return layers.ValidatePoint("point", f.Point)
}

// Sharing is a unit's own device telling where it is: its people begin it, and end it. Implemented by postgis.Units.
type Sharing interface {
	// Share stores the place of the actor's unit, unless a later one is known. CodeForbidden for who works for no unit, CodeConflict with reason "off_duty".
	Share(ctx context.Context, f Fix) error
	// StopSharing takes the unit's place off the map.
	StopSharing(ctx context.Context) error
}

// Recommendations is the answer to "whom can I send".
type Recommendations struct {
	Items     []Recommendation `json:"items"`
	Wanted    int              `json:"wanted"`
	Shortfall int              `json:"shortfall"` // wanted minus picked, at least 0; shown when positive
	Basis     string           `json:"basis"`     // StraightLine, or Road where any distance was measured so
}

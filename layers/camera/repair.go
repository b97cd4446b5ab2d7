package camera

import (
	"context"
	"time"
)

// Repair is one department's share of what has to be repaired, of the cameras that the caller may see.
type Repair struct {
	Department string           `json:"department"` // code, "" for cameras of nobody
	Name       string           `json:"name"`
	NameEN     string           `json:"name_en"`
	Cameras    int              `json:"cameras"`
	Down       int              `json:"down"`     // offline or fault now
	Unknown    int              `json:"unknown"`  // nobody looks at them
	Online     int64            `json:"online_s"` // seconds of the month so far, over all cameras; availability is online_s / expected_s
	Expected   int64            `json:"expected_s"`
	Unseen     int64            `json:"unseen_s"` // of which nobody knows
	Outages    []RepairOutage   `json:"outages"`
	Flapping   []FlappingCamera `json:"flapping"`
}

// RepairOutage is an outage that is not over.
type RepairOutage struct {
	ID      int64      `json:"id"`
	Kind    ParentKind `json:"kind"` // "" for a camera by itself
	Name    string     `json:"name"` // of the parent or of the camera
	Since   time.Time  `json:"since"`
	Peak    int        `json:"peak"`    // cameras at most, of all departments
	Cameras []int64    `json:"cameras"` // the department's that are down now
}

// FlappingCamera comes and goes.
type FlappingCamera struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Falls int    `json:"falls"` // within Usual.Memory
}

// UptimeRow is one camera's month, for lists on paper.
type UptimeRow struct {
	CameraID   int64
	DeviceID   string
	Name       string
	Department string
	Status     Status
	Since      time.Time
	Parent     string // of the outage that it is in
	Online     int64  // seconds
	Expected   int64
	Unseen     int64
}

// Repairs says who must repair what. Implemented by postgis.Repairs.
type Repairs interface {
	// Repairs lists the departments, those with the most to repair first. The month is the one that begins at month.
	Repairs(ctx context.Context, month time.Time) ([]*Repair, error)
	// Uptimes lists every camera's month, by department and name.
	Uptimes(ctx context.Context, month time.Time) ([]*UptimeRow, error)
}

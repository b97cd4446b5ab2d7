// Package camera is the registry of fixed cameras 探头: where each one stands, which way it looks, whether it is up.
package camera

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Status says whether a camera delivers pictures.
type Status string

const (
	Online  Status = "online"
	Offline Status = "offline"
	Unknown Status = "unknown" // never heard of, or nobody asks it
	Fault   Status = "fault"   // answers, without a usable picture
)

// Statuses lists all of them, the healthy one first.
var Statuses = []Status{Online, Offline, Unknown, Fault}

// Camera is one fixed camera. Point is EPSG:4326, longitude first. Pointers are nil where the owner does not know.
type Camera struct {
	ID          int64
	DeviceID    string // 20 digits (GB/T 28181), "" where it has none
	Name        string
	Department  string // code of the owner
	AreaPath    string // of the smallest area that holds Point, given by the database
	Status      Status
	StatusSince time.Time
	Height      *float64 // metres above ground
	Azimuth     *float64 // degrees clockwise from true north, 0 ≤ Azimuth < 360
	FOV         *float64 // horizontal field of view, degrees, 0 < FOV ≤ 360
	Range       *float64 // metres at which a person is still recognised, > 0
	StreamURL   string   // may carry a password: never published
	Source      string   // who gave the row: "demo", an import's name
	SourceID    string   // its id there
	Point       orb.Point
}

// Registry is where cameras are entered, corrected and struck off. Callers are told by their context (auth.WithActor): the action is
// auth.ActionManageCameras, and the camera has to stand in their areas, before and after. Status, StatusSince, AreaPath, Source and SourceID are not
// the caller's to give.
//
// Errors: CodeInvalid for a field that Validate refuses, for a device id that another camera has and for a point outside of the county; CodeForbidden;
// CodeNotFound, also for a camera that the caller may not see; CodeConflict when the camera is not any more what the caller saw.
type Registry interface {
	Create(ctx context.Context, c *Camera) (*Camera, error)
	// Replace makes the entry of seen that of c. StreamURL stays when c has none.
	Replace(ctx context.Context, seen, c *Camera) (*Camera, error)
	Delete(ctx context.Context, seen *Camera) error
}

// SameEntry reports whether two states of a camera say the same of what the registry keeps: all but the status, the area, and what is never published.
func SameEntry(a, b *Camera) bool {
	same := SameDegrees
	return a.ID == b.ID && a.DeviceID == b.DeviceID && a.Name == b.Name && a.Department == b.Department && a.Point == b.Point &&
		same(a.Height, b.Height) && same(a.Azimuth, b.Azimuth) && same(a.FOV, b.FOV) && same(a.Range, b.Range)
}

// SameDegrees reports whether two numbers are the same as exactly as they are kept.
func SameDegrees(x, y *float64) bool {
	return x == y || x != nil && y != nil && float32(*x) == float32(*y)
}

// MaxName is the length of a name, in characters.
const MaxName = 200

// Validate reports the first wrong field: CodeInvalid.
func (c *Camera) Validate() error {
	switch n := utf8.RuneCountInString(strings.TrimSpace(c.Name)); {
	case n == 0:
		return layers.Invalid("name", "required", "a name is required")
	case n > MaxName:
		return layers.Invalid("name", "too_long", "the name has %d characters, at most %d are kept", n, MaxName)
	}
	if c.DeviceID != "" && !deviceID(c.DeviceID) {
		return layers.Invalid("device_id", "bad_device_id", "a GB/T 28181 device id has 20 digits, %q has not", c.DeviceID)
	}
	if !slices.Contains(Statuses, c.Status) {
		return layers.Invalid("status", "unknown_value", "%q is not a status of a camera", c.Status)
	}
	for _, f := range []struct {
		name  string
		value *float64
		ok    func(float64) bool
		want  string
	}{
		{"height_m", c.Height, func(v float64) bool { return math.Abs(v) <= 10_000 }, "within 10 km of the ground"},
		{"azimuth_deg", c.Azimuth, func(v float64) bool { return v >= 0 && v < 360 }, "at least 0 and under 360"},
		{"fov_deg", c.FOV, func(v float64) bool { return v > 0 && v <= 360 }, "over 0 and at most 360"},
		{"range_m", c.Range, func(v float64) bool { return v > 0 && v <= 100_000 }, "over 0 and at most 100 km"},
	} {
		// NaN fails every comparison above.
		if f.value != nil && !f.ok(*f.value) {
			return layers.Invalid(f.name, "out_of_range", "%g is not %s", *f.value, f.want)
		}
	}
	return layers.ValidatePoint("point", c.Point)
}

func deviceID(s string) bool {
	return len(s) == 20 && strings.Trim(s, "0123456789") == ""
}

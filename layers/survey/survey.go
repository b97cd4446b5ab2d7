// Package survey is what drones bring home: captures 航拍成果, detections of suspected illegal construction 疑似违建图斑, and
// the permits 审批图斑 they are held against. All geometry is EPSG:4326, longitude first; areas are geodesic square metres.
package survey

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Capture is one flight's product.
type Capture struct {
	ID         int64
	Name       string
	CapturedAt time.Time
	GSD        *float64 // ground sample distance, metres a pixel; nil when unknown
	SHA256     string   // of the original file, 64 lower-case hex digits, or ""
	AreaPath   string   // given by the database
	Source     string
	Footprint  orb.MultiPolygon
}

// Detection is one polygon that is proposed as illegal construction, and what became of it.
type Detection struct {
	ID              int64
	Number          string
	State           State
	Category        string   // code of the dictionary: "08016" 无证建设, "06001" 私搭乱建
	Score           *float64 // the detector's own confidence, 0 to 1; nil when it gives none
	Detector        string
	DetectorVersion string
	Area            *float64 // square metres
	Height          *float64 // metres of change
	CaptureBefore   int64    // id, 0 when the detector does not say
	CaptureAfter    int64
	DetectedAt      time.Time
	AreaPath        string // given by the database
	Revision        int64
	Outline         orb.MultiPolygon
}

// Permit is a polygon of what may stand there.
type Permit struct {
	ID        int64
	Number    string
	Holder    string   // never published
	Height    *float64 // metres allowed
	ValidFrom *time.Time
	ValidTo   *time.Time
	AreaPath  string // given by the database
	Outline   orb.MultiPolygon
}

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Validate reports the first wrong field: CodeInvalid.
func (c *Capture) Validate() error {
	switch {
	case strings.TrimSpace(c.Name) == "":
		return layers.Invalid("name", "required", "a name is required")
	case c.CapturedAt.IsZero():
		return layers.Invalid("captured_at", "required", "the time of the flight is required")
	case c.GSD != nil && !(*c.GSD > 0 && *c.GSD <= 100):
		return layers.Invalid("gsd_m", "out_of_range", "%g m a pixel is not over 0 and at most 100", *c.GSD)
	case c.SHA256 != "" && !sha256Hex.MatchString(c.SHA256):
		return layers.Invalid("sha256", "bad_hash", "a SHA-256 has 64 lower-case hex digits")
	}
	return validateOutline("footprint", c.Footprint)
}

// Validate reports the first wrong field: CodeInvalid.
func (d *Detection) Validate() error {
	switch {
	case strings.TrimSpace(d.Number) == "":
		return layers.Invalid("number", "required", "a number is required")
	case !slices.Contains(States, d.State):
		return layers.Invalid("state", "unknown_value", "%q is not a state of a detection", d.State)
	case d.Category == "":
		return layers.Invalid("category", "required", "a category is required")
	case strings.TrimSpace(d.Detector) == "":
		return layers.Invalid("detector", "required", "who detected it is required")
	case d.Score != nil && !(*d.Score >= 0 && *d.Score <= 1):
		return layers.Invalid("score", "out_of_range", "a score is 0 to 1, not %g", *d.Score)
	case d.Area != nil && !(*d.Area > 0):
		return layers.Invalid("area_m2", "out_of_range", "%g m² is not an area", *d.Area)
	case d.CaptureBefore != 0 && d.CaptureBefore == d.CaptureAfter:
		return layers.Invalid("capture_after_id", "same_capture", "a capture cannot be compared with itself")
	case d.DetectedAt.IsZero():
		return layers.Invalid("detected_at", "required", "the time of the detection is required")
	}
	return validateOutline("outline", d.Outline)
}

// Validate reports the first wrong field: CodeInvalid.
func (p *Permit) Validate() error {
	switch {
	case strings.TrimSpace(p.Number) == "":
		return layers.Invalid("number", "required", "a number is required")
	case p.Height != nil && !(*p.Height > 0 && *p.Height <= 1000):
		return layers.Invalid("height_m", "out_of_range", "%g m is not over 0 and at most 1000", *p.Height)
	case p.ValidFrom != nil && p.ValidTo != nil && p.ValidTo.Before(*p.ValidFrom):
		return layers.Invalid("valid_to", "before_start", "the permit ends before it begins")
	}
	return validateOutline("outline", p.Outline)
}

// validateOutline checks what can be said without topology: rings are closed and have corners, points are places. Whether
// rings cross themselves is PostGIS' question.
func validateOutline(field string, mp orb.MultiPolygon) error {
	if len(mp) == 0 {
		return layers.Invalid(field, "required", "an outline is required")
	}
	for _, polygon := range mp {
		if len(polygon) == 0 {
			return layers.Invalid(field, "empty_polygon", "a polygon has no ring")
		}
		for _, ring := range polygon {
			if len(ring) < 4 {
				return layers.Invalid(field, "too_few_points", "a ring has %d points, 4 are the least", len(ring))
			}
			if !ring.Closed() {
				return layers.Invalid(field, "open_ring", "a ring does not end where it begins")
			}
			for _, p := range ring {
				if err := layers.ValidatePoint(field, p); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

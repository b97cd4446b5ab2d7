package survey

import (
	"slices"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// FlightLevels are the areas by which what was not flown is told.
var FlightLevels = []string{"town", "village", "grid"}

// CoveredShare is how much of an order's place a capture has to cover to end it: the border of a flight is never the border of an area.
const CoveredShare = 0.9

// Flight is somewhere to fly.
type Flight struct {
	Why       string       `json:"why"` // never, stale, reflight
	Name      string       `json:"name"`
	ID        int64        `json:"id"` // of the area, the unit grid or the detection
	LastFlown *time.Time   `json:"last_flown"`
	AreaPath  string       `json:"area_path"`
	Area      float64      `json:"area_m2"` // that was not flown
	Share     float64      `json:"share"`   // of the whole
	Order     *FlightOrder `json:"order"`   // that somebody flies there; null for none
	Geometry  orb.Geometry `json:"-"`
}

// FlightOrder is a drone crew that was sent to fly somewhere.
type FlightOrder struct {
	ID         int64      `json:"id"`
	Name       string     `json:"name"`
	Unit       string     `json:"unit"`
	State      string     `json:"state"` // of the task: it may be done before its capture is there
	IncidentID int64      `json:"incident_id"`
	At         time.Time  `json:"at"`
	By         string     `json:"by"`
	DoneAt     *time.Time `json:"done_at"`
	CaptureID  int64      `json:"capture_id,omitempty"`
}

// FlightAsk sends a drone crew to what was not flown of an area.
type FlightAsk struct {
	Level  string `json:"level"`
	ID     int64  `json:"id"`
	Days   int    `json:"days"`
	UnitID int64  `json:"unit_id"`
	Note   string `json:"note"`
}

// ValidateFlights reports the first mistake of a question for flights: CodeInvalid.
func ValidateFlights(level string, days int) error {
	switch {
	case days < 1 || days > 3660:
		return layers.Invalid("days", "out_of_range", "%d days are not 1 to 3660", days)
	case !slices.Contains(FlightLevels, level):
		return layers.Invalid("level", "unknown_value", "%q is none of town, village, grid", level)
	}
	return nil
}
